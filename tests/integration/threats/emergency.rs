//! Break-glass, owners of code and `exact`: who must approve, what sets that aside, and what nothing sets aside.

use jiff::SignedDuration;

use super::{KIM, approve, note, people, refuse_all, shift, sign_anew, stage};
use crate::scene::{RAE, Run, SAM, Scene, plan};

const GLASS: &str = "[approval]\nrequired = 2\nbreak_glass = \"oncall\"\n[approval.groups]\noncall = [\"sam@example.com\", \"kim@example.com\"]\n";

/// Somebody breaks glass at the keyboard with a key.
fn break_glass(scene: &Scene, who: (&str, &str), key: &str, reason: &str) -> Run {
    let setting = format!("~/.ssh/{key}");
    scene.git(&["config", "--global", "user.signingkey", &setting]);
    scene.work_as(who);
    let run = scene.review(&["--plain", "--break-glass", reason], dialogue(scene));
    scene.work_as(SAM);
    run
}

/// Waives the finding about the configuration, where the change edits it, and approves.
fn dialogue(scene: &Scene) -> String {
    let edits = scene.git(&["diff", "--name-only", "main...feat"]);
    scene.dialogue(usize::from(edits.contains("countersign.toml")))
}

/// Sam, who wrote the change and is on call, broke glass.
fn broken() -> Option<Scene> {
    let scene = stage("02-update", GLASS)?;
    break_glass(&scene, SAM, "sam", "database is down, INC-31")
        .must_end(0)
        .must_say("BREAK-GLASS, NOT AN APPROVAL: database is down, INC-31")
        .must_say("Not approved: glass is broken.");
    Some(scene)
}

#[test]
fn broken_glass_lets_through_with_a_mark_of_its_own_in_every_report() {
    let Some(scene) = broken() else {
        return;
    };
    let mark = "break-glass: Sam Rivera <sam@example.com> set aside who must approve, until";
    let run = scene.run(&["verify", "--format", "json"]).must_end(0);
    let report = run.report();
    assert!(
        report["verdict"]["reasons"][0]
            .as_str()
            .unwrap()
            .starts_with(mark),
        "{run}"
    );
    assert_eq!(
        report["approvals"][0]["break_glass"], "database is down, INC-31",
        "{run}"
    );
    run.must_say("let through, not approved: break-glass: Sam Rivera")
        .must_say("(no approval: nobody approved this commit; review it with countersign)")
        .must_not_say("verified:");
    for format in [
        "human", "sarif", "junit", "github", "gitlab", "markdown", "html",
    ] {
        let run = scene.run(&["verify", "--format", format]).must_end(0);
        assert!(run.stdout.contains("break-glass"), "{format}\n{run}");
    }
    scene
        .run(&["verify"])
        .must_say("approvals (0 of 1 valid)")
        .must_say("! BROKEN");
    scene
        .run(&["approvals", "list"])
        .must_end(0)
        .must_say("BREAK-GLASS, not an approval: database is down, INC-31");
    // Once enough people approve, it is an approval like any other, and the record is only listed.
    approve(&scene, RAE, "rae", 0).must_end(0);
    scene
        .run(&["verify"])
        .must_end(0)
        .must_say("let through, not approved");
    approve(&scene, KIM, "kim", 0).must_end(0);
    scene
        .run(&["verify"])
        .must_end(0)
        .must_say(
            "verified: a valid approval covers this plan and commit (3 approvals, all signed)",
        )
        .must_say("! BROKEN");
}

#[test]
fn broken_glass_sets_nothing_else_aside() {
    let Some(scene) = broken() else {
        return;
    };
    refuse_all(
        &scene,
        &[
            (
                "Rae, who is not on call, signs such a record",
                "break-glass: rae@example.com does not belong to the group that may",
                |s| {
                    sign_anew(s, "rae", |r| r.reviewer.email = RAE.1.to_owned());
                },
            ),
            ("its signature is left out", "unsigned", |s| {
                let text = note(s);
                let record = countersign::approval::Record::parse(&text).unwrap();
                let bare = countersign::approval::Record::unsigned(record.statement().clone());
                super::put(s, bare.unwrap().line());
            }),
            ("it is given a longer life", "malformed", |s| {
                super::sign_text(s, |text| {
                    let text = text.replace("\"created\":\"2", "\"created\":\"1");
                    assert!(text.contains("\"created\":\"1"));
                    text
                });
            }),
            ("it is used the next day", "expired", |s| {
                sign_anew(s, "sam", |r| shift(r, -1));
            }),
            ("its reason is blanked", "malformed", |s| {
                super::sign_text(s, |text| text.replace("database is down, INC-31", " "));
            }),
            ("another plan", "other effect", |s| {
                s.write("plan.json", plan("04-delete"));
            }),
            ("another commit", "other commit", |s| {
                s.write("more.tf", "locals {}\n");
                s.commit("More");
            }),
            ("it was taken back", "revoked", |s| {
                let digest = s.run(&["approvals", "list"]).must_end(0).stdout[..12].to_owned();
                s.run(&["approvals", "revoke", &digest]).must_end(0);
            }),
            ("approvals are suspended", "frozen", |s| {
                s.write(".countersign/freeze", "stop\n");
                s.commit("Freeze");
            }),
        ],
    );
}

