//! Plans that people feed by mistake, and what is meant to confuse: each is a named error with a hint and status 4.
//!
//! Every case runs twice: for people, whose standard output stays empty, and as JSON, which keeps its schema. An errored plan is the
//! one input that is refused and still reported on.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::scene::{Run, Scene, package, plan, plan_tree};

/// Runs the gate for people and for programs; both must refuse with these words, a hint and status 4.
#[track_caller]
pub(crate) fn refused(scene: &Scene, arguments: &[&str], said: &str) -> Run {
    let human = scene.run(&[&["--check"], arguments].concat()).must_end(4);
    assert!(
        human.stdout.is_empty(),
        "standard output is for data\n{human}"
    );
    assert!(human.stderr.starts_with("error: "), "{human}");
    assert!(human.says(said), "{said:?} was expected\n{human}");
    assert!(human.stderr.contains("\nhint: "), "what now?\n{human}");
    assert!(human.stderr.ends_with("(input: exit 4)\n"), "{human}");
    let json = scene
        .run(&[&["--check", "--format", "json"], arguments].concat())
        .must_end(4);
    let report = json.report();
    assert_eq!(report["verdict"]["status"], "input", "{json}");
    assert_eq!(
        report["findings"].as_array().map(Vec::len),
        Some(0),
        "{json}"
    );
    assert_eq!(report["policies"]["evaluated"], 0, "{json}");
    let reasons = report["verdict"]["reasons"].to_string();
    assert!(reasons.len() > 2, "the report gives no reason\n{json}");
    json
}

/// Refuses a file of this content.
#[track_caller]
fn refused_plan(content: impl AsRef<[u8]>, said: &str) {
    let scene = Scene::new();
    scene.write("plan.json", content);
    refused(&scene, &["plan.json"], said);
}

fn hostile(name: &str) -> Vec<u8> {
    fs::read(package("testdata/hostile").join(name)).unwrap()
}

#[test]
fn what_is_not_a_plan_is_refused() {
    refused_plan("", "the plan is empty");
    refused_plan(" \n\t", "the plan is empty");
    refused_plan(
        "{}",
        "it has none of resource_changes, planned_values and configuration",
    );
    refused_plan("[1, 2]", "this is a JSON list");
    refused_plan("\"plan\"", "its top level is not an object");
    refused_plan(
        b"\x1f\x8b\x08\x00rest",
        "this is a gzip file, and it is truncated",
    );
}

#[test]
fn neighbours_of_the_plan_json_are_named() {
    refused_plan(
        hostile("state-not-plan.json"),
        "this is the JSON of a state, not of a plan",
    );
    refused_plan(
        hostile("plan-event-stream.jsonl"),
        "this is the event stream of `terraform plan -json`",
    );
    refused_plan(
        hostile("plan-human-text.txt"),
        "this is the plan's text for people",
    );
    refused_plan(
        r#"{"version":4,"serial":1,"lineage":"x"}"#,
        "this is a raw state file",
    );
    refused_plan(
        r#"{"format_version":"1.0","provider_schemas":{}}"#,
        "these are provider schemas",
    );
}

#[test]
fn a_plan_in_a_wrapper_is_unwrapped_or_named() {
    // What HCP Terraform hands to policies holds the plan under this key.
    let text = String::from_utf8(plan("04-delete")).unwrap();
    let scene = Scene::new();
    scene.write("plan.json", format!("{{\"plan\":{text},\"run\":{{}}}}"));
    let run = scene
        .run(&["--check", "-f", "json", "plan.json"])
        .must_end(1);
    assert_eq!(run.findings_of("no-destroy").len(), 8, "{run}");
    refused_plan(
        format!("{{\"tfplan\":{text}}}"),
        "wraps a plan under the key \"tfplan\"",
    );
    refused_plan(
        "{\"plan\":{\"steps\":[]}}",
        "wraps a plan under the key \"plan\"",
    );
    // Which of two would be meant is nobody's guess.
    refused_plan(format!("{{\"plan\":{text},\"plan\":{text}}}"), "plan");
    refused_plan(format!("{text}\n{text}"), "more than one JSON document");
}

#[test]
fn a_truncated_plan_is_refused_with_the_place_where_it_ends() {
    let whole = plan("02-update");
    for length in [1, whole.len() / 2, whole.len() - 2] {
        refused_plan(
            &whole[..length],
            "the plan is truncated: its JSON ends on line 1, column",
        );
    }
}

