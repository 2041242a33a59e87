//! The verdict: what every finding's state is, and what follows.

use crate::decision::{Decision, Journal, Recorded, permits};
use crate::finding::{Certainty, Enforcement, Finding, Standing};
use crate::review::baseline::may_cover;
use crate::review::{Compared, Exit, Gate, ReviewCase};

/// The state of one finding.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nobody answered.
    Open,
    /// Accepted by a waiver or a reviewer although it blocks.
    Waived,
    /// Seen and accepted.
    Acknowledged,
    /// Not accepted.
    Rejected,
    /// Answered on an earlier plan in which it was the same.
    Carried,
    /// Answered on an earlier plan in which it was different, or with an expiry that is over.
    Stale,
    /// The policy could not look.
    NotEvaluated,
    /// The policy does not apply.
    NotApplicable,
    /// Open, about a change that this plan puts off.
    Deferred,
}

impl Status {
    /// The word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waived => "waived",
            Self::Acknowledged => "acknowledged",
            Self::Rejected => "rejected",
            Self::Carried => "carried",
            Self::Stale => "stale",
            Self::NotEvaluated => "not-evaluated",
            Self::NotApplicable => "not-applicable",
            Self::Deferred => "deferred",
        }
    }

    /// Whether a reviewer still has to answer.
    #[must_use]
    pub fn is_undecided(self) -> bool {
        matches!(
            self,
            Self::Open | Self::Stale | Self::NotEvaluated | Self::Deferred
        )
    }
}

/// What is known about the answer to one finding.
#[derive(Clone, Debug)]
pub struct FindingState {
    /// Its state.
    pub status: Status,
    /// Whether it blocks the gate.
    pub blocks: bool,
    /// The reviewer's answer, also a stale one.
    pub recorded: Option<Recorded>,
    /// Index of the waiver of the trusted tree that covers it.
    pub waiver: Option<usize>,
    /// How many days that waiver still counts, where these are few.
    pub waiver_days: Option<i32>,
    /// How it stands to the baseline, where there is one.
    pub compared: Option<Compared>,
}

/// Numbers of findings by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DecisionCounts {
    /// Open, stale and deferred ones.
    pub open: usize,
    /// Waived.
    pub waived: usize,
    /// Acknowledged.
    pub acknowledged: usize,
    /// Rejected.
    pub rejected: usize,
    /// Carried over from an earlier plan.
    pub carried: usize,
    /// Not evaluated.
    pub not_evaluated: usize,
}

/// What follows from a case and a journal.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The exit status.
    pub exit: Exit,
    /// Why, one sentence part each; empty when nothing blocks.
    pub reasons: Vec<String>,
    /// The state of each finding, in the order of the case's findings.
    pub states: Vec<FindingState>,
    /// Numbers by state.
    pub counts: DecisionCounts,
}

impl Verdict {
    /// Adds what the approval says: a reason when a valid one is demanded and missing.
    #[must_use]
    pub fn with_approval(mut self, refusal: Option<String>) -> Self {
        if let Some(reason) = refusal {
            self.exit = self.exit.and(Exit::Unapproved);
            self.reasons.push(reason);
        }
        self
    }
}

/// Decides. Pure: the same case, journal and time always give the same verdict.
#[must_use]
pub fn verdict(case: &ReviewCase, journal: &Journal, now: jiff::Timestamp) -> Verdict {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let decisions = journal.decisions();
    let plan = case.plan_digest();
    let mut states = Vec::with_capacity(case.findings.len());
    for finding in &case.findings {
        let waiver = case.waivers.iter().position(|candidate| {
            finding.enforcement != Enforcement::HardMandatory
                && candidate.is_valid_on(today)
                && candidate.covers(finding)
        });
        let recorded = decisions.get(&finding.fingerprint).cloned();
        let same_plan = |r: &Recorded| r.plan == plan;
        let state = status(
            finding,
            recorded.as_ref(),
            waiver.is_some(),
            today,
            same_plan,
        );
        let rejected = recorded.as_ref().is_some_and(|r| {
            state == Status::Carried && matches!(r.decision, Decision::Reject { .. })
        });
        let compared = case
            .baseline
            .as_ref()
            .map(|baseline| baseline.compare(finding, &case.redactor));
        let known = compared == Some(Compared::Unchanged)
            && state != Status::Rejected
            && may_cover(case, finding);
        states.push(FindingState {
            status: if rejected { Status::Rejected } else { state },
            blocks: rejected || (!known && blocks(case.gate, finding, state)),
            recorded,
            waiver,
            waiver_days: waiver.and_then(|index| case.waivers.get(index)?.ends_soon(today)),
            compared,
        });
    }
    let counts = count(states.iter().map(|state| state.status));
    let counted: Vec<_> = case
        .findings
        .iter()
        .zip(&states)
        .map(|(finding, state)| (finding.enforcement, state.status, state.blocks))
        .collect();
    let errored = case.plans.iter().filter(|plan| plan.plan.errored);
    let ground = Ground {
        errored: errored.map(|plan| plan.path.as_str()).collect(),
        plans: case.plans.len(),
        problems: case.problems.len(),
        evaluated: case.policies.evaluated,
    };
    let (exit, reasons) = conclude(&ground, &counted);
    Verdict {
        exit,
        reasons,
        states,
        counts,
    }
}

