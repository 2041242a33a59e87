//! Variables that nothing gives a value: OPA refuses such a rule; the engine says so only when a plan makes it get there.
//!
//! Only what can be told for sure is said: a variable that never stands where Rego could bind it. The engine finds some of the others
//! when it analyses the module.

use std::collections::BTreeMap;

use regorus::unstable::{Expr, Span};

use super::Rewriter;

/// The variables of a rule that nothing declares with a value, by their new names.
#[derive(Default)]
pub(super) struct Safety {
    /// Whether what is read now stands where a variable is bound.
    binding: bool,
    seen: BTreeMap<String, Seen>,
    /// Names that are declared in the rule.
    declared: Vec<String>,
}

struct Seen {
    name: String,
    line: u32,
    bound: bool,
}

impl Safety {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Says whether what follows stands where variables are bound; gives what was so before.
    pub(super) fn enter(&mut self, binding: bool) -> bool {
        std::mem::replace(&mut self.binding, binding)
    }

    /// Takes up what was so before.
    pub(super) fn leave(&mut self, before: bool) {
        self.binding = before;
    }

    pub(super) fn declared(&mut self, name: &str) {
        self.declared.push(name.to_owned());
    }

    pub(super) fn used(&mut self, new: &str, span: &Span) {
        let seen = self.seen.entry(new.to_owned()).or_insert_with(|| Seen {
            name: span.text().to_owned(),
            line: span.line,
            bound: false,
        });
        seen.bound |= self.binding;
    }
}

impl Rewriter<'_> {
    /// Says which variables of the rule nothing binds.
    pub(super) fn unsafe_names(&mut self) {
        let caller = self.caller.trim_start_matches("data.").to_owned();
        let safety = std::mem::take(&mut self.safety);
        for seen in safety.seen.into_values().filter(|seen| !seen.bound) {
            let name = &seen.name;
            let message = if safety.declared.contains(name) {
                format!(
                    "\"{name}\" has no value where {caller} uses it: it is given one later, or in another place."
                )
            } else {
                let mut known: Vec<&str> = vec!["input", "data"];
                known.extend(self.rules.iter().map(String::as_str));
                known.extend(self.aliases.keys().map(String::as_str));
                known.extend(safety.declared.iter().map(String::as_str));
                format!(
                    "{caller} uses \"{name}\", to which nothing gives a value{}.",
                    crate::text::suggestion(name, &known)
                )
            };
            self.problems.push((seen.line, message));
        }
    }

    /// Says that a statement declares again what its query has declared.
    pub(super) fn declared_again(&mut self, pattern: &Expr) {
        match pattern {
            Expr::Var { span, .. } if span.text() != "_" => {
                let name = span.text();
                if self.scopes.last().is_some_and(|s| s.contains_key(name)) {
                    self.problems.push((
                        span.line,
                        format!(
                            "\"{name}\" gets a value with := twice in one body; use another name, or == to compare."
                        ),
                    ));
                }
            }
            Expr::Array { items, .. } => items.iter().for_each(|item| self.declared_again(item)),
            Expr::Object { fields, .. } => {
                for (_, _, value) in fields {
                    self.declared_again(value);
                }
            }
            _ => {}
        }
    }
}
