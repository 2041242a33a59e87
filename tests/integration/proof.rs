//! The binary plan as proof: `--plan-file` beside the JSON, the policy `plan-proof`, the approval record.

use std::fs;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::scene::{RAE, SAM, Scene, package};

const CHECK: [&str; 5] = ["--check", "-f", "json", "--plan-file", "tfplan.out"];

fn binary(case: &str) -> Vec<u8> {
    fs::read(package("testdata/plans").join(case).join("tfplan")).unwrap()
}

/// A change with its plan JSON and, ignored as that is, its binary plan.
fn change(case: &str, configuration: &str) -> Scene {
    let scene = Scene::change_with(case, configuration);
    scene.write("tfplan.out", binary(case));
    scene
}

/// The plan file with its entries edited.
fn doctored(case: &str, edit: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(binary(case))).unwrap();
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        entries.push((entry.name().unwrap().into_owned(), content));
    }
    edit(&mut entries);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_plan_of_the_commit_is_proven_in_every_report() {
    let scene = change("02-update", "");
    let run = scene.run(&CHECK).must_end(0);
    let report = run.report();
    let proof = &report["plans"][0]["proof"];
    assert_eq!(proof["verdict"], "proven", "{run}");
    assert_eq!(proof["files"], 1, "{run}");
    assert_eq!(proof["terraform_version"], "1.11.4");
    assert_eq!(proof["lineage"], "679f2774-45dc-fbdf-88b1-94e7b055b240");
    assert_eq!(proof["serial"], 4);
    assert_eq!(proof["reasons"].as_array().map(Vec::len), Some(0));
    assert_eq!(report["plans"][0]["binary"]["workspace"], "default");
    scene
        .run(&["--check", "--plan-file", "tfplan.out"])
        .must_end(0)
        .must_say(
            "Proof: proven: planned from 1 file as committed; the JSON has its changes and values.",
        )
        .must_say("No plan file holds variable files");
    // The JSON may come on standard input.
    scene
        .run_on(
            &["--check", "--plan-file", "tfplan.out", "-"],
            scene.read("plan.json"),
        )
        .must_end(0)
        .must_say("Proof: proven");
    let run = scene.run(&["--check", "-f", "json"]).must_end(0);
    let report = run.report();
    assert!(report["plans"][0]["proof"].is_null(), "{run}");
    let skipped = report["not_applicable"].as_array().unwrap();
    assert!(
        skipped.iter().any(|s| s["policy"] == "plan-proof"
            && s["reason"] == "no binary plan was given (--plan-file)."),
        "{run}"
    );
}

#[test]
fn what_differs_blocks_until_it_is_answered() {
    let scene = change("08-modules-provisioners", "");
    scene.write("node/late.tf", "# after the plan\n");
    scene.commit("Late");
    let run = scene.run(&CHECK).must_end(1);
    let found = run.findings_of("plan-proof");
    assert_eq!(found.len(), 1, "{run}");
    assert_eq!(found[0]["location"]["file"], "node/late.tf", "{run}");
    assert_eq!(found[0]["facts"]["problem"], "not-planned", "{run}");
    assert_eq!(found[0]["enforcement"], "soft-mandatory", "{run}");
    let proof = &run.report()["plans"][0]["proof"];
    assert_eq!(proof["verdict"], "differs", "{run}");
    assert_eq!(
        proof["reasons"][0],
        "node/late.tf is in the commit, and was not planned."
    );
    scene
        .run(&["--check", "--plan-file", "tfplan.out"])
        .must_say("Proof: differs: 1 difference between plan file, commit and JSON.")
        .must_say("node/late.tf is in the commit, and was not planned.");
}

#[test]
fn a_provisioner_that_only_the_plan_file_holds_is_found() {
    let scene = change("02-update", "");
    let bytes = doctored("02-update", |entries| {
        let entry = entries
            .iter_mut()
            .find(|(name, _)| name.ends_with("main.tf"));
        entry.unwrap().1.extend(
            b"\nremoved {\n  from = terraform_data.x\n  provisioner \"local-exec\" {\n    when = destroy\n    command = \"id\"\n  }\n}\n",
        );
    });
    scene.write("tfplan.out", bytes);
    let run = scene.run(&CHECK).must_end(1);
    assert_eq!(run.findings_of("plan-proof")[0]["subject"], "main.tf");
}

