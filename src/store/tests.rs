#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used
)]

mod atomically;
mod failing;

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::*;
use crate::decision::{Decision, DecisionKey, Entry, Event, Identity, Journal};
use crate::digest::Digest;

fn key() -> DraftKey {
    DraftKey {
        repository: "example.org/infra".to_owned(),
        root: "live/plan.json".to_owned(),
        head: Some("feature".to_owned()),
        reviewer: Some("ada@example.org".to_owned()),
    }
}

fn finding(number: u64) -> DecisionKey {
    DecisionKey {
        fingerprint: Digest::of(&number.to_le_bytes()),
        content: Digest::of(b"content"),
    }
}

/// One entry of each kind, with text that needs escaping.
fn journal() -> Journal {
    let mut journal = Journal::default();
    let ada = Identity {
        name: "Ada \"A\" L\u{f6}ve".to_owned(),
        email: "ada@example.org".to_owned(),
    };
    for event in [
        Event::Displayed {
            change: Digest::of(b"change"),
        },
        Event::Decided {
            key: finding(1),
            decision: Decision::Acknowledge,
        },
        Event::Decided {
            key: finding(2),
            decision: Decision::Waive {
                reason: "two lines\nand a \\ and a \u{202e}".to_owned(),
                expires: "2026-12-01".parse().unwrap(),
            },
        },
        Event::Retracted { entry: 2 },
        Event::Noted {
            key: finding(2),
            text: "ask the owner".to_owned(),
        },
        Event::Decided {
            key: finding(3),
            decision: Decision::Reject {
                reason: "not this week, OPS-1".to_owned(),
            },
        },
    ] {
        journal.append(
            Timestamp::from_second(1_800_000_000).unwrap(),
            ada.clone(),
            Digest::of(b"plan"),
            event,
        );
    }
    journal
}

fn drafts() -> (tempfile::TempDir, Drafts) {
    let state = tempfile::tempdir().unwrap();
    let drafts = Drafts::open(state.path()).unwrap();
    (state, drafts)
}

fn written() -> (tempfile::TempDir, Drafts, PathBuf) {
    let (state, drafts) = drafts();
    let mut draft = drafts.draft(&key()).unwrap();
    for entry in journal().entries() {
        draft.append(entry).unwrap();
    }
    let path = draft.path().to_owned();
    (state, drafts, path)
}

fn asides(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains(".corrupt-"))
        .collect();
    found.sort();
    found
}

#[test]
fn what_was_appended_is_there_when_the_draft_is_opened_again() {
    let (_state, drafts, path) = written();
    assert_eq!(drafts.draft(&key()).unwrap().load().unwrap(), journal());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1 + journal().entries().len());
    assert!(
        text.starts_with(r#"{"schema":"countersign.draft/v1","repository":"example.org/infra""#)
    );
}

#[test]
fn several_entries_are_appended_at_once() {
    let (_state, drafts) = drafts();
    let mut draft = drafts.draft(&key()).unwrap();
    draft.append_all(&[]).unwrap();
    draft.append_all(journal().entries()).unwrap();
    assert_eq!(draft.load().unwrap(), journal());
}

#[test]
fn each_repository_root_branch_and_reviewer_has_its_own_draft() {
    let (_state, drafts, _) = written();
    for other in [
        DraftKey {
            repository: "example.org/other".to_owned(),
            ..key()
        },
        DraftKey {
            root: "plan.json".to_owned(),
            ..key()
        },
        DraftKey {
            head: Some("main".to_owned()),
            ..key()
        },
        DraftKey {
            head: None,
            ..key()
        },
        DraftKey {
            reviewer: Some("rae@example.org".to_owned()),
            ..key()
        },
        DraftKey {
            reviewer: None,
            ..key()
        },
    ] {
        assert_ne!(other.file_name(), key().file_name());
        assert!(
            drafts
                .draft(&other)
                .unwrap()
                .load()
                .unwrap()
                .entries()
                .is_empty()
        );
    }
}

#[test]
fn a_file_name_tells_nothing_about_the_review() {
    assert!(!key().file_name().contains("infra"));
    assert_eq!(key().file_name().len(), 64 + ".jsonl".len());
}

