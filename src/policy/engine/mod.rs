//! The only user of the Rego engine.
//!
//! The engine is not OPA: it parses less, lacks functions, and gives other answers in places. What stands in front of it makes up for
//! that. Phases of [`Loaded::load`]:
//!
//! 1. `parse`: v1, else v0, per file; else with mends of the text (`repair`).
//! 2. `rewrite`: names, negations, `with`, `walk`, heads that iterate and annotations become what the engine understands as OPA does,
//!    each within its line, so that places in messages hold. People see, and digests cover, the original text.
//! 3. `syntax`: calls of functions that do not exist or are refused, functions that call themselves, inputs that rules read.
//! 4. The engine's own analysis; a module that it refuses is taken out, and everything again without it.
//! 5. `entry`, `metadata`: the rules that find something, and their annotations.
//!
//! [`Runner::evaluate`] runs rules on one input on a thread with a large stack, with a time limit, catching panics. Functions that
//! cannot answer are undefined, as in OPA (`builtins`); what they said is kept as a note.
//!
//! Invariants: anything that cannot be loaded or evaluated is an error with its own text, never an empty result; evaluation is
//! reproducible (frozen clock, no randomness, no network, no environment); what a policy prints is gathered, not written.
//!
//! # How to compare with OPA
//!
//! Public collections of policies bring tests of their own, which pass under OPA: `countersign policy test DIR` on each must pass them
//! too, or say why a module cannot be used. Lay a collection out as its own CI does: Spacelift's examples a policy and its test at a
//! time, the AWS samples a policy with its mock and the `*.utils.*` files, Scalr's samples a directory at a time, conftest packs with
//! the content of their `data` directory beside the policies, the others whole. OPA's compliance cases become tests by a rule that
//! compares the query with the wanted result.

mod arguments;
mod builtins;
mod check;
mod conflicts;
mod edit;
mod entry;
mod load;
mod metadata;
mod outline;
mod parse;
mod paths;
mod repair;
mod rewrite;
mod run;
mod shape;
mod syntax;
mod test_rules;
mod tokens;
mod walker;
mod words;
pub(in crate::policy) mod yaml;

pub(super) use check::syntax_place;
pub(super) use entry::{LoadedPackage, LoadedRule};
pub(super) use load::Loaded;
pub(super) use outline::{Head, Outline};
pub(super) use run::{Evaluation, Input, Part, Row, Runner};
pub(super) use test_rules::run_test_rules;
pub(super) use tokens::words;

use std::time::Duration;

/// Stack of a thread that loads or evaluates; only what is used is taken.
pub(super) const STACK_BYTES: usize = 512 << 20;

/// Bounds of one evaluation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Wall clock of one rule on one input.
    pub(super) time: Duration,
}

/// The first line of an engine error: without the source excerpt behind it.
pub(super) fn first_line(error: &anyhow::Error) -> String {
    let text = error.to_string();
    let line = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("error: "))
        .next_back()
        .or_else(|| text.lines().next())
        .unwrap_or_default();
    rewrite::plain_names(line)
}

/// An error of evaluation without the values that the engine quotes: they come from the plan. Names of functions stay.
pub(super) fn without_values(message: &str) -> String {
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    };
    let mut from = 0;
    while let Some(open) = message.get(from..).and_then(|rest| rest.find('`')) {
        let inside = from + open + 1;
        let close = message.get(inside..).and_then(|rest| rest.find('`'));
        let quoted = close.and_then(|close| message.get(inside..inside + close));
        match (quoted, close) {
            (Some(quoted), Some(close)) if is_name(quoted) => from = inside + close + 1,
            // A value may hold backticks, so everything up to the last one goes.
            _ => {
                let before = message.get(..inside - 1).unwrap_or_default();
                let after = message
                    .get(inside..)
                    .and_then(|rest| rest.rsplit_once('`'))
                    .map_or("", |(_, after)| after);
                return format!("{before}(a value){after}");
            }
        }
    }
    message.to_owned()
}

/// The place that an engine error names: `--> file:line:column`.
pub(super) fn place(error: &anyhow::Error) -> Option<(String, u32)> {
    let text = error.to_string();
    let line = text
        .lines()
        .find_map(|l| l.trim_start().strip_prefix("--> "))?;
    let mut parts = line.rsplitn(3, ':');
    let _column = parts.next()?;
    let number = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), number))
}

/// Bounds the memory of evaluation: what the process may hold in all.
pub(super) fn limit_memory(bytes: u64) {
    regorus::set_global_memory_limit(Some(bytes));
}

/// Takes the bound away again, for what is not evaluation.
pub(super) fn release_memory_limit() {
    regorus::set_global_memory_limit(None);
}

/// Version of the engine, which is part of a bundle's digest.
pub(super) const VERSION: &str = "regorus 0.14.1";

#[cfg(test)]
mod tests;
