//! The findings, grouped by policy in the case's order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::excerpt::Excerpts;
use super::style::Tone;
use super::{Context, Page, wording};
use crate::finding::{Certainty, Enforcement, Finding, Location};
use crate::review::{FindingState, Status};
use crate::source::{PlaceKind, SourceSide};
use crate::text::{Printable, display_width, fit_end};
use wording::{Answer, number};

/// Columns of one fact; the JSON report has it in full.
const FACT_COLUMNS: usize = 120;

type Found<'a> = (&'a Finding, &'a FindingState);

/// The findings of one policy.
struct Group<'a> {
    found: Vec<Found<'a>>,
    levels: BTreeSet<Enforcement>,
}

pub(super) fn write(page: &mut Page, context: &Context<'_>) {
    let groups = groups(context);
    if groups.is_empty() {
        nothing(page, context);
        return;
    }
    let mut excerpts = Excerpts::new(&context.case.sources, &context.case.redactor);
    for group in &groups {
        write_group(page, context, group, &mut excerpts);
    }
}

/// Says what was looked at when nothing was found, because silence is not a pass.
fn nothing(page: &mut Page, context: &Context<'_>) {
    let case = context.case;
    if case.policies.evaluated == 0 {
        page.heading(
            Tone::Caution,
            "No rule was evaluated, so this says nothing about the plan.",
        );
        return;
    }
    if !case.problems.is_empty() {
        page.heading(
            Tone::Caution,
            "No findings from the rules that could be evaluated; the others say nothing about the plan.",
        );
        return;
    }
    page.heading(Tone::Heading, "No findings.");
    let left_out: BTreeSet<&Printable> = case
        .not_applicable
        .iter()
        .map(|(policy, _)| policy)
        .collect();
    let ids: Vec<&str> = case
        .policies
        .policies
        .iter()
        .map(|policy| &policy.id)
        .filter(|id| !left_out.contains(id))
        .map(Printable::as_str)
        .collect();
    if !ids.is_empty() {
        let text = format!("{}: {}", number(ids.len(), "policy"), ids.join(", "));
        page.labelled(2, "evaluated  ", None, &text);
    }
}

fn groups<'a>(context: &Context<'a>) -> Vec<Group<'a>> {
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

fn write_group(
    page: &mut Page,
    context: &Context<'_>,
    group: &Group<'_>,
    excerpts: &mut Excerpts<'_>,
) {
    let Some((first, _)) = group.found.first() else {
        return;
    };
    let levels: Vec<&str> = group.levels.iter().map(|level| level.word()).collect();
    let title = if first.title.is_empty() {
        String::new()
    } else {
        format!(": {}", first.title)
    };
    let heading = format!("{}{title} [{}]", first.policy, levels.join(", "));
    page.heading(Tone::Heading, &heading);
    page.wrapped(0, Some(Tone::Faint), &numbers(group));
    let columns = group
        .found
        .iter()
        .map(|(_, state)| state.status.word().len());
    let columns = columns.max().unwrap_or_default();
    let mixed = group.levels.len() > 1;
    for found in &group.found {
        headline(page, context, *found, columns, mixed);
        details(page, context, *found, excerpts);
    }
    let mut said = BTreeSet::new();
    for (finding, _) in &group.found {
        if !finding.remediation.is_empty() && said.insert(&finding.remediation) {
            page.labelled(2, "fix: ", None, finding.remediation.as_str());
        }
    }
    let rules: BTreeSet<_> = group
        .found
        .iter()
        .filter_map(|(finding, _)| finding.policy_location.as_ref())
        .map(|rule| (&rule.file, rule.line))
        .collect();
    for (file, line) in rules {
        page.labelled(2, "rule: ", Some(Tone::Faint), &format!("{file}:{line}"));
    }
}

fn numbers(group: &Group<'_>) -> String {
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
fn letter(status: Status) -> char {
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

/// State, severity, address and what is done there; never cut, so that it can be searched for and copied.
fn headline(
    page: &mut Page,
    context: &Context<'_>,
    (finding, state): Found<'_>,
    columns: usize,
    mixed: bool,
) {
    let word = format!("{} {:columns$}", letter(state.status), state.status.word());
    let tone = match (state.blocks, state.status.is_undecided()) {
        (true, _) => Tone::Bad,
        (false, true) => Tone::Caution,
        (false, false) => Tone::Good,
    };
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
    if state.blocks {
        tail.push("blocks".to_owned());
    }
    let tail = if tail.is_empty() {
        String::new()
    } else {
        format!(": {}", tail.join(", "))
    };
    let label = Printable::line(&finding.label());
    let line = format!(
        "{}  {:8}  {}{tail}",
        page.style.paint(tone, &word),
        finding.severity,
        page.style.paint(Tone::Heading, label.as_str()),
    );
    page.line(2, &line);
}

fn details(
    page: &mut Page,
    context: &Context<'_>,
    (finding, state): Found<'_>,
    excerpts: &mut Excerpts<'_>,
) {
    page.wrapped(6, None, finding.message.as_str());
    if context.case.plans.len() > 1 {
        page.labelled(6, "plan: ", None, finding.plan.as_str());
    }
    if let (Some(subject), Some(_)) = (&finding.subject, &finding.address) {
        page.labelled(6, "subject: ", None, subject.as_str());
    }
    if let Some(location) = &finding.location {
        page.labelled(6, "at ", None, &place(location));
        let text = excerpts.line(finding.plan_index, location);
        if let (Some(number), Some(text)) = (location.line, text) {
            let marked = format!("> {number} | {text}");
            let columns = page.width.saturating_sub(6).max(display_width("> … | …"));
            page.line(6, &fit_end(&marked, columns));
        }
    } else if finding.address.is_some() && context.case.source_of(finding.plan_index).is_some() {
        page.labelled(
            6,
            "at ",
            None,
            "an unknown line: no block of the commit or its base is known for it",
        );
    }
    if finding.explained == Some(false) {
        page.wrapped(
            6,
            Some(Tone::Caution),
            "The change under review does not explain this.",
        );
    }
    if let Some(facts) = facts(context, finding) {
        page.labelled(6, "facts: ", Some(Tone::Faint), &facts);
    }
    if let Some((label, text)) = answered(context, state) {
        page.labelled(6, label, None, text.as_str());
    }
}

fn place(location: &Location) -> String {
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

fn facts(context: &Context<'_>, finding: &Finding) -> Option<String> {
    let redactor = &context.case.redactor;
    let shown: Vec<String> = finding
        .facts
        .iter()
        .filter(|(_, value)| !wording::says_nothing(value))
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

/// Who answered what, also where the answer no longer counts.
fn answered(context: &Context<'_>, state: &FindingState) -> Option<(&'static str, Printable)> {
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
