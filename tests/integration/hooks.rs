//! The hooks in real repositories: `git merge` and `git push` stop a change that nobody approved or that something blocks.
//!
//! `pre-merge-commit` sees true merges, `pre-push` whatever reaches a protected branch of the remote, however it came about.

use std::fs;
use std::path::PathBuf;

use crate::scene::{Run, Scene, copy_terraform, package, plan};

/// A change with both hooks installed, `main` checked out, and the plan in the work tree.
pub(crate) fn guarded(case: &str) -> Scene {
    let scene = Scene::change(case);
    install(&scene);
    scene.git(&["checkout", "--quiet", "main"]);
    scene
}

pub(crate) fn install(scene: &Scene) -> Run {
    scene.run(&["hook", "install"]).must_end(0)
}

/// As [`guarded`], with `main` pushed to a bare repository beside it.
fn with_remote(case: &str) -> Scene {
    let scene = Scene::change(case);
    let remote = scene.beside("remote.git").display().to_string();
    scene.git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        &remote,
    ]);
    scene.git(&["remote", "add", "origin", &remote]);
    scene.git(&["checkout", "--quiet", "main"]);
    scene.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
    install(&scene);
    scene
}

fn approve(scene: &Scene, waivers: usize) {
    scene.git(&["checkout", "--quiet", "feat"]);
    scene.approve(waivers);
    scene.git(&["checkout", "--quiet", "main"]);
}

fn remote_main(scene: &Scene) -> String {
    scene.git(&["ls-remote", "origin", "refs/heads/main"])[..40].to_owned()
}

fn hook(scene: &Scene, name: &str) -> PathBuf {
    scene.path(".git/hooks").join(name)
}

