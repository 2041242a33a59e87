//! Arguments and nested blocks as the files have them, beside what the JSON shows of them.
//!
//! The JSON has an argument's value where it refers to nothing and calls no function, and else the names it refers to. So a plain value
//! must be the same (`constant`), each name of the text must be listed, and each that is listed must stand in the text. What another
//! text without a name comes to (a template, a `for`) is not worked out here: a value that the JSON shows for it is unclear.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::constant::constant;
use crate::source::{Part, SourceIndex, references};

/// Whether the JSON shows what the files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Same {
    Yes,
    /// It cannot be told.
    Unclear,
    No,
}

/// The parts of a resource that are no arguments of its type.
pub(super) const RESOURCE: &[&str] = &[
    "count",
    "for_each",
    "provider",
    "depends_on",
    "lifecycle",
    "provisioner",
    "connection",
];
/// Those of a module call.
pub(super) const CALL: &[&str] = &[
    "source",
    "version",
    "count",
    "for_each",
    "enabled",
    "providers",
    "depends_on",
    "lifecycle",
];
/// Those of a provider.
pub(super) const PROVIDER: &[&str] = &["alias", "version", "for_each"];
/// Those of a provisioner.
pub(super) const PROVISIONER: &[&str] = &["when", "on_failure", "connection"];

/// The value of an argument that is a plain one.
pub(super) fn plain(part: &Part) -> Option<Json> {
    if part.json {
        let value: Json = serde_json::from_str(&part.text).ok()?;
        return Some(value).filter(|value| !is_template(value));
    }
    // A call, though of a plain value.
    let calls = ["toset", "tolist", "tomap"];
    if part.is_block || calls.iter().any(|name| part.text.contains(name)) {
        return None;
    }
    constant(&part.text)
}

fn is_template(value: &Json) -> bool {
    let marked = |text: &str| text.contains("${") || text.contains("%{");
    match value {
        Json::String(text) => marked(text),
        Json::Array(items) => items.iter().any(is_template),
        Json::Object(fields) => {
            fields.values().any(is_template) || fields.keys().any(|key| marked(key))
        }
        _ => false,
    }
}

/// All parts of a block that the JSON shows as its expressions.
pub(super) fn body(index: &SourceIndex, parts: &[Part], meta: &[&str], shown: &Json) -> Same {
    let empty = Map::new();
    let shown = match shown {
        Json::Null => &empty,
        Json::Object(shown) => shown,
        _ => return Same::No,
    };
    let mut own: BTreeMap<&str, Vec<&Part>> = BTreeMap::new();
    let is_own = |part: &&Part| !meta.contains(&part.name.as_str()) && !is_dynamic(part);
    for part in parts.iter().filter(is_own) {
        own.entry(&part.name).or_default().push(part);
    }
    if shown.keys().any(|name| !own.contains_key(name.as_str())) {
        return Same::No;
    }
    let parts = own.iter().map(|(name, parts)| match shown.get(*name) {
        None => Same::No,
        Some(shown) => argument(index, parts, shown),
    });
    parts.max().unwrap_or(Same::Yes)
}

/// `dynamic` blocks are left out of the JSON.
fn is_dynamic(part: &Part) -> bool {
    part.is_block && part.text.starts_with("dynamic")
}

/// An argument, or the blocks of one name.
fn argument(index: &SourceIndex, parts: &[&Part], shown: &Json) -> Same {
    match (parts, shown) {
        ([part], Json::Object(_)) => {
            if is_block(part) && !is_expression(shown) {
                body(index, &inner(part), &[], shown)
            } else {
                expression(index, part, shown)
            }
        }
        (parts, Json::Array(items)) if parts.iter().all(|part| is_block(part)) => {
            let count: usize = parts.iter().map(|part| blocks_in(part)).sum();
            if count != items.len() {
                return Same::No;
            }
            if count != parts.len() {
                return Same::Unclear;
            }
            let all = parts.iter().zip(items);
            let all = all.map(|(part, shown)| body(index, &inner(part), &[], shown));
            all.max().unwrap_or(Same::Yes)
        }
        // Blocks with labels, or blocks that are written for an argument.
        _ => Same::Unclear,
    }
}

fn is_expression(shown: &Json) -> bool {
    let fields = shown.as_object().map(|fields| fields.keys());
    let known = |name: &String| name == "constant_value" || name == "references";
    fields.is_some_and(|mut names| names.all(known))
}

/// Whether it may be a block; in JSON an argument can look the same.
fn is_block(part: &Part) -> bool {
    part.is_block || (part.json && part.text.starts_with(['{', '[']))
}

/// How many blocks it writes.
fn blocks_in(part: &Part) -> usize {
    match serde_json::from_str(&part.text) {
        Ok(Json::Array(list)) if part.json => list.len(),
        _ => 1,
    }
}

