//! Approval records: reading them from notes, judging them, listing them.

use super::notes::{Notes, Records};
use super::{World, output};
use crate::approval::{self, ApprovalRules, Context, Record, Void};
use crate::change::Author;
use crate::decision::Journal;
use crate::git::{ChangeRequest, Repository, UnderReview};
use crate::load::{LoadError, Loaded};
use crate::report::ApprovalLine;
use crate::text::Printable;

/// Most records that a hook names.
const VOID_SHOWN: usize = 10;

/// What the records of a commit come to.
pub(super) struct Decided {
    /// Why they do not suffice.
    pub(super) refusal: Option<String>,
    /// Where they suffice only because somebody set aside who must approve: who and why.
    pub(super) broken: Option<String>,
    /// Answers of the valid ones.
    pub(super) journal: Option<Journal>,
    /// All of them, for reports.
    pub(super) lines: Vec<ApprovalLine>,
    /// Those that count.
    pub(super) records: Vec<Record>,
}

/// How records are judged.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    /// Only for the same bytes of the plan.
    pub(super) exact: bool,
    /// The change does nothing but end a suspension, and a hook asks.
    pub(super) lifts_freeze: bool,
    /// There is no plan to compare with.
    pub(super) without_plan: bool,
    /// The tip of notes that are being pushed.
    pub(super) notes: Option<&'a str>,
    /// An apply follows, so that what was used up counts for nothing.
    pub(super) before_apply: bool,
    /// What counts will be marked as used.
    pub(super) consume: bool,
}

impl Asked<'_> {
    /// As the option says.
    pub(super) fn exact(exact: bool) -> Self {
        Self {
            exact,
            ..Self::default()
        }
    }
}

/// Judges the records that are there for the case.
pub(super) fn decide(
    loaded: &Loaded,
    asked: &Asked<'_>,
    world: &World,
) -> Result<Decided, LoadError> {
    let case = &loaded.case;
    let (Some(repository), Some(commit), Some(tree)) =
        (&loaded.repository, case.under_review.head(), &case.tree)
    else {
        return Err(LoadError::input(
            "There is no commit that an approval could belong to.",
            "Run it in the repository of the change.",
        ));
    };
    let notes = Notes::list(repository, asked.notes)?;
    let Records {
        mut lines,
        revoked,
        spent,
    } = notes.covering(commit, tree)?;
    let mut context = Context::of(case, world.now);
    context.without_plan = asked.without_plan;
    if let (true, Some(merge_base)) = (lines.is_empty(), &context.merge_base) {
        lines = notes.earlier(merge_base, commit)?;
    }
    context.rules = ApprovalRules {
        required: loaded.config.approval.required,
        prevent_self: loaded.config.approval.prevent_self,
        ttl_days: loaded.config.approval.ttl_days,
        exact: asked.exact || loaded.config.approval.exact,
        accept_unsigned: !loaded.approvers.asks_for_signatures(),
        single_use: asked.before_apply && (asked.consume || loaded.config.approval.single_use),
    };
    if asked.before_apply {
        context.spent = spent;
    }
    context.signers = Some(&loaded.approvers);
    if !asked.lifts_freeze {
        context.frozen.clone_from(&loaded.approvers.frozen);
    }
    context.revoked = revoked;
    context.revoked.extend(&loaded.approvers.revoked);
    context.groups.clone_from(&loaded.config.approval.rules);
    context.owners = loaded.approvers.owners.as_ref();
    context.break_glass = loaded.config.glass().map(<[String]>::to_vec);
    context
        .allowed_repositories
        .clone_from(&loaded.config.allowed_repos);
    let git = |e| LoadError::git(&e);
    let identity = repository.repository_identity(commit).map_err(git)?;
    let roots = identity.roots.iter().map(|root| format!("root:{root}"));
    context.repositories.extend(roots);
    if let Some(base) = &context.base {
        let seconds = repository.commit_time(base).map_err(git)?;
        context.not_before = jiff::Timestamp::from_second(seconds).ok();
    }
    if let Some(authors) = merged_authors(repository, commit, context.base.as_deref())? {
        context.authors = authors;
    }
    if let Some(merge_base) = &context.merge_base {
        let unseen = repository
            .unseen_history(merge_base, commit)
            .map_err(|e| LoadError::git(&e))?;
        if !unseen.is_empty() && context.rules.prevent_self {
            return Err(LoadError::input(
                "The history of the change is not complete here, so who wrote it cannot be known.",
                "Fetch it: git fetch --unshallow",
            ));
        }
    }
    let plan = case.plan_digest();
    let unconsumed = context.rules.single_use && !asked.consume;
    Ok(match approval::decide(&lines, &context) {
        Ok(approved) => Decided {
            refusal: unconsumed.then(|| Void::NotConsumed.to_string()),
            broken: approved.broken.clone(),
            journal: Some(approved.journal(plan)),
            lines: summaries(&approved.approvals),
            records: approved.records,
        },
        Err(refusal) => Decided {
            refusal: Some(refusal.reason.to_string()),
            broken: None,
            journal: None,
            lines: summaries(&refusal.approvals),
            records: Vec::new(),
        },
    })
}

