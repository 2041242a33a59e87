//! What the files give the root module's variables at head and base, held against the values that the plan was made with.
//!
//! A value from `-var`, from the environment or from a file that was not used must not make a change look explained, so what a file
//! gives counts only where the plan has that value.
//!
//! Terraform reads `terraform.tfvars` and `*.auto.tfvars` of the root module by itself. Which other files the plan was made with no plan
//! tells. One of them counts where it stood there before and the plan has every one of its values. A new one that the plan agrees with may have been used: what it gives is not known.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value as Json;

use super::types::Type;
use crate::plan::Plan;
use crate::source::{Part, SourceIndex, directory, expression, variable_values};

/// A file of variable values, at both commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VariableFile {
    /// The repository path.
    pub path: String,
    /// Its bytes at the commit under review.
    pub head: Option<Vec<u8>>,
    /// Its bytes at the commit that it is compared with.
    pub base: Option<Vec<u8>>,
}

/// A value that a file gives.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) literal: Option<Arc<Json>>,
    pub(super) file: Arc<str>,
    pub(super) line: usize,
}

/// The values of one commit.
#[derive(Default)]
pub(super) struct Variables {
    values: HashMap<String, Given>,
    outside: HashMap<String, Outside>,
}

/// Where a value comes from that no file is known to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    /// The command line or the environment.
    Option,
    /// Perhaps from a new file that must be named.
    NewFile(String),
    /// It is computed in a file.
    Computed,
}

impl Outside {
    /// The variable, and why its value is not the files' to say.
    pub(super) fn variable(&self, name: &str) -> String {
        match self {
            Self::Option => {
                format!("{name}, whose value no file gives (-var, -var-file or the environment)")
            }
            Self::NewFile(file) => format!(
                "{name}, whose value only the new file {file} gives; the plan does not tell whether it was used"
            ),
            Self::Computed => format!("{name}, whose value is computed in a file"),
        }
    }
}

impl Variables {
    pub(super) fn value(&self, name: &str) -> Option<&Given> {
        self.values.get(name)
    }

    /// Where the plan's value comes from, where no file is known to give it.
    pub(super) fn outside(&self, name: &str) -> Option<&Outside> {
        self.outside.get(name)
    }
}

/// The values at head and base, and files that were not understood.
pub(super) struct Both {
    pub(super) head: Variables,
    pub(super) base: Variables,
    pub(super) problems: Vec<String>,
    /// The values that the plan was made with.
    pub(super) planned: BTreeMap<String, Json>,
}

type Values = BTreeMap<String, Given>;

struct File {
    /// Whether the base does not have it.
    is_new: bool,
    head: Values,
    base: Values,
}

/// Reads the values of both commits.
pub(super) fn read(
    files: &[VariableFile],
    root: &str,
    [head, base]: [&SourceIndex; 2],
    plan: &Plan,
) -> Both {
    let mut problems = Vec::new();
    let (mut loaded, mut given_by_option) = ([defaults(head), defaults(base)], Vec::new());
    let mut ordered: Vec<_> = files.iter().map(|f| (f, rank(&f.path, root))).collect();
    ordered.sort_by(|a, b| (a.1, &a.0.path).cmp(&(b.1, &b.0.path)));
    for (file, rank) in ordered {
        let mut side = |bytes: Option<&Vec<u8>>| {
            let Some(bytes) = bytes else {
                return Values::new();
            };
            let (parts, understood) = variable_values(&file.path, bytes);
            if !understood {
                problems.push(file.path.clone());
            }
            let path: Arc<str> = file.path.as_str().into();
            let values = parts
                .iter()
                .map(|part| (part.name.clone(), given(part, &path)));
            values.collect()
        };
        let (new, old) = (side(file.head.as_ref()), side(file.base.as_ref()));
        if rank.is_some() {
            let [at_head, at_base] = &mut loaded;
            at_head.extend(new);
            at_base.extend(old);
        } else {
            given_by_option.push(File {
                is_new: file.base.is_none(),
                head: new,
                base: old,
            });
        }
    }
    let planned = planned(plan);
    let [at_head, at_base] = loaded;
    let mut both = Both {
        head: Variables::default(),
        base: Variables::default(),
        problems,
        planned: BTreeMap::new(),
    };
    let types = types(head);
    let agrees = |name: &String, given: &Given| {
        let value = planned.get(name);
        value.is_none_or(|value| given.agrees(types.get(name), value))
    };
    // A file whose values are all those of the plan was used; of a new one that is only likely.
    given_by_option.retain(|file| {
        let mut values = file.head.iter();
        file.head.keys().any(|name| planned.contains_key(name))
            && values.all(|(name, given)| agrees(name, given))
    });
    let (given_by_option, new): (Vec<File>, Vec<File>) =
        given_by_option.into_iter().partition(|file| !file.is_new);
    let outside = |name: &String| {
        let file = new.iter().find_map(|file| file.head.get(name));
        file.map_or(Outside::Option, |given| {
            Outside::NewFile(given.file.to_string())
        })
    };
    let names: BTreeSet<&String> = at_head.keys().chain(at_base.keys()).collect();
    let names = given_by_option
        .iter()
        .flat_map(|file| file.head.keys().chain(file.base.keys()))
        .chain(names);
    for name in names.collect::<BTreeSet<_>>() {
        let usual = (at_head.get(name), at_base.get(name));
        let mut candidates = vec![usual];
        for file in &given_by_option {
            let pair = (file.head.get(name), file.base.get(name));
            candidates.push((pair.0.or(usual.0), pair.1.or(usual.1)));
        }
        let fits = |(head, _): &(Option<&Given>, Option<&Given>)| {
            head.is_none_or(|given| agrees(name, given))
        };
        let differs = |(head, base): &(Option<&Given>, Option<&Given>)| {
            head.map(|given| &given.text) != base.map(|given| &given.text)
        };
        let fitting: Vec<_> = candidates.into_iter().filter(|pair| fits(pair)).collect();
        let chosen = fitting
            .iter()
            .find(|pair| differs(pair))
            .or_else(|| fitting.first());
        if let Some((Some(given), _)) = chosen
            && given.literal.is_none()
            && planned.contains_key(name)
        {
            both.head.outside.insert(name.clone(), Outside::Computed);
        } else if let Some((head, base)) = chosen {
            if let Some(given) = head {
                both.head.values.insert(name.clone(), (*given).clone());
            }
            if let Some(given) = base {
                both.base.values.insert(name.clone(), (*given).clone());
            }
        } else {
            both.head.outside.insert(name.clone(), outside(name));
        }
    }
    fill_unset(&mut both, &planned, head, &outside);
    both.planned = planned;
    both
}

