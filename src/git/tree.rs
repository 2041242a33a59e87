//! Files of a commit, read from its objects without a checkout.

use git2::{ObjectType, Oid};

use super::{GitError, Repository};
use crate::change::path;

/// The most bytes read of one file.
pub const MAX_BLOB: usize = 64 * 1024 * 1024;
/// The deepest directory that is walked.
pub(super) const MAX_DEPTH: usize = 256;
/// The most entries that one walk visits.
pub(super) const MAX_ENTRIES: usize = 2_000_000;

/// An entry of a commit's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// The path from the root, rendered.
    pub path: String,
    /// The mode, such as `100644`.
    pub mode: String,
    /// The object, in hexadecimal.
    pub id: String,
    /// What the entry is.
    pub kind: EntryKind,
}

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A symbolic link; its content is the path it names.
    Symlink,
    /// A commit of another repository.
    Submodule,
    /// A directory.
    Directory,
}

/// An entry on the way, with its path and its normalised mode.
pub(super) struct Found {
    name: Vec<u8>,
    pub(super) id: Oid,
    pub(super) mode: u32,
}

impl Found {
    fn kind(&self) -> EntryKind {
        match self.mode & 0o170_000 {
            0o040_000 => EntryKind::Directory,
            0o120_000 => EntryKind::Symlink,
            0o160_000 => EntryKind::Submodule,
            _ => EntryKind::File,
        }
    }

    fn entry(&self) -> TreeEntry {
        TreeEntry {
            path: path::render(&self.name),
            mode: format!("{:06o}", self.mode),
            id: self.id.to_string(),
            kind: self.kind(),
        }
    }
}

/// What a path leads to when links are followed inside a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// An entry, by its own path.
    Entry(String, EntryKind),
    /// A place that is not in the commit: an absolute link, or one that leaves the root.
    Outside,
    /// Nothing, or links that never end.
    Nothing,
}

/// The most links followed for one path.
const MAX_LINKS: usize = 40;
/// The longest path that a link names.
const MAX_TARGET: usize = 4096;

impl Repository {
    /// The content of a file (of a link: the path it names); none when the commit has no such file.
    ///
    /// # Errors
    /// The commit or the content is not here, or the content exceeds [`MAX_BLOB`].
    pub fn read_blob(&self, commit: &str, file: &str) -> Result<Option<Vec<u8>>, GitError> {
        let Some(found) = self.find_entry(commit, file)? else {
            return Ok(None);
        };
        if matches!(found.kind(), EntryKind::Directory | EntryKind::Submodule) {
            return Ok(None);
        }
        self.content(found.id, &format!("{file} at {commit}"))
    }

    /// The content of an entry that was listed; none for a directory and a submodule.
    ///
    /// # Errors
    /// The content is not here, or exceeds [`MAX_BLOB`].
    pub fn read_entry(&self, entry: &TreeEntry) -> Result<Option<Vec<u8>>, GitError> {
        match (entry.kind, self.full_id(&entry.id)) {
            (EntryKind::File | EntryKind::Symlink, Some(id)) => self.content(id, &entry.path),
            _ => Ok(None),
        }
    }

    fn content(&self, id: Oid, name: &str) -> Result<Option<Vec<u8>>, GitError> {
        let read = || {
            let odb = self.inner.odb()?;
            let (size, kind) = odb.read_header(id)?;
            if kind != ObjectType::Blob {
                return Ok(None);
            }
            if size > MAX_BLOB {
                return Ok(Some(None));
            }
            odb.read(id)
                .map(|object| Some(Some(object.data().to_vec())))
        };
        match read().map_err(|source| self.failed(&format!("reading {name}"), source))? {
            None => Ok(None),
            Some(Some(content)) => Ok(Some(content)),
            Some(None) => Err(GitError::TooLarge {
                what: format!("the size of {name}"),
                limit: MAX_BLOB,
            }),
        }
    }

    /// Follows links from a path, as far as they stay inside the commit.
    ///
    /// # Errors
    /// The commit, a directory or a link is not here.
    pub fn reach(&self, commit: &str, path: &str) -> Result<Reached, GitError> {
        let root = self.commit(commit)?.tree_id();
        let parts = |path: &[u8]| -> Vec<Vec<u8>> {
            let parts = path.split(|byte| *byte == b'/').rev();
            parts.map(<[u8]>::to_vec).collect()
        };
        // The next part is the last of the list.
        let mut todo = parts(&path::bytes(path));
        let mut done: Vec<Vec<u8>> = Vec::new();
        let mut links = 0;
        let mut kind = EntryKind::Directory;
        while let Some(part) = todo.pop() {
            if part.is_empty() || part == b"." {
                continue;
            }
            if kind != EntryKind::Directory {
                return Ok(Reached::Nothing);
            }
            if part == b".." {
                if done.pop().is_none() {
                    return Ok(Reached::Outside);
                }
                continue;
            }
            done.push(part);
            let Some(found) = self.entry_in(root, &done.join(&b'/'))? else {
                return Ok(Reached::Nothing);
            };
            kind = found.kind();
            if kind == EntryKind::Symlink {
                links += 1;
                done.pop();
                kind = EntryKind::Directory;
                let target = self.content(found.id, path)?.unwrap_or_default();
                if links > MAX_LINKS || target.len() > MAX_TARGET {
                    return Ok(Reached::Nothing);
                }
                if target.first() == Some(&b'/') {
                    return Ok(Reached::Outside);
                }
                todo.extend(parts(&target));
            }
        }
        Ok(Reached::Entry(path::render(&done.join(&b'/')), kind))
    }

