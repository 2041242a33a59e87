//! Holds binary plans against the commit under review: what the commit has of Terraform files, links followed.

use std::collections::BTreeMap;

use super::LoadError;
use super::Request;
use super::source::{Found, SourceTree, is_source};
use crate::git::{EntryKind, Repository};
use crate::provenance::{CommitTree, Evidence, Opaque, Proof};
use crate::review::CasePlan;
use crate::source::join;

/// Most links behind one another that are followed.
const MAX_LINKS: usize = 8;

/// Puts the proof beside a plan that has a binary plan file.
pub(super) fn prove(
    plan: &mut CasePlan,
    request: &Request,
    (repository, head, source): (Option<&Repository>, Option<&str>, Option<&SourceTree>),
    found: &Found,
    // What the commit holds, read once for all plans.
    commit: &mut Option<CommitTree>,
) -> Result<(), LoadError> {
    if plan.plan.binary.is_none() {
        return Ok(());
    }
    if let (None, Some(repository), Some(head), Some(source)) = (&commit, repository, head, source)
    {
        *commit = Some(tree(repository, head, source)?);
    }
    plan.proof = Proof::of(&Evidence {
        plan: &plan.plan,
        paired: request.plan_file.is_some(),
        commit: commit.as_ref(),
        root: &found.root.directory,
    });
    Ok(())
}

/// What a commit holds. A link is what it leads to, where that is a file of the commit.
fn tree(repository: &Repository, head: &str, source: &SourceTree) -> Result<CommitTree, LoadError> {
    let entries = repository
        .files_matching(head, |_, _| true)
        .map_err(|error| LoadError::git(&error))?;
    let mut tree = CommitTree {
        files: source.files.iter().cloned().collect(),
        opaque: BTreeMap::new(),
    };
    let kinds: BTreeMap<&str, EntryKind> = entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.kind))
        .collect();
    for (path, kind) in &kinds {
        match kind {
            EntryKind::File | EntryKind::Directory => {}
            EntryKind::Submodule => {
                tree.opaque.insert((*path).to_owned(), Opaque::Submodule);
            }
            EntryKind::Symlink => {
                let wanted = is_source(path);
                let found = match followed(repository, head, path, &kinds)? {
                    Some(target) if wanted => repository
                        .read_blob(head, &target)
                        .map_err(|error| LoadError::git(&error))?,
                    // A link to a file that Terraform does not read hides nothing.
                    Some(_) => continue,
                    None => None,
                };
                match found {
                    Some(bytes) => drop(tree.files.insert((*path).to_owned(), bytes)),
                    None => drop(tree.opaque.insert((*path).to_owned(), Opaque::Link)),
                }
            }
        }
    }
    Ok(tree)
}

/// The file of the commit that a link leads to.
fn followed(
    repository: &Repository,
    head: &str,
    link: &str,
    kinds: &BTreeMap<&str, EntryKind>,
) -> Result<Option<String>, LoadError> {
    let mut path = link.to_owned();
    for _ in 0..MAX_LINKS {
        match kinds.get(path.as_str()) {
            Some(EntryKind::File) => return Ok(Some(path)),
            Some(EntryKind::Symlink) => {}
            _ => return Ok(None),
        }
        let target = repository
            .read_blob(head, &path)
            .map_err(|error| LoadError::git(&error))?;
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let next = target
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|target| join(directory, &target));
        let Some(next) = next else { return Ok(None) };
        path = next;
    }
    Ok(None)
}
