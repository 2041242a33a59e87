#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used
)]
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::git::testing::{Sandbox, command, git, output, script, settle};

/// The directory git uses without `core.hooksPath`, whatever the machine has set.
fn default_dir(sandbox: &Sandbox) -> HooksDirectory {
    HooksDirectory {
        path: sandbox.path.join(".git/hooks"),
        configured: None,
    }
}

/// A stand-in for the program: it writes its arguments and its input to a file and exits as told.
fn program(sandbox: &Sandbox, status: u8) -> PathBuf {
    let dir = sandbox.path.parent().unwrap();
    let path = dir.join("it's a $program");
    script(
        &path,
        &format!(
            "#!/bin/sh\n{{ echo \"$@\"; cat; }} >>'{}/log'\nexit {status}\n",
            dir.display()
        ),
    );
    path
}

fn log(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path.parent().unwrap().join("log")).unwrap_or_default()
}

fn install(sandbox: &Sandbox, kind: HookKind, program: &Path) -> HookInstall {
    sandbox
        .open()
        .install_in(&default_dir(sandbox), kind, program)
        .unwrap()
}

fn run(sandbox: &Sandbox, kind: HookKind, input: &str) -> Option<i32> {
    let mut hook = std::process::Command::new("/bin/sh");
    hook.arg(sandbox.path.join(".git/hooks").join(kind.name()));
    output(
        hook.current_dir(&sandbox.path).args(["a b", "c"]),
        input.as_bytes(),
    )
    .status
    .code()
}

#[test]
fn a_hook_is_installed_once_and_updated_in_place() {
    let sandbox = Sandbox::new();
    let first = install(&sandbox, HookKind::PrePush, &program(&sandbox, 0));
    assert_eq!(
        (first.outcome, first.earlier, first.warning),
        (InstallOutcome::Installed, None, None)
    );
    assert_eq!(
        install(&sandbox, HookKind::PrePush, &program(&sandbox, 0)).outcome,
        InstallOutcome::Unchanged
    );
    let moved = install(
        &sandbox,
        HookKind::PrePush,
        Path::new("/elsewhere/countersign"),
    );
    assert_eq!(
        (moved.outcome, moved.earlier),
        (InstallOutcome::Updated, None)
    );
    fs::set_permissions(&first.path, fs::Permissions::from_mode(0o644)).unwrap();
    let again = install(
        &sandbox,
        HookKind::PrePush,
        Path::new("/elsewhere/countersign"),
    );
    assert_eq!(again.outcome, InstallOutcome::Updated);
    let names = fs::read_dir(sandbox.path.join(".git/hooks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert!(
        names
            .into_iter()
            .all(|name| name == "pre-push" || name == "README.sample")
    );
}

#[test]
fn the_program_gets_arguments_and_input() {
    let sandbox = Sandbox::new();
    let program = program(&sandbox, 7);
    install(&sandbox, HookKind::PrePush, &program);
    assert_eq!(run(&sandbox, HookKind::PrePush, "line one\n\n"), Some(7));
    assert_eq!(log(&sandbox), "hook run pre-push a b c\nline one\n\n");
    install(&sandbox, HookKind::PreMergeCommit, &program);
    assert_eq!(run(&sandbox, HookKind::PreMergeCommit, ""), Some(7));
    assert!(log(&sandbox).ends_with("hook run pre-merge-commit a b c\n"));
}

#[test]
fn without_any_program_the_hook_fails() {
    let sandbox = Sandbox::new();
    install(
        &sandbox,
        HookKind::PrePush,
        Path::new("/nonexistent/countersign"),
    );
    let mut hook = std::process::Command::new("/bin/sh");
    hook.arg(sandbox.path.join(".git/hooks/pre-push"))
        .env("PATH", "/nonexistent");
    let done = output(&mut hook, b"");
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("nor on PATH"));
}

#[test]
fn an_earlier_hook_runs_first_on_the_same_input_and_its_failure_is_final() {
    let sandbox = Sandbox::new();
    let dir = sandbox.path.parent().unwrap().to_path_buf();
    let earlier = sandbox.path.join(".git/hooks/pre-push");
    let text = format!(
        "#!/bin/sh\necho \"before $*\" >>'{0}/log'\ncat >>'{0}/log'\nexit $(cat '{0}/status')\n",
        dir.display()
    );
    script(&earlier, &text);
    fs::write(dir.join("status"), "0").unwrap();
    let installed = install(&sandbox, HookKind::PrePush, &program(&sandbox, 0));
    let kept = sandbox.path.join(".git/hooks/pre-push.before-countersign");
    assert_eq!(
        (installed.outcome, installed.earlier),
        (InstallOutcome::Installed, Some(kept.clone()))
    );
    assert_eq!(run(&sandbox, HookKind::PrePush, "ref\n"), Some(0));
    assert_eq!(
        log(&sandbox),
        "before a b c\nref\nhook run pre-push a b c\nref\n"
    );
    fs::write(dir.join("status"), "9").unwrap();
    assert_eq!(run(&sandbox, HookKind::PrePush, "ref\n"), Some(9));
    assert_eq!(log(&sandbox).matches("hook run").count(), 1);
    assert_eq!(
        install(&sandbox, HookKind::PrePush, &program(&sandbox, 0)).outcome,
        InstallOutcome::Unchanged
    );
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        run(&sandbox, HookKind::PrePush, "ref\n"),
        Some(0),
        "git would not run it either"
    );
    let removed = sandbox
        .open()
        .uninstall_in(&default_dir(&sandbox), HookKind::PrePush)
        .unwrap();
    assert_eq!(removed.outcome, RemovalOutcome::Restored);
    assert_eq!(fs::read_to_string(&earlier).unwrap(), text);
    assert!(!kept.exists());
}

