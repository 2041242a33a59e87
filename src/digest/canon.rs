//! Canonical bytes of JSON text, for digests.
//!
//! Two texts give the same bytes when they hold the same document: white space, the order of keys and the spelling of
//! strings do not matter; every digit of a number does. A key that is repeated with another value is an error; repeated with an
//! equal value (some providers of Terraform 1.0 wrote that) it counts once. The encoding is injective (strings carry their length), so it
//! needs no escaping; a list or an object of many bytes is replaced by its own digest, so that no more than a few kilobytes are held.
//! Parsing is `serde_json`'s; a number that does not fit 64 bits is taken from the text, digit by digit.

use std::fmt;
use std::io::Write as _;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{Digest, Sink};

/// Why a document has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum CanonError {
    /// The text is not JSON, or nested deeper than 128 levels, or an object repeats a key.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Longest list or object, in canonical bytes, that stands in the one around it as it is.
const INLINE: usize = 4096;

/// Hashes JSON texts; keeps its buffers between them.
#[derive(Default)]
pub struct Canon {
    out: Vec<u8>,
    entries: Vec<Entry>,
}

impl Canon {
    /// Hashes one JSON text. A string equal to `timestamp` counts as "the time of planning", whatever that was.
    ///
    /// # Errors
    /// When the text is not JSON, is nested too deeply, or repeats a key with another value.
    pub fn hash(&mut self, raw: &str, timestamp: Option<&str>) -> Result<Digest, CanonError> {
        self.out.clear();
        self.entries.clear();
        let mut writer = Writer {
            out: &mut self.out,
            entries: &mut self.entries,
            timestamp,
            inexact: false,
        };
        part(raw, &mut writer, 0)?;
        let mut sink = Sink::new("json");
        sink.field(&self.out);
        Ok(sink.finish())
    }
}

/// Hashes one JSON text, see [`Canon::hash`].
///
/// # Errors
/// As [`Canon::hash`].
pub fn hash_json(raw: &str) -> Result<Digest, CanonError> {
    Canon::default().hash(raw, None)
}

/// Key and whole entry of an object, as ranges of the output.
type Entry = (Range<usize>, Range<usize>);

/// Where the canonical bytes go.
struct Writer<'w, 't> {
    out: &'w mut Vec<u8>,
    /// Entries of the objects that are open, one after the other.
    entries: &'w mut Vec<Entry>,
    timestamp: Option<&'t str>,
    /// A number was met that the fast walk cannot write.
    inexact: bool,
}

impl Writer<'_, '_> {
    fn string(&mut self, text: &str) {
        if self.timestamp == Some(text) {
            self.out.push(b'@');
        } else {
            sized(b'"', text.as_bytes(), self.out);
        }
    }

    fn integer(&mut self, value: impl fmt::Display) {
        let mut digits = [0_u8; 24];
        let mut rest = &mut digits[..];
        // No integer of 64 bits is longer.
        let written = write!(rest, "{value}").map_or(0, |()| 24 - rest.len());
        sized(b'#', digits.get(..written).unwrap_or_default(), self.out);
    }

    /// Ends a list or object that began at `start`.
    fn close(&mut self, start: usize) {
        let bytes = self.out.get(start..).unwrap_or_default();
        if bytes.len() > INLINE {
            let digest = Sha256::digest(bytes);
            self.out.truncate(start);
            self.out.push(b'h');
            self.out.extend_from_slice(&digest);
        }
    }

    /// Ends an object: sorts the entries from `first` on, which were written in document order.
    fn close_object(&mut self, start: usize, first: usize) -> Result<(), String> {
        let out = &mut *self.out;
        let entries = self.entries.get(first..).unwrap_or_default();
        let key = |entry: &Entry| out.get(entry.0.clone()).unwrap_or_default();
        let sorted = entries.windows(2).all(|pair| match pair {
            [a, b] => key(a) < key(b),
            _ => true,
        });
        if !sorted {
            let mut order: Vec<_> = entries.iter().collect();
            order.sort_by(|a, b| key(a).cmp(key(b)));
            for pair in order.windows(2) {
                if let [a, b] = pair
                    && key(a) == key(b)
                    && out.get(a.1.clone()) != out.get(b.1.clone())
                {
                    return Err(String::from_utf8_lossy(key(a)).into_owned());
                }
            }
            order.dedup_by(|a, b| key(a) == key(b));
            let begin = entries.first().map_or(out.len(), |e| e.1.start);
            let mut bytes = Vec::with_capacity(out.len().saturating_sub(begin));
            for entry in order {
                bytes.extend_from_slice(out.get(entry.1.clone()).unwrap_or_default());
            }
            out.truncate(begin);
            out.extend_from_slice(&bytes);
        }
        self.entries.truncate(first);
        self.out.push(b'}');
        self.close(start);
        Ok(())
    }
}

