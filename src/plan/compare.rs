//! What two plans would do differently: for "the plan at apply time is not the one that was reviewed".
//!
//! Whether there is a difference is for the effect digests to say, so it is the same answer as everywhere. Where they differ, this names each
//! part: the digests of sections first, then of rows, of their fields, of attributes. A part that differs in a way that has no name is still
//! named as a whole; a list without an entry cannot come out of two different effects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::attributes::compare;
use super::document::{Document, Fields};
use super::effect::Hasher;
use super::{
    Body, Difference, OutputChange, Plan, PlanError, ResourceChange, Value, input, rows, shape,
};
use crate::digest::Digest;

/// What the parts that differ are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiffKind {
    /// The change of a resource instance.
    Change,
    /// A change made outside Terraform.
    Drift,
    /// A change that is put off.
    Deferred,
    /// The change of a root output.
    Output,
    /// A variable.
    Variable,
    /// A version or a flag of the whole plan.
    Plan,
    /// A part of the document without rows of its own here.
    Section,
}

impl DiffKind {
    /// The word in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Drift => "drift",
            Self::Deferred => "deferred",
            Self::Output => "output",
            Self::Variable => "variable",
            Self::Plan => "plan",
            Self::Section => "section",
        }
    }
}

/// In which of the plans it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiffSide {
    /// Only in the first.
    OnlyFirst,
    /// Only in the second.
    OnlySecond,
    /// In both, and they are not the same.
    Both,
}

impl DiffSide {
    /// The word in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OnlyFirst => "only-in-first",
            Self::OnlySecond => "only-in-second",
            Self::Both => "differs",
        }
    }
}

/// A part of something that stands in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffDetail {
    /// The key of the plan's format: `actions`, `before`, `after`, `replace_paths`, …
    pub field: String,
    /// Path of the attribute, where the field is a tree of them.
    pub path: Option<String>,
    /// The values, where they can be told.
    pub values: Option<(Value, Value)>,
}

/// One part that differs. Names and values are text of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffPoint {
    /// What it is.
    pub kind: DiffKind,
    /// Address with its deposed key, or name.
    pub subject: String,
    /// Where it stands.
    pub side: DiffSide,
    /// The plan's words for what is done, in the plans that have it.
    pub actions: [Option<String>; 2],
    /// What of it differs; empty where it stands in one plan only.
    pub details: Vec<DiffDetail>,
}

/// Fields of a row whose value is a word and no value of the configuration.
const WORDS: [&str; 8] = [
    "actions",
    "action_reason",
    "provider_name",
    "previous_address",
    "mode",
    "type",
    "reason",
    "module_address",
];

/// Fields that say how the values of others are to be read.
const MARKS: [&str; 3] = ["after_unknown", "before_sensitive", "after_sensitive"];

/// Top-level keys with one value each.
const SCALARS: [&str; 5] = [
    "terraform_version",
    "format_version",
    "applyable",
    "complete",
    "errored",
];

/// One plan, taken apart again.
struct Side<'a> {
    plan: &'a Plan,
    document: Document<'a>,
    timestamp: Option<String>,
    sections: BTreeMap<&'a str, Digest>,
}

impl<'a> Side<'a> {
    fn of(plan: &'a Plan, threads: usize) -> Result<Self, PlanError> {
        let document = input::document(plan.text())?;
        let timestamp = super::effect::timestamp(&document);
        let rows = rows::read(plan.text(), &document, timestamp.as_deref(), threads)?;
        let names = document.sections.iter().map(|section| section.name);
        let sections = names.zip(rows.digests).collect();
        Ok(Self {
            plan,
            document,
            timestamp,
            sections,
        })
    }

    fn digest(&self, place: &str, text: &str) -> Result<Digest, PlanError> {
        Hasher::new(self.timestamp.as_deref()).element(place, text)
    }

