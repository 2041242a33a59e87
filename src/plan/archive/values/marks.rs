//! What the plan file says is sensitive, held against the marks of the JSON.
//!
//! The JSON has more marks than the file: those of the provider's schema. So each path of the file must be marked, and other marks are
//! accepted.

use prost::Message;
use serde_json::Value as Json;

use super::token::{self, Token, Unreadable};
use super::walk::{Step, text};
use super::{Dynamic, Side};
use crate::plan::value::Value;

/// `Path`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Path {
    #[prost(message, repeated, tag = "1")]
    steps: Vec<PathStep>,
}

/// `Path.Step`, of which one field is set.
#[derive(Clone, PartialEq, Message)]
struct PathStep {
    #[prost(string, optional, tag = "1")]
    attribute: Option<String>,
    #[prost(message, optional, tag = "2")]
    key: Option<Dynamic>,
}

/// The key of a step.
pub(super) enum Key {
    Name(String),
    Index(usize),
    /// An element of a set, named by its value.
    Element,
}

impl Path {
    /// The keys of its steps.
    pub(super) fn keys(&self) -> Result<Vec<Key>, Unreadable> {
        self.steps.iter().map(key).collect()
    }
}

/// The first path of the file that the JSON does not mark, as far as it leads to something.
pub(super) fn unmarked(
    paths: &[Path],
    value: Option<&Value>,
    side: &Side<'_>,
) -> Result<Option<Vec<Step>>, Unreadable> {
    for path in paths {
        let steps = path.keys()?;
        if !is_marked(&steps, value, side.unknown, side.sensitive) {
            let step = |key: Key| match key {
                Key::Name(name) => Some(Step::Name(name)),
                Key::Index(index) => Some(Step::Index(index)),
                Key::Element => None,
            };
            return Ok(Some(steps.into_iter().map_while(step).collect()));
        }
    }
    Ok(None)
}

/// Whether the marks cover what the steps lead to, where that is there.
pub(super) fn is_marked(
    steps: &[Key],
    value: Option<&Value>,
    unknown: &Json,
    marks: &Json,
) -> bool {
    if marks == &Json::Bool(true) {
        return true;
    }
    let Some((first, rest)) = steps.split_first() else {
        // What is not there cannot be marked.
        return value.is_none() && unknown != &Json::Bool(true);
    };
    if unknown == &Json::Bool(true) {
        return true;
    }
    match (first, value) {
        // Marks below a set are the set's own.
        (Key::Element | Key::Name(_), Some(Value::List(_))) => false,
        (Key::Name(name), value) => {
            let field = match value {
                Some(Value::Map(fields)) => fields.get(name),
                _ => None,
            };
            is_marked(rest, field, get(unknown, name), get(marks, name))
        }
        (Key::Index(index), value) => {
            let item = match value {
                Some(Value::List(items)) => items.get(*index),
                _ => None,
            };
            let unknown = unknown.get(index).unwrap_or(&Json::Null);
            is_marked(rest, item, unknown, marks.get(index).unwrap_or(&Json::Null))
        }
        (Key::Element, _) => true,
    }
}

fn get<'a>(tree: &'a Json, name: &str) -> &'a Json {
    tree.get(name).unwrap_or(&Json::Null)
}

fn key(step: &PathStep) -> Result<Key, Unreadable> {
    let bytes = match step {
        PathStep {
            attribute: Some(name),
            key: None,
        } => return Ok(Key::Name(name.clone())),
        PathStep {
            attribute: None,
            key: Some(key),
        } => &key.msgpack,
        _ => return Err(Unreadable),
    };
    let mut rest = bytes.as_slice();
    let key = match token::next(&mut rest)? {
        Token::Text(name) => Key::Name(text(name).into_owned()),
        Token::Whole(index) => Key::Index(usize::try_from(index).map_err(|_size| Unreadable)?),
        _ => return Ok(Key::Element),
    };
    if rest.is_empty() {
        Ok(key)
    } else {
        Err(Unreadable)
    }
}