    /// The entries below a directory (`""` is the root), sorted by path; none where there is no directory.
    ///
    /// A recursive list holds everything but the directories themselves.
    ///
    /// # Errors
    /// The commit or a directory is not here, or the tree exceeds the bounds.
    pub fn list(
        &self,
        commit: &str,
        dir: &str,
        recursive: bool,
    ) -> Result<Vec<TreeEntry>, GitError> {
        let dir = dir.trim_end_matches('/');
        let root = if dir.is_empty() {
            Some(self.commit(commit)?.tree_id())
        } else {
            let found = self.find_entry(commit, dir)?;
            found
                .filter(|found| found.kind() == EntryKind::Directory)
                .map(|found| found.id)
        };
        let Some(root) = root else {
            return Ok(Vec::new());
        };
        let mut entries = Vec::new();
        self.walk(root, path::bytes(dir), recursive, |found| {
            entries.push(found.entry());
        })?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    /// The files, links and submodules whose path is wanted, sorted by path.
    ///
    /// # Errors
    /// As [`Repository::list`].
    pub fn files_matching(
        &self,
        commit: &str,
        mut wanted: impl FnMut(&str, EntryKind) -> bool,
    ) -> Result<Vec<TreeEntry>, GitError> {
        let root = self.commit(commit)?.tree_id();
        let mut entries = Vec::new();
        self.walk(root, Vec::new(), true, |found| {
            if wanted(&path::render(&found.name), found.kind()) {
                entries.push(found.entry());
            }
        })?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    fn walk(
        &self,
        root: Oid,
        prefix: Vec<u8>,
        recursive: bool,
        mut visit: impl FnMut(&Found),
    ) -> Result<(), GitError> {
        let mut visited = 0;
        let mut open = vec![(root, prefix, 0)];
        while let Some((id, prefix, depth)) = open.pop() {
            let tree = self
                .inner
                .find_tree(id)
                .map_err(|source| self.failed("reading a directory of the commit", source))?;
            visited += tree.len();
            if visited > MAX_ENTRIES {
                return Err(GitError::TooLarge {
                    what: "the number of files".to_owned(),
                    limit: MAX_ENTRIES,
                });
            }
            if depth > MAX_DEPTH {
                return Err(GitError::TooLarge {
                    what: "the depth of directories".to_owned(),
                    limit: MAX_DEPTH,
                });
            }
            for entry in &tree {
                let mut name = prefix.clone();
                if !name.is_empty() {
                    name.push(b'/');
                }
                name.extend_from_slice(entry.name_bytes());
                let found = Found {
                    name,
                    id: entry.id(),
                    mode: mode_of(&entry),
                };
                if recursive && found.kind() == EntryKind::Directory {
                    open.push((found.id, found.name, depth + 1));
                } else {
                    visit(&found);
                }
            }
        }
        Ok(())
    }

    fn find_entry(&self, commit: &str, file: &str) -> Result<Option<Found>, GitError> {
        self.entry_in(self.commit(commit)?.tree_id(), &path::bytes(file))
    }

    /// Finds what a path leads to, without following links.
    pub(super) fn entry_in(&self, root: Oid, name: &[u8]) -> Result<Option<Found>, GitError> {
        let mut tree = root;
        let mut parts = name.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            // libgit2 takes names as C strings, and no entry of a tree holds a NUL.
            if part.is_empty() || part.contains(&0) {
                return Ok(None);
            }
            let directory = self
                .inner
                .find_tree(tree)
                .map_err(|source| self.failed("reading a directory of the commit", source))?;
            let Some(entry) = directory.get_name_bytes(part) else {
                return Ok(None);
            };
            let found = Found {
                name: name.to_vec(),
                id: entry.id(),
                mode: mode_of(&entry),
            };
            if parts.peek().is_none() {
                return Ok(Some(found));
            }
            if found.kind() != EntryKind::Directory {
                return Ok(None);
            }
            tree = found.id;
        }
        Ok(None)
    }
}

/// One of the modes that git writes.
fn mode_of(entry: &git2::TreeEntry<'_>) -> u32 {
    u32::try_from(entry.filemode()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