    /// A value as it counts: the time of planning is none.
    fn timeless(&self, value: Value) -> Value {
        let Some(timestamp) = &self.timestamp else {
            return value;
        };
        match value {
            Value::Text(text) if text == *timestamp => {
                Value::Text("(the time of planning)".to_owned())
            }
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.timeless(item)).collect())
            }
            Value::Map(fields) => Value::Map(
                fields
                    .into_iter()
                    .map(|(name, field)| (name, self.timeless(field)))
                    .collect(),
            ),
            other => other,
        }
    }
}

/// What two plans would do differently; nothing where they have the same effect.
///
/// # Errors
/// Where a plan cannot be taken apart again, which does not happen to one that was read.
pub fn diff(first: &Plan, second: &Plan, threads: usize) -> Result<Vec<DiffPoint>, PlanError> {
    if first.effect == second.effect {
        return Ok(Vec::new());
    }
    let (a, b) = (Side::of(first, threads)?, Side::of(second, threads)?);
    let names: BTreeSet<&str> = a
        .sections
        .keys()
        .chain(b.sections.keys())
        .copied()
        .collect();
    let mut points = Vec::new();
    for name in names {
        if name == "timestamp" || a.sections.get(name) == b.sections.get(name) {
            continue;
        }
        let before = points.len();
        section(name, &a, &b, &mut points)?;
        // Null and absent, an order, a repeated row: what no row tells.
        if points.len() == before {
            points.push(whole(DiffKind::Section, name, &a, &b));
        }
    }
    points.sort_by(|x, y| (x.kind, &x.subject, x.side).cmp(&(y.kind, &y.subject, y.side)));
    if points.is_empty() {
        points.push(whole(DiffKind::Section, "plan", &a, &b));
    }
    Ok(points)
}

fn section(
    name: &str,
    a: &Side<'_>,
    b: &Side<'_>,
    points: &mut Vec<DiffPoint>,
) -> Result<(), PlanError> {
    let rows = |plan: &'_ Plan| -> Vec<ResourceChange> {
        match name {
            "resource_changes" => plan.changes.clone(),
            "resource_drift" => plan.drift.clone(),
            _ => plan.deferred.iter().map(|d| d.change.clone()).collect(),
        }
    };
    let kind = match name {
        "resource_changes" => DiffKind::Change,
        "resource_drift" => DiffKind::Drift,
        "deferred_changes" => DiffKind::Deferred,
        "output_changes" => return outputs(a, b, points),
        "variables" => return variables(a, b, points),
        _ if SCALARS.contains(&name) => {
            let value = |side: &Side<'_>| {
                let none = serde_json::Value::Null;
                Value::read(side.document.text(name), &none, &none)
            };
            let mut point = whole(DiffKind::Plan, name, a, b);
            point.details.push(DiffDetail {
                field: name.to_owned(),
                path: None,
                values: Some((value(a), value(b))),
            });
            points.push(point);
            return Ok(());
        }
        _ => return Ok(()),
    };
    let (first, second) = (rows(a.plan), rows(b.plan));
    let mut keyed: BTreeMap<String, [Vec<&ResourceChange>; 2]> = BTreeMap::new();
    for change in &first {
        keyed.entry(change.label()).or_default()[0].push(change);
    }
    for change in &second {
        keyed.entry(change.label()).or_default()[1].push(change);
    }
    for (subject, [first, second]) in keyed {
        for index in 0..first.len().max(second.len()) {
            let (x, y) = (first.get(index).copied(), second.get(index).copied());
            points.extend(row(kind, name, &subject, (a, x), (b, y))?);
        }
    }
    Ok(())
}

