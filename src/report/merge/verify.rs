//! Whether a part says what its run can have said: everything that follows from its findings is worked out again.

use serde::Deserialize;
use serde_json::Value as Json;

use super::entry::Told;
use crate::decision::{Decision, permits};
use crate::finding::{Enforcement, WAIVERS};
use crate::report::ApprovalLine;
use crate::review::{
    Compared, DecisionCounts, Exit, Gate, Ground, Status, blocks, can_cover, conclude, count,
};
use crate::text::Printable;

/// What a part says beside its findings.
#[derive(Deserialize)]
pub(super) struct Said {
    verdict: Conclusion,
    policies: Rules,
    counts: DecisionCounts,
    problems: Vec<Json>,
    gate: Option<GateSaid>,
}

#[derive(Deserialize)]
struct Conclusion {
    #[serde(rename = "status")]
    word: String,
    exit: u8,
    reasons: Vec<String>,
}

#[derive(Deserialize)]
struct Rules {
    digest: Option<String>,
    #[serde(rename = "rules")]
    all: usize,
    evaluated: usize,
}

#[derive(Deserialize)]
struct GateSaid {
    fail_on_warn: bool,
    unknown_blocks: bool,
    not_evaluated_blocks: bool,
}

/// The status of a run that ended before there was anything to judge.
///
/// # Errors
/// What does not follow, as the end of a sentence.
pub(super) fn failed(said: &Said, entries: usize) -> Result<Exit, String> {
    let exit = status(said)?;
    if matches!(exit, Exit::Pass | Exit::Blocked) {
        return Err(format!("its run judged nothing, and its status is {exit}"));
    }
    if entries > 0 || said.counts != DecisionCounts::default() || said.gate.is_some() {
        return Err("its run judged nothing, and there are plans or findings in it".to_owned());
    }
    Ok(exit)
}

/// The status of a run, worked out again.
///
/// # Errors
/// What does not follow, as the end of a sentence.
pub(super) fn judged(
    said: &Said,
    plans: &[(String, bool)],
    told: &[Told],
    approvals: &[ApprovalLine],
) -> Result<Exit, String> {
    let exit = status(said)?;
    let gate = said.gate.as_ref().ok_or("it does not say what blocks")?;
    let gate = Gate {
        fail_on_warn: gate.fail_on_warn,
        unknown_blocks: gate.unknown_blocks,
        not_evaluated_blocks: gate.not_evaluated_blocks,
        ..Gate::default()
    };
    for one in told {
        finding(gate, one, approvals)
            .map_err(|why| format!("{} {}: {why}", one.finding.policy, one.finding.label()))?;
    }
    if count(told.iter().map(|told| told.state.status)) != said.counts {
        return Err("the numbers are not those of its findings".to_owned());
    }
    if said.policies.evaluated > said.policies.all {
        return Err("more rules were evaluated than there are".to_owned());
    }
    let ground = Ground {
        errored: plans
            .iter()
            .filter(|(_, errored)| *errored)
            .map(|(path, _)| path.as_str())
            .collect(),
        plans: plans.len(),
        problems: said.problems.len(),
        evaluated: said.policies.evaluated,
    };
    let states: Vec<_> = told
        .iter()
        .map(|t| (t.finding.enforcement, t.state.status, t.state.blocks))
        .collect();
    let (follows, reasons) = conclude(&ground, &states);
    let reasons: Vec<String> = reasons.iter().map(|r| line(r)).collect();
    // At the end stands what was said of approvals, where one was asked for.
    let more = said
        .verdict
        .reasons
        .strip_prefix(reasons.as_slice())
        .ok_or_else(|| {
            format!(
                "its reasons are not those that follow: {}",
                reasons.join("; ")
            )
        })?;
    let is_broken = follows == Exit::Pass && approvals.iter().any(|a| a.break_glass.is_some());
    let fits = match more {
        [] => exit == follows,
        [_] => exit == follows.and(Exit::Unapproved) || (exit == Exit::Pass && is_broken),
        _ => false,
    };
    if fits {
        Ok(exit)
    } else {
        Err(format!(
            "it says {exit}, and {follows} follows from its findings"
        ))
    }
}

fn line(text: &str) -> String {
    Printable::line(text).into_string()
}

/// The status that a part gives, with a number that goes with it.
fn status(said: &Said) -> Result<Exit, String> {
    let known = Exit::ALL.into_iter();
    let mut known = known.filter(|exit| exit.name() == said.verdict.word);
    let exit = known.next().ok_or("there is no such status")?;
    // `--exit-zero` makes this of it, and of nothing else.
    let asked = exit == Exit::Blocked && said.verdict.exit == Exit::Pass.code();
    if said.verdict.exit == exit.code() || asked {
        Ok(exit)
    } else {
        let given = said.verdict.exit;
        Err(format!("the status {exit} does not go with exit {given}"))
    }
}

impl Said {
    /// Whether the run ended before there was anything to judge.
    pub(super) fn is_failure(&self) -> bool {
        self.policies.digest.is_none()
    }
}

/// Whether a finding can have its state.
fn finding(gate: Gate, told: &Told, approvals: &[ApprovalLine]) -> Result<(), String> {
    let Told {
        finding,
        state,
        waiver,
    } = told;
    let is_answered = match state.status {
        Status::NotApplicable => {
            return Err("no run has a finding that does not apply".to_owned());
        }
        Status::Open | Status::NotEvaluated | Status::Deferred => false,
        Status::Stale | Status::Rejected => true,
        Status::Acknowledged => {
            if finding.enforcement != Enforcement::Advisory {
                return Err("what blocks cannot be acknowledged".to_owned());
            }
            true
        }
        Status::Waived if waiver.is_some() => {
            if finding.enforcement == Enforcement::HardMandatory
                || finding.policy.as_str() == WAIVERS
            {
                return Err("it cannot be waived".to_owned());
            }
            false
        }
        Status::Waived | Status::Carried => {
            let advisory = finding.enforcement == Enforcement::Advisory;
            let granted = match state.recorded.as_ref().map(|recorded| &recorded.decision) {
                Some(decision @ Decision::Waive { expires, .. }) => {
                    // The day before is one on which it could be given.
                    let day = expires.yesterday().unwrap_or(*expires);
                    permits(finding, decision, day).is_ok()
                }
                _ => state.status == Status::Carried && advisory,
            };
            if !granted {
                return Err("it counts as answered, and no waiver of it can count".to_owned());
            }
            true
        }
    };
    if is_answered && approvals.is_empty() {
        return Err("a person answered it, and there is no approval".to_owned());
    }
    let should = blocks(gate, finding, state.status);
    let covered = state.compared == Some(Compared::Unchanged) && can_cover(finding);
    // What could not be looked at then need not say so any more.
    let stale = state.status == Status::Stale && !gate.not_evaluated_blocks;
    match (should, state.blocks) {
        (true, false) if !covered && !stale => {
            Err("it blocks, and says that it does not".to_owned())
        }
        (false, true) => Err("it does not block, and says that it does".to_owned()),
        _ => Ok(()),
    }
}
