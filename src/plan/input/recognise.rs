//! Names what a document is that is no plan, by its keys or its first lines.

use crate::plan::PlanError;
use crate::plan::document::{Document, Fields};

/// Keys of configuration in JSON syntax.
const CONFIGURATION: [&str; 12] = [
    "resource",
    "data",
    "variable",
    "output",
    "module",
    "provider",
    "locals",
    "terraform",
    "moved",
    "import",
    "removed",
    "check",
];

pub(super) fn is_event(top: &Document<'_>) -> bool {
    top.get("@level").is_some() || (top.get("type").is_some() && top.get("@message").is_some())
}

/// Whether these are the keys of a plan, of a version that is known.
pub(super) fn recognise(top: &Document<'_>) -> Result<(), PlanError> {
    let has = |key: &str| top.get(key).is_some();
    if is_event(top) {
        return Err(PlanError::EventStream);
    }
    if has("serial") && has("lineage") {
        return Err(PlanError::RawState);
    }
    if has("encrypted_data") && (has("encryption_version") || has("meta")) {
        return Err(PlanError::Encrypted);
    }
    if has("remote_plan_format") {
        return Err(PlanError::Cloud);
    }
    let plan_like = has("resource_changes")
        || has("planned_values")
        || has("configuration")
        || has("resource_drift");
    let schemas = has("provider_schemas") || has("provider_format_version");
    // `show -json` never writes schemas into a plan.
    if has("plan_format_version") || (plan_like && schemas) {
        return Err(PlanError::Redacted);
    }
    if schemas {
        return Err(PlanError::ProviderSchemas);
    }
    if !plan_like {
        return Err(not_a_plan(top));
    }
    let version = top.text("format_version").ok_or(PlanError::NoVersion)?;
    let version: String = serde_json::from_str(version).unwrap_or_else(|_| version.to_owned());
    let parts: Vec<Option<u32>> = version.split('.').map(|p| p.parse().ok()).collect();
    match parts.as_slice() {
        [Some(0), Some(1 | 2)] | [Some(1), Some(_)] => Ok(()),
        _ => {
            let is_number = version.len() <= 7
                && version.starts_with(|c: char| c.is_ascii_digit())
                && version.chars().all(|c| c.is_ascii_digit() || c == '.');
            Err(PlanError::Version {
                found: if is_number {
                    version
                } else {
                    "(not a number)".to_owned()
                },
            })
        }
    }
}

fn not_a_plan(top: &Document<'_>) -> PlanError {
    let has = |key: &str| top.get(key).is_some();
    let only = |known: &[&str]| {
        !top.sections.is_empty() && top.sections.iter().all(|s| known.contains(&s.name))
    };
    let other = |what| PlanError::Other { what };
    if has("format_version") && only(&["format_version", "terraform_version", "values", "checks"]) {
        return PlanError::StateJson;
    }
    if has("AWSTemplateFormatVersion") || (has("Resources") && !has("resource")) {
        return other("a CloudFormation template");
    }
    if has("deployment") || (has("steps") && (has("changeSummary") || has("config"))) {
        return other("a document of Pulumi");
    }
    if has("valid") && has("diagnostics") {
        return other("the result of terraform validate -json");
    }
    if has("terraform_version") && has("provider_selections") {
        return other("the output of terraform version -json");
    }
    if only(&CONFIGURATION) {
        return PlanError::Configuration;
    }
    for key in ["plan", "tfplan", "mock", "terraform"] {
        if has(key) {
            return PlanError::Wrapped {
                key: key.to_owned(),
            };
        }
    }
    if has("values") && has("format_version") {
        return PlanError::StateJson;
    }
    if !top.sections.is_empty() && top.sections.iter().all(|s| is_output(s.text)) {
        return other("the output of terraform output -json");
    }
    PlanError::NotAPlan {
        reason: "it has none of resource_changes, planned_values and configuration".to_owned(),
    }
}

