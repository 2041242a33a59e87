#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used
)]

use super::*;
use crate::git::testing::{Sandbox, git};

fn reviewer() -> Identity {
    Identity {
        name: "Rae".to_owned(),
        email: "rae@example.com".to_owned(),
    }
}

fn append(repository: &Repository, commit: &str, line: &str) {
    repository
        .append_note(commit, line, &reviewer(), 1_700_000_000)
        .unwrap();
}

fn show(sandbox: &Sandbox, commit: &str) -> String {
    sandbox.git(&["notes", "--ref=countersign", "show", commit])
}

#[test]
fn appended_lines_are_sorted_unique_and_shown_by_git() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    let repository = sandbox.open();
    assert_eq!(repository.read_notes(&head).unwrap(), None);
    assert_eq!(repository.list_notes().unwrap(), []);
    for line in ["{\"b\":1}", "{\"a\":1}", "{\"b\":1}"] {
        append(&repository, &head, line);
    }
    assert_eq!(
        repository.read_notes(&head).unwrap().unwrap(),
        "{\"a\":1}\n{\"b\":1}\n"
    );
    assert_eq!(show(&sandbox, &head), "{\"a\":1}\n{\"b\":1}\n");
    assert_eq!(
        sandbox
            .git(&["log", "--format=%an %at", NOTES_REF])
            .lines()
            .collect::<Vec<_>>(),
        ["Rae 1700000000"; 2]
    );
    let notes = repository.list_notes().unwrap();
    assert_eq!(notes.len(), 1);
    assert_eq!(
        format!("{} {}\n", notes[0].blob, notes[0].commit),
        sandbox.git(&["notes", "--ref=countersign", "list"])
    );
    sandbox.git(&["fsck", "--strict"]);
}

#[test]
fn lines_that_git_added_are_kept() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    sandbox.git(&[
        "notes",
        "--ref=countersign",
        "add",
        "-m",
        "by git\n\nsecond",
        &head,
    ]);
    append(&sandbox.open(), &head, "by us");
    assert_eq!(show(&sandbox, &head), "by git\nby us\nsecond\n");
}

#[test]
fn the_layout_that_git_chose_is_kept() {
    let sandbox = Sandbox::new();
    let mut commits = Vec::new();
    for number in 0..300 {
        commits.push(sandbox.commit(&number.to_string(), &[]));
    }
    let lines: String = commits
        .iter()
        .flat_map(|id| ["x", " ", id.as_str(), "\n"])
        .collect();
    let blob = sandbox.raw.blob(b"by git\n").unwrap().to_string();
    let lines = lines.replace("x ", &format!("N {blob} "));
    let import = format!(
        "commit refs/notes/countersign\ncommitter A <a@example.com> 1 +0000\ndata 0\n{lines}"
    );
    let done = crate::git::testing::output(
        crate::git::testing::command(&sandbox.path).args(["fast-import", "--quiet"]),
        import.as_bytes(),
    );
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let tree = sandbox.git(&["ls-tree", NOTES_REF]);
    assert!(
        tree.lines().all(|line| line.starts_with("040000")),
        "{tree}"
    );
    let repository = sandbox.open();
    append(&repository, &commits[5], "by us");
    assert_eq!(show(&sandbox, &commits[5]), "by git\nby us\n");
    assert_eq!(
        repository.read_notes(&commits[6]).unwrap().unwrap(),
        "by git\n"
    );
    assert_eq!(repository.list_notes().unwrap().len(), 300);
    assert!(
        sandbox
            .git(&["ls-tree", NOTES_REF])
            .lines()
            .all(|line| line.starts_with("040000"))
    );
    let new = sandbox.commit("new", &[]);
    append(&repository, &new, "by us");
    assert_eq!(show(&sandbox, &new), "by us\n");
}

#[test]
fn a_note_at_two_places_is_read_and_written_as_one() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[]);
    let blob = |text: &str| sandbox.raw.blob(text.as_bytes()).unwrap();
    let below = sandbox.raw_tree(&[("100644", &head.as_bytes()[2..], blob("b\n"))]);
    let mut entries = [
        ("40000", &head.as_bytes()[..2], below),
        ("100644", head.as_bytes(), blob("a\n")),
    ];
    entries.sort_by_key(|entry| entry.1);
    let tree = sandbox.raw.find_tree(sandbox.raw_tree(&entries)).unwrap();
    let by = sandbox.raw.signature().unwrap();
    sandbox
        .raw
        .commit(Some(NOTES_REF), &by, &by, "x", &tree, &[])
        .unwrap();
    let repository = sandbox.open();
    assert_eq!(repository.read_notes(&head).unwrap().unwrap(), "a\nb\n");
    append(&repository, &head, "c");
    assert_eq!(show(&sandbox, &head), "a\nb\nc\n");
    assert_eq!(repository.list_notes().unwrap().len(), 1);
}

