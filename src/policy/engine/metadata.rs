//! Which annotations hold for a rule or a package: its own, and those of a wider scope.

use std::collections::BTreeMap;

use regorus::unstable::{Module, Rule};
use serde_json::{Value as Json, json};

use super::load::LoadError;
use super::syntax::{name_of, package_of};
use crate::policy::annotation::{Annotation, Annotations, Scope};

/// The annotations of a bundle that reach beyond one definition. Paths hold `data.`.
#[derive(Default)]
pub(super) struct Chains {
    documents: BTreeMap<String, Annotation>,
    packages: BTreeMap<String, Annotation>,
    subpackages: BTreeMap<String, Annotation>,
}

fn of_scope(blocks: Option<&Vec<Annotation>>, scope: Scope) -> Option<&Annotation> {
    blocks?.iter().find(|block| block.scope == scope)
}

impl Chains {
    /// Reads the annotations of all modules. What two files say differently of one package, or two places of one rule, is an error: which of
    /// them held would be a matter of names.
    pub(super) fn read<'m>(
        modules: impl Iterator<Item = (&'m Module, &'m Annotations)>,
        errors: &mut Vec<LoadError>,
    ) -> Self {
        let mut chains = Self::default();
        let mut keep = |list: &mut BTreeMap<String, Annotation>,
                        name: String,
                        found: &Annotation,
                        (module, line): (&Module, u32)| {
            let known = list.entry(name.clone()).or_insert_with(|| found.clone());
            if known.tree.get("custom") != found.tree.get("custom") {
                errors.push(LoadError {
                    file: module.package.span.source.get_path().clone(),
                    line: Some(line),
                    message: format!(
                        "another annotation says something else of {}: keep one.",
                        name.trim_start_matches("data.")
                    ),
                });
            }
        };
        for (module, annotations) in modules {
            if annotations.is_empty() {
                continue;
            }
            let package = package_of(module);
            let above = annotations.get(&module.package.span.line);
            for (scope, list) in [
                (Scope::Package, &mut chains.packages),
                (Scope::Subpackages, &mut chains.subpackages),
            ] {
                if let Some(found) = of_scope(above, scope) {
                    let line = module.package.span.line;
                    keep(list, package.clone(), found, (module, line));
                }
            }
            for rule in &module.policy {
                let above = annotations.get(&rule.span().line);
                if let Some(found) = of_scope(above, Scope::Document) {
                    let name = format!("{package}.{}", name_of(rule));
                    keep(
                        &mut chains.documents,
                        name,
                        found,
                        (module, rule.span().line),
                    );
                }
            }
        }
        chains
    }

    /// What is said about one definition of a rule, in the file with these annotations.
    pub(super) fn rule(
        &self,
        annotations: &Annotations,
        path: &str,
        line: u32,
    ) -> Option<Annotation> {
        let own = of_scope(annotations.get(&line), Scope::Rule);
        match (own, self.documents.get(path)) {
            (Some(own), Some(wider)) => Some(own.clone().over(wider)),
            (own, wider) => own.or(wider).cloned(),
        }
    }

    /// What is said about a package: its own annotation, then those of `subpackages` from the nearest.
    pub(super) fn package(&self, package: &str) -> Option<Annotation> {
        let mut found = self.packages.get(package).cloned();
        let mut path = package;
        loop {
            if let Some(wider) = self.subpackages.get(path) {
                let known = match found.take() {
                    Some(known) => known,
                    // Its id is the package's own, not that of everything below it.
                    None if path == package => wider.clone(),
                    None => Annotation::empty(Scope::Subpackages),
                };
                found = Some(known.over(wider));
            }
            match path.rsplit_once('.') {
                Some((outer, _)) => path = outer,
                None => break,
            }
        }
        found
    }

    /// What `rego.metadata.rule()` or `rego.metadata.chain()` gives in the rule on a line.
    pub(super) fn literal(
        &self,
        module: &Module,
        annotations: &Annotations,
        line: u32,
        chain: bool,
    ) -> String {
        let own = of_scope(annotations.get(&line), Scope::Rule);
        if !chain {
            return own.map_or_else(|| "{}".to_owned(), |own| own.tree.to_string());
        }
        let steps =
            |path: &str| -> Vec<String> { path.split('.').skip(1).map(str::to_owned).collect() };
        let package = package_of(module);
        let rule = module
            .policy
            .iter()
            .find(|rule: &&regorus::unstable::Ref<Rule>| rule.span().line == line);
        let path = rule.map_or_else(
            || package.clone(),
            |rule| format!("{package}.{}", name_of(rule)),
        );
        let mut chained = Vec::new();
        chained.push(match own {
            Some(own) => json!({ "path": steps(&path), "annotations": own.tree }),
            None => json!({ "path": steps(&path) }),
        });
        let mut add = |path: &str, found: Option<&Annotation>| {
            if let Some(found) = found {
                chained.push(json!({ "path": steps(path), "annotations": found.tree }));
            }
        };
        add(&path, self.documents.get(&path));
        add(&package, self.packages.get(&package));
        let mut outer = package.as_str();
        loop {
            add(outer, self.subpackages.get(outer));
            match outer.rsplit_once('.') {
                Some((shorter, _)) => outer = shorter,
                None => break,
            }
        }
        Json::Array(chained).to_string()
    }
}
