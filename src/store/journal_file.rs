//! One draft: a header line and one journal entry a line.
//!
//! A line counts once its line ending is on the disk. Writing is one call with the whole line, then fsync; if that fails, the file is
//! cut back to the last line that counts, so that a later entry never follows half of another.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::atomic::{refuse_other_than_file, sync_directory};
use super::error::failed;
use super::{DraftKey, StoreError};
use crate::decision::{Entry, Journal};

/// The largest draft that is read or written, in bytes.
pub const MAX_DRAFT_BYTES: u64 = 256 * 1024 * 1024;

const SCHEMA: &str = "countersign.draft/v1";

#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    #[serde(flatten)]
    key: DraftKey,
}

/// An open draft. The lock ends when this is dropped.
#[derive(Debug)]
pub struct DraftFile {
    path: PathBuf,
    file: File,
    /// Number of the last entry.
    last: u64,
    /// Bytes that count.
    length: u64,
    /// Whether a failed write could not be undone.
    closed: bool,
}

/// What stands in a draft.
struct Content {
    entries: Vec<Entry>,
    /// Bytes up to and with the last line ending; 0 when even the header is not whole.
    length: u64,
}

/// A line that cannot be read.
struct Damage {
    line: usize,
    problem: &'static str,
}

impl DraftFile {
    pub(super) fn open(path: &Path, key: &DraftKey) -> Result<Self, StoreError> {
        let file = open_locked(path)?;
        let mut draft = Self {
            path: path.to_owned(),
            file,
            last: 0,
            length: 0,
            closed: false,
        };
        let bytes = draft.bytes()?;
        let content = match read(&bytes, key) {
            Ok(content) => content,
            Err(damage) => return Err(draft.set_aside(&damage)),
        };
        draft.last = content.entries.len() as u64;
        draft.length = content.length;
        if content.length < bytes.len() as u64 {
            draft
                .cut()
                .map_err(failed("cut the unfinished last line of", path))?;
        }
        if content.length == 0 {
            let header = Header {
                schema: SCHEMA.to_owned(),
                key: key.clone(),
            };
            draft.write(&[&header])?;
            if let Some(directory) = path.parent() {
                sync_directory(directory)?;
            }
        }
        Ok(draft)
    }

    /// A handle over any file, to see what a failing one does.
    #[cfg(test)]
    pub(super) fn for_test(path: &Path, file: File) -> Self {
        Self {
            path: path.to_owned(),
            file,
            last: 0,
            length: 0,
            closed: false,
        }
    }

    /// Where the draft is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The journal as it stands in the file.
    ///
    /// # Errors
    /// When the file cannot be read, or something else wrote into it.
    pub fn load(&mut self) -> Result<Journal, StoreError> {
        let bytes = self.bytes()?;
        let key = header(&bytes).map(|header| header.key);
        let damage = |line, problem| Damage { line, problem };
        let content = key
            .ok_or_else(|| damage(1, "not a header"))
            .and_then(|key| read(&bytes, &key))
            .and_then(|content| {
                Journal::from_entries(content.entries)
                    .map_err(|_number| damage(2, "entries out of order"))
            });
        content.map_err(|damage| self.set_aside(&damage))
    }

    /// Appends one entry; when this returns, it is on the disk.
    ///
    /// # Errors
    /// When the entry does not follow the last one, or when it could not be written; the draft then ends with the entry before.
    pub fn append(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.append_all(std::slice::from_ref(entry))
    }

    /// Appends several entries with one write; when this returns, all are on the disk.
    ///
    /// # Errors
    /// As [`Self::append`]; none of the entries then counts.
    pub fn append_all(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        for (expected, entry) in (self.last + 1..).zip(entries) {
            if entry.number != expected {
                return Err(StoreError::OutOfOrder {
                    path: self.path.clone(),
                    last: expected - 1,
                    found: entry.number,
                });
            }
        }
        let lines: Vec<&Entry> = entries.iter().collect();
        self.write(&lines)?;
        self.last += entries.len() as u64;
        Ok(())
    }

