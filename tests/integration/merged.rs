//! Approvals after the merge: a fast-forward, a merge commit and a squash have the reviewed tree, so the approval still covers them.

use crate::approval::{accepted, approved};
use crate::scene::{RAE, Scene};

/// The ways in which a change reaches `main`.
const MERGES: [&[&str]; 3] = [
    &["merge", "--quiet", "--ff-only", "feat"],
    &["merge", "--quiet", "--no-ff", "--no-edit", "feat"],
    &["merge", "--squash", "feat"],
];

/// Merges `feat` into `main`; gives the commit that `main` was before.
fn merge(scene: &Scene, how: &[&str]) -> String {
    scene.git(&["checkout", "--quiet", "main"]);
    let before = scene.git(&["rev-parse", "main"]);
    scene.git(how);
    if how.contains(&"--squash") {
        scene.git(&["commit", "--quiet", "-m", "Squashed"]);
    }
    before
}

#[test]
fn after_the_change_was_merged_in_any_way_its_approval_still_covers_it() {
    for how in MERGES {
        let scene = Scene::change("04-delete");
        scene.approve(8);
        let before = merge(&scene, how);
        accepted(&scene, &["--base", &before]);
        // What comes on top is not covered.
        scene.write("extra.tf", "resource \"terraform_data\" \"extra\" {}\n");
        scene.commit("One thing more");
        scene.run(&["verify", "--base", &before]).must_end(3);
    }
}

#[test]
fn on_a_merged_branch_only_a_merge_commit_says_what_was_there_before() {
    for how in MERGES {
        let scene = Scene::change("02-update");
        scene.approve(0);
        let remote = scene.beside("remote.git").display().to_string();
        scene.git(&[
            "init",
            "--quiet",
            "--bare",
            "--initial-branch=main",
            &remote,
        ]);
        scene.git(&["remote", "add", "origin", &remote]);
        let before = merge(&scene, how);
        scene.git(&["push", "--quiet", "origin", "main"]);
        scene.git(&["fetch", "--quiet", "origin"]);
        scene.git(&["remote", "set-head", "origin", "main"]);
        if how.contains(&"--no-ff") {
            accepted(&scene, &[]);
        } else {
            // The commit before may belong to the change as well: it must be named.
            let run = scene.run(&["verify"]).must_end(3);
            run.must_say("hint: Name that commit: countersign verify --base COMMIT");
        }
        accepted(&scene, &["--base", &before]);
    }
}

#[test]
fn the_reviewer_may_merge_what_she_approved_but_a_squash_makes_her_its_author() {
    for how in MERGES {
        let scene = approved();
        scene.work_as(RAE);
        let before = merge(&scene, how);
        if how.contains(&"--squash") {
            let run = scene.run(&["verify", "--base", &before]).must_end(3);
            run.must_say("self-approval: rae@example.com wrote part of this change");
        } else {
            accepted(&scene, &["--base", &before]);
        }
    }
}
