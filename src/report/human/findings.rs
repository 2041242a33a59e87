//! The findings, grouped by policy in the case's order.

use std::collections::BTreeSet;

use super::super::phrases::{self, Found, Group};
use super::excerpt::Excerpts;
use super::style::Tone;
use super::wording::{self, number};
use super::{Context, Page};
use crate::text::{Printable, display_width, fit_end};

pub(super) fn write(page: &mut Page, context: &Context<'_>) {
    let groups = phrases::groups(context);
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
    let text = wording::no_findings(context);
    if case.policies.evaluated == 0 || !case.problems.is_empty() {
        page.heading(Tone::Caution, text);
        return;
    }
    page.heading(Tone::Heading, text);
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
    page.wrapped(0, Some(Tone::Faint), &phrases::numbers(group));
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

/// State, severity, address and what is done there; never cut, so that it can be searched for and copied.
fn headline(
    page: &mut Page,
    context: &Context<'_>,
    (finding, state): Found<'_>,
    columns: usize,
    mixed: bool,
) {
    let word = format!(
        "{} {:columns$}",
        phrases::letter(state.status),
        state.status.word()
    );
    let tone = match (state.blocks, state.status.is_undecided()) {
        (true, _) => Tone::Bad,
        (false, true) => Tone::Caution,
        (false, false) => Tone::Good,
    };
    let tail = phrases::tail(context, (finding, state), mixed);
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

/// The lines of the source, the one that the finding points to marked.
fn excerpt(page: &mut Page, lines: &[(u32, Printable)]) {
    let digits = lines
        .last()
        .map_or(0, |(number, _)| number.to_string().len());
    let columns = page.width.saturating_sub(6).max(display_width("> … | …"));
    for (index, (number, text)) in lines.iter().enumerate() {
        let mark = if index == 0 { '>' } else { ' ' };
        let line = format!("{mark} {number:>digits$} | {text}");
        page.line(6, &fit_end(&line, columns));
    }
}

fn details(
    page: &mut Page,
    context: &Context<'_>,
    (finding, state): Found<'_>,
    excerpts: &mut Excerpts<'_>,
) {
    page.wrapped(6, None, finding.message.as_str());
    if context.has_many() {
        page.labelled(6, "plan: ", None, finding.plan.as_str());
    }
    if let (Some(subject), Some(_)) = (&finding.subject, &finding.address) {
        page.labelled(6, "subject: ", None, subject.as_str());
    }
    if let Some(location) = &finding.location {
        page.labelled(6, "at ", None, &phrases::place(location));
        // Instances of one block point to the same lines, which are shown once.
        if !finding.is_about_a_literal() && excerpts.is_new(finding.plan_index, location) {
            excerpt(page, &excerpts.lines(finding.plan_index, location));
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
    if let Some(facts) = phrases::facts(context, finding) {
        page.labelled(6, "facts: ", Some(Tone::Faint), &facts);
    }
    if let Some((label, text)) = phrases::answered(context, state) {
        page.labelled(6, label, None, text.as_str());
    }
}
