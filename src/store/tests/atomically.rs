use std::io::Write as _;

use super::*;

#[test]
fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    write_atomic(&path, b"one", 0o644).unwrap();
    write_atomic(&path, b"two", 0o600).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_replaced_file_has_the_mode_asked_for() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    for mode in [0o644, 0o600, 0o666] {
        write_atomic(&path, b"x", mode).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            mode
        );
    }
}

#[test]
fn a_directory_in_the_place_of_a_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = write_atomic(directory.path(), b"x", 0o600).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NotAFile {
                what: "a directory",
                ..
            }
        ),
        "{error}"
    );
    let missing = directory.path().join("no/such/report.json");
    let error = write_atomic(&missing, b"x", 0o600).unwrap_err().to_string();
    assert!(
        error.contains("a directory on the way is missing"),
        "{error}"
    );
    assert!(write_atomic(Path::new(""), b"x", 0o600).is_err());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_file_is_refused_even_when_it_leads_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("target");
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    for _ in 0..2 {
        let error = write_atomic(&link, b"new", 0o600).unwrap_err();
        assert!(matches!(
            error,
            StoreError::NotAFile {
                what: "a symbolic link",
                ..
            }
        ));
        assert_ne!(fs::read(&target).unwrap_or_default(), b"new");
        fs::File::create(&target)
            .unwrap()
            .write_all(b"old")
            .unwrap();
    }
    let error = write_atomic(Path::new("/dev/null"), b"x", 0o600).unwrap_err();
    assert!(matches!(error, StoreError::NotAFile { .. }));
}
