//! `verify`: does a valid approval cover this plan and commit?

use super::args::VerifyArgs;
use super::check::{Outcome, Reports, load_quietly};
use super::{World, approvals, check, output, subject};
use crate::git::{ChangeRequest, NoChangeReason, UnderReview};
use crate::load::{LoadError, Request};
use crate::review::Exit;

/// Runs it; every refusal is status 3.
pub(super) fn run(args: &VerifyArgs, world: &World) -> Result<Exit, LoadError> {
    let reports = Reports::from(&args.output)?;
    let mut request = subject::request(&args.subject, false, world)?;
    let result = find_base(&mut request, world).and_then(|()| {
        let loaded = load_quietly(&request, &args.output)?;
        let (mut verdict, lines) =
            check::with_approval(&loaded, &approvals::Asked::exact(args.exact), world)
                .map_err(refuse)?;
        // The gate's own statuses are refusals too: nothing but a covered, unblocked plan may be applied.
        if verdict.exit != Exit::Pass {
            verdict.exit = Exit::Unapproved;
        }
        let exit = verdict.exit;
        reports.write(
            &Outcome {
                loaded: &loaded,
                verdict: &verdict,
                approvals: &lines,
                exit,
            },
            world,
        )?;
        if exit == Exit::Pass && !args.output.quiet {
            if let Some(broken) = broken(&verdict) {
                output::say(&format!("let through, not approved: {broken}."));
                return Ok(exit);
            }
            output::say(&format!(
                "verified: a valid approval covers this plan and commit ({}).",
                approvals::signed_words(&lines)
            ));
        }
        Ok(exit)
    });
    result.inspect_err(|error| {
        if let Err(other) = reports.write_failure(error) {
            output::say(&format!("error: {}", other.heading));
        }
    })
}

/// Why it passes although too few approved.
pub(super) fn broken(verdict: &crate::review::Verdict) -> Option<&str> {
    let reasons = verdict.reasons.iter();
    let mut reasons = reasons.map(String::as_str);
    reasons.find(|reason| reason.starts_with("break-glass: "))
}

fn find_base(request: &mut Request, world: &World) -> Result<(), LoadError> {
    if request.base.is_none() && request.diff.is_none() {
        request.base = base_of_merged(request, world)?;
    }
    Ok(())
}

/// Where no approval can be, it is missing: a refusal, not a fault of the plan.
fn refuse(error: LoadError) -> LoadError {
    LoadError {
        exit: Exit::Unapproved,
        ..error
    }
}

/// On the branch that the change was merged into there is no change under review any more. A merge commit says what was there before:
/// its first parent. Nothing else does: the commit before a fast-forwarded head belongs to the change, and a record may name any base.
fn base_of_merged(request: &Request, world: &World) -> Result<Option<String>, LoadError> {
    let git = |e| LoadError::git(&e);
    let Ok(repository) = approvals::open(request.repo.as_deref(), world) else {
        return Ok(None);
    };
    let ask = ChangeRequest {
        base: None,
        head: request.head.clone(),
        ci: request.env.clone(),
    };
    let UnderReview::NoChange { head, reason, .. } = repository.resolve(&ask).map_err(git)? else {
        return Ok(None);
    };
    if reason == NoChangeReason::NoBase {
        return Ok(None);
    }
    let parent = |number: usize| {
        repository
            .commit_id(&format!("{head}^{number}"))
            .map_err(git)
    };
    if parent(2)?.is_some() && parent(3)?.is_none() {
        return parent(1);
    }
    Err(LoadError {
        exit: Exit::Unapproved,
        ..LoadError::input(
            "The change is already merged, and its commits do not tell what the branch was before.",
            "Name that commit: countersign verify --base COMMIT (HEAD~1 after a squash merge; in CI, the commit before the push).",
        )
    })
}
