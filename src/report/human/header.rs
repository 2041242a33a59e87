//! The head of the report: which plans, compared with what, judged by which policies.

use super::style::Tone;
use super::{Context, Page, wording};
use crate::change::Change;
use crate::plan::{BinaryPlan, Check, CheckStatus, PlanMode};
use crate::policy::Trust;
use crate::provenance::{Proof, ProofVerdict};
use crate::report::merge::Summary;
use crate::review::{CasePlan, UnderReview};
use crate::text::{Printable, Redactor, fit_end};
use wording::number;

/// Columns that a version of Terraform may take.
const VERSION_COLUMNS: usize = 40;

/// Columns that a workspace or a backend may take.
const NAME_COLUMNS: usize = 60;

/// Addresses of one kind that are shown.
const ADDRESSES: usize = 5;
/// Differences and gaps of a proof that are shown; the JSON report has more.
const POINTS: usize = 10;
/// What no proof covers.
const NOT_IN_A_PLAN_FILE: &str =
    "No plan file holds variable files, what file() reads, or the environment.";
/// Checks that are listed; the JSON report has all.
const MOST_CHECKS: usize = 20;

/// Characters of a commit id that are shown.
const COMMIT_DIGITS: usize = 8;

pub(super) fn write(page: &mut Page, context: &Context<'_>) {
    let case = context.case;
    let tool = format!("countersign {}", context.tool_version);
    page.wrapped(0, Some(Tone::Faint), &tool);
    if let Some(merged) = context.merged {
        write_merged(page, merged);
    } else {
        for plan in &case.plans {
            write_plan(page, plan, &case.redactor);
        }
        if case.plans.len() > 1 {
            page.labelled(0, "in all    ", None, &wording::counts(&case.counts()));
        }
        page.labelled(0, "change    ", None, &change(context));
    }
    if let Some(text) = wording::baseline(context) {
        page.labelled(0, "baseline  ", None, &text);
    }
    let (tone, text) = policies(context);
    page.labelled(0, "policies  ", tone, &text);
}

/// What the parts of a merged report say of plans and change.
fn write_merged(page: &mut Page, merged: &Summary) {
    for part in &merged.parts {
        page.labelled(0, "part      ", None, part.as_str());
    }
    for plan in &merged.plans {
        let short = |digest: &str| digest.chars().take(8).collect::<String>();
        let what = format!(
            "{}  sha256 {}, effect {}, {}",
            plan.path,
            short(&plan.sha256),
            short(plan.effect.rsplit(':').next().unwrap_or_default()),
            version(plan.terraform_version.as_deref(), &Redactor::default()),
        );
        page.labelled(0, "plan      ", None, &what);
        page.wrapped(10, None, &wording::counts(&plan.counts));
        let mode = [PlanMode::Destroy, PlanMode::RefreshOnly];
        let mode = mode.into_iter().find(|mode| mode.word() == plan.mode);
        remarks(page, plan.errored, mode, plan.complete);
    }
    if merged.plans.len() > 1 {
        page.labelled(0, "in all    ", None, &wording::counts(&merged.counts()));
    }
    page.labelled(0, "change    ", None, merged.change.as_str());
}

fn version(version: Option<&str>, redactor: &Redactor) -> String {
    version.map_or_else(
        || "version not stated".to_owned(),
        |version| {
            let version = redactor.line(version);
            format!("Terraform {}", fit_end(version.as_str(), VERSION_COLUMNS))
        },
    )
}

fn write_plan(page: &mut Page, case_plan: &CasePlan, redactor: &Redactor) {
    let plan = &case_plan.plan;
    let version = version(plan.terraform_version.as_deref(), redactor);
    let what = format!(
        "{}  sha256 {}, effect {}, {version}",
        case_plan.path,
        plan.digest.short(),
        plan.effect.short(),
    );
    page.labelled(0, "plan      ", None, &what);
    page.wrapped(10, None, &wording::counts(&plan.counts()));
    remarks(page, plan.errored, Some(plan.mode), plan.complete);
    if let Some(binary) = &plan.binary {
        write_binary(page, binary, redactor);
    }
    if let Some(proof) = &case_plan.proof {
        write_proof(page, proof, redactor);
    }
    let put_off = plan
        .invocations
        .iter()
        .filter(|i| i.deferred.is_some())
        .count();
    for (count, what) in [
        (plan.deferred.len(), "deferred change"),
        (plan.invocations.len() - put_off, "action invocation"),
        (put_off, "deferred action invocation"),
    ] {
        if count > 0 {
            page.wrapped(10, Some(Tone::Caution), &number(count, what));
        }
    }
    write_checks(page, &plan.checks, redactor);
}

/// What makes a plan another thing than most.
fn remarks(page: &mut Page, errored: bool, mode: Option<PlanMode>, complete: Option<bool>) {
    for (holds, text) in [
        (
            errored,
            "Planning failed: this plan is errored and shows only a part.",
        ),
        (
            mode == Some(PlanMode::Destroy),
            "This plan destroys everything (`-destroy`).",
        ),
        (
            mode == Some(PlanMode::RefreshOnly),
            "This plan only updates the state (`-refresh-only`).",
        ),
        (
            complete == Some(false),
            "This plan is not complete: targets were given or changes are put off.",
        ),
    ] {
        if holds {
            page.wrapped(10, Some(Tone::Caution), text);
        }
    }
}

