//! What a policy found: the unit that a reviewer answers, a gate counts and a report prints.
//!
//! Place in the flow: policy results become findings here; `decision` says what may be answered, `review` decides what they mean.
//!
//! Invariants: every text of a finding is [`Printable`], redacted and sanitised when the finding was made, so that no renderer can
//! leak or be misled. The fingerprint names *what was found where* and survives message edits and re-plans; the content digest says
//! whether the thing itself is still the same, lives in drafts and records, and never in a report.

mod build;
mod order;
mod own;

pub use build::{Origin, Override, from_results, is_in};
pub use order::sort;
pub use own::{Home, Own, WaiverRule, from_own};

pub use crate::policy::{Certainty, Enforcement, Severity};

/// Id of the policy about waivers; its findings cannot be waived by one.
pub const WAIVERS: &str = crate::policy::own::WAIVERS.id;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::digest::{Digest, Sink};
use crate::source::{PlaceKind, SourceSide};
use crate::text::{MASK, Printable, Redactor};

/// How a finding came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// A rule fired.
    Fired,
    /// The policy needs something that is missing here, so nothing was looked at.
    NotEvaluated,
    /// The policy does not apply to what is under review.
    NotApplicable,
}

/// A place in a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Location {
    /// Path in the repository.
    pub file: Printable,
    /// First line, counted from 1; absent when only the file is known.
    pub line: Option<u32>,
    /// Last line.
    pub end_line: Option<u32>,
    /// Whether the change under review touches these lines; absent when there is no change, and in the plan's snapshot.
    pub in_diff: Option<bool>,
    /// What stands there.
    pub kind: PlaceKind,
    /// In which text the lines count.
    pub side: SourceSide,
}

/// The rule that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyLocation {
    /// File of the policy.
    pub file: Printable,
    /// Line of the rule, counted from 1.
    pub line: u32,
}

/// An address as the plan writes it, and the digest of the code that a finding is about, where it is about some. It can be matched, not
/// shown: it was neither redacted nor sanitised.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    address: String,
    digest: Option<String>,
}

impl Target {
    /// Keeps an address for matching.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            digest: None,
        }
    }

    /// The same address, with the digest that a waiver must name.
    #[must_use]
    pub fn with_digest(self, digest: Option<&str>) -> Self {
        Self {
            digest: digest.map(str::to_owned),
            ..self
        }
    }

    /// The digest of the code that the finding is about, where it is about some.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether a test holds for the address without its instance keys: the address of the block in the configuration.
    #[must_use]
    pub fn is_block(&self, test: impl FnOnce(&str) -> bool) -> bool {
        test(&crate::source::strip_keys(&self.address))
    }

    /// Whether a test holds for the address.
    #[must_use]
    pub fn is(&self, test: impl FnOnce(&str) -> bool) -> bool {
        test(&self.address)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(..)")
    }
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Names what was found where.
    pub fingerprint: Digest,
    /// Names the thing itself: rule text and change. Equal content keeps a decision, other content reopens it.
    pub content: Digest,
    /// Policy id.
    pub policy: Printable,
    /// Title of the policy.
    pub title: Printable,
    /// Rule name as reported: `deny`, `warn`, `violation`, `deferred`, …
    pub rule: Printable,
    /// How bad it is.
    pub severity: Severity,
    /// What it does to the gate.
    pub enforcement: Enforcement,
    /// Whether it is proven.
    pub certainty: Certainty,
    /// How it came to be.
    pub standing: Standing,
    /// What, why, what now.
    pub message: Printable,
    /// What to do about it, from the policy.
    pub remediation: Printable,
    /// Path of the plan as it was given.
    pub plan: Printable,
    /// Index of that plan in the case.
    pub plan_index: usize,
    /// Index of the resource change in that plan, where the address names one.
    pub change_index: Option<usize>,
    /// Address of the resource.
    pub address: Option<Printable>,
    /// The address as the plan writes it, for matching only; never shown.
    pub target: Option<Target>,
    /// Key of a deposed object.
    pub deposed: Option<Printable>,
    /// Module path; empty for the root module.
    pub module: Printable,
    /// Resource type.
    pub kind: Option<Printable>,
    /// The plan's action words.
    pub actions: Vec<Printable>,
    /// Attribute path.
    pub attribute: Option<Printable>,
    /// Who or what it is about beside the resource, such as a principal or a provider.
    pub subject: Option<Printable>,
    /// Flat facts that the policy gives, sanitised.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// Where it stands in the configuration.
    pub location: Option<Location>,
    /// The rule that fired.
    pub policy_location: Option<PolicyLocation>,
    /// Whether the change under review explains it; absent when that is not known.
    pub explained: Option<bool>,
}

