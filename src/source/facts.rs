//! What the index knows, in the shapes a policy sees under `input.countersign.source`.
//!
//! Every list first holds what one file says, with addresses that count from its module; `placed` then
//! gives the copy for one module path that reaches the file's directory, or the one without an address
//! where none does. Lines count from 1.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::address::within;

/// A configuration block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// The keyword: `resource`, `data`, `module`, `variable`, `output`, `locals`, `provider`, ….
    pub kind: String,
    /// The labels behind the keyword.
    pub labels: Vec<String>,
    /// The configuration address, without instance keys; none for blocks that have none, and none in
    /// a directory that the root module does not reach.
    pub address: Option<String>,
    /// The module path without keys, `""` for the root; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// By what the block becomes several instances.
    pub repetition: Option<Repetition>,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The line of the keyword (in JSON, of the innermost label).
    pub line: usize,
    /// The line of the closing brace.
    pub end_line: usize,
    /// The SHA-256 of the block's bytes, in hexadecimal.
    pub digest: Arc<str>,
    /// The block's bytes in the file.
    #[serde(skip)]
    pub bytes: Range<usize>,
    /// Whether the file is an override file, merged over the others.
    #[serde(skip)]
    pub overrides: bool,
}

/// How a block becomes several instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repetition {
    /// By number.
    Count,
    /// By key.
    ForEach,
}

/// When a provisioner runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// After the object was created.
    Create,
    /// Before the object is destroyed.
    Destroy,
}

/// What a provisioner's failure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The apply stops.
    Fail,
    /// The apply goes on.
    Continue,
}

/// A `provisioner` block, of a resource or of a `removed` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provisioner {
    /// The configuration address of the resource; for a `removed` block, that of its `from`.
    pub address: Option<String>,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// Its number among the block's provisioners, from 0.
    pub index: usize,
    /// `local-exec`, `remote-exec`, `file` or another type.
    pub r#type: String,
    /// When it runs.
    pub when: When,
    /// What its failure does.
    pub on_failure: OnFailure,
    /// Whether it stands in a `removed` block, which plan JSON does not show.
    pub removed: bool,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
    /// The SHA-256 of its bytes.
    pub digest: Arc<str>,
}

/// A `connection` block, of a resource or of a provisioner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// The configuration address of the resource.
    pub address: Option<String>,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// `ssh`, `winrm`, or the expression as written.
    pub r#type: String,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
    /// The SHA-256 of its bytes.
    pub digest: Arc<str>,
}

/// Where the state is kept, and how: a `backend`, `cloud`, `state_store` or `encryption` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backend {
    /// `backend`, `cloud`, `state_store` or `encryption`.
    pub kind: String,
    /// The backend's or store's type; the kind for a block that has none.
    pub r#type: String,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
    /// The SHA-256 of its bytes.
    pub digest: Arc<str>,
}

/// A `lifecycle` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lifecycle {
    /// The configuration address of the resource.
    pub address: Option<String>,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// Absent means false; none is an expression that was not understood.
    pub prevent_destroy: Option<bool>,
    /// Absent means false; none is an expression that was not understood.
    pub create_before_destroy: Option<bool>,
    /// Whether any attribute is ignored.
    pub ignore_changes: bool,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
}

/// A `moved` block; its addresses count from the root module, keys as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The old address.
    pub from: String,
    /// The new address.
    pub to: String,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
}

/// An `import` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The address that the object gets, counted from the root module, keys as written.
    pub to: String,
    /// Whether the identifier stands in the file as a plain string.
    pub id_known: bool,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
}

/// A `removed` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The address that leaves the state, counted from the root module.
    pub from: String,
    /// Whether the object is destroyed, too; true unless `destroy = false` stands there plainly.
    pub destroy: bool,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
}

/// A `module` block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleCall {
    /// The path of the module it calls, without keys.
    pub address: Option<String>,
    /// The source; a value that is no plain string stands here as written, quotes included.
    pub source: Option<String>,
    /// The version constraint, likewise.
    pub version: Option<String>,
    /// The path of the calling module without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
    /// The name of the call.
    #[serde(skip)]
    pub name: String,
    /// Whether `source` is a plain string.
    #[serde(skip)]
    pub source_known: bool,
    /// Whether the file is an override file.
    #[serde(skip)]
    pub overrides: bool,
}

/// An entry of `required_providers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequiredProvider {
    /// The local name.
    pub name: String,
    /// The source as written; none means `hashicorp/<name>`.
    pub source: Option<String>,
    /// The version constraint.
    pub version: Option<String>,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The line of the entry.
    pub line: usize,
}

/// A provider of the root module's dependency lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockedProvider {
    /// The provider's full source address.
    pub provider: String,
    /// The selected version.
    pub version: Option<String>,
    /// The constraints it was selected by.
    pub constraints: Option<String>,
    /// The accepted package hashes, as listed.
    pub hashes: Vec<String>,
    /// The repository path of the lock file.
    pub file: Arc<str>,
    /// The line of the provider's block.
    pub line: usize,
}

/// What the merge base says about things that a change can take away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BaseFacts {
    /// Every backend.
    pub backends: Vec<Backend>,
    /// Every `lifecycle` block of a resource or data source.
    pub lifecycle: Vec<Lifecycle>,
    /// Every module call.
    pub module_calls: Vec<ModuleCall>,
}

