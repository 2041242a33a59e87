//! Rego directories of users: every dialect of a rule runs, and whatever is wrong with one is status 5, never a pass.

use serde_json::Value as Json;

use crate::scene::{Run, Scene, plan, plan_tree};

/// Updates of resources, as a policy of Rego v1 says it.
const UPDATES_V1: &str = r#"package acme.updates

import rego.v1

deny contains msg if {
	some change in input.resource_changes
	"update" in change.change.actions
	msg := sprintf("%s is updated", [change.address])
}
"#;

/// The same before Rego v1, beside rules of the other names.
const UPDATES_V0: &str = r#"package acme.updates

deny[msg] {
	change := input.resource_changes[_]
	change.change.actions[_] == "update"
	msg := sprintf("%s is updated", [change.address])
}

violation[{"msg": "the plan has changes"}] {
	count(input.resource_changes) > 0
}

warn_window["it is Friday"] {
	true
}
"#;

/// A scene outside any repository with the plan of two updates and one policy file.
fn with_policy(text: &str) -> Scene {
    let scene = Scene::new();
    scene.write("plan.json", plan("02-update"));
    scene.write("rules/acme.rego", text);
    scene
}

fn check(scene: &Scene) -> Run {
    scene.run(&["--check", "-f", "json", "-p", "rules", "plan.json"])
}

fn texts(findings: &[Json], key: &str) -> Vec<String> {
    findings
        .iter()
        .map(|finding| finding[key].as_str().unwrap_or("-").to_owned())
        .collect()
}

/// Status 5, with the one problem at this place and of these words; the shipped policies were run all the same.
#[track_caller]
fn unusable(text: &str, place: &str, said: &str) {
    let scene = with_policy(text);
    let run = check(&scene).must_end(5);
    let report = run.report();
    assert_eq!(report["verdict"]["status"], "policy", "{run}");
    let problems = report["problems"].as_array().unwrap();
    let named = |problem: &&Json| {
        problem["message"]
            .as_str()
            .is_some_and(|message| message.contains(said))
            && problem["place"]
                .as_str()
                .unwrap_or_default()
                .starts_with(place)
    };
    assert!(
        problems.iter().any(|problem| named(&problem)),
        "{place}: {said:?} was expected\n{run}"
    );
    // People read the same.
    scene
        .run(&["--check", "-p", "rules", "plan.json"])
        .must_end(5)
        .must_say(place)
        .must_say("policy (exit 5)");
}

#[test]
fn rules_of_rego_v1_run() {
    let run = check(&with_policy(UPDATES_V1)).must_end(1);
    let findings = run.findings_of("acme.updates");
    assert_eq!(
        texts(&findings, "message"),
        [
            "terraform_data.dependent is updated",
            "terraform_data.service is updated"
        ]
    );
    assert_eq!(findings[0]["severity"], "medium", "{run}");
    assert_eq!(findings[0]["enforcement"], "soft-mandatory", "{run}");
    assert_eq!(
        findings[0]["policy_location"]["file"], "rules/acme.rego",
        "{run}"
    );
    assert_eq!(
        run.report()["policies"]["rules"],
        run.report()["policies"]["evaluated"],
        "{run}"
    );
}

#[test]
fn rules_of_rego_v0_run_beside_them() {
    let scene = with_policy(UPDATES_V0);
    scene.write(
        "rules/v1.rego",
        UPDATES_V1.replace("acme.updates", "acme.other"),
    );
    let run = check(&scene).must_end(1);
    let findings = run.findings_of("acme.updates");
    let mut rules = texts(&findings, "rule");
    rules.sort();
    assert_eq!(rules, ["deny", "deny", "violation", "warn_window"], "{run}");
    let warning = findings
        .iter()
        .find(|finding| finding["rule"] == "warn_window")
        .unwrap();
    assert_eq!(
        (&warning["enforcement"], &warning["severity"]),
        (&"advisory".into(), &"low".into()),
        "{run}"
    );
    assert_eq!(run.findings_of("acme.other").len(), 2, "{run}");
}

#[test]
fn objects_carry_address_severity_certainty_and_facts() {
    let run = check(&with_policy(
        r#"# METADATA
# title: Services are not touched
# description: A change of a service needs a window.
# custom:
#   id: service-window
#   severity: low
#   enforcement: hard-mandatory
#   remediation: Book a window.
package acme.window

deny contains {"msg": "touched", "address": "terraform_data.service", "severity": "critical", "certainty": "unknown", "subject": "ops", "facts": {"window": "none"}} if true
"#,
    ))
    .must_end(1);
    let finding = &run.findings_of("service-window")[0];
    for (key, value) in [
        ("title", "Services are not touched"),
        ("message", "touched"),
        ("address", "terraform_data.service"),
        ("severity", "critical"),
        ("enforcement", "hard-mandatory"),
        ("certainty", "unknown"),
        ("subject", "ops"),
        ("type", "terraform_data"),
    ] {
        assert_eq!(finding[key], value, "{key}\n{run}");
    }
    assert_eq!(finding["actions"], serde_json::json!(["update"]), "{run}");
    assert_eq!(finding["facts"]["window"], "none", "{run}");
}

