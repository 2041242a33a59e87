#![allow(clippy::unwrap_used)]

mod silent;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::plan::Plan;
use crate::policy::bundle::{Bundle, Module};
use crate::policy::{
    Availability, Dialect, Enforcement, Policies, Results, Settings, Subject, Trust, Why,
};

fn module((path, text): &(&str, &str)) -> Module {
    Module {
        path: (*path).to_owned(),
        text: Arc::from(*text),
    }
}

/// A directory; `policies.hcl` and `scalr-policy.hcl` are lists of policy sets.
fn load(files: &[(&str, &str)]) -> Policies {
    let (sets, modules): (Vec<_>, Vec<_>) = files.iter().partition(|f| Bundle::is_set(f.0));
    let bundle = Bundle {
        name: "rules".to_owned(),
        required: true,
        modules: modules.into_iter().map(module).collect(),
        sets: sets.into_iter().map(module).collect(),
        ..Bundle::default()
    };
    let settings = Settings {
        policy: serde_json::Map::new(),
        disabled: BTreeSet::new(),
        timeout: Duration::from_secs(10),
        threads: 2,
        trust: Trust::Worktree,
        commit: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    Policies::load(&[bundle], settings)
}

fn plan() -> Plan {
    let change = |name: &str, actions: &[&str]| {
        json!({
            "address": format!("terraform_data.{name}"), "mode": "managed", "type": "terraform_data", "name": name,
            "provider_name": "terraform.io/builtin/terraform",
            "change": {"actions": actions, "before": {"input": "a"}, "after": {"input": "b"}, "after_unknown": {},
                "before_sensitive": {}, "after_sensitive": {}}
        })
    };
    let plan = json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {"root_module": {}},
        "resource_changes": [
            change("new", &["create"]), change("old", &["delete"]),
            change("again", &["delete", "create"]), change("same", &["no-op"]), change("other", &["update"]),
        ],
        "configuration": {"root_module": {}}
    });
    Plan::read(plan.to_string().into_bytes()).unwrap()
}

fn run(policies: &Policies) -> Results {
    let plan = plan();
    let subject = Subject {
        plan: &plan,
        change: None,
        repository: None,
        source: None,
        proof: None,
        explanation: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    policies.evaluate(&subject, &|_, _| Availability::Present, &|_, _| {})
}

/// Policy, rule and message of each result.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let policies = load(files);
    assert_eq!(policies.problems, [], "{files:?}");
    let results = run(&policies);
    assert_eq!(results.problems, [], "{files:?}");
    let mut out: Vec<String> = results
        .hits
        .iter()
        .map(|hit| format!("{}: {}", policies.title_of(hit.rule), hit.message))
        .collect();
    out.sort();
    out
}

fn problems(files: &[(&str, &str)]) -> String {
    let policies = load(files);
    let lines: Vec<String> = policies
        .problems
        .iter()
        .map(|p| format!("{}: {}", p.place.clone().unwrap_or_default(), p.message))
        .collect();
    assert!(!lines.is_empty(), "{files:?}");
    lines.join("\n")
}

fn dialect_of(files: &[(&str, &str)]) -> Dialect {
    load(files).summary.policies.first().unwrap().dialect
}

#[test]
fn the_dialect_follows_from_package_list_or_annotation() {
    let deny = "deny contains \"x\" if input.resource_changes\n";
    let of = |head: &str| dialect_of(&[("rules/a.rego", &format!("{head}\n\n{deny}"))]);
    assert_eq!(of("package acme"), Dialect::Opa);
    assert_eq!(of("package main"), Dialect::Conftest);
    assert_eq!(of("package spacelift"), Dialect::Spacelift);
    assert_eq!(of("package digger"), Dialect::Digger);
    assert_eq!(of("package env0"), Dialect::Env0);
    assert_eq!(of("package terraform"), Dialect::Opa);
    assert_eq!(
        of("# METADATA\n# custom:\n#   dialect: scalr\npackage acme"),
        Dialect::Scalr
    );
    assert_eq!(
        of("package acme\n\nexception contains [] if false"),
        Dialect::Conftest
    );
    assert_eq!(
        dialect_of(&[(
            "rules/a.rego",
            "package terraform\n\nimport input.tfplan\n\ndeny contains \"x\" if tfplan\n"
        )]),
        Dialect::Scalr
    );
    assert!(
        problems(&[(
            "rules/a.rego",
            &format!("# METADATA\n# custom:\n#   dialect: sentinel\npackage a\n\n{deny}")
        )])
        .contains("custom.dialect \"sentinel\" is none of")
    );
}