#[test]
fn deep_nesting_is_refused_and_ends_nothing() {
    let depth = 100_000;
    let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    for text in [
        format!(
            "{{\"format_version\":\"1.2\",\"resource_changes\":[],\"variables\":{{\"a\":{{\"value\":{deep}}}}}}}"
        ),
        format!(
            "{{\"format_version\":\"1.2\",\"configuration\":{{}},\"resource_changes\":{deep}}}"
        ),
        deep,
    ] {
        let scene = Scene::new();
        scene.write("plan.json", &text);
        refused(&scene, &["plan.json"], "");
    }
}

#[test]
fn bytes_that_are_not_text_are_refused_with_their_place() {
    let mut bytes = plan("02-update");
    bytes[40] = 0xff;
    refused_plan(bytes, "the plan is not UTF-8 text (byte 40)");
}

#[test]
fn the_same_plan_in_another_encoding_is_read() {
    let text = String::from_utf8(plan("04-delete")).unwrap();
    let utf16 = [0xff, 0xfe]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes));
    for bytes in [format!("\u{feff}{text}").into_bytes(), utf16.collect()] {
        let scene = Scene::new();
        scene.write("plan.json", bytes);
        let run = scene
            .run(&["--check", "-f", "json", "plan.json"])
            .must_end(1);
        assert_eq!(run.findings_of("no-destroy").len(), 8, "{run}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_plan_packed_with_gzip_is_read_from_a_file_and_from_a_pipe() {
    let scene = Scene::new();
    let packed = gzip(&plan("04-delete"));
    scene.write("plan.json.gz", &packed);
    let json = ["--check", "-f", "json"];
    for run in [
        scene.run(&[&json[..], &["plan.json.gz"]].concat()),
        scene.run_on(&[&json[..], &["-"]].concat(), &packed),
    ] {
        let run = run.must_end(1);
        assert_eq!(run.findings_of("no-destroy").len(), 8, "{run}");
    }
    refused_plan(&packed[..packed.len() / 2], "it is truncated");
    refused_plan(
        [&packed[..], b"x"].concat(),
        "something else follows its end",
    );
    refused_plan(gzip(&packed), "inside is another gzip file");
    refused_plan(
        gzip(&vec![b' '; 80 << 20]),
        "unpacks to more than 250 times",
    );
}

#[test]
fn what_stands_in_the_place_of_a_plan_is_named_with_what_to_do() {
    for (content, said, hint) in [
        ("<!DOCTYPE html><html>", "a web page", "curl --fail"),
        (
            "version https://git-lfs.github.com/spec/v1\n",
            "Git LFS pointer",
            "git lfs pull",
        ),
        (
            "resource \"a\" \"b\" {\n}\n",
            "Terraform configuration",
            "terraform plan -out",
        ),
        ("---\na: 1\n", "this is YAML", "terraform show -json"),
        (
            "Error: no\n",
            "error message of Terraform",
            "keep messages out",
        ),
        ("Hello.\n", "text, but not JSON", "terraform show -json"),
        (
            r#"{"format_version":"1.0"}"#,
            "JSON of a state",
            "without a file",
        ),
        (
            r#"{"mock":{"a":{}}}"#,
            "under the key \"mock\"",
            "jq '.mock.NAME'",
        ),
        (
            r#"{"remote_plan_format":1,"run_id":"run-x"}"#,
            "HCP Terraform",
            "terraform login",
        ),
        (
            r#"{"meta":{},"encrypted_data":"AA==","encryption_version":"v0"}"#,
            "OpenTofu encrypted",
            "tofu show -json",
        ),
        (
            r#"{"steps":[],"config":{}}"#,
            "Pulumi",
            "terraform show -json",
        ),
    ] {
        let scene = Scene::new();
        scene.write("plan.json", content);
        refused(&scene, &["plan.json"], said);
        scene
            .run(&["--check", "plan.json"])
            .must_say("hint: ")
            .must_say(hint);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_refused_and_never_waited_for() {
    use std::os::unix::fs::symlink;
    let scene = Scene::new();
    Run::of(scene.command("mkfifo").arg("pipe"), b"").must_end(0);
    symlink("loop", scene.path("loop")).unwrap();
    symlink("/dev/zero", scene.path("zero")).unwrap();
    symlink("nowhere", scene.path("dangling")).unwrap();
    scene.write("empty/readme.txt", "");
    for (name, said) in [
        ("pipe", "pipe cannot be read: it is a pipe"),
        ("zero", "zero cannot be read: it is a device"),
        ("loop", "loop cannot be read"),
        ("dangling", "dangling cannot be read"),
        ("/dev/tty", "cannot be read: it is a device"),
    ] {
        refused(&scene, &[name], said);
    }
    scene
        .run(&["--check", "empty"])
        .must_end(2)
        .must_say("There is no plan in empty")
        .must_say("tfplan.json");
    // In a directory a link to a plan is a plan, and a broken one is not passed over.
    scene.write("elsewhere.json", plan("04-delete"));
    fs::create_dir(scene.path("plans")).unwrap();
    symlink("../elsewhere.json", scene.path("plans/plan.json")).unwrap();
    scene
        .run(&["--check", "plans"])
        .must_end(1)
        .must_say("plans/plan.json");
    symlink("nowhere", scene.path("plans/tfplan")).unwrap();
    refused(&scene, &["plans"], "plans/tfplan cannot be read");
}

#[test]
fn keys_given_twice_are_refused() {
    // Readers differ in which of two they take: what is reviewed must be what is applied.
    let text = String::from_utf8(plan("04-delete")).unwrap();
    let twice = text.replacen(
        "\"resource_changes\":",
        "\"resource_changes\":[],\"resource_changes\":",
        1,
    );
    assert_ne!(text, twice);
    refused_plan(twice, "resource_changes");
    let inner = text.replacen(
        "\"actions\":[\"delete\"]",
        "\"actions\":[\"no-op\"],\"actions\":[\"delete\"]",
        1,
    );
    assert_ne!(text, inner);
    refused_plan(
        inner,
        "the plan repeats a key in one object (resource_changes)",
    );
    let escaped = text.replacen(
        "\"actions\":[\"delete\"]",
        "\"actions\":[\"delete\"],\"\\u0061ctions\":[\"no-op\"]",
        1,
    );
    refused_plan(
        escaped,
        "the plan repeats a key in one object (resource_changes)",
    );
}

#[test]
fn versions_that_are_not_known_are_refused() {
    let mut tree = plan_tree("04-delete");
    for version in ["2.0", "0.9", "", "one"] {
        tree["format_version"] = version.into();
        refused_plan(tree.to_string(), "version");
    }
    tree.as_object_mut().unwrap().remove("format_version");
    refused_plan(tree.to_string(), "version");
}

#[test]
fn an_action_that_is_not_known_blocks() {
    let mut tree = plan_tree("02-update");
    tree["resource_changes"][0]["change"]["actions"] = serde_json::json!(["obliterate"]);
    let scene = Scene::new();
    scene.write_json("plan.json", &tree);
    let run = scene
        .run(&["--check", "-f", "json", "plan.json"])
        .must_end(1);
    assert_eq!(run.findings_of("unknown-action").len(), 1, "{run}");
}

#[test]
fn an_errored_plan_is_refused_and_its_findings_are_reported() {
    let scene = Scene::new();
    let mut errored = plan_tree("04-delete");
    errored["errored"] = true.into();
    scene.write_json("errored.json", &errored);
    scene.write("real.json", plan("12-errored"));
    let run = scene
        .run(&["--check", "-f", "json", "errored.json"])
        .must_end(4);
    assert_eq!(run.report()["plans"][0]["errored"], true, "{run}");
    assert_eq!(run.findings_of("no-destroy").len(), 8, "{run}");
    let run = scene
        .run(&["--check", "-f", "json", "real.json"])
        .must_end(4);
    assert_eq!(run.report()["plans"][0]["errored"], true, "{run}");
    scene
        .run(&["--check", "real.json"])
        .must_end(4)
        .must_say("planning failed")
        .must_say("input (exit 4)");
}

#[test]
fn an_errored_plan_cannot_be_approved() {
    let scene = Scene::change("12-errored");
    scene.work_as(crate::scene::RAE);
    let run = scene
        .review(&["--plain"], scene.dialogue(0))
        .must_say("an errored plan cannot be approved");
    assert_ne!(run.status, 0, "{run}");
    assert_eq!(
        scene
            .try_git(&["rev-parse", "--verify", "--quiet", "refs/notes/countersign"])
            .status,
        1
    );
}

#[test]
fn hostile_names_reach_no_terminal() {
    let scene = Scene::new();
    let name = "pl\u{1b}]0;x\u{7}an\u{202e}.json";
    scene.write(name, "{}");
    let run = scene.run(&["--check", name]).must_end(4);
    assert!(
        !run.stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']),
        "{run}"
    );
    assert!(Path::new(&scene.path(name)).exists());
}
