//! From the texts of a bundle to an engine that is ready to run, or to the list of everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;

use regorus::unstable::{BUILTINS, Module as Syntax, Ref, Rule as SyntaxRule};
use regorus::{Engine, PolicyLengthConfig, Value};

use super::syntax::{Program, name_of, package_of};
use super::{first_line, overrides, paths, place, shape};
use crate::policy::annotation::{self, Annotation};
use crate::policy::bundle::Bundle;
use crate::policy::dialect::{Entries, Reading};
use crate::policy::result::RuleKind;

/// One thing that is wrong with a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) struct LoadError {
    /// File.
    pub(in crate::policy) file: String,
    /// Line, where it is known.
    pub(in crate::policy) line: Option<u32>,
    /// What is wrong.
    pub(in crate::policy) message: String,
}

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
    /// Text of all definitions.
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

/// A bundle, ready to run.
pub(in crate::policy) struct Loaded {
    pub(super) template: Engine,
    /// Whether it is shipped with this program.
    pub(super) builtin: bool,
    /// The rules that find something.
    pub(in crate::policy) rules: Vec<LoadedRule>,
    /// The packages with such rules, by path without `data.`.
    pub(in crate::policy) packages: BTreeMap<String, LoadedPackage>,
    /// What is wrong; the rules of a broken file are not among `rules`.
    pub(in crate::policy) errors: Vec<LoadError>,
    /// Places of the input that are read.
    pub(in crate::policy) readings: BTreeSet<Reading>,
}

impl Loaded {
    /// Loads a bundle; `now` is the run's clock in nanoseconds.
    pub(in crate::policy) fn load(bundle: &Bundle, now: i64) -> Self {
        let mut errors = Vec::new();
        let mut excluded: BTreeSet<String> = BTreeSet::new();
        // A module that the analyzer refuses poisons the engine: drop it, say so, and start again.
        for _ in 0..=bundle.modules.len() {
            let (mut engine, annotations) = parse(bundle, now, &mut excluded, &mut errors);
            match prepare(&mut engine) {
                Ok(()) => return finish(bundle, engine, &annotations, errors),
                Err(error) => {
                    let file = error.file.clone();
                    errors.push(error);
                    if !excluded.insert(file.clone())
                        || !bundle.modules.iter().any(|m| m.path == file)
                    {
                        break;
                    }
                }
            }
        }
        errors.sort();
        errors.dedup();
        Self {
            template: Engine::new(),
            builtin: bundle.builtin,
            rules: Vec::new(),
            packages: BTreeMap::new(),
            errors,
            readings: BTreeSet::new(),
        }
    }
}

/// Whether a text can only be Rego v1: reading it as v0 would give a worse error, and warnings on standard error.
fn is_surely_v1(text: &str) -> bool {
    text.contains("import rego.v1")
        || (!text.contains("future.keywords")
            && text.lines().any(|line| {
                let code = line.split('#').next().unwrap_or_default();
                code.contains(" if {") || (code.contains(" contains ") && code.contains(" if "))
            }))
}

/// Deepest nesting of brackets; the engine's parser takes exponential time in it.
const MAX_NESTING: usize = 20;

/// The line on which brackets are nested too deeply; brackets in strings and comments do not count.
fn nested_too_deeply(text: &str) -> Option<u32> {
    let mut depth = 0_usize;
    for (number, line) in (1_u32..).zip(text.lines()) {
        let mut quoted = false;
        let mut raw = false;
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' if quoted => {
                    chars.next();
                }
                '"' if !raw => quoted = !quoted,
                '`' if !quoted => raw = !raw,
                _ if quoted || raw => {}
                '#' => break,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_NESTING {
                return Some(number);
            }
        }
    }
    None
}

type Annotations = BTreeMap<String, BTreeMap<u32, Annotation>>;

