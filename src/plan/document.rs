//! The plan document's top level, in one pass over the text.
//!
//! Lists of changes come as one text per element, states as one text per object, everything else as the text of its key; nothing below
//! is parsed. That is all that one pass can give without a copy, and what every later pass (typed rows, hashes, secrets) works on, in
//! any order and on any thread.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Top-level lists whose order means nothing.
pub(super) const SETS: [&str; 7] = [
    "relevant_attributes",
    "checks",
    "resource_changes",
    "resource_drift",
    "deferred_changes",
    "action_invocations",
    "deferred_action_invocations",
];

/// What stands under one top-level key.
pub(super) enum Part<'a> {
    /// A list, by its elements; `null` is an empty one.
    List(Vec<&'a RawValue>),
    /// `planned_values`, or the `values` of `prior_state`.
    State(State<'a>),
    /// Anything else.
    Other,
}

/// One top-level key.
pub(super) struct Section<'a> {
    pub(super) name: &'a str,
    /// The text of its value.
    pub(super) text: &'a str,
    pub(super) part: Part<'a>,
}

impl Section<'_> {
    pub(super) fn is_null(&self) -> bool {
        self.text == "null"
    }
}

/// The top level of a plan.
pub(super) struct Document<'a> {
    pub(super) sections: Vec<Section<'a>>,
}

impl<'a> Document<'a> {
    /// The section of a key that is present and not null.
    pub(super) fn get(&self, name: &str) -> Option<&Section<'a>> {
        self.sections
            .iter()
            .find(|section| section.name == name && !section.is_null())
    }

    /// The text of a section.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name).map(|section| section.text)
    }

    /// The elements of a list.
    pub(super) fn list(&self, name: &str) -> &[&'a RawValue] {
        match self.get(name).map(|section| &section.part) {
            Some(Part::List(items)) => items,
            _ => &[],
        }
    }

    /// A state.
    pub(super) fn state(&self, name: &str) -> Option<&State<'a>> {
        match self.get(name).map(|section| &section.part) {
            Some(Part::State(state)) => Some(state),
            _ => None,
        }
    }

    /// Reads a document at the beginning of `text`; gives it and the number of bytes that it takes.
    ///
    /// On an error, gives the top-level key in which it occurred.
    pub(super) fn read(text: &'a str) -> Result<(Self, usize), (serde_json::Error, String)> {
        let place = RefCell::new(String::new());
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let result = Keys { place: &place }.deserialize(&mut deserializer);
        let entries = result.map_err(|error| (error, place.take()))?;
        let end = deserializer
            .into_iter::<serde::de::IgnoredAny>()
            .byte_offset();
        let sections = located(text, end, entries);
        Ok((Self { sections }, end))
    }
}

/// Finds the text of each value: it stands between its key and the next one.
fn located<'a>(text: &'a str, end: usize, entries: Vec<(&'a str, Part<'a>)>) -> Vec<Section<'a>> {
    let offset = |key: &str| key.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let starts: Vec<usize> = entries.iter().map(|(key, _)| offset(key)).collect();
    entries
        .into_iter()
        .enumerate()
        .map(|(index, (name, part))| {
            let from = offset(name) + name.len() + 1;
            let (to, closing) = match starts.get(index + 1) {
                Some(next) => (next.saturating_sub(1), ','),
                None => (end, '}'),
            };
            let between = text.get(from..to).unwrap_or_default();
            let value = between.trim_start();
            let value = value.strip_prefix(':').unwrap_or(value).trim();
            let value = value.strip_suffix(closing).unwrap_or(value).trim_end();
            Section {
                name,
                text: value,
                part,
            }
        })
        .collect()
}

/// Reads the top level; `place` follows along.
struct Keys<'p> {
    place: &'p RefCell<String>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = Vec<(&'de str, Part<'de>)>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = Vec<(&'de str, Part<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        // A key that is written with escapes cannot be borrowed, and is no key that Terraform writes.
        while let Some(name) = map.next_key::<&'de str>()? {
            name.clone_into(&mut self.place.borrow_mut());
            let part = match name {
                "planned_values" => map
                    .next_value::<Option<State<'de>>>()?
                    .map_or(Part::Other, Part::State),
                "prior_state" => map
                    .next_value::<Option<Prior<'de>>>()?
                    .map(Prior::into_state)
                    .transpose()
                    .map_err(serde::de::Error::custom)?
                    .map_or(Part::Other, Part::State),
                name if SETS.contains(&name) => {
                    let items: Option<Vec<&RawValue>> = map.next_value()?;
                    Part::List(items.unwrap_or_default())
                }
                _ => {
                    map.next_value::<serde::de::IgnoredAny>()?;
                    Part::Other
                }
            };
            entries.push((name, part));
            self.place.borrow_mut().clear();
        }
        Ok(entries)
    }
}

