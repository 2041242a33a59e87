//! Whether a literal may have become a value of the plan, by the type that its variable declares.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::source::{Part, items, literal};

/// Types nested deeper count as not declared.
const MAX_DEPTH: usize = 32;
/// Sets with more elements of which some are no scalars are compared in their order.
const MAX_SET: usize = 256;

/// The type of a variable, as far as it says how values are converted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::provenance) enum Type {
    /// A scalar, or nothing that is known: collections stay as they are.
    #[default]
    Plain,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<String, Field>),
}

/// An attribute of an object type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::provenance) struct Field {
    r#type: Type,
    optional: bool,
    default: Option<Json>,
}

impl Type {
    /// The type that a variable's `type` argument declares.
    pub(in crate::provenance) fn of(part: &Part) -> Self {
        let decoded = part
            .json
            .then(|| serde_json::from_str::<String>(&part.text));
        match decoded {
            Some(text) => Self::parse(&text.unwrap_or_default(), 0),
            None => Self::parse(&part.text, 0),
        }
    }

    fn parse(text: &str, depth: usize) -> Self {
        let text = text.trim();
        let inner = |name: &str| {
            let rest = text.strip_prefix(name)?.trim_start().strip_prefix('(')?;
            rest.strip_suffix(')')
        };
        let below = |text: &str| Box::new(Self::parse(text, depth + 1));
        if depth > MAX_DEPTH {
            return Self::Plain;
        }
        if text == "list" || text == "map" {
            // The spelling of Terraform 0.11.
            return if text == "list" {
                Self::List(Box::default())
            } else {
                Self::Map(Box::default())
            };
        }
        if let Some(text) = inner("list") {
            Self::List(below(text))
        } else if let Some(text) = inner("set") {
            Self::Set(below(text))
        } else if let Some(text) = inner("map") {
            Self::Map(below(text))
        } else if let Some(text) = inner("tuple") {
            let text = text.trim();
            let list = text
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            let types = separated(list.unwrap_or_default());
            Self::Tuple(types.map(|text| *below(text)).collect())
        } else if let Some(fields) = inner("object").and_then(items) {
            let field = |(name, text): (String, String)| (name, Self::field(&text, depth));
            Self::Object(fields.into_iter().map(field).collect())
        } else {
            Self::Plain
        }
    }

    fn field(text: &str, depth: usize) -> Field {
        let text = text.trim();
        let inner = text
            .strip_prefix("optional")
            .and_then(|rest| rest.trim_start().strip_prefix('(')?.strip_suffix(')'));
        let Some(inner) = inner else {
            return Field {
                r#type: Self::parse(text, depth + 1),
                ..Field::default()
            };
        };
        let mut parts = separated(inner);
        let r#type = parts.next().unwrap_or_default();
        Field {
            r#type: Self::parse(r#type, depth + 1),
            optional: true,
            default: parts.next().map_or(Some(Json::Null), literal),
        }
    }

    /// Whether a literal may have become this value: scalars are converted, sets sorted, and objects lose attributes that are not
    /// declared and get those that are optional. A plan may also hold the value as it was given.
    pub(in crate::provenance) fn alike(&self, given: &Json, value: &Json) -> bool {
        match (self, given, value) {
            (Self::Set(inner), Json::Array(a), Json::Array(b)) => inner.same_set(a, b),
            (Self::List(inner), Json::Array(a), Json::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| inner.alike(a, b))
            }
            (Self::Tuple(types), Json::Array(a), Json::Array(b)) => {
                let plain = Self::Plain;
                let types = types.iter().chain(std::iter::repeat(&plain));
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .zip(types)
                        .all(|((a, b), inner)| inner.alike(a, b))
            }
            (Self::Map(inner), Json::Object(a), Json::Object(b)) => same_keys(a, b, inner),
            (Self::Object(fields), Json::Object(a), Json::Object(b)) => {
                fields
                    .iter()
                    .all(|(name, field)| field.alike(a.get(name), b.get(name)))
                    && b.iter().all(|(name, b)| {
                        fields.contains_key(name)
                            || a.get(name).is_some_and(|a| Self::Plain.alike(a, b))
                    })
            }
            (_, Json::Array(a), Json::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Self::Plain.alike(a, b))
            }
            (_, Json::Object(a), Json::Object(b)) => same_keys(a, b, &Self::Plain),
            (_, Json::Array(_) | Json::Object(_), _) | (_, _, Json::Array(_) | Json::Object(_)) => {
                false
            }
            (_, a, b) => scalar(a) == scalar(b),
        }
    }

    fn same_set(&self, a: &[Json], b: &[Json]) -> bool {
        let is_scalar = |value: &Json| !value.is_array() && !value.is_object();
        if a.iter().chain(b).all(is_scalar) {
            let texts = |list: &[Json]| {
                let mut texts: Vec<String> = list.iter().map(scalar).collect();
                texts.sort();
                texts.dedup();
                texts
            };
            return texts(a) == texts(b);
        }
        if a.len().max(b.len()) > MAX_SET {
            return a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.alike(a, b));
        }
        let holds = |list: &[Json], of: &dyn Fn(&Json) -> bool| list.iter().any(of);
        a.iter().all(|a| holds(b, &|b| self.alike(a, b)))
            && b.iter().all(|b| holds(a, &|a| self.alike(a, b)))
    }
}

