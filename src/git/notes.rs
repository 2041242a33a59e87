//! Notes under [`NOTES_REF`]: one record a line, the lines sorted and each there once.
//!
//! That is the form `git notes merge -s cat_sort_uniq` leaves, so two clones that append and merge agree.
//! A write reads the tip, adds the line, and moves the reference under its lock only if the tip is still the
//! same; otherwise it begins again.

use std::collections::BTreeMap;
use std::time::Duration;

use git2::{ErrorCode, ObjectType, Oid, Signature, Time, Tree};

use super::{GitError, Identity, Repository};

/// Where approval records are kept.
pub const NOTES_REF: &str = "refs/notes/countersign";

/// The most bytes read of one note.
const MAX_NOTE: usize = 16 * 1024 * 1024;
/// The most notes listed.
const MAX_NOTES: usize = 1_000_000;
const ATTEMPTS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(15);
const FILE: i32 = 0o100_644;
const DIRECTORY: i32 = 0o040_000;

/// A commit that has a note.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The commit (or other object) that the note is about, in hexadecimal.
    pub commit: String,
    /// The note's text as an object, in hexadecimal.
    pub blob: String,
}

impl Repository {
    /// The note of a commit; none when it has none. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// The note cannot be read or is too large.
    pub fn read_notes(&self, commit: &str) -> Result<Option<String>, GitError> {
        let id = self.commit(commit)?.id().to_string();
        match self.notes_tip()? {
            Some(tip) => self.note_at(tip, &id),
            None => Ok(None),
        }
    }

    /// The text of a listed note, also of one on a commit that is not here. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// It cannot be read or is too large.
    pub fn read_note(&self, note: &Note) -> Result<String, GitError> {
        let blobs: Vec<Oid> = self.full_id(&note.blob).into_iter().collect();
        let lines = self.lines_of(&blobs)?;
        Ok(String::from_utf8_lossy(&joined(lines)).into_owned())
    }

    fn note_at(&self, tip: Oid, id: &str) -> Result<Option<String>, GitError> {
        let tree = self.note_step(|| self.inner.find_commit(tip)?.tree())?;
        let blobs = self.note_step(|| blobs_of(&self.inner, &tree, id))?;
        if blobs.is_empty() {
            return Ok(None);
        }
        let lines = self.lines_of(&blobs)?;
        Ok(Some(String::from_utf8_lossy(&joined(lines)).into_owned()))
    }

