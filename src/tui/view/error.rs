//! Why there is no review: heading, causes, hint, what was not checked, exit status. No key approves here.

use ratatui::layout::Rect;

use super::super::msg::Failure;
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use super::canvas::Canvas;

/// Draws the failure.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, failure: &Failure) {
    canvas.fill(Rect { height: 1, ..area }, Role::Bar);
    canvas.line(
        area,
        0,
        &Rich::of(Role::Bar, " countersign").right(Role::Bar, "not reviewed "),
    );
    let inside = Rect::new(
        area.x + 2,
        area.y + 2,
        area.width.saturating_sub(4),
        area.height.saturating_sub(4),
    );
    let width = usize::from(inside.width);
    let mut lines = paragraph(Role::Bad, failure.heading.as_str(), width, 0);
    lines.push(Rich::empty());
    for cause in &failure.causes {
        lines.extend(paragraph(
            Role::Text,
            &format!("because: {cause}"),
            width,
            9,
        ));
    }
    if let Some(hint) = &failure.hint {
        lines.push(Rich::empty());
        lines.extend(paragraph(
            Role::Good,
            &format!("what now: {hint}"),
            width,
            10,
        ));
    }
    if !failure.not_checked.is_empty() {
        lines.push(Rich::empty());
        for text in &failure.not_checked {
            lines.extend(paragraph(
                Role::Warn,
                &format!("not checked: {text}"),
                width,
                13,
            ));
        }
    }
    let rows = usize::from(inside.height);
    for (row, line) in lines.iter().take(rows).enumerate() {
        canvas.line(inside, row, line);
    }
    let last = usize::from(area.height).saturating_sub(1);
    let exit = failure.exit;
    canvas.line(
        area,
        last,
        &Rich::of(Role::Text, " ")
            .add(Role::Key, "q")
            .add(Role::Text, " quit")
            .right(Role::Dim, format!("exit status {} ({exit}) ", exit.code())),
    );
}
