//! From the files of a bundle to the units that are loaded together, each package with its dialect.
//!
//! Decided on the text, before the engine sees it: hosts that evaluate every file alone let several files hold the same package, which
//! one engine would take for one policy.

use std::collections::{BTreeMap, BTreeSet};

use super::super::annotation;
use super::super::bundle::{Bundle, Module};
use super::super::testing::is_test;
use super::sets::{self, Set, directory_of, file_of};
use super::spacelift::{aliases, other_kind};
use super::{Dialect, Entries, suffixed};

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

/// The head of a rule at the beginning of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Name of the rule.
    pub(super) name: String,
    /// Whether it is a set: `name contains` or `name[`.
    pub(super) set: bool,
}

/// The heads of a text's rules: names at the beginning of a line.
pub(super) fn heads(text: &str) -> Vec<Head> {
    let mut out = Vec::new();
    for line in text.lines() {
        let line = line.strip_prefix("default ").unwrap_or(line);
        let name: String = line
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let rest = line.get(name.len()..).unwrap_or_default();
        if name.is_empty() || matches!(name.as_str(), "package" | "import" | "else") {
            continue;
        }
        out.push(Head {
            name,
            set: rest.starts_with('[') || rest.trim_start().starts_with("contains "),
        });
    }
    out
}

/// The package of a file, `data.` left out, with its line.
pub(super) fn package_line(text: &str) -> Option<(u32, &str)> {
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
        let package = package_line(&test.text).map(|(_, name)| name);
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
                    .and_then(|m| package_line(&m.text))
                    .map(|(_, name)| name)
                    == package
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
    for module in &bundle.modules {
        let package = package_line(&module.text).map_or("", |(_, name)| name);
        let dialect = match detect(module, package, &sets) {
            Ok(dialect) => dialect,
            Err(fault) => {
                out.faults.push(fault);
                Dialect::Opa
            }
        };
        if matches!(dialect, Dialect::Spacelift | Dialect::Scalr) {
            if let Some(unit) = single(bundle, module, dialect, &sets, all, &mut out.asides) {
                out.all.push(unit);
            }
        } else {
            files.entry(package.to_owned()).or_default().insert(dialect);
            together.modules.push(module.clone());
        }
    }
    together.entries = entries(files, &sets, &mut out);
    for module in &together.modules {
        out.asides.extend(unqueried(module, &together.entries));
    }
    for unit in &mut out.all {
        add_libraries(&mut unit.bundle, &together.modules);
    }
    missing_scalr(&sets, bundle, &mut out.faults);
    if !together.modules.is_empty() {
        out.all.insert(0, Unit { bundle: together });
    }
    out
}

/// Rules that look as if they found something, in a package of which only a policy set's queries fire.
fn unqueried(module: &Module, entries: &Entries) -> Option<Fault> {
    let (line, package) = package_line(&module.text)?;
    if !entries.queried.contains(package) {
        return None;
    }
    let mut names: Vec<String> = heads(&module.text)
        .into_iter()
        .map(|head| head.name)
        .filter(|name| suffixed(name).is_some() && entries.entry(package, name).is_none())
        .collect();
    names.sort();
    names.dedup();
    (!names.is_empty()).then(|| Fault {
        file: module.path.clone(),
        line: Some(line),
        message: format!(
            "the rule {} is named by no query of policies.hcl, so it is not evaluated.",
            names.join(", ")
        ),
    })
}

/// Files that stand alone on their host may still use the libraries beside them, and these one another. Their own rules fire where
/// they are loaded together, not here.
fn add_libraries(unit: &mut Bundle, libraries: &[Module]) {
    let mut next = 0;
    while let Some(text) = unit.modules.get(next).map(|m| m.text.clone()) {
        next += 1;
        for library in libraries {
            let Some((_, package)) = package_line(&library.text) else {
                continue;
            };
            let known = unit.modules.iter().any(|m| m.path == library.path);
            if !known && mentions(&text, package) {
                unit.entries.queried.insert(package.to_owned());
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
    dialect: Dialect,
    sets: &[Set],
    all: bool,
    asides: &mut Vec<Fault>,
) -> Option<Unit> {
    let package = package_line(&module.text).map_or("", |(_, name)| name);
    let mut unit = alone(bundle, module, package, dialect);
    let mut left_out = None;
    if dialect == Dialect::Spacelift {
        unit.bundle.modules.extend(aliases(module));
        if let Some(what) = other_kind(&module.text) {
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
    asides.push(Fault {
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
fn detect(module: &Module, package: &str, sets: &[Set]) -> Result<Dialect, Fault> {
    if let Some((word, line)) = forced(&module.text) {
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
                    line: Some(line),
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
    let reads_scalr = reads(&module.text, &["tfplan", "tfrun"]);
    if package == "terraform" && (reads_scalr || scalr_entry(module, sets).is_some()) {
        return Ok(Dialect::Scalr);
    }
    let excepts = || heads(&module.text).iter().any(|h| h.name == "exception");
    Ok(if package == "main" || excepts() {
        Dialect::Conftest
    } else {
        Dialect::Opa
    })
}

/// Whether a text reads one of these keys of the input, comments left out.
pub(super) fn reads(text: &str, keys: &[&str]) -> bool {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .any(|line| {
            keys.iter().any(|key| {
                line.contains(&format!("input.{key}"))
                    || line.contains(&format!("input[\"{key}\"]"))
            })
        })
}

/// `custom.dialect` above the package, with the package's line.
fn forced(text: &str) -> Option<(String, u32)> {
    let (line, _) = package_line(text)?;
    if !text.contains("dialect") {
        return None;
    }
    let (found, _) = annotation::read(text);
    let word = found.get(&line)?.iter().find_map(|a| a.custom("dialect"))?;
    let word = word
        .as_str()
        .map_or_else(|| word.to_string(), str::to_owned);
    Some((word, line))
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
