//! Joins between what the plan, the git change and the source tell.
//!
//! Place in the flow: `load` hands in facts of layer 1; policies, reports and the record read the answers. Everything here is pure: no
//! repository, file or clock is read.
//!
//! [`explain`]: which part of the git change explains which change of the plan, and what of it plans nothing.
//! [`proof`](Proof::of): does the binary plan hold this commit's files and this JSON's changes.

mod explain;
mod proof;

pub use explain::{
    Change as ExplainedChange, Explanation, Output as ExplainedOutput, Reason, Sides, Unplanned,
    VariableFile, Verdict, explain,
};
pub use proof::{
    CommitTree, ConfigurationProblem, Difference, Evidence, FileProblem, Gap, LockProblem,
    ModuleProblem, Opaque, Point, Proof, ProofVerdict,
};