fn parse(
    bundle: &Bundle,
    now: i64,
    excluded: &mut BTreeSet<String>,
    errors: &mut Vec<LoadError>,
) -> (Engine, Annotations) {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(false);
    engine.set_gather_prints(true);
    if let (Some(max_col), Some(max_file_bytes), Some(max_lines)) = (
        NonZeroU32::new(100_000),
        NonZeroUsize::new(1 << 20),
        NonZeroUsize::new(20_000),
    ) {
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col,
            max_file_bytes,
            max_lines,
        });
    }
    if let Err(message) = overrides::install(&mut engine, now) {
        errors.push(LoadError {
            file: bundle.name.clone(),
            line: None,
            message,
        });
    }
    let mut annotations = Annotations::new();
    for module in &bundle.modules {
        if excluded.contains(&module.path) {
            continue;
        }
        if let Some(line) = nested_too_deeply(&module.text) {
            excluded.insert(module.path.clone());
            errors.push(LoadError {
                file: module.path.clone(),
                line: Some(line),
                message: format!("the policy is nested deeper than {MAX_NESTING} brackets."),
            });
            continue;
        }
        engine.set_rego_v0(false);
        let v1 = engine.add_policy(module.path.clone(), module.text.to_string());
        if let Err(error) = v1 {
            engine.set_rego_v0(true);
            let is_v1 = is_surely_v1(&module.text);
            let v0 = if is_v1 {
                Err(error)
            } else {
                engine
                    .add_policy(module.path.clone(), module.text.to_string())
                    .map_err(|_also| error)
            };
            if let Err(error) = v0 {
                excluded.insert(module.path.clone());
                errors.push(LoadError {
                    file: module.path.clone(),
                    line: place(&error).map(|(_, line)| line),
                    message: format!("the policy cannot be parsed: {}.", first_line(&error)),
                });
                continue;
            }
        }
        let (found, broken) = annotation::read(&module.text);
        for block in broken {
            errors.push(LoadError {
                file: module.path.clone(),
                line: Some(block.line),
                message: format!("the annotation cannot be read: {}.", block.problem),
            });
        }
        annotations.insert(module.path.clone(), found);
    }
    let data = serde_json::Value::Object(bundle.data.clone());
    if let Err(error) = engine.add_data(Value::from(data)) {
        errors.push(LoadError {
            file: bundle.name.clone(),
            line: None,
            message: format!("the data cannot be loaded: {}.", first_line(&error)),
        });
    }
    (engine, annotations)
}

/// Forces the engine's own analysis of all modules.
fn prepare(engine: &mut Engine) -> Result<(), LoadError> {
    engine.set_input(Value::new_object());
    match engine.eval_query("1 == 1".to_owned(), false) {
        Ok(_) => Ok(()),
        Err(error) => {
            let (file, line) = place(&error).map_or((String::new(), None), |(f, l)| (f, Some(l)));
            Err(LoadError {
                file,
                line,
                message: format!("the policy cannot be used: {}.", first_line(&error)),
            })
        }
    }
}

