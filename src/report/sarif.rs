//! SARIF 2.1.0, as code scanning reads it: one run, a rule a policy, a result a finding.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::place::{message, place, uri};
use super::wording::{self, Answer};
use super::{Context, Failure, phrases};
use crate::decision::Decision;
use crate::finding::{Certainty, Finding, Severity};
use crate::review::{FindingState, Status};
use crate::text::Printable;

/// Results that code scanning takes of one run.
const MOST_RESULTS: usize = 25_000;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the report of a case.
pub(super) fn report(context: &Context<'_>) -> String {
    let mut found: Vec<(&Finding, &FindingState)> = context
        .findings()
        .filter(|(_, state)| state.status != Status::NotApplicable)
        .collect();
    let left_out = found.len().saturating_sub(MOST_RESULTS);
    if left_out > 0 {
        // What blocks is kept before what does not.
        found.sort_by_key(|(finding, state)| (!state.blocks, finding.severity));
        found.truncate(MOST_RESULTS);
    }
    let rules = rules(context, &found);
    let index: BTreeMap<&str, usize> = rules
        .iter()
        .enumerate()
        .filter_map(|(index, rule)| Some((rule.get("id")?.as_str()?, index)))
        .collect();
    let results: Vec<Json> = found
        .iter()
        .map(|found| result(context, *found, &index))
        .collect();
    let mut notifications: Vec<Json> = context
        .case
        .problems
        .iter()
        .map(|problem| {
            let at = problem.place.as_ref().map(|place| format!(" at {place}"));
            let text = format!(
                "{}{}: {}",
                problem.policy,
                at.unwrap_or_default(),
                problem.message
            );
            notification("error", &text)
        })
        .collect();
    if left_out > 0 {
        let text = format!(
            "{} of {} findings are left out, since code scanning takes no more than {MOST_RESULTS}; the JSON report has all.",
            left_out,
            left_out + found.len(),
        );
        notifications.push(notification("warning", &text));
    }
    notifications.extend(
        context
            .case
            .notices
            .iter()
            .map(|notice| notification("note", notice.as_str())),
    );
    // As results they would be alerts: code scanning does not read the state of a result.
    notifications.extend(
        wording::absent(context)
            .iter()
            .map(|absent| notification("note", &format!("No longer found: {absent}"))),
    );
    let verdict = context.verdict;
    let reasons = Printable::line(&verdict.reasons.join("; "));
    log(
        context.tool_version,
        &rules,
        &results,
        &json!({
            "executionSuccessful": context.case.problems.is_empty() && !context.errored(),
            "exitCode": context.exit.code(),
            "exitCodeDescription": verdict.exit.name(),
            "toolExecutionNotifications": notifications,
        }),
        &json!({ "verdict": verdict.exit.name(), "reasons": reasons }),
    )
}

/// Writes the report of a run without a case.
pub(super) fn failure(failure: &Failure, tool_version: &str) -> String {
    let mut notifications = vec![notification("error", &failure.heading)];
    notifications.extend(failure.causes.iter().map(|c| notification("error", c)));
    notifications.extend(failure.hint.iter().map(|hint| notification("note", hint)));
    log(
        tool_version,
        &[],
        &[],
        &json!({
            "executionSuccessful": false,
            "exitCode": failure.exit.code(),
            "exitCodeDescription": failure.exit.name(),
            "toolExecutionNotifications": notifications,
        }),
        &json!({ "verdict": failure.exit.name() }),
    )
}

fn log(version: &str, rules: &[Json], results: &[Json], run: &Json, properties: &Json) -> String {
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "countersign",
                "version": version,
                "semanticVersion": version,
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [run],
            "results": results,
            "properties": properties,
        }],
    });
    super::json::inert(format!("{log:#}\n"))
}

fn notification(level: &str, text: &str) -> Json {
    json!({ "level": level, "message": { "text": Printable::lines(text) } })
}

/// A rule for each policy that has a result, and for each other one that was evaluated.
fn rules(context: &Context<'_>, found: &[(&Finding, &FindingState)]) -> Vec<Json> {
    let mut severities: BTreeMap<&Printable, Severity> = BTreeMap::new();
    let mut firsts: BTreeMap<&Printable, &Finding> = BTreeMap::new();
    for (finding, _) in found {
        // The smallest is the most severe.
        let known = severities
            .entry(&finding.policy)
            .or_insert(finding.severity);
        *known = finding.severity.min(*known);
        firsts.entry(&finding.policy).or_insert(finding);
    }
    let policies = &context.case.policies.policies;
    let mut rules: BTreeMap<&Printable, Json> = BTreeMap::new();
    for policy in policies {
        let severity = severities
            .get(&policy.id)
            .copied()
            .or(policy.severity)
            .unwrap_or(Severity::Medium);
        let (title, description) = (&policy.title, &policy.description);
        rules.insert(
            &policy.id,
            rule(
                &policy.id,
                title,
                description,
                &policy.remediation,
                severity,
            ),
        );
    }
    for (id, finding) in firsts {
        rules.entry(id).or_insert_with(|| {
            let severity = severities.get(id).copied().unwrap_or(finding.severity);
            let own = crate::policy::own::find(id.as_str());
            let description =
                own.map_or_else(Printable::default, |p| Printable::lines(p.description));
            rule(
                id,
                &finding.title,
                &description,
                &finding.remediation,
                severity,
            )
        });
    }
    rules.into_values().collect()
}