#[test]
fn cut_at_any_byte_the_draft_keeps_every_whole_entry_and_goes_on() {
    let (_state, drafts) = drafts();
    let entries = journal().entries()[..3].to_vec();
    let mut draft = drafts.draft(&key()).unwrap();
    draft.append_all(&entries).unwrap();
    let path = draft.path().to_owned();
    drop(draft);
    let whole = fs::read(&path).unwrap();
    let is_boundary = |at: usize| at > 0 && whole.get(at - 1) == Some(&b'\n');
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let lines = whole[..length].split(|b| *b == b'\n').count() - 1;
        let kept = lines.saturating_sub(1);
        let mut draft = drafts.draft(&key()).unwrap();
        assert_eq!(
            draft.load().unwrap().entries(),
            &entries[..kept],
            "cut at {length}"
        );
        // Every write waits for the disk, so only cuts at and beside line endings go on.
        if (length.saturating_sub(1)..=length + 1).any(is_boundary) {
            draft.append_all(&entries[kept..]).unwrap();
            assert_eq!(fs::read(&path).unwrap(), whole, "cut at {length}");
        }
    }
    assert!(asides(&path).is_empty());
}

#[test]
fn zeros_after_the_last_line_are_dropped_as_an_unfinished_write() {
    let (_state, drafts, path) = written();
    let whole = fs::read(&path).unwrap();
    let mut torn = whole.clone();
    torn.extend_from_slice(&[0; 4096]);
    fs::write(&path, torn).unwrap();
    assert_eq!(drafts.draft(&key()).unwrap().load().unwrap(), journal());
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn a_damaged_line_sets_the_file_aside_and_a_new_draft_starts() {
    let (_state, drafts, path) = written();
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let other_version = lines[0].replace("/v1", "/v2");
    let other_review = lines[0].replace("infra", "other");
    let cases: Vec<(usize, &str, &str)> = vec![
        (0, "garbage", "not a header"),
        (0, &other_version, "a header of another version"),
        (0, &other_review, "a header of another review"),
        (1, "{}", "not an entry"),
        (2, "", "not an entry"),
        (3, lines[2], "an entry out of order"),
        (6, "{\"number\":6", "not an entry"),
    ];
    for (count, (index, damage, problem)) in cases.iter().enumerate() {
        let mut changed = lines.clone();
        changed[*index] = damage;
        let text = changed.join("\n") + "\n";
        fs::write(&path, &text).unwrap();
        let error = drafts.draft(&key()).unwrap_err();
        let StoreError::Corrupt {
            line,
            problem: found,
            aside,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!((*line, found), (index + 1, problem));
        assert!(
            aside
                .to_str()
                .unwrap()
                .ends_with(&format!(".corrupt-{}", count + 1))
        );
        assert_eq!(fs::read_to_string(aside).unwrap(), text);
        assert!(error.to_string().contains("set aside"), "{error}");
        assert!(
            drafts
                .draft(&key())
                .unwrap()
                .load()
                .unwrap()
                .entries()
                .is_empty()
        );
    }
    assert_eq!(asides(&path).len(), cases.len());
}

#[test]
fn damage_that_appears_while_the_draft_is_open_ends_it_without_loss() {
    let (_state, drafts, path) = written();
    let mut draft = drafts.draft(&key()).unwrap();
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("displayed", "dismayed!");
    fs::write(&path, &text).unwrap();
    assert!(matches!(
        draft.load(),
        Err(StoreError::Corrupt { line: 2, .. })
    ));
    let mut more = journal();
    let next = more
        .append(
            Timestamp::UNIX_EPOCH,
            journal().entries()[0].by.clone(),
            Digest::of(b"plan"),
            Event::Retracted { entry: 3 },
        )
        .clone();
    assert!(matches!(
        draft.append(&next),
        Err(StoreError::Closed { last: 6, .. })
    ));
    assert_eq!(fs::read_to_string(&asides(&path)[0]).unwrap(), text);
}

#[test]
fn a_second_process_is_told_who_has_the_draft_and_what_to_do() {
    let (_state, drafts) = drafts();
    let first = drafts.draft(&key()).unwrap();
    let error = drafts.draft(&key()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }));
    assert!(
        error
            .to_string()
            .contains("another countersign has this review open")
    );
    assert!(matches!(
        drafts.remove(&key()),
        Err(StoreError::Locked { .. })
    ));
    drop(first);
    drafts.draft(&key()).unwrap();
}

#[test]
fn the_lock_is_on_the_file_that_stands_at_the_path() {
    let (_state, drafts) = drafts();
    let removed = drafts.draft(&key()).unwrap();
    fs::remove_file(removed.path()).unwrap();
    let new = drafts.draft(&key()).unwrap();
    assert!(matches!(
        drafts.draft(&key()),
        Err(StoreError::Locked { .. })
    ));
    drop(removed);
    assert!(matches!(
        drafts.draft(&key()),
        Err(StoreError::Locked { .. })
    ));
    drop(new);
}

