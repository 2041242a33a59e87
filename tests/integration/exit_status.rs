//! Every exit status with a real case, which of two wins, and the options that change what is returned.
//!
//! Where several hold, the first of 2, 4, 5, 1, 3, 0 wins: what cannot be judged is never called by the milder name.

use std::io::{Read, Write};
use std::process::Stdio;

use countersign::review::Exit;

use crate::scene::{Run, Scene, plan, plan_tree};

/// A policy that finds something in every plan.
const ALWAYS: &str = "package acme.always\n\ndeny contains \"always\" if true\n";
/// A policy that only warns.
const WARNS: &str = "package acme.warns\n\nwarn contains \"only a warning\" if true\n";
/// A policy that cannot be loaded.
const BROKEN: &str = "package acme.broken\n\ndeny contains msg if {\n";

fn outside(case: &str) -> Scene {
    let scene = Scene::new();
    scene.write("plan.json", plan(case));
    scene
}

#[test]
fn zero_nothing_blocks() {
    let run = outside("02-update")
        .run(&["--check", "plan.json"])
        .must_end(0);
    run.must_say("pass (exit 0)").must_say("rules evaluated");
}

#[test]
fn one_a_blocking_finding_is_open() {
    let run = outside("04-delete")
        .run(&["--check", "plan.json"])
        .must_end(1);
    run.must_say("blocked (exit 1): 8 soft-mandatory findings are open");
}

#[test]
fn one_a_reviewer_rejects() {
    let scene = Scene::change("04-delete");
    let run = scene
        .review(&["--plain"], "r\nnot while orders are open\nq\n")
        .must_end(1);
    run.must_say("rejected")
        .must_say("Rejected; the draft is saved.");
}

#[test]
fn two_the_command_line_is_wrong() {
    let scene = outside("02-update");
    for (arguments, said) in [
        (&["--chek", "plan.json"][..], "unexpected argument '--chek'"),
        (&["--check", "--format", "yaml", "plan.json"], "yaml"),
        (
            &["--check", "--report", "json", "plan.json"],
            "is not of the form FMT=FILE",
        ),
        (&["--check", "--report", "xml=x", "plan.json"], "xml"),
        (&["--check", "-", "-"], "Standard input was named twice."),
        (&["--check", "--trust", "author", "plan.json"], "author"),
        (&["--exit-zero", "plan.json"], "--check"),
        (&["--require-approval", "plan.json"], "--check"),
        (&["--check", "--plain", "plan.json"], "--plain"),
        (
            &["--check", "--diff", "x", "--repo", ".", "plan.json"],
            "--repo",
        ),
        (&["frobnicate", "--hard"], "--hard"),
        (&["policy"], "Usage"),
        (
            &["policy", "show", "no-such-policy"],
            "There is no policy no-such-policy.",
        ),
        (
            &["hook", "run", "post-checkout"],
            "There is no hook post-checkout",
        ),
    ] {
        let run = scene.run(arguments).must_end(2).must_say(said);
        assert!(
            run.stdout.is_empty(),
            "an error belongs on standard error\n{run}"
        );
    }
}

#[test]
fn two_no_plan_is_given_and_none_is_there() {
    let run = Scene::new().run(&["--check"]).must_end(2);
    run.must_say("there is none of tfplan.json, plan.json, tfplan")
        .must_say("hint: Make one: terraform plan");
}

#[test]
fn two_a_directory_or_pattern_holds_no_plan() {
    let scene = Scene::new();
    scene
        .run(&["--check", "."])
        .must_end(2)
        .must_say("There is no plan in .")
        .must_say("hint: ");
    scene
        .run(&["--check", "*/plan.json"])
        .must_end(2)
        .must_say("There is no plan in */plan.json.");
    scene.write("a/plan.json", plan("02-update"));
    scene.run(&["--check", "."]).must_end(0);
    scene.run(&["--check", "*/plan.json"]).must_end(0);
}

#[test]
fn two_an_interactive_review_needs_a_terminal() {
    let run = outside("02-update").run(&["plan.json"]).must_end(2);
    run.must_say("Standard output is not a terminal")
        .must_say("countersign --check");
}

#[test]
fn three_an_approval_is_missing() {
    let scene = Scene::change("02-update");
    scene.run(&["--check"]).must_end(0);
    scene
        .run(&["--check", "--require-approval"])
        .must_end(3)
        .must_say("unapproved (exit 3): no approval");
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("no approval: nobody approved this commit");
}

