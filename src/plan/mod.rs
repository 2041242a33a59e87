//! A Terraform or OpenTofu plan as typed values.
//!
//! Place in the flow: `load` hands bytes to [`Plan::read`]; everything above works on [`Plan`]. Phases:
//! 1. `input`: bytes → text of one document, or the name of what it is instead ([`PlanError`]). `archive` reads the binary plan file by
//!    itself.
//! 2. `document`: one pass that finds the top-level keys and the elements of lists; nothing below is parsed.
//! 3. `rows`: each element, on several threads: a typed row whose attribute trees stay unparsed ranges ([`Span`]), and its canonical
//!    digest; that walk refuses repeated keys and deep nesting anywhere.
//! 4. `secrets`: every marked value → the [`Redactor`] that stands before each sink.
//! 5. `effect`: the digest of what the plan would do.
//!
//! Invariants: addresses are opaque (never split on dots); sensitive and unknown leaves are kinds of [`Value`] without text;
//! an absent flag is not `false`; unknown actions are destructive. The plan's text is never kept on disk or copied into a record.

mod action;
mod archive;
mod attributes;
mod change;
mod checks;
mod compare;
mod contradiction;
mod counts;
mod diff;
mod document;
mod effect;
mod error;
mod guess;
mod input;
mod mode;
mod outline;
mod providers;
mod raw;
mod rows;
mod secrets;
mod value;

pub use action::Action;
pub use archive::{
    Agreement, ArchiveError, BinaryChange, BinaryPlan, ChangeProblem, PlanDifference, PlanPart,
    PlannedRow, SnapshotModule, ValuePart,
};
pub use attributes::{AttributeChange, Difference, MAX_ROWS, Sensitivity};
pub use change::{
    Body, Deferred, Import, Invocation, Mode, OutputChange, ResourceChange, Span, Trigger,
};
pub use checks::{Check, CheckStatus};
pub use compare::{DiffDetail, DiffKind, DiffPoint, DiffSide, diff};
pub use contradiction::Contradiction;
pub use counts::Counts;
pub use diff::{Content, Name, Node, Note};
pub use effect::Effect;
pub use error::{GzipProblem, PlanError};
pub use input::{MAX_PLAN_BYTES, is_binary_plan};
pub use mode::PlanMode;
pub use providers::StateProvider;
pub use value::{Hidden, Value};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::digest::Digest;
use crate::text::Redactor;
use change::Reader;
use document::Document;
use raw::RawBody;

/// A plan, read and indexed. Its debug form names it and shows nothing of it.
#[derive(Clone)]
pub struct Plan {
    text: Arc<String>,
    sections: BTreeMap<String, Span>,
    /// SHA-256 of the bytes as they were given.
    pub digest: Digest,
    /// Digest of what the plan would do.
    pub effect: Effect,
    /// Memory-hard key made from the whole plan, where it holds secrets.
    secret_key: Option<Digest>,
    /// Version of the JSON format.
    pub format_version: String,
    /// Version of Terraform or OpenTofu, where the plan says.
    pub terraform_version: Option<String>,
    /// Changes of resource instances, in the plan's order.
    pub changes: Vec<ResourceChange>,
    /// Changes made outside Terraform.
    pub drift: Vec<ResourceChange>,
    /// Changes that are put off.
    pub deferred: Vec<Deferred>,
    /// Changes of root outputs.
    pub outputs: Vec<OutputChange>,
    /// Actions that apply invokes.
    pub invocations: Vec<Invocation>,
    /// Preconditions, postconditions, checks and validations with their results.
    pub checks: Vec<Check>,
    /// Whether planning failed; such a plan cannot be approved.
    pub errored: bool,
    /// Whether the plan covers everything; absent before Terraform 1.8 and in OpenTofu.
    pub complete: Option<bool>,
    /// Whether apply would do anything; absent before Terraform 1.8 and in OpenTofu.
    pub applyable: Option<bool>,
    /// How the plan was asked for.
    pub mode: PlanMode,
    /// What the binary plan file tells by itself, where that file was given.
    pub binary: Option<Arc<BinaryPlan>>,
    /// Whether that file and this JSON tell the same.
    pub agreement: Option<Arc<Agreement>>,
    /// The redactor built from this plan's secrets.
    pub redactor: Redactor,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plan({})", self.digest)
    }
}

