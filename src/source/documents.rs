//! JSON documents that are written out in an argument: `jsonencode({ … })`, with what is no literal marked as unknown.
//!
//! `jsonencode` quotes what it is given, so a value that is known only after the apply stays within its place. A template does not:
//! there a value may close the quotes around it. So only `jsonencode` is read.

use serde_json::{Map, Value as Json};

use super::expression::{items, literal};
use super::syntax::Node;
use super::value::Value;

/// The key of the object that stands for a value which is no literal.
const UNKNOWN: &str = "(unknown)";
/// What is nested deeper is unknown.
const MAX_DEPTH: usize = 16;

/// The arguments of a block that are such documents, with their first line.
pub(super) fn documents(node: &Node<'_>) -> Vec<(String, Json, usize)> {
    node.body
        .attributes
        .iter()
        .filter_map(|attribute| {
            let Value::Hcl(bytes) = attribute.value else {
                return None;
            };
            let document = encoded(std::str::from_utf8(bytes).ok()?)?;
            Some((
                attribute.name.clone().into_owned(),
                document,
                attribute.span.line,
            ))
        })
        .collect()
}

/// What `jsonencode` is given, if the text is one call of it with an object that is written out.
fn encoded(text: &str) -> Option<Json> {
    let inner = text.trim().strip_prefix("jsonencode")?.trim_start();
    let inner = inner.strip_prefix('(')?.strip_suffix(')')?;
    match partial(inner, 0) {
        document @ Json::Object(_) if !is_unknown(&document) => Some(document),
        _ => None,
    }
}

fn is_unknown(value: &Json) -> bool {
    value.get(UNKNOWN).is_some()
}

fn unknown() -> Json {
    let mut marker = Map::new();
    marker.insert(UNKNOWN.to_owned(), Json::Bool(true));
    Json::Object(marker)
}

/// The value of an expression, its parts that are no literals marked.
fn partial(text: &str, depth: usize) -> Json {
    let text = text.trim();
    if depth > MAX_DEPTH {
        return unknown();
    }
    if let Some(object) = items(text) {
        return Json::Object(
            object
                .into_iter()
                .map(|(key, value)| (key, partial(&value, depth + 1)))
                .collect(),
        );
    }
    if let Some(elements) = elements(text) {
        return Json::Array(
            elements
                .iter()
                .map(|element| partial(element, depth + 1))
                .collect(),
        );
    }
    literal(text).unwrap_or_else(unknown)
}

/// The elements of a list that is written out.
fn elements(text: &str) -> Option<Vec<String>> {
    if !text.starts_with('[') || !super::expression::closes_at_end(text) {
        return None;
    }
    let list = Value::Hcl(text.as_bytes()).list();
    Some(list.iter().map(|item| item.source().into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn unknown_is(value: &Json) -> bool {
        *value == unknown()
    }

    #[test]
    fn a_policy_with_a_reference_keeps_its_literals() {
        let text = r#"jsonencode({
            Version = "2012-10-17"
            Statement = [
                # what the job reads
                { Effect = "Allow", "Action" = ["s3:GetObject", "s3:List*",], Resource = "${aws_s3_bucket.b.arn}/*" },
                { Effect : "Allow", Action : "sqs:Send${var.what}", Resource : [aws_sqs_queue.q.arn, "*"], Condition : var.when },
            ]
        })"#;
        let marker = unknown();
        assert_eq!(
            encoded(text),
            Some(json!({
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:List*"], "Resource": marker},
                    {"Effect": "Allow", "Action": marker, "Resource": [marker, "*"], "Condition": marker},
                ]
            }))
        );
    }

    #[test]
    fn what_is_computed_is_unknown() {
        for part in [
            "[for s in var.list : s]",
            "{ for s in var.list : s => s }",
            "concat([\"s3:Get*\"], var.more)",
            "[\"s3:Get*\"][0]",
            "var.on ? [\"s3:Get*\"] : [\"s3:*\"]",
            "{ (var.key) = 1 }",
            "\"%{ if var.on }s3:*%{ endif }\"",
            "merge({ Action = \"s3:Get*\" }, var.more)",
            "{ Action = \"s3:Get*\" } == null",
        ] {
            let document = encoded(&format!("jsonencode({{ Statement = {part} }})"));
            let statement = document
                .as_ref()
                .and_then(|document| document.get("Statement"));
            let inner = |value: &Json| {
                value
                    .as_array()
                    .is_some_and(|list| list.iter().all(unknown_is))
            };
            assert!(
                statement.is_some_and(|value| unknown_is(value) || inner(value)),
                "{part}: {document:?}"
            );
        }
    }

    #[test]
    fn other_expressions_are_no_documents() {
        for text in [
            "jsonencode(local.policy)",
            "jsonencode(merge({ a = 1 }, var.x))",
            "jsonencode({ a = 1 }) == \"\" ? \"{}\" : jsonencode({ b = 1 })",
            "base64encode(jsonencode({ a = 1 }))",
            "jsonencode({ for k in var.x : k => k })",
            "jsonencode([1])",
            "jsonencode",
            "\"{}\"",
            "<<EOT\n{\"Action\": \"${x.y}\"}\nEOT\n",
        ] {
            assert_eq!(encoded(text), None, "{text}");
        }
    }
}
