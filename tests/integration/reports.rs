//! The reports themselves: the keys that programs count on, the same bytes each time, no secrets, and where they are written.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::check::{json_of, outside};
use crate::scene::Scene;

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let scene = Scene::new();
    for format in ["human", "json"] {
        let runs = [1, 2].map(|_| scene.run(&["demo", "--check", "-q", "-f", format]).stdout);
        assert_eq!(runs[0], runs[1]);
    }
    let scene = Scene::change("23-aws-iam");
    for format in ["human", "json"] {
        let runs = [1, 2].map(|_| scene.run(&["--check", "-f", format]).stdout);
        assert_eq!(runs[0], runs[1]);
    }
}

#[test]
fn every_key_of_a_finding_is_there() {
    let run = json_of(&Scene::change("04-delete")).must_end(1);
    let keys = [
        "fingerprint",
        "policy",
        "title",
        "rule",
        "severity",
        "enforcement",
        "certainty",
        "message",
        "plan",
        "address",
        "deposed",
        "module",
        "type",
        "actions",
        "attribute",
        "subject",
        "facts",
        "location",
        "policy_location",
        "explained",
        "status",
        "waiver",
        "baseline",
        "remediation",
        "blocks",
    ];
    for finding in run.findings_of("no-destroy") {
        let found: BTreeSet<&str> = finding
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(found, BTreeSet::from(keys), "{run}");
        assert_eq!(finding["fingerprint"].as_str().unwrap().len(), 64, "{run}");
    }
    let counts = run.report()["plans"][0]["counts"].clone();
    let words = [
        "create", "update", "replace", "delete", "read", "no-op", "import", "move", "forget",
        "drift", "output",
    ];
    for word in words {
        assert!(counts[word].is_u64(), "{word}\n{run}");
    }
    assert_eq!(
        (&counts["create"], &counts["delete"]),
        (&1.into(), &8.into()),
        "{run}"
    );
}

#[test]
fn secrets_of_the_plan_are_in_no_report() {
    for (case, secrets) in [
        (
            "08-modules-provisioners",
            &["correct-horse-battery-staple"][..],
        ),
        (
            "27-providers",
            &[
                "unused-provider-client-secret",
                "secret-key-inside-a-module-provider",
            ],
        ),
    ] {
        let scene = Scene::change(case);
        for format in ["human", "json"] {
            let run = scene.run(&["--check", "-v", "-f", format]).must_end(1);
            for secret in secrets {
                assert!(!run.says(secret), "{secret} is shown\n{run}");
            }
        }
    }
}

#[test]
fn one_evaluation_writes_many_reports() {
    let scene = Scene::change("04-delete");
    let arguments = [
        "--check",
        "-o",
        "first.out",
        "--report",
        "json=second.out",
        "--report",
        "human=third.out",
    ];
    let run = scene.run(&arguments).must_end(1);
    assert!(run.stdout.is_empty(), "{run}");
    assert_eq!(scene.read("first.out"), scene.read("third.out"));
    assert_eq!(scene.read("second.out"), json_of(&scene).stdout);
    let run = scene
        .run(&["--check", "-o", "absent/report.json", "-f", "json"])
        .must_end(4);
    run.must_say("The report cannot be written")
        .must_say("hint: ");
    // A failure is written where the report was asked for.
    scene
        .run(&[
            "--check",
            "--base",
            "nowhere",
            "-q",
            "--report",
            "json=second.out",
        ])
        .must_end(4);
    let report: Json = serde_json::from_str(&scene.read("second.out")).unwrap();
    assert_eq!(report["verdict"]["exit"], 4);
}

#[test]
fn colours_are_used_when_asked_for() {
    let scene = outside("04-delete");
    let coloured = scene.run(&["--check", "--color", "always"]).stdout;
    assert!(coloured.contains('\u{1b}'));
    for arguments in [&["--check"][..], &["--check", "--color", "never"]] {
        assert!(!scene.run(arguments).stdout.contains('\u{1b}'));
    }
}

#[test]
fn the_schema_is_printed_and_reports_of_real_plans_are_valid_against_it() {
    let scene = Scene::new();
    let printed = scene.run(&["report", "schema"]).must_end(0);
    assert_eq!(printed.stdout, countersign::report::schema::SCHEMA);
    // All in one run, with one report.
    let plans = crate::scene::package("testdata/plans");
    let mut arguments = vec![
        "--check".to_owned(),
        "-q".to_owned(),
        "-f".to_owned(),
        "json".to_owned(),
    ];
    for entry in std::fs::read_dir(plans).unwrap() {
        let path = entry.unwrap().path().join("plan.json");
        if path.is_file() {
            arguments.push(path.to_str().unwrap().to_owned());
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let report = scene.run(&arguments).report();
    assert_eq!(
        report["plans"].as_array().unwrap().len(),
        arguments.len() - 4
    );
    assert!(arguments.len() > 20);
}

#[test]
fn a_plan_that_was_let_go_of_is_reported_as_before() {
    use countersign::load::{PlanSource, Request, load};
    use countersign::report::{Context, Format, MAX_BYTES, render};
    use countersign::review::verdict;

    let cases = [
        "07-import",
        "25-aws-import",
        "06-moved",
        "12-errored",
        "19-outputs-only",
    ];
    let plans = crate::scene::package("testdata/plans");
    let plans = cases.map(|case| PlanSource::File(plans.join(case).join("plan.json")));
    let now: jiff::Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
    let scene = Scene::new();
    let reports = [true, false].map(|keep_values| {
        let request = Request {
            plans: plans.to_vec(),
            directory: scene.path(""),
            plan_file: None,
            repo: None,
            base: None,
            head: None,
            diff: None,
            policies: Vec::new(),
            data: Vec::new(),
            trust: None,
            baseline: None,
            keep_values,
            fail_on_warn: false,
            env: std::collections::BTreeMap::new(),
            now,
            threads: 2,
        };
        let loaded = load(&request, &|_, _, _| {}).unwrap();
        let kept = loaded
            .case
            .plans
            .iter()
            .any(|plan| !plan.plan.text().is_empty());
        assert_eq!(kept, keep_values);
        let verdict = verdict(
            &loaded.case,
            &countersign::decision::Journal::default(),
            now,
        );
        let context = Context {
            case: &loaded.case,
            verdict: &verdict,
            approvals: &[],
            tool_version: "0.1.0",
            colour: false,
            width: 100,
            max_bytes: MAX_BYTES,
            exit: verdict.exit,
            merged: None,
        };
        Format::ALL.map(|format| render(format, &context))
    });
    assert_eq!(reports[0], reports[1]);
    assert!(
        reports[0][1].contains("\"import\": \""),
        "{}",
        reports[0][1]
    );
}
