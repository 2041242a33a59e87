//! Canonical bytes of JSON text, for digests.
//!
//! Two texts give the same bytes when they hold the same document: white space, the order of keys and the spelling of
//! strings do not matter; every digit of a number does. A key that is repeated with another value is an error; repeated with an
//! equal value (some providers of Terraform 1.0 wrote that) it counts once. The encoding is injective (strings carry their length), so it needs no
//! escaping. Parsing is `serde_json`'s; a number that does not fit 64 bits is taken from the text, digit by digit.
//!
//! Leaves that must not decide the public digest are replaced: strings equal to the plan's timestamp, and sensitive leaves, which leave
//! a mark here and are gathered in [`Leaves::sensitive`] for the memory-hard pass, in canonical order: the first mark stands for the first.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Digest, Sink};
use crate::text::Redactor;

/// Why a document has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum CanonError {
    /// The text is not JSON, or nested deeper than 128 levels, or an object repeats a key.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// What kind of leaf is met, for tests of what was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// Hashed as it is.
    Plain,
    /// Marked, and gathered for the memory-hard pass.
    Sensitive,
    /// Equal to the plan's own time.
    Timestamp,
}

/// Which leaves are replaced, and the sensitive ones met so far.
pub struct Leaves<'a> {
    /// A string equal to this one is the time of planning, not an effect.
    pub timestamp: Option<&'a str>,
    /// A string in which this redactor finds a secret is sensitive wherever it stands.
    pub redactor: &'a Redactor,
    /// Canonical bytes of the sensitive leaves, in the order of their marks in the canonical text.
    pub sensitive: Vec<u8>,
    /// How many sensitive leaves were met.
    pub count: u64,
}

impl<'a> Leaves<'a> {
    /// Starts with nothing met.
    #[must_use]
    pub fn new(timestamp: Option<&'a str>, redactor: &'a Redactor) -> Self {
        Self {
            timestamp,
            redactor,
            sensitive: Vec::new(),
            count: 0,
        }
    }

    fn kind(&self, text: &str) -> Leaf {
        if self.timestamp == Some(text) {
            Leaf::Timestamp
        } else if self.redactor.finds(text) {
            Leaf::Sensitive
        } else {
            Leaf::Plain
        }
    }

    fn string(&mut self, text: &str, out: &mut Vec<u8>) {
        match self.kind(text) {
            Leaf::Plain => sized(b'"', text.as_bytes(), out),
            Leaf::Timestamp => out.push(b'@'),
            Leaf::Sensitive => {
                out.push(b'*');
                self.count += 1;
                sized(b'"', text.as_bytes(), &mut self.sensitive);
            }
        }
    }
}

/// Hashes one JSON text; `marks` is the tree of sensitivity marks that belongs to it, if there is one.
///
/// # Errors
/// When the text is not JSON, is nested too deeply, or repeats a key with another value.
pub fn hash_json(
    raw: &str,
    marks: Option<&Value>,
    leaves: &mut Leaves<'_>,
) -> Result<Digest, CanonError> {
    let mut out = Vec::with_capacity(raw.len());
    canonical(raw, marks, leaves, &mut out)?;
    let mut sink = Sink::new("json");
    sink.field(&out);
    Ok(sink.finish())
}

/// Hashes a value that is already parsed; meant for the small documents that this program writes itself.
///
/// # Errors
/// When the value is nested too deeply.
pub fn hash_value(value: &Value) -> Result<Digest, CanonError> {
    let redactor = Redactor::default();
    hash_json(&value.to_string(), None, &mut Leaves::new(None, &redactor))
}

fn canonical(
    raw: &str,
    marks: Option<&Value>,
    leaves: &mut Leaves<'_>,
    out: &mut Vec<u8>,
) -> Result<(), CanonError> {
    part(raw, marks, leaves, out, 0)
}

