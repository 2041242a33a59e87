//! Taking an approval back: a statement of its own in the note, beside the record.
//!
//! It needs no signature. Whoever can write the note could as well delete the record, so it gives no power that they do not have; and
//! since a note can be deleted, what binds is the list of the base. See `.countersign/revoked`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::{unwrap, wrap};
use super::statement::STATEMENT_TYPE;
use super::strict::{self, RecordError};
use crate::decision::Identity;
use crate::digest::Digest;
use crate::text::Printable;

/// Type of the predicate of a revocation.
pub const REVOCATION_TYPE: &str = "urn:countersign:revocation:v1";

const PART: &str = "revocation";

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a> {
    #[serde(rename = "_type")]
    kind: &'static str,
    predicate: &'a Revocation,
    predicate_type: &'static str,
    subject: [Subject; 1],
}

#[derive(Serialize)]
struct Subject {
    digest: BTreeMap<&'static str, String>,
    name: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incoming {
    predicate: Revocation,
    predicate_type: String,
}

impl Revocation {
    /// The line of the note, without a line ending.
    ///
    /// # Errors
    /// When it would be too long.
    pub fn line(&self) -> Result<String, RecordError> {
        wrap(&self.payload()?, &[])
    }

    fn payload(&self) -> Result<String, RecordError> {
        let digest = BTreeMap::from([("sha256", self.statement.to_string())]);
        serde_json::to_string(&Outgoing {
            kind: STATEMENT_TYPE,
            predicate: self,
            predicate_type: REVOCATION_TYPE,
            subject: [Subject {
                digest,
                name: "approval",
            }],
        })
        .map_err(|error| strict::shape(PART, &error))
    }

    /// Reads one line.
    ///
    /// # Errors
    /// When it is anything else, or written in another way.
    pub fn parse(line: &str) -> Result<Self, RecordError> {
        let (payload, signatures) = unwrap(line)?;
        strict::refuse_repeated_keys(PART, &payload)?;
        let incoming: Incoming =
            serde_json::from_str(&payload).map_err(|error| strict::shape(PART, &error))?;
        if incoming.predicate_type != REVOCATION_TYPE {
            return Err(RecordError::PredicateType(strict::shown(
                &incoming.predicate_type,
            )));
        }
        if incoming.predicate.payload()? != payload || wrap(&payload, &signatures)? != line {
            return Err(RecordError::NotCanonical(PART));
        }
        Ok(incoming.predicate)
    }
}

/// The revocations in a note.
#[must_use]
pub fn read_revocations(note: &[u8]) -> Vec<Revocation> {
    note.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| Revocation::parse(std::str::from_utf8(line).ok()?).ok())
        .collect()
}
