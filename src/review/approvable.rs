//! Why a review cannot be approved yet: the list behind the approve screen.

use super::{ReviewCase, Status, UnderReview, Verdict};
use crate::decision::Journal;
use crate::plan::Mode;

/// Lists what stands in the way of approving; empty when nothing does.
#[must_use]
pub fn approval_blockers(case: &ReviewCase, journal: &Journal, verdict: &Verdict) -> Vec<String> {
    let mut out = Vec::new();
    if case.errored() {
        out.push("Planning failed; an errored plan cannot be approved.".to_owned());
    }
    for problem in &case.problems {
        out.push(format!(
            "Policy problem in {}: {}",
            problem.policy, problem.message
        ));
    }
    if case.policies.evaluated == 0 {
        out.push("No policy rule was evaluated.".to_owned());
    }
    match &case.under_review {
        UnderReview::Commits(_) => {}
        UnderReview::DiffFile(_) => {
            out.push("A diff file names no commit; an approval belongs to a commit.".to_owned());
        }
        UnderReview::NoChange { reason, .. } => {
            out.push(format!("There is no change under review: {reason}"));
        }
        UnderReview::NoRepository => {
            out.push(
                "There is no repository; an approval is kept as a note on a commit.".to_owned(),
            );
        }
    }
    match case.under_review.dirty() {
        [] => {}
        [one] => out.push(format!(
            "The work tree differs from the commit in {}; commit it and plan again.",
            case.redactor.line(one)
        )),
        [one, rest @ ..] => out.push(format!(
            "The work tree differs from the commit in {} and {} more; commit them and plan again.",
            case.redactor.line(one),
            rest.len()
        )),
    }
    if case.reviewer.is_none() {
        out.push("Git does not know who you are; set user.name and user.email.".to_owned());
    }
    let number = |status: Status| verdict.states.iter().filter(|s| s.status == status).count();
    for (status, one, many) in [
        (
            Status::Open,
            "finding is undecided",
            "findings are undecided",
        ),
        (
            Status::Deferred,
            "finding on a deferred change is undecided",
            "findings on deferred changes are undecided",
        ),
        (
            Status::Stale,
            "finding changed since it was decided",
            "findings changed since they were decided",
        ),
        (
            Status::NotEvaluated,
            "policy was not evaluated",
            "policies were not evaluated",
        ),
        (
            Status::Rejected,
            "finding is rejected",
            "findings are rejected",
        ),
    ] {
        match number(status) {
            0 => {}
            1 => out.push(format!("1 {one}.")),
            n => out.push(format!("{n} {many}.")),
        }
    }
    match undisplayed(case, journal) {
        0 => {}
        1 => out.push("1 change that must be seen was never displayed.".to_owned()),
        n => out.push(format!(
            "{n} changes that must be seen were never displayed."
        )),
    }
    out
}

/// How many changes must still be on the screen once: destroys and replacements, or all, as configured.
fn undisplayed(case: &ReviewCase, journal: &Journal) -> usize {
    let displayed = journal.displayed();
    let mut missing = 0;
    for (plan_index, plan) in case.plans.iter().enumerate() {
        for (index, change) in plan.plan.changes.iter().enumerate() {
            let must = if case.gate.review_every_change {
                !change.is_quiet()
            } else {
                change.action.is_destructive() && change.mode == Mode::Managed
            };
            if must
                && case
                    .display_mark(plan_index, index)
                    .is_none_or(|mark| !displayed.contains(&mark))
            {
                missing += 1;
            }
        }
    }
    missing
}
