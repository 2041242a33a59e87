//! Where findings point: the commit, its base, or the plan's snapshot, and never a line that is not known.

use serde_json::{Value as Json, json};

use crate::scene::{Run, Scene, package, plan};

fn location<'f>(findings: &'f [Json], address: &str) -> &'f Json {
    let of = |finding: &&Json| finding["address"] == address;
    &findings
        .iter()
        .find(of)
        .unwrap_or_else(|| panic!("{address}"))["location"]
}

#[test]
fn what_is_gone_points_to_the_lines_of_the_base() {
    let scene = Scene::change("04-delete");
    let run = scene.run(&["--check", "-f", "json"]).must_end(1);
    let findings = run.findings_of("no-destroy");
    let dropped = location(&findings, "terraform_data.dropped");
    assert_eq!(dropped["file"], "main.tf", "{run}");
    assert_eq!(
        (&dropped["side"], &dropped["in_diff"]),
        (&json!("base"), &json!(true))
    );
    let line = usize::try_from(dropped["line"].as_u64().unwrap()).unwrap();
    let before = scene.git(&["show", "main:main.tf"]);
    let text = before.lines().nth(line - 1).unwrap();
    assert_eq!(text, "resource \"terraform_data\" \"dropped\" {");
    let inner = location(&findings, "module.old.terraform_data.this");
    assert_eq!(
        (&inner["file"], &inner["side"]),
        (&json!("leaf/main.tf"), &json!("base"))
    );
    assert_eq!(inner["in_diff"], false, "the module's file stays\n{run}");
    scene
        .run(&["--check"])
        .must_say("of the base, which the change removes")
        .must_say(&format!("> {line} | {text}"));
}

#[test]
fn what_a_removed_block_takes_out_points_to_it() {
    let scene = Scene::change("05-forget");
    let run = scene.run(&["--check", "-f", "json"]);
    let findings = run.findings_of("no-destroy");
    let found = location(&findings, "terraform_data.destroyed_with_provisioner");
    assert_eq!(found["kind"], "removed", "{run}");
    assert!(
        found["side"] == "commit" && found["line"].as_u64() > Some(0),
        "{run}"
    );
}

#[test]
fn where_no_line_is_known_none_is_given() {
    let scene = Scene::repository();
    scene.write("other.tf", "resource \"x\" \"y\" {}\n");
    scene.commit("Nothing of the plan");
    scene.write("plan.json", plan("04-delete"));
    let run = scene.run(&["--check", "-f", "json"]).must_end(1);
    for finding in run.findings_of("no-destroy") {
        assert!(finding["location"].is_null(), "{run}");
    }
    scene
        .run(&["--check"])
        .must_say("at an unknown line")
        .must_say("which directory plan.json was made in is not known");
}

#[test]
fn several_root_modules_are_told_apart_wherever_the_review_starts() {
    let scene = Scene::repository();
    for (directory, case) in [("a", "02-update"), ("b", "04-delete")] {
        let from = package("testdata/plans").join(case);
        crate::scene::copy_terraform(&from, &scene.path(directory));
    }
    scene.commit("Two roots");
    scene.write("plan.json", plan("04-delete"));
    let run = scene.run(&["--check", "-f", "json"]).must_end(1);
    let findings = run.findings_of("no-destroy");
    let found = location(&findings, "terraform_data.counted[2]");
    assert_eq!(found["file"], "b/main.tf", "{run}");
    scene
        .run(&["--check", "--trace"])
        .must_say("root module in \"b\": it declares all that the plan's configuration names")
        .must_not_say("is not known");
}

#[cfg(unix)]
#[test]
fn a_binary_plan_brings_its_own_lines() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let case = package("testdata/plans/04-delete");
    let program = scene.beside("empty").join("terraform");
    let script = format!(
        "#!/bin/sh\nexec /bin/cat '{}'\n",
        case.join("plan.json").display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    scene.write("tfplan", std::fs::read(case.join("tfplan")).unwrap());
    let check = |arguments: &[&str]| {
        let mut command = scene.countersign();
        command.args(["--check", "tfplan"]).args(arguments);
        Run::of(command.env("PATH", scene.beside("empty")), b"").must_end(1)
    };
    let run = check(&["-f", "json"]);
    let findings = run.findings_of("no-destroy");
    let found = location(&findings, "terraform_data.counted[2]");
    assert_eq!(found["file"], "main.tf", "{run}");
    assert_eq!(found["side"], "plan-snapshot", "{run}");
    assert!(
        found["in_diff"].is_null() && found["line"].as_u64() > Some(0),
        "{run}"
    );
    check(&[]).must_say("of the plan's snapshot, which is not in the commit");
}
