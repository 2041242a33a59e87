//! What a module is before it is loaded: its package, its rules, and what of `input` and `data` it reads.
//!
//! From the syntax tree, not from the text: a message, a raw string or an indented rule must not decide whether a policy is evaluated.

use std::collections::BTreeSet;
use std::sync::Arc;

use regorus::unstable::{Ref, Rule, RuleHead};

use super::parse::parse;
use super::syntax::{Program, Uses, dotted, name_of, package_of};

/// A rule of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Head {
    /// Name of the rule: the first step of its head.
    pub(in crate::policy) name: String,
    /// Line.
    pub(in crate::policy) line: u32,
    /// Whether it is a function, which fires never.
    pub(in crate::policy) function: bool,
}

/// What a module is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::policy) struct Outline {
    /// Package, `data.` left out.
    pub(in crate::policy) package: String,
    /// Line of the package.
    pub(in crate::policy) line: u32,
    /// Its rules, in the order of the text.
    pub(in crate::policy) heads: Vec<Head>,
    /// Keys of `input` that it reads.
    pub(in crate::policy) inputs: BTreeSet<String>,
    /// Whether it may read more: `input` as a whole, or rules of another package.
    pub(in crate::policy) open: bool,
}

impl Outline {
    /// Reads a text; `None` where it cannot be parsed, which loading says.
    pub(in crate::policy) fn read(path: &str, text: &Arc<str>) -> Option<Self> {
        let module = parse(path, text).ok()?.module;
        let package = package_of(&module);
        let line = module.package.span.line;
        let heads = module.policy.iter().map(|rule| Head {
            name: name_of(rule),
            line: rule.span().line,
            function: match rule.as_ref() {
                Rule::Spec { head, .. } => matches!(head, RuleHead::Func { .. }),
                Rule::Default { args, .. } => !args.is_empty(),
            },
        });
        let heads = heads.collect();
        let mut imported = Uses::default();
        for import in &module.imports {
            let path = dotted(&import.refr).unwrap_or_default();
            let mut steps = path.split('.');
            match (steps.next(), steps.next()) {
                (Some("input"), Some(key)) => {
                    imported.inputs.insert(key.to_owned());
                }
                (Some("rego" | "future"), _) => {}
                _ => imported.whole_input = true,
            }
        }
        let uses = Program::read(&[Ref::new(module)]).everything();
        let own = format!("{package}.");
        let elsewhere = |path: &String| !path.starts_with(&own);
        Some(Self {
            package: package.trim_start_matches("data.").to_owned(),
            line,
            heads,
            open: uses.whole_input || imported.whole_input || uses.references.iter().any(elsewhere),
            inputs: &uses.inputs | &imported.inputs,
        })
    }

    /// Whether a rule of this name is there, functions left out.
    pub(in crate::policy) fn has(&self, name: &str) -> bool {
        self.heads.iter().any(|h| h.name == name && !h.function)
    }
}
