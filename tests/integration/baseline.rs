//! `--baseline`: what an earlier run found does not block again, and nobody brings a baseline along with the change that it is for.

use serde_json::{Value as Json, json};

use crate::scene::{Run, Scene, plan, plan_tree};

const CASE: &str = "23-aws-iam";

/// Outside of any repository: the plan, and the report of a first run.
fn known() -> Scene {
    let scene = Scene::new();
    scene.write("plan.json", plan(CASE));
    scene
        .run(&[
            "--check",
            "-q",
            "-f",
            "json",
            "-o",
            "base.json",
            "plan.json",
        ])
        .must_end(1);
    scene
}

fn check(scene: &Scene, format: &str) -> Run {
    scene.run(&[
        "--check",
        "-q",
        "-f",
        format,
        "--baseline",
        "base.json",
        "plan.json",
    ])
}

/// The plan with another name of one resource.
fn renamed(scene: &Scene) {
    let text = plan_tree(CASE).to_string();
    scene.write(
        "plan.json",
        text.replace("aws_s3_bucket_policy.public", "aws_s3_bucket_policy.other"),
    );
}

#[test]
fn what_was_found_before_does_not_block_and_is_shown() {
    let scene = known();
    let run = check(&scene, "json").must_end(0);
    let report = run.report();
    let found = report["findings"].as_array().unwrap();
    assert!(!found.is_empty());
    for finding in found {
        assert_eq!(finding["baseline"], "unchanged", "{run}");
        assert_eq!(finding["status"], "open", "{run}");
    }
    assert_eq!(report["baseline"]["unchanged"], found.len(), "{run}");
    assert_eq!(report["baseline"]["file"], "base.json", "{run}");
    assert_eq!(report["baseline"]["absent"], json!([]), "{run}");
}

#[test]
fn every_format_says_what_is_new_known_and_gone() {
    let scene = known();
    renamed(&scene);
    for format in [
        "human", "sarif", "junit", "github", "gitlab", "markdown", "html",
    ] {
        let run = check(&scene, format).must_end(1);
        assert!(run.says("in the baseline"), "{run}");
        assert!(run.says("aws_s3_bucket_policy.other"), "{run}");
        let gone = run.says("aws_s3_bucket_policy.public");
        // A list of issues has no place for what is none.
        assert_eq!(gone, format != "gitlab", "{run}");
    }
    let sarif: Json = serde_json::from_str(&check(&scene, "sarif").stdout).unwrap();
    let states: std::collections::BTreeSet<&str> = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["baselineState"].as_str().unwrap())
        .collect();
    assert!(
        states.contains("new") && states.contains("unchanged"),
        "{states:?}"
    );
    let report = check(&scene, "json").report();
    let gone = report["baseline"]["absent"].as_array().unwrap();
    assert!(!gone.is_empty());
    for entry in gone {
        assert_eq!(entry["label"], "aws_s3_bucket_policy.public");
    }
}

#[test]
fn a_destroy_is_never_known() {
    let scene = Scene::new();
    scene.write("plan.json", plan("04-delete"));
    scene
        .run(&[
            "--check",
            "-q",
            "-f",
            "json",
            "-o",
            "base.json",
            "plan.json",
        ])
        .must_end(1);
    let run = check(&scene, "json").must_end(1);
    assert!(!run.findings_of("no-destroy").is_empty());
    check(&scene, "human")
        .must_end(1)
        .must_say("in the baseline, which does not cover this");
}

