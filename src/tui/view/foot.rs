//! The bottom: denominators, keys that make sense here, and what just happened.

use ratatui::layout::Rect;

use super::super::keys::{self, Command};
use super::super::model::{List, Model, Review};
use super::super::rich::Rich;
use super::super::theme::Role;
use super::canvas::Canvas;
use crate::finding::{Enforcement, Standing};
use crate::text::{display_width, fit_end};

/// Draws the three rows.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, review: &Review) {
    let counts = review.verdict.counts;
    let policies = &review.case.policies;
    let marked = match review.marks.len() {
        0 => String::new(),
        number => format!("· {number} marked "),
    };
    let numbers = format!(
        " rules {}/{} · changes {} · waived {} · carried {} {marked}",
        policies.evaluated, policies.rules, review.tree.total, counts.waived, counts.carried
    );
    let (decided, total) = review.progress();
    let offer = if decided == total {
        " all decided: A to approve "
    } else {
        ""
    };
    canvas.rule(area, 0, &Rich::of(Role::Dim, numbers), offer, false);
    canvas.line(area, 1, &first(review));
    canvas.line(area, 2, &second(model, review, usize::from(area.width)));
}

/// The keys for the finding under the cursor.
fn first(review: &Review) -> Rich {
    let mut line = Rich::of(Role::Text, " ");
    let key = |command: Command| {
        keys::binding(command).map_or(String::new(), |b| {
            b.keys.first().map_or(String::new(), |k| k.name())
        })
    };
    let mut hint = |command: Command| {
        let Some(binding) = keys::binding(command) else {
            return;
        };
        if let Some((_, rest)) = binding.hint.split_once(']') {
            line.spans.push((Role::Key, format!("[{}]", key(command))));
            line.spans.push((Role::Text, format!("{rest}  ")));
        } else {
            line.spans.push((Role::Key, key(command)));
            line.spans
                .push((Role::Text, format!(" {}  ", binding.hint)));
        }
    };
    let finding = review.selected().and_then(|index| review.finding(index));
    let mut refusal = "";
    match finding.map(|finding| (finding.standing, finding.enforcement)) {
        Some((Standing::NotApplicable, _)) => refusal = "nothing to decide",
        Some((_, Enforcement::Advisory)) => {
            hint(Command::Acknowledge);
            hint(Command::Reject);
        }
        Some((_, Enforcement::SoftMandatory)) => {
            hint(Command::Waive);
            hint(Command::Reject);
            refusal = "blocks: waive or reject  ";
        }
        Some((_, Enforcement::HardMandatory)) => {
            hint(Command::Reject);
            refusal = "blocks, cannot be waived  ";
        }
        None => {
            hint(Command::Open);
            hint(Command::Left);
            hint(Command::Right);
        }
    }
    hint(Command::Undo);
    hint(Command::NextUndecided);
    hint(Command::Approve);
    line.add(Role::Dim, refusal)
}

fn second(model: &Model, review: &Review, width: usize) -> Rich {
    let draft = draft(review);
    if let Some((role, text)) = &model.notice {
        let room = width.saturating_sub(display_width(&draft.1) + 4);
        return Rich::of(*role, format!(" {}", fit_end(text, room)))
            .right(draft.0, format!("{} ", draft.1));
    }
    let mut line = Rich::of(Role::Text, " ");
    let (order, other) = match review.list {
        List::Findings => (Command::GroupBy, Command::Changes),
        List::Changes => (Command::NextGroup, Command::Findings),
    };
    let commands = if review.in_pane {
        [
            Command::NextPane,
            Command::NextPart,
            Command::Unchanged,
            Command::Zoom,
            Command::Back,
            Command::Help,
        ]
    } else {
        [
            Command::NextPane,
            Command::Search,
            order,
            other,
            Command::Help,
            Command::Quit,
        ]
    };
    for command in commands {
        if let Some(binding) = keys::binding(command) {
            let key = binding.keys.first().map_or(String::new(), |key| key.name());
            line = line
                .add(Role::Key, key)
                .add(Role::Text, format!(" {}  ", binding.hint));
        }
    }
    line.right(draft.0, format!("{} ", draft.1))
}

fn draft(review: &Review) -> (Role, String) {
    if !review.unsaved.is_empty() {
        return (Role::Warn, format!("saving {}", review.unsaved.len()));
    }
    match review.saved_at {
        Some(at) => (
            Role::Dim,
            format!(
                "draft saved {}",
                at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%H:%MZ")
            ),
        ),
        None if review.journal.entries().is_empty() => {
            (Role::Dim, fit_end(review.draft_note.as_str(), 24))
        }
        None => (Role::Dim, "draft kept".to_owned()),
    }
}
