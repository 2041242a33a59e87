//! Repositories that cannot say what the change is: each is a named error with the command that helps, and status 4.

use crate::bad_input::refused;
use crate::scene::{Run, Scene, plan};

#[test]
fn a_repository_without_a_commit_is_refused() {
    let scene = Scene::repository();
    scene.write("plan.json", plan("02-update"));
    refused(
        &scene,
        &["plan.json"],
        "the branch `main` has no commit yet",
    );
    let run = scene.run(&["verify", "--format", "json"]).must_end(4);
    assert_eq!(run.report()["verdict"]["status"], "input", "{run}");
}

#[test]
fn a_base_or_head_that_does_not_exist_is_refused() {
    let scene = Scene::change("02-update");
    refused(
        &scene,
        &["--base", "origin/main"],
        "the base `origin/main` (from --base) does not exist",
    );
    refused(&scene, &["--base=--output=x"], "does not exist");
    refused(
        &scene,
        &["--head", "nowhere"],
        "the head `nowhere` does not exist",
    );
    let mut check = scene.countersign();
    let run = Run::of(
        check.args(["--check"]).env("GITHUB_BASE_REF", "release"),
        b"",
    )
    .must_end(4);
    run.must_say("the base `release` (from GITHUB_BASE_REF) does not exist")
        .must_say("hint: Run: git fetch");
}

#[test]
fn unrelated_histories_are_refused() {
    let scene = Scene::change("02-update");
    scene.git(&["checkout", "--quiet", "--orphan", "other"]);
    scene.commit("A history of its own");
    refused(&scene, &["--base", "main"], "have no common history");
}

#[test]
fn a_shallow_clone_without_the_merge_base_is_refused_with_the_command_that_fetches_it() {
    let origin = Scene::change("02-update");
    origin.git(&["checkout", "--quiet", "main"]);
    origin.write("other.txt", "main goes on");
    origin.commit("Something else");
    let url = format!("file://{}", origin.path("").display());
    let scene = Scene::new();
    scene.git(&[
        "clone",
        "--quiet",
        "--depth",
        "1",
        "--no-single-branch",
        &url,
        "clone",
    ]);
    scene.write("clone/plan.json", plan("02-update"));
    let arguments = [
        "--repo",
        "clone",
        "--base",
        "origin/main",
        "--head",
        "origin/feat",
        "clone/plan.json",
    ];
    refused(
        &scene,
        &arguments,
        "this clone is shallow and does not reach the merge base",
    );
    let run = scene
        .run(&[&["--check"], &arguments[..]].concat())
        .must_say("git fetch --unshallow");
    // The command that was named helps.
    let advice = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: Run: git "))
        .unwrap();
    let words: Vec<&str> = ["-C", "clone"]
        .into_iter()
        .chain(advice.split(' '))
        .collect();
    scene.git(&words);
    scene
        .run(&[&["--check"], &arguments[..]].concat())
        .must_end(0);
}

#[test]
fn a_repository_that_was_named_and_is_none_is_refused() {
    let scene = Scene::new();
    scene.write("plan.json", plan("02-update"));
    refused(
        &scene,
        &["--repo", ".", "plan.json"],
        "There is no git repository at .",
    );
    refused(&scene, &["--repo", "absent", "plan.json"], "absent");
    refused(
        &scene,
        &["--base", "main", "plan.json"],
        "There is no git repository at",
    );
    refused(
        &scene,
        &["--trust", "base", "plan.json"],
        "there is no base commit",
    );
    refused(
        &scene,
        &["--require-approval", "plan.json"],
        "there is no repository that could hold one",
    );
}

#[test]
fn a_diff_file_with_nonsense_is_refused() {
    let scene = Scene::new();
    scene.write("plan.json", plan("02-update"));
    refused(
        &scene,
        &["--diff", "absent.diff", "plan.json"],
        "absent.diff cannot be used",
    );
    scene.write(
        "hunk.diff",
        "--- a/main.tf\n+++ b/main.tf\n@@ -1,2 +1,2 @@\n one\n",
    );
    refused(
        &scene,
        &["--diff", "hunk.diff", "plan.json"],
        "hunk.diff cannot be used",
    );
    scene.write("text.diff", "this is no diff\n");
    refused(
        &scene,
        &["--diff", "text.diff", "plan.json"],
        "text.diff cannot be used",
    );
}

#[test]
fn a_head_that_the_base_holds_is_no_change_and_says_so() {
    let scene = Scene::change("02-update");
    scene.git(&["checkout", "--quiet", "main"]);
    let run = scene.run(&["--check", "-f", "json"]).must_end(0);
    assert!(run.report()["change"].is_null(), "{run}");
    scene
        .run(&["--check"])
        .must_end(0)
        .must_say("no base was asked for and none was found");
    scene
        .run(&["--check", "--base", "feat"])
        .must_end(1)
        .must_say("already holds the head")
        .must_say("The commit is 1 commit behind refs/heads/feat");
    refused(
        &scene,
        &["--require-approval"],
        "there is no change under review",
    );
}