/// Whether this is one of the values of `output -json`.
fn is_output(text: &str) -> bool {
    serde_json::from_str::<Fields<'_>>(text).is_ok_and(|fields| {
        ["sensitive", "type", "value"]
            .iter()
            .all(|key| fields.rest.iter().any(|(name, _)| name == key))
    })
}

/// What a text without JSON is, by what its first lines begin with.
pub(super) fn text(text: &str) -> PlanError {
    let head: String = text.chars().take(64 * 1024).collect();
    let start = head.trim_start().to_ascii_lowercase();
    if ["<!doctype", "<html", "<?xml", "<head", "<body", "<error"]
        .iter()
        .any(|tag| start.starts_with(tag))
    {
        return PlanError::WebPage;
    }
    if start.starts_with("version https://git-lfs.github.com/spec/") {
        return PlanError::GitLfs;
    }
    let plain = without_colours(&head);
    let lines = || {
        plain
            .lines()
            .map(|line| line.trim_matches(['│', '╷', '╵', ' ']))
    };
    if lines().any(is_plan_text) {
        return PlanError::HumanText;
    }
    if lines().any(|line| line.starts_with("Error: ")) {
        return PlanError::ErrorText;
    }
    if plain.lines().any(is_block) {
        return PlanError::Configuration;
    }
    let first = plain
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if first
        .is_some_and(|line| line.trim_end() == "---" || line.starts_with("%YAML") || is_pair(line))
    {
        return PlanError::Other { what: "YAML" };
    }
    PlanError::NotJson
}

/// Sentences of `plan`, `show` and `apply` that stand in every such text.
fn is_plan_text(line: &str) -> bool {
    const BEGINNINGS: [&str; 9] = [
        "Terraform will perform",
        "OpenTofu will perform",
        "Terraform used the selected providers",
        "OpenTofu used the selected providers",
        "Terraform planned the following actions",
        "OpenTofu planned the following actions",
        "No changes.",
        "Changes to Outputs:",
        "Note: Objects have changed outside of",
    ];
    BEGINNINGS.iter().any(|begin| line.starts_with(begin))
        || (line.starts_with("Plan: ") && line.contains(" to add"))
        || (line.starts_with("# ") && line.contains(" will be "))
}

/// Whether a line opens a block of Terraform's language.
fn is_block(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words
        .next()
        .is_some_and(|word| CONFIGURATION.contains(&word))
        && line.trim_end().ends_with(['{', '}'])
        && words
            .next()
            .is_some_and(|word| word.starts_with(['"', '{']))
}

fn is_pair(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, value)| {
        !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-.\"'".contains(c))
            && (value.is_empty() || value.starts_with(' '))
            && !value.trim_start().starts_with("//")
    })
}

