//! The effect digest: the same for two plans that would do the same thing.
//!
//! Two plans of one configuration and state differ in `timestamp`, in values that `plantimestamp()` made from it, and in the order of
//! set-like lists; none of these is an effect. Everything else is: each leaf of changes, drift, outputs, variables, configuration, checks
//! and prior state. Sensitive leaves are numbered in the public digest and enter together through one memory-hard pass, so that
//! a recorded effect does not help in guessing a secret.

use std::fmt;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::input::{TopLevel, problem};
use super::value::union;
use super::{Plan, PlanError, Redactor, ResourceChange};
use crate::digest::{CanonError, Digest, Leaves, Sink, hash_json, memory_hard};

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

/// Top-level lists whose order means nothing.
const SETS: [&str; 7] = [
    "relevant_attributes",
    "checks",
    "resource_changes",
    "resource_drift",
    "deferred_changes",
    "action_invocations",
    "deferred_action_invocations",
];

/// What was read before and helps here.
pub(super) struct Known<'a> {
    /// Text of the plan.
    pub(super) text: &'a str,
    /// Resource changes.
    pub(super) changes: &'a [ResourceChange],
    /// Drift.
    pub(super) drift: &'a [ResourceChange],
    /// Marks of the planned values.
    pub(super) planned_values: Option<Json>,
    /// Marks of the prior state.
    pub(super) prior_state: Option<Json>,
}

impl<'a> Known<'a> {
    fn changes(&self, name: &str) -> Option<&'a [ResourceChange]> {
        match name {
            "resource_changes" => Some(self.changes),
            "resource_drift" => Some(self.drift),
            _ => None,
        }
    }
}

/// Gives the effect, and the tag of all sensitive leaves where there are some.
pub(super) fn effect(
    top: &TopLevel<'_>,
    redactor: &Redactor,
    known: &Known<'_>,
) -> Result<(Effect, Option<Digest>), PlanError> {
    let timestamp: Option<String> = top
        .get("timestamp")
        .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
        .filter(|text| text.parse::<jiff::Timestamp>().is_ok());
    let mut entries: Vec<(&str, &RawValue)> = top
        .0
        .iter()
        .map(|(name, raw)| (name.as_str(), *raw))
        .filter(|(name, _)| *name != "timestamp")
        .collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    for pair in entries.windows(2) {
        if let [(a, _), (b, _)] = pair
            && a == b
        {
            return Err(PlanError::DuplicateKey {
                place: super::input::key_for_people(a),
            });
        }
    }
    let sensitive_variables = sensitive_variables(top);
    let mut sink = Sink::new("countersign effect v1");
    let mut sensitive = Vec::new();
    for (name, raw) in entries {
        let mut section = Section {
            name,
            redactor,
            timestamp: timestamp.as_deref(),
            sensitive: &mut sensitive,
        };
        sink.text(name);
        match name {
            name if SETS.contains(&name) => {
                let mut digests = Vec::new();
                if let Some(changes) = known.changes(name) {
                    for change in changes {
                        digests.push(section.change(known.text, change)?);
                    }
                } else {
                    let items: Option<Vec<&RawValue>> = super::shape(name, raw)?;
                    for item in items.into_iter().flatten() {
                        digests
                            .push(section.element(item.get(), change_marks(item.get()).as_ref())?);
                    }
                }
                // The order of sensitive leaves must follow the order of the sorted elements.
                digests.sort_by_key(|(digest, _)| *digest);
                sink.text(&digests.len().to_string());
                for (digest, leaves) in digests {
                    sink.digest(&digest);
                    section.sensitive.extend_from_slice(&leaves);
                }
            }
            "output_changes" => {
                let outputs: Option<TopLevel<'_>> = super::shape(name, raw)?;
                let mut outputs = outputs.map_or_else(Vec::new, |outputs| outputs.0);
                outputs.sort_by(|a, b| a.0.cmp(&b.0));
                for pair in outputs.windows(2) {
                    if let [a, b] = pair
                        && a.0 == b.0
                    {
                        return Err(PlanError::DuplicateKey {
                            place: name.to_owned(),
                        });
                    }
                }
                for (output, raw) in outputs {
                    sink.text(&output);
                    let (digest, leaves) =
                        section.element(raw.get(), change_marks(raw.get()).as_ref())?;
                    sink.digest(&digest);
                    section.sensitive.extend_from_slice(&leaves);
                }
            }
            "variables" => sink.digest(&section.json(raw.get(), Some(&sensitive_variables))?),
            "planned_values" => {
                sink.digest(&section.json(raw.get(), known.planned_values.as_ref())?);
            }
            "prior_state" => {
                section.timestamp = None;
                sink.digest(&section.json(raw.get(), known.prior_state.as_ref())?);
            }
            _ => sink.digest(&section.json(raw.get(), None)?),
        }
    }
    let public = sink.finish();
    let mut sink = Sink::new("countersign effect v1 total");
    sink.digest(&public);
    let mut tag = None;
    if !sensitive.is_empty() {
        let hard = memory_hard(Digest::of(&sensitive).bytes(), &public).map_err(|error| {
            PlanError::Secrets {
                problem: error.to_string(),
            }
        })?;
        sink.digest(&hard);
        tag = Some(hard);
    }
    Ok((Effect(sink.finish()), tag))
}

