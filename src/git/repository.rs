//! Opening a repository, and the plain questions: where it is, what a name means, who descends from whom.

use std::path::{Path, PathBuf};

use git2::{ErrorClass, ErrorCode, Oid, RepositoryOpenFlags};

use super::GitError;
use super::error::shell_word;

/// An open repository.
pub struct Repository {
    pub(super) inner: git2::Repository,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Repository")
            .field(&self.inner.path())
            .finish()
    }
}

impl Repository {
    /// Opens the repository that holds a directory; none when there is no repository.
    ///
    /// With `from_env`, git's own variables (`GIT_DIR`, `GIT_OBJECT_DIRECTORY`, `GIT_INDEX_FILE`, …) are
    /// honoured as git does. They describe the repository of the current directory, so they are left alone
    /// when `dir` is another one.
    ///
    /// # Errors
    /// A repository of another user, one in a format that cannot be read, and one that is damaged.
    pub fn open(dir: &Path, from_env: bool) -> Result<Option<Self>, GitError> {
        if from_env && is_current(dir) {
            match git2::Repository::open_from_env() {
                Ok(inner) => return Ok(Some(Self { inner })),
                Err(error) if error.code() != ErrorCode::NotFound => {
                    return Err(open_error(dir, error));
                }
                Err(error) => {
                    // Without GIT_DIR the same search is about to fail; with it, a repository was asked for.
                    if open_plain(dir).is_ok() {
                        return Err(broken(dir, error.message()));
                    }
                }
            }
        }
        match open_plain(dir) {
            Ok(inner) => Ok(Some(Self { inner })),
            Err(error) if error.code() == ErrorCode::NotFound => match marked_root(dir) {
                Some(root) => Err(broken(&root, error.message())),
                None => Ok(None),
            },
            Err(error) => Err(open_error(dir, error)),
        }
    }

    /// The root of the work tree; none in a bare repository.
    #[must_use]
    pub fn workdir(&self) -> Option<&Path> {
        self.inner.workdir()
    }

    /// The git directory, of the linked work tree where this is one.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// The git directory shared by all work trees.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        self.inner.commondir()
    }

    /// Tells whether the repository has no work tree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.inner.is_bare()
    }

    /// Tells whether the history ends at a fetch depth.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.inner.is_shallow()
    }

    /// The short name of the current branch, born or not; none when HEAD is detached.
    ///
    /// # Errors
    /// HEAD cannot be read.
    pub fn head_branch(&self) -> Result<Option<String>, GitError> {
        let head = self
            .inner
            .find_reference("HEAD")
            .map_err(|source| self.failed("reading HEAD", source))?;
        let target = head.symbolic_target_bytes().map(String::from_utf8_lossy);
        Ok(target.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned)))
    }

    /// The commit that a revision (branch, tag, `HEAD~2`, id) means; none when it means nothing.
    ///
    /// # Errors
    /// A short name that means different commits as a tag, a branch or a remote branch.
    pub fn commit_id(&self, name: &str) -> Result<Option<String>, GitError> {
        Ok(self.revision(name)?.map(|id| id.to_string()))
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// The commit is not here.
    pub fn tree_id(&self, commit: &str) -> Result<String, GitError> {
        Ok(self.commit(commit)?.tree_id().to_string())
    }

    /// Tells whether one commit is another or an ancestor of it.
    ///
    /// # Errors
    /// One of the commits is not here.
    pub fn is_ancestor(&self, ancestor: &str, commit: &str) -> Result<bool, GitError> {
        let (ancestor, commit) = (self.commit(ancestor)?.id(), self.commit(commit)?.id());
        Ok(ancestor == commit
            || self
                .inner
                .graph_descendant_of(commit, ancestor)
                .map_err(|source| self.failed("reading the history", source))?)
    }

    pub(super) fn revision(&self, name: &str) -> Result<Option<Oid>, GitError> {
        if name.contains('\0') {
            return Ok(None);
        }
        let candidates = self.candidates(name);
        if candidates
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.1 != b.1))
        {
            let candidates = candidates
                .into_iter()
                .map(|(reference, _)| reference)
                .collect();
            return Err(GitError::Ambiguous {
                name: name.to_owned(),
                candidates,
            });
        }
        let found = self
            .inner
            .revparse_single(name)
            .and_then(|object| object.peel_to_commit());
        match found {
            Ok(commit) => Ok(Some(commit.id())),
            Err(error) => match error.code() {
                ErrorCode::Ambiguous => Err(GitError::Ambiguous {
                    name: name.to_owned(),
                    candidates: vec!["short ids".to_owned()],
                }),
                ErrorCode::NotFound
                | ErrorCode::InvalidSpec
                | ErrorCode::Peel
                | ErrorCode::UnbornBranch => Ok(None),
                _ if matches!(error.class(), ErrorClass::Invalid | ErrorClass::Reference) => {
                    Ok(None)
                }
                _ => Err(self.failed(&format!("reading `{name}`"), error)),
            },
        }
    }

    /// The references a short name may mean, in git's order, with their commits.
    fn candidates(&self, name: &str) -> Vec<(String, Oid)> {
        ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"]
            .iter()
            .filter_map(|prefix| {
                let reference = format!("{prefix}{name}");
                self.reference_commit(&reference).map(|id| (reference, id))
            })
            .collect()
    }

    /// The commit a full reference name points at.
    pub(super) fn reference_commit(&self, reference: &str) -> Option<Oid> {
        if !git2::Reference::is_valid_name(reference) {
            return None;
        }
        let found = self
            .inner
            .find_reference(reference)
            .and_then(|found| found.peel_to_commit());
        found.ok().map(|commit| commit.id())
    }

    /// The commit with a full hexadecimal id.
    pub(super) fn commit(&self, id: &str) -> Result<git2::Commit<'_>, GitError> {
        let missing = || GitError::NoSuchCommit { id: id.to_owned() };
        let oid = self.full_id(id).ok_or_else(missing)?;
        self.inner
            .find_commit(oid)
            .map_err(|source| match source.code() {
                ErrorCode::NotFound | ErrorCode::Invalid => missing(),
                _ => self.failed(&format!("reading commit {id}"), source),
            })
    }

    pub(super) fn full_id(&self, id: &str) -> Option<Oid> {
        let format = self.inner.object_format();
        let length = match format {
            git2::ObjectFormat::Sha1 => 40,
            git2::ObjectFormat::Sha256 => 64,
        };
        if id.len() != length {
            return None;
        }
        Oid::from_str_ext(id, format).ok()
    }

    /// Names an error of libgit2; objects that are absent get the command that brings them.
    pub(super) fn failed(&self, doing: &str, source: git2::Error) -> GitError {
        let doing = doing.to_owned();
        if source.class() != ErrorClass::Odb || source.code() != ErrorCode::NotFound {
            return GitError::Git { doing, source };
        }
        let remedy = if self.is_shallow() {
            "git fetch --unshallow"
        } else if self.is_partial() {
            "git fetch --refetch --no-filter"
        } else {
            "git fsck"
        };
        GitError::MissingObject {
            doing,
            remedy: remedy.to_owned(),
            source,
        }
    }

    /// Tells whether the clone left objects out (`git clone --filter`).
    fn is_partial(&self) -> bool {
        let Ok(config) = self.inner.config() else {
            return false;
        };
        let Ok(mut entries) =
            config.entries(Some(r"^(remote\..*\.promisor|extensions\.partialclone)$"))
        else {
            return false;
        };
        matches!(entries.next(), Some(Ok(_)))
    }
}