#[test]
fn an_earlier_hook_that_ignores_much_input_does_no_harm() {
    let sandbox = Sandbox::new();
    script(
        &sandbox.path.join(".git/hooks/pre-receive"),
        "#!/bin/sh\nexit 0\n",
    );
    install(&sandbox, HookKind::PreReceive, &program(&sandbox, 0));
    let input = "x".repeat(300_000) + "\n";
    assert_eq!(run(&sandbox, HookKind::PreReceive, &input), Some(0));
    assert_eq!(
        log(&sandbox),
        format!("hook run pre-receive a b c\n{input}")
    );
}

#[test]
fn a_linked_hook_is_kept_as_a_link_and_never_written_through() {
    let sandbox = Sandbox::new();
    let target = sandbox.path.join("scripts/pre-push");
    script(&target, "#!/bin/sh\nexit 3\n");
    fs::create_dir_all(sandbox.path.join(".git/hooks")).unwrap();
    symlink(
        "../../scripts/pre-push",
        sandbox.path.join(".git/hooks/pre-push"),
    )
    .unwrap();
    install(&sandbox, HookKind::PrePush, &program(&sandbox, 0));
    assert_eq!(fs::read_to_string(&target).unwrap(), "#!/bin/sh\nexit 3\n");
    assert_eq!(run(&sandbox, HookKind::PrePush, ""), Some(3));
    let removed = sandbox
        .open()
        .uninstall_in(&default_dir(&sandbox), HookKind::PrePush)
        .unwrap();
    assert_eq!(removed.outcome, RemovalOutcome::Restored);
    assert!(
        sandbox
            .path
            .join(".git/hooks/pre-push")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn two_unknown_hooks_are_a_conflict() {
    let sandbox = Sandbox::new();
    for name in ["pre-push", "pre-push.before-countersign"] {
        script(&sandbox.path.join(".git/hooks").join(name), "#!/bin/sh\n");
    }
    let result =
        sandbox
            .open()
            .install_in(&default_dir(&sandbox), HookKind::PrePush, Path::new("/x"));
    assert!(matches!(result, Err(GitError::HookConflict { .. })));
}

#[test]
fn a_copy_of_the_script_is_never_its_own_predecessor() {
    let sandbox = Sandbox::new();
    let installed = install(&sandbox, HookKind::PrePush, &program(&sandbox, 0));
    let kept = sandbox.path.join(".git/hooks/pre-push.before-countersign");
    fs::copy(&installed.path, &kept).unwrap();
    assert_eq!(
        install(&sandbox, HookKind::PrePush, &program(&sandbox, 0)).earlier,
        None
    );
    assert_eq!(run(&sandbox, HookKind::PrePush, ""), Some(0));
}

#[test]
fn a_hooks_directory_in_the_work_tree_is_not_written() {
    let sandbox = Sandbox::new();
    sandbox
        .raw
        .config()
        .unwrap()
        .set_str("core.hooksPath", ".husky")
        .unwrap();
    let repository = sandbox.open();
    let directory = repository.hooks_dir().unwrap();
    assert_eq!(
        directory.path.parent().unwrap().canonicalize().unwrap(),
        sandbox.path
    );
    let done = repository
        .install_hook(HookKind::PrePush, Path::new("/x/countersign"))
        .unwrap();
    assert_eq!(
        done.outcome,
        InstallOutcome::NotWritten {
            line: "countersign hook run pre-push \"$@\"".to_owned()
        }
    );
    assert_eq!(
        done.warning,
        Some(HookWarning::InWorkTree {
            directory: directory.path
        })
    );
    assert!(!sandbox.path.join(".husky").exists());
    let removed = repository.uninstall_hook(HookKind::PrePush).unwrap();
    assert_eq!(removed.outcome, RemovalOutcome::NotInstalled);
}

#[test]
fn configured_directories_are_used_as_git_does() {
    let sandbox = Sandbox::new();
    let elsewhere = sandbox.path.parent().unwrap().join("hooks");
    sandbox
        .raw
        .config()
        .unwrap()
        .set_str("core.hooksPath", elsewhere.to_str().unwrap())
        .unwrap();
    let repository = sandbox.open();
    let done = repository
        .install_hook(HookKind::PreMergeCommit, &program(&sandbox, 5))
        .unwrap();
    assert_eq!(
        (done.path, done.warning),
        (elsewhere.join("pre-merge-commit"), None)
    );
    let shared = HooksDirectory {
        path: elsewhere.clone(),
        configured: Some(ConfigScope::User),
    };
    let done = repository
        .install_in(&shared, HookKind::PrePush, &program(&sandbox, 0))
        .unwrap();
    assert_eq!(
        done.warning,
        Some(HookWarning::Shared {
            directory: elsewhere
        })
    );
    let removed = repository.uninstall_hook(HookKind::PrePush).unwrap();
    assert_eq!(removed.outcome, RemovalOutcome::Removed);
    assert_eq!(
        repository
            .uninstall_hook(HookKind::PrePush)
            .unwrap()
            .outcome,
        RemovalOutcome::NotInstalled
    );
    let bare = Sandbox::with(|options| {
        options.bare(true);
    });
    bare.raw
        .config()
        .unwrap()
        .set_str("core.hooksPath", "my-hooks")
        .unwrap();
    assert_eq!(
        bare.open().hooks_dir().unwrap().path,
        bare.open().git_dir().join("my-hooks")
    );
}

#[test]
fn directories_that_cannot_be_used_are_refused() {
    let sandbox = Sandbox::new();
    let repository = sandbox.open();
    let refused = |directory: &HooksDirectory| {
        let result = repository.install_in(directory, HookKind::PrePush, Path::new("/x"));
        assert!(
            matches!(result, Err(GitError::HooksDirectory { .. })),
            "{result:?}"
        );
    };
    let outside = tempfile::tempdir().unwrap();
    drop(fs::remove_dir_all(sandbox.path.join(".git/hooks")));
    symlink(outside.path(), sandbox.path.join(".git/hooks")).unwrap();
    refused(&default_dir(&sandbox));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    refused(&HooksDirectory {
        path: PathBuf::from("/dev/null"),
        configured: Some(ConfigScope::User),
    });
    fs::remove_file(sandbox.path.join(".git/hooks")).unwrap();
    fs::create_dir_all(sandbox.path.join(".git/hooks/pre-push")).unwrap();
    refused(&default_dir(&sandbox));
    let relative = repository.install_in(
        &default_dir(&sandbox),
        HookKind::PrePush,
        Path::new("countersign"),
    );
    assert!(matches!(relative, Err(GitError::HookProgram { .. })));
    sandbox
        .raw
        .config()
        .unwrap()
        .set_str("core.hooksPath", "")
        .unwrap();
    assert!(matches!(
        sandbox.open().hooks_dir(),
        Err(GitError::HooksDirectory { .. })
    ));
}

#[test]
fn a_hook_of_others_is_left_alone_by_a_removal() {
    let sandbox = Sandbox::new();
    let hook = sandbox.path.join(".git/hooks/pre-push");
    script(&hook, "#!/bin/sh\n");
    let removed = sandbox
        .open()
        .uninstall_in(&default_dir(&sandbox), HookKind::PrePush)
        .unwrap();
    assert_eq!(removed.outcome, RemovalOutcome::NotInstalled);
    assert!(hook.exists());
}

#[test]
fn git_itself_runs_the_hooks() {
    let sandbox = Sandbox::new();
    let server = Sandbox::with(|options| {
        options.bare(true);
    });
    sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    install(&sandbox, HookKind::PrePush, &program(&sandbox, 1));
    install(&sandbox, HookKind::PreMergeCommit, &program(&sandbox, 1));
    for kind in [HookKind::PrePush, HookKind::PreMergeCommit] {
        settle(&sandbox.path.join(".git/hooks").join(kind.name()));
    }
    let url = server.path.to_str().unwrap();
    assert!(
        !command(&sandbox.path)
            .args(["push", "-q", url, "main"])
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    let pushed = log(&sandbox);
    let refs = pushed.lines().nth(1).unwrap();
    assert_eq!(
        crate::git::parse_push(refs).unwrap()[0].remote_ref,
        "refs/heads/main"
    );
    sandbox.switch("side");
    sandbox.commit("side", &[("y.tf", Some("y\n"))]);
    let merge = ["merge", "-q", "--no-ff", "-m", "merge", "side"];
    git(&sandbox.path, &["checkout", "-q", "main"]);
    assert!(
        !command(&sandbox.path)
            .args(merge)
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap()
            .success()
    );
    assert!(log(&sandbox).ends_with("hook run pre-merge-commit\n"));
    assert_eq!(HookKind::from_name("pre-push"), Some(HookKind::PrePush));
    assert_eq!(HookKind::from_name("pre-commit"), None);
}