/// Takes the slow way only where a long number asks for it.
fn part(raw: &str, writer: &mut Writer<'_, '_>, depth: usize) -> Result<(), CanonError> {
    let (start, first) = (writer.out.len(), writer.entries.len());
    writer.inexact = false;
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let walked = Fast(&mut *writer)
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match walked {
        Ok(()) => {}
        // Terraform's numbers may be larger than any floating point number; the text has them.
        Err(error) if error.to_string().starts_with("number out of range") => {
            writer.inexact = true;
        }
        Err(error) => return Err(error.into()),
    }
    if writer.inexact {
        writer.out.truncate(start);
        writer.entries.truncate(first);
        return exact(raw, writer, depth);
    }
    Ok(())
}

/// Writes a kind, a length and the bytes.
fn sized(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    match u8::try_from(bytes.len()) {
        Ok(short) if short < u8::MAX => out.push(short),
        _ => {
            out.push(u8::MAX);
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        }
    }
    out.extend_from_slice(bytes);
}

/// Writes a key; gives the range of its text.
fn write_key(name: &str, out: &mut Vec<u8>) -> Range<usize> {
    sized(b'k', name.as_bytes(), out);
    out.len() - name.len()..out.len()
}

fn duplicate<E: serde::de::Error>(name: &str) -> E {
    let shown: String = name.chars().take(60).collect();
    E::custom(format_args!("duplicate key {shown:?}"))
}

/// Walks once over the text; numbers that do not fit 64 bits set `inexact`.
struct Fast<'c, 'w, 't>(&'c mut Writer<'w, 't>);

impl<'de> DeserializeSeed<'de> for Fast<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fast<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.out.push(b'n');
        Ok(())
    }
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.out.push(if value { b't' } else { b'f' });
        Ok(())
    }
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.integer(value);
        Ok(())
    }
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.integer(value);
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.0.inexact = true;
        Ok(())
    }
    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.string(value);
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let start = self.0.out.len();
        self.0.out.push(b'[');
        while seq.next_element_seed(Fast(&mut *self.0))?.is_some() {}
        self.0.out.push(b']');
        self.0.close(start);
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (start, first) = (self.0.out.len(), self.0.entries.len());
        self.0.out.push(b'{');
        loop {
            let entry = self.0.out.len();
            let Some(key) = map.next_key_seed(Key(&mut *self.0.out))? else {
                break;
            };
            map.next_value_seed(Fast(&mut *self.0))?;
            self.0.entries.push((key, entry..self.0.out.len()));
        }
        self.0
            .close_object(start, first)
            .map_err(|name| duplicate(&name))
    }
}

/// Writes a key.
struct Key<'c>(&'c mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Range<usize>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Range<usize>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(write_key(value, self.0))
    }
}

/// Entries of an object with their values as text; used where long numbers ask for it.
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

fn exact(raw: &str, writer: &mut Writer<'_, '_>, depth: usize) -> Result<(), CanonError> {
    if depth > 128 {
        return Err(serde_json::Error::custom("nested deeper than 128 levels").into());
    }
    let raw = raw.trim();
    match raw.bytes().next() {
        Some(b'{') => {
            let (start, first) = (writer.out.len(), writer.entries.len());
            writer.out.push(b'{');
            let RawEntries(fields) = serde_json::from_str(raw)?;
            for (name, value) in fields {
                let entry = writer.out.len();
                let key = write_key(&name, writer.out);
                part(value.get(), writer, depth + 1)?;
                writer.entries.push((key, entry..writer.out.len()));
            }
            writer
                .close_object(start, first)
                .map_err(|name| duplicate::<serde_json::Error>(&name))?;
        }
        Some(b'[') => {
            let start = writer.out.len();
            writer.out.push(b'[');
            let items: Vec<&RawValue> = serde_json::from_str(raw)?;
            for item in items {
                part(item.get(), writer, depth + 1)?;
            }
            writer.out.push(b']');
            writer.close(start);
        }
        Some(b'"') => {
            let text: String = serde_json::from_str(raw)?;
            writer.string(&text);
        }
        Some(b't') => writer.out.push(b't'),
        Some(b'f') => writer.out.push(b'f'),
        Some(b'n') => writer.out.push(b'n'),
        _ => sized(b'#', raw.as_bytes(), writer.out),
    }
    Ok(())
}

