//! `countersign.toml`: read from the trusted tree, every problem at once, each with its line.
//!
//! Unknown keys are errors: a misspelt setting that is silently ignored would weaken the gate.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde_json::{Map, Value as Json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::decision::{Date, Waiver};
use crate::digest::Digest;
use crate::finding::Override;
use crate::policy::{Enforcement, Policy, Severity};
use crate::text::Printable;

/// Name of the configuration file, at the root of the repository.
pub const FILE: &str = "countersign.toml";

/// Something wrong in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigProblem {
    /// Line, counted from 1.
    pub line: u32,
    /// What, and what was meant perhaps.
    pub message: String,
}

/// Rules for approvals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalConfig {
    /// How many people must approve.
    pub required: u8,
    /// Whether who wrote the change may not approve it.
    pub prevent_self: bool,
    /// Life of an approval in days.
    pub ttl_days: u8,
}

/// The configuration with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// Plans to look for when none is given.
    pub plan_paths: Vec<String>,
    /// Command that shows a binary plan as JSON; the plan's path is added.
    pub show: Vec<String>,
    /// Refs whose updates the hooks guard.
    pub allowed_refs: Vec<String>,
    /// Directories with policies.
    pub policy_paths: Vec<String>,
    /// Data files.
    pub data_paths: Vec<String>,
    /// Policies that are switched off.
    pub disable: BTreeSet<String>,
    /// Whether findings of unknown truth block.
    pub unknown_blocks: bool,
    /// Whether policies that could not be evaluated block.
    pub not_evaluated_blocks: bool,
    /// Wall clock of one rule, in seconds.
    pub timeout_seconds: u64,
    /// Settings by policy id, as written.
    pub policies: Map<String, Json>,
    /// Enforcement and severity by policy id.
    pub overrides: BTreeMap<String, Override>,
    /// Lines of the `[policy.…]` tables, for later checks.
    policy_lines: BTreeMap<String, BTreeMap<String, u32>>,
    disable_line: u32,
    /// Waivers.
    pub waivers: Vec<Waiver>,
    /// Rules for approvals.
    pub approval: ApprovalConfig,
    /// Whether approving needs every change to have been on the screen.
    pub review_every_change: bool,
    /// Digest of the file's bytes; of nothing where there is no file.
    pub digest: Digest,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            plan_paths: ["tfplan.json", "plan.json", "tfplan"]
                .map(str::to_owned)
                .to_vec(),
            show: ["terraform", "show", "-json"].map(str::to_owned).to_vec(),
            allowed_refs: ["refs/heads/main", "refs/heads/master"]
                .map(str::to_owned)
                .to_vec(),
            policy_paths: Vec::new(),
            data_paths: Vec::new(),
            disable: BTreeSet::new(),
            unknown_blocks: true,
            not_evaluated_blocks: true,
            timeout_seconds: 10,
            policies: Map::new(),
            overrides: BTreeMap::new(),
            policy_lines: BTreeMap::new(),
            disable_line: 1,
            waivers: Vec::new(),
            approval: ApprovalConfig {
                required: 1,
                prevent_self: true,
                ttl_days: 14,
            },
            review_every_change: false,
            digest: Digest::of(b""),
        }
    }
}

impl Config {
    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// With every problem found.
    pub fn read(text: &str, file: &str) -> Result<Self, Vec<ConfigProblem>> {
        let mut reader = Reader {
            text,
            file,
            problems: Vec::new(),
        };
        let mut config = Self {
            digest: Digest::of(text.as_bytes()),
            ..Self::default()
        };
        match DeTable::parse(text) {
            Ok(table) => reader.root(table.get_ref(), &mut config),
            Err(error) => {
                let at = error.span().unwrap_or(0..0);
                let message = Printable::line(error.message()).into_string();
                reader.say(&at, format!("{message}."));
            }
        }
        reader.problems.sort();
        if reader.problems.is_empty() {
            Ok(config)
        } else {
            Err(reader.problems)
        }
    }

