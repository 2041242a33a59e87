//! The repository: what is under review, files at a commit, notes, hooks and who is asking.
//!
//! [`Repository::open`] finds a repository or says that there is none; [`Repository::resolve`] chooses the
//! base, finds the merge base and reads the difference into a [`Change`](crate::change::Change); the other
//! methods read trees, identities and configuration, and write two things only: notes under
//! [`NOTES_REF`] and hook scripts.
//!
//! Invariants:
//! - no network, no index, no branch and no file of the work tree is ever written;
//! - attributes of the change under review have no say in how it is compared;
//! - what is asked for and cannot be found is an error with the command that helps, never "no change";
//! - commits are named by full hexadecimal ids, paths by [`path::render`](crate::change::path::render);
//! - the environment comes in as a map, except that [`Repository::open`] can let libgit2 read git's own
//!   variables, without which objects in a receiving hook's quarantine cannot be seen.

mod authors;
mod base;
mod ci;
mod diff;
mod dirty;
mod error;
mod hook_script;
mod hooks;
mod identity;
mod notes;
mod push;
mod repository;
pub mod scratch;
mod standing;
mod tree;

pub use base::{BaseSource, ChangeRequest, NoChangeReason, UnderReview};
pub use error::GitError;
pub use hooks::{
    HookInstall, HookKind, HookRemoval, HookWarning, HooksDirectory, InstallOutcome, RemovalOutcome,
};
pub use identity::{ConfigScope, ConfigValue, Identity, RepositoryIdentity, SigningSettings};
pub use notes::{NOTES_REF, Note};
pub use push::{PushedRef, ReceivedRef, merge_heads, parse_push, parse_receive};
pub use repository::Repository;
pub use tree::{EntryKind, MAX_BLOB, Reached, TreeEntry};

#[cfg(test)]
mod testing;
