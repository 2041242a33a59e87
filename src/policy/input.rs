//! The documents that policies see: the plan's own JSON with one key added, and the same below the key that a dialect has for it.
//!
//! Only the top-level keys that some rule reads are built, because building is what costs most; every dialect shares that one value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::dialect::Dialect;
use super::engine::{Input, Part, Row};
use super::view::{Lens, View};
use crate::change::{Change, Standing};
use crate::plan::{Plan, ResourceChange};
use crate::provenance::{Explanation, Proof};
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
    /// The repository, where there is one.
    pub repository: Option<&'a Standing>,
    /// The index of the configuration's source, where there is one.
    pub source: Option<&'a SourceIndex>,
    /// What the binary plan proves, where there is one.
    pub proof: Option<&'a Proof>,
    /// Whether the git change explains what the plan changes, where both commits are known.
    pub explanation: Option<&'a Explanation>,
    /// The run's clock.
    pub now: jiff::Timestamp,
}

/// What the rules of one evaluation need.
pub(super) struct Wanted {
    /// Keys of the plan that whole-plan rules read; everything when `None`.
    pub(super) whole: Option<BTreeSet<String>>,
    /// Keys that sliced rules read; everything when `None`.
    pub(super) sliced: Option<BTreeSet<String>>,
    /// Dialects of the whole-plan rules, and what these see of the resource changes.
    pub(super) whole_views: BTreeSet<(Dialect, View)>,
    /// What sliced rules see.
    pub(super) sliced_views: BTreeSet<View>,
}

/// The inputs of one evaluation.
pub(super) struct Inputs<'p> {
    /// For rules that look at the whole plan.
    whole: BTreeMap<(Dialect, View), Input>,
    /// For rules that look at slices; `resource_changes` is put in per slice.
    base: Input,
    /// What stands in the slices of each view.
    slices: Vec<(View, Vec<Slice<'p>>)>,
}

/// Some rows that go to the engine at once; parsed only then.
struct Slice<'p> {
    lens: std::sync::Arc<Lens<'p>>,
    rows: Vec<(&'p ResourceChange, bool)>,
}

impl<'p> Inputs<'p> {
    /// Builds what the rules need.
    pub(super) fn build(
        subject: &Subject<'p>,
        asked: &Wanted,
        threads: usize,
    ) -> Result<Self, String> {
        let plan = subject.plan;
        let own = extension(subject)?;
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
        let base = Input::build(parts(asked.sliced.as_ref()))?;
        let unlisted = Input::build(parts(asked.whole.as_ref()))?;
        let lists = wanted(asked.whole.as_ref(), "resource_changes")
            && plan.section("resource_changes").is_some();
        let views: BTreeSet<&View> = asked.whole_views.iter().map(|(_, view)| view).collect();
        let lists = if lists {
            whole_lists(plan, &views, threads)?
        } else {
            BTreeMap::new()
        };
        let by_view: BTreeMap<&View, Input> = lists
            .into_iter()
            .map(|(view, rows)| (view, unlisted.with_rows("resource_changes", rows)))
            .collect();
        let mut whole = BTreeMap::new();
        for (dialect, view) in &asked.whole_views {
            let input = by_view.get(view).unwrap_or(&unlisted).clone();
            let input = match dialect.plan_key() {
                None => input,
                Some(key) => input.below(key),
            };
            whole.insert((*dialect, view.clone()), input);
        }
        let mut slices = Vec::new();
        for view in &asked.sliced_views {
            slices.push((view.clone(), cut(plan, view)?));
        }
        Ok(Self {
            whole,
            base,
            slices,
        })
    }

    /// The input of whole-plan rules.
    pub(super) fn of(&self, dialect: Dialect, view: &View) -> &Input {
        self.whole
            .get(&(dialect, view.clone()))
            .unwrap_or(&self.base)
    }

    /// How many slices each view has; at least one, since a rule that looks at nothing is evaluated too.
    pub(super) fn slices(&self) -> impl Iterator<Item = (&View, usize)> {
        self.slices
            .iter()
            .map(|(view, slices)| (view, slices.len().max(1)))
    }