#[test]
fn the_json_of_another_plan_is_told_from_the_plan_file() {
    let scene = change("04-delete", "");
    scene.write("tfplan.out", binary("02-update"));
    let run = scene.run(&CHECK).must_end(1);
    let found = run.findings_of("plan-proof");
    assert!(
        found
            .iter()
            .any(|finding| finding["subject"] == "other-time" && finding["severity"] == "critical"),
        "{run}"
    );
    assert!(
        found
            .iter()
            .any(|finding| finding["address"] == "terraform_data.counted[1]"
                && finding["facts"]["problem"] == "only-in-json"),
        "{run}"
    );
}

#[test]
fn a_value_that_was_edited_in_the_json_is_found() {
    let scene = change("23-aws-iam", "");
    let proof = |run: &crate::scene::Run| run.report()["plans"][0]["proof"].clone();
    let run = scene.run(&CHECK);
    assert_eq!(proof(&run)["verdict"], "proven", "{run}");
    let mut plan: serde_json::Value = serde_json::from_str(&scene.read("plan.json")).unwrap();
    let rows = plan["resource_changes"].as_array_mut().unwrap();
    let row = rows
        .iter_mut()
        .find(|row| row["change"]["after"]["policy"].is_string())
        .unwrap();
    let address = row["address"].clone();
    row["change"]["after"]["policy"] = "{\"Statement\":[]}".into();
    scene.write("plan.json", plan.to_string());
    let run = scene.run(&CHECK).must_end(1);
    assert_eq!(proof(&run)["verdict"], "differs", "{run}");
    let found = run.findings_of("plan-proof");
    assert_eq!(found.len(), 1, "{run}");
    assert_eq!(found[0]["address"], address, "{run}");
    assert_eq!(found[0]["severity"], "critical", "{run}");
    assert_eq!(found[0]["facts"]["problem"], "other-after", "{run}");
    let text = format!(
        "{}: in the JSON policy after the change is not that of the plan file.",
        address.as_str().unwrap()
    );
    assert_eq!(found[0]["message"], text, "{run}");
}

