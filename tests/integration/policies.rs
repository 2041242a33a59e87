//! The shipped policies: every one of their tests passes, and each has its metadata, its page, and tests of both kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use countersign::load::{command_line_bundles, test_bundle};
use countersign::plan::Plan;
use countersign::policy::{Availability, Need, Policies, Policy, Settings, Subject, Trust, View};

use crate::scene::{Run, Scene, package, plan, plan_tree, shipped_policies};

/// The policies about a plan, with a plan of `testdata/plans` in which each fires and one in which it does not.
const OF_PLANS: [(&str, &str, &str); 6] = [
    ("approved-providers", "27-providers", "04-delete"),
    ("no-destroy", "04-delete", "23-aws-iam"),
    ("no-local-exec", "08-modules-provisioners", "04-delete"),
    ("plan-complete", "15-target", "04-delete"),
    ("plan-mode-restricted", "03-replace", "04-delete"),
    ("read-only-principals", "23-aws-iam", "27-providers"),
];

/// The policies about the change and the repository; `changes` looks at them in repositories.
pub(crate) const OF_CHANGES: [&str; 9] = [
    "allowed-refs",
    "allowed-repos",
    "backend-change",
    "base-fresh",
    "ci-tamper",
    "lockfile-integrity",
    "plan-committed",
    "prevent-destroy-removed",
    "rollback-guard",
];

/// One run of all tests, by the program itself: load policies and tests together, evaluate each test rule.
static TESTED: LazyLock<Run> = LazyLock::new(|| {
    let directory = package("policies").display().to_string();
    Scene::new().run(&["policy", "test", &directory])
});

/// The number of tests that passed.
fn passed() -> usize {
    let total = TESTED.stdout.lines().last().unwrap_or_default();
    let numbers = total
        .strip_prefix("PASS: ")
        .and_then(|rest| rest.split_once('/'));
    match numbers {
        Some((passed, all)) if passed == all => passed.parse().unwrap(),
        _ => panic!("{}", *TESTED),
    }
}

/// Policy, settings, and a text of the plan with what is put in its place.
type Case = (
    &'static str,
    &'static str,
    Option<(&'static str, &'static str)>,
);

/// The policies about grants and credentials beside them, each with settings under which it fires on `23-aws-iam`, and the text that
/// is put in place of another there, where the plan as it is holds no case.
const GRANTS: [Case; 7] = [
    (
        "any-ref-role",
        "",
        Some((
            r#"\"Principal\":{\"Service\":\"ec2.amazonaws.com\"}"#,
            r#"\"Principal\":{\"Federated\":\"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com\"}"#,
        )),
    ),
    (
        "deny-guard-removed",
        "",
        Some((
            r#""actions":["create"],"before":null,"after":{"policy":"{\"Statement\":[{\"Action\":[\"s3:GetObject\"]"#,
            r#""actions":["update"],"before":{"policy":"{\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:DeleteBucket\",\"Resource\":\"*\"}}"},"after":{"policy":"{\"Statement\":[{\"Action\":[\"s3:GetObject\"]"#,
        )),
    ),
    ("exec-grant", "", None),
    ("no-delete-grants", "match = [\"drift-*\"]", None),
    ("no-static-credentials", "", None),
    (
        "state-bucket-read-only",
        "match = [\"not-*\"]\nstate_buckets = [\"acme-data\"]",
        None,
    ),
    ("wildcard-grant", "", None),
];

static LOADED: LazyLock<Policies> = LazyLock::new(|| {
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
});

fn shipped() -> BTreeMap<String, Policy> {
    let policies = LOADED.summary.policies.clone();
    policies
        .into_iter()
        .map(|policy| (policy.id.to_string(), policy))
        .collect()
}

#[test]
fn every_test_of_the_shipped_policies_passes() {
    assert_eq!(
        (TESTED.status, TESTED.stderr.as_str()),
        (0, ""),
        "{}",
        *TESTED
    );
    assert!(passed() > 150, "only {} tests were run", passed());
}

