//! `verify`: does a valid approval cover this plan and commit?

use super::args::VerifyArgs;
use super::check::{Judged, Outcome, Reports, load_quietly};
use super::{World, approvals, check, output, subject};
use crate::approval::Spending;
use crate::git::{ChangeRequest, NOTES_REF, NoChangeReason, UnderReview};
use crate::load::{LoadError, Loaded, Request};
use crate::review::Exit;

/// How often the notes may have been written between judging and marking.
const ATTEMPTS: usize = 8;

/// Runs it; every refusal is status 3.
pub(super) fn run(args: &VerifyArgs, world: &World) -> Result<Exit, LoadError> {
    let reports = Reports::from(&args.output)?;
    let mut request = subject::request(&args.subject, false, world)?;
    let result = find_base(&mut request, world).and_then(|()| {
        let loaded = load_quietly(&request, &args.output)?;
        let check::Judged {
            mut verdict, lines, ..
        } = judge(&loaded, args, world).map_err(refuse)?;
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
            if args.consume {
                output::say(&format!(
                    "used up: no later verify accepts it. Push that before the apply: git push origin {NOTES_REF}"
                ));
            }
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

/// Judges the records and, where that is asked for, marks those that count as used. Between the two nothing was written to the notes:
/// of two applies at one time one finds the mark of the other.
fn judge(loaded: &Loaded, args: &VerifyArgs, world: &World) -> Result<Judged, LoadError> {
    let asked = approvals::Asked {
        before_apply: true,
        consume: args.consume,
        ..approvals::Asked::exact(args.exact)
    };
    for _ in 0..ATTEMPTS {
        let tip = match &loaded.repository {
            Some(repository) => repository.notes_commit().map_err(|e| LoadError::git(&e))?,
            None => None,
        };
        let judged = check::with_approval(loaded, &asked, world)?;
        let asks = args.consume && judged.verdict.exit == Exit::Pass;
        if !asks || mark(loaded, &judged, tip.as_deref(), world)? {
            return Ok(judged);
        }
    }
    Err(LoadError::input(
        &format!("Others keep writing {NOTES_REF}, so the approval could not be marked as used."),
        "Run it again.",
    ))
}

/// Marks the approvals that count as used; tells whether the notes still were where they were.
fn mark(
    loaded: &Loaded,
    judged: &Judged,
    tip: Option<&str>,
    world: &World,
) -> Result<bool, LoadError> {
    let nothing = || LoadError::input("There is no approval that could be marked as used.", "");
    let repository = loaded.repository.as_ref().ok_or_else(nothing)?;
    let commit = loaded.case.under_review.head().ok_or_else(nothing)?;
    // A job of a CI seldom has a name in git.
    let (who, spender) = match repository.identity(&world.env) {
        Ok(who) => {
            let text = format!("{} <{}>", who.name.trim(), who.email.trim());
            (who, text)
        }
        Err(_) => (
            crate::git::Identity {
                name: "countersign".to_owned(),
                email: "countersign@localhost".to_owned(),
            },
            "somebody without a name in git".to_owned(),
        ),
    };
    let spending = Spending::of(&judged.records, &spender, world.now).ok_or_else(nothing)?;
    let line = spending
        .line()
        .map_err(|error| LoadError::input(&error.to_string(), ""))?;
    repository
        .append_note_after(tip, commit, &line, &who, world.now.as_second())
        .map_err(|e| LoadError::git(&e))
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
/// its first parent, where the second one follows it. Nothing else does: the commit before a fast-forwarded head belongs to the change, and a
/// record may name any base.
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
    if let (Some(first), Some(second), None) = (parent(1)?, parent(2)?, parent(3)?)
        // Where both sides went on, either of them may have been the branch: its authors can merge it into theirs.
        && repository.is_ancestor(&first, &second).map_err(git)?
    {
        return Ok(Some(first));
    }
    Err(LoadError {
        exit: Exit::Unapproved,
        ..LoadError::input(
            "The change is already merged, and its commits do not tell what the branch was before.",
            "Name that commit: countersign verify --base COMMIT (HEAD~1 after a squash merge; in CI, the commit before the push).",
        )
    })
}