/// Without the sequences that colour a terminal.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split("\u{1b}[");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        out.push_str(rest.strip_prefix('m').unwrap_or(rest));
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::document;
    use super::*;

    #[track_caller]
    fn named(text: &str) -> PlanError {
        match document(text) {
            Err(error) => error,
            Ok(_) => unreachable!("accepted: {text}"),
        }
    }

    #[test]
    fn documents_of_other_programs_and_commands_are_named() {
        for (text, what) in [
            (
                r#"{"AWSTemplateFormatVersion":"2010-09-09","Resources":{}}"#,
                "a CloudFormation template",
            ),
            (
                r#"{"Resources":{"A":{"Type":"x"}}}"#,
                "a CloudFormation template",
            ),
            (
                r#"{"config":{},"steps":[],"changeSummary":{"create":1}}"#,
                "a document of Pulumi",
            ),
            (r#"{"version":3,"deployment":{}}"#, "a document of Pulumi"),
            (
                r#"{"format_version":"1.0","valid":true,"error_count":0,"diagnostics":[]}"#,
                "the result of terraform validate -json",
            ),
            (
                r#"{"terraform_version":"1.9.0","platform":"x","provider_selections":{}}"#,
                "the output of terraform version -json",
            ),
            (
                r#"{"a":{"sensitive":false,"type":"string","value":"x"}}"#,
                "the output of terraform output -json",
            ),
        ] {
            assert_eq!(named(text), PlanError::Other { what }, "{text}");
        }
        for (text, expected) in [
            (
                r#"{"meta":{"key_provider.pbkdf2.k":"e30="},"encrypted_data":"AA==","encryption_version":"v0"}"#,
                PlanError::Encrypted,
            ),
            (
                r#"{"remote_plan_format":1,"run_id":"run-x","hostname":"app.terraform.io"}"#,
                PlanError::Cloud,
            ),
            (r#"{"format_version":"1.0"}"#, PlanError::StateJson),
            (
                r#"{"format_version":"1.0","terraform_version":"1.9.0","values":{},"checks":[]}"#,
                PlanError::StateJson,
            ),
            (
                r#"{"resource":{"aws_s3_bucket":{}},"terraform":{}}"#,
                PlanError::Configuration,
            ),
            (
                r#"{"format_version":"1.0","provider_schemas":{}}"#,
                PlanError::ProviderSchemas,
            ),
            (
                r#"{"format_version":"1.2","resource_changes":[],"provider_schemas":{}}"#,
                PlanError::Redacted,
            ),
            (
                r#"[{"address":"a.b","change":{}}]"#,
                PlanError::List { of_plans: false },
            ),
            (
                r#"[{"format_version":"1.2","resource_changes":[]}]"#,
                PlanError::List { of_plans: true },
            ),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
        assert!(matches!(named("{}"), PlanError::NotAPlan { .. }));
        assert!(matches!(named(r#"{"a":{}}"#), PlanError::NotAPlan { .. }));
    }

    #[test]
    fn text_that_is_no_json_is_named() {
        for (text, expected) in [
            ("<!DOCTYPE html>\n<html></html>", PlanError::WebPage),
            ("\n<?xml version=\"1.0\"?>\n<Error/>", PlanError::WebPage),
            (
                "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
                PlanError::GitLfs,
            ),
            (
                "\u{1b}[1mTerraform will perform the following actions:\u{1b}[0m\n",
                PlanError::HumanText,
            ),
            (
                "OpenTofu used the selected providers to generate\n",
                PlanError::HumanText,
            ),
            (
                "\nNo changes. Your infrastructure matches",
                PlanError::HumanText,
            ),
            (
                "x: Refreshing state...\n\n\u{1b}[1mPlan:\u{1b}[0m 1 to add, 0 to change, 0 to destroy.\n",
                PlanError::HumanText,
            ),
            (
                "\u{1b}[31m╷\u{1b}[0m\n\u{1b}[31m│\u{1b}[0m \u{1b}[1m\u{1b}[31mError: \u{1b}[0mFailed to load plugin schemas\n",
                PlanError::ErrorText,
            ),
            ("Error: No configuration files\n", PlanError::ErrorText),
            (
                "# network\nterraform {\n  backend \"s3\" {}\n}\nresource \"aws_vpc\" \"a\" {\n}\n",
                PlanError::Configuration,
            ),
            ("variable \"a\" {}\n", PlanError::Configuration),
            ("---\na: 1\n", PlanError::Other { what: "YAML" }),
            (
                "# stack\nAWSTemplateFormatVersion: 2010-09-09\nResources:\n",
                PlanError::Other { what: "YAML" },
            ),
            ("hello\nworld\n", PlanError::NotJson),
            ("https://example.com/plan.json\n", PlanError::NotJson),
            ("12:00:00 INFO reading\n", PlanError::NotJson),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
    }

    #[test]
    fn events_are_known_behind_the_lines_of_a_wrapper() {
        let event = "{\"@level\":\"info\",\"@message\":\"x\",\"type\":\"version\"}\n";
        for text in [
            event.repeat(3),
            format!("Initializing the backend...\n{event}{event}"),
            event.to_owned(),
        ] {
            assert_eq!(named(&text), PlanError::EventStream, "{text}");
        }
    }
}
