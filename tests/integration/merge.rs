//! `report merge`: one report of several, the worst status, and errors where they do not belong together.

use serde_json::{Value as Json, json};

use crate::scene::{Run, Scene, plan};

/// Reports of three plans: `a` is blocked, `b` passes, `c` is no plan.
fn parts() -> Scene {
    let scene = Scene::new();
    scene.write("a/plan.json", plan("04-delete"));
    scene.write("b/plan.json", plan("18-no-changes"));
    scene.write("c/plan.json", "{");
    scene.write(".keep", "");
    for (name, status) in [("a", 1), ("b", 0), ("c", 4)] {
        let (report, file) = (format!("{name}.json"), format!("{name}/plan.json"));
        scene
            .run(&["--check", "-q", "-f", "json", "-o", &report, &file])
            .must_end(status);
    }
    scene
}

fn merge(scene: &Scene, files: &[&str]) -> Run {
    let mut arguments = vec!["report", "merge", "-f", "json"];
    arguments.extend(files);
    scene.run(&arguments)
}

fn edited(scene: &Scene, name: &str, edit: impl Fn(&mut Json)) {
    edited_of(scene, "b.json", name, edit);
}

fn edited_of(scene: &Scene, of: &str, name: &str, edit: impl Fn(&mut Json)) {
    let mut report: Json = serde_json::from_str(&scene.read(of)).unwrap();
    edit(&mut report);
    scene.write_json(name, &report);
}

#[test]
fn parts_become_one_report_with_the_worst_status() {
    let scene = parts();
    let run = merge(&scene, &["b.json", "a.json"]).must_end(1);
    let report = run.report();
    assert_eq!(report["verdict"]["status"], "blocked", "{run}");
    assert_eq!(merge(&scene, &["a.json", "b.json"]).stdout, run.stdout);
    let parts = ["a.json", "b.json"].map(|file| {
        let part: Json = serde_json::from_str(&scene.read(file)).unwrap();
        part
    });
    for key in ["plans", "findings"] {
        let count = |report: &Json| report[key].as_array().unwrap().len();
        assert_eq!(
            count(&report),
            parts.iter().map(count).sum::<usize>(),
            "{run}"
        );
    }
    for (key, count) in report["counts"].as_object().unwrap() {
        let sum: u64 = parts
            .iter()
            .map(|part| part["counts"][key].as_u64().unwrap())
            .sum();
        assert_eq!(*count, sum, "{key}\n{run}");
    }
    assert_eq!(report["parts"][0]["file"], "a.json", "{run}");
    // A run that failed is part of it, and nothing passes then.
    let run = merge(&scene, &["a.json", "b.json", "c.json"]).must_end(4);
    assert_eq!(run.report()["verdict"]["status"], "input", "{run}");
    merge(&scene, &["b.json"]).must_end(0);
}

#[test]
fn a_merged_report_is_for_people_too_and_says_what_it_is() {
    let scene = parts();
    for format in ["human", "markdown"] {
        scene
            .run(&["report", "merge", "-f", format, "a.json", "b.json"])
            .must_end(1)
            .must_say("countersign: blocked (exit 1)")
            .must_say("It looked at no plan and no approval itself")
            .must_say("no-destroy")
            .must_say("2 plans");
    }
    let short = [
        "report",
        "merge",
        "-f",
        "markdown",
        "--max-bytes",
        "1500",
        "a.json",
    ];
    let run = scene
        .run(&short)
        .must_end(1)
        .must_say("the JSON report has all");
    assert!(run.stdout.len() <= 1500, "{run}");
    scene
        .run(&["report", "merge", "-f", "sarif", "a.json"])
        .must_end(2)
        .must_say("Use human, json or markdown.");
}

#[test]
fn reports_that_do_not_belong_together_are_named() {
    let scene = parts();
    let refused = |files: &[&str], told: &str| {
        let run = merge(&scene, files).must_end(4).must_say(told);
        assert_eq!(run.stdout, "", "{run}");
    };
    refused(
        &["a.json", "a.json"],
        "the plan a/plan.json is in a.json and in a.json",
    );
    let edits: [(&str, &str, Json, &str); 4] = [
        ("v.json", "/tool/version", json!("0.0.1"), "version"),
        (
            "h.json",
            "/change",
            json!({"base": "1", "head": "2", "merge_base": "1", "files": 0, "insertions": 0, "deletions": 0, "dirty": []}),
            "base commit",
        ),
        (
            "p.json",
            "/policies/digest",
            json!("0".repeat(64)),
            "policy bundle",
        ),
        (
            "c2.json",
            "/policies/config",
            json!("0".repeat(64)),
            "configuration",
        ),
    ];
    for (name, pointer, value, what) in edits {
        edited(&scene, name, |report| {
            *report.pointer_mut(pointer).unwrap() = value.clone();
        });
        refused(&["a.json", name], &format!("of another {what} than"));
    }
    scene.write("cut.json", &scene.read("a.json")[..500]);
    refused(
        &["b.json", "cut.json"],
        "cut.json is not JSON, or not all of it",
    );
    edited(&scene, "s.json", |report| {
        report["schema"] = json!("countersign.report/v2");
    });
    refused(&["s.json"], "s.json is no report of this version: schema");
    merge(&scene, &["a.json", "b.json", "-o", "all.json"]).must_end(1);
    refused(&["all.json"], "all.json is a merged report itself");
    refused(&["missing.json"], "missing.json cannot be read");
    scene.run(&["report", "merge"]).must_end(2);
}

