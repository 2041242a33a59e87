//! What is kept on disk: drafts of reviews, and files that are replaced as a whole.
//!
//! Place in the flow: the terminal reviewer gives each journal entry to a [`DraftFile`] before it shows it as done, and takes the
//! journal up again from there; reports and records are written with [`write_atomic`].
//!
//! Invariants: a draft holds a header and journal entries, nothing else of the plan; an entry that [`DraftFile::append`] accepted
//! survives kill -9 and loss of power; a half-written last line is dropped, a damaged line before it is an error and the file is
//! set aside, never overwritten; one process at a time holds a draft; directories are 0700 and files 0600.

mod atomic;
mod draft;
mod error;
mod journal_file;

pub use atomic::write_atomic;
pub use draft::{DraftKey, Drafts};
pub use error::StoreError;
pub use journal_file::{DraftFile, MAX_DRAFT_BYTES};

#[cfg(test)]
mod tests;
