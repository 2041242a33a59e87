//! What the merge base held where the change touches it: the source that policies compare the head's with.

use std::collections::BTreeMap;

use super::LoadError;
use super::source::{SourceFile, is_source};
use crate::change::{Change, FileStatus};
use crate::git::Repository;
use crate::source::{BaseFacts, LockChange, SourceIndex, is_lock_file, locked_providers};

/// The merge base's side.
pub(super) struct Before {
    /// Texts of its Terraform files; none where the change touches none of them.
    files: Option<Vec<SourceFile>>,
    /// Old directories of moved files, by the new ones.
    moved: BTreeMap<String, String>,
    /// Lock files that the change touches.
    locks: Vec<LockChange>,
}

fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Reads it; none where the change has no two commits.
pub(super) fn before(
    repository: Option<&Repository>,
    change: Option<&Change>,
    files: Option<&[SourceFile]>,
) -> Result<Option<Before>, LoadError> {
    let (Some(repository), Some(change), Some(files)) = (repository, change, files) else {
        return Ok(None);
    };
    let (Some(base), Some(head)) = (&change.merge_base, &change.head) else {
        return Ok(None);
    };
    let read = |commit: &str, path: &str| {
        repository
            .read_blob(commit, path)
            .map_err(|e| LoadError::git(&e))
    };
    let mut texts: Option<BTreeMap<&str, Vec<u8>>> = None;
    let mut moved = BTreeMap::new();
    let mut locks = Vec::new();
    for file in &change.files {
        let new = (file.status != FileStatus::Deleted).then_some(file.path.as_str());
        let old = match file.status {
            FileStatus::Added | FileStatus::Copied => None,
            _ => Some(file.old_path.as_deref().unwrap_or(&file.path)),
        };
        for path in [new, old].into_iter().flatten().filter(|p| is_source(p)) {
            let known = || files.iter().map(|(p, text)| (p.as_str(), text.clone()));
            texts.get_or_insert_with(|| known().collect()).remove(path);
        }
        if let Some(old) = old.filter(|old| is_source(old))
            && let (Some(bytes), Some(texts)) = (read(base, old)?, texts.as_mut())
        {
            texts.insert(old, bytes);
        }
        if let (Some(new), Some(old)) = (new, old.filter(|old| Some(*old) != new)) {
            moved
                .entry(directory(new).to_owned())
                .or_insert_with(|| directory(old).to_owned());
        }
        let is_lock = |path: Option<&str>| path.is_some_and(is_lock_file);
        if is_lock(new) || is_lock(old) {
            let mut lock = LockChange {
                file: file.path.clone(),
                before: None,
                after: None,
                damaged: false,
            };
            for (commit, path, side) in
                [(base, old, &mut lock.before), (head, new, &mut lock.after)]
            {
                let Some(path) = path.filter(|path| is_lock_file(path)) else {
                    continue;
                };
                if let Some(bytes) = read(commit, path)? {
                    let (providers, damaged) = locked_providers(path, &bytes);
                    *side = Some(providers);
                    lock.damaged |= damaged;
                }
            }
            locks.push(lock);
        }
    }
    Ok(Some(Before {
        files: texts.map(|texts| {
            texts
                .into_iter()
                .map(|(path, text)| (path.to_owned(), text))
                .collect()
        }),
        moved,
        locks,
    }))
}

impl Before {
    /// Puts beside the head's index of a root module what the merge base said.
    pub(super) fn tell(&self, index: &mut SourceIndex, root: &str) {
        index.lock_changes.clone_from(&self.locks);
        let facts = match &self.files {
            None => index.facts.clone(),
            Some(files) => {
                let holds = |root: &str| files.iter().any(|(path, _)| directory(path) == root);
                // A root module that was moved was another directory before.
                let old = self.moved.get(root).filter(|_| !holds(root));
                let root = old.map_or(root, String::as_str);
                SourceIndex::build(files.iter().cloned(), root, None).facts
            }
        };
        index.base = Some(BaseFacts {
            backends: facts.backends,
            lifecycle: facts.lifecycle,
            module_calls: facts.module_calls,
        });
    }
}
