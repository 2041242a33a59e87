//! Approving line by line and `verify`: what an approval covers, and the named reason why not.
//!
//! Every approval here is made by the program itself, by Rae at the keyboard, and lies in a git note. Only the records whose time is
//! over are made by editing one of those, since nobody can wait two weeks.

use countersign::approval::{Given, Record, read_note};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::scene::{RAE, Run, SAM, Scene};
use crate::terminal::Terminal;

const NOTES: &str = "refs/notes/countersign";

/// A change without findings that Rae approved; Sam is back at the keyboard.
pub(crate) fn approved() -> Scene {
    let scene = Scene::change("02-update");
    scene.approve(0);
    scene
}

/// Both ways to ask must refuse with status 3 and this reason.
#[track_caller]
fn refused(scene: &Scene, arguments: &[&str], reason: &str) {
    let verify = scene
        .run(&[&["verify", "--format", "json"], arguments].concat())
        .must_end(3);
    assert!(
        verify.report()["verdict"]["reasons"]
            .to_string()
            .contains(reason),
        "{reason:?} was expected\n{verify}"
    );
    scene
        .run(&[&["--check", "--require-approval"], arguments].concat())
        .must_end(3)
        .must_say(reason);
}

#[track_caller]
pub(crate) fn accepted(scene: &Scene, arguments: &[&str]) -> Run {
    let verify = scene
        .run(&[&["verify", "--format", "json"], arguments].concat())
        .must_end(0);
    assert_eq!(verify.report()["approvals"][0]["valid"], true, "{verify}");
    verify
}

/// The note of a commit as it stands.
fn note(scene: &Scene, commit: &str) -> String {
    scene.git(&["notes", "--ref", NOTES, "show", commit])
}

/// A plan of the change made anew: later, and with its set-like lists in another order.
fn planned_again(scene: &Scene) -> Json {
    let mut tree: Json = serde_json::from_str(&scene.read("plan.json")).unwrap();
    tree["timestamp"] = "2031-01-02T03:04:05Z".into();
    tree["relevant_attributes"]
        .as_array_mut()
        .unwrap()
        .reverse();
    tree
}

#[test]
fn an_approval_covers_the_plan_and_the_commit() {
    let scene = Scene::change("02-update");
    refused(&scene, &[], "no approval");
    let run = scene
        .approve(0)
        .must_say("Approved: refs/notes/countersign on");
    run.must_say("not signed: git names no SSH key to sign with")
        .must_say("git push origin refs/notes/countersign");
    accepted(&scene, &[]).must_say("verified: a valid approval covers this plan and commit");
    scene.run(&["--check", "--require-approval"]).must_end(0);
    let list = scene.run(&["approvals", "list"]).must_end(0);
    assert!(
        list.stdout.contains("Rae Okafor <rae@example.com>") && list.stdout.contains("unsigned"),
        "{list}"
    );
}

#[test]
fn a_record_holds_no_value_of_the_plan() {
    let scene = approved();
    let lines = read_note(note(&scene, "HEAD").as_bytes());
    let payload = lines[0]
        .record
        .as_ref()
        .unwrap()
        .statement()
        .payload()
        .unwrap();
    assert!(
        payload.contains("in-toto.io/Statement/v1") && payload.contains("rae@example.com"),
        "{payload}"
    );
    for value in ["registry.example.com", "LOG_LEVEL", "1.5.0", "FEATURE_X"] {
        assert!(!payload.contains(value), "{value} is in {payload}");
    }
}

#[test]
fn waivers_of_the_reviewer_count_only_with_the_approval() {
    let scene = Scene::change("04-delete");
    scene.approve(8).must_say("8 of 8 decided");
    let run = accepted(&scene, &[]);
    let report = run.report();
    assert_eq!(report["counts"]["waived"], 8, "{run}");
    let waiver = &report["findings"][0]["waiver"];
    assert!(
        waiver.to_string().contains("agreed with the owner, OPS-7"),
        "{run}"
    );
    scene.run(&["--check", "--require-approval"]).must_end(0);
    scene.run(&["--check"]).must_end(1);
}

#[test]
fn a_plan_made_again_with_the_same_effect_is_covered() {
    let scene = Scene::change("02-update");
    // The step's plan holds one relevant attribute; Terraform writes more of them in any order.
    let mut tree: Json = serde_json::from_str(&scene.read("plan.json")).unwrap();
    let more = json!({"resource": "terraform_data.untouched", "attribute": ["id"]});
    tree["relevant_attributes"]
        .as_array_mut()
        .unwrap()
        .push(more);
    scene.write_json("plan.json", &tree);
    scene.approve(0);
    accepted(&scene, &[]);
    let again = planned_again(&scene);
    assert_ne!(again["relevant_attributes"], tree["relevant_attributes"]);
    scene.write_json("plan.json", &again);
    accepted(&scene, &[]);
    refused_by_verify(&scene, &["--exact"], "other bytes than the approved plan");
}

#[track_caller]
fn refused_by_verify(scene: &Scene, arguments: &[&str], reason: &str) {
    scene
        .run(&[&["verify"], arguments].concat())
        .must_end(3)
        .must_say(reason);
}

