//! `policy list | show`: what the policies are, need and do, and where they come from.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::super::World;
use super::super::approvals::write;
use super::super::args::ListFormat;
use super::{loaded, write_json};
use crate::load::{Config, LoadError};
use crate::policy::{Enforcement, Need, Policies, Policy, Rule, RuleKind, Severity, own};
use crate::review::Exit;
use crate::text::{Printable, suggestion};

/// Lists all policies.
pub(super) fn list(
    directories: &[PathBuf],
    format: ListFormat,
    world: &World,
) -> Result<Exit, LoadError> {
    let (policies, config, exit) = loaded(directories, world)?;
    match format {
        ListFormat::Json => {
            let entries: Vec<Json> = (0..policies.summary.policies.len())
                .filter_map(|index| described(&policies, index, &config))
                .collect();
            let disabled: Vec<Printable> = policies
                .disabled
                .iter()
                .map(|d| Printable::line(d))
                .collect();
            write_json(&json!({
                "schema": "countersign.policies/v1",
                "policies": entries,
                "own": own::OWN.iter().map(|policy| own_entry(policy, &config)).collect::<Vec<_>>(),
                "disabled": disabled,
            }))?;
        }
        ListFormat::Human => {
            let mut text = String::new();
            for policy in &policies.summary.policies {
                let (severity, enforcement) = levels(policy, &config);
                text.push_str(&format!(
                    "{:<24} {severity:<9} {enforcement:<15} {:<14} {}\n",
                    policy.id,
                    policy.dialect.word(),
                    policy.title
                ));
            }
            for policy in own::OWN {
                let (severity, enforcement) = own_levels(&policy, &config);
                text.push_str(&format!(
                    "{:<24} {severity:<9} {enforcement:<15} {:<14} {}\n",
                    policy.id, "-", policy.title
                ));
            }
            for id in &policies.disabled {
                text.push_str(&format!("{id:<24} disabled\n"));
            }
            write(Printable::lines(&text).as_str())?;
        }
    }
    Ok(exit)
}

/// Severity and enforcement as they are used: the configuration's words before the annotation's.
fn levels(policy: &Policy, config: &Config) -> (&'static str, &'static str) {
    let own = config
        .overrides
        .get(policy.id.as_str())
        .copied()
        .unwrap_or_default();
    (
        own.severity
            .or(policy.severity)
            .unwrap_or(Severity::Medium)
            .word(),
        own.enforcement
            .or(policy.enforcement)
            .unwrap_or(Enforcement::SoftMandatory)
            .word(),
    )
}

/// Severity and enforcement of one rule's findings.
fn levels_of(rule: &Rule, policy: &Policy, config: &Config) -> (&'static str, &'static str) {
    let own = config
        .overrides
        .get(policy.id.as_str())
        .copied()
        .unwrap_or_default();
    if rule.kind == RuleKind::Warn {
        let severity = own.severity.or(rule.severity).unwrap_or(Severity::Low);
        return (severity.word(), Enforcement::Advisory.word());
    }
    (
        own.severity
            .or(rule.severity)
            .or(policy.severity)
            .unwrap_or(Severity::Medium)
            .word(),
        own.enforcement
            .or(rule.enforcement)
            .or(policy.enforcement)
            .unwrap_or(Enforcement::SoftMandatory)
            .word(),
    )
}

fn words(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().map(|need| need.word()).collect()
}

/// Top-level inputs that the policy's rules read; `None` when one of them may read everything.
fn inputs(policies: &Policies, index: usize) -> Option<Vec<Printable>> {
    let mut keys = std::collections::BTreeSet::new();
    for rule in policies.rules.iter().filter(|rule| rule.policy == index) {
        keys.extend(rule.inputs.clone()?);
    }
    Some(keys.iter().map(|key| Printable::line(key)).collect())
}

fn described(policies: &Policies, index: usize, config: &Config) -> Option<Json> {
    let policy = policies.summary.policies.get(index)?;
    let (severity, enforcement) = levels(policy, config);
    let rules: Vec<Json> = policies
        .rules
        .iter()
        .filter(|rule| rule.policy == index)
        .map(|rule| {
            let (severity, enforcement) = levels_of(rule, policy, config);
            json!({
                "rule": Printable::line(&rule.reported),
                "severity": severity,
                "enforcement": enforcement,
                "title": rule.title,
                "description": rule.description,
                "remediation": rule.remediation,
                "file": Printable::line(&rule.file),
                "line": rule.line,
            })
        })
        .collect();
    let configured = config.policies.get(policy.id.as_str());
    let settings: Vec<Json> = policy
        .settings
        .iter()
        .map(|(name, text)| {
            let value = configured.and_then(|own| own.get(name.as_str()));
            json!({"name": name, "description": text, "configured": value})
        })
        .collect();
    Some(json!({
        "id": policy.id,
        "title": policy.title,
        "description": policy.description,
        "remediation": policy.remediation,
        "severity": severity,
        "enforcement": enforcement,
        "dialect": policy.dialect,
        "input": policy.dialect.input(),
        "host_inputs": policy.dialect.host_keys(),
        "package": Printable::line(&policy.package),
        "needs": words(&policy.needs),
        "uses": words(&policy.uses),
        "inputs": inputs(policies, index),
        "builtins": policies.builtins_of(index),
        "settings": settings,
        "rules": rules,
        "file": policy.file,
        "source": policy.bundle,
    }))
}

