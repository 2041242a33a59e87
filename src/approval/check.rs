//! One record against the context.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::build::may_break_glass;
use super::cover::{self, Blocking};
use super::statement::PlanBinding;
use super::strict;
use super::{
    CLOCK_SKEW_SECONDS, CLOCK_TOLERANCE_SECONDS, Claim, Context, MAX_TTL_DAYS, PlanIdentity,
    Record, Signer, Statement, Unproven, Void, normal_email,
};
use crate::text::Printable;

/// In what way a record covers what is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Covers {
    /// How the commit matches.
    pub commit: MatchedCommit,
    /// How the plans match.
    pub plans: MatchedPlans,
}

/// How the commit matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedCommit {
    /// It is the reviewed commit.
    Same,
    /// It is another commit with the same tree, on the same base: a squash or a merge.
    SameTree,
}

/// How the plans match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedPlans {
    /// Byte by byte.
    SameBytes,
    /// Plans made anew that would do the same.
    SameEffect,
    /// There is no plan here, so this was not compared.
    NotSeen,
}

/// Says whether one record covers the context.
///
/// # Errors
/// With the first reason why not.
pub fn check(record: &Record, context: &Context<'_>) -> Result<Covers, Void> {
    check_with(record, context, &Blocking::of(context)).map(|(covers, _)| covers)
}

pub(super) fn check_with(
    record: &Record,
    context: &Context<'_>,
    blocking: &Blocking<'_>,
) -> Result<(Covers, Option<Signer>), Void> {
    let statement = record.statement();
    suspended(context)?;
    if context.revoked.contains(&record.digest())
        || context.revoked.contains(&record.statement_digest())
    {
        return Err(Void::Revoked);
    }
    if let Some(spending) = context.spent.iter().find(|spending| spending.ends(record)) {
        return Err(Void::Spent {
            at: spending.created,
            by: strict::shown(spending.spender.as_str()),
        });
    }
    let signer = signature(record, context)?;
    repository(statement, context)?;
    let commit = commit(statement, context)?;
    let plans = if context.without_plan {
        MatchedPlans::NotSeen
    } else {
        plans(statement, context)?
    };
    base(statement, context, commit)?;
    time(statement, context)?;
    if statement.policies.digest != context.policies {
        return Err(Void::OtherPolicies);
    }
    if statement.config != context.config {
        return Err(Void::OtherConfig);
    }
    reviewer(statement, signer.as_ref(), context)?;
    cover::check(statement, blocking)?;
    Ok((Covers { commit, plans }, signer))
}

/// What stops every record.
pub(super) fn suspended(context: &Context<'_>) -> Result<(), Void> {
    if let Some(reason) = &context.frozen {
        return Err(Void::Frozen(reason.clone()));
    }
    let tolerance = SignedDuration::from_secs(CLOCK_TOLERANCE_SECONDS);
    match context.not_before {
        Some(base) if context.now.duration_since(base) < -tolerance => Err(Void::ClockSetBack {
            now: context.now,
            base,
        }),
        _ => Ok(()),
    }
}

/// Who signed, if anybody had to or did; what cannot be verified never counts.
pub(super) fn signature(record: &Record, context: &Context<'_>) -> Result<Option<Signer>, Void> {
    let signature = match (record.signatures(), context.rules.accept_unsigned) {
        ([], true) => return Ok(None),
        ([], false) => return Err(Void::Unsigned),
        ([one], _) => one,
        ([_, _, ..], _) => {
            return Err(Void::BadSignature(
                "the record carries more than one".to_owned(),
            ));
        }
    };
    let Some(signers) = context.signers else {
        return Err(Void::BadSignature("nobody here can check it".to_owned()));
    };
    let statement = record.statement();
    let message = statement.pae()?;
    let claim = Claim {
        keyid: &signature.keyid,
        sig: &signature.sig,
        message: &message,
        address: statement.reviewer.email.trim(),
        created: statement.created,
    };
    match signers.check(&claim) {
        Ok(signer) if signer.vouched || context.rules.accept_unsigned => Ok(Some(signer)),
        Ok(signer) => Err(Void::NotAuthorised(format!(
            "nobody vouches for the key {}",
            signer.key
        ))),
        Err(Unproven::Bad(why)) => Err(Void::BadSignature(why)),
        Err(Unproven::NotAuthorised(why)) => Err(Void::NotAuthorised(why)),
    }
}

/// A fork has the same commits, and its plans can look the same.
fn repository(statement: &Statement, context: &Context<'_>) -> Result<(), Void> {
    let approved = statement.repository.as_ref().map_or("", Printable::as_str);
    // A server does not know by which address its clones know it; the commit's name holds the history.
    let is_root = |name: &String| name.starts_with("root:");
    if context.without_plan
        && context.allowed_repositories.is_empty()
        && context.repositories.iter().all(is_root)
        && !approved.starts_with("root:")
    {
        return Ok(());
    }
    let known = context.repositories.is_empty() && approved.is_empty()
        || context.repositories.contains(approved)
        || context.allowed_repositories.iter().any(|pattern| {
            globset::Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(approved))
        });
    if known {
        return Ok(());
    }
    let here = context.repositories.iter().next();
    Err(Void::OtherRepository {
        approved: strict::shown(if approved.is_empty() {
            "one without a name"
        } else {
            approved
        }),
        here: strict::shown(here.map_or("one without a name", String::as_str)),
    })
}

