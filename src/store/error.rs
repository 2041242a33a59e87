//! What can go wrong on disk, with what to do about it.

use std::io;
use std::path::PathBuf;

use super::MAX_DRAFT_BYTES;

/// Why something was not kept or not found again. Paths are quoted with their special characters spelled out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("{source} ({}): cannot {action} {path:?}.", advice(.source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process has the draft.
    #[error(
        "another countersign has this review open (draft {path:?}); close it there, or go on there."
    )]
    Locked {
        /// The draft.
        path: PathBuf,
    },
    /// A line in the middle of a draft cannot be read.
    #[error(
        "line {line} of the draft {path:?} is damaged ({problem}); the file was set aside as {aside:?} and a new draft starts with the next run."
    )]
    Corrupt {
        /// The draft.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
        /// Where the file is now.
        aside: PathBuf,
    },
    /// The draft is too large to be one.
    #[error(
        "the draft {path:?} is larger than {MAX_DRAFT_BYTES} bytes; end the review and remove it with `countersign approvals purge`."
    )]
    TooLarge {
        /// The draft.
        path: PathBuf,
    },
    /// The entry does not follow the last one.
    #[error(
        "entry {found} does not follow entry {last} in the draft {path:?}; nothing was written."
    )]
    OutOfOrder {
        /// The draft.
        path: PathBuf,
        /// Number of the last entry in the file.
        last: u64,
        /// Number of the refused entry.
        found: u64,
    },
    /// An earlier write failed half-way and could not be undone.
    #[error(
        "the draft {path:?} could not be written earlier and is closed; make space or mend the disk, then start again. Entries up to {last} are kept."
    )]
    Closed {
        /// The draft.
        path: PathBuf,
        /// Number of the last entry that is kept.
        last: u64,
    },
    /// Somebody took the file away while it was open.
    #[error(
        "the draft {path:?} was removed or replaced while it was open; start again to answer into a new one."
    )]
    Gone {
        /// The draft.
        path: PathBuf,
    },
    /// The place is a link, a directory or a device.
    #[error(
        "{path:?} is {what}; a file is written only where there is none or a regular one. Name another path."
    )]
    NotAFile {
        /// The place.
        path: PathBuf,
        /// What stands there.
        what: &'static str,
    },
}

/// Says what can be done about an error of the operating system.
fn advice(error: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
            "there is no space left, so make some and try again"
        }
        Kind::PermissionDenied => {
            "it is not yours to write, so change its owner or mode, or name another place"
        }
        Kind::ReadOnlyFilesystem => "the file system is read-only, so name another place",
        Kind::NotFound => "a directory on the way is missing, so make it first",
        Kind::NotADirectory | Kind::AlreadyExists => {
            "a file stands where a directory is needed, so move it away"
        }
        Kind::Unsupported => "the file system does not support it, so name a place on another one",
        _ => "nothing was changed",
    }
}

/// Makes the error of one action at one place.
pub(super) fn failed(
    action: &'static str,
    path: &std::path::Path,
) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        action,
        path,
        source,
    }
}
