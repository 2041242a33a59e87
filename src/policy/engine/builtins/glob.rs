//! `glob.match` as OPA has it: `*` and `?` stay within delimiters, `**` does not, wherever it stands.
//!
//! The engine matches as file systems do, where `**` counts only between two slashes.

use regorus::Value;

use super::patterns::compiled;
use super::{Fault, Function, Outcome, types, undefined};

pub(super) const FUNCTIONS: &[Function] = &[("glob.match", 3, matches)];

fn matches(arguments: &[Value]) -> Outcome {
    let [Value::String(pattern), delimiters, Value::String(text)] = arguments else {
        return Err(types());
    };
    let delimiters = delimiters_of(delimiters)?;
    let key = format!("glob {delimiters:?} {pattern}");
    let regex = compiled(&key, || {
        translate(pattern, &delimiters).ok_or_else(|| undefined("the glob cannot be read"))
    })?;
    Ok(Value::from(regex.is_match(text)))
}

/// None for null; a dot for an empty list.
fn delimiters_of(value: &Value) -> Result<Vec<char>, Fault> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) if items.is_empty() => Ok(vec!['.']),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => text.chars().next().ok_or_else(types),
                _ => Err(types()),
            })
            .collect(),
        _ => Err(types()),
    }
}

fn literal(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}

/// A regular expression that matches what the glob matches.
fn translate(glob: &str, delimiters: &[char]) -> Option<String> {
    let within = if delimiters.is_empty() {
        "(?s:.)".to_owned()
    } else {
        let inner: String = delimiters.iter().map(|c| literal(*c)).collect();
        format!("[^{inner}]")
    };
    let mut out = r"\A(?:".to_owned();
    let mut depth = 0_usize;
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => out.push_str("(?s:.)*"),
            '*' => {
                out.push_str(&within);
                out.push('*');
            }
            '?' => out.push_str(&within),
            '\\' => out.push_str(&literal(chars.next()?)),
            '{' => {
                depth += 1;
                out.push_str("(?:");
            }
            ',' if depth > 0 => out.push('|'),
            '}' if depth > 0 => {
                depth -= 1;
                out.push(')');
            }
            '[' => {
                out.push('[');
                if chars.next_if_eq(&'!').is_some() {
                    out.push('^');
                }
                let mut inner = Vec::new();
                loop {
                    match chars.next()? {
                        ']' => break,
                        '\\' => inner.push(chars.next()?),
                        c => inner.push(c),
                    }
                }
                match inner.as_slice() {
                    [low, '-', high] if low <= high => {
                        out.push_str(&format!("{}-{}", literal(*low), literal(*high)));
                    }
                    [] | [_, '-', _] => return None,
                    list => list.iter().for_each(|c| out.push_str(&literal(*c))),
                }
                out.push(']');
            }
            other => out.push_str(&literal(other)),
        }
    }
    out.push_str(r")\z");
    (depth == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_as_in_opa() {
        let given = |items: &[&str]| -> Value {
            Value::from(items.iter().map(|i| Value::from(*i)).collect::<Vec<_>>())
        };
        for (pattern, delimiters, text, expected) in [
            ("*.github.com", given(&[]), "api.github.com", true),
            ("*.github.com", given(&[]), "api.cdn.github.com", false),
            ("*hub.com", Value::Null, "api.cdn.github.com", true),
            ("*.github.com", Value::Null, "api.cdn.github.com", true),
            ("*:github:com", given(&[":"]), "api:github:com", true),
            ("api.**.com", given(&["."]), "api.cdn.github.com", true),
            ("api.*.com", given(&["."]), "api.cdn.github.com", false),
            ("aws_**", given(&["."]), "aws_instance.a", true),
            ("aws_*", given(&["."]), "aws_instance.a", false),
            ("a**z", given(&["/"]), "a/b/z", true),
            (
                "modules/*/main.tf",
                given(&["/"]),
                "modules/a/main.tf",
                true,
            ),
            (
                "modules/*/main.tf",
                given(&["/"]),
                "modules/a/b/main.tf",
                false,
            ),
            ("?at", given(&["."]), "cat", true),
            ("?at", given(&["."]), ".at", false),
            ("[abc]at", given(&["."]), "bat", true),
            ("[!abc]at", given(&["."]), "lat", true),
            ("[a-c]at", given(&["."]), "lat", false),
            ("{cat,bat,[fr]at}", given(&["."]), "rat", true),
            ("{cat,{bat,x*}}", given(&["."]), "xyz", true),
            ("a,b", Value::Null, "a,b", true),
            ("\\*", Value::Null, "*", true),
            ("\\*", Value::Null, "a", false),
            ("a.c", Value::Null, "abc", false),
            ("*", Value::Null, "a\nb", true),
            ("", Value::Null, "", true),
        ] {
            let found = matches(&[Value::from(pattern), delimiters, Value::from(text)]);
            assert!(
                matches!(found, Ok(Value::Bool(found)) if found == expected),
                "{pattern} {text}"
            );
        }
        for pattern in ["{a", "[a", "[]", "a\\"] {
            let found = matches(&[Value::from(pattern), Value::Null, Value::from("a")]);
            assert!(matches!(found, Err(Fault::Undefined(_))), "{pattern}");
        }
    }
}
