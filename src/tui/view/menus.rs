//! Small windows: the question before a decision on several findings, filter, palette, search.

use ratatui::layout::Rect;

use super::super::filter::{ActionFilter, Filter};
use super::super::model::{Bulk, List, Review};
use super::super::rich::Rich;
use super::super::theme::Role;
use super::super::update::{FILTER_ROWS, FILTERS, found};
use super::canvas::{Canvas, centred};
use crate::decision::Decision;
use crate::finding::Severity;
use crate::text::{fit_address, fit_end};

/// Draws the question before a decision on several findings.
pub(super) fn bulk(canvas: &mut Canvas<'_>, area: Rect, review: &Review, bulk: &Bulk) {
    let number = bulk.findings.len();
    let height = u16::try_from(number.saturating_add(8)).unwrap_or(area.height);
    let inside = canvas.window(
        centred(
            area,
            area.width.saturating_sub(6),
            height.min(area.height - 2),
        ),
        "Decide together",
    );
    let width = usize::from(inside.width);
    let policy = bulk
        .findings
        .first()
        .and_then(|index| review.finding(*index))
        .map(|f| f.policy.to_string());
    let what = match &bulk.decision {
        Decision::Acknowledge => "acknowledge".to_owned(),
        Decision::Waive { reason, expires } => format!(
            "waive until {expires}: \u{201c}{}\u{201d}",
            one_line(reason)
        ),
        Decision::Reject { reason } => format!("reject: \u{201c}{}\u{201d}", one_line(reason)),
    };
    canvas.line(
        inside,
        0,
        &Rich::of(
            Role::Strong,
            format!("{number} findings of {}", policy.unwrap_or_default()),
        ),
    );
    canvas.line(inside, 1, &Rich::of(Role::Text, fit_end(&what, width)));
    let rows = usize::from(inside.height).saturating_sub(5);
    for (row, index) in bulk.findings.iter().skip(bulk.top).take(rows).enumerate() {
        if let Some(finding) = review.finding(*index) {
            canvas.line(
                inside,
                row + 2,
                &Rich::of(
                    Role::Text,
                    format!(
                        "  {}",
                        fit_address(&finding.label(), width.saturating_sub(2))
                    ),
                ),
            );
        }
    }
    let last = usize::from(inside.height);
    if number > rows {
        let shown = format!(
            "  {}-{} of {number}, ↓ ↑",
            bulk.top + 1,
            (bulk.top + rows).min(number)
        );
        canvas.line(inside, last.saturating_sub(3), &Rich::of(Role::Dim, shown));
    }
    if let Some(problem) = &bulk.problem {
        canvas.line(
            inside,
            last.saturating_sub(2),
            &Rich::of(Role::Bad, problem.as_str()),
        );
    }
    let ask = Rich::of(Role::Text, "Type  ")
        .add(Role::Strong, number.to_string())
        .add(Role::Text, "  to decide all of them, Esc to go back:  ")
        .add(Role::Strong, format!("{}_", bulk.typed));
    canvas.line(inside, last.saturating_sub(1), &ask);
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

/// Draws the filter menu.
pub(super) fn filter(
    canvas: &mut Canvas<'_>,
    area: Rect,
    cursor: usize,
    filter: &Filter,
    counts: &[usize],
) {
    let height = u16::try_from(FILTER_ROWS + 3).unwrap_or(area.height);
    let height = height.min(area.height.saturating_sub(1));
    let inside = canvas.window(centred(area, 52, height), "Filter");
    let mut rows: Vec<(bool, &str, &str)> = FILTERS
        .iter()
        .map(|(name, status)| (*status == Some(filter.status), *name, "state"))
        .collect();
    rows.extend(Severity::ALL.iter().map(|severity| {
        (
            filter.severity == Some(*severity),
            severity.word(),
            "severity",
        )
    }));
    rows.extend(
        ActionFilter::ALL
            .iter()
            .map(|action| (filter.action == Some(*action), action.label(), "action")),
    );
    rows.push((filter.unexplained, "not explained by the diff only", ""));
    let foot = usize::from(inside.height).saturating_sub(1);
    let top = (cursor + 1).saturating_sub(foot);
    for (row, (on, name, kind)) in rows.iter().skip(top).take(foot).enumerate() {
        let here = top + row == cursor;
        let line = Rich::of(
            Role::Text,
            format!(
                "{} [{}] {name}",
                if here { ">" } else { " " },
                if *on { "x" } else { " " }
            ),
        )
        .right(
            Role::Dim,
            format!("{kind} {:>6}", counts.get(top + row).copied().unwrap_or(0)),
        );
        if here {
            canvas.highlighted(inside, row, &line, Role::Cursor);
        } else {
            canvas.line(inside, row, &line);
        }
    }
    canvas.line(
        inside,
        foot,
        &Rich::of(Role::Dim, "Space chooses  Enter applies  Esc leaves"),
    );
}

/// Draws the palette.
pub(super) fn palette(canvas: &mut Canvas<'_>, area: Rect, typed: &str, cursor: usize) {
    let inside = canvas.window(centred(area, 86, area.height.saturating_sub(4)), "Commands");
    canvas.line(
        inside,
        0,
        &Rich::of(Role::Key, ":").add(Role::Strong, format!("{typed}_")),
    );
    let rows = usize::from(inside.height).saturating_sub(2);
    let commands = found(typed);
    let top = (cursor + 1).saturating_sub(rows);
    for (row, binding) in commands.iter().skip(top).take(rows).enumerate() {
        let line = Rich::of(
            Role::Text,
            format!(" {:<15}", binding.hint.replace(['[', ']'], "")),
        )
        .add(Role::Dim, binding.help)
        .right(Role::Key, binding.keys_text());
        if top + row == cursor {
            canvas.highlighted(inside, row + 1, &line, Role::Cursor);
        } else {
            canvas.line(inside, row + 1, &line);
        }
    }
    if commands.is_empty() {
        canvas.line(
            inside,
            2,
            &Rich::of(Role::Warn, "No command holds these words."),
        );
    }
}

/// Draws the search field over the last row.
pub(super) fn search(canvas: &mut Canvas<'_>, foot: Rect, review: &Review, typed: &str) {
    let what = match (review.in_pane, review.list) {
        (true, _) => "search the pane",
        (false, List::Changes) => "search the changes",
        (false, List::Findings) => "list only findings that hold",
    };
    let last = Rect {
        y: foot.bottom().saturating_sub(1),
        height: 1,
        ..foot
    };
    canvas.line(
        last,
        0,
        &Rich::of(Role::Text, " ".repeat(usize::from(last.width))),
    );
    canvas.line(
        last,
        0,
        &Rich::of(Role::Dim, format!(" {what}: "))
            .add(Role::Key, "/")
            .add(Role::Strong, format!("{typed}_")),
    );
}