#[test]
fn an_entry_that_does_not_follow_the_last_one_is_refused() {
    let (_state, drafts) = drafts();
    let mut draft = drafts.draft(&key()).unwrap();
    let entries = journal().entries().to_vec();
    assert!(matches!(
        draft.append(&entries[1]),
        Err(StoreError::OutOfOrder {
            last: 0,
            found: 2,
            ..
        })
    ));
    draft.append(&entries[0]).unwrap();
    assert!(matches!(
        draft.append(&entries[0]),
        Err(StoreError::OutOfOrder {
            last: 1,
            found: 1,
            ..
        })
    ));
    let gap = [entries[1].clone(), entries[3].clone()];
    assert!(matches!(
        draft.append_all(&gap),
        Err(StoreError::OutOfOrder {
            last: 2,
            found: 4,
            ..
        })
    ));
    assert_eq!(draft.load().unwrap().entries(), &entries[..1]);
}

#[test]
fn a_draft_holds_nothing_but_header_and_entries() {
    let (_state, _drafts, path) = written();
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    let mut keys: Vec<&String> = header.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["head", "repository", "reviewer", "root", "schema"]);
    for line in lines {
        let entry: Entry = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&entry).unwrap(), line);
    }
}

#[test]
fn a_removed_draft_is_gone() {
    let (_state, drafts, path) = written();
    assert!(drafts.remove(&key()).unwrap());
    assert!(!drafts.remove(&key()).unwrap());
    let draft = drafts.draft(&key()).unwrap();
    draft.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn purge_removes_old_drafts_and_spares_new_open_and_foreign_ones() {
    let (_state, drafts, path) = written();
    let open_key = DraftKey {
        head: None,
        ..key()
    };
    let open = drafts.draft(&open_key).unwrap();
    let directory = path.parent().unwrap();
    fs::write(directory.join("a.jsonl.corrupt-1"), "x").unwrap();
    fs::write(directory.join("README"), "x").unwrap();
    fs::write(directory.join("a.jsonlx"), "x").unwrap();
    let now = Timestamp::try_from(fs::metadata(&path).unwrap().modified().unwrap()).unwrap();
    let later = |days: i64| now + jiff::SignedDuration::from_hours(24 * days + 1);
    assert_eq!(drafts.purge(14, later(13)).unwrap(), 0);
    assert_eq!(drafts.purge(14, later(14)).unwrap(), 2);
    assert!(!path.exists() && open.path().exists());
    assert!(directory.join("README").exists() && directory.join("a.jsonlx").exists());
    drop(open);
    assert_eq!(drafts.purge(0, later(1)).unwrap(), 1);
}

#[cfg(unix)]
#[test]
fn directories_and_drafts_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let outer = tempfile::tempdir().unwrap();
    let state = outer.path().join("a/b");
    let drafts = Drafts::open(&state).unwrap();
    let draft = drafts.draft(&key()).unwrap();
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&state.join("drafts")), 0o700);
    assert_eq!(mode(draft.path()), 0o600);
    fs::set_permissions(state.join("drafts"), fs::Permissions::from_mode(0o755)).unwrap();
    Drafts::open(&state).unwrap();
    assert_eq!(mode(&state.join("drafts")), 0o700);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_draft_or_its_directory_is_refused() {
    let (state, drafts) = drafts();
    let target = state.path().join("target");
    fs::write(&target, "keep").unwrap();
    let place = state.path().join("drafts").join(key().file_name());
    std::os::unix::fs::symlink(&target, &place).unwrap();
    assert!(matches!(
        drafts.draft(&key()),
        Err(StoreError::NotAFile {
            what: "a symbolic link",
            ..
        })
    ));
    assert_eq!(fs::read_to_string(&target).unwrap(), "keep");
    let other = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(state.path(), other.path().join("drafts")).unwrap();
    assert!(Drafts::open(other.path()).is_err());
}

#[test]
#[cfg(unix)]
fn nothing_is_said_to_be_kept_in_a_draft_that_was_removed() {
    let (_state, drafts) = drafts();
    let mut draft = drafts.draft(&key()).unwrap();
    draft.append_all(journal().entries()).unwrap();
    fs::remove_file(draft.path()).unwrap();
    let next = journal().entries().first().unwrap().clone();
    let next = Entry {
        number: journal().entries().len() as u64 + 1,
        ..next
    };
    assert!(matches!(draft.append(&next), Err(StoreError::Gone { .. })));
    // Another one in its place is not this one.
    fs::write(draft.path(), "x").unwrap();
    assert!(matches!(draft.append(&next), Err(StoreError::Gone { .. })));
}