#[test]
fn every_dialect_sees_the_plan_where_its_host_puts_it() {
    for (package, key) in [
        ("spacelift", "terraform"),
        ("digger", "terraform"),
        ("env0", "plan"),
    ] {
        let text = format!(
            "package {package}\n\ndeny contains rc.address if {{\n\tsome rc in input.{key}.resource_changes\n\t\"update\" in rc.change.actions\n}}\n"
        );
        let found = found(&[("rules/p.rego", &text)]);
        assert_eq!(found.len(), 1, "{package}: {found:?}");
        assert!(
            found[0].ends_with("deny: terraform_data.other"),
            "{found:?}"
        );
    }
    let scalr = "package terraform\n\nimport input.tfplan as tfplan\n\ndeny[rc.address] {\n\trc := tfplan.resource_changes[_]\n\trc.change.actions[_] == \"update\"\n}\n";
    assert_eq!(
        found(&[("rules/scalr.rego", scalr)]),
        ["terraform.scalr deny: terraform_data.other"]
    );
}

#[test]
fn conftest_rules_results_and_exceptions() {
    let text = "package main\n\ndeny contains \"a\" if true\n\ndeny_tags contains {\"msg\": \"b\", \"details\": {\"owner\": \"none\"}, \"_loc\": {\"file\": \"main.tf\", \"line\": 3}} if true\n\nviolation_x contains \"c\" if true\n\nwarn contains \"d\" if true\n\ndenyish := 5\n";
    assert_eq!(
        found(&[("rules/a.rego", text)]),
        [
            "main deny: a",
            "main deny_tags: b",
            "main violation_x: c",
            "main warn: d"
        ]
    );
    // The location and the other keys arrive as this program knows them.
    let policies = load(&[("rules/a.rego", text)]);
    let results = run(&policies);
    let hit = results.hits.iter().find(|h| h.message == "b").unwrap();
    assert_eq!(hit.fields.get("file"), Some(&json!("main.tf")));
    assert_eq!(hit.fields.get("line"), Some(&json!(3)));
    assert_eq!(
        hit.fields.get("facts"),
        Some(&json!({"details.owner": "none"}))
    );
    // Rule names without their prefix; the bare rule is the empty text.
    let excepted = format!("{text}\nexception contains rules if rules := [\"tags\", \"\"]\n");
    assert_eq!(
        found(&[("rules/a.rego", &excepted)]),
        ["main violation_x: c"]
    );
    let results = run(&load(&[("rules/a.rego", &excepted)]));
    let notes: Vec<&str> = results
        .notes
        .iter()
        .map(crate::text::Printable::as_str)
        .collect();
    assert!(
        notes.contains(&"an exception took back one result of main deny_tags."),
        "{notes:?}"
    );
    // An exception that is none must not pass for "nothing excepted", nor for "everything".
    let broken = format!("{text}\nexception contains \"tags\" if true\n");
    let results = run(&load(&[("rules/a.rego", &broken)]));
    assert!(
        results.problems.iter().any(|p| p
            .message
            .as_str()
            .contains("an exception is no list of rule names")),
        "{:?}",
        results.problems
    );
    assert_eq!(results.evaluated, 0);
}

#[test]
fn spacelift_files_stand_alone_and_have_their_aliases() {
    let files = [
        (
            "rules/one.rego",
            "package spacelift\n\nlimit := 1\n\ndeny[sprintf(\"%s goes\", [r.address])] {\n\tr := deleted_resources[_]\n}\n\nwarn[\"new\"] {\n\tsome r\n\tcreated_resources[r]\n}\n\nsample { true }\n",
        ),
        (
            "rules/two.rego",
            "package spacelift\n\nlimit := 2\n\ndeny contains \"two\" if {\n\tlimit == 2\n\tsome r in updated_resources\n\tr.change.after.input == sanitized(\"b\")\n}\n\ndeny_regions := [\"a helper\"]\n",
        ),
        (
            "rules/push.rego",
            "package spacelift\n\ntrack { input.push.branch == \"main\" }\n\npropose { true }\n",
        ),
        (
            "rules/init.rego",
            "package spacelift\n\ndeny[\"no\"] { input.request.commit.branch == \"x\" }\n",
        ),
    ];
    assert_eq!(
        found(&files),
        [
            "spacelift.one deny: terraform_data.again goes",
            "spacelift.one deny: terraform_data.old goes",
            "spacelift.one warn: new",
            "spacelift.two deny: two",
        ]
    );
    let warnings: Vec<String> = load(&files)
        .warnings
        .iter()
        .map(|w| format!("{}: {}", w.place.clone().unwrap_or_default(), w.message))
        .collect();
    assert!(
        warnings
            .iter()
            .any(|w| w.starts_with("rules/push.rego: this is a push policy of Spacelift")),
        "{warnings:?}"
    );
    assert!(
        warnings
            .iter()
            .any(|w| w.starts_with("rules/init.rego: this is a task or initialization policy")),
        "{warnings:?}"
    );
    // A directory of nothing else is not a pass.
    assert!(problems(&files[2..3]).contains("nor one of any other dialect"));
}

