//! Whether the git change explains the plan: real plans of two commits, with the two commits rebuilt around them.

use std::path::Path;

use serde_json::Value as Json;

use crate::scene::{Scene, package};

/// Copies every file below a directory.
fn copy(from: &Path, scene: &Scene, below: &str) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            copy(&path, scene, &format!("{name}/"));
        } else {
            scene.write(&name, std::fs::read(path).unwrap());
        }
    }
}

/// A repository with the two commits of a case and its plan, below a directory.
fn repository(case: &str, below: &str) -> Scene {
    let scene = Scene::repository();
    let source = package("testdata/repos").join(case);
    scene.write(".gitignore", "plan.json\n");
    copy(&source.join("before"), &scene, below);
    scene.commit("Before");
    scene.git(&["checkout", "--quiet", "-b", "feat"]);
    scene.git(&["rm", "--quiet", "-r", "--", "*.tf"]);
    copy(&source.join("after"), &scene, below);
    scene.commit("After");
    scene.write(
        &format!("{below}plan.json"),
        std::fs::read(source.join("plan.json")).unwrap(),
    );
    scene
}

fn report(scene: &Scene, plan: &str) -> Json {
    let run = scene.run(&["--check", "-f", "json", "--base", "main", plan]);
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}\n{}", run.stderr))
}

/// What `policy` found, as rule, what it is about and the message.
fn found(report: &Json, policy: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let mut list: Vec<String> = findings
        .filter(|finding| finding["policy"] == policy)
        .map(|finding| {
            let about = finding["address"].as_str().or(finding["subject"].as_str());
            format!("{} {}", finding["rule"].as_str().unwrap(), about.unwrap())
        })
        .collect();
    list.sort();
    list
}

#[test]
fn what_the_commit_does_is_explained() {
    for case in [
        "module-chain",
        "for-each-keys",
        "template-file",
        "moved-and-changed",
        "variable-file",
    ] {
        for below in ["", "live/prod/"] {
            let scene = repository(case, below);
            let report = report(&scene, &format!("{below}plan.json"));
            assert_eq!(
                found(&report, "unexplained-change"),
                [""; 0],
                "{case} {report:#}"
            );
            assert_eq!(found(&report, "unplanned-hunk"), [""; 0], "{case}");
            assert_eq!(report["problems"].as_array().unwrap().len(), 0);
        }
    }
}

#[test]
fn what_comes_from_outside_is_not() {
    let a = ["deny terraform_data.a"];
    for (case, expected, reason) in [
        (
            "variable-from-outside",
            &a[..],
            "var.v has a value that no file gives",
        ),
        ("replace-option", &a[..], "-replace"),
        (
            "state-edited-comment",
            &a[..],
            "Nothing in the change touches input",
        ),
        (
            "state-edited-neighbour",
            &a[..],
            "Only in part: main.tf:2 changes input",
        ),
        (
            "state-lost-instances",
            &[
                "deny terraform_data.t[\"a\"]",
                "deny terraform_data.t[\"b\"]",
            ][..],
            "the state does not hold it",
        ),
    ] {
        let report = report(&repository(case, ""), "plan.json");
        assert_eq!(found(&report, "unexplained-change"), expected, "{case}");
        let text = report.to_string();
        assert!(text.contains(reason), "{case}: {text}");
        let findings = report["findings"].as_array().unwrap();
        let own = findings
            .iter()
            .filter(|f| f["policy"] == "unexplained-change");
        for finding in own {
            assert_eq!(finding["explained"], Json::Bool(false), "{case}");
        }
    }
}

#[test]
fn findings_of_other_policies_say_whether_the_change_explains_them() {
    let explained = |case: &str| {
        let report = report(&repository(case, ""), "plan.json");
        let findings = report["findings"].as_array().unwrap();
        let destroyed = findings
            .iter()
            .find(|f| f["policy"] == "no-destroy")
            .unwrap();
        destroyed["explained"].clone()
    };
    assert_eq!(explained("for-each-keys"), Json::Bool(true));
    assert_eq!(explained("replace-option"), Json::Bool(false));
}

#[test]
fn each_plan_of_a_run_is_compared_in_its_own_directory() {
    let scene = repository("replace-option", "live/prod/");
    copy(
        &package("testdata/repos/template-file/after"),
        &scene,
        "live/dev/",
    );
    scene.commit("Another root module");
    let plan = package("testdata/repos/template-file/plan.json");
    scene.write("live/dev/plan.json", std::fs::read(plan).unwrap());
    let run = scene.run(&[
        "--check",
        "-f",
        "json",
        "--base",
        "main",
        "live/prod/plan.json",
        "live/dev/plan.json",
    ]);
    let report: Json = serde_json::from_str(&run.stdout).unwrap();
    // The second plan updates what its directory, by this change, only begins to hold.
    assert_eq!(
        found(&report, "unexplained-change"),
        ["deny terraform_data.a"]
    );
    let finding = report["findings"].as_array().unwrap().iter();
    let plans: Vec<&Json> = finding
        .filter(|f| f["policy"] == "unexplained-change")
        .map(|f| &f["plan"])
        .collect();
    assert_eq!(plans, ["live/prod/plan.json"]);
}

#[test]
fn a_policy_of_ones_own_sees_the_verdicts() {
    let scene = repository("replace-option", "");
    scene.write(
        "rules/own.rego",
        "package own\n\nwarn contains msg if {\n\trow := input.countersign.provenance.explained[_]\n\tmsg := sprintf(\"%s is %s\", [row.address, row.verdict])\n}\n",
    );
    let run = scene.run(&["--check", "--base", "main", "-p", "rules", "plan.json"]);
    assert!(
        run.stdout.contains("terraform_data.a is unexplained"),
        "{run:?}"
    );
}

#[test]
fn a_hunk_that_plans_nothing_is_advised_of() {
    let scene = repository("replace-option", "");
    let text = scene.read("main.tf");
    scene.write(
        "main.tf",
        format!("{text}\nlocals {{\n  unused = 1\n}}\n# a comment\n"),
    );
    scene.commit("Unused");
    let report = report(&scene, "plan.json");
    assert_eq!(found(&report, "unplanned-hunk"), ["deny local.unused"]);
}
