//! The schema `countersign.report/v1`: a contract with other programs.
//!
//! The order of the fields of the structures here is the order of the keys. Every key is always present. New keys come at the end of
//! an object and change no other.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use super::wording::{self, Answer};
use super::{ApprovalLine, Context, Failure};
use crate::change::Change;
use crate::decision::{Date, Decision};
use crate::digest::Digest;
use crate::finding::{Certainty, Enforcement, Finding, Location, PolicyLocation, Severity};
use crate::plan::{BinaryPlan, Check, Counts, Invocation, Trigger};
use crate::policy::{PolicyProblem, Trust};
use crate::provenance::{Point, Proof};
use crate::review::{Baseline, CasePlan, Compared, DecisionCounts, Earlier, FindingState, Status};
use crate::text::{Printable, Redactor};

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
struct PlanEntry<'a> {
    path: &'a Printable,
    sha256: Digest,
    effect: String,
    terraform_version: Option<Printable>,
    format_version: Printable,
    mode: &'static str,
    complete: Option<bool>,
    errored: bool,
    counts: Counts,
    applyable: Option<bool>,
    checks: Vec<CheckEntry>,
    deferred: Vec<DeferredEntry>,
    invocations: Vec<InvocationEntry>,
    migrations: Vec<MigrationEntry>,
    /// What only the binary plan tells; null where its JSON was given.
    binary: Option<BinaryEntry>,
    /// What it proves; null where there is none.
    proof: Option<ProofEntry>,
    /// Name that stays the same between runs; part of each fingerprint.
    root: Printable,
}

#[derive(Serialize)]
struct ProofEntry {
    verdict: &'static str,
    reasons: Vec<Printable>,
    directory: Printable,
    files: usize,
    differences: Vec<PointEntry>,
    gaps: Vec<PointEntry>,
    omitted: usize,
    terraform_version: Option<Printable>,
    lineage: Option<Printable>,
    serial: Option<u64>,
}

/// Something that differs or could not be compared.
#[derive(Serialize)]
struct PointEntry {
    kind: &'static str,
    subject: Option<Printable>,
    deposed: Option<Printable>,
    problem: &'static str,
    source: Option<Printable>,
}

#[derive(Serialize)]
struct BinaryEntry {
    sha256: Digest,
    workspace: Option<Printable>,
    backend: Option<Printable>,
    targets: Vec<Printable>,
    replace: Vec<Printable>,
    invoke: Vec<Printable>,
}

/// A condition, whatever came out.
#[derive(Serialize)]
struct CheckEntry {
    kind: Printable,
    address: Printable,
    status: &'static str,
    messages: Vec<Printable>,
}

/// A change that a later plan will do.
#[derive(Serialize)]
struct DeferredEntry {
    address: Printable,
    deposed: Option<Printable>,
    actions: Vec<Printable>,
    reason: Printable,
}

/// An action that apply invokes, or a later one where `deferred` says why.
#[derive(Serialize)]
struct InvocationEntry {
    address: Printable,
    r#type: Printable,
    provider: Printable,
    trigger: &'static str,
    resource: Option<Printable>,
    event: Option<Printable>,
    deferred: Option<Printable>,
}

/// A row that imports or moves an object, whatever else happens to it.
#[derive(Serialize)]
struct MigrationEntry {
    address: Printable,
    previous_address: Option<Printable>,
    import: Option<Printable>,
    actions: Vec<Printable>,
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
    })
}

