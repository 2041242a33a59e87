//! Why an approval does not count: one name each.

use jiff::Timestamp;

use super::RecordError;
use crate::text::Printable;

/// Why a record, or all records together, do not cover what is here. Each message starts with its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Void {
    /// Approvals are suspended.
    #[error("frozen: approvals are suspended: {0}")]
    Frozen(Printable),
    /// The clock is behind the base.
    #[error(
        "clock set back: the base was committed at {base}, and the clock here says {now}; set the clock."
    )]
    ClockSetBack {
        /// The time here.
        now: Timestamp,
        /// The time of the base.
        base: Timestamp,
    },
    /// There is no record.
    #[error("no approval: nobody approved this commit; review it with countersign.")]
    NoApproval,
    /// A line is not a record.
    #[error("malformed: {0}")]
    Malformed(#[from] RecordError),
    /// The record was taken back.
    #[error("revoked: this approval was taken back; review again.")]
    Revoked,
    /// An apply used it up.
    #[error(
        "spent: this approval was used for an apply at {at} by {by}; review again for another one."
    )]
    Spent {
        /// When.
        at: Timestamp,
        /// Who says so.
        by: Printable,
    },
    /// The state was written since.
    #[error(
        "state moved: {root} was approved on serial {approved} of the state, the plan here starts from serial {here}; review this plan."
    )]
    StateMoved {
        /// The name of the plan.
        root: Printable,
        /// The serial in the record.
        approved: String,
        /// The serial here.
        here: String,
    },
    /// The base asks that an approval be used up, and nobody said that it is.
    #[error(
        "single use: the base asks that an approval counts for one apply; run countersign verify --consume where it is applied."
    )]
    NotConsumed,
    /// Nobody signed it.
    #[error("unsigned: the record carries no signature, and the base says who must sign.")]
    Unsigned,
    /// A signature is wrong or cannot be checked.
    #[error("bad signature: {0}.")]
    BadSignature(String),
    /// The signature is good, and whoever made it may not approve.
    #[error("not authorised: {0}; the base decides who may approve.")]
    NotAuthorised(String),
    /// It is about another repository.
    #[error(
        "other repository: {approved} was reviewed, this is {here}; review here, or name it in [git] allowed_repos."
    )]
    OtherRepository {
        /// The recorded name.
        approved: Printable,
        /// The name here.
        here: Printable,
    },
    /// It was made later than now.
    #[error("from the future: the record was made at {0}; check the clocks of both machines.")]
    FromTheFuture(Timestamp),
    /// Its time is over.
    #[error("expired: the approval ended at {0}; review again.")]
    Expired(Timestamp),
    /// It is about another commit.
    #[error(
        "other commit: {approved} was approved, and {here} has other files; review this commit."
    )]
    OtherCommit {
        /// The recorded commit, shortened.
        approved: Printable,
        /// The commit here, shortened.
        here: Printable,
    },
    /// The change is counted from another place.
    #[error(
        "base moved: the approval is for a change on {approved}, the base is now {here}; review again."
    )]
    BaseMoved {
        /// The recorded base or merge base, shortened.
        approved: Printable,
        /// The one here, shortened.
        here: Printable,
    },
    /// The set of plans or their bytes differ.
    #[error("other plan: {root} {problem}; review this plan.")]
    OtherPlan {
        /// The name of the plan.
        root: Printable,
        /// What is wrong.
        problem: &'static str,
    },
    /// A plan would do something else.
    #[error("other effect: {root} would not do what was approved; review this plan.")]
    OtherEffect {
        /// The name of the plan.
        root: Printable,
    },
    /// The policies changed.
    #[error("other policies: the policies are not those of the approval; review again.")]
    OtherPolicies,
    /// The configuration changed.
    #[error("other configuration: the configuration is not that of the approval; review again.")]
    OtherConfig,
    /// The reviewer wrote part of the change.
    #[error("self-approval: {0} wrote part of this change; somebody else must approve it.")]
    SelfApproval(Printable),
    /// The key belongs to somebody who wrote part of the change.
    #[error(
        "self-approval: the key may also sign for {0}, who wrote part of this change; somebody else must approve it."
    )]
    KeyOfAuthor(Printable),
    /// Nobody can tell who wrote the change.
    #[error(
        "self-approval: who wrote this change is not known, so nobody can tell whether {0} did."
    )]
    AuthorsUnknown(Printable),
    /// Findings appeared since.
    #[error("new finding: {first}{} not in the approval; review again.", more(*.n))]
    NewFinding {
        /// How many.
        n: usize,
        /// The first of them.
        first: Printable,
    },
    /// A finding that blocks has no answer that permits it.
    #[error("not covered: {finding}: {why}; review again.")]
    NotCovered {
        /// The finding.
        finding: Printable,
        /// What is wrong with the answer.
        why: String,
    },
    /// Too few people of a group approved.
    #[error(
        "under quorum: {have} of {need} approvals by the group {group}, which {why}; ask one of {members}."
    )]
    GroupQuorum {
        /// The group.
        group: Printable,
        /// How many of its members approved.
        have: usize,
        /// How many must.
        need: usize,
        /// Why it must.
        why: String,
        /// Who belongs to it.
        members: Printable,
    },
    /// Nobody who owns a file approved.
    #[error(
        "code owners: {have} of {need} approvals for {path} by its owners {owners} ({place}); ask one of them."
    )]
    OwnerQuorum {
        /// The file.
        path: Printable,
        /// How many of its owners approved.
        have: usize,
        /// How many must.
        need: usize,
        /// Who owns it.
        owners: Printable,
        /// The line that says so.
        place: Printable,
    },
    /// An owner of a file is nobody that the configuration knows.
    #[error(
        "unknown owner: {place} names {owner}, and [approval.groups] on the base has no such group; add it there."
    )]
    UnknownOwner {
        /// The owner.
        owner: Printable,
        /// The line that says so.
        place: Printable,
    },
    /// Who must approve was set aside by somebody who may not, or too loosely.
    #[error("break-glass: {0}.")]
    BreakGlass(String),
    /// Too few people approved.
    #[error("under quorum: {have} of {need} approvals; ask another reviewer.")]
    UnderQuorum {
        /// How many different reviewers approved.
        have: usize,
        /// How many must.
        need: usize,
    },
}

