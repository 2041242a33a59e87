//! Dialects: which rules of a directory fire, what `input` they see, and what their results mean, by the host they were written for.
//!
//! Phases: [`units`] looks at each file of a bundle and at the lists of policy sets beside them (`policies.hcl`, `scalr-policy.hcl`),
//! gives every package its dialect, and splits the bundle into what is loaded together; after loading, [`check`] compares what each rule
//! reads with what its dialect offers; `input` wraps the one plan value for each dialect in use.
//!
//! Detection is per package, in this order, so that the same files always give the same answer: `custom.dialect` of the package's
//! annotation; the package names `spacelift`, `digger` and `env0`; a file below a `policies.hcl` with queries; `package terraform`
//! that reads `input.tfplan` or `input.tfrun`, or that a `scalr-policy.hcl` names; `main` and packages with `exception` rules are
//! conftest's; everything else is plain OPA. A plain package that reads only another host's input is ambiguous, which is an error.
//!
//! Invariants: a rule that reads what only its host can tell is not evaluated, and says so; nothing that a file asks for is dropped
//! without a word.

mod check;
mod fields;
mod left_out;
mod schema;
mod sets;
mod spacelift;
mod split;

#[cfg(test)]
mod tests;

pub(super) use check::{Reading, ambiguous, unknowable};
pub(super) use fields::understood;
pub(super) use left_out::left_out;
pub(super) use schema::Step;
pub(super) use sets::is_set;
pub(super) use split::{Unit, test_units, units};

use std::collections::{BTreeMap, BTreeSet};

use super::level::Enforcement;
use super::result::RuleKind;

/// The host that a policy was written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// The shipped policies.
    Countersign,
    /// conftest, and what runs it: Atlantis, Terrateam.
    Conftest,
    /// Plain OPA.
    #[default]
    Opa,
    /// Spacelift's plan policies.
    Spacelift,
    /// OPA policy sets of HCP Terraform and Terraform Enterprise.
    HcpTerraform,
    /// Scalr.
    Scalr,
    /// Digger.
    Digger,
    /// env zero's approval policies.
    Env0,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 8] = [
        Self::Countersign,
        Self::Conftest,
        Self::Opa,
        Self::Spacelift,
        Self::HcpTerraform,
        Self::Scalr,
        Self::Digger,
        Self::Env0,
    ];

    /// The word used in annotations and lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Countersign => "countersign",
            Self::Conftest => "conftest",
            Self::Opa => "opa",
            Self::Spacelift => "spacelift",
            Self::HcpTerraform => "hcp-terraform",
            Self::Scalr => "scalr",
            Self::Digger => "digger",
            Self::Env0 => "env0",
        }
    }

    /// Reads the word used in annotations.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.word() == word)
    }

    /// The host's name, for sentences.
    #[must_use]
    pub fn host(self) -> &'static str {
        match self {
            Self::Countersign => "countersign",
            Self::Conftest => "conftest",
            Self::Opa => "OPA",
            Self::Spacelift => "Spacelift",
            Self::HcpTerraform => "HCP Terraform",
            Self::Scalr => "Scalr",
            Self::Digger => "Digger",
            Self::Env0 => "env zero",
        }
    }

    /// The shape of `input`, for people.
    #[must_use]
    pub fn input(self) -> &'static str {
        match self {
            Self::Countersign | Self::Conftest | Self::Opa => "the plan",
            Self::Spacelift => "{terraform: the plan, spacelift, third_party_metadata}",
            Self::HcpTerraform => "{plan: the plan, run}",
            Self::Scalr => "{tfplan: the plan, tfrun}",
            Self::Digger => "{terraform: the plan}",
            Self::Env0 => {
                "{plan: the plan, deploymentRequest, template, costEstimation, deployerUser, approvers, policyData}"
            }
        }
    }

    /// The key of `input` below which the plan stands; `None` where `input` is the plan.
    #[must_use]
    pub fn plan_key(self) -> Option<&'static str> {
        match self {
            Self::Countersign | Self::Conftest | Self::Opa => None,
            Self::Spacelift | Self::Digger => Some("terraform"),
            Self::HcpTerraform | Self::Env0 => Some("plan"),
            Self::Scalr => Some("tfplan"),
        }
    }

    /// Keys of `input` that the host promises and only the host knows.
    #[must_use]
    pub fn host_keys(self) -> &'static [&'static str] {
        match self {
            Self::Countersign | Self::Conftest | Self::Opa | Self::Digger => &[],
            Self::Spacelift => &["spacelift", "third_party_metadata"],
            Self::HcpTerraform => &["run"],
            Self::Scalr => &["tfrun"],
            Self::Env0 => &[
                "deploymentRequest",
                "template",
                "costEstimation",
                "deployerUser",
                "approvers",
                "policyData",
            ],
        }
    }

    /// What a rule of this name means; `None` for a helper. HCP Terraform's rules are those of its queries.
    fn kind_of(self, name: &str) -> Option<RuleKind> {
        match self {
            Self::Countersign | Self::Conftest | Self::Opa => suffixed(name),
            Self::Spacelift => match name {
                "deny" => Some(RuleKind::Deny),
                "warn" => Some(RuleKind::Warn),
                _ => None,
            },
            Self::Scalr | Self::Digger => (name == "deny").then_some(RuleKind::Deny),
            Self::Env0 => matches!(name, "deny" | "pending").then_some(RuleKind::Deny),
            Self::HcpTerraform => None,
        }
    }
}

