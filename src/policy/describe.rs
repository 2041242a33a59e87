//! From annotations to what a policy and a rule are.

use serde_json::Value as Json;

use super::annotation::Annotation;
use super::bundle::Bundle;
use super::engine::{LoadedPackage, LoadedRule};
use super::facts::{Need, Policy};
use super::level::{Enforcement, Severity};
use super::result::Rule;
use crate::text::Printable;

/// Reads a package's annotation; faults are sentences for the list of problems.
pub(super) fn describe(
    package: &str,
    loaded: &LoadedPackage,
    source: &Bundle,
) -> (Policy, Vec<String>) {
    let mut faults = Vec::new();
    let entries = &source.entries;
    // A policy set that names one rule of the package names the package.
    let mut named = entries
        .queries
        .iter()
        .filter(|((of, _), _)| of == package)
        .map(|(_, query)| query);
    let set = match (named.next(), named.next()) {
        (Some(query), None) => Some(query),
        _ => None,
    };
    let annotation = loaded.annotation.as_ref();
    let text = |key: &str| annotation.and_then(|a| a.text(key)).unwrap_or_default();
    let custom = |key: &str| annotation.and_then(|a| a.custom(key));
    let custom_text = |key: &str| custom(key).and_then(Json::as_str);
    let id = custom_text("id")
        .or(set.map(|query| query.policy.as_str()))
        .or(entries.id.as_deref())
        .unwrap_or(package);
    if id.trim().is_empty() {
        faults.push("custom.id is empty.".to_owned());
    }
    let severity = custom_text("severity");
    let enforcement = custom_text("enforcement");
    faults.extend(annotation.into_iter().flat_map(no_texts));
    if let Some(word) = severity.filter(|word| Severity::parse(word).is_none()) {
        faults.push(format!(
            "custom.severity \"{word}\" is none of critical, high, medium, low, info."
        ));
    }
    if let Some(word) = enforcement.filter(|word| Enforcement::parse(word).is_none()) {
        faults.push(format!(
            "custom.enforcement \"{word}\" is none of advisory, soft-mandatory, hard-mandatory."
        ));
    }
    let mut needs = |key: &str| -> Vec<Need> {
        let mut out = Vec::new();
        let words = match custom(key) {
            None => Vec::new(),
            Some(Json::String(word)) => vec![word.as_str()],
            Some(Json::Array(words)) => words
                .iter()
                .map(|w| w.as_str().unwrap_or_default())
                .collect(),
            Some(_) => vec![""],
        };
        for word in words {
            match Need::parse(word) {
                Some(need) => out.push(need),
                None => faults.push(format!(
                    "custom.{key} holds \"{word}\", which is none of plan, git, source, binary-plan, repository, settings."
                )),
            }
        }
        out
    };
    let (needs, uses) = (needs("needs"), needs("uses"));
    let settings = match custom("settings") {
        Some(Json::Object(fields)) => fields
            .iter()
            .map(|(name, text)| {
                (
                    Printable::line(name),
                    Printable::line(text.as_str().unwrap_or_default()),
                )
            })
            .collect(),
        _ => Vec::new(),
    };
    let title = match text("title") {
        "" => id,
        title => title,
    };
    let policy = Policy {
        id: Printable::line(id),
        title: Printable::line(title),
        description: Printable::lines(match (text("description").trim(), set) {
            ("", Some(query)) => query.description.trim(),
            (description, _) => description,
        }),
        remediation: Printable::lines(custom_text("remediation").unwrap_or_default().trim()),
        severity: severity.and_then(Severity::parse),
        enforcement: enforcement.and_then(Enforcement::parse),
        needs,
        uses,
        setting_types: super::setting::types(custom("setting_types"), &settings, &mut faults),
        settings,
        package: package.to_owned(),
        file: Printable::line(&loaded.file),
        text: std::sync::Arc::clone(&loaded.text),
        builtin: source.builtin,
        dialect: entries.dialect(package),
        bundle: Printable::line(&source.name),
    };
    (policy, faults)
}

/// What an annotation gives as something else than the text or mapping that it must be: it would count as not given.
fn no_texts(annotation: &Annotation) -> Vec<String> {
    let mut faults = Vec::new();
    if annotation
        .tree
        .get("custom")
        .is_some_and(|custom| !custom.is_object())
    {
        faults.push("custom is no mapping.".to_owned());
    }
    for key in ["id", "severity", "enforcement", "remediation"] {
        if annotation
            .custom(key)
            .is_some_and(|value| !value.is_string())
        {
            faults.push(format!("custom.{key} is no text."));
        }
    }
    for key in ["title", "description"] {
        if annotation
            .tree
            .get(key)
            .is_some_and(|value| !value.is_string())
        {
            faults.push(format!("{key} is no text."));
        }
    }
    // A word that belongs below custom does nothing at the top.
    for key in ["severity", "enforcement"] {
        if annotation.tree.get(key).is_some() {
            faults.push(format!("{key} belongs below custom."));
        }
    }
    faults
}

/// A rule as reports name it; faults are sentences for the list of problems.
pub(super) fn reported(rule: &LoadedRule, policy: usize, source: &Bundle) -> (Rule, Vec<String>) {
    let builtin = source.builtin;
    let set = source
        .entries
        .queries
        .get(&(rule.package.clone(), rule.name.clone()));
    let mut faults = Vec::new();
    let custom = |key: &str| {
        rule.annotation
            .as_ref()
            .and_then(|a| a.custom(key))
            .and_then(Json::as_str)
    };
    let text = |key: &str| {
        let text = rule.annotation.as_ref().and_then(|a| a.text(key));
        Printable::line(text.unwrap_or_default().trim())
    };
    let severity = custom("severity");
    if let Some(annotation) = &rule.annotation {
        let told = no_texts(annotation).into_iter();
        faults.extend(told.map(|fault| format!("the rule {}: {fault}", rule.name)));
    }
    if let Some(word) = severity.filter(|word| Severity::parse(word).is_none()) {
        faults.push(format!(
            "the rule {} has the severity \"{word}\", which is none.",
            rule.name
        ));
    }
    let enforcement = custom("enforcement");
    if let Some(word) = enforcement.filter(|word| Enforcement::parse(word).is_none()) {
        faults.push(format!(
            "the rule {} has the enforcement \"{word}\", which is none.",
            rule.name
        ));
    }
    // Only the shipped policies name their rules otherwise, and say which rules look at each resource change alone.
    let name = custom("rule")
        .filter(|_| builtin)
        .unwrap_or(&rule.name)
        .to_owned();
    let rule = Rule {
        policy,
        name: rule.name.clone(),
        kind: rule.kind,
        reported: name,
        sliced: builtin && custom("slice") == Some("resource-changes"),
        view: super::View::default(),
        inputs: rule.inputs.clone(),
        severity: severity.and_then(Severity::parse),
        // The policy set is the operator's word, the annotation the author's.
        enforcement: set
            .and_then(|query| query.enforcement)
            .or(enforcement.and_then(Enforcement::parse)),
        title: text("title"),
        description: text("description"),
        remediation: custom("remediation")
            .map(Printable::line)
            .unwrap_or_default(),
        file: std::sync::Arc::clone(&rule.file),
        line: rule.line,
        text: std::sync::Arc::from(rule.text.as_str()),
    };
    (rule, faults)
}