#[test]
fn a_file_that_stands_alone_may_use_libraries() {
    let library = "package lib.names\n\nimport data.lib.texts\n\nshout(x) := texts.upper_case(x)\n\ndeny contains \"the library's own\" if input.resource_changes\n";
    let texts = "package lib.texts\n\nupper_case(x) := upper(x)\n";
    let one = "package spacelift\n\nimport data.lib\n\ndeny contains lib.names.shout(r.address) if some r in updated_resources\n";
    let two =
        "package spacelift\n\ndeny contains data.lib.names.shout(\"two\") if input.terraform\n";
    assert_eq!(
        found(&[
            ("rules/one.rego", one),
            ("rules/two.rego", two),
            ("rules/names.rego", library),
            ("rules/texts.rego", texts),
        ]),
        [
            "lib.names deny: the library's own",
            "spacelift.one deny: TERRAFORM_DATA.OTHER",
            "spacelift.two deny: TWO"
        ]
    );
}

#[test]
fn what_only_the_host_knows_is_not_evaluated() {
    let text = "package spacelift\n\ndeny contains \"a\" if input.spacelift.stack.name == \"x\"\n\nwarn contains \"b\" if labelled\n\nlabelled if input.terraform.terraform_version\n";
    let policies = load(&[("rules/a.rego", text)]);
    assert_eq!(policies.problems, []);
    let results = run(&policies);
    let skipped = results.skipped.first().unwrap();
    assert_eq!(skipped.rules, ["deny"]);
    assert!(skipped.applies);
    assert_eq!(
        skipped.why,
        Why::Host("it reads input.spacelift, which only Spacelift knows".to_owned())
    );
    // The other rule ran.
    assert_eq!(results.evaluated, 1);
    assert_eq!(results.hits.len(), 1);
    // Through a helper, an import, and the whole input.
    for text in [
        "package terraform\n\nimport input.tfrun as run\n\ndeny contains \"a\" if run.workspace.name == \"x\"\n",
        "package env0\n\ncost := input.costEstimation.totalMonthlyCost\n\npending contains \"a\" if cost > 5\n",
        "package env0\n\ndeny contains \"a\" if {\n\tx := input\n\tx.plan\n}\n",
        "package env0\n\ndeny contains \"a\" if count(object.get(input, \"approvers\", [])) == 0\n",
    ] {
        let policies = load(&[("rules/a.rego", text)]);
        assert_eq!(policies.problems, [], "{text}");
        let results = run(&policies);
        assert_eq!(results.skipped.len(), 1, "{text}");
        assert_eq!((results.hits.len(), results.evaluated), (0, 0), "{text}");
    }
}

/// Policies of a set, in the manner of HCP Terraform.
const FRIDAY: &str = "package terraform.policies.friday\n\ndeny[msg] {\n\trc := input.plan.resource_changes[_]\n\trc.change.actions[_] == \"update\"\n\tmsg := rc.address\n}\n\nviolation[\"not asked for\"] { true }\n";

