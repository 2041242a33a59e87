//! The list of findings.

use ratatui::layout::Rect;

use super::super::filter::Grouping;
use super::super::model::Review;
use super::super::panes::action_role;
use super::super::queue::{Group, Row};
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use super::canvas::Canvas;
use crate::finding::{Enforcement, Finding};
use crate::plan::Action;
use crate::review::Status;
use crate::text::{display_width, fit_address, fit_end, fit_middle};

/// Below how many columns the state is shown by its letter only, and the action by its sign before the name.
pub(super) const NARROW: usize = 72;

/// Draws the list with its title line.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, review: &Review) {
    let queue = &review.queue;
    let focus = !review.in_pane;
    let title = Rich::of(if focus { Role::Focus } else { Role::Strong }, "1 Findings").add(
        Role::Dim,
        format!(
            " by {} · filter: {} ",
            queue.grouping.word(),
            queue.filter.words()
        ),
    );
    let total = review.case.findings.len();
    canvas.rule(
        area,
        0,
        &title,
        &format!(" {} of {total} ", queue.listed),
        focus,
    );
    if queue.rows.is_empty() {
        empty(canvas, area, review);
        return;
    }
    let height = usize::from(area.height.saturating_sub(1));
    let width = usize::from(area.width);
    for (offset, row) in queue.rows.iter().skip(queue.top).take(height).enumerate() {
        let at = queue.top + offset;
        let here = at == queue.cursor;
        let line = match row {
            Row::Group(number) => match queue.groups.get(*number) {
                Some(group) => heading(group, queue.is_folded(group), here, width),
                None => continue,
            },
            Row::Finding(index, _) => match review.finding(*index) {
                Some(finding) => finding_row(review, *index, finding, here, width),
                None => continue,
            },
        };
        match (here, focus) {
            (true, true) => canvas.highlighted(area, offset + 1, &line, Role::Cursor),
            (true, false) => canvas.highlighted(area, offset + 1, &line, Role::CursorIdle),
            _ => canvas.line(area, offset + 1, &line),
        }
    }
}

fn empty(canvas: &mut Canvas<'_>, area: Rect, review: &Review) {
    let lines = if review.case.findings.is_empty() {
        let (role, text) = review.nothing_found();
        let width = usize::from(area.width).saturating_sub(2);
        let mut lines = paragraph(role, &format!("  {text}"), width, 2);
        lines.push(Rich::of(
            Role::Dim,
            "  5 shows every change of the plan; A opens the approve screen.",
        ));
        lines
    } else {
        vec![
            Rich::of(
                Role::Warn,
                format!(
                    "  None of {} findings passes the filter.",
                    review.case.findings.len()
                ),
            ),
            Rich::of(
                Role::Dim,
                if review.queue.filter.text.is_empty() {
                    "  f changes the filter."
                } else {
                    "  Esc takes the text away, f changes the rest of the filter."
                },
            ),
        ]
    };
    for (row, line) in lines.iter().enumerate() {
        canvas.line(area, row + 2, line);
    }
}

fn level(level: Enforcement) -> Role {
    match level {
        Enforcement::HardMandatory | Enforcement::SoftMandatory => Role::Bad,
        Enforcement::Advisory => Role::Warn,
    }
}

fn heading(group: &Group, folded: bool, here: bool, width: usize) -> Rich {
    let sign = match (here, folded) {
        (true, true) => ">▸ ",
        (true, false) => ">▾ ",
        (false, true) => " ▸ ",
        (false, false) => " ▾ ",
    };
    let left = format!("{} of {} left", group.left, group.members.len());
    let room = width.saturating_sub(display_width(&left) + 12);
    Rich::of(Role::Dim, sign)
        .add(level(group.level), format!("{} ", group.level.short()))
        .add(Role::Strong, fit_middle(&group.name, room))
        .right(
            if group.left == 0 {
                Role::Dim
            } else {
                Role::Text
            },
            format!("{left} "),
        )
}

