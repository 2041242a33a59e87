//! What the program itself writes: streams, drafts, notes, records, and what it says about plans that it cannot read.

use std::path::Path;

use countersign::plan::Plan;
use serde_json::{Value as Json, json};

use super::forms::{Secret, Watch};
use super::random::{KINDS, Random};
use super::{Case, Tally, policies, screens};
use crate::scene::{RAE, Run, SAM, Scene};

fn streams(tally: &mut Tally, case: &Case, run: &Run) {
    tally.search(case, "standard output", &run.stdout);
    tally.search(case, "standard error", &run.stderr);
}

/// Searches every file below a directory, packed git objects included as git shows them.
fn files(tally: &mut Tally, case: &Case, sink: &'static str, directory: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += files(tally, case, sink, &path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            tally.search(case, sink, &String::from_utf8_lossy(&bytes));
            count += 1;
        }
    }
    count
}

/// The gate with everything that can be asked of it.
pub(super) fn check(case: &Case, tally: &mut Tally) {
    let base = ["--check", "--base", "main", "plan.json", "-p"];
    for (more, policies) in [
        (
            &["-v", "--color", "always", "--report", "json=all.out"][..],
            policies::QUOTING,
        ),
        (
            &[
                "-v",
                "-f",
                "json",
                "--report",
                "human=all.out",
                "--fail-on-warn",
            ],
            policies::BROKEN,
        ),
        (&["-q", "--exit-zero"], policies::QUOTING),
    ] {
        let arguments = [&base[..], &[policies], more].concat();
        let run = case.scene.run(&arguments);
        assert!(run.stdout.len() > 1000, "{run}");
        streams(tally, case, &run);
        if more.contains(&"--report") {
            tally.search(case, "report files", &case.scene.read("all.out"));
        }
    }
}

/// A policy with few findings, which can all be answered.
const FEW: &str = "package leak.few

import rego.v1

