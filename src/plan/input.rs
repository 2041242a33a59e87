//! From bytes to the text of one plan document, or to the name of what the bytes are instead.
//!
//! Phases: `decode` looks at the first bytes (zip, gzip, byte order marks) and makes text of them; then find the one JSON document (the CI
//! wrapper of setup-terraform and loggers put lines around it) and parse its top level without touching the values; `recognise` knows it by
//! its keys.

mod decode;
mod recognise;

use serde_json::value::RawValue;

use super::PlanError;
use super::document::{Document, repeated};
use crate::text::Printable;
pub(super) use decode::decode;
use recognise::{is_event, recognise};

/// Largest plan that is read, in bytes.
pub const MAX_PLAN_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Whether bytes begin like the binary plan file (a zip).
#[must_use]
pub fn is_binary_plan(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Finds the one document in the text and recognises it as a plan.
pub(super) fn document(text: &str) -> Result<Document<'_>, PlanError> {
    let start = document_start(text)?;
    let body = text.get(start..).unwrap_or_default();
    let first_line = text.get(..start).unwrap_or_default().lines().count();
    let (document, end) = Document::read(body)
        .map_err(|(error, place)| json_error(&error, &place, first_line, body))?;
    let rest = body.get(end..).unwrap_or_default();
    check_rest(rest, end, body, first_line, &document, start > 0)?;
    let document = unwrapped(document)?;
    recognise(&document)?;
    if let Some(name) = repeated(document.sections.iter().map(|section| section.name)) {
        return Err(PlanError::DuplicateKey {
            place: key_for_people(name),
        });
    }
    Ok(document)
}

/// HCP Terraform hands policies `{plan, run}`: the plan inside is the document then. A document that is a plan, or has parts of one,
/// around another plan is neither: whichever were read, the other would go unseen.
fn unwrapped(document: Document<'_>) -> Result<Document<'_>, PlanError> {
    let is_plan = |document: &Document<'_>| {
        document.get("format_version").is_some()
            && ["resource_changes", "planned_values", "configuration"]
                .iter()
                .any(|key| document.get(key).is_some())
    };
    let mut inner = document
        .sections
        .iter()
        .filter(|section| section.name == "plan" && section.text.starts_with('{'))
        .filter_map(|section| Document::read(section.text).ok())
        .map(|(inner, _)| inner)
        .filter(is_plan);
    let Some(plan) = inner.next() else {
        return Ok(document);
    };
    let has_parts = document
        .sections
        .iter()
        .any(|section| KEYS.contains(&section.name) && !section.is_null());
    if inner.next().is_some() || has_parts {
        return Err(PlanError::Wrapped {
            key: "plan".to_owned(),
        });
    }
    Ok(plan)
}

fn document_start(text: &str) -> Result<usize, PlanError> {
    let lead = text.len() - text.trim_start().len();
    let trimmed = text.trim_start();
    if trimmed.starts_with('{') {
        return Ok(lead);
    }
    if !trimmed.starts_with("[command]") && serde_json::from_str::<&RawValue>(trimmed).is_ok() {
        return Err(if trimmed.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(trimmed).unwrap_or_default();
            let of_plans = items
                .first()
                .and_then(|item| Document::read(item.get()).ok())
                .is_some_and(|(item, _)| recognise(&item).is_ok());
            PlanError::List { of_plans }
        } else {
            PlanError::NotAPlan {
                reason: "its top level is not an object".to_owned(),
            }
        });
    }
    let mut offset = 0;
    for line in text.split_inclusive('\n').take(1000) {
        if line.starts_with('{') && line.trim_start_matches('{').trim_start().starts_with('"') {
            return Ok(offset);
        }
        offset += line.len();
    }
    Err(recognise::text(text))
}

