//! Goes through the tables of the file and gathers every problem with its line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, ConfigProblem};
use crate::decision::{Date, Waiver};
use crate::finding::Override;
use crate::policy::{Enforcement, Severity};
use crate::text::{Printable, suggestion};

/// Whether a command shows a plan and does nothing else: a configuration is no place for programs to run.
fn is_show(command: &[String]) -> bool {
    match command {
        [program, arguments @ ..] => {
            matches!(program.as_str(), "terraform" | "tofu")
                && arguments.iter().map(String::as_str).eq(["show", "-json"])
        }
        [] => false,
    }
}

type Table<'i> = DeTable<'i>;
pub(super) type Entry<'t, 'i> = (&'t str, &'t Spanned<DeValue<'i>>);

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) file: &'t str,
    pub(super) problems: Vec<ConfigProblem>,
}

impl Reader<'_> {
    pub(super) fn line(&self, span: &Range<usize>) -> u32 {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        u32::try_from(before.bytes().filter(|b| *b == b'\n').count() + 1).unwrap_or(u32::MAX)
    }

    pub(super) fn say(&mut self, span: &Range<usize>, message: String) {
        let line = self.line(span);
        self.problems.push(ConfigProblem { line, message });
    }

    /// Goes through a table whose keys are known; others are problems.
    pub(super) fn table(
        &mut self,
        name: &str,
        value: &Spanned<DeValue<'_>>,
        known: &[&str],
        mut each: impl FnMut(&mut Self, Entry<'_, '_>),
    ) {
        let DeValue::Table(table) = value.get_ref() else {
            self.say(&value.span(), format!("[{name}] must be a table."));
            return;
        };
        for (key, value) in table {
            if known.contains(&key.get_ref().as_ref()) {
                each(self, (key.get_ref(), value));
            } else {
                let hint = suggestion(key.get_ref(), known);
                self.say(
                    &key.span(),
                    format!(
                        "[{name}] has no key \"{}\"{hint}.",
                        Printable::line(key.get_ref())
                    ),
                );
            }
        }
    }

    pub(super) fn root(&mut self, table: &Table<'_>, config: &mut Config) {
        const TABLES: [&str; 7] = [
            "plan", "git", "policies", "policy", "waiver", "approval", "review",
        ];
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "plan" => self.table(
                    "plan",
                    value,
                    &["paths", "show", "show_timeout"],
                    |r, entry| {
                        r.plan(entry, config);
                    },
                ),
                "git" => self.table(
                    "git",
                    value,
                    &["allowed_refs", "allowed_repos"],
                    |r, (key, value)| {
                        let Some(list) = r.strings(key, value) else {
                            return;
                        };
                        if key == "allowed_repos" {
                            for pattern in &list {
                                if pattern.is_empty() || globset::Glob::new(pattern).is_err() {
                                    r.say(
                                        &value.span(),
                                        format!("\"{}\" is no pattern.", Printable::line(pattern)),
                                    );
                                } else if pattern.contains("://") {
                                    r.say(
                                        &value.span(),
                                        format!(
                                            "\"{}\" can never match; write host/path.",
                                            Printable::line(pattern)
                                        ),
                                    );
                                }
                            }
                            config.allowed_repos = list;
                            return;
                        }
                        if list.is_empty() {
                            r.say(&value.span(), format!("\"{key}\" must not be empty."));
                        }
                        for pattern in &list {
                            if pattern.ends_with('/') || pattern.contains(char::is_whitespace) {
                                r.say(
                                    &value.span(),
                                    format!(
                                        "\"{}\" can never match: no ref has a space or ends with \"/\".",
                                        Printable::line(pattern)
                                    ),
                                );
                            } else if !pattern.starts_with("refs/") {
                                r.say(
                                &value.span(),
                                format!(
                                    "\"{pattern}\" can never match; write \"refs/heads/{pattern}\"."
                                ),
                            );
                            } else if globset::Glob::new(pattern).is_err() {
                                r.say(&value.span(), format!("\"{pattern}\" is no pattern."));
                            }
                        }
                        config.allowed_refs = list;
                    },
                ),
                "policies" => self.policies(value, config),
                "policy" => self.policy(value, config),
                "waiver" => self.waivers(value, config),
                "approval" => self.approval(value, config),
                "review" => self.table("review", value, &["require"], |r, (key, value)| {
                    if let Some(every) = r.choice(key, value, &["findings", "changes"]) {
                        config.review_every_change = every == 1;
                    }
                }),
                other => {
                    let hint = suggestion(other, &TABLES);
                    self.say(
                        &key.span(),
                        format!("there is no table [{}]{hint}.", Printable::line(other)),
                    );
                }
            }
        }
    }

    fn plan(&mut self, (key, value): Entry<'_, '_>, config: &mut Config) {
        if key == "show_timeout" {
            if let Some(seconds) = self.seconds(key, value) {
                config.show.timeout = Duration::from_secs(seconds);
            }
            return;
        }
        let Some(list) = self.strings(key, value) else {
            return;
        };
        if list.is_empty() || list.iter().any(|text| text.trim().is_empty()) {
            self.say(
                &value.span(),
                format!("\"{key}\" must not be empty, and hold no empty text."),
            );
        } else if key == "paths" {
            config.plan_paths = list;
        } else if is_show(&list) {
            config.show.programs = list.into_iter().take(1).collect();
        } else {
            self.say(
                &value.span(),
                "\"show\" must be terraform or tofu, then show -json, such as [\"tofu\", \"show\", \"-json\"].".to_owned(),
            );
        }
    }

    fn policies(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let known = [
            "paths",
            "data",
            "disable",
            "on_unknown",
            "on_not_evaluated",
            "timeout",
        ];
        self.table("policies", value, &known, |r, (key, value)| match key {
            "on_unknown" | "on_not_evaluated" => {
                if let Some(choice) = r.choice(key, value, &["deny", "warn"]) {
                    if key == "on_unknown" {
                        config.unknown_blocks = choice == 0;
                    } else {
                        config.not_evaluated_blocks = choice == 0;
                    }
                }
            }
            "timeout" => {
                if let Some(seconds) = r.seconds(key, value) {
                    config.timeout_seconds = seconds;
                }
            }
            _ => {
                let Some(list) = r.strings(key, value) else {
                    return;
                };
                if list.iter().any(|text| text.trim().is_empty()) {
                    r.say(&value.span(), format!("\"{key}\" holds an empty text."));
                }
                match key {
                    "paths" => config.policy_paths = list,
                    "data" => config.data_paths = list,
                    _ => {
                        config.disable = list.into_iter().collect();
                        config.disable_line = r.line(&value.span());
                    }
                }
            }
        });
    }

    fn policy(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let DeValue::Table(policies) = value.get_ref() else {
            self.say(&value.span(), "[policy.ID] must be a table.".to_owned());
            return;
        };
        for (id, value) in policies {
            let DeValue::Table(settings) = value.get_ref() else {
                self.say(
                    &value.span(),
                    format!("[policy.{}] must be a table.", id.get_ref()),
                );
                continue;
            };
            let mut own = Map::new();
            let mut lines = BTreeMap::new();
            let mut places = BTreeMap::new();
            let mut changed = Override::default();
            for (key, value) in settings {
                lines.insert(key.get_ref().to_string(), self.line(&key.span()));
                match key.get_ref().as_ref() {
                    "enforcement" => {
                        let words = Enforcement::ALL.map(Enforcement::word);
                        changed.enforcement = self
                            .choice("enforcement", value, &words)
                            .and_then(|i| Enforcement::ALL.get(i).copied());
                    }
                    "severity" => {
                        let words = Severity::ALL.map(Severity::word);
                        changed.severity = self
                            .choice("severity", value, &words)
                            .and_then(|i| Severity::ALL.get(i).copied());
                    }
                    name => {
                        let json = self.json(value);
                        own.insert(name.to_owned(), json);
                        let mut place = vec![self.line(&value.span())];
                        if let DeValue::Array(items) = value.get_ref() {
                            place.extend(items.iter().map(|item| self.line(&item.span())));
                        }
                        places.insert(name.to_owned(), place);
                    }
                }
            }
            let id = id.get_ref().to_string();
            config.policies.insert(id.clone(), Json::Object(own));
            config.overrides.insert(id.clone(), changed);
            config.value_lines.insert(id.clone(), places);
            config.policy_lines.insert(id, lines);
        }
    }

    fn waivers(&mut self, value: &Spanned<DeValue<'_>>, config: &mut Config) {
        let DeValue::Array(items) = value.get_ref() else {
            self.say(
                &value.span(),
                "waivers are written as [[waiver]].".to_owned(),
            );
            return;
        };
        let known = ["policy", "address", "reason", "owner", "expires", "digest"];
        for item in items {
            let line = self.line(&item.span());
            let mut fields: BTreeMap<String, String> = BTreeMap::new();
            let mut expires = None;
            self.table("[waiver]", item, &known, |r, (key, value)| {
                match value.get_ref() {
                    DeValue::Datetime(date) if key == "expires" => {
                        expires = date.to_string().parse::<Date>().ok();
                    }
                    _ => {
                        if let Some(text) = r.string(key, value) {
                            fields.insert(key.to_owned(), text);
                        }
                    }
                }
            });
            if let Some(text) = fields.get("expires") {
                expires = text.parse().ok();
            }
            let missing: Vec<&str> = known
                .into_iter()
                .filter(|key| !matches!(*key, "expires" | "digest") && !fields.contains_key(*key))
                .collect();
            for key in &missing {
                self.problems.push(ConfigProblem {
                    line,
                    message: format!("this waiver has no \"{key}\"."),
                });
            }
            let Some(expires) = expires else {
                let message = "this waiver has no \"expires\" of the form YYYY-MM-DD.".to_owned();
                self.problems.push(ConfigProblem { line, message });
                continue;
            };
            if !missing.is_empty() {
                continue;
            }
            let digest = fields.remove("digest");
            let mut take = |key: &str| fields.remove(key).unwrap_or_default();
            let (policy, address, reason, owner) = (
                take("policy"),
                take("address"),
                take("reason"),
                take("owner"),
            );
            let waiver = Waiver::new(policy, address, &reason, &owner, expires, self.file, line);
            match waiver.and_then(|waiver| waiver.with_digest(digest)) {
                Ok(waiver) => config.waivers.push(waiver),
                Err(fault) => self.problems.push(ConfigProblem {
                    line,
                    message: fault.to_string(),
                }),
            }
        }
    }

    /// A time between one second and ten minutes, such as `"30s"`.
    fn seconds(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<u64> {
        let text = self.string(key, value)?;
        let seconds = text
            .strip_suffix('s')
            .and_then(|number| number.parse::<u64>().ok())
            .filter(|seconds| (1..=600).contains(seconds));
        if seconds.is_none() {
            self.say(
                &value.span(),
                format!("\"{key}\" must be between \"1s\" and \"600s\"."),
            );
        }
        seconds
    }

    pub(super) fn string(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        self.say(&value.span(), format!("\"{key}\" must be a text."));
        None
    }

    pub(super) fn strings(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Vec<String>> {
        let DeValue::Array(items) = value.get_ref() else {
            self.say(&value.span(), format!("\"{key}\" must be a list of texts."));
            return None;
        };
        items.iter().map(|item| self.string(key, item)).collect()
    }

    pub(super) fn choice(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        words: &[&str],
    ) -> Option<usize> {
        let text = self.string(key, value)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            let list = words.join(", ");
            self.say(&value.span(), format!("\"{key}\" must be one of {list}."));
        }
        found
    }

    fn json(&mut self, value: &Spanned<DeValue<'_>>) -> Json {
        match value.get_ref() {
            DeValue::String(text) => Json::from(text.as_ref()),
            DeValue::Boolean(flag) => Json::from(*flag),
            DeValue::Integer(number) => number.to_string().parse::<i64>().map_or_else(
                |_| {
                    self.say(&value.span(), "this number is too large.".to_owned());
                    Json::Null
                },
                Json::from,
            ),
            DeValue::Float(number) => number
                .to_string()
                .parse::<f64>()
                .map_or(Json::Null, Json::from),
            DeValue::Datetime(date) => Json::from(date.to_string()),
            DeValue::Array(items) => {
                Json::Array(items.iter().map(|item| self.json(item)).collect())
            }
            DeValue::Table(fields) => Json::Object(
                fields
                    .iter()
                    .map(|(key, value)| (key.get_ref().to_string(), self.json(value)))
                    .collect(),
            ),
        }
    }
}
