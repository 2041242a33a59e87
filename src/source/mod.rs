//! The index of the Terraform files of one commit: where each block is, and what plan JSON leaves out.
//!
//! `load` hands in the texts of a commit (head, base, or a binary plan's snapshot); `provenance` asks
//! which lines an address comes from; policies see the facts under `input.countersign.source`.
//!
//! Phases, in order:
//! 1. `hcl` (over the tokens of `lexer`) and `json` read each file into one kind of tree (`syntax`, `value`);
//! 2. `collect` and `settings` turn a tree into the file's `facts`, with addresses that count from its module;
//! 3. `modules` follows the module calls from the root module's directory;
//! 4. [`SourceIndex::build`] copies each file's facts to every module path that reaches it.
//!
//! Invariants: every block of every file is in the index at least once, with no address where the root
//! module does not reach it; what was not understood is a [`SourceProblem`], never an error and never
//! silence; no input panics, overflows the stack or takes more than linear time; the order of all lists
//! is fixed by file, line and address.

mod address;
mod collect;
mod comments;
mod documents;
mod expression;
mod facts;
mod hcl;
mod json;
mod layout;
mod lexer;
mod lookup;
mod modules;
mod parts;
mod plain;
mod references;
mod settings;
mod sources;
mod syntax;
mod tokens;
mod value;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

pub use address::{directory, join, module_key, module_steps, strip_keys};
pub use expression::{Expression, FileName, Piece, Tail, expression, items, literal};
pub use facts::{
    Backend, BaseFacts, Block, Connection, Directive, Document, Facts, Imported, Lifecycle,
    LockChange, LockedProvider, ModuleCall, Moved, OnFailure, Provisioner, Removed, Repetition,
    RequiredProvider, SourceProblem, When,
};
pub use layout::{Layout, Tool};
pub use lookup::ResourceMode;
pub use parts::{Part, variable_values};
pub use plain::{PlainAttribute, PlainBlock, plain_blocks};
pub use references::references;
pub use sources::{Place, PlaceKind, SourceSide, Sources};
pub use tokens::{TokenKind, tokens};

use collect::Collector;
use modules::{Directories, Reached};
use syntax::{Faults, Lines, Parsed};

/// The name of Terraform's dependency lock file.
const LOCK_FILE: &str = ".terraform.lock.hcl";

/// The blocks of a commit's Terraform files and what they say.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceIndex {
    /// The facts of all files.
    #[serde(flatten)]
    pub facts: Facts,
    /// The root module's dependency lock file.
    pub lock: Vec<LockedProvider>,
    /// Every lock file of the repository that the change touches.
    pub lock_changes: Vec<LockChange>,
    /// What the merge base says; none where no change is under review.
    pub base: Option<BaseFacts>,
    /// What was not understood.
    pub problems: Vec<SourceProblem>,
    /// The files that are not in the commit: they stand in the plan's snapshot only.
    pub snapshot_files: BTreeSet<Arc<str>>,
    /// Positions in `facts.blocks`, by address; files that are not override files come first.
    #[serde(skip)]
    by_address: BTreeMap<String, Vec<usize>>,
    #[serde(skip)]
    locals_by_address: BTreeMap<String, usize>,
    #[serde(skip)]
    calls_by_address: BTreeMap<String, usize>,
    #[serde(skip)]
    texts: BTreeMap<Arc<str>, Vec<u8>>,
}

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Native,
    Json,
    Lock,
}

impl FileKind {
    /// The kind of the file at a repository path; `None` for one that Terraform does not read.
    fn of(path: &str) -> Option<Self> {
        let name = address::file_name(path);
        let has = |ends: [&str; 2]| ends.iter().any(|end| name.ends_with(end));
        if name == LOCK_FILE {
            Some(Self::Lock)
        } else if name.starts_with('.') {
            None
        } else if has([".tf.json", ".tofu.json"]) {
            Some(Self::Json)
        } else {
            has([".tf", ".tofu"]).then_some(Self::Native)
        }
    }

    /// Whether Terraform merges this file over the others of its directory.
    fn overrides(path: &str) -> bool {
        let name = address::file_name(path);
        let stem = [".tf.json", ".tofu.json", ".tf", ".tofu"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        stem == "override" || stem.ends_with("_override")
    }
}

impl SourceIndex {
    /// Indexes files, given as repository path and bytes; files that Terraform does not read are skipped.
    ///
    /// `root_dir` is the repository directory of the plan's root module, `""` for the repository's root.
    /// `module_dirs` holds the directories of modules by their key (`a.b`), relative to `root_dir`, as
    /// `modules.json` has them; they are used for modules whose source is not a local path.
    #[must_use]
    pub fn build(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        root_dir: &str,
        module_dirs: Option<&BTreeMap<String, String>>,
    ) -> Self {
        let layout = Layout {
            modules: module_dirs.cloned().unwrap_or_default(),
            ..Layout::at(root_dir)
        };
        Self::build_in(files, &layout)
    }