fn check_rest(
    rest: &str,
    offset: usize,
    body: &str,
    first_line: usize,
    top: &Document<'_>,
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

/// The names that `terraform show -json` gives the parts of a plan.
const KEYS: &[&str] = &[
    "action_invocations",
    "applyable",
    "checks",
    "complete",
    "configuration",
    "deferred_action_invocations",
    "deferred_changes",
    "errored",
    "format_version",
    "output_changes",
    "planned_values",
    "prior_state",
    "proposed_unknown",
    "relevant_attributes",
    "resource_changes",
    "resource_drift",
    "terraform_version",
    "timestamp",
    "variables",
];

/// A top-level key as an error may name it; one that no plan has could be anything.
pub(super) fn key_for_people(key: &str) -> String {
    if KEYS.contains(&key) {
        format!("the top-level key \"{key}\"")
    } else {
        "a top-level key".to_owned()
    }
}

/// A part of the plan as an error may name it.
pub(super) fn part_for_people(key: &str) -> String {
    if KEYS.contains(&key) {
        key.to_owned()
    } else {
        "a part of another name".to_owned()
    }
}

fn json_error(error: &serde_json::Error, place: &str, first_line: usize, body: &str) -> PlanError {
    let (line, column) = (error.line() + first_line, error.column());
    if body.trim_start().starts_with("{\"@level\"") {
        return PlanError::EventStream;
    }
    match error.classify() {
        serde_json::error::Category::Eof => PlanError::Truncated { line, column },
        _ if error.to_string().contains("duplicate field") => PlanError::DuplicateKey {
            place: part_for_people(place),
        },
        serde_json::error::Category::Data if !place.is_empty() => PlanError::Shape {
            place: part_for_people(place),
            problem: problem(error),
        },
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

/// The parser's words without its position; and without quoted text of the document.
pub(super) fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // The position is the last of it; the document's own text may hold these words too.
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(before, _)| before);
    // Texts, numbers and names of the document stand in quotes; what its syntax lacks does too, and is ours.
    let quotes_document = ["invalid ", "unknown ", "duplicate "]
        .iter()
        .any(|start| text.starts_with(start));
    let text = match text.split_once(['"', '`']) {
        Some((before, _)) if quotes_document => match text.rsplit_once(", expected ") {
            Some((_, expected)) => format!("{}, expected {expected}", before.trim_end()),
            None => before.trim_end().to_owned(),
        },
        _ => text.to_owned(),
    };
    Printable::line(&text.chars().take(120).collect::<String>()).into_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn error_of(bytes: &[u8]) -> PlanError {
        match decode(bytes.to_vec()).and_then(|t| document(&t).map(|_| ())) {
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
            assert!(document(&text).is_ok());
        }
    }

    #[test]
    fn a_key_given_twice_at_the_top_is_refused_and_not_shown_at_length() {
        let rest = PLAN.strip_prefix('{').unwrap();
        for key in ["timestamp", "resource_changes", "x"] {
            let twice = format!("{{\"{key}\":null,\"{key}\":[],{rest}");
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
        assert_eq!(
            said("\"hunter2, expected hunter3 at line 1\""),
            "invalid type: string, expected a sequence"
        );
        assert_eq!(said("[\"a\" 1]"), "expected `,` or `]`");
    }

    #[test]
    fn each_mistaken_input_is_named() {
        assert_eq!(error_of(b""), PlanError::Empty);
        assert_eq!(error_of(b" \n"), PlanError::Empty);
        assert!(matches!(
            error_of(b"{\"a\xff\":1}"),
            PlanError::NotUtf8 { offset: 3 }
        ));
        assert_eq!(error_of(b"[]"), PlanError::List { of_plans: false });
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
        for around in [
            format!("{{\"plan\":{PLAN},\"resource_changes\":[]}}"),
            format!("{{\"plan\":{PLAN},\"plan\":{PLAN}}}"),
            format!("{{\"format_version\":\"1.2\",\"planned_values\":{{}},\"plan\":{PLAN}}}"),
        ] {
            let error = error_of(around.as_bytes());
            assert!(matches!(error, PlanError::Wrapped { .. }), "{error}");
        }
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