/// Writes the report of a run without a case; the hint is its only notice.
pub(super) fn failure(failure: &Failure, tool_version: &str) -> String {
    let mut reasons = vec![Printable::line(&failure.heading)];
    reasons.extend(lines(&failure.causes));
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
        problems: Vec::new(),
        not_applicable: Vec::new(),
        not_looked_at: &[],
        baseline: None,
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

fn entry<'a>(context: &Context<'a>, case_plan: &'a CasePlan) -> PlanEntry<'a> {
    let redactor = &context.case.redactor;
    let plan = &case_plan.plan;
    PlanEntry {
        path: &case_plan.path,
        sha256: plan.digest,
        effect: plan.effect.to_string(),
        terraform_version: plan
            .terraform_version
            .as_deref()
            .map(|version| redactor.line(version)),
        format_version: redactor.line(&plan.format_version),
        mode: plan.mode.word(),
        complete: plan.complete,
        errored: plan.errored,
        counts: plan.counts(),
        applyable: plan.applyable,
        checks: plan.checks.iter().map(|c| check(redactor, c)).collect(),
        deferred: plan
            .deferred
            .iter()
            .map(|deferred| DeferredEntry {
                address: redactor.line(&deferred.change.address),
                deposed: optional(redactor, deferred.change.deposed.as_deref()),
                actions: words(redactor, &deferred.change.words),
                reason: redactor.line(&deferred.reason),
            })
            .collect(),
        invocations: plan
            .invocations
            .iter()
            .map(|i| invocation(redactor, i))
            .collect(),
        migrations: plan
            .changes
            .iter()
            .filter(|change| change.importing || change.is_move())
            .map(|change| MigrationEntry {
                address: redactor.line(&change.label()),
                previous_address: optional(redactor, change.previous_address.as_deref())
                    .filter(|_| change.is_move()),
                import: plan.import_text(change),
                actions: words(redactor, &change.words),
            })
            .collect(),
        binary: plan
            .binary
            .as_deref()
            .map(|binary| binary_entry(binary, redactor)),
        proof: case_plan
            .proof
            .as_ref()
            .map(|proof| proof_entry(proof, plan.binary.as_deref(), redactor)),
        root: redactor.line(&case_plan.root),
    }
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

fn proof_entry(proof: &Proof, binary: Option<&BinaryPlan>, redactor: &Redactor) -> ProofEntry {
    let (differences, gaps) = (proof.difference_points(), proof.gap_points());
    let entries = |points: &[Point]| {
        let entry = |point: &Point| PointEntry {
            kind: point.kind,
            subject: optional(redactor, point.subject.as_deref()),
            deposed: optional(redactor, point.deposed.as_deref()),
            problem: point.problem,
            source: optional(redactor, point.source.as_deref()),
        };
        points.iter().map(entry).collect()
    };
    ProofEntry {
        verdict: proof.verdict().word(),
        reasons: differences
            .iter()
            .chain(&gaps)
            .map(|point| redactor.line(&point.text))
            .collect(),
        directory: redactor.line(&proof.directory),
        files: proof.files,
        differences: entries(&differences),
        gaps: entries(&gaps),
        omitted: proof.omitted(),
        terraform_version: optional(redactor, binary.map(|b| b.terraform_version.as_str())),
        lineage: optional(redactor, binary.and_then(|b| b.lineage.as_deref())),
        serial: binary.and_then(|b| b.serial),
    }
}

fn binary_entry(binary: &BinaryPlan, redactor: &Redactor) -> BinaryEntry {
    let line = |text: &String| redactor.line(text);
    BinaryEntry {
        sha256: binary.digest,
        workspace: binary.workspace.as_ref().map(line),
        backend: binary.backend.as_ref().map(line),
        targets: binary.targets.iter().map(line).collect(),
        replace: binary.replaced.iter().map(line).collect(),
        invoke: binary.invoked.iter().map(line).collect(),
    }
}

fn optional(redactor: &Redactor, text: Option<&str>) -> Option<Printable> {
    text.map(|text| redactor.line(text))
}

fn words(redactor: &Redactor, words: &[String]) -> Vec<Printable> {
    words.iter().map(|word| redactor.line(word)).collect()
}

fn check(redactor: &Redactor, check: &Check) -> CheckEntry {
    CheckEntry {
        kind: redactor.line(&check.kind),
        address: redactor.line(&check.address),
        status: check.status.word(),
        messages: check.messages.iter().map(|m| redactor.lines(m)).collect(),
    }
}

fn invocation(redactor: &Redactor, invocation: &Invocation) -> InvocationEntry {
    let (trigger, resource, event) = match &invocation.trigger {
        Trigger::Lifecycle { resource, event } => ("lifecycle", Some(resource), Some(event)),
        Trigger::Invoke => ("invoke", None, None),
        Trigger::Unknown => ("unknown", None, None),
    };
    InvocationEntry {
        address: redactor.line(&invocation.address),
        r#type: redactor.line(&invocation.kind),
        provider: redactor.line(&invocation.provider),
        trigger,
        resource: optional(redactor, resource.map(String::as_str)),
        event: optional(redactor, event.map(String::as_str)),
        deferred: optional(redactor, invocation.deferred.as_deref()),
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
