//! Making a statement from a finished review.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::cover::{self, Blocking};
use super::owners::is_member;
use super::record::Record;
use super::statement::{BinaryBinding, PlanBinding, PolicyBinding, Statement, Tool};
use super::{Answer, BREAK_GLASS_HOURS, Given, MAX_TTL_DAYS, normal_email};
use crate::decision::{Decision, Identity, Journal};
use crate::digest::Digest;
use crate::finding::Finding;
use crate::review::{CasePlan, Exit, FindingState, ReviewCase, Status, Verdict, approval_blockers};
use crate::text::Printable;

/// Who approves, when, for how long and after which records.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The reviewer.
    pub reviewer: &'a Identity,
    /// The time.
    pub now: Timestamp,
    /// Days until the approval expires, 1 to [`MAX_TTL_DAYS`].
    pub ttl_days: u8,
    /// Digests of the records that this one follows; see [`super::heads`].
    pub predecessors: &'a [Digest],
    /// Version of this program.
    pub tool_version: &'a str,
    /// Sets aside who must approve.
    pub break_glass: Option<Glass<'a>>,
}

/// Setting aside who must approve, in an emergency.
#[derive(Clone, Copy, Debug)]
pub struct Glass<'a> {
    /// Why.
    pub reason: &'a str,
    /// Addresses of those whom the base lets do it; none where it names nobody.
    pub members: Option<&'a [String]>,
}

/// What stands in the way of approving, one sentence each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this review cannot be approved: {}", .0.join(" "))]
pub struct Blocked(pub Vec<String>);

impl Statement {
    /// Makes the statement of an approval.
    ///
    /// # Errors
    /// With everything that stands in the way of approving.
    pub fn build(
        case: &ReviewCase,
        journal: &Journal,
        verdict: &Verdict,
        occasion: &Occasion<'_>,
    ) -> Result<Self, Blocked> {
        let mut problems = approval_blockers(case, journal, verdict);
        if problems.is_empty() {
            problems = other_blockers(case, verdict, occasion);
        }
        let (Some(change), Some(tree), true) =
            (case.under_review.change(), &case.tree, problems.is_empty())
        else {
            return Err(Blocked(problems));
        };
        let created = whole_seconds(occasion.now);
        let ttl = SignedDuration::from_hours(match occasion.break_glass {
            Some(_) => BREAK_GLASS_HOURS,
            None => 24 * i64::from(occasion.ttl_days),
        });
        let expires = created.checked_add(ttl).unwrap_or(created);
        let mut plans: Vec<PlanBinding> = case.plans.iter().map(plan_binding).collect();
        plans.sort_by(|a, b| a.root.cmp(&b.root));
        let authors: BTreeSet<String> = change
            .authors
            .iter()
            .map(|a| normal_email(&a.email))
            .collect();
        let predecessors: BTreeSet<Digest> = occasion.predecessors.iter().copied().collect();
        let statement = Self {
            answers: answers(case, verdict, created)?,
            authors: authors.into_iter().filter(|a| !a.is_empty()).collect(),
            base: change.base.clone(),
            break_glass: occasion
                .break_glass
                .map(|glass| Printable::line(case.redactor.line(glass.reason).as_str().trim())),
            commit: change.head.clone().unwrap_or_default(),
            config: case.config,
            created,
            displayed: journal.displayed().len() as u64,
            expires,
            merge_base: change.merge_base.clone(),
            plans,
            policies: PolicyBinding {
                commit: case.policies.commit.clone(),
                digest: case.policies.digest,
                trust: Printable::line(case.policies.trust.word()),
            },
            predecessors: predecessors.into_iter().collect(),
            repository: case.repository.clone(),
            reviewer: Identity {
                name: Printable::line(&occasion.reviewer.name).into_string(),
                email: Printable::line(occasion.reviewer.email.trim()).into_string(),
            },
            tool: Tool {
                name: Printable::line("countersign"),
                version: Printable::line(occasion.tool_version),
            },
            tree: tree.clone(),
        };
        // A record that could not be read back, or would not be accepted a moment later, is never written.
        Record::unsigned(statement.clone())
            .and_then(|record| Record::parse(record.line()))
            .map_err(|error| Blocked(vec![error.to_string()]))?;
        let blocking = Blocking::now(case, occasion.now);
        cover::check(&statement, &blocking).map_err(|void| Blocked(vec![void.to_string()]))?;
        Ok(statement)
    }
}

