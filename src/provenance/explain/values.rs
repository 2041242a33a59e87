//! What the plan says of attributes: before, after, and as drift has it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::graph::PART;
use crate::plan::{Body, Plan, Span};

/// The top-level attributes of an object before and after.
pub(super) struct Fields<'a> {
    before: BTreeMap<String, &'a RawValue>,
    after: BTreeMap<String, &'a RawValue>,
    unknown: BTreeMap<String, &'a RawValue>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(plan: &'a Plan, body: &'a Body) -> Self {
        Self {
            before: fields(plan, body.before.as_ref()),
            after: fields(plan, body.after.as_ref()),
            unknown: fields(plan, body.after_unknown.as_ref()),
        }
    }

    /// Whether this change begins where drift ended and ends where it began, for an attribute or an item of one.
    pub(super) fn undoes(&self, drift: &Fields<'_>, name: &str) -> bool {
        at(&self.before, name) == at(&drift.after, name)
            && at(&drift.before, name) != at(&drift.after, name)
            && (self.is_unknown(name) || at(&self.after, name) == at(&drift.before, name))
    }

    /// Whether an attribute, or an item of one, has this value before and after.
    pub(super) fn keeps(&self, name: &str, value: &Json) -> bool {
        !value.is_null()
            && !self.is_unknown(name)
            && at(&self.before, name) == *value
            && at(&self.after, name) == *value
    }

    /// The items of an attribute that are others after, where it is an object on both sides, or on one of them.
    pub(super) fn changed_items(&self, name: &str) -> Option<BTreeSet<String>> {
        let object = |fields| match at(fields, name) {
            Json::Object(items) => Some(items),
            Json::Null => Some(serde_json::Map::new()),
            _ => None,
        };
        let unknown = match at(&self.unknown, name) {
            Json::Bool(true) => return None,
            Json::Object(items) => items,
            _ => serde_json::Map::new(),
        };
        let (before, after) = (object(&self.before)?, object(&self.after)?);
        let keys = before.keys().chain(after.keys()).chain(unknown.keys());
        let differs = |key: &&String| {
            before.get(*key) != after.get(*key)
                || unknown
                    .get(*key)
                    .is_some_and(|value| value.to_string().contains("true"))
        };
        Some(keys.filter(differs).cloned().collect())
    }

    fn is_unknown(&self, name: &str) -> bool {
        let (top, _) = name.split_once(PART).unwrap_or((name, ""));
        at(&self.unknown, top) == Json::Bool(true)
            || at(&self.unknown, name).to_string().contains("true")
    }
}

fn fields<'a>(plan: &'a Plan, span: Option<&Span>) -> BTreeMap<String, &'a RawValue> {
    let text = span.map_or("null", |span| plan.slice(span));
    serde_json::from_str(text).unwrap_or_default()
}

/// The value of an attribute, or of an item of one; null where there is none.
fn at(fields: &BTreeMap<String, &RawValue>, name: &str) -> Json {
    let (top, item) = match name.split_once(PART) {
        Some((top, item)) => (top, Some(item)),
        None => (name, None),
    };
    let value = fields.get(top);
    let value: Json = value.map_or(Json::Null, |raw| {
        serde_json::from_str(raw.get()).unwrap_or_default()
    });
    match item {
        Some(item) => value.get(item).cloned().unwrap_or_default(),
        None => value,
    }
}

/// The names of top-level attributes whose values or marks differ.
pub(super) fn differing(plan: &Plan, body: &Body) -> BTreeSet<String> {
    let (before, after) = (
        fields(plan, body.before.as_ref()),
        fields(plan, body.after.as_ref()),
    );
    let unknown = fields(plan, body.after_unknown.as_ref());
    let (old_marks, new_marks) = (
        fields(plan, body.before_sensitive.as_ref()),
        fields(plan, body.after_sensitive.as_ref()),
    );
    let names: BTreeSet<&String> = before
        .keys()
        .chain(after.keys())
        .chain(unknown.keys())
        .collect();
    let text = |fields: &BTreeMap<String, &RawValue>, name: &String| {
        fields.get(name).map_or("null", |raw| raw.get()).to_owned()
    };
    let marked = |fields: &BTreeMap<String, &RawValue>, name: &String| {
        fields
            .get(name)
            .is_some_and(|raw| raw.get().contains("true"))
    };
    let same = |a: &str, b: &str| {
        let read = |text: &str| serde_json::from_str::<Json>(text).ok();
        a == b || read(a).is_some_and(|a| Some(a) == read(b))
    };
    let differs = |name: &&String| {
        let is_unknown = unknown
            .get(*name)
            .is_some_and(|raw| raw.get().contains("true"));
        is_unknown
            || !same(&text(&before, name), &text(&after, name))
            || ((marked(&old_marks, name) || marked(&new_marks, name))
                && !same(&text(&old_marks, name), &text(&new_marks, name)))
    };
    names.into_iter().filter(differs).cloned().collect()
}