/// Who wrote what a merge commit brought in, where it has the files of what it merged: whoever made it then added nothing.
fn merged_authors(
    repository: &Repository,
    commit: &str,
    base: Option<&str>,
) -> Result<Option<Vec<Author>>, LoadError> {
    let git = |e| LoadError::git(&e);
    let parent = |number: usize| {
        repository
            .commit_id(&format!("{commit}^{number}"))
            .map_err(git)
    };
    let (Some(first), Some(second), None) = (parent(1)?, parent(2)?, parent(3)?) else {
        return Ok(None);
    };
    if base != Some(first.as_str()) {
        return Ok(None);
    }
    // A merge that holds anything but what was reviewed was written by whoever made it.
    let tree = |commit: &str| repository.tree_id(commit).map_err(git);
    if tree(&second)? != tree(commit)? {
        return Ok(None);
    }
    let ask = ChangeRequest {
        base: Some(first),
        head: Some(second),
        ci: std::collections::BTreeMap::new(),
    };
    match repository.resolve(&ask).map_err(git)? {
        UnderReview::Change(change, _) => Ok(Some(change.authors)),
        UnderReview::NoChange { .. } => Ok(None),
    }
}

fn summaries(list: &[approval::Summary]) -> Vec<ApprovalLine> {
    list.iter()
        .map(|summary| ApprovalLine {
            digest: summary.digest,
            reviewer: summary
                .reviewer
                .clone()
                .unwrap_or_else(|| Printable::line("(not a record)")),
            created: summary.created.unwrap_or(jiff::Timestamp::UNIX_EPOCH),
            expires: summary.expires.unwrap_or(jiff::Timestamp::UNIX_EPOCH),
            signed: summary.signed,
            key: summary.key.clone(),
            valid: summary.valid,
            reason: summary.reason.as_deref().map(Printable::line),
            break_glass: summary.break_glass.clone(),
        })
        .collect()
}

/// Says which records do not count and why, beside the reasons that were given; a hook has no report for that.
pub(super) fn say_void(lines: &[ApprovalLine], given: &[String]) {
    for line in lines.iter().take(VOID_SHOWN) {
        if let (false, Some(reason)) = (line.valid, &line.reason)
            && !given.iter().any(|given| given == reason.as_str())
        {
            output::say(&format!(
                "  void: {} by {}: {reason}",
                line.digest.short(),
                line.reviewer
            ));
        }
    }
}

/// How the approvals that count are signed.
pub(super) fn signed_words(lines: &[ApprovalLine]) -> String {
    let valid: Vec<&ApprovalLine> = lines.iter().filter(|line| line.valid).collect();
    let signed = valid.iter().filter(|line| line.signed).count();
    match (signed, valid.len()) {
        (0, _) => "not signed".to_owned(),
        (1, 1) => "signed".to_owned(),
        (signed, all) if signed == all => format!("{all} approvals, all signed"),
        (signed, all) => format!("{signed} of {all} approvals signed"),
    }
}

/// Opens the repository that a command is about.
pub(super) fn open(repo: Option<&std::path::Path>, world: &World) -> Result<Repository, LoadError> {
    let directory = repo.unwrap_or(&world.directory);
    Repository::open(directory, repo.is_none())
        .map_err(|e| LoadError::git(&e))?
        .ok_or_else(|| {
            LoadError::input(
                &format!("There is no git repository at {}.", directory.display()),
                "Run it in a repository, or name one: --repo DIR.",
            )
        })
}

/// Writes data to standard output.
pub(super) fn write(text: &str) -> Result<(), LoadError> {
    output::data(text).map_err(|error| {
        LoadError::input(&format!("Standard output cannot be written: {error}."), "")
    })
}
