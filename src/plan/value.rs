//! Attribute values as a reviewer may see them: unknown and sensitive leaves are kinds of their own.
//!
//! A sensitive leaf keeps only a digest of its value, to say whether it changed; it has no text, cannot be printed and cannot be
//! serialised. Other leaves hold text of the plan as it stands and must pass the redactor on their way out: [`Value::show`].

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::document::Fields;
use crate::digest::Digest;
use crate::text::{MASK, Printable, Redactor};

/// A sensitive value: equal or not equal to another, nothing else.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Hidden(Digest);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// An attribute value with its marks applied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Null, or absent.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number with every digit that the plan gives.
    Number(String),
    /// A string.
    Text(String),
    /// A list, set or tuple.
    List(Vec<Value>),
    /// A map, object or block.
    Map(BTreeMap<String, Value>),
    /// Known only after apply.
    Unknown,
    /// Marked sensitive.
    Sensitive(Hidden),
}

/// Deepest tree that is read; what lies below is hidden. Not less than the depth at which a plan is refused, because what is hidden here
/// cannot be gathered as a secret.
const MAX_DEPTH: usize = 128;

impl Value {
    /// Reads a value from the plan's text with the trees of unknown and sensitive leaves that belong to it.
    #[must_use]
    pub fn read(raw: Option<&str>, unknown: &Json, sensitive: &Json) -> Self {
        build(raw, unknown, sensitive, 0)
    }

    /// Whether the value is a list or a map with something in it.
    #[must_use]
    pub fn is_container(&self) -> bool {
        match self {
            Self::List(items) => !items.is_empty(),
            Self::Map(fields) => !fields.is_empty(),
            _ => false,
        }
    }

    /// One line of text for a person; strings are quoted, secrets masked.
    #[must_use]
    pub fn show(&self, redactor: &Redactor) -> Printable {
        let mut out = String::new();
        self.write(&mut out, false);
        redactor.line(&out)
    }

    /// Inside a list or map quotes are escaped, so that no text can pose as its neighbour.
    fn write(&self, out: &mut String, nested: bool) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) if nested => out.push_str(&Json::from(text.as_str()).to_string()),
            Self::Text(text) => {
                out.push('"');
                out.push_str(text);
                out.push('"');
            }
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    item.write(out, true);
                }
                out.push(']');
            }
            Self::Map(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    if is_plain_name(name) {
                        out.push_str(name);
                    } else {
                        out.push_str(&Json::from(name.as_str()).to_string());
                    }
                    out.push_str(" = ");
                    value.write(out, true);
                }
                out.push('}');
            }
            Self::Unknown => out.push_str("(known after apply)"),
            Self::Sensitive(_) => out.push_str(MASK),
        }
    }

    /// The structure inside a string that holds a JSON document, as policies and task definitions do; none where an object in it
    /// repeats a key, because readers disagree on what that says.
    #[must_use]
    pub fn embedded(&self) -> Option<Value> {
        let Self::Text(text) = self else { return None };
        let trimmed = text.trim_start();
        if !(trimmed.starts_with('{') || trimmed.starts_with('[')) {
            return None;
        }
        serde_json::from_str::<&RawValue>(text).ok()?;
        if repeats_a_key(text, 0) {
            return None;
        }
        Some(Self::read(Some(text), &Json::Null, &Json::Null))
    }
}

