//! Replacing a file as a whole: the old content or the new, never a part.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::error::failed;

/// Writes a file by way of a temporary one in the same directory: written, synced, renamed, and the directory synced.
///
/// `mode` holds the permission bits and is exact, whatever the umask; it means nothing where there are none.
///
/// # Errors
/// When a link, a directory or a device stands at the path, or the operating system refuses; the old file is then unchanged.
pub fn write_atomic(path: &Path, bytes: &[u8], mode: u32) -> Result<(), StoreError> {
    refuse_other_than_file(path)?;
    let directory = directory_of(path);
    let mut temporary = tempfile::Builder::new()
        .prefix(".countersign-")
        .suffix(".tmp")
        .tempfile_in(&directory)
        .map_err(failed("write beside", path))?;
    temporary
        .write_all(bytes)
        .and_then(|()| set_mode(temporary.as_file(), mode))
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(failed("write", path))?;
    temporary
        .persist(path)
        .map_err(|error| failed("replace", path)(error.error))?;
    sync_directory(&directory)
}

/// Refuses a place at which something other than a regular file stands.
pub(super) fn refuse_other_than_file(path: &Path) -> Result<(), StoreError> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at", path)(error)),
    };
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_dir() {
        "a directory"
    } else {
        "a device, pipe or socket"
    };
    Err(StoreError::NotAFile {
        path: path.to_owned(),
        what,
    })
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(mode & 0o777))
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn set_mode(_file: &File, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

/// Makes the entry of a new, renamed or removed file survive loss of power.
#[cfg(unix)]
pub(super) fn sync_directory(directory: &Path) -> Result<(), StoreError> {
    File::open(directory)
        .and_then(|handle| handle.sync_all())
        .map_err(failed("sync", directory))
}

/// Directories cannot be synced here.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
pub(super) fn sync_directory(_directory: &Path) -> Result<(), StoreError> {
    Ok(())
}
