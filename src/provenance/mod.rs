//! Joins between what the plan, the git change and the source tell.
//!
//! Place in the flow: `load` hands in facts of layer 1; policies, reports and the record read the answers. Everything here is pure: no
//! repository, file or clock is read.
//!
//! [`proof`](Proof::of): does the binary plan hold this commit's files and this JSON's changes.

mod proof;

pub use proof::{
    CommitTree, Difference, Evidence, FileProblem, Gap, LockProblem, ModuleProblem, Opaque, Point,
    Proof, ProofVerdict,
};
