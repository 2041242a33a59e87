//! The rules of a bundle that find something, and the packages they are in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regorus::unstable::{Module as Syntax, Ref, Rule as SyntaxRule};

use super::load::{LoadError, Source};
use super::metadata::Chains;
use super::shape;
use super::syntax::{Program, name_of, package_of};
use crate::policy::annotation::Annotation;
use crate::policy::dialect::Entries;
use crate::policy::level::{Enforcement, Severity};
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
    /// Keys that it reads below each top-level input; all of them when `None`.
    pub(in crate::policy) below: BTreeMap<String, Option<BTreeSet<String>>>,
    /// Built-in functions that it calls.
    pub(in crate::policy) functions: BTreeSet<String>,
    /// Resource types that it looks for and that alone can make it find something; `None` where that is not clear.
    pub(in crate::policy) types: Option<BTreeSet<String>>,
    /// Whether a result may be any value.
    pub(super) any_result: bool,
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
    /// Whether it has conftest's `exception` rules.
    pub(in crate::policy) exceptions: bool,
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
    entries: &Entries,
    chains: &Chains,
    errors: &mut Vec<LoadError>,
) -> Vec<LoadedRule> {
    let mut rules: BTreeMap<String, LoadedRule> = BTreeMap::new();
    let mut said: BTreeMap<String, Vec<Option<Annotation>>> = BTreeMap::new();
    for module in modules {
        let full = package_of(module);
        let package = full.trim_start_matches("data.").to_owned();
        let file = module.package.span.source.get_path().clone();
        let source = sources.get(file.as_str()).copied();
        for rule in &module.policy {
            let name = name_of(rule);
            let Some(entry) = entries.entry(&package, &name) else {
                continue;
            };
            let line = rule.span().line;
            match shape::of(rule) {
                shape::Shape::Function => continue,
                shape::Shape::Collection => {}
                shape::Shape::Wrong(what) => {
                    errors.push(LoadError {
                        file: file.clone(),
                        line: Some(line),
                        message: format!(
                            "{name} must be a set, and {what}: write \"{name} contains message if …\"."
                        ),
                    });
                    continue;
                }
            }
            let path = format!("{full}.{name}");
            let above = source.and_then(|s| chains.rule(&s.annotations, &path, line));
            let found = rules.entry(path.clone()).or_insert_with(|| LoadedRule {
                inputs: program.inputs_of(&path),
                below: program.below_of(&path),
                functions: program.builtins_of(&path),
                types: None,
                any_result: entry.any_result,
                path,
                name,
                package: package.clone(),
                kind: entry.kind,
                file: Arc::from(file.as_str()),
                line,
                text: String::new(),
                annotation: None,
                definitions: Vec::new(),
            });
            said.entry(found.path.clone())
                .or_default()
                .push(above.clone());
            if found.annotation.is_none() {
                found.annotation = above;
            }
            found.text.push_str(&original(source, rule));
            // A default has no body that could be evaluated alone.
            if matches!(rule.as_ref(), SyntaxRule::Spec { .. }) {
                found.definitions.push((module.clone(), rule.clone(), line));
            }
        }
    }
    for (path, rule) in &mut rules {
        let package = chains.package(&format!("data.{}", rule.package));
        strictest(
            rule,
            said.get(path).map_or(&[], Vec::as_slice),
            package.as_ref(),
        );
    }
    rules.into_values().collect()
}

/// Definitions of one rule make one set, and a result does not tell which of them it came from: where they are not annotated alike, the
/// strictest level of them holds for all. One without an annotation has the level of its package.
fn strictest(rule: &mut LoadedRule, said: &[Option<Annotation>], package: Option<&Annotation>) {
    let Some(annotation) = rule.annotation.as_mut().filter(|_| said.len() > 1) else {
        return;
    };
    for (key, usual) in [("enforcement", "soft-mandatory"), ("severity", "medium")] {
        let rank = |word: &str| match key {
            "enforcement" => Enforcement::parse(word).map(|level| level as usize),
            _ => Severity::parse(word).map(|level| level as usize),
        };
        let own = |found: &Option<Annotation>| found.as_ref()?.custom(key).cloned();
        if said
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if own(a) == own(b)))
        {
            continue;
        }
        let outer = package.and_then(|package| package.custom(key).cloned());
        let levels = said.iter().map(|found| {
            own(found)
                .or_else(|| outer.clone())
                .unwrap_or_else(|| usual.into())
        });
        // What is no level at all comes first, so that it is told.
        let level = levels.min_by_key(|level| level.as_str().and_then(rank));
        if let Some(level) = level {
            annotation.set_custom(key, level);
        }
    }
}

/// The packages of some rules, by path without `data.`.
pub(super) fn packages(
    modules: &[Ref<Syntax>],
    sources: &BTreeMap<&str, &Source>,
    rules: &[LoadedRule],
    entries: &Entries,
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
        let excepts = entries.dialect(&package).plan_key().is_none()
            && module
                .policy
                .iter()
                .any(|rule| name_of(rule) == "exception");
        if excepts && let Some(known) = out.get_mut(&package) {
            known.exceptions = true;
        }
        let exceptions = excepts || out.get(&package).is_some_and(|p| p.exceptions);
        let known = out.get(&package);
        if known.is_none() || (own && known.is_some_and(|p| p.annotation.is_none())) {
            out.insert(
                package,
                LoadedPackage {
                    file: Arc::from(file.as_str()),
                    text: Arc::clone(&source.original),
                    exceptions,
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
