//! The binary plan file of `plan -out`, read without Terraform: the facts that the plan's JSON lacks, and the configuration that was planned.
//!
//! Phases: `container` opens the zip and refuses what Terraform never writes; `message` reads the few fields of `tfplan` that are facts and
//! skips every value; `modules.json` tells which files belong to which module. `compare` and `values` hold the file against the JSON that
//! is said to show it.
//!
//! Invariants: values of variables and resources are read only to be compared, and let go afterwards; the backend's settings are never
//! read; of the state only lineage and serial are kept, of the one before the refresh nothing; nothing is written to a disk. What an archive holds is bounded before memory
//! is taken for it.

mod compare;
mod container;
mod error;
mod message;
mod snapshot;
mod state;
mod values;

pub use compare::{Agreement, ChangeProblem, PlanDifference, PlanPart, PlannedRow, ValuePart};
pub use error::ArchiveError;
pub use snapshot::SnapshotModule;

use super::{Action, Mode, PlanMode};
use crate::digest::Digest;

/// The entry that makes a zip a plan.
const PLAN: &str = "tfplan";
/// The lock file that Terraform writes where a configuration needs no provider holds comments only; this begins every provider's block.
const PROVIDER_BLOCK: &[u8] = b"provider \"";

/// What a binary plan file tells by itself. Its debug form names it and shows nothing of it.
///
/// Addresses, versions and names are text that the plan's author chose: they reach an output only through a redactor.
#[derive(Clone, PartialEq, Eq)]
pub struct BinaryPlan {
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Version of the Terraform or OpenTofu that wrote it; only the same version can show or apply it.
    pub terraform_version: String,
    /// How the plan was asked for.
    pub mode: PlanMode,
    /// Addresses given with `-target`, in order; empty for a plan of everything.
    pub targets: Vec<String>,
    /// Addresses whose replacement was asked for with `-replace`; each once.
    pub replaced: Vec<String>,
    /// Actions that were asked for by address (`-invoke`), in order.
    pub invoked: Vec<String>,
    /// Type of the backend or state store; its settings are never read.
    pub backend: Option<String>,
    /// Workspace for which the plan was made.
    pub workspace: Option<String>,
    /// When it was made, in RFC 3339, where the version that wrote it says so.
    pub timestamp: Option<String>,
    /// Whether planning failed.
    pub errored: bool,
    /// Whether the file says that it covers everything. Terraform before 1.8 and OpenTofu never say so.
    pub complete: bool,
    /// Whether the file says that apply would do something. Terraform before 1.8 and OpenTofu never say so.
    pub applyable: bool,
    /// What is done to which object, in the file's order, data sources included.
    pub changes: Vec<BinaryChange>,
    /// What is done to which output of the root module.
    pub outputs: Vec<(String, Action)>,
    /// The configuration that was planned, the root module first.
    pub modules: Vec<SnapshotModule>,
    /// The lock file; absent where no provider is locked.
    pub lock_file: Option<Vec<u8>>,
    /// Whether the state that the plan starts from is inside.
    pub has_state: bool,
    /// Whether the state before the refresh is inside.
    pub has_previous_state: bool,
    /// Lineage of the state; absent for one that was never written, or where the state cannot be read in one way only.
    pub lineage: Option<String>,
    /// Serial of the state.
    pub serial: Option<u64>,
    /// `tfplan` itself, for the comparison of values; let go as soon as the plan has its JSON.
    message: Vec<u8>,
    /// The state, for the same.
    state: Vec<u8>,
}

/// What is done to one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BinaryChange {
    /// Address of the instance.
    pub address: String,
    /// Key of the deposed object, where it is not the current one.
    pub deposed: Option<String>,
    /// What is done to it.
    pub action: Action,
}

impl std::fmt::Debug for BinaryPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BinaryPlan({})", self.digest)
    }
}

impl BinaryPlan {
    /// Reads a plan file.
    ///
    /// # Errors
    /// When the bytes are no zip, another zip, or a zip of a kind that neither Terraform nor OpenTofu writes.
    pub fn read(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let content = container::read(bytes)?;
        let facts = message::read(&content.plan)?;
        let has_provider = |lock: &Vec<u8>| {
            lock.windows(PROVIDER_BLOCK.len())
                .any(|window| window == PROVIDER_BLOCK)
        };
        Ok(Self {
            digest: Digest::of(bytes),
            modules: snapshot::modules(content.configuration)?,
            lock_file: content.lock_file.filter(has_provider),
            has_state: content.has_state,
            has_previous_state: content.has_previous_state,
            lineage: content.lineage,
            serial: content.serial,
            message: content.plan,
            state: content.state,
            ..facts
        })
    }

    /// Lets go of the values, which are compared once.
    pub(super) fn without_values(mut self) -> Self {
        self.message = Vec::new();
        self.state = Vec::new();
        self
    }

    /// Whether OpenTofu's registry stands in the lock file, so that `tofu` is the program to ask first.
    #[must_use]
    pub fn is_open_tofu(&self) -> bool {
        const HOST: &[u8] = b"provider \"registry.opentofu.org/";
        self.lock_file
            .as_ref()
            .is_some_and(|lock| lock.windows(HOST.len()).any(|window| window == HOST))
    }
}

impl BinaryChange {
    /// What kind of object this is: after the modules that lead to it stands `data` or `ephemeral`. Instance keys may hold dots, quotes
    /// and brackets.
    fn mode(&self) -> Mode {
        let mut steps = vec![String::new()];
        let (mut quoted, mut escaped, mut depth) = (false, false, 0_usize);
        for c in self.address.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                '.' if depth == 0 => steps.push(String::new()),
                c if depth == 0 => steps.iter_mut().last().map_or((), |step| step.push(c)),
                _ => {}
            }
        }
        let mut steps = steps.iter().map(String::as_str);
        loop {
            match steps.next() {
                Some("module") => drop(steps.next()),
                Some("data") => return Mode::Data,
                Some("ephemeral") => return Mode::Ephemeral,
                _ => return Mode::Managed,
            }
        }
    }
}

#[cfg(test)]
mod tests;
