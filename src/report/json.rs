//! The schema `countersign.report/v1`: a contract with other programs.
//!
//! The order of the fields of the structures here is the order of the keys. Every key is always present. New keys come at the end of
//! an object and change no other.

mod plan;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use plan::{PlanEntry, entry};

use super::wording::{self, Answer};
use super::{ApprovalLine, Context, Failure, RUNNING};
use crate::change::Change;
use crate::decision::{Date, Decision};
use crate::digest::Digest;
use crate::finding::{Certainty, Enforcement, Finding, Location, PolicyLocation, Severity};
use crate::policy::{PolicyProblem, Trust};
use crate::review::{Baseline, Compared, DecisionCounts, Earlier, FindingState, Status};
use crate::text::Printable;

/// Name and version of the schema.
const SCHEMA: &str = "countersign.report/v1";

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    tool: Tool<'a>,
    verdict: Conclusion,
    plans: Vec<PlanEntry<'a>>,
    change: Option<ChangeEntry>,
    policies: Policies,
    findings: Vec<FindingEntry<'a>>,
    approvals: &'a [ApprovalLine],
    counts: DecisionCounts,
    notices: Vec<Printable>,
    problems: Vec<Problem<'a>>,
    not_applicable: Vec<NotApplicable<'a>>,
    not_looked_at: &'a [Printable],
    /// What the earlier run says; null where none was given.
    baseline: Option<BaselineEntry<'a>>,
    /// The reports that a merged one was made from: null here, see `merge`.
    parts: Option<()>,
    /// How findings count; null where there was nothing to count.
    gate: Option<GateEntry>,
}

#[derive(Serialize)]
struct GateEntry {
    fail_on_warn: bool,
    unknown_blocks: bool,
    not_evaluated_blocks: bool,
}

#[derive(Serialize)]
struct BaselineEntry<'a> {
    file: &'a Printable,
    sha256: Digest,
    new: usize,
    updated: usize,
    unchanged: usize,
    absent: Vec<AbsentEntry<'a>>,
}

/// A finding of the earlier run that is found no longer.
#[derive(Serialize)]
struct AbsentEntry<'a> {
    fingerprint: Digest,
    policy: &'a Printable,
    rule: &'a Printable,
    severity: Severity,
    plan: &'a Printable,
    label: &'a Printable,
    message: &'a Printable,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
}

#[derive(Serialize)]
struct Conclusion {
    status: &'static str,
    exit: u8,
    reasons: Vec<Printable>,
}

#[derive(Serialize)]
struct ChangeEntry {
    base: Option<Printable>,
    head: Option<Printable>,
    merge_base: Option<Printable>,
    files: usize,
    insertions: usize,
    deletions: usize,
    dirty: Vec<Printable>,
}

#[derive(Serialize)]
struct Policies {
    digest: Option<Digest>,
    trust: Option<Trust>,
    packages: usize,
    rules: usize,
    evaluated: usize,
    commit: Option<Printable>,
    config: Option<Digest>,
    not_applicable: usize,
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    fingerprint: Digest,
    policy: &'a Printable,
    title: &'a Printable,
    rule: &'a Printable,
    severity: Severity,
    enforcement: Enforcement,
    certainty: Certainty,
    message: &'a Printable,
    plan: &'a Printable,
    address: Option<&'a Printable>,
    deposed: Option<&'a Printable>,
    module: &'a Printable,
    r#type: Option<&'a Printable>,
    actions: &'a [Printable],
    attribute: Option<&'a Printable>,
    subject: Option<&'a Printable>,
    facts: BTreeMap<String, Json>,
    location: Option<&'a Location>,
    policy_location: Option<&'a PolicyLocation>,
    explained: Option<bool>,
    status: Status,
    waiver: Option<WaiverEntry<'a>>,
    /// How it stands to the earlier run.
    baseline: Option<Compared>,
    /// What to do about it, from the policy.
    remediation: &'a Printable,
    /// Whether it blocks.
    blocks: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WaiverEntry<'a> {
    Tree {
        reason: &'a Printable,
        owner: &'a Printable,
        expires: Date,
        file: &'a Printable,
        line: u32,
    },
    Person {
        reason: Printable,
        by: Printable,
        expires: Date,
    },
}

