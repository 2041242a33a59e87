#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::change::{Hunk, Line};

fn file(path: &str, status: FileStatus) -> FileChange {
    FileChange {
        path: path.to_owned(),
        old_path: None,
        status,
        mode: (status != FileStatus::Deleted).then(|| "100644".to_owned()),
        old_mode: (status != FileStatus::Added).then(|| "100644".to_owned()),
        binary: false,
        strings: None,
        hunks: vec![Hunk {
            old_start: 7,
            old_lines: 1,
            new_start: 7,
            new_lines: 1,
            added: vec![Line {
                line: 7,
                text: "x".to_owned(),
            }],
            removed: Vec::new(),
        }],
    }
}

fn renamed(old: &str, new: &str) -> FileChange {
    FileChange {
        old_path: Some(old.to_owned()),
        hunks: Vec::new(),
        ..file(new, FileStatus::Renamed)
    }
}

fn read(text: &str) -> ConfigAt {
    let config = Config::read(text, config::FILE);
    config.map_err(|problems| panic!("{problems:?}"))
}

const BASE: &str = "[policies]\npaths = [\"./ops/policies/\"]\ndata = [\"ops/data.json\"]\n";

/// Rule, subject, message and line of what is found in a change of these files.
fn found_in(
    files: Vec<FileChange>,
    new: &ConfigAt,
) -> Vec<(&'static str, String, String, Option<u32>)> {
    let change = Change {
        head: Some("a".repeat(40)),
        files,
        ..Change::default()
    };
    let base = read(BASE);
    let sides = Sides {
        change: &change,
        base: base.as_ref().unwrap(),
        configs: [&base, new],
        given: [
            vec!["ci/rules".to_owned()],
            vec!["ci/extra.yaml".to_owned()],
        ],
        waived: [Waived::new(), Waived::new()],
        redactor: &Redactor::default(),
    };
    tampering(&sides)
        .into_iter()
        .map(|own| {
            let line = own.location.as_ref().unwrap().line;
            let subject = own.subject.into_string();
            assert!(own.target.unwrap().is(|path| path == subject));
            (own.rule, subject, own.message.into_string(), line)
        })
        .collect()
}

fn rules(files: Vec<FileChange>) -> Vec<(&'static str, String)> {
    found_in(files, &read(BASE))
        .into_iter()
        .map(|(rule, subject, ..)| (rule, subject))
        .collect()
}

#[test]
fn every_kind_of_file_that_judges_is_found_and_others_are_not() {
    for (path, rule) in [
        ("countersign.toml", "configuration"),
        ("ops/policies/a.rego", "policies"),
        ("ops/policies/deep/a_test.rego", "policies"),
        ("ops/policies/data.yaml", "policies"),
        ("ci/rules/a.rego", "policies"),
        ("ops/data.json", "data"),
        ("ci/extra.yaml", "data"),
        (".countersign/allowed_signers", "approvers"),
        (".countersign/revoked", "approvers"),
        (".countersign/more/x", "approvers"),
        ("CODEOWNERS", "owners"),
        (".github/CODEOWNERS", "owners"),
    ] {
        for status in [FileStatus::Added, FileStatus::Modified, FileStatus::Deleted] {
            assert_eq!(
                rules(vec![file(path, status)]),
                [(rule, path.to_owned())],
                "{path}"
            );
        }
    }
    for path in [
        "main.tf",
        "sub/countersign.toml",
        "countersign.toml.md",
        "ops/policies/README.md",
        "ops/policies2/a.rego",
        "ops/policiesa.rego",
        "ops/data.json.bak",
        "data.json",
        ".countersignx/a",
        "x/CODEOWNERS",
    ] {
        assert!(
            rules(vec![file(path, FileStatus::Modified)]).is_empty(),
            "{path}"
        );
    }
}

