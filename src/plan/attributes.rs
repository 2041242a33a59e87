//! The attribute diff of one change: what a reviewer reads first.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::value::{is_plain_name, marks, union};
use super::{Body, Plan, Value};

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
    /// The same value, but it becomes sensitive or is no longer so.
    Remarked,
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
            Self::Changed | Self::Remarked => "~",
            Self::Reordered => "=",
            Self::Same => " ",
        }
    }
}

/// How the mark of an attribute changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// It becomes sensitive.
    Gained,
    /// It is no longer sensitive: from now on plans show it in the open.
    Lost,
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
    /// How its mark changes, where it does; also when only a part of the value is concerned.
    pub sensitivity: Option<Sensitivity>,
}

/// Most rows that one change is expanded into; more are summed up in one row by the views.
pub const MAX_ROWS: usize = 5_000;

impl Plan {
    /// The values of a change before and after, with unknown and sensitive leaves as their own kinds.
    ///
    /// A change without any marks (plans of Terraform before 0.15, or stripped ones) counts as sensitive in every string.
    #[must_use]
    pub fn values(&self, body: &Body) -> (Value, Value) {
        let tree = |span: &Option<super::Span>| marks(span.as_ref().map(|s| self.slice(s)));
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
        for (path, sensitivity) in self.mark_changes(body) {
            remark(&path, sensitivity, &mut rows);
        }
        rows
    }

    /// Where an object that stays gains or loses marks.
    pub(super) fn mark_changes(&self, body: &Body) -> BTreeMap<String, Sensitivity> {
        let mut out = BTreeMap::new();
        let (Some(before), Some(after)) = (&body.before_sensitive, &body.after_sensitive) else {
            return out;
        };
        let (before, after) = (self.slice(before), self.slice(after));
        if before != after && body.before.is_some() && body.after.is_some() {
            let unknown = marks(body.after_unknown.as_ref().map(|s| self.slice(s)));
            let (before, after) = (marks(Some(before)), marks(Some(after)));
            compare_marks("", &before, &after, &unknown, &mut out);
        }
        out
    }

