//! Answering: the only code that records decisions.
//!
//! A decision is refused unless the last drawn frame showed exactly the finding (or the list of findings) that it is about.

use jiff::{Timestamp, ToSpan as _};
use ratatui_textarea::{TextArea, WrapMode};

use super::super::keys::Command;
use super::super::model::{Answer, Bulk, Editor, Model, Review, Window};
use super::super::msg::Effect;
use super::super::theme::Role;
use super::{count_as_seen, record};
use crate::decision::{Date, Decision, DecisionKey, Event, permits};
use crate::finding::Enforcement;

/// How long the same deciding key must rest before it decides again: terminals report a held key as new presses.
pub(super) const REST: jiff::SignedDuration = jiff::SignedDuration::from_millis(700);

/// Days that a waiver lasts unless the reviewer types another date.
const DAYS: i64 = 30;

/// The calendar day in UTC.
pub(super) fn day(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Whether a key is held down rather than pressed again; remembers it.
pub(super) fn is_held(model: &mut Model, command: Command, now: Timestamp) -> bool {
    let held = model
        .last_act
        .is_some_and(|(last, at)| last == command && now.duration_since(at) < REST && now >= at);
    model.last_act = Some((command, now));
    if held {
        model.say(
            Role::Warn,
            "That was quick: a held key never decides. Press it again to answer this finding.",
        );
    }
    held
}

/// The finding that a person could see in the last frame and that is still under the cursor.
fn seen(model: &mut Model) -> Option<usize> {
    let review = model.review()?;
    let Some(selected) = review.selected() else {
        model.say(Role::Warn, "Put the cursor on a finding first.");
        return None;
    };
    if model
        .drawn
        .as_ref()
        .is_some_and(|shown| shown.finding == Some(selected) && shown.windows == 0)
    {
        return Some(selected);
    }
    model.say(
        Role::Warn,
        "Not decided: the screen had not shown this finding yet. Look, then press it again.",
    );
    None
}

/// Marks or unmarks the finding under the cursor.
pub(super) fn mark(model: &mut Model) {
    let Some(index) = seen(model) else { return };
    let Some(review) = model.review_mut() else {
        return;
    };
    if review.marks.remove(&index) {
        return;
    }
    let Some(finding) = review.case.findings.get(index) else {
        return;
    };
    let other = review
        .marks
        .iter()
        .next()
        .and_then(|first| review.case.findings.get(*first));
    let refusal = if finding.is_destructive() {
        Some("A destroy or replacement is never decided together with others.".to_owned())
    } else if finding.enforcement == Enforcement::HardMandatory {
        Some("A hard-mandatory finding is never decided together with others.".to_owned())
    } else {
        other
            .filter(|other| other.policy != finding.policy)
            .map(|other| {
                format!(
                    "Marks stay within one policy: {} is marked already.",
                    other.policy
                )
            })
    };
    if let Some(refusal) = refusal {
        model.say(Role::Warn, refusal);
        return;
    }
    review.marks.insert(index);
    let rows = review.queue.rows.len();
    review.queue.cursor = (review.queue.cursor + 1).min(rows.saturating_sub(1));
}

/// Acknowledges the finding on the screen, or asks about the marked ones.
pub(super) fn acknowledge(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    if is_held(model, Command::Acknowledge, now) {
        return Vec::new();
    }
    if model
        .review()
        .is_some_and(|review| !review.marks.is_empty())
    {
        let marked: Vec<usize> = model
            .review()
            .map(|r| r.marks.iter().copied().collect())
            .unwrap_or_default();
        ask(model, marked, Decision::Acknowledge, now);
        return Vec::new();
    }
    let Some(index) = seen(model) else {
        return Vec::new();
    };
    let mut effects = count_as_seen(model, now);
    match decide(model, &[index], &Decision::Acknowledge, now) {
        Ok(more) => effects.extend(more),
        Err(refusal) => model.say(Role::Warn, refusal),
    }
    effects
}

/// Opens the editor for a reason or a note.
pub(super) fn write(model: &mut Model, answer: Answer, now: Timestamp) -> Vec<Effect> {
    let marked: Vec<usize> = model
        .review()
        .map(|r| r.marks.iter().copied().collect())
        .unwrap_or_default();
    let is_one = marked.is_empty() || answer == Answer::Note;
    let findings = if is_one {
        let Some(index) = seen(model) else {
            return Vec::new();
        };
        vec![index]
    } else {
        marked
    };
    let Some(review) = model.review() else {
        return Vec::new();
    };
    let expires = day(now).checked_add(DAYS.days()).unwrap_or(day(now));
    let probe = match answer {
        Answer::Waive => Some(Decision::Waive {
            reason: "a reason is typed next".to_owned(),
            expires,
        }),
        Answer::Reject => Some(Decision::Reject {
            reason: "a reason is typed next".to_owned(),
        }),
        Answer::Note => None,
    };
    if let Some(probe) = probe
        && let Err(refusal) = all_permit(review, &findings, &probe, now)
    {
        model.say(Role::Warn, refusal);
        // Who looks at the keyboard types the reason all the same.
        model.refused_text = Some(now);
        return Vec::new();
    }
    let earlier = review
        .kept
        .get(&(answer, kept_key(review, &findings)))
        .cloned()
        .or_else(|| {
            // A stale answer's reason is offered again.
            let state = findings
                .first()
                .and_then(|index| review.verdict.states.get(*index))?;
            match (&state.recorded.as_ref()?.decision, answer) {
                (Decision::Waive { reason, .. }, Answer::Waive)
                | (Decision::Reject { reason }, Answer::Reject) => {
                    Some(review.case.redactor.lines(reason).into_string())
                }
                _ => None,
            }
        });
    let editor = Editor {
        answer,
        findings,
        text: text_area(earlier.as_deref().unwrap_or_default()),
        expiry: expires.to_string(),
        in_expiry: false,
        problem: None,
    };
    // Who answers the finding on the screen has seen its change; marked ones were only listed.
    let effects = if is_one {
        count_as_seen(model, now)
    } else {
        Vec::new()
    };
    model.windows.push(Window::Editor(Box::new(editor)));
    effects
}

/// A text area with a text in it and the cursor at its end.
pub(super) fn text_area(text: &str) -> TextArea<'static> {
    let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(ratatui::style::Style::new());
    area.move_cursor(ratatui_textarea::CursorMove::Bottom);
    area.move_cursor(ratatui_textarea::CursorMove::End);
    area
}