#[test]
fn every_test_that_is_written_is_run() {
    let bundle = test_bundle(&package("policies")).unwrap();
    let mut written = BTreeSet::new();
    for module in &bundle.modules {
        for line in module.text.lines().filter(|line| line.starts_with("test_")) {
            let name = line.split([' ', '(', ':']).next().unwrap();
            assert!(
                module.path.ends_with("_test.rego"),
                "{name} is in {}",
                module.path
            );
            written.insert((module.path.clone(), name.to_owned()));
        }
    }
    assert_eq!(passed(), written.len(), "tests run and tests written");
}

#[test]
fn every_policy_that_is_written_is_shipped() {
    let ids: Vec<String> = shipped().into_keys().collect();
    assert_eq!(ids, shipped_policies());
    assert!(LOADED.problems.is_empty(), "{:?}", LOADED.problems);
    let run = Scene::new().run(&["policy", "list"]).must_end(0);
    let own = countersign::policy::own::OWN.map(|policy| policy.id);
    assert_eq!(run.stdout.lines().count(), ids.len() + own.len(), "{run}");
    for id in ids.iter().map(String::as_str).chain(own) {
        assert!(
            run.stdout
                .lines()
                .any(|line| line.starts_with(&format!("{id} "))),
            "{run}"
        );
    }
}

#[test]
fn the_programs_own_policies_have_a_page_and_their_ids_cannot_be_taken() {
    for policy in countersign::policy::own::OWN {
        let run = Scene::new().run(&["policy", "show", policy.id]).must_end(0);
        let mut run = run.must_say(policy.title).must_say(policy.remediation);
        for (rule, what) in policy.rules {
            run = run.must_say(&format!("rule {rule}: {what}"));
        }
        let scene = Scene::new();
        scene.write(
            "rules/mine.rego",
            format!(
                "# METADATA\n# custom:\n#   id: {}\npackage mine\n\ndeny contains \"x\" if false\n",
                policy.id
            ),
        );
        scene
            .run(&["policy", "list", "-p", "rules"])
            .must_end(5)
            .must_say("is this program's own");
    }
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
            policy.needs.iter().all(|need| *need == Need::Plan)
                || OF_PLANS.iter().all(|(about, ..)| *about != id),
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
                page.contains(name.as_str()),
                "the page of {id} does not explain its setting {name}"
            );
        }
    }
}