/// What no reviewer can answer, beside the blockers of the review itself.
fn other_blockers(case: &ReviewCase, verdict: &Verdict, occasion: &Occasion<'_>) -> Vec<String> {
    let mut out = Vec::new();
    if case.plans.is_empty() {
        out.push("There is no plan.".to_owned());
    }
    let roots: BTreeSet<Printable> = case
        .plans
        .iter()
        .map(|p| Printable::line(&p.root))
        .collect();
    if roots.len() != case.plans.len() {
        out.push("Two plans have the same name; give each its own path.".to_owned());
    }
    if case.tree.is_none() {
        out.push("The tree of the commit under review is not known.".to_owned());
    }
    if case.under_review.head().is_none() {
        out.push("The commit under review is not known.".to_owned());
    }
    if !(1..=MAX_TTL_DAYS).contains(&occasion.ttl_days) {
        out.push(format!(
            "An approval lasts 1 to {MAX_TTL_DAYS} days, not {}.",
            occasion.ttl_days
        ));
    }
    if normal_email(&occasion.reviewer.email).is_empty() {
        out.push("The reviewer has no address; set user.email.".to_owned());
    }
    if let Some(glass) = occasion.break_glass {
        if glass.reason.trim().is_empty() {
            out.push("Breaking glass needs a reason.".to_owned());
        }
        if let Err(why) = may_break_glass(glass.members, &occasion.reviewer.email) {
            out.push(format!("Breaking glass is not allowed: {why}."));
        }
    }
    if verdict.states.len() != case.findings.len() {
        out.push("The verdict belongs to another review.".to_owned());
    }
    // A missing approval is what is being remedied; anything else that fails the gate is not.
    if !matches!(verdict.exit, Exit::Pass | Exit::Unapproved) {
        out.extend(
            verdict
                .reasons
                .iter()
                .map(|reason| format!("The gate fails: {reason}.")),
        );
    }
    out
}

/// Whether an address belongs to those who may set aside who must approve.
pub(super) fn may_break_glass(members: Option<&[String]>, address: &str) -> Result<(), String> {
    let Some(members) = members else {
        return Err("[approval] break_glass on the base names no group".to_owned());
    };
    if members.iter().any(|member| is_member(member, address)) {
        return Ok(());
    }
    Err(format!(
        "{} does not belong to the group that may: {}",
        Printable::line(address.trim()),
        Printable::line(&members.join(", "))
    ))
}

fn plan_binding(plan: &CasePlan) -> PlanBinding {
    let counts = match serde_json::to_value(plan.plan.counts()) {
        Ok(serde_json::Value::Object(counts)) => counts
            .into_iter()
            .filter_map(|(kind, number)| Some((kind, number.as_u64()?)))
            .collect(),
        _ => BTreeMap::new(),
    };
    PlanBinding {
        binary: plan
            .plan
            .binary
            .as_deref()
            .zip(plan.proof.as_ref())
            .map(|(binary, proof)| {
                let line = |text: &String| plan.plan.redactor.line(text);
                BinaryBinding {
                    lineage: binary.lineage.as_ref().map(line),
                    proof: Printable::line(proof.verdict().word()),
                    serial: binary.serial,
                    sha256: binary.digest,
                    terraform_version: line(&binary.terraform_version),
                }
            }),
        counts,
        effect: plan.plan.effect,
        mode: Printable::line(plan.plan.mode.word()),
        root: Printable::line(&plan.root),
        sha256: plan.plan.digest,
    }
}

fn answers(
    case: &ReviewCase,
    verdict: &Verdict,
    created: Timestamp,
) -> Result<Vec<Answer>, Blocked> {
    let mut out = BTreeMap::new();
    for (finding, state) in case.findings.iter().zip(&verdict.states) {
        let Some(given) = given(case, state, created) else {
            return Err(Blocked(vec![format!("{} has no answer.", title(finding))]));
        };
        let answer = Answer {
            fingerprint: finding.fingerprint,
            content: finding.content,
            policy: finding.policy.clone(),
            given,
        };
        out.entry((finding.fingerprint, finding.content))
            .or_insert(answer);
    }
    Ok(out.into_values().collect())
}

fn given(case: &ReviewCase, state: &FindingState, created: Timestamp) -> Option<Given> {
    match state.status {
        Status::NotApplicable => return Some(Given::NotApplicable),
        Status::Waived | Status::Acknowledged | Status::Carried => {}
        Status::Open
        | Status::Rejected
        | Status::Stale
        | Status::NotEvaluated
        | Status::Deferred => return None,
    }
    let clean = |reason: &str| case.redactor.lines(reason);
    if let Some(recorded) = &state.recorded {
        let decision = match &recorded.decision {
            Decision::Acknowledge => Decision::Acknowledge,
            Decision::Waive { reason, expires } => Decision::Waive {
                reason: clean(reason).into_string(),
                expires: *expires,
            },
            Decision::Reject { .. } => return None,
        };
        // A clock that was set back meanwhile must not date the answer after the record.
        let at = whole_seconds(recorded.at).min(created);
        return Some(Given::Reviewer { decision, at });
    }
    let waiver = case.waivers.get(state.waiver?)?;
    Some(Given::Waiver {
        reason: clean(waiver.reason.as_str()),
        expires: waiver.expires,
    })
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// How a finding is named in a refusal.
pub(super) fn title(finding: &Finding) -> String {
    let label = finding.label();
    if label == finding.policy.as_str() {
        label
    } else {
        format!("{} at {label}", finding.policy)
    }
}