/// A dependency lock file that the change touches, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockChange {
    /// The repository path at the head; the old one of a deleted file.
    pub file: String,
    /// Its providers at the merge base; none where there was no such file.
    pub before: Option<Vec<LockedProvider>>,
    /// Its providers at the head; none where there is no such file.
    pub after: Option<Vec<LockedProvider>>,
    /// Whether part of either side was not understood.
    pub damaged: bool,
}

/// Something in a file that was not understood; the rest of the file is indexed all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SourceProblem {
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The line, from 1; none where the whole file is meant.
    pub line: Option<usize>,
    /// What it was.
    pub message: String,
    /// Whether the text was not understood; otherwise a module was not followed.
    #[serde(skip)]
    pub syntax: bool,
}

/// A comment that speaks to this program, such as `# countersign:waive …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The comment as it is written, with its `#` or `//`.
    pub text: String,
    /// `resource`, `data` or `module`, where it belongs to such a block.
    pub kind: Option<String>,
    /// The labels of that block.
    pub labels: Vec<String>,
    /// The configuration address of that block.
    pub address: Option<String>,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The line.
    pub line: usize,
}

/// An argument of a resource that is `jsonencode({ … })`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// The configuration address of the block.
    pub address: Option<String>,
    /// The module path without keys; none where the root does not reach.
    pub module: Option<Arc<str>>,
    /// The name of the argument.
    pub attribute: String,
    /// The document; what is no literal is the object `{"(unknown)": true}`.
    pub document: serde_json::Value,
    /// The repository path of the file.
    pub file: Arc<str>,
    /// The line on which the argument begins.
    pub line: usize,
}

/// All lists of facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Every top-level block, and the data sources inside `check` blocks.
    pub blocks: Vec<Block>,
    /// The values inside `locals` blocks as blocks of the kind `local`; not part of the policy input.
    #[serde(skip)]
    pub locals: Vec<Block>,
    /// Every provisioner.
    pub provisioners: Vec<Provisioner>,
    /// Every connection.
    pub connections: Vec<Connection>,
    /// Every argument of a resource or data source that is a written-out JSON document.
    pub documents: Vec<Document>,
    /// Every backend.
    pub backends: Vec<Backend>,
    /// Every `lifecycle` block of a resource or data source.
    pub lifecycle: Vec<Lifecycle>,
    /// Every `moved` block.
    pub moved: Vec<Moved>,
    /// Every `import` block.
    pub imported: Vec<Imported>,
    /// Every `removed` block.
    pub removed: Vec<Removed>,
    /// Every module call.
    pub module_calls: Vec<ModuleCall>,
    /// Every provider requirement.
    pub required_providers: Vec<RequiredProvider>,
    /// Every comment that speaks to this program; not part of the policy input.
    #[serde(skip)]
    pub directives: Vec<Directive>,
}

/// The module path a copy of a file's facts is for.
type Place<'p> = Option<&'p Arc<str>>;

fn address_at(address: &mut Option<String>, place: Place<'_>) {
    *address = match (address.take(), place) {
        (Some(address), Some(module)) => Some(within(module, &address)),
        _ => None,
    };
}

fn reference_at(reference: &mut String, place: Place<'_>) {
    if let Some(module) = place.filter(|module| !module.is_empty()) {
        *reference = within(module, reference);
    }
}

/// Appends `from` to `into`, each changed by `place`.
fn append<T>(mut from: Vec<T>, into: &mut Vec<T>, place: impl Fn(&mut T)) {
    from.iter_mut().for_each(place);
    into.append(&mut from);
}

impl Facts {
    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
            + self.locals.len()
            + self.provisioners.len()
            + self.connections.len()
            + self.documents.len()
            + self.lifecycle.len()
            + self.required_providers.len()
            + self.directives.len()
    }

    /// Appends these facts of one file to `into` for the module path `place`.
    pub(super) fn placed(self, place: Place<'_>, into: &mut Self) {
        let module = || place.cloned();
        let block = |block: &mut Block| {
            address_at(&mut block.address, place);
            block.module = module();
        };
        append(self.blocks, &mut into.blocks, block);
        append(self.locals, &mut into.locals, block);
        append(self.provisioners, &mut into.provisioners, |provisioner| {
            address_at(&mut provisioner.address, place);
            provisioner.module = module();
        });
        append(self.connections, &mut into.connections, |connection| {
            address_at(&mut connection.address, place);
            connection.module = module();
        });
        append(self.documents, &mut into.documents, |document| {
            address_at(&mut document.address, place);
            document.module = module();
        });
        append(self.lifecycle, &mut into.lifecycle, |lifecycle| {
            address_at(&mut lifecycle.address, place);
            lifecycle.module = module();
        });
        append(self.module_calls, &mut into.module_calls, |call| {
            address_at(&mut call.address, place);
            call.module = module();
        });
        append(self.moved, &mut into.moved, |moved| {
            reference_at(&mut moved.from, place);
            reference_at(&mut moved.to, place);
            moved.module = module();
        });
        append(self.imported, &mut into.imported, |imported| {
            reference_at(&mut imported.to, place);
            imported.module = module();
        });
        append(self.removed, &mut into.removed, |removed| {
            reference_at(&mut removed.from, place);
            removed.module = module();
        });
        append(self.directives, &mut into.directives, |directive| {
            address_at(&mut directive.address, place);
            directive.module = module();
        });
        append(self.backends, &mut into.backends, |backend| {
            backend.module = module();
        });
        append(
            self.required_providers,
            &mut into.required_providers,
            |required| {
                required.module = module();
            },
        );
    }
}
