//! Attribute values as a reviewer may see them: unknown and sensitive leaves are kinds of their own.
//!
//! A sensitive leaf keeps only a digest of its value, to say whether it changed; it has no text, cannot be printed and cannot be
//! serialised. Other leaves hold text of the plan as it stands and must pass the redactor on their way out: [`Value::show`].

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::digest::Digest;
use crate::text::{MASK, Printable, Redactor};

/// A sensitive value: equal or not equal to another, nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(Digest);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// An attribute value with its marks applied.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        self.write(&mut out);
        redactor.line(&out)
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
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
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(name);
                    out.push_str(" = ");
                    value.write(out);
                }
                out.push('}');
            }
            Self::Unknown => out.push_str("(known after apply)"),
            Self::Sensitive(_) => out.push_str(MASK),
        }
    }

    /// The structure inside a string that holds a JSON document, as policies and task definitions do.
    #[must_use]
    pub fn embedded(&self) -> Option<Value> {
        let Self::Text(text) = self else { return None };
        let trimmed = text.trim_start();
        if !(trimmed.starts_with('{') || trimmed.starts_with('[')) {
            return None;
        }
        serde_json::from_str::<&RawValue>(text).ok()?;
        Some(Self::read(Some(text), &Json::Null, &Json::Null))
    }
}

fn build(raw: Option<&str>, unknown: &Json, sensitive: &Json, depth: usize) -> Value {
    if sensitive == &Json::Bool(true) || depth > MAX_DEPTH {
        let text = raw.unwrap_or(if unknown == &Json::Bool(true) {
            "?"
        } else {
            "null"
        });
        return Value::Sensitive(Hidden(Digest::of(text.as_bytes())));
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
        return Value::Sensitive(Hidden(Digest::of(raw.as_bytes())));
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
            Value::List(
                items
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
                    .collect(),
            )
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
