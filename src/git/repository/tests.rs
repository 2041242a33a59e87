#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::similar_names,
    clippy::string_slice
)]

use super::*;
use crate::git::UnderReview;
use crate::git::testing::{Sandbox, base, git, output};

/// Set for the tests that only do something in a child process with variables of their own.
const CHILD: &str = "COUNTERSIGN_TEST_CHILD";

#[test]
fn a_directory_without_repository_opens_as_none() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Repository::open(dir.path(), false).unwrap().is_none());
    assert!(
        Repository::open(&dir.path().join("gone"), false)
            .unwrap()
            .is_none()
    );
    assert!(Repository::open(dir.path(), true).unwrap().is_none());
}

#[test]
fn a_damaged_repository_is_not_taken_for_none() {
    let sandbox = Sandbox::new();
    std::fs::remove_file(sandbox.path.join(".git/HEAD")).unwrap();
    std::fs::create_dir(sandbox.path.join("sub")).unwrap();
    let error = Repository::open(&sandbox.path.join("sub"), false).unwrap_err();
    assert!(matches!(error, GitError::Broken { .. }), "{error}");
}

#[test]
fn a_repository_is_found_from_below_and_in_bare_form() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("m/x.tf", Some("x\n"))]);
    let repository = Repository::open(&sandbox.path.join("m"), false)
        .unwrap()
        .unwrap();
    assert_eq!(
        repository.workdir().unwrap().canonicalize().unwrap(),
        sandbox.path
    );
    assert!(!repository.is_bare());
    assert_eq!(repository.commit_id("HEAD").unwrap(), Some(head.clone()));
    let bare = Sandbox::with(|options| {
        options.bare(true);
    });
    assert!(bare.open().is_bare() && bare.open().workdir().is_none());
    assert!(bare.open().dirty(sandbox.oid(&head)).unwrap().is_empty());
}

#[test]
fn a_linked_work_tree_shares_its_objects() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    let linked = sandbox.path.parent().unwrap().join("linked");
    sandbox.git(&[
        "worktree",
        "add",
        "-q",
        "-b",
        "side",
        linked.to_str().unwrap(),
    ]);
    let repository = Repository::open(&linked, false).unwrap().unwrap();
    assert_eq!(repository.head_branch().unwrap().as_deref(), Some("side"));
    assert_eq!(repository.commit_id("side").unwrap(), Some(head));
    assert_ne!(repository.git_dir(), repository.common_dir());
}

#[test]
fn formats_that_cannot_be_read_are_named_with_their_remedy() {
    for (key, value, remedy) in [
        (
            "extensions.refstorage",
            "reftable",
            "git refs migrate --ref-format=files",
        ),
        (
            "extensions.partialclone",
            "origin",
            "git config remote.origin.promisor true && git config --unset extensions.partialClone",
        ),
        ("extensions.unheardof", "1", "git clone"),
        ("extensions.objectformat", "sha999", "git clone"),
        ("core.repositoryformatversion", "9", "git clone"),
    ] {
        let sandbox = Sandbox::new();
        sandbox
            .raw
            .config()
            .unwrap()
            .set_str("core.repositoryformatversion", "1")
            .unwrap();
        sandbox.raw.config().unwrap().set_str(key, value).unwrap();
        let error = Repository::open(&sandbox.path, false).unwrap_err();
        assert!(
            matches!(error, GitError::UnsupportedFormat { .. }),
            "{key}: {error}"
        );
        assert!(error.remedy().unwrap().starts_with(remedy), "{error}");
    }
}

#[test]
fn a_repository_of_another_user_gets_the_remedy_of_git() {
    let sandbox = Sandbox::new();
    let source = git2::Error::new(
        ErrorCode::Owner,
        ErrorClass::Config,
        "not owned by current user",
    );
    let error = open_error(&sandbox.path, source);
    let expected = format!(
        "git config --global --add safe.directory {}",
        shell_word(sandbox.path.to_str().unwrap())
    );
    assert_eq!(error.remedy(), Some(expected.as_str()));
}

