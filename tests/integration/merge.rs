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
    let mut report: Json = serde_json::from_str(&scene.read("b.json")).unwrap();
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
fn a_merged_report_is_written_in_every_format_at_once() {
    let scene = parts();
    let out = |format: &str| format!("{format}=all.{format}");
    let formats = [
        "json", "sarif", "junit", "github", "gitlab", "markdown", "html",
    ];
    let mut arguments: Vec<String> = vec!["report".into(), "merge".into()];
    for format in formats {
        arguments.extend(["--report".into(), out(format)]);
    }
    arguments.extend(["a.json".into(), "b.json".into()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = scene
        .run(&arguments)
        .must_end(1)
        .must_say("It looked at no plan and no approval itself")
        .must_say("part      a.json: blocked, 1 plan")
        .must_say("fix: ")
        .must_say("terraform_data.dropped: destroy, blocks")
        .must_say("2 plans");
    let message = "will be destroyed";
    assert!(run.stdout.contains(message), "{run}");
    for format in formats {
        let text = scene.read(&format!("all.{format}"));
        assert!(text.contains("no-destroy"), "{format}\n{text}");
        assert!(text.contains(message), "{format}\n{text}");
    }
    let sarif: Json = serde_json::from_str(&scene.read("all.sarif")).unwrap();
    let count = |json: &Json| json.as_array().unwrap().len();
    let all: Json = serde_json::from_str(&scene.read("all.json")).unwrap();
    assert_eq!(
        count(&sarif["runs"][0]["results"]),
        count(&all["findings"]),
        "{sarif:#}"
    );
    assert_eq!(sarif["runs"][0]["invocations"][0]["exitCode"], 1);
    let gitlab: Json = serde_json::from_str(&scene.read("all.gitlab")).unwrap();
    assert_eq!(count(&gitlab), count(&all["findings"]));
    let junit = scene.read("all.junit");
    for suite in ["a/plan.json", "b/plan.json", "countersign"] {
        assert!(
            junit.contains(&format!("<testsuite name=\"{suite}\"")),
            "{junit}"
        );
    }
    let short = ["-f", "markdown", "--max-bytes", "1500", "a.json"];
    let run = scene
        .run(&[&["report", "merge"], &short[..]].concat())
        .must_end(1);
    assert!(run.stdout.len() <= 1500, "{run}");
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
    let edits: [(&str, &str, Json, &str); 6] = [
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
        ("n.json", "/policies/rules", json!(9999), "number of rules"),
        ("g.json", "/gate/fail_on_warn", json!(true), "gate"),
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
fn no_report_is_written_over_another_or_over_a_part() {
    let scene = parts();
    let before = scene.read("a.json");
    scene.write("sub/.keep", "");
    for (arguments, told) in [
        (
            &["-o", "x.json", "--report", "sarif=sub/../x.json"][..],
            "Two reports are to be written to sub/../x.json",
        ),
        (
            &["--report", "json=a.json"],
            "a.json is read, and a report is to be written to it",
        ),
        (&["-o", "./sub/../b.json"], "b.json is read"),
    ] {
        let files = ["a.json", "b.json"];
        scene
            .run(&[&["report", "merge"], &files[..], arguments].concat())
            .must_end(2)
            .must_say(told);
    }
    assert_eq!(scene.read("a.json"), before);
    scene
        .run(&["--check", "-o", "y", "--report", "json=./y", "a/plan.json"])
        .must_end(2)
        .must_say("Two reports are to be written to ./y");
    assert!(!scene.path("y").exists());
}

/// Part `a` as text, changed by hand.
type Doctored = (&'static str, fn(&mut Json), &'static str);

#[test]
#[expect(clippy::too_many_lines, reason = "a table of edits")]
fn a_part_that_was_edited_is_refused_with_what_does_not_follow() {
    let scene = parts();
    let blocking = |report: &mut Json| -> usize {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().position(|f| f["blocks"] == true).unwrap()
    };
    let found = blocking(&mut serde_json::from_str(&scene.read("a.json")).unwrap());
    assert_eq!(found, 0, "the first finding blocks");
    let doctored: [Doctored; 24] = [
        (
            "pass",
            |r| r["verdict"] = json!({"status": "pass", "exit": 0, "reasons": []}),
            "its reasons are not those that follow",
        ),
        (
            "word",
            |r| r["verdict"]["status"] = json!("pass"),
            "does not go with exit 1",
        ),
        (
            "both",
            |r| {
                r["verdict"]["status"] = json!("pass");
                r["verdict"]["exit"] = json!(0);
            },
            "blocked follows from its findings",
        ),
        (
            "unapproved",
            |r| {
                r["verdict"]["status"] = json!("unapproved");
                r["verdict"]["exit"] = json!(3);
            },
            "blocked follows",
        ),
        (
            "exit",
            |r| r["verdict"]["exit"] = json!(3),
            "does not go with exit 3",
        ),
        (
            "none",
            |r| r["verdict"]["reasons"] = json!([]),
            "its reasons are not those",
        ),
        (
            "glass",
            |r| {
                r["verdict"]["status"] = json!("pass");
                r["verdict"]["exit"] = json!(0);
                r["verdict"]["reasons"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("break-glass"));
            },
            "it says pass",
        ),
        (
            "free",
            |r| r["findings"][0]["blocks"] = json!(false),
            "it blocks, and says that it does not",
        ),
        (
            "known",
            |r| {
                r["findings"][0]["blocks"] = json!(false);
                r["findings"][0]["baseline"] = json!("unchanged");
            },
            "it blocks, and says that it does not",
        ),
        (
            "away",
            |r| {
                r["findings"].as_array_mut().unwrap().remove(0);
            },
            "the numbers are not those of its findings",
        ),
        (
            "away2",
            |r| {
                r["findings"].as_array_mut().unwrap().remove(0);
                let open = r["counts"]["open"].as_u64().unwrap();
                r["counts"]["open"] = json!(open - 1);
            },
            "its reasons are not those",
        ),
        (
            "counts",
            |r| r["counts"]["open"] = json!(0),
            "the numbers are not those",
        ),
        (
            "waived",
            |r| r["findings"][0]["status"] = json!("waived"),
            "no waiver of it can count",
        ),
        (
            "person",
            |r| {
                r["findings"][0]["status"] = json!("waived");
                r["findings"][0]["waiver"] = json!({"reason": "agreed with the owner", "by": "Rae <rae@example.com>", "expires": "2099-01-02"});
            },
            "a person answered it, and there is no approval",
        ),
        (
            "thin",
            |r| {
                r["findings"][0]["status"] = json!("waived");
                r["findings"][0]["waiver"] = json!({"reason": "x", "owner": "o", "expires": "2099-01-02", "file": "f", "line": 1});
            },
            "it is none that a run writes",
        ),
        (
            "seen",
            |r| r["findings"][0]["status"] = json!("acknowledged"),
            "cannot be acknowledged",
        ),
        (
            "carried",
            |r| r["findings"][0]["status"] = json!("carried"),
            "no waiver of it can count",
        ),
        (
            "apart",
            |r| r["findings"][0]["status"] = json!("not-applicable"),
            "no run has a finding that does not apply",
        ),
        (
            "rejected",
            |r| r["findings"][0]["status"] = json!("rejected"),
            "a person answered it",
        ),
        (
            "advisory",
            |r| r["findings"][0]["enforcement"] = json!("advisory"),
            "it does not block, and says that it does",
        ),
        (
            "gate",
            |r| r["gate"] = Json::Null,
            "it does not say what blocks",
        ),
        (
            "rules",
            |r| r["policies"]["evaluated"] = json!(100_000),
            "more rules were evaluated",
        ),
        (
            "plan",
            |r| r["findings"][0]["plan"] = json!("other.json"),
            "there is no such plan",
        ),
        (
            "failed",
            |r| {
                r["policies"]["digest"] = Json::Null;
                r["verdict"] = json!({"status": "pass", "exit": 0, "reasons": []});
            },
            "its run judged nothing",
        ),
    ];
    for (name, edit, told) in doctored {
        let mut report: Json = serde_json::from_str(&scene.read("a.json")).unwrap();
        edit(&mut report);
        let file = format!("x-{name}.json");
        scene.write_json(&file, &report);
        let run = merge(&scene, &[&file]).must_end(4).must_say(told);
        assert_eq!(run.stdout, "", "{name}\n{run}");
        assert!(run.stderr.contains(&file), "{name}\n{run}");
    }
    let twice = scene.read("a.json").replacen(
        "\"verdict\": {",
        "\"verdict\": {\n    \"status\": \"pass\",",
        1,
    );
    scene.write("twice.json", twice);
    merge(&scene, &["twice.json"])
        .must_end(4)
        .must_say("duplicate key \"status\"");
}

#[test]
fn parts_that_say_different_things_of_the_same_bytes_contradict_each_other() {
    let scene = parts();
    let other = |name: &str, edit: fn(&mut Json)| {
        let mut report: Json = serde_json::from_str(&scene.read("a.json")).unwrap();
        report["plans"][0]["root"] = json!("other/plan.json");
        for (index, finding) in report["findings"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .enumerate()
        {
            finding["fingerprint"] = json!(format!("{index:064x}"));
        }
        edit(&mut report);
        scene.write_json(name, &report);
        merge(&scene, &["a.json", name])
    };
    // The same plan at another place is no contradiction.
    other("same.json", |_| {}).must_end(1);
    let told = "contradict each other: other/plan.json has the bytes of \"a/plan.json\"";
    other("effect.json", |r| {
        r["plans"][0]["counts"]["delete"] = json!(0);
    })
    .must_end(4)
    .must_say(told);
    other("address.json", |r| {
        r["findings"][0]["address"] = json!("a.other");
    })
    .must_end(4)
    .must_say(told);
    let text = scene.read("a.json");
    let one: Json = serde_json::from_str(&text).unwrap();
    let fingerprint = one["findings"][0]["fingerprint"].as_str().unwrap();
    edited(&scene, "own.json", |report| {
        let mut finding = one["findings"][0].clone();
        finding["plan"] = report["plans"][0]["path"].clone();
        finding["severity"] = json!("info");
        report["findings"] = json!([finding]);
        report["counts"] = one["counts"].clone();
        report["counts"]["open"] = json!(1);
        report["verdict"] = json!({"status": "blocked", "exit": 1, "reasons": ["1 soft-mandatory finding is open"]});
    });
    merge(&scene, &["a.json", "own.json"])
        .must_end(4)
        .must_say(&format!(
            "the finding {fingerprint} is not the same in both"
        ));
}