impl Plan {
    /// Reads the bytes of `terraform show -json` (or `tofu show -json`), on one thread.
    ///
    /// # Errors
    /// When the bytes are anything but one complete plan of a known version; the error names what they are.
    pub fn read(bytes: Vec<u8>) -> Result<Self, PlanError> {
        Self::read_on(bytes, 1)
    }

    /// Reads a plan on several threads, see [`Plan::read`].
    ///
    /// # Errors
    /// As [`Plan::read`].
    pub fn read_on(bytes: Vec<u8>, threads: usize) -> Result<Self, PlanError> {
        // Text that is used as it stands can be hashed beside the rest of the work.
        let known = (threads < 2 || bytes.first() != Some(&b'{')).then(|| Digest::of(&bytes));
        let text = input::decode(bytes)?;
        let mut plan = std::thread::scope(|scope| {
            let digest = match known {
                Some(digest) => Ok(digest),
                None => Err(scope.spawn(|| Digest::of(text.as_bytes()))),
            };
            let mut plan = Self::parse(&text, threads)?;
            plan.digest = match digest {
                Ok(digest) => digest,
                Err(thread) => thread.join().map_err(|_panic| PlanError::Shape {
                    place: "text".to_owned(),
                    problem: "it could not be hashed".to_owned(),
                })?,
            };
            Ok::<_, PlanError>(plan)
        })?;
        // Everything in `plan` is a range of it.
        plan.text = Arc::new(text);
        Ok(plan)
    }

    /// Reads all but the digest of the bytes, and without the text itself.
    fn parse(text: &str, threads: usize) -> Result<Self, PlanError> {
        let document = input::document(text)?;
        let reader = Reader::new(text);
        let sections = document
            .sections
            .iter()
            .filter(|section| !section.is_null())
            .map(|section| (section.name.to_owned(), reader.range(section.text)))
            .collect();
        let outputs = read_outputs(&reader, &document)?;
        let invocations = checks::read_invocations(&document)?;
        let checks = checks::read_checks(&document)?;
        let timestamp = effect::timestamp(&document);
        let rows = rows::read(text, &document, timestamp.as_deref(), threads)?;
        let secrets = secrets::gather(text, &document, &rows, &outputs)?;
        // The memory-hard pass needs 64 MiB for a moment; the redactor, which may be large, comes after it.
        let (effect, secret_key) = effect::effect(&document, &rows.digests, secrets.found())?;
        let redactor = secrets.finish(text, &rows.changes)?;
        Ok(Self {
            digest: Digest::of(&[]),
            effect,
            secret_key,
            format_version: text_of(&document, "format_version").unwrap_or_default(),
            terraform_version: text_of(&document, "terraform_version"),
            errored: flag(&document, "errored")?.unwrap_or(false),
            complete: flag(&document, "complete")?,
            applyable: flag(&document, "applyable")?,
            mode: mode::infer(&document, &rows.changes)?,
            changes: rows.changes,
            binary: None,
            agreement: None,
            drift: rows.drift,
            deferred: rows.deferred,
            outputs,
            invocations,
            checks,
            redactor,
            sections,
            text: Arc::new(String::new()),
        })
    }

    /// Adds what the binary plan file tells by itself, and whether this JSON tells the same.
    ///
    /// A file that agrees knows the mode, which the JSON lets only guess; the mode of another plan says nothing about this one.
    #[must_use]
    pub fn with_binary(mut self, binary: BinaryPlan) -> Self {
        let agreement = binary.compare(&self);
        if agreement.differences.iter().all(PlanDifference::is_beside) {
            self.mode = binary.mode;
        }
        self.agreement = Some(Arc::new(agreement));
        self.binary = Some(Arc::new(binary.without_values()));
        self
    }

