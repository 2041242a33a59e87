//! What evaluating rules gave, before it becomes findings.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::text::Printable;

/// What a rule's results mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// `deny`, `violation` and their suffixed forms.
    Deny,
    /// `warn` and its suffixed forms.
    Warn,
}

/// A rule that finds something: the entry points of a bundle.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Index of the policy in the results.
    pub policy: usize,
    /// Name in the package, such as `deny_resources`.
    pub name: String,
    /// Name in reports, such as `deny`.
    pub reported: String,
    /// What its results mean.
    pub kind: RuleKind,
    /// Whether it looks at each resource change on its own.
    pub sliced: bool,
    /// What it sees of the resource changes.
    pub view: super::View,
    /// Top-level keys of the input that it reads; all of them when `None`.
    pub inputs: Option<std::collections::BTreeSet<String>>,
    /// Severity from the rule's own annotation.
    pub severity: Option<super::Severity>,
    /// Enforcement from the rule's own annotation.
    pub enforcement: Option<super::Enforcement>,
    /// Title from the rule's own annotation.
    pub title: Printable,
    /// Description from the rule's own annotation.
    pub description: Printable,
    /// Remediation from the rule's own annotation.
    pub remediation: Printable,
    /// File of the rule.
    pub file: Arc<str>,
    /// Line of its first definition.
    pub line: u32,
    /// Text of all its definitions.
    pub text: Arc<str>,
}

/// One element of a rule's set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Index of the rule in the results.
    pub rule: usize,
    /// Line of the definition that gave it.
    pub line: u32,
    /// The message, raw: it may quote the plan.
    pub message: String,
    /// Other keys of the result object, raw.
    pub fields: Map<String, Json>,
}
