//! What every report for people says of findings: groups by policy, states, places, facts, answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Context;
use super::wording::{self, Answer, number};
use crate::finding::{Certainty, Enforcement, Finding, Location};
use crate::review::{FindingState, Status};
use crate::source::{PlaceKind, SourceSide};
use crate::text::{Printable, fit_end};

/// Columns of one fact; the JSON report has it in full.
const FACT_COLUMNS: usize = 120;

/// A finding with its state.
pub(super) type Found<'a> = (&'a Finding, &'a FindingState);

/// The findings of one policy.
pub(super) struct Group<'a> {
    pub(super) found: Vec<Found<'a>>,
    pub(super) levels: BTreeSet<Enforcement>,
}

/// The findings by policy, in the case's order.
pub(super) fn groups<'a>(context: &Context<'a>) -> Vec<Group<'a>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (finding, state) in context.findings() {
        let place = *places.entry(&finding.policy).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group {
                found: Vec::new(),
                levels: BTreeSet::new(),
            });
        }
        if let Some(group) = groups.get_mut(place) {
            group.found.push((finding, state));
            group.levels.insert(finding.enforcement);
        }
    }
    groups
}

/// How many findings a group has in which state.
pub(super) fn numbers(group: &Group<'_>) -> String {
    let mut counts: BTreeMap<Status, usize> = BTreeMap::new();
    for (_, state) in &group.found {
        *counts.entry(state.status).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .into_iter()
        .map(|(status, count)| format!("{count} {}", status.word()))
        .collect();
    let blocking = group.found.iter().filter(|(_, state)| state.blocks).count();
    let blocking = match blocking {
        0 => "none blocks".to_owned(),
        1 => "1 blocks".to_owned(),
        many => format!("{many} block"),
    };
    format!(
        "{}: {}; {blocking}",
        number(group.found.len(), "finding"),
        parts.join(", "),
    )
}

/// The sign of a state; the word stands beside it.
pub(super) fn letter(status: Status) -> char {
    match status {
        Status::Open => 'O',
        Status::Waived => 'W',
        Status::Acknowledged => 'A',
        Status::Rejected => 'R',
        Status::Carried => 'C',
        Status::Stale => 'S',
        Status::NotEvaluated => 'N',
        Status::NotApplicable => '-',
        Status::Deferred => 'D',
    }
}

/// What stands behind the address of a finding: attribute, action, and what sets it apart. `mixed` is whether its group has findings of
/// several enforcement levels.
pub(super) fn tail(context: &Context<'_>, (finding, state): Found<'_>, mixed: bool) -> Vec<String> {
    let mut tail: Vec<String> = wording::action(context, finding).into_iter().collect();
    if let Some(attribute) = &finding.attribute {
        tail.insert(0, Printable::line(attribute.as_str()).into_string());
    }
    if mixed {
        tail.push(finding.enforcement.to_string());
    }
    if finding.certainty == Certainty::Unknown {
        tail.push("not proven".to_owned());
    }
    tail.extend(wording::known(state).map(str::to_owned));
    if state.blocks {
        tail.push("blocks".to_owned());
    }
    tail
}

/// File, lines, and whether the change touches them.
pub(super) fn place(location: &Location) -> String {
    let lines = match (location.line, location.end_line) {
        (Some(line), Some(end)) if end > line => format!(":{line}-{end}"),
        (Some(line), _) => format!(":{line}"),
        (None, _) => " (the line is not known)".to_owned(),
    };
    let kind = match location.kind {
        PlaceKind::Block => "",
        PlaceKind::ModuleCall => ", the call of its module",
        PlaceKind::Removed => ", its `removed` block",
        PlaceKind::Import => ", its `import` block",
    };
    let side = match (location.side, location.in_diff) {
        (SourceSide::Base, Some(true)) => " of the base, which the change removes",
        (SourceSide::Base, _) => " of the base, which the change does not remove",
        (SourceSide::PlanSnapshot, _) => " of the plan's snapshot, which is not in the commit",
        (SourceSide::Commit, Some(true)) => ", which the change touches",
        (SourceSide::Commit, Some(false)) => ", which the change does not touch",
        (SourceSide::Commit, None) => "",
    };
    format!("{}{lines}{kind}{side}", location.file)
}

/// The facts that say something, in one line; those that the message says already are left to the JSON report.
pub(super) fn facts(context: &Context<'_>, finding: &Finding) -> Option<String> {
    let redactor = &context.case.redactor;
    let shown: Vec<String> = finding
        .facts
        .iter()
        .filter(|(name, value)| {
            !wording::says_nothing(value) && !is_said(context, finding, name, value)
        })
        .map(|(name, value)| {
            let value = match wording::fact(redactor, value) {
                Json::String(text) => text,
                Json::Array(items) if items.iter().all(Json::is_string) => {
                    let items: Vec<&str> = items.iter().filter_map(Json::as_str).collect();
                    items.join(" ")
                }
                other => other.to_string(),
            };
            let value = fit_end(Printable::line(&value).as_str(), FACT_COLUMNS);
            format!("{}={value}", redactor.line(name))
        })
        .collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// Whether the words of a fact stand in the message, or its name is what is done there.
fn is_said(context: &Context<'_>, finding: &Finding, name: &str, value: &Json) -> bool {
    let message = finding.message.as_str();
    let stands = |text: &str| {
        let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        message.match_indices(text).any(|(at, _)| {
            let (before, after) = (message.get(..at), message.get(at + text.len()..));
            !is_part(before.and_then(|t| t.chars().next_back()))
                && !is_part(after.and_then(|t| t.chars().next()))
        })
    };
    match value {
        Json::Bool(true) => wording::action(context, finding).is_some_and(|action| action == name),
        Json::String(text) => stands(text),
        Json::Array(items) => items.iter().all(|item| item.as_str().is_some_and(stands)),
        _ => false,
    }
}

/// Who answered what, also where the answer no longer counts.
pub(super) fn answered(
    context: &Context<'_>,
    state: &FindingState,
) -> Option<(&'static str, Printable)> {
    let redactor = &context.case.redactor;
    match wording::answer(context, state) {
        Some(Answer::Tree(waiver)) => {
            let text = format!(
                "waived until {}{} by {}: {} ({}:{})",
                waiver.expires,
                wording::ends_soon(state.waiver_days),
                waiver.owner,
                waiver.reason,
                waiver.file,
                waiver.line
            );
            Some(("answer: ", Printable::line(&text)))
        }
        Some(Answer::Person(recorded)) => Some(("answer: ", wording::recorded(redactor, recorded))),
        None => {
            let recorded = state.recorded.as_ref()?;
            Some(("no longer counts: ", wording::recorded(redactor, recorded)))
        }
    }
}
