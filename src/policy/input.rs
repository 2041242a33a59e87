//! The documents that policies see: the plan's own JSON with one key added, and the same below the key that a dialect has for it.
//!
//! Only the top-level keys that some rule reads are built, because building is what costs most; every dialect shares that one value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::dialect::Dialect;
use super::engine::{Input, Part};
use crate::change::Change;
use crate::plan::Plan;
use crate::source::SourceIndex;

/// How many resource changes go to the engine at once.
pub(super) const SLICE: usize = 1024;

/// What a set of rules is evaluated on.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The git change, where there is one.
    pub change: Option<&'a Change>,
    /// The index of the configuration's source, where there is one.
    pub source: Option<&'a SourceIndex>,
    /// The run's clock.
    pub now: jiff::Timestamp,
}

/// What the rules of one evaluation need.
pub(super) struct Wanted {
    /// Keys of the plan that whole-plan rules read; everything when `None`.
    pub(super) whole: Option<BTreeSet<String>>,
    /// Keys that sliced rules read; everything when `None`.
    pub(super) sliced: Option<BTreeSet<String>>,
    /// Dialects of the whole-plan rules.
    pub(super) dialects: BTreeSet<Dialect>,
}

/// The inputs of one evaluation.
pub(super) struct Inputs {
    /// For rules that look at the whole plan.
    whole: Input,
    /// The same below the key of a dialect that is in use.
    wrapped: BTreeMap<&'static str, Input>,
    /// For rules that look at slices; `resource_changes` is put in per slice.
    base: Input,
    /// Resource changes, parsed once and shared by both.
    parsed: Vec<Part>,
    /// Number of slices.
    pub(super) slices: usize,
}

impl Inputs {
    /// Builds what the rules need.
    pub(super) fn build(
        subject: &Subject<'_>,
        asked: &Wanted,
        threads: usize,
    ) -> Result<Self, String> {
        let plan = subject.plan;
        let (whole_keys, slice_keys) = (asked.whole.as_ref(), asked.sliced.as_ref());
        let own = extension(subject);
        let wanted =
            |keys: Option<&BTreeSet<String>>, name: &str| keys.is_none_or(|k| k.contains(name));
        let parts = |keys: Option<&BTreeSet<String>>| {
            let mut parts: Vec<(&str, &str)> = plan
                .section_names()
                .filter(|name| {
                    *name != "countersign" && *name != "resource_changes" && wanted(keys, name)
                })
                .filter_map(|name| Some((name, plan.section(name)?)))
                .collect();
            if wanted(keys, "countersign") {
                parts.push(("countersign", own.as_str()));
            }
            parts
        };
        let base = Input::build(parts(slice_keys))?;
        let mut whole = Input::build(parts(whole_keys))?;
        let needed =
            wanted(whole_keys, "resource_changes") || wanted(slice_keys, "resource_changes");
        let parsed = if needed {
            parse_changes(plan, threads)?
        } else {
            Vec::new()
        };
        if wanted(whole_keys, "resource_changes") && plan.section("resource_changes").is_some() {
            whole = whole.with("resource_changes", &parsed);
        }
        let wrapped = asked
            .dialects
            .iter()
            .filter_map(|dialect| dialect.plan_key())
            .map(|key| (key, whole.below(key)))
            .collect();
        Ok(Self {
            whole,
            wrapped,
            base,
            slices: parsed.len(),
            parsed,
        })
    }

    /// The input of a dialect's whole-plan rules.
    pub(super) fn of(&self, dialect: Dialect) -> &Input {
        dialect
            .plan_key()
            .and_then(|key| self.wrapped.get(key))
            .unwrap_or(&self.whole)
    }

    /// The input of one slice.
    pub(super) fn slice(&self, index: usize) -> Input {
        match self.parsed.get(index) {
            Some(part) => self
                .base
                .with("resource_changes", std::slice::from_ref(part)),
            None => self.base.with("resource_changes", &[]),
        }
    }
}

/// Parses the resource changes in slices, on several threads.
fn parse_changes(plan: &Plan, threads: usize) -> Result<Vec<Part>, String> {
    let slices = plan.changes.len().div_ceil(SLICE);
    let next = AtomicUsize::new(0);
    let parsed: Mutex<Vec<(usize, Result<Part, String>)>> = Mutex::new(Vec::with_capacity(slices));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= slices {
                break;
            }
            let mut text = String::from("[");
            let rows = plan.changes.iter().skip(index * SLICE).take(SLICE);
            for (position, change) in rows.enumerate() {
                if position > 0 {
                    text.push(',');
                }
                text.push_str(plan.slice(&change.span));
            }
            text.push(']');
            let part = Part::parse("resource_changes", &text);
            if let Ok(mut parsed) = parsed.lock() {
                parsed.push((index, part));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, slices.max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut parsed = parsed.into_inner().unwrap_or_default();
    if parsed.len() != slices {
        return Err("resource_changes: not all of it could be read".to_owned());
    }
    parsed.sort_by_key(|(index, _)| *index);
    parsed.into_iter().map(|(_, part)| part).collect()
}

/// `input.countersign`.
fn extension(subject: &Subject<'_>) -> String {
    json!({
        "git": subject.change,
        "source": subject.source,
        "provenance": null,
        "now": subject.now.to_string(),
    })
    .to_string()
}
