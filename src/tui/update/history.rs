//! Taking answers back and repeating them: entries are appended, never removed.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::keys::Command;
use super::super::model::{Model, Review};
use super::super::msg::Effect;
use super::super::theme::Role;
use super::answer::is_held;
use super::commands::reveal;
use super::record;
use crate::decision::{DecisionKey, Entry, Event};

/// Takes the last decision or note back.
pub(super) fn undo(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    if is_held(model, Command::Undo, now) {
        return Vec::new();
    }
    let Some(review) = model.review_mut() else {
        return Vec::new();
    };
    let entries: Vec<Entry> = cloned(&review.journal.last_undoable());
    if entries.is_empty() {
        model.say(Role::Warn, "There is nothing to take back.");
        return Vec::new();
    }
    let effects = entries
        .iter()
        .map(|entry| {
            let entry = entry.number;
            record(review, Event::Retracted { entry }, now)
        })
        .collect();
    review.judge(now);
    let what = back_to(review, &entries);
    model.say(Role::Good, format!("taken back: {what}"));
    effects
}

fn cloned(entries: &[&Entry]) -> Vec<Entry> {
    entries.iter().map(|entry| (*entry).clone()).collect()
}

/// Repeats what was taken back last.
pub(super) fn redo(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    if is_held(model, Command::Redo, now) {
        return Vec::new();
    }
    let Some(review) = model.review_mut() else {
        return Vec::new();
    };
    let entries: Vec<Entry> = cloned(&review.journal.last_redoable());
    if entries.is_empty() {
        model.say(Role::Warn, "There is nothing to repeat.");
        return Vec::new();
    }
    let known: BTreeSet<DecisionKey> = review.case.findings.iter().map(DecisionKey::of).collect();
    let unchanged = |entry: &Entry| match &entry.event {
        Event::Decided { key, .. } | Event::Noted { key, .. } => known.contains(key),
        _ => false,
    };
    if !entries.iter().all(unchanged) {
        model.say(Role::Warn, "The finding changed since; answer it anew.");
        return Vec::new();
    }
    let effects = entries
        .iter()
        .map(|entry| record(review, entry.event.clone(), now))
        .collect();
    review.judge(now);
    let what = back_to(review, &entries);
    model.say(Role::Good, format!("repeated: {what}"));
    effects
}

/// Brings the cursor to the first finding of the entries, and says what they were.
fn back_to(review: &mut Review, entries: &[Entry]) -> String {
    let (key, word) = match entries.first().map(|entry| &entry.event) {
        Some(Event::Decided { key, decision }) => (key, decision.word()),
        Some(Event::Noted { key, .. }) => (key, "note"),
        _ => return String::new(),
    };
    let found = review
        .case
        .findings
        .iter()
        .position(|finding| finding.fingerprint == key.fingerprint);
    if let Some(index) = found {
        reveal(review, index);
    }
    let what = match (entries.len(), found.and_then(|index| review.finding(index))) {
        (1, Some(finding)) => finding.label(),
        (1, None) => "a finding of an earlier plan".to_owned(),
        (many, _) => format!("{many} findings"),
    };
    format!("{word}: {what}")
}
