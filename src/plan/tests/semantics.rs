//! What the keys of a plan mean, on plans that Terraform made and on the shapes that others write.
#![allow(clippy::indexing_slicing)]

use serde_json::{Value as Json, json};

use super::super::*;

pub(super) const EFFECT: &[u8] = include_bytes!("../../../testdata/plans/effect/plan.json");
const REPLACE: &[u8] = include_bytes!("../../../testdata/plans/03-replace/plan.json");
const IMPORT: &[u8] = include_bytes!("../../../testdata/plans/25-aws-import/plan.json");
const REFRESH: &[u8] = include_bytes!("../../../testdata/plans/14-refresh-only/plan.json");
const ERRORED: &[u8] = include_bytes!("../../../testdata/plans/12-errored/plan.json");
const DELETE: &[u8] = include_bytes!("../../../testdata/plans/delete.json");
const DRIFT: &[u8] = include_bytes!("../../../testdata/plans/21-aws-drift/plan.json");

pub(super) fn tree(bytes: &[u8]) -> Json {
    serde_json::from_slice(bytes).unwrap()
}

pub(super) fn read(tree: &Json) -> Plan {
    Plan::read(tree.to_string().into_bytes()).unwrap()
}

fn real(bytes: &[u8]) -> Plan {
    Plan::read(bytes.to_vec()).unwrap()
}

pub(super) fn row<'a>(plan: &'a Plan, address: &str) -> &'a ResourceChange {
    plan.changes.iter().find(|c| c.address == address).unwrap()
}

#[test]
fn a_replacement_counts_once_and_its_order_is_kept() {
    let plan = real(REPLACE);
    let counts = plan.counts();
    assert_eq!((counts.replace, counts.create, counts.delete), (4, 0, 0));
    let first = row(&plan, "terraform_data.create_first");
    assert_eq!(first.action, Action::CreateThenDelete);
    assert_eq!(plan.replace_paths(&first.body), ["triggers_replace"]);
    let asked = row(&plan, "terraform_data.by_request[1]");
    assert_eq!(asked.action, Action::DeleteThenCreate);
    assert_eq!(asked.reason.as_deref(), Some("replace_by_request"));
    assert!(plan.replace_paths(&asked.body).is_empty());
}

#[test]
fn abandoning_is_told_from_destroying_in_either_order_of_words() {
    for words in [["create", "forget"], ["forget", "create"]] {
        let mut tree = tree(REPLACE);
        let rows = tree["resource_changes"].as_array_mut().unwrap();
        let first = rows.iter_mut().find(|r| r["name"] == "create_first");
        first.unwrap()["change"]["actions"] = json!(words);
        let plan = read(&tree);
        let row = row(&plan, "terraform_data.create_first");
        assert_eq!(row.action, Action::ForgetReplace);
        assert_eq!(row.words, words);
        assert!(!row.action.is_destructive());
        assert_eq!((plan.counts().forget, plan.counts().replace), (1, 3));
        assert_eq!(plan.contradiction(row), None);
    }
}

#[test]
fn an_import_says_what_it_imports_whatever_else_happens() {
    let plan = real(IMPORT);
    assert_eq!(plan.counts().import, 3);
    assert_eq!(plan.counts().replace, 1);
    let replaced = row(&plan, "aws_db_instance.db");
    assert_eq!(replaced.action, Action::DeleteThenCreate);
    assert_eq!(replaced.import, Some(Import::Id("imported-db".to_owned())));
    let quiet = row(&plan, "aws_s3_bucket.logs");
    assert!(quiet.action.is_no_op() && !quiet.is_quiet());
    for (importing, shown) in [
        (json!({"id": "a"}), Some("id a")),
        (
            json!({"identity": {"bucket": "b", "n": 1}}),
            Some("identity {bucket = \"b\", n = 1}"),
        ),
        (
            json!({"unknown": true}),
            Some("an id that is not known yet"),
        ),
        (
            json!({"id": null, "identity": null, "unknown": null}),
            Some("something that this version does not know"),
        ),
        (
            json!(true),
            Some("something that this version does not know"),
        ),
        (Json::Null, None),
    ] {
        let mut tree = tree(IMPORT);
        tree["resource_changes"][2]["change"]["importing"] = importing.clone();
        let plan = read(&tree);
        let row = row(&plan, "aws_s3_bucket.logs");
        let text = plan
            .import_text(row)
            .map(crate::text::Printable::into_string);
        assert_eq!(text.as_deref(), shown, "{importing}");
        assert_eq!(row.importing, shown.is_some(), "{importing}");
    }
}

