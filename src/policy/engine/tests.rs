#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use super::{Input, Limits, Loaded};

mod refused;
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

const LIMITS: Limits = Limits {
    time: Duration::from_secs(1),
};

/// Messages with their lines, or the first error, of the first rule.
fn run(text: &str, input: &str) -> Result<Vec<(u32, String)>, String> {
    let loaded = load(text);
    assert_eq!(loaded.errors, [], "{text}");
    let document = Input::build([("resource_changes", input)]).unwrap();
    let mut runner = loaded.runner(LIMITS);
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
            "a.rego:3: p.deny calls http.send, which is refused: policies have no network",
        ),
        (
            "package p\n\ndeny contains x if { x := opa.runtime().env.HOME }\n",
            "calls opa.runtime, which is refused",
        ),
        (
            "package p\n\ndeny contains \"x\" if io.jwt.verify_hs256(input.a, \"b\")\n",
            "calls io.jwt.verify_hs256, which is refused",
        ),
        (
            "package p\n\nf(x) := f(x + 1)\n\ndeny contains x if { x := f(1) }\n",
            "a function calls itself: p.f → p.f",
        ),
        (
            "package p\n\ndeny contains x if { x := [walk(input) | true] }\n",
            "a.rego:3: walk cannot be used at this place",
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
            (
                "bad.rego",
                "package bad\n\ndeny contains \"x\" if { y == 1 }\n",
            ),
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
    for (call, text) in [
        ("strings.count(\"aaa\", \"\")", "4"),
        ("object.subset([1], [])", "true"),
        ("{x | x := time.parse_ns(\"2006\", \"é006\")}", "set()"),
    ] {
        let policy =
            format!("package p\n\ndeny contains m if {{ m := sprintf(\"%v\", [{call}]) }}\n");
        assert_eq!(
            run(&policy, "[]").unwrap(),
            [(3, text.to_owned())],
            "{call}"
        );
    }
}

#[test]
fn what_functions_could_not_answer_is_undefined_and_noted() {
    let text = "package p\n\ndeny contains \"a\" if not regex.match(\"(\", input.resource_changes[0])\n\ndeny contains \"b\" if not startswith(input.resource_changes[1], \"x\")\n\ndeny contains \"c\" if true\n";
    let loaded = load(text);
    assert_eq!(loaded.errors, []);
    let document = Input::build([("resource_changes", "[\"a\", 1]")]).unwrap();
    let mut runner = loaded.runner(LIMITS);
    let rules: Vec<_> = loaded.rules.iter().collect();
    let result = runner.evaluate(&rules, &document).pop().unwrap();
    assert_eq!(result.error, None);
    let messages: Vec<&str> = result.outcomes.iter().map(|o| o.message.as_str()).collect();
    assert_eq!(messages, ["a", "b", "c"]);
    let said = result.hidden.join("\n");
    assert!(said.contains("regex.match: the pattern is not"), "{said}");
    assert!(said.contains("startswith"), "{said}");
    assert!(said.contains("a.rego:5"), "{said}");
}

#[test]
fn an_evaluation_without_such_a_function_has_no_notes() {
    let loaded = load("package p\n\ndeny contains \"a\" if not input.resource_changes[7]\n");
    let document = Input::build([("resource_changes", "[]")]).unwrap();
    let mut runner = loaded.runner(LIMITS);
    let rules: Vec<_> = loaded.rules.iter().collect();
    let result = runner.evaluate(&rules, &document).pop().unwrap();
    assert_eq!((result.outcomes.len(), result.hidden.len()), (1, 0));
}

