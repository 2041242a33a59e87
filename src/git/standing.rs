//! Where the head stands beside the base, and which repository this is.

use git2::Oid;

use super::base::{BaseSource, ChangeRequest};
use super::ci::{Target, ci_target};
use super::{GitError, Repository};
use crate::change::Standing;

impl Repository {
    /// Looks at the repository from the commit under review; the base is the one that [`Repository::resolve`] takes.
    ///
    /// # Errors
    /// As [`Repository::resolve`].
    pub fn standing(&self, request: &ChangeRequest) -> Result<Standing, GitError> {
        let (head, branch) = self.head_of(request.head.as_deref())?;
        let identity = self.repository_identity(&head.to_string())?;
        let mut standing = Standing {
            head: head.to_string(),
            head_time: self.committed(head)?,
            branch,
            origin: identity.origin,
            roots: identity.roots,
            shallow: self.is_shallow(),
            ..Standing::default()
        };
        let Some((base, source)) = self.base_of(request, standing.branch.as_deref(), head)? else {
            return Ok(standing);
        };
        let merge_base = self.merge_base_of(base, head)?;
        let (ahead, behind) = self
            .inner
            .graph_ahead_behind(head, base)
            .map_err(|source| self.failed("counting the commits between head and base", source))?;
        standing.base = Some(base.to_string());
        standing.base_time = self.committed(base)?;
        standing.merge_base = Some(merge_base.to_string());
        standing.merge_base_time = self.committed(merge_base)?;
        standing.ahead = Some(ahead);
        standing.behind = Some(behind);
        standing.target = self.target_of(request, &source, base)?;
        Ok(standing)
    }

    /// The branch that a base is the tip of, by its full name; none for a plain commit.
    fn target_of(
        &self,
        request: &ChangeRequest,
        source: &BaseSource,
        base: Oid,
    ) -> Result<Option<String>, GitError> {
        let reference = match source {
            BaseSource::Option => {
                let name = request.base.as_deref().unwrap_or_default();
                // `HEAD` is where the work tree happens to be, which is no target.
                let found = self.inner.resolve_reference_from_short_name(name);
                match found.ok().filter(|_| name != "HEAD") {
                    Some(found) => found
                        .resolve()
                        .ok()
                        .and_then(|found| found.name().ok().map(str::to_owned)),
                    None => None,
                }
            }
            BaseSource::Ci { .. } => match ci_target(&request.ci) {
                Some((_, Target::Branch(branch))) => Some(format!("refs/heads/{branch}")),
                _ => None,
            },
            BaseSource::RemoteHead { reference } => self
                .inner
                .find_reference(reference)
                .and_then(|found| found.resolve())
                .ok()
                .and_then(|found| found.name().ok().map(str::to_owned)),
            BaseSource::LocalBranch { branch } => Some(format!("refs/heads/{branch}")),
        };
        let tip = |reference: &String| self.reference_commit(reference) == Some(base);
        let is_ci = matches!(source, BaseSource::Ci { .. });
        // A CI's target may be known only as the branch of a remote; everything else must be what was taken as base.
        let Some(reference) = reference.filter(|reference| is_ci || tip(reference)) else {
            return Ok(None);
        };
        let tracked = self.remotes()?.into_iter().find_map(|remote| {
            reference
                .strip_prefix(&format!("refs/remotes/{remote}/"))
                .map(|branch| format!("refs/heads/{branch}"))
        });
        Ok(Some(tracked.unwrap_or(reference)))
    }

    /// When a commit was made, as its committer's clock said; none for a time that no calendar has.
    fn committed(&self, id: Oid) -> Result<Option<String>, GitError> {
        let commit = self
            .inner
            .find_commit(id)
            .map_err(|source| self.failed("reading a commit", source))?;
        let seconds = commit.time().seconds();
        Ok(jiff::Timestamp::from_second(seconds)
            .ok()
            .map(|time| time.to_string()))
    }
}

#[cfg(test)]
mod tests;