#[test]
fn queries_of_a_policy_set_fire_and_nothing_else() {
    let set = "policy \"friday_deploys\" {\n  query             = \"data.terraform.policies.friday.deny\"\n  enforcement_level = \"mandatory\"\n  description       = \"Not on Fridays\"\n}\n\npolicy \"names\" {\n  query = \"data.acme.names.rule\"\n}\n";
    let names = "package acme.names\n\nrule := [{\"address\": \"x\", \"why\": 1} | input.plan.terraform_version]\n";
    let files = [
        ("rules/policies.hcl", set),
        ("rules/friday.rego", FRIDAY),
        ("rules/names.rego", names),
    ];
    assert_eq!(
        found(&files),
        [
            "friday_deploys deny: terraform_data.other",
            "names rule: {\"address\":\"x\",\"why\":1}"
        ]
    );
    let policies = load(&files);
    let levels: Vec<Option<Enforcement>> = policies.rules.iter().map(|r| r.enforcement).collect();
    // Without a level a query is advisory, as on its host.
    assert!(
        levels.contains(&Some(Enforcement::SoftMandatory)),
        "{levels:?}"
    );
    assert!(levels.contains(&Some(Enforcement::Advisory)), "{levels:?}");
    let warned = policies.warnings.iter().any(|w| {
        w.message
            .as_str()
            .contains("the rule violation is named by no query")
    });
    assert!(warned, "{:?}", policies.warnings);
    let friday = policies
        .summary
        .policies
        .iter()
        .find(|p| p.id.as_str() == "friday_deploys")
        .unwrap();
    assert_eq!(friday.description.as_str(), "Not on Fridays");
    assert_eq!(friday.dialect, Dialect::HcpTerraform);
}