#[test]
fn identities_are_shown_once_where_they_stay() {
    let mut tree = tree(IMPORT);
    tree["resource_changes"][1]["change"]["before_identity"] = json!({"id": "a"});
    tree["resource_changes"][1]["change"]["after_identity"] = json!({"id": "b"});
    tree["resource_changes"][2]["change"]["before_identity"] = json!({"id": "a"});
    tree["resource_changes"][2]["change"]["after_identity"] = json!({"id": "a"});
    let plan = read(&tree);
    let shown = |address| {
        plan.identity_text(row(&plan, address))
            .unwrap()
            .into_string()
    };
    assert_eq!(
        shown("aws_s3_bucket.archive"),
        "{id = \"a\"} -> {id = \"b\"}"
    );
    assert_eq!(shown("aws_s3_bucket.logs"), "{id = \"a\"}");
    assert!(
        plan.identity_text(row(&plan, "aws_db_instance.db"))
            .is_none()
    );
}

#[test]
fn a_deposed_object_is_another_row_at_the_same_address() {
    let plan = real(EFFECT);
    let rows: Vec<_> = plan
        .changes
        .iter()
        .filter(|c| c.address == "terraform_data.twice")
        .map(|c| (c.deposed.as_deref(), c.action))
        .collect();
    assert_eq!(
        rows,
        [
            (None, Action::CreateThenDelete),
            (Some("0badc0de"), Action::Delete)
        ]
    );
    assert_eq!(
        plan.changes.iter().filter(|c| c.deposed.is_some()).count(),
        1
    );
    let moved = row(&plan, "terraform_data.new_name");
    assert_eq!(
        moved.previous_address.as_deref(),
        Some("terraform_data.old_name")
    );
    assert!(moved.is_move() && moved.action.is_no_op() && !moved.is_quiet());
}

#[test]
fn a_move_may_come_with_any_action() {
    let mut tree = tree(REPLACE);
    for row in tree["resource_changes"].as_array_mut().unwrap() {
        row["previous_address"] = json!("terraform_data.before");
    }
    let plan = read(&tree);
    assert_eq!(plan.counts().moved, plan.changes.len());
    assert_eq!(plan.counts().replace, 4);
}

#[test]
fn the_mode_is_told_from_what_the_plan_holds() {
    assert_eq!(real(REFRESH).mode, PlanMode::RefreshOnly);
    assert_eq!(real(DRIFT).mode, PlanMode::Normal);
    assert_eq!(real(DELETE).mode, PlanMode::Normal);
    // An errored plan lacks rows because planning stopped.
    let mut errored = tree(REFRESH);
    errored["errored"] = json!(true);
    assert_eq!(read(&errored).mode, PlanMode::Normal);
    let mut targeted = tree(REFRESH);
    targeted["complete"] = json!(false);
    assert_eq!(read(&targeted).mode, PlanMode::Normal);
    let mut still = tree(REFRESH);
    still.as_object_mut().unwrap().remove("resource_drift");
    assert_eq!(read(&still).mode, PlanMode::RefreshOnly);
    // A destroy plan deletes without a reason what the code still holds, left-over objects included.
    let mut destroy = tree(EFFECT);
    for row in destroy["resource_changes"].as_array_mut().unwrap() {
        row["change"]["actions"] = json!(["delete"]);
        row["change"]["after"] = Json::Null;
        row.as_object_mut().unwrap().remove("action_reason");
    }
    assert_eq!(read(&destroy).mode, PlanMode::Destroy);
    // Where the code is gone, the same rows are what an older Terraform writes for removed resources.
    destroy["configuration"] = json!({"root_module": {}});
    assert_eq!(read(&destroy).mode, PlanMode::Normal);
}

#[test]
fn absent_flags_are_not_false() {
    let mut tree = tree(EFFECT);
    let fields = tree.as_object_mut().unwrap();
    for key in ["complete", "applyable", "errored"] {
        fields.remove(key);
    }
    let plan = read(&tree);
    assert_eq!(
        (plan.complete, plan.applyable, plan.errored),
        (None, None, false)
    );
    let plan = real(ERRORED);
    assert_eq!(
        (plan.complete, plan.applyable, plan.errored),
        (Some(false), Some(false), true)
    );
}

