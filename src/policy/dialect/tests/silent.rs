//! What a file asks for and does not get is said, and what cannot be told apart is evaluated.

use super::super::left_out;
use super::*;

const OTHER: (&str, &str) = (
    "rules/o.rego",
    "package o\n\ndeny contains \"o\" if false\n",
);

fn warnings(files: &[(&str, &str)]) -> String {
    let policies = load(files);
    assert_eq!(policies.problems, [], "{files:?}");
    let lines: Vec<String> = policies
        .warnings
        .iter()
        .map(|w| format!("{}: {}", w.place.clone().unwrap_or_default(), w.message))
        .collect();
    lines.join("\n")
}

#[test]
fn words_in_texts_do_not_decide_what_is_evaluated() {
    for text in [
        "package spacelift\n\ndeny contains \"found\" if { some r in input[`terraform`].resource_changes; r }\n\nallow := true\n",
        "package spacelift\n\n deny contains \"found\" if { some r in input[`terraform`].resource_changes; r }\n\nallow := true\n",
        "package spacelift\n\ndeny contains \"found\" if { contains(\"see input.run\", \"run\") }\n",
        "package spacelift\n\ndeny := {\"found\"}\n\nread contains \"x\" if false\n",
        "package\tacme\n\nx := `\npackage spacelift\n`\n\nallow := 1\n\n deny contains \"found\" if true\n",
    ] {
        let found = found(&[("rules/a.rego", text), OTHER]);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].ends_with("deny: found"), "{found:?}");
    }
}

#[test]
fn a_spacelift_policy_that_may_read_the_plan_elsewhere_is_no_other_kind() {
    let text = "package spacelift\n\nimport data.lib.rows\n\ndeny contains m if { input.run.id; some m in rows.bad }\n\nread contains \"x\" if false\n";
    let rows = "package lib.rows\n\nbad contains r.address if some r in input.terraform.resource_changes\n";
    let said = warnings(&[("rules/a.rego", text), ("rules/rows.rego", rows), OTHER]);
    assert!(!said.contains("only its plan policies"), "{said}");
    // All that these read is the input of another kind.
    for text in [
        "package spacelift\n\ndeny { late }\n\nlate { input.request.timestamp_ns > 5 }\n",
        "package spacelift\n\nallow { true }\n\ndeny { input.session.login == \"x\" }\n",
    ] {
        let said = warnings(&[("rules/a.rego", text), OTHER]);
        assert!(said.contains("only its plan policies"), "{text}: {said}");
    }
}

#[test]
fn rules_that_a_host_does_not_evaluate_are_named() {
    let annotated = |dialect: &str, rest: &str| {
        format!("# METADATA\n# custom:\n#   dialect: {dialect}\npackage acme\n\n{rest}\n")
    };
    for (text, what) in [
        (
            "package spacelift\n\ndeny_public contains \"f\" if true\n\nviolation contains \"f\" if true\n\ndeny contains \"x\" if false\n",
            "the rules deny_public, violation are none that Spacelift evaluates",
        ),
        (
            "package digger\n\nwarn contains \"f\" if true\n\ndeny contains \"d\" if false\n",
            "the rule warn is none that Digger evaluates",
        ),
        (
            "package acme\n\ndeny(x) := \"f\" if x\n\nviolation contains \"v\" if false\n",
            "deny is a function",
        ),
        (
            "package terraform\n\ndefault allow := false\n\nallow if false\n\nwarn contains \"w\" if false\n",
            "the rule allow is not evaluated",
        ),
    ] {
        let said = warnings(&[("rules/a.rego", text), OTHER]);
        assert!(said.contains(what), "{text}: {said}");
    }
    // Where the file chose its dialect, and nothing of it is left, the run fails.
    for (dialect, rule) in [
        ("spacelift", "deny_x contains \"f\" if true"),
        ("scalr", "violation contains \"f\" if true"),
        ("hcp-terraform", "deny contains \"f\" if true"),
    ] {
        let said = problems(&[("rules/a.rego", &annotated(dialect, rule)), OTHER]);
        assert!(
            said.contains("nothing of this file is evaluated"),
            "{dialect}: {said}"
        );
    }
    // A library may say its dialect too.
    let library = annotated("hcp-terraform", "small(x) if x < 5");
    assert_eq!(warnings(&[("rules/a.rego", &library), OTHER]), "");
}

#[test]
fn a_rule_in_a_file_of_tests_is_named() {
    let mut bundle = Bundle {
        name: "rules".to_owned(),
        ..Bundle::default()
    };
    for (path, text) in [
        ("a_test.rego", "package a\n\ndeny contains \"f\" if true\n"),
        ("b_test.rego", "package b\n\ntest_b if true\n"),
        ("C.REGO", "package c\n"),
    ] {
        bundle.left_out.push(module(&(path, text)));
    }
    let said: Vec<String> = left_out(&bundle).into_iter().map(|f| f.message).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said[0].contains("the rule deny is not evaluated"),
        "{said:?}"
    );
    assert!(said[1].contains("write its ending as .rego"), "{said:?}");
}

#[test]
fn a_list_does_not_soften_what_the_author_wrote() {
    let set = "policy \"p\" {\n  query = \"data.acme.deny\"\n}\n";
    let text = "# METADATA\n# custom:\n#   enforcement: hard-mandatory\npackage acme\n\ndeny contains \"f\" if true\n";
    let policies = load(&[("rules/policies.hcl", set), ("rules/a.rego", text)]);
    assert_eq!(policies.problems, []);
    assert_eq!(
        policies.rules[0].enforcement,
        Some(Enforcement::HardMandatory)
    );
}

#[test]
fn a_function_that_gave_no_result_is_a_note() {
    let text = "package acme\n\ndeny contains \"f\" if to_number(\"abc\") == 1\n\nwarn contains \"w\" if 1 / 0\n\nviolation contains \"v\" if to_number(\"1\") == 2\n";
    let results = run(&load(&[("rules/a.rego", text)]));
    let notes: Vec<&str> = results
        .notes
        .iter()
        .map(crate::text::Printable::as_str)
        .collect();
    assert_eq!(
        notes,
        [
            "a function gave no result in 2 rules, so what depends on it is undefined; -v says why: acme deny, acme warn."
        ]
    );
}

#[test]
fn an_empty_message_and_an_empty_id_are_refused() {
    for rule in [
        "deny contains \"\" if true",
        "deny contains {\"msg\": \" \"} if true",
    ] {
        let results = run(&load(&[(
            "rules/a.rego",
            &format!("package acme\n\n{rule}\n"),
        )]));
        let said = results.problems.first().unwrap().message.as_str();
        assert!(said.contains("the message of a result is empty"), "{said}");
        assert_eq!(results.evaluated, 0);
    }
    let text = "# METADATA\n# custom:\n#   id: \"\"\npackage acme\n\ndeny contains \"f\" if true\n";
    assert!(problems(&[("rules/a.rego", text)]).contains("custom.id is empty"));
}
