//! `countersign.toml`: read from the trusted tree, every problem at once, each with its line.
//!
//! Unknown keys are errors: a misspelt setting that is silently ignored would weaken the gate.

mod approval;
mod compare;
mod reader;

pub use approval::ALLOWED_SIGNERS;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Map, Value as Json};
use toml::de::DeTable;

use crate::approval::GroupRule;
use crate::decision::Waiver;
use crate::digest::Digest;
use crate::finding::Override;
use crate::policy::{Policy, own};
use crate::text::{Printable, suggestion};
use reader::Reader;

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

/// Who shows a binary plan as JSON: `PROGRAM show -json FILE`, always with these arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// `terraform`, `tofu`, or both; the first that is at hand and of the right version.
    pub programs: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

impl Default for Show {
    fn default() -> Self {
        Self {
            programs: ["terraform", "tofu"].map(str::to_owned).to_vec(),
            timeout: Duration::from_secs(120),
        }
    }
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
    /// The file that says who may sign; none for the usual place, where it may be missing.
    pub allowed_signers: Option<String>,
    /// Groups of people: names and addresses.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Who else must approve.
    pub rules: Vec<GroupRule>,
    /// Whether an approval counts only for the very bytes of the plan.
    pub exact: bool,
    /// Whether an approval counts for one apply.
    pub single_use: bool,
    /// The file of code owners, who must approve changes of what they own.
    pub codeowners: Option<String>,
    /// The group that may set aside who must approve.
    pub break_glass: Option<String>,
    /// Lines of the policies that rules name, for later checks.
    pub(super) rule_policies: Vec<(String, u32)>,
}

impl Default for ApprovalConfig {
    fn default() -> Self {
        Self {
            required: 1,
            prevent_self: true,
            ttl_days: 14,
            allowed_signers: None,
            groups: BTreeMap::new(),
            rules: Vec::new(),
            exact: false,
            single_use: false,
            codeowners: None,
            break_glass: None,
            rule_policies: Vec::new(),
        }
    }
}

/// The configuration with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// Plans to look for when none is given.
    pub plan_paths: Vec<String>,
    /// How a binary plan is shown as JSON.
    pub show: Show,
    /// Refs whose updates the hooks guard.
    pub allowed_refs: Vec<String>,
    /// Other names of this repository under which it may have been reviewed.
    pub allowed_repos: Vec<String>,
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
    /// Lines of the settings' values, and of the items of those that are lists, for later checks.
    value_lines: BTreeMap<String, BTreeMap<String, Vec<u32>>>,
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
            show: Show::default(),
            allowed_refs: ["refs/heads/main", "refs/heads/master"]
                .map(str::to_owned)
                .to_vec(),
            allowed_repos: Vec::new(),
            policy_paths: Vec::new(),
            data_paths: Vec::new(),
            disable: BTreeSet::new(),
            unknown_blocks: true,
            not_evaluated_blocks: true,
            timeout_seconds: 10,
            policies: Map::new(),
            overrides: BTreeMap::new(),
            policy_lines: BTreeMap::new(),
            value_lines: BTreeMap::new(),
            disable_line: 1,
            waivers: Vec::new(),
            approval: ApprovalConfig::default(),
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

    /// Addresses of those who may set aside who must approve, where the configuration names a group.
    #[must_use]
    pub fn glass(&self) -> Option<&[String]> {
        let group = self.approval.break_glass.as_ref()?;
        self.approval.groups.get(group).map(Vec::as_slice)
    }

    /// Checks what can only be checked once the policies are known: ids and the names of their settings.
    #[must_use]
    pub fn check_policies(&self, policies: &[Policy]) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut ids: Vec<&str> = policies.iter().map(|p| p.id.as_str()).collect();
        ids.extend(self.disable.iter().map(String::as_str));
        ids.extend(own::OWN.iter().map(|policy| policy.id));
        for (id, keys) in &self.policy_lines {
            let line = keys.values().min().copied().unwrap_or(1);
            let Some(policy) = policies.iter().find(|p| p.id.as_str() == id) else {
                if !ids.contains(&id.as_str()) {
                    problems.push(ConfigProblem {
                        line,
                        message: format!("there is no policy \"{id}\"{}.", suggestion(id, &ids)),
                    });
                } else if own::find(id).is_some() {
                    for (key, line) in keys {
                        if !matches!(key.as_str(), "enforcement" | "severity") {
                            problems.push(ConfigProblem {
                                line: *line,
                                message: format!("{id} has no setting \"{key}\"."),
                            });
                        }
                    }
                }
                continue;
            };
            problems.extend(self.wrong_values(policy));
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
        for (id, line) in &self.approval.rule_policies {
            if self.disable.contains(id) {
                problems.push(ConfigProblem {
                    line: *line,
                    message: format!(
                        "the policy \"{id}\" is switched off by [policies] disable, so this rule never asks for it."
                    ),
                });
            } else if !ids.contains(&id.as_str()) {
                problems.push(ConfigProblem {
                    line: *line,
                    message: format!("there is no policy \"{id}\"{}.", suggestion(id, &known)),
                });
            }
        }
        problems.sort();
        problems
    }

    /// The settings of a policy whose values are not of their types.
    fn wrong_values(&self, policy: &Policy) -> Vec<ConfigProblem> {
        let id = policy.id.as_str();
        let value = |name: &str| self.policies.get(id)?.get(name);
        let wrong = policy.setting_types.iter().filter_map(|(name, kind)| {
            let wrong = kind.wrong(value(name)?)?;
            let lines = self.value_lines.get(id).and_then(|all| all.get(name));
            let at = wrong.item.map_or(0, |item| item + 1);
            Some(ConfigProblem {
                line: lines.and_then(|l| l.get(at)).copied().unwrap_or(1),
                message: format!("{name} of [policy.{id}] {}.", wrong.message),
            })
        });
        wrong.collect()
    }

    /// Checks the list of disabled policies against all that exist.
    #[must_use]
    pub fn check_disabled(&self, all: &[&str]) -> Vec<ConfigProblem> {
        self.disable
            .iter()
            .filter(|id| !all.contains(&id.as_str()))
            .map(|id| ConfigProblem {
                line: self.disable_line,
                message: if own::find(id).is_some() {
                    format!("{id} cannot be switched off; set its enforcement to \"advisory\".")
                } else {
                    format!("there is no policy \"{id}\"{}.", suggestion(id, all))
                },
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
