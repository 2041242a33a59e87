//! `pre-receive` and `update`: what a server asks of a push to a protected branch.
//!
//! A server has no plan. It recomputes all that the repository tells: commit, tree, base and authors of the change, policies and
//! configuration of the base, signatures, people, groups, expiry, what was taken back, and suspension. It says by name what it could not
//! compare; `verify` before the apply does.

use std::collections::BTreeSet;

use super::guard::{base_config, concerns_us, is_protected, only_lifts_freeze};
use super::{World, approvals, hook, output};
use crate::approval::{read_note, read_spendings, spent_twice};
use crate::git::{NOTES_REF, ReceivedRef, Repository, parse_receive};
use crate::load::{self, LoadError};
use crate::review::Exit;

/// What only a plan tells.
const NOT_COMPARED: &str = "Not compared here, as there is no plan: the plan's bytes and effect, its findings and their severities, the binary plan. Before the apply: countersign verify";

/// Judges all references of a push together.
pub(super) fn pre_receive(world: &World) -> Result<Exit, LoadError> {
    let received = parse_receive(&hook::input()?).map_err(|e| LoadError::git(&e))?;
    judge(&received, world)
}

/// Judges one reference: `update NAME OLD NEW`.
pub(super) fn update(arguments: &[String], world: &World) -> Result<Exit, LoadError> {
    let [name, old, new] = arguments else {
        return Err(LoadError::usage(
            "The update hook is given a reference and two commits.",
            "Write in hooks/update: exec countersign hook run update \"$@\"",
        ));
    };
    let received =
        parse_receive(&format!("{old} {new} {name}\n")).map_err(|e| LoadError::git(&e))?;
    judge(&received, world)
}

fn judge(received: &[ReceivedRef], world: &World) -> Result<Exit, LoadError> {
    let git = |e| LoadError::git(&e);
    let repository = approvals::open(None, world)?;
    let default = repository.commit_id("HEAD").map_err(git)?;
    let mut exit = Exit::Pass;
    let mut notes = None;
    for update in received.iter().filter(|update| update.name == NOTES_REF) {
        exit = exit.and(grows(&repository, update)?);
        notes = Some(update.new_id.as_str()).filter(|_| !update.is_deletion());
    }
    for update in received.iter().filter(|update| update.name != NOTES_REF) {
        if !guards(&repository, update, default.as_deref())? {
            continue;
        }
        exit = exit.and(branch(
            &repository,
            update,
            default.as_deref(),
            notes,
            world,
        )?);
    }
    Ok(exit)
}

/// Records and revocations are never taken away.
fn grows(repository: &Repository, update: &ReceivedRef) -> Result<Exit, LoadError> {
    if update.is_deletion() {
        output::say(&format!(
            "countersign: {NOTES_REF} holds approvals and what took them back; deleting it stops here."
        ));
        return Ok(Exit::Unapproved);
    }
    let lost = if is_new(update) {
        None
    } else {
        repository
            .lost_note(&update.old_id, &update.new_id)
            .map_err(|e| LoadError::git(&e))?
    };
    let Some(commit) = lost else {
        return spent_once(repository, update);
    };
    output::say(&format!(
        "countersign: the note of {} would lose lines; records and revocations stay. Unite them: git fetch origin {NOTES_REF}:refs/notes/origin && git notes --ref countersign merge -s cat_sort_uniq refs/notes/origin",
        short(&commit)
    ));
    Ok(Exit::Unapproved)
}

/// Of two applies with one approval only the first may say so here. Notes that were united would hold both.
fn spent_once(repository: &Repository, update: &ReceivedRef) -> Result<Exit, LoadError> {
    let twice = |tip: &str| {
        let git = |e| LoadError::git(&e);
        let (mut lines, mut spendings) = (Vec::new(), Vec::new());
        for note in repository.list_notes_at(tip).map_err(git)? {
            let text = repository.read_note(&note).map_err(git)?;
            lines.extend(read_note(text.as_bytes()));
            spendings.extend(read_spendings(text.as_bytes()));
        }
        Ok::<_, LoadError>(spent_twice(&lines, &spendings))
    };
    let now = twice(&update.new_id)?;
    if now.is_empty() {
        return Ok(Exit::Pass);
    }
    let before = if is_new(update) {
        BTreeSet::new()
    } else {
        twice(&update.old_id)?
    };
    let Some(approval) = now.difference(&before).next() else {
        return Ok(Exit::Pass);
    };
    output::say(&format!(
        "countersign: the approval {} was used for an apply already, so nothing may be applied with it. See that: git fetch origin +{NOTES_REF}:{NOTES_REF}, then countersign verify",
        approval.short()
    ));
    Ok(Exit::Unapproved)
}

