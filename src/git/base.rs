//! What is under review: which head, which base, and what lies between them.
//!
//! The base is, in this order: the option; the CI's own variable for the target branch; the default branch
//! of the remote; a local `main` or `master` that is not the branch under review. It is never the branch's
//! own upstream, which is the author's push. What is asked for by the first two and cannot be found is an
//! error, never passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use git2::{ErrorClass, ErrorCode, Oid};

use super::ci::{Target, ci_target};
use super::error::shell_word;
use super::{GitError, Repository};
use crate::change::Change;

/// What the caller was asked to review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeRequest {
    /// `--base`.
    pub base: Option<String>,
    /// `--head`; HEAD when absent.
    pub head: Option<String>,
    /// The environment, for the variables in which a CI names the target branch.
    pub ci: BTreeMap<String, String>,
}

/// What there is to review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnderReview {
    /// A change, and where its base came from.
    Change(Change, BaseSource),
    /// No change: the plan is of the head alone.
    NoChange {
        /// The head commit.
        head: String,
        /// Why there is none.
        reason: NoChangeReason,
        /// Tracked files that decide the plan and differ from head in the work tree, sorted.
        dirty: Vec<String>,
    },
}

/// Why there is no change under review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoChangeReason {
    /// No base was asked for and none was found.
    NoBase,
    /// The base already holds the head.
    HeadInBase {
        /// The base commit.
        base: String,
    },
}

/// Where the base came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseSource {
    /// `--base`.
    Option,
    /// A variable of the CI.
    Ci {
        /// The variable's name.
        variable: String,
    },
    /// The default branch of a remote.
    RemoteHead {
        /// The symbolic reference, such as `refs/remotes/origin/HEAD`.
        reference: String,
    },
    /// A local `main` or `master`.
    LocalBranch {
        /// The branch.
        branch: String,
    },
}

impl fmt::Display for BaseSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => write!(formatter, "from --base"),
            Self::Ci { variable } => write!(formatter, "from {variable}"),
            Self::RemoteHead { reference } => write!(formatter, "from {reference}"),
            Self::LocalBranch { branch } => write!(formatter, "the local branch {branch}"),
        }
    }
}

impl Repository {
    /// Finds out what is under review and reads it.
    ///
    /// # Errors
    /// The head or a base that was asked for is missing or ambiguous, the history between them is not here
    /// (shallow or partial clone, unrelated histories), or the change exceeds the bounds of
    /// [`change`](crate::change).
    pub fn resolve(&self, request: &ChangeRequest) -> Result<UnderReview, GitError> {
        let (head, branch) = self.head_of(request.head.as_deref())?;
        let Some((base, source)) = self.base_of(request, branch.as_deref(), head)? else {
            return self.no_change(head, NoChangeReason::NoBase);
        };
        let merge_base = self.merge_base_of(base, head)?;
        if merge_base == head {
            return self.no_change(
                head,
                NoChangeReason::HeadInBase {
                    base: base.to_string(),
                },
            );
        }
        let change = Change {
            base: Some(base.to_string()),
            head: Some(head.to_string()),
            merge_base: Some(merge_base.to_string()),
            branch,
            authors: self.authors(merge_base, head)?,
            files: self.files_between(merge_base, head)?,
            dirty: self.dirty(head)?,
        };
        Ok(UnderReview::Change(change, source))
    }

    /// The tip of the branch that changes go to, as far as it is known here: the remote's default branch, else a local `main` or `master`.
    #[must_use]
    pub fn target_tip(&self) -> Option<String> {
        let head = self.inner.head().ok()?.peel_to_commit().ok()?.id();
        let remote = self.remote_default(head).ok().flatten().map(|(id, _)| id);
        let local = || {
            ["main", "master"]
                .into_iter()
                .find_map(|name| self.reference_commit(&format!("refs/heads/{name}")))
        };
        remote.or_else(local).map(|id| id.to_string())
    }

    /// When a commit was made, in seconds since 1970.
    ///
    /// # Errors
    /// The commit is not here.
    pub fn commit_time(&self, id: &str) -> Result<i64, GitError> {
        Ok(self.commit(id)?.time().seconds())
    }

    /// The merge base of two commits.
    ///
    /// # Errors
    /// A commit is not here, or the two have no common history here.
    pub fn merge_base(&self, base: &str, head: &str) -> Result<String, GitError> {
        let (base, head) = (self.commit(base)?.id(), self.commit(head)?.id());
        Ok(self.merge_base_of(base, head)?.to_string())
    }

