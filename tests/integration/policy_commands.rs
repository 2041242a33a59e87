//! The commands for authors of policies: list, show, test, check, and init.

use serde_json::Value as Json;

use crate::scene::{Run, Scene};

/// A policy with everything an annotation can say.
const TAGS: &str = r#"# METADATA
# title: Owners are named
# description: Every bucket says whose it is.
# custom:
#   id: owner-tags
#   severity: low
#   enforcement: advisory
#   remediation: Add the tag Owner.
#   needs: [plan]
#   settings:
#     tag: Name of the tag (default Owner)
package acme.tags

import rego.v1

# METADATA
# title: A bucket without the tag
# custom:
#   severity: high
deny contains {"msg": sprintf("%s has no owner", [rc.address]), "address": rc.address} if {
	some rc in input.resource_changes
	rc.type == "aws_s3_bucket"
	not rc.change.after.tags.Owner
}

warn contains "nothing changes" if count(input.resource_changes) == 0
"#;

const TAGS_TEST: &str = r#"package acme.tags_test

import rego.v1

bucket := {"type": "aws_s3_bucket", "address": "aws_s3_bucket.a", "change": {"after": {"tags": {}}}}

test_bucket_without_owner if count(data.acme.tags.deny) == 1 with input as {"resource_changes": [bucket]}

test_loud if {
	print("seen", "\u001b[31m")
	true
}

todo_test_other_types if false
"#;

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("rules/tags.rego", TAGS);
    scene.write("rules/tags_test.rego", TAGS_TEST);
    scene
}

fn json(run: &Run) -> Json {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{run}"))
}

#[test]
fn list_and_show_say_what_a_policy_is() {
    let scene = scene();
    scene.write(
        "countersign.toml",
        "[policies]\npaths = [\"rules\"]\ndisable = [\"no-destroy\"]\n\n[policy.owner-tags]\ntag = \"Team\"\n",
    );
    scene
        .run(&["policy", "list"])
        .must_end(0)
        .must_say("owner-tags")
        .must_say("Owners are named")
        .must_say("disabled");
    let run = scene.run(&["policy", "show", "owner-tags"]).must_end(0);
    for part in [
        "Every bucket says whose it is.",
        "remediation Add the tag Owner.",
        "dialect opa: input is the plan",
        "reads input.resource_changes",
        "functions count, sprintf",
        "source rules",
        "rule deny (rules/tags.rego:",
        "high, advisory: A bucket without the tag",
        "setting tag: Name of the tag (default Owner) = \"Team\", in countersign.toml",
    ] {
        assert!(run.says(part), "{part:?}\n{run}");
    }
    let run = scene
        .run(&["policy", "show", "owner-tags", "--format", "json"])
        .must_end(0);
    let policy = json(&run);
    assert_eq!(policy["schema"], "countersign.policy/v1", "{run}");
    assert_eq!(policy["dialect"], "opa", "{run}");
    assert_eq!(policy["rules"].as_array().unwrap().len(), 2, "{run}");
    assert_eq!(policy["rules"][0]["severity"], "high", "{run}");
    assert_eq!(policy["settings"][0]["configured"], "Team", "{run}");
    let run = scene
        .run(&["policy", "list", "--format", "json"])
        .must_end(0);
    let list = json(&run);
    assert!(
        list["policies"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p["id"] == "owner-tags")
    );
    assert_eq!(list["disabled"], serde_json::json!(["no-destroy"]), "{run}");
    scene
        .run(&["policy", "show", "owner-tag"])
        .must_end(2)
        .must_say("did you mean \"owner-tags\"?");
}

