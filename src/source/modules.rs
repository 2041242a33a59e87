//! Which directories the root module reaches, and under which module paths.
//!
//! Terraform follows `source = "./x"` from the directory of the calling file. A directory called twice
//! is two modules, so every path to it counts. Sources elsewhere (registries, git) are followed only
//! where the caller knows their directory from `modules.json`. The number of paths and their depth are
//! bounded, and a module that calls itself is not followed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::{join, within};
use super::facts::{Facts, ModuleCall, SourceProblem};
use super::layout::Layout;

/// Module paths longer than this are not followed.
const MAX_DEPTH: usize = 64;
/// More module paths than this are not followed.
const MAX_PATHS: usize = 20_000;
/// More entries than this are not copied to further module paths.
const MAX_ENTRIES: usize = 500_000;

/// The facts of each file, by directory.
pub(super) type Directories = BTreeMap<String, Vec<Facts>>;

/// A module path and the directory its configuration is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) module: Arc<str>,
    pub(super) directory: Arc<str>,
}

struct Visit {
    reached: Reached,
    key: String,
    /// The directories on the way from the root.
    way: Vec<Arc<str>>,
}

/// Follows the module calls from `root`; problems are added to `problems`.
pub(super) fn follow(
    directories: &Directories,
    root: &str,
    layout: &Layout,
    problems: &mut BTreeSet<SourceProblem>,
) -> Vec<Reached> {
    let mut found = Vec::new();
    let mut entries = 0_usize;
    let root: Arc<str> = root.into();
    let mut todo = vec![Visit {
        reached: Reached {
            module: "".into(),
            directory: root.clone(),
        },
        key: String::new(),
        way: Vec::new(),
    }];
    while let Some(visit) = todo.pop() {
        let Some(files) = directories.get(visit.reached.directory.as_ref()) else {
            continue;
        };
        let mut way = visit.way;
        way.push(visit.reached.directory.clone());
        for (name, call) in calls(files) {
            let key = if visit.key.is_empty() {
                name.to_owned()
            } else {
                format!("{}.{name}", visit.key)
            };
            let report = |message: &str| SourceProblem {
                file: call.file.clone(),
                line: Some(call.line),
                message: format!("The module `{name}` was not followed: {message}"),
                syntax: false,
            };
            let known = || {
                let directory = layout.place(layout.modules.get(&key)?);
                directories.contains_key(&directory).then_some(directory)
            };
            let target = match target(directories, layout, &visit.reached.directory, call) {
                Ok(local) => local.or_else(known),
                Err(message) => known().or_else(|| {
                    problems.insert(report(&message));
                    None
                }),
            };
            let Some(directory) = target else {
                continue;
            };
            let directory: Arc<str> = directory.into();
            entries += directories
                .get(directory.as_ref())
                .map_or(0, |files| files.iter().map(Facts::len).sum());
            if way.contains(&directory) {
                problems.insert(report("it calls itself."));
            } else if way.len() > MAX_DEPTH {
                problems.insert(report("modules are nested too deeply."));
            } else if found.len() + todo.len() >= MAX_PATHS || entries > MAX_ENTRIES {
                problems.insert(report("there are too many modules."));
            } else {
                let module = within(&visit.reached.module, &format!("module.{name}")).into();
                todo.push(Visit {
                    reached: Reached { module, directory },
                    key,
                    way: way.clone(),
                });
            }
        }
        found.push(visit.reached);
    }
    found.sort_by(|a, b| a.module.cmp(&b.module));
    found
}

/// The calls of one directory by name; override files win.
fn calls(files: &[Facts]) -> BTreeMap<&str, &ModuleCall> {
    let mut calls: BTreeMap<&str, &ModuleCall> = BTreeMap::new();
    let of = |overrides: bool| {
        let all = files.iter().flat_map(|facts| &facts.module_calls);
        all.filter(move |call| call.overrides == overrides && !call.name.is_empty())
    };
    for call in of(false) {
        calls.entry(&call.name).or_insert(call);
    }
    for call in of(true).filter(|call| call.source.is_some()) {
        calls.insert(&call.name, call);
    }
    calls
}

/// The directory of a local source; `None` for a source elsewhere, an error where it is not understood.
fn target(
    directories: &Directories,
    layout: &Layout,
    caller: &str,
    call: &ModuleCall,
) -> Result<Option<String>, String> {
    let Some(source) = call.source.as_deref() else {
        return Err("it has no source.".to_owned());
    };
    if !call.source_known {
        return Err("its source is not a plain string.".to_owned());
    }
    if !source.starts_with("./") && !source.starts_with("../") && source != "." && source != ".." {
        return Ok(None);
    }
    match join(caller, source).map(|directory| layout.resolve(&directory)) {
        Some(directory) if directories.contains_key(&directory) => Ok(Some(directory)),
        Some(directory) if layout.submodule_of(&directory).is_some() => Err(format!(
            "`{}` is a submodule, and what it holds is not in this repository.",
            layout.submodule_of(&directory).unwrap_or_default()
        )),
        Some(directory) => Err(format!(
            "`{directory}` holds no configuration in this commit."
        )),
        None => Err("its source lies outside the repository.".to_owned()),
    }
}
