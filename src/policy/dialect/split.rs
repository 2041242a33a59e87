//! From the files of a bundle to the units that are loaded together, each package with its dialect.
//!
//! Decided before the engine loads it, on the syntax tree of each file alone: hosts that evaluate every file alone let several files hold the same package, which
//! one engine would take for one policy.

use std::collections::{BTreeMap, BTreeSet};

use super::super::annotation;
use super::super::bundle::{Bundle, Module};
use super::super::engine::{Head, Outline};
use super::super::testing::is_test;
use super::sets::{self, Set, directory_of, file_of};
use super::spacelift::{aliases, other_kind};
use super::{Dialect, Entries, RuleKind, suffixed};

/// Something wrong with a file, found here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::policy) struct Fault {
    /// File.
    pub(in crate::policy) file: String,
    /// Line, where it is known.
    pub(in crate::policy) line: Option<u32>,
    /// What is wrong.
    pub(in crate::policy) message: String,
}

/// What is loaded together: one engine.
#[derive(Debug, Default)]
pub(in crate::policy) struct Unit {
    /// Its files and data.
    pub(in crate::policy) bundle: Bundle,
}

/// The units of a bundle, and what was seen on the way.
#[derive(Debug, Default)]
pub(in crate::policy) struct Units {
    /// What is loaded together.
    pub(in crate::policy) all: Vec<Unit>,
    /// What is wrong.
    pub(in crate::policy) faults: Vec<Fault>,
    /// What is left out on purpose, as sentences: a push policy, a policy that its set switches off.
    pub(in crate::policy) asides: Vec<Fault>,
}

/// What a file is; of one that cannot be parsed, which loading says, only the package.
pub(super) fn outline(module: &Module) -> Outline {
    Outline::read(&module.path, &module.text).unwrap_or_else(|| {
        let (line, package) = package_line(&module.text).unwrap_or_default();
        Outline {
            package: package.to_owned(),
            line,
            open: true,
            ..Outline::default()
        }
    })
}

/// The package of a file, `data.` left out, with its line, as far as the text tells.
fn package_line(text: &str) -> Option<(u32, &str)> {
    (1_u32..).zip(text.lines()).find_map(|(number, line)| {
        let name = line.trim_start().strip_prefix("package ")?.trim();
        let name = name.split(['#', ' ', '\t', ';']).next().unwrap_or(name);
        Some((number, name))
    })
}

/// Splits a bundle without tests.
pub(in crate::policy) fn units(bundle: &Bundle) -> Units {
    split(bundle, false)
}

/// Splits a bundle with its tests. A file that stands alone has the tests of its name, such as `tags_test.rego` beside `tags.rego`; all
/// other tests are with the files that are loaded together. What is not evaluated on a plan can still be tested.
pub(in crate::policy) fn test_units(bundle: &Bundle) -> Vec<Unit> {
    let (tests, policies): (Vec<Module>, Vec<Module>) = bundle
        .modules
        .iter()
        .cloned()
        .partition(|module| is_test(&module.path));
    let mut units = split(
        &Bundle {
            modules: policies,
            ..bundle.clone()
        },
        true,
    )
    .all;
    let mut others = Vec::new();
    for test in tests {
        let policy = test.path.replace("_test.rego", ".rego");
        let package = outline(&test).package;
        let is_alone = |unit: &Unit| unit.bundle.entries.id.is_some();
        let named = units.iter().position(|unit| {
            is_alone(unit)
                && unit
                    .bundle
                    .modules
                    .first()
                    .is_some_and(|m| m.path == policy)
        });
        let mut same = units.iter().enumerate().filter(|(_, unit)| {
            is_alone(unit)
                && unit
                    .bundle
                    .modules
                    .first()
                    .is_some_and(|m| outline(m).package == package)
        });
        let only = match (same.next(), same.next()) {
            (Some((index, _)), None) => Some(index),
            _ => None,
        };
        let together = units.iter().position(|unit| !is_alone(unit));
        match named
            .or(only)
            .or(together)
            .and_then(|index| units.get_mut(index))
        {
            Some(unit) => unit.bundle.modules.push(test),
            None => others.push(test),
        }
    }
    if !others.is_empty() {
        units.push(Unit {
            bundle: Bundle {
                modules: others,
                ..bundle.clone()
            },
        });
    }
    units
}

