//! What a plan says beside plain changes reaches whoever decides: rows that contradict themselves, conditions that do not hold, changes
//! put off, actions that apply invokes, imports and moves.

use serde_json::{Value as Json, json};

use crate::scene::{Run, Scene, plan_tree};

fn check(tree: &Json, arguments: &[&str]) -> Run {
    let scene = Scene::new();
    scene.write_json("plan.json", tree);
    let mut all = vec!["--check", "plan.json"];
    all.extend(arguments);
    scene.run(&all)
}

/// The messages of the findings that are the program's own.
fn unknown(run: &Run) -> Vec<String> {
    let findings = run.findings_of("unknown-action");
    let messages = findings.iter().map(|f| f["message"].as_str().unwrap());
    messages.map(str::to_owned).collect()
}

#[test]
fn real_rows_are_no_contradictions() {
    for case in [
        "02-update",
        "03-replace",
        "04-delete",
        "05-forget",
        "25-aws-import",
        "21-aws-drift",
        "effect",
    ] {
        let run = check(&plan_tree(case), &["-f", "json"]);
        assert!(unknown(&run).is_empty(), "{case}: {run}");
    }
}

/// Words of the finding, and what makes it.
type Edit = (&'static str, fn(&mut Json));

#[test]
fn a_row_that_contradicts_itself_blocks() {
    let edits: [Edit; 5] = [
        ("before and after differ", |row| {
            row["change"]["actions"] = json!(["no-op"]);
        }),
        ("has values from before", |row| {
            row["change"]["actions"] = json!(["create"]);
        }),
        ("has values for afterwards", |row| {
            row["change"]["actions"] = json!(["delete"]);
        }),
        ("objects of its mode never have", |row| {
            row["change"]["actions"] = json!(["read"]);
        }),
        ("has no address", |row| {
            row.as_object_mut().unwrap().remove("address");
        }),
    ];
    for (words, edit) in edits {
        let mut tree = plan_tree("02-update");
        edit(&mut tree["resource_changes"][0]);
        let run = check(&tree, &["-f", "json"]).must_end(1);
        let messages = unknown(&run);
        assert_eq!(messages.len(), 1, "{words}: {run}");
        assert!(messages[0].contains(words), "{words}: {run}");
        check(&tree, &[]).must_end(1).must_say(words);
    }
}

#[test]
fn a_key_that_stands_twice_blocks() {
    let mut tree = plan_tree("02-update");
    let again = tree["resource_changes"][0].clone();
    tree["resource_changes"]
        .as_array_mut()
        .unwrap()
        .push(again.clone());
    let run = check(&tree, &["-f", "json"]).must_end(1);
    assert!(
        unknown(&run)[0].contains("stands in this plan twice"),
        "{run}"
    );
    // A deposed object is another key.
    tree["resource_changes"][3]["deposed"] = json!("0badc0de");
    assert!(unknown(&check(&tree, &["-f", "json"])).is_empty());
}

#[test]
fn unknown_actions_of_outputs_and_deferred_changes_are_found() {
    let mut tree = plan_tree("effect");
    tree["output_changes"]["ports"]["actions"] = json!(["publish"]);
    let mut row = tree["resource_changes"][1].clone();
    row["address"] = json!("terraform_data.later");
    row["change"]["actions"] = json!([]);
    tree["deferred_changes"] =
        json!([{"reason": "instance_count_unknown", "resource_change": row}]);
    let run = check(&tree, &["-f", "json"]).must_end(1);
    let findings = run.findings_of("unknown-action");
    let told: Vec<_> = findings
        .iter()
        .map(|f| {
            (
                f["rule"].as_str(),
                f["subject"].as_str(),
                f["address"].as_str(),
                f["status"].as_str(),
            )
        })
        .collect();
    assert!(
        told.contains(&(Some("deny"), Some("output.ports"), None, Some("open"))),
        "{run}"
    );
    let later = (
        Some("deferred"),
        None,
        Some("terraform_data.later"),
        Some("deferred"),
    );
    assert!(told.contains(&later), "{run}");
}

#[test]
fn the_json_report_lists_what_stands_beside_the_changes() {
    let mut tree = plan_tree("effect");
    let row = tree["resource_changes"][1].clone();
    tree["deferred_changes"] = json!([{"reason": "absent_prereq", "resource_change": row}]);
    let action = json!({"address": "action.a.b", "type": "a", "name": "b", "provider_name": "terraform.io/builtin/terraform",
        "lifecycle_action_trigger": {"triggering_resource_address": "terraform_data.app", "action_trigger_event": "AfterUpdate"}});
    tree["action_invocations"] = json!([action]);
    tree["deferred_action_invocations"] =
        json!([{"reason": "deferred_prereq", "action_invocation": action}]);
    let secret = tree["variables"]["token"]["value"]
        .as_str()
        .unwrap()
        .to_owned();
    tree["checks"][0]["instances"][0]["problems"][0]["message"] =
        json!(format!("the token is {secret}"));
    let run = check(&tree, &["-f", "json"]).must_not_say(&secret);
    let plan = &run.report()["plans"][0];
    assert_eq!(plan["applyable"], json!(true));
    assert_eq!(
        plan["checks"],
        json!([{"kind": "check", "address": "check.ports", "status": "fail", "messages": ["the token is (sensitive)"]}])
    );
    assert_eq!(
        plan["deferred"],
        json!([{"address": "terraform_data.app", "deposed": null, "actions": ["update"], "reason": "absent_prereq"}])
    );
    let invocation = |deferred: Json| {
        json!({"address": "action.a.b", "type": "a", "provider": "terraform.io/builtin/terraform", "trigger": "lifecycle",
            "resource": "terraform_data.app", "event": "AfterUpdate", "deferred": deferred})
    };
    assert_eq!(
        plan["invocations"],
        json!([invocation(Json::Null), invocation(json!("deferred_prereq"))])
    );
    assert_eq!(
        plan["migrations"],
        json!([
            {"address": "terraform_data.adopted", "previous_address": null, "import": "id adopted-1", "actions": ["no-op"]},
            {"address": "terraform_data.new_name", "previous_address": "terraform_data.old_name", "import": null, "actions": ["no-op"]},
        ])
    );
    check(&tree, &[])
        .must_say("1 check, 0 passed")
        .must_say("check check.ports: fail; the token is (sensitive)")
        .must_say("1 deferred change")
        .must_say("1 action invocation")
        .must_say("1 deferred action invocation")
        .must_not_say(&secret);
}

#[test]
fn the_line_by_line_review_reads_out_what_stands_beside_the_changes() {
    let scene = Scene::change("effect");
    let run = scene.review(&["--plain"], "q\n");
    run.must_say("check of check check.ports: fail")
        .must_say("There should be three ports.");
}