#[test]
fn three_a_review_is_left_undecided() {
    let scene = Scene::change("04-delete");
    let run = scene.review(&["--plain"], "q\n").must_end(3);
    run.must_say("Draft saved, not approved.");
    // The end of the input is no decision either.
    scene.review(&["--plain"], "").must_end(3);
}

#[test]
fn four_the_plan_cannot_be_reviewed() {
    let scene = Scene::new();
    scene
        .run(&["--check", "absent.json"])
        .must_end(4)
        .must_say("absent.json cannot be read")
        .must_say("hint: ");
    scene
        .run_on(&["--check", "-"], "{}")
        .must_end(4)
        .must_say("hint: ");
}

#[test]
fn five_a_policy_cannot_be_used() {
    let scene = outside("02-update");
    scene.write("rules/broken.rego", BROKEN);
    let run = scene
        .run(&["--check", "-p", "rules", "plan.json"])
        .must_end(5);
    run.must_say("rules/broken.rego:");
}

#[test]
fn usage_wins_over_bad_input() {
    let scene = Scene::new();
    scene.write("plan.json", "{}");
    scene.run(&["--check", "plan.json"]).must_end(4);
    scene
        .run(&["--check", "--format", "yaml", "plan.json"])
        .must_end(2);
    scene.write("countersign.toml", "[nonsense]\n");
    scene.run(&["--check", "plan.json"]).must_end(2);
}

#[test]
fn bad_input_wins_over_a_bad_policy() {
    let scene = outside("12-errored");
    scene.write("rules/broken.rego", BROKEN);
    let run = scene
        .run(&["--check", "-p", "rules", "plan.json"])
        .must_end(4);
    run.must_say("planning failed")
        .must_say("rules/broken.rego:");
}

#[test]
fn a_bad_policy_wins_over_findings() {
    let scene = outside("04-delete");
    scene.write("rules/broken.rego", BROKEN);
    let run = scene
        .run(&["--check", "-p", "rules", "-f", "json", "plan.json"])
        .must_end(5);
    // What the others found is still reported.
    assert_eq!(run.findings_of("no-destroy").len(), 8, "{run}");
}

#[test]
fn findings_win_over_a_missing_approval() {
    let scene = Scene::change("04-delete");
    let run = scene
        .run(&["--check", "--require-approval", "-f", "json"])
        .must_end(1);
    let reasons = run.report()["verdict"]["reasons"].to_string();
    assert!(
        reasons.contains("8 soft-mandatory findings are open") && reasons.contains("no approval"),
        "{run}"
    );
    // `verify` answers every refusal with 3.
    scene.run(&["verify"]).must_end(3);
}

#[test]
fn the_order_of_precedence_is_the_documented_one() {
    let order = [
        Exit::Usage,
        Exit::Input,
        Exit::Policy,
        Exit::Blocked,
        Exit::Unapproved,
        Exit::Pass,
    ];
    assert_eq!(order.map(Exit::code), [2, 4, 5, 1, 3, 0]);
    for (rank, first) in order.into_iter().enumerate() {
        for second in &order[rank..] {
            assert_eq!(first.and(*second), first);
            assert_eq!(second.and(first), first);
        }
    }
    let help = Scene::new().run(&["--help"]).must_end(0);
    for exit in Exit::ALL {
        assert!(
            help.says(&format!("{} {}", exit.code(), exit.name())),
            "{exit} is not in the help\n{help}"
        );
    }
}

#[test]
fn exit_zero_reports_findings_and_says_that_it_does() {
    let scene = outside("04-delete");
    let run = scene
        .run(&["--check", "--exit-zero", "-f", "json", "plan.json"])
        .must_end(0);
    assert_eq!(run.findings_of("no-destroy").len(), 8);
    // The actual status is in the report, and what it would have been is said.
    assert_eq!(run.report()["verdict"]["status"], "blocked", "{run}");
    assert!(
        run.stderr
            .contains("the verdict is blocked (exit 1), and 0 is returned"),
        "{run}"
    );
    scene
        .run(&["--check", "--exit-zero", "plan.json"])
        .must_end(0)
        .must_say("8 soft-mandatory findings are open");
}

