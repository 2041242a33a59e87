//! From the texts of a bundle to an engine that is ready to run, or to the list of everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regorus::unstable::{BUILTINS, Module as Syntax, Ref};
use regorus::{Engine, PolicyLengthConfig, Value};

use super::entry::{LoadedPackage, LoadedRule, entry_rules, packages};
use super::metadata::Chains;
use super::parse::{Parsed, parse};
use super::rewrite::{Names, rewrite, stand_in};
use super::syntax::{Program, dotted, name_of, package_of};
use super::tokens::{MAX_BYTES, MAX_COLUMN, MAX_LINES};
use super::{builtins, conflicts, first_line, paths, place, words};
use crate::policy::annotation::{self, Annotations};
use crate::policy::bundle::Bundle;
use crate::policy::dialect::Reading;
use crate::policy::watch::Step;

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

/// A bundle, ready to run.
pub(in crate::policy) struct Loaded {
    pub(super) template: Engine,
    /// Whether it is shipped with this program.
    pub(in crate::policy) builtin: bool,
    /// The rules that find something.
    pub(in crate::policy) rules: Vec<LoadedRule>,
    /// The packages with such rules, by path without `data.`.
    pub(in crate::policy) packages: BTreeMap<String, LoadedPackage>,
    /// What is wrong; the rules of a broken file are not among `rules`.
    pub(in crate::policy) errors: Vec<LoadError>,
    /// Places of the input that are read.
    pub(in crate::policy) readings: BTreeSet<Reading>,
    /// What is odd, and keeps no rule from being evaluated.
    pub(in crate::policy) asides: Vec<LoadError>,
}

/// A module, ready for the engine.
pub(super) struct Source {
    parsed: Parsed,
    /// The text for the engine, with the lines of the original.
    text: String,
    /// The text as it was read.
    pub(super) original: Arc<str>,
    /// Its annotations.
    pub(super) annotations: Annotations,
}

/// Most modules of one bundle that the engine may refuse before the bundle is given up.
const MAX_REFUSED: usize = 100;

/// Package of the functions that stand in for missing ones which some test replaces.
pub(super) const STAND_INS: &str = "countersign_stand_ins";
const STAND_INS_PATH: &str = "data.countersign_stand_ins.";

