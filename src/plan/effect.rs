//! The effect digest: the same for two plans that would do the same thing.
//!
//! Two plans of one configuration and state differ in `timestamp`, in values that `plantimestamp()` made from it, and in the order of
//! set-like lists; none of these is an effect. Everything else is: each leaf of changes, drift, outputs, variables, configuration, checks
//! and prior state. Where a plan holds secrets, its digest goes through one memory-hard pass, so that a recorded effect does not help
//! in guessing them: each guess costs that pass.

use std::fmt;

use serde_json::Value as Json;

use super::document::{Document, Fields, repeated, spells_oddly};
use super::input::problem;
use super::{Plan, PlanError, ResourceChange, Value};
use crate::digest::{Canon, CanonError, Digest, Sink, memory_hard};

/// The digest of what a plan would do. Shown as `e1:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Effect(Digest);

impl Effect {
    /// The first eight digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        self.0.short()
    }

    /// Reads `e1:` and 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("e1:").and_then(Digest::parse).map(Self)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e1:{}", self.0)
    }
}

/// Gives the effect from the digests of the document's sections, and the key that stands for all secrets where there are some.
pub(super) fn effect(
    document: &Document<'_>,
    digests: &[Digest],
    holds_secrets: bool,
) -> Result<(Effect, Option<Digest>), PlanError> {
    let mut sections: Vec<(&str, &Digest)> = document
        .sections
        .iter()
        .zip(digests)
        .filter(|(section, _)| section.name != "timestamp")
        .map(|(section, digest)| (section.name, digest))
        .collect();
    sections.sort_unstable_by_key(|(name, _)| *name);
    let mut sink = Sink::new("countersign effect v1");
    for (name, digest) in sections {
        sink.text(name);
        sink.digest(digest);
    }
    let whole = sink.finish();
    if !holds_secrets {
        return Ok((Effect(whole), None));
    }
    let salt = Digest::of(b"countersign effect v1");
    let key = memory_hard(whole.bytes(), &salt).map_err(|error| PlanError::Secrets {
        problem: error.to_string(),
    })?;
    // The key itself is never written down: it would let its holder test guesses against a change's digest.
    let mut sink = Sink::new("countersign effect v1 with secrets");
    sink.digest(&key);
    Ok((Effect(sink.finish()), Some(key)))
}

/// The plan's own time, as `plantimestamp()` gives it: seconds of UTC and nothing behind them, where a time could carry any text.
pub(super) fn timestamp(document: &Document<'_>) -> Option<String> {
    document
        .text("timestamp")
        .and_then(|text| serde_json::from_str::<String>(text).ok())
        .filter(|text| text.len() == 20 && text.parse::<jiff::Timestamp>().is_ok())
}

impl Plan {
    /// Names the content of a change: equal for equal changes, whatever plan they stand in.
    ///
    /// A change with secrets in it is named together with the whole plan's memory-hard key, so that the name helps nobody to guess them.
    #[must_use]
    pub fn content_digest(&self, change: &ResourceChange) -> Digest {
        let text = self.slice(&change.span);
        let mut sink = Sink::new("countersign change v1");
        match Canon::default().hash(text, None) {
            Ok(digest) => sink.digest(&digest),
            // The whole plan was hashed when it was read, so this does not happen; if it does, nothing is equal to it.
            Err(_) => sink.digest(&self.digest),
        }
        let marked = [&change.body.before_sensitive, &change.body.after_sensitive]
            .into_iter()
            .flatten()
            .any(|marks| self.slice(marks).contains("true"));
        if let Some(key) = &self.secret_key
            && (marked || self.redactor.finds(text))
        {
            sink.digest(key);
        }
        sink.finish()
    }
}

/// Hashes parts of one plan.
pub(super) struct Hasher<'t> {
    canon: Canon,
    timestamp: Option<&'t str>,
    finder: Option<memchr::memmem::Finder<'t>>,
}

impl<'t> Hasher<'t> {
    pub(super) fn new(timestamp: Option<&'t str>) -> Self {
        Self {
            canon: Canon::default(),
            timestamp,
            finder: timestamp.map(memchr::memmem::Finder::new),
        }
    }

    /// Hashes a whole section or an object of a state.
    pub(super) fn section(&mut self, place: &str, text: &str) -> Result<Digest, PlanError> {
        // What was before has been made by another plan, and what was given by a person: a value equal to the time of this plan is
        // a coincidence there.
        let timestamp = self
            .timestamp
            .filter(|_| !matches!(place, "prior_state" | "variables" | "configuration"));
        if place == "output_changes" && self.holds_timestamp(text) {
            return self.timed(place, text, 1);
        }
        self.canon
            .hash(text, timestamp)
            .map_err(|error| shape(place, &error))
    }

    /// Hashes an element of a list of changes.
    pub(super) fn element(&mut self, place: &str, text: &str) -> Result<Digest, PlanError> {
        if self.holds_timestamp(text) {
            return self.timed(place, text, 2);
        }
        self.canon
            .hash(text, None)
            .map_err(|error| shape(place, &error))
    }

    fn holds_timestamp(&self, text: &str) -> bool {
        self.finder
            .as_ref()
            .is_some_and(|finder| finder.find(text.as_bytes()).is_some())
            || self.timestamp.is_some_and(|time| {
                spells_oddly(text)
                    && mentions(&Value::read(Some(text), &Json::Null, &Json::Null), time)
            })
    }

    /// Hashes a change in whose text the timestamp occurs: in `before` it is not replaced.
    fn timed(&mut self, place: &str, text: &str, levels: usize) -> Result<Digest, PlanError> {
        let mut sink = Sink::new("timed");
        let Fields { rest } =
            serde_json::from_str(text).map_err(|error| shape(place, &error.into()))?;
        let mut fields: Vec<(&str, &str)> = rest
            .iter()
            .map(|(name, raw)| (name.as_str(), raw.get()))
            .collect();
        fields.sort_unstable();
        if repeated(fields.iter().map(|(name, _)| *name)).is_some() {
            return Err(PlanError::DuplicateKey {
                place: super::input::part_for_people(place),
            });
        }
        for (name, text) in fields {
            sink.text(name);
            let inner = matches!(name, "change" | "resource_change") || place == "output_changes";
            let digest = if inner && levels > 0 && text.starts_with('{') {
                self.timed(name, text, levels - 1)?
            } else {
                let timestamp = self.timestamp.filter(|_| name != "before");
                self.canon
                    .hash(text, timestamp)
                    .map_err(|error| shape(place, &error))?
            };
            sink.digest(&digest);
        }
        Ok(sink.finish())
    }
}

/// Whether a string below a value holds a time: its characters can be escaped in the plan's text.
fn mentions(value: &Value, time: &str) -> bool {
    match value {
        Value::Text(text) => text.contains(time),
        Value::List(items) => items.iter().any(|item| mentions(item, time)),
        Value::Map(fields) => fields
            .iter()
            .any(|(name, field)| name.contains(time) || mentions(field, time)),
        _ => false,
    }
}

fn shape(place: &str, error: &CanonError) -> PlanError {
    let CanonError::Json(error) = error;
    let text = error.to_string();
    let place = super::input::part_for_people(place);
    if text.contains("recursion limit") || text.contains("deeper than") {
        PlanError::TooDeep { place }
    } else if text.contains("duplicate key") {
        PlanError::DuplicateKey { place }
    } else {
        PlanError::Shape {
            place,
            problem: problem(error),
        }
    }
}
