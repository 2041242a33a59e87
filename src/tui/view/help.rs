//! All keys, from the one table.

use ratatui::layout::Rect;

use super::super::keys::Context;
use super::super::rich::Rich;
use super::super::table::BINDINGS;
use super::super::theme::Role;
use super::canvas::{Canvas, centred};
use crate::review::Status;
use crate::text::display_width;

/// Draws the help from row `top` on.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, top: usize) {
    let inside = canvas.window(centred(area, 86, area.height), "Keys");
    let mut lines = Vec::new();
    for context in Context::ALL {
        lines.push(Rich::of(Role::Focus, context.heading()));
        for binding in BINDINGS.iter().filter(|binding| binding.context == context) {
            let keys = binding.keys_text();
            let pad = " ".repeat(14_usize.saturating_sub(display_width(&keys)));
            lines
                .push(Rich::of(Role::Key, format!("  {keys}{pad} ")).add(Role::Text, binding.help));
        }
        lines.push(Rich::empty());
    }
    lines.extend(signs());
    let height = usize::from(inside.height).saturating_sub(1);
    let total = lines.len();
    for (row, line) in lines.iter().skip(top).take(height).enumerate() {
        canvas.line(inside, row, line);
    }
    let foot = Rich::of(
        Role::Dim,
        "Esc closes   j k scroll   Enter and Esc never decide",
    )
    .right(
        Role::Dim,
        format!("{}-{}/{total}", top + 1, (top + height).min(total)),
    );
    canvas.line(inside, height, &foot);
}

/// What the signs and letters in the lists mean.
fn signs() -> Vec<Rich> {
    let line = |parts: &[(Role, &str, &str)]| {
        let mut line = Rich::of(Role::Text, "  ");
        for (role, sign, word) in parts {
            line = line
                .add(*role, format!("{sign} "))
                .add(Role::Text, format!("{word}   "));
        }
        line
    };
    let states = [
        Status::Open,
        Status::Acknowledged,
        Status::Waived,
        Status::Rejected,
    ];
    let others = [
        Status::Carried,
        Status::Stale,
        Status::Deferred,
        Status::NotEvaluated,
    ];
    vec![
        Rich::of(Role::Focus, "Signs"),
        line(&[
            (Role::Add, "+", "create"),
            (Role::Change, "~", "update"),
            (Role::Replace, "±", "replace"),
            (Role::Bad, "-", "destroy"),
        ]),
        line(&[
            (Role::Dim, "<", "read"),
            (Role::Warn, ".", "forget; in a bar: the others"),
            (Role::Warn, "⨁", "create anew, abandon the old"),
            (Role::Bad, "?", "unknown"),
        ]),
        line(&states.map(super::state_words)),
        line(&others.map(super::state_words)),
    ]
}