#[test]
fn checks_are_read_with_kind_result_and_message() {
    let plan = real(EFFECT);
    let [check] = plan.checks.as_slice() else {
        unreachable!("one check")
    };
    assert_eq!(
        (check.kind.as_str(), check.address.as_str()),
        ("check", "check.ports")
    );
    assert_eq!(check.status, CheckStatus::Fail);
    assert_eq!(check.messages, ["There should be three ports."]);
    assert!(!plan.errored, "a failed check does not stop the plan");
    assert_eq!(real(ERRORED).checks[0].kind, "resource");
    for (word, inner, status) in [
        ("pass", "pass", CheckStatus::Pass),
        ("error", "error", CheckStatus::Error),
        ("unknown", "unknown", CheckStatus::Unknown),
        ("splendid", "pass", CheckStatus::Unknown),
        ("pass", "fail", CheckStatus::Fail),
        ("pass", "splendid", CheckStatus::Unknown),
    ] {
        let mut tree = tree(EFFECT);
        tree["checks"][0]["status"] = json!(word);
        tree["checks"][0]["instances"][0]["status"] = json!(inner);
        assert_eq!(read(&tree).checks[0].status, status, "{word} {inner}");
    }
    let mut instance = tree(EFFECT);
    instance["checks"][0]["instances"][0]["address"]["to_display"] = json!("a.b[1]");
    assert_eq!(
        read(&instance).checks[0].messages,
        ["a.b[1]: There should be three ports."]
    );
}

#[test]
fn invocations_say_what_sets_them_off_and_whether_they_are_put_off() {
    let action = json!({"address": "action.a.b", "type": "a", "name": "b", "provider_name": "p",
        "lifecycle_action_trigger": {"triggering_resource_address": "a.b", "action_trigger_event": "AfterCreate"}});
    let mut invoked = action.clone();
    invoked
        .as_object_mut()
        .unwrap()
        .remove("lifecycle_action_trigger");
    let mut odd = invoked.clone();
    invoked["invoke_action_trigger"] = json!({});
    odd["future_trigger"] = json!({});
    let mut tree = tree(EFFECT);
    tree["action_invocations"] = json!([action, invoked, odd]);
    tree["deferred_action_invocations"] =
        json!([{"reason": "deferred_prereq", "action_invocation": action}]);
    let plan = read(&tree);
    let told: Vec<_> = plan
        .invocations
        .iter()
        .map(|i| (i.trigger.clone(), i.deferred.as_deref()))
        .collect();
    let lifecycle = Trigger::Lifecycle {
        resource: "a.b".to_owned(),
        event: "AfterCreate".to_owned(),
    };
    assert_eq!(
        told,
        [
            (lifecycle.clone(), None),
            (Trigger::Invoke, None),
            (Trigger::Unknown, None),
            (lifecycle, Some("deferred_prereq")),
        ]
    );
}

#[test]
fn null_stands_for_absent_wherever_go_writes_it() {
    let base = tree(EFFECT);
    let pointers = [
        "/resource_drift",
        "/relevant_attributes",
        "/checks",
        "/checks/0/instances",
        "/checks/0/address",
        "/checks/0/instances/0/problems",
        "/variables",
        "/output_changes",
        "/prior_state",
        "/prior_state/values",
        "/prior_state/values/outputs",
        "/prior_state/values/outputs/token/sensitive",
        "/prior_state/values/root_module/resources",
        "/planned_values/root_module/child_modules",
        "/planned_values/root_module/child_modules/0/resources",
        "/configuration",
        "/configuration/root_module",
        "/configuration/root_module/variables",
        "/configuration/root_module/variables/token/sensitive",
        "/configuration/root_module/module_calls",
        "/configuration/provider_config",
        "/complete",
        "/timestamp",
        "/resource_changes/0/address",
        "/resource_changes/0/mode",
        "/resource_changes/0/name",
        "/resource_changes/0/provider_name",
        "/resource_changes/0/change/importing",
        "/resource_changes/1/change/before",
        "/resource_changes/1/change/after_unknown",
        "/resource_changes/1/change/before_sensitive",
        "/resource_changes/5/change/replace_paths",
        "/resource_changes/5/action_reason",
        "/resource_changes/6/deposed",
    ];
    for pointer in pointers {
        let mut tree = base.clone();
        if let Some(place) = tree.pointer_mut(pointer) {
            *place = Json::Null;
        } else {
            let (above, key) = pointer.rsplit_once('/').unwrap();
            tree.pointer_mut(above).unwrap()[key] = Json::Null;
        }
        let plan = Plan::read(tree.to_string().into_bytes());
        assert!(plan.is_ok(), "{pointer}: {:?}", plan.err());
    }
    for pointer in [
        "/resource_changes/1/change",
        "/resource_changes/1/change/actions",
    ] {
        let mut tree = base.clone();
        *tree.pointer_mut(pointer).unwrap() = Json::Null;
        assert_eq!(read(&tree).changes[1].action, Action::Unknown, "{pointer}");
    }
}

