//! The difference between two trees, file by file and line by line.
//!
//! Trees are walked once under bounds before libgit2 pairs renames; contents are then compared as two byte
//! strings. So `.gitattributes` of the change under review cannot hide lines (`-diff`, drivers, filters), and
//! files that decide the plan are compared by line even when a NUL byte makes them look binary.

use std::collections::BTreeMap;

use git2::{Delta, DiffFindOptions, DiffOptions, ObjectType, Oid, Patch};

use super::tree::{MAX_DEPTH, MAX_ENTRIES};
use super::{GitError, Repository};
use crate::change::{
    Change, FileChange, FileStatus, Hunk, Line, MAX_FILES, MAX_LINES, line_text, path,
};

/// Files with more differences than this are paired as renames only when their content is the same.
const MAX_RENAME_DELTAS: usize = 1000;
/// A side with more bytes is not compared by line.
const MAX_TEXT: usize = 8 * 1024 * 1024;
/// The most bytes compared for one change, both sides together.
const MAX_TOTAL: usize = 400 * 1024 * 1024;
/// How far git looks for a NUL byte.
const BINARY_WINDOW: usize = 8000;
const SUBMODULE: u32 = 0o160_000;

/// An entry of one tree: its object, its mode, and whether it is a directory.
type Side = (Oid, i32, bool);

/// What is left of the bounds on one change.
struct Budget {
    lines: usize,
    bytes: usize,
}

impl Repository {
    pub(super) fn files_between(&self, old: Oid, new: Oid) -> Result<Vec<FileChange>, GitError> {
        let failed = |source| self.failed("comparing the two commits", source);
        let tree = |id| self.inner.find_commit(id).and_then(|commit| commit.tree());
        let (old, new) = (tree(old).map_err(failed)?, tree(new).map_err(failed)?);
        let deltas = self.count_deltas(old.id(), new.id())?;
        let mut options = DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true);
        let mut diff = self
            .inner
            .diff_tree_to_tree(Some(&old), Some(&new), Some(&mut options))
            .map_err(failed)?;
        let mut find = DiffFindOptions::new();
        find.renames(true)
            .exact_match_only(deltas > MAX_RENAME_DELTAS);
        diff.find_similar(Some(&mut find)).map_err(failed)?;
        let mut budget = Budget {
            lines: MAX_LINES,
            bytes: MAX_TOTAL,
        };
        let mut files = Vec::new();
        for delta in diff.deltas() {
            files.push(self.file_change(&delta, [old.id(), new.id()], &mut budget)?);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    fn file_change(
        &self,
        delta: &git2::DiffDelta<'_>,
        trees: [Oid; 2],
        budget: &mut Budget,
    ) -> Result<FileChange, GitError> {
        let status = match delta.status() {
            Delta::Added => FileStatus::Added,
            Delta::Deleted => FileStatus::Deleted,
            Delta::Renamed => FileStatus::Renamed,
            Delta::Copied => FileStatus::Copied,
            Delta::Typechange => FileStatus::TypeChanged,
            _ => FileStatus::Modified,
        };
        let (old, new) = (delta.old_file(), delta.new_file());
        let name =
            |file: &git2::DiffFile<'_>| file.path_bytes().map(path::render).unwrap_or_default();
        let path = if status == FileStatus::Deleted {
            name(&old)
        } else {
            name(&new)
        };
        let moved = matches!(status, FileStatus::Renamed | FileStatus::Copied);
        // `DiffFile::mode` panics at modes that only a crafted tree has; the trees give normalised ones.
        let [old_tree, new_tree] = trees;
        let mode = |file: &git2::DiffFile<'_>, tree, absent| -> Result<Option<u32>, GitError> {
            if status == absent {
                return Ok(None);
            }
            let found = self.entry_in(tree, file.path_bytes().unwrap_or_default())?;
            match found {
                Some(found) => Ok(Some(found.mode)),
                None => Err(GitError::MalformedTree { path: name(file) }),
            }
        };
        let old_mode = mode(&old, old_tree, FileStatus::Added)?;
        let new_mode = mode(&new, new_tree, FileStatus::Deleted)?;
        let mut file = FileChange {
            old_path: moved.then(|| name(&old)),
            status,
            mode: new_mode.map(|mode| format!("{mode:06o}")),
            old_mode: old_mode.map(|mode| format!("{mode:06o}")),
            binary: false,
            hunks: Vec::new(),
            path,
        };
        if old.id() == new.id() && status != FileStatus::TypeChanged {
            return Ok(file);
        }
        let (old_text, new_text) = (
            self.text(old.id(), old_mode)?,
            self.text(new.id(), new_mode)?,
        );
        let (Some(old_text), Some(new_text)) = (old_text, new_text) else {
            file.binary = true;
            return Ok(file);
        };
        let looks_binary = |text: &[u8]| text.iter().take(BINARY_WINDOW).any(|byte| *byte == 0);
        let by_line = Change::is_terraform_relevant(&file.path)
            || file
                .old_path
                .as_deref()
                .is_some_and(Change::is_terraform_relevant);
        if !by_line && (looks_binary(&old_text) || looks_binary(&new_text)) {
            file.binary = true;
            return Ok(file);
        }
        if status == FileStatus::TypeChanged {
            file.hunks = self.hunks(&old_text, b"", budget)?;
            file.hunks.extend(self.hunks(b"", &new_text, budget)?);
        } else {
            file.hunks = self.hunks(&old_text, &new_text, budget)?;
        }
        Ok(file)
    }

