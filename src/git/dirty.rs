//! Tracked files that decide the plan or the verdict and differ from head in the work tree.

use git2::{DiffOptions, Oid};

use super::{GitError, Repository};
use crate::change::{Change, path};

/// An index entry that git does not compare with the work tree (`git update-index --assume-unchanged`).
const ASSUME_UNCHANGED: u16 = 0x8000;
/// An index entry outside a sparse checkout (`git update-index --skip-worktree`).
const SKIP_WORKTREE: u16 = 0x4000;

/// What a file is that git was told not to look at.
enum Flagged {
    /// The file is as the index has it.
    Same,
    /// The file is outside a sparse checkout, and the index has it as the head does.
    NotCheckedOut,
    /// The file is not as the index or the head has it.
    Differs,
}

impl Repository {
    pub(super) fn dirty(&self, head: Oid) -> Result<Vec<String>, GitError> {
        if self.is_bare() {
            return Ok(Vec::new());
        }
        let compare = || {
            let tree = self.inner.find_commit(head)?.tree()?;
            let mut options = DiffOptions::new();
            options
                .include_typechange(true)
                .ignore_submodules(true)
                .skip_binary_check(true);
            for pattern in [
                "*.tf",
                "*.tf.json",
                "*.tofu",
                "*.tofu.json",
                "*.tfvars",
                "*.tfvars.json",
                "*.rego",
                "*.terraform.lock.hcl",
                "*countersign.toml",
                ".countersign/*",
            ] {
                options.pathspec(pattern);
            }
            let diff = self
                .inner
                .diff_tree_to_workdir_with_index(Some(&tree), Some(&mut options))?;
            let files: Vec<String> = diff
                .deltas()
                .flat_map(|delta| [delta.old_file().path_bytes(), delta.new_file().path_bytes()])
                .flatten()
                .map(path::render)
                .collect();
            Ok((tree.id(), files))
        };
        let (tree, mut files) = compare()
            .map_err(|source| self.failed("comparing the work tree with the head", source))?;
        files.retain(|path| Change::is_terraform_relevant(path));
        for (path, state) in self.flagged(tree)? {
            match state {
                Flagged::Differs => files.push(path),
                Flagged::NotCheckedOut => files.retain(|file| *file != path),
                Flagged::Same => {}
            }
        }
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// Relevant files whose index entry tells git not to look, and what looking shows.
    fn flagged(&self, tree: Oid) -> Result<Vec<(String, Flagged)>, GitError> {
        let failed = |source| self.failed("comparing the work tree with the index", source);
        let Some(root) = self.workdir() else {
            return Ok(Vec::new());
        };
        let mut files = Vec::new();
        for entry in self.inner.index().map_err(failed)?.iter() {
            let assumed = entry.flags & ASSUME_UNCHANGED != 0;
            let skipped = entry.flags_extended & SKIP_WORKTREE != 0;
            let rendered = path::render(&entry.path);
            if !(assumed || skipped) || !Change::is_terraform_relevant(&rendered) {
                continue;
            }
            // A name that is not UTF-8 cannot be joined everywhere, so that file counts as different.
            let content = std::str::from_utf8(&entry.path)
                .ok()
                .map(|name| std::fs::read(root.join(name)));
            let state = match content {
                Some(Ok(bytes)) if self.hashes_to(&bytes, entry.id).map_err(failed)? => {
                    Flagged::Same
                }
                Some(Err(error)) if skipped && error.kind() == std::io::ErrorKind::NotFound => {
                    let of_head = self.entry_in(tree, &entry.path)?;
                    if of_head.is_some_and(|found| found.id == entry.id) {
                        Flagged::NotCheckedOut
                    } else {
                        Flagged::Differs
                    }
                }
                _ => Flagged::Differs,
            };
            files.push((rendered, state));
        }
        Ok(files)
    }

    /// Tells whether content is a blob, as it stands or with git's line endings.
    fn hashes_to(&self, content: &[u8], id: Oid) -> Result<bool, git2::Error> {
        let hash = |bytes: &[u8]| {
            Oid::hash_object_ext(git2::ObjectType::Blob, bytes, self.inner.object_format())
        };
        if hash(content)? == id {
            return Ok(true);
        }
        let mut unix = Vec::with_capacity(content.len());
        let mut rest = content.iter().peekable();
        while let Some(byte) = rest.next() {
            if !(*byte == b'\r' && rest.peek() == Some(&&b'\n')) {
                unix.push(*byte);
            }
        }
        Ok(hash(&unix)? == id)
    }
}

#[cfg(test)]
mod tests;