fn split(bundle: &Bundle, all: bool) -> Units {
    let mut out = Units::default();
    if bundle.builtin {
        let packages = bundle
            .modules
            .iter()
            .filter_map(|m| Some(package_line(&m.text)?.1.to_owned()));
        let mut bundle = bundle.clone();
        bundle.entries.dialects = packages.map(|p| (p, Dialect::Countersign)).collect();
        out.all.push(Unit { bundle });
        return out;
    }
    let sets: Vec<Set> = bundle
        .sets
        .iter()
        .map(|list| sets::read(list, &mut out.faults))
        .collect();
    let mut together = Bundle {
        modules: Vec::new(),
        sets: Vec::new(),
        ..bundle.clone()
    };
    let mut files: BTreeMap<String, BTreeSet<Dialect>> = BTreeMap::new();
    let mut libraries: Vec<(Module, Outline)> = Vec::new();
    for module in &bundle.modules {
        let outline = outline(module);
        let dialect = match detect(module, &outline, &sets) {
            Ok(dialect) => dialect,
            Err(fault) => {
                out.faults.push(fault);
                Dialect::Opa
            }
        };
        if matches!(dialect, Dialect::Spacelift | Dialect::Scalr) {
            if let Some(unit) = single(bundle, module, &outline, dialect, &sets, all, &mut out) {
                silent(module, &outline, &unit.bundle.entries, &mut out);
                out.all.push(unit);
            }
        } else {
            files
                .entry(outline.package.clone())
                .or_default()
                .insert(dialect);
            together.modules.push(module.clone());
            libraries.push((module.clone(), outline));
        }
    }
    together.entries = entries(files, &sets, &mut out);
    for (module, outline) in &libraries {
        silent(module, outline, &together.entries, &mut out);
    }
    allowing(&libraries, &together.entries, &mut out.asides);
    for unit in &mut out.all {
        add_libraries(&mut unit.bundle, &libraries);
    }
    missing_scalr(&sets, bundle, &mut out.faults);
    if !together.modules.is_empty() {
        out.all.insert(0, Unit { bundle: together });
    }
    out
}

