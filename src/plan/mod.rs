//! A Terraform or OpenTofu plan as typed values.
//!
//! Place in the flow: `load` hands bytes to [`Plan::read`]; everything above works on [`Plan`]. Phases:
//! 1. `input`: bytes → text of one document, or the name of what it is instead ([`PlanError`]).
//! 2. `raw`: one typed pass that borrows from the text; attribute trees stay unparsed ranges ([`Span`]).
//! 3. `secrets`: every marked value → the [`Redactor`] that stands before each sink.
//! 4. `effect`: the digest of what the plan would do; the same walk refuses repeated keys and deep nesting anywhere.
//!
//! Invariants: addresses are opaque (never split on dots); sensitive and unknown leaves are kinds of [`Value`] without text;
//! an absent flag is not `false`; unknown actions are destructive. The plan's text is never kept on disk or copied into a record.

mod action;
mod attributes;
mod change;
mod counts;
mod effect;
mod error;
mod guess;
mod input;
mod raw;
mod secrets;
mod value;

pub use action::Action;
pub use attributes::{AttributeChange, Difference, MAX_ROWS};
pub use change::{Body, Deferred, Invocation, Mode, OutputChange, ResourceChange, Span};
pub use counts::Counts;
pub use effect::Effect;
pub use error::PlanError;
pub use input::{MAX_PLAN_BYTES, is_binary_plan};
pub use value::{Hidden, Value};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::digest::Digest;
use crate::text::Redactor;
use change::Reader;
use input::TopLevel;
use raw::{RawBody, RawChange, RawDeferred, RawInvocation};

/// How the plan was asked for, as far as its JSON tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanMode {
    /// Changes towards the configuration.
    Normal,
    /// `-destroy`: everything goes while the code is still there.
    Destroy,
    /// `-refresh-only`: only the state would be updated.
    RefreshOnly,
}

impl PlanMode {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Destroy => "destroy",
            Self::RefreshOnly => "refresh-only",
        }
    }
}

/// A plan, read and indexed. Its debug form names it and shows nothing of it.
#[derive(Clone)]
pub struct Plan {
    text: Arc<String>,
    sections: BTreeMap<String, Span>,
    /// SHA-256 of the bytes as they were given.
    pub digest: Digest,
    /// Digest of what the plan would do.
    pub effect: Effect,
    /// Memory-hard tag of all sensitive leaves.
    sensitive_tag: Option<Digest>,
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
    /// Whether planning failed; such a plan cannot be approved.
    pub errored: bool,
    /// Whether the plan covers everything; absent before Terraform 1.8 and in OpenTofu.
    pub complete: Option<bool>,
    /// Whether apply would do anything; absent before Terraform 1.8 and in OpenTofu.
    pub applyable: Option<bool>,
    /// How the plan was asked for.
    pub mode: PlanMode,
    /// The redactor built from this plan's secrets.
    pub redactor: Redactor,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plan({})", self.digest)
    }
}

impl Plan {
    /// Reads the bytes of `terraform show -json` (or `tofu show -json`).
    ///
    /// # Errors
    /// When the bytes are anything but one complete plan of a known version; the error names what they are.
    pub fn read(bytes: Vec<u8>) -> Result<Self, PlanError> {
        let digest = Digest::of(&bytes);
        let text = input::decode(bytes)?;
        let top = input::top_level(&text)?;
        let mut reader = Reader::new(&text);
        let mut sections = BTreeMap::new();
        for (name, raw) in &top.0 {
            if raw.get() != "null" {
                sections.insert(name.clone(), reader.span(raw));
            }
        }
        let changes = read_changes(&mut reader, &top, "resource_changes")?;
        let drift = read_changes(&mut reader, &top, "resource_drift")?;
        let deferred = read_deferred(&mut reader, &top)?;
        let outputs = read_outputs(&reader, &top)?;
        let invocations = read_invocations(&top)?;
        let (redactor, planned_values, prior_state) =
            redactor(&text, &top, &changes, &drift, &deferred, &outputs)?;
        let known = effect::Known {
            text: &text,
            changes: &changes,
            drift: &drift,
            planned_values,
            prior_state,
        };
        let (effect, sensitive_tag) = effect::effect(&top, &redactor, &known)?;
        let mut plan = Self {
            digest,
            effect,
            sensitive_tag,
            format_version: text_of(&top, "format_version").unwrap_or_default(),
            terraform_version: text_of(&top, "terraform_version"),
            errored: flag(&top, "errored")?.unwrap_or(false),
            complete: flag(&top, "complete")?,
            applyable: flag(&top, "applyable")?,
            mode: mode(&top, &changes, &drift),
            changes,
            drift,
            deferred,
            outputs,
            invocations,
            redactor,
            sections,
            text: Arc::new(String::new()),
        };
        // Everything above borrowed from it.
        plan.text = Arc::new(text);
        Ok(plan)
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
fn shape<'a, T: serde::Deserialize<'a>>(place: &str, raw: &'a RawValue) -> Result<T, PlanError> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let text = error.to_string();
        if text.contains("duplicate field") {
            PlanError::DuplicateKey {
                place: place.to_owned(),
            }
        } else {
            PlanError::Shape {
                place: place.to_owned(),
                problem: input::problem(&error),
            }
        }
    })
}

