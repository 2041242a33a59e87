//! Everything that can go wrong with a repository, each with the command that helps.

use std::path::PathBuf;

use super::base::BaseSource;

/// Why a repository cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// The repository belongs to another user.
    #[error("the repository at `{path}` belongs to another user. If you trust it, run `{remedy}`.")]
    Owner {
        /// The directory that git would have to trust.
        path: String,
        /// Git's own remedy.
        remedy: String,
    },
    /// The repository uses a format that cannot be read.
    #[error("the repository at `{path}` cannot be read: {what}. Run `{remedy}`.")]
    UnsupportedFormat {
        /// Where the repository is.
        path: String,
        /// The format, in words.
        what: String,
        /// What to run.
        remedy: String,
    },
    /// Something looks like a repository and is none.
    #[error(
        "`{path}` looks like a git repository but cannot be opened: {reason}. Run `git status` there."
    )]
    Broken {
        /// Where it is.
        path: String,
        /// Why it cannot be opened.
        reason: String,
    },
    /// The head has no commit yet.
    #[error(
        "the branch `{branch}` has no commit yet, so there is nothing to review. Commit first."
    )]
    UnbornHead {
        /// The branch that HEAD names.
        branch: String,
    },
    /// The base does not exist here.
    #[error("the base `{name}` ({asked}) does not exist in this repository. Run `{remedy}`.")]
    BaseNotFound {
        /// The base as given.
        name: String,
        /// Who asked for it.
        asked: BaseSource,
        /// What to run.
        remedy: String,
    },
    /// The head does not exist here.
    #[error(
        "the head `{name}` does not exist in this repository. Give a branch, a tag or a commit with `--head`."
    )]
    HeadNotFound {
        /// The head as given.
        name: String,
    },
    /// A name means several commits.
    #[error("`{name}` means more than one commit ({}). Give one of these names in full.", candidates.join(", "))]
    Ambiguous {
        /// The name as given.
        name: String,
        /// The references it may mean.
        candidates: Vec<String>,
    },
    /// The clone is shallow and ends before the merge base.
    #[error(
        "this clone is shallow and does not reach the merge base of {base} and {head}. Run `{remedy}` (in CI: `fetch-depth: 0` or `GIT_DEPTH: 0`)."
    )]
    Shallow {
        /// The base, as a commit or as it was given.
        base: String,
        /// The head commit.
        head: String,
        /// What to run.
        remedy: String,
    },
    /// The two commits have no common history.
    #[error(
        "{base} and {head} have no common history. Give the branch that the change is for with `--base`."
    )]
    NoMergeBase {
        /// The base commit.
        base: String,
        /// The head commit.
        head: String,
    },
    /// An object is not in the repository.
    #[error("{doing}: an object is missing here ({source}). Run `{remedy}`.")]
    MissingObject {
        /// What was being read.
        doing: String,
        /// What to run.
        remedy: String,
        /// The error of libgit2.
        source: git2::Error,
    },
    /// The entries of a tree are not in order, so that a file is there and cannot be found.
    #[error(
        "`{path}` cannot be found in its own tree, whose entries are out of order. Run `git fsck`."
    )]
    MalformedTree {
        /// The file, rendered.
        path: String,
    },
    /// No commit has this id.
    #[error("no commit of this repository has the id `{id}`. Give a full commit id.")]
    NoSuchCommit {
        /// The id as given.
        id: String,
    },
    /// Something is larger than is read.
    #[error("{what} exceeds the bound of {limit}. Review a smaller part.")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The bound.
        limit: usize,
    },
    /// Git does not know who is asking.
    #[error("git does not know your {missing}. Run `git config --global {key} VALUE`.")]
    NoIdentity {
        /// The part that is missing.
        missing: &'static str,
        /// The configuration key.
        key: &'static str,
    },
    /// A record cannot be a line of a note.
    #[error(
        "a note line must be one non-empty line of text. Report this as a defect of countersign."
    )]
    NoteLine,
    /// Others kept writing the notes at the same time.
    #[error(
        "`{reference}` was being written by others in all of {attempts} attempts. Try again; if no git is running, remove `{reference}.lock`."
    )]
    NoteConflict {
        /// The notes reference.
        reference: &'static str,
        /// How often it was tried.
        attempts: u32,
    },
    /// The hooks directory cannot be used.
    #[error("the hooks directory `{}` cannot be used: {reason}. Check `git config core.hooksPath`.", path.display())]
    HooksDirectory {
        /// The directory.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Both an unknown hook and an earlier one kept by countersign are there.
    #[error(
        "both `{}` and `{}` exist and neither is countersign's. Merge them into one, remove the other, and run the command again.",
        path.display(), earlier.display()
    )]
    HookConflict {
        /// The hook that git runs.
        path: PathBuf,
        /// The hook that was kept.
        earlier: PathBuf,
    },
    /// A hook file cannot be read or written.
    #[error("cannot write the hook `{}`: {source}. Check the permissions of its directory.", path.display())]
    HookFile {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The program's own path is not absolute.
    #[error("the path `{}` of the program is not absolute, so a hook cannot start it. Give its full path.", path.display())]
    HookProgram {
        /// The path as given.
        path: PathBuf,
    },
    /// What git gave to a hook cannot be read.
    #[error("line {line} of the hook's input is not what git writes. Call the hook through git.")]
    HookInput {
        /// The line, from 1.
        line: usize,
    },
    /// Git reported an error that has no name here.
    #[error("{doing}: {source}. Run `git fsck` if this persists.")]
    Git {
        /// What was being done.
        doing: String,
        /// The error of libgit2.
        source: git2::Error,
    },
}

impl GitError {
    /// The command that helps, where one does.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Owner { remedy, .. }
            | Self::UnsupportedFormat { remedy, .. }
            | Self::BaseNotFound { remedy, .. }
            | Self::Shallow { remedy, .. }
            | Self::MissingObject { remedy, .. } => Some(remedy),
            _ => None,
        }
    }
}

/// Writes a word so that a shell reads it as one word.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/@:+-=,%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn words_are_quoted_for_a_shell_where_they_need_it() {
        assert_eq!(shell_word("refs/heads/main"), "refs/heads/main");
        assert_eq!(shell_word("a b"), "'a b'");
        assert_eq!(shell_word("$(x)'y"), r"'$(x)'\''y'");
        assert_eq!(shell_word(""), "''");
    }
}