/// Whether a JSON text spells letters, digits or signs with escapes that need none, as Terraform never does: what is looked for in such a text
/// may stand there unseen.
pub(super) fn spells_oddly(text: &str) -> bool {
    memchr::memmem::find_iter(text.as_bytes(), b"\\u00").any(|at| {
        text.get(at + 4..at + 6)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .is_some_and(|c| c.is_ascii_graphic() && !br#""&<>\"#.contains(&c))
    })
}

/// The first name that stands twice.
pub(super) fn repeated<'n>(names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let mut seen = BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// Fields of an object that are kept as text.
pub(super) type Rest<'a> = Vec<(String, &'a RawValue)>;

/// The values of a state-like tree: `planned_values`, `prior_state`.
pub(super) struct State<'a> {
    pub(super) outputs: Option<&'a RawValue>,
    pub(super) root_module: Option<Module<'a>>,
    /// All other fields; of `prior_state` also those around its values, with a slash before their names.
    pub(super) rest: Rest<'a>,
}

/// A module of a state.
pub(super) struct Module<'a> {
    pub(super) resources: Option<Vec<&'a RawValue>>,
    pub(super) child_modules: Option<Vec<Module<'a>>>,
    pub(super) rest: Rest<'a>,
}

/// `prior_state`: a state inside an envelope.
struct Prior<'a> {
    values: Option<State<'a>>,
    rest: Rest<'a>,
}

impl<'a> Prior<'a> {
    fn into_state(self) -> Result<State<'a>, &'static str> {
        let mut state = self.values.unwrap_or(State {
            outputs: None,
            root_module: None,
            rest: Vec::new(),
        });
        // Such a name could stand for one from around the values.
        if state.rest.iter().any(|(name, _)| name.starts_with('/')) {
            return Err("a name that no state has");
        }
        let around = self.rest.into_iter();
        state
            .rest
            .extend(around.map(|(name, raw)| (format!("/{name}"), raw)));
        Ok(state)
    }
}

/// The fields of any object.
pub(super) struct Fields<'a> {
    pub(super) rest: Rest<'a>,
}

/// Reads an object of which some fields are typed, each at most once, while the others are kept as text.
macro_rules! typed_fields {
    ($name:ident, $what:literal, $($field:ident),*) => {
        impl<'de> Deserialize<'de> for $name<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reading;
                impl<'de> Visitor<'de> for Reading {
                    type Value = $name<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        $(let mut $field: Option<Option<_>> = None;)*
                        let mut rest = Vec::new();
                        while let Some(name) = map.next_key::<String>()? {
                            match name.as_str() {
                                $(stringify!($field) => {
                                    if $field.replace(map.next_value()?).is_some() {
                                        return Err(serde::de::Error::duplicate_field(stringify!($field)));
                                    }
                                })*
                                _ => rest.push((name, map.next_value()?)),
                            }
                        }
                        Ok($name {
                            $($field: $field.flatten(),)*
                            rest,
                        })
                    }
                }
                deserializer.deserialize_map(Reading)
            }
        }
    };
}

typed_fields!(State, "an object of values", outputs, root_module);
typed_fields!(Module, "a module", resources, child_modules);
typed_fields!(Prior, "a state", values);
typed_fields!(Fields, "an object",);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_that_nothing_needs_are_seen() {
        for text in [
            r#"{"sensitive\u005fvalues":{}}"#,
            r#""\u0054""#,
            r#""2026\u002d01""#,
        ] {
            assert!(spells_oddly(text), "{text}");
        }
        for text in [
            r#""a\u003cb\u0026\u003e\u0022\u005c""#,
            r#""\u001b\u2028 \n""#,
            "é",
            r#""\u00""#,
        ] {
            assert!(!spells_oddly(text), "{text}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_found() {
        assert_eq!(repeated(["b", "a", "b"].into_iter()), Some("b"));
        assert_eq!(repeated(["b", "a"].into_iter()), None);
    }
}