    /// The input of one slice.
    ///
    /// # Errors
    /// When its rows cannot be parsed.
    pub(super) fn slice(&self, view: &View, index: usize) -> Result<Input, String> {
        let slice = self
            .slices
            .iter()
            .find(|(known, _)| known == view)
            .and_then(|(_, slices)| slices.get(index));
        match slice {
            None => Ok(self.base.with("resource_changes", &[])),
            Some(Slice { lens, rows }) => {
                let part = Part::parse("resource_changes", &lens.list(rows))?;
                Ok(self.base.with("resource_changes", &[part]))
            }
        }
    }
}

/// The list of resource changes for each view of whole-plan rules; rows that several of them see are there once.
fn whole_lists<'v>(
    plan: &Plan,
    views: &BTreeSet<&'v View>,
    threads: usize,
) -> Result<BTreeMap<&'v View, Vec<Row>>, String> {
    let everything = View::default();
    if views.iter().any(|view| **view == everything) {
        // Who sees everything for one rule can show it to all.
        let rows = parse_changes(plan, &everything, threads)?;
        return Ok(views.iter().map(|view| (*view, rows.clone())).collect());
    }
    if views.is_empty() {
        return Ok(BTreeMap::new());
    }
    let outlines = parse_changes(plan, &View::outline(), threads)?;
    let mut lists = BTreeMap::new();
    for view in views {
        let lens = Lens::new(plan, view)?;
        let seen = lens.rows();
        if seen.len() != outlines.len() {
            lists.insert(*view, parse_changes(plan, view, threads)?);
            continue;
        }
        let valued: Vec<(&ResourceChange, bool)> =
            seen.iter().copied().filter(|(_, values)| *values).collect();
        let part = Part::parse("resource_changes", &lens.list(&valued))?;
        let mut valued = part.rows();
        let mut rows = Vec::with_capacity(seen.len());
        for ((_, values), outline) in seen.iter().zip(&outlines) {
            if *values {
                rows.extend(valued.next());
            } else {
                rows.push(outline.clone());
            }
        }
        if rows.len() != seen.len() {
            return Err("resource_changes: not all of it could be read".to_owned());
        }
        lists.insert(*view, rows);
    }
    Ok(lists)
}

/// Cuts the rows of a view into slices.
fn cut<'p>(plan: &'p Plan, view: &View) -> Result<Vec<Slice<'p>>, String> {
    let lens = std::sync::Arc::new(Lens::new(plan, view)?);
    Ok(lens
        .rows()
        .chunks(SLICE)
        .map(|rows| Slice {
            lens: std::sync::Arc::clone(&lens),
            rows: rows.to_vec(),
        })
        .collect())
}

/// Parses the resource changes in slices, on several threads.
fn parse_changes(plan: &Plan, view: &View, threads: usize) -> Result<Vec<Row>, String> {
    let slices = cut(plan, view)?;
    let next = AtomicUsize::new(0);
    let parsed: Mutex<Vec<(usize, Result<Part, String>)>> =
        Mutex::new(Vec::with_capacity(slices.len()));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(Slice { lens, rows }) = slices.get(index) else {
                break;
            };
            let part = Part::parse("resource_changes", &lens.list(rows));
            if let Ok(mut parsed) = parsed.lock() {
                parsed.push((index, part));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.clamp(1, slices.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut parsed = parsed.into_inner().unwrap_or_default();
    if parsed.len() != slices.len() {
        return Err("resource_changes: not all of it could be read".to_owned());
    }
    parsed.sort_by_key(|(index, _)| *index);
    let mut rows = Vec::with_capacity(plan.changes.len());
    for (_, part) in parsed {
        rows.extend(part?.rows());
    }
    Ok(rows)
}

/// `input.countersign`.
fn extension(subject: &Subject<'_>) -> Result<String, String> {
    let proof = subject
        .proof
        .map(|proof| proof.json(subject.plan.binary.as_deref()));
    let mut provenance = match subject.explanation {
        Some(explanation) => explanation.document(subject.plan),
        None => json!({ "explained": null, "outputs": null, "unplanned": null }),
    };
    if let serde_json::Value::Object(fields) = &mut provenance {
        fields.insert("proof".to_owned(), proof.into());
    }
    let providers = subject.plan.state_providers();
    Ok(json!({
        "git": subject.change,
        "repository": subject.repository,
        "source": subject.source,
        "provenance": provenance,
        "state_providers": providers.map_err(|error| error.to_string())?,
        "now": subject.now.to_string(),
    })
    .to_string())
}