fn row(
    kind: DiffKind,
    place: &str,
    subject: &str,
    (a, x): (&Side<'_>, Option<&ResourceChange>),
    (b, y): (&Side<'_>, Option<&ResourceChange>),
) -> Result<Option<DiffPoint>, PlanError> {
    let words = |change: Option<&ResourceChange>| change.map(|c| c.words.join("/"));
    let mut point = DiffPoint {
        kind,
        subject: subject.to_owned(),
        side: side(x.is_some(), y.is_some()),
        actions: [words(x), words(y)],
        details: Vec::new(),
    };
    let (Some(x), Some(y)) = (x, y) else {
        return Ok(Some(point));
    };
    let (left, right) = (a.plan.slice(&x.span), b.plan.slice(&y.span));
    if a.digest(place, left)? == b.digest(place, right)? {
        return Ok(None);
    }
    fields(place, (a, left), (b, right), &mut point.details)?;
    attributes((a, &x.body), (b, &y.body), &mut point.details);
    if point.details.is_empty() {
        hidden((a, &x.body), (b, &y.body), place, &mut point.details)?;
    }
    Ok(Some(point))
}

/// The fields of a row and of the change in it, other than the trees of values.
fn fields(
    place: &str,
    (a, left): (&Side<'_>, &str),
    (b, right): (&Side<'_>, &str),
    out: &mut Vec<DiffDetail>,
) -> Result<(), PlanError> {
    let (left, right) = (by_name(place, left)?, by_name(place, right)?);
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for name in names {
        let (x, y) = (left.get(name).copied(), right.get(name).copied());
        let inner = |raw: Option<&RawValue>| raw.is_some_and(|raw| raw.get().starts_with('{'));
        if matches!(name.as_str(), "change" | "resource_change") && inner(x) && inner(y) {
            let text = |raw: Option<&RawValue>| raw.map_or("", RawValue::get).to_owned();
            fields(place, (a, &text(x)), (b, &text(y)), out)?;
            continue;
        }
        if matches!(name.as_str(), "before" | "after") || MARKS.contains(&name.as_str()) {
            continue;
        }
        let digest = |side: &Side<'_>, raw: Option<&RawValue>| {
            raw.map(|raw| side.digest(place, raw.get())).transpose()
        };
        if digest(a, x)? == digest(b, y)? {
            continue;
        }
        let none = serde_json::Value::Null;
        let value = |raw: Option<&RawValue>| Value::read(raw.map(RawValue::get), &none, &none);
        let told = WORDS.contains(&name.as_str());
        out.push(DiffDetail {
            field: name.clone(),
            path: None,
            values: told.then(|| (value(x), value(y))),
        });
    }
    Ok(())
}

/// The values before and after, and how they are marked.
fn attributes((a, x): (&Side<'_>, &Body), (b, y): (&Side<'_>, &Body), out: &mut Vec<DiffDetail>) {
    let ((before_a, after_a), (before_b, after_b)) = (a.plan.values(x), b.plan.values(y));
    let (after_a, after_b) = (a.timeless(after_a), b.timeless(after_b));
    for (field, one, other) in [
        ("before", &before_a, &before_b),
        ("after", &after_a, &after_b),
    ] {
        let mut rows = Vec::new();
        compare("", one, other, &BTreeSet::new(), &mut rows);
        let rows = rows
            .into_iter()
            .filter(|row| row.difference != Difference::Same);
        out.extend(rows.map(|row| DiffDetail {
            field: field.to_owned(),
            path: Some(row.path),
            values: Some((row.before, row.after)),
        }));
    }
    let spans = |body: &Body| {
        [
            body.after_unknown.clone(),
            body.before_sensitive.clone(),
            body.after_sensitive.clone(),
        ]
    };
    // Marks are part of the values above; where these say nothing, the marks do.
    if out.iter().any(|detail| detail.path.is_some()) {
        return;
    }
    for ((name, one), other) in MARKS.into_iter().zip(spans(x)).zip(spans(y)) {
        let digest = |plan: &Plan, span: Option<super::Span>| {
            span.and_then(|span| crate::digest::hash_json(plan.slice(&span)).ok())
        };
        if digest(a.plan, one) != digest(b.plan, other) {
            out.push(DiffDetail {
                field: name.to_owned(),
                path: None,
                values: None,
            });
        }
    }
}

/// The trees that differ where no attribute of them can be told, such as a value that is marked as unknown too.
fn hidden(
    (a, x): (&Side<'_>, &Body),
    (b, y): (&Side<'_>, &Body),
    place: &str,
    out: &mut Vec<DiffDetail>,
) -> Result<(), PlanError> {
    for (field, one, other) in [
        ("before", &x.before, &y.before),
        ("after", &x.after, &y.after),
    ] {
        let digest = |side: &Side<'_>, span: &Option<super::Span>| {
            let text = span.as_ref().map(|span| side.plan.slice(span));
            text.map(|text| side.digest(place, text)).transpose()
        };
        if digest(a, one)? != digest(b, other)? {
            out.push(DiffDetail {
                field: field.to_owned(),
                path: None,
                values: None,
            });
        }
    }
    Ok(())
}

fn outputs(a: &Side<'_>, b: &Side<'_>, points: &mut Vec<DiffPoint>) -> Result<(), PlanError> {
    let by_key = |side: &Side<'_>| -> Result<BTreeMap<String, Digest>, PlanError> {
        let text = side.document.text("output_changes").unwrap_or("{}");
        let mut out = BTreeMap::new();
        for (name, raw) in by_name("output_changes", text)? {
            out.insert(
                name,
                Hasher::new(side.timestamp.as_deref()).section("output_changes", raw.get())?,
            );
        }
        Ok(out)
    };
    let (left, right) = (by_key(a)?, by_key(b)?);
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for name in names {
        if left.get(name) == right.get(name) {
            continue;
        }
        let of = |plan: &Plan| -> Option<OutputChange> {
            plan.outputs
                .iter()
                .find(|output| output.name == *name)
                .cloned()
        };
        let (x, y) = (of(a.plan), of(b.plan));
        let words = |output: &Option<OutputChange>| output.as_ref().map(|o| o.words.join("/"));
        let mut point = DiffPoint {
            kind: DiffKind::Output,
            subject: name.clone(),
            side: side(x.is_some(), y.is_some()),
            actions: [words(&x), words(&y)],
            details: Vec::new(),
        };
        if let (Some(x), Some(y)) = (&x, &y) {
            if x.words != y.words {
                let value = |words: &[String]| {
                    Value::List(words.iter().cloned().map(Value::Text).collect())
                };
                point.details.push(DiffDetail {
                    field: "actions".to_owned(),
                    path: None,
                    values: Some((value(&x.words), value(&y.words))),
                });
            }
            attributes((a, &x.body), (b, &y.body), &mut point.details);
        }
        points.push(point);
    }
    Ok(())
}

/// Variables by name alone: a plan does not always say which of their values are secret.
fn variables(a: &Side<'_>, b: &Side<'_>, points: &mut Vec<DiffPoint>) -> Result<(), PlanError> {
    let text = |side: &Side<'_>| side.document.text("variables").unwrap_or("{}").to_owned();
    let (left, right) = (text(a), text(b));
    let (left, right) = (by_name("variables", &left)?, by_name("variables", &right)?);
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    for name in names {
        let (x, y) = (left.get(name), right.get(name));
        let digest =
            |raw: Option<&&RawValue>| raw.and_then(|raw| crate::digest::hash_json(raw.get()).ok());
        if digest(x) != digest(y) {
            points.push(DiffPoint {
                kind: DiffKind::Variable,
                subject: name.clone(),
                side: side(x.is_some(), y.is_some()),
                actions: [None, None],
                details: Vec::new(),
            });
        }
    }
    Ok(())
}

/// The fields of an object; a null or anything else has none.
fn by_name<'t>(place: &str, text: &'t str) -> Result<BTreeMap<String, &'t RawValue>, PlanError> {
    if !text.starts_with('{') {
        return Ok(BTreeMap::new());
    }
    let Fields { rest } = shape(place, text)?;
    Ok(rest.into_iter().collect())
}

/// Something that is not taken apart.
fn whole(kind: DiffKind, name: &str, a: &Side<'_>, b: &Side<'_>) -> DiffPoint {
    let there = |side: &Side<'_>| side.sections.contains_key(name);
    DiffPoint {
        kind,
        subject: name.to_owned(),
        side: side(there(a), there(b)),
        actions: [None, None],
        details: Vec::new(),
    }
}

fn side(first: bool, second: bool) -> DiffSide {
    match (first, second) {
        (true, false) => DiffSide::OnlyFirst,
        (false, true) => DiffSide::OnlySecond,
        _ => DiffSide::Both,
    }
}

#[cfg(test)]
mod tests;
