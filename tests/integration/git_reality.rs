//! Repositories as they are met: linked work trees, bare ones, submodules, checkouts of a CI, odd names and contents.
//!
//! What cannot be read ends with status 4 and the command that helps; what can be read is seen whole.

use std::fs;

use crate::bad_input::refused;
use crate::scene::{Run, Scene, plan};

/// A policy that tells what it sees of the change, a finding for each file.
const TELL: &str = r#"package tell.files

# METADATA
# title: Tells the files
# custom:
#   needs: [git]
warn contains msg if {
	some file in input.countersign.git.files
	msg := sprintf("<%s %s %v %d %d>", [file.status, file.path, file.binary, count(file.hunks), sum([count(h.added) | some h in file.hunks])])
}
"#;

/// For changes that are not those of the plan.
fn without_explanation(scene: &Scene) {
    let text = "[policies]\ndisable = [\"unexplained-change\"]\n";
    scene.write("countersign.toml", text);
}

/// Writes the policy beside the repository.
fn tell(scene: &Scene) {
    fs::create_dir_all(scene.beside("tell")).unwrap();
    fs::write(scene.beside("tell/tell.rego"), TELL).unwrap();
}

/// A clone beside the working directory, with the plan in it.
fn cloned(origin: &Scene, options: &[&str]) -> Scene {
    let scene = Scene::new();
    let url = format!("file://{}", origin.path("").display());
    let mut all = vec!["clone", "--quiet"];
    all.extend(options);
    all.extend([url.as_str(), "."]);
    scene.git(&all);
    scene.write("plan.json", plan("02-update"));
    scene
}

/// Runs what a hint says.
fn follow_hint(scene: &Scene, run: &Run) {
    let line = run
        .stderr
        .lines()
        .find_map(|l| l.strip_prefix("hint: Run: "));
    let line = line.unwrap_or_else(|| panic!("no command\n{run}"));
    let mut shell = scene.command("sh");
    Run::of(shell.args(["-c", line]), b"").must_end(0);
}

#[test]
fn a_linked_work_tree_is_reviewed_as_its_own_branch() {
    let scene = Scene::change("02-update");
    scene.git(&["worktree", "add", "--quiet", "-b", "other", "tree"]);
    scene.write("tree/plan.json", plan("02-update"));
    let mut command = scene.countersign();
    command.current_dir(scene.path("tree")).arg("--check");
    Run::of(&mut command, b"")
        .must_end(0)
        .must_say("on other: 1 file, +5 -4");
}

#[test]
fn a_bare_repository_is_reviewed_without_a_work_tree() {
    let scene = Scene::change("02-update");
    scene.git(&["clone", "--quiet", "--bare", ".", "bare.git"]);
    let names = ["--base", "main", "--head", "feat"];
    scene
        .run(&[&["--check", "--repo", "bare.git", "plan.json"], &names[..]].concat())
        .must_end(0)
        .must_say("on feat: 1 file, +5 -4");
    let mut command = scene.countersign();
    command.current_dir(scene.path("bare.git/refs"));
    command.args(["--check", "../../plan.json"]).args(names);
    Run::of(&mut command, b"")
        .must_end(0)
        .must_say("on feat: 1 file, +5 -4");
}

#[test]
fn a_detached_head_has_no_branch_and_is_reviewed() {
    let scene = Scene::change("02-update");
    scene.git(&["checkout", "--quiet", "--detach"]);
    scene
        .run(&["--check"])
        .must_end(0)
        .must_say(": 1 file, +5 -4")
        .must_not_say(" on feat");
}

#[test]
fn a_repository_of_sha256_is_reviewed() {
    let scene = Scene::new();
    scene.git(&["init", "-q", "--object-format=sha256", "-b", "main"]);
    scene.work_as(crate::scene::SAM);
    scene.write("main.tf", "");
    without_explanation(&scene);
    scene.commit("One");
    scene.git(&["checkout", "-q", "-b", "feat"]);
    scene.write("main.tf", "locals {}\n");
    let head = scene.commit("Two");
    assert_eq!(head.len(), 64);
    scene.write("plan.json", plan("02-update"));
    let run = scene.run(&["--check", "-f", "json"]).must_end(0);
    assert_eq!(run.report()["change"]["head"], head.as_str(), "{run}");
    assert_eq!(run.report()["change"]["insertions"], 1, "{run}");
}