#[derive(Serialize)]
struct Problem<'a> {
    policy: &'a Printable,
    place: Option<&'a Printable>,
    message: &'a Printable,
}

#[derive(Serialize)]
struct NotApplicable<'a> {
    policy: &'a Printable,
    reason: &'a Printable,
}

/// Writes the report of a case.
pub(super) fn report(context: &Context<'_>) -> String {
    let case = context.case;
    let policies = &case.policies;
    write(&Report {
        schema: SCHEMA,
        tool: tool(context.tool_version),
        verdict: Conclusion {
            status: context.verdict.exit.name(),
            exit: context.exit.code(),
            reasons: lines(&context.verdict.reasons),
        },
        plans: case.plans.iter().map(|plan| entry(context, plan)).collect(),
        change: case
            .under_review
            .change()
            .map(|change| change_entry(context, change)),
        policies: Policies {
            digest: Some(policies.digest),
            trust: Some(policies.trust),
            packages: policies.packages,
            rules: policies.rules,
            evaluated: policies.evaluated,
            commit: policies.commit.as_deref().map(Printable::line),
            config: Some(case.config),
            not_applicable: policies.not_applicable,
        },
        findings: context
            .findings()
            .map(|(finding, state)| finding_entry(context, finding, state))
            .collect(),
        approvals: context.approvals,
        counts: context.verdict.counts,
        notices: case.notices.clone(),
        problems: case.problems.iter().map(problem).collect(),
        not_applicable: case
            .not_applicable
            .iter()
            .map(|(policy, reason)| NotApplicable { policy, reason })
            .collect(),
        not_looked_at: &case.not_looked_at,
        baseline: case
            .baseline
            .as_ref()
            .map(|baseline| baseline_entry(context, baseline)),
        parts: None,
        gate: Some(GateEntry {
            fail_on_warn: case.gate.fail_on_warn,
            unknown_blocks: case.gate.unknown_blocks,
            not_evaluated_blocks: case.gate.not_evaluated_blocks,
        }),
    })
}

/// Writes the report of a run without a case; the hint is its only notice.
pub(super) fn failure(failure: &Failure, tool_version: &str) -> String {
    let mut reasons = vec![Printable::line(&failure.heading)];
    reasons.extend(lines(&failure.causes));
    // Policies that ran when the program was ended: each is a problem, as one that could not be evaluated is.
    let running = failure.causes.iter().filter_map(|cause| {
        let name = Printable::line(cause.strip_prefix(RUNNING)?);
        Some(PolicyProblem {
            policy: name.clone(),
            place: Some(name),
            message: Printable::line(&failure.heading),
        })
    });
    let problems: Vec<PolicyProblem> = running.collect();
    write(&Report {
        schema: SCHEMA,
        tool: tool(tool_version),
        verdict: Conclusion {
            status: failure.exit.name(),
            exit: failure.exit.code(),
            reasons,
        },
        plans: Vec::new(),
        change: None,
        policies: Policies {
            digest: None,
            trust: None,
            packages: 0,
            rules: 0,
            evaluated: 0,
            commit: None,
            config: None,
            not_applicable: 0,
        },
        findings: Vec::new(),
        approvals: &[],
        counts: DecisionCounts::default(),
        notices: failure
            .hint
            .iter()
            .map(|hint| Printable::line(hint))
            .collect(),
        problems: problems.iter().map(problem).collect(),
        not_applicable: Vec::new(),
        not_looked_at: &[],
        baseline: None,
        parts: None,
        gate: None,
    })
}

/// Serialises; the structures above hold no map with other keys than strings, so this does not fail, and if it did the text would be
/// no JSON that a program could take for a pass.
fn write(report: &Report<'_>) -> String {
    match serde_json::to_string_pretty(report) {
        Ok(text) => inert(text + "\n"),
        Err(error) => format!("The report cannot be written as JSON: {error}.\n"),
    }
}