    /// The content of one side: empty where there is none, nothing where it is too large for lines.
    fn text(&self, id: Oid, mode: Option<u32>) -> Result<Option<Vec<u8>>, GitError> {
        if mode.is_none_or(|mode| mode == SUBMODULE) {
            return Ok(Some(Vec::new()));
        }
        let read = || {
            let odb = self.inner.odb()?;
            let (size, _) = odb.read_header(id)?;
            if size > MAX_TEXT {
                return Ok(None);
            }
            odb.read(id).map(|object| Some(object.data().to_vec()))
        };
        read().map_err(|source| self.failed("reading a file of the change", source))
    }

    fn hunks(&self, old: &[u8], new: &[u8], budget: &mut Budget) -> Result<Vec<Hunk>, GitError> {
        let too_large = |what: &str, limit| GitError::TooLarge {
            what: what.to_owned(),
            limit,
        };
        let spent = old.len() + new.len();
        budget.bytes = budget
            .bytes
            .checked_sub(spent)
            .ok_or_else(|| too_large("the size in bytes of the changed files", MAX_TOTAL))?;
        let mut options = DiffOptions::new();
        options
            .context_lines(0)
            .interhunk_lines(0)
            .force_text(true)
            .indent_heuristic(true);
        let mut read = || {
            let patch = Patch::from_buffers(old, None, new, None, Some(&mut options))?;
            let mut hunks = Vec::with_capacity(patch.num_hunks());
            for index in 0..patch.num_hunks() {
                let (header, lines) = patch.hunk(index)?;
                let mut hunk = Hunk {
                    old_start: header.old_start(),
                    old_lines: header.old_lines(),
                    new_start: header.new_start(),
                    new_lines: header.new_lines(),
                    added: Vec::new(),
                    removed: Vec::new(),
                };
                for number in 0..lines {
                    let line = patch.line_in_hunk(index, number)?;
                    let text = || line_text(line.content());
                    match (line.origin(), line.old_lineno(), line.new_lineno()) {
                        ('+', _, Some(number)) => hunk.added.push(Line {
                            line: number,
                            text: text(),
                        }),
                        ('-', Some(number), _) => hunk.removed.push(Line {
                            line: number,
                            text: text(),
                        }),
                        _ => continue,
                    }
                    let Some(left) = budget.lines.checked_sub(1) else {
                        return Ok(None);
                    };
                    budget.lines = left;
                }
                hunks.push(hunk);
            }
            Ok(Some(hunks))
        };
        let hunks =
            read().map_err(|source| self.failed("comparing two versions of a file", source))?;
        hunks.ok_or_else(|| too_large("the number of changed lines", MAX_LINES))
    }

    /// Counts the files that differ, and stops where trees are deeper or larger than is read.
    fn count_deltas(&self, old: Oid, new: Oid) -> Result<usize, GitError> {
        let (mut files, mut visited) = (0, 0);
        let mut open = vec![(Some(old), Some(new), 0)];
        while let Some((old, new, depth)) = open.pop() {
            if depth > MAX_DEPTH {
                return Err(GitError::TooLarge {
                    what: "the depth of directories".to_owned(),
                    limit: MAX_DEPTH,
                });
            }
            let mut pairs: BTreeMap<Vec<u8>, [Option<Side>; 2]> = BTreeMap::new();
            for (side, tree) in [old, new].into_iter().enumerate() {
                let Some(id) = tree else { continue };
                let tree = self.inner.find_tree(id).map_err(|source| {
                    self.failed("reading the directories of the change", source)
                })?;
                visited += tree.len();
                for entry in &tree {
                    let is_tree = entry.kind() == Some(ObjectType::Tree);
                    let pair = pairs.entry(entry.name_bytes().to_vec()).or_default();
                    if let Some(slot) = pair.get_mut(side) {
                        *slot = Some((entry.id(), entry.filemode(), is_tree));
                    }
                }
            }
            for [old, new] in pairs.into_values().filter(|[old, new]| old != new) {
                let tree = |entry: Option<Side>| entry.filter(|entry| entry.2).map(|entry| entry.0);
                if tree(old).is_some() || tree(new).is_some() {
                    open.push((tree(old), tree(new), depth + 1));
                }
                files += usize::from([old, new].iter().flatten().any(|entry| !entry.2));
            }
            if files > MAX_FILES || visited > MAX_ENTRIES {
                return Err(GitError::TooLarge {
                    what: "the number of changed files".to_owned(),
                    limit: MAX_FILES,
                });
            }
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests;