fn build(raw: Option<&str>, unknown: &Json, sensitive: &Json, depth: usize) -> Value {
    if sensitive == &Json::Bool(true) || depth > MAX_DEPTH {
        return hidden(raw.unwrap_or("null"), unknown);
    }
    if unknown == &Json::Bool(true) {
        return Value::Unknown;
    }
    let raw = raw.map_or("null", str::trim);
    let fits = match raw.bytes().next() {
        Some(b'{') => sensitive.is_object(),
        Some(b'[') => sensitive.is_array(),
        Some(b'n') => true,
        _ => false,
    };
    // Marks of another shape than the value cannot be laid over it: one of them hides all of it.
    if !fits && holds_true(sensitive) {
        return hidden(raw, unknown);
    }
    match raw.bytes().next() {
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(raw).unwrap_or_default();
            let mut out = BTreeMap::new();
            for (name, value) in fields {
                let inner = build(
                    Some(value.get()),
                    child(unknown, &name),
                    child(sensitive, &name),
                    depth + 1,
                );
                out.insert(name, inner);
            }
            add_unknown(&mut out, unknown, sensitive, depth);
            Value::Map(out)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
            let mut out: Vec<Value> = items
                .into_iter()
                .enumerate()
                .map(|(index, item)| {
                    build(
                        Some(item.get()),
                        unknown.get(index).unwrap_or(&Json::Null),
                        sensitive.get(index).unwrap_or(&Json::Null),
                        depth + 1,
                    )
                })
                .collect();
            add_unknown_items(&mut out, unknown, sensitive, depth);
            Value::List(out)
        }
        Some(b'"') => serde_json::from_str(raw).map_or(Value::Null, Value::Text),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') | None => match unknown {
            Json::Object(_) => {
                let mut out = BTreeMap::new();
                add_unknown(&mut out, unknown, sensitive, depth);
                if out.is_empty() {
                    Value::Null
                } else {
                    Value::Map(out)
                }
            }
            Json::Array(_) if holds_true(unknown) => {
                let mut out = Vec::new();
                add_unknown_items(&mut out, unknown, sensitive, depth);
                Value::List(out)
            }
            _ => Value::Null,
        },
        Some(_) => Value::Number(raw.to_owned()),
    }
}

/// Adds the attributes that exist only in the tree of unknown leaves.
fn add_unknown(out: &mut BTreeMap<String, Value>, unknown: &Json, sensitive: &Json, depth: usize) {
    if let Json::Object(unknown_fields) = unknown {
        for (name, mark) in unknown_fields {
            if !out.contains_key(name) && holds_true(mark) {
                let value = build(None, mark, child(sensitive, name), depth + 1);
                out.insert(name.clone(), value);
            }
        }
    }
}

/// Adds the elements that exist only in the tree of unknown leaves.
fn add_unknown_items(out: &mut Vec<Value>, unknown: &Json, sensitive: &Json, depth: usize) {
    let Json::Array(marks) = unknown else { return };
    if marks.iter().skip(out.len()).any(holds_true) {
        for (index, mark) in marks.iter().enumerate().skip(out.len()) {
            let sensitive = sensitive.get(index).unwrap_or(&Json::Null);
            out.push(build(None, mark, sensitive, depth + 1));
        }
    }
}

/// A sensitive value; what is not known of it yet is part of its digest, or learning it would look like no change.
fn hidden(raw: &str, unknown: &Json) -> Value {
    let digest = if holds_true(unknown) {
        Digest::of(format!("{raw}\0{unknown}").as_bytes())
    } else {
        Digest::of(raw.as_bytes())
    };
    Value::Sensitive(Hidden(digest))
}

/// Whether a name can stand in a path or before `=` without quotes.
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Whether some object of a JSON text repeats a key.
fn repeats_a_key(raw: &str, depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let raw = raw.trim_start();
    if raw.starts_with('{') {
        let Ok(Fields { rest: mut fields }) = serde_json::from_str::<Fields<'_>>(raw) else {
            return true;
        };
        fields.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let twice = fields
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.0 == b.0));
        return twice
            || fields
                .iter()
                .any(|(_, field)| repeats_a_key(field.get(), depth + 1));
    }
    raw.starts_with('[')
        && serde_json::from_str::<Vec<&RawValue>>(raw).map_or(true, |items| {
            items
                .iter()
                .any(|item| repeats_a_key(item.get(), depth + 1))
        })
}

/// A tree of marks from the plan's text; one that cannot be read marks everything.
pub(super) fn marks(raw: Option<&str>) -> Json {
    raw.map_or(Json::Null, |raw| {
        serde_json::from_str(raw).unwrap_or(Json::Bool(true))
    })
}

fn child<'a>(tree: &'a Json, name: &str) -> &'a Json {
    tree.get(name).unwrap_or(&Json::Null)
}