impl Field {
    fn alike(&self, given: Option<&Json>, value: Option<&Json>) -> bool {
        match (given, value) {
            (Some(given), Some(value)) => {
                self.r#type.alike(given, value)
                    || (self.optional && given.is_null() && self.fills(value))
            }
            (None, Some(value)) => self.optional && self.fills(value),
            (None, None) => self.optional,
            (Some(_), None) => false,
        }
    }

    /// Whether a value may be what stands for an attribute that is not given.
    fn fills(&self, value: &Json) -> bool {
        let default = self.default.as_ref();
        default.is_some_and(|default| self.r#type.alike(default, value))
    }
}

fn same_keys(
    a: &serde_json::Map<String, Json>,
    b: &serde_json::Map<String, Json>,
    inner: &Type,
) -> bool {
    a.len() == b.len()
        && a.iter()
            .all(|(key, a)| b.get(key).is_some_and(|b| inner.alike(a, b)))
}

/// The parts of a text between the commas that stand in no bracket and no quotes.
fn separated(text: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let parts = text.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted => return depth == 0,
            _ => {}
        }
        false
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) => number
            .as_f64()
            .map_or_else(|| number.to_string(), |n| n.to_string()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn alike(text: &str, given: &Json, value: &Json) -> bool {
        Type::parse(text, 0).alike(given, value)
    }

    #[test]
    fn scalars_are_converted() {
        for (given, value) in [
            (json!("5"), json!(5)),
            (json!(5), json!(5.0)),
            (json!(true), json!("true")),
        ] {
            assert!(alike("string", &given, &value), "{given} {value}");
        }
        for (given, value) in [
            (json!("5"), json!(6)),
            (json!("a"), json!(["a"])),
            (json!(null), json!("a")),
        ] {
            assert!(!alike("any", &given, &value), "{given} {value}");
        }
    }

    #[test]
    fn order_and_number_count_where_the_type_keeps_them() {
        let (one, other) = (json!(["a", "b"]), json!(["b", "a", "a"]));
        for text in ["list(string)", "any", "", "tuple([string, string])", "list"] {
            assert!(!alike(text, &one, &other), "{text}");
            assert!(!alike(text, &one, &json!(["b", "a"])), "{text}");
            assert!(alike(text, &one, &one), "{text}");
        }
        assert!(alike("set(string)", &one, &other));
        assert!(!alike("set(string)", &one, &json!(["a", "b", "c"])));
        let sets = "set(object({ n = number }))";
        assert!(alike(
            sets,
            &json!([{"n": 1}, {"n": "2"}]),
            &json!([{"n": 2}, {"n": 1}])
        ));
        assert!(!alike(
            sets,
            &json!([{"n": 1}]),
            &json!([{"n": 1}, {"n": 2}])
        ));
        assert!(alike(
            "map(set(string))",
            &json!({"k": one}),
            &json!({"k": other})
        ));
        assert!(!alike(
            "map(list(string))",
            &json!({"k": one}),
            &json!({"k": other})
        ));
    }

    #[test]
    fn keys_count_unless_the_type_drops_or_adds_them() {
        let (one, more) = (json!({"a": "1"}), json!({"a": "1", "evil": "2"}));
        for text in ["map(string)", "any", "", "map", "object({ a = string })"] {
            assert!(!alike(text, &one, &more), "{text}");
            assert!(alike(text, &one, &json!({"a": 1})), "{text}");
        }
        assert!(!alike("map(string)", &more, &one));
        // What is not declared is dropped, or stands there as it was given.
        assert!(alike("object({ a = string })", &more, &one));
        assert!(alike("object({ a = string })", &more, &more));
        let text = "object({\n  a = string # one\n  b = optional(string, \"q,\")\n  c = optional(object({ d = optional(number, 3) }), {})\n e = optional(bool)\n})";
        let full = json!({"a": "1", "b": "q,", "c": {"d": 3}, "e": null});
        assert!(alike(text, &one, &full));
        assert!(alike(text, &one, &one));
        assert!(!alike(
            text,
            &one,
            &json!({"a": "1", "b": "evil", "c": {"d": 3}, "e": null})
        ));
        assert!(!alike(
            text,
            &one,
            &json!({"a": "1", "b": "q,", "c": {"d": 4}, "e": null})
        ));
        assert!(!alike(
            text,
            &one,
            &json!({"a": "1", "b": "q,", "c": {"d": 3}, "e": true})
        ));
    }
}