    /// Checks what can only be checked once the policies are known: ids and the names of their settings.
    #[must_use]
    pub fn check_policies(&self, policies: &[Policy]) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut ids: Vec<&str> = policies.iter().map(|p| p.id.as_str()).collect();
        ids.extend(self.disable.iter().map(String::as_str));
        ids.push(crate::finding::UNKNOWN_ACTION);
        for (id, keys) in &self.policy_lines {
            let line = keys.values().min().copied().unwrap_or(1);
            let Some(policy) = policies.iter().find(|p| p.id.as_str() == id) else {
                if !ids.contains(&id.as_str()) {
                    problems.push(ConfigProblem {
                        line,
                        message: format!("there is no policy \"{id}\"{}.", suggestion(id, &ids)),
                    });
                }
                continue;
            };
            // A policy without a list of settings takes what it likes; the shipped ones list theirs.
            if policy.settings.is_empty() && !policy.builtin {
                continue;
            }
            let mut known: Vec<&str> = policy
                .settings
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            known.extend(["enforcement", "severity"]);
            for (key, line) in keys {
                if !known.contains(&key.as_str()) {
                    problems.push(ConfigProblem {
                        line: *line,
                        message: format!(
                            "{id} has no setting \"{key}\"{}.",
                            suggestion(key, &known)
                        ),
                    });
                }
            }
        }
        let known: Vec<&str> = policies.iter().map(|p| p.id.as_str()).collect();
        for waiver in &self.waivers {
            if !ids.contains(&waiver.policy.as_str()) {
                problems.push(ConfigProblem {
                    line: waiver.line,
                    message: format!(
                        "there is no policy \"{}\"{}.",
                        waiver.policy,
                        suggestion(&waiver.policy, &known)
                    ),
                });
            }
        }
        problems.sort();
        problems
    }

    /// Checks the list of disabled policies against all that exist.
    #[must_use]
    pub fn check_disabled(&self, all: &[&str]) -> Vec<ConfigProblem> {
        self.disable
            .iter()
            .filter(|id| !all.contains(&id.as_str()))
            .map(|id| ConfigProblem {
                line: self.disable_line,
                message: format!("there is no policy \"{id}\"{}.", suggestion(id, all)),
            })
            .collect()
    }
}

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
type Entry<'t, 'i> = (&'t str, &'t Spanned<DeValue<'i>>);

struct Reader<'t> {
    text: &'t str,
    file: &'t str,
    problems: Vec<ConfigProblem>,
}

