//! What must hold of any bytes that somebody gives as a plan, and of everything that a screen or a report takes from it.
//!
//! What is sensitive is read here anew, from the tree and by Terraform's own meaning of the marks, so that the reader is not
//! held against itself. The fuzz target for plans holds its inputs against the same.

use std::collections::BTreeSet;

use countersign::plan::{Body, Difference, MAX_ROWS, Plan, PlanError, ResourceChange};
use serde_json::{Map, Value as Json};

/// Reads the bytes; panics when something does not hold.
pub(crate) fn read(bytes: &[u8]) -> Result<Plan, PlanError> {
    let plan = match Plan::read(bytes.to_vec()) {
        Ok(plan) => plan,
        Err(error) => {
            refused(&error, bytes);
            return Err(error);
        }
    };
    let document = document(&plan);
    let mut secrets = document.as_ref().map(secrets).unwrap_or_default();
    // A word that the plan uses as a name is not scrubbed from text.
    let is_word = |s: &str| {
        s.chars()
            .all(|c| c.is_ascii_lowercase() || "_-. ".contains(c))
    };
    secrets.retain(|s| !is_word(s) || !plan.text().contains(&format!("\"{s}\":")));
    let scrubbed = plan.redactor.redact(plan.text());
    nothing_of(&secrets, &scrubbed, "the scrubbed text");
    assert_eq!(format!("{plan:?}"), format!("Plan({})", plan.digest));
    for change in changes(&plan) {
        rows(&plan, &change.body, &secrets);
        assert!(plan.slice(&change.span).starts_with('{'));
        assert_eq!(plan.content_digest(change), plan.content_digest(change));
        let label = plan.redactor.line(&change.label());
        printable(label.as_str());
    }
    for output in &plan.outputs {
        rows(&plan, &output.body, &secrets);
    }
    let counts = plan.counts();
    let counted = counts.create
        + counts.update
        + counts.replace
        + counts.delete
        + counts.read
        + counts.no_op
        + counts.forget;
    assert!(counted <= plan.changes.len());
    assert_eq!(counts.drift, plan.drift.len());
    // A key that is null is no section, and still part of the text.
    if let Ok(Json::Object(whole)) = serde_json::from_str(plan.text())
        && let present = whole.iter().filter(|(_, value)| !value.is_null())
        && plan.section_names().eq(present.map(|(name, _)| name))
    {
        written_anew(&plan, &Json::Object(whole));
    }
    Ok(plan)
}

fn changes(plan: &Plan) -> impl Iterator<Item = &ResourceChange> {
    plan.changes
        .iter()
        .chain(&plan.drift)
        .chain(plan.deferred.iter().map(|deferred| &deferred.change))
}

/// An error names what is wrong and what to do, on one line, and quotes no secret.
fn refused(error: &PlanError, bytes: &[u8]) {
    let said = error.to_string();
    assert!(!said.is_empty() && !error.hint().is_empty());
    printable(&said);
    // These two say a version and a key, which may be anything.
    if matches!(
        error,
        PlanError::Version { .. } | PlanError::DuplicateKey { .. }
    ) {
        return;
    }
    if let Ok(document) = serde_json::from_slice(bytes) {
        nothing_of(&secrets(&document), &said, "the error");
    }
}

/// No control character, nothing that turns the reading direction, nothing without width.
fn printable(text: &str) {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    assert!(!text.contains(hidden), "not printable: {text:?}");
}

fn nothing_of(secrets: &BTreeSet<String>, text: &str, place: &str) {
    for secret in secrets {
        if let Some((before, behind)) = text.split_once(secret.as_str()) {
            let before: String = before.chars().rev().take(200).collect();
            let before: String = before.chars().rev().collect();
            let behind: String = behind.chars().take(200).collect();
            panic!("{place} shows {secret}: {before}<HERE>{behind}");
        }
    }
}

fn rows(plan: &Plan, body: &Body, secrets: &BTreeSet<String>) {
    let rows = plan.attribute_changes(body);
    assert!(rows.len() <= MAX_ROWS);
    for row in &rows {
        // What cannot be seen in the values, such as another mark, is a difference too.
        if row.difference == Difference::Same {
            assert_eq!(row.before, row.after, "{}", row.path);
        }
        for value in [&row.before, &row.after] {
            let shown = value.show(&plan.redactor);
            printable(shown.as_str());
            nothing_of(secrets, shown.as_str(), "an attribute");
            drop(value.embedded());
        }
        let path = plan.redactor.line(&row.path);
        printable(path.as_str());
        nothing_of(secrets, path.as_str(), "a path");
    }
    let (before, after) = plan.values(body);
    nothing_of(secrets, before.show(&plan.redactor).as_str(), "a value");
    nothing_of(secrets, after.show(&plan.redactor).as_str(), "a value");
    drop(plan.replace_paths(body));
}

/// The document that was read: a wrapper around it and lines before it left out.
fn document(plan: &Plan) -> Option<Json> {
    let mut fields = Map::new();
    for name in plan.section_names() {
        let value = serde_json::from_str(plan.section(name).unwrap()).ok()?;
        fields.insert(name.to_owned(), value);
    }
    Some(Json::Object(fields))
}

