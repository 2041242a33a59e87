//! The draft behind a review: opened when the case is loaded, written to by the reviewer's effects.

use crate::decision::{Entry, Journal};
use crate::review::{ReviewCase, UnderReview};
use crate::store::{DraftFile, DraftKey, Drafts, StoreError};

/// An open draft.
pub(super) struct Draft {
    file: DraftFile,
}

/// The key of a case: repository, plans, branch, reviewer; not the plan's digest, so that answers carry over to a new plan.
fn key(case: &ReviewCase, directory: &std::path::Path) -> DraftKey {
    let roots: Vec<&str> = case.plans.iter().map(|plan| plan.root.as_str()).collect();
    DraftKey {
        repository: case
            .repository
            .as_ref()
            .map_or_else(|| directory.display().to_string(), ToString::to_string),
        root: roots.join("\n"),
        head: match &case.under_review {
            UnderReview::Commits(change) => change.branch.clone().or_else(|| change.head.clone()),
            UnderReview::NoChange { head, .. } => Some(head.clone()),
            UnderReview::DiffFile(_) | UnderReview::NoRepository => None,
        },
        reviewer: case.reviewer.as_ref().map(|who| who.email.clone()),
    }
}

impl Draft {
    /// Opens the draft of a case and reads what was answered before; drafts older than 14 days go, and their number is given.
    pub(super) fn open(
        case: &ReviewCase,
        directory: &std::path::Path,
        state: Option<&std::path::Path>,
        now: jiff::Timestamp,
    ) -> Result<(Self, Journal, usize), String> {
        let Some(state) = state else {
            return Err(
                "there is no home directory in which a draft could be kept; set HOME.".to_owned(),
            );
        };
        let failed = |error: StoreError| error.to_string();
        let drafts = Drafts::open(state).map_err(failed)?;
        let purged = drafts.purge(14, now).map_err(failed)?;
        let mut file = drafts.draft(&key(case, directory)).map_err(failed)?;
        let journal = file.load().map_err(failed)?;
        Ok((Self { file }, journal, purged))
    }

    /// Writes one entry; it counts once this has returned.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.file.append(entry)
    }
}
