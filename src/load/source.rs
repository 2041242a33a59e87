//! The Terraform files of a commit, and their index for each plan.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::before::Before;
use super::root::{self, Certainty, Root};
use super::{LoadError, Request};
use crate::git::{EntryKind, Reached, Repository};
use crate::plan::{Plan, SnapshotModule};
use crate::provenance::Explanation;
use crate::review::CasePlan;
use crate::source::{Layout, SourceIndex, Sources, Tool};

/// A file of the commit: its path and its bytes.
pub(super) type SourceFile = (String, Vec<u8>);

/// The largest `modules.json` that is read.
const MAX_MODULES: u64 = 4 << 20;

/// Whether Terraform reads a file of that name.
pub(super) fn is_source(path: &str) -> bool {
    let ends = [
        ".tf",
        ".tf.json",
        ".tofu",
        ".tofu.json",
        ".terraform.lock.hcl",
    ];
    ends.iter().any(|end| path.ends_with(end))
}

/// The Terraform files of a tree, and what is around them.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceTree {
    pub(super) files: Vec<SourceFile>,
    /// Links, submodules; nothing of a plan.
    layout: Layout,
}

impl SourceTree {
    /// The files of a commit.
    pub(super) fn read(repository: &Repository, commit: &str) -> Result<Self, LoadError> {
        let git = |e| LoadError::git(&e);
        let wanted = |path: &str, kind| kind != EntryKind::File || is_source(path);
        let mut tree = Self::default();
        let mut read = BTreeSet::new();
        for entry in repository.files_matching(commit, wanted).map_err(git)? {
            match entry.kind {
                EntryKind::Submodule => {
                    tree.layout.submodules.insert(entry.path);
                }
                EntryKind::Symlink => match repository.reach(commit, &entry.path).map_err(git)? {
                    Reached::Entry(target, EntryKind::File | EntryKind::Directory) => {
                        tree.layout.links.insert(entry.path, target);
                    }
                    _ => {
                        tree.layout.broken_links.insert(entry.path);
                    }
                },
                EntryKind::File | EntryKind::Directory => {
                    if let Some(bytes) = repository.read_entry(&entry).map_err(git)? {
                        read.insert(entry.path.clone());
                        tree.files.push((entry.path, bytes));
                    }
                }
            }
        }
        // What a link with the name of a Terraform file leads to can have any name.
        let linked: BTreeSet<&String> = tree
            .layout
            .links
            .iter()
            .filter(|(link, target)| wanted(link, EntryKind::File) && !read.contains(*target))
            .map(|(_, target)| target)
            .collect();
        let mut more = Vec::new();
        for path in linked {
            if let Some(bytes) = repository.read_blob(commit, path).map_err(git)? {
                more.push((path.clone(), bytes));
            }
        }
        tree.files.extend(more);
        Ok(tree)
    }

    /// Whether a link has the name of a Terraform file.
    pub(super) fn has_linked_files(&self) -> bool {
        let links = self.layout.links.keys().chain(&self.layout.broken_links);
        links.into_iter().any(|link| is_source(link))
    }

    /// The same places with other files.
    pub(super) fn with_files(&self, files: Vec<SourceFile>) -> Self {
        Self {
            files,
            layout: self.layout.clone(),
        }
    }

    /// The index from a root module's directory, of the tree alone, as a program reads it.
    pub(super) fn index(&self, root: &str, tool: Option<Tool>) -> SourceIndex {
        let layout = Layout {
            root: root.to_owned(),
            tool,
            ..self.layout.clone()
        };
        SourceIndex::build_in(self.files.iter().cloned(), &layout)
    }

    /// The index from a root module's directory, with what the plan or the work tree tells of modules from elsewhere.
    fn index_for(&self, plan: &Plan, root: &str, workdir: &Path) -> SourceIndex {
        let modules = plan.binary.as_ref().map(|binary| &binary.modules);
        let key = |module: &SnapshotModule| (module.key.clone(), module.directory.clone());
        let layout = Layout {
            root: root.to_owned(),
            modules: match modules {
                Some(modules) => modules.iter().map(key).collect(),
                None => modules_of(&workdir.join(root)),
            },
            snapshot: snapshot(plan),
            tool: tool(plan),
            ..self.layout.clone()
        };
        SourceIndex::build_in(self.files.iter().cloned(), &layout)
    }
}

