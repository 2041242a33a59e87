//! What the renderers write from, made of parsed reports.

use serde::Deserialize;
use serde_json::Value as Json;

use super::entry::{Approval, Entry, PlanLine, Told};
use super::summary::{self, NO_GATE, Summary};
use super::{Merged, verify};
use crate::change::Change;
use crate::decision::Waiver;
use crate::digest::Digest;
use crate::finding::Finding;
use crate::policy::{PolicyProblem, PolicySummary, Trust};
use crate::report::{ApprovalLine, Context};
use crate::review::{
    DecisionCounts, Exit, FindingState, Gate, ReviewCase, UnderReview, Verdict, count,
};
use crate::text::{Printable, Redactor};

/// What one part says, in the types of a run.
pub(super) struct Part {
    plans: Vec<PlanLine>,
    told: Vec<Told>,
    approvals: Vec<ApprovalLine>,
}

fn list<'j, T: Deserialize<'j>>(report: &'j Json, key: &str) -> Result<Vec<T>, String> {
    let items = report.get(key).and_then(Json::as_array);
    let items = items.into_iter().flatten().enumerate();
    items
        .map(|(index, item)| T::deserialize(item).map_err(|e| format!("{key}[{index}]: {e}")))
        .collect()
}

impl Part {
    /// Reads what a part says; it was held against the schema.
    pub(super) fn of(report: &Json) -> Result<Self, String> {
        let plans: Vec<PlanLine> = list(report, "plans")?;
        let findings: Vec<Entry> = list(report, "findings")?;
        let approvals: Vec<Approval> = list(report, "approvals")?;
        let told = findings.into_iter().enumerate().map(|(index, entry)| {
            let plan = plans.iter().position(|plan| plan.path == entry.plan);
            let plan =
                plan.ok_or_else(|| format!("findings[{index}].plan: there is no such plan"))?;
            let told = entry.told(plan);
            told.ok_or_else(|| format!("findings[{index}]: it is none that a run writes"))
        });
        let lines = approvals.into_iter().enumerate().map(|(index, approval)| {
            let line = approval.line();
            line.ok_or_else(|| format!("approvals[{index}]: it is none that a run writes"))
        });
        Ok(Self {
            told: told.collect::<Result<_, _>>()?,
            approvals: lines.collect::<Result<_, _>>()?,
            plans,
        })
    }

    /// The status that follows from its findings.
    pub(super) fn verify(&self, said: &verify::Said) -> Result<Exit, String> {
        if said.is_failure() {
            return verify::failed(said, self.plans.len() + self.told.len());
        }
        let plans: Vec<(String, bool)> = self
            .plans
            .iter()
            .map(|plan| (plan.path.clone(), plan.errored))
            .collect();
        verify::judged(said, &plans, &self.told, &self.approvals)
    }
}

/// All parts as one run would have them.
#[derive(Clone, Debug)]
pub(super) struct Model {
    case: ReviewCase,
    verdict: Verdict,
    approvals: Vec<ApprovalLine>,
    summary: Summary,
    version: String,
}

fn text<'j>(json: &'j Json, key: &str) -> &'j str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn number(json: &Json, key: &str) -> usize {
    let number = json.get(key).and_then(Json::as_u64).unwrap_or(0);
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn lines(items: &[Json]) -> Vec<Printable> {
    let texts = items.iter().filter_map(Json::as_str);
    texts.map(Printable::line).collect()
}