/// Hashes a value that is already parsed; meant for the small documents that this program writes itself.
///
/// # Errors
/// When the value is nested too deeply.
pub fn hash_value(value: &Value) -> Result<Digest, CanonError> {
    hash_json(&value.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn hash(raw: &str) -> Digest {
        hash_json(raw).unwrap()
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
        let long = "x".repeat(300);
        let documents = [
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":true}"#,
            r#"{"a":[1]}"#,
            r#"{"a":1.5}"#,
            r#"{"a":1.50}"#,
            r#"{"a":123456789012345678901234567890}"#,
            r#"{"a":123456789012345678901234567891}"#,
            r#"{"a":1e400}"#,
            r#"{"a":1e401}"#,
            r#"{"a":null}"#,
            "{}",
            r#"{"a":{}}"#,
            r#"{"a":["", ""]}"#,
            r#"{"a":[""]}"#,
            &format!("[\"{long}\"]"),
            &format!("[\"{long}x\"]"),
            &format!("[\"{long}\",\"x\"]"),
        ];
        for (i, a) in documents.iter().enumerate() {
            for (j, b) in documents.iter().enumerate() {
                assert_eq!(hash(a) == hash(b), i == j, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_leaf_deep_in_a_large_document_matters() {
        let document = |leaf: &str| {
            let items: Vec<String> = (0..500)
                .map(|n| format!(r#"{{"name":"resource-{n}","value":"{leaf}"}}"#))
                .collect();
            let list = items.join(",");
            format!(r#"{{"b":[{list}],"a":{{"list":[{list}]}}}}"#)
        };
        let one = document("x");
        assert_eq!(hash(&one), hash(&one.replace(',', " ,\n ")));
        assert_ne!(hash(&one), hash(&document("y")));
        let at = one.rfind("\"x\"").unwrap();
        let mut other = one.clone();
        other.replace_range(at..at + 3, "\"z\"");
        assert_ne!(hash(&one), hash(&other));
    }

    #[test]
    fn the_exact_walk_gives_the_bytes_of_the_fast_one() {
        let long = "long ".repeat(2000);
        let raw =
            format!(r#"{{"z":[1,-2,"x",{{"k":[],"a":{{}}}}],"b":null,"l":["{long}"],"c":true}}"#);
        let bytes = |walk: fn(&str, &mut Writer<'_, '_>, usize) -> Result<(), CanonError>| {
            let (mut out, mut entries) = (Vec::new(), Vec::new());
            let mut writer = Writer {
                out: &mut out,
                entries: &mut entries,
                timestamp: Some("x"),
                inexact: false,
            };
            walk(&raw, &mut writer, 0).unwrap();
            out
        };
        assert_eq!(bytes(part), bytes(exact));
    }

    #[test]
    fn a_key_repeated_with_an_equal_value_counts_once() {
        assert_eq!(hash(r#"{"a":[1],"a":[1]}"#), hash(r#"{"a":[1]}"#));
    }

    #[test]
    fn duplicate_keys_and_deep_nesting_are_errors() {
        for raw in [
            r#"{"a":1,"a":2}"#.to_owned(),
            r#"{"b":{"a":1,"c":0.5,"a":2}}"#.to_owned(),
            "[".repeat(200) + &"]".repeat(200),
        ] {
            assert!(hash_json(&raw).is_err());
        }
    }

    #[test]
    fn the_time_of_planning_is_no_effect() {
        let at = |time: &str| {
            let raw = format!(r#"{{"made":"{time}","n":1.5,"b":"x {time}"}}"#);
            Canon::default().hash(&raw, Some(time)).unwrap()
        };
        // A text that only holds the time is another text; a value equal to it is not.
        assert_ne!(at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"));
        let only = |time: &str, timestamp| {
            Canon::default()
                .hash(&format!("[\"{time}\"]"), Some(timestamp))
                .unwrap()
        };
        assert_eq!(only("a", "a"), only("b", "b"));
        assert_ne!(only("a", "a"), only("a", "b"));
    }
}