#[test]
fn a_partial_clone_names_the_command_that_brings_the_contents() {
    let origin = Scene::change("02-update");
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let scene = cloned(&origin, &[filter, "--no-checkout"]);
        let arguments = ["--base", "origin/main", "--head", "origin/feat"];
        refused(&scene, &arguments, "an object is missing here");
        let all = [&["--check"], &arguments[..]].concat();
        follow_hint(&scene, &scene.run(&all));
        scene.run(&all).must_end(0).must_say("1 file, +5 -4");
    }
}

/// The server's side of a pull request: `main` went on, and the merge of both is what the CI checks out.
fn pull_request() -> Scene {
    let origin = Scene::change("02-update");
    origin.git(&["checkout", "--quiet", "main"]);
    origin.write("other.txt", "main goes on\n");
    origin.commit("Something else");
    origin.git(&["checkout", "--quiet", "--detach"]);
    origin.git(&["merge", "--quiet", "--no-ff", "-m", "Merge feat", "feat"]);
    origin.git(&["update-ref", "refs/pull/7/merge", "HEAD"]);
    origin.git(&["checkout", "--quiet", "main"]);
    origin
}

#[test]
fn the_merge_of_a_pull_request_is_compared_with_its_target() {
    let origin = pull_request();
    let scene = Scene::new();
    scene.git(&["init", "--quiet"]);
    let url = format!("file://{}", origin.path("").display());
    scene.git(&["remote", "add", "origin", &url]);
    let merge = "refs/remotes/pull/7/merge";
    let refspec = format!("+refs/pull/7/merge:{merge}");
    scene.git(&["fetch", "--quiet", "--depth=1", "origin", &refspec]);
    scene.git(&["checkout", "--quiet", "--detach", merge]);
    scene.write("plan.json", plan("02-update"));
    let check = || {
        let mut command = scene.countersign();
        command
            .args(["--check"])
            .env("GITHUB_REF", "refs/pull/7/merge")
            .env("GITHUB_HEAD_REF", "feat")
            .env("GITHUB_BASE_REF", "main");
        Run::of(&mut command, b"")
    };
    // As a CI checks out by default: one commit, and nothing of the target.
    let run = check()
        .must_end(4)
        .must_say("the base `main` (from GITHUB_BASE_REF) does not exist");
    follow_hint(&scene, &run);
    // What main did meanwhile is no part of the change.
    check().must_end(0).must_say("1 file, +5 -4");
}

#[test]
fn a_shallow_merge_without_its_history_names_the_fetch() {
    let origin = pull_request();
    let scene = Scene::new();
    scene.git(&["init", "--quiet"]);
    let url = format!("file://{}", origin.path("").display());
    scene.git(&["remote", "add", "origin", &url]);
    scene.git(&[
        "fetch",
        "-q",
        "--depth=1",
        "origin",
        "+refs/pull/7/merge:refs/remotes/pull/merge",
    ]);
    scene.git(&[
        "fetch",
        "-q",
        "--depth=1",
        "origin",
        "+refs/heads/*:refs/remotes/origin/*",
    ]);
    scene.git(&["checkout", "--quiet", "--detach", "refs/remotes/pull/merge"]);
    scene.write("plan.json", plan("02-update"));
    let arguments = ["--check", "--base", "origin/main"];
    let run = scene
        .run(&arguments)
        .must_end(4)
        .must_say("this clone is shallow and does not reach the merge base");
    follow_hint(&scene, &run);
    scene.run(&arguments).must_end(0).must_say("1 file, +5 -4");
    // An expression that goes behind the end of the history.
    let shallow = cloned(&origin, &["--depth=1", "--branch=feat"]);
    refused(&shallow, &["--base", "HEAD~1"], "does not exist");
    let run = shallow.run(&["--check", "--base", "HEAD~1"]);
    follow_hint(&shallow, &run);
    shallow.run(&["--check", "--base", "HEAD~1"]).must_end(0);
}