    /// Indexes files, given as repository path and bytes, with what is around them.
    #[must_use]
    pub fn build_in(files: impl IntoIterator<Item = (String, Vec<u8>)>, layout: &Layout) -> Self {
        let mut index = Self::default();
        let mut problems = BTreeSet::new();
        let mut directories = Directories::new();
        // The facts of files that the program which made the plan does not read; they belong to no module.
        let mut idle = Directories::new();
        let root = layout.place("");
        let mut files: BTreeMap<String, Vec<u8>> = files.into_iter().collect();
        index.add_snapshot(&mut files, layout);
        let names: BTreeSet<String> = files.keys().chain(layout.links.keys()).cloned().collect();
        let reads = |path: &str| layout.reads(path, |other| names.contains(other));
        index.add_links(&files, layout, &mut problems, |link, facts| {
            let list = if reads(link) {
                &mut directories
            } else {
                &mut idle
            };
            let directory = address::directory(link).to_owned();
            list.entry(directory).or_default().push(facts);
        });
        for (path, bytes) in files {
            let Some(kind) = FileKind::of(&path) else {
                continue;
            };
            let directory = address::directory(&path);
            if kind == FileKind::Lock && directory != root {
                continue;
            }
            let file: Arc<str> = path.as_str().into();
            let bytes = if kind == FileKind::Json {
                valid(bytes)
            } else {
                bytes
            };
            let overrides = FileKind::overrides(&path);
            let mut facts = index.read(kind, overrides, &file, &bytes, &mut problems);
            if index.snapshot_files.contains(&file) {
                // A comment speaks to this program from the commit only.
                facts.directives.clear();
            }
            if kind != FileKind::Lock {
                let list = if reads(&path) {
                    &mut directories
                } else {
                    &mut idle
                };
                list.entry(directory.to_owned()).or_default().push(facts);
            }
            index.texts.insert(file, bytes);
        }
        let reached = modules::follow(&directories, &root, layout, &mut problems);
        index.place(directories, &reached);
        index.place(idle, &[]);
        index.problems = problems.into_iter().collect();
        index.sort();
        index
    }

    /// Whether a file stands in the plan's snapshot only.
    #[must_use]
    pub fn is_snapshot(&self, file: &str) -> bool {
        self.snapshot_files.contains(file)
    }

    /// Adds the snapshot's files of the directories in which the commit has none.
    fn add_snapshot(&mut self, files: &mut BTreeMap<String, Vec<u8>>, layout: &Layout) {
        let is_read = |path: &str| FileKind::of(path).is_some_and(|kind| kind != FileKind::Lock);
        let held: BTreeSet<String> = files
            .keys()
            .chain(layout.links.keys())
            .filter(|path| is_read(path) && layout.reads(path, |_| false))
            .map(|path| address::directory(path).to_owned())
            .collect();
        for (path, bytes) in &layout.snapshot {
            let directory = layout.place(address::directory(path));
            if !is_read(path) || held.contains(&directory) {
                continue;
            }
            let name = address::file_name(path);
            let path = if directory.is_empty() {
                name.to_owned()
            } else {
                format!("{directory}/{name}")
            };
            self.snapshot_files.insert(path.as_str().into());
            files.insert(path, bytes.clone());
        }
    }

    /// Reads what links with the name of a Terraform file lead to, at the link's place; lines are those of the file itself.
    fn add_links(
        &mut self,
        files: &BTreeMap<String, Vec<u8>>,
        layout: &Layout,
        problems: &mut BTreeSet<SourceProblem>,
        mut keep: impl FnMut(&str, Facts),
    ) {
        for (link, target) in &layout.links {
            let kind = FileKind::of(link).filter(|kind| *kind != FileKind::Lock);
            let (Some(kind), Some(bytes)) = (kind, files.get(target)) else {
                continue;
            };
            let file: Arc<str> = target.as_str().into();
            let facts = self.read(kind, FileKind::overrides(link), &file, bytes, problems);
            keep(link, facts);
            self.texts.insert(file, bytes.clone());
        }
        for link in &layout.broken_links {
            if FileKind::of(link).is_some() {
                problems.insert(SourceProblem {
                    file: link.as_str().into(),
                    line: None,
                    // What it would hold is not known.
                    syntax: true,
                    message:
                        "This is a symbolic link to no file of the commit, so it was not read."
                            .to_owned(),
                });
            }
        }
    }

