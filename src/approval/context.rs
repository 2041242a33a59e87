//! What is here now, with which records are compared.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use super::{CodeOwners, GroupRule, MAX_TTL_DAYS, Spending};
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
    /// Whether an approval counts for one apply. Then the state must also be where it was, as far as binary plans tell.
    pub single_use: bool,
}

impl Default for ApprovalRules {
    /// The rules of a repository without configuration and without a list of signers: unsigned records count.
    fn default() -> Self {
        Self {
            required: 1,
            prevent_self: true,
            ttl_days: MAX_TTL_DAYS,
            exact: false,
            accept_unsigned: true,
            single_use: false,
        }
    }
}

/// A signature of a record, as it is given to [`Signers`].
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The key that it names.
    pub keyid: &'a str,
    /// The signature.
    pub sig: &'a str,
    /// What was signed.
    pub message: &'a [u8],
    /// The address of the reviewer, in whose name it is made.
    pub address: &'a str,
    /// When the record says that it was made.
    pub created: Timestamp,
}

/// Who made a good signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Fingerprint of the key.
    pub key: String,
    /// Whether the trusted tree names the key for the reviewer's address.
    pub vouched: bool,
}

/// Why a signature does not count; each is a part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// It is not a signature of this record, or nobody here can tell.
    Bad(String),
    /// It is good, and the key may not sign in this name.
    NotAuthorised(String),
}

/// Checks signatures against those who may sign.
pub trait Signers: fmt::Debug {
    /// Checks one.
    ///
    /// # Errors
    /// With the reason why it does not count.
    fn check(&self, claim: &Claim<'_>) -> Result<Signer, Unproven>;

    /// Whether a key may sign in the name of an address.
    fn names(&self, key: &str, address: &str) -> bool;
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
    /// The state that it starts from, where the binary plan is here.
    pub state: Option<StateIdentity>,
}

/// A state as a binary plan names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateIdentity {
    /// Its lineage; none for a state that was never written.
    pub lineage: Option<Printable>,
    /// Its serial, which every write raises.
    pub serial: Option<u64>,
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
    /// Whether there is no plan to compare with, as on a server: then plans, effects and findings are taken as recorded.
    pub without_plan: bool,
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
    /// What applies used up; empty where nobody applies.
    pub spent: Vec<Spending>,
    /// Why approvals are suspended, if they are.
    pub frozen: Option<Printable>,
    /// Who checks signatures; without anybody a signed record does not count.
    pub signers: Option<&'a dyn Signers>,
    /// Who else must approve.
    pub groups: Vec<GroupRule>,
    /// Who owns which files, where owners must approve.
    pub owners: Option<&'a CodeOwners>,
    /// Addresses of those who may set aside who must approve; `*` stands for any characters.
    pub break_glass: Option<Vec<String>>,
    /// Names of this repository.
    pub repositories: BTreeSet<String>,
    /// Patterns of other names under which it may have been reviewed.
    pub allowed_repositories: Vec<String>,
    /// When the base was committed: it cannot be earlier now.
    pub not_before: Option<Timestamp>,
}

impl<'a> Context<'a> {
    /// Takes from a case what it tells; rules are the defaults, nothing is revoked or frozen, and nobody checks signatures.
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
                    state: plan.plan.binary.as_ref().map(|binary| StateIdentity {
                        lineage: binary
                            .lineage
                            .as_ref()
                            .map(|lineage| plan.plan.redactor.line(lineage)),
                        serial: binary.serial,
                    }),
                })
                .collect(),
            without_plan: false,
            policies: case.policies.digest,
            config: case.config,
            authors: change
                .map(|change| change.authors.clone())
                .unwrap_or_default(),
            now,
            rules: ApprovalRules::default(),
            revoked: BTreeSet::new(),
            spent: Vec::new(),
            frozen: None,
            signers: None,
            groups: Vec::new(),
            owners: None,
            break_glass: None,
            repositories: case.repository.iter().map(ToString::to_string).collect(),
            allowed_repositories: Vec::new(),
            not_before: None,
        }
    }
}
