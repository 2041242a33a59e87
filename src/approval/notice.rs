//! Statements in a note that are no approvals: each names approvals and takes something away from them.
//!
//! They need no signature. Whoever can write the note could as well delete the approval, so they give no power that is not there already.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::record::{unwrap, wrap};
use super::statement::STATEMENT_TYPE;
use super::strict::{self, RecordError};
use crate::digest::Digest;

/// One kind of notice; the type is its predicate, with fields in the order of their keys.
pub(super) trait Notice: Serialize + DeserializeOwned {
    /// Type of the predicate.
    const TYPE: &'static str;
    /// How it is named in an error.
    const PART: &'static str;

    /// The approvals that it is about.
    fn approvals(&self) -> &[Digest];

    /// Whether the values can be those of such a notice.
    fn is_sound(&self) -> bool;
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing<'a, N> {
    #[serde(rename = "_type")]
    kind: &'static str,
    predicate: &'a N,
    predicate_type: &'static str,
    subject: Vec<Subject>,
}

#[derive(Serialize)]
struct Subject {
    digest: BTreeMap<&'static str, String>,
    name: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Types {
    predicate_type: String,
}

#[derive(Deserialize)]
struct Incoming<N> {
    predicate: N,
}

/// The line of the note, without a line ending.
pub(super) fn line<N: Notice>(notice: &N) -> Result<String, RecordError> {
    wrap(&payload(notice)?, &[])
}

fn payload<N: Notice>(notice: &N) -> Result<String, RecordError> {
    let subject = notice.approvals().iter().map(|approval| Subject {
        digest: BTreeMap::from([("sha256", approval.to_string())]),
        name: "approval",
    });
    serde_json::to_string(&Outgoing {
        kind: STATEMENT_TYPE,
        predicate: notice,
        predicate_type: N::TYPE,
        subject: subject.collect(),
    })
    .map_err(|error| strict::shape(N::PART, &error))
}

/// Reads one line; anything else, or the same written in another way, is an error.
pub(super) fn parse<N: Notice>(line: &str) -> Result<N, RecordError> {
    let (payload_text, signatures) = unwrap(line)?;
    strict::refuse_repeated_keys(N::PART, &payload_text)?;
    let shape = |error: serde_json::Error| strict::shape(N::PART, &error);
    let types: Types = serde_json::from_str(&payload_text).map_err(shape)?;
    if types.predicate_type != N::TYPE {
        return Err(RecordError::PredicateType(strict::shown(
            &types.predicate_type,
        )));
    }
    let incoming: Incoming<N> = serde_json::from_str(&payload_text).map_err(shape)?;
    let notice = incoming.predicate;
    if !notice.is_sound()
        || payload(&notice)? != payload_text
        || wrap(&payload_text, &signatures)? != line
    {
        return Err(RecordError::NotCanonical(N::PART));
    }
    Ok(notice)
}

/// All of one kind in a note.
pub(super) fn read_all<N: Notice>(note: &[u8]) -> Vec<N> {
    note.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| parse(std::str::from_utf8(line).ok()?).ok())
        .collect()
}