    /// Whether OpenTofu made the plan; nothing where neither its keys, its version nor its providers tell.
    #[must_use]
    pub fn is_open_tofu(&self) -> Option<bool> {
        const REGISTRIES: [(&str, bool); 2] = [
            ("registry.opentofu.org/", true),
            ("registry.terraform.io/", false),
        ];
        let version = self.terraform_version.as_deref().unwrap_or_default();
        let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
        let older = match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(major), Some(minor)) => (major, minor) < (1, 6),
            _ => false,
        };
        if self.complete.is_some() || self.applyable.is_some() || older {
            return Some(false);
        }
        REGISTRIES.into_iter().find_map(|(host, open_tofu)| {
            let mut rows = self.changes.iter().chain(&self.drift);
            rows.any(|row| row.provider.starts_with(host))
                .then_some(open_tofu)
        })
    }

    /// Lets go of the text, and with it of every value: what stays is what reports say of a plan that was judged. Values of it read as null
    /// from now on, so nothing may be decided on it any more.
    pub fn let_go(&mut self) {
        for index in 0..self.changes.len() {
            let told = self
                .changes
                .get(index)
                .and_then(|change| match change.import {
                    Some(Import::Identity(_)) => self.import_text(change),
                    _ => None,
                });
            if let (Some(told), Some(change)) = (told, self.changes.get_mut(index)) {
                change.import = Some(Import::Told(told));
            }
        }
        self.text = Arc::default();
        self.sections.clear();
        for change in self.changes.iter_mut().chain(&mut self.drift) {
            change.body = Body::default();
        }
        for output in &mut self.outputs {
            output.body = Body::default();
        }
    }

    /// The text of the plan document.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a top-level key, absent when it is missing or null.
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&str> {
        self.sections.get(key).map(|span| self.slice(span))
    }

    /// The top-level keys that are present.
    pub fn section_names(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// How many changes of each kind there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(self)
    }
}

/// Reads one part of the plan; errors name the part and never quote the plan.
fn shape<'a, T: serde::Deserialize<'a>>(place: &str, text: &'a str) -> Result<T, PlanError> {
    serde_json::from_str(text).map_err(|error| {
        let text = error.to_string();
        if text.contains("duplicate field") {
            PlanError::DuplicateKey {
                place: input::part_for_people(place),
            }
        } else {
            PlanError::Shape {
                place: input::part_for_people(place),
                problem: input::problem(&error),
            }
        }
    })
}

/// Reads an element of a list, which must be an object.
fn row<'a, T: serde::Deserialize<'a>>(place: &str, text: &'a str) -> Result<T, PlanError> {
    if text.starts_with('{') {
        return shape(place, text);
    }
    Err(PlanError::Shape {
        place: place.to_owned(),
        problem: "a row is not an object".to_owned(),
    })
}

fn flag(document: &Document<'_>, key: &str) -> Result<Option<bool>, PlanError> {
    document.text(key).map(|text| shape(key, text)).transpose()
}

fn text_of(document: &Document<'_>, key: &str) -> Option<String> {
    document
        .text(key)
        .and_then(|text| serde_json::from_str(text).ok())
}

fn read_outputs(
    reader: &Reader<'_>,
    document: &Document<'_>,
) -> Result<Vec<OutputChange>, PlanError> {
    let Some(text) = document.text("output_changes") else {
        return Ok(Vec::new());
    };
    let items: BTreeMap<String, RawBody<'_>> = shape("output_changes", text)?;
    let span = |raw: Option<&RawValue>| raw.filter(|r| r.get() != "null").map(|r| reader.span(r));
    Ok(items
        .into_iter()
        .map(|(name, body)| {
            let words: Vec<String> = body
                .actions
                .unwrap_or_default()
                .into_iter()
                .map(std::borrow::Cow::into_owned)
                .collect();
            OutputChange {
                name,
                action: Action::from_words(&words),
                words,
                differs: contradiction::differs(
                    body.before.map(RawValue::get),
                    body.after.map(RawValue::get),
                    body.after_unknown.map(RawValue::get),
                ),
                body: Body {
                    before: span(body.before),
                    after: span(body.after),
                    after_unknown: span(body.after_unknown),
                    before_sensitive: span(body.before_sensitive),
                    after_sensitive: span(body.after_sensitive),
                    ..Body::default()
                },
            }
        })
        .collect())
}

#[cfg(test)]
mod tests;
