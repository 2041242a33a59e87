//! Plants secrets in a plan: in each place that is marked, and in every other place where the same value stood.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::forms::{Secret, json as escaped};
use super::random::Random;

/// A plan with planted secrets.
pub(crate) struct Plant {
    pub(crate) tree: Json,
    pub(crate) secrets: Vec<Secret>,
    /// Old value and new, for the configuration's source.
    pub(crate) replaced: Vec<(String, String)>,
}

/// Names of settings that are secret without a mark.
const SECRET_NAMES: &[&str] = &["password", "secret", "token", "api_key", "access_key"];

/// Replaces every marked value of a plan by a random one, wherever it stands.
pub(crate) fn plant(mut tree: Json, seed: &str) -> Plant {
    let mut random = Random::new(seed);
    let structure = structure(&tree);
    mark_more(&mut tree, &structure);
    let mut values = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    let mut take = |value: &Json| leaves(value, &mut values, &mut numbers);
    gather(&tree, &mut take);
    let fits = |old: &&String| {
        old.chars().count() >= 8 && !structure.iter().any(|word| word.contains(old.as_str()))
    };
    let mut secrets = Vec::new();
    let mut replaced = Vec::new();
    for (kind, old) in values.iter().filter(fits).enumerate() {
        // Values inside values would otherwise be replaced in parts.
        if values
            .iter()
            .any(|other| other != old && other.contains(old))
        {
            continue;
        }
        let secret = random.secret(kind, &format!("marked value {kind}"));
        replaced.push((old.clone(), secret.whole.clone()));
        secrets.push(secret);
    }
    replaced.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
    for (at, old) in numbers.iter().enumerate() {
        let digits = random.digits(14);
        secrets.push(Secret {
            label: format!("marked number {at}"),
            whole: digits.clone(),
            parts: vec![digits.clone()],
        });
        let new: Json = serde_json::from_str(&digits).unwrap();
        replace_number(&mut tree, old, &new);
    }
    for (old, new) in &replaced {
        replace(&mut tree, old, new);
    }
    Plant {
        tree,
        secrets,
        replaced,
    }
}

/// Replaces a value in a text, as it is and as it stands in JSON and HCL.
pub(crate) fn substitute(text: &str, old: &str, new: &str, hcl: bool) -> String {
    let quoted = if hcl {
        escaped(new).replace("${", "$${").replace("%{", "%%{")
    } else {
        new.to_owned()
    };
    let text = text.replace(old, &quoted);
    if escaped(old) == old {
        text
    } else {
        text.replace(&escaped(old), &escaped(new))
    }
}

fn replace(tree: &mut Json, old: &str, new: &str) {
    match tree {
        Json::String(text) if text.contains(old) => {
            // Inside a document in a text the new value is written as JSON needs it.
            let is_document = text != old && serde_json::from_str::<Json>(text).is_ok();
            *text = if is_document {
                text.replace(old, &escaped(new))
            } else {
                substitute(text, old, new, false)
            };
        }
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
        Json::Object(fields) => fields
            .values_mut()
            .for_each(|field| replace(field, old, new)),
        _ => {}
    }
}

fn replace_number(tree: &mut Json, old: &str, new: &Json) {
    match tree {
        Json::Number(number) if number.to_string() == old => *tree = new.clone(),
        Json::Array(items) => items
            .iter_mut()
            .for_each(|item| replace_number(item, old, new)),
        Json::Object(fields) => fields
            .values_mut()
            .for_each(|field| replace_number(field, old, new)),
        _ => {}
    }
}

/// Words that say what the plan is about: a secret that equals one of them is not looked for in text.
fn structure(tree: &Json) -> BTreeSet<String> {
    const KEYS: &[&str] = &[
        "address",
        "previous_address",
        "module_address",
        "mode",
        "type",
        "name",
        "provider_name",
        "provider_config_key",
        "full_name",
        "actions",
        "action_reason",
        "terraform_version",
        "format_version",
        "timestamp",
        "references",
        "deposed",
        "source",
        "version_constraint",
        "reason",
        "kind",
        "status",
        "to_display",
        "resource",
        "relevant_attributes",
        "index",
    ];
    fn walk(tree: &Json, structural: bool, out: &mut BTreeSet<String>) {
        match tree {
            Json::String(text) if structural => {
                out.insert(text.clone());
            }
            Json::Array(items) => items.iter().for_each(|item| walk(item, structural, out)),
            Json::Object(fields) => {
                for (name, field) in fields {
                    out.insert(name.clone());
                    walk(field, KEYS.contains(&name.as_str()), out);
                }
            }
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    walk(tree, false, &mut out);
    out
}

/// Marks two texts of each change, so that plans without sensitive values are tried too.
fn mark_more(tree: &mut Json, structure: &BTreeSet<String>) {
    for key in ["resource_changes", "resource_drift"] {
        for row in rows_mut(tree, key) {
            let Some(change) = row.get_mut("change") else {
                continue;
            };
            for (value, marks) in [("before", "before_sensitive"), ("after", "after_sensitive")] {
                let chosen: Vec<String> = change[value]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .filter(|(_, field)| {
                        field.as_str().is_some_and(|text| {
                            text.len() >= 8 && !structure.iter().any(|word| word.contains(text))
                        })
                    })
                    .map(|(name, _)| name.clone())
                    .take(2)
                    .collect();
                if chosen.is_empty() || change[marks] == Json::Bool(true) {
                    continue;
                }
                if !change[marks].is_object() {
                    change[marks] = json!({});
                }
                for name in chosen {
                    change[marks][name] = Json::Bool(true);
                }
            }
        }
    }
}

pub(crate) fn rows_mut<'a>(tree: &'a mut Json, key: &str) -> impl Iterator<Item = &'a mut Json> {
    tree.get_mut(key)
        .and_then(Json::as_array_mut)
        .into_iter()
        .flatten()
}