#[test]
fn a_plan_with_another_effect_is_not_covered() {
    let scene = approved();
    let mut tree = planned_again(&scene);
    tree["resource_changes"][1]["change"]["after"]["input"] = "something else".into();
    scene.write_json("plan.json", &tree);
    refused(&scene, &[], "other effect");
}

#[test]
fn a_plan_of_another_name_is_not_covered() {
    let scene = approved();
    scene.write("other.json", scene.read("plan.json"));
    refused(&scene, &["other.json"], "other plan");
    // More plans than were reviewed are not covered by those that were.
    refused(&scene, &["plan.json", "other.json"], "other plan");
}

#[test]
fn another_commit_is_not_covered() {
    let scene = approved();
    scene.write("extra.tf", "resource \"terraform_data\" \"extra\" {}\n");
    scene.commit("One thing more");
    refused(&scene, &[], "other commit");
}

#[test]
fn a_base_that_moved_under_the_change_is_not_covered() {
    // On the other base the change would not explain the plan, which is a finding of its own.
    let scene = Scene::change_with(
        "02-update",
        "[policies]\ndisable = [\"unexplained-change\"]\n",
    );
    scene.write("extra.tf", "# Nothing here yet.\n");
    scene.commit("One thing more");
    scene.approve(0);
    accepted(&scene, &[]);
    scene.git(&["branch", "--force", "main", "feat~1"]);
    refused(&scene, &[], "base moved");
}

#[test]
fn a_base_that_only_went_on_leaves_the_approval_alone() {
    let scene = approved();
    scene.git(&["checkout", "--quiet", "main"]);
    scene.write("docs.md", "unrelated");
    scene.commit("Elsewhere");
    scene.git(&["checkout", "--quiet", "feat"]);
    accepted(&scene, &[]);
}

#[test]
fn other_policies_or_another_configuration_are_not_covered() {
    for (configuration, reason) in [
        ("[approval]\nttl = \"3d\"\n", "other configuration"),
        ("[policies]\ndisable = [\"no-destroy\"]\n", "other policies"),
    ] {
        let scene = approved();
        scene.git(&["checkout", "--quiet", "main"]);
        scene.write("countersign.toml", configuration);
        scene.commit("Configure");
        scene.git(&["checkout", "--quiet", "feat"]);
        refused(&scene, &[], reason);
    }
}

#[test]
fn an_author_cannot_approve_the_own_change() {
    let scene = Scene::change("02-update");
    scene.review(&["--plain"], scene.dialogue(0));
    scene.run(&["verify"]).must_end(3);
    // A co-author is an author, whatever the spelling of the address.
    let scene = Scene::change("02-update");
    scene.git(&[
        "commit",
        "--quiet",
        "--amend",
        "-m",
        "After\n\nCo-authored-by: Rae <RAE@Example.com>",
    ]);
    scene.work_as(RAE);
    scene.review(&["--plain"], scene.dialogue(0));
    scene.work_as(SAM);
    scene.run(&["verify"]).must_end(3);
    // Where the team allows it, it counts.
    let scene = Scene::change_with("02-update", "[approval]\nprevent_self = false\n");
    scene.review(&["--plain"], scene.dialogue(0)).must_end(0);
    accepted(&scene, &[]);
}

#[test]
fn two_reviewers_are_needed_where_two_are_asked_for() {
    let scene = Scene::change_with("02-update", "[approval]\nrequired = 2\n");
    scene.approve(0);
    refused(&scene, &[], "under quorum: 1 of 2");
    // The same person twice is one person.
    scene.approve(0);
    refused(&scene, &[], "under quorum: 1 of 2");
    scene.work_as(("Kim Tran", "kim@example.com"));
    scene.review(&["--plain"], scene.dialogue(0)).must_end(0);
    scene.work_as(SAM);
    accepted(&scene, &[]);
}

/// Moves a record in time, as if it had been made that many days ago.
fn moved(line: &str, days: i64) -> String {
    let mut statement = Record::parse(line).unwrap().statement().clone();
    let back = SignedDuration::from_hours(24 * days);
    for time in [&mut statement.created, &mut statement.expires] {
        *time = time.checked_sub(back).unwrap();
    }
    for answer in &mut statement.answers {
        if let Given::Reviewer { at, .. } = &mut answer.given {
            *at = at.checked_sub(back).unwrap();
        }
    }
    Record::unsigned(statement).unwrap().line().to_owned()
}

#[test]
fn an_approval_expires() {
    let scene = approved();
    let line = note(&scene, "HEAD");
    let put = |text: &str| {
        scene.git(&[
            "notes", "--ref", NOTES, "add", "--force", "-m", text, "HEAD",
        ])
    };
    put(&moved(&line, 13));
    accepted(&scene, &[]);
    put(&moved(&line, 15));
    refused(&scene, &[], "expired");
    put(&moved(&line, -2));
    refused(&scene, &[], "from the future");
}