fn flag(top: &TopLevel<'_>, key: &str) -> Result<Option<bool>, PlanError> {
    top.get(key).map(|raw| shape(key, raw)).transpose()
}

fn text_of(top: &TopLevel<'_>, key: &str) -> Option<String> {
    top.get(key)
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
}

fn read_changes(
    reader: &mut Reader<'_>,
    top: &TopLevel<'_>,
    key: &str,
) -> Result<Vec<ResourceChange>, PlanError> {
    let Some(raw) = top.get(key) else {
        return Ok(Vec::new());
    };
    let items: Vec<&RawValue> = shape(key, raw)?;
    items
        .into_iter()
        .map(|item| {
            let change: RawChange<'_> = shape(key, item)?;
            Ok(ResourceChange::read(reader, item, change))
        })
        .collect()
}

fn read_deferred(reader: &mut Reader<'_>, top: &TopLevel<'_>) -> Result<Vec<Deferred>, PlanError> {
    let Some(raw) = top.get("deferred_changes") else {
        return Ok(Vec::new());
    };
    let items: Vec<&RawValue> = shape("deferred_changes", raw)?;
    items
        .into_iter()
        .map(|item| {
            let deferred: RawDeferred<'_> = shape("deferred_changes", item)?;
            Ok(Deferred {
                reason: deferred.reason.unwrap_or_default().into_owned(),
                change: ResourceChange::read(reader, item, deferred.resource_change),
            })
        })
        .collect()
}

fn read_outputs(reader: &Reader<'_>, top: &TopLevel<'_>) -> Result<Vec<OutputChange>, PlanError> {
    let Some(raw) = top.get("output_changes") else {
        return Ok(Vec::new());
    };
    let items: BTreeMap<String, RawBody<'_>> = shape("output_changes", raw)?;
    let span = |raw: Option<&RawValue>| raw.filter(|r| r.get() != "null").map(|r| reader.span(r));
    Ok(items
        .into_iter()
        .map(|(name, body)| OutputChange {
            name,
            action: Action::from_words(&body.actions.unwrap_or_default()),
            body: Body {
                before: span(body.before),
                after: span(body.after),
                after_unknown: span(body.after_unknown),
                before_sensitive: span(body.before_sensitive),
                after_sensitive: span(body.after_sensitive),
                ..Body::default()
            },
        })
        .collect())
}

fn read_invocations(top: &TopLevel<'_>) -> Result<Vec<Invocation>, PlanError> {
    let Some(raw) = top.get("action_invocations") else {
        return Ok(Vec::new());
    };
    let items: Vec<RawInvocation<'_>> = shape("action_invocations", raw)?;
    Ok(items
        .into_iter()
        .map(|item| Invocation {
            address: item.address.unwrap_or_default().into_owned(),
            kind: item.kind.unwrap_or_default().into_owned(),
            provider: item.provider_name.unwrap_or_default().into_owned(),
        })
        .collect())
}

/// The redactor, and the marks of planned values and prior state.
type Gathered = (
    Redactor,
    Option<serde_json::Value>,
    Option<serde_json::Value>,
);

fn redactor(
    text: &str,
    top: &TopLevel<'_>,
    changes: &[ResourceChange],
    drift: &[ResourceChange],
    deferred: &[Deferred],
    outputs: &[OutputChange],
) -> Result<Gathered, PlanError> {
    let mut secrets = secrets::Secrets::default();
    for change in changes
        .iter()
        .chain(drift)
        .chain(deferred.iter().map(|d| &d.change))
    {
        secrets.change(text, &change.body);
        secrets.remote_state(text, change);
    }
    for output in outputs {
        secrets.change(text, &output.body);
    }
    if let Some(raw) = top.get("variables") {
        secrets.variables(raw);
    }
    if let Some(raw) = top.get("configuration") {
        secrets.configuration(raw, top.get("variables"))?;
        secrets.provider_settings(raw);
    }
    for key in ["action_invocations", "deferred_action_invocations"] {
        if let Some(raw) = top.get(key) {
            secrets.invocations(raw);
        }
    }
    let planned = top
        .get("planned_values")
        .map(|raw| secrets.planned_values(raw))
        .transpose()?;
    let prior = top
        .get("prior_state")
        .map(|raw| secrets.prior_state(raw))
        .transpose()?;
    secrets.shapes(text);
    Ok((
        secrets.finish(text, changes)?,
        planned.flatten(),
        prior.flatten(),
    ))
}

/// The JSON has no mode: a destroy plan deletes every managed object without giving a reason, a refresh-only one has drift or state and
/// no list of changes.
fn mode(top: &TopLevel<'_>, changes: &[ResourceChange], drift: &[ResourceChange]) -> PlanMode {
    let mut managed = changes
        .iter()
        .filter(|c| c.mode == Mode::Managed)
        .peekable();
    if top.get("resource_changes").is_none() && !drift.is_empty() {
        return PlanMode::RefreshOnly;
    }
    if managed.peek().is_some()
        && managed.all(|c| c.action == Action::Delete && c.reason.is_none() && c.deposed.is_none())
    {
        return PlanMode::Destroy;
    }
    PlanMode::Normal
}

#[cfg(test)]
mod tests;