impl Plan {
    /// Names the content of a change: equal for equal changes, whatever plan they stand in.
    ///
    /// Sensitive leaves are not in it; where there are some, the memory-hard tag of the whole plan is, so that it helps nobody to guess them.
    #[must_use]
    pub fn content_digest(&self, change: &ResourceChange) -> Digest {
        let text = self.slice(&change.span);
        let marks = body_marks(self.text(), change);
        let mut leaves = Leaves::new(None, &self.redactor);
        let mut sink = Sink::new("countersign change v1");
        match hash_json(text, marks.as_ref(), &mut leaves) {
            Ok(digest) => sink.digest(&digest),
            // The whole plan was hashed when it was read, so this does not happen; if it does, nothing is equal to it.
            Err(_) => sink.digest(&self.digest),
        }
        if leaves.count > 0
            && let Some(tag) = &self.sensitive_tag
        {
            sink.digest(tag);
        }
        sink.finish()
    }
}

struct Section<'a> {
    name: &'a str,
    redactor: &'a Redactor,
    timestamp: Option<&'a str>,
    sensitive: &'a mut Vec<u8>,
}

impl Section<'_> {
    /// Hashes a change whose parts are known already.
    fn change(
        &mut self,
        text: &str,
        change: &ResourceChange,
    ) -> Result<(Digest, Vec<u8>), PlanError> {
        let marks = body_marks(text, change);
        self.element(
            text.get(change.span.clone()).unwrap_or_default(),
            marks.as_ref(),
        )
    }

    /// Hashes an element of a list; gives its sensitive leaves apart, because elements are sorted later.
    fn element(
        &mut self,
        text: &str,
        marks: Option<&Json>,
    ) -> Result<(Digest, Vec<u8>), PlanError> {
        // `plantimestamp()` can only show in what comes after; a value equal to it before is state.
        let replaces_time = self.timestamp.is_some_and(|t| text.contains(t));
        let mut leaves = Leaves::new(self.timestamp.filter(|_| replaces_time), self.redactor);
        let digest = if replaces_time {
            self.timed(text, marks, &mut leaves)?
        } else {
            hash_json(text, marks, &mut leaves).map_err(|e| self.error(&e))?
        };
        Ok((digest, leaves.sensitive))
    }

    /// Hashes a change in whose text the timestamp occurs: `before` is hashed without replacing it.
    fn timed(
        &self,
        text: &str,
        marks: Option<&Json>,
        leaves: &mut Leaves<'_>,
    ) -> Result<Digest, PlanError> {
        let mut sink = Sink::new("timed");
        let TopLevel(mut fields) = serde_json::from_str(text).map_err(|e| self.error(&e.into()))?;
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        if fields
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.0 == b.0))
        {
            return Err(PlanError::DuplicateKey {
                place: super::input::part_for_people(self.name),
            });
        }
        let timestamp = leaves.timestamp;
        for (name, raw) in fields {
            sink.text(&name);
            if name == "change" || name == "resource_change" {
                let inner = marks.and_then(|m| m.get(&name));
                let digest = self.timed(raw.get(), inner, leaves)?;
                sink.digest(&digest);
                continue;
            }
            leaves.timestamp = if name == "before" { None } else { timestamp };
            let digest = hash_json(raw.get(), marks.and_then(|m| m.get(&name)), leaves)
                .map_err(|e| self.error(&e))?;
            sink.digest(&digest);
        }
        leaves.timestamp = timestamp;
        Ok(sink.finish())
    }

    fn json(&mut self, raw: &str, marks: Option<&Json>) -> Result<Digest, PlanError> {
        let mut leaves = Leaves::new(self.timestamp, self.redactor);
        let digest = hash_json(raw, marks, &mut leaves).map_err(|e| self.error(&e))?;
        self.sensitive.extend_from_slice(&leaves.sensitive);
        Ok(digest)
    }

    fn error(&self, error: &CanonError) -> PlanError {
        let CanonError::Json(error) = error;
        let text = error.to_string();
        let place = super::input::part_for_people(self.name);
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
}