#[test]
fn links_are_followed_within_the_commit() {
    let scene = change("04-delete", "");
    scene.git(&["mv", "leaf/main.tf", "shared.txt"]);
    fs::create_dir_all(scene.path("leaf")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../shared.txt", scene.path("leaf/main.tf")).unwrap();
    scene.commit("A link");
    let run = scene.run(&CHECK).must_end(1);
    let verdict = |run: &crate::scene::Run| run.report()["plans"][0]["proof"]["verdict"].clone();
    assert_eq!(verdict(&run), "proven", "{run}");
    fs::remove_file(scene.path("leaf/main.tf")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", scene.path("leaf/main.tf")).unwrap();
    scene.commit("A link that leads away");
    let run = scene.run(&CHECK).must_end(1);
    assert_eq!(verdict(&run), "not-proven", "{run}");
    let found = run.findings_of("plan-proof");
    assert_eq!(found[0]["rule"], "warn", "{run}");
    assert_eq!(found[0]["facts"]["problem"], "link", "{run}");
}

#[test]
fn without_a_commit_nothing_is_proven() {
    let scene = Scene::new();
    scene.write("plan.json", crate::scene::plan("02-update"));
    scene.write("tfplan.out", binary("02-update"));
    let run = scene.run(&CHECK).must_end(0);
    assert_eq!(run.report()["plans"][0]["proof"]["verdict"], "not-proven");
    assert_eq!(run.findings_of("plan-proof")[0]["enforcement"], "advisory");
}

#[test]
fn a_binary_plan_can_be_required() {
    let scene = change("02-update", "[policy.plan-proof]\nrequire = true\n");
    scene.run(&["--check"]).must_end(1).must_say("plan-proof");
    let run = scene.run(&["--check", "-f", "json"]);
    assert_eq!(run.findings_of("plan-proof")[0]["status"], "not-evaluated");
    scene.run(&CHECK).must_end(0);
}

#[test]
fn policies_of_users_can_need_the_binary_plan_and_read_the_proof() {
    let scene = change("02-update", "");
    scene.write(
        "own/own.rego",
        "# METADATA\n# title: Own\n# custom:\n#   id: own\n#   needs: [binary-plan]\npackage own\n\ndeny contains msg if {\n\tproof := input.countersign.provenance.proof\n\tmsg := sprintf(\"%s %d %s\", [proof.verdict, proof.serial, proof.lineage])\n}\n",
    );
    let run = scene
        .run(&["--check", "-f", "json", "-p", "own"])
        .must_end(1);
    assert_eq!(run.findings_of("own")[0]["status"], "not-evaluated");
    let run = scene
        .run(&[&CHECK[..], &["-p", "own"]].concat())
        .must_end(1);
    assert_eq!(
        run.findings_of("own")[0]["message"],
        "proven 4 679f2774-45dc-fbdf-88b1-94e7b055b240"
    );
}

#[test]
fn a_plan_file_belongs_to_one_json() {
    let scene = change("02-update", "");
    scene.write("other.json", crate::scene::plan("02-update"));
    scene
        .run(&[
            "--check",
            "--plan-file",
            "tfplan.out",
            "plan.json",
            "other.json",
        ])
        .must_end(2)
        .must_say("--plan-file belongs to one plan, and there are several")
        .must_say("hint: ");
    for (file, said) in [
        ("plan.json", "plan.json is no binary plan file"),
        ("missing", "missing cannot be read"),
        (".", ". cannot be read: it is a directory"),
    ] {
        scene
            .run(&["--check", "--plan-file", file, "plan.json"])
            .must_end(4)
            .must_say(said)
            .must_say("hint: ");
    }
}

#[test]
fn hostile_plan_files_are_refused() {
    let scene = change("02-update", "");
    let mut bomb = Vec::new();
    bomb.resize(40 * 1024 * 1024, b'#');
    let bomb = doctored("02-update", |entries| {
        entries.push(("tfconfig/m-/bomb.tf".to_owned(), bomb));
    });
    // Names that the writer of these tests would not write.
    let renamed = |from: &str, to: &str| {
        let mut bytes = doctored("02-update", |entries| {
            entries.push((from.to_owned(), b"#".to_vec()));
        });
        for at in 0..bytes.len() - from.len() {
            if bytes[at..].starts_with(from.as_bytes()) {
                bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
            }
        }
        bytes
    };
    let whole = binary("02-update");
    for (bytes, said) in [
        (bomb, "unpacks to more than 500 times its size"),
        (
            renamed("tfconfig/m-/xx/evil.tf", "tfconfig/m-/../evil.tf"),
            "leads upwards",
        ),
        (
            renamed("tfconfig/m-/nain.tf", "tfconfig/m-/main.tf"),
            "two entries of one name",
        ),
        ([&whole[..], b"tail"].concat(), "bytes before or after"),
        (whole[..whole.len() - 30].to_vec(), "cut off or damaged"),
    ] {
        scene.write("tfplan.out", bytes);
        scene
            .run(&["--check", "--plan-file", "tfplan.out"])
            .must_end(4)
            .must_say(said)
            .must_say("hint: ");
    }
}

#[test]
fn the_record_says_what_was_proven() {
    let scene = change("02-update", "");
    scene.work_as(RAE);
    scene
        .review(
            &["--plain", "--plan-file", "tfplan.out", "plan.json"],
            scene.dialogue(0),
        )
        .must_end(0);
    scene.work_as(SAM);
    let shown = scene.run(&["approvals", "show"]).must_end(0);
    for text in [
        "\"proof\": \"proven\"",
        "\"lineage\": \"679f2774-45dc-fbdf-88b1-94e7b055b240\"",
        "\"serial\": 4",
        "\"terraformVersion\": \"1.11.4\"",
        "plan.json (plan file)",
    ] {
        assert!(
            shown.stdout.contains(text) || shown.stdout.contains(&text.replace(": ", ":")),
            "{text}\n{shown}"
        );
    }
    let verify = |more: &[&str]| scene.run(&[&["verify"], more].concat());
    verify(&["--plan-file", "tfplan.out", "plan.json"]).must_end(0);
    verify(&["plan.json"]).must_end(0);
    verify(&["--exact", "--plan-file", "tfplan.out", "plan.json"]).must_end(0);
    // Packed anew it is another file with the same content.
    scene.write("tfplan.out", doctored("02-update", |_| {}));
    verify(&["--plan-file", "tfplan.out", "plan.json"]).must_end(0);
    verify(&["--exact", "--plan-file", "tfplan.out", "plan.json"])
        .must_end(3)
        .must_say("other bytes than the approved plan");
    scene.write("tfplan.out", binary("03-replace"));
    verify(&["--plan-file", "tfplan.out", "plan.json"]).must_end(3);
}