fn more(n: usize) -> String {
    match n {
        0 | 1 => " is".to_owned(),
        n => format!(" and {} more are", n - 1),
    }
}

impl Void {
    /// The stable word for programs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Frozen(_) => "frozen",
            Self::ClockSetBack { .. } => "clock-set-back",
            Self::NoApproval => "no-approval",
            Self::Malformed(_) => "malformed",
            Self::Revoked => "revoked",
            Self::Spent { .. } => "spent",
            Self::StateMoved { .. } => "state-moved",
            Self::NotConsumed => "single-use",
            Self::Unsigned => "unsigned",
            Self::BadSignature(_) => "bad-signature",
            Self::NotAuthorised(_) => "not-authorised",
            Self::OtherRepository { .. } => "other-repository",
            Self::FromTheFuture(_) => "from-the-future",
            Self::Expired(_) => "expired",
            Self::OtherCommit { .. } => "other-commit",
            Self::BaseMoved { .. } => "base-moved",
            Self::OtherPlan { .. } => "other-plan",
            Self::OtherEffect { .. } => "other-effect",
            Self::OtherPolicies => "other-policies",
            Self::OtherConfig => "other-config",
            Self::SelfApproval(_) | Self::KeyOfAuthor(_) | Self::AuthorsUnknown(_) => {
                "self-approval"
            }
            Self::NewFinding { .. } => "new-finding",
            Self::NotCovered { .. } => "not-covered",
            Self::UnderQuorum { .. } | Self::GroupQuorum { .. } => "under-quorum",
            Self::OwnerQuorum { .. } => "code-owners",
            Self::UnknownOwner { .. } => "unknown-owner",
            Self::BreakGlass(_) => "break-glass",
        }
    }

    /// How far a check came before this reason; of several void records the one that came furthest is named.
    pub(super) fn progress(&self) -> u8 {
        match self {
            Self::Frozen(_) | Self::ClockSetBack { .. } | Self::NoApproval => 0,
            Self::Malformed(_) => 1,
            Self::Unsigned | Self::BadSignature(_) | Self::NotAuthorised(_) => 2,
            Self::OtherRepository { .. } | Self::OtherCommit { .. } => 3,
            Self::OtherPlan { .. } => 4,
            Self::OtherEffect { .. } | Self::StateMoved { .. } => 5,
            Self::BaseMoved { .. } => 6,
            Self::FromTheFuture(_) | Self::Expired(_) => 7,
            Self::OtherPolicies | Self::OtherConfig => 8,
            Self::SelfApproval(_)
            | Self::KeyOfAuthor(_)
            | Self::AuthorsUnknown(_)
            | Self::BreakGlass(_) => 9,
            Self::NewFinding { .. } | Self::NotCovered { .. } => 10,
            Self::Revoked | Self::Spent { .. } => 11,
            Self::UnderQuorum { .. }
            | Self::GroupQuorum { .. }
            | Self::OwnerQuorum { .. }
            | Self::UnknownOwner { .. }
            | Self::NotConsumed => 12,
        }
    }
}
