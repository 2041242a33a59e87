//! From bytes to the text of one plan document, or to the name of what the bytes are instead.
//!
//! Phases: look at the first bytes (zip, gzip, byte order marks), decode, find the one JSON document (the CI wrapper of
//! setup-terraform and loggers put lines around it), parse its top level without touching the values, and recognise it by its keys.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::PlanError;
use crate::text::Printable;

/// Largest plan that is read, in bytes.
pub const MAX_PLAN_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Whether bytes begin like the binary plan file (a zip).
#[must_use]
pub fn is_binary_plan(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Decodes bytes into text: UTF-8 with or without a byte order mark, or UTF-16 with one.
///
/// # Errors
/// When the bytes are empty, packed, or no text.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, PlanError> {
    if bytes.len() as u64 > MAX_PLAN_BYTES {
        return Err(PlanError::TooLarge {
            limit: MAX_PLAN_BYTES,
        });
    }
    if is_binary_plan(&bytes) {
        return Err(PlanError::Binary {
            reason: "it was given where JSON is read".to_owned(),
        });
    }
    if bytes.starts_with(b"\x1f\x8b") {
        return Err(PlanError::Gzip);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, u16::from_be_bytes);
    }
    let mut text = String::from_utf8(bytes).map_err(|error| PlanError::NotUtf8 {
        offset: error.utf8_error().valid_up_to(),
    })?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    if text.trim().is_empty() {
        return Err(PlanError::Empty);
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, PlanError> {
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [a, b] => unit([*a, *b]),
        _ => 0xFFFD,
    });
    let mut text = String::with_capacity(bytes.len() / 2);
    for (index, decoded) in char::decode_utf16(units).enumerate() {
        let Ok(c) = decoded else {
            return Err(PlanError::NotUtf8 {
                offset: 2 + index * 2,
            });
        };
        text.push(c);
    }
    if bytes.len() % 2 == 1 {
        return Err(PlanError::NotUtf8 {
            offset: bytes.len() + 1,
        });
    }
    if text.trim().is_empty() {
        return Err(PlanError::Empty);
    }
    Ok(text)
}

/// The top level of a JSON object: keys in order, values as text.
pub(super) struct TopLevel<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for TopLevel<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = TopLevel<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<String, &'de RawValue>()? {
                    entries.push(entry);
                }
                Ok(TopLevel(entries))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl<'a> TopLevel<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .find(|(name, value)| name == key && value.get() != "null")
            .map(|(_, value)| *value)
    }
}

/// Finds the one document in the text and recognises it as a plan.
pub(super) fn top_level(text: &str) -> Result<TopLevel<'_>, PlanError> {
    let start = document_start(text)?;
    let body = text.get(start..).unwrap_or_default();
    let first_line = text.get(..start).unwrap_or_default().lines().count();
    let mut stream = serde_json::Deserializer::from_str(body).into_iter::<TopLevel<'_>>();
    let top = match stream.next() {
        None => return Err(PlanError::Empty),
        Some(Err(error)) => return Err(json_error(&error, first_line, body)),
        Some(Ok(top)) => top,
    };
    let rest = body.get(stream.byte_offset()..).unwrap_or_default();
    check_rest(
        rest,
        body.len() - rest.len(),
        body,
        first_line,
        &top,
        start > 0,
    )?;
    let top = unwrapped(top);
    recognise(&top)?;
    no_key_twice(&top)?;
    Ok(top)
}

/// Parsers differ in which of two values they take, whatever the key.
fn no_key_twice(top: &TopLevel<'_>) -> Result<(), PlanError> {
    let mut names = BTreeSet::new();
    match top.0.iter().find(|(name, _)| !names.insert(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let shown = Printable::line(&name.chars().take(60).collect::<String>());
            Err(PlanError::DuplicateKey {
                place: format!("the top-level key \"{shown}\""),
            })
        }
    }
}

