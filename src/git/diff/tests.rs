#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used
)]

use super::*;
use crate::change::unified;
use crate::git::testing::Sandbox;

fn files(sandbox: &Sandbox, old: &str, new: &str) -> Vec<FileChange> {
    sandbox
        .open()
        .files_between(sandbox.oid(old), sandbox.oid(new))
        .unwrap()
}

/// What git says of the same two commits, read as a unified diff.
fn by_git(sandbox: &Sandbox, old: &str, new: &str) -> Vec<FileChange> {
    let text = sandbox.git(&[
        "-c",
        "core.quotePath=true",
        "diff",
        "-M",
        "--full-index",
        old,
        new,
    ]);
    unified::parse(text.as_bytes()).unwrap()
}

const LONG: &str = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";

#[test]
fn files_and_hunks_agree_with_git() {
    let sandbox = Sandbox::new();
    let old = sandbox.commit(
        "one",
        &[
            ("edit.tf", Some(LONG)),
            ("gone.tf", Some("x\ny\n")),
            ("old name.tf", Some(LONG)),
            ("end.tf", Some("x")),
            ("crlf.tf", Some("a\r\nb\r\n")),
            ("p.bin", Some("a\0b")),
        ],
    );
    let new = sandbox.commit(
        "two",
        &[
            ("edit.tf", Some("0\na\nb\nC\nd\ne\nf\nh\ni\nj\nk\nl\nm\n")),
            ("gone.tf", None),
            ("old name.tf", None),
            (
                "m/new name.tf",
                Some("a\nb\nc\nd\ne\nf\nG\nh\ni\nj\nk\nl\n"),
            ),
            ("empty.tf", Some("")),
            ("übung.tf", Some("something else entirely\n")),
            ("end.tf", Some("x\n")),
            ("crlf.tf", Some("a\r\nB\r\n")),
            ("p.bin", Some("a\0c")),
        ],
    );
    let mut found = files(&sandbox, &old, &new);
    // Git tells nothing of the texts in a binary file.
    assert_eq!(found[6].strings.take(), Some(Vec::new()));
    assert_eq!(found, by_git(&sandbox, &old, &new));
    let statuses: Vec<_> = found
        .iter()
        .map(|file| (file.path.as_str(), file.status))
        .collect();
    assert_eq!(
        statuses,
        [
            ("crlf.tf", FileStatus::Modified),
            ("edit.tf", FileStatus::Modified),
            ("empty.tf", FileStatus::Added),
            ("end.tf", FileStatus::Modified),
            ("gone.tf", FileStatus::Deleted),
            ("m/new name.tf", FileStatus::Renamed),
            ("p.bin", FileStatus::Modified),
            ("übung.tf", FileStatus::Added),
        ]
    );
    assert_eq!(found[5].old_path.as_deref(), Some("old name.tf"));
    assert!(found[6].binary && found[6].hunks.is_empty());
    assert_eq!(
        found[0].hunks[0].added,
        [Line {
            line: 2,
            text: "B".to_owned()
        }]
    );
    let mut back = files(&sandbox, &new, &old);
    for file in &mut back {
        file.strings = None;
    }
    assert_eq!(back, by_git(&sandbox, &new, &old));
}

#[test]
fn texts_of_binary_files_and_of_utf_16_are_kept() {
    let sandbox = Sandbox::new();
    let utf_16: Vec<u8> = "\u{feff}token = \"a1b2c3d4\"\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let blob = |bytes: &[u8]| sandbox.raw.blob(bytes).unwrap();
    let old = sandbox.commit_tree(
        "one",
        sandbox.raw_tree(&[("100644", b"key", blob(b"the old text\n\0"))]),
    );
    let files_now: &[(&str, &[u8], Oid)] = &[
        ("100644", b"key", blob(b"the old text\nthe new text\n\0")),
        ("100644", b"plain", blob(b"a plain file\n")),
        ("100644", b"w.ps1", blob(&utf_16)),
        ("100644", b"x.tf", blob(&utf_16)),
    ];
    let new = sandbox.commit_tree("two", sandbox.raw_tree(files_now));
    let found: Vec<_> = files(&sandbox, &old, &new)
        .into_iter()
        .map(|file| {
            let lines = file.strings.unwrap_or_default();
            let texts = lines
                .into_iter()
                .map(|line| format!("{}:{}", line.line, line.text));
            (file.path, file.binary, texts.collect::<Vec<_>>().join(" "))
        })
        .collect();
    let row = |path: &str, binary, texts: &str| (path.to_owned(), binary, texts.to_owned());
    assert_eq!(
        found,
        [
            row("key", true, "2:the new text"),
            row("plain", false, ""),
            row("w.ps1", true, "1:token = \"a1b2c3d4\""),
            row("x.tf", false, "1:token = \"a1b2c3d4\""),
        ]
    );
}

