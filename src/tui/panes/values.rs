//! The attribute diff as lines: aligned names, long values over several lines, unchanged attributes folded.

use similar::{ChangeTag, TextDiff};

use super::super::model::PaneKey;
use super::super::rich::Rich;
use super::super::theme::Role;
use crate::plan::{AttributeChange, Difference, MAX_ROWS, Sensitivity, Value};
use crate::text::{Redactor, display_width, fit_end, fit_middle, wrap};

/// Most lines that one value is shown on.
const TALLEST: usize = 400;

/// What stands behind an attribute that forces the replacement.
const FORCES: &str = "  # forces replacement";

/// Makes the lines of an attribute diff.
pub(super) fn rows(
    redactor: &Redactor,
    rows: &[AttributeChange],
    key: &PaneKey,
    width: usize,
) -> Vec<Rich> {
    let is_same = |row: &&AttributeChange| row.difference == Difference::Same;
    let same = rows.iter().filter(is_same).count();
    let shown: Vec<(&AttributeChange, String)> = rows
        .iter()
        .filter(|row| key.look.unchanged || row.difference != Difference::Same)
        .map(|row| (row, redactor.line(&row.path).into_string()))
        .collect();
    let column = shown
        .iter()
        .map(|(_, path)| display_width(path))
        .filter(|w| *w <= 28)
        .max()
        .unwrap_or(0);
    let mut out = Vec::new();
    for (row, path) in &shown {
        let name = if path.is_empty() {
            "(value)"
        } else {
            path.as_str()
        };
        out.extend(attribute(
            redactor,
            row,
            name,
            column,
            key.look.side_by_side,
            width,
        ));
    }
    if rows.is_empty() {
        out.push(Rich::of(Role::Dim, "  no attributes"));
    }
    if rows.len() >= MAX_ROWS {
        out.push(Rich::of(
            Role::Warn,
            format!("  only the first {MAX_ROWS} attributes are shown"),
        ));
    }
    if same > 0 {
        let text = match (key.look.unchanged, same) {
            (true, n) => format!("    {n} unchanged attributes shown (x folds)"),
            (false, 1) => "    ... 1 unchanged attribute (x)".to_owned(),
            (false, n) => format!("    ... {n} unchanged attributes (x)"),
        };
        out.push(Rich::of(Role::Dim, text));
    }
    out
}

fn role(difference: Difference) -> Role {
    match difference {
        Difference::Added => Role::Add,
        Difference::Removed => Role::Remove,
        Difference::Changed | Difference::Remarked => Role::Change,
        Difference::Reordered | Difference::Same => Role::Dim,
    }
}

fn attribute(
    redactor: &Redactor,
    row: &AttributeChange,
    name: &str,
    column: usize,
    wide: bool,
    width: usize,
) -> Vec<Rich> {
    let role = role(row.difference);
    let pad = " ".repeat(column.saturating_sub(display_width(name)));
    let head = Rich::of(role, format!("  {} ", row.difference.symbol())).add(
        if row.difference == Difference::Same {
            Role::Dim
        } else {
            Role::Text
        },
        format!(
            "{}{pad} = ",
            fit_middle(name, width.saturating_sub(12).max(8))
        ),
    );
    let mut behind = Vec::new();
    if row.forces_replacement {
        behind.push((Role::Replace, FORCES));
    }
    match row.sensitivity {
        Some(Sensitivity::Gained) => behind.push((Role::Change, "  # becomes sensitive")),
        Some(Sensitivity::Lost) => behind.push((Role::Warn, "  # no longer sensitive")),
        None => {}
    }
    // Room for the words behind the value.
    let width = width.saturating_sub(behind.iter().map(|(_, words)| words.len()).sum());
    let mut out = body(redactor, row, head, wide, width);
    if let Some(first) = out.first_mut() {
        first.anchor = row.difference != Difference::Same;
        for (role, words) in behind {
            first.spans.push((role, words.to_owned()));
        }
    }
    out
}