#[test]
fn both_sides_of_a_rename_count_and_a_copy_takes_nothing_away() {
    assert_eq!(
        rules(vec![renamed("ops/policies/a.rego", "docs/a.rego")]),
        [("policies", "ops/policies/a.rego".to_owned())]
    );
    assert_eq!(
        rules(vec![renamed("docs/a.rego", "ops/policies/a.rego")]),
        [("policies", "ops/policies/a.rego".to_owned())]
    );
    // Each side is one to answer: a waiver of the one does not cover the other.
    assert_eq!(
        rules(vec![renamed(".countersign/revoked", "ops/policies/a.rego")]),
        [
            ("policies", "ops/policies/a.rego".to_owned()),
            ("approvers", ".countersign/revoked".to_owned())
        ]
    );
    let copied = FileChange {
        status: FileStatus::Copied,
        ..renamed("ops/policies/a.rego", "docs/a.rego")
    };
    assert!(rules(vec![copied]).is_empty());
    let found = found_in(
        vec![renamed("ops/policies/a.rego", "docs/a.rego")],
        &read(BASE),
    );
    assert_eq!(
        found[0].2,
        "This change moves ops/policies/a.rego away, to docs/a.rego, from which policies are read."
    );
}

#[test]
fn a_directory_that_becomes_something_else_is_found() {
    let link = |path: &str| FileChange {
        mode: Some("120000".to_owned()),
        ..file(path, FileStatus::Added)
    };
    for (path, rule) in [
        ("ops", "data"),
        ("ops/policies", "policies"),
        ("ci", "data"),
        ("ci/rules", "policies"),
        (".countersign", "approvers"),
        // A link in the directory is found whatever its name.
        ("ops/policies/more", "policies"),
    ] {
        let found = found_in(vec![link(path)], &read(BASE));
        assert_eq!(found.len(), 1, "{path}");
        assert_eq!((found[0].0, found[0].1.as_str()), (rule, path));
        assert!(found[0].2.contains("(a symbolic link)"), "{}", found[0].2);
    }
    let back = FileChange {
        old_mode: Some("160000".to_owned()),
        ..file("ops/policies/vendored", FileStatus::Deleted)
    };
    assert_eq!(rules(vec![back]).len(), 1);
}

#[test]
fn a_list_of_signers_in_another_place_is_guarded_there() {
    let new = read("[approval]\nallowed_signers = \"secure/signers\"\n");
    let found = found_in(vec![file("secure/signers", FileStatus::Added)], &new);
    assert_eq!(
        (found[0].0, found[0].1.as_str()),
        ("approvers", "secure/signers")
    );
}

#[test]
fn modes_and_links_are_said() {
    let mode = FileChange {
        mode: Some("100755".to_owned()),
        hunks: Vec::new(),
        ..file("ops/policies/a.rego", FileStatus::Modified)
    };
    let link = FileChange {
        mode: Some("120000".to_owned()),
        ..file("ops/data.json", FileStatus::TypeChanged)
    };
    let messages: Vec<String> = found_in(vec![mode, link], &read(BASE))
        .into_iter()
        .map(|found| found.2)
        .collect();
    assert_eq!(
        messages,
        [
            "This change changes the mode of ops/policies/a.rego from 100644 to 100755, from which policies are read.",
            "This change replaces ops/data.json (a symbolic link), which policies read as data.",
        ]
    );
}