fn own_levels(policy: &own::OwnPolicy, config: &Config) -> (&'static str, &'static str) {
    let set = config.overrides.get(policy.id).copied().unwrap_or_default();
    (
        set.severity.unwrap_or(policy.severity).word(),
        set.enforcement.unwrap_or(policy.enforcement).word(),
    )
}

/// A policy that this program itself holds.
fn own_entry(policy: &own::OwnPolicy, config: &Config) -> Json {
    let (severity, enforcement) = own_levels(policy, config);
    let rules: Vec<Json> = policy
        .rules
        .iter()
        .map(|(rule, what)| json!({"rule": rule, "description": what}))
        .collect();
    json!({
        "id": policy.id,
        "title": policy.title,
        "description": policy.description,
        "remediation": policy.remediation,
        "severity": severity,
        "enforcement": enforcement,
        "needs": [policy.needs],
        "rules": rules,
    })
}

/// The page of a policy that this program itself holds.
fn own_page(policy: &own::OwnPolicy, config: &Config) -> String {
    let (severity, enforcement) = own_levels(policy, config);
    let mut text = format!(
        "{}: {}\n\n{}\n\nremediation  {}\nseverity     {severity}\nenforcement  {enforcement}\nneeds        {}\nfile         part of this program\n",
        policy.id, policy.title, policy.description, policy.remediation, policy.needs,
    );
    for (rule, what) in policy.rules {
        text.push_str(&format!("rule         {rule}: {what}\n"));
    }
    text
}

/// Shows one policy.
pub(super) fn show(
    id: &str,
    directories: &[PathBuf],
    format: ListFormat,
    world: &World,
) -> Result<Exit, LoadError> {
    let (policies, config, exit) = loaded(directories, world)?;
    if let Some(policy) = own::find(id) {
        match format {
            ListFormat::Json => {
                let mut entry = own_entry(policy, &config);
                if let Json::Object(fields) = &mut entry {
                    fields.insert("schema".to_owned(), json!("countersign.policy/v1"));
                }
                write_json(&entry)?;
            }
            ListFormat::Human => write(&own_page(policy, &config))?,
        }
        return Ok(exit);
    }
    let all = &policies.summary.policies;
    let Some(index) = all.iter().position(|policy| policy.id.as_str() == id) else {
        let own = own::OWN.iter().map(|policy| policy.id);
        let ids: Vec<&str> = all.iter().map(|p| p.id.as_str()).chain(own).collect();
        return Err(LoadError::usage(
            &format!("There is no policy {id}{}.", suggestion(id, &ids)),
            "See: countersign policy list",
        ));
    };
    match format {
        ListFormat::Json => {
            let mut entry = described(&policies, index, &config).unwrap_or_default();
            if let Json::Object(fields) = &mut entry {
                fields.insert("schema".to_owned(), json!("countersign.policy/v1"));
            }
            write_json(&entry)?;
        }
        ListFormat::Human => {
            if let Some(policy) = all.get(index) {
                let text = told(&policies, index, policy, &config);
                write(Printable::lines(&text).as_str())?;
            }
        }
    }
    Ok(exit)
}

fn told(policies: &Policies, index: usize, policy: &Policy, config: &Config) -> String {
    let (severity, enforcement) = levels(policy, config);
    let or_nothing = |words: Vec<String>| {
        if words.is_empty() {
            "nothing".to_owned()
        } else {
            words.join(", ")
        }
    };
    let strings = |needs: &[Need]| needs.iter().map(|n| n.word().to_owned()).collect();
    let reads = inputs(policies, index).map_or_else(
        || "all of input".to_owned(),
        |keys| or_nothing(keys.iter().map(|k| format!("input.{k}")).collect()),
    );
    let mut text = format!("{}: {}\n", policy.id, policy.title);
    if !policy.description.is_empty() {
        text.push_str(&format!("\n{}\n", policy.description));
    }
    text.push('\n');
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{name:<12} {value}\n"));
        }
    };
    line("remediation", policy.remediation.as_str());
    line("severity", severity);
    line("enforcement", enforcement);
    line(
        "dialect",
        &format!(
            "{}: input is {}",
            policy.dialect.word(),
            policy.dialect.input()
        ),
    );
    line("needs", &or_nothing(strings(&policy.needs)));
    line("uses", &or_nothing(strings(&policy.uses)));
    line("reads", &reads);
    line(
        "functions",
        &or_nothing(
            policies
                .builtins_of(index)
                .iter()
                .map(ToString::to_string)
                .collect(),
        ),
    );
    line("package", &policy.package);
    line("file", policy.file.as_str());
    line("source", policy.bundle.as_str());
    for rule in policies.rules.iter().filter(|rule| rule.policy == index) {
        let (severity, enforcement) = levels_of(rule, policy, config);
        let title = if rule.title.is_empty() {
            String::new()
        } else {
            format!(": {}", rule.title)
        };
        line(
            "rule",
            &format!(
                "{} ({}:{}) {severity}, {enforcement}{title}",
                rule.reported, rule.file, rule.line
            ),
        );
        if !rule.remediation.is_empty() {
            line("", &format!("{:<12} {}", "", rule.remediation));
        }
    }
    let configured = config.policies.get(policy.id.as_str());
    for (name, what) in &policy.settings {
        let own = configured
            .and_then(|own| own.get(name.as_str()))
            .map_or_else(String::new, |value| {
                format!(" = {value}, in countersign.toml")
            });
        line("setting", &format!("{name}: {what}{own}"));
    }
    text
}
