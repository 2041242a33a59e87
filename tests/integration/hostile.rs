//! A plan in which every string is hostile: whatever is shown of it, no terminal and no reader is misled.
//!
//! Control, bidirectional and zero-width characters are planted in every key and value of real plans, with a number that tells the
//! position; then every place to which this program writes is searched for them.

use serde_json::{Value as Json, json};

use crate::scene::{Run, Scene, days_from_now, plan_tree};

/// What no text may hold when it is shown: an escape sequence, a C1 control character, a bidirectional override and isolate, a
/// zero-width space and joiner, a byte order mark, a soft hyphen, a tag character.
const HIDDEN: [char; 9] = [
    '\u{1b}',
    '\u{9b}',
    '\u{202e}',
    '\u{2066}',
    '\u{200b}',
    '\u{200d}',
    '\u{feff}',
    '\u{ad}',
    '\u{e0041}',
];

fn marker() -> String {
    HIDDEN.iter().collect()
}

/// Plants the marker behind every key and string, but for the keys that the format defines and the words in `spared`.
struct Planter<'a> {
    spared: &'a [&'a str],
    count: usize,
}

/// Keys below which all keys are the configuration's own.
const OPEN: [&str; 21] = [
    "before",
    "after",
    "before_sensitive",
    "after_sensitive",
    "after_unknown",
    "values",
    "sensitive_values",
    "variables",
    "outputs",
    "output_changes",
    "config_values",
    "config_sensitive",
    "config_unknown",
    "expressions",
    "constant_value",
    "module_calls",
    "provider_config",
    "before_identity",
    "after_identity",
    "identity",
    "default",
];

impl Planter<'_> {
    fn plant(&mut self, tree: &mut Json, open: bool) {
        match tree {
            Json::String(text) if !self.spared.contains(&text.as_str()) => {
                text.push_str(&format!("{}{}", marker(), self.count));
                self.count += 1;
            }
            Json::Array(items) => {
                for item in items {
                    self.plant(item, open);
                }
            }
            Json::Object(fields) => {
                for (key, mut value) in std::mem::take(fields) {
                    // One level of names, then the format's own keys again, but in values and expressions.
                    let below = OPEN.contains(&key.as_str()) || (open && value.is_object());
                    if !(key == "format_version" || key == "timestamp") {
                        self.plant(&mut value, below);
                    }
                    let known = FORMAT.contains(&key.as_str());
                    let key = if open && !known {
                        format!("{key}{}", marker())
                    } else {
                        key
                    };
                    fields.insert(key, value);
                }
            }
            _ => {}
        }
    }
}

/// Keys of the format that stand below names.
const FORMAT: [&str; 22] = [
    "actions",
    "before",
    "after",
    "after_unknown",
    "before_sensitive",
    "after_sensitive",
    "value",
    "sensitive",
    "type",
    "default",
    "expression",
    "references",
    "constant_value",
    "source",
    "module",
    "expressions",
    "resources",
    "child_modules",
    "root_module",
    "outputs",
    "variables",
    "full_name",
];

/// A real plan with everything in it that a plan can hold.
fn full_plan() -> Json {
    let mut tree = plan_tree("effect");
    let row = tree["resource_changes"][1].clone();
    tree["resource_drift"] = json!([row]);
    tree["deferred_changes"] =
        json!([{"reason": "instance_count_unknown", "resource_change": row}]);
    let action = json!({
        "address": "action.test.notify", "type": "test", "name": "notify", "provider_name": "registry.terraform.io/x/test",
        "config_values": {"payload": "open", "secret": "hidden-payload-1"}, "config_sensitive": {"secret": true},
        "config_unknown": {},
        "lifecycle_action_trigger": {"triggering_resource_address": "terraform_data.app",
            "action_trigger_event": "AfterCreate", "action_trigger_block_index": 0, "actions_list_index": 0},
    });
    tree["action_invocations"] = json!([action]);
    tree["deferred_action_invocations"] =
        json!([{"reason": "deferred_prereq", "action_invocation": action}]);
    for row in tree["resource_changes"].as_array_mut().unwrap() {
        if row["change"]["importing"].is_object() {
            row["change"]["generated_config"] =
                json!("resource \"terraform_data\" \"adopted\" {\n  input = 1\n}\n");
            row["change"]["after_identity"] = json!({"id": "adopted"});
        }
    }
    tree
}

/// Words that make a plan what it is; planted in a case of their own.
const STRUCTURE: [&str; 10] = [
    "managed",
    "data",
    "create",
    "update",
    "delete",
    "no-op",
    "fail",
    "check",
    "local-exec",
    "1.0",
];

#[track_caller]
fn must_be_clean(what: &str, text: &str) {
    if let Some(at) = text.find(HIDDEN) {
        let from: String = text[..at]
            .chars()
            .rev()
            .take(80)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        let to: String = text[at..].chars().take(40).collect();
        panic!("{what} holds a raw hidden character behind {from:?}: {to:?}");
    }
}

#[track_caller]
fn must_be_clean_run(what: &str, run: &Run) {
    must_be_clean(&format!("{what}: standard output"), &run.stdout);
    must_be_clean(&format!("{what}: standard error"), &run.stderr);
}