#[test]
fn tests_are_reported_as_opa_does() {
    let scene = scene();
    let run = scene.run(&["policy", "test", "rules"]).must_end(0);
    let run = run.must_say("PASS: 2/3").must_say("SKIPPED: 1/3");
    assert!(
        run.stderr.contains("print: ") && !run.stdout.contains("seen"),
        "{run}"
    );
    assert!(!run.stderr.contains('\u{1b}'), "{run}");
    scene
        .run(&["policy", "test", "rules", "-v"])
        .must_end(0)
        .must_say("data.acme.tags_test.test_loud: PASS (rules/tags_test.rego:");
    // The default directory is that of the configuration.
    scene.write("countersign.toml", "[policies]\npaths = [\"rules\"]\n");
    scene
        .run(&["policy", "test"])
        .must_end(0)
        .must_say("PASS: 2/3");
    scene
        .run(&["policy", "test", "rules", "--run", "loud$"])
        .must_end(0)
        .must_say("PASS: 1/1");
    scene
        .run(&["policy", "test", "rules", "--run", "nothing"])
        .must_end(5)
        .must_say("no test matches --run");
    scene
        .run(&["policy", "test", "rules", "--run", "("])
        .must_end(2)
        .must_say("regular expression");
    scene.write(
        "rules/wrong_test.rego",
        "package acme.wrong_test\n\ntest_wrong if false\n",
    );
    let run = scene.run(&["policy", "test", "rules"]).must_end(1);
    run.must_say("data.acme.wrong_test.test_wrong: FAIL (rules/wrong_test.rego:3): it is not true")
        .must_say("FAIL: 1/4");
    let run = scene
        .run(&["policy", "test", "rules", "--format", "junit"])
        .must_end(1);
    assert!(
        run.stdout
            .starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
        "{run}"
    );
    run.must_say("<testcase name=\"test_wrong\" classname=\"acme.wrong_test\"");
    let run = scene
        .run(&["policy", "test", "rules", "--format", "json"])
        .must_end(1);
    assert_eq!(json(&run)["summary"]["failed"], 1, "{run}");
    // What does not load is status 5, whatever passes.
    scene.write(
        "rules/wrong_test.rego",
        "package acme.wrong_test\n\ntest_wrong if nothing(1)\n",
    );
    scene
        .run(&["policy", "test", "rules"])
        .must_end(5)
        .must_say("rules/wrong_test.rego:3");
    scene.write("none/a.rego", "package a\n\nb := 1\n");
    scene
        .run(&["policy", "test", "none"])
        .must_end(5)
        .must_say("there is no test");
    scene.run(&["policy", "test", "absent"]).must_end(5);
}

#[test]
fn coverage_has_a_threshold() {
    let scene = scene();
    let run = scene
        .run(&["policy", "test", "rules", "--coverage", "--threshold", "10"])
        .must_end(0);
    let run = run.must_say("rules/tags.rego ").must_say("coverage: ");
    // Tests are not what is measured.
    assert!(!run.stdout.contains("\nrules/tags_test.rego"), "{run}");
    let run = scene
        .run(&[
            "policy",
            "test",
            "rules",
            "--coverage",
            "--threshold",
            "100",
            "--format",
            "json",
        ])
        .must_end(1)
        .must_say("100.00% are asked for");
    let coverage = &json(&run)["coverage"];
    assert!(coverage["percent"].as_f64().unwrap() < 100.0, "{run}");
    assert!(
        !coverage["files"][0]["not_covered"]
            .as_array()
            .unwrap()
            .is_empty(),
        "{run}"
    );
    scene
        .run(&["policy", "test", "rules", "--threshold", "10"])
        .must_end(2);
    scene
        .run(&[
            "policy",
            "test",
            "rules",
            "--coverage",
            "--threshold",
            "101",
        ])
        .must_end(2);
}