fn status(
    finding: &Finding,
    recorded: Option<&Recorded>,
    waived: bool,
    today: crate::decision::Date,
    same_plan: impl Fn(&Recorded) -> bool,
) -> Status {
    if finding.standing == Standing::NotApplicable {
        return Status::NotApplicable;
    }
    let answered = recorded.map(|recorded| answered(finding, recorded, today, same_plan));
    match answered {
        // An answer that no longer counts does not take away what the trusted tree grants.
        Some(Status::Stale) if waived => return Status::Waived,
        Some(status) => return status,
        None => {}
    }
    if waived {
        return Status::Waived;
    }
    match finding.standing {
        Standing::NotEvaluated => Status::NotEvaluated,
        _ if finding.rule.as_str() == "deferred" => Status::Deferred,
        _ => Status::Open,
    }
}

fn answered(
    finding: &Finding,
    recorded: &Recorded,
    today: crate::decision::Date,
    same_plan: impl Fn(&Recorded) -> bool,
) -> Status {
    if recorded.content != finding.content {
        return Status::Stale;
    }
    let day = recorded.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let over = matches!(&recorded.decision, Decision::Waive { expires, .. } if *expires < today);
    if over || permits(finding, &recorded.decision, day).is_err() {
        return Status::Stale;
    }
    if !same_plan(recorded) {
        return Status::Carried;
    }
    match recorded.decision {
        Decision::Acknowledge => Status::Acknowledged,
        Decision::Waive { .. } => Status::Waived,
        Decision::Reject { .. } => Status::Rejected,
    }
}

/// Whether a finding in a state blocks, where no baseline covers it.
#[must_use]
pub fn blocks(gate: Gate, finding: &Finding, status: Status) -> bool {
    if status == Status::Rejected {
        return true;
    }
    if !status.is_undecided() {
        return false;
    }
    if finding.standing == Standing::NotEvaluated {
        return gate.not_evaluated_blocks;
    }
    match finding.enforcement {
        Enforcement::Advisory => gate.fail_on_warn,
        Enforcement::SoftMandatory | Enforcement::HardMandatory => {
            finding.certainty == Certainty::Proven || gate.unknown_blocks
        }
    }
}

/// Counts findings by state.
#[must_use]
pub fn count(states: impl IntoIterator<Item = Status>) -> DecisionCounts {
    let mut counts = DecisionCounts::default();
    for status in states {
        match status {
            Status::Open | Status::Stale | Status::Deferred => counts.open += 1,
            Status::Waived => counts.waived += 1,
            Status::Acknowledged => counts.acknowledged += 1,
            Status::Rejected => counts.rejected += 1,
            Status::Carried => counts.carried += 1,
            Status::NotEvaluated => counts.not_evaluated += 1,
            Status::NotApplicable => {}
        }
    }
    counts
}

/// What decides beside the findings.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// Paths of plans for which planning failed.
    pub errored: Vec<&'a str>,
    /// How many plans there are.
    pub plans: usize,
    /// Policies that could not be used.
    pub problems: usize,
    /// Rules that were evaluated.
    pub evaluated: usize,
}

/// What follows from findings, given by level, state and whether they block.
#[must_use]
pub fn conclude(
    ground: &Ground<'_>,
    states: &[(Enforcement, Status, bool)],
) -> (Exit, Vec<String>) {
    let mut exit = Exit::Pass;
    let mut reasons = Vec::new();
    let mut say = |status: Exit, text: String| {
        exit = exit.and(status);
        reasons.push(text);
    };
    for path in &ground.errored {
        say(
            Exit::Input,
            format!("planning failed: {path} is errored and cannot be approved"),
        );
    }
    if ground.plans == 0 {
        say(Exit::Input, "there is no plan".to_owned());
    }
    match ground.problems {
        0 => {}
        1 => say(Exit::Policy, "1 policy problem".to_owned()),
        n => say(Exit::Policy, format!("{n} policy problems")),
    }
    if ground.evaluated == 0 {
        say(Exit::Policy, "no policy rule was evaluated".to_owned());
    }
    for level in Enforcement::ALL {
        let open = states
            .iter()
            .filter(|(of, status, blocks)| *blocks && *of == level && *status != Status::Rejected)
            .count();
        match open {
            0 => {}
            1 => say(Exit::Blocked, format!("1 {level} finding is open")),
            n => say(Exit::Blocked, format!("{n} {level} findings are open")),
        }
    }
    match states
        .iter()
        .filter(|(_, status, _)| *status == Status::Rejected)
        .count()
    {
        0 => {}
        1 => say(Exit::Blocked, "1 finding was rejected".to_owned()),
        n => say(Exit::Blocked, format!("{n} findings were rejected")),
    }
    (exit, reasons)
}
