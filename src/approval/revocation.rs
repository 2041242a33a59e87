//! Taking an approval back: a notice in the note, beside the record. Since a note can be deleted, what binds is the list of the base; see
//! `.countersign/revoked`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notice::{self, Notice};
use super::strict::{self, RecordError};
use crate::decision::Identity;
use crate::digest::Digest;
use crate::text::Printable;

/// Type of the predicate of a revocation.
pub const REVOCATION_TYPE: &str = "urn:countersign:revocation:v1";

/// What is taken back, by whom, when and why. Fields stand in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// When, in whole seconds.
    pub created: Timestamp,
    /// Why.
    #[serde(deserialize_with = "strict::optional_line")]
    pub reason: Option<Printable>,
    /// Who says so; a claim.
    #[serde(deserialize_with = "strict::identity")]
    pub revoker: Identity,
    /// Digest of the approval's statement.
    pub statement: Digest,
}

impl Notice for Revocation {
    const TYPE: &'static str = REVOCATION_TYPE;
    const PART: &'static str = "revocation";

    fn approvals(&self) -> &[Digest] {
        std::slice::from_ref(&self.statement)
    }

    fn is_sound(&self) -> bool {
        true
    }
}

impl Revocation {
    /// The line of the note, without a line ending.
    ///
    /// # Errors
    /// When it would be too long.
    pub fn line(&self) -> Result<String, RecordError> {
        notice::line(self)
    }
}

/// The revocations in a note.
#[must_use]
pub fn read_revocations(note: &[u8]) -> Vec<Revocation> {
    notice::read_all(note)
}