#[test]
fn check_shows_everything_with_its_line() {
    let scene = scene();
    scene
        .run(&["policy", "check", "rules"])
        .must_end(0)
        .must_say("2 files, 1 package, 2 rules: 0 errors, 0 warnings");
    scene.write(
        "rules/b.rego",
        "package acme.b\n\ndeny contains \"x\" if sprintff(\"%s\", [1])\n\nwarn := true\n",
    );
    scene.write("rules/c.rego", "package acme.c\n\ndeny contains msg if {\n");
    scene.write(
        "rules/d.rego",
        "package acme.d\n\ndeny contains \"y\" if input.resource_changs[_]\n",
    );
    scene.write(
        "rules/e_test.rego",
        "package acme.e_test\n\ntest_x if data.acme.d.nothing(1)\n",
    );
    let run = scene.run(&["policy", "check", "rules"]).must_end(5);
    for part in [
        "rules/b.rego:3:22: error: acme.b.deny calls sprintff, which is not defined (did you mean \"sprintf\"?).",
        "3 | deny contains \"x\" if sprintff(\"%s\", [1])",
        "|                      ^",
        "rules/b.rego:5:1: error: warn must be a set, and this makes it a boolean",
        "rules/c.rego:",
        "cannot be parsed",
        "rules/d.rego:3:22: warning: the rule deny reads input.resource_changs, which no plan has (did you mean \"resource_changes\"?).",
        "rules/e_test.rego:3:",
        "6 files",
        "1 warning",
    ] {
        assert!(run.says(part), "{part:?}\n{run}");
    }
    let run = scene
        .run(&["policy", "check", "rules", "--format", "json"])
        .must_end(5);
    let found = json(&run);
    assert_eq!(found["schema"], "countersign.policy-check/v1", "{run}");
    let problems = found["problems"].as_array().unwrap();
    let call = problems
        .iter()
        .find(|p| p["file"] == "rules/b.rego" && p["line"] == 3)
        .unwrap();
    assert_eq!(
        (&call["column"], &call["severity"]),
        (&22.into(), &"error".into()),
        "{run}"
    );
    assert_eq!(
        usize::try_from(found["errors"].as_u64().unwrap()).unwrap() + 1,
        problems.len(),
        "{run}"
    );
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let scene = Scene::new();
    scene.write(
        "rules/a\u{1b}[31m.rego",
        "# METADATA\n# title: \"\\u001b[2J\\u202eevil\"\n# custom:\n#   id: \"x\\u001b]0;t\\u0007\"\npackage acme[\"\u{1b}[31m\u{202e}\"]\n\ndeny contains \"m\" if no_such(\"\u{1b}[2J\u{202e}\")\n",
    );
    scene.write(
        "rules/a_test.rego",
        "package a_test\n\ntest_x if print(\"\\u001b[2J\\u202e\")\n",
    );
    for arguments in [
        vec!["policy", "list", "-p", "rules"],
        vec!["policy", "list", "-p", "rules", "--format", "json"],
        vec!["policy", "check", "rules"],
        vec!["policy", "check", "rules", "--format", "json"],
        vec!["policy", "test", "rules"],
        vec!["policy", "test", "rules", "--format", "junit"],
    ] {
        let run = scene.run(&arguments);
        for text in [&run.stdout, &run.stderr] {
            assert!(
                !text.contains(['\u{1b}', '\u{202e}', '\u{7}']),
                "{arguments:?}\n{run}"
            );
        }
    }
}

#[test]
fn init_writes_what_works_and_overwrites_nothing() {
    let scene = Scene::new();
    scene.write(
        "policies/public_databases_test.rego",
        "package mine_test\n\ntest_mine if true\n",
    );
    scene
        .run(&["init"])
        .must_end(0)
        .must_say("wrote countersign.toml")
        .must_say("wrote .github/workflows/countersign.yml")
        .must_say("kept policies/public_databases_test.rego")
        .must_say("countersign policy check");
    let kept = std::fs::read_to_string(scene.path("policies/public_databases_test.rego")).unwrap();
    assert!(kept.contains("test_mine"));
    std::fs::remove_file(scene.path("policies/public_databases_test.rego")).unwrap();
    scene
        .run(&["init"])
        .must_end(0)
        .must_say("kept countersign.toml");
    // The starter is in order, tested, and finds something in the demonstration's plan.
    scene
        .run(&["policy", "check"])
        .must_end(0)
        .must_say("0 errors, 0 warnings");
    scene
        .run(&["policy", "test", "--coverage", "--threshold", "100"])
        .must_end(0)
        .must_say("PASS: 4/4");
    scene.write(
        "plan.json",
        std::fs::read(crate::scene::package("testdata/demo/plan.json")).unwrap(),
    );
    let run = scene.run(&["--check", "-f", "json", "plan.json"]);
    let found = run.findings_of("no-public-databases");
    assert_eq!(found.len(), 1, "{run}");
    assert_eq!(found[0]["address"], "aws_db_instance.orders", "{run}");
    // Nobody's file is written through a link.
    let other = Scene::new();
    std::os::unix::fs::symlink("/nonexistent/elsewhere", other.path("countersign.toml")).unwrap();
    other
        .run(&["init"])
        .must_end(0)
        .must_say("kept countersign.toml");
}