/// Marks of a change, from its parsed parts.
fn body_marks(text: &str, change: &ResourceChange) -> Option<Json> {
    let tree = |span: &Option<super::Span>| {
        span.as_ref()
            .and_then(|span| text.get(span.clone()))
            .filter(|marks| marks.contains("true"))
            .and_then(|marks| serde_json::from_str::<Json>(marks).ok())
    };
    let body = &change.body;
    let (before, after) = (tree(&body.before_sensitive), tree(&body.after_sensitive));
    if before.is_none() && after.is_none() {
        return None;
    }
    let both = union(before.unwrap_or(Json::Null), after.unwrap_or(Json::Null));
    let marks = serde_json::json!({ "before": both, "after": both });
    Some(serde_json::json!({ "change": marks }))
}

/// Marks of a change object, at the place of the values that they mark; `None` when nothing is marked.
fn change_marks(text: &str) -> Option<Json> {
    if !text.contains("sensitive") {
        return None;
    }
    let fields: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let tree = |name: &str| {
        fields
            .get(name)
            .filter(|raw| raw.get().contains("true"))
            .and_then(|raw| serde_json::from_str::<Json>(raw.get()).ok())
            .unwrap_or(Json::Bool(false))
    };
    let mut out = serde_json::Map::new();
    let both = union(tree("before_sensitive"), tree("after_sensitive"));
    if super::value::holds_true(&both) {
        out.insert("before".to_owned(), both.clone());
        out.insert("after".to_owned(), both);
    }
    let config = tree("config_sensitive");
    if super::value::holds_true(&config) {
        out.insert("config_values".to_owned(), config);
    }
    for inner in ["change", "resource_change"] {
        if let Some(marks) = fields.get(inner).and_then(|raw| change_marks(raw.get())) {
            out.insert(inner.to_owned(), marks);
        }
    }
    (!out.is_empty()).then_some(Json::Object(out))
}

/// Marks for `variables`: the ones that the root module declares sensitive.
fn sensitive_variables(top: &TopLevel<'_>) -> Json {
    let Some(configuration) = top
        .get("configuration")
        .and_then(|raw| serde_json::from_str::<super::raw::RawConfiguration<'_>>(raw.get()).ok())
    else {
        return Json::Bool(false);
    };
    let variables = configuration
        .root_module
        .and_then(|root| root.variables)
        .unwrap_or_default();
    Json::Object(
        variables
            .into_iter()
            .filter(|(_, variable)| variable.sensitive)
            .map(|(name, _)| (name, serde_json::json!({ "value": true })))
            .collect(),
    )
}