impl Reader<'_> {
    fn line(&self, span: &Range<usize>) -> u32 {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        u32::try_from(before.bytes().filter(|b| *b == b'\n').count() + 1).unwrap_or(u32::MAX)
    }

    fn say(&mut self, span: &Range<usize>, message: String) {
        let line = self.line(span);
        self.problems.push(ConfigProblem { line, message });
    }

    /// Goes through a table whose keys are known; others are problems.
    fn table(
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

    fn root(&mut self, table: &Table<'_>, config: &mut Config) {
        const TABLES: [&str; 7] = [
            "plan", "git", "policies", "policy", "waiver", "approval", "review",
        ];
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "plan" => self.table("plan", value, &["paths", "show"], |r, (key, value)| {
                    let Some(list) = r.strings(key, value) else {
                        return;
                    };
                    if list.is_empty() {
                        r.say(&value.span(), format!("\"{key}\" must not be empty."));
                    } else if key == "paths" {
                        config.plan_paths = list;
                    } else if !is_show(&list) {
                        r.say(
                            &value.span(),
                            "\"show\" must be terraform or tofu, then show -json, such as [\"tofu\", \"show\", \"-json\"].".to_owned(),
                        );
                    } else {
                        config.show = list;
                    }
                }),
                "git" => self.table("git", value, &["allowed_refs"], |r, (key, value)| {
                    let Some(list) = r.strings(key, value) else {
                        return;
                    };
                    if list.is_empty() {
                        r.say(&value.span(), format!("\"{key}\" must not be empty."));
                    }
                    for pattern in &list {
                        if !pattern.starts_with("refs/") {
                            r.say(
                                &value.span(),
                                format!("\"{pattern}\" can never match; write \"refs/heads/{pattern}\"."),
                            );
                        } else if globset::Glob::new(pattern).is_err() {
                            r.say(&value.span(), format!("\"{pattern}\" is no pattern."));
                        }
                    }
                    config.allowed_refs = list;
                }),
                "policies" => self.policies(value, config),
                "policy" => self.policy(value, config),
                "waiver" => self.waivers(value, config),
                "approval" => self.table(
                    "approval",
                    value,
                    &["required", "prevent_self", "ttl"],
                    |r, entry| r.approval(entry, config),
                ),
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
                let seconds = r
                    .string(key, value)
                    .and_then(|text| text.strip_suffix('s')?.parse::<u64>().ok())
                    .filter(|seconds| (1..=600).contains(seconds));
                match seconds {
                    Some(seconds) => config.timeout_seconds = seconds,
                    None => r.say(
                        &value.span(),
                        "\"timeout\" must be between \"1s\" and \"600s\".".to_owned(),
                    ),
                }
            }
            _ => {
                let Some(list) = r.strings(key, value) else {
                    return;
                };
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
                    }
                }
            }
            let id = id.get_ref().to_string();
            config.policies.insert(id.clone(), Json::Object(own));
            config.overrides.insert(id.clone(), changed);
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
        let known = ["policy", "address", "reason", "owner", "expires"];
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
                .filter(|key| *key != "expires" && !fields.contains_key(*key))
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
            let mut take = |key: &str| fields.remove(key).unwrap_or_default();
            let (policy, address, reason, owner) = (
                take("policy"),
                take("address"),
                take("reason"),
                take("owner"),
            );
            match Waiver::new(policy, address, &reason, &owner, expires, self.file, line) {
                Ok(waiver) => config.waivers.push(waiver),
                Err(fault) => self.problems.push(ConfigProblem {
                    line,
                    message: fault.to_string(),
                }),
            }
        }
    }

    fn approval(&mut self, (key, value): Entry<'_, '_>, config: &mut Config) {
        match (key, value.get_ref()) {
            ("required", DeValue::Integer(number)) => {
                match number
                    .to_string()
                    .parse::<u8>()
                    .ok()
                    .filter(|n| (1..=10).contains(n))
                {
                    Some(number) => config.approval.required = number,
                    None => self.say(
                        &value.span(),
                        "\"required\" must be between 1 and 10.".to_owned(),
                    ),
                }
            }
            ("prevent_self", DeValue::Boolean(flag)) => config.approval.prevent_self = *flag,
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
            ("required", _) => self.say(&value.span(), "\"required\" must be a number.".to_owned()),
            _ => self.say(&value.span(), format!("\"{key}\" must be true or false.")),
        }
    }

    fn string(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        self.say(&value.span(), format!("\"{key}\" must be a text."));
        None
    }

    fn strings(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
        let DeValue::Array(items) = value.get_ref() else {
            self.say(&value.span(), format!("\"{key}\" must be a list of texts."));
            return None;
        };
        items.iter().map(|item| self.string(key, item)).collect()
    }

    fn choice(&mut self, key: &str, value: &Spanned<DeValue<'_>>, words: &[&str]) -> Option<usize> {
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

/// ` (did you mean "x"?)` for the nearest known word, or nothing.
fn suggestion(word: &str, known: &[&str]) -> String {
    known
        .iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= 3)
        .min()
        .map_or_else(String::new, |(_, candidate)| {
            format!(" (did you mean \"{candidate}\"?)")
        })
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut previous = i;
        let mut next = vec![i + 1];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or(i);
            let cost = previous + usize::from(x != *y);
            next.push(cost.min(left + 1).min(above + 1));
            previous = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_default_and_can_be_set() {
        assert!(Config::read("", FILE).is_ok());
        let config = Config::read(
            r#"
[plan]
paths = ["a.json"]
show = ["tofu", "show", "-json"]
[git]
allowed_refs = ["refs/heads/live"]
[policies]
paths = ["policy"]
disable = ["no-destroy"]
on_unknown = "warn"
timeout = "3s"
[policy.approved-providers]
allow = ["acme/*"]
enforcement = "hard-mandatory"
[[waiver]]
policy = "no-destroy"
address = "module.a.*"
reason = "agreed with the owner"
owner = "ops"
expires = 2026-12-01
[approval]
required = 2
prevent_self = false
ttl = "3d"
[review]
require = "changes"
"#,
            FILE,
        )
        .unwrap();
        assert_eq!(config.plan_paths, ["a.json"]);
        assert!(!config.unknown_blocks);
        assert_eq!(
            config.approval,
            ApprovalConfig {
                required: 2,
                prevent_self: false,
                ttl_days: 3
            }
        );
        assert_eq!(config.waivers.len(), 1);
        assert_eq!(
            config
                .overrides
                .get("approved-providers")
                .unwrap()
                .enforcement,
            Some(Enforcement::HardMandatory)
        );
        assert_eq!(
            config.policies.get("approved-providers").unwrap(),
            &serde_json::json!({"allow": ["acme/*"]})
        );
        assert!(config.review_every_change);
    }

    #[test]
    fn settings_that_would_guard_nothing_or_run_something_are_refused() {
        for text in [
            "[git]\nallowed_refs = [\"main\"]\n",
            "[git]\nallowed_refs = []\n",
            "[git]\nallowed_refs = [\"refs/heads/[\"]\n",
            "[plan]\nshow = [\"sh\", \"-c\", \"id\"]\n",
            "[plan]\nshow = [\"./terraform\", \"show\", \"-json\"]\n",
            "[plan]\nshow = [\"terraform\", \"apply\"]\n",
        ] {
            assert_eq!(Config::read(text, FILE).unwrap_err().len(), 1, "{text}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once_with_lines_and_suggestions() {
        let problems = Config::read(
            "[polices]\npaths = []\n[policies]\ndisabled = [\"x\"]\non_unknown = \"ignore\"\n[approval]\nttl = \"90d\"\n[[waiver]]\npolicy = \"p\"\n",
            FILE,
        )
        .unwrap_err();
        let texts: Vec<String> = problems
            .iter()
            .map(|p| format!("{}: {}", p.line, p.message))
            .collect();
        assert_eq!(
            texts,
            [
                "1: there is no table [polices] (did you mean \"policies\"?).",
                "4: [policies] has no key \"disabled\" (did you mean \"disable\"?).",
                "5: \"on_unknown\" must be one of deny, warn.",
                "7: \"ttl\" must be between \"1d\" and \"14d\".",
                "8: this waiver has no \"address\".",
                "8: this waiver has no \"expires\" of the form YYYY-MM-DD.",
                "8: this waiver has no \"owner\".",
                "8: this waiver has no \"reason\".",
            ]
        );
    }

    #[test]
    fn broken_toml_is_a_problem_with_a_line() {
        let problems = Config::read("[plan]\npaths = [\n", FILE).unwrap_err();
        assert!(problems.first().unwrap().line >= 2);
    }
}