/// What a rule's name says: `deny`, `violation` or `warn`, with or without a suffix.
fn suffixed(name: &str) -> Option<RuleKind> {
    let is = |word: &str| {
        name == word
            || name
                .strip_prefix(word)
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|suffix| {
                    !suffix.is_empty()
                        && suffix
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || c == '_')
                })
    };
    if is("deny") || is("violation") {
        Some(RuleKind::Deny)
    } else if is("warn") {
        Some(RuleKind::Warn)
    } else {
        None
    }
}

/// The name of a rule as conftest's exceptions give it: without `deny`, `violation` or `warn` and the `_` behind it.
pub(super) fn without_prefix(name: &str) -> &str {
    ["deny", "violation", "warn"]
        .iter()
        .find_map(|word| name.strip_prefix(word))
        .map_or(name, |rest| rest.strip_prefix('_').unwrap_or(rest))
}

/// A rule that a policy set names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// Name in the policy set.
    pub(super) policy: String,
    /// Description in the policy set.
    pub(super) description: String,
    /// Enforcement level of the policy set.
    pub(super) enforcement: Option<Enforcement>,
    /// File of the policy set.
    pub(super) file: String,
    /// Line of the policy.
    pub(super) line: u32,
}

/// Which rules of a bundle find something, by dialect; empty before the bundle is loaded.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// Dialect by package; plain OPA where there is none.
    pub(super) dialects: BTreeMap<String, Dialect>,
    /// What a policy set says, by package and rule.
    pub(super) queries: BTreeMap<(String, String), Query>,
    /// Packages of which only the rules in `queries` fire.
    pub(super) queried: BTreeSet<String>,
    /// Name for the policy where the package name tells nothing.
    pub(super) id: Option<String>,
}

/// What it means that a rule finds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What its results mean.
    pub(super) kind: RuleKind,
    /// Whether a result may be any value, as in HCP Terraform.
    pub(super) any_result: bool,
}

impl Entries {
    /// The dialect of a package.
    pub(super) fn dialect(&self, package: &str) -> Dialect {
        self.dialects.get(package).copied().unwrap_or_default()
    }

    /// Whether a rule finds something.
    pub(super) fn entry(&self, package: &str, name: &str) -> Option<Entry> {
        if self.queried.contains(package) {
            let key = (package.to_owned(), name.to_owned());
            return self.queries.contains_key(&key).then_some(Entry {
                kind: RuleKind::Deny,
                any_result: true,
            });
        }
        self.dialect(package).kind_of(name).map(|kind| Entry {
            kind,
            any_result: false,
        })
    }
}