#[test]
fn a_policy_that_cannot_be_read_is_unusable() {
    unusable(
        "package acme\n\ndeny contains msg if {\n",
        "rules/acme.rego:",
        "cannot be parsed",
    );
    unusable(
        "# METADATA\n# title: [\npackage acme\n\ndeny contains \"x\" if true\n",
        "rules/acme.rego:1",
        "",
    );
    unusable(
        "# METADATA\n# custom:\n#   enforcement: maybe\npackage acme\n\ndeny contains \"x\" if true\n",
        "rules/acme.rego",
        "maybe",
    );
}

#[test]
fn what_the_engine_mutters_while_it_tries_dialects_reaches_nobody() {
    let scene = with_policy("package acme\n\ndeny contains msg if {\n");
    let run = check(&scene).must_end(5);
    assert_eq!(run.stderr, "", "{run}");
}

#[test]
fn a_call_that_nothing_defines_is_unusable() {
    unusable(
        "package acme\n\ndeny contains \"x\" if acme.no_such_function(1)\n",
        "rules/acme.rego:3",
        "no_such_function",
    );
    // What would reach the network does not exist here.
    unusable(
        "package acme\n\ndeny contains \"x\" if http.send({\"method\": \"get\", \"url\": \"http://localhost\"})\n",
        "rules/acme.rego:3",
        "http.send",
    );
    unusable(
        "package acme\n\ndeny contains opa.runtime().env.HOME if true\n",
        "rules/acme.rego:3",
        "opa.runtime",
    );
}

#[test]
fn recursion_is_unusable_and_ends_nothing() {
    unusable(
        "package acme\n\na(x) := b(x)\n\nb(x) := a(x)\n\ndeny contains \"x\" if a(1)\n",
        "rules/acme.rego",
        "calls itself",
    );
    unusable(
        "package acme\n\ndeny contains \"x\" if not deny[\"x\"]\n",
        "rules/acme.rego",
        "",
    );
}