#[test]
fn modes_links_and_submodules_agree_with_git() {
    let sandbox = Sandbox::new();
    let blob = |text: &str| sandbox.raw.blob(text.as_bytes()).unwrap();
    let commit = sandbox.oid("1111111111111111111111111111111111111111");
    let other = sandbox.oid("2222222222222222222222222222222222222222");
    let tree = |entries: &[(&str, &[u8], Oid)]| sandbox.raw_tree(entries);
    let old = sandbox.commit_tree(
        "one",
        tree(&[
            ("100644", b"kind", blob("x\n")),
            ("120000", b"link", blob("old")),
            ("100644", b"run.sh", blob("x\n")),
            ("160000", b"sub", commit),
            ("100644", b"turns", blob("x\n")),
        ]),
    );
    let new = sandbox.commit_tree(
        "two",
        tree(&[
            ("120000", b"kind", blob("target")),
            ("120000", b"link", blob("new")),
            ("100755", b"run.sh", blob("x\n")),
            ("160000", b"sub", other),
            ("160000", b"turns", commit),
        ]),
    );
    let found = files(&sandbox, &old, &new);
    let mut expected = by_git(&sandbox, &old, &new);
    // A file that becomes a submodule keeps its removed lines here; git writes the submodule as a line.
    assert_eq!(found[4].status, FileStatus::TypeChanged);
    assert_eq!(
        (found[4].hunks.len(), found[4].mode.as_deref()),
        (1, Some("160000"))
    );
    expected.pop();
    assert_eq!(found[..4], expected);
    assert_eq!(found[0].hunks.len(), 2);
    assert_eq!(
        (found[2].old_mode.as_deref(), found[2].mode.as_deref()),
        (Some("100644"), Some("100755"))
    );
    assert!(found[3].hunks.is_empty());
}

#[test]
fn attributes_of_the_change_hide_nothing() {
    let sandbox = Sandbox::new();
    let old = sandbox.commit("one", &[("main.tf", Some("a\n")), ("x.txt", Some("a\n"))]);
    let new = sandbox.commit(
        "two",
        &[
            ("main.tf", Some("b\n")),
            ("x.txt", Some("b\n")),
            (".gitattributes", Some("*.tf -diff\n*.txt binary\n")),
        ],
    );
    for file in files(&sandbox, &old, &new) {
        assert!(!file.binary && file.hunks.len() == 1, "{}", file.path);
    }
}

#[test]
fn a_nul_byte_does_not_hide_the_lines_of_a_terraform_file() {
    let sandbox = Sandbox::new();
    let old = sandbox.commit("one", &[("main.tf", Some("a\n"))]);
    let new = sandbox.commit("two", &[("main.tf", Some("a\n# \0\nb\n"))]);
    let found = files(&sandbox, &old, &new);
    assert!(!found[0].binary);
    assert_eq!(found[0].insertions(), 2);
}

#[test]
fn large_files_have_no_lines() {
    let sandbox = Sandbox::new();
    let old = sandbox.commit("one", &[("big.tf", Some("a\n"))]);
    let new = sandbox.commit("two", &[("big.tf", Some(&"a\n".repeat(MAX_TEXT / 2 + 1)))]);
    let found = files(&sandbox, &old, &new);
    assert!(found[0].binary && found[0].hunks.is_empty());
}

#[test]
fn paths_outside_utf8_are_rendered() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw.blob(b"x\n").unwrap();
    let old = sandbox.commit_tree("one", sandbox.raw_tree(&[]));
    let new = sandbox.commit_tree(
        "two",
        sandbox.raw_tree(&[("100644", b"%FF.tf", blob), ("100644", b"\xff.tf", blob)]),
    );
    let mut found: Vec<_> = files(&sandbox, &old, &new)
        .into_iter()
        .map(|file| file.path)
        .collect();
    found.sort();
    assert_eq!(found, ["%25FF.tf", "%FF.tf"]);
    assert_eq!(files(&sandbox, &old, &new), by_git(&sandbox, &old, &new));
}

#[test]
fn crafted_modes_and_names_do_no_harm() {
    let sandbox = Sandbox::new();
    let blob = |text: &str| sandbox.raw.blob(text.as_bytes()).unwrap();
    let old = sandbox.commit_tree("one", sandbox.raw_tree(&[("100640", b"a.tf", blob("a\n"))]));
    let new = sandbox.commit_tree(
        "two",
        sandbox.raw_tree(&[
            ("100600", b"..", blob("y\n")),
            ("100666", b"a.tf", blob("b\n")),
            ("777", b"odd.tf", blob("x\n")),
        ]),
    );
    let found = files(&sandbox, &old, &new);
    let modes: Vec<_> = found
        .iter()
        .map(|file| (file.path.as_str(), file.mode.as_deref()))
        .collect();
    assert_eq!(
        modes,
        [
            ("..", Some("100644")),
            ("a.tf", Some("100644")),
            ("odd.tf", Some("100755"))
        ]
    );
}