fn finish(
    bundle: &Bundle,
    mut engine: Engine,
    annotations: &Annotations,
    mut errors: Vec<LoadError>,
) -> Loaded {
    let modules: Vec<Ref<Syntax>> = engine.get_modules().clone();
    let program = Program::read(&modules);
    let mut paths = paths::read(&modules);
    let mut rules = entry_rules(
        &modules,
        &program,
        &bundle.entries,
        annotations,
        &mut errors,
    );
    for rule in &mut rules {
        rule.types = paths.types.remove(&rule.path);
    }
    let files: BTreeMap<String, String> = modules
        .iter()
        .flat_map(|m| {
            let file = m.package.span.source.get_path().clone();
            let package = package_of(m);
            m.policy
                .iter()
                .map(move |rule| (format!("{package}.{}", name_of(rule)), file.clone()))
        })
        .collect();
    let file_of = |path: &str| {
        files
            .get(path)
            .cloned()
            .unwrap_or_else(|| bundle.name.clone())
    };
    for (path, name, line) in program.unknown_calls(&|name| {
        name == "print" || BUILTINS.contains_key(name) || overrides::NAMES.contains(&name)
    }) {
        let file = file_of(&path);
        let shown = name.strip_prefix("data.").unwrap_or(&name).to_owned();
        errors.push(LoadError {
            file,
            line: Some(line),
            message: format!(
                "{} calls {shown}, which is not defined{}.",
                path.trim_start_matches("data."),
                crate::text::suggestion(&name, &program.callable()).replace("\"data.", "\"")
            ),
        });
    }
    for (file, line, alias) in program.conflicts.iter().cloned() {
        errors.push(LoadError {
            file,
            line: Some(line),
            message: format!(
                "the import {alias} has the name of a rule or of another import of its package; give it another name with \"as\"."
            ),
        });
    }
    for (path, line) in program.broken_walks() {
        errors.push(LoadError {
            file: file_of(&path),
            line: Some(line),
            message:
                "this form of walk finds nothing in this engine; write walk(x, [path, value])."
                    .to_owned(),
        });
    }
    if let Some(chain) = program.recursion() {
        errors.push(LoadError {
            file: chain
                .first()
                .map_or_else(|| bundle.name.clone(), |p| file_of(p)),
            line: None,
            message: format!(
                "a function calls itself: {}.",
                chain.join(" → ").replace("data.", "")
            ),
        });
        // Running it would end the process.
        return Loaded {
            template: Engine::new(),
            builtin: bundle.builtin,
            rules: Vec::new(),
            packages: BTreeMap::new(),
            errors,
            readings: BTreeSet::new(),
        };
    }
    let packages = packages(bundle, &modules, &rules, annotations);
    errors.sort();
    errors.dedup();
    Loaded {
        template: engine,
        builtin: bundle.builtin,
        rules,
        packages,
        errors,
        readings: paths.readings,
    }
}

fn entry_rules(
    modules: &[Ref<Syntax>],
    program: &Program,
    entries: &Entries,
    annotations: &Annotations,
    errors: &mut Vec<LoadError>,
) -> Vec<LoadedRule> {
    let mut rules: BTreeMap<String, LoadedRule> = BTreeMap::new();
    for module in modules {
        let full = package_of(module);
        let package = full.trim_start_matches("data.").to_owned();
        let file = module.package.span.source.get_path().clone();
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
            let above = annotations.get(&file).and_then(|a| a.get(&line)).cloned();
            let rule_entry = rules.entry(path.clone()).or_insert_with(|| LoadedRule {
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
            if rule_entry.annotation.is_none() {
                rule_entry.annotation = above;
            }
            rule_entry.text.push_str(rule.span().text());
            rule_entry.text.push('\n');
            // A default has no body that could be evaluated alone.
            if matches!(rule.as_ref(), SyntaxRule::Spec { .. }) {
                rule_entry
                    .definitions
                    .push((module.clone(), rule.clone(), line));
            }
        }
    }
    rules.into_values().collect()
}

fn packages(
    bundle: &Bundle,
    modules: &[Ref<Syntax>],
    rules: &[LoadedRule],
    annotations: &Annotations,
) -> BTreeMap<String, LoadedPackage> {
    let mut out: BTreeMap<String, LoadedPackage> = BTreeMap::new();
    let wanted: BTreeSet<&str> = rules.iter().map(|r| r.package.as_str()).collect();
    for module in modules {
        let package = package_of(module).trim_start_matches("data.").to_owned();
        if !wanted.contains(package.as_str()) {
            continue;
        }
        let file = module.package.span.source.get_path().clone();
        let line = module.package.span.line;
        let annotation = annotations.get(&file).and_then(|a| a.get(&line)).cloned();
        let text = bundle
            .modules
            .iter()
            .find(|m| m.path == file)
            .map_or_else(|| Arc::from(""), |m| Arc::clone(&m.text));
        let excepts = bundle.entries.dialect(&package).plan_key().is_none()
            && module.policy.iter().any(|r| name_of(r) == "exception");
        if excepts && let Some(known) = out.get_mut(&package) {
            known.exceptions = true;
        }
        let exceptions = excepts || out.get(&package).is_some_and(|p| p.exceptions);
        let known = out.get(&package).is_some_and(|p| p.annotation.is_some());
        if !known && (annotation.is_some() || !out.contains_key(&package)) {
            out.insert(
                package,
                LoadedPackage {
                    file: Arc::from(file.as_str()),
                    text,
                    annotation,
                    exceptions,
                },
            );
        }
    }
    out
}
