//! IAM documents: actions, resources, principals and values of conditions are sets, however they are spelled.

use std::collections::BTreeMap;

use super::super::{Difference, Value};
use super::{Content, Name, Node, Note};

/// Fields of a statement that are sets, or maps of sets.
const SETS: &[&str] = &[
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
];

/// Sets that grant more when they grow.
const GRANTS: &[&str] = &["Action", "Resource", "Principal"];

type Fields = BTreeMap<String, Value>;

/// Two documents in one spelling, where each side that exists is a policy.
pub(super) fn normal(before: &Value, after: &Value) -> Option<(Value, Value)> {
    let side = |value: &Value| match value {
        Value::Null => Some(Value::Null),
        Value::Map(fields) => document(fields),
        _ => None,
    };
    let (a, b) = (side(before)?, side(after)?);
    Some((a, b)).filter(|sides| sides != &(Value::Null, Value::Null))
}

fn document(fields: &Fields) -> Option<Value> {
    let statements = match fields.get("Statement")? {
        Value::List(items) => items.as_slice(),
        one @ Value::Map(_) => std::slice::from_ref(one),
        _ => return None,
    };
    let mut out = Vec::with_capacity(statements.len());
    for statement in statements {
        let Value::Map(fields) = statement else {
            return None;
        };
        if !matches!(fields.get("Effect"), Some(Value::Text(_))) {
            return None;
        }
        out.push(Value::Map(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), field(name, value)))
                .collect(),
        ));
    }
    let mut fields = fields.clone();
    fields.insert("Statement".to_owned(), Value::List(out));
    Some(Value::Map(fields))
}

fn field(name: &str, value: &Value) -> Value {
    match value {
        Value::Map(kinds) if name == "Condition" => Value::Map(
            kinds
                .iter()
                .map(|(operator, keys)| (operator.clone(), sets(keys)))
                .collect(),
        ),
        _ if SETS.contains(&name) => sets(value),
        _ => value.clone(),
    }
}

/// A set, or a map of sets.
fn sets(value: &Value) -> Value {
    match value {
        Value::Map(fields) => Value::Map(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), sets(value)))
                .collect(),
        ),
        Value::List(items) => {
            let mut texts: Vec<&str> = Vec::with_capacity(items.len());
            for item in items {
                // What is no set of texts stays as it is.
                let Value::Text(text) = item else {
                    return value.clone();
                };
                texts.push(text);
            }
            texts.sort_unstable();
            texts.dedup();
            Value::List(
                texts
                    .into_iter()
                    .map(|text| Value::Text(text.to_owned()))
                    .collect(),
            )
        }
        Value::Text(text) => Value::List(vec![Value::Text(text.clone())]),
        other => other.clone(),
    }
}

/// Says of statements and the document whether they grant more or less, where that is plain.
pub(super) fn judge(node: &mut Node, before: &Value, after: &Value) {
    if before == &Value::Null || after == &Value::Null {
        return;
    }
    let (a, b) = (statements(before), statements(after));
    let Content::Branch { parts, .. } = &mut node.content else {
        return;
    };
    let mut verdicts = Vec::new();
    for part in parts
        .iter_mut()
        .filter(|part| part.difference != Difference::Same)
    {
        let is_statement = part.name == Name::Field("Statement".to_owned());
        let Content::Branch { parts, .. } = &mut part.content else {
            return;
        };
        if !is_statement {
            return;
        }
        for part in parts
            .iter_mut()
            .filter(|part| !matches!(part.difference, Difference::Same | Difference::Reordered))
        {
            let Name::Element { before, after, .. } = part.name else {
                continue;
            };
            let verdict = verdict(
                before.and_then(|at| a.get(at)),
                after.and_then(|at| b.get(at)),
            );
            part.notes.extend(verdict);
            verdicts.push(verdict);
        }
    }
    if let [Some(first), rest @ ..] = verdicts.as_slice()
        && rest.iter().all(|verdict| verdict.as_ref() == Some(first))
    {
        node.notes.push(*first);
    }
}

fn statements(document: &Value) -> &[Value] {
    let Value::Map(fields) = document else {
        return &[];
    };
    match fields.get("Statement") {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

fn verdict(before: Option<&Value>, after: Option<&Value>) -> Option<Note> {
    let allows = |statement: &Value| {
        let Value::Map(fields) = statement else {
            return None;
        };
        match fields.get("Effect") {
            Some(Value::Text(effect)) if effect == "Allow" => Some(true),
            Some(Value::Text(effect)) if effect == "Deny" => Some(false),
            _ => None,
        }
    };
    // That less is granted is never said: a part that goes may be covered by another, and a condition that comes may hold always.
    let more = |is_more: bool| is_more.then_some(Note::Widened);
    match (before, after) {
        (None, Some(new)) => more(allows(new)?),
        (Some(old), None) => more(!allows(old)?),
        (Some(Value::Map(a)), Some(Value::Map(b))) => {
            let allows = allows(before?)?;
            let mut grown = None;
            let names = a
                .keys()
                .chain(b.keys().filter(|name| !a.contains_key(*name)));
            for name in names {
                let (x, y) = (a.get(name), b.get(name));
                if x == y || name == "Sid" {
                    continue;
                }
                let is_more = match (name.as_str(), x, y) {
                    (name, Some(x), Some(y)) if GRANTS.contains(&name) => grows(x, y)?,
                    ("Condition", Some(_), None) => true,
                    ("Condition", None, Some(_)) => false,
                    _ => return None,
                };
                if grown.is_some_and(|before| before != is_more) {
                    return None;
                }
                grown = Some(is_more);
            }
            more(grown? == allows)
        }
        _ => None,
    }
}

/// Whether a set only gains elements or only loses some; none where neither is so, or where a pattern that stays covers them.
fn grows(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            let only = |x: &[Value], y: &[Value]| -> Vec<Value> {
                x.iter().filter(|item| !y.contains(item)).cloned().collect()
            };
            // Sets of thousands are not judged.
            if a.len().saturating_mul(b.len()) > 250_000 {
                return None;
            }
            let (gone, new) = (only(a, b), only(b, a));
            let (moved, stays, is_more) = match (gone.is_empty(), new.is_empty()) {
                (true, false) => (new, a, true),
                (false, true) => (gone, b, false),
                _ => return None,
            };
            let is_covered = |item: &Value| stays.iter().any(|kept| covers(kept, item));
            (!moved.iter().any(is_covered)).then_some(is_more)
        }
        (Value::Map(a), Value::Map(b)) => {
            let empty = Value::List(Vec::new());
            let mut grown = None;
            for name in a.keys().chain(b.keys()) {
                let (x, y) = (a.get(name).unwrap_or(&empty), b.get(name).unwrap_or(&empty));
                if x == y {
                    continue;
                }
                let is_more = grows(x, y)?;
                if grown.is_some_and(|before| before != is_more) {
                    return None;
                }
                grown = Some(is_more);
            }
            grown
        }
        _ => None,
    }
}

/// Whether a pattern may stand for an element too; said generously, as it only keeps from saying more.
fn covers(pattern: &Value, item: &Value) -> bool {
    let (Value::Text(pattern), Value::Text(item)) = (pattern, item) else {
        return true;
    };
    pattern.find(['*', '?']).is_some_and(|at| {
        let head = pattern.get(..at).unwrap_or_default().to_ascii_lowercase();
        item.to_ascii_lowercase().starts_with(&head)
    })
}