/// The parts of a nested block.
fn inner(part: &Part) -> Vec<Part> {
    if !part.json {
        return part.inner.clone();
    }
    let value = match serde_json::from_str(&part.text) {
        Ok(Json::Array(mut list)) if list.len() == 1 => list.pop(),
        other => other.ok(),
    };
    let Some(Json::Object(object)) = value else {
        return Vec::new();
    };
    let one = |(name, value): (String, Json)| Part {
        name,
        text: value.to_string(),
        inner: Vec::new(),
        ..part.clone()
    };
    let fields = object.into_iter().filter(|(name, _)| name != "//");
    fields.map(one).collect()
}

/// One argument.
pub(super) fn expression(index: &SourceIndex, part: &Part, shown: &Json) -> Same {
    let Some(fields) = shown.as_object() else {
        return Same::No;
    };
    let constant = fields.get("constant_value");
    let listed = fields.get("references").and_then(Json::as_array);
    let listed: Vec<&str> = listed
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    if let Some(own) = plain(part) {
        if !listed.is_empty() {
            return Same::No;
        }
        let shown = constant.cloned().unwrap_or(Json::Null);
        if part.text.trim_start().starts_with("<<") {
            return same_lines(&own, &shown);
        }
        return same_value(&own, &shown);
    }
    let text = if part.json {
        // Quotes and the like are escaped in JSON.
        part.text.replace("\\\"", "\"").replace("\\\\", "\\")
    } else {
        part.text.clone()
    };
    let own = dense(&text);
    if !listed.iter().all(|name| stands_in(name, &own)) {
        return Same::No;
    }
    let is_listed = |name: &String| {
        let begins = |listed: &&str| {
            let rest = listed.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        listed.iter().any(begins)
    };
    let names = references(&text);
    let mut names = names
        .iter()
        .filter(|name| index.locate_config(name).is_some());
    if !names.all(is_listed) {
        return Same::No;
    }
    match constant {
        None => Same::Yes,
        // Of JSON files the template itself is shown.
        Some(shown) if part.json => match serde_json::from_str::<Json>(&part.text) {
            Ok(own) => same_value(&own, shown),
            Err(_) => Same::Unclear,
        },
        Some(_) => Same::Unclear,
    }
}

/// Texts of several lines, of which both programs take the indentation that all have in common.
fn same_lines(own: &Json, shown: &Json) -> Same {
    let lines = |value: &Json| {
        let text = value.as_str().map(str::to_owned);
        text.map(|text| {
            text.lines()
                .map(str::trim_start)
                .collect::<Vec<_>>()
                .join("\n")
        })
    };
    if lines(own) == lines(shown) {
        return Same::Yes;
    }
    same_value(own, shown)
}

fn same_value(own: &Json, shown: &Json) -> Same {
    if is_same(own, shown) {
        return Same::Yes;
    }
    // Both programs bring letters with marks into one form.
    let plain = |value: &Json| value.to_string().is_ascii();
    if plain(own) || plain(shown) {
        Same::No
    } else {
        Same::Unclear
    }
}

/// Numbers with a fraction, or beyond 64 bits, are held against each other by their first digits.
fn is_same(own: &Json, shown: &Json) -> bool {
    const NEAR: f64 = 1e-14;
    match (own, shown) {
        (Json::Number(own), Json::Number(shown)) => {
            let (Some(a), Some(b)) = (own.as_f64(), shown.as_f64()) else {
                return own == shown;
            };
            let whole = own.is_i64() && shown.is_i64();
            own == shown || (!whole && (a - b).abs() <= NEAR * a.abs().max(b.abs()))
        }
        (Json::Array(own), Json::Array(shown)) => {
            own.len() == shown.len() && own.iter().zip(shown).all(|(a, b)| is_same(a, b))
        }
        (Json::Object(own), Json::Object(shown)) => {
            let same = |(name, a): (&String, &Json)| shown.get(name).is_some_and(|b| is_same(a, b));
            own.len() == shown.len() && own.iter().all(same)
        }
        (own, shown) => own == shown,
    }
}

/// A text without spaces in its names, and with `.0` as `[0]`.
fn dense(text: &str) -> String {
    let joins = |c: char| matches!(c, '.' | '[' | ']');
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c.is_whitespace() {
            while rest.next_if(|c| c.is_whitespace()).is_some() {}
            if !out.ends_with(joins) && !rest.peek().is_some_and(|c| joins(*c)) {
                out.push(' ');
            }
            continue;
        }
        let steps = c == '.' && rest.peek().is_some_and(char::is_ascii_digit);
        if steps && !out.ends_with(|c: char| c.is_ascii_digit()) {
            out.push('[');
            while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                out.push(digit);
            }
            out.push(']');
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a name that is listed stands in a text, not as a piece of another one.
fn stands_in(name: &str, text: &str) -> bool {
    let name = dense(name);
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let found = text.match_indices(&name).any(|(at, found)| {
        let before = text
            .get(..at)
            .and_then(|text: &str| text.chars().next_back());
        let after = text.get(at + found.len()..);
        let after = after.and_then(|text: &str| text.chars().next());
        !before.is_some_and(|c| part(c) || c == '.') && !after.is_some_and(part)
    });
    found && !name.is_empty()
}
