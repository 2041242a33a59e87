//! Whether a binary plan was made from the commit under review, and whether the JSON under review shows it.
//!
//! The plan file holds the files of every module as they were when the plan was made, the list of modules, the lock file and the list of
//! changes. Phases: `modules` walks from the root module along the module calls, which the compared files themselves contain; `files`
//! holds each module's files against the commit's; `lock` compares the locked providers; the list of changes is compared by the plan
//! layer. What differs is a [`Difference`]; what cannot be compared is a [`Gap`]; a plan with neither is proven.
//!
//! Files are compared byte by byte, with two exceptions that git itself makes: line ends that a checkout writes as CRLF, and Git LFS
//! pointers, whose SHA-256 must be that of the planned file. Other filters (`ident`, encryption, encodings) give differences.
//!
//! Of the JSON, every key is compared: changes, outputs, drift and variables with all their values, `planned_values`, `prior_state` and
//! `checks`; how is told in `plan`, at the archive's `values`; and its `configuration` with the files that were planned
//! (`configuration`). A key that this version does not know is a gap. JSON that was made here from the plan file is held against its
//! changes only.
//!
//! No plan file holds variable files, what `file()`, `templatefile()` and data sources read, environment variables, or provider binaries.

mod configuration;
mod files;
mod lock;
mod modules;
mod sentences;
mod version;

pub use configuration::ConfigurationProblem;
pub use files::{CommitTree, Opaque};
pub use sentences::Point;

use crate::plan::{Plan, PlanDifference, PlannedRow};

/// What a proof is made from.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The plan JSON, with the binary plan beside it.
    pub plan: &'a Plan,
    /// Whether the JSON was given by itself; otherwise it was made from the binary plan.
    pub paired: bool,
    /// The commit, where there is one.
    pub commit: Option<&'a CommitTree>,
    /// Directory of the root module in the commit.
    pub root: &'a str,
}

/// Whether plan file, commit and JSON belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// What differs, in order.
    pub differences: Vec<Difference>,
    /// What could not be compared, in order.
    pub gaps: Vec<Gap>,
    /// Files of the commit that were planned as they are.
    pub files: usize,
    /// Values that the JSON shows as the plan file has them.
    pub values: usize,
    /// Directory of the root module in the commit that the plan was compared with; empty for the root of the repository.
    pub directory: String,
    /// Whether the JSON was given by itself.
    pub paired: bool,
}

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProofVerdict {
    /// Planned from this commit, and shown by this JSON.
    Proven,
    /// Something is different.
    Differs,
    /// Nothing is different, but not all of it could be compared.
    NotProven,
}

impl ProofVerdict {
    /// The word in reports, records and the input of policies.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Differs => "differs",
            Self::NotProven => "not-proven",
        }
    }
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The JSON is that of another plan, or was edited.
    Plan(PlanDifference),
    /// A module was planned otherwise than the configuration says.
    Module {
        /// Names of the calls that lead to it, joined by dots.
        key: String,
        /// In what way.
        problem: ModuleProblem,
    },
    /// A file of a module.
    File {
        /// Path in the repository.
        path: String,
        /// In what way.
        problem: FileProblem,
    },
    /// A part of the JSON's configuration.
    Configuration {
        /// Address of the block.
        address: String,
        /// In what way.
        problem: ConfigurationProblem,
    },
    /// A provider of the lock file.
    Lock {
        /// Source address of the provider; empty for the file as a whole.
        provider: String,
        /// In what way.
        problem: LockProblem,
    },
}

/// In what way a module differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModuleProblem {
    /// It was planned, and nothing calls it.
    NotCalled,
    /// It is called, and was not planned.
    NotPlanned,
    /// It was planned from another source.
    OtherSource,
    /// Its files were read from another directory than its source names.
    OtherDirectory,
    /// Its version is not one that the call allows.
    OtherVersion,
}

