//! A change that would loosen the rules by which it is judged: those of the base hold.

use super::*;

/// On a stage on which eight objects are destroyed and nobody approved anything.
const LOOSENED: [Attempt; 5] = [
    ("the change turns a policy off", "no approval", |s| {
        configure(s, "[policies]\ndisable = [\"no-destroy\"]\n");
    }),
    (
        "the change makes a policy advisory",
        "findings are open",
        |s| {
            configure(s, "[policy.no-destroy]\nenforcement = \"advisory\"\n");
        },
    ),
    ("the change brings a waiver", "findings are open", |s| {
        let day = crate::scene::days_from_now(30);
        configure(
            s,
            &format!(
                "[[waiver]]\npolicy = \"no-destroy\"\naddress = \"*\"\nreason = \"it is fine, really\"\nowner = \"sam\"\nexpires = {day}\n"
            ),
        );
    }),
    (
        "the change brings a waiving comment",
        "findings are open",
        |s| {
            let day = crate::scene::days_from_now(30);
            s.write(
                "main.tf",
                format!(
                    "# countersign:waive no-destroy until={day} it is fine, really\n{}",
                    s.read("main.tf")
                ),
            );
            s.commit("Waive");
        },
    ),
    (
        "the work tree's configuration allows it",
        "findings are open",
        |s| {
            s.write(
                "countersign.toml",
                "[policies]\ndisable = [\"no-destroy\"]\n",
            );
        },
    ),
];

fn configure(scene: &Scene, text: &str) {
    scene.write("countersign.toml", text);
    scene.commit("Configure");
}

#[test]
fn a_change_that_loosens_the_policies_is_judged_by_those_of_the_base() {
    let Some(stage) = stage("04-delete", "") else {
        return;
    };
    refuse_all(&stage, &LOOSENED);
}

#[test]
fn a_change_that_loosens_the_rules_for_approvals_is_judged_by_those_of_the_base() {
    let strict = "[approval]\nrequired = 2\n[approval.groups]\nsecurity = [\"kim@example.com\"]\n";
    let Some(stage) = stage("02-update", strict) else {
        return;
    };
    // The changes to the rules are findings themselves, which everybody has to answer.
    for (answers, loose) in [
        (1, "[approval]\nrequired = 1\nprevent_self = false\n"),
        (2, "[approval]\nallowed_signers = \"elsewhere\"\n"),
    ] {
        let scene = stage.copied();
        scene.write("elsewhere", format!("* {}\n", public(&scene, "eve")));
        configure(&scene, loose);
        approve(&scene, RAE, "rae", answers).must_end(0);
        scene
            .run(&["verify"])
            .must_end(3)
            .must_say("under quorum: 1 of 2");
        approve(&scene, RAE, "eve", answers)
            .must_say("not authorised")
            .must_say("nothing was written");
        approve(&scene, SAM, "sam", answers);
        scene
            .run(&["verify"])
            .must_end(3)
            .must_say("under quorum: 1 of 2");
        approve(&scene, KIM, "kim", answers).must_end(0);
        scene
            .run(&["verify"])
            .must_end(0)
            .must_say("2 approvals, all signed");
    }
}

#[test]
fn rules_that_changed_on_the_base_need_a_new_review() {
    let Some(stage) = approved() else { return };
    for (text, reason) in [
        ("[approval]\nttl = \"3d\"\n", "other configuration"),
        ("[policies]\ndisable = [\"no-destroy\"]\n", "other policies"),
    ] {
        let scene = stage.copied();
        on_main(&scene, || scene.write("countersign.toml", text));
        scene.run(&["verify"]).must_end(3).must_say(reason);
    }
}