fn leaves(value: &Json, texts: &mut BTreeSet<String>, numbers: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => {
            texts.insert(text.clone());
        }
        Json::Number(number) if number.to_string().len() >= 8 => {
            numbers.insert(number.to_string());
        }
        Json::Array(items) => items.iter().for_each(|item| leaves(item, texts, numbers)),
        Json::Object(fields) => fields
            .values()
            .for_each(|field| leaves(field, texts, numbers)),
        _ => {}
    }
}

/// Everything of the plan that must not be shown.
fn gather(tree: &Json, take: &mut impl FnMut(&Json)) {
    for key in ["resource_changes", "resource_drift", "output_changes"] {
        let rows: Vec<&Json> = match &tree[key] {
            Json::Array(rows) => rows.iter().map(|row| &row["change"]).collect(),
            Json::Object(rows) => rows.values().collect(),
            _ => Vec::new(),
        };
        for change in rows {
            for marks in ["before_sensitive", "after_sensitive"] {
                for value in ["before", "after"] {
                    marked(&change[value], &change[marks], take);
                }
            }
        }
    }
    states(&tree["planned_values"], take);
    states(&tree["prior_state"]["values"], take);
    let configuration = &tree["configuration"];
    let declared = &configuration["root_module"]["variables"];
    for (name, variable) in declared.as_object().into_iter().flatten() {
        if variable["sensitive"] == Json::Bool(true) {
            take(&tree["variables"][name]["value"]);
            take(&variable["default"]);
        }
    }
    calls(&configuration["root_module"], take);
    constants(&configuration["provider_config"], false, take);
}

fn marked(value: &Json, marks: &Json, take: &mut impl FnMut(&Json)) {
    match marks {
        Json::Bool(true) => take(value),
        Json::Object(marks) => marks
            .iter()
            .for_each(|(name, mark)| marked(&value[name], mark, take)),
        Json::Array(marks) => marks
            .iter()
            .enumerate()
            .for_each(|(at, mark)| marked(&value[at], mark, take)),
        _ => {}
    }
}

fn states(state: &Json, take: &mut impl FnMut(&Json)) {
    for output in state["outputs"].as_object().into_iter().flatten() {
        if output.1["sensitive"] == Json::Bool(true) {
            take(&output.1["value"]);
        }
    }
    if state["root_module"].is_object() {
        module_of_state(&state["root_module"], take);
    }
}

fn module_of_state(module: &Json, take: &mut impl FnMut(&Json)) {
    for object in module["resources"].as_array().into_iter().flatten() {
        marked(&object["values"], &object["sensitive_values"], take);
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        states(&json!({ "root_module": child }), take);
    }
}

fn calls(module: &Json, take: &mut impl FnMut(&Json)) {
    for (_, call) in module["module_calls"].as_object().into_iter().flatten() {
        for (name, variable) in call["module"]["variables"]
            .as_object()
            .into_iter()
            .flatten()
        {
            if variable["sensitive"] == Json::Bool(true) {
                take(&variable["default"]);
                take(&call["expressions"][name]["constant_value"]);
            }
        }
        calls(&call["module"], take);
    }
}

fn constants(tree: &Json, secret: bool, take: &mut impl FnMut(&Json)) {
    match tree {
        Json::Object(fields) => {
            for (name, field) in fields {
                if secret && name == "constant_value" {
                    take(field);
                } else {
                    let named = SECRET_NAMES.iter().any(|word| name.contains(word));
                    constants(field, secret || named, take);
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| constants(item, secret, take)),
        _ => {}
    }
}

/// Values by their label, to be built into a plan.
pub(crate) struct Seeds {
    random: Random,
    kind: usize,
    pub(crate) secrets: BTreeMap<String, Secret>,
}

impl Seeds {
    pub(crate) fn new(seed: &str, kind: usize) -> Self {
        Self {
            random: Random::new(seed),
            kind,
            secrets: BTreeMap::new(),
        }
    }

    /// The secret of this name, of the next kind when it is new.
    pub(crate) fn text(&mut self, label: &str) -> String {
        if !self.secrets.contains_key(label) {
            let secret = self.random.secret(self.kind, label);
            self.kind += 1;
            self.secrets.insert(label.to_owned(), secret);
        }
        self.secrets[label].whole.clone()
    }

    /// A secret number of this name.
    pub(crate) fn number(&mut self, label: &str) -> Json {
        let digits = self.random.digits(12);
        self.keep(label, &digits);
        serde_json::from_str(&digits).unwrap()
    }

    /// So many random letters, which belong to no secret yet.
    pub(crate) fn letters(&mut self, length: usize) -> String {
        self.random.text(length)
    }

    /// Looks for this text too.
    pub(crate) fn keep(&mut self, label: &str, text: &str) {
        let secret = Secret {
            label: label.to_owned(),
            whole: text.to_owned(),
            parts: vec![text.to_owned()],
        };
        self.secrets.insert(label.to_owned(), secret);
    }
}