#[test]
fn every_policy_fires_on_one_real_plan_and_not_on_another() {
    let scene = Scene::new();
    for (id, fires, silent) in OF_PLANS {
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

/// The rows of a plan that are of some type, each changed.
fn edited(case: &str, kind: &str, edit: impl Fn(&mut serde_json::Value)) -> serde_json::Value {
    let mut tree = plan_tree(case);
    let mut count = 0;
    for row in tree["resource_changes"].as_array_mut().unwrap() {
        if row["type"] == kind {
            edit(row);
            count += 1;
        }
    }
    assert!(count > 0, "{case} has no {kind}");
    tree
}

#[test]
fn the_siblings_fire_on_real_plans_in_which_little_was_changed() {
    let messages = |tree: &serde_json::Value, id: &str| -> Vec<String> {
        let scene = Scene::new();
        scene.write_json("plan.json", tree);
        let run = scene.run(&["--check", "-f", "json"]);
        let found = run.findings_of(id);
        let texts = found
            .iter()
            .map(|finding| finding["message"].as_str().unwrap().to_owned());
        texts.collect()
    };
    let says = |tree: &serde_json::Value, id: &str, text: &str| {
        let messages = messages(tree, id);
        assert!(
            messages.iter().any(|m| m.contains(text)),
            "{id}: {messages:?}"
        );
    };
    let quiet = |case: &str, id: &str| assert_eq!(messages(&plan_tree(case), id), [] as [&str; 0]);
    says(
        &plan_tree("binary-destroy"),
        "mass-destroy",
        "This is a destroy plan: 2 of 2 managed objects",
    );
    quiet("04-delete", "mass-destroy");
    let protected = edited("25-aws-import", "aws_db_instance", |row| {
        row["change"]["before"]["deletion_protection"] = true.into();
        row["change"]["after"]["deletion_protection"] = false.into();
    });
    says(
        &protected,
        "two-step-destroy",
        "is destroyed while deletion_protection is on. The same plan turns it off.",
    );
    says(
        &protected,
        "deletion-protection",
        "turns deletion_protection off",
    );
    quiet("23-aws-iam", "two-step-destroy");
    quiet("23-aws-iam", "deletion-protection");
    let scripted = edited("25-aws-import", "aws_db_instance", |row| {
        row["type"] = "aws_instance".into();
        row["change"]["after"]["user_data"] = "#!/bin/sh".into();
    });
    says(
        &scripted,
        "remote-code",
        "changes the code that runs when the machine starts (user_data).",
    );
    quiet("25-aws-import", "remote-code");
}

#[test]
fn every_policy_about_grants_fires_on_a_real_plan_and_not_on_another() {
    let text = String::from_utf8(plan("23-aws-iam")).unwrap();
    for (id, settings, edit) in GRANTS {
        let scene = Scene::new();
        let fires = match edit {
            None => text.clone(),
            Some((from, to)) => {
                assert!(text.contains(from), "{id}: {from}");
                text.replace(from, to)
            }
        };
        scene.write("fires.json", fires);
        scene.write("silent.json", plan("27-providers"));
        scene.write("countersign.toml", format!("[policy.{id}]\n{settings}\n"));
        let run = scene
            .run(&["--check", "-f", "json", "fires.json"])
            .must_end(1);
        assert!(!run.findings_of(id).is_empty(), "{id} is silent\n{run}");
        let run = scene.run(&["--check", "-f", "json", "silent.json"]);
        assert_eq!(
            run.findings_of(id),
            Vec::<serde_json::Value>::new(),
            "{id}\n{run}"
        );
    }
}

#[test]
fn the_tests_of_every_policy_are_of_both_kinds() {
    // A test that does not fire asks for no members of a rule; one that fires asks for some.
    for id in shipped().keys() {
        let files = rego_files(&package("policies").join(id));
        let tests = files.iter().filter(|file| file.ends_with("_test.rego"));
        let text: String = tests
            .map(|file| fs::read_to_string(file).unwrap())
            .collect();
        let bodies: Vec<&str> = text.split("\ntest_").skip(1).collect();
        let ways = ["== 0", "== set()", "== []", "not "];
        let quiet = bodies
            .iter()
            .filter(|body| ways.iter().any(|way| body.contains(way)))
            .count();
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

/// What a shipped rule leaves out of its view makes no difference to what it finds.
#[test]
fn shipped_policies_find_the_same_with_all_rows_and_values() {
    let settings = Settings {
        policy: serde_json::Map::new(),
        disabled: BTreeSet::new(),
        timeout: Duration::from_secs(10),
        threads: 1,
        trust: Trust::Worktree,
        commit: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let bundles = command_line_bundles(&[]).unwrap();
    let narrow = Policies::load(&bundles, settings.clone());
    let mut wide = Policies::load(&bundles, settings);
    assert_eq!(narrow.problems, []);
    assert!(wide.rules.iter().any(|rule| rule.view != View::default()));
    for rule in &mut wide.rules {
        rule.view = View::default();
    }
    let mut found = 0;
    for path in plans_below(&package("testdata")) {
        let Ok(plan) = Plan::read(fs::read(&path).unwrap()) else {
            continue;
        };
        let subject = Subject {
            plan: &plan,
            change: None,
            repository: None,
            source: None,
            proof: None,
            explanation: None,
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        let hits = |policies: &Policies| {
            let results = policies.evaluate(&subject, &|_, _| Availability::Present, &|_, _| {});
            assert_eq!(results.problems, [], "{}", path.display());
            let mut hits = results.hits;
            hits.sort_by_key(|hit| format!("{hit:?}"));
            hits
        };
        let (all, some) = (hits(&wide), hits(&narrow));
        assert_eq!(all, some, "{}", path.display());
        found += all.len();
    }
    assert!(found > 50, "{found}");
}

fn plans_below(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut plans = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            plans.extend(plans_below(&path));
        } else if path.extension().is_some_and(|e| e == "json") {
            plans.push(path);
        }
    }
    plans
}
