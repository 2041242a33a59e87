//! What names mean: rules by package, and functions that some `with` replaces.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{BUILTINS, Expr, Module, Query, Rule, RuleHead};

use super::super::builtins;
use super::super::syntax::{bodies_of, dotted, name_of, package_of, queries_in};

/// The names of a bundle.
#[derive(Default)]
pub(in crate::policy::engine) struct Names {
    /// Rules by package path, `data.` included.
    pub(super) rules: BTreeMap<String, BTreeSet<String>>,
    /// Functions, by full path.
    pub(super) functions: BTreeSet<String>,
    /// Functions that some `with` replaces, by full path or by the name of the builtin.
    pub(super) mocked: BTreeSet<String>,
    /// Builtins that some `with` puts in the place of another function; the engine takes their names for variables.
    replacing: BTreeSet<String>,
    none: BTreeSet<String>,
}

impl Names {
    /// Reads all modules of a bundle.
    pub(in crate::policy::engine) fn read<'m>(
        modules: impl Iterator<Item = &'m Module> + Clone,
    ) -> Self {
        let mut names = Self::default();
        for module in modules.clone() {
            let package = package_of(module);
            for rule in &module.policy {
                if let Rule::Spec {
                    head: RuleHead::Func { refr, .. },
                    ..
                } = rule.as_ref()
                    && let Some(name) = dotted(refr)
                {
                    names.functions.insert(format!("{package}.{name}"));
                }
            }
            let known = names.rules.entry(package).or_default();
            known.extend(module.policy.iter().map(|rule| name_of(rule)));
        }
        for module in modules {
            names.mocks(module);
        }
        names
    }

    /// The rules of a package.
    pub(super) fn of(&self, package: &str) -> &BTreeSet<String> {
        self.rules.get(package).unwrap_or(&self.none)
    }

    /// Functions that need one of our own in their place: missing in the engine and replaced by some test, or replacing another.
    pub(in crate::policy::engine) fn stand_ins(&self) -> impl Iterator<Item = &str> {
        self.mocked
            .iter()
            .map(String::as_str)
            .filter(|name| is_missing(name))
            .chain(self.replacing.iter().map(String::as_str))
    }

    /// Whether some module has a function of this path.
    pub(in crate::policy::engine) fn is_function(&self, path: &str) -> bool {
        self.functions.contains(path)
    }

    /// The packages, `data.` left out.
    pub(in crate::policy::engine) fn packages(&self) -> impl Iterator<Item = &str> {
        self.rules
            .keys()
            .map(|package| package.trim_start_matches("data."))
    }

    /// Whether a path is that of a package, of one above or below it, or of a rule or what is in it.
    pub(in crate::policy::engine) fn has(&self, path: &str) -> bool {
        self.rules.iter().any(|(package, rules)| {
            let above = |long: &str, short: &str| {
                long.strip_prefix(short)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            above(package, path)
                || rules
                    .iter()
                    .any(|rule| above(path, &format!("{package}.{rule}")))
        })
    }

    fn mocks(&mut self, module: &Module) {
        let package = package_of(module);
        let aliases = aliases_of(module);
        let mut targets = Vec::new();
        for rule in &module.policy {
            for query in bodies_of(rule) {
                collect(query, &mut targets);
            }
        }
        for (target, value) in targets {
            let root = value.split('.').next().unwrap_or_default();
            if is_builtin(&value)
                && !aliases.contains_key(root)
                && !self.of(&package).contains(root)
            {
                self.replacing.insert(value);
            }
            let root = target.split('.').next().unwrap_or_default();
            let full = if let Some(path) = aliases.get(root) {
                target.replacen(root, path, 1)
            } else if self.of(&package).contains(root) {
                format!("{package}.{target}")
            } else {
                target
            };
            self.mocked.insert(full);
        }
    }
}

/// Whether a name is a function of OPA that the engine does not have; the engine replaces only its own in `with`.
pub(super) fn is_missing(name: &str) -> bool {
    !name.starts_with("data.")
        && !name.starts_with("input")
        && name != "print"
        && !BUILTINS.contains_key(name)
}

/// Whether a name is that of a builtin, the engine's or ours.
pub(super) fn is_builtin(name: &str) -> bool {
    BUILTINS.contains_key(name) || builtins::arity(name).is_some()
}

/// The path of the function that stands in for another one.
pub(in crate::policy::engine) fn stand_in(name: &str) -> String {
    format!("data.countersign_stand_ins.of_{}", name.replace('.', "_"))
}

fn collect(query: &Query, targets: &mut Vec<(String, String)>) {
    for stmt in &query.stmts {
        targets.extend(stmt.with_mods.iter().filter_map(|with| {
            let value = dotted(&with.r#as).unwrap_or_default();
            Some((dotted(&with.refr)?, value))
        }));
        for inner in queries_in(stmt) {
            collect(inner, targets);
        }
    }
}

/// The imports of a file that name something: alias to path.
pub(super) fn aliases_of(module: &Module) -> BTreeMap<String, String> {
    let mut aliases = BTreeMap::new();
    for import in &module.imports {
        let Some(path) = dotted(&import.refr) else {
            continue;
        };
        let root = path.split('.').next().unwrap_or_default();
        if matches!(root, "future" | "rego") {
            continue;
        }
        let last = match import.refr.as_ref() {
            Expr::RefDot { field, .. } => field.0.text(),
            Expr::RefBrack { index, .. } => index.span().text(),
            other => other.span().text(),
        };
        let alias = import
            .r#as
            .as_ref()
            .map_or_else(|| last.to_owned(), |span| span.text().to_owned());
        aliases.insert(alias, path);
    }
    aliases
}
