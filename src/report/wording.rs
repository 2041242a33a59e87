//! What every format says: answers to findings, and the numbers of a plan in words.

use std::collections::BTreeSet;

use super::Context;
use crate::decision::{Decision, Recorded, Waiver};
use crate::finding::Finding;
pub(super) use crate::finding::shown_fact as fact;
use crate::plan::{Action, Counts};
use crate::review::{Compared, Earlier, FindingState, Status};
use crate::text::{Printable, Redactor};

/// The answer that stands behind the state of a finding.
pub(super) enum Answer<'a> {
    /// A waiver of the trusted tree.
    Tree(&'a Waiver),
    /// A person's.
    Person(&'a Recorded),
}

/// The answer that counts; one that no longer does (a stale one) is not given.
pub(super) fn answer<'a>(context: &Context<'a>, state: &'a FindingState) -> Option<Answer<'a>> {
    let waives = |r: &Recorded| matches!(r.decision, Decision::Waive { .. });
    match (state.status, &state.recorded, state.waiver) {
        // What the trusted tree grants stands in for an answer that no longer counts.
        (Status::Waived, Some(recorded), Some(index)) if !waives(recorded) => {
            context.case.waivers.get(index).map(Answer::Tree)
        }
        (
            Status::Waived | Status::Acknowledged | Status::Rejected | Status::Carried,
            Some(recorded),
            _,
        ) => Some(Answer::Person(recorded)),
        (Status::Waived, None, Some(index)) => context.case.waivers.get(index).map(Answer::Tree),
        _ => None,
    }
}

/// A person's answer as a sentence part: what, who, until when, why.
pub(super) fn recorded(redactor: &Redactor, recorded: &Recorded) -> Printable {
    let by = &recorded.by;
    let word = recorded.decision.word();
    let text = match &recorded.decision {
        Decision::Acknowledge => format!("{word} by {by}"),
        Decision::Waive { reason, expires } => format!("{word} until {expires} by {by}: {reason}"),
        Decision::Reject { reason } => format!("{word} by {by}: {reason}"),
    };
    redactor.line(&text)
}

/// What is added where a waiver ends soon, for people who must agree on a new one.
#[must_use]
pub fn ends_soon(days: Option<i32>) -> String {
    match days {
        None => String::new(),
        Some(0) => ", its last day is today".to_owned(),
        Some(1) => ", 1 day left".to_owned(),
        Some(days) => format!(", {days} days left"),
    }
}

/// What is done to the object of a finding, in one word where the plan's change is known.
pub(super) fn action(context: &Context<'_>, finding: &Finding) -> Option<String> {
    if let Some(change) = context.case.change_of(finding) {
        return Some(change.action.word().to_owned());
    }
    let words: Vec<&str> = finding.actions.iter().map(Printable::as_str).collect();
    if context.merged.is_some() {
        let action = Action::from_words(&words);
        if action != Action::Unknown {
            return Some(action.word().to_owned());
        }
    }
    (!words.is_empty()).then(|| words.join("/"))
}

/// How many findings are new, became others, and are as they were; all zero without a baseline.
pub(super) fn compared(context: &Context<'_>) -> [usize; 3] {
    [Compared::New, Compared::Updated, Compared::Unchanged].map(|wanted| {
        let is = |(_, state): &(&Finding, &FindingState)| {
            state.compared == Some(wanted) && state.status != Status::NotApplicable
        };
        context.findings().filter(is).count()
    })
}

/// What an earlier run says of this one, in numbers.
pub(super) fn baseline(context: &Context<'_>) -> Option<String> {
    if let Some(merged) = context.merged {
        return merged.baseline.as_ref().map(ToString::to_string);
    }
    let baseline = context.case.baseline.as_ref()?;
    let [new, updated, unchanged] = compared(context);
    let mut text = format!("{}: {unchanged} known, {new} new", baseline.file);
    if updated > 0 {
        text.push_str(&format!(", {updated} not as they were"));
    }
    let absent = baseline.absent(context.case).len();
    text.push_str(&format!(", {absent} no longer found"));
    Some(text)
}

/// What the earlier run found and this one does not, one line each.
pub(super) fn absent(context: &Context<'_>) -> Vec<Printable> {
    if let Some(merged) = context.merged {
        return merged.absent.clone();
    }
    let Some(baseline) = &context.case.baseline else {
        return Vec::new();
    };
    let line = |earlier: &Earlier| {
        let plan = if context.has_many() {
            format!(" ({})", earlier.plan)
        } else {
            String::new()
        };
        Printable::line(&format!(
            "{} {}{plan}: {}",
            earlier.policy, earlier.label, earlier.message
        ))
    };
    baseline
        .absent(context.case)
        .into_iter()
        .map(line)
        .collect()
}

/// How a finding stands to the baseline, in words.
pub(super) fn known(state: &FindingState) -> Option<&'static str> {
    Some(match (state.compared?, state.blocks) {
        (Compared::New, _) => "new",
        (Compared::Updated, _) => "not as in the baseline",
        (Compared::Unchanged, false) => "in the baseline",
        (Compared::Unchanged, true) => "in the baseline, which does not cover this",
    })
}

