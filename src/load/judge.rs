//! One plan after the other: joined with the change and its source, judged by the policies, and let go of.
//!
//! A plan takes many times its size while it is judged, so that is done one after the other; each has all threads, while the next ones are
//! read ([`super::ahead`]).

use std::collections::BTreeMap;
use std::path::Path;

use super::assemble::{Evaluated, Evaluation};
use super::before::Before;
use super::source::{self, Found, SourceTree};
use super::{LoadError, Progress, Request, explain, proof};
use crate::git::Repository;
use crate::provenance::{CommitTree, VariableFile};
use crate::review::{CasePlan, UnderReview};

/// Judges all plans, in their order.
pub(super) fn each(
    plans: impl Iterator<Item = Result<CasePlan, LoadError>>,
    under_review: &UnderReview,
    mut joining: Joining<'_>,
    mut evaluation: Evaluation<'_>,
    progress: &Progress<'_>,
) -> Result<(Vec<CasePlan>, Vec<Found>, Evaluated), LoadError> {
    let (mut judged, mut all) = (Vec::new(), Vec::new());
    for plan in plans {
        let mut plan = plan?;
        let found = joining.join(under_review, &mut plan)?;
        evaluation.plan(judged.len(), &plan, &found, progress);
        if !joining.request.keep_values {
            plan.plan.let_go();
        }
        judged.push(plan);
        all.push(found);
    }
    Ok((judged, all, evaluation.finish()))
}

/// What plans are joined with: the change, the source, their binary plan files.
pub(super) struct Joining<'a> {
    pub(super) request: &'a Request,
    pub(super) repository: Option<&'a Repository>,
    pub(super) tree: Option<&'a SourceTree>,
    pub(super) before: Option<&'a Before>,
    pub(super) root: &'a Path,
    /// What the commit holds, once it was read.
    pub(super) commit: Option<CommitTree>,
    /// Variable files by root module.
    pub(super) variables: BTreeMap<String, Vec<VariableFile>>,
}

impl Joining<'_> {
    /// Indexes the source for a plan and joins the plan with the change and with its binary plan file.
    fn join(
        &mut self,
        under_review: &UnderReview,
        plan: &mut CasePlan,
    ) -> Result<source::Found, LoadError> {
        let mut found = source::source(plan, self.tree, self.root, self.request, self.before);
        proof::prove(
            plan,
            self.request,
            (self.repository, under_review.head(), self.tree),
            &found,
            &mut self.commit,
        )?;
        explain::join(
            self.repository,
            under_review.change(),
            plan,
            &mut found,
            &mut self.variables,
        )?;
        Ok(found)
    }
}
