//! The approve screen: what would be signed, what stands in the way, and the typed words.

use jiff::Timestamp;

use super::super::model::{Approve, Model, Recheck, Review, Window};
use super::super::msg::{Effect, Outcome};
use super::super::panes;
use super::super::theme::Role;
use crate::review::approval_blockers;

/// The words that approve.
pub(super) fn words(review: &Review) -> String {
    format!("approve {}", review.case.plan_digest().short())
}

/// Opens the screen, looks at everything again, and forgets keys that were typed before it was there.
pub(super) fn open(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let size = model.size;
    let Some(review) = model.review_mut() else {
        return Vec::new();
    };
    review.judge(now);
    let screen = Approve {
        recheck: Recheck::Running,
        asked: None,
        blockers: blockers(review),
        lines: panes::approval(review, usize::from(size.0).saturating_sub(4)),
        top: 0,
        typed: String::new(),
        problem: None,
        sent: false,
    };
    model.windows.push(Window::Approve(screen));
    vec![Effect::FlushInput, Effect::Recheck]
}

fn blockers(review: &Review) -> Vec<String> {
    let mut out = approval_blockers(&review.case, &review.journal, &review.verdict);
    match review.unsaved.len() {
        0 => {}
        1 => out.push("1 answer is not in the draft yet.".to_owned()),
        n => out.push(format!("{n} answers are not in the draft yet.")),
    }
    out
}

/// Takes the answer of the second look.
pub(super) fn rechecked(model: &mut Model, result: Result<(), Vec<String>>, now: Timestamp) {
    let Some(review) = model.review_mut() else {
        return;
    };
    review.judge(now);
    let reasons = blockers(review);
    let redact = |reason: String| review.case.redactor.line(&reason).into_string();
    let recheck = match result {
        Ok(()) => Recheck::Unmoved,
        Err(moved) => Recheck::Moved(moved.into_iter().map(redact).collect()),
    };
    if let Some(Window::Approve(screen)) = model
        .windows
        .iter_mut()
        .find(|w| matches!(w, Window::Approve(_)))
    {
        screen.recheck = recheck;
        screen.blockers = reasons;
    }
}

/// Takes typed words; only the right ones approve.
pub(super) fn submit(model: &mut Model, screen: &mut Approve, now: Timestamp) -> Vec<Effect> {
    let drawn = model
        .drawn
        .as_ref()
        .is_some_and(|shown| shown.windows == model.windows.len() + 1);
    let Some(review) = model.review_mut() else {
        return Vec::new();
    };
    review.judge(now);
    screen.blockers = blockers(review);
    if !screen.is_open() || screen.typed.trim().is_empty() {
        return Vec::new();
    }
    if !drawn {
        screen.problem = Some("This screen had not been shown yet.".to_owned());
        return Vec::new();
    }
    let words = words(review);
    if screen.typed.trim() != words {
        screen.problem = Some(format!(
            "Nothing was approved: the words are \u{201c}{words}\u{201d}."
        ));
        screen.typed.clear();
        return Vec::new();
    }
    screen.sent = true;
    screen.problem = None;
    vec![Effect::Approve]
}

/// Takes the answer of signing and writing.
pub(super) fn approved(model: &mut Model, result: Result<String, String>) -> Vec<Effect> {
    let waiting = model.windows.iter_mut().find_map(|window| match window {
        Window::Approve(screen) if screen.sent => Some(screen),
        _ => None,
    });
    let Some(screen) = waiting else {
        return Vec::new();
    };
    match result {
        Ok(place) => {
            model.say(
                Role::Good,
                format!("Approved: {}", crate::text::Printable::line(&place)),
            );
            vec![Effect::Quit(Outcome::Approved)]
        }
        Err(reason) => {
            screen.sent = false;
            screen.typed.clear();
            screen.problem = Some(format!(
                "Nothing was approved: {}",
                crate::text::Printable::line(&reason)
            ));
            Vec::new()
        }
    }
}
