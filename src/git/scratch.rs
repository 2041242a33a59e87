//! A repository of our own making, for the demonstration and for tests: the only place where commits are written.

use std::path::Path;

use git2::{IndexAddOption, RepositoryInitOptions, Signature, Time};

use super::GitError;

/// One commit to be made from everything in the work tree.
#[derive(Clone, Copy, Debug)]
pub struct ScratchCommit<'a> {
    /// Branch that is made or moved, and checked out.
    pub branch: &'a str,
    /// Author and committer: name and address.
    pub author: (&'a str, &'a str),
    /// Seconds since 1970.
    pub time: i64,
    /// Message.
    pub message: &'a str,
}

/// Makes an empty repository in a directory of ours.
///
/// # Errors
/// When the directory cannot be written.
pub fn init(directory: &Path) -> Result<(), GitError> {
    let mut options = RepositoryInitOptions::new();
    options.initial_head("main").external_template(false);
    git2::Repository::init_opts(directory, &options)
        .map(|_| ())
        .map_err(|error| broken(directory, &error))
}

/// Commits everything in the work tree that is not ignored.
///
/// # Errors
/// When the repository cannot be written.
pub fn commit(directory: &Path, commit: &ScratchCommit<'_>) -> Result<String, GitError> {
    let inner = || -> Result<String, git2::Error> {
        let repository = git2::Repository::open(directory)?;
        let mut index = repository.index()?;
        index.add_all(["*"], IndexAddOption::DEFAULT, None)?;
        index.update_all(["*"], None)?;
        index.write()?;
        let tree = repository.find_tree(index.write_tree()?)?;
        let (name, email) = commit.author;
        let who = Signature::new(name, email, &Time::new(commit.time, 0))?;
        let parent = repository
            .head()
            .ok()
            .and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        let id = repository.commit(None, &who, &who, commit.message, &tree, &parents)?;
        let reference = format!("refs/heads/{}", commit.branch);
        repository.reference(&reference, id, true, commit.message)?;
        repository.set_head(&reference)?;
        Ok(id.to_string())
    };
    inner().map_err(|error| broken(directory, &error))
}

/// Sets a value in the configuration of a repository of ours.
///
/// # Errors
/// When the configuration cannot be written.
pub fn configure(directory: &Path, name: &str, value: &str) -> Result<(), GitError> {
    git2::Repository::open(directory)
        .and_then(|repository| repository.config())
        .and_then(|mut config| config.set_str(name, value))
        .map_err(|error| broken(directory, &error))
}

fn broken(directory: &Path, error: &git2::Error) -> GitError {
    GitError::Broken {
        path: directory.display().to_string(),
        reason: error.message().to_owned(),
    }
}
