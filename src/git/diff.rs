//! The difference between two trees, file by file and line by line.
//!
//! Trees are walked once under bounds before libgit2 pairs renames; contents are then compared as two byte
//! strings. So `.gitattributes` of the change under review cannot hide lines (`-diff`, drivers, filters), and
//! files that decide the plan are compared by line even when a NUL byte makes them look binary.

use std::collections::BTreeMap;

use git2::{DiffFindOptions, DiffOptions, ObjectType, Oid, Patch};

use super::tree::{MAX_DEPTH, MAX_ENTRIES};
use super::{GitError, Repository};
use crate::change::{
    Change, FileChange, FileStatus, Hunk, Line, MAX_FILES, MAX_LINES, line_text, path, strings,
};

/// With more differences than this, files are paired as renames only when their content is the same.
const MAX_RENAME_DELTAS: usize = 1000;
/// A side with more bytes is not compared by line.
const MAX_TEXT: usize = 8 * 1024 * 1024;
/// The most bytes compared for one change, both sides together.
const MAX_TOTAL: usize = 400 * 1024 * 1024;
/// In a side with more bytes no texts are looked for.
const MAX_SEARCHED: usize = 64 * 1024 * 1024;
/// The most bytes in which texts are looked for in one change.
const MAX_SEARCHED_TOTAL: usize = 400 * 1024 * 1024;
/// The most bytes of texts that are kept of one change.
const MAX_STRINGS: usize = 16 * 1024 * 1024;
/// How far git looks for a NUL byte.
const BINARY_WINDOW: usize = 8000;
const SUBMODULE: u32 = 0o160_000;

/// An entry of one tree: its object, its mode, and whether it is a directory.
type Side = (Oid, i32, bool);

/// Two sides that belong together: paths and objects.
struct Delta {
    status: FileStatus,
    paths: [Vec<u8>; 2],
    ids: [Oid; 2],
}

impl Delta {
    fn of(delta: &git2::DiffDelta<'_>) -> Self {
        let status = match delta.status() {
            git2::Delta::Added => FileStatus::Added,
            git2::Delta::Deleted => FileStatus::Deleted,
            git2::Delta::Renamed => FileStatus::Renamed,
            git2::Delta::Copied => FileStatus::Copied,
            git2::Delta::Typechange => FileStatus::TypeChanged,
            _ => FileStatus::Modified,
        };
        let sides = [delta.old_file(), delta.new_file()];
        Self {
            status,
            paths: sides
                .each_ref()
                .map(|side| side.path_bytes().unwrap_or_default().to_vec()),
            ids: sides.map(|side| side.id()),
        }
    }

    fn base_name(&self, side: usize) -> &[u8] {
        let path = self.paths.get(side).map_or(&b""[..], Vec::as_slice);
        path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }
}

/// What is left of the bounds on one change.
struct Budget {
    lines: usize,
    bytes: usize,
    /// Of the search for texts in binary files.
    searched: usize,
    strings: usize,
}

