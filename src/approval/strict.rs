//! Strict reading: what a record may not be, by name.
//!
//! A record that could be written in two ways would have two digests, and a revocation of one would not meet the other. So
//! repeated keys are refused before anything else looks at the text, and `record` refuses all spellings but its own.

use serde::de::{Deserialize, Deserializer};

use super::record::{MAX_RECORD_BYTES, MAX_RECORDS, PAYLOAD_TYPE};
use super::statement::{PREDICATE_TYPE, STATEMENT_TYPE};
use crate::decision::Identity;
use crate::digest::repeated_key;
use crate::plan::Effect;
use crate::text::Printable;

/// Why a line is not a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The line is too long.
    #[error(
        "the record is larger than {MAX_RECORD_BYTES} bytes, the most that one may have; split the change, so that one review has fewer findings."
    )]
    TooLarge,
    /// There are too many lines.
    #[error("the note holds more than {MAX_RECORDS} records; this one was not read.")]
    TooMany,
    /// The text is not JSON, or something stands after it, or a key is missing or has the wrong type.
    #[error("the {part} cannot be read: {problem}.")]
    Shape {
        /// Envelope or statement.
        part: &'static str,
        /// What the reader said.
        problem: Printable,
    },
    /// A key stands twice in one object.
    #[error("the {part} repeats the key \"{key}\".")]
    DuplicateKey {
        /// Envelope or statement.
        part: &'static str,
        /// The key.
        key: Printable,
    },
    /// The payload is something else.
    #[error("the payload type is \"{0}\", not \"{PAYLOAD_TYPE}\".")]
    PayloadType(Printable),
    /// The payload is not base64 of UTF-8 text.
    #[error("the payload is not base64 of UTF-8 text.")]
    Payload,
    /// The payload is not an in-toto Statement v1.
    #[error("the statement type is \"{0}\", not \"{STATEMENT_TYPE}\".")]
    StatementType(Printable),
    /// The statement is not an approval, or one of a later version.
    #[error("the predicate type is \"{0}\", not \"{PREDICATE_TYPE}\".")]
    PredicateType(Printable),
    /// The bytes are not the ones that this program writes for the same content.
    #[error("the {0} is not in canonical form; it was written or edited by something else.")]
    NotCanonical(&'static str),
    /// The subjects are not those that the predicate names.
    #[error("the subjects differ from the bindings in the predicate.")]
    Subjects,
    /// A value cannot be.
    #[error("{field} is not acceptable: {problem}.")]
    Field {
        /// Its key.
        field: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Refuses a key that stands twice in one object, at any depth.
pub(super) fn refuse_repeated_keys(part: &'static str, text: &str) -> Result<(), RecordError> {
    match repeated_key(text) {
        Ok(None) => Ok(()),
        Ok(Some(key)) => Err(RecordError::DuplicateKey {
            part,
            key: shown(&key),
        }),
        Err(error) => Err(shape(part, &error)),
    }
}

/// Names what the JSON reader did not accept.
pub(super) fn shape(part: &'static str, error: &serde_json::Error) -> RecordError {
    let text: String = error.to_string().chars().take(200).collect();
    RecordError::Shape {
        part,
        problem: Printable::line(&text),
    }
}

/// At most 60 characters of a hostile text, for a message.
pub(super) fn shown(text: &str) -> Printable {
    let short: String = text.chars().take(60).collect();
    Printable::line(&short)
}

/// Reads one line of text that is fit to show as it is.
pub(super) fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Printable, D::Error> {
    let text = String::deserialize(deserializer)?;
    printable(&text, Printable::line(&text)).ok_or_else(hidden)
}

/// Reads one line of text, or null.
pub(super) fn optional_line<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Printable>, D::Error> {
    Option::<String>::deserialize(deserializer)?
        .map(|text| printable(&text, Printable::line(&text)).ok_or_else(hidden))
        .transpose()
}

/// Reads several lines of text, or null.
pub(super) fn optional_lines<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Printable>, D::Error> {
    Option::<String>::deserialize(deserializer)?
        .map(|text| printable(&text, Printable::lines(&text)).ok_or_else(hidden))
        .transpose()
}

/// Reads a person whose name and address are fit to show as they are.
pub(super) fn identity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Identity, D::Error> {
    let identity = Identity::deserialize(deserializer)?;
    let fit = |text: &str| printable(text, Printable::line(text)).is_some();
    if fit(&identity.name) && fit(&identity.email) {
        Ok(identity)
    } else {
        Err(hidden())
    }
}

fn printable(text: &str, printable: Printable) -> Option<Printable> {
    (printable.as_str() == text).then_some(printable)
}

fn hidden<E: serde::de::Error>() -> E {
    E::custom("a text holds control or invisible characters")
}

/// The effect as text.
pub(super) mod effect {
    use super::{Deserialize, Deserializer, Effect};

    pub(crate) fn serialize<S: serde::Serializer>(
        effect: &Effect,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(effect)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Effect, D::Error> {
        let text = String::deserialize(deserializer)?;
        Effect::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("an effect is e1: and 64 hexadecimal digits"))
    }
}
