//! Using an approval up: a notice in the note that says which approvals an apply was based on.
//!
//! It ends the approvals that it names, and every other one of the same effect on the same files that was made before it: one that was
//! held back when the first apply asked must not serve a second. A number that is never the same twice keeps two notices apart that are
//! made at one moment, so that of two pushes of the notes one is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notice::{self, Notice};
use super::strict::{self, RecordError};
use super::{NoteLine, Record, Statement};
use crate::digest::Digest;
use crate::plan::Effect;
use crate::text::Printable;

/// Type of the predicate of a notice of use.
pub const SPENDING_TYPE: &str = "urn:countersign:use:v1";

/// Which approvals were used up, when and by whom. Fields stand in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spending {
    /// Digests of the approvals' statements, sorted.
    pub approvals: Vec<Digest>,
    /// When, in whole seconds.
    pub created: Timestamp,
    /// A number that no other notice has.
    pub nonce: Digest,
    /// What was to be applied, sorted by root.
    pub plans: Vec<SpentPlan>,
    /// Who says so; a claim.
    #[serde(deserialize_with = "strict::line")]
    pub spender: Printable,
    /// The tree of the commit.
    pub tree: String,
}

/// One plan that was to be applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpentPlan {
    /// What it would do.
    #[serde(with = "strict::effect")]
    pub effect: Effect,
    /// The name that stays the same between runs.
    #[serde(deserialize_with = "strict::line")]
    pub root: Printable,
}

impl Notice for Spending {
    const TYPE: &'static str = SPENDING_TYPE;
    const PART: &'static str = "notice of use";

    fn approvals(&self) -> &[Digest] {
        &self.approvals
    }

    fn is_sound(&self) -> bool {
        let distinct: BTreeSet<&Digest> = self.approvals.iter().collect();
        !self.approvals.is_empty()
            && distinct.len() == self.approvals.len()
            && self.approvals.is_sorted()
    }
}

impl Spending {
    /// A notice that these approvals are used up now; none where there are none.
    #[must_use]
    pub fn of(records: &[Record], spender: &str, now: Timestamp) -> Option<Self> {
        let first = records.first()?.statement();
        let approvals: BTreeSet<Digest> = records.iter().map(Record::statement_digest).collect();
        Some(Self {
            approvals: approvals.into_iter().collect(),
            created: Timestamp::from_second(now.as_second()).unwrap_or(now),
            nonce: nonce(now),
            plans: plans(first),
            spender: Printable::line(spender.trim()),
            tree: first.tree.clone(),
        })
    }

    /// Whether it ends an approval.
    #[must_use]
    pub fn ends(&self, record: &Record) -> bool {
        let statement = record.statement();
        self.approvals.contains(&record.statement_digest())
            || (statement.created <= self.created
                && statement.tree == self.tree
                && plans(statement) == self.plans)
    }

    /// The line of the note, without a line ending.
    ///
    /// # Errors
    /// When it would be too long.
    pub fn line(&self) -> Result<String, RecordError> {
        notice::line(self)
    }
}

fn plans(statement: &Statement) -> Vec<SpentPlan> {
    let mut plans: Vec<SpentPlan> = statement
        .plans
        .iter()
        .map(|plan| SpentPlan {
            effect: plan.effect,
            root: plan.root.clone(),
        })
        .collect();
    plans.sort_by(|a, b| a.root.cmp(&b.root));
    plans
}

/// The keys of a new hasher come from the system's random numbers.
fn nonce(now: Timestamp) -> Digest {
    let random = || RandomState::new().build_hasher().finish();
    let text = format!(
        "{} {} {} {}",
        random(),
        random(),
        std::process::id(),
        now.as_nanosecond()
    );
    Digest::of(text.as_bytes())
}

/// The notices of use in a note.
#[must_use]
pub fn read_spendings(note: &[u8]) -> Vec<Spending> {
    notice::read_all(note)
}

/// The approvals behind an apply that another apply ended before. Two notices that name one approval were made apart from each other, and
/// so were two of one effect on the same files when the approval behind the later one is not newer than the earlier one.
#[must_use]
pub fn spent_twice(lines: &[NoteLine], spendings: &[Spending]) -> BTreeSet<Digest> {
    let created: BTreeMap<Digest, Timestamp> = lines
        .iter()
        .filter_map(|line| line.record.as_ref().ok())
        .map(|record| (record.statement_digest(), record.statement().created))
        .collect();
    let mut in_order: Vec<&Spending> = spendings.iter().collect();
    in_order.sort_by_key(|spending| (spending.created, spending.nonce));
    in_order.dedup_by_key(|spending| spending.nonce);
    let mut named = BTreeSet::new();
    let mut last: BTreeMap<(&str, &[SpentPlan]), Timestamp> = BTreeMap::new();
    let mut twice = BTreeSet::new();
    for spending in in_order {
        let before = last.insert((&spending.tree, &spending.plans), spending.created);
        for approval in &spending.approvals {
            let old = match (before, created.get(approval)) {
                (Some(before), Some(created)) => *created <= before,
                _ => false,
            };
            if !named.insert(*approval) || old {
                twice.insert(*approval);
            }
        }
    }
    twice
}