    /// Adds a line to the note of a commit and returns the new tip of the notes.
    ///
    /// Lines that are there stay; the same line twice is one line, and then nothing is written.
    ///
    /// # Errors
    /// The line is not a single line, or others keep writing.
    pub fn append_note(
        &self,
        commit: &str,
        line: &str,
        by: &Identity,
        now: i64,
    ) -> Result<String, GitError> {
        if line.trim().is_empty() || line.contains(['\n', '\r', '\0']) {
            return Err(GitError::NoteLine);
        }
        let id = self.commit(commit)?.id().to_string();
        let signature =
            self.note_step(|| Signature::new(&by.name, &by.email, &Time::new(now, 0)))?;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                std::thread::sleep(PAUSE * attempt);
            }
            let tip = self.notes_tip()?;
            let Some(new) = self.note_commit(tip, &id, line.as_bytes(), &signature)? else {
                return Ok(tip.map(|tip| tip.to_string()).unwrap_or_default());
            };
            if self.move_notes(tip, new, &signature)? {
                return Ok(new.to_string());
            }
        }
        Err(GitError::NoteConflict {
            reference: NOTES_REF,
            attempts: ATTEMPTS,
        })
    }

    /// Adds a line to the note of a commit if the notes are still where they were, and tells whether they were. What was decided from
    /// the notes then still holds when the line stands there.
    ///
    /// # Errors
    /// As [`Self::append_note`].
    pub fn append_note_after(
        &self,
        tip: Option<&str>,
        commit: &str,
        line: &str,
        by: &Identity,
        now: i64,
    ) -> Result<bool, GitError> {
        if line.trim().is_empty() || line.contains(['\n', '\r', '\0']) {
            return Err(GitError::NoteLine);
        }
        let id = self.commit(commit)?.id().to_string();
        let signature =
            self.note_step(|| Signature::new(&by.name, &by.email, &Time::new(now, 0)))?;
        let here = self.notes_tip()?;
        if here.map(|tip| tip.to_string()).as_deref() != tip {
            return Ok(false);
        }
        match self.note_commit(here, &id, line.as_bytes(), &signature)? {
            Some(new) => self.move_notes(here, new, &signature),
            None => Ok(false),
        }
    }

    /// The commit that the notes are at; none where there are no notes.
    ///
    /// # Errors
    /// The reference cannot be read.
    pub fn notes_commit(&self) -> Result<Option<String>, GitError> {
        Ok(self.notes_tip()?.map(|tip| tip.to_string()))
    }

    /// Everything that has a note, sorted.
    ///
    /// # Errors
    /// The notes cannot be read or are too many.
    pub fn list_notes(&self) -> Result<Vec<Note>, GitError> {
        match self.notes_tip()? {
            Some(tip) => self.notes_of(tip),
            None => Ok(Vec::new()),
        }
    }

    /// As [`Self::list_notes`], of notes whose tip is this commit.
    ///
    /// # Errors
    /// As there, and when there is no such commit.
    pub fn list_notes_at(&self, tip: &str) -> Result<Vec<Note>, GitError> {
        self.notes_of(self.commit(tip)?.id())
    }

    /// The first commit, in order, whose note has a line at one tip of the notes and not at another; none when nothing is lost.
    ///
    /// # Errors
    /// One of the tips is not here or cannot be read.
    pub fn lost_note(&self, before: &str, after: &str) -> Result<Option<String>, GitError> {
        let group = |notes: Vec<Note>| {
            let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for note in notes {
                all.entry(note.commit).or_default().push(note.blob);
            }
            all
        };
        let before = group(self.list_notes_at(before)?);
        let after = group(self.list_notes_at(after)?);
        let lines = |blobs: &[String]| {
            let ids: Vec<Oid> = blobs.iter().filter_map(|id| self.full_id(id)).collect();
            self.lines_of(&ids)
        };
        for (commit, blobs) in before {
            let now = after.get(&commit).map_or(&[][..], Vec::as_slice);
            if blobs == now {
                continue;
            }
            let kept = lines(now)?;
            if lines(&blobs)?.iter().any(|line| !kept.contains(line)) {
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }

    fn notes_of(&self, tip: Oid) -> Result<Vec<Note>, GitError> {
        let length = tip.as_bytes().len() * 2;
        let root = self.note_step(|| self.inner.find_commit(tip))?.tree_id();
        let mut notes = Vec::new();
        let mut open = vec![(root, String::new())];
        while let Some((tree, prefix)) = open.pop() {
            let tree = self.note_step(|| self.inner.find_tree(tree))?;
            for entry in &tree {
                let Ok(name) = entry.name() else { continue };
                let id = format!("{prefix}{name}");
                if !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    continue;
                }
                match entry.kind() {
                    Some(ObjectType::Tree) if name.len() == 2 && id.len() < length => {
                        open.push((entry.id(), id));
                    }
                    Some(ObjectType::Blob) if id.len() == length => {
                        notes.push(Note {
                            commit: id,
                            blob: entry.id().to_string(),
                        });
                    }
                    _ => {}
                }
                if notes.len() > MAX_NOTES || open.len() > MAX_NOTES {
                    return Err(GitError::TooLarge {
                        what: "the number of notes".to_owned(),
                        limit: MAX_NOTES,
                    });
                }
            }
        }
        notes.sort();
        Ok(notes)
    }

    fn note_step<T>(&self, step: impl FnOnce() -> Result<T, git2::Error>) -> Result<T, GitError> {
        step().map_err(|source| self.failed(&format!("reading or writing {NOTES_REF}"), source))
    }

    fn notes_tip(&self) -> Result<Option<Oid>, GitError> {
        match self.inner.refname_to_id(NOTES_REF) {
            Ok(id) => Ok(Some(id)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => self.note_step(|| Err(error)),
        }
    }

    /// Writes the commit in which the note has the line; none when the note has it already.
    fn note_commit(
        &self,
        tip: Option<Oid>,
        id: &str,
        line: &[u8],
        signature: &Signature<'_>,
    ) -> Result<Option<Oid>, GitError> {
        let parent = self.note_step(|| tip.map(|tip| self.inner.find_commit(tip)).transpose())?;
        let tree = self.note_step(|| parent.as_ref().map(git2::Commit::tree).transpose())?;
        let blobs = match &tree {
            Some(tree) => self.note_step(|| blobs_of(&self.inner, tree, id))?,
            None => Vec::new(),
        };
        let mut lines = self.lines_of(&blobs)?;
        if lines.iter().any(|known| known == line) {
            return Ok(None);
        }
        lines.push(line.to_vec());
        let new = self.note_step(|| {
            let blob = self.inner.blob(&joined(lines))?;
            let tree = with_note(&self.inner, tree.as_ref(), id, blob)?;
            let tree = self.inner.find_tree(tree)?;
            let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
            self.inner.commit(
                None,
                signature,
                signature,
                "Notes added by countersign\n",
                &tree,
                &parents,
            )
        })?;
        Ok(Some(new))
    }

    /// Moves the reference if it still is where it was; tells whether it did.
    fn move_notes(
        &self,
        from: Option<Oid>,
        to: Oid,
        signature: &Signature<'_>,
    ) -> Result<bool, GitError> {
        let mut transaction = self.note_step(|| self.inner.transaction())?;
        match transaction.lock_ref(NOTES_REF) {
            Ok(()) => {}
            Err(error) if matches!(error.code(), ErrorCode::Locked | ErrorCode::Exists) => {
                return Ok(false);
            }
            Err(error) => return self.note_step(|| Err(error)),
        }
        if self.notes_tip()? != from {
            return Ok(false);
        }
        self.note_step(|| {
            transaction.set_target(
                NOTES_REF,
                to,
                Some(signature),
                "notes: added by countersign",
            )?;
            transaction.commit()
        })?;
        Ok(true)
    }

    fn lines_of(&self, blobs: &[Oid]) -> Result<Vec<Vec<u8>>, GitError> {
        let mut lines = Vec::new();
        for id in blobs {
            let (size, _) = self.note_step(|| self.inner.odb()?.read_header(*id))?;
            if size > MAX_NOTE {
                return Err(GitError::TooLarge {
                    what: "the size of a note".to_owned(),
                    limit: MAX_NOTE,
                });
            }
            let blob = self.note_step(|| self.inner.find_blob(*id))?;
            lines.extend(
                blob.content()
                    .split(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec),
            );
        }
        Ok(lines)
    }
}

/// The blobs for an object: at its full name, or below directories of two digits, or both.
fn blobs_of(
    repository: &git2::Repository,
    root: &Tree<'_>,
    id: &str,
) -> Result<Vec<Oid>, git2::Error> {
    let mut blobs = Vec::new();
    let mut tree = root.clone();
    let mut rest = id;
    loop {
        if let Some(entry) = tree
            .get_name(rest)
            .filter(|entry| entry.kind() == Some(ObjectType::Blob))
        {
            blobs.push(entry.id());
        }
        let Some((digits, tail)) = rest
            .split_at_checked(2)
            .filter(|(_, tail)| !tail.is_empty())
        else {
            break;
        };
        let below = tree
            .get_name(digits)
            .filter(|entry| entry.kind() == Some(ObjectType::Tree));
        let Some(below) = below.map(|entry| entry.id()) else {
            break;
        };
        tree = repository.find_tree(below)?;
        rest = tail;
    }
    Ok(blobs)
}

/// Writes the tree in which an object has this note, keeping the layout that is there.
fn with_note(
    repository: &git2::Repository,
    tree: Option<&Tree<'_>>,
    name: &str,
    blob: Oid,
) -> Result<Oid, git2::Error> {
    let mut builder = repository.treebuilder(tree)?;
    let below = name
        .split_at_checked(2)
        .filter(|(_, tail)| !tail.is_empty())
        .and_then(|(digits, tail)| {
            let entry = tree?.get_name(digits)?;
            (entry.kind() == Some(ObjectType::Tree)).then(|| (digits, tail, entry.id()))
        });
    match below {
        Some((digits, tail, id)) => {
            if tree.is_some_and(|tree| tree.get_name(name).is_some()) {
                builder.remove(name)?;
            }
            let id = with_note(repository, Some(&repository.find_tree(id)?), tail, blob)?;
            builder.insert(digits, id, DIRECTORY)?;
        }
        None => drop(builder.insert(name, blob, FILE)?),
    }
    builder.write()
}

/// Sorted lines, each once, none empty, each with its end.
fn joined(mut lines: Vec<Vec<u8>>) -> Vec<u8> {
    lines.retain(|line| !line.is_empty());
    lines.sort();
    lines.dedup();
    let mut text = Vec::new();
    for line in lines {
        text.extend(line);
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests;
