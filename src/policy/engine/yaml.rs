//! YAML through the engine's own reader.

use std::collections::BTreeSet;

use saphyr_parser::{Event, Parser};
use serde_json::Value as Json;

/// Reads one YAML document.
///
/// # Errors
/// With the reader's words, and when a mapping has a key twice: the reader takes the last one.
pub(in crate::policy) fn read(text: &str) -> Result<Json, String> {
    if let Some(key) = repeated(text) {
        return Err(format!("the key {key:?} stands there twice"));
    }
    let value = regorus::Value::from_yaml_str(text).map_err(|error| super::first_line(&error))?;
    serde_json::to_value(&value).map_err(|error| error.to_string())
}

/// The first key that a mapping has twice. What is wrong with the text otherwise is for the reader to say.
fn repeated(text: &str) -> Option<String> {
    /// What is open: a list, or a mapping with its keys and whether the next node is one.
    enum Open {
        List,
        Map(BTreeSet<String>, bool),
    }
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        let scalar = match &event {
            Event::Scalar(word, ..) => Some(word.to_string()),
            _ => None,
        };
        let is_node = matches!(
            event,
            Event::Scalar(..)
                | Event::Alias(_)
                | Event::SequenceStart(..)
                | Event::MappingStart(..)
        );
        if is_node && let Some(Open::Map(keys, is_key)) = open.last_mut() {
            if *is_key
                && let Some(key) = scalar
                && !keys.insert(key.clone())
            {
                return Some(key);
            }
            *is_key = !*is_key;
        }
        match event {
            Event::SequenceStart(..) => open.push(Open::List),
            Event::MappingStart(..) => open.push(Open::Map(BTreeSet::new(), true)),
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        let twice = "custom:\n  enforcement: hard-mandatory\ncustom:\n  enforcement: advisory\n";
        assert_eq!(repeated(twice).as_deref(), Some("custom"));
        assert!(read(twice).is_err());
        for fine in [
            "a: 1\nb: [a, b, {a: 1}, {a: 2}]\nc: {a: b, b: a}\n",
            "- a\n- a\n",
            "a: a\nb: a\n",
        ] {
            assert_eq!(repeated(fine), None, "{fine}");
            assert!(read(fine).is_ok());
        }
    }
}