/// The conditions that did not pass; those that did are counted.
fn write_checks(page: &mut Page, checks: &[Check], redactor: &Redactor) {
    if checks.is_empty() {
        return;
    }
    let open: Vec<&Check> = checks
        .iter()
        .filter(|check| check.status != CheckStatus::Pass)
        .collect();
    let text = format!(
        "{}, {} passed",
        number(checks.len(), "check"),
        checks.len() - open.len()
    );
    let tone = (!open.is_empty()).then_some(Tone::Caution);
    page.wrapped(10, tone, &text);
    for check in open.iter().take(MOST_CHECKS) {
        let mut line = format!("{} {}: {}", check.kind, check.address, check.status.word());
        for message in &check.messages {
            line.push_str("; ");
            line.push_str(message);
        }
        let line = redactor.line(&line);
        page.wrapped(12, Some(Tone::Caution), line.as_str());
    }
    if open.len() > MOST_CHECKS {
        let text = format!("and {} more", open.len() - MOST_CHECKS);
        page.wrapped(12, Some(Tone::Caution), &text);
    }
}

/// What only the binary plan tells.
fn write_binary(page: &mut Page, binary: &BinaryPlan, redactor: &Redactor) {
    let name = |text: &str| {
        let text = redactor.line(text);
        fit_end(text.as_str(), NAME_COLUMNS)
    };
    if let Some(workspace) = &binary.workspace {
        let backend = binary
            .backend
            .as_deref()
            .map_or_else(String::new, |kind| format!(", backend {}", name(kind)));
        let text = format!("workspace {}{backend}", name(workspace));
        page.wrapped(10, None, &text);
    }
    for (addresses, what) in [
        (&binary.targets, "Only a part was planned (`-target`):"),
        (&binary.replaced, "Replacement was asked for (`-replace`):"),
        (&binary.invoked, "Actions were asked for (`-invoke`):"),
    ] {
        let mut shown: Vec<String> = addresses
            .iter()
            .take(ADDRESSES)
            .map(|address| redactor.line(address).into_string())
            .collect();
        if addresses.len() > ADDRESSES {
            shown.push(format!("{} more", addresses.len() - ADDRESSES));
        }
        if !shown.is_empty() {
            let text = format!("{what} {}.", shown.join(", "));
            page.wrapped(10, Some(Tone::Caution), &text);
        }
    }
}

/// Whether the binary plan holds this commit's files and this JSON's changes.
fn write_proof(page: &mut Page, proof: &Proof, redactor: &Redactor) {
    let proven = proof.verdict() == ProofVerdict::Proven;
    let tone = (!proven).then_some(Tone::Caution);
    let line = redactor.line(&format!("Proof: {}.", proof.sentence()));
    page.wrapped(10, tone, line.as_str());
    let points: Vec<_> = proof
        .difference_points()
        .into_iter()
        .chain(proof.gap_points())
        .collect();
    for point in points.iter().take(POINTS) {
        page.wrapped(12, tone, redactor.line(&point.text).as_str());
    }
    let more = points.len().saturating_sub(POINTS) + proof.omitted();
    if more > 0 {
        page.wrapped(12, tone, &format!("and {more} more"));
    }
    page.wrapped(12, Some(Tone::Faint), NOT_IN_A_PLAN_FILE);
}

fn change(context: &Context<'_>) -> String {
    match &context.case.under_review {
        UnderReview::Commits(change) => commits(change, &context.case.redactor),
        UnderReview::DiffFile(change) => format!("a diff file, no commit: {}", size(change)),
        UnderReview::NoChange { head, reason, .. } => {
            format!("none at {}: {reason}", commit(head))
        }
        UnderReview::NoRepository => {
            "none: no repository, so nothing is compared with git".to_owned()
        }
    }
}

fn commits(change: &Change, redactor: &Redactor) -> String {
    let id = |id: &Option<String>| id.as_deref().map_or_else(|| "?".to_owned(), commit);
    let mut text = format!("{}..{}", id(&change.base), id(&change.head));
    if let Some(branch) = &change.branch {
        text = format!("{text} on {}", redactor.line(branch));
    }
    if change.merge_base.is_some() && change.merge_base != change.base {
        text = format!("{text}, from merge base {}", id(&change.merge_base));
    }
    format!("{text}: {}", size(change))
}

fn size(change: &Change) -> String {
    format!(
        "{}, +{} -{}",
        number(change.files.len(), "file"),
        change.insertions(),
        change.deletions(),
    )
}

fn commit(id: &str) -> String {
    let short: String = id.chars().take(COMMIT_DIGITS).collect();
    Printable::line(&short).into_string()
}

fn policies(context: &Context<'_>) -> (Option<Tone>, String) {
    let policies = &context.case.policies;
    let source = match policies.trust {
        Trust::Base => match &policies.commit {
            Some(id) => format!("the base {}", commit(id)),
            None => "the base".to_owned(),
        },
        Trust::Worktree => match context.case.under_review {
            UnderReview::NoRepository => "this program and the working directory".to_owned(),
            UnderReview::DiffFile(_) | UnderReview::Commits(_) | UnderReview::NoChange { .. } => {
                "the work tree, which the change under review can edit".to_owned()
            }
        },
    };
    let left_out = match policies.not_applicable {
        0 => String::new(),
        count => format!(", {count} not applicable"),
    };
    let text = format!(
        "bundle {} from {source}: {}, {} of {} evaluated{left_out}",
        policies.digest.short(),
        number(policies.packages, "package"),
        policies.evaluated,
        number(policies.rules, "rule"),
    );
    let all = policies.evaluated + policies.not_applicable >= policies.rules;
    ((!all).then_some(Tone::Caution), text)
}
