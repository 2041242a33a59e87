//! The append-only list of what was answered, noted and taken back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Decision, DecisionKey, Identity};
use crate::digest::Digest;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// A finding was answered.
    Decided {
        /// Which finding.
        key: DecisionKey,
        /// The answer.
        decision: Decision,
    },
    /// An earlier entry was taken back.
    Retracted {
        /// Number of that entry.
        entry: u64,
    },
    /// A note was written beside a finding; it decides nothing.
    Noted {
        /// Which finding.
        key: DecisionKey,
        /// The note.
        text: String,
    },
    /// The change behind a finding, or a destructive change without one, was on the screen.
    Displayed {
        /// Digest of the change's label and content.
        change: Digest,
    },
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number, counted from 1 without gaps.
    pub number: u64,
    /// When, RFC 3339 in UTC.
    pub at: jiff::Timestamp,
    /// Who.
    pub by: Identity,
    /// Digest of the plan's bytes that was under review.
    pub plan: Digest,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// A decision with the circumstances in which it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Number of the entry.
    pub number: u64,
    /// The answer.
    pub decision: Decision,
    /// Which state of the finding it was about.
    pub content: Digest,
    /// Digest of the plan's bytes that was under review.
    pub plan: Digest,
    /// Who.
    pub by: Identity,
    /// When.
    pub at: jiff::Timestamp,
}

/// The journal of one review. Appending is the only way to change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    entries: Vec<Entry>,
}

impl Journal {
    /// Starts from entries that were kept; numbers must run from 1 without gaps.
    ///
    /// # Errors
    /// With the number of the first entry that is out of order.
    pub fn from_entries(entries: Vec<Entry>) -> Result<Self, u64> {
        for (expected, entry) in (1_u64..).zip(&entries) {
            if entry.number != expected {
                return Err(entry.number);
            }
        }
        Ok(Self { entries })
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Appends one event and gives the entry, for the draft on disk.
    pub fn append(
        &mut self,
        at: jiff::Timestamp,
        by: Identity,
        plan: Digest,
        event: Event,
    ) -> &Entry {
        let number = self.entries.len() as u64 + 1;
        let at_index = self.entries.len();
        self.entries.push(Entry {
            number,
            at,
            by,
            plan,
            event,
        });
        // The entry was pushed above, so the slice is not empty.
        #[allow(clippy::indexing_slicing)]
        &self.entries[at_index]
    }

    fn retracted(&self) -> BTreeSet<u64> {
        self.entries
            .iter()
            .filter_map(|entry| match entry.event {
                Event::Retracted { entry } => Some(entry),
                _ => None,
            })
            .collect()
    }

    /// The answers that stand: the last one per fingerprint that was not taken back.
    #[must_use]
    pub fn decisions(&self) -> BTreeMap<Digest, Recorded> {
        let retracted = self.retracted();
        let mut out = BTreeMap::new();
        for entry in &self.entries {
            if let Event::Decided { key, decision } = &entry.event
                && !retracted.contains(&entry.number)
            {
                out.insert(
                    key.fingerprint,
                    Recorded {
                        number: entry.number,
                        decision: decision.clone(),
                        content: key.content,
                        plan: entry.plan,
                        by: entry.by.clone(),
                        at: entry.at,
                    },
                );
            }
        }
        out
    }

    /// The notes that stand, by fingerprint, in the order written.
    #[must_use]
    pub fn notes(&self) -> BTreeMap<Digest, Vec<String>> {
        let retracted = self.retracted();
        let mut out: BTreeMap<Digest, Vec<String>> = BTreeMap::new();
        for entry in &self.entries {
            if let Event::Noted { key, text } = &entry.event
                && !retracted.contains(&entry.number)
            {
                out.entry(key.fingerprint).or_default().push(text.clone());
            }
        }
        out
    }

    /// Digests of the changes that were on the screen.
    #[must_use]
    pub fn displayed(&self) -> BTreeSet<Digest> {
        self.entries
            .iter()
            .filter_map(|entry| match entry.event {
                Event::Displayed { change } => Some(change),
                _ => None,
            })
            .collect()
    }

    /// How many entries answer, note or take back; the others only say what was on the screen.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.entries
            .iter()
            .filter(|entry| !matches!(entry.event, Event::Displayed { .. }))
            .count()
    }

    /// What undo would take back: the last decision or note, or all decisions that were made in one go.
    #[must_use]
    pub fn last_undoable(&self) -> Vec<&Entry> {
        self.named(self.history().0.pop())
    }

    /// What redo would repeat: what was taken back last, unless something else was answered since.
    #[must_use]
    pub fn last_redoable(&self) -> Vec<&Entry> {
        self.named(self.history().1.pop())
    }

    fn named(&self, numbers: Option<Vec<u64>>) -> Vec<&Entry> {
        numbers
            .unwrap_or_default()
            .into_iter()
            .filter_map(|number| self.entry(number))
            .collect()
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries
            .get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// What can be taken back and what can be repeated, the next one last. Entries of the same moment and kind are one step.
    fn history(&self) -> (Vec<Vec<u64>>, Vec<Vec<u64>>) {
        let (mut done, mut undone): (Vec<Vec<u64>>, Vec<Vec<u64>>) = (Vec::new(), Vec::new());
        let entries: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| !matches!(entry.event, Event::Displayed { .. }))
            .collect();
        for step in entries.chunk_by(|a, b| in_one_go(a, b)) {
            let retracted: BTreeSet<u64> = step
                .iter()
                .filter_map(|entry| match entry.event {
                    Event::Retracted { entry } => Some(entry),
                    _ => None,
                })
                .collect();
            if !retracted.is_empty() {
                for earlier in &mut done {
                    earlier.retain(|number| !retracted.contains(number));
                }
                done.retain(|earlier| !earlier.is_empty());
                undone.push(retracted.into_iter().collect());
                continue;
            }
            let again = undone.last().is_some_and(|last| {
                last.len() == step.len()
                    && last.iter().zip(step).all(|(number, entry)| {
                        self.entry(*number).is_some_and(|e| e.event == entry.event)
                    })
            });
            if again {
                undone.pop();
            } else {
                undone.clear();
            }
            done.push(step.iter().map(|entry| entry.number).collect());
        }
        (done, undone)
    }
}

/// Whether two entries that follow each other belong to one answer of the reviewer.
fn in_one_go(a: &Entry, b: &Entry) -> bool {
    a.at == b.at
        && match (&a.event, &b.event) {
            (Event::Decided { decision: a, .. }, Event::Decided { decision: b, .. }) => a == b,
            (Event::Retracted { .. }, Event::Retracted { .. }) => true,
            _ => false,
        }
}
