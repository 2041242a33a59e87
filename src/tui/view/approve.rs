//! The approve screen.

use ratatui::layout::Rect;

use super::super::model::{Approve, Recheck, Review};
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use super::canvas::Canvas;

/// Draws it over everything.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, review: &Review, screen: &Approve) {
    let inside = canvas.window(area, "Approve");
    let width = usize::from(inside.width);
    let last = usize::from(inside.height);
    let (role, words) = match &screen.recheck {
        Recheck::Running => (
            Role::Warn,
            "recheck: looking at plan, head and base again".to_owned(),
        ),
        Recheck::Unmoved => (Role::Good, "recheck: plan ok, head ok, base ok".to_owned()),
        Recheck::Moved(_) => (Role::Bad, "recheck: MOVED since loading".to_owned()),
    };
    canvas.line(inside, 0, &Rich::empty().right(role, words));
    let mut lines = Vec::new();
    let moved = match &screen.recheck {
        Recheck::Moved(reasons) => reasons.as_slice(),
        _ => &[],
    };
    if !screen.blockers.is_empty() || !moved.is_empty() {
        lines.push(Rich::of(
            Role::Bad,
            "Blocked. Nothing can be approved while:",
        ));
        for reason in moved.iter().chain(&screen.blockers) {
            lines.extend(paragraph(Role::Text, &format!("  - {reason}"), width, 4));
        }
        lines.push(Rich::of(
            Role::Dim,
            "  (n goes to undecided findings; 5 shows which changes are unseen)",
        ));
        lines.push(Rich::empty());
    }
    let body = last.saturating_sub(4);
    let total = lines.len() + screen.lines.len();
    let more = total.saturating_sub(screen.top + body);
    for (row, line) in lines
        .iter()
        .chain(&screen.lines)
        .skip(screen.top)
        .take(body)
        .enumerate()
    {
        canvas.line(inside, row + 1, line);
    }
    if more > 0 {
        canvas.line(
            inside,
            last.saturating_sub(3),
            &Rich::of(Role::Dim, format!("{more} more lines, ↓ PgDn")),
        );
    }
    if let Some(problem) = &screen.problem {
        canvas.line(
            inside,
            last.saturating_sub(2),
            &Rich::of(Role::Bad, problem.as_str()),
        );
    }
    let ask = if screen.sent {
        Rich::of(Role::Warn, "Writing ...")
    } else if screen.is_open() {
        Rich::of(Role::Text, "Type  ")
            .add(
                Role::Strong,
                format!("approve {}", review.case.plan_digest().short()),
            )
            .add(Role::Text, "  to approve, Esc to go back:  ")
            .add(Role::Strong, format!("{}_", screen.typed))
    } else if screen.recheck == Recheck::Running {
        Rich::of(Role::Dim, "Esc to go back")
    } else {
        Rich::of(Role::Bad, "Blocked").add(Role::Text, "   Esc to go back")
    };
    canvas.line(inside, last.saturating_sub(1), &ask);
}
