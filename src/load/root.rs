//! The directory of a plan's root module in the repository, and how sure that is.
//!
//! A plan does not say where it was made. The binary plan holds its root module's files; the JSON names what the root module declares;
//! and a plan usually lies in, or is reviewed from, the directory it was made in. They are asked in this order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::source::SourceFile;
use crate::plan::Plan;
use crate::source::SourceIndex;

/// How sure a root module's directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    /// It holds exactly the files of the plan's snapshot.
    Proven,
    /// It declares everything that the plan's configuration names.
    Declared,
    /// The plan is there, or below, and nothing speaks against it.
    Placed,
    /// It is the nearest one, and does not declare everything, or others do so as well.
    Guessed,
}

/// A root module's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Root {
    /// The repository directory, `""` for the repository's root.
    pub(super) directory: String,
    pub(super) certainty: Certainty,
}

impl Certainty {
    /// How it is known, as the end of a sentence.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Proven => "its files are those that the plan was made from",
            Self::Declared => "it declares all that the plan's configuration names",
            Self::Placed => "it is the nearest directory with configuration",
            Self::Guessed => "it is the nearest directory with configuration, and this is a guess",
        }
    }
}

/// The names of the root module's blocks, as the index spells them.
pub(super) fn declared(plan: &Plan) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Configuration<'a> {
        #[serde(borrow, default)]
        root_module: Module<'a>,
    }
    #[derive(Deserialize, Default)]
    struct Module<'a> {
        #[serde(default)]
        resources: Vec<Resource>,
        #[serde(borrow, rename = "module_calls", default)]
        calls: BTreeMap<String, &'a RawValue>,
        #[serde(borrow, default)]
        outputs: BTreeMap<String, &'a RawValue>,
        #[serde(borrow, default)]
        variables: BTreeMap<String, &'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Resource {
        #[serde(default)]
        address: String,
    }
    fn prefixed<V>(prefix: &str, names: BTreeMap<String, V>) -> Vec<String> {
        let names = names.into_keys();
        names.map(|name| format!("{prefix}.{name}")).collect()
    }
    let text = plan.section("configuration").unwrap_or("null");
    let Ok(Some(Configuration { root_module })) = serde_json::from_str(text) else {
        return BTreeSet::new();
    };
    let resources = root_module.resources.into_iter().map(|r| r.address);
    resources
        .chain(prefixed("module", root_module.calls))
        .chain(prefixed("output", root_module.outputs))
        .chain(prefixed("var", root_module.variables))
        .collect()
}

/// Whether the root module of an index declares all of these.
fn fits(index: &SourceIndex, names: &BTreeSet<String>) -> bool {
    names.iter().all(|name| index.locate_config(name).is_some())
}

/// The directories whose own files declare all of these.
fn fitting(index: &SourceIndex, names: &BTreeSet<String>) -> Vec<String> {
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for block in &index.facts.blocks {
        let name = match block.kind.as_str() {
            "resource" => block.labels.join("."),
            "variable" => format!("var.{}", block.labels.join(".")),
            kind => format!("{kind}.{}", block.labels.join(".")),
        };
        if names.contains(&name) {
            found.entry(parent(&block.file)).or_default().insert(name);
        }
    }
    let all = found
        .into_iter()
        .filter(|(_, have)| have.len() == names.len());
    all.map(|(directory, _)| directory.to_owned()).collect()
}

/// Finds the root module of a plan; `index_at` indexes the commit from a directory.
pub(super) fn find(
    plan: &Plan,
    files: &[SourceFile],
    placed: &str,
    index_at: &dyn Fn(&str) -> SourceIndex,
) -> (Root, SourceIndex) {
    let root = |directory: &str, certainty| Root {
        directory: directory.to_owned(),
        certainty,
    };
    let same = snapshot_directories(plan, files);
    match same.as_slice() {
        [] => {}
        [only] => return (root(only, Certainty::Proven), index_at(only)),
        several if several.iter().any(|directory| directory == placed) => {
            return (root(placed, Certainty::Proven), index_at(placed));
        }
        _ => return (root(placed, Certainty::Guessed), index_at(placed)),
    }
    let names = declared(plan);
    let index = index_at(placed);
    let holds = holds(files, placed);
    if names.is_empty() {
        let certainty = if holds {
            Certainty::Placed
        } else {
            Certainty::Guessed
        };
        return (root(placed, certainty), index);
    }
    if holds && fits(&index, &names) {
        return (root(placed, Certainty::Declared), index);
    }
    match fitting(&index, &names).as_slice() {
        [only] => (root(only, Certainty::Declared), index_at(only)),
        _ => (root(placed, Certainty::Guessed), index),
    }
}

/// The directories of the commit with exactly the files of the snapshot's root module.
fn snapshot_directories(plan: &Plan, files: &[SourceFile]) -> Vec<String> {
    let modules = plan.binary.iter().flat_map(|binary| &binary.modules);
    let Some(own) = modules.into_iter().find(|module| module.key.is_empty()) else {
        return Vec::new();
    };
    let mut directories: BTreeMap<&str, BTreeMap<&str, &[u8]>> = BTreeMap::new();
    for (path, bytes) in files.iter().filter(|(path, _)| is_configuration(path)) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let of = directories.entry(parent(path)).or_default();
        of.insert(name, bytes);
    }
    let own: BTreeMap<&str, &[u8]> = own
        .files
        .iter()
        .filter(|(name, _)| is_configuration(name))
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    if own.is_empty() {
        return Vec::new();
    }
    let same = directories.into_iter().filter(|(_, files)| *files == own);
    same.map(|(directory, _)| directory.to_owned()).collect()
}

