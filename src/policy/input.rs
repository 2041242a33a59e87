//! The document that policies see: the plan's own JSON with one key added.
//!
//! Only the top-level keys that some rule reads are built, because building is what costs most.

use std::collections::BTreeSet;

use serde_json::json;

use super::engine::Input;
use crate::change::Change;
use crate::plan::Plan;
use crate::source::SourceIndex;

/// How many resource changes go to the engine at once.
pub(super) const SLICE: usize = 256;

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

/// The inputs of one evaluation.
pub(super) struct Inputs<'a> {
    plan: &'a Plan,
    /// For rules that look at the whole plan.
    pub(super) whole: Input,
    /// For rules that look at slices; `resource_changes` is put in per slice.
    base: Input,
    /// Number of slices.
    pub(super) slices: usize,
}

impl<'a> Inputs<'a> {
    /// Builds what the rules need: keys read by whole-plan rules, and by sliced ones (`None`: everything).
    pub(super) fn build(
        subject: &Subject<'a>,
        whole_keys: Option<&BTreeSet<String>>,
        slice_keys: Option<&BTreeSet<String>>,
    ) -> Result<Self, String> {
        let plan = subject.plan;
        let own = extension(subject);
        let wanted =
            |keys: Option<&BTreeSet<String>>, name: &str| keys.is_none_or(|k| k.contains(name));
        let parts = |keys: Option<&BTreeSet<String>>, changes: bool| {
            let mut parts: Vec<(&str, &str)> = plan
                .section_names()
                .filter(|name| *name != "countersign" && wanted(keys, name))
                .filter(|name| changes || *name != "resource_changes")
                .filter_map(|name| Some((name, plan.section(name)?)))
                .collect();
            if wanted(keys, "countersign") {
                parts.push(("countersign", own.as_str()));
            }
            parts
        };
        let whole = Input::build(parts(whole_keys, true))?;
        let base = Input::build(parts(slice_keys, false))?;
        Ok(Self {
            plan,
            whole,
            base,
            slices: plan.changes.len().div_ceil(SLICE),
        })
    }

    /// The input of one slice.
    pub(super) fn slice(&self, index: usize) -> Result<Input, String> {
        let mut text = String::from("[");
        for (position, change) in self
            .plan
            .changes
            .iter()
            .skip(index * SLICE)
            .take(SLICE)
            .enumerate()
        {
            if position > 0 {
                text.push(',');
            }
            text.push_str(self.plan.slice(&change.span));
        }
        text.push(']');
        self.base.with("resource_changes", &text)
    }
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
