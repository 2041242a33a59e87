//! The modules of a plan: each must be one that the configuration calls, from where it says.

use std::collections::{BTreeMap, BTreeSet};

use super::{Difference, Gap, ModuleProblem, Proof, version};
use crate::plan::SnapshotModule;
use crate::source::{ModuleCall, SourceIndex, join};

/// Hosts that a source without a host means.
const DEFAULT_HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// A module whose files the commit should hold.
pub(super) struct Placed<'a> {
    pub(super) module: &'a SnapshotModule,
    /// Directory in the repository.
    pub(super) directory: String,
}

/// Follows the module calls from the root module. What the calls say stands in files that are compared afterwards.
pub(super) fn place<'a>(
    modules: &'a [SnapshotModule],
    root: &str,
    proof: &mut Proof,
) -> Vec<Placed<'a>> {
    let by_key: BTreeMap<&str, &SnapshotModule> =
        modules.iter().map(|m| (m.key.as_str(), m)).collect();
    let mut placed = Vec::new();
    let mut seen = BTreeSet::new();
    let mut todo = Vec::new();
    if let Some(module) = by_key.get("") {
        if clean(&module.directory) != "." {
            proof.gaps.push(Gap::RootElsewhere);
        }
        todo.push((*module, Some(root.to_owned())));
    }
    while let Some((module, directory)) = todo.pop() {
        seen.insert(module.key.as_str());
        for call in calls(module).into_values() {
            let key = match module.key.as_str() {
                "" => call.name.clone(),
                above => format!("{above}.{}", call.name),
            };
            let problem = match by_key.get(key.as_str()) {
                None => Some(ModuleProblem::NotPlanned),
                Some(child) => {
                    let next = follow(module, directory.as_deref(), &call, child, proof);
                    next.map_or_else(Some, |directory| {
                        todo.push((*child, directory));
                        None
                    })
                }
            };
            if let Some(problem) = problem {
                proof.differences.push(Difference::Module {
                    key: key.clone(),
                    problem,
                });
                // One difference is enough to name it.
                seen.extend(by_key.get_key_value(key.as_str()).map(|(key, _)| *key));
            }
        }
        if let Some(directory) = directory {
            placed.push(Placed { module, directory });
        }
    }
    for module in modules {
        if !seen.contains(module.key.as_str()) && !is_below_a_difference(module, proof) {
            proof.differences.push(Difference::Module {
                key: module.key.clone(),
                problem: ModuleProblem::NotCalled,
            });
        }
    }
    placed
}

/// Whether a module above it differs already.
fn is_below_a_difference(module: &SnapshotModule, proof: &Proof) -> bool {
    proof.differences.iter().any(|difference| {
        matches!(difference, Difference::Module { key, .. }
            if module.key.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('.')))
    })
}

/// The directory of a called module; `None` where the repository does not hold it.
fn follow(
    module: &SnapshotModule,
    directory: Option<&str>,
    call: &ModuleCall,
    child: &SnapshotModule,
    proof: &mut Proof,
) -> Result<Option<String>, ModuleProblem> {
    let source = call.source.as_deref().unwrap_or_default();
    if call.source_known && is_local(source) {
        if clean(source) != clean(&child.source) {
            return Err(ModuleProblem::OtherSource);
        }
        if clean(&format!("{}/{source}", module.directory)) != clean(&child.directory) {
            return Err(ModuleProblem::OtherDirectory);
        }
        let Some(directory) = directory else {
            // Part of a module from elsewhere, which is named already.
            return Ok(None);
        };
        let found = join(directory, source);
        if found.is_none() {
            proof.gaps.push(Gap::Outside {
                key: child.key.clone(),
            });
        }
        return Ok(found);
    }
    if call.source_known {
        let other = match (registry(source), registry(&child.source)) {
            (Some(called), Some(planned)) => !called.eq_ignore_ascii_case(&planned),
            _ => is_local(&child.source),
        };
        if other {
            return Err(ModuleProblem::OtherSource);
        }
        let constraints = call.version.as_deref().zip(child.version.as_deref());
        if constraints.and_then(|(wanted, found)| version::allows(wanted, found)) == Some(false) {
            return Err(ModuleProblem::OtherVersion);
        }
    }
    proof.gaps.push(Gap::RemoteModule {
        key: child.key.clone(),
        source: child.source.clone(),
        version: child.version.clone(),
    });
    Ok(None)
}

/// The module calls of a module's own files, by name; what override files say wins.
fn calls(module: &SnapshotModule) -> BTreeMap<String, ModuleCall> {
    let index = SourceIndex::build(module.files.clone(), "", None);
    let mut found: BTreeMap<String, ModuleCall> = BTreeMap::new();
    let mut all = index.facts.module_calls;
    all.retain(|call| call.module.as_deref() == Some("") && !call.name.is_empty());
    // Stable: the order of the files stays.
    all.sort_by_key(|call| call.overrides);
    for call in all {
        match found.get_mut(&call.name) {
            None => drop(found.insert(call.name.clone(), call)),
            Some(known) if call.overrides => {
                if call.source.is_some() {
                    known.source = call.source;
                    known.source_known = call.source_known;
                }
                if call.version.is_some() {
                    known.version = call.version;
                }
            }
            Some(_) => {}
        }
    }
    found
}

fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../") || source == "." || source == ".."
}

/// A source of a registry in its full form, without a default host.
fn registry(source: &str) -> Option<String> {
    let (package, below) = source.split_once("//").unwrap_or((source, ""));
    let parts: Vec<&str> = package.split('/').collect();
    let name = match parts.as_slice() {
        [host, rest @ ..] if host.contains('.') && rest.len() == 3 => {
            if DEFAULT_HOSTS.contains(host) {
                rest.join("/")
            } else {
                package.to_owned()
            }
        }
        [first, _, _] if !first.contains(['.', ':', '@']) => package.to_owned(),
        _ => return None,
    };
    Some(format!("{name}//{below}"))
}

/// A relative path without detours: `./a/../b/` is `b`, nothing is `.`.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    let text = match parts.as_slice() {
        [] => ".".to_owned(),
        parts => parts.join("/"),
    };
    if path.starts_with('/') {
        return format!("/{text}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_without_detours() {
        for (path, same) in [
            (".", "."),
            ("", "."),
            ("./a/", "a"),
            ("region/../cluster", "cluster"),
            ("a/../../b", "../b"),
            ("../../x/./y", "../../x/y"),
            ("/a/b", "/a/b"),
        ] {
            assert_eq!(clean(path), same, "{path}");
        }
    }

    #[test]
    fn sources_of_registries_have_one_full_form() {
        let same = |a: &str, b: &str| registry(a).is_some() && registry(a) == registry(b);
        let vpc = "terraform-aws-modules/vpc/aws";
        assert!(same(
            vpc,
            "registry.terraform.io/terraform-aws-modules/vpc/aws"
        ));
        assert!(same("a/b/c//d", "registry.opentofu.org/a/b/c//d"));
        assert!(!same(vpc, "app.terraform.io/terraform-aws-modules/vpc/aws"));
        assert!(!same("a/b/c//d", "a/b/c"));
        for elsewhere in [
            "github.com/a/b",
            "git::https://github.com/a/b.git",
            "git@github.com:a/b.git",
            "./a",
            "s3::https://s3.amazonaws.com/b/x.zip",
        ] {
            assert_eq!(registry(elsewhere), None, "{elsewhere}");
        }
    }
}