/// Rules that look as if they found something and fire never. Where the file itself chose the dialect, and nothing of it fires, that
/// is an error: the annotation would switch it off.
fn silent(module: &Module, outline: &Outline, entries: &Entries, out: &mut Units) {
    let package = outline.package.as_str();
    let fires = |head: &&Head| !head.function && entries.entry(package, &head.name).is_some();
    let (functions, rules): (Vec<&Head>, Vec<&Head>) = outline
        .heads
        .iter()
        .filter(|head| suffixed(&head.name).is_some() && !fires(head))
        .partition(|head| head.function);
    let names = |heads: &[&Head]| {
        let names: BTreeSet<&str> = heads.iter().map(|head| head.name.as_str()).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let fault = |heads: &[&Head], message: String| Fault {
        file: module.path.clone(),
        line: heads.first().map(|head| head.line),
        message,
    };
    let evaluated: BTreeSet<&str> = outline
        .heads
        .iter()
        .filter(fires)
        .map(|head| head.name.as_str())
        .collect();
    if functions
        .iter()
        .any(|head| !evaluated.contains(head.name.as_str()))
    {
        out.asides.push(fault(&functions, format!(
            "{} is a function, which is evaluated only where a rule calls it; it finds nothing by itself.",
            names(&functions)
        )));
    }
    if rules.is_empty() {
        return;
    }
    let dialect = entries.dialect(package);
    let several = names(&rules).contains(", ");
    let (noun, verb, pronoun) = if several {
        ("rules", "are", "they are")
    } else {
        ("rule", "is", "it is")
    };
    let why = if entries.queried.contains(package) {
        "named by no query of policies.hcl".to_owned()
    } else {
        format!("none that {} evaluates", dialect.host())
    };
    let message = format!(
        "the {noun} {} {verb} {why}, so {pronoun} not evaluated.",
        names(&rules)
    );
    if evaluated.is_empty() && forced(&module.text, outline.line).is_some() {
        out.faults.push(fault(
            &rules,
            format!(
                "{message} custom.dialect is {}, and nothing of this file is evaluated.",
                dialect.word()
            ),
        ));
    } else {
        out.asides.push(fault(&rules, message));
    }
}

/// Packages that allow, as other programs ask for it, and deny nothing.
fn allowing(libraries: &[(Module, Outline)], entries: &Entries, asides: &mut Vec<Fault>) {
    let denies: BTreeSet<&str> = libraries
        .iter()
        .filter(|(_, outline)| {
            let kinds = outline.heads.iter().filter(|head| !head.function);
            let mut entry = kinds.filter_map(|head| entries.entry(&outline.package, &head.name));
            entry.any(|entry| entry.kind == RuleKind::Deny)
        })
        .map(|(_, outline)| outline.package.as_str())
        .collect();
    for (module, outline) in libraries {
        if outline.has("allow") && !denies.contains(outline.package.as_str()) {
            asides.push(Fault {
                file: module.path.clone(),
                line: Some(outline.line),
                message:
                    "the rule allow is not evaluated, and nothing in this package denies; write what is not allowed as deny."
                        .to_owned(),
            });
        }
    }
}

/// Files that stand alone on their host may still use the libraries beside them, and these one another. Their own rules fire where
/// they are loaded together, not here.
fn add_libraries(unit: &mut Bundle, libraries: &[(Module, Outline)]) {
    let mut next = 0;
    while let Some(text) = unit.modules.get(next).map(|m| m.text.clone()) {
        next += 1;
        for (library, Outline { package, .. }) in libraries {
            let known = unit.modules.iter().any(|m| m.path == library.path);
            if !known && mentions(&text, package) {
                unit.entries.queried.insert(package.clone());
                unit.modules.push(library.clone());
            }
        }
    }
}

/// Whether a text names a package, or a package above it as an import does.
fn mentions(text: &str, package: &str) -> bool {
    let ends = package.match_indices('.').map(|(at, _)| at);
    ends.chain([package.len()]).any(|end| {
        let path = format!("data.{}", package.get(..end).unwrap_or_default());
        text.match_indices(&path).any(|(at, _)| {
            match text.get(at + path.len()..).and_then(|t| t.chars().next()) {
                Some('.') => end == package.len(),
                Some(c) => !c.is_ascii_alphanumeric() && c != '_',
                None => true,
            }
        })
    })
}

/// The unit of a file that its host evaluates alone; none for what is left out on purpose, unless `all` are asked for.
fn single(
    bundle: &Bundle,
    module: &Module,
    outline: &Outline,
    dialect: Dialect,
    sets: &[Set],
    all: bool,
    out: &mut Units,
) -> Option<Unit> {
    let package = outline.package.as_str();
    let mut unit = alone(bundle, module, package, dialect);
    let mut left_out = None;
    if dialect == Dialect::Spacelift {
        unit.bundle.modules.extend(aliases(module, outline));
        if let Some(what) = other_kind(module, outline) {
            // Its rules mean something else there; only its tests can be run here.
            unit.bundle.entries.queried.insert(package.to_owned());
            left_out = Some(format!(
                "this is {what} policy of Spacelift; only its plan policies are evaluated here."
            ));
        }
    } else if let Some(policy) = scalr_entry(module, sets) {
        let key = (package.to_owned(), "deny".to_owned());
        unit.bundle
            .entries
            .queries
            .insert(key, policy.query.clone());
        if !policy.enabled {
            left_out = Some(format!(
                "this policy is switched off in {}:{} (enabled = false).",
                policy.query.file, policy.query.line
            ));
        }
    }
    let Some(message) = left_out else {
        return Some(unit);
    };
    out.asides.push(Fault {
        file: module.path.clone(),
        line: None,
        message,
    });
    all.then_some(unit)
}

/// One file that its host evaluates alone.
fn alone(bundle: &Bundle, module: &Module, package: &str, dialect: Dialect) -> Unit {
    let stem = file_of(&module.path).trim_end_matches(".rego");
    Unit {
        bundle: Bundle {
            modules: vec![module.clone()],
            sets: Vec::new(),
            entries: Entries {
                dialects: [(package.to_owned(), dialect)].into(),
                id: Some(format!("{package}.{stem}")),
                ..Entries::default()
            },
            ..bundle.clone()
        },
    }
}

/// Gives every package that is loaded together its dialect, and the queries that name its rules.
fn entries(files: BTreeMap<String, BTreeSet<Dialect>>, sets: &[Set], out: &mut Units) -> Entries {
    let mut entries = Entries::default();
    for (package, mut dialects) in files {
        // One file with exceptions makes the package conftest's.
        if dialects.contains(&Dialect::Conftest) {
            dialects.remove(&Dialect::Opa);
        }
        let mut words = dialects.iter();
        let first = words.next().copied().unwrap_or_default();
        if words.next().is_some() {
            let words: Vec<&str> = dialects.iter().map(|d| d.word()).collect();
            out.faults.push(Fault {
                file: package.clone(),
                line: None,
                message: format!(
                    "the files of this package are written for different hosts ({}); say which with custom.dialect in each.",
                    words.join(", ")
                ),
            });
        }
        if first == Dialect::HcpTerraform {
            entries.queried.insert(package.clone());
        }
        entries.dialects.insert(package, first);
    }
    for policy in sets.iter().flat_map(|set| &set.hcp) {
        let key = (policy.package.clone(), policy.rule.clone());
        let known = entries.dialects.contains_key(&policy.package);
        let repeated = entries.queries.contains_key(&key);
        if !known || repeated {
            let what = if repeated {
                "is named by an earlier policy too"
            } else {
                "has no file beside this list"
            };
            out.faults.push(Fault {
                file: policy.query.file.clone(),
                line: Some(policy.query.line),
                message: format!(
                    "the query data.{}.{} of {} {what}.",
                    policy.package, policy.rule, policy.query.policy
                ),
            });
            continue;
        }
        entries
            .dialects
            .insert(policy.package.clone(), Dialect::HcpTerraform);
        entries.queried.insert(policy.package.clone());
        entries.queries.insert(key, policy.query.clone());
    }
    entries
}

/// The dialect of one file.
fn detect(module: &Module, outline: &Outline, sets: &[Set]) -> Result<Dialect, Fault> {
    let package = outline.package.as_str();
    if let Some(word) = forced(&module.text, outline.line) {
        return Dialect::parse(&word)
            .filter(|d| *d != Dialect::Countersign)
            .ok_or_else(|| {
                let words: Vec<&str> = Dialect::ALL
                    .iter()
                    .filter(|d| **d != Dialect::Countersign)
                    .map(|d| d.word())
                    .collect();
                Fault {
                    file: module.path.clone(),
                    line: Some(outline.line),
                    message: format!("custom.dialect \"{word}\" is none of {}.", words.join(", ")),
                }
            });
    }
    let named = match package {
        "spacelift" => Some(Dialect::Spacelift),
        "digger" => Some(Dialect::Digger),
        "env0" => Some(Dialect::Env0),
        _ => None,
    };
    if let Some(dialect) = named {
        return Ok(dialect);
    }
    let below = |set: &Set| module.path.starts_with(&set.directory);
    if sets.iter().any(|set| !set.hcp.is_empty() && below(set)) {
        return Ok(Dialect::HcpTerraform);
    }
    let reads_scalr = ["tfplan", "tfrun"]
        .iter()
        .any(|key| outline.inputs.contains(*key));
    if package == "terraform" && (reads_scalr || scalr_entry(module, sets).is_some()) {
        return Ok(Dialect::Scalr);
    }
    Ok(if package == "main" || outline.has("exception") {
        Dialect::Conftest
    } else {
        Dialect::Opa
    })
}

/// `custom.dialect` above the package, which stands on a line.
fn forced(text: &str, line: u32) -> Option<String> {
    if !text.contains("dialect") {
        return None;
    }
    let (found, _) = annotation::read(text);
    let word = found.get(&line)?.iter().find_map(|a| a.custom("dialect"))?;
    Some(
        word.as_str()
            .map_or_else(|| word.to_string(), str::to_owned),
    )
}

/// The entry of Scalr's list for a file: of its own directory or one above.
fn scalr_entry<'s>(module: &Module, sets: &'s [Set]) -> Option<&'s sets::ScalrPolicy> {
    let stem = file_of(&module.path).trim_end_matches(".rego");
    let directory = directory_of(&module.path);
    sets.iter()
        .filter(|set| directory.starts_with(&set.directory))
        .max_by_key(|set| set.directory.len())?
        .scalr
        .iter()
        .find(|policy| policy.name == stem)
}

/// Policies of Scalr's lists that have no file.
fn missing_scalr(sets: &[Set], bundle: &Bundle, faults: &mut Vec<Fault>) {
    for set in sets {
        for policy in &set.scalr {
            let exists = bundle.modules.iter().any(|module| {
                module.path.starts_with(&set.directory)
                    && file_of(&module.path).trim_end_matches(".rego") == policy.name
            });
            if !exists {
                faults.push(Fault {
                    file: policy.query.file.clone(),
                    line: Some(policy.query.line),
                    message: format!(
                        "the policy {} has no file {}.rego beside this list.",
                        policy.name, policy.name
                    ),
                });
            }
        }
    }
}
