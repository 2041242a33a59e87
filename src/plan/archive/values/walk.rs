//! One value of the plan file beside the same value of the JSON.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::number;
use super::token::{self, Token, Unreadable};
use crate::plan::attributes::{join, kept};
use crate::plan::value::{Value, holds_true};

/// Deepest value that is read, counting what dynamic values add; plans nested deeper are refused.
const MAX_DEPTH: usize = 128;

/// What the comparison of one value found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The same; how many leaves it has.
    Same(usize),
    /// Another value, and the way to what differs first.
    Differs(Vec<Step>),
    /// It cannot be told.
    Unreadable,
}

/// A step of the way to a part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An attribute, or a key that the JSON has too.
    Name(String),
    /// A key that only the plan file has: nobody has looked whether it holds a secret.
    Hidden,
    /// An element.
    Index(usize),
}

/// Compares; `unknown` marks what the JSON says is not known. An object's keys are names of attributes, which are no secrets.
pub(super) fn compare(
    bytes: &[u8],
    json: Option<&Value>,
    unknown: &Json,
    is_object: bool,
) -> Found {
    let mut walk = Walk {
        is_object,
        ..Walk::default()
    };
    let mut rest = bytes;
    // At the top a null is left out as an unknown value is.
    let json = match json {
        None | Some(Value::Null) if unknown == &Json::Bool(true) => None,
        None => Some(&Value::Null),
        json => json,
    };
    match walk.value(&mut rest, None, json, unknown, 0) {
        Ok(true) if rest.is_empty() => Found::Same(walk.leaves),
        Ok(false) => Found::Differs(walk.steps),
        Ok(true) | Err(Unreadable) => Found::Unreadable,
    }
}

/// A path for people; below a sensitive part, or below a key that only the file has, no name is shown.
pub(super) fn path(steps: &[Step], sensitive: &Json) -> String {
    let mut out = String::new();
    let mut marks = sensitive;
    for step in steps {
        if marks == &Json::Bool(true) {
            break;
        }
        match step {
            Step::Hidden => break,
            Step::Name(name) => {
                out = join(&out, name);
                marks = marks.get(name).unwrap_or(&Json::Null);
            }
            Step::Index(index) => {
                out.push_str(&format!("[{index}]"));
                marks = marks.get(index).unwrap_or(&Json::Null);
            }
        }
    }
    kept(&out)
}

