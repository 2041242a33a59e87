//! The Terraform files of the commit under review, and their index for each plan.

use std::path::Path;

use super::LoadError;
use crate::git::Repository;
use crate::source::SourceIndex;

/// A file of the commit: its path and its bytes.
pub(super) type SourceFile = (String, Vec<u8>);

/// Whether a path is that of a file with Terraform configuration, or of a lock file.
pub(super) fn is_source(path: &str) -> bool {
    [
        ".tf",
        ".tf.json",
        ".tofu",
        ".tofu.json",
        ".terraform.lock.hcl",
    ]
    .iter()
    .any(|end| path.ends_with(end))
}

/// Texts of all Terraform files of the commit under review.
pub(super) fn source_files(
    repository: Option<&Repository>,
    head: Option<&str>,
) -> Result<Option<Vec<SourceFile>>, LoadError> {
    let (Some(repository), Some(head)) = (repository, head) else {
        return Ok(None);
    };
    let entries = repository
        .files_matching(head, is_source)
        .map_err(|e| LoadError::git(&e))?;
    let mut files = Vec::new();
    for entry in entries {
        if let Some(bytes) = repository
            .read_blob(head, &entry.path)
            .map_err(|e| LoadError::git(&e))?
        {
            files.push((entry.path, bytes));
        }
    }
    Ok(Some(files))
}

/// Indexes the source for one plan.
pub(super) fn index(files: &[SourceFile], root: &str) -> SourceIndex {
    SourceIndex::build(files.iter().cloned(), root, None)
}

/// The directory of a plan's root module: the nearest above the plan, or the working directory, with Terraform files.
pub(super) fn root_directory(
    files: &[(String, Vec<u8>)],
    plan_root: &str,
    workdir: &Path,
    directory: &Path,
) -> String {
    let parent = |path: &str| {
        path.rsplit_once('/')
            .map_or_else(String::new, |(dir, _)| dir.to_owned())
    };
    let here = std::path::absolute(directory)
        .ok()
        .and_then(|d| {
            d.strip_prefix(workdir)
                .ok()
                .map(|p| p.to_string_lossy().replace('\\', "/"))
        })
        .unwrap_or_default();
    let holds = |dir: &str| {
        files
            .iter()
            .any(|(path, _)| parent(path) == dir && !path.ends_with(".hcl"))
    };
    let mut candidates = Vec::new();
    let mut above = parent(plan_root);
    while !above.is_empty() {
        candidates.push(above.clone());
        above = parent(&above);
    }
    candidates.push(here);
    candidates
        .into_iter()
        .find(|dir| holds(dir))
        .unwrap_or_default()
}