#[test]
fn init_writes_the_job_of_the_forge_at_the_top_of_the_repository() {
    for (remote, written, not_written) in [
        (
            "git@gitlab.example.com:platform/live.git",
            ".gitlab/countersign.yml",
            ".github",
        ),
        (
            "https://github.com/acme/live.git",
            ".github/workflows/countersign.yml",
            ".gitlab",
        ),
    ] {
        let scene = Scene::repository();
        scene.git(&["remote", "add", "origin", remote]);
        scene.write("live/main.tf", "");
        let mut command = scene.countersign();
        command.current_dir(scene.path("live")).arg("init");
        let run = Run::of(&mut command, b"").must_end(0);
        let run = run.must_say("the top of the repository");
        assert!(scene.path("countersign.toml").exists(), "{run}");
        assert!(scene.path(written).exists(), "{run}");
        assert!(!scene.path(not_written).exists(), "{run}");
        run.must_say("the remote is ")
            .must_say("add plan.json and tfplan to .gitignore");
    }
    // An existing pipeline stays as it is; what to add to it is said.
    let scene = Scene::repository();
    scene.write(".gitlab-ci.yml", "mine: {script: [true]}\n");
    scene.write(".gitignore", "plan.json\ntfplan\n");
    scene
        .run(&["init"])
        .must_end(0)
        .must_say("there is a .gitlab-ci.yml")
        .must_say("kept .gitlab-ci.yml (it exists)")
        .must_say("- local: .gitlab/countersign.yml")
        .must_not_say("to .gitignore");
    assert_eq!(scene.read(".gitlab-ci.yml"), "mine: {script: [true]}\n");
    // Who says which is asked nothing.
    let scene = Scene::new();
    scene.run(&["init", "--ci", "none"]).must_end(0);
    assert!(!scene.path(".github").exists() && !scene.path(".gitlab").exists());
    scene.run(&["init", "--ci", "jenkins"]).must_end(2);
}

#[test]
fn completions_and_pages_are_written_where_they_are_asked_for() {
    let scene = Scene::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = scene.run(&["completions", shell]).must_end(0);
        assert!(run.stdout.contains("require-approval"), "{shell}");
        assert!(run.stderr.is_empty(), "{run}");
    }
    scene.run(&["completions", "tcsh"]).must_end(2);
    let bash = scene.run(&["completions", "bash"]).stdout;
    scene.write("c.bash", bash);
    let script = "source ./c.bash && COMP_WORDS=(countersign pol) COMP_CWORD=1 && _countersign countersign pol countersign && printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut command = scene.command("bash");
    let run = Run::of(command.args(["--norc", "-c", script]), b"").must_end(0);
    assert_eq!(run.stdout.trim(), "policy", "{run}");

    let run = scene.run(&["man"]).must_end(0);
    assert!(run.stdout.contains(".SH \"EXIT STATUS\""), "{run}");
    scene.run(&["man", "pages/man1"]).must_end(0);
    for page in [
        "countersign.1",
        "countersign-verify.1",
        "countersign-policy-test.1",
    ] {
        assert!(
            scene.read(&format!("pages/man1/{page}")).contains(".TH "),
            "{page}"
        );
    }
    scene.write("file", "");
    scene.run(&["man", "file"]).must_end(4);
}

#[cfg(unix)]
#[test]
fn init_writes_nothing_through_a_directory_that_is_a_link() {
    let scene = Scene::new();
    scene.git(&["init", "-q"]);
    let outside = scene.beside("elsewhere");
    std::fs::create_dir(&outside).unwrap();
    for name in ["policies", ".github"] {
        std::os::unix::fs::symlink(&outside, scene.path(name)).unwrap();
    }
    let run = scene.run(&["init", "--ci", "github"]);
    assert_ne!(run.status, 0, "{run}");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0, "{run}");
}
