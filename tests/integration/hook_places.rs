//! The hooks on pushes of every kind, and in places where git runs them less often: linked work trees, directories below, `GIT_DIR`, a
//! work tree of a bare repository.

use crate::hooks::{guarded, install};
use crate::scene::{Run, Scene};

/// What git would say to the hook about one reference.
fn pushed(scene: &Scene, lines: &str) -> Run {
    scene.run_on(&["hook", "run", "pre-push", "origin", "url"], lines)
}

#[test]
fn deletions_new_branches_and_many_references_in_one_push() {
    let scene = Scene::change_with(
        "02-update",
        "[git]\nallowed_refs = [\"refs/heads/main\", \"refs/heads/live/*\"]\n",
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
    scene.git(&["push", "--quiet", "origin", "main"]);
    install(&scene);
    let (zero, unknown) = ("0".repeat(40), "1".repeat(40));
    let (head, base) = (
        scene.git(&["rev-parse", "feat"]),
        scene.git(&["rev-parse", "main"]),
    );
    // Also a tip that was never fetched can be deleted, where the default branch does not protect it.
    pushed(
        &scene,
        &format!("(delete) {zero} refs/heads/free {unknown}\n"),
    )
    .must_end(0);
    for name in ["main", "live/one"] {
        pushed(
            &scene,
            &format!("(delete) {zero} refs/heads/{name} {unknown}\n"),
        )
        .must_end(3)
        .must_say("is protected; deleting it stops here");
    }
    pushed(
        &scene,
        &format!("refs/tags/v1 {head} refs/tags/v1 {unknown}\n"),
    )
    .must_end(0);
    // A new branch that the default branch's patterns name, in a clone that never heard of the remote's HEAD.
    let new = format!("HEAD {head} refs/heads/live/two {zero}\n");
    pushed(&scene, &new).must_end(3).must_say("no approval");
    // One that must not among a hundred that may.
    let mut free = String::new();
    for number in 0..100 {
        free += &format!("HEAD {head} refs/heads/free-{number} {zero}\n");
    }
    pushed(&scene, &free).must_end(0);
    pushed(
        &scene,
        &format!("{free}HEAD {head} refs/heads/main {base}\n"),
    )
    .must_end(3)
    .must_say("no approval");
    scene.git(&["push", "--quiet", "--no-verify", "origin", "feat:main"]);
    scene.git(&["checkout", "--quiet", "-b", "other", &base]);
    scene.write("other.tf", "locals {}\n");
    scene.commit("Other");
    let run = scene.try_git(&["push", "--force", "origin", "other:main", "other:free"]);
    assert_ne!(run.status, 0, "{run}");
    run.must_say("a forced push is not covered by an approval");
    pushed(&scene, "no such line\n").must_end(4);
}

#[test]
fn hooks_run_in_linked_work_trees_from_below_and_with_git_dir() {
    let scene = guarded("02-update");
    let linked = scene.beside("linked").display().to_string();
    scene.git(&["checkout", "--quiet", "feat"]);
    scene.git(&["worktree", "add", "--quiet", &linked, "main"]);
    std::fs::copy(scene.path("plan.json"), scene.beside("linked/plan.json")).unwrap();
    let merge = |arguments: &[&str]| scene.try_git(&[&["-C", &linked], arguments].concat());
    for place in [".", "below"] {
        std::fs::create_dir_all(scene.beside("linked").join(place)).unwrap();
        let run = merge(&["-C", place, "merge", "--no-ff", "--no-edit", "feat"]);
        assert_ne!(run.status, 0, "{run}");
        run.must_say("no approval");
        merge(&["merge", "--abort"]).must_end(0);
    }
    scene.approve(0);
    merge(&["-C", "below", "merge", "--no-ff", "--no-edit", "feat"]).must_end(0);
    // With the repository in the environment, from somewhere else.
    scene.git(&["worktree", "remove", "--force", &linked]);
    scene.git(&["branch", "--force", "main", "feat^"]);
    scene.git(&["checkout", "--quiet", "main"]);
    scene.git(&["update-ref", "-d", "refs/notes/countersign"]);
    let mut git = scene.command("git");
    git.current_dir(scene.beside("empty"))
        .env("GIT_DIR", scene.path(".git"))
        .env("GIT_WORK_TREE", scene.path(""))
        .args(["merge", "--no-ff", "--no-edit", "feat"]);
    let run = Run::of(&mut git, b"");
    assert_ne!(run.status, 0, "{run}");
    run.must_say("no approval");
}

#[test]
fn a_work_tree_of_a_bare_repository_has_the_hooks_of_people() {
    let scene = Scene::change("02-update");
    let (bare, linked) = (scene.beside("bare.git"), scene.beside("linked"));
    let (bare, linked) = (bare.display().to_string(), linked.display().to_string());
    scene.git(&["clone", "--quiet", "--bare", ".", &bare]);
    scene.git(&["-C", &bare, "worktree", "add", "--quiet", &linked, "main"]);
    scene
        .run(&["hook", "install", "--repo", &linked])
        .must_end(0)
        .must_say("pre-push: installed at");
    std::fs::copy(scene.path("plan.json"), scene.beside("linked/plan.json")).unwrap();
    let who = [
        "-C",
        &linked,
        "-c",
        "user.name=S",
        "-c",
        "user.email=s@example.com",
    ];
    let merge = ["merge", "--no-ff", "--no-edit", "feat"];
    let run = scene.try_git(&[&who[..], &merge].concat());
    assert_ne!(run.status, 0, "{run}");
    run.must_say("no approval");
    // The hook of the bare repository itself stands beside them.
    scene
        .run(&["hook", "install", "--repo", &bare])
        .must_end(0)
        .must_say("pre-receive: installed at");
}