#[test]
fn exit_zero_never_hides_an_error() {
    let scene = outside("04-delete");
    scene.write("rules/broken.rego", BROKEN);
    scene
        .run(&["--check", "--exit-zero", "-p", "rules", "plan.json"])
        .must_end(5);
    scene
        .run(&["--check", "--exit-zero", "absent.json"])
        .must_end(4);
    scene
        .run(&["--check", "--exit-zero", "--format", "yaml", "plan.json"])
        .must_end(2);
    let mut errored = plan_tree("04-delete");
    errored["errored"] = true.into();
    scene.write_json("errored.json", &errored);
    scene
        .run(&["--check", "--exit-zero", "errored.json"])
        .must_end(4);
    let unapproved = Scene::change("02-update");
    unapproved
        .run(&["--check", "--exit-zero", "--require-approval"])
        .must_end(3);
}

#[test]
fn warnings_block_only_when_asked() {
    let scene = outside("02-update");
    scene.write("rules/warns.rego", WARNS);
    let rules = ["--check", "-p", "rules", "-f", "json"];
    let run = scene
        .run(&[&rules[..], &["plan.json"]].concat())
        .must_end(0);
    assert_eq!(
        run.findings_of("acme.warns")[0]["enforcement"],
        "advisory",
        "{run}"
    );
    let run = scene
        .run(&[&rules[..], &["--fail-on-warn", "plan.json"]].concat())
        .must_end(1);
    assert!(
        run.report()["verdict"]["reasons"]
            .to_string()
            .contains("1 advisory finding is open"),
        "{run}"
    );
}

#[test]
fn several_plans_are_one_verdict() {
    let scene = outside("02-update");
    scene.write("a/plan.json", plan("04-delete"));
    let run = scene
        .run(&["--check", "-f", "json", "plan.json", "a/plan.json"])
        .must_end(1);
    assert_eq!(run.report()["plans"].as_array().unwrap().len(), 2);
    assert!(
        run.findings_of("no-destroy")
            .iter()
            .all(|finding| finding["plan"] == "a/plan.json"),
        "{run}"
    );
    // One that cannot be read is not left out of the verdict.
    scene
        .run(&["--check", "plan.json", "a/absent.json"])
        .must_end(4);
}

#[test]
fn the_gate_reads_standard_input() {
    let scene = Scene::new();
    let run = scene
        .run_on(&["--check", "-f", "json", "-"], plan("04-delete"))
        .must_end(1);
    assert_eq!(run.report()["plans"][0]["path"], "-", "{run}");
    scene
        .run_on(&["--check", "-"], "")
        .must_end(4)
        .must_say("the plan is empty");
}

#[test]
fn a_broken_pipe_is_quiet() {
    let scene = outside("04-delete");
    scene.write("rules/always.rego", ALWAYS);
    // A reader that takes one byte and leaves: more is written than any pipe holds.
    let arguments = ["--check", "-f", "json", "-p", "rules"]
        .into_iter()
        .chain(std::iter::repeat_n("plan.json", 40));
    let mut child = scene
        .countersign()
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    {
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut first).unwrap();
    }
    let run = Run::from_output(&child.wait_with_output().unwrap());
    assert_eq!(first, *b"{");
    assert_eq!((run.stderr.as_str(), run.status), ("", 1), "{run}");
}

#[test]
fn a_disk_without_space_is_an_error() {
    let full = std::path::Path::new("/dev/full");
    let Ok(mut device) = std::fs::OpenOptions::new().write(true).open(full) else {
        // Only Linux has this device; elsewhere a directory in the report's place shows the same.
        let scene = outside("02-update");
        scene.write("there/file", "");
        scene
            .run(&["--check", "-o", "there", "plan.json"])
            .must_end(4);
        return;
    };
    assert!(device.write_all(b"x").is_err());
    let scene = outside("02-update");
    let output = scene
        .countersign()
        .args(["--check", "plan.json"])
        .stdout(device)
        .output()
        .unwrap();
    let run = Run::from_output(&output).must_end(4);
    run.must_say("Standard output cannot be written");
}

#[test]
fn a_reader_that_is_gone_changes_no_status() {
    let scene = outside("02-update");
    for (arguments, status) in [
        (&["--check", "plan.json"][..], 0),
        (&["demo", "--check", "--quiet"], 1),
        (&["policy", "list"], 0),
        (&["completions", "bash"], 0),
        (&["man"], 0),
        (&["--help"], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = scene.countersign();
        command.args(arguments).stdin(Stdio::null()).stdout(writer);
        let run = Run::from_output(&command.stderr(Stdio::piped()).output().unwrap());
        assert_eq!(
            (run.stderr.as_str(), run.status),
            ("", status),
            "{arguments:?}\n{run}"
        );
    }
}
