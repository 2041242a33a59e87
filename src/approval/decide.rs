//! All records together: enough different reviewers, or one named reason why not.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use super::check::{check_with, signature, suspended};
use super::cover::Blocking;
use super::people::People;
use super::{Context, Covers, Given, NoteLine, Record, Signer, Statement, Void, normal_email};
use crate::decision::{DecisionKey, Event, Journal};
use crate::digest::Digest;
use crate::text::Printable;

/// One record in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// SHA-256 of its statement, which is what a revocation names; of the line when it is not a record.
    pub digest: Digest,
    /// Who approved; absent when the line is not a record.
    pub reviewer: Option<Printable>,
    /// When.
    pub created: Option<Timestamp>,
    /// From when on it no longer counts.
    pub expires: Option<Timestamp>,
    /// Whether a verified signature stands behind the reviewer's name.
    pub signed: bool,
    /// The key that made a good signature.
    pub key: Option<Printable>,
    /// Whether it covers what is here.
    pub valid: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Why it sets aside who must approve, where it does.
    pub break_glass: Option<Printable>,
}

/// Enough valid approvals.
#[derive(Clone, Debug)]
pub struct Approved {
    /// The valid records, in the order made.
    pub records: Vec<Record>,
    /// In what way each covers what is here, in the same order.
    pub covers: Vec<Covers>,
    /// All records, valid or not, in the order made.
    pub approvals: Vec<Summary>,
    /// Where too few approved and somebody set that aside: who, why, and what is missing. It is no approval.
    pub broken: Option<String>,
}

impl Approved {
    /// The answers of the valid records, as given on the plans under review; see [`journal`].
    #[must_use]
    pub fn journal(&self, plan: Digest) -> Journal {
        journal(self.records.iter().map(Record::statement), plan)
    }
}

/// Why the records together do not suffice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The reason; of several void records, that of the one that came nearest.
    pub reason: Void,
    /// All records, valid or not, in the order made.
    pub approvals: Vec<Summary>,
}

/// Says whether the records of a note cover the context.
///
/// # Errors
/// With the reason why not, and what is wrong with each record.
pub fn decide(lines: &[NoteLine], context: &Context<'_>) -> Result<Approved, Refusal> {
    let blocking = Blocking::of(context);
    let mut judged: Vec<(&NoteLine, Judged)> = Vec::new();
    let mut seen = BTreeSet::new();
    for line in lines {
        if seen.insert(line.digest) {
            let outcome = match &line.record {
                Ok(record) => check_with(record, context, &blocking),
                Err(error) => Err(Void::Malformed(error.clone())),
            };
            judged.push((line, outcome));
        }
    }
    judged.sort_by_key(|(line, _)| (created(line), line.digest));
    let approvals = judged
        .iter()
        .map(|(line, outcome)| summary(line, outcome, context))
        .collect();
    let refuse = |reason, approvals| Err(Refusal { reason, approvals });
    if let Err(void) = suspended(context) {
        return refuse(void, approvals);
    }
    let mut records = Vec::new();
    let mut covers = Vec::new();
    let mut glass = Vec::new();
    let mut people = People::default();
    for (line, outcome) in &judged {
        if let (Ok(record), Ok((way, signer))) = (&line.record, outcome) {
            if record.statement().break_glass.is_some() {
                glass.push((record.clone(), *way));
                continue;
            }
            people.add(
                &normal_email(&record.statement().reviewer.email),
                signer.as_ref().map(|signer| signer.key.as_str()),
            );
            records.push(record.clone());
            covers.push(*way);
        }
    }
    let nearest = judged
        .iter()
        .filter_map(|(_, outcome)| outcome.as_ref().err())
        .max_by_key(|void| void.progress());
    let Some(missing) = missing(context, &records, &people, nearest) else {
        return Ok(Approved {
            records,
            covers,
            approvals,
            broken: None,
        });
    };
    let Some((last, _)) = glass.last() else {
        return refuse(missing, approvals);
    };
    let statement = last.statement();
    let broken = format!(
        "break-glass: {} set aside who must approve, until {}: {} ({})",
        Printable::line(&statement.reviewer.to_string()),
        statement.expires,
        statement.break_glass.clone().unwrap_or_default(),
        missing.to_string().trim_end_matches('.')
    );
    for (record, way) in glass {
        records.push(record);
        covers.push(way);
    }
    Ok(Approved {
        records,
        covers,
        approvals,
        broken: Some(broken),
    })
}