impl Model {
    /// Makes it of what was merged.
    pub(super) fn of(merged: &Merged, exit: Exit) -> Result<Self, String> {
        let report = serde_json::json!({
            "plans": merged.plans, "findings": merged.findings, "approvals": merged.approvals,
        });
        let Part {
            plans,
            told,
            approvals,
        } = Part::of(&report)?;
        let mut findings: Vec<Finding> = Vec::with_capacity(told.len());
        let mut states: Vec<FindingState> = Vec::with_capacity(told.len());
        let mut waivers: Vec<Waiver> = Vec::new();
        for told in told {
            let mut state = told.state;
            if let Some(waiver) = told.waiver {
                state.waiver = Some(waivers.len());
                waivers.push(waiver);
            }
            findings.push(told.finding);
            states.push(state);
        }
        let reasons = merged.verdict.get("reasons").and_then(Json::as_array);
        let (baseline, absent) = summary::baseline(&merged.baseline);
        let mut notices = vec![Printable::line(NO_GATE)];
        notices.extend(lines(&merged.notices));
        Ok(Self {
            verdict: Verdict {
                exit,
                reasons: reasons
                    .map(|reasons| lines(reasons))
                    .unwrap_or_default()
                    .into_iter()
                    .map(Printable::into_string)
                    .collect(),
                counts: count(states.iter().map(|state| state.status)),
                states,
            },
            summary: Summary {
                plans,
                parts: merged.parts.iter().map(summary::part).collect(),
                change: summary::change(&merged.change),
                baseline,
                absent,
            },
            case: ReviewCase {
                under_review: if merged.change.is_null() {
                    UnderReview::NoRepository
                } else {
                    UnderReview::DiffFile(Box::default())
                },
                policies: policies(&merged.policies),
                problems: merged.problems.iter().map(problem).collect(),
                findings,
                not_applicable: merged
                    .not_applicable
                    .iter()
                    .map(|one| {
                        let [policy, reason] = ["policy", "reason"].map(|key| text(one, key));
                        (Printable::line(policy), Printable::line(reason))
                    })
                    .collect(),
                not_looked_at: lines(&merged.not_looked_at),
                waivers,
                notices,
                ..nothing()
            },
            approvals,
            version: text(&merged.tool, "version").to_owned(),
        })
    }

    /// The worst status of the parts.
    pub(super) fn exit(&self) -> Exit {
        self.verdict.exit
    }

    /// Findings by state.
    pub(super) fn counts(&self) -> DecisionCounts {
        self.verdict.counts
    }

    /// What a renderer writes from.
    pub(super) fn context(&self, colour: bool, width: usize, max_bytes: usize) -> Context<'_> {
        Context {
            case: &self.case,
            verdict: &self.verdict,
            approvals: &self.approvals,
            tool_version: &self.version,
            colour,
            width,
            max_bytes,
            exit: self.verdict.exit,
            merged: Some(&self.summary),
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Self {
            case: nothing(),
            verdict: Verdict {
                exit: Exit::Input,
                reasons: Vec::new(),
                states: Vec::new(),
                counts: DecisionCounts::default(),
            },
            approvals: Vec::new(),
            summary: Summary {
                plans: Vec::new(),
                parts: Vec::new(),
                change: Printable::default(),
                baseline: None,
                absent: Vec::new(),
            },
            version: String::new(),
        }
    }
}

/// A case in which nothing is known.
fn nothing() -> ReviewCase {
    ReviewCase {
        plans: Vec::new(),
        under_review: UnderReview::DiffFile(Box::<Change>::default()),
        tree: None,
        repository: None,
        sources: Vec::new(),
        policies: policies(&Json::Null),
        problems: Vec::new(),
        findings: Vec::new(),
        not_applicable: Vec::new(),
        not_looked_at: Vec::new(),
        baseline: None,
        waivers: Vec::new(),
        config: Digest::of(b""),
        gate: Gate::default(),
        notices: Vec::new(),
        reviewer: None,
        redactor: Redactor::default(),
    }
}

fn policies(policies: &Json) -> PolicySummary {
    let digest = Digest::parse(text(policies, "digest"));
    let commit = policies.get("commit").and_then(Json::as_str);
    PolicySummary {
        // Where every run failed there is none, and no rule either.
        digest: digest.unwrap_or_else(|| Digest::of(b"")),
        trust: match text(policies, "trust") {
            "base" => Trust::Base,
            _ => Trust::Worktree,
        },
        commit: commit.map(str::to_owned),
        packages: number(policies, "packages"),
        rules: number(policies, "rules"),
        evaluated: number(policies, "evaluated"),
        not_applicable: number(policies, "not_applicable"),
        policies: Vec::new(),
    }
}

fn problem(problem: &Json) -> PolicyProblem {
    let place = problem.get("place").and_then(Json::as_str);
    PolicyProblem {
        policy: Printable::line(text(problem, "policy")),
        place: place.map(Printable::line),
        message: Printable::lines(text(problem, "message")),
    }
}
