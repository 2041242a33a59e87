//! What is here now, with which records are compared.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::MAX_TTL_DAYS;
use crate::change::Author;
use crate::digest::Digest;
use crate::plan::Effect;
use crate::review::ReviewCase;
use crate::text::Printable;

/// What an approval must be, from the base's configuration and the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalRules {
    /// How many different reviewers must approve; 0 counts as 1.
    pub required: u8,
    /// Whether authors, committers and co-authors of the change are no reviewers of it.
    pub prevent_self: bool,
    /// Longest life of an approval, in days; never more than [`MAX_TTL_DAYS`].
    pub ttl_days: u8,
    /// Whether an approval counts only for the very bytes of the plan.
    pub exact: bool,
    /// Whether a record without signature counts.
    pub accept_unsigned: bool,
}

impl Default for ApprovalRules {
    /// The rules of a repository without configuration. Nothing signs records yet, so unsigned ones count.
    fn default() -> Self {
        Self {
            required: 1,
            prevent_self: true,
            ttl_days: MAX_TTL_DAYS,
            exact: false,
            accept_unsigned: true,
        }
    }
}

/// One plan that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanIdentity {
    /// The name that stays the same between runs.
    pub root: Printable,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// What it would do.
    pub effect: Effect,
    /// Digest of the binary plan, where it is here.
    pub binary: Option<Digest>,
}

/// Everything that records are compared with.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The review as it is now; its findings are what must be covered.
    pub case: &'a ReviewCase,
    /// The commit.
    pub commit: Option<String>,
    /// Its tree.
    pub tree: Option<String>,
    /// The base that the change goes to. After a squash or a merge, when there is no change left under review, the first parent
    /// of the commit.
    pub base: Option<String>,
    /// The merge base of base and commit.
    pub merge_base: Option<String>,
    /// The plans.
    pub plans: Vec<PlanIdentity>,
    /// Digest of the policy bundle.
    pub policies: Digest,
    /// Digest of the configuration.
    pub config: Digest,
    /// Everyone named by the commits of the change; those in the record count beside them.
    pub authors: Vec<Author>,
    /// The time.
    pub now: Timestamp,
    /// What an approval must be.
    pub rules: ApprovalRules,
    /// Digests of revoked records, of their lines or of their statements.
    pub revoked: BTreeSet<Digest>,
    /// Whether approvals are suspended.
    pub frozen: bool,
}

impl<'a> Context<'a> {
    /// Takes from a case what it tells; rules are the defaults, and nothing is revoked or frozen.
    #[must_use]
    pub fn of(case: &'a ReviewCase, now: Timestamp) -> Self {
        let change = case.under_review.change();
        Self {
            case,
            commit: case.under_review.head().map(str::to_owned),
            tree: case.tree.clone(),
            base: change.and_then(|change| change.base.clone()),
            merge_base: change.and_then(|change| change.merge_base.clone()),
            plans: case
                .plans
                .iter()
                .map(|plan| PlanIdentity {
                    root: Printable::line(&plan.root),
                    sha256: plan.plan.digest,
                    effect: plan.plan.effect,
                    binary: plan.plan.binary.as_ref().map(|binary| binary.digest),
                })
                .collect(),
            policies: case.policies.digest,
            config: case.config,
            authors: change
                .map(|change| change.authors.clone())
                .unwrap_or_default(),
            now,
            rules: ApprovalRules::default(),
            revoked: BTreeSet::new(),
            frozen: false,
        }
    }
}
