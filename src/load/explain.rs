//! The base commit's configuration and the variable files, for the question whether the change explains the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::LoadError;
use super::source::Found;
use crate::change::{Change, FileStatus};
use crate::git::Repository;
use crate::provenance::{Sides, VariableFile, explain};
use crate::review::CasePlan;
use crate::source::directory;

/// Joins a plan with the change; nothing where there are no two commits to compare.
pub(super) fn join(
    repository: Option<&Repository>,
    change: Option<&Change>,
    plan: &CasePlan,
    found: &mut Found,
    // Plans of one root module share its variable files.
    variables: &mut BTreeMap<String, Vec<VariableFile>>,
) -> Result<(), LoadError> {
    let (Some(repository), Some(change)) = (repository, change) else {
        return Ok(());
    };
    let (Some(base), Some(head)) = (&change.merge_base, &change.head) else {
        return Ok(());
    };
    let Some(sources) = &found.sources else {
        return Ok(());
    };
    let root = &found.root.directory;
    if !variables.contains_key(root) {
        let read = variable_files(repository, [base, head], change, root)?;
        variables.insert(root.clone(), read);
    }
    let sides = Sides {
        change,
        head: &sources.head,
        // Without a difference in these files both commits have the same configuration.
        base: sources.base.as_ref().unwrap_or(&sources.head),
        root,
        variables: variables.get(root).map_or(&[][..], Vec::as_slice),
    };
    found.explanation = Some(explain(&plan.plan, &sides));
    Ok(())
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