#[test]
fn glass_is_there_only_where_the_base_puts_it_and_only_for_its_group() {
    let Some(scene) = stage("02-update", "[approval]\nrequired = 2\n") else {
        return;
    };
    scene.write("countersign.toml", GLASS);
    scene.commit("Let us break glass");
    break_glass(&scene, SAM, "sam", "no reason")
        .must_say("[approval] break_glass on the base names no group");
    scene.run(&["verify"]).must_end(3).must_say("no approval");
    let Some(scene) = stage("02-update", GLASS) else {
        return;
    };
    break_glass(&scene, RAE, "rae", "I may not")
        .must_say("rae@example.com does not belong to the group that may");
    break_glass(&scene, SAM, "sam", " ").must_say("Breaking glass needs a reason.");
    scene.run(&["verify"]).must_end(3).must_say("no approval");
    // What blocks needs an answer as ever.
    let Some(scene) = stage("04-delete", GLASS) else {
        return;
    };
    break_glass(&scene, SAM, "sam", "quick").must_say("undecided");
    scene.run(&["verify"]).must_end(3);
    // Without a list of signers anybody could claim to be on call.
    let scene = Scene::change_with("02-update", GLASS);
    scene.work_as(KIM);
    let dialogue = scene.dialogue(0);
    scene
        .review(&["--plain", "--break-glass", "quick"], dialogue)
        .must_say("counts only where the base says who may sign");
    scene.run(&["verify"]).must_end(3).must_say("no approval");
}

#[test]
fn a_break_glass_record_lives_for_four_hours() {
    let Some(scene) = broken() else {
        return;
    };
    let record = countersign::approval::Record::parse(&note(&scene)).unwrap();
    let statement = record.statement();
    let life = statement.expires.duration_since(statement.created);
    assert_eq!(life, SignedDuration::from_hours(4));
}

fn owned(scene: &Scene) {
    people(scene);
    scene.write(
        ".github/CODEOWNERS",
        "* @reviewers\n*.tf @org/data kim@example.com\n/docs/ @org/gone\n",
    );
}

const OWNERS: &str = "[approval]\ncodeowners = \".github/CODEOWNERS\"\n[approval.groups]\nreviewers = [\"rae@example.com\"]\n\"org/data\" = [\"dana@example.com\"]\n";

#[test]
fn owners_of_the_base_approve_what_they_own() {
    if super::keygen().is_none() {
        return;
    }
    let scene = Scene::change_prepared("02-update", OWNERS, owned);
    approve(&scene, RAE, "rae", 0).must_end(0);
    let reason = "code owners: 0 of 1 approvals for main.tf by its owners @org/data, kim@example.com (.github/CODEOWNERS:2)";
    scene.run(&["verify"]).must_end(3).must_say(reason);
    // Owners whom the change names do not count.
    let easy = scene.copied();
    easy.write(".github/CODEOWNERS", "* rae@example.com\n");
    easy.commit("Mine");
    approve(&easy, RAE, "rae", 1);
    let run = easy.run(&["verify"]);
    assert_eq!(run.status, 3, "{run}");
    approve(&scene, KIM, "kim", 0).must_end(0);
    scene
        .run(&["verify"])
        .must_end(0)
        .must_say("2 approvals, all signed");
}

#[test]
fn an_owner_that_the_base_does_not_know_stops_the_approval() {
    if super::keygen().is_none() {
        return;
    }
    let scene = Scene::change_prepared("02-update", OWNERS, owned);
    scene.write("docs/a.md", "words\n");
    scene.commit("Words");
    approve(&scene, KIM, "kim", 0).must_end(0);
    approve(&scene, RAE, "rae", 0).must_end(0);
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("unknown owner: .github/CODEOWNERS:3 names @org/gone");
}

#[test]
fn a_file_of_owners_that_is_missing_or_not_understood_is_an_error() {
    for (text, says) in [
        ("", "does not exist where the configuration is read from"),
        ("*.tf rae\n", ".github/CODEOWNERS:1: an owner is written"),
    ] {
        let scene = Scene::repository();
        scene.write(
            "countersign.toml",
            "[approval]\ncodeowners = \".github/CODEOWNERS\"\n",
        );
        if !text.is_empty() {
            scene.write(".github/CODEOWNERS", text);
        }
        scene.commit("Before");
        scene.git(&["checkout", "-q", "-b", "feat"]);
        scene.commit("After");
        scene.write("plan.json", plan("02-update"));
        scene
            .run(&["--check", "plan.json"])
            .must_end(2)
            .must_say(says);
    }
}

#[test]
fn exact_on_the_base_asks_for_the_same_bytes() {
    let Some(scene) = stage("02-update", "[approval]\nexact = true\n") else {
        return;
    };
    approve(&scene, RAE, "rae", 0).must_end(0);
    scene.run(&["verify"]).must_end(0);
    let again = format!("{}\n", scene.read("plan.json").trim_end());
    scene.write("plan.json", format!("{again}\n"));
    scene
        .run(&["verify"])
        .must_end(3)
        .must_say("has other bytes than the approved plan");
}