/// Every string of a JSON document, decoded.
fn strings(tree: &Json, out: &mut Vec<String>) {
    match tree {
        Json::String(text) => out.push(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Json::Object(fields) => {
            for (key, value) in fields {
                out.push(key.clone());
                strings(value, out);
            }
        }
        _ => {}
    }
}

fn planted(spared: &[&str]) -> Json {
    let mut tree = full_plan();
    let mut planter = Planter { spared, count: 0 };
    planter.plant(&mut tree, false);
    assert!(
        planter.count > 200,
        "only {} strings were planted",
        planter.count
    );
    tree
}

/// Everything that is written about a plan.
fn must_stay_clean_everywhere(tree: &Json) {
    let scene = Scene::change("effect");
    scene.write_json("plan.json", tree);
    for arguments in [
        &["--check", "plan.json"][..],
        &["--check", "-v", "--color", "always", "plan.json"],
        &["--check", "-q", "plan.json"],
        &["verify", "plan.json"],
        &["diff", "plan.json", "plan.json"],
    ] {
        let run = scene.run(arguments);
        let mut shown = run.stdout.clone();
        if arguments.contains(&"always") {
            // The program's own colours are the only escape sequences.
            assert!(shown.contains("\u{1b}[1m"), "{run}");
            for code in ["0", "1", "2", "32", "33", "1;31"] {
                shown = shown.replace(&format!("\u{1b}[{code}m"), "");
            }
        }
        must_be_clean(&format!("{arguments:?}: standard output"), &shown);
        must_be_clean(&format!("{arguments:?}: standard error"), &run.stderr);
    }
    let run = scene.run(&["--check", "-f", "json", "plan.json"]);
    must_be_clean_run("json", &run);
    // It was reviewed, not refused: each of the parts reached the report.
    let report = run.report();
    assert_eq!(report["verdict"]["exit"], 1, "{run}");
    for part in ["checks", "deferred", "invocations", "migrations"] {
        assert!(
            report["plans"][0][part][0]["address"].is_string(),
            "{part}: {run}"
        );
    }
    assert!(report["findings"].as_array().unwrap().len() > 3, "{run}");
    let mut decoded = Vec::new();
    strings(&report, &mut decoded);
    for text in &decoded {
        must_be_clean("a string of the JSON report", text);
    }
    for shown in ["<U+001B>", "<U+202E>", "<U+200B>", "<U+E0041>"] {
        assert!(
            decoded.iter().any(|text| text.contains(shown)),
            "{shown} is not shown\n{run}"
        );
    }
    let day = days_from_now(7);
    let dialogue =
        format!("n\na\nw\nbecause \u{202e}\u{1b}[2J\n{day}\nn\nc\na note\u{200b}\np\nu\nA\n\nq\n");
    let run = scene.review(&["--plain", "plan.json"], dialogue);
    must_be_clean_run("--plain", &run);
    assert!(run.says("waived: "), "{run}");
    assert!(run.says("put off: "), "{run}");
    assert!(run.says("There should be three ports."), "{run}");
    let run = scene.review(&["--plain", "plan.json"], "q\n");
    must_be_clean_run("--plain, resumed", &run);
    must_be_clean_run("approvals list", &scene.run(&["approvals", "list"]));
}

#[test]
fn a_plan_with_hostile_strings_in_every_position_shows_none_of_them_raw() {
    must_stay_clean_everywhere(&planted(&STRUCTURE));
}

#[test]
fn hostile_words_of_actions_modes_and_states_are_not_shown_raw_either() {
    must_stay_clean_everywhere(&planted(&[]));
}

#[test]
fn errors_about_hostile_plans_do_not_quote_them_raw() {
    let scene = Scene::new();
    let mut version = full_plan();
    version["format_version"] = json!(format!("1.2{}", marker()));
    scene.write_json("version.json", &version);
    let hostile = marker();
    let quoted = Json::from(hostile.as_str()).to_string();
    scene.write(
        "wrapped.json",
        format!("{{{quoted}:{{\"format_version\":\"1.2\",\"resource_changes\":[]}}}}"),
    );
    scene.write(
        "twice.json",
        format!("{{\"format_version\":\"1.2\",\"planned_values\":{{{quoted}:1,{quoted}:2}}}}"),
    );
    scene.write(
        "top.json",
        format!("{{\"format_version\":\"1.2\",\"resource_changes\":[],{quoted}:1,{quoted}:2}}"),
    );
    scene.write(
        "shape.json",
        format!("{{\"format_version\":\"1.2\",\"resource_changes\":{quoted}}}"),
    );
    scene.write(
        "row.json",
        format!(
            "{{\"format_version\":\"1.2\",\"resource_changes\":[{{\"address\":{{{quoted}:1}}}}]}}"
        ),
    );
    scene.write(
        "text.json",
        format!("{hostile} Terraform will perform {hostile}"),
    );
    for name in ["version", "wrapped", "twice", "top", "shape", "row", "text"] {
        let file = format!("{name}.json");
        let run = scene.run(&["--check", &file]).must_end(4);
        must_be_clean_run(name, &run);
        must_be_clean_run(name, &scene.run(&["--check", "-f", "json", &file]));
        must_be_clean_run(name, &scene.review(&["--plain", &file], ""));
    }
    let name = format!("no{}.json", marker());
    must_be_clean_run("a path", &scene.run(&["--check", &name]).must_end(4));
}
