//! The published JSON Schema of the report, and the check of a document against it.
//!
//! The check knows the keywords that the schema uses and no others: one that it does not know is an error, never skipped. It stands before
//! everything that reads a report back, and tests hold every report against it.

use regex::Regex;
use serde_json::{Map, Value as Json};

/// The schema `countersign.report/v1`, as JSON Schema 2020-12.
pub const SCHEMA: &str = include_str!("schema/report.json");

/// Where a document is not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Mismatch {
    /// Path of keys and indices; `the report` for the whole.
    pub place: String,
    /// What is wrong there, without any value of it.
    pub problem: String,
}

/// Holds a document against the schema of reports.
///
/// # Errors
/// The first place where it does not fit.
pub fn check(document: &Json) -> Result<(), Mismatch> {
    let schema: Json = serde_json::from_str(SCHEMA).map_err(|error| Mismatch {
        place: "the schema".to_owned(),
        problem: error.to_string(),
    })?;
    Checker { root: &schema }.check(&schema, document, "")
}

struct Checker<'a> {
    root: &'a Json,
}

impl Checker<'_> {
    fn check(&self, schema: &Json, value: &Json, place: &str) -> Result<(), Mismatch> {
        let fail = |problem: String| {
            Err(Mismatch {
                place: if place.is_empty() {
                    "the report".to_owned()
                } else {
                    place.to_owned()
                },
                problem,
            })
        };
        let Json::Object(keywords) = schema else {
            return fail("its schema is no object".to_owned());
        };
        for (keyword, wanted) in keywords {
            match keyword.as_str() {
                // The last two stand with `properties`.
                "$schema"
                | "$defs"
                | "title"
                | "description"
                | "required"
                | "additionalProperties" => {}
                "$ref" => {
                    let name = wanted.as_str().and_then(|r| r.strip_prefix("#/$defs/"));
                    match name.and_then(|name| self.root.get("$defs")?.get(name)) {
                        Some(schema) => self.check(schema, value, place)?,
                        None => return fail("its schema cannot be found".to_owned()),
                    }
                }
                "type" => {
                    if !words(wanted).any(|word| is_of(value, word)) {
                        let words: Vec<&str> = words(wanted).collect();
                        return fail(format!("it is not of type {}", words.join(" or ")));
                    }
                }
                "const" => {
                    if value != wanted {
                        return fail(format!("it is not {wanted}"));
                    }
                }
                "enum" => {
                    if !wanted.as_array().is_some_and(|all| all.contains(value)) {
                        return fail(format!("it is none of {wanted}"));
                    }
                }
                "pattern" => {
                    let pattern = wanted.as_str().and_then(|p| Regex::new(p).ok());
                    let text = value.as_str().unwrap_or_default();
                    if !pattern.is_some_and(|pattern| pattern.is_match(text)) {
                        return fail(format!("it does not match {wanted}"));
                    }
                }
                "minimum" => {
                    if value.as_f64() < wanted.as_f64() && value.is_number() {
                        return fail(format!("it is less than {wanted}"));
                    }
                }
                "anyOf" => {
                    let all = wanted.as_array().map_or(&[][..], Vec::as_slice);
                    // The error of the one that it comes closest to says more than "none fits".
                    let mut last = None;
                    for one in all {
                        match self.check(one, value, place) {
                            Ok(()) => {
                                last = None;
                                break;
                            }
                            Err(error) => {
                                let deeper =
                                    |known: &Mismatch| error.place.len() > known.place.len();
                                if last.as_ref().is_none_or(deeper) {
                                    last = Some(error);
                                }
                            }
                        }
                    }
                    if let Some(error) = last {
                        return Err(error);
                    }
                }
                "properties" => self.properties(keywords, wanted, value, place)?,
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(wanted, item, &format!("{place}[{index}]"))?;
                    }
                }
                other => {
                    return fail(format!(
                        "its schema has a keyword that is not known: {other}"
                    ));
                }
            }
        }
        Ok(())
    }

    fn properties(
        &self,
        keywords: &Map<String, Json>,
        properties: &Json,
        value: &Json,
        place: &str,
    ) -> Result<(), Mismatch> {
        let Json::Object(fields) = value else {
            return Ok(());
        };
        let below = |key: &str| match place {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        };
        let required = keywords.get("required").map(words).into_iter().flatten();
        for key in required {
            if !fields.contains_key(key) {
                return Err(Mismatch {
                    place: below(key),
                    problem: "it is missing".to_owned(),
                });
            }
        }
        let open = keywords.get("additionalProperties") != Some(&Json::Bool(false));
        for (key, field) in fields {
            match properties.get(key) {
                Some(schema) => self.check(schema, field, &below(key))?,
                None if open => {}
                None => {
                    return Err(Mismatch {
                        place: below(key),
                        problem: "there is no such key".to_owned(),
                    });
                }
            }
        }
        Ok(())
    }
}