/// What is said where nothing was found, because silence is not a pass.
pub(super) fn no_findings(context: &Context<'_>) -> &'static str {
    if context.case.policies.evaluated == 0 {
        "No rule was evaluated, so this says nothing about the plan."
    } else if context.case.problems.is_empty() {
        "No findings."
    } else {
        "No findings from the rules that could be evaluated; the others say nothing about the plan."
    }
}

/// Policies that do not apply, by reason: `a, b: there is no repository.`
pub(super) fn not_applicable(context: &Context<'_>) -> Vec<Printable> {
    let mut by_reason: Vec<(&Printable, Vec<&str>)> = Vec::new();
    for (policy, reason) in &context.case.not_applicable {
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, policies)) => policies.push(policy.as_str()),
            None => by_reason.push((reason, vec![policy.as_str()])),
        }
    }
    let line = |(reason, policies): &(&Printable, Vec<&str>)| {
        Printable::line(&format!("{}: {reason}", policies.join(", ")))
    };
    by_reason.iter().map(line).collect()
}

/// What was not looked at, by what was missing: `a, b read no Terraform source: …`.
pub(super) fn not_looked_at(context: &Context<'_>) -> Vec<Printable> {
    let case = context.case;
    let ids: BTreeSet<&str> = case
        .policies
        .policies
        .iter()
        .map(|p| p.id.as_str())
        .collect();
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in &case.not_looked_at {
        let (id, rest) = match line.as_str().split_once(' ') {
            // Merged reports have no list of policies; what is split in vain is put together again.
            Some((id, rest)) if context.merged.is_some() || ids.contains(id) => (Some(id), rest),
            _ => (None, line.as_str()),
        };
        match by_reason.iter_mut().find(|(known, _)| *known == rest) {
            Some((_, policies)) => policies.extend(id),
            None => by_reason.push((rest, id.into_iter().collect())),
        }
    }
    let line = |(reason, policies): &(&str, Vec<&str>)| {
        Printable::line(format!("{} {reason}", policies.join(", ")).trim_start())
    };
    by_reason.iter().map(line).collect()
}

/// `1 rule`, `2 rules`.
pub(super) fn number(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else if let Some(stem) = word.strip_suffix('y') {
        format!("{count} {stem}ies")
    } else {
        format!("{count} {word}s")
    }
}

/// The shape of a plan: what Terraform's summary says, and what it leaves out.
pub(super) fn counts(counts: &Counts) -> String {
    let mut parts: Vec<String> = [
        (counts.create, "to add"),
        (counts.update, "to change"),
        (counts.replace, "to replace"),
        (counts.delete, "to destroy"),
        (counts.forget, "to forget"),
        (counts.import, "to import"),
        (counts.moved, "moved"),
        (counts.read, "to read"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    if parts.is_empty() {
        parts.push("no resource changes".to_owned());
    }
    if counts.output > 0 {
        parts.push(format!("{} to change", number(counts.output, "output")));
    }
    if counts.drift > 0 {
        parts.push(format!("{} changed outside Terraform", counts.drift));
    }
    if counts.no_op > 0 {
        parts.push(format!("{} unchanged", counts.no_op));
    }
    parts.join(", ")
}

/// What the verdict is about and how many findings are in which state.
pub(super) fn denominators(context: &Context<'_>) -> String {
    let case = context.case;
    let changes = context.changes();
    let total = case.findings.len();
    let counts = &context.verdict.counts;
    let counted = [
        (counts.open, "open"),
        (counts.not_evaluated, "not evaluated"),
        (counts.rejected, "rejected"),
        (counts.waived, "waived"),
        (counts.acknowledged, "acknowledged"),
        (counts.carried, "carried over"),
    ];
    let others = total.saturating_sub(counted.iter().map(|(count, _)| count).sum());
    let parts: Vec<String> = counted
        .into_iter()
        .chain([(others, "not applicable")])
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let states = if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    };
    let plans = match context.paths().len() {
        1 => String::new(),
        many => format!(" of {}", number(many, "plan")),
    };
    format!(
        "{} over {}{plans}; {}{states}.",
        rules(context),
        number(changes, "resource change"),
        number(total, "finding"),
    )
}

/// How many rules were evaluated, with those that were not.
pub(super) fn rules(context: &Context<'_>) -> String {
    let policies = &context.case.policies;
    if policies.evaluated == policies.rules {
        number(policies.rules, "rule")
    } else {
        format!(
            "{} of {}",
            policies.evaluated,
            number(policies.rules, "rule")
        )
    }
}

/// Whether a fact only says that something is not so; the JSON report keeps it.
#[must_use]
pub fn says_nothing(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null | serde_json::Value::Bool(false) => true,
        serde_json::Value::String(text) => text.is_empty(),
        serde_json::Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