#[test]
fn a_policy_set_that_is_wrong_says_everything_at_once() {
    let set = "policy \"a\" {\n  query = \"data.nowhere.deny\"\n}\npolicy \"b\" {\n  query = \"data.x[_]\"\n}\npolicy \"c\" {\n  query = \"data.terraform.policies.friday.nothing\"\n  enforcement_level = \"strict\"\n}\npolicy \"d\" {\n  source = \"./d.sentinel\"\n}\npolicy \"e\" {\n  query = \"data.terraform.policies.friday.denny\"\n  enforcment_level = \"advisory\"\n}\nother {}\n";
    let said = problems(&[("rules/policies.hcl", set), ("rules/friday.rego", FRIDAY)]);
    for part in [
        "rules/policies.hcl:1: the query data.nowhere.deny of a has no file",
        "rules/policies.hcl:5: the query \"data.x[_]\" is no path",
        "rules/policies.hcl:9: the enforcement_level \"strict\" is none of",
        "rules/policies.hcl:11: the policy d is written in Sentinel",
        "rules/policies.hcl:14: the policy e is about data.terraform.policies.friday.denny, and there is no such rule",
        "no argument \"enforcment_level\" (did you mean \"enforcement_level\"?)",
        "the block other is none of a policy set",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn scalr_levels_come_from_its_list() {
    let set = "version = \"v1\"\n\npolicy \"hard\" {\n  enabled           = true\n  enforcement_level = \"hard-mandatory\"\n}\n\npolicy \"off\" {\n  enabled = false\n}\n";
    let deny = "package terraform\n\ndeny contains \"x\" if input.tfplan.terraform_version\n";
    let files = [
        ("rules/scalr-policy.hcl", set),
        ("rules/hard.rego", deny),
        ("rules/off.rego", deny),
        ("rules/free.rego", deny),
    ];
    let policies = load(&files);
    assert_eq!(policies.problems, []);
    assert_eq!(found(&files).len(), 2);
    let hard = policies
        .rules
        .iter()
        .find(|r| &*r.file == "rules/hard.rego")
        .unwrap();
    assert_eq!(hard.enforcement, Some(Enforcement::HardMandatory));
    assert!(policies.warnings.iter().any(|w| {
        w.message
            .as_str()
            .contains("switched off in rules/scalr-policy.hcl:8")
    }));
    assert!(problems(&files[..2]).contains("the policy off has no file off.rego"));
}

#[test]
fn the_input_of_another_host_is_ambiguous() {
    let said = problems(&[(
        "rules/a.rego",
        "package acme\n\ndeny contains \"x\" if input.plan.resource_changes\n",
    )]);
    assert!(
        said.contains("the input of HCP Terraform or env zero"),
        "{said}"
    );
    assert!(said.contains("hcp-terraform, env0"), "{said}");
    // Reading both is what careful authors do.
    let both = "package acme\n\nplan := input.plan\n\nplan := input if not input.plan\n\ndeny contains \"x\" if plan.resource_changes\n";
    assert_eq!(load(&[("rules/a.rego", both)]).problems, []);
}

#[test]
fn a_path_that_no_plan_has_is_a_warning_with_its_place() {
    let text = "package acme\n\ndeny contains rc.address if {\n\tsome rc in input.resource_changes\n\trc.chnage.actions == [\"delete\"]\n}\n\ndeny contains \"y\" if input.resource_changs[_]\n";
    let other = "package other\n\nimport input as tfplan\n\ndeny contains \"z\" if tfplan.resource_changes[_].change.chnages\n";
    let policies = load(&[("rules/a.rego", text), ("rules/b.rego", other)]);
    assert_eq!(policies.problems, []);
    let warnings: Vec<String> = policies
        .warnings
        .iter()
        .map(|w| format!("{}: {}", w.place.clone().unwrap(), w.message))
        .collect();
    assert_eq!(
        warnings,
        [
            "rules/a.rego:5:2: the rule deny reads input.resource_changes[_].chnage, which no plan has (did you mean \"change\"?).",
            "rules/a.rego:8:22: the rule deny reads input.resource_changs, which no plan has (did you mean \"resource_changes\"?).",
            "rules/b.rego:5:22: the rule deny reads input.resource_changes[_].change.chnages, which no plan has.",
        ]
    );
}

#[test]
fn a_rule_that_is_no_set_says_what_it_is() {
    for (rule, what) in [
        ("deny := true", "a boolean"),
        ("deny if input.x", "a boolean"),
        ("deny := \"no\"", "a text"),
        ("deny := {\"msg\": \"no\"}", "an object"),
        ("deny[x] := y if { x := \"a\"; y := \"b\" }", "an object"),
        ("deny := 5", "a number"),
    ] {
        let said = problems(&[("rules/a.rego", &format!("package acme\n\n{rule}\n"))]);
        assert!(
            said.contains(&format!(
                "rules/a.rego:3: deny must be a set, and this makes it {what}"
            )),
            "{rule}: {said}"
        );
    }
    // Only evaluation shows these.
    for (rule, what) in [
        ("deny := x if x := input.terraform_version", "a text"),
        (
            "deny := x if x := count(input.resource_changes) > 1",
            "a boolean",
        ),
        ("deny := input.planned_values", "an object"),
        ("deny := x if x := input.none", "undefined"),
    ] {
        let policies = load(&[("rules/a.rego", &format!("package acme\n\n{rule}\n"))]);
        assert_eq!(policies.problems, [], "{rule}");
        let results = run(&policies);
        assert!(
            results
                .problems
                .iter()
                .any(|p| p.message.as_str().contains(what)),
            "{rule}: {:?}",
            results.problems
        );
        assert_eq!(results.evaluated, 0, "{rule}");
    }
    // A list is as good as a set.
    let list = "package acme\n\ndefault deny := []\n\ndeny := [rc.address | some rc in input.resource_changes; \"update\" in rc.change.actions] if input.resource_changes\n";
    assert_eq!(
        found(&[("rules/a.rego", list)]),
        ["acme deny: terraform_data.other"]
    );
}

#[test]
fn a_rule_that_matched_no_resource_says_so() {
    let text = "package acme\n\ndeny_bucket contains \"x\" if {\n\tsome rc in input.resource_changes\n\trc.type == \"aws_s3_bucket\"\n}\n\ndeny_data contains \"y\" if {\n\tsome rc in input.resource_changes\n\trc.type == \"terraform_data\"\n\tfalse\n}\n\ndeny_none contains \"z\" if count([rc | some rc in input.resource_changes; rc.type == \"aws_vpc\"]) > 7\n";
    let results = run(&load(&[("rules/a.rego", text)]));
    let matched: Vec<Option<usize>> = results.runs.iter().map(|r| r.matched).collect();
    assert_eq!(matched, [Some(0), Some(5), None]);
    let notes: Vec<&str> = results
        .notes
        .iter()
        .map(crate::text::Printable::as_str)
        .collect();
    assert_eq!(
        notes,
        [
            "1 of 3 rules matched no resource, because they look for types that this plan does not hold: acme deny_bucket."
        ]
    );
}

#[test]
fn hostile_names_stay_out_of_what_is_said() {
    let text = "# METADATA\n# title: \"\\u001b[31mred \\u202e\"\n# custom:\n#   id: \"a\\u001b]0;x\\u0007\"\n#   severity: \"\\u001b[2J\"\npackage acme[\"\u{1b}[31m\u{202e}x\"]\n\ndeny contains \"x\" if input[\"resource_\u{1b}[2J\"]\n";
    let policies = load(&[("rules/\u{1b}[31m.rego", text)]);
    let mut all = String::new();
    for policy in &policies.summary.policies {
        all.push_str(&format!("{} {} {}\n", policy.id, policy.title, policy.file));
    }
    for line in policies.problems.iter().chain(&policies.warnings) {
        all.push_str(&format!(
            "{} {} {}\n",
            line.policy,
            line.place.clone().unwrap_or_default(),
            line.message
        ));
    }
    assert!(!policies.problems.is_empty());
    assert!(!all.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{all:?}");
}