impl Finding {
    /// Whether a resource is destroyed or replaced here; such a finding is never decided in bulk.
    #[must_use]
    pub fn is_destructive(&self) -> bool {
        // What is not known may destroy, whatever its words are.
        self.policy.as_str() == crate::policy::own::UNKNOWN_ACTION.id
            || self.actions.iter().any(|a| {
                a.as_str() != "no-op"
                    && !matches!(a.as_str(), "create" | "read" | "update" | "forget")
            })
    }

    /// Whether it points to a text that must not be shown: a secret in the code, which no redactor may know.
    #[must_use]
    pub fn is_about_a_literal(&self) -> bool {
        self.policy.as_str() == "hardcoded-secret"
    }

    /// The address with its deposed key, or the subject, or the policy: what a list shows.
    #[must_use]
    pub fn label(&self) -> String {
        match (&self.address, &self.deposed, &self.subject) {
            (Some(address), Some(key), _) => format!("{address} (deposed {key})"),
            (Some(address), None, _) => address.to_string(),
            (None, _, Some(subject)) => subject.to_string(),
            (None, _, None) => self.policy.to_string(),
        }
    }
}

/// A fact as it may be written out; the same value wherever nothing in it is hostile or secret.
#[must_use]
pub fn shown_fact(redactor: &Redactor, value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::Number(number) if redactor.finds(&number.to_string()) => Json::from(MASK),
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
        Json::String(text) => Json::from(redactor.lines(text).into_string()),
        Json::Array(items) => items
            .iter()
            .map(|item| shown_fact(redactor, item))
            .collect(),
        Json::Object(fields) => fields
            .iter()
            .map(|(name, field)| {
                (
                    redactor.line(name).into_string(),
                    shown_fact(redactor, field),
                )
            })
            .collect(),
    }
}

/// The fields that make a fingerprint.
#[derive(Clone, Copy, Debug)]
pub struct FingerprintParts<'a> {
    /// Policy id.
    pub policy: &'a str,
    /// Rule name.
    pub rule: &'a str,
    /// Root of the plan: its path's directory and name in the repository.
    pub root: &'a str,
    /// Address.
    pub address: Option<&'a str>,
    /// Deposed key.
    pub deposed: Option<&'a str>,
    /// Attribute path.
    pub attribute: Option<&'a str>,
    /// Subject.
    pub subject: Option<&'a str>,
    /// Only for findings without address, attribute and subject: their message.
    pub message: Option<&'a str>,
}

impl FingerprintParts<'_> {
    /// Hashes the fields.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut sink = Sink::new("countersign fingerprint v1");
        sink.text(self.policy);
        sink.text(self.rule);
        sink.text(self.root);
        sink.optional(self.address);
        sink.optional(self.deposed);
        sink.optional(self.attribute);
        sink.optional(self.subject);
        sink.optional(self.message);
        sink.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_names_every_part() {
        let base = FingerprintParts {
            policy: "p",
            rule: "deny",
            root: "plan.json",
            address: Some("a.b"),
            deposed: None,
            attribute: None,
            subject: None,
            message: None,
        };
        let mut seen = std::collections::BTreeSet::new();
        assert!(seen.insert(base.digest()));
        assert!(
            seen.insert(
                FingerprintParts {
                    policy: "q",
                    ..base
                }
                .digest()
            )
        );
        assert!(
            seen.insert(
                FingerprintParts {
                    deposed: Some("k"),
                    ..base
                }
                .digest()
            )
        );
        assert!(
            seen.insert(
                FingerprintParts {
                    attribute: Some("k"),
                    ..base
                }
                .digest()
            )
        );
        assert!(
            seen.insert(
                FingerprintParts {
                    subject: Some("k"),
                    ..base
                }
                .digest()
            )
        );
        assert!(
            seen.insert(
                FingerprintParts {
                    address: None,
                    ..base
                }
                .digest()
            )
        );
    }
}
