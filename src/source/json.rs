//! The JSON syntax (`.tf.json`), read into the same tree as the native one.
//!
//! Which members are blocks is Terraform's schema, not the file's: the kinds and their label counts
//! are listed here. Any label or body may be an object or a list of objects, and a key may repeat, as
//! Terraform allows both. Only the levels that matter are taken apart; nothing here recurses over the
//! depth of the file.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::syntax::{Attribute, Body, Faults, Lines, Node, Parsed};
use super::value::Value;

/// Reads one file in the JSON syntax.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        base: text.as_ptr().addr(),
        lines: Lines::of(text.as_bytes()),
        faults: Faults::default(),
    };
    let mut body = Body::default();
    if bare.trim_start().starts_with('[') {
        match serde_json::from_str::<Vec<&RawValue>>(bare) {
            Ok(list) => list
                .into_iter()
                .for_each(|raw| reader.body("", raw.get(), &mut body)),
            Err(error) => reader.broken(0, &error),
        }
    } else {
        reader.body("", bare, &mut body);
    }
    Parsed {
        body,
        faults: reader.faults,
    }
}

/// How many labels the block `kind` has inside a block `parent` (`""` = the file); `None` = an attribute.
fn labels_of(parent: &str, kind: &str) -> Option<usize> {
    match (parent, kind) {
        ("", "resource" | "data" | "ephemeral" | "action") | ("check", "data") => Some(2),
        ("", "module" | "variable" | "output" | "provider" | "check")
        | ("terraform", "backend" | "provider_meta")
        | ("resource" | "removed", "provisioner") => Some(1),
        ("", "locals" | "terraform" | "moved" | "import" | "removed")
        | ("terraform", "cloud" | "required_providers")
        | ("resource" | "provisioner" | "removed", "connection")
        | ("resource" | "data" | "ephemeral" | "removed", "lifecycle") => Some(0),
        _ => None,
    }
}

struct Reader {
    /// The text's first byte, from which positions are counted.
    base: usize,
    lines: Lines,
    faults: Faults,
}

impl Reader {
    fn offset(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.base)
    }

    fn fault(&mut self, part: &str, message: String) {
        let line = self.lines.line(self.offset(part));
        self.faults.push(line, message);
    }

    fn broken(&mut self, offset: usize, error: &serde_json::Error) {
        let line = self.lines.line(offset) + error.line().saturating_sub(1);
        self.faults.push(
            line,
            format!(
                "The JSON is not valid ({}); what stands before was read.",
                reason(error)
            ),
        );
    }

    /// Adds the members of `text`, an object inside a block `parent`, to `body`.
    fn body<'a>(&mut self, parent: &str, text: &'a str, body: &mut Body<'a>) {
        let (members, error) = members_of(text);
        for (key, value) in members {
            let name = decode(key).unwrap_or_else(|| key.get().trim_matches('"').to_owned());
            if name == "//" {
                continue;
            }
            if let Some(labels) = labels_of(parent, &name) {
                let start = self.offset(key.get());
                let kind = Kind {
                    name: &name,
                    labels,
                };
                self.blocks(&kind, start, value, &mut Vec::new(), &mut body.blocks);
            } else {
                let end = self.offset(value.get()) + value.get().len();
                let span = self.lines.span(self.offset(key.get()), end);
                body.attributes.push(Attribute {
                    name: Cow::Owned(name),
                    span,
                    value: Value::Json(value),
                });
            }
        }
        if let Some(error) = error {
            self.broken(self.offset(text), &error);
        }
    }

    /// Adds the blocks below `value`, whose labels so far are `labels`.
    fn blocks<'a>(
        &mut self,
        kind: &Kind<'_>,
        start: usize,
        value: &'a RawValue,
        labels: &mut Vec<String>,
        into: &mut Vec<Node<'a>>,
    ) {
        let text = value.get();
        if let Some(list) = elements(value) {
            for element in list {
                if element.get().starts_with('[') {
                    self.fault(
                        element.get(),
                        format!("A list in a list is no `{}` block.", kind.name),
                    );
                } else {
                    self.blocks(kind, self.offset(element.get()), element, labels, into);
                }
            }
        } else if !text.starts_with('{') {
            if text != "null" {
                self.fault(
                    text,
                    format!(
                        "A `{}` block must be an object or a list of objects.",
                        kind.name
                    ),
                );
            }
        } else if labels.len() < kind.labels {
            for (key, below) in members(value).0 {
                labels.push(decode(key).unwrap_or_default());
                self.blocks(kind, self.offset(key.get()), below, labels, into);
                labels.pop();
            }
        } else {
            let mut body = Body::default();
            self.body(kind.name, text, &mut body);
            let span = self.lines.span(start, self.offset(text) + text.len());
            let labels = labels.clone();
            into.push(Node {
                kind: Cow::Owned(kind.name.to_owned()),
                labels,
                span,
                closed: true,
                body,
            });
        }
    }
}

struct Kind<'k> {
    name: &'k str,
    labels: usize,
}

/// The message without the position, which the fault carries as its line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The text of a JSON string.
pub(super) fn decode(raw: &RawValue) -> Option<String> {
    let text = raw.get();
    if !text.starts_with('"') {
        return None;
    }
    // A lone surrogate is no Rust string; Terraform reads it as U+FFFD.
    serde_json::from_str(text)
        .ok()
        .or_else(|| Some(text.trim_matches('"').to_owned()))
}

/// The elements of a JSON list.
pub(super) fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    if !raw.get().starts_with('[') {
        return None;
    }
    serde_json::from_str(raw.get()).ok()
}

type Member<'a> = (&'a RawValue, &'a RawValue);

/// The members of a JSON object, repeated keys included.
pub(super) fn members(raw: &RawValue) -> (Vec<Member<'_>>, Option<serde_json::Error>) {
    members_of(raw.get())
}

/// The members of the object in `text`, up to the first error.
fn members_of(text: &str) -> (Vec<Member<'_>>, Option<serde_json::Error>) {
    let mut found = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let outcome = reader
        .deserialize_map(Members(&mut found))
        .and_then(|()| reader.end());
    (found, outcome.err())
}

struct Members<'v, 'a>(&'v mut Vec<Member<'a>>);

impl<'a> Visitor<'a> for Members<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Raw<'a>>()? {
            self.0.push((key.0, map.next_value::<Raw<'a>>()?.0));
        }
        Ok(())
    }
}

/// A borrowed raw value in key position, too.
struct Raw<'a>(&'a RawValue);

impl<'a> Deserialize<'a> for Raw<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(Raw)
    }
}
