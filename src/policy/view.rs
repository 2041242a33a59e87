//! Which rows of the plan a shipped rule looks at, and how much of them.
//!
//! Building engine values is what a check costs most, and attribute trees are most of a plan. The shipped rules say in their annotations
//! what they can do without: `custom.actions` (rows with none of these words cannot matter), `custom.values` (`none`, or the rule of
//! the package that gives globs of resource types: rows of other types come without attribute values) and `custom.rows` (`values`:
//! those rows do not come at all; always so for rules that see the plan in slices). Rules from elsewhere always see everything.

use std::collections::HashMap;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::plan::{Action, Plan, ResourceChange};

/// Which attribute values a rule reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Values {
    /// All.
    #[default]
    All,
    /// Those of resource types that match one of these globs.
    Of(Vec<String>),
}

/// What a rule sees of the list of resource changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// Words of actions of which a row has at least one; rows of any action when `None`.
    pub(super) actions: Option<Vec<String>>,
    /// Attribute values.
    pub(super) values: Values,
    /// Rows whose values are not read are left out altogether.
    pub(super) only_values: bool,
}

/// A view, ready to be laid over a plan.
pub(super) struct Lens<'p> {
    plan: &'p Plan,
    view: View,
    types: Option<GlobSet>,
}

impl<'p> Lens<'p> {
    /// Prepares a view.
    ///
    /// # Errors
    /// When a type's glob cannot be read.
    pub(super) fn new(plan: &'p Plan, view: &View) -> Result<Self, String> {
        let types = match &view.values {
            Values::All => None,
            Values::Of(globs) => {
                let mut set = GlobSetBuilder::new();
                for glob in globs {
                    set.add(Glob::new(glob).map_err(|error| error.to_string())?);
                }
                Some(set.build().map_err(|error| error.to_string())?)
            }
        };
        Ok(Self {
            plan,
            view: view.clone(),
            types,
        })
    }

    /// The rows to look at, each with whether its values are wanted.
    pub(super) fn rows(&self) -> Vec<(&'p ResourceChange, bool)> {
        let mut known: HashMap<&str, bool> = HashMap::new();
        let mut rows = Vec::new();
        for change in &self.plan.changes {
            let looked_at = self.view.actions.as_ref().is_none_or(|words| {
                // Of a row with words that nobody knows it cannot be said what it does not do.
                change.action == Action::Unknown
                    || change
                        .words
                        .iter()
                        .any(|word| words.iter().any(|wanted| wanted == word))
            });
            if !looked_at {
                continue;
            }
            let values = self.types.as_ref().is_none_or(|types| {
                *known
                    .entry(&change.kind)
                    .or_insert_with(|| types.is_match(change.kind.as_ref()))
            });
            if values || !self.view.only_values {
                rows.push((change, values));
            }
        }
        rows
    }

    /// Writes rows as a JSON list.
    pub(super) fn list(&self, rows: &[(&ResourceChange, bool)]) -> String {
        let mut out = String::from("[");
        for (index, (change, values)) in rows.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            if *values {
                out.push_str(self.plan.slice(&change.span));
            } else {
                self.plan.write_outline(change, &mut out);
            }
        }
        out.push(']');
        out
    }
}

impl View {
    /// All rows, without attribute values.
    pub(super) fn outline() -> Self {
        Self {
            values: Values::Of(Vec::new()),
            ..Self::default()
        }
    }

    /// Reads the annotation of a shipped rule; `narrow` leaves out rows without values, `globs` gives the elements of another rule of its
    /// package.
    ///
    /// # Errors
    /// When the annotation or that rule is wrong.
    pub(super) fn read(
        actions: Option<&serde_json::Value>,
        values: Option<&str>,
        narrow: bool,
        globs: impl FnOnce(&str) -> Result<Vec<String>, String>,
    ) -> Result<Self, String> {
        let mut view = Self::default();
        if let Some(actions) = actions {
            let words: Vec<String> = serde_json::from_value(actions.clone())
                .map_err(|error| format!("custom.actions: {error}"))?;
            view.actions = Some(words);
        }
        match values {
            None => {}
            Some("none") => view.values = Values::Of(Vec::new()),
            Some(rule) => {
                let mut globs = globs(rule).map_err(|error| format!("{rule}: {error}"))?;
                globs.sort();
                globs.dedup();
                view.values = Values::Of(globs);
                view.only_values = narrow;
            }
        }
        Ok(view)
    }