/// In what way a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileProblem {
    /// It was planned with other content.
    Changed,
    /// It was planned, and the commit has no such file.
    NotInCommit,
    /// The commit has it, and it was not planned.
    NotPlanned,
}

/// In what way a locked provider differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockProblem {
    /// The commit does not lock it.
    NotInCommit,
    /// The plan does not lock it.
    NotPlanned,
    /// Another version.
    OtherVersion,
    /// Other packages are accepted.
    OtherHashes,
    /// Other constraints.
    OtherConstraints,
    /// One of the two files cannot be read.
    Unreadable,
}

/// Something that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// There is no commit.
    NoCommit,
    /// The commit has no Terraform file where the plan was made.
    NoFiles,
    /// Terraform ran elsewhere: the root module's directory is not the one it ran in.
    RootElsewhere,
    /// A module that the repository does not hold.
    RemoteModule {
        /// Names of the calls that lead to it, joined by dots.
        key: String,
        /// Where it comes from.
        source: String,
        /// Version that was chosen.
        version: Option<String>,
    },
    /// A local module whose directory lies outside the repository.
    Outside {
        /// Names of the calls that lead to it.
        key: String,
    },
    /// A link or submodule of the commit on the way to what was planned.
    Opaque {
        /// Its path.
        path: String,
        /// What it is.
        kind: Opaque,
    },
    /// A file that only OpenTofu reads, and that was not planned.
    TofuFile {
        /// Path in the repository.
        path: String,
    },
    /// A module whose configuration could not be compared with the JSON's.
    Configuration {
        /// Its address; empty for the root module.
        module: String,
    },
    /// A row whose values could not be compared.
    Values(PlannedRow),
    /// The commit locks no provider, and the plan does.
    NoLock {
        /// How many.
        providers: usize,
    },
}

impl Proof {
    /// Compares; nothing where there is no binary plan.
    #[must_use]
    pub fn of(evidence: &Evidence<'_>) -> Option<Self> {
        let binary = evidence.plan.binary.as_deref()?;
        let mut proof = Self {
            directory: evidence.root.to_owned(),
            paired: evidence.paired,
            ..Self::default()
        };
        match evidence.plan.agreement.as_deref() {
            None => proof.gaps.push(Gap::Values(PlannedRow::Plan)),
            Some(agreement) => {
                proof.values = agreement.values;
                // What stands beside the changes is not doubted where the JSON was made from the file.
                let differences = agreement.differences.iter();
                let differences = differences.filter(|one| evidence.paired || !one.is_beside());
                let differences = differences.cloned();
                proof.differences.extend(differences.map(Difference::Plan));
                let gaps = agreement.gaps.iter();
                let is_beside = |gap: &&PlannedRow| matches!(gap, PlannedRow::Part { .. });
                let gaps = gaps.filter(|gap| evidence.paired || !is_beside(gap));
                proof.gaps.extend(gaps.cloned().map(Gap::Values));
            }
        }
        if evidence.paired {
            configuration::compare(evidence.plan, &binary.modules, &mut proof);
        }
        match evidence.commit {
            None => proof.gaps.push(Gap::NoCommit),
            Some(commit) => {
                let placed = modules::place(&binary.modules, evidence.root, &mut proof);
                files::compare(&placed, commit, binary.is_open_tofu(), &mut proof);
                if proof.files == 0 {
                    proof.gaps.push(Gap::NoFiles);
                }
                lock::compare(binary.lock_file.as_deref(), commit, &mut proof);
            }
        }
        proof.differences.sort();
        proof.differences.dedup();
        proof.gaps.sort();
        proof.gaps.dedup();
        Some(proof)
    }

    /// The answer.
    #[must_use]
    pub fn verdict(&self) -> ProofVerdict {
        if !self.differences.is_empty() {
            ProofVerdict::Differs
        } else if !self.gaps.is_empty() {
            ProofVerdict::NotProven
        } else {
            ProofVerdict::Proven
        }
    }
}

#[cfg(test)]
mod tests;
