//! The part of the report about a plan.

use serde::Serialize;

use super::super::Context;
use crate::digest::Digest;
use crate::plan::{BinaryPlan, Check, Counts, Invocation, Trigger};
use crate::provenance::{Point, Proof};
use crate::review::CasePlan;
use crate::text::{Printable, Redactor};

#[derive(Serialize)]
pub(super) struct PlanEntry<'a> {
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
    /// Rows of resource changes, those that change nothing too.
    changes: usize,
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

/// What is told of a plan.
pub(super) fn entry<'a>(context: &Context<'a>, case_plan: &'a CasePlan) -> PlanEntry<'a> {
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
        changes: plan.changes.len(),
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
