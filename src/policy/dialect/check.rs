//! Compares what a rule reads with what its dialect offers.

use std::collections::BTreeSet;

use super::schema::{Schema, Step};
use super::{Dialect, Entries};

/// A place at which a rule or a function reads the input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) struct Reading {
    /// File.
    pub(in crate::policy) file: String,
    /// Line.
    pub(in crate::policy) line: u32,
    /// Column, counted from 1.
    pub(in crate::policy) column: u32,
    /// Package of the rule, `data.` left out.
    pub(in crate::policy) package: String,
    /// Name of the rule.
    pub(in crate::policy) rule: String,
    /// The path below `input`.
    pub(in crate::policy) path: Vec<Step>,
}

impl Reading {
    /// What is wrong with it: a path that the input of its dialect never has.
    pub(in crate::policy) fn fault(&self, entries: &Entries) -> Option<String> {
        Schema(entries.dialect(&self.package)).fault(&self.path)
    }
}

/// Why a rule cannot be evaluated here: it reads what only its host knows. `inputs` are the top-level keys that it reads, itself or
/// through others; all of them when `None`.
pub(in crate::policy) fn unknowable(
    dialect: Dialect,
    inputs: Option<&BTreeSet<String>>,
) -> Option<String> {
    let keys = dialect.host_keys();
    if keys.is_empty() {
        return None;
    }
    let Some(inputs) = inputs else {
        return Some(format!(
            "it uses input as a whole, of which only {} knows {}",
            dialect.host(),
            keys.iter()
                .map(|key| format!("input.{key}"))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    };
    let read: Vec<String> = keys
        .iter()
        .filter(|key| inputs.contains(**key))
        .map(|key| format!("input.{key}"))
        .collect();
    (!read.is_empty()).then(|| {
        format!(
            "it reads {}, which only {} knows",
            read.join(" and "),
            dialect.host()
        )
    })
}

/// Why the dialect of a plain package is not clear: it reads only what another host's input has.
pub(in crate::policy) fn ambiguous(
    dialect: Dialect,
    inputs: Option<&BTreeSet<String>>,
) -> Option<String> {
    if dialect.plan_key().is_some() {
        return None;
    }
    let inputs = inputs?;
    if inputs.is_empty() || inputs.iter().any(|key| Schema::plan_has(key)) {
        return None;
    }
    let of = |d: &Dialect| -> bool {
        d.plan_key()
            .into_iter()
            .chain(d.host_keys().iter().copied())
            .any(|key| inputs.contains(key))
    };
    let hosts: Vec<Dialect> = Dialect::ALL.into_iter().filter(of).collect();
    if hosts.is_empty() {
        return None;
    }
    let keys: Vec<String> = inputs.iter().map(|key| format!("input.{key}")).collect();
    let names: Vec<&str> = hosts.iter().map(|d| d.host()).collect();
    let words: Vec<&str> = hosts.iter().map(|d| d.word()).collect();
    Some(format!(
        "it reads {}, which is the input of {}, and nothing says that it was written for {}: put custom.dialect ({}) into the package's annotation, or keep the host's own list of policies beside it.",
        keys.join(", "),
        names.join(" or "),
        if names.len() > 1 { "one of them" } else { "it" },
        words.join(", ")
    ))
}
