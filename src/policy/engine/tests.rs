#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use super::{Input, Limits, Loaded};
use crate::policy::bundle::{Bundle, Module};

fn bundle(modules: &[(&str, &str)]) -> Bundle {
    Bundle {
        name: "policy".to_owned(),
        required: true,
        modules: modules
            .iter()
            .map(|(path, text)| Module {
                path: (*path).to_owned(),
                text: Arc::from(*text),
            })
            .collect(),
        ..Bundle::default()
    }
}

fn load(text: &str) -> Loaded {
    Loaded::load(&bundle(&[("a.rego", text)]), 1_790_000_000_000_000_000)
}

/// Messages with their lines, or the first error, of the first rule.
fn run(text: &str, input: &str) -> Result<Vec<(u32, String)>, String> {
    let loaded = load(text);
    assert_eq!(loaded.errors, [], "{text}");
    let document = Input::build([("resource_changes", input)]).unwrap();
    let mut runner = loaded.runner(Limits {
        time: Duration::from_secs(1),
    });
    let result = runner
        .evaluate(&[loaded.rules.first().unwrap()], &document)
        .pop()
        .unwrap();
    match result.error {
        Some(error) => Err(error),
        None => Ok(result
            .outcomes
            .into_iter()
            .map(|o| (o.line, o.message))
            .collect()),
    }
}

fn errors(text: &str) -> Vec<String> {
    load(text)
        .errors
        .iter()
        .map(|e| format!("{}:{}: {}", e.file, e.line.unwrap_or(0), e.message))
        .collect()
}

