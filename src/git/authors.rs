//! The people behind a change: everyone whom its commits name.
//!
//! Whoever had a part in a change cannot approve it, so this list errs towards naming more.

use std::collections::BTreeSet;

use git2::Oid;

use super::{GitError, Repository};
use crate::change::{Author, AuthorRole};

impl Repository {
    /// The commits reachable from head and not from the merge base.
    pub(super) fn between(&self, merge_base: Oid, head: Oid) -> Result<Vec<Oid>, GitError> {
        let walk = || {
            let mut walk = self.inner.revwalk()?;
            walk.push(head)?;
            walk.hide(merge_base)?;
            walk.collect::<Result<Vec<Oid>, git2::Error>>()
        };
        walk().map_err(|source| self.failed("reading the commits of the change", source))
    }

    pub(super) fn authors(&self, merge_base: Oid, head: Oid) -> Result<Vec<Author>, GitError> {
        let mut authors = BTreeSet::new();
        for id in self.between(merge_base, head)? {
            let commit = self
                .inner
                .find_commit(id)
                .map_err(|source| self.failed("reading the commits of the change", source))?;
            authors.insert(person(&commit.author(), AuthorRole::Author));
            authors.insert(person(&commit.committer(), AuthorRole::Committer));
            authors.extend(co_authors(&String::from_utf8_lossy(
                commit.message_raw_bytes(),
            )));
        }
        Ok(authors.into_iter().collect())
    }
}

fn person(signature: &git2::Signature<'_>, role: AuthorRole) -> Author {
    Author {
        name: String::from_utf8_lossy(signature.name_bytes()).into_owned(),
        email: String::from_utf8_lossy(signature.email_bytes()).into_owned(),
        role,
    }
}

/// Everyone named by a `Co-authored-by` line anywhere in a message: who helped cannot approve, so a line in
/// the wrong place counts.
fn co_authors(message: &str) -> impl Iterator<Item = Author> {
    message.lines().filter_map(|line| {
        let (key, value) = line.trim().split_once(':')?;
        if !key.trim().eq_ignore_ascii_case("co-authored-by") || value.trim().is_empty() {
            return None;
        }
        let (name, rest) = value.split_once('<').unwrap_or((value, ""));
        let email = rest.split_once('>').map_or(rest, |(email, _)| email);
        Some(Author {
            name: name.trim().to_owned(),
            email: email.trim().to_owned(),
            role: AuthorRole::CoAuthor,
        })
    })
}
