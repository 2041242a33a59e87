//! What can be wrong with a Rego directory: each is status 5 with its place, never a pass, and ends nothing else.

use serde_json::Value as Json;

use crate::user_policies::{check, with_policy};

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
    // The others were evaluated, but the three that need a git change.
    let policies = &run.report()["policies"];
    assert_eq!(
        policies["evaluated"].as_u64().unwrap() + 1 + 3,
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
