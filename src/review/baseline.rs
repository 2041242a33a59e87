//! An earlier run to compare with: what it found already does not block again.
//!
//! A baseline is for what stands as it stood. It never covers what a plan does once (something is destroyed, replaced or unknown), what is
//! said of the change itself or of the rules, what no waiver could cover, and what could not be looked at; nor a finding that became
//! another: worse, stricter, less certain, with other actions or other facts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;

use super::ReviewCase;
use crate::digest::Digest;
use crate::finding::{Enforcement, Finding, Severity, Standing, shown_fact};
use crate::policy::Need;
use crate::text::{Printable, Redactor};

/// The findings of an earlier report.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Path as it was given.
    pub file: Printable,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Names of its plans that stay the same between runs.
    pub roots: BTreeSet<Printable>,
    /// Whether the same policies and the same configuration judged there.
    pub same_rules: bool,
    earlier: BTreeMap<Digest, Earlier>,
}

/// A finding of the earlier report.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Its fingerprint.
    pub fingerprint: Digest,
    /// Policy id.
    pub policy: Printable,
    /// Rule.
    pub rule: Printable,
    /// How bad it was.
    pub severity: Severity,
    /// Path of its plan, as it was given then.
    pub plan: Printable,
    /// Address, subject or policy: what a list shows.
    pub label: Printable,
    /// What it said.
    pub message: Printable,
    root: Option<Printable>,
    enforcement: Enforcement,
    certainty: String,
    actions: Vec<Printable>,
    facts: BTreeMap<String, Json>,
}

/// How a finding stands to the baseline, in the words of SARIF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compared {
    /// It is not in the baseline.
    New,
    /// It is there, and became another.
    Updated,
    /// It is there as it is here.
    Unchanged,
}

impl Compared {
    /// The word in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What is read of a report.
#[derive(Deserialize)]
struct Report {
    plans: Vec<Plan>,
    policies: Rules,
    findings: Vec<Entry>,
}

#[derive(Deserialize)]
struct Plan {
    path: String,
    root: String,
}

#[derive(Deserialize)]
struct Rules {
    digest: Option<String>,
    config: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    fingerprint: String,
    policy: String,
    rule: String,
    severity: Severity,
    enforcement: Enforcement,
    certainty: String,
    message: String,
    plan: String,
    address: Option<String>,
    deposed: Option<String>,
    actions: Vec<String>,
    subject: Option<String>,
    facts: BTreeMap<String, Json>,
    status: String,
}

impl Baseline {
    /// Reads a JSON report; that it follows its schema was checked before. Texts of it pass the case's redactor.
    ///
    /// # Errors
    /// Where the document is no such report.
    pub fn read(
        report: Json,
        (file, digest): (&str, Digest),
        case: &ReviewCase,
    ) -> Result<Self, serde_json::Error> {
        let report: Report = serde_json::from_value(report)?;
        let redactor = &case.redactor;
        let root_of: BTreeMap<&str, &str> = report
            .plans
            .iter()
            .map(|plan| (plan.path.as_str(), plan.root.as_str()))
            .collect();
        let digest_of = |text: &Option<String>| text.as_deref().and_then(Digest::parse);
        let earlier = report
            .findings
            .iter()
            // What was not looked at then, or refused, is no ground to let it pass now.
            .filter(|entry| {
                let status = entry.status.as_str();
                !matches!(status, "rejected" | "not-evaluated" | "not-applicable")
            })
            .filter_map(|entry| {
                let fingerprint = Digest::parse(&entry.fingerprint)?;
                let root = root_of.get(entry.plan.as_str());
                Some((fingerprint, entry.earlier(fingerprint, root, redactor)))
            })
            .collect();
        Ok(Self {
            file: redactor.line(file),
            digest,
            roots: report
                .plans
                .iter()
                .map(|plan| redactor.line(&plan.root))
                .collect(),
            same_rules: digest_of(&report.policies.digest) == Some(case.policies.digest)
                && digest_of(&report.policies.config) == Some(case.config),
            earlier,
        })
    }

