//! The attribute diff of one change: what a reviewer reads first.

use serde_json::Value as Json;

use super::value::union;
use super::{Body, Plan, Value};
use std::collections::BTreeSet;

/// How one attribute differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Only after.
    Added,
    /// Only before.
    Removed,
    /// Different before and after.
    Changed,
    /// The same elements in another order.
    Reordered,
    /// The same.
    Same,
}

impl Difference {
    /// The sign in front of the row.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Removed => "-",
            Self::Changed => "~",
            Self::Reordered => "=",
            Self::Same => " ",
        }
    }
}

/// One row of the attribute diff.
#[derive(Clone, Debug)]
pub struct AttributeChange {
    /// Path in Terraform's notation, such as `ingress[0].from_port`.
    pub path: String,
    /// How it differs.
    pub difference: Difference,
    /// Value before.
    pub before: Value,
    /// Value after.
    pub after: Value,
    /// Whether this attribute forces the replacement.
    pub forces_replacement: bool,
}

/// Most rows that one change is expanded into; more are summed up in one row by the views.
pub const MAX_ROWS: usize = 5_000;

impl Plan {
    /// The values of a change before and after, with unknown and sensitive leaves as their own kinds.
    ///
    /// A change without any marks (plans of Terraform before 0.15, or stripped ones) counts as sensitive in every string.
    #[must_use]
    pub fn values(&self, body: &Body) -> (Value, Value) {
        let tree = |span: &Option<super::Span>| {
            span.as_ref()
                .and_then(|s| serde_json::from_str::<Json>(self.slice(s)).ok())
                .unwrap_or(Json::Null)
        };
        let unmarked = body.before_sensitive.is_none() && body.after_sensitive.is_none();
        let marks = union(tree(&body.before_sensitive), tree(&body.after_sensitive));
        let unknown = tree(&body.after_unknown);
        let raw = |span: &Option<super::Span>| span.as_ref().map(|s| self.slice(s));
        let before = Value::read(raw(&body.before), &Json::Null, &marks);
        let after = Value::read(raw(&body.after), &unknown, &marks);
        if unmarked {
            (hide_text(before), hide_text(after))
        } else {
            (before, after)
        }
    }

    /// The attribute diff of a change, in the order of paths.
    #[must_use]
    pub fn attribute_changes(&self, body: &Body) -> Vec<AttributeChange> {
        let (before, after) = self.values(body);
        let forcing: BTreeSet<String> = self.replace_paths(body).into_iter().collect();
        let mut rows = Vec::new();
        compare("", &before, &after, &forcing, &mut rows);
        rows
    }

    /// The attribute paths that force a replacement, in Terraform's notation.
    #[must_use]
    pub fn replace_paths(&self, body: &Body) -> Vec<String> {
        let Some(span) = &body.replace_paths else {
            return Vec::new();
        };
        let paths: Vec<Vec<Json>> = serde_json::from_str(self.slice(span)).unwrap_or_default();
        paths
            .iter()
            .map(|steps| {
                let mut path = String::new();
                for step in steps {
                    match step {
                        Json::String(name) => path = join(&path, name),
                        other => path = format!("{path}[{other}]"),
                    }
                }
                path
            })
            .collect()
    }
}

fn hide_text(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::read(
            Some(&Json::from(text).to_string()),
            &Json::Null,
            &Json::Bool(true),
        ),
        Value::List(items) => Value::List(items.into_iter().map(hide_text).collect()),
        Value::Map(fields) => Value::Map(
            fields
                .into_iter()
                .map(|(name, value)| (name, hide_text(value)))
                .collect(),
        ),
        other => other,
    }
}

fn join(path: &str, name: &str) -> String {
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    match (path.is_empty(), plain) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[{}]", Json::from(name)),
    }
}

fn compare(
    path: &str,
    before: &Value,
    after: &Value,
    forcing: &BTreeSet<String>,
    rows: &mut Vec<AttributeChange>,
) {
    if rows.len() >= MAX_ROWS {
        return;
    }
    match (before, after) {
        (Value::Map(a), Value::Map(b)) if !(a.is_empty() && b.is_empty()) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let (x, y) = (
                    a.get(name).unwrap_or(&Value::Null),
                    b.get(name).unwrap_or(&Value::Null),
                );
                compare(&join(path, name), x, y, forcing, rows);
            }
        }
        (Value::Map(a), Value::Null) if !a.is_empty() => {
            for (name, value) in a {
                compare(&join(path, name), value, &Value::Null, forcing, rows);
            }
        }
        (Value::Null, Value::Map(b)) if !b.is_empty() => {
            for (name, value) in b {
                compare(&join(path, name), &Value::Null, value, forcing, rows);
            }
        }
        (Value::List(a), Value::List(b))
            if a != b && !is_reordered(a, b) && a.iter().chain(b).any(Value::is_container) =>
        {
            for index in 0..a.len().max(b.len()) {
                let (x, y) = (
                    a.get(index).unwrap_or(&Value::Null),
                    b.get(index).unwrap_or(&Value::Null),
                );
                compare(&format!("{path}[{index}]"), x, y, forcing, rows);
            }
        }
        _ => {
            if before != after
                && let (Some(a), Some(b)) = (before.embedded(), after.embedded())
            {
                compare(path, &a, &b, forcing, rows);
                return;
            }
            let difference = match (before, after) {
                _ if before == after => Difference::Same,
                (Value::List(a), Value::List(b)) if is_reordered(a, b) => Difference::Reordered,
                (Value::Null, _) => Difference::Added,
                (_, Value::Null) => Difference::Removed,
                _ => Difference::Changed,
            };
            if difference == Difference::Same && before == &Value::Null {
                return;
            }
            rows.push(AttributeChange {
                path: path.to_owned(),
                difference,
                before: before.clone(),
                after: after.clone(),
                forces_replacement: is_forcing(path, forcing),
            });
        }
    }
}

/// Whether a path or one above it forces the replacement. Looks each of them up: there may be as many forcing paths as rows.
fn is_forcing(path: &str, forcing: &BTreeSet<String>) -> bool {
    forcing.contains(path)
        || path
            .match_indices(['.', '['])
            .filter_map(|(end, _)| path.get(..end))
            .any(|above| forcing.contains(above))
}

fn is_reordered(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len()
        && a.len() <= 500
        && a != b
        && a.iter().all(|item| {
            a.iter().filter(|other| *other == item).count()
                == b.iter().filter(|other| *other == item).count()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_below_a_forcing_path_forces_too() {
        let forcing = BTreeSet::from(["ami", "disk[0].size", "tags[\"a.b\"]"].map(str::to_owned));
        for path in [
            "ami",
            "ami.id",
            "ami[0].id",
            "disk[0].size",
            "disk[0].size[1]",
            "tags[\"a.b\"]",
            "tags[\"a.b\"].c",
        ] {
            assert!(is_forcing(path, &forcing), "{path}");
        }
        for path in [
            "",
            "amis",
            "am",
            "disk[0]",
            "disk[1].size",
            "tags[\"a",
            "tags",
        ] {
            assert!(!is_forcing(path, &forcing), "{path}");
        }
    }
}