#[test]
fn each_result_knows_the_line_of_the_definition_that_gave_it() {
    let text = "package p\n\ndeny contains \"one\" if {\n  1 == 1\n}\n\ndeny contains msg if {\n  some rc in input.resource_changes\n  msg := sprintf(\"two %s\", [rc.address])\n}\n";
    assert_eq!(
        run(text, r#"[{"address":"a.b"}]"#).unwrap(),
        [(3, "one".to_owned()), (7, "two a.b".to_owned())]
    );
}

#[test]
fn rego_v0_and_suffixed_rules_are_understood() {
    let text = "package p\n\ndeny_buckets[msg] {\n  rc := input.resource_changes[_]\n  msg := rc.address\n}\n";
    assert_eq!(
        run(text, r#"[{"address":"a.b"}]"#).unwrap(),
        [(3, "a.b".to_owned())]
    );
}

#[test]
fn what_is_wrong_with_a_policy_is_said_with_file_and_line() {
    for (text, expected) in [
        (
            "package p\n\ndeny contains x if {",
            "a.rego:3: the policy cannot be parsed",
        ),
        (
            "package p\n\ndeny := \"x\" if { 1 == 1 }\n",
            "a.rego:3: deny must be a set",
        ),
        (
            "package p\n\ndeny contains x if { x := nowhere(1) }\n",
            "a.rego:3: p.deny calls nowhere, which is not defined",
        ),
        (
            "package p\n\ndeny contains x if { x := http.send({}).body }\n",
            "calls http.send, which is not defined",
        ),
        (
            "package p\n\nf(x) := f(x + 1)\n\ndeny contains x if { x := f(1) }\n",
            "a function calls itself: p.f → p.f",
        ),
        (
            "package p\n\ndeny contains x if { [x, _] := walk(input) }\n",
            "this form of walk finds nothing",
        ),
        (
            "package p\n\n# METADATA\n# title: [\ndeny contains \"x\" if { 1 == 1 }\n",
            "the annotation cannot be read",
        ),
    ] {
        let found = errors(text);
        assert!(
            found.iter().any(|e| e.contains(expected)),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_bad_module_does_not_silence_its_neighbours() {
    let loaded = Loaded::load(
        &bundle(&[
            (
                "good.rego",
                "package good\n\ndeny contains \"found\" if { 1 == 1 }\n",
            ),
            ("bad.rego", "package bad\n\ndeny contains x if { y == 1 }\n"),
        ]),
        0,
    );
    assert_eq!(loaded.errors.len(), 1, "{:?}", loaded.errors);
    let names: Vec<&str> = loaded.rules.iter().map(|r| r.path.as_str()).collect();
    assert_eq!(names, ["data.good.deny"]);
}

#[test]
fn limits_and_odd_results_are_errors_not_silence() {
    let endless = "package p\n\ndeny contains x if {\n  some a in numbers.range(1, 100000)\n  some b in numbers.range(1, 100000)\n  a * b == -1\n  x := \"x\"\n}\n";
    assert!(run(endless, "[]").unwrap_err().contains("longer than 1 s"));
    for text in [
        "package p\n\ndeny contains 1 if { 1 == 1 }\n",
        "package p\n\ndeny contains {\"message\": \"x\"} if { 1 == 1 }\n",
    ] {
        assert!(run(text, "[]").is_err(), "{text}");
    }
}

#[test]
fn functions_that_panic_in_the_engine_do_not_end_the_program() {
    let text =
        "package p\n\ndeny contains \"x\" if { object.subset(input.resource_changes, []) }\n";
    assert_eq!(
        run(text, "[1]").unwrap_err(),
        "the engine failed while it evaluated this rule."
    );
    assert_eq!(
        run("package p\n\ndeny contains m if { m := sprintf(\"%d\", [strings.count(\"aaa\", \"\")]) }\n", "[]").unwrap(),
        [(3, "4".to_owned())]
    );
}

#[test]
fn the_clock_is_the_run_s_own() {
    let text = "package p\n\ndeny contains m if { m := sprintf(\"%d\", [time.now_ns()]) }\n";
    assert_eq!(
        run(text, "[]").unwrap(),
        [(3, "1790000000000000000".to_owned())]
    );
}

#[test]
fn inputs_that_a_rule_reads_are_found_through_other_rules_and_aliases() {
    let inputs = |text: &str| load(text).rules.first().unwrap().inputs.clone();
    let names = |text: &str| inputs(text).map(|set| set.into_iter().collect::<Vec<_>>());
    assert_eq!(
        names(
            "package p\n\nchanged := [c | some c in input.resource_changes]\n\ndeny contains \"x\" if { count(changed) > 0; input[\"configuration\"] }\n"
        ),
        Some(vec![
            "configuration".to_owned(),
            "resource_changes".to_owned()
        ])
    );
    assert_eq!(
        names("package p\n\nimport input as tfplan\n\ndeny contains \"x\" if { tfplan.checks }\n"),
        Some(vec!["checks".to_owned()])
    );
    assert_eq!(
        names("package p\n\ndeny contains \"x\" if { object.get(input, \"variables\", {}) }\n"),
        Some(vec!["variables".to_owned()])
    );
    assert_eq!(
        names("package p\n\ndeny contains \"x\" if { some k; input[k] }\n"),
        None
    );
    assert_eq!(
        names("package p\n\ndeny contains \"x\" if { walk(input, [_, 1]) }\n"),
        None
    );
}

#[test]
fn imports_of_keywords_are_not_names_of_functions() {
    let text = "package p\n\nimport future.keywords.contains\nimport future.keywords.if\n\ndeny contains \"x\" if contains(\"abc\", \"b\")\n";
    assert_eq!(run(text, "[]").unwrap(), [(6, "x".to_owned())]);
}

#[test]
fn an_import_that_means_two_things_in_one_package_is_refused() {
    let import = |target: &str| {
        format!(
            "package p\n\nimport input.{target} as items\n\ndeny_{target} contains \"x\" if items\n"
        )
    };
    let (one, two) = (import("a"), import("b"));
    let loaded = Loaded::load(&bundle(&[("a.rego", &one), ("b.rego", &two)]), 0);
    let found = loaded.errors.first().unwrap();
    assert_eq!((found.file.as_str(), found.line), ("b.rego", Some(3)));
    assert!(found.message.contains("items"), "{}", found.message);
}
