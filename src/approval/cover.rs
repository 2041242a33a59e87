//! Whether a statement answers what blocks now.
//!
//! Findings that block are those of an empty journal: waivers of the trusted tree and the gate's settings count, answers do not.
//! Each needs an answer in the record with equal content that the finding permits. Findings that are gone need nothing.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::build::title;
use super::{Context, Given, Statement, Void};
use crate::decision::{Date, Decision, Journal, permits};
use crate::finding::Finding;
use crate::review::{ReviewCase, verdict};
use crate::text::Printable;

/// The findings that block without any answer, and the day.
pub(super) struct Blocking<'a> {
    findings: Vec<&'a Finding>,
    today: Date,
    without_plan: bool,
}

impl<'a> Blocking<'a> {
    /// As [`Self::now`], for the context's case and time.
    pub(super) fn of(context: &Context<'a>) -> Self {
        Self {
            without_plan: context.without_plan,
            ..Self::now(context.case, context.now)
        }
    }

    pub(super) fn now(case: &'a ReviewCase, now: Timestamp) -> Self {
        let verdict = verdict(case, &Journal::default(), now);
        let findings = case
            .findings
            .iter()
            .zip(&verdict.states)
            .filter(|(_, state)| state.blocks)
            .map(|(finding, _)| finding)
            .collect();
        Self {
            findings,
            today: day(now),
            without_plan: false,
        }
    }
}

fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

pub(super) fn check(statement: &Statement, blocking: &Blocking<'_>) -> Result<(), Void> {
    for answer in &statement.answers {
        // Where findings are not known, an answer that ended must not be taken as one.
        if let (
            true,
            Given::Reviewer {
                decision: Decision::Waive { expires, .. },
                ..
            },
        ) = (blocking.without_plan, &answer.given)
            && *expires < blocking.today
        {
            return Err(Void::NotCovered {
                finding: Printable::line(&format!(
                    "{} ({})",
                    answer.policy,
                    answer.fingerprint.short()
                )),
                why: format!("its waiver ended on {expires}"),
            });
        }
        if let Given::Reviewer {
            decision: Decision::Reject { .. },
            ..
        } = answer.given
        {
            return Err(Void::NotCovered {
                finding: Printable::line(&format!(
                    "{} ({})",
                    answer.policy,
                    answer.fingerprint.short()
                )),
                why: "the reviewer rejected it".to_owned(),
            });
        }
    }
    let unknown: Vec<&&Finding> = blocking
        .findings
        .iter()
        .filter(|finding| answers_of(statement, finding).next().is_none())
        .collect();
    if let Some(first) = unknown.first() {
        return Err(Void::NewFinding {
            n: unknown.len(),
            first: Printable::line(&title(first)),
        });
    }
    for finding in &blocking.findings {
        covered(statement, finding, blocking.today).map_err(|why| Void::NotCovered {
            finding: Printable::line(&title(finding)),
            why,
        })?;
    }
    Ok(())
}

fn answers_of<'s>(
    statement: &'s Statement,
    finding: &Finding,
) -> impl Iterator<Item = &'s super::Answer> {
    let fingerprint = finding.fingerprint;
    let start = statement
        .answers
        .partition_point(|answer| answer.fingerprint < fingerprint);
    statement
        .answers
        .iter()
        .skip(start)
        .take_while(move |answer| answer.fingerprint == fingerprint)
}

fn covered(statement: &Statement, finding: &Finding, today: Date) -> Result<(), String> {
    let Some(answer) = answers_of(statement, finding).find(|a| a.content == finding.content) else {
        return Err("it changed since the approval".to_owned());
    };
    match &answer.given {
        Given::NotApplicable => {
            Err("it did not apply at the time, so nobody answered it".to_owned())
        }
        Given::Waiver { expires, .. } => Err(format!(
            "a waiver of the configuration until {expires} stood for it, and no longer does"
        )),
        Given::Reviewer { decision, at } => {
            permits(finding, decision, day(*at))
                .map_err(|refusal| refusal.to_string().trim_end_matches('.').to_owned())?;
            match decision {
                Decision::Waive { expires, .. } if *expires < today => {
                    Err(format!("its waiver ended on {expires}"))
                }
                Decision::Reject { .. } => Err("the reviewer rejected it".to_owned()),
                Decision::Waive { .. } | Decision::Acknowledge => Ok(()),
            }
        }
    }
}