/// The same JSON without what CI systems read as a command (`##[name]`): `#` occurs in strings only.
pub(super) fn inert(json: String) -> String {
    if json.contains("##") {
        json.replace("##", "\\u0023\\u0023")
    } else {
        json
    }
}

fn tool(version: &str) -> Tool<'_> {
    Tool {
        name: "countersign",
        version,
    }
}

fn lines(texts: &[String]) -> Vec<Printable> {
    texts.iter().map(|text| Printable::line(text)).collect()
}

fn baseline_entry<'a>(context: &Context<'a>, baseline: &'a Baseline) -> BaselineEntry<'a> {
    let [new, updated, unchanged] = wording::compared(context);
    let entry = |earlier: &'a Earlier| AbsentEntry {
        fingerprint: earlier.fingerprint,
        policy: &earlier.policy,
        rule: &earlier.rule,
        severity: earlier.severity,
        plan: &earlier.plan,
        label: &earlier.label,
        message: &earlier.message,
    };
    BaselineEntry {
        file: &baseline.file,
        sha256: baseline.digest,
        new,
        updated,
        unchanged,
        absent: baseline
            .absent(context.case)
            .into_iter()
            .map(entry)
            .collect(),
    }
}

fn change_entry(context: &Context<'_>, change: &Change) -> ChangeEntry {
    let redactor = &context.case.redactor;
    let id = |id: &Option<String>| id.as_deref().map(Printable::line);
    ChangeEntry {
        base: id(&change.base),
        head: id(&change.head),
        merge_base: id(&change.merge_base),
        files: change.files.len(),
        insertions: change.insertions(),
        deletions: change.deletions(),
        dirty: change
            .dirty
            .iter()
            .map(|path| redactor.line(path))
            .collect(),
    }
}

fn finding_entry<'a>(
    context: &Context<'a>,
    finding: &'a Finding,
    state: &'a FindingState,
) -> FindingEntry<'a> {
    let redactor = &context.case.redactor;
    FindingEntry {
        fingerprint: finding.fingerprint,
        policy: &finding.policy,
        title: &finding.title,
        rule: &finding.rule,
        severity: finding.severity,
        enforcement: finding.enforcement,
        certainty: finding.certainty,
        message: &finding.message,
        plan: &finding.plan,
        address: finding.address.as_ref(),
        deposed: finding.deposed.as_ref(),
        module: &finding.module,
        r#type: finding.kind.as_ref(),
        actions: &finding.actions,
        attribute: finding.attribute.as_ref(),
        subject: finding.subject.as_ref(),
        facts: finding
            .facts
            .iter()
            .map(|(name, value)| {
                (
                    redactor.line(name).into_string(),
                    wording::fact(redactor, value),
                )
            })
            .collect(),
        location: finding.location.as_ref(),
        policy_location: finding.policy_location.as_ref(),
        explained: finding.explained,
        status: state.status,
        waiver: waiver(context, state),
        baseline: state.compared,
        remediation: &finding.remediation,
        blocks: state.blocks,
    }
}

/// The waiver that counts, whoever gave it.
fn waiver<'a>(context: &Context<'a>, state: &'a FindingState) -> Option<WaiverEntry<'a>> {
    let redactor = &context.case.redactor;
    match wording::answer(context, state)? {
        Answer::Tree(waiver) => Some(WaiverEntry::Tree {
            reason: &waiver.reason,
            owner: &waiver.owner,
            expires: waiver.expires,
            file: &waiver.file,
            line: waiver.line,
        }),
        Answer::Person(recorded) => match &recorded.decision {
            Decision::Waive { reason, expires } => Some(WaiverEntry::Person {
                reason: redactor.line(reason),
                by: redactor.line(&recorded.by.to_string()),
                expires: *expires,
            }),
            Decision::Acknowledge | Decision::Reject { .. } => None,
        },
    }
}

fn problem(problem: &PolicyProblem) -> Problem<'_> {
    Problem {
        policy: &problem.policy,
        place: problem.place.as_ref(),
        message: &problem.message,
    }
}