#[test]
fn two_reviewers_merge_without_conflict() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    append(&sandbox.open(), &head, "first");
    let other = sandbox.path.parent().unwrap().join("other");
    git(
        sandbox.path.parent().unwrap(),
        &["clone", "-q", sandbox.path.to_str().unwrap(), "other"],
    );
    for (key, value) in [("user.name", "Bob"), ("user.email", "bob@example.com")] {
        git(&other, &["config", key, value]);
    }
    git(
        &other,
        &[
            "fetch",
            "-q",
            "origin",
            "refs/notes/countersign:refs/notes/countersign",
        ],
    );
    append(&sandbox.open(), &head, "zoe");
    append(
        &Repository::open(&other, false).unwrap().unwrap(),
        &head,
        "bob",
    );
    git(
        &other,
        &[
            "fetch",
            "-q",
            "origin",
            "refs/notes/countersign:refs/notes/theirs",
        ],
    );
    git(
        &other,
        &[
            "notes",
            "--ref=countersign",
            "merge",
            "-s",
            "cat_sort_uniq",
            "refs/notes/theirs",
        ],
    );
    let merged = Repository::open(&other, false).unwrap().unwrap();
    assert_eq!(
        merged.read_notes(&head).unwrap().unwrap(),
        "bob\nfirst\nzoe\n"
    );
    let tip = git(&other, &["rev-parse", NOTES_REF]);
    let same = merged.append_note(&head, "zoe", &reviewer(), 1).unwrap();
    assert_eq!(same, tip.trim());
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let (path, head) = (&sandbox.path, &head);
            scope.spawn(move || {
                let repository = Repository::open(path, false).unwrap().unwrap();
                for line in 0..5 {
                    let line = format!("{writer}-{line}");
                    while repository.append_note(head, &line, &reviewer(), 1).is_err() {}
                }
            });
        }
    });
    assert_eq!(
        sandbox
            .open()
            .read_notes(&head)
            .unwrap()
            .unwrap()
            .lines()
            .count(),
        15
    );
    assert_eq!(show(&sandbox, &head).lines().count(), 15);
}

#[test]
fn a_lock_that_stays_is_named() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    let lock = sandbox.path.join(".git/refs/notes/countersign.lock");
    std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
    std::fs::write(&lock, "").unwrap();
    let error = sandbox
        .open()
        .append_note(&head, "x", &reviewer(), 1)
        .unwrap_err();
    assert!(matches!(error, GitError::NoteConflict { .. }), "{error}");
    assert_eq!(sandbox.open().read_notes(&head).unwrap(), None);
}

#[test]
fn only_single_lines_by_a_person_are_taken() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    let repository = sandbox.open();
    for line in ["", " ", "a\nb", "a\r", "a\0"] {
        assert!(
            matches!(
                repository.append_note(&head, line, &reviewer(), 1),
                Err(GitError::NoteLine)
            ),
            "{line:?}"
        );
    }
    let nobody = Identity {
        name: "<>".to_owned(),
        email: String::new(),
    };
    assert!(repository.append_note(&head, "x", &nobody, 1).is_err());
    assert!(matches!(
        repository.append_note("HEAD", "x", &reviewer(), 1),
        Err(GitError::NoSuchCommit { .. })
    ));
}

#[test]
fn foreign_entries_among_the_notes_are_left_alone() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one", &[("x.tf", Some("x\n"))]);
    let blob = sandbox.raw.blob(b"x\n\xff\n").unwrap();
    let empty = sandbox.raw_tree(&[]);
    let tree = sandbox.raw_tree(&[
        ("100644", b"README", blob),
        ("40000", b"ab", empty),
        ("40000", b"cd", sandbox.raw_tree(&[("100644", b"ef", blob)])),
        ("100644", b"\xff", blob),
    ]);
    let by = sandbox.raw.signature().unwrap();
    sandbox
        .raw
        .commit(
            Some(NOTES_REF),
            &by,
            &by,
            "x",
            &sandbox.raw.find_tree(tree).unwrap(),
            &[],
        )
        .unwrap();
    append(&sandbox.open(), &head, "line");
    assert_eq!(sandbox.open().list_notes().unwrap().len(), 1);
    assert!(
        sandbox
            .git(&["ls-tree", "--name-only", NOTES_REF])
            .contains("README")
    );
}
