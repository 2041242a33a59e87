//! The approve screen.

use ratatui::layout::Rect;

use super::super::model::{Approve, Recheck, Review};
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use super::canvas::Canvas;

/// Draws it over everything.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, review: &Review, screen: &Approve) {
    let glass = review.break_glass.is_some();
    let title = if glass { "BREAK GLASS" } else { "Approve" };
    let inside = canvas.window(area, title);
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
            "  (Esc goes back; n: the next undecided finding; 5, then n: unseen changes)",
        ));
        lines.push(Rich::empty());
    }
    let problem = match &screen.problem {
        Some(problem) => paragraph(Role::Bad, problem.as_str(), width, 0),
        None => vec![Rich::empty()],
    };
    // Of a long one what comes first matters most, and some of what is approved stays on the screen.
    let problem_lines = problem.len().min(last / 3).max(1);
    let body = last.saturating_sub(3 + problem_lines);
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
            last.saturating_sub(2 + problem_lines),
            &Rich::of(Role::Dim, format!("{more} more lines, ↓ PgDn")),
        );
    }
    for (row, line) in problem.iter().take(problem_lines).enumerate() {
        canvas.line(inside, last.saturating_sub(1 + problem_lines) + row, line);
    }
    let ask = if screen.sent {
        Rich::of(Role::Warn, "Writing ...")
    } else if screen.is_open() {
        Rich::of(Role::Text, "Type  ")
            .add(
                Role::Strong,
                format!("approve {}", review.case.plan_digest().short()),
            )
            .add(
                if glass { Role::Bad } else { Role::Text },
                if glass {
                    "  to BREAK GLASS, Esc to go back:  "
                } else {
                    "  to approve, Esc to go back:  "
                },
            )
            .add(Role::Strong, format!("{}_", screen.typed))
    } else if screen.recheck == Recheck::Running {
        Rich::of(Role::Dim, "Esc to go back")
    } else {
        Rich::of(Role::Bad, "Blocked").add(Role::Text, "   Esc to go back")
    };
    canvas.line(inside, last.saturating_sub(1), &ask);
}