#[test]
fn a_submodule_that_moves_is_part_of_the_change() {
    let scene = Scene::change("02-update");
    let module = Scene::repository();
    module.write("main.tf", "resource \"terraform_data\" \"x\" {}\n");
    let first = module.commit("One");
    module.write("main.tf", "# more\n");
    module.commit("Two");
    let url = format!("file://{}", module.path("").display());
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &url,
        "lib",
    ];
    scene.git(&["checkout", "--quiet", "main"]);
    scene.git(&add);
    without_explanation(&scene);
    scene.commit("A submodule");
    scene.git(&["checkout", "--quiet", "-b", "bump"]);
    scene.git(&["-C", "lib", "checkout", "--quiet", &first]);
    scene.write("sub.tf", "module \"lib\" {\n  source = \"./lib\"\n}\n");
    scene.commit("Another version");
    tell(&scene);
    let run = scene.run(&["--check", "--policy", "../tell"]).must_end(0);
    run.must_say("<modified lib false 0 0>")
        .must_say("<added sub.tf false 1 3>")
        .must_say("sub.tf:1: The module `lib` was not followed: `lib` is a submodule");
    // Started inside, the submodule's own repository is what is reviewed.
    scene.write("lib/plan.json", plan("02-update"));
    let mut command = scene.countersign();
    command
        .current_dir(scene.path("lib"))
        .args(["--check", "-f", "json"]);
    command.args(["--base", "HEAD"]);
    let run = Run::of(&mut command, b"").must_end(0);
    assert!(run.report()["change"].is_null(), "{run}");
}

#[cfg(unix)]
#[test]
fn renames_binaries_line_endings_and_odd_names_are_seen() {
    use std::os::unix::ffi::OsStrExt;
    let scene = Scene::change("02-update");
    scene.git(&["checkout", "--quiet", "main"]);
    let odd = std::ffi::OsStr::from_bytes(b"n\xe9.tf");
    let lines = "# a line\n".repeat(40);
    scene.write("big.tf", &lines);
    scene.write("blob.bin", [0_u8, 1, 2, 3]);
    scene.write("crlf.tf", "locals {\r\n  x = 1\r\n}\r\n");
    fs::write(scene.path("").join(odd), "# one\n").unwrap();
    without_explanation(&scene);
    scene.commit("Odd files");
    scene.git(&["checkout", "--quiet", "-b", "odd"]);
    scene.git(&["mv", "big.tf", "renamed.tf"]);
    scene.write("renamed.tf", format!("{lines}# more\n"));
    scene.write("blob.bin", [0_u8, 1, 2, 4]);
    scene.write("crlf.tf", "locals {\r\n  x = 2\r\n}\r\n");
    fs::write(scene.path("").join(odd), "# one\n# two\n").unwrap();
    let hostile = "a\u{1b}[31m\nerror: forged\u{202e}.tf";
    scene.write(hostile, "locals {}\n");
    scene.commit("Changed");
    scene.write(hostile, "locals { }\n");
    tell(&scene);
    let run = scene.run(&["--check", "--policy", "../tell"]).must_end(0);
    assert!(
        !run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}'),
        "{run}"
    );
    let forged = |text: &str| text.lines().any(|line| line.starts_with("error: forged"));
    assert!(!forged(&run.stdout) && !forged(&run.stderr), "{run}");
    run.must_say("<renamed renamed.tf false 1 1>")
        .must_say("<modified blob.bin true 0 0>")
        .must_say("<modified crlf.tf false 1 1>")
        .must_say("<modified n%E9.tf false 1 1>")
        .must_say("the work tree differs from the commit under review in a<U+001B>[31m");
}

#[test]
fn hostile_names_of_branches_are_shown_and_do_nothing() {
    let scene = Scene::change("02-update");
    let branch = "x\u{202e}evil\u{200b}";
    scene.git(&["checkout", "--quiet", "-b", branch]);
    let run = scene.run(&["--check"]).must_end(0);
    assert!(!run.stdout.contains('\u{202e}'), "{run}");
    run.must_say("on x<U+202E>evil<U+200B>: 1 file");
    let base = "ma\u{1b}[31m\nhint: Run: rm -rf .\u{202e}in";
    refused(&scene, &["--base", base], "does not exist");
    let run = scene.run(&["--check", "--base", base]).must_end(4);
    let hints: Vec<&str> = run
        .stderr
        .lines()
        .filter(|l| l.starts_with("hint: "))
        .collect();
    assert_eq!(hints, ["hint: Run: git branch --all"], "{run}");
    assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']), "{run}");
    // A name that git accepts is one word of the command, whatever is in it.
    let mut command = scene.countersign();
    let base = "$(touch${IFS}stolen);'x'";
    command.arg("--check").env("GITHUB_BASE_REF", base);
    let run = Run::of(&mut command, b"").must_end(4);
    let line = run
        .stderr
        .lines()
        .find_map(|l| l.strip_prefix("hint: Run: "))
        .unwrap();
    Run::of(scene.command("sh").args(["-c", line]), b"");
    assert!(!scene.path("stolen").exists(), "{run}");
}