fn is_new(update: &ReceivedRef) -> bool {
    update.old_id.bytes().all(|byte| byte == b'0')
}

fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}

/// Whether the default branch or what the reference holds now says that it is protected.
fn guards(
    repository: &Repository,
    update: &ReceivedRef,
    default: Option<&str>,
) -> Result<bool, LoadError> {
    let own = Some(update.old_id.as_str()).filter(|_| !is_new(update));
    let mut says = Vec::new();
    for commit in default.into_iter().chain(own) {
        // What is protected may hold anything that git can hold; only commits have a configuration.
        if let Some(commit) = repository
            .commit_id(commit)
            .map_err(|e| LoadError::git(&e))?
        {
            says.push(base_config(repository, &commit)?.allowed_refs);
        }
    }
    if says.is_empty() {
        says.push(load::Config::default().allowed_refs);
    }
    for patterns in says {
        if is_protected(&patterns, &update.name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Judges a protected reference.
fn branch(
    repository: &Repository,
    update: &ReceivedRef,
    default: Option<&str>,
    notes: Option<&str>,
    world: &World,
) -> Result<Exit, LoadError> {
    let git = |e| LoadError::git(&e);
    let name = crate::text::Printable::line(&update.name);
    let stop = |what: &str| {
        output::say(&format!("countersign: {name} {what}"));
        Ok(Exit::Unapproved)
    };
    if update.is_deletion() {
        return stop("is protected; deleting it stops here.");
    }
    let base = if is_new(update) {
        default
    } else {
        Some(update.old_id.as_str())
    };
    let Some(base) = base else {
        return stop(
            "is the first branch here, so there is nothing to compare it with; push it before the hook is installed.",
        );
    };
    let head = repository.commit_id(&update.new_id).map_err(git)?;
    let Some(head) = head.filter(|head| *head == update.new_id) else {
        return stop("would not point at a commit.");
    };
    let is_ancestor = |a: &str, b: &str| repository.is_ancestor(a, b).map_err(git);
    if head == base {
        return Ok(Exit::Pass);
    }
    if is_ancestor(&head, base)? {
        return stop("would go back to an older commit, which no approval covers.");
    }
    if !is_ancestor(base, &head)? {
        return stop("would lose commits; a forced push is not covered by an approval.");
    }
    if !concerns_us(repository, base, &head, world)? {
        return Ok(Exit::Pass);
    }
    record(base, &head, notes, world)
}

/// Whether the records of a commit cover it, as far as that can be told without its plan.
fn record(base: &str, head: &str, notes: Option<&str>, world: &World) -> Result<Exit, LoadError> {
    let loaded = load::without_plan(
        base,
        head,
        &world.directory,
        &world.env,
        world.now,
        world.threads,
    )?;
    let decided = approvals::decide(
        &loaded,
        &approvals::Asked {
            notes,
            without_plan: true,
            lifts_freeze: only_lifts_freeze(loaded.case.under_review.change()),
            ..approvals::Asked::default()
        },
        world,
    )?;
    let here = short(head);
    let Some(refusal) = decided.refusal else {
        output::say(&match decided.broken {
            Some(broken) => format!("countersign: {here} is let through, not approved: {broken}."),
            None => format!(
                "countersign: {here} is covered by a valid record ({}).",
                approvals::signed_words(&decided.lines)
            ),
        });
        output::say(&format!("countersign: {NOT_COMPARED}"));
        return Ok(Exit::Pass);
    };
    output::say(&format!(
        "countersign: {here} stops here ({}, exit {}):",
        Exit::Unapproved,
        Exit::Unapproved.code()
    ));
    output::say(&format!("  {refusal}"));
    approvals::say_void(&decided.lines, std::slice::from_ref(&refusal));
    let other = |line: &crate::report::ApprovalLine| {
        line.reason
            .as_ref()
            .is_some_and(|reason| reason.as_str().starts_with("other policies"))
    };
    if decided.lines.iter().any(other) {
        output::say(&format!(
            "  The shipped policies here are those of countersign {}; records are made and checked by the same version, and without -p and -d.",
            super::VERSION
        ));
    }
    output::say(&format!(
        "Review it, then push the record before the change or with it: git push origin {NOTES_REF}"
    ));
    Ok(Exit::Unapproved)
}