/// One word, or a list of them.
fn words(json: &Json) -> impl Iterator<Item = &str> {
    let one = json.as_str();
    let many = json.as_array().into_iter().flatten();
    one.into_iter().chain(many.filter_map(Json::as_str))
}

fn is_of(value: &Json, word: &str) -> bool {
    match word {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn against(schema: &Json, value: &Json) -> Result<(), String> {
        let checker = Checker { root: schema };
        checker.check(schema, value, "").map_err(|e| e.to_string())
    }

    #[test]
    fn each_keyword_refuses_what_it_should() {
        let wrong = [
            (
                json!({"type": ["integer", "null"]}),
                json!("1"),
                "not of type integer or null",
            ),
            (
                json!({"type": "integer"}),
                json!(1.5),
                "not of type integer",
            ),
            (json!({"const": "x"}), json!("y"), "not \"x\""),
            (json!({"enum": ["x", null]}), json!("y"), "none of"),
            (
                json!({"pattern": "^[0-9]+$"}),
                json!("1a"),
                "does not match",
            ),
            (json!({"minimum": 0}), json!(-1), "less than 0"),
            (
                json!({"items": {"type": "string"}}),
                json!(["a", 1]),
                "[1]: it is not of type string",
            ),
            (
                json!({"properties": {}, "required": ["a"]}),
                json!({}),
                "a: it is missing",
            ),
            (
                json!({"properties": {}, "additionalProperties": false}),
                json!({"a": 1}),
                "a: there is no such key",
            ),
            (
                json!({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "null"}}}),
                json!({"a": 1}),
                "a: it is not",
            ),
            (json!({"$ref": "#/$defs/y"}), json!(1), "cannot be found"),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
                json!(1),
                "it is not of type",
            ),
            (json!({"format": "date"}), json!("x"), "not known: format"),
        ];
        for (schema, value, told) in wrong {
            let error = against(&schema, &value).unwrap_err();
            assert!(error.contains(told), "{schema}: {error}");
        }
    }

    #[test]
    fn the_schema_is_closed_and_every_key_in_it_is_required() {
        fn walk(schema: &Json, seen: &mut usize) {
            if let Some(properties) = schema.get("properties").and_then(Json::as_object) {
                let mut required: Vec<&str> = words(schema.get("required").unwrap()).collect();
                required.sort_unstable();
                assert_eq!(required, properties.keys().collect::<Vec<_>>(), "{schema}");
                assert_eq!(schema.get("additionalProperties"), Some(&json!(false)));
                *seen += 1;
            }
            match schema {
                Json::Object(fields) => fields.values().for_each(|field| walk(field, seen)),
                Json::Array(items) => items.iter().for_each(|item| walk(item, seen)),
                _ => {}
            }
        }
        let mut seen = 0;
        walk(&serde_json::from_str(SCHEMA).unwrap(), &mut seen);
        assert!(seen > 15, "{seen}");
    }
}