#[test]
fn a_sha256_repository_is_read() {
    let sandbox = Sandbox::with(|options| {
        options.object_format(git2::ObjectFormat::Sha256);
    });
    sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    sandbox.switch("feature");
    let head = sandbox.commit("two", &[("x.tf", Some("y\n"))]);
    let repository = sandbox.open();
    assert!(matches!(
        repository.resolve(&base("main")).unwrap(),
        UnderReview::Change(..)
    ));
    assert_eq!(
        repository.read_blob(&head, "x.tf").unwrap().unwrap(),
        b"y\n"
    );
    assert_eq!(head.len(), 64);
    assert!(matches!(
        repository.tree_id(&head[..40]),
        Err(GitError::NoSuchCommit { .. })
    ));
}

#[test]
fn descent_and_trees_agree_with_git() {
    let sandbox = Sandbox::new();
    let one = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    let two = sandbox.commit("two", &[("x.tf", Some("y\n"))]);
    let repository = sandbox.open();
    assert!(
        repository.is_ancestor(&one, &two).unwrap() && repository.is_ancestor(&one, &one).unwrap()
    );
    assert!(!repository.is_ancestor(&two, &one).unwrap());
    assert_eq!(
        repository.tree_id(&two).unwrap(),
        sandbox.git(&["rev-parse", "HEAD^{tree}"]).trim()
    );
    assert_eq!(repository.merge_base(&one, &two).unwrap(), one);
    assert_eq!(repository.commit_id("gone").unwrap(), None);
    for id in ["HEAD", "", &"1".repeat(40), &one[..12], "zz"] {
        assert!(
            matches!(repository.tree_id(id), Err(GitError::NoSuchCommit { .. })),
            "{id}"
        );
    }
}

/// Runs in a child process, as a hook does: git's variables are set for it alone.
#[test]
fn as_a_hook() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let line = std::io::read_to_string(std::io::stdin()).unwrap();
    let new = line.split(' ').nth(1).unwrap();
    let inside = Repository::open(Path::new("."), true).unwrap().unwrap();
    assert!(inside.tree_id(new).is_ok());
    let outside = Repository::open(Path::new("."), false).unwrap().unwrap();
    assert!(outside.tree_id(new).is_err());
    std::fs::write("seen", new).unwrap();
}

#[cfg(unix)]
#[test]
fn a_receiving_hook_sees_quarantined_objects() {
    use crate::git::testing::script;
    let server = Sandbox::with(|options| {
        options.bare(true);
    });
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    let hook = server.path.join("hooks/pre-receive");
    let test = std::env::current_exe().unwrap();
    let name = format!("{}::as_a_hook", module_path!().split_once("::").unwrap().1);
    let text = format!(
        "#!/bin/sh\n{CHILD}=1 exec '{}' --exact '{name}' >&2\n",
        test.display()
    );
    script(&hook, &text);
    git(
        &sandbox.path,
        &["push", "-q", server.path.to_str().unwrap(), "main"],
    );
    assert_eq!(
        std::fs::read_to_string(server.path.join("seen")).unwrap(),
        head
    );
}

#[test]
fn with_git_dir() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let found = Repository::open(Path::new("."), true).unwrap().unwrap();
    assert_eq!(found.head_branch().unwrap().as_deref(), Some("main"));
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(Repository::open(elsewhere.path(), true).unwrap().is_none());
}

#[test]
fn git_dir_is_honoured_only_in_the_current_directory() {
    let sandbox = Sandbox::new();
    let empty = tempfile::tempdir().unwrap();
    let name = format!(
        "{}::with_git_dir",
        module_path!().split_once("::").unwrap().1
    );
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", &name])
        .current_dir(empty.path())
        .env(CHILD, "1")
        .env("GIT_DIR", sandbox.path.join(".git"));
    let done = output(&mut child, b"");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stdout)
    );
    assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"));
}
