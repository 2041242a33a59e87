//! What the merge base held where the change touches it: the source that policies compare the head's with.

use std::collections::BTreeMap;

use super::LoadError;
use super::source::{SourceFile, SourceTree, is_source};
use crate::change::{Change, FileStatus};
use crate::git::Repository;
use crate::source::{BaseFacts, LockChange, Sources, directory, is_lock_file, locked_providers};

/// The merge base's side.
pub(super) struct Before {
    /// Its Terraform files; none where the change touches none of them, so that they are the head's.
    pub(super) tree: Option<SourceTree>,
    /// Old directories of moved files, by the new ones.
    pub(super) moved: BTreeMap<String, String>,
    /// Lock files that the change touches.
    locks: Vec<LockChange>,
}

/// Reads it; none where the change has no two commits.
pub(super) fn before(
    repository: &Repository,
    change: &Change,
    tree: &SourceTree,
) -> Result<Option<Before>, LoadError> {
    const LINK: Option<&str> = Some("120000");
    let files = &tree.files;
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
    let relinked = change
        .files
        .iter()
        .any(|file| file.mode.as_deref() == LINK || file.old_mode.as_deref() == LINK)
        // What a link with the name of a Terraform file leads to may have any name.
        || tree.has_linked_files();
    let old = if relinked {
        // Where links lead, or what they lead to, may have changed too.
        Some(SourceTree::read(repository, base)?)
    } else {
        texts.map(|texts| {
            let texts = texts.into_iter();
            tree.with_files(
                texts
                    .map(|(path, text)| (path.to_owned(), text))
                    .collect::<Vec<SourceFile>>(),
            )
        })
    };
    Ok(Some(Before {
        tree: old,
        moved,
        locks,
    }))
}

impl Before {
    /// Puts beside the head's index of a root module what the merge base said.
    pub(super) fn tell(&self, sources: &mut Sources) {
        let facts = sources.base.as_ref().unwrap_or(&sources.head).facts.clone();
        sources.head.lock_changes.clone_from(&self.locks);
        sources.head.base = Some(BaseFacts {
            backends: facts.backends,
            lifecycle: facts.lifecycle,
            module_calls: facts.module_calls,
        });
    }
}