/// Takes the slow way only where something is marked below.
fn part(
    raw: &str,
    marks: Option<&Value>,
    leaves: &mut Leaves<'_>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<(), CanonError> {
    if let Some(marks) = marks.filter(|m| holds_mark(m)) {
        return exact(raw, Some(marks), leaves, out, depth);
    }
    let (start, before, count) = (out.len(), leaves.sensitive.len(), leaves.count);
    let mut inexact = false;
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let walked = Fast {
        leaves,
        out,
        inexact: &mut inexact,
    }
    .deserialize(&mut deserializer)
    .and_then(|()| deserializer.end());
    match walked {
        Ok(()) => {}
        // Terraform's numbers may be larger than any floating point number; the text has them.
        Err(error) if error.to_string().starts_with("number out of range") => inexact = true,
        Err(error) => return Err(error.into()),
    }
    if inexact {
        out.truncate(start);
        leaves.sensitive.truncate(before);
        leaves.count = count;
        return exact(raw, None, leaves, out, depth);
    }
    Ok(())
}

/// Whether a tree of marks marks anything.
fn holds_mark(marks: &Value) -> bool {
    match marks {
        Value::Bool(mark) => *mark,
        Value::Array(items) => items.iter().any(holds_mark),
        Value::Object(fields) => fields.values().any(holds_mark),
        _ => false,
    }
}

fn sized(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// What an entry of an object wrote: its key, all of it, and the sensitive leaves below it.
struct Entry {
    key: Range<usize>,
    bytes: Range<usize>,
    secret: Range<usize>,
}

/// Sorts the entries of an object that were written in document order, and their sensitive leaves with them.
fn sort_entries(
    out: &mut Vec<u8>,
    sensitive: &mut Vec<u8>,
    entries: &[Entry],
) -> Result<(), String> {
    let key = |entry: &Entry| out.get(entry.key.clone()).unwrap_or_default();
    if entries.windows(2).all(|pair| match pair {
        [a, b] => key(a) < key(b),
        _ => true,
    }) {
        return Ok(());
    }
    let mut order: Vec<_> = entries.iter().collect();
    order.sort_by(|a, b| key(a).cmp(key(b)));
    for pair in order.windows(2) {
        if let [a, b] = pair
            && key(a) == key(b)
            && (out.get(a.bytes.clone()) != out.get(b.bytes.clone())
                || sensitive.get(a.secret.clone()) != sensitive.get(b.secret.clone()))
        {
            let name = String::from_utf8_lossy(key(a)).into_owned();
            return Err(name);
        }
    }
    order.dedup_by(|a, b| key(a) == key(b));
    let Some((start, hidden)) = entries.first().map(|e| (e.bytes.start, e.secret.start)) else {
        return Ok(());
    };
    let mut sorted = Vec::with_capacity(out.len() - start);
    let mut secrets = Vec::with_capacity(sensitive.len() - hidden);
    for entry in order {
        sorted.extend_from_slice(out.get(entry.bytes.clone()).unwrap_or_default());
        secrets.extend_from_slice(sensitive.get(entry.secret.clone()).unwrap_or_default());
    }
    out.truncate(start);
    out.extend_from_slice(&sorted);
    sensitive.truncate(hidden);
    sensitive.extend_from_slice(&secrets);
    Ok(())
}

fn duplicate<E: serde::de::Error>(name: &str) -> E {
    let shown: String = name.chars().take(60).collect();
    E::custom(format_args!("duplicate key {shown:?}"))
}

/// Walks once over the text; numbers that do not fit 64 bits set `inexact`.
struct Fast<'c, 'a> {
    leaves: &'c mut Leaves<'a>,
    out: &'c mut Vec<u8>,
    inexact: &'c mut bool,
}

impl<'de> DeserializeSeed<'de> for Fast<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fast<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.out.push(b'n');
        Ok(())
    }
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.out.push(if value { b't' } else { b'f' });
        Ok(())
    }
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        sized(b'#', value.to_string().as_bytes(), self.out);
        Ok(())
    }
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        sized(b'#', value.to_string().as_bytes(), self.out);
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        *self.inexact = true;
        Ok(())
    }
    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.leaves.string(value, self.out);
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        loop {
            let element = Fast {
                leaves: &mut *self.leaves,
                out: &mut *self.out,
                inexact: &mut *self.inexact,
            };
            if seq.next_element_seed(element)?.is_none() {
                break;
            }
        }
        self.out.push(b']');
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        let mut entries = Vec::new();
        loop {
            let (start, hidden) = (self.out.len(), self.leaves.sensitive.len());
            if map
                .next_key_seed(Key {
                    out: &mut *self.out,
                })?
                .is_none()
            {
                break;
            }
            let key = start + 9..self.out.len();
            map.next_value_seed(Fast {
                leaves: &mut *self.leaves,
                out: &mut *self.out,
                inexact: &mut *self.inexact,
            })?;
            entries.push(Entry {
                key,
                bytes: start..self.out.len(),
                secret: hidden..self.leaves.sensitive.len(),
            });
        }
        sort_entries(self.out, &mut self.leaves.sensitive, &entries)
            .map_err(|name| duplicate(&name))?;
        self.out.push(b'}');
        Ok(())
    }
}