#[test]
fn a_plan_without_changes_has_none_and_other_shapes_are_refused() {
    let mut none = tree(EFFECT);
    none.as_object_mut().unwrap().remove("resource_changes");
    assert!(read(&none).changes.is_empty());
    for (pointer, shape) in [
        ("/resource_changes", json!({"a": 1})),
        ("/resource_changes/0", json!([])),
        ("/resource_changes/0", json!(["a.b"])),
        ("/resource_changes/0", Json::Null),
        ("/resource_changes/0/change", json!([["no-op"]])),
        ("/resource_changes/0/change/actions", json!("delete")),
        ("/resource_changes/0/change/actions", json!([["delete"]])),
        ("/checks", json!("fail")),
        ("/complete", json!("yes")),
        ("/output_changes", json!([1])),
    ] {
        let mut tree = tree(EFFECT);
        *tree.pointer_mut(pointer).unwrap() = shape;
        let error = Plan::read(tree.to_string().into_bytes()).unwrap_err();
        assert!(
            matches!(error, PlanError::Shape { .. }),
            "{pointer}: {error}"
        );
    }
}

#[test]
fn variables_as_a_list_hide_their_values_where_one_is_sensitive() {
    let mut tree = tree(EFFECT);
    tree["variables"] = json!([{"name": "token", "value": "listed-secret-1"}]);
    assert!(read(&tree).redactor.finds("x listed-secret-1 y"));
    tree["configuration"]["root_module"]["variables"] = json!({"token": {}});
    assert!(!read(&tree).redactor.finds("x listed-secret-1 y"));
}

#[test]
fn addresses_are_opaque() {
    let odd = r#"module.m["a.b"].x_y.z["c[\"d\"]/e.f[0]"]"#;
    let mut tree = tree(EFFECT);
    tree["resource_changes"][1]["address"] = json!(odd);
    tree["resource_changes"][1]["module_address"] = json!("module.m[\"a.b\"]");
    tree["resource_changes"][1]["index"] = json!("c[\"d\"]/e.f[0]");
    let plan = read(&tree);
    let change = row(&plan, odd);
    assert_eq!(&*change.module, "module.m[\"a.b\"]");
    assert_eq!(
        (&*change.kind, change.name.as_str()),
        ("terraform_data", "app")
    );
}

#[test]
fn secrets_stay_secrets_beside_numbers_that_no_float_holds() {
    let mut tree = tree(EFFECT);
    tree["action_invocations"] = json!([{"address": "action.a.b", "config_values": {"p": "hidden-payload-1", "n": "@"},
        "config_sensitive": {"p": true}}]);
    tree["configuration"]["provider_config"]["aws"] = json!({"name": "aws", "expressions": {"secret_key": {"constant_value": "constant-secret-1"}, "n": {"constant_value": "@"}}});
    tree["resource_changes"][1]["change"]["after_sensitive"]["odd"] = json!("@");
    let text = tree.to_string().replace("\"@\"", "1e400");
    let plan = Plan::read(text.into_bytes()).unwrap();
    for secret in ["hidden-payload-1", "constant-secret-1"] {
        assert!(plan.redactor.finds(secret), "{secret}");
    }
    // Marks that cannot be read mark everything.
    let (_, after) = plan.values(&row(&plan, "terraform_data.app").body);
    assert!(matches!(after, Value::Sensitive(_)));
}

#[test]
fn the_memory_hard_pass_runs_once_for_all_secrets_and_not_at_all_without_any() {
    let passes = || crate::digest::PASSES.with(std::cell::Cell::get);
    for (bytes, expected) in [(EFFECT, 1), (REPLACE, 0)] {
        let before = passes();
        let plan = real(bytes);
        for change in &plan.changes {
            assert_eq!(plan.content_digest(change), plan.content_digest(change));
            assert!(!plan.attribute_changes(&change.body).is_empty());
        }
        assert_eq!(passes() - before, expected);
    }
}

#[test]
fn the_tool_that_made_a_plan_shows_in_its_keys_and_providers() {
    let tool = |version: &str, more: &str, host: &str| {
        let row = r#"{"address":"a_b.c","mode":"managed","type":"a_b","name":"c","provider_name":"HOST/x/a","change":{"actions":["no-op"],"before":{},"after":{},"after_unknown":{}}}"#;
        super::read(&format!(
            r#"{{"format_version":"1.2","terraform_version":"{version}",{more}"resource_changes":[{}]}}"#,
            row.replace("HOST", host)
        ))
        .is_open_tofu()
    };
    let (terraform, open_tofu) = ("registry.terraform.io", "registry.opentofu.org");
    assert_eq!(
        tool("1.11.4", r#""applyable":true,"#, open_tofu),
        Some(false)
    );
    assert_eq!(tool("1.5.7", "", "terraform.io/builtin"), Some(false));
    assert_eq!(tool("1.9.0", "", open_tofu), Some(true));
    assert_eq!(tool("1.7.0", "", terraform), Some(false));
    assert_eq!(tool("1.7.0", "", "terraform.io/builtin"), None);
}
