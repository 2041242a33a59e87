//! `[approval]`: how many people must approve, who may sign, and which groups are asked.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::Config;
use super::reader::{Entry, Reader};
use crate::approval::GroupRule;
use crate::policy::Severity;
use crate::text::{Printable, suggestion};

/// Where the list of signers stands when nothing else is said.
pub const ALLOWED_SIGNERS: &str = ".countersign/allowed_signers";

impl Reader<'_> {
    pub(super) fn approval(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let known = [
            "required",
            "prevent_self",
            "ttl",
            "allowed_signers",
            "exact",
            "single_use",
            "codeowners",
            "break_glass",
            "groups",
            "rules",
        ];
        // Rules name groups, whichever stands first in the file.
        self.table("approval", value, &known, |r, (key, value)| {
            if !matches!(key, "rules" | "break_glass") {
                r.approval_key((key, value), config);
            }
        });
        if let DeValue::Table(table) = value.get_ref() {
            let entry = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name);
            if let Some((_, rules)) = entry("rules") {
                self.rules(rules, config);
            }
            if let Some((_, group)) = entry("break_glass") {
                self.break_glass(group, config);
            }
        }
    }

    fn approval_key(&mut self, (key, value): Entry<'_, '_>, config: &mut Config) {
        match (key, value.get_ref()) {
            ("required", _) => {
                if let Some(number) = self.people(key, value) {
                    config.approval.required = number;
                }
            }
            ("prevent_self", DeValue::Boolean(flag)) => config.approval.prevent_self = *flag,
            ("exact", DeValue::Boolean(flag)) => config.approval.exact = *flag,
            ("single_use", DeValue::Boolean(flag)) => config.approval.single_use = *flag,
            ("ttl", _) => {
                let days = self
                    .string(key, value)
                    .and_then(|text| text.strip_suffix('d')?.parse::<u8>().ok())
                    .filter(|days| (1..=14).contains(days));
                match days {
                    Some(days) => config.approval.ttl_days = days,
                    None => self.say(
                        &value.span(),
                        "\"ttl\" must be between \"1d\" and \"14d\".".to_owned(),
                    ),
                }
            }
            ("allowed_signers" | "codeowners", _) => {
                let Some(path) = self.string(key, value) else {
                    return;
                };
                let plain = |part: &str| !matches!(part, "" | "." | "..");
                let (place, example) = match key {
                    "codeowners" => (&mut config.approval.codeowners, ".github/CODEOWNERS"),
                    _ => (&mut config.approval.allowed_signers, ALLOWED_SIGNERS),
                };
                if path.split('/').all(plain) {
                    *place = Some(path);
                } else {
                    self.say(
                        &value.span(),
                        format!("\"{key}\" must be a path from the root of the repository, such as \"{example}\"."),
                    );
                }
            }
            ("groups", _) => self.groups(value, config),
            _ => self.say(&value.span(), format!("\"{key}\" must be true or false.")),
        }
    }

    fn break_glass(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let Some(name) = self.string("break_glass", value) else {
            return;
        };
        if config.approval.groups.contains_key(&name) {
            config.approval.break_glass = Some(name);
            return;
        }
        let known: Vec<&str> = config.approval.groups.keys().map(String::as_str).collect();
        let hint = suggestion(&name, &known);
        self.say(
            &value.span(),
            format!("there is no group \"{}\"{hint}.", Printable::line(&name)),
        );
    }

    /// A number of people between 1 and 10.
    fn people(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<u8> {
        let DeValue::Integer(number) = value.get_ref() else {
            self.say(&value.span(), format!("\"{key}\" must be a number."));
            return None;
        };
        let number = number.to_string().parse::<u8>().ok();
        let number = number.filter(|n| (1..=10).contains(n));
        if number.is_none() {
            self.say(
                &value.span(),
                format!("\"{key}\" must be between 1 and 10."),
            );
        }
        number
    }

    fn groups(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let DeValue::Table(groups) = value.get_ref() else {
            self.say(
                &value.span(),
                "groups are written as [approval.groups] with name = [\"address\"].".to_owned(),
            );
            return;
        };
        for (name, value) in groups {
            let name = Printable::line(name.get_ref()).into_string();
            let Some(members) = self.strings(&name, value) else {
                continue;
            };
            if members.is_empty() {
                self.say(&value.span(), format!("the group \"{name}\" is empty."));
            }
            for member in &members {
                if !member.contains('@') || member.contains(char::is_whitespace) {
                    self.say(
                        &value.span(),
                        format!(
                            "\"{}\" in the group \"{name}\" is no address; write name@host or *@host.",
                            Printable::line(member)
                        ),
                    );
                } else if globset::Glob::new(member).is_err() {
                    self.say(
                        &value.span(),
                        format!("\"{}\" is no pattern.", Printable::line(member)),
                    );
                }
            }
            config.approval.groups.insert(name, members);
        }
    }

    fn rules(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let DeValue::Array(rules) = value.get_ref() else {
            self.say(
                &value.span(),
                "rules are written as [[approval.rules]].".to_owned(),
            );
            return;
        };
        for rule in rules {
            self.rule(rule, config);
        }
    }

    fn rule(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let known = ["group", "required", "policies", "severity", "paths"];
        let before = self.problems.len();
        let mut group = None;
        let mut rule = GroupRule {
            group: String::new(),
            members: Vec::new(),
            required: 1,
            policies: Vec::new(),
            severity: None,
            paths: Vec::new(),
        };
        let mut named = BTreeMap::new();
        self.table("approval.rules", value, &known, |r, (key, value)| match key {
            "group" => group = r.string(key, value).map(|name| (name, value.span())),
            "required" => rule.required = r.people(key, value).unwrap_or(1),
            "severity" => {
                let words = Severity::ALL.map(Severity::word);
                let found = r.choice(key, value, &words);
                rule.severity = found.and_then(|i| Severity::ALL.get(i).copied());
            }
            _ => {
                let list = r.strings(key, value).unwrap_or_default();
                if list.is_empty() {
                    r.say(&value.span(), format!("\"{key}\" must not be empty."));
                }
                if key == "policies" {
                    let line = r.line(&value.span());
                    named.extend(list.iter().map(|id| (id.clone(), line)));
                    rule.policies = list;
                } else {
                    for pattern in &list {
                        let wrong = pattern.is_empty() || globset::Glob::new(pattern).is_err();
                        if wrong || pattern.starts_with('/') || pattern.starts_with("./") || pattern.starts_with("../") {
                            r.say(
                                &value.span(),
                                format!(
                                    "\"{}\" can never match; patterns begin at the root of the repository, such as \"live/prod/**\".",
                                    Printable::line(pattern)
                                ),
                            );
                        }
                    }
                    rule.paths = list;
                }
            }
        });
        let Some((name, span)) = group else {
            if self.problems.len() == before {
                self.say(&value.span(), "this rule has no \"group\".".to_owned());
            }
            return;
        };
        let Some(members) = config.approval.groups.get(&name) else {
            let known: Vec<&str> = config.approval.groups.keys().map(String::as_str).collect();
            let hint = suggestion(&name, &known);
            self.say(
                &span,
                format!("there is no group \"{}\"{hint}.", Printable::line(&name)),
            );
            return;
        };
        let exact = members
            .iter()
            .all(|member| !member.contains(['*', '?', '[', '{']));
        if exact && members.len() < usize::from(rule.required) {
            let text = format!(
                "the group \"{name}\" has {} members, and the rule asks for {}.",
                members.len(),
                rule.required
            );
            self.say(&value.span(), text);
            return;
        }
        rule.members.clone_from(members);
        rule.group = name;
        config.approval.rule_policies.extend(named);
        config.approval.rules.push(rule);
    }
}