#[test]
fn a_shorter_life_is_the_configurations_to_set() {
    let scene = Scene::change_with("02-update", "[approval]\nttl = \"2d\"\n");
    scene.approve(0);
    let line = note(&scene, "HEAD");
    scene.git(&[
        "notes",
        "--ref",
        NOTES,
        "add",
        "--force",
        "-m",
        &moved(&line, 3),
        "HEAD",
    ]);
    refused(&scene, &[], "expired");
}

#[test]
fn what_is_no_record_does_not_count() {
    let scene = Scene::change("02-update");
    scene.git(&[
        "notes",
        "--ref",
        NOTES,
        "add",
        "-m",
        "approved by the boss",
        "HEAD",
    ]);
    refused(&scene, &[], "malformed");
    scene.approve(0);
    accepted_among_others(&scene);
    // A record for this commit on the note of another one is still for this commit; one that was edited is none.
    let scene = approved();
    let line = note(&scene, "HEAD");
    let forged = line.replacen(
        "\"signatures\":[]",
        "\"signatures\":[{\"keyid\":\"x\",\"sig\":\"eA==\"}]",
        1,
    );
    assert_ne!(line, forged);
    scene.git(&[
        "notes", "--ref", NOTES, "add", "--force", "-m", &forged, "HEAD",
    ]);
    refused(&scene, &[], "bad signature");
}

#[track_caller]
fn accepted_among_others(scene: &Scene) {
    let run = scene.run(&["verify", "--format", "json"]).must_end(0);
    let valid: Vec<Json> = run.report()["approvals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["valid"].clone())
        .collect();
    assert_eq!(
        valid.iter().filter(|valid| **valid == true).count(),
        1,
        "{run}"
    );
    assert_eq!(valid.len(), 2, "{run}");
}

#[test]
fn approving_needs_the_exact_words() {
    let scene = Scene::change("02-update");
    scene.work_as(RAE);
    for words in ["", "yes", "approve", "approve 00000000"] {
        let run = scene
            .review(&["--plain"], format!("A\n{words}\nq\n"))
            .must_end(3);
        run.must_not_say("Approved:");
    }
    refused(&scene, &[], "no approval");
}

#[test]
fn approving_needs_a_work_tree_as_committed() {
    let scene = Scene::change("02-update");
    scene.write("main.tf", "# edited since\n");
    scene.work_as(RAE);
    let run = scene
        .review(&["--plain"], scene.dialogue(0))
        .must_say("The work tree differs from the commit in main.tf");
    assert_ne!(run.status, 0, "{run}");
    refused_by_verify(&scene, &[], "no approval");
}

#[test]
fn a_draft_is_kept_and_resumed() {
    let scene = Scene::change("04-delete");
    scene.work_as(RAE);
    scene
        .review(&["--plain"], "w\nagreed with the owner, OPS-7\n\nq\n")
        .must_end(3)
        .must_say("1 of 8 decided");
    scene
        .review(&["--plain"], "q\n")
        .must_end(3)
        .must_say("1 of 8 decided");
    scene.run(&["approvals", "purge", "--all"]).must_end(0);
    scene
        .review(&["--plain"], "q\n")
        .must_end(3)
        .must_say("0 of 8 decided");
}

#[test]
fn a_waiver_needs_a_reason() {
    let scene = Scene::change("04-delete");
    let run = scene.review(&["--plain"], "w\nok\n\nq\n").must_end(3);
    run.must_say("A reason of at least 10 characters is needed")
        .must_not_say("1 of 8 decided");
}

#[test]
fn the_record_is_written_elsewhere_too() {
    let scene = Scene::change("02-update");
    scene.work_as(RAE);
    scene
        .review(&["--plain", "--record", "record.out"], scene.dialogue(0))
        .must_end(0);
    assert_eq!(scene.read("record.out").trim_end(), note(&scene, "HEAD"));
}

#[test]
fn nobody_approves_through_a_pipe_nor_with_what_was_typed_before_the_question() {
    let scene = Scene::change("02-update");
    scene.work_as(RAE);
    // Everything that a person would type, but nobody who could see anything.
    let run = scene.run_on(&["--plain"], scene.dialogue(0) + "q\n");
    run.must_end(2)
        .must_say("nobody can see what is to be reviewed");
    // The words in the pipe are no words, also where somebody looks on.
    let words = scene.dialogue(0).replace("\napprove", "\n approve");
    let run = scene.review(&["--plain"], words + "q\n");
    run.must_end(3).must_say("Type one of the letters");
    scene.run(&["verify"]).must_end(3).must_say("no approval");
    // At a terminal the words wait in the queue before the question is there.
    let mut terminal = Terminal::open();
    let mut command = scene.countersign();
    command.arg("--plain").env("TERM", "xterm-256color");
    let dialogue = scene.dialogue(0);
    terminal.keys(&dialogue);
    let mut child = terminal.start(command);
    terminal.wait_for("Type the words to approve");
    terminal.keys("\n");
    terminal.keys("q\n");
    let status = child.wait().unwrap();
    let text = terminal.close();
    assert_eq!(status.code(), Some(3), "{text}");
    scene.run(&["verify"]).must_end(3).must_say("no approval");
}
