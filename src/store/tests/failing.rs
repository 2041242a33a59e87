use std::fs::OpenOptions;

use super::*;

#[test]
fn a_state_directory_that_is_a_file_is_an_error_that_says_so() {
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("file");
    fs::write(&file, "x").unwrap();
    for place in [file.clone(), file.join("below")] {
        let error = Drafts::open(&place).unwrap_err().to_string();
        assert!(
            error.contains("cannot make") && error.contains("move it away"),
            "{error}"
        );
    }
    fs::write(state.path().join("drafts"), "x").unwrap();
    assert!(Drafts::open(state.path()).is_err());
}

#[test]
fn a_missing_file_system_permission_space_or_support_is_said_in_words() {
    use std::io::ErrorKind as Kind;
    for (kind, word) in [
        (Kind::StorageFull, "no space"),
        (Kind::QuotaExceeded, "no space"),
        (Kind::PermissionDenied, "owner or mode"),
        (Kind::ReadOnlyFilesystem, "read-only"),
        (Kind::NotFound, "missing"),
        (Kind::Unsupported, "does not support"),
        (Kind::Other, "nothing was changed"),
    ] {
        let error = error::failed("write", Path::new("a\u{1b}[2Jb"))(kind.into()).to_string();
        assert!(error.contains(word) && error.ends_with('.'), "{error}");
        assert!(!error.contains('\u{1b}'));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_what_cannot_be_undone_closes_the_draft() {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut draft = journal_file::DraftFile::for_test(Path::new("/dev/full"), file);
    let entries = journal().entries().to_vec();
    let error = draft.append(&entries[0]).unwrap_err().to_string();
    assert!(error.contains("no space left"), "{error}");
    assert!(matches!(
        draft.append(&entries[0]),
        Err(StoreError::Closed { last: 0, .. })
    ));
}

#[test]
fn a_write_that_fails_leaves_the_entries_before_it() {
    let (_state, _drafts, path) = written();
    let before = fs::read(&path).unwrap();
    let read_only = fs::File::open(&path).unwrap();
    let mut draft = journal_file::DraftFile::for_test(&path, read_only);
    assert!(draft.append(&journal().entries()[0]).is_err());
    assert_eq!(fs::read(&path).unwrap(), before);
}
