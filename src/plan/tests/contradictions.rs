//! Rows that Terraform does not write.
#![allow(clippy::indexing_slicing)]

use serde_json::{Value as Json, json};

use super::super::*;
use super::semantics::{EFFECT, read, row, tree};

#[test]
fn no_row_of_a_real_plan_contradicts_itself() {
    for bytes in [
        EFFECT,
        include_bytes!("../../../testdata/plans/03-replace/plan.json"),
        include_bytes!("../../../testdata/plans/05-forget/plan.json"),
        include_bytes!("../../../testdata/plans/08-modules-provisioners/plan.json"),
        include_bytes!("../../../testdata/plans/12-errored/plan.json"),
        include_bytes!("../../../testdata/plans/23-aws-iam/plan.json"),
        include_bytes!("../../../testdata/plans/25-aws-import/plan.json"),
        include_bytes!("../../../testdata/plans/27-providers/plan.json"),
        include_bytes!("../../../testdata/plans/21-aws-drift/plan.json"),
        include_bytes!("../../../testdata/plans/delete.json"),
        include_bytes!("../../../testdata/plans/sensitive.json"),
        include_bytes!("../../../testdata/plans/public/awslabs-identity-policies.json"),
        include_bytes!("../../../testdata/plans/public/borchero-delete.json"),
        include_bytes!("../../../testdata/plans/public/checkov-provisioners.json"),
    ] {
        let plan = Plan::read(bytes.to_vec()).unwrap();
        for change in &plan.changes {
            assert_eq!(plan.contradiction(change), None, "{}", change.address);
        }
    }
}

#[test]
fn each_contradiction_has_a_name() {
    let app = "terraform_data.app";
    let edits: [(&str, Contradiction); 16] = [
        ("[\"no-op\"]", Contradiction::ChangesAnyway),
        ("[\"create\"]", Contradiction::CreatesExisting),
        ("[\"delete\"]", Contradiction::StaysAnyway),
        ("[\"forget\"]", Contradiction::StaysAnyway),
        ("[\"read\"]", Contradiction::WrongMode),
        ("[\"open\"]", Contradiction::WrongMode),
        ("after null", Contradiction::NothingAfter),
        ("known too", Contradiction::KnownAndUnknown),
        ("data", Contradiction::WrongMode),
        ("ephemeral", Contradiction::WrongMode),
        ("future", Contradiction::UnknownMode),
        ("no address", Contradiction::NoAddress),
        ("no type", Contradiction::NoType),
        ("odd type", Contradiction::NoType),
        ("other type", Contradiction::OtherAddress),
        ("no name", Contradiction::OtherAddress),
    ];
    for (edit, expected) in edits {
        let mut tree = tree(EFFECT);
        let row_of = &mut tree["resource_changes"][1];
        match edit {
            "after null" => {
                row_of["change"]["after"] = Json::Null;
                row_of["change"]["after_unknown"] = json!({});
            }
            "known too" => {
                row_of["change"]["after_unknown"] = json!({"input": {"ports": [false, true]}});
            }
            "data" | "future" => row_of["mode"] = json!(edit),
            "ephemeral" => {
                row_of["mode"] = json!("ephemeral");
                row_of["change"]["actions"] = json!(["delete"]);
            }
            "no address" => {
                row_of.as_object_mut().unwrap().remove("address");
            }
            "no type" => row_of["type"] = Json::Null,
            "odd type" => {
                row_of["type"] = json!("terraform\ndata");
                row_of["address"] = json!("terraform\ndata.app");
            }
            "other type" => row_of["type"] = json!("null_resource"),
            "no name" => {
                row_of.as_object_mut().unwrap().remove("name");
            }
            actions => row_of["change"]["actions"] = serde_json::from_str(actions).unwrap(),
        }
        let plan = read(&tree);
        let app = if edit == "odd type" {
            "terraform\ndata.app"
        } else {
            app
        };
        assert_eq!(
            plan.contradiction(row(&plan, app)),
            Some(expected),
            "{edit}"
        );
    }
}

#[test]
fn values_spelled_in_another_way_are_the_same() {
    let mut tree = tree(EFFECT);
    let change = &mut tree["resource_changes"][1]["change"];
    change["actions"] = json!(["no-op"]);
    change["after"] = json!("@");
    change["before"] = json!({"a": "A", "b": [1]});
    change["after_unknown"] = json!({});
    let text = tree
        .to_string()
        .replace("\"@\"", "{ \"b\" : [1], \"a\" : \"\\u0041\" }");
    let plan = Plan::read(text.into_bytes()).unwrap();
    assert_eq!(plan.contradiction(row(&plan, "terraform_data.app")), None);
}

#[test]
fn an_output_that_changes_without_saying_so_is_counted() {
    let mut tree = tree(EFFECT);
    let before = read(&tree).counts().output;
    tree["output_changes"]["token"] = json!({"actions": ["no-op"], "before": "a", "after": "a",
        "after_unknown": false, "before_sensitive": false, "after_sensitive": false});
    let quiet = read(&tree);
    tree["output_changes"]["token"]["after"] = json!("b");
    let changed = read(&tree);
    tree["output_changes"]["token"] =
        json!({"actions": ["no-op"], "before": "a", "after_unknown": true});
    let unknown = read(&tree);
    assert_eq!(quiet.counts().output, before - 1);
    assert_eq!(
        (changed.counts().output, unknown.counts().output),
        (before, before)
    );
}
