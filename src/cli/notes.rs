//! The notes that are here, read one after another: anybody who may push them decides how many and how large they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::approval::{NoteLine, Spending, read_note, read_revocations, read_spendings};
use crate::digest::Digest;
use crate::git::{Note, Repository};
use crate::load::LoadError;

/// What lies in notes.
#[derive(Default)]
pub(super) struct Records {
    /// The records.
    pub(super) lines: Vec<NoteLine>,
    /// Digests of statements that notes take back.
    pub(super) revoked: BTreeSet<Digest>,
    /// What notes say was used for an apply.
    pub(super) spent: Vec<Spending>,
}

/// All notes: each text, and the commits that it is on. A note may be on a commit that is not here, such as one that was squashed.
pub(super) struct Notes<'r> {
    repository: &'r Repository,
    texts: BTreeMap<String, Vec<String>>,
}

impl<'r> Notes<'r> {
    /// Lists those that are here, and those that are being pushed.
    pub(super) fn list(
        repository: &'r Repository,
        pushed: Option<&str>,
    ) -> Result<Self, LoadError> {
        let git = |e| LoadError::git(&e);
        let mut notes = repository.list_notes().map_err(git)?;
        if let Some(tip) = pushed {
            notes.extend(repository.list_notes_at(tip).map_err(git)?);
        }
        notes.sort();
        notes.dedup();
        let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Note { commit, blob } in notes {
            texts.entry(blob).or_default().push(commit);
        }
        Ok(Self { repository, texts })
    }

    fn read(&self, blob: &str, commits: &[String]) -> Result<String, LoadError> {
        let note = Note {
            commit: commits.first().cloned().unwrap_or_default(),
            blob: blob.to_owned(),
        };
        self.repository
            .read_note(&note)
            .map_err(|e| LoadError::git(&e))
    }

    /// The records that may cover a commit: those on it, and those whose tree is its tree.
    pub(super) fn covering(&self, commit: &str, tree: &str) -> Result<Records, LoadError> {
        let mut found = Records::default();
        for (blob, commits) in &self.texts {
            let text = self.read(blob, commits)?;
            let note = text.as_bytes();
            let on_it = commits.iter().any(|on| on == commit);
            let revocations = read_revocations(note);
            found
                .revoked
                .extend(revocations.iter().map(|revocation| revocation.statement));
            found.spent.extend(read_spendings(note));
            let same = |line: &NoteLine| {
                let record = line.record.as_ref();
                record.is_ok_and(|record| record.statement().tree == tree)
            };
            let lines = read_note(note).into_iter();
            found.lines.extend(lines.filter(|line| on_it || same(line)));
        }
        Ok(found)
    }

    /// The records on earlier commits of the change: they do not cover it, and say which commit was approved.
    pub(super) fn earlier(
        &self,
        merge_base: &str,
        commit: &str,
    ) -> Result<Vec<NoteLine>, LoadError> {
        let mut lines = Vec::new();
        for (blob, commits) in &self.texts {
            // A note may be on a commit that was never fetched.
            let within =
                |on: &str, tip: &str| self.repository.is_ancestor(on, tip).unwrap_or(false);
            if commits
                .iter()
                .any(|on| within(on, commit) && !within(on, merge_base))
            {
                lines.extend(read_note(self.read(blob, commits)?.as_bytes()));
            }
        }
        Ok(lines)
    }
}

/// The records that may cover a commit.
pub(super) fn records(
    repository: &Repository,
    commit: &str,
    tree: &str,
) -> Result<Records, LoadError> {
    Notes::list(repository, None)?.covering(commit, tree)
}