fn is_configuration(path: &str) -> bool {
    [".tf", ".tf.json", ".tofu", ".tofu.json"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// The directory of a path, `""` at the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// Whether a directory holds configuration.
pub(super) fn holds(files: &[SourceFile], directory: &str) -> bool {
    files
        .iter()
        .any(|(path, _)| is_configuration(path) && parent(path) == directory)
}

/// The nearest directory with configuration above the plan, else the working directory, else the repository's root.
pub(super) fn placed(
    files: &[SourceFile],
    plan_root: &str,
    workdir: &Path,
    directory: &Path,
) -> String {
    let here = std::path::absolute(directory)
        .ok()
        .and_then(|d| {
            d.strip_prefix(workdir)
                .ok()
                .map(|p| p.to_string_lossy().replace('\\', "/"))
        })
        .unwrap_or_default();
    let mut candidates = Vec::new();
    let mut above = parent(plan_root);
    while !above.is_empty() {
        candidates.push(above);
        above = parent(above);
    }
    candidates.push(&here);
    let found = candidates.into_iter().find(|dir| holds(files, dir));
    found.unwrap_or_default().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::plan::BinaryPlan;

    fn plan(case: &str) -> Plan {
        let path = format!("{}/testdata/plans/{case}", env!("CARGO_MANIFEST_DIR"));
        let plan = Plan::read(std::fs::read(format!("{path}/plan.json")).unwrap()).unwrap();
        match std::fs::read(format!("{path}/tfplan")) {
            Ok(bytes) => plan.with_binary(BinaryPlan::read(&bytes).unwrap()),
            Err(_) => plan,
        }
    }

    fn main_tf(case: &str) -> Vec<u8> {
        let path = format!("testdata/plans/{case}/main.tf");
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    }

    fn found(plan: &Plan, files: &[(&str, Vec<u8>)], placed: &str) -> (String, Certainty) {
        let own = |(path, bytes): &(&str, Vec<u8>)| ((*path).to_owned(), bytes.clone());
        let files: Vec<SourceFile> = files.iter().map(own).collect();
        let at = |root: &str| SourceIndex::build(files.iter().cloned(), root, None);
        let (root, _) = find(plan, &files, placed, &at);
        (root.directory, root.certainty)
    }

    fn is(directory: &str, certainty: Certainty) -> (String, Certainty) {
        (directory.to_owned(), certainty)
    }

    #[test]
    fn the_directory_that_declares_what_the_plan_names_is_the_root() {
        let (mut plan, own) = (plan("02-update"), main_tf("02-update"));
        // As the JSON alone.
        plan.binary = None;
        let other = || main_tf("01-create");
        let two = [("a/main.tf", other()), ("b/main.tf", own.clone())];
        assert_eq!(found(&plan, &two, "b"), is("b", Certainty::Declared));
        // Reviewed from elsewhere, only one can be meant.
        assert_eq!(found(&plan, &two, ""), is("b", Certainty::Declared));
        assert_eq!(found(&plan, &two, "a"), is("b", Certainty::Declared));
        // Of two copies the plan's place tells which; without one it stays open.
        let copies = [("a/main.tf", own.clone()), ("b/main.tf", own)];
        assert_eq!(found(&plan, &copies, "b"), is("b", Certainty::Declared));
        assert_eq!(found(&plan, &copies, ""), is("", Certainty::Guessed));
        let none = [("a/main.tf", other())];
        assert_eq!(found(&plan, &none, "a"), is("a", Certainty::Guessed));
        assert_eq!(found(&plan, &[], ""), is("", Certainty::Guessed));
    }

    #[test]
    fn the_files_of_the_snapshot_prove_the_root() {
        let (plan, own) = (plan("binary-targeted"), main_tf("binary-targeted"));
        let edited = [&own[..], b"# edited\n"].concat();
        let files = [
            ("near/main.tf", edited.clone()),
            ("far/main.tf", own.clone()),
        ];
        assert_eq!(found(&plan, &files, "near"), is("far", Certainty::Proven));
        let copies = [("a/main.tf", own.clone()), ("b/main.tf", own.clone())];
        assert_eq!(found(&plan, &copies, "b"), is("b", Certainty::Proven));
        assert_eq!(found(&plan, &copies, "c"), is("c", Certainty::Guessed));
        let more = [("a/main.tf", own), ("a/more.tf", edited.clone())];
        assert_eq!(found(&plan, &more, "a"), is("a", Certainty::Declared));
        let late = [("a/main.tf", edited)];
        assert_eq!(found(&plan, &late, "a"), is("a", Certainty::Declared));
    }

    #[test]
    fn a_plan_without_configuration_is_where_it_lies() {
        let plan =
            Plan::read(br#"{"format_version":"1.2","resource_changes":[]}"#.to_vec()).unwrap();
        let files = [("a/main.tf", b"locals {}\n".to_vec())];
        assert_eq!(found(&plan, &files, "a"), is("a", Certainty::Placed));
        assert_eq!(found(&plan, &files, ""), is("", Certainty::Guessed));
    }
}