#[cfg(unix)]
#[test]
fn policies_behind_a_link_are_never_left_out_in_silence() {
    use std::os::unix::fs::symlink;
    let rule = "package custom.always\n\ndeny contains \"always\" if true\n";
    let other = "package custom.other\n\ndeny contains \"other\" if false\n";
    let scene = Scene::change("02-update");
    scene.git(&["checkout", "--quiet", "main"]);
    scene.write("real/always.rego", rule);
    scene.write("policies/other.rego", other);
    symlink("../real", scene.path("policies/more")).unwrap();
    let configure = |path: &str| {
        scene.write(
            "countersign.toml",
            format!("[policies]\npaths = [\"{path}\"]\ndisable = [\"unexplained-change\"]\n"),
        );
        scene.commit("Policies");
        scene.git(&["checkout", "--quiet", "-B", "topic"]);
        scene.write("note.txt", path);
        scene.commit("A change");
    };
    configure("policies");
    for trust in ["base", "worktree"] {
        scene
            .run(&["--check", "--base", "main", "--trust", trust])
            .must_end(5)
            .must_say("policies/more is a symbolic link to")
            .must_say("hint: Name the directory itself");
    }
    scene.run(&["--check", "--policy", "policies"]).must_end(5);
    scene.git(&["checkout", "--quiet", "main"]);
    fs::remove_file(scene.path("policies/more")).unwrap();
    symlink("real", scene.path("linked")).unwrap();
    configure("linked");
    scene
        .run(&["--check", "--base", "main"])
        .must_end(5)
        .must_say("linked is a symbolic link to real");
    scene.git(&["checkout", "--quiet", "main"]);
    fs::remove_file(scene.path("linked")).unwrap();
    symlink(scene.path("real"), scene.path("linked")).unwrap();
    configure("linked");
    scene
        .run(&["--check", "--base", "main"])
        .must_end(5)
        .must_say("a place outside the repository");
    // A link to a file that is no policy, and one that leads nowhere, take nothing away.
    scene.git(&["checkout", "--quiet", "main"]);
    symlink("../.gitignore", scene.path("policies/README")).unwrap();
    symlink("gone", scene.path("policies/dangling")).unwrap();
    configure("policies");
    scene
        .run(&["--check", "--base", "main"])
        .must_end(0)
        .must_say("custom.other");
}

#[cfg(unix)]
#[test]
fn a_repository_of_another_user_gets_the_command_of_git() {
    let scene = Scene::change("02-update");
    let mut chown = scene.command("chown");
    if Run::of(chown.args(["1234", "."]), b"").status != 0 {
        // Only root can give a directory away; the message itself is tested in `git::repository`.
        return;
    }
    refused(&scene, &["plan.json"], "belongs to another user");
    let run = scene.run(&["--check", "plan.json"]).must_end(4);
    follow_hint(&scene, &run);
    scene.run(&["--check", "plan.json"]).must_end(0);
}

#[test]
fn git_dir_names_the_repository_or_is_an_error() {
    let scene = Scene::change("02-update");
    let elsewhere = scene.beside("empty");
    let check = |git_dir: &std::path::Path| {
        let mut command = scene.countersign();
        command
            .current_dir(&elsewhere)
            .args(["--check", "../work/plan.json"])
            .env("GIT_DIR", git_dir);
        Run::of(&mut command, b"")
    };
    check(&scene.path(".git"))
        .must_end(0)
        .must_say("on feat: 1 file, +5 -4");
    check(&scene.path("gone"))
        .must_end(4)
        .must_say("GIT_DIR names no git repository")
        .must_say("unset GIT_DIR");
}

#[cfg(unix)]
#[test]
fn a_receiving_hook_reviews_what_is_in_quarantine() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::change("02-update");
    scene.git(&[
        "clone",
        "--quiet",
        "--bare",
        "--branch",
        "main",
        "--single-branch",
        ".",
        "server.git",
    ]);
    let hook = scene.path("server.git/hooks/pre-receive");
    let text = format!(
        "#!/bin/sh\nread -r old new name\nexec '{}' --check --base main --head \"$new\" '{}' >&2\n",
        env!("CARGO_BIN_EXE_countersign"),
        scene.path("plan.json").display()
    );
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, text).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    scene
        .try_git(&["push", "server.git", "feat"])
        .must_end(0)
        .must_say("1 file, +5 -4");
}