/// Text as Go writes it into JSON: a byte that belongs to no character becomes a replacement character.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        let lost = chunk.invalid().iter();
        out.extend(lost.map(|_byte| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(out)
}

#[derive(Default)]
struct Walk {
    /// The way to where the walk is; where it ended in a difference, the way to that.
    steps: Vec<Step>,
    leaves: usize,
    /// Whether the keys at the top are names of attributes.
    is_object: bool,
}

impl Walk {
    /// Whether the next value is that of the JSON. `kind` is its cty type where a dynamic value gave it.
    fn value(
        &mut self,
        rest: &mut &[u8],
        kind: Option<&Json>,
        json: Option<&Value>,
        unknown: &Json,
        depth: usize,
    ) -> Result<bool, Unreadable> {
        if depth > MAX_DEPTH {
            return Err(Unreadable);
        }
        let token = token::next(rest)?;
        if token == Token::List(2) && is_dynamic(kind, rest)? {
            let Token::Bytes(text) = token::next(rest)? else {
                return Err(Unreadable);
            };
            let inner: Json = serde_json::from_slice(text).map_err(|_json| Unreadable)?;
            if !is_type(&inner) {
                return Err(Unreadable);
            }
            return self.value(rest, Some(&inner), json, unknown, depth + 1);
        }
        match token {
            Token::List(length) => self.list(length, rest, kind, json, unknown, depth),
            Token::Map(length) => self.map(length, rest, kind, json, unknown, depth),
            leaf => {
                self.leaves += 1;
                is_leaf(&leaf, kind, json, unknown)
            }
        }
    }

    fn list(
        &mut self,
        length: usize,
        rest: &mut &[u8],
        kind: Option<&Json>,
        json: Option<&Value>,
        unknown: &Json,
        depth: usize,
    ) -> Result<bool, Unreadable> {
        let element = |index: usize| match kind.map(parts) {
            None => Ok(None),
            Some(("list" | "set", Some(inner))) => Ok(Some(inner)),
            Some(("tuple", Some(Json::Array(items)))) if items.len() == length => {
                items.get(index).map(Some).ok_or(Unreadable)
            }
            Some(_) => Err(Unreadable),
        };
        if length == 0
            && matches!(kind.map(parts), Some((kind, _)) if !matches!(kind, "list" | "set" | "tuple"))
        {
            return Err(Unreadable);
        }
        let Some(Value::List(items)) = json else {
            return Ok(false);
        };
        let marks = match unknown {
            Json::Array(marks) => marks.as_slice(),
            other if holds_true(other) => return Ok(false),
            _ => &[],
        };
        if items.len() != length || marks.iter().skip(length).any(holds_true) {
            return Ok(false);
        }
        for (index, item) in items.iter().enumerate() {
            self.steps.push(Step::Index(index));
            let unknown = marks.get(index).unwrap_or(&Json::Null);
            // Elements that are not known stand in the JSON as null.
            let item = match (item, unknown) {
                (Value::Null, Json::Bool(true)) => None,
                (item, _) => Some(item),
            };
            if !self.value(rest, element(index)?, item, unknown, depth + 1)? {
                return Ok(false);
            }
            self.steps.pop();
        }
        Ok(true)
    }

    fn map(
        &mut self,
        length: usize,
        rest: &mut &[u8],
        kind: Option<&Json>,
        json: Option<&Value>,
        unknown: &Json,
        depth: usize,
    ) -> Result<bool, Unreadable> {
        match kind.map(parts) {
            None | Some(("map", Some(_))) => {}
            Some(("object", Some(Json::Object(fields)))) if fields.len() == length => {}
            Some(_) => return Err(Unreadable),
        }
        let Some(Value::Map(fields)) = json else {
            return Ok(false);
        };
        if !unknown.is_object() && holds_true(unknown) {
            return Ok(false);
        }
        let mut seen = BTreeSet::new();
        for _ in 0..length {
            let Token::Text(key) = token::next(rest)? else {
                return Err(Unreadable);
            };
            let key = text(key);
            let inner = match kind.map(parts) {
                Some(("object", Some(fields))) => Some(fields.get(key.as_ref()).ok_or(Unreadable)?),
                Some((_, inner)) => inner,
                None => None,
            };
            let field = fields.get(key.as_ref());
            let mark = unknown.get(key.as_ref()).unwrap_or(&Json::Null);
            let is_attribute = self.is_object && self.steps.is_empty();
            let named = field.is_some() || mark != &Json::Null || is_attribute;
            self.steps.push(if named {
                Step::Name(key.clone().into_owned())
            } else {
                Step::Hidden
            });
            if !self.value(rest, inner, field, mark, depth + 1)? {
                return Ok(false);
            }
            self.steps.pop();
            if !seen.insert(key) {
                return Err(Unreadable);
            }
        }
        // What only the JSON has, as a value or as one that is not known.
        let marked = unknown.as_object().into_iter().flatten();
        let more = fields
            .keys()
            .chain(
                marked
                    .filter(|(_, mark)| holds_true(mark))
                    .map(|(name, _)| name),
            )
            .find(|name| !seen.contains(name.as_str()));
        if let Some(name) = more {
            self.steps.push(Step::Name(name.clone()));
            return Ok(false);
        }
        Ok(true)
    }
}

/// Whether a leaf of the file is that of the JSON.
fn is_leaf(
    token: &Token<'_>,
    kind: Option<&Json>,
    json: Option<&Value>,
    unknown: &Json,
) -> Result<bool, Unreadable> {
    if token == &Token::Unknown {
        return Ok(json.is_none() && unknown == &Json::Bool(true));
    }
    let fits = match (token, kind.map(parts)) {
        (Token::Bytes(_), _) => false,
        (Token::Null, _) | (_, None) => true,
        (Token::Bool(_), Some((kind, _))) => kind == "bool",
        (Token::Text(_), Some((kind, _))) => kind == "string" || kind == "number",
        (_, Some((kind, _))) => kind == "number",
    };
    if !fits {
        return Err(Unreadable);
    }
    let kind = kind.map(|kind| parts(kind).0);
    let same = match (token, json) {
        (Token::Null, Some(Value::Null)) => true,
        (Token::Bool(file), Some(Value::Bool(json))) => file == json,
        (Token::Whole(_) | Token::Float(_), Some(Value::Number(json))) => {
            number::is_number(token, json)
        }
        (Token::Text(file), Some(Value::Text(json))) => {
            kind != Some("number") && text(file) == json.as_str()
        }
        // A number that fits neither an integer nor a float is written as text.
        (Token::Text(file), Some(Value::Number(json))) => {
            kind != Some("string")
                && number::is_written_as_text(file)
                && number::is_number(token, json)
        }
        _ => false,
    };
    Ok(same && !holds_true(unknown))
}

/// Whether a list of two is a type and a value of it. Only a type is written as bytes; text that could be read as one is refused.
fn is_dynamic(kind: Option<&Json>, rest: &[u8]) -> Result<bool, Unreadable> {
    if let Some(kind) = kind {
        return Ok(kind == "dynamic");
    }
    let mut rest = rest;
    Ok(match rest.first().map(|_byte| token::next(&mut rest)) {
        Some(Ok(Token::Bytes(_))) => true,
        Some(Ok(Token::Text(text))) => {
            let kind = serde_json::from_slice::<Json>(text);
            if kind.is_ok_and(|kind| is_type(&kind)) {
                return Err(Unreadable);
            }
            false
        }
        _ => false,
    })
}

/// Whether JSON is a cty type, as far as its outermost part tells.
pub(super) fn is_type(json: &Json) -> bool {
    matches!(
        parts(json),
        ("bool" | "number" | "string" | "dynamic", None)
            | ("list" | "set" | "map", Some(_))
            | ("object", Some(Json::Object(_)))
            | ("tuple", Some(Json::Array(_)))
    )
}

/// Name and argument of a cty type.
fn parts(kind: &Json) -> (&str, Option<&Json>) {
    match kind {
        Json::String(name) => (name, None),
        Json::Array(parts) => match parts.as_slice() {
            // The third part of an object type names its optional attributes.
            [Json::String(name), argument] | [Json::String(name), argument, _] => {
                (name, Some(argument))
            }
            _ => ("", None),
        },
        _ => ("", None),
    }
}
