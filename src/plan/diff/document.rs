//! Strings that hold something: JSON, and base64 of text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::Value;
use super::Note;

/// Longest string that is taken apart.
const MAX_TEXT: usize = 2 << 20;

/// Shortest base64 that is one; a short word looks the same.
const SHORTEST: usize = 16;

/// Ends of names of attributes that hold base64.
const ENCODED: &[&str] = &["user_data", "custom_data", "base64", "startup_script"];

/// The documents in two strings; a side may be null, but not both.
pub(super) fn json(before: &Value, after: &Value) -> Option<(Value, Value)> {
    let side = |value: &Value| match value {
        Value::Null => Some(Value::Null),
        Value::Text(text) if text.len() <= MAX_TEXT => value.embedded().filter(Value::is_container),
        _ => None,
    };
    Some((side(before)?, side(after)?))
}

type Sides = (Option<String>, Option<String>);

/// What base64 in an attribute of such a name holds; texts only where both sides are text.
pub(super) fn base64(name: &str, before: &Value, after: &Value) -> Option<(Note, Option<Sides>)> {
    if !ENCODED.iter().any(|end| name.ends_with(end)) {
        return None;
    }
    let side = |value: &Value| match value {
        Value::Null => Some(None),
        // The digest that providers keep in place of a script is hexadecimal, and base64 by accident.
        Value::Text(text)
            if (SHORTEST..=MAX_TEXT).contains(&text.len())
                && !text.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            STANDARD.decode(text.trim_end()).ok().map(Some)
        }
        _ => None,
    };
    let (a, b) = (side(before)?, side(after)?);
    let sizes = [&a, &b].map(|bytes| bytes.as_ref().map_or(0, Vec::len));
    let [x, y] = sizes;
    let is_gzip = |bytes: &Option<Vec<u8>>| {
        bytes
            .as_ref()
            .is_some_and(|bytes| bytes.starts_with(&[0x1f, 0x8b]))
    };
    if is_gzip(&a) || is_gzip(&b) {
        return Some((Note::Gzip(x, y), None));
    }
    let text = |bytes: Option<Vec<u8>>| match bytes {
        None => Some(None),
        Some(bytes) => String::from_utf8(bytes)
            .ok()
            .filter(|text| {
                !text
                    .chars()
                    .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            })
            .map(Some),
    };
    match (text(a), text(b)) {
        (Some(a), Some(b)) if a != b => Some((Note::Base64, Some((a, b)))),
        (Some(_), Some(_)) => Some((Note::SpeltAnew, None)),
        _ => Some((Note::Binary(x, y), None)),
    }
}