fn write_hook(path: &std::path::Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// A merge that the hook stopped: git waits in the middle of it, and nothing moved.
#[track_caller]
fn stopped(scene: &Scene, run: Run) -> Run {
    assert_ne!(run.status, 0, "the merge went through\n{run}");
    assert!(
        scene.path(".git/MERGE_HEAD").exists(),
        "git keeps the merge open\n{run}"
    );
    assert_eq!(scene.git(&["log", "-1", "--format=%s"]), "Before");
    scene.git(&["merge", "--abort"]);
    run
}

#[test]
fn an_unapproved_merge_stops() {
    let scene = guarded("02-update");
    let run = stopped(
        &scene,
        scene.try_git(&["merge", "--no-ff", "--no-edit", "feat"]),
    );
    run.must_say("no approval: nobody approved this commit")
        .must_say("Review it: countersign --base");
}

#[test]
fn a_blocked_merge_stops() {
    let scene = guarded("04-delete");
    let run = stopped(
        &scene,
        scene.try_git(&["merge", "--no-ff", "--no-edit", "feat"]),
    );
    run.must_say("blocked, exit 1")
        .must_say("8 soft-mandatory findings are open");
}

#[test]
fn an_approved_merge_goes_through() {
    let scene = guarded("04-delete");
    approve(&scene, 8);
    // The proposed setting makes every merge a true one.
    scene.git(&["config", "merge.ff", "false"]);
    let run = scene.try_git(&["merge", "--no-edit", "feat"]).must_end(0);
    run.must_say("is covered by a valid approval (not signed)");
    assert_eq!(
        scene.git(&["log", "-1", "--format=%P"]).split(' ').count(),
        2
    );
    scene.run(&["verify", "--base", "main^1"]).must_end(0);
}

#[test]
fn a_plan_with_another_effect_stops_an_approved_merge() {
    let scene = guarded("02-update");
    approve(&scene, 0);
    scene.write("plan.json", plan("04-delete"));
    stopped(
        &scene,
        scene.try_git(&["merge", "--no-ff", "--no-edit", "feat"]),
    )
    .must_say("other effect");
}

#[test]
fn a_merge_without_a_plan_stops() {
    let scene = guarded("02-update");
    approve(&scene, 0);
    fs::remove_file(scene.path("plan.json")).unwrap();
    let run = stopped(
        &scene,
        scene.try_git(&["merge", "--no-ff", "--no-edit", "feat"]),
    );
    run.must_say("changes Terraform, and there is no plan of it here")
        .must_say("terraform show -json");
}

#[test]
fn a_commit_on_top_of_the_approved_one_stops() {
    let scene = guarded("02-update");
    approve(&scene, 0);
    scene.git(&["checkout", "--quiet", "feat"]);
    scene.write("extra.tf", "resource \"terraform_data\" \"extra\" {}\n");
    scene.commit("One thing more");
    scene.git(&["checkout", "--quiet", "main"]);
    stopped(
        &scene,
        scene.try_git(&["merge", "--no-ff", "--no-edit", "feat"]),
    )
    .must_say("other commit");
}

#[test]
fn a_configuration_in_the_change_does_not_open_the_gate() {
    let scene = Scene::change("04-delete");
    scene.write("countersign.toml", "[policies]\ndisable = [\"no-destroy\"]\n[approval]\nprevent_self = false\n[git]\nallowed_refs = []\n");
    scene.commit("Make it easy");
    install(&scene);
    scene.git(&["checkout", "--quiet", "main"]);
    stopped(
        &scene,
        scene.try_git(&["merge", "--no-ff", "--no-edit", "feat"]),
    )
    // Those of no-destroy, and the change of the configuration itself.
    .must_say("9 soft-mandatory findings are open");
}

#[test]
fn a_change_without_terraform_passes() {
    let scene = Scene::repository();
    copy_terraform(&package("testdata/plans/02-update"), &scene.path("infra"));
    scene.commit("Before");
    scene.git(&["checkout", "--quiet", "-b", "docs"]);
    scene.write("docs/readme.md", "words");
    scene.commit("Words");
    install(&scene);
    scene.git(&["checkout", "--quiet", "main"]);
    let run = scene
        .try_git(&["merge", "--no-ff", "--no-edit", "docs"])
        .must_end(0);
    run.must_say(
        "touches no Terraform and nothing that decides about approvals; nothing to check.",
    );
    // A template beside Terraform files may be read by them.
    scene.git(&["checkout", "--quiet", "-b", "template"]);
    scene.write("infra/user-data.tpl", "#!/bin/sh");
    scene.commit("A template");
    scene.git(&["checkout", "--quiet", "main"]);
    assert_ne!(
        scene
            .try_git(&["merge", "--no-ff", "--no-edit", "template"])
            .status,
        0
    );
}

#[test]
fn a_fast_forward_reaches_no_protected_branch_without_approval() {
    let scene = with_remote("02-update");
    let before = remote_main(&scene);
    // A fast-forward runs no merge hook: the push is where it stops.
    scene.git(&["merge", "--quiet", "--ff-only", "feat"]);
    let run = scene.try_git(&["push", "origin", "main"]);
    assert_ne!(run.status, 0, "{run}");
    run.must_say("no approval: nobody approved this commit");
    assert_eq!(remote_main(&scene), before);
    scene.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    approve(&scene, 0);
    scene.git(&["merge", "--quiet", "--ff-only", "feat"]);
    scene
        .try_git(&["push", "origin", "main"])
        .must_end(0)
        .must_say("is covered by a valid approval");
    assert_eq!(remote_main(&scene), scene.git(&["rev-parse", "feat"]));
}

#[test]
fn a_squash_and_a_direct_push_stop_in_the_same_way() {
    let scene = with_remote("04-delete");
    let run = scene.try_git(&["push", "origin", "feat:main"]);
    assert_ne!(run.status, 0, "{run}");
    run.must_say("blocked, exit 1");
    scene.git(&["merge", "--squash", "feat"]);
    scene.git(&["commit", "--quiet", "-m", "Squashed"]);
    assert_ne!(scene.try_git(&["push", "origin", "main"]).status, 0);
    scene.git(&["reset", "--quiet", "--hard", "HEAD^"]);
    approve(&scene, 8);
    scene.git(&["merge", "--squash", "feat"]);
    scene.git(&["commit", "--quiet", "-m", "Squashed"]);
    scene.try_git(&["push", "origin", "main"]).must_end(0);
}

#[test]
fn other_branches_tags_and_notes_are_pushed_freely() {
    let scene = with_remote("04-delete");
    scene.try_git(&["push", "origin", "feat"]).must_end(0);
    scene.git(&["tag", "trial", "feat"]);
    scene.try_git(&["push", "origin", "trial"]).must_end(0);
    approve(&scene, 8);
    scene
        .try_git(&["push", "origin", "refs/notes/countersign"])
        .must_end(0);
    scene.try_git(&["push", "origin", ":feat"]).must_end(0);
}

#[test]
fn a_free_branch_can_be_pushed_over_a_tip_that_is_not_here() {
    let scene = with_remote("02-update");
    scene.git(&["push", "--quiet", "origin", "feat"]);
    // Somebody else pushed to the branch; it was never fetched.
    let other = scene.beside("other").display().to_string();
    scene.git(&[
        "clone",
        "--quiet",
        "--branch",
        "feat",
        &scene.beside("remote.git").display().to_string(),
        &other,
    ]);
    scene.git(&[
        "-C",
        &other,
        "-c",
        "user.name=K",
        "-c",
        "user.email=k@example.com",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "Mine",
    ]);
    scene.git(&["-C", &other, "push", "--quiet", "origin", "feat"]);
    scene
        .try_git(&["push", "--force", "origin", "feat"])
        .must_end(0);
    // Over an unknown tip of a protected branch nothing can be judged.
    scene.git(&["-C", &other, "push", "--quiet", "origin", "feat:main"]);
    let run = scene.try_git(&["push", "--force", "origin", "main"]);
    assert_ne!(run.status, 0, "{run}");
    run.must_say("what refs/heads/main is on origin is not here")
        .must_say("Run: git fetch origin");
}

#[test]
fn the_protected_branches_are_the_bases_to_name() {
    let scene = Scene::change_with(
        "02-update",
        "[git]\nallowed_refs = [\"refs/heads/live*\"]\n",
    );
    let remote = scene.beside("remote.git").display().to_string();
    scene.git(&[
        "init",
        "--quiet",
        "--bare",
        "--initial-branch=main",
        &remote,
    ]);
    scene.git(&["remote", "add", "origin", &remote]);
    scene.git(&["push", "--quiet", "origin", "main", "main:live-1"]);
    install(&scene);
    scene.try_git(&["push", "origin", "feat:main"]).must_end(0);
    let run = scene.try_git(&["push", "origin", "feat:live-1"]);
    assert_ne!(run.status, 0, "{run}");
    run.must_say("no approval");
}

#[test]
fn installing_twice_changes_nothing_and_proposes_true_merges() {
    let scene = Scene::change("02-update");
    install(&scene)
        .must_say("git config merge.ff false")
        .must_say("pre-push: installed");
    let before = fs::read(hook(&scene, "pre-push")).unwrap();
    install(&scene).must_say("pre-merge-commit: already there");
    assert_eq!(fs::read(hook(&scene, "pre-push")).unwrap(), before);
    assert!(!hook(&scene, "pre-push.before-countersign").exists());
    scene
        .run(&["hook", "uninstall"])
        .must_end(0)
        .must_say("pre-push: removed");
    assert!(!hook(&scene, "pre-push").exists() && !hook(&scene, "pre-merge-commit").exists());
    scene.run(&["hook", "uninstall"]).must_end(0);
}

#[test]
fn a_hook_that_was_there_runs_first_and_comes_back() {
    let scene = with_remote("02-update");
    scene.run(&["hook", "uninstall"]).must_end(0);
    let own = "#!/bin/sh\nwhile read -r line; do echo \"$1 $line\" >>pushed.out; done\n";
    write_hook(&hook(&scene, "pre-push"), own);
    install(&scene).must_say("the hook that was there runs first");
    scene.git(&["push", "--quiet", "origin", "feat"]);
    assert!(
        scene
            .read("pushed.out")
            .starts_with("origin refs/heads/feat ")
    );
    // Its failure is final.
    write_hook(
        &hook(&scene, "pre-push.before-countersign"),
        "#!/bin/sh\nexit 9\n",
    );
    assert_ne!(scene.try_git(&["push", "origin", "feat:again"]).status, 0);
    write_hook(&hook(&scene, "pre-push.before-countersign"), own);
    scene
        .run(&["hook", "uninstall"])
        .must_end(0)
        .must_say("the earlier hook is back");
    assert_eq!(fs::read_to_string(hook(&scene, "pre-push")).unwrap(), own);
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    let scene = Scene::change("02-update");
    let elsewhere = scene.beside("team-hooks");
    scene.git(&["config", "core.hooksPath", &elsewhere.display().to_string()]);
    install(&scene);
    assert!(
        elsewhere.join("pre-merge-commit").exists() && !hook(&scene, "pre-merge-commit").exists()
    );
    scene.git(&["checkout", "--quiet", "main"]);
    stopped(
        &scene,
        scene.try_git(&["merge", "--no-ff", "--no-edit", "feat"]),
    )
    .must_say("no approval");
}

#[test]
fn a_hooks_directory_of_the_project_is_left_to_the_project() {
    let scene = Scene::change("02-update");
    scene.git(&["config", "core.hooksPath", ".githooks"]);
    let run = scene.run(&["hook", "install"]);
    assert_ne!(run.status, 0, "{run}");
    run.must_say("pre-push: not written; add this line")
        .must_say("countersign hook run pre-push");
    assert!(!scene.path(".githooks/pre-push").exists());
}

#[test]
fn hooks_need_a_repository() {
    Scene::new()
        .run(&["hook", "install"])
        .must_end(4)
        .must_say("There is no git repository at");
    // By hand, without git, nothing could be checked and nothing passes.
    let scene = Scene::change("02-update");
    scene
        .run(&["hook", "run", "pre-merge-commit"])
        .must_end(4)
        .must_say("Git did not say what is merged");
    scene
        .run_on(&["hook", "run", "pre-push", "origin"], "nonsense\n")
        .must_end(4)
        .must_say("line 1 of the hook's input");
}
