//! What is known about a policy beside its rules, and about all policies of a run.

use super::{Dialect, Enforcement, Severity};
use crate::digest::Digest;
use crate::text::Printable;

/// Where policies, configuration and waivers were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// The base commit's tree, which the change under review cannot touch.
    Base,
    /// The work tree: a local trial, or no base.
    Worktree,
}

impl Trust {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Worktree => "worktree",
        }
    }
}

/// A policy as its annotations describe it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Stable id; the package path where no annotation gives one.
    pub id: Printable,
    /// Title.
    pub title: Printable,
    /// What it looks for.
    pub description: Printable,
    /// What to do about its findings.
    pub remediation: Printable,
    /// Severity of findings that give none themselves.
    pub severity: Option<Severity>,
    /// Enforcement of its `deny` and `violation` rules.
    pub enforcement: Option<Enforcement>,
    /// Inputs without which it cannot be evaluated.
    pub needs: Vec<Need>,
    /// Inputs that sharpen it.
    pub uses: Vec<Need>,
    /// Settings that it reads, with a line on each.
    pub settings: Vec<(Printable, Printable)>,
    /// Types of its settings, where it gives them.
    pub setting_types: std::collections::BTreeMap<String, super::setting::SettingType>,
    /// Package path, `data.` left out.
    pub package: String,
    /// File of its rules, for people.
    pub file: Printable,
    /// The Rego text.
    pub text: std::sync::Arc<str>,
    /// Whether it is shipped with this program.
    pub builtin: bool,
    /// The host that it was written for.
    pub dialect: Dialect,
    /// The directory that it came with, or `built-in`.
    pub bundle: Printable,
}

/// An input that a policy may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The plan; always there.
    Plan,
    /// The git change.
    Git,
    /// The index of the configuration's source.
    Source,
    /// The binary plan.
    BinaryPlan,
    /// A repository, also one without a change under review.
    Repository,
    /// Settings of its own in the configuration: without them it has nothing to hold anything against.
    Settings,
}

impl Need {
    /// Reads the word used in annotations.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "plan" => Some(Self::Plan),
            "git" => Some(Self::Git),
            "source" => Some(Self::Source),
            "binary-plan" => Some(Self::BinaryPlan),
            "repository" => Some(Self::Repository),
            "settings" => Some(Self::Settings),
            _ => None,
        }
    }

    /// The word used in annotations.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Git => "git",
            Self::Source => "source",
            Self::BinaryPlan => "binary-plan",
            Self::Repository => "repository",
            Self::Settings => "settings",
        }
    }
}

/// All policies of a run, in numbers and digests.
#[derive(Clone, Debug)]
pub struct PolicySummary {
    /// Digest of every policy's original bytes, of data, settings and the engine's version.
    pub digest: Digest,
    /// Where they were read from.
    pub trust: Trust,
    /// Commit that they were read from, where there is one.
    pub commit: Option<String>,
    /// Packages with at least one rule that finds something.
    pub packages: usize,
    /// Rules that find something.
    pub rules: usize,
    /// Rules that were evaluated to the end.
    pub evaluated: usize,
    /// Rules of policies that do not apply to what is under review; of one plan the most.
    pub not_applicable: usize,
    /// The policies, in the order of their ids.
    pub policies: Vec<Policy>,
}

/// Why policies could not be loaded or evaluated: status 5.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyProblem {
    /// Policy or file.
    pub policy: Printable,
    /// Where, as `file:line`, if it is known.
    pub place: Option<Printable>,
    /// What happened, redacted.
    pub message: Printable,
}
