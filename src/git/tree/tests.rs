#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::case_sensitive_file_extension_comparisons
)]

use super::*;
use crate::git::testing::Sandbox;

fn paths(entries: &[TreeEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.path.as_str()).collect()
}

fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let head = sandbox.commit(
        "one",
        &[
            ("b.tf", Some("b\n")),
            ("m/a.tf", Some("a\n")),
            ("m/n/c.rego", Some("c\n")),
            ("m-x.tf", Some("x\n")),
        ],
    );
    (sandbox, head)
}

#[test]
fn files_are_read_at_a_commit() {
    let (sandbox, head) = sandbox();
    sandbox.write("m/a.tf", "changed\n");
    let repository = sandbox.open();
    assert_eq!(
        repository.read_blob(&head, "m/a.tf").unwrap().unwrap(),
        b"a\n"
    );
    for path in [
        "m", "gone", "m/gone", "b.tf/x", "", "/", "/b.tf", "m//a.tf", "b.tf\0", "../b.tf",
    ] {
        assert_eq!(repository.read_blob(&head, path).unwrap(), None, "{path:?}");
    }
    assert!(matches!(
        repository.read_blob("HEAD", "b.tf"),
        Err(GitError::NoSuchCommit { .. })
    ));
}

#[test]
fn lists_are_sorted_and_can_be_recursive() {
    let (sandbox, head) = sandbox();
    let repository = sandbox.open();
    let root = repository.list(&head, "", false).unwrap();
    assert_eq!(paths(&root), ["b.tf", "m", "m-x.tf"]);
    assert_eq!(
        (root[1].kind, root[1].mode.as_str()),
        (EntryKind::Directory, "040000")
    );
    assert_eq!(
        (root[0].kind, root[0].mode.as_str()),
        (EntryKind::File, "100644")
    );
    assert_eq!(
        paths(&repository.list(&head, "m/", true).unwrap()),
        ["m/a.tf", "m/n/c.rego"]
    );
    assert_eq!(
        paths(&repository.list(&head, "m", false).unwrap()),
        ["m/a.tf", "m/n"]
    );
    assert!(repository.list(&head, "gone", true).unwrap().is_empty());
    assert!(repository.list(&head, "b.tf", true).unwrap().is_empty());
    let found = repository
        .files_matching(&head, |path, _| path.ends_with(".tf"))
        .unwrap();
    assert_eq!(paths(&found), ["b.tf", "m-x.tf", "m/a.tf"]);
}

#[test]
fn links_submodules_and_odd_names_are_told_apart() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw.blob(b"target").unwrap();
    let commit = sandbox.oid("1111111111111111111111111111111111111111");
    let head = sandbox.commit_tree(
        "one",
        sandbox.raw_tree(&[
            ("120000", b"link", blob),
            ("160000", b"sub", commit),
            ("100644", b"\xff", blob),
        ]),
    );
    let repository = sandbox.open();
    let entries = repository.list(&head, "", true).unwrap();
    let kinds: Vec<_> = entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("%FF", EntryKind::File),
            ("link", EntryKind::Symlink),
            ("sub", EntryKind::Submodule)
        ]
    );
    assert_eq!(
        repository.read_blob(&head, "%FF").unwrap().unwrap(),
        b"target"
    );
    assert_eq!(
        repository.read_blob(&head, "link").unwrap().unwrap(),
        b"target"
    );
    assert_eq!(repository.read_blob(&head, "sub").unwrap(), None);
}

#[test]
fn bounds_are_enforced() {
    let sandbox = Sandbox::new();
    let big = sandbox.raw.blob(&vec![0; MAX_BLOB + 1]).unwrap();
    let mut deep = sandbox.raw_tree(&[("100644", b"big", big)]);
    let flat = sandbox.commit_tree("one", deep);
    for _ in 0..=MAX_DEPTH {
        deep = sandbox.raw_tree(&[("40000", b"d", deep)]);
    }
    let deep = sandbox.commit_tree("two", deep);
    let repository = sandbox.open();
    assert!(matches!(
        repository.read_blob(&flat, "big"),
        Err(GitError::TooLarge {
            limit: MAX_BLOB,
            ..
        })
    ));
    assert!(matches!(
        repository.list(&deep, "", true),
        Err(GitError::TooLarge {
            limit: MAX_DEPTH,
            ..
        })
    ));
}

#[test]
fn a_file_entry_that_is_no_blob_reads_as_absent() {
    let sandbox = Sandbox::new();
    let tree = sandbox.raw_tree(&[]);
    let head = sandbox.commit_tree(
        "one",
        sandbox.raw_tree(&[
            ("100644", b"x.tf", tree),
            ("40000", b"z", sandbox.raw.blob(b"x").unwrap()),
        ]),
    );
    let repository = sandbox.open();
    assert_eq!(repository.read_blob(&head, "x.tf").unwrap(), None);
    assert!(repository.list(&head, "z", true).is_err());
}

#[test]
fn links_are_followed_inside_the_commit_only() {
    let sandbox = Sandbox::new();
    let blob = |text: &str| sandbox.raw.blob(text.as_bytes()).unwrap();
    let file = blob("content");
    let commit = sandbox.oid("1111111111111111111111111111111111111111");
    let inner = sandbox.raw_tree(&[("100644", b"a.tf", file), ("120000", b"up", blob("../b"))]);
    let other = sandbox.raw_tree(&[("120000", b"again", blob("../m/./a.tf"))]);
    let head = sandbox.commit_tree(
        "one",
        sandbox.raw_tree(&[
            ("120000", b"absolute", blob("/etc")),
            ("40000", b"b", other),
            ("120000", b"dangling", blob("m/gone")),
            ("120000", b"dir", blob("m/")),
            ("40000", b"m", inner),
            ("120000", b"out", blob("m/../../x")),
            ("120000", b"round", blob("round")),
            ("160000", b"sub", commit),
        ]),
    );
    let repository = sandbox.open();
    let reach = |path: &str| repository.reach(&head, path).unwrap();
    let entry = |path: &str, kind| Reached::Entry(path.to_owned(), kind);
    assert_eq!(reach("dir"), entry("m", EntryKind::Directory));
    assert_eq!(reach("dir/up/again"), entry("m/a.tf", EntryKind::File));
    assert_eq!(reach("m/a.tf"), entry("m/a.tf", EntryKind::File));
    assert_eq!(reach("sub"), entry("sub", EntryKind::Submodule));
    assert_eq!(reach(""), entry("", EntryKind::Directory));
    for outside in ["absolute", "out", "absolute/passwd", "..", "dir/../../x"] {
        assert_eq!(reach(outside), Reached::Outside, "{outside}");
    }
    for nothing in [
        "dangling",
        "round",
        "m/a.tf/x",
        "sub/x",
        "gone",
        "m/a.tf/../a.tf",
    ] {
        assert_eq!(reach(nothing), Reached::Nothing, "{nothing}");
    }
}