/// Under which name an unfinished text is kept.
pub(super) fn kept_key(review: &Review, findings: &[usize]) -> Option<crate::digest::Digest> {
    match findings {
        [one] => review.finding(*one).map(|finding| finding.fingerprint),
        _ => None,
    }
}

/// Takes what the editor holds: records it, or asks for the count when it is about several findings.
///
/// # Errors
/// With what is missing, for the editor to show.
pub(super) fn submit(
    model: &mut Model,
    editor: &Editor,
    now: Timestamp,
) -> Result<Vec<Effect>, String> {
    let Some(review) = model.review_mut() else {
        return Ok(Vec::new());
    };
    let typed = review
        .case
        .redactor
        .lines(editor.text.lines().join("\n").trim())
        .into_string();
    let decision = match editor.answer {
        Answer::Note => return note(review, editor, typed, now),
        Answer::Reject => Decision::Reject { reason: typed },
        Answer::Waive => {
            let expires = editor
                .expiry
                .trim()
                .parse::<Date>()
                .map_err(|_not_a_date| "The expiry is a date such as 2026-12-31.".to_owned())?;
            Decision::Waive {
                reason: typed,
                expires,
            }
        }
    };
    all_permit(review, &editor.findings, &decision, now)?;
    if editor.findings.len() > 1 {
        ask(model, editor.findings.clone(), decision, now);
        return Ok(Vec::new());
    }
    decide(model, &editor.findings, &decision, now)
}

fn note(
    review: &mut Review,
    editor: &Editor,
    text: String,
    now: Timestamp,
) -> Result<Vec<Effect>, String> {
    if text.is_empty() {
        return Err("There is no text yet.".to_owned());
    }
    let Some(key) = editor
        .findings
        .first()
        .and_then(|index| review.finding(*index))
        .map(DecisionKey::of)
    else {
        return Ok(Vec::new());
    };
    Ok(vec![record(review, Event::Noted { key, text }, now)])
}

fn all_permit(
    review: &Review,
    findings: &[usize],
    decision: &Decision,
    now: Timestamp,
) -> Result<(), String> {
    for index in findings {
        if let Some(finding) = review.finding(*index) {
            permits(finding, decision, day(now)).map_err(|refusal| {
                if findings.len() > 1 {
                    format!("{}: {refusal}", finding.label())
                } else {
                    sentence(&refusal.to_string())
                }
            })?;
        }
    }
    Ok(())
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Opens the last question before a decision on several findings.
fn ask(model: &mut Model, findings: Vec<usize>, decision: Decision, now: Timestamp) {
    let Some(review) = model.review() else { return };
    if let Err(refusal) = all_permit(review, &findings, &decision, now) {
        model.say(Role::Warn, refusal);
        return;
    }
    model.windows.push(Window::Bulk(Bulk {
        decision,
        findings,
        typed: String::new(),
        top: 0,
        problem: None,
    }));
}

/// Records a decision on findings, and moves to the next undecided one.
///
/// # Errors
/// With the reason when a finding does not permit it; then nothing is recorded.
pub(super) fn decide(
    model: &mut Model,
    findings: &[usize],
    decision: &Decision,
    now: Timestamp,
) -> Result<Vec<Effect>, String> {
    let Some(review) = model.review_mut() else {
        return Ok(Vec::new());
    };
    all_permit(review, findings, decision, now)?;
    let never_together = |index: &usize| {
        review.finding(*index).is_none_or(|finding| {
            finding.is_destructive() || finding.enforcement == Enforcement::HardMandatory
        })
    };
    if findings.len() > 1 && findings.iter().any(never_together) {
        return Err(
            "Destroys, replacements and hard-mandatory findings are decided one by one.".to_owned(),
        );
    }
    let mut effects = Vec::new();
    for index in findings {
        let Some(key) = review.finding(*index).map(DecisionKey::of) else {
            continue;
        };
        effects.push(record(
            review,
            Event::Decided {
                key,
                decision: decision.clone(),
            },
            now,
        ));
    }
    review.marks.clear();
    review.judge(now);
    let stays = review
        .selected()
        .is_some_and(|index| review.status(index).is_undecided());
    let moved = stays || review.queue.jump_undecided(&review.verdict, true);
    let (decided, total) = review.progress();
    let what = match findings {
        [one] => review
            .finding(*one)
            .map(crate::finding::Finding::label)
            .unwrap_or_default(),
        many => format!("{} findings", many.len()),
    };
    let word = decision.word();
    if decided == total {
        model.say(
            Role::Good,
            format!("All {total} are decided; A opens the approve screen. Last: {word} {what}"),
        );
    } else if moved {
        model.say(Role::Good, format!("{word}: {what}"));
    } else {
        model.say(
            Role::Good,
            format!(
                "{} undecided are hidden by the filter (f). Last: {word} {what}",
                total - decided
            ),
        );
    }
    Ok(effects)
}
