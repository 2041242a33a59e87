//! Keys of result objects, as other tools write them, in this program's words.

use serde_json::{Map, Value as Json};

/// Keys that findings are made from; all others are facts.
const KNOWN: [&str; 11] = [
    "address",
    "attribute",
    "deposed",
    "file",
    "line",
    "end_line",
    "severity",
    "certainty",
    "subject",
    "facts",
    "_loc",
];

/// Turns `_loc` into file and line, and keys that nobody asked for (`details`, `metadata`, a resource's name) into facts, so that they
/// are shown and not dropped. A key that is there under this program's own name stays as it is.
pub(in crate::policy) fn understood(fields: Map<String, Json>) -> Map<String, Json> {
    let mut out = Map::new();
    let mut facts = Map::new();
    let mut location = None;
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("_loc", Json::Object(fields)) => location = Some(fields),
            ("facts", Json::Object(fields)) => facts.extend(fields),
            // Other tools shout their severities.
            ("severity", Json::String(word)) => {
                out.insert(key, Json::from(word.to_ascii_lowercase()));
            }
            (name, value) if KNOWN.contains(&name) => {
                out.insert(key, value);
            }
            (name, Json::Object(fields)) => {
                for (inner, value) in fields {
                    facts.entry(format!("{name}.{inner}")).or_insert(value);
                }
            }
            (_, value) => {
                facts.entry(key).or_insert(value);
            }
        }
    }
    for key in ["file", "line"] {
        if let Some(value) = location.as_mut().and_then(|fields| fields.remove(key))
            && !out.contains_key(key)
        {
            out.insert(key.to_owned(), value);
        }
    }
    if !facts.is_empty() {
        out.insert("facts".to_owned(), Json::Object(facts));
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(value: &Json) -> Json {
        Json::Object(understood(value.as_object().unwrap().clone()))
    }

    #[test]
    fn what_other_tools_say_is_kept() {
        assert_eq!(
            of(
                &json!({"address": "a.b", "_loc": {"file": "m.tf", "line": 2}, "details": {"x": 1, "y": [2]}, "resource": "r", "facts": {"z": 3}})
            ),
            json!({"address": "a.b", "file": "m.tf", "line": 2, "facts": {"details.x": 1, "details.y": [2], "resource": "r", "z": 3}})
        );
        // This program's own keys win, and nothing is invented.
        assert_eq!(
            of(&json!({"file": "own.tf", "_loc": {"file": "m.tf"}})),
            json!({"file": "own.tf"})
        );
        assert_eq!(of(&json!({})), json!({}));
    }
}
