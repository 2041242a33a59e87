//! The locked providers of the plan and of the commit. Terraform writes the file anew into the plan, so what it says is compared, not
//! its bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::files::CommitTree;
use super::{Difference, Gap, LockProblem, Proof};
use crate::source::{LockedProvider, SourceIndex};

/// The lock file of a root module.
const FILE: &str = ".terraform.lock.hcl";

/// Compares them. The lock file that Terraform writes where no provider is needed says nothing, as one that is missing.
pub(super) fn compare(planned: Option<&[u8]>, commit: &CommitTree, proof: &mut Proof) {
    let path = match proof.directory.as_str() {
        "" => FILE.to_owned(),
        directory => format!("{directory}/{FILE}"),
    };
    let planned = planned.map_or_else(|| Some(BTreeMap::new()), providers);
    let committed = commit
        .files
        .get(&path)
        .map_or_else(|| Some(BTreeMap::new()), |bytes| providers(bytes));
    let (Some(planned), Some(committed)) = (planned, committed) else {
        proof.differences.push(Difference::Lock {
            provider: String::new(),
            problem: LockProblem::Unreadable,
        });
        return;
    };
    if committed.is_empty() && !planned.is_empty() {
        proof.gaps.push(Gap::NoLock {
            providers: planned.len(),
        });
        return;
    }
    let names: BTreeSet<&String> = planned.keys().chain(committed.keys()).collect();
    for name in names {
        let problem = match (planned.get(name), committed.get(name)) {
            (Some(planned), Some(committed)) => problem(planned, committed),
            (Some(_), None) => Some(LockProblem::NotInCommit),
            (None, _) => Some(LockProblem::NotPlanned),
        };
        proof
            .differences
            .extend(problem.map(|problem| Difference::Lock {
                provider: name.clone(),
                problem,
            }));
    }
}

fn problem(planned: &LockedProvider, committed: &LockedProvider) -> Option<LockProblem> {
    let hashes = |provider: &LockedProvider| -> BTreeSet<String> {
        provider.hashes.iter().cloned().collect()
    };
    if planned.version != committed.version {
        Some(LockProblem::OtherVersion)
    } else if hashes(planned) != hashes(committed) {
        Some(LockProblem::OtherHashes)
    } else if planned.constraints != committed.constraints {
        Some(LockProblem::OtherConstraints)
    } else {
        None
    }
}

/// The providers that a lock file names; none where it cannot be read in one way only.
fn providers(bytes: &[u8]) -> Option<BTreeMap<String, LockedProvider>> {
    let index = SourceIndex::build([(FILE.to_owned(), bytes.to_vec())], "", None);
    let count = index.lock.len();
    let found: BTreeMap<String, LockedProvider> = index
        .lock
        .into_iter()
        .map(|provider| (provider.provider.clone(), provider))
        .collect();
    (index.problems.is_empty() && found.len() == count).then_some(found)
}
