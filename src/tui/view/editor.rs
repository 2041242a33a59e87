//! The reason editor: what it is about stands above the text.

use ratatui::layout::Rect;

use super::super::model::{Answer, Editor, Review};
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use super::canvas::{Canvas, centred};
use crate::decision::MIN_REASON;
use crate::text::fit_address;

/// Draws the window and gives the place of the text.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, review: &Review, editor: &Editor) -> Rect {
    let width = area.width.saturating_sub(6).min(100);
    let height = area.height.saturating_sub(2).min(18);
    let inside = canvas.window(centred(area, width, height), editor.answer.title());
    let room = usize::from(inside.width);
    let mut top = Vec::new();
    match editor.findings.as_slice() {
        [one] => {
            if let Some(finding) = review.finding(*one) {
                top.push(Rich::of(Role::Strong, fit_address(&finding.label(), room)));
                let text = format!("{}: {}", finding.policy, finding.message);
                top.extend(paragraph(Role::Dim, &text, room, 2).into_iter().take(3));
            }
        }
        many => {
            let policy = many
                .first()
                .and_then(|index| review.finding(*index))
                .map(|f| f.policy.to_string());
            top.push(Rich::of(
                Role::Strong,
                format!("{} findings of {}", many.len(), policy.unwrap_or_default()),
            ));
        }
    }
    for (row, line) in top.iter().enumerate() {
        canvas.line(inside, row, line);
    }
    let used = top.len() + 1;
    let last = usize::from(inside.height);
    let typed = editor.text.lines().join("\n").trim().chars().count();
    let need = match editor.answer {
        Answer::Note => "Note; it decides nothing".to_owned(),
        _ if typed < MIN_REASON => format!("Reason, {} more characters", MIN_REASON - typed),
        _ => "Reason".to_owned(),
    };
    canvas.rule(
        inside,
        used,
        &Rich::of(
            if editor.in_expiry {
                Role::Dim
            } else {
                Role::Focus
            },
            format!(" {need} "),
        ),
        "",
        false,
    );
    let text_top = used + 1;
    let below = if editor.answer == Answer::Waive { 4 } else { 3 };
    if editor.answer == Answer::Waive {
        let role = if editor.in_expiry {
            Role::Cursor
        } else {
            Role::Strong
        };
        let cursor = if editor.in_expiry { "_" } else { "" };
        let line = Rich::of(Role::Text, "Expires  ")
            .add(role, format!("{}{cursor}", editor.expiry))
            .add(Role::Dim, "  the last day on which it counts (Tab)");
        canvas.line(inside, last.saturating_sub(3), &line);
    }
    if let Some(problem) = &editor.problem {
        canvas.line(
            inside,
            last.saturating_sub(2),
            &Rich::of(Role::Bad, problem.as_str()),
        );
    }
    let keys = Rich::of(Role::Key, "Ctrl-s")
        .add(
            Role::Text,
            if editor.answer == Answer::Note {
                " save  "
            } else {
                " decide  "
            },
        )
        .add(Role::Key, "Ctrl-x")
        .add(Role::Text, " editor  ")
        .add(Role::Key, "Esc")
        .add(Role::Text, " cancel, text kept");
    canvas.line(inside, last.saturating_sub(1), &keys);
    let text_height = last.saturating_sub(text_top + below - 1);
    Rect {
        y: inside.y + u16::try_from(text_top).unwrap_or(0),
        height: u16::try_from(text_height).unwrap_or(0),
        ..inside
    }
}