#[test]
fn what_the_configuration_would_do_is_named_with_its_line() {
    let edited = || vec![file("countersign.toml", FileStatus::Modified)];
    let found = found_in(
        edited(),
        &read(&format!("{BASE}disable = [\"no-destroy\"]\n")),
    );
    assert_eq!(
        (found[0].2.as_str(), found[0].3),
        (
            "This change edits countersign.toml, the configuration of the reviews to come: it turns no-destroy off.",
            Some(7)
        )
    );
    let found = found_in(edited(), &read(&format!("# more words\n{BASE}")));
    assert!(
        found[0]
            .2
            .ends_with("it changes no setting, only comments or layout.")
    );
    let found = found_in(edited(), &Err("line 3: nonsense.".to_owned()));
    assert!(
        found[0]
            .2
            .ends_with("it cannot be read there, line 3: nonsense.")
    );
    let many: Vec<String> = (0..12).map(|n| format!("\"p{n:02}\"")).collect();
    let many = many.join(", ");
    let found = found_in(edited(), &read(&format!("{BASE}disable = [{many}]\n")));
    assert!(
        found[0].2.ends_with("turns p07 off; and 4 more."),
        "{}",
        found[0].2
    );
}

#[test]
fn directories_that_only_the_head_names_count_too() {
    let added = || vec![file("own/a.rego", FileStatus::Added)];
    assert!(rules(added()).is_empty());
    let new = read("[policies]\npaths = [\"own\"]\n");
    assert_eq!(found_in(added(), &new).len(), 1);
}

#[test]
fn the_root_as_policy_directory_means_policies_not_every_file() {
    let new = read("[policies]\npaths = [\"./\"]\n");
    for (path, count) in [("a.rego", 1), ("x/data.json", 1), ("main.tf", 0)] {
        let found = found_in(vec![file(path, FileStatus::Modified)], &new);
        assert_eq!(found.len(), count, "{path}");
    }
}

#[test]
fn an_answer_holds_as_long_as_the_lines_and_for_unread_files_as_long_as_the_head() {
    let base = read(BASE);
    let content = |file: FileChange, head: &str| {
        let change = Change {
            head: Some(head.to_owned()),
            files: vec![file],
            ..Change::default()
        };
        let sides = Sides {
            change: &change,
            base: base.as_ref().unwrap(),
            configs: [&base, &base],
            given: [Vec::new(), Vec::new()],
            waived: [Waived::new(), Waived::new()],
            redactor: &Redactor::default(),
        };
        tampering(&sides)[0].content
    };
    let plain = || file("ops/policies/a.rego", FileStatus::Modified);
    assert_eq!(content(plain(), "a"), content(plain(), "b"));
    let mut other = plain();
    other.hunks[0].added[0].text = "y".to_owned();
    assert_ne!(content(plain(), "a"), content(other, "a"));
    let binary = || FileChange {
        binary: true,
        hunks: Vec::new(),
        ..plain()
    };
    assert_ne!(content(binary(), "a"), content(binary(), "b"));
}

#[test]
fn comments_that_waive_are_compared_by_what_they_waive() {
    let waived = |entries: &[(&str, &str, u32)]| {
        let mut out = Waived::new();
        for (what, file, line) in entries {
            out.entry((*what).to_owned())
                .or_default()
                .insert((*file).to_owned(), *line);
        }
        out
    };
    let change = Change::default();
    let base = read(BASE);
    let sides = Sides {
        change: &change,
        base: base.as_ref().unwrap(),
        configs: [&base, &base],
        given: [Vec::new(), Vec::new()],
        waived: [
            waived(&[("kept", "a.tf", 3), ("gone", "a.tf", 9)]),
            waived(&[
                ("kept", "a.tf", 5),
                ("new", "b.tf", 4),
                ("newer", "b.tf", 2),
                (&"long".repeat(100_000), "c.tf", 1),
            ]),
        ],
        redactor: &Redactor::default(),
    };
    let found = tampering(&sides);
    assert!(found[2].message.as_str().len() < 400);
    let found: Vec<_> = found
        .into_iter()
        .take(2)
        .map(|own| {
            (
                own.rule,
                own.message.into_string(),
                own.location.unwrap().line,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                "waivers",
                "By its comments in a.tf this change removes gone.".to_owned(),
                None
            ),
            (
                "waivers",
                "By its comments in b.tf this change adds new; adds newer.".to_owned(),
                Some(2)
            ),
        ]
    );
}