    fn read(
        &mut self,
        kind: FileKind,
        overrides: bool,
        file: &Arc<str>,
        bytes: &[u8],
        problems: &mut BTreeSet<SourceProblem>,
    ) -> Facts {
        let utf8 = std::str::from_utf8(bytes);
        let Parsed { body, mut faults } = match (kind, utf8) {
            (FileKind::Json, Ok(text)) => json::parse(text),
            _ => hcl::parse(bytes),
        };
        let damaged = match utf8 {
            Ok(text) => text.find('\u{fffd}').filter(|_| kind == FileKind::Json),
            Err(error) => Some(error.valid_up_to()),
        };
        if let Some(offset) = damaged {
            let line = Lines::of(bytes).line(offset);
            faults.push(line, "The file is not valid UTF-8 here.");
        }
        let facts = if kind == FileKind::Lock {
            self.lock = settings::locked(file, &body);
            Facts::default()
        } else {
            let mut collector = Collector {
                file: file.clone(),
                bytes,
                overrides,
                facts: Facts::default(),
                faults,
            };
            collector.body(&body);
            faults = std::mem::take(&mut collector.faults);
            if kind == FileKind::Native {
                collector.facts.directives =
                    comments::directives(bytes, file, &collector.facts.blocks);
            }
            collector.facts
        };
        problems.extend(faults_of(file, faults));
        facts
    }

    fn place(&mut self, directories: Directories, reached: &[Reached]) {
        let mut places: BTreeMap<&str, Vec<&Arc<str>>> = BTreeMap::new();
        for Reached { module, directory } in reached {
            places.entry(directory).or_default().push(module);
        }
        for (directory, files) in directories {
            let places = places
                .get(directory.as_str())
                .map(Vec::as_slice)
                .unwrap_or_default();
            for facts in files {
                for module in places.iter().skip(1) {
                    facts.clone().placed(Some(module), &mut self.facts);
                }
                facts.placed(places.first().copied(), &mut self.facts);
            }
        }
    }

    /// Brings every list into its order and builds the look-up tables.
    fn sort(&mut self) {
        macro_rules! sort {
            ($($list:ident),*) => {
                $(self.facts.$list.sort_by(|a, b| (&a.file, a.line, &a.module).cmp(&(&b.file, b.line, &b.module)));)*
            };
        }
        sort!(
            blocks,
            locals,
            provisioners,
            connections,
            documents,
            backends,
            lifecycle,
            moved,
            imported,
            removed,
            module_calls,
            required_providers,
            directives
        );
        let overriding = [false, true];
        for overrides in overriding {
            for (at, block) in self.facts.blocks.iter().enumerate() {
                if let Some(address) = block
                    .address
                    .as_ref()
                    .filter(|_| block.overrides == overrides)
                {
                    self.by_address.entry(address.clone()).or_default().push(at);
                }
            }
            for (at, local) in self.facts.locals.iter().enumerate() {
                if let Some(address) = local
                    .address
                    .as_ref()
                    .filter(|_| local.overrides == overrides)
                {
                    self.locals_by_address.entry(address.clone()).or_insert(at);
                }
            }
            for (at, call) in self.facts.module_calls.iter().enumerate() {
                if let Some(address) = call
                    .address
                    .as_ref()
                    .filter(|_| call.overrides == overrides)
                {
                    self.calls_by_address.entry(address.clone()).or_insert(at);
                }
            }
        }
    }
}

/// Reads the providers of a dependency lock file, and whether part of it was not understood.
#[must_use]
pub fn locked_providers(path: &str, bytes: &[u8]) -> (Vec<LockedProvider>, bool) {
    let Parsed { body, faults } = hcl::parse(bytes);
    let damaged = std::str::from_utf8(bytes).is_err() || !faults.into_list().is_empty();
    (settings::locked(&Arc::from(path), &body), damaged)
}

/// Whether a path is that of a dependency lock file.
#[must_use]
pub fn is_lock_file(path: &str) -> bool {
    address::file_name(path) == LOCK_FILE
}

/// Whether a file may hold a comment that speaks to this program, by its name and bytes; cheap.
#[must_use]
pub fn may_hold_directives(path: &str, bytes: &[u8]) -> bool {
    FileKind::of(path) == Some(FileKind::Native) && comments::may_hold(bytes)
}

/// The bytes as UTF-8, broken sequences replaced.
fn valid(bytes: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => text.into_bytes(),
        Err(error) => String::from_utf8_lossy(error.as_bytes())
            .into_owned()
            .into_bytes(),
    }
}

fn faults_of(file: &Arc<str>, faults: Faults) -> impl Iterator<Item = SourceProblem> {
    let file = file.clone();
    faults
        .into_list()
        .into_iter()
        .map(move |fault| SourceProblem {
            file: file.clone(),
            line: Some(fault.line),
            message: fault.message,
            syntax: true,
        })
}