    /// The attribute paths that force a replacement, in Terraform's notation.
    #[must_use]
    pub fn replace_paths(&self, body: &Body) -> Vec<String> {
        let Some(span) = &body.replace_paths else {
            return Vec::new();
        };
        let paths: Vec<Vec<&RawValue>> = serde_json::from_str(self.slice(span)).unwrap_or_default();
        paths
            .iter()
            .map(|steps| {
                let mut path = String::new();
                for step in steps {
                    // Numbers are steps with every digit that the plan gives.
                    path = match serde_json::from_str::<String>(step.get()) {
                        Ok(name) => join(&path, &name),
                        Err(_not_a_name) => format!("{path}[{}]", step.get()),
                    };
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

pub(super) fn join(path: &str, name: &str) -> String {
    match (path.is_empty(), is_plain_name(name)) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[{}]", Json::from(name)),
    }
}

/// Most characters of a path that a row keeps at each end: a plan may have keys of megabytes, and thousands of rows below one.
const PATH_END: usize = 1_000;

/// A path as rows have it.
pub(super) fn kept(path: &str) -> String {
    if path.len() <= 2 * PATH_END {
        return path.to_owned();
    }
    let head: String = path.chars().take(PATH_END).collect();
    let tail: Vec<char> = path.chars().rev().take(PATH_END).collect();
    let tail: String = tail.into_iter().rev().collect();
    format!("{head}…{tail}")
}

/// Whether a path lies below another.
pub(super) fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above)
        .is_some_and(|rest| above.is_empty() || rest.starts_with(['.', '[']))
}

/// Collects where exactly one of two trees marks; what is not known yet has no marks of its own.
fn compare_marks(
    path: &str,
    before: &Json,
    after: &Json,
    unknown: &Json,
    out: &mut BTreeMap<String, Sensitivity>,
) {
    if out.len() >= MAX_ROWS || before == after || unknown == &Json::Bool(true) {
        return;
    }
    match (before, after) {
        (Json::Bool(true), _) => {
            out.insert(kept(path), Sensitivity::Lost);
        }
        (_, Json::Bool(true)) => {
            out.insert(kept(path), Sensitivity::Gained);
        }
        (Json::Object(_), _) | (_, Json::Object(_)) => {
            let fields = |tree: &Json| tree.as_object().map(|m| m.keys().cloned().collect());
            let mut names: BTreeSet<String> = fields(before).unwrap_or_default();
            names.extend(fields(after).unwrap_or_default());
            for name in names {
                let of = |tree: &Json| tree.get(&name).cloned().unwrap_or(Json::Bool(false));
                let path = join(path, &name);
                compare_marks(&path, &of(before), &of(after), &of(unknown), out);
            }
        }
        (Json::Array(_), _) | (_, Json::Array(_)) => {
            let length = |tree: &Json| tree.as_array().map_or(0, Vec::len);
            for index in 0..length(before).max(length(after)) {
                let of = |tree: &Json| tree.get(index).cloned().unwrap_or(Json::Bool(false));
                let path = format!("{path}[{index}]");
                compare_marks(&path, &of(before), &of(after), &of(unknown), out);
            }
        }
        _ => {}
    }
}

/// Notes a changed mark on the rows that it concerns; a value that is null on both sides has no row yet.
fn remark(path: &str, sensitivity: Sensitivity, rows: &mut Vec<AttributeChange>) {
    let mut met = false;
    for row in rows.iter_mut() {
        if row.path != path && !is_below(&row.path, path) && !is_below(path, &row.path) {
            continue;
        }
        met = true;
        // What is new or gone has no other side to compare its mark with.
        if matches!(row.difference, Difference::Added | Difference::Removed) {
            continue;
        }
        row.sensitivity = Some(sensitivity);
        if row.difference == Difference::Same {
            row.difference = Difference::Remarked;
        }
    }
    if !met && rows.len() < MAX_ROWS {
        rows.push(AttributeChange {
            path: path.to_owned(),
            difference: Difference::Remarked,
            before: Value::Null,
            after: Value::Null,
            forces_replacement: false,
            sensitivity: Some(sensitivity),
        });
    }
}

pub(super) fn compare(
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
                let from = rows.len();
                compare(path, &a, &b, forcing, rows);
                // Two spellings of one document are a change too, and so is more than fits into the rows.
                let rest = rows.get(from..).unwrap_or_default();
                if rest.iter().any(|row| row.difference != Difference::Same) {
                    return;
                }
                rows.truncate(from);
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
                path: kept(path),
                difference,
                before: before.clone(),
                after: after.clone(),
                forces_replacement: is_forcing(path, forcing),
                sensitivity: None,
            });
        }
    }
}

/// Whether a path, one above it or one below it forces the replacement: a row may stand for a part of what forces it, or for a list or secret
/// that holds it. Looks each of them up: there may be as many forcing paths as rows.
pub(super) fn is_forcing(path: &str, forcing: &BTreeSet<String>) -> bool {
    let holds_forcing = |separator: char| {
        let below = format!("{path}{separator}");
        forcing
            .range(below.clone()..)
            .next()
            .is_some_and(|next| next.starts_with(&below))
    };
    if forcing.contains("") || (path.is_empty() && !forcing.is_empty()) {
        return true;
    }
    holds_forcing('.')
        || holds_forcing('[')
        || forcing.contains(path)
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
    fn long_paths_are_kept_by_their_ends() {
        let path = format!("é{}.last", "k".repeat(1_000_000));
        let short = kept(&path);
        assert!(short.len() < 2 * PATH_END + 10);
        assert!(short.starts_with('é') && short.ends_with("k.last"));
        assert_eq!(kept("tags.owner"), "tags.owner");
    }

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
        // A row for the whole stands for what forces it.
        for path in ["", "disk[0]", "disk", "tags"] {
            assert!(is_forcing(path, &forcing), "{path}");
        }
        for path in ["amis", "am", "disk[1].size", "dis"] {
            assert!(!is_forcing(path, &forcing), "{path}");
        }
    }
}