/// HCP Terraform hands policies `{plan, run}`: the plan inside is the document then.
fn unwrapped(top: TopLevel<'_>) -> TopLevel<'_> {
    let is_plan = |top: &TopLevel<'_>| {
        top.get("format_version").is_some()
            && ["resource_changes", "planned_values", "configuration"]
                .iter()
                .any(|key| top.get(key).is_some())
    };
    if is_plan(&top) {
        return top;
    }
    let repeats = top.0.iter().filter(|(name, _)| name == "plan").count() > 1;
    let inner = top
        .get("plan")
        .filter(|_| !repeats)
        .and_then(|raw| serde_json::from_str::<TopLevel<'_>>(raw.get()).ok());
    match inner {
        Some(inner) if is_plan(&inner) => inner,
        _ => top,
    }
}

fn document_start(text: &str) -> Result<usize, PlanError> {
    let lead = text.len() - text.trim_start().len();
    let trimmed = text.trim_start();
    if trimmed.starts_with('{') {
        return Ok(lead);
    }
    if trimmed.starts_with('[') && !trimmed.starts_with("[command]") {
        if serde_json::from_str::<&RawValue>(trimmed).is_ok() {
            return Err(PlanError::NotAPlan {
                reason: "its top level is not an object".to_owned(),
            });
        }
    } else if serde_json::from_str::<&RawValue>(trimmed).is_ok() {
        return Err(PlanError::NotAPlan {
            reason: "its top level is not an object".to_owned(),
        });
    }
    let mut offset = 0;
    for line in text.split_inclusive('\n').take(1000) {
        if line.starts_with('{') && line.trim_start_matches('{').trim_start().starts_with('"') {
            return Ok(offset);
        }
        offset += line.len();
    }
    Err(PlanError::HumanText)
}

fn check_rest(
    rest: &str,
    offset: usize,
    body: &str,
    first_line: usize,
    top: &TopLevel<'_>,
    wrapped: bool,
) -> Result<(), PlanError> {
    let rest_text = rest.trim_start();
    if rest_text.is_empty() {
        return Ok(());
    }
    if is_event(top) {
        return Err(PlanError::EventStream);
    }
    let offset = offset + rest.len() - rest_text.len();
    let before = body.get(..offset).unwrap_or_default();
    let line = first_line + before.bytes().filter(|b| *b == b'\n').count() + 1;
    if rest_text.starts_with('{') || rest_text.lines().any(|l| l.starts_with('{')) {
        return Err(PlanError::SeveralDocuments { line });
    }
    if wrapped || rest_text.starts_with("::") {
        return Ok(());
    }
    Err(PlanError::Json {
        line,
        column: 1,
        problem: "text follows the end of the document".to_owned(),
    })
}

fn is_event(top: &TopLevel<'_>) -> bool {
    top.get("@level").is_some() || (top.get("type").is_some() && top.get("@message").is_some())
}

fn recognise(top: &TopLevel<'_>) -> Result<(), PlanError> {
    let has = |key: &str| top.get(key).is_some();
    if is_event(top) {
        return Err(PlanError::EventStream);
    }
    if has("serial") && has("lineage") {
        return Err(PlanError::RawState);
    }
    if has("plan_format_version") || (has("provider_format_version") && has("resource_changes")) {
        return Err(PlanError::Redacted);
    }
    if has("provider_schemas") {
        return Err(PlanError::ProviderSchemas);
    }
    let plan_like = has("resource_changes")
        || has("planned_values")
        || has("configuration")
        || has("resource_drift");
    if !plan_like {
        for key in ["plan", "tfplan", "mock", "terraform"] {
            if has(key) {
                return Err(PlanError::Wrapped {
                    key: key.to_owned(),
                });
            }
        }
        if has("values") && has("format_version") {
            return Err(PlanError::StateJson);
        }
        return Err(PlanError::NotAPlan {
            reason: "it has none of resource_changes, planned_values and configuration".to_owned(),
        });
    }
    let version = top.get("format_version").ok_or(PlanError::NoVersion)?;
    let version: String =
        serde_json::from_str(version.get()).unwrap_or_else(|_| version.get().to_owned());
    let parts: Vec<Option<u32>> = version.split('.').map(|p| p.parse().ok()).collect();
    match parts.as_slice() {
        [Some(0), Some(1 | 2)] | [Some(1), Some(_)] => Ok(()),
        _ => Err(PlanError::Version {
            found: Printable::line(&version.chars().take(20).collect::<String>()).into_string(),
        }),
    }
}

fn json_error(error: &serde_json::Error, first_line: usize, body: &str) -> PlanError {
    let (line, column) = (error.line() + first_line, error.column());
    if body.trim_start().starts_with("{\"@level\"") {
        return PlanError::EventStream;
    }
    match error.classify() {
        serde_json::error::Category::Eof => PlanError::Truncated { line, column },
        _ if error.to_string().contains("recursion limit") => PlanError::TooDeep {
            place: format!("line {line}"),
        },
        _ => PlanError::Json {
            line,
            column,
            problem: problem(error),
        },
    }
}

/// The parser's words without its position; and without text, numbers and marks of the document, which it quotes after a colon.
pub(super) fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if let Some((before, _)) = text.split_once(": string \"") {
        return format!("{before}: a string");
    }
    let text = text.split(" at line ").next().unwrap_or_default();
    if text.starts_with("invalid ")
        && let Some((before, quoted)) = text.split_once(" `")
        && let Some((_, behind)) = quoted.split_once('`')
    {
        return format!("{before}{behind}");
    }
    Printable::line(&text.chars().take(120).collect::<String>()).into_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn error_of(bytes: &[u8]) -> PlanError {
        match decode(bytes.to_vec()).and_then(|t| top_level(&t).map(|_| ())) {
            Err(error) => error,
            Ok(()) => unreachable!("accepted"),
        }
    }

    const PLAN: &str = r#"{"format_version":"1.2","resource_changes":[]}"#;

    #[test]
    fn plans_load_in_each_encoding_and_with_wrapper_lines() {
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(PLAN.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for bytes in [
            PLAN.as_bytes().to_vec(),
            format!("\u{feff}{PLAN}\r\n").into_bytes(),
            utf16,
            format!("[command]/usr/bin/terraform-bin show -json\n{PLAN}\n::debug::stdout: x\n")
                .into_bytes(),
            format!("12:00:00 INFO reading\n{PLAN}").into_bytes(),
            format!("{{\"plan\":{PLAN},\"run\":{{\"id\":\"run-1\"}}}}").into_bytes(),
        ] {
            let text = decode(bytes).unwrap();
            assert!(top_level(&text).is_ok());
        }
    }

    #[test]
    fn a_key_given_twice_at_the_top_is_refused_and_not_shown_at_length() {
        let rest = PLAN.strip_prefix('{').unwrap();
        for key in ["timestamp", "resource_changes", "x", "\\u001b[31m"] {
            let twice = format!("{{\"{key}\":null,\"{key}\":1,{rest}");
            let error = error_of(twice.as_bytes());
            assert!(matches!(error, PlanError::DuplicateKey { .. }), "{error}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
        let long = "k".repeat(100_000);
        let twice = format!("{{\"{long}\":1,\"{long}\":1,{rest}");
        assert!(error_of(twice.as_bytes()).to_string().len() < 300);
    }

    #[test]
    fn what_the_parser_quotes_is_not_repeated() {
        let said = |raw: &str| problem(&serde_json::from_str::<Vec<String>>(raw).unwrap_err());
        assert_eq!(
            said("[12345678]"),
            "invalid type: integer, expected a string"
        );
        assert_eq!(
            said("[1.5e300]"),
            "invalid type: floating point, expected a string"
        );
        assert_eq!(said("[true]"), "invalid type: boolean, expected a string");
        assert_eq!(said("\"hunter2 at line 1\""), "invalid type: a string");
        assert_eq!(said("[\"a\" 1]"), "expected `,` or `]`");
    }

    #[test]
    fn each_mistaken_input_is_named() {
        assert_eq!(error_of(b""), PlanError::Empty);
        assert_eq!(error_of(b" \n"), PlanError::Empty);
        assert_eq!(error_of(b"\x1f\x8b\x08"), PlanError::Gzip);
        assert!(matches!(
            error_of(b"PK\x03\x04xx"),
            PlanError::Binary { .. }
        ));
        assert!(matches!(
            error_of(b"{\"a\xff\":1}"),
            PlanError::NotUtf8 { offset: 3 }
        ));
        assert!(matches!(error_of(b"[]"), PlanError::NotAPlan { .. }));
        assert!(matches!(error_of(b"{}"), PlanError::NotAPlan { .. }));
        assert_eq!(
            error_of(b"Terraform will perform the following"),
            PlanError::HumanText
        );
        assert_eq!(
            error_of(b"{\"@level\":\"info\",\"type\":\"version\"}\n{\"@level\":\"info\"}"),
            PlanError::EventStream
        );
        assert_eq!(
            error_of(b"{\"format_version\":\"1.0\",\"values\":{}}"),
            PlanError::StateJson
        );
        assert_eq!(
            error_of(b"{\"version\":4,\"serial\":1,\"lineage\":\"x\"}"),
            PlanError::RawState
        );
        assert_eq!(
            error_of(b"{\"format_version\":\"1.0\",\"provider_schemas\":{}}"),
            PlanError::ProviderSchemas
        );
        assert_eq!(
            error_of(b"{\"plan_format_version\":\"1.2\",\"resource_changes\":[]}"),
            PlanError::Redacted
        );
        assert!(matches!(
            error_of(b"{\"plan\":{}}"),
            PlanError::Wrapped { .. }
        ));
        assert!(matches!(
            error_of(b"{\"format_version\":\"1.2\","),
            PlanError::Truncated { .. }
        ));
        assert!(matches!(
            error_of(format!("{PLAN}\n{PLAN}").as_bytes()),
            PlanError::SeveralDocuments { line: 2 }
        ));
        assert!(matches!(
            error_of(format!("{PLAN}}}").as_bytes()),
            PlanError::Json { .. }
        ));
        assert_eq!(error_of(b"{\"resource_changes\":[]}"), PlanError::NoVersion);
        for version in ["2.0", "1", "", "0.9", "\\u001b[31m"] {
            let text = format!("{{\"format_version\":\"{version}\",\"resource_changes\":[]}}");
            let error = error_of(text.as_bytes());
            assert!(matches!(&error, PlanError::Version { .. }), "{error}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
    }
}