/// What made a plan, as the source index calls it.
fn tool(plan: &Plan) -> Option<Tool> {
    plan.is_open_tofu().map(|open_tofu| {
        if open_tofu {
            Tool::OpenTofu
        } else {
            Tool::Terraform
        }
    })
}

/// The files of a binary plan's snapshot, with directories relative to the root module.
fn snapshot(plan: &Plan) -> Vec<SourceFile> {
    let modules = plan.binary.iter().flat_map(|binary| &binary.modules);
    let files = modules.flat_map(|module| {
        let path = |name: &str| format!("{}/{name}", module.directory.trim_end_matches('/'));
        let files = module.files.iter();
        files.map(move |(name, bytes)| (path(name), bytes.clone()))
    });
    files.collect()
}

/// The directories of modules as the last `terraform init` left them in the work tree: a hint, empty where there is none.
fn modules_of(root: &Path) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(rename = "Modules", default)]
        modules: Vec<Line>,
    }
    #[derive(Deserialize)]
    struct Line {
        #[serde(rename = "Key")]
        key: String,
        #[serde(rename = "Dir")]
        directory: String,
    }
    let path = root.join(".terraform/modules/modules.json");
    let is_file = std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file());
    let mut bytes = Vec::new();
    let read = std::fs::File::open(&path)
        .ok()
        .filter(|_| is_file)
        .and_then(|file| file.take(MAX_MODULES).read_to_end(&mut bytes).ok());
    let manifest = read.and_then(|_| serde_json::from_slice::<Manifest>(&bytes).ok());
    let lines = manifest.into_iter().flat_map(|manifest| manifest.modules);
    lines.map(|line| (line.key, line.directory)).collect()
}

/// What is known of one plan's source.
pub(super) struct Found {
    pub(super) sources: Option<Sources>,
    pub(super) root: Root,
    /// Whether the change explains what the plan changes.
    pub(super) explanation: Option<Explanation>,
}

/// Indexes the source for a plan, on both sides of the change.
pub(super) fn source(
    plan: &CasePlan,
    tree: Option<&SourceTree>,
    workdir: &Path,
    request: &Request,
    before: Option<&Before>,
) -> Found {
    let nothing = SourceTree::default();
    let here = tree.unwrap_or(&nothing);
    let placed = root::placed(&here.files, &plan.root, workdir, &request.directory);
    let plan_name = &plan.root;
    let plan = &plan.plan;
    let index_at = |root: &str| here.index_for(plan, root, workdir);
    let (root, head) = root::find(plan, &here.files, &placed, &index_at);
    if tree.is_none() && head.snapshot_files.is_empty() {
        return Found {
            sources: None,
            root,
            explanation: None,
        };
    }
    let mut sources = Sources::from(head);
    if let Some(before) = before {
        if let Some(old) = &before.tree {
            let directory = match before.moved.get(&root.directory) {
                _ if root::holds(&old.files, &root.directory) => root.directory.clone(),
                Some(moved) => moved.clone(),
                None => root::placed(&old.files, plan_name, workdir, &request.directory),
            };
            sources.base = Some(old.index(&directory, tool(plan)));
        }
        before.tell(&mut sources);
    }
    Found {
        sources: Some(sources),
        root,
        explanation: None,
    }
}

/// What to tell where a root module was only guessed.
pub(super) fn doubt(plan: &CasePlan, found: &Found, tree: Option<&SourceTree>) -> Option<String> {
    let holds_any = tree.is_some_and(|tree| !tree.files.is_empty());
    (holds_any && found.root.certainty == Certainty::Guessed).then(|| {
        let directory = match found.root.directory.as_str() {
            "" => "the repository's root",
            directory => directory,
        };
        format!(
            "which directory {} was made in is not known; {directory} was taken. Review it from that directory to be sure of the lines.",
            plan.path
        )
    })
}