fn open_plain(dir: &Path) -> Result<git2::Repository, git2::Error> {
    git2::Repository::open_ext(
        dir,
        RepositoryOpenFlags::empty(),
        std::iter::empty::<&std::ffi::OsStr>(),
    )
}

fn is_current(dir: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    canonical(dir).is_some_and(|dir| canonical(Path::new(".")) == Some(dir))
}

/// The nearest directory that says it is the root of a work tree.
fn marked_root(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    dir.ancestors()
        .find(|dir| dir.join(".git").symlink_metadata().is_ok())
        .map(Path::to_path_buf)
}

fn broken(path: &Path, reason: &str) -> GitError {
    GitError::Broken {
        path: path.to_string_lossy().into_owned(),
        reason: reason.to_owned(),
    }
}

fn open_error(dir: &Path, source: git2::Error) -> GitError {
    let root = marked_root(dir)
        .or_else(|| dir.canonicalize().ok())
        .unwrap_or_else(|| dir.to_path_buf());
    let path = root.to_string_lossy().into_owned();
    if source.code() == ErrorCode::Owner {
        let remedy = format!(
            "git config --global --add safe.directory {}",
            shell_word(&path)
        );
        return GitError::Owner { path, remedy };
    }
    let message = source.message();
    let again = format!("git clone {} DIRECTORY", shell_word(&path));
    let unsupported = |what: String, remedy: &str| GitError::UnsupportedFormat {
        path: path.clone(),
        what,
        remedy: remedy.to_owned(),
    };
    if let Some(extension) = message.strip_prefix("unsupported extension name extensions.") {
        return match extension {
            "refstorage" => unsupported(
                "its references are stored as a reftable".to_owned(),
                "git refs migrate --ref-format=files",
            ),
            "partialclone" => unsupported(
                "it is a partial clone in the old form (`extensions.partialClone`)".to_owned(),
                "git config remote.origin.promisor true && git config --unset extensions.partialClone",
            ),
            other => unsupported(format!("it uses the extension `{other}`"), &again),
        };
    }
    if message.starts_with("unsupported repository version")
        || message.starts_with("unknown object format")
    {
        return unsupported(message.to_owned(), &again);
    }
    GitError::Git {
        doing: format!("opening the repository at {path}"),
        source,
    }
}

#[cfg(test)]
mod tests;