#[test]
fn what_a_part_was_told_to_end_with_does_not_count_and_its_texts_are_made_printable() {
    let scene = parts();
    scene
        .run(&[
            "--check",
            "-q",
            "--exit-zero",
            "-f",
            "json",
            "-o",
            "zero.json",
            "a/plan.json",
        ])
        .must_end(0);
    let run = merge(&scene, &["zero.json"]).must_end(1);
    assert_eq!(run.report()["parts"][0]["exit"], 0, "{run}");
    edited(&scene, "x.json", |report| {
        report["notices"] = json!(["\u{1b}[2J ::error::x ##[group]"]);
    });
    for format in ["human", "json", "markdown"] {
        let run = scene
            .run(&["report", "merge", "-f", format, "x.json"])
            .must_end(0);
        assert!(
            !run.stdout.contains('\u{1b}') && !run.stdout.contains("\\u001b"),
            "{run}"
        );
        assert!(!run.stdout.contains("##["), "{run}");
    }
}

#[test]
fn a_part_that_contradicts_itself_is_refused() {
    let scene = parts();
    type Edit = (&'static str, fn(&mut Json), &'static str);
    let edits: [Edit; 14] = [
        (
            "a.json",
            |r| r["verdict"] = json!({"status": "pass", "exit": 0, "reasons": []}),
            "verdict.status is pass, but a finding in it blocks",
        ),
        (
            "a.json",
            |r| r["verdict"]["exit"] = json!(3),
            "verdict.exit is not that of verdict.status",
        ),
        ("a.json", |r| r["findings"] = json!([]), "counts.open"),
        (
            "a.json",
            |r| {
                r["findings"].as_array_mut().unwrap().pop();
            },
            "counts.open",
        ),
        (
            "a.json",
            |r| r["findings"][0]["status"] = json!("waived"),
            "counts.open",
        ),
        ("a.json", |r| r["counts"]["open"] = json!(0), "counts.open"),
        (
            "a.json",
            |r| r["counts"]["waived"] = json!(7),
            "counts.waived is 7, and 0 of its findings are that",
        ),
        (
            "a.json",
            |r| r["findings"][0]["plan"] = json!("other.json"),
            "findings[0] is about a plan that is not in it",
        ),
        (
            "a.json",
            |r| r["plans"] = json!([]),
            "verdict.status is blocked, but there is no plan in it",
        ),
        (
            "a.json",
            |r| {
                r["findings"][0]["enforcement"] = json!("hard-mandatory");
                r["findings"][0]["status"] = json!("acknowledged");
                r["counts"]["open"] = json!(r["counts"]["open"].as_u64().unwrap() - 1);
                r["counts"]["acknowledged"] = json!(1);
            },
            "findings[0] is hard-mandatory",
        ),
        (
            "b.json",
            |r| r["plans"][0]["errored"] = json!(true),
            "but a plan in it is errored",
        ),
        (
            "b.json",
            |r| r["policies"]["evaluated"] = json!(0),
            "but no rule was evaluated",
        ),
        (
            "b.json",
            |r| r["problems"] = json!([{"place": null, "message": "it does not load"}]),
            "",
        ),
        ("b.json", |r| r["counts"]["open"] = json!(1), "counts.open"),
    ];
    for (index, (of, edit, told)) in edits.into_iter().enumerate() {
        let name = format!("doctored{index}.json");
        edited_of(&scene, of, &name, edit);
        let run = merge(&scene, &[&name]).must_end(4).must_say(told);
        assert_eq!(run.stdout, "", "{index} {run}");
    }
    // Which of two values counts, no reader can say.
    let twice = scene.read("a.json").replacen(
        "\"status\": \"blocked\"",
        "\"status\": \"pass\", \"status\": \"blocked\"",
        1,
    );
    scene.write("twice.json", twice);
    merge(&scene, &["twice.json"])
        .must_end(4)
        .must_say("twice.json is not JSON, or not all of it: duplicate key");
}
