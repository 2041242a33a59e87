//! The rules of a bundle that find something, and the packages they are in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regorus::unstable::{Module as Syntax, Ref, Rule as SyntaxRule, RuleHead};

use super::load::{LoadError, Source};
use super::metadata::Chains;
use super::syntax::{Program, name_of, package_of};
use crate::policy::annotation::Annotation;
use crate::policy::result::RuleKind;

/// A rule that finds something.
pub(in crate::policy) struct LoadedRule {
    /// Path, `data.` included.
    pub(in crate::policy) path: String,
    /// Name in its package.
    pub(in crate::policy) name: String,
    /// Package, `data.` left out.
    pub(in crate::policy) package: String,
    /// What its results mean.
    pub(in crate::policy) kind: RuleKind,
    /// File of the first definition.
    pub(in crate::policy) file: Arc<str>,
    /// Line of the first definition.
    pub(in crate::policy) line: u32,
    /// Text of all definitions, as it was written.
    pub(in crate::policy) text: String,
    /// Annotation above a definition.
    pub(in crate::policy) annotation: Option<Annotation>,
    /// Top-level inputs that it reads; all of them when `None`.
    pub(in crate::policy) inputs: Option<BTreeSet<String>>,
    pub(super) definitions: Vec<(Ref<Syntax>, Ref<SyntaxRule>, u32)>,
}

/// A package with its annotation.
pub(in crate::policy) struct LoadedPackage {
    /// File of the annotation, or the first file.
    pub(in crate::policy) file: Arc<str>,
    /// Text of that file.
    pub(in crate::policy) text: Arc<str>,
    /// Package annotation.
    pub(in crate::policy) annotation: Option<Annotation>,
}

/// What a rule's name says: `deny`, `violation` or `warn`, with or without a suffix.
fn kind_of(name: &str) -> Option<RuleKind> {
    let is = |word: &str| {
        name == word
            || name
                .strip_prefix(word)
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|suffix| {
                    !suffix.is_empty()
                        && suffix
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || c == '_')
                })
    };
    if is("deny") || is("violation") {
        Some(RuleKind::Deny)
    } else if is("warn") {
        Some(RuleKind::Warn)
    } else {
        None
    }
}

/// The lines of the original that a rule stands on.
fn original(source: Option<&Source>, rule: &SyntaxRule) -> String {
    let span = rule.span();
    let lines = span.text().matches('\n').count() + 1;
    let skipped = usize::try_from(span.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let mut text = String::new();
    for line in source
        .iter()
        .flat_map(|s| s.original.lines().skip(skipped).take(lines))
    {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The rules that find something; rules of their names that are of another kind are errors.
pub(super) fn entry_rules(
    modules: &[Ref<Syntax>],
    sources: &BTreeMap<&str, &Source>,
    program: &Program,
    chains: &Chains,
    errors: &mut Vec<LoadError>,
) -> Vec<LoadedRule> {
    let mut rules: BTreeMap<String, LoadedRule> = BTreeMap::new();
    for module in modules {
        let full = package_of(module);
        let package = full.trim_start_matches("data.").to_owned();
        let file = module.package.span.source.get_path().clone();
        let source = sources.get(file.as_str()).copied();
        for rule in &module.policy {
            let name = name_of(rule);
            let Some(kind) = kind_of(&name) else { continue };
            let line = rule.span().line;
            match rule.as_ref() {
                SyntaxRule::Spec {
                    head: RuleHead::Func { .. },
                    ..
                } => continue,
                SyntaxRule::Spec {
                    head: RuleHead::Set { .. },
                    ..
                } => {}
                SyntaxRule::Spec {
                    head: RuleHead::Compr { .. },
                    ..
                }
                | SyntaxRule::Default { .. } => {
                    errors.push(LoadError {
                        file: file.clone(),
                        line: Some(line),
                        message: format!(
                            "{name} must be a set: write \"{name} contains message if …\"."
                        ),
                    });
                    continue;
                }
            }
            let path = format!("{full}.{name}");
            let above = source.and_then(|s| chains.rule(&s.annotations, &path, line));
            let entry = rules.entry(path.clone()).or_insert_with(|| LoadedRule {
                inputs: program.inputs_of(&path),
                path,
                name,
                package: package.clone(),
                kind,
                file: Arc::from(file.as_str()),
                line,
                text: String::new(),
                annotation: None,
                definitions: Vec::new(),
            });
            if entry.annotation.is_none() {
                entry.annotation = above;
            }
            entry.text.push_str(&original(source, rule));
            entry.definitions.push((module.clone(), rule.clone(), line));
        }
    }
    rules.into_values().collect()
}

/// The packages of some rules, by path without `data.`.
pub(super) fn packages(
    modules: &[Ref<Syntax>],
    sources: &BTreeMap<&str, &Source>,
    rules: &[LoadedRule],
    chains: &Chains,
) -> BTreeMap<String, LoadedPackage> {
    let mut out: BTreeMap<String, LoadedPackage> = BTreeMap::new();
    let wanted: BTreeSet<&str> = rules.iter().map(|r| r.package.as_str()).collect();
    for module in modules {
        let full = package_of(module);
        let package = full.trim_start_matches("data.").to_owned();
        if !wanted.contains(package.as_str()) {
            continue;
        }
        let file = module.package.span.source.get_path().clone();
        let Some(source) = sources.get(file.as_str()) else {
            continue;
        };
        // The file that carries the annotation stands for the package.
        let own = source.annotations.contains_key(&module.package.span.line);
        let known = out.get(&package);
        if known.is_none() || (own && known.is_some_and(|p| p.annotation.is_none())) {
            out.insert(
                package,
                LoadedPackage {
                    file: Arc::from(file.as_str()),
                    text: Arc::clone(&source.original),
                    annotation: own
                        .then(|| Annotation::empty(crate::policy::annotation::Scope::Package)),
                },
            );
        }
    }
    for (package, loaded) in &mut out {
        loaded.annotation = chains.package(&format!("data.{package}"));
    }
    out
}
