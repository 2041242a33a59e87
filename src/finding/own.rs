//! Findings of the policies that this program itself holds about the whole review, not about one resource of one plan.

use std::collections::BTreeMap;

use super::build::tell_twins_apart;
use super::{Certainty, Finding, FingerprintParts, Location, Override, Standing, Target};
use crate::digest::Digest;
use crate::policy::own::{OwnPolicy, WAIVERS};
use crate::text::Printable;

/// What such a finding says; every text was redacted before.
#[derive(Clone, Debug)]
pub struct Own {
    /// The policy.
    pub policy: &'static OwnPolicy,
    /// Rule name.
    pub rule: &'static str,
    /// What it is about: a path, a waiver.
    pub subject: Printable,
    /// What waivers of the trusted tree match; none where it cannot be waived by one.
    pub target: Option<Target>,
    /// What, why, what now.
    pub message: Printable,
    /// Facts.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// Where it stands.
    pub location: Option<Location>,
    /// Digest of the thing itself.
    pub content: Digest,
}

/// What can be wrong with a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaiverRule {
    /// It covers nothing.
    Unused,
    /// Its last day is over.
    Expired,
    /// It covers too much.
    OverBroad,
    /// It is a comment that is no waiver.
    Malformed,
}

impl WaiverRule {
    /// The rule's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Expired => "expired",
            Self::OverBroad => "over-broad",
            Self::Malformed => "malformed",
        }
    }
}

impl Own {
    /// A finding about a waiver; no waiver covers it.
    #[must_use]
    pub fn about_waiver(
        rule: WaiverRule,
        subject: Printable,
        message: Printable,
        content: Digest,
    ) -> Self {
        Self {
            policy: &WAIVERS,
            rule: rule.word(),
            subject,
            target: None,
            message,
            facts: BTreeMap::new(),
            location: None,
            content,
        }
    }
}

/// What they belong to: a report lists findings by plan, and these are listed with the first.
#[derive(Clone, Copy, Debug)]
pub struct Home<'a> {
    /// Path of the first plan as given.
    pub plan: &'a Printable,
    /// Overrides by policy id.
    pub overrides: &'a BTreeMap<String, Override>,
}

/// Makes findings of them. The fingerprint does not name a plan: the same change of a rule is one thing to answer for all plans.
#[must_use]
pub fn from_own(found: Vec<Own>, home: Home<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = found.into_iter().map(|own| made(own, home)).collect();
    tell_twins_apart(&mut findings);
    findings
}

fn made(own: Own, home: Home<'_>) -> Finding {
    let policy = own.policy;
    let overrides = home.overrides.get(policy.id).copied().unwrap_or_default();
    Finding {
        fingerprint: FingerprintParts {
            policy: policy.id,
            rule: own.rule,
            root: "",
            address: None,
            deposed: None,
            attribute: None,
            subject: Some(own.subject.as_str()),
            message: None,
        }
        .digest(),
        content: own.content,
        policy: Printable::line(policy.id),
        title: Printable::line(policy.title),
        rule: Printable::line(own.rule),
        severity: overrides.severity.unwrap_or(policy.severity),
        enforcement: overrides.enforcement.unwrap_or(policy.enforcement),
        certainty: Certainty::Proven,
        standing: Standing::Fired,
        message: own.message,
        remediation: Printable::line(policy.remediation),
        plan: home.plan.clone(),
        plan_index: 0,
        change_index: None,
        address: None,
        target: own.target,
        deposed: None,
        module: Printable::default(),
        kind: None,
        actions: Vec::new(),
        attribute: None,
        subject: Some(own.subject),
        facts: own.facts,
        location: own.location,
        policy_location: None,
        explained: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::own::POLICY_TAMPER;
    use crate::policy::{Enforcement, Severity};

    fn own(policy: &'static OwnPolicy, subject: &str, message: &str) -> Own {
        Own {
            policy,
            rule: "unused",
            subject: Printable::line(subject),
            target: None,
            message: Printable::line(message),
            facts: BTreeMap::new(),
            location: None,
            content: Digest::of(message.as_bytes()),
        }
    }

    #[test]
    fn levels_are_the_policys_unless_the_configuration_sets_them() {
        let plan = Printable::line("plan.json");
        let mut overrides = BTreeMap::new();
        let levels = |overrides: &BTreeMap<String, Override>| {
            let home = Home {
                plan: &plan,
                overrides,
            };
            let found = vec![own(&POLICY_TAMPER, "a", "m"), own(&WAIVERS, "a", "m")];
            let findings = from_own(found, home);
            let levels = findings.iter().map(|f| (f.enforcement, f.severity));
            levels.collect::<Vec<_>>()
        };
        let usual = (Enforcement::Advisory, Severity::Low);
        assert_eq!(
            levels(&overrides),
            [(Enforcement::SoftMandatory, Severity::High), usual]
        );
        overrides.insert(
            POLICY_TAMPER.id.to_owned(),
            Override {
                enforcement: Some(Enforcement::HardMandatory),
                severity: Some(Severity::Critical),
            },
        );
        assert_eq!(
            levels(&overrides),
            [(Enforcement::HardMandatory, Severity::Critical), usual]
        );
    }

    #[test]
    fn two_about_the_same_are_two_to_answer() {
        let plan = Printable::line("plan.json");
        let home = Home {
            plan: &plan,
            overrides: &BTreeMap::new(),
        };
        let found = ["line 1", "line 9", "line 9"].map(|m| own(&WAIVERS, "a", m));
        let findings = from_own(found.to_vec(), home);
        let prints: std::collections::BTreeSet<_> =
            findings.iter().map(|f| f.fingerprint).collect();
        assert_eq!(prints.len(), 3);
    }
}