impl Loaded {
    /// Loads a bundle; `now` is the run's clock in nanoseconds.
    pub(in crate::policy) fn load(bundle: &Bundle, now: i64) -> Self {
        let mut errors = Vec::new();
        let Sources {
            usable: sources,
            chains,
            stand_ins,
            names,
        } = sources(bundle, &mut errors);
        let data = Value::from(serde_json::Value::Object(bundle.data.clone()));
        let mut excluded: BTreeSet<String> = BTreeSet::new();
        // A module that the analyzer refuses poisons the engine: drop it, say so, and start again. A bundle with many of them is a
        // mistake as a whole, and is not begun again for each.
        for _ in 0..=bundle.modules.len().min(MAX_REFUSED) {
            let ready = assemble(
                bundle,
                &sources,
                stand_ins.as_deref(),
                &excluded,
                now,
                &data,
            )
            .and_then(|mut engine| prepare(&mut engine).map(|()| engine));
            match ready {
                Ok(engine) => return finish(bundle, engine, &sources, &chains, &names, errors),
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
        if excluded.len() > MAX_REFUSED {
            errors.push(LoadError {
                file: excluded.pop_last().unwrap_or_default(),
                line: None,
                message: format!(
                    "more than {MAX_REFUSED} files of this bundle are refused; the others were not looked at."
                ),
            });
        }
        Self::nothing(bundle, errors)
    }

    /// What is left of a bundle that cannot be run.
    fn nothing(bundle: &Bundle, mut errors: Vec<LoadError>) -> Self {
        errors.sort();
        errors.dedup();
        Self {
            template: Engine::new(),
            builtin: bundle.builtin,
            rules: Vec::new(),
            packages: BTreeMap::new(),
            errors,
            readings: BTreeSet::new(),
            asides: Vec::new(),
        }
    }
}

/// The modules of a bundle that can be used.
struct Sources {
    usable: Vec<Source>,
    chains: Chains,
    /// A module with the stand-ins that tests replace.
    stand_ins: Option<String>,
    /// The names of all modules that could be parsed.
    names: Names,
}

/// Parses and rewrites all modules.
fn sources(bundle: &Bundle, errors: &mut Vec<LoadError>) -> Sources {
    let mut parsed = Vec::new();
    for module in &bundle.modules {
        let _watched = (!bundle.builtin).then(|| Step::loading(&module.path));
        let (found, broken) = annotation::read(&module.text);
        errors.extend(broken.into_iter().map(|block| LoadError {
            file: module.path.clone(),
            line: Some(block.line),
            message: format!("the annotation cannot be read: {}.", block.problem),
        }));
        match parse(&module.path, &module.text) {
            Ok(syntax) => parsed.push((syntax, Arc::clone(&module.text), found)),
            Err((line, message)) => errors.push(LoadError {
                file: module.path.clone(),
                line,
                message,
            }),
        }
    }
    let names = Names::read(parsed.iter().map(|(syntax, ..)| &syntax.module));
    let chains = Chains::read(
        parsed
            .iter()
            .map(|(syntax, _, found)| (&syntax.module, found)),
        errors,
    );
    let mut sources = Vec::new();
    for (syntax, original, annotations) in parsed {
        let _watched = (!bundle.builtin).then(|| Step::loading(&syntax.path));
        let metadata =
            |line: u32, chain: bool| chains.literal(&syntax.module, &annotations, line, chain);
        let rewritten = rewrite(&syntax.text, &syntax.module, &names, &metadata);
        let usable = rewritten.problems.is_empty();
        errors.extend(
            rewritten
                .problems
                .into_iter()
                .map(|(line, message)| LoadError {
                    file: syntax.path.clone(),
                    line: Some(line),
                    message,
                }),
        );
        if usable {
            let text = rewritten.text.unwrap_or_else(|| syntax.text.to_string());
            sources.push(Source {
                parsed: syntax,
                text,
                original,
                annotations,
            });
        }
    }
    let functions: String = names
        .stand_ins()
        .filter_map(|name| {
            let arity =
                builtins::arity(name).or_else(|| BUILTINS.get(name).map(|(_, arity)| *arity))?;
            let parameters: Vec<String> = (0..arity).map(|i| format!("a{i}")).collect();
            let parameters = parameters.join(", ");
            let path = stand_in(name);
            let own = path.rsplit('.').next()?;
            Some(format!("{own}({parameters}) := {name}({parameters})\n"))
        })
        .collect();
    let stand_ins = (!functions.is_empty()).then(|| format!("package {STAND_INS}\n\n{functions}"));
    Sources {
        usable: sources,
        chains,
        stand_ins,
        names,
    }
}

/// An engine with the modules that are not excluded.
fn assemble(
    bundle: &Bundle,
    sources: &[Source],
    stand_ins: Option<&str>,
    excluded: &BTreeSet<String>,
    now: i64,
    data: &Value,
) -> Result<Engine, LoadError> {
    let mut engine = Engine::new();
    engine.set_strict_builtin_errors(false);
    engine.set_gather_prints(true);
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: MAX_COLUMN,
        max_file_bytes: MAX_BYTES,
        max_lines: MAX_LINES,
    });
    let fail = |file: &str, line: Option<u32>, message: String| LoadError {
        file: file.to_owned(),
        line,
        message,
    };
    builtins::install(&mut engine, now).map_err(|m| fail(&bundle.name, None, m))?;
    for source in sources {
        let path = &source.parsed.path;
        if excluded.contains(path) {
            continue;
        }
        engine.set_rego_v0(source.parsed.v0);
        engine
            .add_policy(path.clone(), source.text.clone())
            .map_err(|error| {
                let line = place(&error).map(|(_, line)| line);
                let what = first_line(&error);
                fail(
                    path,
                    line,
                    format!("the policy cannot be rewritten for this engine: {what}."),
                )
            })?;
    }
    if let Some(text) = stand_ins {
        engine.set_rego_v0(false);
        engine
            .add_policy(STAND_INS.to_owned(), text.to_owned())
            .map_err(|error| fail(&bundle.name, None, first_line(&error)))?;
    }
    engine.add_data(data.clone()).map_err(|error| {
        let what = first_line(&error);
        fail(
            &bundle.name,
            None,
            format!("the data cannot be loaded: {what}."),
        )
    })?;
    Ok(engine)
}

