//! Findings, approvals and plans as a report's entries say them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::decision::{Date, Decision, Identity, Recorded, Waiver};
use crate::digest::Digest;
use crate::finding::{
    Certainty, Enforcement, Finding, Location, PolicyLocation, Severity, Standing,
};
use crate::plan::Counts;
use crate::report::ApprovalLine;
use crate::review::{Compared, FindingState, Status};
use crate::source::{PlaceKind, SourceSide};
use crate::text::Printable;

/// A finding as a report says it.
#[derive(Deserialize)]
pub(super) struct Entry {
    fingerprint: String,
    policy: String,
    title: String,
    rule: String,
    severity: Severity,
    enforcement: Enforcement,
    certainty: Certainty,
    message: String,
    pub(super) plan: String,
    address: Option<String>,
    deposed: Option<String>,
    module: String,
    r#type: Option<String>,
    actions: Vec<String>,
    attribute: Option<String>,
    subject: Option<String>,
    facts: BTreeMap<String, Json>,
    location: Option<Place>,
    policy_location: Option<RulePlace>,
    explained: Option<bool>,
    status: Status,
    waiver: Option<Granted>,
    baseline: Option<Compared>,
    remediation: String,
    blocks: bool,
}

#[derive(Deserialize)]
struct Place {
    file: String,
    line: Option<u32>,
    end_line: Option<u32>,
    in_diff: Option<bool>,
    kind: PlaceKind,
    side: SourceSide,
}

#[derive(Deserialize)]
struct RulePlace {
    file: String,
    line: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Granted {
    Tree {
        reason: String,
        owner: String,
        expires: Date,
        file: String,
        line: u32,
    },
    Person {
        reason: String,
        by: String,
        expires: Date,
    },
}

/// A finding and its state, with the waiver of the tree that its state may name.
pub(super) struct Told {
    pub(super) finding: Finding,
    pub(super) state: FindingState,
    pub(super) waiver: Option<Waiver>,
}

fn optional(text: Option<&String>) -> Option<Printable> {
    text.map(|text| Printable::line(text))
}

impl Entry {
    /// What it says; nothing where a field is none that a run writes.
    pub(super) fn told(self, plan_index: usize) -> Option<Told> {
        let (waiver, recorded) = match &self.waiver {
            None => (None, None),
            Some(Granted::Tree {
                reason,
                owner,
                expires,
                file,
                line,
            }) => {
                // Only where and why it was granted is told of it, so the pattern is of no account.
                let (policy, address) = (self.policy.clone(), "told".to_owned());
                let made = Waiver::new(policy, address, reason, owner, *expires, file, *line);
                (Some(made.ok()?), None)
            }
            Some(Granted::Person {
                reason,
                by,
                expires,
            }) => (None, Some(answer(reason, by, *expires)?)),
        };
        let line = |text: &String| Printable::line(text);
        let standing = match self.status {
            Status::NotEvaluated => Standing::NotEvaluated,
            Status::NotApplicable => Standing::NotApplicable,
            _ => Standing::Fired,
        };
        let finding = Finding {
            fingerprint: Digest::parse(&self.fingerprint)?,
            content: Digest::of(b""),
            policy: line(&self.policy),
            title: line(&self.title),
            rule: line(&self.rule),
            severity: self.severity,
            enforcement: self.enforcement,
            certainty: self.certainty,
            standing,
            message: Printable::lines(&self.message),
            remediation: Printable::lines(&self.remediation),
            plan: line(&self.plan),
            plan_index,
            change_index: None,
            address: optional(self.address.as_ref()),
            target: None,
            deposed: optional(self.deposed.as_ref()),
            module: line(&self.module),
            kind: optional(self.r#type.as_ref()),
            actions: self.actions.iter().map(line).collect(),
            attribute: optional(self.attribute.as_ref()),
            subject: optional(self.subject.as_ref()),
            facts: self.facts,
            location: self.location.map(|place| Location {
                file: line(&place.file),
                line: place.line,
                end_line: place.end_line,
                in_diff: place.in_diff,
                kind: place.kind,
                side: place.side,
            }),
            policy_location: self.policy_location.map(|rule| PolicyLocation {
                file: line(&rule.file),
                line: rule.line,
            }),
            explained: self.explained,
        };
        let state = FindingState {
            status: self.status,
            blocks: self.blocks,
            recorded,
            waiver: None,
            waiver_days: None,
            compared: self.baseline,
        };
        Some(Told {
            finding,
            state,
            waiver,
        })
    }
}

/// A person's waiver; `by` is a name and an address as git writes them.
fn answer(reason: &str, by: &str, expires: Date) -> Option<Recorded> {
    let (name, email) = by.rsplit_once(" <")?;
    Some(Recorded {
        number: 0,
        decision: Decision::Waive {
            reason: reason.to_owned(),
            expires,
        },
        content: Digest::of(b""),
        plan: Digest::of(b""),
        by: Identity {
            name: name.to_owned(),
            email: email.strip_suffix('>')?.to_owned(),
        },
        at: Timestamp::UNIX_EPOCH,
    })
}

/// An approval as a report says it.
#[derive(Deserialize)]
pub(super) struct Approval {
    digest: String,
    reviewer: String,
    created: Timestamp,
    expires: Timestamp,
    signed: bool,
    key: Option<String>,
    valid: bool,
    reason: Option<String>,
    break_glass: Option<String>,
}

impl Approval {
    /// The line of it.
    pub(super) fn line(self) -> Option<ApprovalLine> {
        Some(ApprovalLine {
            digest: Digest::parse(&self.digest)?,
            reviewer: Printable::line(&self.reviewer),
            created: self.created,
            expires: self.expires,
            signed: self.signed,
            key: optional(self.key.as_ref()),
            valid: self.valid,
            reason: optional(self.reason.as_ref()),
            break_glass: optional(self.break_glass.as_ref()),
        })
    }
}

/// A plan as a report says it.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::report) struct PlanLine {
    pub(in crate::report) path: String,
    pub(in crate::report) sha256: String,
    pub(in crate::report) effect: String,
    pub(in crate::report) terraform_version: Option<String>,
    pub(in crate::report) mode: String,
    pub(in crate::report) complete: Option<bool>,
    pub(in crate::report) errored: bool,
    pub(in crate::report) counts: Counts,
    pub(in crate::report) changes: usize,
}
