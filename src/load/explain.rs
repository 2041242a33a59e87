//! The base commit's configuration and the variable files, for the question whether the change explains the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::LoadError;
use super::source::{SourceFile, is_source};
use crate::change::{Change, FileStatus};
use crate::git::Repository;
use crate::provenance::{Explanation, Sides, VariableFile, explain};
use crate::review::CasePlan;
use crate::source::{SourceIndex, directory};

/// Joins each plan with the change; nothing where there are no two commits to compare.
pub(super) fn explanations(
    repository: Option<&Repository>,
    change: Option<&Change>,
    files: &[SourceFile],
    plans: &[(&CasePlan, &str, Option<&SourceIndex>)],
) -> Result<Vec<Option<Explanation>>, LoadError> {
    let nothing = || Ok(plans.iter().map(|_| None).collect());
    let (Some(repository), Some(change)) = (repository, change) else {
        return nothing();
    };
    let (Some(base), Some(head)) = (&change.merge_base, &change.head) else {
        return nothing();
    };
    let old = base_files(repository, base, change, files)?;
    // Plans of one root module share its index and its variable files.
    let mut roots: BTreeMap<&str, (Option<SourceIndex>, Vec<VariableFile>)> = BTreeMap::new();
    for (_, root, _) in plans {
        if !roots.contains_key(root) {
            let index = old
                .as_ref()
                .map(|old| SourceIndex::build(old.iter().cloned(), root, None));
            let variables = variable_files(repository, [base, head], change, root)?;
            roots.insert(root, (index, variables));
        }
    }
    Ok(plans
        .iter()
        .map(|(plan, root, index)| {
            let index = (*index)?;
            let (old, variables) = roots.get(root)?;
            let sides = Sides {
                change,
                head: index,
                // Without a difference in these files both commits have the same configuration.
                base: old.as_ref().unwrap_or(index),
                root,
                variables,
            };
            Some(explain(&plan.plan, &sides))
        })
        .collect())
}

/// The Terraform files of the base: those of the head with the change taken back; none where no such file differs.
fn base_files(
    repository: &Repository,
    base: &str,
    change: &Change,
    files: &[SourceFile],
) -> Result<Option<Vec<SourceFile>>, LoadError> {
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    let mut read: BTreeSet<&str> = BTreeSet::new();
    for file in &change.files {
        let before = file.old_path.as_deref().unwrap_or(&file.path);
        if is_source(&file.path) {
            gone.insert(&file.path);
        }
        if is_source(before) && file.status != FileStatus::Added {
            read.insert(before);
        }
    }
    if gone.is_empty() && read.is_empty() {
        return Ok(None);
    }
    let kept = files
        .iter()
        .filter(|(path, _)| !gone.contains(path.as_str()) && !read.contains(path.as_str()));
    let mut old: Vec<SourceFile> = kept.cloned().collect();
    for path in read {
        if let Some(bytes) = blob(repository, base, path)? {
            old.push((path.to_owned(), bytes));
        }
    }
    Ok(Some(old))
}

fn is_variables(path: &str) -> bool {
    path.ends_with(".tfvars") || path.ends_with(".tfvars.json")
}

/// The variable files beside the root module, and those that the change touches anywhere.
fn variable_files(
    repository: &Repository,
    [base, head]: [&str; 2],
    change: &Change,
    root: &str,
) -> Result<Vec<VariableFile>, LoadError> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for file in &change.files {
        let before = file.old_path.as_deref().unwrap_or(&file.path);
        if !is_variables(&file.path) && !is_variables(before) {
            continue;
        }
        seen.insert(file.path.clone());
        let side = |commit: &str, path: &str, there: bool| {
            if there && is_variables(path) {
                blob(repository, commit, path)
            } else {
                Ok(None)
            }
        };
        found.push(VariableFile {
            path: file.path.clone(),
            head: side(head, &file.path, file.status != FileStatus::Deleted)?,
            base: side(base, before, file.status != FileStatus::Added)?,
        });
    }
    let beside = repository
        .list(head, root, false)
        .map_err(|e| LoadError::git(&e))?;
    for entry in beside {
        if is_variables(&entry.path)
            && directory(&entry.path) == root
            && !seen.contains(&entry.path)
        {
            let bytes = blob(repository, head, &entry.path)?;
            found.push(VariableFile {
                path: entry.path,
                head: bytes.clone(),
                base: bytes,
            });
        }
    }
    Ok(found)
}

fn blob(repository: &Repository, commit: &str, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
    repository
        .read_blob(commit, path)
        .map_err(|e| LoadError::git(&e))
}