    /// A short text for error messages.
    pub(super) fn place(&self) -> String {
        match &self.values {
            Values::All => "resource_changes".to_owned(),
            Values::Of(globs) => format!("resource_changes ({} types)", globs.len()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn plan() -> Plan {
        let row = |kind: &str, actions: &[&str]| {
            json!({"address": format!("{kind}.x"), "type": kind, "name": "x",
                "change": {"actions": actions, "before": {"a": 1}, "after": {"a": 2}}})
        };
        let rows = [
            row("aws_iam_role", &["update"]),
            row("aws_instance", &["delete", "create"]),
            row("aws_instance", &["no-op"]),
        ];
        let text = json!({"format_version": "1.2", "resource_changes": rows}).to_string();
        Plan::read(text.into_bytes()).unwrap()
    }

    fn seen(view: &View) -> Json {
        let plan = plan();
        let lens = Lens::new(&plan, view).unwrap();
        let list: Json = serde_json::from_str(&lens.list(&lens.rows())).unwrap();
        list.as_array()
            .unwrap()
            .iter()
            .map(|row| json!([row["type"], row["change"]["after"]]))
            .collect()
    }

    #[test]
    fn a_view_leaves_out_rows_and_values() {
        let all = json!([
            ["aws_iam_role", {"a": 2}],
            ["aws_instance", {"a": 2}],
            ["aws_instance", {"a": 2}]
        ]);
        assert_eq!(seen(&View::default()), all);
        let view = |actions: Option<Json>, values, sliced| {
            View::read(actions.as_ref(), values, sliced, |_| {
                Ok(vec!["aws_iam_*".to_owned()])
            })
            .unwrap()
        };
        assert_eq!(
            seen(&view(Some(json!(["delete"])), Some("none"), true)),
            json!([["aws_instance", null]])
        );
        assert_eq!(
            seen(&view(None, Some("value_types"), false)),
            json!([["aws_iam_role", {"a": 2}], ["aws_instance", null], ["aws_instance", null]])
        );
        assert_eq!(
            seen(&view(None, Some("value_types"), true)),
            json!([["aws_iam_role", {"a": 2}]])
        );
    }

    fn addresses_with(words: &[&str], rows: &Json) -> Vec<String> {
        let text = json!({"format_version": "1.2", "resource_changes": rows}).to_string();
        let plan = Plan::read(text.into_bytes()).unwrap();
        let view = View::read(Some(&json!(words)), Some("none"), true, |_| Ok(Vec::new())).unwrap();
        let lens = Lens::new(&plan, &view).unwrap();
        let list: Json = serde_json::from_str(&lens.list(&lens.rows())).unwrap();
        list.as_array()
            .unwrap()
            .iter()
            .map(|row| row["address"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn rows_are_chosen_by_their_words_and_a_word_that_nobody_knows_chooses_its_row() {
        let row = |name: &str, actions: &[&str]| {
            json!({"address": format!("a.{name}"), "type": "a", "name": name,
                "change": {"actions": actions, "before": {"x": 1}, "after": {"x": 2}}})
        };
        let rows = json!([
            row("same", &["no-op"]),
            row("read", &["read"]),
            row("made", &["create"]),
            row("changed", &["update"]),
            row("gone", &["delete"]),
            row("swapped", &["create", "delete"]),
            row("left", &["forget"]),
            row("renewed", &["create", "forget"]),
            row("odd", &["invent"]),
            row("mixed", &["no-op", "invent"]),
            row("silent", &[]),
        ]);
        let unknown = ["a.odd", "a.mixed", "a.silent"];
        let seen = |words: &[&str]| {
            let mut seen = addresses_with(words, &rows);
            seen.retain(|address| !unknown.contains(&address.as_str()));
            seen
        };
        assert_eq!(seen(&["delete"]), ["a.gone", "a.swapped"]);
        assert_eq!(seen(&["forget"]), ["a.left", "a.renewed"]);
        assert_eq!(
            seen(&["create", "update"]),
            ["a.made", "a.changed", "a.swapped", "a.renewed"]
        );
        for words in [&["delete"][..], &["forget"], &["create"]] {
            let seen = addresses_with(words, &rows);
            for address in unknown {
                assert!(seen.iter().any(|s| s == address), "{address}: {seen:?}");
            }
        }
    }

    #[test]
    fn wrong_annotations_are_errors() {
        assert!(View::read(Some(&json!("delete")), None, true, |_| Ok(vec![])).is_err());
        assert!(View::read(None, Some("types"), true, |_| Err("no".to_owned())).is_err());
    }
}