#[test]
fn a_refused_function_in_one_clause_is_not_made_up_for_by_another() {
    // Only a test could load it; a rule that reaches it must still fail.
    let text = "package p\n\nf(x) := rand.intn(x, 2)\n\nf(x) := 1\n\ndeny contains \"a\" if f(\"x\") == 1\n";
    let loaded = load(text);
    assert_eq!(loaded.errors.len(), 1, "{:?}", loaded.errors);
    let document = Input::build([]).unwrap();
    let mut runner = loaded.runner(LIMITS);
    let rules: Vec<_> = loaded.rules.iter().collect();
    let result = runner.evaluate(&rules, &document).pop().unwrap();
    let error = result.error.unwrap();
    assert!(error.contains("rand.intn is not available"), "{error}");
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
fn an_import_is_that_of_its_file() {
    let import = |target: &str| {
        format!(
            "package p\n\nimport input.{target} as items\n\ndeny_{target} contains \"x\" if items\n"
        )
    };
    let (one, two) = (import("a"), import("b"));
    let loaded = Loaded::load(&bundle(&[("a.rego", &one), ("b.rego", &two)]), 0);
    assert_eq!(loaded.errors, []);
    let document = Input::build([("b", "true")]).unwrap();
    let rules: Vec<_> = loaded.rules.iter().collect();
    let results = loaded.runner(LIMITS).evaluate(&rules, &document);
    let found: Vec<usize> = results.iter().map(|r| r.outcomes.len()).collect();
    assert_eq!(found, [0, 1], "deny_a and deny_b");
}

#[test]
fn the_text_of_a_rule_is_that_of_its_file() {
    let text = "package p\n\nimport data.lib\n\ndeny contains msg if {\n\tnot lib.fine(input.a.b) # why\n\tmsg := \"a\"\n}\n\nother := 1\n";
    let lib = "package lib\n\nfine(x) if x == 1\n";
    let loaded = Loaded::load(&bundle(&[("a.rego", text), ("lib.rego", lib)]), 0);
    assert_eq!(loaded.errors, []);
    assert_eq!(
        loaded.rules.first().unwrap().text,
        "deny contains msg if {\n\tnot lib.fine(input.a.b) # why\n\tmsg := \"a\"\n}\n"
    );
}

#[test]
fn each_bad_module_is_an_error_of_its_own() {
    let loaded = Loaded::load(
        &bundle(&[
            ("a.rego", "package a\n\ndeny contains \"x\" if { y == 1 }\n"),
            ("b.rego", "package b\n\ndeny contains x if { x := }\n"),
            (
                "c.rego",
                "package c\n\n\ndeny contains x if { z == 2; x := 1 }\n",
            ),
            ("d.rego", "package d\n\ndeny contains \"d\" if true\n"),
        ]),
        0,
    );
    let found: Vec<_> = loaded
        .errors
        .iter()
        .map(|e| (e.file.as_str(), e.line))
        .collect();
    assert_eq!(
        found,
        [
            ("a.rego", Some(3)),
            ("b.rego", Some(3)),
            ("c.rego", Some(4))
        ]
    );
    let names: Vec<&str> = loaded.rules.iter().map(|r| r.path.as_str()).collect();
    assert_eq!(names, ["data.d.deny"]);
    // Messages name variables as the policy does.
    let text = format!("{:?}", loaded.errors);
    assert!(
        text.contains("uses \\\"y\\\"") && !text.contains("__0"),
        "{text}"
    );
}

#[test]
fn annotations_of_wider_scopes_fill_in() {
    let loaded = Loaded::load(
        &bundle(&[
            (
                "a.rego",
                "# METADATA\n# scope: subpackages\n# custom:\n#   severity: low\n#   id: outer\npackage a\n",
            ),
            (
                "b.rego",
                "# METADATA\n# title: B\npackage a.b\n\n# METADATA\n# scope: document\n# title: All\n# custom:\n#   severity: high\ndeny contains \"x\" if false\n\n# METADATA\n# title: One\ndeny contains \"y\" if true\n",
            ),
        ]),
        0,
    );
    assert_eq!(loaded.errors, []);
    let package = loaded
        .packages
        .get("a.b")
        .unwrap()
        .annotation
        .as_ref()
        .unwrap();
    assert_eq!(package.text("title"), Some("B"));
    assert_eq!(package.custom("severity").unwrap(), "low");
    assert_eq!(package.custom("id"), None);
    let rule = loaded.rules.first().unwrap().annotation.as_ref().unwrap();
    assert_eq!(rule.custom("severity").unwrap(), "high");
}

#[test]
fn a_rule_can_ask_for_its_annotations() {
    let text = "# METADATA\n# title: P\npackage p\n\n# METADATA\n# title: Rule\n# custom:\n#   n: 2\ndeny contains m if m := sprintf(\"%s %d %s\", [rego.metadata.rule().title, rego.metadata.rule().custom.n, rego.metadata.chain()[1].annotations.title])\n";
    assert_eq!(run(text, "[]").unwrap(), [(9, "Rule 2 P".to_owned())]);
}

#[test]
fn tests_replace_functions_that_policies_may_not_call() {
    let policy = "package p\n\nanswer := http.send({\"url\": \"x\"}).status_code\n";
    let tests = "package p_test\n\nfake(_) := {\"status_code\": 200}\n\ntest_mocked if data.p.answer == 200 with http.send as fake\n\ntest_not_mocked if data.p.answer == 200\n\ntest_cases[name] := ok if {\n\tsome name, ok in {\"a\": true, \"b\": false}\n}\n";
    let report = crate::policy::run_tests(
        &bundle(&[("p.rego", policy), ("t.rego", tests)]),
        crate::policy::TestOptions::default(),
        jiff::Timestamp::UNIX_EPOCH,
    );
    let found: Vec<(&str, &str)> = report
        .cases
        .iter()
        .map(|c| (c.name.as_str(), c.problem.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("p_test.test_cases", "case b: its value is not true"),
            ("p_test.test_mocked", ""),
            (
                "p_test.test_not_mocked",
                "http.send is not available: policies have no network"
            ),
        ]
    );
}

#[test]
fn a_bundle_of_nothing_but_bad_modules_is_given_up() {
    let texts: Vec<(String, String)> = (0..130)
        .map(|number| {
            (
                format!("m{number:03}.rego"),
                format!("package m{number}\n\ndeny contains \"x\" if {{ x = y }}\n"),
            )
        })
        .collect();
    let modules: Vec<(&str, &str)> = texts
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let loaded = Loaded::load(&bundle(&modules), 0);
    assert!(loaded.rules.is_empty());
    let given_up = loaded
        .errors
        .iter()
        .filter(|error| error.message.starts_with("more than 100 files"));
    assert_eq!(given_up.count(), 1);
    assert_eq!(loaded.errors.len(), 102);
}

#[test]
fn a_rule_that_data_would_hide_is_an_error() {
    let with = |data: serde_json::Value, text: &str| {
        let mut bundle = bundle(&[("a.rego", text)]);
        bundle.data = data.as_object().unwrap().clone();
        let found = Loaded::load(&bundle, 0).errors;
        found
            .iter()
            .map(|e| (e.line, e.message.clone()))
            .collect::<Vec<_>>()
    };
    let text = "package acme.b\n\ndeny contains \"x\" if f(1)\n\nf(x) if x == 1\n";
    let hidden = |path: &str, line| {
        let message = format!(
            "the data has something at {path}, where this rule stands: rename one of them."
        );
        (Some(line), message)
    };
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(
        with(json(r#"{"acme": {"b": {"deny": []}}}"#), text),
        [hidden("acme.b.deny", 3)]
    );
    assert_eq!(
        with(json(r#"{"acme": {"b": {"f": {}}}}"#), text),
        [hidden("acme.b.f", 5)]
    );
    assert_eq!(with(json(r#"{"acme": {"b": 1}}"#), text).len(), 2);
    assert_eq!(
        with(json(r#"{"acme": {"b": {"c": 1}, "deny": []}}"#), text),
        []
    );
}

#[test]
fn a_call_with_a_wrong_number_of_arguments_is_an_error() {
    let one = |body: &str| {
        errors(&format!(
            "package p\n\nf(a, b) := a + b\n\ndeny contains \"x\" if {{ {body} }}\n"
        ))
    };
    for (body, told) in [
        (
            "startswith(\"ab\")",
            "p.deny calls startswith with 1 argument, and it takes 2.",
        ),
        ("not startswith(\"ab\")", "takes 2."),
        (
            "count(1, 2, 3) > 0",
            "count with 3 arguments, and it takes 1.",
        ),
        ("sprintf(\"x\") == \"x\"", "takes 2."),
        (
            "f(1) == 2",
            "p.deny calls p.f with 1 argument, and it takes 2.",
        ),
    ] {
        let found = one(body);
        assert!(
            found.len() == 1 && found.first().unwrap().contains(told),
            "{body}: {found:?}"
        );
    }
    for body in [
        "count([1], n); n > 0",
        "f(1, 2, n); n == 3",
        "walk(input, [_, v]); v == 1",
        "print(1, 2, 3, 4)",
        "time.now_ns() > 0",
    ] {
        assert_eq!(one(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn data_as_a_whole_is_an_error_since_the_engine_would_find_nothing() {
    for body in [
        "some p; some m in data[p].problems; m",
        "d := data; d.x",
        "walk(data, [_, v]); v == 1",
    ] {
        let found = errors(&format!(
            "package p\n\ndeny contains \"x\" if {{ {body} }}\n"
        ));
        assert!(
            found
                .iter()
                .any(|e| e.starts_with("a.rego:3: p.deny looks at data as a whole")),
            "{body}: {found:?}"
        );
    }
    for body in [
        "some p; data.policies[p].x",
        "data[\"policies\"].x",
        "count(data.policies) > 0 with data.policies as [1]",
    ] {
        let text = format!("package p\n\ndeny contains \"x\" if {{ {body} }}\n");
        assert_eq!(errors(&text), Vec::<String>::new(), "{body}");
    }
}

fn level(text: &[(&str, &str)], key: &str) -> Option<String> {
    let loaded = Loaded::load(&bundle(text), 0);
    assert_eq!(loaded.errors, []);
    let rule = loaded.rules.first().unwrap();
    let annotation = rule.annotation.as_ref()?;
    annotation.custom(key)?.as_str().map(str::to_owned)
}

#[test]
fn of_definitions_that_are_annotated_differently_the_strictest_level_holds() {
    let soft = "# METADATA\n# custom: {enforcement: advisory, severity: info}\n";
    let hard = "# METADATA\n# custom: {enforcement: hard-mandatory, severity: critical}\n";
    let define = |name: &str| format!("deny contains \"{name}\" if true\n\n");
    for (first, second) in [(soft, hard), (hard, soft)] {
        let text = format!("package p\n\n{first}{}{second}{}", define("a"), define("b"));
        assert_eq!(
            level(&[("a.rego", &text)], "enforcement").as_deref(),
            Some("hard-mandatory")
        );
        assert_eq!(
            level(&[("a.rego", &text)], "severity").as_deref(),
            Some("critical")
        );
    }
    // One without an annotation has what its package says, or the usual.
    let text = format!("package p\n\n{soft}{}{}", define("a"), define("b"));
    assert_eq!(
        level(&[("a.rego", &text)], "enforcement").as_deref(),
        Some("soft-mandatory")
    );
    let package = "# METADATA\n# custom: {enforcement: hard-mandatory}\n";
    let text = format!("{package}{text}");
    assert_eq!(
        level(&[("a.rego", &text)], "enforcement").as_deref(),
        Some("hard-mandatory")
    );
    let text = format!("package p\n\n{soft}{}{soft}{}", define("a"), define("b"));
    assert_eq!(
        level(&[("a.rego", &text)], "enforcement").as_deref(),
        Some("advisory")
    );
}

#[test]
fn annotations_of_two_files_must_not_contradict_each_other() {
    let file = |level: &str, name: &str| {
        format!(
            "# METADATA\n# custom: {{enforcement: {level}}}\npackage p\n\ndeny contains \"{name}\" if true\n"
        )
    };
    let both = |a: &str, b: &str| {
        let (a, b) = (file(a, "a"), file(b, "b"));
        Loaded::load(&bundle(&[("a.rego", &a), ("b.rego", &b)]), 0).errors
    };
    assert_eq!(both("advisory", "advisory"), []);
    let found = both("advisory", "hard-mandatory");
    assert_eq!(found.len(), 1);
    assert_eq!(
        found.first().unwrap().message,
        "another annotation says something else of p: keep one."
    );
}