/// Whether a tree of marks marks anything.
pub(super) fn holds_true(tree: &Json) -> bool {
    match tree {
        Json::Bool(mark) => *mark,
        Json::Array(items) => items.iter().any(holds_true),
        Json::Object(fields) => fields.values().any(holds_true),
        _ => false,
    }
}

/// Unites two trees of marks: sensitive before or after is sensitive.
pub(super) fn union(a: Json, b: Json) -> Json {
    match (a, b) {
        (Json::Bool(true), _) | (_, Json::Bool(true)) => Json::Bool(true),
        (Json::Object(mut a), Json::Object(b)) => {
            for (name, mark) in b {
                let known = a.remove(&name).unwrap_or(Json::Null);
                a.insert(name, union(known, mark));
            }
            Json::Object(a)
        }
        (Json::Array(a), Json::Array(b)) => {
            let (mut a, mut b) = (a.into_iter(), b.into_iter());
            let mut out = Vec::new();
            loop {
                match (a.next(), b.next()) {
                    (None, None) => break,
                    (x, y) => out.push(union(x.unwrap_or(Json::Null), y.unwrap_or(Json::Null))),
                }
            }
            Json::Array(out)
        }
        // The value changed its shape, so marks cannot be laid over each other: one mark hides all of it.
        (a @ (Json::Object(_) | Json::Array(_)), b @ (Json::Object(_) | Json::Array(_))) => {
            Json::Bool(holds_true(&a) || holds_true(&b))
        }
        (Json::Object(a), _) | (_, Json::Object(a)) => Json::Object(a),
        (Json::Array(a), _) | (_, Json::Array(a)) => Json::Array(a),
        _ => Json::Bool(false),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn marks_and_unknown_leaves_become_kinds_of_their_own() {
        let value = Value::read(
            Some(r#"{"a":"x","pw":"hunter2","list":[null,1.50],"n":123456789012345678901}"#),
            &json!({"id": true, "list": [true, false], "nested": {"deep": true}}),
            &json!({"pw": true}),
        );
        let shown = value.show(&Redactor::default()).into_string();
        assert_eq!(
            shown,
            "{a = \"x\", id = (known after apply), list = [(known after apply), 1.50], n = 123456789012345678901, \
             nested = {deep = (known after apply)}, pw = (sensitive)}"
        );
        assert!(!format!("{value:?}").contains("hunter2"));
    }

    #[test]
    fn a_sensitive_value_tells_only_whether_it_changed() {
        let read = |raw| Value::read(Some(raw), &Json::Null, &json!(true));
        assert_eq!(read("\"a\""), read("\"a\""));
        assert_ne!(read("\"a\""), read("\"b\""));
    }

    #[test]
    fn a_whole_subtree_can_be_sensitive_or_unknown() {
        let sensitive = Value::read(
            Some(r#"{"a":{"b":"secret"}}"#),
            &Json::Null,
            &json!({"a": true}),
        );
        assert_eq!(
            sensitive.show(&Redactor::default()).as_str(),
            "{a = (sensitive)}"
        );
        assert_eq!(Value::read(None, &json!(true), &Json::Null), Value::Unknown);
    }

    #[test]
    fn marks_of_another_shape_hide_the_value() {
        for (raw, marks) in [
            ("\"x\"", json!([true])),
            ("{\"a\":\"x\"}", json!([true])),
            ("[\"x\"]", json!({"a": true})),
        ] {
            let shown = Value::read(Some(raw), &Json::Null, &marks).show(&Redactor::default());
            assert_eq!(shown.as_str(), "(sensitive)", "{raw}");
        }
    }

    #[test]
    fn marks_unite() {
        assert_eq!(
            union(
                json!({"a": true, "b": [false]}),
                json!({"b": [false, true], "c": {}})
            ),
            json!({"a": true, "b": [false, true], "c": {}})
        );
        assert_eq!(union(json!(false), json!({"x": true})), json!({"x": true}));
        assert_eq!(union(json!({"x": {}}), json!([true])), json!(true));
        assert_eq!(union(json!({"x": {}}), json!([false])), json!(false));
    }
}
