//! What stands in place of plans and change where reports are written from parts.

use serde_json::Value as Json;

use super::entry::PlanLine;
use crate::plan::Counts;
use crate::report::wording::number;
use crate::text::Printable;

/// What everybody who reads a merged report is told.
pub(super) const NO_GATE: &str = "This sums up the reports that it was made from. It looked at no plan and no approval itself; the gate is each run.";

/// What the parts say of plans, change and baseline.
#[derive(Clone, Debug)]
pub struct Summary {
    pub(in crate::report) plans: Vec<PlanLine>,
    /// The parts, one line each.
    pub(in crate::report) parts: Vec<Printable>,
    pub(in crate::report) change: Printable,
    pub(in crate::report) baseline: Option<Printable>,
    pub(in crate::report) absent: Vec<Printable>,
}

impl Summary {
    /// Numbers of changes over all plans.
    pub(in crate::report) fn counts(&self) -> Counts {
        let mut all = Counts::default();
        for plan in &self.plans {
            all.add(&plan.counts);
        }
        all
    }
}

fn text(json: &Json, key: &str) -> String {
    let text = json.get(key).and_then(Json::as_str);
    text.unwrap_or_default().to_owned()
}

fn count(json: &Json, key: &str) -> usize {
    let count = json.get(key).and_then(Json::as_u64).unwrap_or(0);
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The change in one line.
pub(super) fn change(change: &Json) -> Printable {
    if change.is_null() {
        return Printable::line("none that the reports name");
    }
    let id = |key: &str| match text(change, key).chars().take(8).collect::<String>() {
        short if short.is_empty() => "?".to_owned(),
        short => short,
    };
    let commits = if change.get("head").is_some_and(Json::is_null) {
        "a diff file, no commit".to_owned()
    } else {
        format!("{}..{}", id("base"), id("head"))
    };
    Printable::line(&format!(
        "{commits}: {}, +{} -{}",
        number(count(change, "files"), "file"),
        count(change, "insertions"),
        count(change, "deletions"),
    ))
}

/// A part in one line.
pub(super) fn part(part: &Json) -> Printable {
    Printable::line(&format!(
        "{}: {}, {}",
        text(part, "file"),
        text(part, "status"),
        number(count(part, "plans"), "plan"),
    ))
}

/// The baseline in one line, and one line for each of what is found no longer.
pub(super) fn baseline(baseline: &Json) -> (Option<Printable>, Vec<Printable>) {
    if baseline.is_null() {
        return (None, Vec::new());
    }
    let absent = baseline.get("absent").and_then(Json::as_array);
    let absent: Vec<Printable> = absent
        .into_iter()
        .flatten()
        .map(|one| {
            let [policy, label, plan, message] =
                ["policy", "label", "plan", "message"].map(|key| text(one, key));
            Printable::line(&format!("{policy} {label} ({plan}): {message}"))
        })
        .collect();
    let mut said = format!(
        "{}: {} known, {} new",
        text(baseline, "file"),
        count(baseline, "unchanged"),
        count(baseline, "new"),
    );
    match count(baseline, "updated") {
        0 => {}
        updated => said.push_str(&format!(", {updated} not as they were")),
    }
    said.push_str(&format!(", {} no longer found", absent.len()));
    (Some(Printable::line(&said)), absent)
}