    /// The commits between merge base and head at which a shallow clone ends, sorted.
    ///
    /// Where there are any, the authors of earlier commits of the change are not known.
    ///
    /// # Errors
    /// A commit is not here.
    pub fn unseen_history(&self, merge_base: &str, head: &str) -> Result<Vec<String>, GitError> {
        let ends = self.shallow_ends();
        let between = self.between(self.commit(merge_base)?.id(), self.commit(head)?.id())?;
        let mut cut: Vec<String> = between
            .iter()
            .map(Oid::to_string)
            .filter(|id| ends.contains(id))
            .collect();
        cut.sort();
        Ok(cut)
    }

    /// The commits whose parents a shallow clone leaves out.
    pub(super) fn shallow_ends(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(self.common_dir().join("shallow")).unwrap_or_default();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    fn no_change(&self, head: Oid, reason: NoChangeReason) -> Result<UnderReview, GitError> {
        Ok(UnderReview::NoChange {
            head: head.to_string(),
            reason,
            dirty: self.dirty(head)?,
        })
    }

    pub(super) fn head_of(&self, asked: Option<&str>) -> Result<(Oid, Option<String>), GitError> {
        let name = asked.unwrap_or("HEAD");
        if let Some(id) = self.revision(name)? {
            let branch = if name == "HEAD" {
                self.head_branch()?
            } else {
                let short = name.strip_prefix("refs/heads/").unwrap_or(name);
                let is_branch = self.reference_commit(&format!("refs/heads/{short}")) == Some(id);
                is_branch.then(|| short.to_owned())
            };
            return Ok((id, branch));
        }
        if name != "HEAD" {
            return Err(GitError::HeadNotFound {
                name: name.to_owned(),
            });
        }
        match self.inner.head() {
            Err(error) if error.code() == ErrorCode::UnbornBranch => Err(GitError::UnbornHead {
                branch: self.head_branch()?.unwrap_or_else(|| "HEAD".to_owned()),
            }),
            Err(error) => Err(self.failed("reading HEAD", error)),
            Ok(_) => Err(GitError::HeadNotFound {
                name: name.to_owned(),
            }),
        }
    }

    pub(super) fn base_of(
        &self,
        request: &ChangeRequest,
        branch: Option<&str>,
        head: Oid,
    ) -> Result<Option<(Oid, BaseSource)>, GitError> {
        if let Some(name) = &request.base {
            let found = self.revision(name)?;
            let id = found.ok_or_else(|| self.base_missing(name, BaseSource::Option, head))?;
            return Ok(Some((id, BaseSource::Option)));
        }
        if let Some((variable, target)) = ci_target(&request.ci) {
            let source = BaseSource::Ci {
                variable: variable.to_owned(),
            };
            let (name, found) = match target {
                Target::Branch(name) => (name, self.target_branch(name)?),
                Target::Commit(id) => {
                    let found = self
                        .full_id(id)
                        .and_then(|id| self.inner.find_commit(id).ok());
                    (id, found.map(|commit| commit.id()))
                }
            };
            let id = found.ok_or_else(|| self.base_missing(name, source.clone(), head))?;
            return Ok(Some((id, source)));
        }
        if let Some(found) = self.remote_default(head)? {
            return Ok(Some(found));
        }
        let local = ["main", "master"]
            .into_iter()
            .filter(|name| branch != Some(*name))
            .find_map(|name| {
                let id = self.reference_commit(&format!("refs/heads/{name}"))?;
                Some((
                    id,
                    BaseSource::LocalBranch {
                        branch: name.to_owned(),
                    },
                ))
            });
        Ok(local)
    }

    /// The commit of a target branch: of `origin` or the one remote that has it, else the local branch.
    fn target_branch(&self, name: &str) -> Result<Option<Oid>, GitError> {
        let mut found: Vec<(String, Oid)> = Vec::new();
        for remote in self.remotes()? {
            let reference = format!("refs/remotes/{remote}/{name}");
            if let Some(id) = self.reference_commit(&reference) {
                if remote == "origin" {
                    return Ok(Some(id));
                }
                found.push((reference, id));
            }
        }
        match only(name, found)? {
            Some((_, id)) => Ok(Some(id)),
            None => Ok(self.reference_commit(&format!("refs/heads/{name}"))),
        }
    }

    /// The default branch of `origin`, else that of the other remotes.
    fn remote_default(&self, head: Oid) -> Result<Option<(Oid, BaseSource)>, GitError> {
        let mut found: Vec<(String, Oid)> = Vec::new();
        for remote in self.remotes()? {
            let reference = format!("refs/remotes/{remote}/HEAD");
            if self.inner.find_reference(&reference).is_err() {
                continue;
            }
            let source = BaseSource::RemoteHead {
                reference: reference.clone(),
            };
            let id = self
                .reference_commit(&reference)
                .ok_or_else(|| self.base_missing(&reference, source.clone(), head))?;
            if remote == "origin" {
                return Ok(Some((id, source)));
            }
            found.push((reference, id));
        }
        let found = only("the remote's default branch", found)?;
        Ok(found.map(|(reference, id)| (id, BaseSource::RemoteHead { reference })))
    }

    /// The names of the remotes, `origin` first and the others sorted.
    pub(super) fn remotes(&self) -> Result<Vec<String>, GitError> {
        let names = self
            .inner
            .remotes()
            .map_err(|source| self.failed("reading the remotes", source))?;
        let mut names: Vec<String> = names
            .iter_bytes()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        names.sort_by(|a, b| (a != "origin", a).cmp(&(b != "origin", b)));
        Ok(names)
    }

    fn base_missing(&self, name: &str, asked: BaseSource, head: Oid) -> GitError {
        let remote = self
            .remotes()
            .ok()
            .and_then(|names| names.into_iter().next());
        let remote = remote.unwrap_or_else(|| "origin".to_owned());
        let depth = if self.is_shallow() {
            " --unshallow"
        } else {
            ""
        };
        let is_id =
            matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id && self.is_shallow() {
            let remedy = "git fetch --unshallow".to_owned();
            return GitError::Shallow {
                base: name.to_owned(),
                head: head.to_string(),
                remedy,
            };
        }
        let tracked = format!("refs/remotes/{remote}/{name}");
        let remedy = if matches!(asked, BaseSource::RemoteHead { .. }) {
            let remote = name
                .strip_prefix("refs/remotes/")
                .and_then(|name| name.strip_suffix("/HEAD"));
            format!(
                "git remote set-head {} --auto",
                shell_word(remote.unwrap_or("origin"))
            )
        } else if asked == BaseSource::Option && self.reference_commit(&tracked).is_some() {
            format!(
                "countersign --base {}",
                shell_word(&format!("{remote}/{name}"))
            )
        } else if is_id {
            format!("git fetch {} {name}", shell_word(&remote))
        } else if !git2::Reference::is_valid_name(&format!("refs/heads/{name}")) {
            // No remote has a branch of such a name: an expression like HEAD~50, or nonsense.
            let shallow = self.is_shallow();
            (if shallow {
                "git fetch --unshallow"
            } else {
                "git branch --all"
            })
            .to_owned()
        } else {
            let branch = name.strip_prefix(&format!("{remote}/")).unwrap_or(name);
            let refspec = format!("+refs/heads/{branch}:refs/remotes/{remote}/{branch}");
            format!(
                "git fetch{depth} {} {}",
                shell_word(&remote),
                shell_word(&refspec)
            )
        };
        GitError::BaseNotFound {
            name: name.to_owned(),
            asked,
            remedy,
        }
    }

    pub(super) fn merge_base_of(&self, base: Oid, head: Oid) -> Result<Oid, GitError> {
        self.inner.merge_base(base, head).map_err(|source| {
            let (base, head) = (base.to_string(), head.to_string());
            match (source.code(), source.class()) {
                (ErrorCode::NotFound, _) if self.is_shallow() => GitError::Shallow {
                    base,
                    head,
                    remedy: "git fetch --unshallow".to_owned(),
                },
                (ErrorCode::NotFound, ErrorClass::Odb) => {
                    self.failed("looking for the merge base", source)
                }
                (ErrorCode::NotFound, _) => GitError::NoMergeBase { base, head },
                _ => self.failed("looking for the merge base", source),
            }
        })
    }
}

/// The one reference, unless several point to different commits.
fn only(name: &str, found: Vec<(String, Oid)>) -> Result<Option<(String, Oid)>, GitError> {
    if found
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.1 != b.1))
    {
        let candidates = found.into_iter().map(|(reference, _)| reference).collect();
        return Err(GitError::Ambiguous {
            name: name.to_owned(),
            candidates,
        });
    }
    Ok(found.into_iter().next())
}

#[cfg(test)]
mod tests;
