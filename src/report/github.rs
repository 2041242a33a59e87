//! Workflow commands for GitHub Actions: an annotation a finding, those that block first.
//!
//! GitHub shows ten errors and ten warnings of a step; the log has all.

use super::place::{message, place};
use super::{Context, Failure, phrases, wording};
use crate::finding::Finding;
use crate::review::{Exit, FindingState, Status};
use crate::text::Printable;

/// Writes the report of a case.
pub(super) fn report(context: &Context<'_>) -> String {
    let mut out = String::new();
    for problem in &context.case.problems {
        let place = problem.place.as_ref().unwrap_or(&problem.policy);
        let message = format!("{place}: {}", problem.message);
        command(&mut out, "error", &[("title", "policy problem")], &message);
    }
    let mut found: Vec<(&Finding, &FindingState)> = context
        .findings()
        .filter(|(_, state)| state.status != Status::NotApplicable)
        .collect();
    found.sort_by_key(|(finding, state)| (!state.blocks, state.status, finding.severity));
    for (finding, state) in found {
        annotate(&mut out, context, finding, state);
    }
    let verdict = context.verdict;
    let reasons = Printable::line(&verdict.reasons.join("; "));
    let what = if reasons.is_empty() {
        verdict.exit.meaning()
    } else {
        reasons.as_str()
    };
    let mut text = format!(
        "{} (exit {}): {what}\n{}",
        verdict.exit,
        context.exit.code(),
        wording::denominators(context)
    );
    if let Some(baseline) = wording::baseline(context) {
        text.push_str(&format!("\nbaseline {baseline}"));
    }
    for absent in wording::absent(context) {
        text.push_str(&format!("\nno longer found: {absent}"));
    }
    conclude(&mut out, verdict.exit, &text);
    out
}

/// Writes the report of a run without a case.
pub(super) fn failure(failure: &Failure) -> String {
    let mut lines = vec![failure.heading.clone()];
    lines.extend(failure.causes.iter().cloned());
    lines.extend(failure.hint.iter().cloned());
    let mut out = String::new();
    conclude(&mut out, failure.exit, &lines.join("\n"));
    out
}

fn conclude(out: &mut String, exit: Exit, text: &str) {
    let level = if exit == Exit::Pass {
        "notice"
    } else {
        "error"
    };
    command(out, level, &[("title", "countersign")], text);
}

fn annotate(out: &mut String, context: &Context<'_>, finding: &Finding, state: &FindingState) {
    let place = place(finding);
    let lines = place.lines.map(|(a, b)| (a.to_string(), b.to_string()));
    let title = format!(
        "{} {}: {}",
        finding.severity,
        finding.policy,
        finding.label()
    );
    let mut properties = Vec::new();
    // A plan is no file of the repository; an annotation at it would be shown nowhere.
    if place.source {
        properties.push(("file", place.file.as_str()));
        if let Some((first, last)) = &lines {
            properties.push(("line", first));
            properties.push(("endLine", last));
        }
    }
    properties.push(("title", &title));
    let mut message = message(context, (finding, state), &place);
    if let Some((label, answer)) = phrases::answered(context, state) {
        message.push_str(&format!("\n{label}{answer}"));
    }
    if state.blocks && !finding.remediation.is_empty() {
        message.push_str(&format!("\nfix: {}", finding.remediation));
    }
    let level = match state.status {
        _ if state.blocks => "error",
        status if status.is_undecided() => "warning",
        _ => "notice",
    };
    command(out, level, &properties, &message);
}

fn command(out: &mut String, level: &str, properties: &[(&str, &str)], message: &str) {
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| {
            let value = escaped(Printable::line(value).as_str())
                .replace(':', "%3A")
                .replace(',', "%2C");
            format!("{name}={value}")
        })
        .collect();
    let message = escaped(Printable::lines(message).as_str());
    out.push_str(&format!("::{level} {}::{message}\n", properties.join(",")));
}

fn escaped(text: &str) -> String {
    // Other systems read a command behind this anywhere in a log.
    text.replace("##", "#<U+0023>")
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
