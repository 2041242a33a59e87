//! The shipped policies: every one of their tests passes, and each has its metadata, its page, and tests of both kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use countersign::load::{command_line_bundles, test_bundle};
use countersign::policy::{Need, Policies, Policy, Settings, TestReport, Trust, run_tests};

use crate::scene::{Scene, package, plan};

/// The promised policies with a plan of `testdata/plans` in which each fires and one in which it does not.
const PROMISED: [(&str, &str, &str); 4] = [
    ("approved-providers", "27-providers", "04-delete"),
    ("no-destroy", "04-delete", "23-aws-iam"),
    ("no-local-exec", "08-modules-provisioners", "04-delete"),
    ("read-only-principals", "23-aws-iam", "27-providers"),
];

fn tested() -> TestReport {
    run_tests(
        &test_bundle(&package("policies")).unwrap(),
        jiff::Timestamp::now(),
    )
}

fn loaded() -> Policies {
    let settings = Settings {
        policy: serde_json::Map::new(),
        disabled: BTreeSet::new(),
        timeout: Duration::from_secs(10),
        threads: 1,
        trust: Trust::Worktree,
        commit: None,
        now: jiff::Timestamp::now(),
    };
    Policies::load(&command_line_bundles(&[]).unwrap(), settings)
}

fn shipped() -> BTreeMap<String, Policy> {
    let policies = loaded().summary.policies;
    policies
        .into_iter()
        .map(|policy| (policy.id.to_string(), policy))
        .collect()
}

#[test]
fn every_test_of_the_shipped_policies_passes() {
    let report = tested();
    assert_eq!(report.errors, Vec::<String>::new());
    let failed: Vec<_> = report.cases.iter().filter(|case| !case.passed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(
        report.cases.len() > 150,
        "only {} tests were run",
        report.cases.len()
    );
}

#[test]
fn the_command_line_runs_the_same_tests() {
    let directory = package("policies").display().to_string();
    let run = Scene::new()
        .run(&["policy", "test", &directory])
        .must_end(0);
    run.must_say(&format!("{} passed, 0 failed", tested().cases.len()));
}

#[test]
fn every_test_that_is_written_is_run() {
    let names: BTreeSet<String> = tested()
        .cases
        .iter()
        .map(|case| case.name.clone())
        .collect();
    let mut written = 0;
    for file in rego_files(&package("policies"))
        .iter()
        .filter(|file| file.ends_with("_test.rego"))
    {
        for line in fs::read_to_string(file)
            .unwrap()
            .lines()
            .filter(|line| line.starts_with("test_"))
        {
            let name = line.split([' ', '(']).next().unwrap();
            assert!(
                names
                    .iter()
                    .any(|known| known.ends_with(&format!(".{name}"))),
                "{file}: {name} is not run"
            );
            written += 1;
        }
    }
    assert!(
        written >= names.len(),
        "{written} tests are written and {} were run",
        names.len()
    );
}

#[test]
fn the_promised_policies_are_shipped_and_no_others() {
    let ids: Vec<String> = shipped().into_keys().collect();
    assert_eq!(ids, PROMISED.map(|(id, ..)| id));
    assert!(loaded().problems.is_empty(), "{:?}", loaded().problems);
    let run = Scene::new().run(&["policy", "list"]).must_end(0);
    assert_eq!(run.stdout.lines().count(), ids.len(), "{run}");
}

#[test]
fn every_policy_says_what_it_is_and_what_to_do() {
    for (id, policy) in shipped() {
        assert!(
            !policy.title.is_empty() && policy.title.as_str() != id,
            "{id} has no title"
        );
        assert!(
            policy.description.as_str().chars().count() > 40,
            "{id} has no description"
        );
        assert!(
            policy.remediation.as_str().chars().count() > 20,
            "{id} has no remediation"
        );
        assert!(
            policy.severity.is_some() && policy.enforcement.is_some(),
            "{id} has no severity or enforcement"
        );
        assert!(
            policy.needs.iter().all(|need| *need == Need::Plan),
            "{id} must run wherever there is a plan"
        );
        assert!(policy.builtin);
        let run = Scene::new().run(&["policy", "show", &id]).must_end(0);
        run.must_say(policy.title.as_str())
            .must_say(policy.remediation.as_str());
    }
}

#[test]
fn every_policy_lives_in_a_directory_of_its_name_with_a_page_and_tests() {
    for (id, policy) in shipped() {
        let directory = package("policies").join(&id);
        let file = format!("policies/{id}/{}.rego", id.replace('-', "_"));
        assert_eq!(policy.file.as_str(), file);
        assert!(
            package(&file.replace(".rego", "_test.rego")).exists(),
            "{id} has no test file of its name"
        );
        let page = fs::read_to_string(directory.join("README.md")).unwrap();
        assert!(
            page.starts_with(&format!("# {id}\n"))
                || page.lines().next().is_some_and(|title| title.contains(&id)),
            "{id}: {page}"
        );
        for (name, _) in &policy.settings {
            assert!(
                page.contains(&format!("`{name}`")),
                "the page of {id} does not explain its setting {name}"
            );
        }
    }
}

#[test]
fn every_policy_fires_on_one_real_plan_and_not_on_another() {
    let scene = Scene::new();
    for (id, fires, silent) in PROMISED {
        scene.write("fires.json", plan(fires));
        scene.write("silent.json", plan(silent));
        let run = scene
            .run(&["--check", "-f", "json", "fires.json"])
            .must_end(1);
        assert!(
            run.findings_of(id)
                .iter()
                .any(|finding| finding["rule"] == "deny"),
            "{id} is silent on {fires}\n{run}"
        );
        let run = scene.run(&["--check", "-f", "json", "silent.json"]);
        assert_eq!(
            run.findings_of(id),
            Vec::<serde_json::Value>::new(),
            "{id} fires on {silent}\n{run}"
        );
    }
}

#[test]
fn the_tests_of_every_policy_are_of_both_kinds() {
    // A test that fires asks for members of a rule; one that does not asks for none.
    for id in shipped().keys() {
        let directory = package("policies").join(id);
        let files = rego_files(&directory);
        let text: String = files
            .iter()
            .filter(|file| file.ends_with("_test.rego"))
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        let silent = ["count(", "== 0", "== set()"];
        let bodies: Vec<&str> = text.split("\ntest_").skip(1).collect();
        let expects_none = |body: &&&str| {
            body.contains(silent[1]) && body.contains(silent[0]) || body.contains(silent[2])
        };
        let quiet = bodies.iter().filter(expects_none).count();
        assert!(quiet > 0, "{id} has no test in which it is silent");
        assert!(bodies.len() > quiet, "{id} has no test in which it fires");
    }
}

#[test]
fn the_tables_say_where_they_come_from() {
    let licences = fs::read_to_string(package("policies/tables/LICENSES.md")).unwrap();
    for entry in fs::read_dir(package("policies/tables")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".json") {
            assert!(licences.contains(&name), "{name} is not in LICENSES.md");
        }
    }
}

fn rego_files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rego_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rego")
        {
            found.push(path.display().to_string());
        }
    }
    found.sort();
    found
}