    /// Removes the draft and ends the lock.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn remove(self) -> Result<(), StoreError> {
        fs::remove_file(&self.path).map_err(failed("remove", &self.path))?;
        self.path.parent().map_or(Ok(()), sync_directory)
    }

    fn write<T: Serialize>(&mut self, lines: &[&T]) -> Result<(), StoreError> {
        if self.closed {
            return Err(StoreError::Closed {
                path: self.path.clone(),
                last: self.last,
            });
        }
        // What is written into a file that has no name any more is lost when the program ends.
        if !is_still_there(&self.path, &self.file) {
            return Err(StoreError::Gone {
                path: self.path.clone(),
            });
        }
        let mut bytes = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut bytes, line)
                .map_err(|error| failed("write an entry into", &self.path)(error.into()))?;
            bytes.push(b'\n');
        }
        let length = self.length + bytes.len() as u64;
        if length > MAX_DRAFT_BYTES {
            return Err(StoreError::TooLarge {
                path: self.path.clone(),
            });
        }
        let outcome = self
            .file
            .seek(SeekFrom::Start(self.length))
            .and_then(|_| self.file.write_all(&bytes))
            .and_then(|()| self.file.sync_all());
        if let Err(error) = outcome {
            self.closed = self.cut().is_err();
            return Err(failed("write", &self.path)(error));
        }
        self.length = length;
        Ok(())
    }

    /// Cuts the file back to what counts.
    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_all()
    }

    fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| {
                (&self.file)
                    .take(MAX_DRAFT_BYTES + 1)
                    .read_to_end(&mut bytes)
            })
            .map_err(failed("read", &self.path))?;
        if bytes.len() as u64 > MAX_DRAFT_BYTES {
            return Err(StoreError::TooLarge {
                path: self.path.clone(),
            });
        }
        Ok(bytes)
    }

    /// Renames a damaged file, under the lock; nothing is lost.
    fn set_aside(&mut self, damage: &Damage) -> StoreError {
        self.closed = true;
        let aside = (1..=u16::MAX)
            .map(|n| {
                let mut name = self.path.clone().into_os_string();
                name.push(format!(".corrupt-{n}"));
                PathBuf::from(name)
            })
            .find(|path| fs::symlink_metadata(path).is_err());
        let Some(aside) = aside else {
            return failed("set aside", &self.path)(io::ErrorKind::AlreadyExists.into());
        };
        let renamed = fs::rename(&self.path, &aside)
            .map_err(failed("set aside the damaged", &self.path))
            .and_then(|()| self.path.parent().map_or(Ok(()), sync_directory));
        match renamed {
            Err(error) => error,
            Ok(()) => StoreError::Corrupt {
                path: self.path.clone(),
                line: damage.line,
                problem: damage.problem,
                aside,
            },
        }
    }
}

fn header(bytes: &[u8]) -> Option<Header> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    serde_json::from_slice(line).ok()
}

/// Reads the lines that are whole.
fn read(bytes: &[u8], key: &DraftKey) -> Result<Content, Damage> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut length = 0;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let Some(text) = line.strip_suffix(b"\n") else {
            break;
        };
        let damage = |problem| Damage {
            line: index + 1,
            problem,
        };
        if index == 0 {
            let header = header(text).ok_or_else(|| damage("not a header"))?;
            if header.schema != SCHEMA {
                return Err(damage("a header of another version"));
            }
            if header.key != *key {
                return Err(damage("a header of another review"));
            }
        } else {
            let entry: Entry =
                serde_json::from_slice(text).map_err(|_error| damage("not an entry"))?;
            if entry.number != index as u64 {
                return Err(damage("an entry out of order"));
            }
            entries.push(entry);
        }
        length += line.len() as u64;
    }
    Ok(Content { entries, length })
}

/// Opens and locks the file that stands at the path; one that was removed or renamed between the two is opened anew.
fn open_locked(path: &Path) -> Result<File, StoreError> {
    for _attempt in 0..16 {
        refuse_other_than_file(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(path).map_err(failed("open", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(failed("lock", path)(error)),
        }
        if is_still_there(path, &file) {
            return Ok(file);
        }
    }
    Err(StoreError::Locked {
        path: path.to_owned(),
    })
}

#[cfg(unix)]
pub(super) fn is_still_there(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (fs::symlink_metadata(path), file.metadata()) {
        (Ok(there), Ok(here)) => there.dev() == here.dev() && there.ino() == here.ino(),
        _ => false,
    }
}

/// An open file can be neither removed nor renamed here.
#[cfg(not(unix))]
pub(super) fn is_still_there(_path: &Path, _file: &File) -> bool {
    true
}