#[test]
fn a_tree_out_of_order_is_an_error_and_hides_nothing() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw.blob(b"x\n").unwrap();
    let old = sandbox.commit_tree("one", sandbox.raw_tree(&[]));
    let entries: Vec<String> = (0..9).rev().map(|number| format!("{number}.tf")).collect();
    let entries: Vec<_> = entries
        .iter()
        .map(|name| ("100644", name.as_bytes(), blob))
        .collect();
    let new = sandbox.commit_tree("two", sandbox.raw_tree(&entries));
    let result = sandbox
        .open()
        .files_between(sandbox.oid(&old), sandbox.oid(&new));
    assert!(
        matches!(result, Err(GitError::MalformedTree { .. })),
        "{result:?}"
    );
}

#[test]
fn a_tree_that_multiplies_itself_is_refused() {
    let sandbox = Sandbox::new();
    let old = sandbox.commit_tree("one", sandbox.raw_tree(&[]));
    let mut id = sandbox.raw.blob(b"x\n").unwrap();
    let names: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    for level in 0..10 {
        let mode = if level == 0 { "100644" } else { "40000" };
        let entries: Vec<_> = names
            .iter()
            .map(|name| (mode, name.as_bytes(), id))
            .collect();
        id = sandbox.raw_tree(&entries);
    }
    let bomb = sandbox.commit_tree("two", id);
    let result = sandbox
        .open()
        .files_between(sandbox.oid(&old), sandbox.oid(&bomb));
    assert!(matches!(result, Err(GitError::TooLarge { .. })));
    let mut deep = sandbox.raw.blob(b"x\n").unwrap();
    for level in 0..=MAX_DEPTH + 1 {
        deep = sandbox.raw_tree(&[(if level == 0 { "100644" } else { "40000" }, b"d", deep)]);
    }
    let deep = sandbox.commit_tree("three", deep);
    let result = sandbox
        .open()
        .files_between(sandbox.oid(&old), sandbox.oid(&deep));
    assert!(matches!(
        result,
        Err(GitError::TooLarge {
            limit: MAX_DEPTH,
            ..
        })
    ));
}

#[test]
fn beyond_a_thousand_files_only_equal_contents_are_renames() {
    let sandbox = Sandbox::new();
    let blob = |text: String| sandbox.raw.blob(text.as_bytes()).unwrap();
    let tree = |prefix: &str, change: &str| {
        let entries: Vec<(String, Oid)> = (0..600)
            .map(|number| {
                (
                    format!("{prefix}{number:04}.tf"),
                    blob(format!(
                        "{LONG}{number}\n{}",
                        if number == 7 { change } else { "" }
                    )),
                )
            })
            .collect();
        let entries: Vec<_> = entries
            .iter()
            .map(|(name, id)| ("100644", name.as_bytes(), *id))
            .collect();
        sandbox.raw_tree(&entries)
    };
    let old = sandbox.commit_tree("one", tree("a", ""));
    let new = sandbox.commit_tree("two", tree("b", "changed\n"));
    let found = files(&sandbox, &old, &new);
    let count = |status| found.iter().filter(|file| file.status == status).count();
    assert_eq!(
        (
            count(FileStatus::Renamed),
            count(FileStatus::Added),
            count(FileStatus::Deleted)
        ),
        (599, 1, 1)
    );
}

#[test]
fn every_file_that_only_moved_is_paired_however_many_there_are() {
    let sandbox = Sandbox::new();
    let blob = |text: &str| sandbox.raw.blob(text.as_bytes()).unwrap();
    let same = blob("the same everywhere\n");
    let (first, second) = (blob("first\n"), blob("second\n"));
    let tree = |directory: &str, link: &str| {
        let names: Vec<(String, Oid)> = (0..1500)
            .map(|number| (format!("f{number:04}.tf"), blob(&format!("{number}\n"))))
            .chain((0..20).map(|number| (format!("s{number:02}.tf"), same)))
            .collect();
        let mut entries: Vec<(&str, &[u8], Oid)> = names
            .iter()
            .map(|(name, id)| ("100644", name.as_bytes(), *id))
            .collect();
        entries.push((link, b"x", first));
        let inner = sandbox.raw_tree(&entries);
        sandbox.raw_tree(&[
            ("40000", directory.as_bytes(), inner),
            (
                "100644",
                b"z",
                if directory == "a" { first } else { second },
            ),
        ])
    };
    let old = sandbox.commit_tree("one", tree("a", "120000"));
    let new = sandbox.commit_tree("two", tree("b", "100644"));
    let found = files(&sandbox, &old, &new);
    let of = |status| found.iter().filter(move |file| file.status == status);
    for renamed in of(FileStatus::Renamed) {
        // Of many equal files, the one of the same name.
        let expected = renamed.path.replacen('b', "a", 1);
        assert_eq!(renamed.old_path.as_ref(), Some(&expected));
        assert!(renamed.hunks.is_empty(), "{renamed:?}");
    }
    assert_eq!(of(FileStatus::Renamed).count(), 1520);
    // A link does not become a file by a rename.
    let path = |status| {
        of(status)
            .map(|file| file.path.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(path(FileStatus::Deleted), ["a/x"]);
    assert_eq!(path(FileStatus::Added), ["b/x"]);
    assert_eq!(path(FileStatus::Modified), ["z"]);
}