/// Writes a key; nine bytes (kind and length) stand before its text.
struct Key<'c> {
    out: &'c mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        sized(b'k', value.as_bytes(), self.out);
        Ok(())
    }
}

/// Entries of an object with their values as text; used where marks or long numbers ask for it.
struct RawEntries<'de>(Vec<(String, &'de RawValue)>);

impl<'de> serde::Deserialize<'de> for RawEntries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = RawEntries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(RawEntries(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

fn exact(
    raw: &str,
    marks: Option<&Value>,
    leaves: &mut Leaves<'_>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<(), CanonError> {
    if depth > 128 {
        return Err(serde_json::Error::custom("nested deeper than 128 levels").into());
    }
    if marks.is_some_and(|m| m == &Value::Bool(true)) {
        out.push(b'*');
        leaves.count += 1;
        let plain = Redactor::default();
        let mut inside = Leaves::new(None, &plain);
        let mut bytes = Vec::new();
        exact(raw, None, &mut inside, &mut bytes, depth + 1)?;
        leaves.sensitive.extend_from_slice(&bytes);
        return Ok(());
    }
    let raw = raw.trim();
    match raw.bytes().next() {
        Some(b'{') => {
            out.push(b'{');
            let RawEntries(fields) = serde_json::from_str(raw)?;
            let mut entries = Vec::with_capacity(fields.len());
            for (name, value) in fields {
                let (start, hidden) = (out.len(), leaves.sensitive.len());
                sized(b'k', name.as_bytes(), out);
                let key = start + 9..out.len();
                part(
                    value.get(),
                    marks.and_then(|m| m.get(&name)),
                    leaves,
                    out,
                    depth + 1,
                )?;
                entries.push(Entry {
                    key,
                    bytes: start..out.len(),
                    secret: hidden..leaves.sensitive.len(),
                });
            }
            sort_entries(out, &mut leaves.sensitive, &entries)
                .map_err(|name| duplicate::<serde_json::Error>(&name))?;
            out.push(b'}');
        }
        Some(b'[') => {
            out.push(b'[');
            let items: Vec<&RawValue> = serde_json::from_str(raw)?;
            for (index, item) in items.into_iter().enumerate() {
                part(
                    item.get(),
                    marks.and_then(|m| m.get(index)),
                    leaves,
                    out,
                    depth + 1,
                )?;
            }
            out.push(b']');
        }
        Some(b'"') => {
            let text: String = serde_json::from_str(raw)?;
            leaves.string(&text, out);
        }
        Some(b't') => out.push(b't'),
        Some(b'f') => out.push(b'f'),
        Some(b'n') => out.push(b'n'),
        _ => sized(b'#', raw.as_bytes(), out),
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::text::RedactorBuilder;

    fn hash(raw: &str) -> Digest {
        hash_json(raw, None, &mut Leaves::new(None, &Redactor::default())).unwrap()
    }

    #[test]
    fn white_space_key_order_and_escapes_do_not_matter() {
        assert_eq!(
            hash(r#"{"b":[1,"A"],"a":null}"#),
            hash("{ \"a\" : null,\n \"b\": [ 1, \"\\u0041\" ] }")
        );
    }

    #[test]
    fn every_leaf_and_every_digit_matters() {
        let documents = [
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":true}"#,
            r#"{"a":[1]}"#,
            r#"{"a":1.5}"#,
            r#"{"a":123456789012345678901234567890}"#,
            r#"{"a":123456789012345678901234567891}"#,
            r#"{"a":1e400}"#,
            r#"{"a":1e401}"#,
            r#"{"a":null}"#,
            "{}",
            r#"{"a":{}}"#,
            r#"{"a":["", ""]}"#,
            r#"{"a":[""]}"#,
        ];
        for (i, a) in documents.iter().enumerate() {
            for (j, b) in documents.iter().enumerate() {
                assert_eq!(hash(a) == hash(b), i == j, "{a} {b}");
            }
        }
    }

    #[test]
    fn the_exact_walk_gives_the_bytes_of_the_fast_one() {
        let raw = r#"{"z":[1,-2,"x",{"k":[],"a":{}}],"b":null,"c":true}"#;
        let redactor = Redactor::default();
        let (mut fast, mut slow) = (Vec::new(), Vec::new());
        canonical(raw, None, &mut Leaves::new(None, &redactor), &mut fast).unwrap();
        exact(raw, None, &mut Leaves::new(None, &redactor), &mut slow, 0).unwrap();
        assert_eq!(fast, slow);
    }

    #[test]
    fn a_key_repeated_with_an_equal_value_counts_once() {
        assert_eq!(hash(r#"{"a":[1],"a":[1]}"#), hash(r#"{"a":[1]}"#));
    }

    #[test]
    fn duplicate_keys_and_deep_nesting_are_errors() {
        let redactor = Redactor::default();
        for raw in [
            r#"{"a":1,"a":2}"#.to_owned(),
            r#"{"b":{"a":1,"c":0.5,"a":2}}"#.to_owned(),
            "[".repeat(200) + &"]".repeat(200),
        ] {
            assert!(hash_json(&raw, None, &mut Leaves::new(None, &redactor)).is_err());
        }
    }

    #[test]
    fn marked_leaves_are_counted_and_kept_out_of_the_public_digest() {
        let redactor = Redactor::default();
        let marks = serde_json::json!({"pin": true, "list": [false, true]});
        let run = |raw: &str| {
            let mut leaves = Leaves::new(None, &redactor);
            let digest = hash_json(raw, Some(&marks), &mut leaves).unwrap();
            (digest, leaves.sensitive, leaves.count)
        };
        let one = run(r#"{"pin":1234,"list":["a","b"],"x":0}"#);
        let two = run(r#"{"pin":1235,"list":["a","c"],"x":0}"#);
        assert_eq!(one.0, two.0);
        assert_ne!(one.1, two.1);
        assert_eq!(one.2, 2);
        assert_ne!(one.0, run(r#"{"pin":1234,"list":["z","b"],"x":0}"#).0);
    }

    #[test]
    fn secrets_that_change_places_change_the_digest() {
        let mut builder = RedactorBuilder::default();
        builder.secret("first-secret");
        builder.secret("other-secret");
        let redactor = builder.build().unwrap();
        let run = |raw: &str| {
            let mut leaves = Leaves::new(None, &redactor);
            (hash_json(raw, None, &mut leaves).unwrap(), leaves.sensitive)
        };
        let one = run(r#"{"a":"first-secret","b":"other-secret"}"#);
        assert_eq!(one, run(r#"{"b":"other-secret","a":"first-secret"}"#));
        assert_ne!(one, run(r#"{"b":"first-secret","a":"other-secret"}"#));
        assert_ne!(one, run(r#"{"a":"other-secret","b":"first-secret"}"#));
    }

    #[test]
    fn a_known_secret_is_sensitive_wherever_it_stands() {
        let mut builder = RedactorBuilder::default();
        builder.secret("hunter2-hunter2");
        let redactor = builder.build().unwrap();
        let mut leaves = Leaves::new(Some("2026-01-01T00:00:00Z"), &redactor);
        hash_json(
            r#"["curl -u x:hunter2-hunter2", "2026-01-01T00:00:00Z", "b"]"#,
            None,
            &mut leaves,
        )
        .unwrap();
        assert_eq!(leaves.count, 1);
    }
}