/// A variable that no file gives a value has it from outside.
fn fill_unset<V>(
    both: &mut Both,
    planned: &BTreeMap<String, V>,
    head: &SourceIndex,
    outside: &dyn Fn(&String) -> Outside,
) {
    let unset = planned.keys().filter(|name| {
        !both.head.values.contains_key(*name)
            && !both.head.outside.contains_key(*name)
            && head.locate_config(&format!("var.{name}")).is_some()
    });
    let unset: Vec<String> = unset.cloned().collect();
    let unset = unset.into_iter().map(|name| {
        let from = outside(&name);
        (name, from)
    });
    both.head.outside.extend(unset);
    // Neither commit's files say what it is.
    both.base.outside.clone_from(&both.head.outside);
}

/// How late a file is read among those that are read by themselves; none for one that must be named.
fn rank<'p>(path: &'p str, root: &str) -> Option<(u8, &'p str)> {
    if directory(path) != root {
        return None;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        "terraform.tfvars" => Some((0, "")),
        "terraform.tfvars.json" => Some((1, "")),
        _ if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => {
            Some((2, name))
        }
        _ => None,
    }
}

fn given(part: &Part, file: &Arc<str>) -> Given {
    let found = expression(&part.text, part.json);
    Given {
        text: found
            .literal
            .as_ref()
            .map_or_else(|| format!("{:?}", found.pieces), ToString::to_string),
        literal: found.literal.map(Arc::new),
        file: file.clone(),
        line: part.line,
    }
}

fn defaults(index: &SourceIndex) -> Values {
    let variables = index
        .facts
        .blocks
        .iter()
        .filter(|block| block.kind == "variable" && block.module.as_deref() == Some(""));
    let mut values = Values::new();
    for block in variables {
        let Some(name) = block.labels.first() else {
            continue;
        };
        for part in index
            .parts(block)
            .iter()
            .filter(|part| part.name == "default")
        {
            values.insert(name.clone(), given(part, &block.file));
        }
    }
    values
}

/// The values that the plan was made with.
fn planned(plan: &Plan) -> BTreeMap<String, Json> {
    #[derive(Deserialize)]
    struct Planned {
        #[serde(default)]
        value: Json,
    }
    let text = plan.section("variables").unwrap_or("{}");
    let all: BTreeMap<String, Planned> = serde_json::from_str(text).unwrap_or_default();
    all.into_iter()
        .map(|(name, planned)| (name, planned.value))
        .collect()
}

/// The types that the root module's variables declare.
fn types(index: &SourceIndex) -> HashMap<String, Type> {
    let blocks = index.facts.blocks.iter();
    let variables =
        blocks.filter(|block| block.kind == "variable" && block.module.as_deref() == Some(""));
    let mut types = HashMap::new();
    for block in variables {
        let parts = index.parts(block);
        if let (Some(name), Some(part)) = (
            block.labels.first(),
            parts.iter().find(|part| part.name == "type"),
        ) {
            types.insert(name.clone(), Type::of(part));
        }
    }
    types
}

impl Given {
    /// Whether it may have become this value; of what is computed that is left open.
    fn agrees(&self, r#type: Option<&Type>, planned: &Json) -> bool {
        let literal = self.literal.as_ref();
        literal.is_none_or(|literal| r#type.unwrap_or(&Type::Plain).alike(literal, planned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_terraforms_order() {
        let mut names = [
            "b.auto.tfvars",
            "terraform.tfvars.json",
            "a.auto.tfvars.json",
            "terraform.tfvars",
        ];
        names.sort_by_key(|name| rank(name, ""));
        assert_eq!(
            names,
            [
                "terraform.tfvars",
                "terraform.tfvars.json",
                "a.auto.tfvars.json",
                "b.auto.tfvars"
            ]
        );
        assert_eq!(rank("prod.tfvars", ""), None);
        assert_eq!(rank("terraform.tfvars", "live"), None);
        assert!(rank("live/terraform.tfvars", "live").is_some());
    }
}