#[test]
fn deep_nesting_is_unusable_and_ends_nothing() {
    let deep = format!(
        "package acme\n\ndeny contains \"x\" if {}1{} == 1\n",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let run = check(&with_policy(&deep));
    assert!(run.status == 5, "{run}");
}

#[test]
fn an_endless_rule_ends_at_the_limit() {
    let scene = with_policy(
        "package acme\n\ndeny contains \"late\" if {\n\tr := numbers.range(1, 2000)\n\tsum([1 | some a in r; some b in r; some c in r; a * b * c < 0]) > 0\n}\n",
    );
    scene.write("countersign.toml", "[policies]\ntimeout = \"1s\"\n");
    let started = std::time::Instant::now();
    let run = check(&scene).must_end(5);
    assert!(
        run.report()["problems"]
            .to_string()
            .contains("ran longer than 1 s"),
        "{run}"
    );
    assert!(
        started.elapsed() < std::time::Duration::from_secs(20),
        "the limit of one second took {:?}",
        started.elapsed()
    );
    // The others were evaluated.
    let policies = &run.report()["policies"];
    assert_eq!(
        policies["evaluated"].as_u64().unwrap() + 1,
        policies["rules"].as_u64().unwrap(),
        "{run}"
    );
}

#[test]
fn results_that_mean_nothing_are_unusable() {
    unusable(
        "package acme\n\ndeny contains 5 if true\n",
        "rules/acme.rego:3",
        "neither a text nor an object",
    );
    unusable(
        "package acme\n\ndeny contains {\"message\": \"x\"} if true\n",
        "rules/acme.rego:3",
        "msg",
    );
    unusable(
        "package acme\n\ndeny contains {\"msg\": \"x\", \"severity\": \"catastrophic\"} if true\n",
        "rules/acme.rego:3",
        "catastrophic",
    );
    unusable(
        "package acme\n\ndeny contains {\"msg\": \"x\", \"certainty\": \"perhaps\"} if true\n",
        "rules/acme.rego:3",
        "perhaps",
    );
    unusable("package acme\n\ndeny := true\n", "rules/acme.rego:3", "");
}

#[test]
fn a_directory_without_a_rule_is_unusable() {
    let scene = with_policy("package acme\n\nallowed := 1\n");
    check(&scene)
        .must_end(5)
        .must_say("there is no rule named deny, violation or warn in it");
    scene.write("empty/readme.txt", "nothing here");
    scene
        .run(&["--check", "-p", "empty", "plan.json"])
        .must_end(5)
        .must_say("There is no policy (*.rego) in empty.");
    scene
        .run(&["--check", "-p", "absent", "plan.json"])
        .must_end(5)
        .must_say("The policies in absent cannot be read");
    // Tests are no rules.
    scene.write(
        "tests/acme_test.rego",
        "package acme\n\ndeny contains \"x\" if true\n",
    );
    scene
        .run(&["--check", "-p", "tests", "plan.json"])
        .must_end(5);
}

#[test]
fn an_id_belongs_to_one_policy() {
    let text =
        "# METADATA\n# custom:\n#   id: no-destroy\npackage acme\n\ndeny contains \"x\" if false\n";
    unusable(
        text,
        "rules/acme.rego",
        "the policy id \"no-destroy\" is already taken",
    );
}

#[test]
fn data_files_are_merged_and_conflicts_are_named() {
    let scene = with_policy(
        "package acme\n\ndeny contains sprintf(\"%s is closed\", [w]) if some w in data.windows.closed\n",
    );
    scene.write("rules/windows/data.json", r#"{"closed": ["monday"]}"#);
    let run = check(&scene).must_end(1);
    assert_eq!(
        texts(&run.findings_of("acme"), "message"),
        ["monday is closed"]
    );
    scene.write("extra.yaml", "windows:\n  closed: [friday]\n");
    let arguments = [
        "--check",
        "-f",
        "json",
        "-p",
        "rules",
        "-d",
        "extra.yaml",
        "plan.json",
    ];
    scene
        .run(&arguments)
        .must_end(5)
        .must_say("windows.closed is given twice");
    std::fs::remove_file(scene.path("rules/windows/data.json")).unwrap();
    let run = scene.run(&arguments).must_end(1);
    assert_eq!(
        texts(&run.findings_of("acme"), "message"),
        ["friday is closed"]
    );
}

/// A policy about the git change.
const FEW_FILES: &str = r#"# METADATA
# title: Small changes
# custom:
#   id: few-files
#   needs: [git]
package acme.files

deny contains sprintf("%d file: %s", [count(files), files[0].path]) if {
	files := input.countersign.git.files
	count(files) > 0
}
"#;

#[test]
fn a_policy_about_the_change_is_not_applicable_where_there_is_none() {
    let scene = with_policy(FEW_FILES);
    let run = check(&scene).must_end(0);
    let skipped = run.report()["not_applicable"].clone();
    assert_eq!(skipped[0]["policy"], "few-files", "{run}");
    scene
        .run(&["--check", "-p", "rules", "plan.json"])
        .must_end(0)
        .must_say("few-files")
        .must_say("it needs git");
}

#[test]
fn a_policy_about_the_change_is_evaluated_in_a_repository() {
    let scene = Scene::change("02-update");
    let rules = scene.beside("rules");
    std::fs::create_dir(&rules).unwrap();
    std::fs::write(rules.join("files.rego"), FEW_FILES).unwrap();
    let rules = rules.display().to_string();
    let run = scene
        .run(&["--check", "-f", "json", "-p", &rules])
        .must_end(1);
    assert_eq!(
        texts(&run.findings_of("few-files"), "message"),
        ["1 file: main.tf"]
    );
    // On the branch that holds the change there is none to judge.
    scene.git(&["checkout", "--quiet", "main"]);
    let run = scene
        .run(&["--check", "-f", "json", "-p", &rules])
        .must_end(0);
    assert_eq!(
        run.report()["not_applicable"][0]["policy"],
        "few-files",
        "{run}"
    );
}

#[test]
fn a_secret_that_a_policy_prints_is_masked() {
    let text = "package acme\n\ndeny contains sprintf(\"password %s\", [input.variables.bastion_password.value]) if true\n";
    let scene = with_policy(text);
    scene.write("plan.json", plan("08-modules-provisioners"));
    for format in ["json", "human"] {
        let run = scene
            .run(&["--check", "-v", "-f", format, "-p", "rules", "plan.json"])
            .must_end(1);
        run.must_say("password ")
            .must_not_say("correct-horse-battery-staple");
    }
}

#[test]
fn policies_see_the_plan_as_terraform_writes_it() {
    let scene = with_policy(
        "package acme\n\ndeny contains concat(\" \", sort(object.keys(object.remove(input, [\"countersign\"])))) if true\n",
    );
    let run = check(&scene).must_end(1);
    let mut keys: Vec<String> = plan_tree("02-update")
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    keys.sort();
    assert_eq!(texts(&run.findings_of("acme"), "message"), [keys.join(" ")]);
}

#[test]
fn the_policy_commands_show_and_test_a_directory() {
    let scene = with_policy(FEW_FILES);
    scene.write("rules/files_test.rego", "package acme.files_test\n\ntest_silent if {\n\tcount(data.acme.files.deny) == 0 with input as {}\n}\n\ntest_wrong if false\n");
    scene
        .run(&["policy", "list", "-p", "rules"])
        .must_end(0)
        .must_say("few-files")
        .must_say("no-destroy");
    scene
        .run(&["policy", "show", "few-files", "-p", "rules"])
        .must_end(0)
        .must_say("needs git")
        .must_say("rule deny (rules/acme.rego");
    let run = scene.run(&["policy", "test", "rules"]).must_end(1);
    run.must_say("FAIL acme.files_test.test_wrong (rules/files_test.rego:7)")
        .must_say("1 passed, 1 failed");
    scene.write("none/a.rego", "package a\n\nb := 1\n");
    scene
        .run(&["policy", "test", "none"])
        .must_end(5)
        .must_say("there is no test");
}