    /// How a finding stands to it.
    #[must_use]
    pub fn compare(&self, finding: &Finding, redactor: &Redactor) -> Compared {
        let Some(earlier) = self.earlier.get(&finding.fingerprint) else {
            return Compared::New;
        };
        let facts: BTreeMap<String, Json> = finding
            .facts
            .iter()
            .map(|(name, value)| {
                let name = redactor.line(name).into_string();
                (name, shown_fact(redactor, value))
            })
            .collect();
        let certainty = serde_json::to_value(finding.certainty).ok();
        // The smallest severity and the smallest level are the worst.
        let same = finding.severity >= earlier.severity
            && finding.enforcement >= earlier.enforcement
            && certainty.as_ref().and_then(Json::as_str) == Some(&earlier.certainty)
            && finding.actions == earlier.actions
            && facts == earlier.facts;
        if same {
            Compared::Unchanged
        } else {
            Compared::Updated
        }
    }

    /// What was found then in plans that were read now, and is not found any more.
    #[must_use]
    pub fn absent(&self, case: &ReviewCase) -> Vec<&Earlier> {
        let now: BTreeSet<&Digest> = case.findings.iter().map(|f| &f.fingerprint).collect();
        let roots: BTreeSet<Printable> = roots(case);
        self.earlier
            .iter()
            .filter(|(fingerprint, _)| !now.contains(fingerprint))
            .map(|(_, earlier)| earlier)
            .filter(|earlier| earlier.root.as_ref().is_some_and(|r| roots.contains(r)))
            .collect()
    }
}

/// Names of the case's plans that stay the same between runs.
#[must_use]
pub fn roots(case: &ReviewCase) -> BTreeSet<Printable> {
    let line = |root: &str| case.redactor.line(root);
    case.plans.iter().map(|plan| line(&plan.root)).collect()
}

/// Whether a baseline may cover a finding at all.
pub(super) fn may_cover(case: &ReviewCase, finding: &Finding) -> bool {
    let about_the_change = |need: &Need| matches!(need, Need::Git | Need::Repository);
    let mut policies = case.policies.policies.iter();
    // The policies of this program are not in the list: what they find is about rules, or about what is not known.
    let standing = policies
        .find(|policy| policy.id == finding.policy)
        .is_some_and(|policy| {
            let mut inputs = policy.needs.iter().chain(&policy.uses);
            !inputs.any(about_the_change)
        });
    standing && can_cover(finding)
}

/// Whether a baseline can cover such a finding, as far as it tells itself.
#[must_use]
pub fn can_cover(finding: &Finding) -> bool {
    // They count what is destroyed or replaced, and two plans may do so to as many other objects.
    const ABOUT_THE_WHOLE: [&str; 3] = ["mass-destroy", "plan-mode-restricted", "plan-complete"];
    if ABOUT_THE_WHOLE.contains(&finding.policy.as_str()) {
        return false;
    }
    // Without these its fingerprint is that of a sentence, which can be said of many things.
    let named =
        finding.address.is_some() || finding.attribute.is_some() || finding.subject.is_some();
    named
        && finding.standing == Standing::Fired
        && finding.enforcement != Enforcement::HardMandatory
        && !finding.is_destructive()
}

impl Entry {
    fn earlier(&self, fingerprint: Digest, root: Option<&&str>, redactor: &Redactor) -> Earlier {
        let line = |text: &str| redactor.line(text);
        let label = match (&self.address, &self.deposed, &self.subject) {
            (Some(address), Some(key), _) => format!("{address} (deposed {key})"),
            (Some(address), None, _) => address.clone(),
            (None, _, Some(subject)) => subject.clone(),
            (None, _, None) => self.policy.clone(),
        };
        Earlier {
            fingerprint,
            policy: line(&self.policy),
            rule: line(&self.rule),
            severity: self.severity,
            plan: line(&self.plan),
            label: line(&label),
            message: redactor.lines(&self.message),
            root: root.map(|root| line(root)),
            enforcement: self.enforcement,
            certainty: self.certainty.clone(),
            actions: self.actions.iter().map(|word| line(word)).collect(),
            facts: self.facts.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