/// The letter and word of a state.
pub(in super::super) fn mark(status: Status) -> (Role, &'static str, &'static str) {
    match status {
        Status::Open => (Role::Warn, "?", "undecided"),
        Status::Waived => (Role::Good, "w", "waived"),
        Status::Acknowledged => (Role::Good, "a", "acknowledged"),
        Status::Rejected => (Role::Bad, "x", "rejected"),
        Status::Carried => (Role::Good, "c", "carried"),
        Status::Stale => (Role::Warn, "s", "stale"),
        Status::NotEvaluated => (Role::Bad, "!", "not evaluated"),
        Status::NotApplicable => (Role::Dim, "-", "n/a"),
        Status::Deferred => (Role::Warn, "d", "deferred"),
    }
}

fn action(finding: &Finding) -> Option<Action> {
    if finding.actions.is_empty() {
        return None;
    }
    Some(Action::from_words(&finding.actions))
}

fn finding_row(review: &Review, index: usize, finding: &Finding, here: bool, width: usize) -> Rich {
    let (role, letter, word) = mark(review.status(index));
    let marked = review.marks.contains(&index);
    let (symbol, action_role, action_word) = match action(finding) {
        Some(action) => (action.symbol(), action_role(action), action.word()),
        None => (" ", Role::Dim, ""),
    };
    // Fixed columns at the right: action sign and word, state. In a narrow list letter and sign stand before the name, so that
    // more of the name is there.
    let wide = width >= NARROW;
    let (state, word, doing) = if wide { (13, word, 11) } else { (0, "", 0) };
    let lead = if wide {
        String::new()
    } else {
        format!("{symbol} ")
    };
    let room = width.saturating_sub(5 + doing + state + lead.chars().count());
    let heading = if review.queue.grouping == Grouping::Module {
        finding.module.as_str()
    } else {
        ""
    };
    // What has no action may use its columns too.
    let (room, action_sign) = if action_word.is_empty() || !wide {
        (room + doing, String::new())
    } else {
        (room, format!("{symbol} {action_word:<9}"))
    };
    let name = name(finding, heading, room.saturating_sub(1));
    let pad = " ".repeat(room.saturating_sub(display_width(&name)));
    let name_role = if review.status(index).is_undecided() {
        Role::Text
    } else {
        Role::Dim
    };
    Rich::of(Role::Text, if here { ">" } else { " " })
        .add(Role::Strong, if marked { "*" } else { " " })
        .add(role, format!(" {letter} "))
        .add(action_role, lead)
        .add(name_role, format!("{name}{pad}"))
        .add(action_role, action_sign)
        .add(
            // The letter has the colour; a column of coloured words would outshine the actions.
            if review.status(index).is_undecided() {
                Role::Dim
            } else {
                role
            },
            format!("{word:<state$}"),
        )
}

/// An address below a heading that shows its module already.
pub(super) fn under(label: &str, module: &str) -> String {
    label
        .strip_prefix(module)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(label)
        .to_owned()
}

/// Address and, behind it, what part of the resource it is about; the address keeps the larger share.
fn name(finding: &Finding, heading: &str, room: usize) -> String {
    // What is about the plan as a whole has no name: its message says what it is.
    if finding.address.is_none() && finding.subject.is_none() {
        return fit_end(finding.message.as_str(), room);
    }
    let label = under(&finding.label(), heading);
    let detail = finding.attribute.as_ref().or(finding
        .subject
        .as_ref()
        .filter(|_| finding.address.is_some()));
    let Some(detail) = detail.filter(|detail| detail.as_str() != finding.label()) else {
        return fit_address(&label, room);
    };
    let wanted = display_width(detail.as_str());
    let left = room.saturating_sub(display_width(&label) + 3);
    if left < 10.min(wanted) && room < 60 && wanted > room / 3 {
        return fit_address(&label, room);
    }
    let share = left.max(room / 4).min(wanted);
    format!(
        "{} · {}",
        fit_address(&label, room.saturating_sub(share + 3)),
        fit_middle(detail.as_str(), share)
    )
}
