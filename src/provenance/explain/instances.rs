//! Instance keys: which instances `count` and `for_each` give at head and base, as far as they can be read.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// The names on the way to an object with their instance keys: `module.a["x"].t.n[0]` gives `module.a` with `"x"` and `module.a.t.n`
/// with `0`.
pub(super) fn steps(address: &str) -> Vec<(String, Option<String>)> {
    let mut steps: Vec<(String, Option<String>)> = Vec::new();
    let mut path = String::new();
    let mut rest = address;
    while let Some(at) = rest.find('[') {
        let (before, behind) = rest.split_at(at);
        path.push_str(before);
        let end = key_end(behind);
        let (key, after) = behind.split_at(end);
        let inner = key.strip_prefix('[').unwrap_or(key);
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        let key =
            serde_json::from_str::<String>(inner).unwrap_or_else(|_not_a_text| inner.to_owned());
        steps.push((path.clone(), Some(key)));
        rest = after;
    }
    path.push_str(rest);
    if !rest.is_empty() {
        steps.push((path, None));
    }
    steps
}

/// Where the key that begins with a bracket ends.
fn key_end(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether a literal `count` or `for_each` gives an instance with this key.
pub(super) fn gives(literal: &Json, key: Option<&str>) -> Option<bool> {
    let Some(key) = key else {
        return Some(false);
    };
    match literal {
        Json::Number(number) => {
            let key: u64 = key.parse().ok()?;
            Some(key < number.as_u64()?)
        }
        Json::Array(items) => {
            let keys: Option<BTreeSet<&str>> = items.iter().map(Json::as_str).collect();
            Some(keys?.contains(key))
        }
        Json::Object(items) => Some(items.contains_key(key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_stand_beside_their_names() {
        let steps = |address| {
            let list = steps(address);
            list.into_iter()
                .map(|(path, key)| format!("{path}={}", key.unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            steps("module.a[\"x].\\\"y\"].module.b.t.n[0]"),
            ["module.a=x].\"y", "module.a.module.b.t.n=0"]
        );
        assert_eq!(steps("t.n"), ["t.n="]);
        assert_eq!(steps("t.n[\"open"), ["t.n=\"open"]);
    }

    #[test]
    fn a_key_is_given_or_not() {
        assert_eq!(gives(&json!(2), Some("1")), Some(true));
        assert_eq!(gives(&json!(2), Some("2")), Some(false));
        assert_eq!(gives(&json!(["a"]), Some("a")), Some(true));
        assert_eq!(gives(&json!({"a": 1}), Some("b")), Some(false));
        assert_eq!(gives(&json!("a"), Some("b")), None);
        assert_eq!(gives(&json!(2), None), Some(false));
    }
}