impl Budget {
    /// The texts of a file with NUL bytes, or in UTF-16, that are new; nothing beyond the bounds.
    fn strings(&mut self, old: &[u8], new: &[u8]) -> Option<Vec<Line>> {
        self.searched = self.searched.checked_sub(old.len() + new.len())?;
        let found = strings(old, new, self.strings)?;
        self.strings -= found.iter().map(|line| line.text.len()).sum::<usize>();
        Some(found)
    }
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
        let few = deltas <= MAX_RENAME_DELTAS;
        if few {
            let mut find = DiffFindOptions::new();
            find.renames(true);
            diff.find_similar(Some(&mut find)).map_err(failed)?;
        }
        let mut deltas: Vec<Delta> = diff.deltas().map(|delta| Delta::of(&delta)).collect();
        if !few {
            deltas = self.moved(deltas, [old.id(), new.id()])?;
        }
        let mut budget = Budget {
            lines: MAX_LINES,
            bytes: MAX_TOTAL,
            searched: MAX_SEARCHED_TOTAL,
            strings: MAX_STRINGS,
        };
        let mut files = Vec::new();
        for delta in &deltas {
            files.push(self.file_change(delta, [old.id(), new.id()], &mut budget)?);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Pairs what went and what came with the same content, a file of the same name first; libgit2 looks at 1,000 candidates only.
    fn moved(&self, deltas: Vec<Delta>, trees: [Oid; 2]) -> Result<Vec<Delta>, GitError> {
        let mut gone: Vec<Option<Delta>> = Vec::new();
        let (mut came, mut out) = (Vec::new(), Vec::new());
        let mut named: BTreeMap<(Oid, Vec<u8>), Vec<usize>> = BTreeMap::new();
        let mut any: BTreeMap<Oid, Vec<usize>> = BTreeMap::new();
        for delta in deltas {
            match (delta.status, delta.ids) {
                (FileStatus::Deleted, [id, _]) => {
                    let name = delta.base_name(0).to_vec();
                    named.entry((id, name)).or_default().push(gone.len());
                    any.entry(id).or_default().push(gone.len());
                    gone.push(Some(delta));
                }
                (FileStatus::Added, _) => came.push(delta),
                _ => out.push(delta),
            }
        }
        let [old_tree, new_tree] = trees;
        let kind = |tree, path: &[u8]| -> Result<Option<u32>, GitError> {
            let found = self.entry_in(tree, path)?;
            Ok(found.map(|found| found.mode & 0o170_000))
        };
        for by_name in [true, false] {
            for mut new in std::mem::take(&mut came) {
                let [_, id] = new.ids;
                let candidates = if by_name {
                    named.get_mut(&(id, new.base_name(1).to_vec()))
                } else {
                    any.get_mut(&id)
                };
                let old = candidates.and_then(|list| {
                    // Those that are taken already are dropped on the way.
                    std::iter::from_fn(|| list.pop()).find_map(|at| gone.get_mut(at)?.take())
                });
                let Some(old) = old else {
                    came.push(new);
                    continue;
                };
                let ([from, _], [_, to]) = (&old.paths, &new.paths);
                if kind(old_tree, from)? == kind(new_tree, to)? {
                    new.status = FileStatus::Renamed;
                    new.paths = [from.clone(), to.clone()];
                    new.ids = [id, id];
                } else {
                    out.push(old);
                }
                out.push(new);
            }
        }
        out.extend(came);
        out.extend(gone.into_iter().flatten());
        Ok(out)
    }

    fn file_change(
        &self,
        delta: &Delta,
        trees: [Oid; 2],
        budget: &mut Budget,
    ) -> Result<FileChange, GitError> {
        let status = delta.status;
        let [old, new] = &delta.paths;
        let [old_id, new_id] = delta.ids;
        let path = if status == FileStatus::Deleted {
            path::render(old)
        } else {
            path::render(new)
        };
        let moved = matches!(status, FileStatus::Renamed | FileStatus::Copied);
        // `DiffFile::mode` panics at modes that only a crafted tree has; the trees give normalised ones.
        let [old_tree, new_tree] = trees;
        let mode = |file: &[u8], tree, absent| -> Result<Option<u32>, GitError> {
            if status == absent {
                return Ok(None);
            }
            match self.entry_in(tree, file)? {
                Some(found) => Ok(Some(found.mode)),
                None => Err(GitError::MalformedTree {
                    path: path::render(file),
                }),
            }
        };
        let old_mode = mode(old, old_tree, FileStatus::Added)?;
        let new_mode = mode(new, new_tree, FileStatus::Deleted)?;
        let mut file = FileChange {
            old_path: moved.then(|| path::render(old)),
            status,
            mode: new_mode.map(|mode| format!("{mode:06o}")),
            old_mode: old_mode.map(|mode| format!("{mode:06o}")),
            binary: false,
            hunks: Vec::new(),
            strings: None,
            path,
        };
        if old_id == new_id && status != FileStatus::TypeChanged {
            return Ok(file);
        }
        let old_text = self.text(old_id, old_mode, MAX_SEARCHED)?;
        let new_text = self.text(new_id, new_mode, MAX_SEARCHED)?;
        let (Some(old_text), Some(new_text)) = (old_text, new_text) else {
            file.binary = true;
            return Ok(file);
        };
        let has_nul = |text: &[u8]| text.contains(&0);
        let is_marked =
            |text: &[u8]| text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff");
        let too_large = old_text.len() > MAX_TEXT || new_text.len() > MAX_TEXT;
        let texts = [&old_text, &new_text];
        if too_large || is_marked(&new_text) || texts.iter().any(|text| has_nul(text)) {
            file.strings = budget.strings(&old_text, &new_text);
        }
        let looks_binary = |text: &[u8]| text.iter().take(BINARY_WINDOW).any(|byte| *byte == 0);
        let by_line = Change::is_terraform_relevant(&file.path)
            || file
                .old_path
                .as_deref()
                .is_some_and(Change::is_terraform_relevant);
        if too_large || !by_line && (looks_binary(&old_text) || looks_binary(&new_text)) {
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

    /// The content of one side: empty where there is none, nothing where it is larger than asked for.
    fn text(&self, id: Oid, mode: Option<u32>, most: usize) -> Result<Option<Vec<u8>>, GitError> {
        if mode.is_none_or(|mode| mode == SUBMODULE) {
            return Ok(Some(Vec::new()));
        }
        let read = || {
            let odb = self.inner.odb()?;
            let (size, _) = odb.read_header(id)?;
            if size > most {
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