fn body(
    redactor: &Redactor,
    row: &AttributeChange,
    head: Rich,
    wide: bool,
    width: usize,
) -> Vec<Rich> {
    let before = row.before.show(redactor).into_string();
    let after = row.after.show(redactor).into_string();
    let role = role(row.difference);
    let room = width.saturating_sub(head.width());
    match (row.difference, &row.before, &row.after) {
        (Difference::Changed, Value::Sensitive(_), Value::Sensitive(_)) => {
            vec![head.add(Role::Change, "(sensitive), its value changes")]
        }
        (Difference::Changed, Value::Text(a), Value::Text(b))
            if a.contains('\n') || b.contains('\n') =>
        {
            text_diff(redactor, a, b, head, width)
        }
        (Difference::Changed, ..) if wide => {
            let half = width.saturating_sub(10) / 2;
            let left = fit_end(&before, half);
            let pad = " ".repeat(half.saturating_sub(display_width(&left)));
            vec![
                head,
                Rich::of(Role::Remove, format!("      {left}{pad}"))
                    .add(Role::Dim, " │ ")
                    .add(Role::Add, fit_end(&after, half)),
            ]
        }
        (Difference::Changed, ..) if display_width(&before) + display_width(&after) + 4 <= room => {
            vec![
                head.add(Role::Remove, before)
                    .add(Role::Dim, " -> ")
                    .add(Role::Add, after),
            ]
        }
        (Difference::Changed, ..) => {
            let mut out = vec![head];
            out.extend(value(Role::Remove, "      - ", &before, width));
            out.extend(value(Role::Add, "      + ", &after, width));
            out
        }
        (Difference::Reordered, ..) => {
            vec![head.add(Role::Dim, "the same elements, reordered only")]
        }
        (Difference::Remarked, ..) => {
            let text = format!("{after}, the same value");
            one(head, role, &text, room, width)
        }
        (Difference::Removed, ..) => one(head, role, &before, room, width),
        (Difference::Added | Difference::Same, ..) => one(head, role, &after, room, width),
    }
}

fn one(head: Rich, role: Role, text: &str, room: usize, width: usize) -> Vec<Rich> {
    if display_width(text) <= room {
        return vec![head.add(role, text)];
    }
    let mut out = vec![head];
    out.extend(value(role, "        ", text, width));
    out
}

fn value(role: Role, indent: &str, text: &str, width: usize) -> Vec<Rich> {
    let room = width.saturating_sub(display_width(indent)).max(8);
    let lines = wrap(text, room);
    let total = lines.len();
    let blank = " ".repeat(display_width(indent));
    let mut out: Vec<Rich> = lines
        .into_iter()
        .take(TALLEST)
        .enumerate()
        .map(|(index, line)| {
            Rich::of(
                role,
                format!("{}{line}", if index == 0 { indent } else { &blank }),
            )
        })
        .collect();
    if total > TALLEST {
        out.push(Rich::of(
            Role::Warn,
            format!("{blank}{} more lines", total - TALLEST),
        ));
    }
    out
}

/// Texts of several lines are compared line by line, redacted as wholes first so that no secret is cut in two.
fn text_diff(
    redactor: &Redactor,
    before: &str,
    after: &str,
    head: Rich,
    width: usize,
) -> Vec<Rich> {
    let (before, after) = (
        redactor.lines(before).into_string(),
        redactor.lines(after).into_string(),
    );
    let mut out = vec![head];
    if before == after {
        out.push(Rich::of(
            Role::Change,
            "        differs only in what is hidden",
        ));
        return out;
    }
    let diff = TextDiff::configure()
        .timeout(std::time::Duration::from_millis(200))
        .diff_lines(before.as_str(), after.as_str());
    for (number, group) in diff.grouped_ops(2).iter().enumerate() {
        if number > 0 {
            out.push(Rich::of(Role::Dim, "        ..."));
        }
        for change in group
            .iter()
            .flat_map(|operation| diff.iter_changes(operation))
        {
            let (role, sign) = match change.tag() {
                ChangeTag::Delete => (Role::Remove, "-"),
                ChangeTag::Insert => (Role::Add, "+"),
                ChangeTag::Equal => (Role::Dim, " "),
            };
            out.extend(value(
                role,
                &format!("      {sign} "),
                change.value().trim_end_matches('\n'),
                width,
            ));
            if out.len() > TALLEST {
                out.push(Rich::of(Role::Warn, "        more lines differ"));
                return out;
            }
        }
    }
    out
}