/// White space and the order of keys are no effect.
fn written_anew(plan: &Plan, document: &Json) {
    if holds_inexact(document) {
        return;
    }
    let again = |text: String| match Plan::read(text.into_bytes()) {
        Ok(again) => again,
        Err(error) => panic!("written anew it is refused: {error}"),
    };
    let pretty = again(serde_json::to_string_pretty(document).unwrap());
    // A letter may be written as an escape, which only matters where the text itself is looked at; Terraform writes three of these.
    let escapes = plan.text().match_indices("\\u00").any(|(at, _)| {
        let digits = plan.text().get(at + 4..at + 6).unwrap_or_default();
        !["3c", "3e", "26"].contains(&digits)
    });
    // Sensitive leaves are numbered in the order in which they are written.
    let other = if escapes || may_hold_secrets(document) {
        &again(document.to_string())
    } else {
        plan
    };
    assert_eq!(pretty.effect, other.effect, "written anew");
    for (one, two) in pretty.changes.iter().zip(&other.changes) {
        assert_eq!(one.address, two.address);
        assert_eq!(
            pretty.content_digest(one),
            other.content_digest(two),
            "written anew: {}",
            one.address
        );
    }
}

/// Whether anything is marked as sensitive, or may count as it without a mark.
fn may_hold_secrets(tree: &Json) -> bool {
    match tree {
        Json::Array(items) => items.iter().any(may_hold_secrets),
        Json::Object(fields) => fields.iter().any(|(name, field)| {
            name == "provider_config"
                || (name.contains("sensitive") && holds_true(field))
                || may_hold_secrets(field)
        }),
        Json::String(text) => text == "terraform_remote_state",
        _ => false,
    }
}

fn holds_true(tree: &Json) -> bool {
    match tree {
        Json::Bool(mark) => *mark,
        Json::Array(items) => items.iter().any(holds_true),
        Json::Object(fields) => fields.values().any(holds_true),
        _ => false,
    }
}

/// Numbers that the tree does not hold with every digit.
fn holds_inexact(tree: &Json) -> bool {
    match tree {
        Json::Number(number) => number.is_f64(),
        Json::Array(items) => items.iter().any(holds_inexact),
        Json::Object(fields) => fields.values().any(holds_inexact),
        _ => false,
    }
}

/// Words and numbers that the plan marks as sensitive and uses nowhere in the open. Only plain letters and digits are followed: what
/// holds them has them as they are, whatever was escaped or replaced around them.
pub(crate) fn secrets(plan: &Json) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = BTreeSet::new();
    for key in ["resource_changes", "resource_drift", "deferred_changes"] {
        for item in items(&plan[key]) {
            for change in [item, &item["resource_change"]] {
                marked_body(&change["change"], &mut found);
                for word in ["type", "name", "provider_name", "address"] {
                    open.extend(change[word].as_str().map(str::to_owned));
                }
            }
        }
    }
    for output in fields(&plan["output_changes"]) {
        marked_body(output.1, &mut found);
    }
    for state in [&plan["planned_values"], &plan["prior_state"]["values"]] {
        for (_, output) in fields(&state["outputs"]) {
            if output["sensitive"] == true {
                all(&output["value"], &mut found);
            }
        }
        marked_module(&state["root_module"], &mut found);
    }
    for (name, variable) in fields(&plan["configuration"]["root_module"]["variables"]) {
        if variable["sensitive"] == true {
            all(&plan["variables"][name]["value"], &mut found);
            all(&variable["default"], &mut found);
        }
    }
    // These words stand in what is shown instead of a value.
    found.retain(|word| {
        word.len() >= 8
            && word.bytes().all(|b| b.is_ascii_alphanumeric())
            && !"sensitive".contains(word.as_str())
            && !open.contains(word)
    });
    found
}

fn marked_module(module: &Json, found: &mut BTreeSet<String>) {
    for resource in items(&module["resources"]) {
        marked(&resource["values"], &resource["sensitive_values"], found);
    }
    for child in items(&module["child_modules"]) {
        marked_module(child, found);
    }
}

fn marked_body(body: &Json, found: &mut BTreeSet<String>) {
    marked(&body["before"], &body["before_sensitive"], found);
    marked(&body["after"], &body["after_sensitive"], found);
}

fn marked(value: &Json, marks: &Json, found: &mut BTreeSet<String>) {
    match (value, marks) {
        (value, Json::Bool(true)) => all(value, found),
        (Json::Object(values), Json::Object(marks)) => {
            for (name, mark) in marks {
                marked(values.get(name).unwrap_or(&Json::Null), mark, found);
            }
        }
        (Json::Array(values), Json::Array(marks)) => {
            for (value, mark) in values.iter().zip(marks) {
                marked(value, mark, found);
            }
        }
        _ => {}
    }
}

fn all(value: &Json, found: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => {
            found.insert(text.clone());
        }
        Json::Number(number) if !number.is_f64() => {
            found.insert(number.to_string());
        }
        Json::Array(values) => values.iter().for_each(|inner| all(inner, found)),
        Json::Object(values) => values.values().for_each(|inner| all(inner, found)),
        _ => {}
    }
}

fn items(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn fields(value: &Json) -> impl Iterator<Item = (&String, &Json)> {
    value.as_object().into_iter().flatten()
}
