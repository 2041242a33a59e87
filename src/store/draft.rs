//! The directory of drafts: one file for each repository, plan and branch.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::atomic::sync_directory;
use super::error::failed;
use super::journal_file::is_still_there;
use super::{DraftFile, StoreError};
use crate::digest::Sink;

/// What a draft belongs to. The plan's digest is not part of it: answers are carried over when the plan is made anew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DraftKey {
    /// Name of the repository, or of the directory where there is none.
    pub repository: String,
    /// Root of the plan.
    pub root: String,
    /// Branch under review, or the commit where the head is detached; absent where there is no repository.
    pub head: Option<String>,
    /// Who reviews; nobody goes on with the answers of another, who may share the machine or the account.
    pub reviewer: Option<String>,
}

impl DraftKey {
    /// The name of the draft's file: it tells nothing about what is reviewed.
    #[must_use]
    pub fn file_name(&self) -> String {
        let mut sink = Sink::new("countersign draft v2");
        sink.text(&self.repository);
        sink.text(&self.root);
        sink.optional(self.head.as_deref());
        sink.optional(self.reviewer.as_deref());
        format!("{}.jsonl", sink.finish())
    }
}

/// The directory of drafts.
#[derive(Clone, Debug)]
pub struct Drafts {
    directory: PathBuf,
}

impl Drafts {
    /// Opens the `drafts` directory in the state directory, and makes both where they are missing; only their owner may enter.
    ///
    /// # Errors
    /// When a directory cannot be made or a link stands in its place.
    pub fn open(state: &Path) -> Result<Self, StoreError> {
        let directory = state.join("drafts");
        make_private(&directory)?;
        let metadata = fs::symlink_metadata(&directory).map_err(failed("look at", &directory))?;
        if !metadata.is_dir() {
            return Err(failed("use", &directory)(ErrorKind::NotADirectory.into()));
        }
        restrict(&directory, &metadata)?;
        Ok(Self { directory })
    }

    /// Opens the draft of a review, new or taken up again, and locks it until the handle is dropped.
    ///
    /// # Errors
    /// When another process has it, when it is damaged (it is then set aside), or when the operating system refuses.
    pub fn draft(&self, key: &DraftKey) -> Result<DraftFile, StoreError> {
        DraftFile::open(&self.directory.join(key.file_name()), key)
    }

    /// Removes the draft of a review; tells whether there was one.
    ///
    /// # Errors
    /// When another process has it or the operating system refuses.
    pub fn remove(&self, key: &DraftKey) -> Result<bool, StoreError> {
        let path = self.directory.join(key.file_name());
        if !path.exists() {
            return Ok(false);
        }
        if !remove_unused(&path)? {
            return Err(StoreError::Locked { path });
        }
        sync_directory(&self.directory)?;
        Ok(true)
    }

    /// Removes every draft, also those set aside, that was not written to for more than so many days; gives their number. Drafts that
    /// are open elsewhere stay.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn purge(&self, older_than_days: u32, now: Timestamp) -> Result<usize, StoreError> {
        let age = jiff::SignedDuration::from_hours(24 * i64::from(older_than_days));
        let entries = fs::read_dir(&self.directory).map_err(failed("list", &self.directory))?;
        let mut removed = 0;
        for entry in entries {
            let path = entry.map_err(failed("list", &self.directory))?.path();
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            let old = metadata
                .modified()
                .map_err(failed("look at", &path))
                .map(|written| is_older(written, age, now))?;
            if metadata.is_file() && is_ours(&path) && old && remove_unused(&path)? {
                removed += 1;
            }
        }
        if removed > 0 {
            sync_directory(&self.directory)?;
        }
        Ok(removed)
    }
}

fn is_older(written: SystemTime, age: jiff::SignedDuration, now: Timestamp) -> bool {
    Timestamp::try_from(written).is_ok_and(|written| now.duration_since(written) > age)
}

fn is_ours(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split_once(".jsonl"))
        .is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(".corrupt-"))
}

/// Removes a file unless somebody holds its lock; false when somebody does.
fn remove_unused(path: &Path) -> Result<bool, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(failed("open", path)(error)),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => return Ok(false),
        Err(fs::TryLockError::Error(error)) => return Err(failed("lock", path)(error)),
    }
    if !is_still_there(path, &file) {
        return Ok(false);
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(failed("remove", path)(error)),
    }
}

fn make_private(directory: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(directory).map_err(failed("make", directory))
}

#[cfg(unix)]
fn restrict(directory: &Path, metadata: &fs::Metadata) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt as _;
    if metadata.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
            .map_err(failed("restrict", directory))?;
    }
    Ok(())
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn restrict(_directory: &Path, _metadata: &fs::Metadata) -> Result<(), StoreError> {
    Ok(())
}
