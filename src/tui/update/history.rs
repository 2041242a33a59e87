//! Taking answers back and repeating them: entries are appended, never removed.

use jiff::Timestamp;

use super::super::keys::Command;
use super::super::model::{Model, Review};
use super::super::msg::Effect;
use super::super::theme::Role;
use super::answer::is_held;
use super::commands::reveal;
use super::record;
use crate::decision::{DecisionKey, Event};

/// Takes the last decision or note back.
pub(super) fn undo(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    if is_held(model, Command::Undo, now) {
        return Vec::new();
    }
    let Some(review) = model.review_mut() else {
        return Vec::new();
    };
    let Some(entry) = review.journal.last_undoable().cloned() else {
        model.say(Role::Warn, "There is nothing to take back.");
        return Vec::new();
    };
    let effect = record(
        review,
        Event::Retracted {
            entry: entry.number,
        },
        now,
    );
    review.judge(now);
    let what = back_to(review, &entry.event);
    model.say(Role::Good, format!("taken back: {what}"));
    vec![effect]
}

/// Repeats what was taken back last.
pub(super) fn redo(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    if is_held(model, Command::Redo, now) {
        return Vec::new();
    }
    let Some(review) = model.review_mut() else {
        return Vec::new();
    };
    let Some(event) = review
        .journal
        .last_redoable()
        .map(|entry| entry.event.clone())
    else {
        model.say(Role::Warn, "There is nothing to repeat.");
        return Vec::new();
    };
    let key = match &event {
        Event::Decided { key, .. } | Event::Noted { key, .. } => *key,
        _ => return Vec::new(),
    };
    let unchanged = review
        .case
        .findings
        .iter()
        .any(|finding| DecisionKey::of(finding) == key);
    if !unchanged {
        model.say(Role::Warn, "The finding changed since; answer it anew.");
        return Vec::new();
    }
    let effect = record(review, event.clone(), now);
    review.judge(now);
    let what = back_to(review, &event);
    model.say(Role::Good, format!("repeated: {what}"));
    vec![effect]
}

/// Brings the cursor to the finding of an event, and says what the event was.
fn back_to(review: &mut Review, event: &Event) -> String {
    let (key, word) = match event {
        Event::Decided { key, decision } => (key, decision.word()),
        Event::Noted { key, .. } => (key, "note"),
        _ => return String::new(),
    };
    let found = review
        .case
        .findings
        .iter()
        .position(|finding| finding.fingerprint == key.fingerprint);
    let Some(index) = found else {
        return format!("{word} on a finding of an earlier plan");
    };
    reveal(review, index);
    let label = review
        .finding(index)
        .map(crate::finding::Finding::label)
        .unwrap_or_default();
    format!("{word}: {label}")
}
