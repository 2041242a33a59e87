//! GitLab's code quality report: a list of issues.
//!
//! The format has neither suppressions nor issues without a line: what was answered is an issue for information that says so, and where
//! no line is known the plan's file is named and the description says that there is none.

use serde_json::{Value as Json, json};

use super::place::{message, place};
use super::{Context, Failure, phrases};
use crate::digest::Digest;
use crate::finding::{Finding, Severity};
use crate::review::{Exit, FindingState, Status};
use crate::text::Printable;

/// Writes the report of a case.
pub(super) fn report(context: &Context<'_>) -> String {
    let plan = context.paths().first().copied().unwrap_or("plan.json");
    let problems = context.case.problems.iter().map(|problem| {
        let at = problem.place.as_ref().unwrap_or(&problem.policy);
        trouble(
            &format!("{}: {at}: {}", problem.policy, problem.message),
            plan,
        )
    });
    let findings = context
        .findings()
        .filter(|(_, state)| state.status != Status::NotApplicable)
        .map(|(finding, state)| issue(context, finding, state));
    let verdict = context.verdict;
    let reasons = verdict
        .reasons
        .iter()
        .filter(|_| verdict.exit == Exit::Pass);
    // What let it through although something is missing.
    let let_through = reasons.map(|reason| trouble(reason, plan));
    write(&problems.chain(let_through).chain(findings).collect())
}

/// Writes the report of a run without a case.
pub(super) fn failure(failure: &Failure) -> String {
    let mut text = vec![failure.heading.clone()];
    text.extend(failure.causes.iter().cloned());
    write(&Json::Array(vec![trouble(
        &text.join(" "),
        "countersign.toml",
    )]))
}

fn write(issues: &Json) -> String {
    super::json::inert(format!("{issues:#}\n"))
}

/// Something that keeps the run from telling.
fn trouble(text: &str, path: &str) -> Json {
    json!({
        "description": Printable::line(text),
        "check_name": "countersign",
        "fingerprint": Digest::of(text.as_bytes()).to_string(),
        "severity": "blocker",
        "location": { "path": path, "lines": { "begin": 1 } },
    })
}

fn issue(context: &Context<'_>, finding: &Finding, state: &FindingState) -> Json {
    let place = place(finding);
    let mut text = message(context, (finding, state), &place);
    if let Some((label, answer)) = phrases::answered(context, state) {
        text = format!("{text} ({label}{answer})");
    }
    if place.lines.is_none() && place.elsewhere.is_none() {
        text.push_str(" (No line of the configuration is known for this.)");
    }
    let open = state.blocks || state.status.is_undecided();
    let severity = match finding.severity {
        _ if !open => "info",
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    };
    let lines = match place.lines {
        Some((first, last)) => json!({ "begin": first, "end": last }),
        None => json!({ "begin": 1 }),
    };
    json!({
        "description": Printable::line(&text),
        "check_name": finding.policy,
        "fingerprint": finding.fingerprint,
        "severity": severity,
        "location": { "path": place.file, "lines": lines },
    })
}
