//! The record: one statement in a DSSE envelope on one line.
//!
//! Keys stand in order and nothing else is accepted, so that equal records are equal lines: `cat_sort_uniq` unites two copies of a
//! note, and a record cannot be given a second digest by spelling it differently.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::notice;
use super::strict::{self, RecordError};
use super::{Revocation, Spending, Statement};
use crate::digest::Digest;

/// The payload type of every record.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The longest line that is read or written, in bytes.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// The most records that are read from one note.
pub const MAX_RECORDS: usize = 1024;

const PART: &str = "envelope";

/// A signature as it stands in the envelope; its meaning is the signer's concern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Names the key.
    pub keyid: String,
    /// The signature over [`Statement::pae`], in base64.
    pub sig: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

/// A statement in its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    statement: Statement,
    statement_digest: Digest,
    signatures: Vec<Signature>,
    line: String,
    digest: Digest,
}

impl Record {
    /// Wraps a statement without a signature.
    ///
    /// # Errors
    /// When the line would be too long.
    pub fn unsigned(statement: Statement) -> Result<Self, RecordError> {
        Self::with_signatures(statement, Vec::new())
    }

    /// Wraps a statement with signatures over [`Statement::pae`].
    ///
    /// # Errors
    /// When the line would be too long.
    pub fn with_signatures(
        statement: Statement,
        signatures: Vec<Signature>,
    ) -> Result<Self, RecordError> {
        let payload = statement.payload()?;
        let line = wrap(&payload, &signatures)?;
        Ok(Self {
            statement,
            statement_digest: Digest::of(payload.as_bytes()),
            signatures,
            digest: Digest::of(line.as_bytes()),
            line,
        })
    }

    /// Reads one line without its line ending.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn parse(line: &str) -> Result<Self, RecordError> {
        let (payload, signatures) = unwrap(line)?;
        let statement = Statement::parse(&payload)?;
        let record = Self::with_signatures(statement, signatures)?;
        if record.line != line {
            return Err(RecordError::NotCanonical(PART));
        }
        Ok(record)
    }

    /// What was approved.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Digest of the statement alone: the one to write into a list of revocations.
    #[must_use]
    pub fn statement_digest(&self) -> Digest {
        self.statement_digest
    }

    /// The signatures, none of them verified.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The line of the note, without a line ending.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// SHA-256 of the line: the name of the record.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Writes an envelope, keys in order.
pub(super) fn wrap(payload: &str, signatures: &[Signature]) -> Result<String, RecordError> {
    let envelope = Envelope {
        payload: STANDARD.encode(payload),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: signatures.to_vec(),
    };
    let line = serde_json::to_string(&envelope).map_err(|error| strict::shape(PART, &error))?;
    if line.len() > MAX_RECORD_BYTES {
        return Err(RecordError::TooLarge);
    }
    Ok(line)
}

/// Takes payload and signatures out of an envelope.
pub(super) fn unwrap(line: &str) -> Result<(String, Vec<Signature>), RecordError> {
    if line.len() > MAX_RECORD_BYTES {
        return Err(RecordError::TooLarge);
    }
    strict::refuse_repeated_keys(PART, line)?;
    let envelope: Envelope =
        serde_json::from_str(line).map_err(|error| strict::shape(PART, &error))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(RecordError::PayloadType(strict::shown(
            &envelope.payload_type,
        )));
    }
    let payload = STANDARD
        .decode(&envelope.payload)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or(RecordError::Payload)?;
    Ok((payload, envelope.signatures))
}

/// One line of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLine {
    /// SHA-256 of the line.
    pub digest: Digest,
    /// The record, or what is wrong with the line.
    pub record: Result<Record, RecordError>,
}

impl From<Record> for NoteLine {
    fn from(record: Record) -> Self {
        Self {
            digest: record.digest,
            record: Ok(record),
        }
    }
}

/// Reads a note: one record a line, empty lines and notices about records left out. Bytes that are not UTF-8 spoil only their own line.
#[must_use]
pub fn read_note(note: &[u8]) -> Vec<NoteLine> {
    note.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .take(MAX_RECORDS + 1)
        .enumerate()
        .filter(|(_, line)| !is_notice(line))
        .map(|(index, line)| {
            let record = if index == MAX_RECORDS {
                Err(RecordError::TooMany)
            } else {
                std::str::from_utf8(line)
                    .map_err(|_error| RecordError::Field {
                        field: "the line",
                        problem: "not UTF-8 text",
                    })
                    .and_then(Record::parse)
            };
            NoteLine {
                digest: Digest::of(line),
                record,
            }
        })
        .collect()
}

fn is_notice(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_ok_and(|line| {
        notice::parse::<Revocation>(line).is_ok() || notice::parse::<Spending>(line).is_ok()
    })
}