deny contains {\"msg\": msg, \"address\": change.address, \"facts\": {\"v\": change.change.after}} if {
	some change in input.resource_changes
	change.name in {\"rotated\", \"whole\", \"keyed\", \"shapes\"}
	msg := sprintf(\"%v\", [change])
}
";

/// A review line by line with secrets typed as reasons and notes, an approval, and all that is read back from it.
pub(super) fn review(case: &Case, tally: &mut Tally) {
    let scene = &case.scene;
    scene.write("few/few.rego", FEW);
    scene.work_as(RAE);
    let secret = case
        .secrets
        .iter()
        .find(|secret| secret.whole.len() > 20 && !secret.whole.contains(char::is_control))
        .unwrap();
    let answer = format!(
        "c\nhere it is: {0}\na\nw\nagreed, it is {0}\n\n",
        secret.whole
    );
    let digest = countersign::digest::Digest::of(&std::fs::read(scene.path("plan.json")).unwrap());
    let dialogue = format!("{}A\napprove {}\n", answer.repeat(400), digest.short());
    let arguments = [
        "--plain",
        "--base",
        "main",
        "-p",
        "few",
        "--record",
        "record.out",
        "plan.json",
    ];
    let run = scene.review(&arguments, &dialogue);
    streams(tally, case, &run);
    let run = run.must_end(0);
    scene.work_as(SAM);
    assert!(run.stdout.contains("agreed, it is (sensitive)"), "{run}");
    tally.search(case, "records", &scene.read("record.out"));
    let notes = scene.git(&["notes", "--ref", "countersign", "show", "HEAD"]);
    assert!(notes.contains("payload"), "{notes}");
    tally.search(case, "notes", &notes);
    let state = scene.beside("home").join("state");
    assert!(files(tally, case, "drafts and state", &state) > 0);
    files(tally, case, "temporary files", &scene.beside("tmp"));
    for arguments in [
        &["verify", "-v", "--base", "main", "-p", "few", "plan.json"][..],
        &["approvals", "list"],
        &["approvals", "show"],
        &[
            "--check",
            "--require-approval",
            "-v",
            "--base",
            "main",
            "-p",
            "few",
            "plan.json",
        ],
        &[
            "--check",
            "--require-approval",
            "-f",
            "json",
            "--base",
            "main",
            "-p",
            "few",
            "plan.json",
        ],
    ] {
        let run = scene.run(arguments);
        assert!(run.status == 0 || run.status == 1, "{arguments:?}\n{run}");
        streams(tally, case, &run);
    }
    // A plan that was changed afterwards: why the record does not count.
    let mut tree: Json = serde_json::from_str(&scene.read("plan.json")).unwrap();
    tree["variables"]["another"] = json!({ "value": "another value" });
    scene.write_json("plan.json", &tree);
    let run = scene.run(&["verify", "-v", "--base", "main", "-p", "few", "plan.json"]);
    assert_ne!(run.status, 0, "{run}");
    streams(tally, case, &run);
}

/// Tests of policies that quote a plan kept beside them.
pub(super) fn policy_tests(case: &Case, tally: &mut Tally) {
    let scene = &case.scene;
    let plan = scene.read("plan.json");
    scene.write("tests/plan.json", format!("{{\"fixture\": {plan}}}"));
    scene.write("tests/few.rego", FEW);
    scene.write(
        "tests/few_test.rego",
        "package leak.few_test\n\nimport rego.v1\n\ntest_number if {\n\tx := data.fixture.variables.vault_entry.value - 1\n\tx > 0\n}\n\n\
         test_nothing if {\n\tdata.leak.few.deny == set() with input as data.fixture\n}\n\n\
         test_value := data.fixture.variables\n\n\
         test_conflict if {\n\tx := {k: v | some v in [1, 2]; k := data.fixture.variables.vault_entry.value}\n\tcount(x) > 9\n}\n",
    );
    let run = scene.run(&["policy", "test", "tests"]);
    assert!(run.stdout.contains("FAIL"), "{run}");
    streams(tally, case, &run);
}

/// Plans that cannot be read, with a secret at the place where reading fails.
pub(super) fn broken(tally: &mut Tally) {
    let mut random = Random::new("broken");
    let mut secrets: Vec<Secret> = (0..KINDS)
        .map(|kind| random.secret(kind, "in a broken plan"))
        .collect();
    secrets.push(Secret {
        label: "number in a broken plan".to_owned(),
        whole: NUMBER.to_owned(),
        parts: vec![NUMBER.to_owned()],
    });
    let case = Case {
        number: 0,
        name: "broken",
        scene: Scene::new(),
        watch: Watch::new(&secrets),
        secrets,
    };
    tally.plan(&case);
    let mut failed = 0;
    for secret in &case.secrets {
        for (number, text) in broken_plans(&secret.whole).into_iter().enumerate() {
            let Err(error) = Plan::read(text.clone().into_bytes()) else {
                continue;
            };
            failed += 1;
            tally.search(
                &case,
                "errors of plans",
                &format!("{error}\n{error:?}\n{}", error.hint()),
            );
            // The whole program for some of them; the errors are the same.
            if secret.label.ends_with("(2)") || secret.label.ends_with("(8)") {
                case.scene.write("plan.json", &text);
                let run = case
                    .scene
                    .run(&["--check", "-v", "--report", "json=r.out", "plan.json"]);
                assert_eq!(run.status, 4, "{number}: {run}");
                streams(tally, &case, &run);
                tally.search(&case, "report files", &case.scene.read("r.out"));
                let run = case.scene.review(&["--plain", "plan.json"], "");
                streams(tally, &case, &run);
                screens::failure(&case, &error.to_string(), &[format!("{error:?}")], tally);
            }
        }
    }
    assert!(failed > 300, "{failed}");
}

/// A number that stands where something else is expected.
const NUMBER: &str = "4731973197319";

/// A valid plan with `put` at the mark.
fn with(put: &str) -> String {
    format!(
        "{{\"format_version\":\"1.2\",\"terraform_version\":\"1.11.4\",\"variables\":{{\"v\":{{\"value\":\"x\"}}}},\n\
         \"resource_changes\":[{{\"address\":\"a.b\",\"type\":\"a\",\"name\":\"b\",\"change\":{{\"actions\":[\"create\"],\
         \"before\":null,\"after\":{{\"p\":\"q\"}}}}}}],\n{put}\n\"configuration\":{{}}}}"
    )
}

fn broken_plans(secret: &str) -> Vec<String> {
    let text = Json::from(secret).to_string();
    let inner = &text[1..text.len() - 1];
    let good = with(&format!("\"extra\":[{text},{text}],"));
    let at = good.find(inner).unwrap();
    let mut out = vec![
        // The secret is the key that is repeated, at the top and deeper.
        with(&format!("{text}:1,{text}:2,")),
        with(&format!("{text}:{{\"a\":1,\"a\":2}},")),
        with(&format!("{text}:{}1{},", "[".repeat(140), "]".repeat(140))),
        with(&format!("\"relevant\":{{{text}:1,{text}:2}},")),
        with(&format!(
            "\"prior_state\":{{\"values\":{{\"outputs\":{{{text}:{{}},{text}:{{}}}}}}}},"
        )),
        with(&format!(
            "\"output_changes\":{{{text}:{{\"actions\":{text}}}}},"
        )),
        // Syntax errors right behind it, before it and in it.
        with(&format!("\"extra\":[{text}{text}],")),
        with(&format!("\"extra\":[{text} {inner}],")),
        with(&format!("\"extra\":[x{text}],")),
        with(&format!("\"extra\":{{{text}}},")),
        with(&format!("\"extra\":\"{inner}\\q\",")),
        with(&format!("\"extra\":\"{inner}\n\",")),
        with(&format!("\"extra\":\"{inner}\\ud800\",")),
        with(&format!("\"extra\":{inner},")),
        with(&format!("{text},")),
        good[..at + inner.len() / 2]
            .trim_end_matches('\\')
            .to_owned(),
        good[..=at + inner.len()].to_owned(),
        // Other documents than a plan.
        text.clone(),
        format!("[{text}]"),
        secret.to_owned(),
        format!("{inner}{{\"format_version\":"),
        format!("{{{text}:{text}}}"),
        format!("{{\"plan\":{text}}}"),
        format!("{{\"format_version\":{text},\"resource_changes\":[]}}"),
        format!("{{\"format_version\":[{text}],\"resource_changes\":[]}}"),
        format!("{}\n{text}", with("")),
        format!("{}\n{secret}", with("")),
        format!("{}\n{{{text}:1}}", with("")),
        format!("{{\"@level\":{text},\"type\":\"x\",\"@message\":{text}}}"),
        with(&format!(
            "\"extra\":{}{text}{},",
            "[".repeat(200),
            "]".repeat(200)
        )),
    ];
    out.extend(misplaced(&text));
    out
}

/// Texts, lists and numbers in the places of everything that is read.
fn misplaced(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for value in [
        text.to_owned(),
        format!("[{text}]"),
        format!("{{{text}:{text}}}"),
        format!("{NUMBER}.5"),
        NUMBER.to_owned(),
    ] {
        for shape in [
            "\"errored\":V,",
            "\"complete\":V,",
            "\"applyable\":V,",
            "\"resource_drift\":V,",
            "\"resource_drift\":[V],",
            "\"resource_drift\":[{\"change\":V}],",
            "\"resource_drift\":[{\"address\":V}],",
            "\"resource_drift\":[{\"mode\":V}],",
            "\"resource_drift\":[{\"type\":V}],",
            "\"resource_drift\":[{\"change\":{\"actions\":V}}],",
            "\"resource_drift\":[{\"change\":{\"actions\":[V]}}],",
            "\"resource_drift\":[{\"deposed\":V}],",
            "\"deferred_changes\":V,",
            "\"deferred_changes\":[V],",
            "\"deferred_changes\":[{\"resource_change\":V}],",
            "\"deferred_changes\":[{\"reason\":V,\"resource_change\":{}}],",
            "\"output_changes\":V,",
            "\"output_changes\":{\"o\":V},",
            "\"output_changes\":{\"o\":{\"actions\":V}},",
            "\"action_invocations\":V,",
            "\"action_invocations\":[V],",
            "\"action_invocations\":[{\"address\":V}],",
            "\"planned_values\":V,",
            "\"planned_values\":{\"outputs\":V},",
            "\"planned_values\":{\"outputs\":{\"o\":V}},",
            "\"planned_values\":{\"outputs\":{\"o\":{\"sensitive\":V}}},",
            "\"planned_values\":{\"root_module\":V},",
            "\"planned_values\":{\"root_module\":{\"resources\":V}},",
            "\"planned_values\":{\"root_module\":{\"resources\":[V]}},",
            "\"planned_values\":{\"root_module\":{\"resources\":[{\"type\":V}]}},",
            "\"planned_values\":{\"root_module\":{\"child_modules\":V}},",
            "\"prior_state\":V,",
            "\"prior_state\":{\"values\":V},",
        ] {
            out.push(with(&shape.replace('V', &value)));
        }
        for shape in [
            "V",
            "{\"root_module\":V}",
            "{\"root_module\":{\"variables\":V}}",
            "{\"root_module\":{\"variables\":{\"v\":V}}}",
            "{\"root_module\":{\"variables\":{\"v\":{\"sensitive\":V}}}}",
            "{\"root_module\":{\"module_calls\":V}}",
            "{\"root_module\":{\"module_calls\":{\"m\":V}}}",
            "{\"root_module\":{\"module_calls\":{\"m\":{\"module\":V}}}}",
            "{\"root_module\":{\"outputs\":V}}",
            "{\"root_module\":{\"outputs\":{\"o\":V}}}",
            "{\"root_module\":{\"outputs\":{\"o\":{\"sensitive\":V}}}}",
        ] {
            let put = format!("\"configuration\":{}", shape.replace('V', &value));
            out.push(with("").replace("\"configuration\":{}", &put));
        }
    }
    out
}
