#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used
)]

use super::*;

fn hunk(new_start: u32, new_lines: u32, old_start: u32, old_lines: u32) -> Hunk {
    let lines = |start: u32, count: u32| {
        (start..start.saturating_add(count))
            .map(|line| Line {
                line,
                text: format!("l{line}"),
            })
            .collect()
    };
    Hunk {
        old_start,
        old_lines,
        new_start,
        new_lines,
        added: lines(new_start, new_lines),
        removed: lines(old_start, old_lines),
    }
}

fn file(path: &str, status: FileStatus, hunks: Vec<Hunk>) -> FileChange {
    FileChange {
        path: path.to_owned(),
        old_path: None,
        status,
        mode: Some("100644".to_owned()),
        old_mode: Some("100644".to_owned()),
        binary: false,
        hunks,
        strings: None,
    }
}

fn change(files: Vec<FileChange>) -> Change {
    Change {
        files,
        ..Change::default()
    }
}

#[test]
fn lines_are_counted_over_all_files() {
    let change = change(vec![
        file(
            "a.tf",
            FileStatus::Modified,
            vec![hunk(3, 2, 3, 1), hunk(9, 0, 8, 4)],
        ),
        file("b.tf", FileStatus::Added, vec![hunk(1, 5, 0, 0)]),
    ]);
    assert_eq!((change.insertions(), change.deletions()), (7, 5));
    assert_eq!(change.file("b.tf").unwrap().insertions(), 5);
    assert!(change.file("c.tf").is_none());
}

#[test]
fn an_addition_touches_the_ranges_it_overlaps() {
    let change = change(vec![file(
        "a.tf",
        FileStatus::Modified,
        vec![hunk(5, 3, 4, 0)],
    )]);
    for (range, expected) in [
        (1..=4, false),
        (1..=5, true),
        (6..=6, true),
        (7..=20, true),
        (8..=20, false),
    ] {
        assert_eq!(change.touches("a.tf", &range), expected, "{range:?}");
    }
    assert!(!change.touches("other.tf", &(1..=100)));
}

#[test]
fn a_removal_touches_the_range_it_happened_inside() {
    let change = change(vec![file(
        "a.tf",
        FileStatus::Modified,
        vec![hunk(5, 0, 6, 2)],
    )]);
    for (range, expected) in [(1..=5, false), (5..=6, true), (1..=9, true), (6..=9, false)] {
        assert_eq!(change.touches("a.tf", &range), expected, "{range:?}");
    }
}

#[test]
#[allow(clippy::reversed_empty_ranges)]
fn a_deleted_file_and_an_empty_range_are_never_touched() {
    let change = change(vec![
        file("gone.tf", FileStatus::Deleted, vec![hunk(0, 0, 1, 9)]),
        file(
            "a.tf",
            FileStatus::Modified,
            vec![hunk(1, 9, 1, 9), hunk(u32::MAX, 2, 20, 0)],
        ),
    ]);
    assert!(!change.touches("gone.tf", &(0..=9)));
    assert!(!change.touches("a.tf", &(5..=4)));
    assert!(change.touches("a.tf", &(u32::MAX..=u32::MAX)));
}

#[test]
fn files_that_decide_the_plan_or_the_verdict_are_relevant() {
    for path in [
        "main.tf",
        "x/main.tf.json",
        "main.tofu",
        "prod.tfvars",
        "prod.auto.tfvars.json",
        ".terraform.lock.hcl",
        "env/prod/.terraform.lock.hcl",
        "countersign.toml",
        "env/countersign.toml",
        "policies/x.rego",
        ".countersign/allowed_signers",
    ] {
        assert!(Change::is_terraform_relevant(path), "{path}");
    }
    for path in [
        "README.md",
        "main.tf.bak",
        "a.terraform.lock.hcl",
        "my-countersign.toml",
        "x/.countersign",
        "tf",
    ] {
        assert!(!Change::is_terraform_relevant(path), "{path}");
    }
}

#[test]
fn the_serialised_keys_are_those_of_the_interface() {
    let mut change = change(vec![file(
        "a.tf",
        FileStatus::TypeChanged,
        vec![hunk(1, 1, 1, 1)],
    )]);
    change.authors = vec![Author {
        name: "A".to_owned(),
        email: "a@example.com".to_owned(),
        role: AuthorRole::CoAuthor,
    }];
    change.dirty = vec!["b.tf".to_owned()];
    let expected = serde_json::json!({
        "base": null, "head": null, "merge_base": null, "branch": null,
        "authors": [{"name": "A", "email": "a@example.com", "role": "co-author"}],
        "files": [{
            "path": "a.tf", "old_path": null, "status": "type-changed",
            "mode": "100644", "old_mode": "100644", "binary": false,
            "hunks": [{
                "old_start": 1, "old_lines": 1, "new_start": 1, "new_lines": 1,
                "added": [{"line": 1, "text": "l1"}], "removed": [{"line": 1, "text": "l1"}],
            }],
        }],
    });
    assert_eq!(serde_json::to_value(&change).unwrap(), expected);
    let words: Vec<_> = [
        FileStatus::Added,
        FileStatus::Modified,
        FileStatus::Deleted,
        FileStatus::Renamed,
        FileStatus::Copied,
    ]
    .iter()
    .map(|status| serde_json::to_value(status).unwrap())
    .collect();
    assert_eq!(words, ["added", "modified", "deleted", "renamed", "copied"]);
}

#[test]
fn line_text_drops_one_line_ending_and_replaces_what_is_not_utf8() {
    assert_eq!(line_text(b"a\r\n"), "a");
    assert_eq!(line_text(b"a\r\r\n"), "a\r");
    assert_eq!(line_text(b" a \n"), " a ");
    assert_eq!(line_text(b"\xff"), "\u{fffd}");
    assert_eq!(line_text(b""), "");
}
