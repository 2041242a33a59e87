//! Strings that hold YAML, as a tree, where the tree says all that the text says.
//!
//! What a tree would leave out keeps the text as it is, to be compared line by line: comments that differ, anchors, tags, several
//! documents, keys that repeat, and plain words that readers of YAML take in different ways.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::super::Value;

/// Longest text that is read.
const MAX_TEXT: usize = 256 << 10;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// Words that some readers take for a truth value.
const TRUTHS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];

/// The documents in two texts of several lines.
pub(super) fn documents(before: &Value, after: &Value) -> Option<(Value, Value)> {
    let (Value::Text(before), Value::Text(after)) = (before, after) else {
        return None;
    };
    if comments(before).ne(comments(after)) {
        return None;
    }
    let (a, b) = (document(before)?, document(after)?);
    // The same tree of another text: only the lines can show what differs.
    (a != b).then_some((a, b))
}

/// Lines that may hold a comment.
fn comments(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| line.contains('#'))
}

/// A list or map that is not finished.
enum Open {
    List(Vec<Value>),
    Map(BTreeMap<String, Value>, Option<String>),
}

fn document(text: &str) -> Option<Value> {
    if text.len() > MAX_TEXT || !text.trim_end().contains('\n') || text.contains('\t') {
        return None;
    }
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    let mut started = 0;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        let value = match event {
            Event::DocumentStart(_) => {
                started += 1;
                if started > 1 {
                    return None;
                }
                continue;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
            Event::SequenceStart(0, None) if open.len() < MAX_DEPTH => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(0, None) if open.len() < MAX_DEPTH => {
                open.push(Open::Map(BTreeMap::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                Open::List(items) => Value::List(items),
                Open::Map(fields, None) => Value::Map(fields),
                Open::Map(_, Some(_)) => return None,
            },
            Event::Scalar(word, style, 0, None) => {
                // Where a key is wanted, it is a name, however it is written.
                if let Some(Open::Map(fields, key @ None)) = open.last_mut() {
                    if fields.contains_key(&*word) {
                        return None;
                    }
                    *key = Some(word.into_owned());
                    continue;
                }
                scalar(&word, style)?
            }
            _ => return None,
        };
        match open.last_mut() {
            None => whole = Some(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(fields, key)) => {
                fields.insert(key.take()?, value);
            }
        }
    }
    whole.filter(Value::is_container)
}

/// A scalar; nothing for one that is not the same to every reader.
fn scalar(word: &str, style: ScalarStyle) -> Option<Value> {
    if style != ScalarStyle::Plain {
        return Some(Value::Text(word.to_owned()));
    }
    let small = word.to_ascii_lowercase();
    Some(match small.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        // As a word of its own: a null of the plan is what is absent.
        "" | "~" | "null" => Value::Number("null".to_owned()),
        small if TRUTHS.contains(&small) => return None,
        _ if is_number(word) => Value::Number(word.to_owned()),
        _ if is_odd(word) => return None,
        _ => Value::Text(word.to_owned()),
    })
}

/// Whether a word is a number in JSON too.
fn is_number(word: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(word).is_ok()
}

/// Whether a word may be a number, a time or a date to some reader.
fn is_odd(word: &str) -> bool {
    let version =
        word.matches('.').count() > 1 && word.bytes().all(|c| c == b'.' || c.is_ascii_digit());
    word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && word
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || b"+-.:_ ".contains(&c))
        && !version
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn read(before: &str, after: &str) -> Option<(Value, Value)> {
        documents(&text(before), &text(after))
    }

    #[test]
    fn maps_lists_and_scalars_are_read_as_they_are_written() {
        let (before, after) = read(
            "a: 1.10\nb: [x, \"80\"]\nc:\n  d: 10.0.0.0/8\n",
            "a: 1.1\nb: [x, 80]\nc:\n  d: 10.0.0.0/8\n  e: ~\n",
        )
        .unwrap();
        let json = |text: &str| {
            Value::read(
                Some(text),
                &serde_json::Value::Null,
                &serde_json::Value::Null,
            )
        };
        assert_eq!(
            before,
            json(r#"{"a": 1.10, "b": ["x", "80"], "c": {"d": "10.0.0.0/8"}}"#)
        );
        let Value::Map(after) = after else { panic!() };
        assert_eq!(after["a"], Value::Number("1.1".to_owned()));
        assert_eq!(
            after["c"],
            Value::Map(BTreeMap::from([
                ("d".to_owned(), text("10.0.0.0/8")),
                ("e".to_owned(), Value::Number("null".to_owned())),
            ]))
        );
    }

    #[test]
    fn what_a_tree_would_hide_stays_a_text() {
        let plain = "a: 1\nb: 2\n";
        for other in [
            "a: 1\nb: 2 # why\n",
            "a: 1\nb:   2\n",
            "a: yes\nb: 2\n",
            "a: 012\nb: 2\n",
            "a: 12:30\nb: 2\n",
            "a: 2024-01-01\nb: 2\n",
            "a: &x 1\nb: *x\n",
            "a: !!str 1\nb: 2\n",
            "a: 1\na: 2\n",
            "a: 1\n---\nb: 2\n",
            "a: 1\n\tb: 2\n",
            "just words\nand more\n",
            "? [a]\n: 1\n",
            "a: [\n",
        ] {
            assert_eq!(read(plain, other), None, "{other:?}");
            assert_eq!(read(other, plain), None, "{other:?}");
        }
        assert_eq!(read("a: \"yes\"\nb: 1\n", "a: yes\nb: 2\n"), None);
    }

    #[test]
    fn hostile_texts_end() {
        let deep = format!("{}\nx\n", "[".repeat(100_000));
        let dashes = format!("{}x\ny\n", "- ".repeat(50_000));
        for text in [&deep, &dashes, "\u{0}: \u{1}\n: :\n"] {
            assert_eq!(read(text, "a: 1\nb: 2\n"), None);
        }
    }
}