/// Who is missing among those behind valid records.
fn missing(
    context: &Context<'_>,
    records: &[Record],
    people: &People,
    nearest: Option<&Void>,
) -> Option<Void> {
    let need = usize::from(context.rules.required.max(1));
    let have = people.count(|_| true);
    if have == 0 {
        return Some(nearest.cloned().unwrap_or(Void::NoApproval));
    }
    if have < need {
        return Some(Void::UnderQuorum { have, need });
    }
    let told: Vec<&Statement> = records.iter().map(Record::statement).collect();
    let mut groups = context.groups.iter();
    groups
        .find_map(|rule| rule.missing(context, &told, people))
        .or_else(|| {
            let change = context.case.under_review.change()?;
            context.owners?.missing(change, people)
        })
}

/// What came of one record.
type Judged = Result<(Covers, Option<Signer>), Void>;

fn created(line: &NoteLine) -> Option<Timestamp> {
    line.record
        .as_ref()
        .ok()
        .map(|record| record.statement().created)
}

fn summary(line: &NoteLine, outcome: &Judged, context: &Context<'_>) -> Summary {
    let record = line.record.as_ref().ok();
    let statement = record.map(Record::statement);
    // Who signed is also told of records that fail for another reason.
    let signer = record.and_then(|record| signature(record, context).ok().flatten());
    Summary {
        digest: record.map_or(line.digest, Record::statement_digest),
        reviewer: statement.map(|s| Printable::line(&s.reviewer.to_string())),
        created: statement.map(|s| s.created),
        expires: statement.map(|s| s.expires),
        signed: signer.as_ref().is_some_and(|signer| signer.vouched),
        key: signer.map(|signer| Printable::line(&signer.key)),
        valid: outcome.is_ok(),
        reason: outcome.as_ref().err().map(ToString::to_string),
        break_glass: statement.and_then(|s| s.break_glass.clone()),
    }
}

/// Turns the answers of valid records into a journal, for the verdict. `plan` is the digest of the plans under review
/// ([`crate::review::ReviewCase::plan_digest`]): the records cover them, so the answers count as given on them.
#[must_use]
pub fn journal<'a>(statements: impl IntoIterator<Item = &'a Statement>, plan: Digest) -> Journal {
    let mut statements: Vec<&Statement> = statements.into_iter().collect();
    statements.sort_by_cached_key(|statement| (statement.created, statement.digest().ok()));
    let mut journal = Journal::default();
    for statement in statements {
        for answer in &statement.answers {
            if let Given::Reviewer { decision, at } = &answer.given {
                let event = Event::Decided {
                    key: DecisionKey {
                        fingerprint: answer.fingerprint,
                        content: answer.content,
                    },
                    decision: decision.clone(),
                };
                journal.append(*at, statement.reviewer.clone(), plan, event);
            }
        }
    }
    journal
}

/// The records that no other record follows: the predecessors of the next one, sorted.
#[must_use]
pub fn heads(lines: &[NoteLine]) -> Vec<Digest> {
    let records: Vec<&Record> = lines
        .iter()
        .filter_map(|line| line.record.as_ref().ok())
        .collect();
    let followed: BTreeSet<Digest> = records
        .iter()
        .flat_map(|record| record.statement().predecessors.iter().copied())
        .collect();
    let all: BTreeSet<Digest> = records.iter().map(|record| record.digest()).collect();
    all.difference(&followed).copied().collect()
}