fn rule(
    id: &Printable,
    title: &Printable,
    description: &Printable,
    remediation: &Printable,
    severity: Severity,
) -> Json {
    let short = if title.is_empty() { id } else { title };
    let full = if description.is_empty() {
        short
    } else {
        description
    };
    let help = if remediation.is_empty() {
        full
    } else {
        remediation
    };
    json!({
        "id": id,
        "name": id,
        "shortDescription": { "text": short },
        "fullDescription": { "text": full },
        "help": { "text": help },
        "defaultConfiguration": { "level": level(severity, true) },
        "properties": {
            "security-severity": security_severity(severity),
            "problem.severity": if severity <= Severity::High { "error" } else { "warning" },
            "tags": ["security", "terraform"],
        },
    })
}

/// Points as code scanning orders alerts by them.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.5",
    }
}

/// What blocks is an error, whatever its severity.
fn level(severity: Severity, blocks: bool) -> &'static str {
    match severity {
        _ if blocks => "error",
        Severity::Critical | Severity::High | Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn result(
    context: &Context<'_>,
    (finding, state): (&Finding, &FindingState),
    rules: &BTreeMap<&str, usize>,
) -> Json {
    let place = place(finding);
    let mut physical = json!({ "artifactLocation": { "uri": uri(&place.file) } });
    if let Some((first, last)) = place.lines {
        put(
            &mut physical,
            "region",
            json!({ "startLine": first, "endLine": last }),
        );
    }
    let mut location = json!({ "physicalLocation": physical });
    if let Some(address) = &finding.address {
        put(
            &mut location,
            "logicalLocations",
            json!([{ "fullyQualifiedName": address, "kind": "resource" }]),
        );
    }
    let text = message(context, (finding, state), &place);
    let fingerprint = finding.fingerprint.to_string();
    let mut result = json!({
        "ruleId": finding.policy,
        "kind": "fail",
        "level": level(finding.severity, state.blocks),
        "message": { "text": text },
        "locations": [location],
        // The second is what code scanning tells alerts apart by.
        "partialFingerprints": {
            "countersign/v1": fingerprint,
            "primaryLocationLineHash": format!("{fingerprint}:1"),
        },
        "properties": {
            "severity": finding.severity,
            "enforcement": finding.enforcement,
            "certainty": finding.certainty,
            "status": state.status,
            "blocks": state.blocks,
            "rule": finding.rule,
            "plan": finding.plan,
            "attribute": finding.attribute,
            "subject": finding.subject,
            "explained": finding.explained,
        },
    });
    if let Some(index) = rules.get(finding.policy.as_str()) {
        put(&mut result, "ruleIndex", json!(index));
    }
    // A result without one is not suppressed; an empty list says that for certain.
    put(&mut result, "suppressions", suppressions(context, state));
    if let Some((_, answer)) = phrases::answered(context, state)
        && let Some(properties) = result.get_mut("properties")
    {
        put(properties, "answer", json!(answer));
    }
    if let Some(compared) = state.compared {
        put(&mut result, "baselineState", json!(compared));
    }
    if finding.certainty == Certainty::Unknown {
        put(&mut result, "rank", json!(50.0));
    }
    result
}

fn put(object: &mut Json, key: &str, value: Json) {
    if let Json::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}

/// The answer that makes a finding count no longer.
fn suppressions(context: &Context<'_>, state: &FindingState) -> Json {
    if state.status.is_undecided() || state.blocks || state.status == Status::Rejected {
        return json!([]);
    }
    let Some((_, justification)) = phrases::answered(context, state) else {
        return json!([]);
    };
    let expires = match wording::answer(context, state) {
        Some(Answer::Tree(waiver)) => Some(waiver.expires.to_string()),
        Some(Answer::Person(recorded)) => match &recorded.decision {
            Decision::Waive { expires, .. } => Some(expires.to_string()),
            Decision::Acknowledge | Decision::Reject { .. } => None,
        },
        None => None,
    };
    json!([{
        "kind": "external",
        "status": "accepted",
        "justification": justification,
        "properties": { "expires": expires },
    }])
}