fn commit(statement: &Statement, context: &Context<'_>) -> Result<MatchedCommit, Void> {
    if context.commit.as_ref() == Some(&statement.commit) {
        // One commit has one tree; a record that says otherwise is wrong somewhere.
        if context
            .tree
            .as_ref()
            .is_none_or(|tree| *tree == statement.tree)
        {
            return Ok(MatchedCommit::Same);
        }
    } else if context.commit.is_some() && context.tree.as_ref() == Some(&statement.tree) {
        return Ok(MatchedCommit::SameTree);
    }
    Err(Void::OtherCommit {
        approved: short(Some(&statement.commit)),
        here: short(context.commit.as_ref()),
    })
}

fn base(statement: &Statement, context: &Context<'_>, matched: MatchedCommit) -> Result<(), Void> {
    let (approved, here, unmoved) = match matched {
        // The base may go on as long as the change is counted from the same place; once the commit is part of the base, the merge
        // base is the commit itself.
        MatchedCommit::Same => (
            &statement.merge_base,
            &context.merge_base,
            context.merge_base.is_none()
                || context.merge_base == statement.merge_base
                || context.merge_base == context.commit,
        ),
        MatchedCommit::SameTree => (
            &statement.base,
            &context.base,
            statement.base.is_some()
                && (statement.base == context.base || statement.base == context.merge_base),
        ),
    };
    if unmoved {
        return Ok(());
    }
    Err(Void::BaseMoved {
        approved: short(approved.as_ref()),
        here: short(here.as_ref()),
    })
}

fn plans(statement: &Statement, context: &Context<'_>) -> Result<MatchedPlans, Void> {
    let mut approved: BTreeMap<&Printable, &PlanBinding> = statement
        .plans
        .iter()
        .map(|plan| (&plan.root, plan))
        .collect();
    let other = |root: &Printable, problem| Void::OtherPlan {
        root: root.clone(),
        problem,
    };
    let mut matched = MatchedPlans::SameBytes;
    for PlanIdentity {
        root,
        sha256,
        effect,
        binary,
        state,
    } in &context.plans
    {
        let Some(plan) = approved.remove(root) else {
            return Err(other(root, "was not part of the approved review"));
        };
        if plan.effect != *effect {
            return Err(Void::OtherEffect { root: root.clone() });
        }
        if let (true, Some(then), Some(now)) =
            (context.rules.single_use, &plan.binary, state.as_ref())
            && (&then.lineage, then.serial) != (&now.lineage, now.serial)
        {
            return Err(Void::StateMoved {
                root: root.clone(),
                approved: serial(then.serial),
                here: serial(now.serial),
            });
        }
        let file = plan.binary.as_ref().map(|file| file.sha256);
        let other_file = file.zip(*binary).is_some_and(|(file, here)| file != here);
        if plan.sha256 != *sha256 || other_file {
            if context.rules.exact {
                return Err(other(
                    root,
                    "has other bytes than the approved plan, and --exact asks for the same",
                ));
            }
            matched = MatchedPlans::SameEffect;
        }
    }
    match approved.into_keys().next() {
        None if context.plans.is_empty() => Err(other(&Printable::line("the plan"), "is missing")),
        None => Ok(matched),
        Some(root) => Err(other(
            root,
            "was approved together with the others and is not here",
        )),
    }
}

fn serial(number: Option<u64>) -> String {
    number.map_or_else(|| "none".to_owned(), |number| number.to_string())
}

fn time(statement: &Statement, context: &Context<'_>) -> Result<(), Void> {
    let age = context.now.duration_since(statement.created);
    if age < SignedDuration::from_secs(-CLOCK_SKEW_SECONDS) {
        return Err(Void::FromTheFuture(statement.created));
    }
    let days = i64::from(context.rules.ttl_days.min(MAX_TTL_DAYS));
    let end = statement
        .created
        .checked_add(SignedDuration::from_hours(24 * days))
        .map_or(statement.expires, |end| end.min(statement.expires));
    if context.now >= end {
        return Err(Void::Expired(end));
    }
    Ok(())
}

fn reviewer(
    statement: &Statement,
    signer: Option<&Signer>,
    context: &Context<'_>,
) -> Result<(), Void> {
    if statement.break_glass.is_some() {
        let vouched = signer.is_some_and(|signer| signer.vouched);
        if !vouched {
            let why = "it counts only with a signature that the base's list of signers vouches for";
            return Err(Void::BreakGlass(why.to_owned()));
        }
        // Who wrote the change may be the only one who is awake.
        return may_break_glass(context.break_glass.as_deref(), &statement.reviewer.email)
            .map_err(Void::BreakGlass);
    }
    if !context.rules.prevent_self {
        return Ok(());
    }
    let email = normal_email(&statement.reviewer.email);
    let here = context
        .authors
        .iter()
        .map(|author| normal_email(&author.email));
    let authors: BTreeSet<String> = here
        .chain(statement.authors.iter().cloned())
        .filter(|a| !a.is_empty())
        .collect();
    if authors.is_empty() {
        return Err(Void::AuthorsUnknown(Printable::line(&email)));
    }
    if authors.contains(&email) {
        return Err(Void::SelfApproval(Printable::line(&email)));
    }
    // A key that may sign in an author's name is the author's, whatever name it signs in here.
    if let (Some(signer), Some(signers)) = (signer, context.signers)
        && let Some(author) = authors
            .iter()
            .find(|author| signers.names(&signer.key, author))
    {
        return Err(Void::KeyOfAuthor(Printable::line(author)));
    }
    Ok(())
}

/// The first twelve characters of an object name.
fn short(name: Option<&String>) -> Printable {
    let text: String = name
        .map_or("nothing", String::as_str)
        .chars()
        .take(12)
        .collect();
    strict::shown(&text)
}
