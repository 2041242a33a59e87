//! Everything that is under review, and the one function that decides.
//!
//! Place in the flow: `load` assembles a [`ReviewCase`], which never changes afterwards; the terminal reviewer appends to a journal;
//! [`verdict`] reads both. Renderers, the terminal and the exit status all read the [`Verdict`] and decide nothing themselves.
//!
//! Invariants: no clock, no environment, no input and output here; anything unknown blocks.

mod approvable;
mod baseline;
mod exit;
mod verdict;

pub use approvable::approval_blockers;
pub use baseline::{Baseline, Compared, Earlier, can_cover, roots as baseline_roots};
pub use exit::Exit;
pub use verdict::{
    DecisionCounts, FindingState, Ground, Status, Verdict, blocks, conclude, count, verdict,
};

use crate::change::Change;
use crate::decision::{Identity, Waiver};
use crate::digest::{Digest, Sink};
use crate::finding::Finding;
use crate::plan::{Counts, Plan, ResourceChange};
use crate::policy::{PolicyProblem, PolicySummary};
use crate::provenance::Proof;
use crate::source::Sources;
use crate::text::{Printable, Redactor};

/// One plan of the case.
#[derive(Clone, Debug)]
pub struct CasePlan {
    /// Path as it was given; `-` for standard input.
    pub path: Printable,
    /// Name that stays the same between runs: the path in the repository, or the file's name.
    pub root: String,
    /// The plan.
    pub plan: Plan,
    /// What the binary plan proves, where there is one.
    pub proof: Option<Proof>,
}

/// What the plans are compared with.
#[derive(Clone, Debug)]
pub enum UnderReview {
    /// A git change between two commits.
    Commits(Box<Change>),
    /// A unified diff in place of a repository.
    DiffFile(Box<Change>),
    /// A repository without a change: head is in base, or there is no base.
    NoChange {
        /// The commit at hand.
        head: String,
        /// Why there is no change, as a sentence.
        reason: Printable,
        /// The base that already holds the head, where there is one.
        base: Option<String>,
        /// Terraform files that differ from head in the work tree.
        dirty: Vec<String>,
    },
    /// No repository at all.
    NoRepository,
}

impl UnderReview {
    /// The change, where there is one.
    #[must_use]
    pub fn change(&self) -> Option<&Change> {
        match self {
            Self::Commits(change) | Self::DiffFile(change) => Some(change),
            Self::NoChange { .. } | Self::NoRepository => None,
        }
    }

    /// The commit under review, where there is one.
    #[must_use]
    pub fn head(&self) -> Option<&str> {
        match self {
            Self::Commits(change) => change.head.as_deref(),
            Self::NoChange { head, .. } => Some(head),
            Self::DiffFile(_) | Self::NoRepository => None,
        }
    }

    /// Terraform files that differ from head in the work tree.
    #[must_use]
    pub fn dirty(&self) -> &[String] {
        match self {
            Self::Commits(change) | Self::DiffFile(change) => &change.dirty,
            Self::NoChange { dirty, .. } => dirty,
            Self::NoRepository => &[],
        }
    }
}

/// How findings count, from the configuration and the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Warnings block too.
    pub fail_on_warn: bool,
    /// Findings whose truth is unknown block.
    pub unknown_blocks: bool,
    /// Policies that could not be evaluated block.
    pub not_evaluated_blocks: bool,
    /// Approving needs every change to have been on the screen, not only the destructive ones.
    pub review_every_change: bool,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            fail_on_warn: false,
            unknown_blocks: true,
            not_evaluated_blocks: true,
            review_every_change: false,
        }
    }
}

/// The immutable facts of one review.
#[derive(Clone, Debug)]
pub struct ReviewCase {
    /// Plans in the order given.
    pub plans: Vec<CasePlan>,
    /// What they are compared with.
    pub under_review: UnderReview,
    /// Tree of the commit under review.
    pub tree: Option<String>,
    /// Name of the repository for records: its address without credentials, or its root commit.
    pub repository: Option<Printable>,
    /// The configuration's source, for each plan.
    pub sources: Vec<Option<Sources>>,
    /// The policies of this run.
    pub policies: PolicySummary,
    /// Problems that make the policies' answer worthless: status 5.
    pub problems: Vec<PolicyProblem>,
    /// What policies found, in the one order.
    pub findings: Vec<Finding>,
    /// Policies that do not apply here, with the reason.
    pub not_applicable: Vec<(Printable, Printable)>,
    /// What was not looked at although a policy would use it.
    pub not_looked_at: Vec<Printable>,
    /// The earlier run to compare with, where one was given.
    pub baseline: Option<Baseline>,
    /// Waivers of the trusted tree.
    pub waivers: Vec<Waiver>,
    /// Digest of the configuration that was used.
    pub config: Digest,
    /// How findings count.
    pub gate: Gate,
    /// Warnings for the reader, such as a dirty work tree.
    pub notices: Vec<Printable>,
    /// Who reviews, where git knows.
    pub reviewer: Option<Identity>,
    /// The redactor over all plans.
    pub redactor: Redactor,
}

impl ReviewCase {
    /// The resource change that a finding is about.
    #[must_use]
    pub fn change_of(&self, finding: &Finding) -> Option<&ResourceChange> {
        self.plans
            .get(finding.plan_index)?
            .plan
            .changes
            .get(finding.change_index?)
    }

    /// The source of a plan, where there is one.
    #[must_use]
    pub fn source_of(&self, plan: usize) -> Option<&Sources> {
        self.sources.get(plan)?.as_ref()
    }

    /// Names a resource change for the record of what was displayed.
    #[must_use]
    pub fn display_mark(&self, plan: usize, change: usize) -> Option<Digest> {
        let CasePlan { plan, root, .. } = self.plans.get(plan)?;
        let label = plan.changes.get(change)?.label();
        // The same address may stand twice in a plan, and the same plan may be that of two roots.
        let mut sink = Sink::new("countersign displayed v2");
        sink.digest(&plan.digest);
        sink.text(root);
        sink.field(&(change as u64).to_be_bytes());
        sink.text(&label);
        Some(sink.finish())
    }

    /// One digest over the bytes of all plans: the plan itself where there is one.
    #[must_use]
    pub fn plan_digest(&self) -> Digest {
        match self.plans.as_slice() {
            [one] => one.plan.digest,
            many => {
                let mut sink = Sink::new("countersign plans v1");
                for plan in many {
                    sink.text(&plan.root);
                    sink.digest(&plan.plan.digest);
                }
                sink.finish()
            }
        }
    }

    /// Numbers of changes over all plans.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut total = Counts::default();
        for plan in &self.plans {
            total.add(&plan.plan.counts());
        }
        total
    }

    /// Whether planning failed for one of the plans.
    #[must_use]
    pub fn errored(&self) -> bool {
        self.plans.iter().any(|plan| plan.plan.errored)
    }
}

#[cfg(test)]
pub(crate) mod tests;
