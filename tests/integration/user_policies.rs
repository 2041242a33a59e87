//! Rego directories of users: every dialect of a rule runs beside the shipped policies.

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
pub(crate) fn with_policy(text: &str) -> Scene {
    let scene = Scene::new();
    scene.write("plan.json", plan("02-update"));
    scene.write("rules/acme.rego", text);
    scene
}

pub(crate) fn check(scene: &Scene) -> Run {
    scene.run(&["--check", "-f", "json", "-p", "rules", "plan.json"])
}

fn texts(findings: &[Json], key: &str) -> Vec<String> {
    findings
        .iter()
        .map(|finding| finding[key].as_str().unwrap_or("-").to_owned())
        .collect()
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
    // All but the three that need a git change.
    let policies = &run.report()["policies"];
    let number = |key: &str| policies[key].as_u64().unwrap();
    assert_eq!(number("rules"), number("evaluated") + 3, "{run}");
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
fn dialects_run_beside_each_other_on_one_plan() {
    let scene = with_policy(UPDATES_V1);
    scene.write("rules/plan_spacelift.rego", "package spacelift\n\ndeny[r.address] { r := updated_resources[_] }\n\nwarn[\"w\"] { input.spacelift.run.drift_detection }\n");
    scene.write("rules/push.rego", "package spacelift\n\ntrack { true }\n");
    scene.write("rules/scalr.rego", "package terraform\n\nimport input.tfplan\nimport input.tfrun\n\ndeny[\"x\"] { tfplan.terraform_version; tfrun.is_destroy }\n");
    scene.write("rules/digger.rego", "package digger\n\ndeny[sprintf(\"digger %s\", [rc.address])] { rc := input.terraform.resource_changes[_]; rc.type == \"aws_vpc\" }\n");
    scene.write("rules/hcp/policies.hcl", "policy \"terraform-version\" {\n  query = \"data.terraform.policies.version.deny\"\n  enforcement_level = \"mandatory\"\n}\n");
    scene.write("rules/hcp/version.rego", "package terraform.policies.version\n\ndeny := [m | startswith(input.plan.terraform_version, \"1.\"); m := \"old\"]\n");
    let run = check(&scene).must_end(1);
    let report = run.report();
    assert_eq!(run.findings_of("acme.updates").len(), 2, "{run}");
    let spacelift = run.findings_of("spacelift.plan_spacelift");
    assert_eq!(spacelift.len(), 3, "{run}");
    assert_eq!(
        texts(&run.findings_of("terraform-version"), "message"),
        ["old"]
    );
    // What only a host knows is said and blocks.
    let unknown = run.findings_of("terraform.scalr");
    assert_eq!(unknown[0]["status"], "not-evaluated", "{run}");
    assert!(
        unknown[0]["message"]
            .as_str()
            .unwrap()
            .contains("it reads input.tfrun, which only Scalr knows"),
        "{run}"
    );
    assert!(
        spacelift.iter().any(|f| f["message"]
            .as_str()
            .unwrap()
            .contains("(warn) was not evaluated: it reads input.spacelift")),
        "{run}"
    );
    let notices = report["notices"].to_string();
    for part in [
        "rules/push.rego: this is a push policy of Spacelift",
        "matched no resource, because they look for types that this plan does not hold: digger deny",
    ] {
        assert!(notices.contains(part), "{part}\n{run}");
    }
    // The commands name the dialects.
    scene
        .run(&["policy", "list", "-p", "rules"])
        .must_end(0)
        .must_say("hcp-terraform")
        .must_say("spacelift");
    scene
        .run(&["policy", "show", "terraform.scalr", "-p", "rules"])
        .must_end(0)
        .must_say("scalr: input is {tfplan: the plan, tfrun}")
        .must_say("input.tfrun");
}

#[test]
fn an_exception_is_no_secret() {
    let scene = with_policy(&format!("{UPDATES_V1}\nexception contains [\"\"]\n"));
    let run = check(&scene).must_end(0);
    assert_eq!(run.findings_of("acme.updates").len(), 0, "{run}");
    assert!(
        run.report()["notices"]
            .to_string()
            .contains("an exception took back 2 results of acme.updates deny"),
        "{run}"
    );
}

#[test]
fn a_trace_says_which_rules_ran_and_keeps_secrets() {
    let text = "package acme\n\ndeny contains \"x\" if {\n\tsome rc in input.resource_changes\n\trc.type == \"aws_vpc\"\n}\n\nwarn contains \"y\" if {\n\tprint(\"pw\", input.variables.bastion_password.value)\n\tfalse\n}\n";
    let scene = with_policy(text);
    scene.write("plan.json", plan("08-modules-provisioners"));
    let run = scene
        .run(&["--check", "--trace", "-p", "rules", "plan.json"])
        .must_end(1);
    run.must_say("trace: plan.json: acme deny (rules/acme.rego:3): 0 of ")
        .must_say("resource changes are of its types; results: 0")
        .must_say("trace: plan.json: no-destroy deny")
        .must_say("print: ")
        .must_not_say("correct-horse-battery-staple");
}