#[test]
fn a_baseline_that_cannot_be_used_is_named() {
    let scene = known();
    let good = scene.read("base.json");
    let refused = |text: &str, told: &str| {
        scene.write("base.json", text);
        let run = check(&scene, "json").must_end(4).must_say(told);
        assert_eq!(run.report()["verdict"]["status"], "input", "{run}");
    };
    refused("", "it is not JSON, or not all of it");
    refused(&good[..good.len() / 2], "it is not JSON, or not all of it");
    refused("{}", "it is no report of this version: ");
    let other = good.replace("countersign.report/v1", "countersign.report/v2");
    refused(&other, "schema: it is not");
    let other = good.replace("\"root\": \"plan.json\"", "\"root\": \"other.json\"");
    refused(
        &other,
        "it is about other.json, and this run is about plan.json.",
    );
    // A run that failed found nothing, and nothing is no baseline.
    scene.write("none.json", "x");
    scene
        .run(&[
            "--check",
            "-q",
            "-f",
            "json",
            "-o",
            "failed.json",
            "none.json",
        ])
        .must_end(4);
    refused(&scene.read("failed.json"), "it is about no plan");
    std::fs::remove_file(scene.path("base.json")).unwrap();
    check(&scene, "json")
        .must_end(4)
        .must_say("base.json cannot be read");
    scene
        .run(&["--baseline", "base.json", "plan.json"])
        .must_end(2);
}

#[test]
fn in_a_repository_the_base_says_what_is_known() {
    let scene = Scene::change(CASE);
    scene
        .run(&[
            "--check",
            "-q",
            "-f",
            "json",
            "-o",
            "base.json",
            "plan.json",
        ])
        .must_end(1);
    let told = "it lies in the repository, and the base commit has no such file.";
    check(&scene, "json").must_end(4).must_say(told);
    // Also when the change commits it.
    scene.commit("Brings its own baseline");
    check(&scene, "json").must_end(4).must_say(told);
    let own = scene.read("base.json");
    // Outside, it is the invoker's.
    std::fs::write(scene.beside("tmp/base.json"), &own).unwrap();
    let outside = scene.beside("tmp/base.json");
    let run = scene.run(&[
        "--check",
        "-q",
        "-f",
        "json",
        "--baseline",
        outside.to_str().unwrap(),
        "plan.json",
    ]);
    assert!(
        run.report()["baseline"]["unchanged"].as_u64().unwrap() > 5,
        "{run}"
    );
    // What the base has counts, whatever the change makes of it; and the change of it is told.
    scene.git(&["checkout", "--quiet", "main"]);
    let base = serde_json::from_str::<Json>(&own).unwrap();
    let mut emptied = base.clone();
    emptied["findings"] = json!([]);
    scene.write_json("base.json", &emptied);
    scene.commit("A baseline of nothing");
    scene.git(&["checkout", "--quiet", "feat"]);
    scene.git(&["rebase", "--quiet", "-X", "theirs", "main"]);
    let run = check(&scene, "json").must_end(1);
    assert_eq!(run.report()["baseline"]["unchanged"], 0, "{run}");
    let tampered = run.findings_of("policy-tamper");
    assert_eq!(tampered[0]["subject"], "base.json", "{run}");
    // A local trial says what it trusts.
    let run = scene.run(&[
        "--check",
        "-q",
        "-f",
        "json",
        "--trust",
        "worktree",
        "--baseline",
        "base.json",
        "plan.json",
    ]);
    assert!(
        run.report()["baseline"]["unchanged"].as_u64().unwrap() > 5,
        "{run}"
    );
    assert!(
        run.says("the baseline was read from the work tree"),
        "{run}"
    );
}

#[test]
fn what_destroys_much_at_once_is_never_known_already() {
    let scene = Scene::new();
    let file = crate::scene::package("testdata/demo/plan.json");
    scene.write("plan.json", std::fs::read(file).unwrap());
    scene.run(&[
        "--check",
        "-q",
        "-f",
        "json",
        "-o",
        "base.json",
        "plan.json",
    ]);
    let run = check(&scene, "human").must_end(1);
    let mut lines = run.stdout.lines();
    let known = lines.find(|line| line.contains("critical  mass-destroy: resource_changes"));
    assert!(known.is_some_and(|line| line.contains("blocks")), "{run}");
}