/// Rules at whose path the data has something: the engine takes the data, and the rule is as if it were not there.
fn shadowed(
    modules: &[&Syntax],
    data: &serde_json::Map<String, serde_json::Value>,
) -> Vec<LoadError> {
    let mut out = Vec::new();
    if data.is_empty() {
        return out;
    }
    for module in modules {
        let package = package_of(module);
        for rule in &module.policy {
            let path = format!("{package}.{}", name_of(rule));
            let mut steps = path.split('.').skip(1);
            let first = steps.next().and_then(|step| data.get(step));
            // A value on the way that is no object stands in the way as well.
            let found = first.and_then(|first| {
                steps.try_fold(first, |value, step| match value {
                    serde_json::Value::Object(fields) => fields.get(step),
                    other => Some(other),
                })
            });
            if found.is_some() {
                out.push(LoadError {
                    file: module.package.span.source.get_path().clone(),
                    line: Some(rule.span().line),
                    message: format!(
                        "the data has something at {}, where this rule stands: rename one of them.",
                        path.trim_start_matches("data.")
                    ),
                });
            }
        }
    }
    out
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
                message: format!(
                    "the policy cannot be used: {}.",
                    words::plain(&first_line(&error))
                ),
            })
        }
    }
}

fn finish(
    bundle: &Bundle,
    mut engine: Engine,
    sources: &[Source],
    chains: &Chains,
    names: &Names,
    mut errors: Vec<LoadError>,
) -> Loaded {
    let modules: Vec<Ref<Syntax>> = engine
        .get_modules()
        .iter()
        .filter(|module| module.package.span.source.get_path() != STAND_INS)
        .cloned()
        .collect();
    let program = Program::read(&modules);
    let by_path: BTreeMap<&str, &Source> = sources
        .iter()
        .map(|source| (source.parsed.path.as_str(), source))
        .collect();
    // As they were written: what was rewritten has other columns and names.
    let originals: Vec<&Syntax> = sources.iter().map(|s| &s.parsed.module).collect();
    let mut paths = paths::read(&originals);
    let mut rules = entry_rules(
        &modules,
        &by_path,
        &program,
        &bundle.entries,
        chains,
        &mut errors,
    );
    for rule in &mut rules {
        rule.types = paths.types.remove(&rule.path);
    }
    errors.extend(program.wrong_calls(&|name| {
        // A function of a file that is refused is not missing: that the file is refused is said already.
        BUILTINS.contains_key(name)
            || builtins::is_known(name)
            || name.starts_with(STAND_INS_PATH)
            || names.is_function(name)
    }));
    errors.extend(program.whole_data());
    errors.extend(program.misfits(true));
    errors.extend(shadowed(&originals, &bundle.data));
    let conflicts = conflicts::read(&originals);
    // The engine finds some of them itself.
    errors.retain(|error| {
        let same = |other: &LoadError| (&other.file, other.line) == (&error.file, error.line);
        !(error.message.contains("was previously defined with") && conflicts.iter().any(same))
    });
    errors.extend(conflicts);
    if let Some(cycle) = program.recursion() {
        let functions = cycle.functions;
        errors.push(LoadError {
            file: cycle.file,
            line: cycle.line,
            message: format!(
                "{} itself: {}.",
                if functions {
                    "a function calls"
                } else {
                    "a rule refers to"
                },
                cycle.chain.join(" → ").replace("data.", "")
            ),
        });
        // Running such a function would end the process; a rule the engine refuses when it is evaluated.
        if functions {
            return Loaded::nothing(bundle, errors);
        }
    }
    let packages = packages(&modules, &by_path, &rules, &bundle.entries, chains);
    errors.sort();
    errors.dedup();
    Loaded {
        template: engine,
        builtin: bundle.builtin,
        rules,
        packages,
        errors,
        readings: paths.readings,
        asides: [
            idle_imports(&originals, names, &bundle.data),
            program.misfits(false),
        ]
        .concat(),
    }
}

/// Imports of what is neither a rule nor data: what is read there is undefined, and a rule that reads it finds nothing.
fn idle_imports(
    modules: &[&Syntax],
    names: &Names,
    data: &serde_json::Map<String, serde_json::Value>,
) -> Vec<LoadError> {
    let mut out = Vec::new();
    for module in modules {
        for import in &module.imports {
            let path = dotted(&import.refr).unwrap_or_default();
            let Some(below) = path.strip_prefix("data.") else {
                continue;
            };
            let mut steps = below.split('.');
            let first = steps.next().and_then(|step| data.get(step));
            let in_data = steps.try_fold(first, |value, step| match value {
                Some(serde_json::Value::Object(fields)) => Some(fields.get(step)),
                Some(_) => Some(value),
                None => None,
            });
            if matches!(in_data, Some(Some(_))) || names.has(&path) {
                continue;
            }
            let known: Vec<&str> = names.packages().collect();
            let hint = crate::text::suggestion(below, &known);
            out.push(LoadError {
                file: module.package.span.source.get_path().clone(),
                line: Some(import.refr.span().line),
                message: format!(
                    "\"{path}\" is neither a rule nor data that is loaded here, so what is read there is undefined{hint}."
                ),
            });
        }
    }
    out
}
