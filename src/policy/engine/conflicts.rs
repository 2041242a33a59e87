//! Rules of one name that cannot stand together: OPA refuses them; the engine takes one of them, or fails when a plan makes it.

use std::collections::BTreeMap;

use regorus::unstable::{Expr, Module, Rule, RuleHead};

use super::load::LoadError;
use super::syntax::{dotted, package_of};

/// What a definition makes of its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Set,
    Object,
    Value,
    Function(usize),
}

impl Kind {
    fn what(self) -> String {
        match self {
            Self::Set => "a set (contains)".to_owned(),
            Self::Object => "an object with keys".to_owned(),
            Self::Value => "one value".to_owned(),
            Self::Function(1) => "a function of 1 argument".to_owned(),
            Self::Function(count) => format!("a function of {count} arguments"),
        }
    }
}

/// A definition and where it stands.
struct Seen<'a> {
    kind: Kind,
    file: &'a str,
    line: u32,
}

/// The constant steps of a head, and whether keys follow that are no constants.
fn name_and_keys(refr: &Expr) -> Option<(String, bool)> {
    match (dotted(refr), refr) {
        (Some(name), _) => Some((name, false)),
        (None, Expr::RefBrack { refr, .. } | Expr::RefDot { refr, .. }) => {
            name_and_keys(refr).map(|(name, _)| (name, true))
        }
        _ => None,
    }
}

fn definition(rule: &Rule) -> Option<(String, Kind, bool)> {
    let kind = |keys: bool, kind: Kind| if keys { Kind::Object } else { kind };
    match rule {
        Rule::Default { refr, args, .. } => {
            let (name, keys) = name_and_keys(refr)?;
            let own = match args.len() {
                0 => kind(keys, Kind::Value),
                count => Kind::Function(count),
            };
            Some((name, own, true))
        }
        Rule::Spec { head, .. } => {
            let (refr, own) = match head {
                RuleHead::Compr { refr, .. } => (refr, Kind::Value),
                RuleHead::Set { refr, .. } => (refr, Kind::Set),
                RuleHead::Func { refr, args, .. } => (refr, Kind::Function(args.len())),
            };
            let (name, keys) = name_and_keys(refr)?;
            Some((name, kind(keys, own), false))
        }
    }
}

/// Looks through all modules of a bundle.
pub(super) fn read(modules: &[&Module]) -> Vec<LoadError> {
    let mut out = Vec::new();
    let mut seen: BTreeMap<String, Seen<'_>> = BTreeMap::new();
    let mut defaults: BTreeMap<String, (&str, u32)> = BTreeMap::new();
    for module in modules {
        let package = package_of(module);
        let package = package.trim_start_matches("data.");
        let file = module.package.span.source.get_path().as_str();
        for rule in &module.policy {
            let Some((name, kind, is_default)) = definition(rule) else {
                continue;
            };
            let path = format!("{package}.{name}");
            let line = rule.span().line;
            let mut wrong = |message: String| {
                out.push(LoadError {
                    file: file.to_owned(),
                    line: Some(line),
                    message,
                });
            };
            if is_default {
                if let Some((other, at)) = defaults.get(&path) {
                    wrong(format!(
                        "{path} has a second default; the first is {other}:{at}."
                    ));
                }
                defaults.entry(path.clone()).or_insert((file, line));
            }
            match seen.get(&path) {
                None => {
                    seen.insert(path, Seen { kind, file, line });
                }
                // What finds something has words of its own for a default.
                Some(other)
                    if other.kind != kind && !(is_default || defaults.contains_key(&path)) =>
                {
                    wrong(format!(
                        "{path} is {} here and {} in {}:{}; give one of them another name.",
                        kind.what(),
                        other.kind.what(),
                        other.file,
                        other.line
                    ));
                }
                Some(_) => {}
            }
        }
    }
    out
}
