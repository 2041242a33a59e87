//! The plan as a tree of modules with a bar of its shape.

use ratatui::layout::Rect;

use super::super::model::Review;
use super::super::panes::{action_role, check_role};
use super::super::rich::Rich;
use super::super::theme::Role;
use super::super::tree::{Module, Shape, TreeRow, label};
use super::canvas::Canvas;
use crate::plan::{Mode, ResourceChange};
use crate::text::{display_width, fit_middle};

/// Draws the tree with its title line.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, review: &Review) {
    let tree = &review.tree;
    let focus = !review.in_pane;
    let title = Rich::of(if focus { Role::Focus } else { Role::Strong }, "5 Changes ");
    let counts = review.case.counts();
    let whole = Shape {
        create: counts.create,
        update: counts.update,
        delete: counts.delete,
        replace: counts.replace,
        ..Shape::default()
    };
    let title = bar(title, &whole, 16.min(usize::from(area.width) / 6));
    canvas.rule(
        area,
        0,
        &title,
        &format!(" {} of {} changes ", tree.busy, tree.total),
        focus,
    );
    let height = usize::from(area.height.saturating_sub(1));
    if tree.rows.is_empty() {
        canvas.line(
            area,
            2,
            &Rich::of(Role::Dim, "  The plan changes nothing: 0 changes."),
        );
        return;
    }
    for (offset, row) in tree.rows.iter().skip(tree.top).take(height).enumerate() {
        let here = tree.top + offset == tree.cursor;
        let line = line(review, *row, here, usize::from(area.width));
        match (here, focus) {
            (true, true) => canvas.highlighted(area, offset + 1, &line, Role::Cursor),
            (true, false) => canvas.highlighted(area, offset + 1, &line, Role::CursorIdle),
            _ => canvas.line(area, offset + 1, &line),
        }
    }
}

fn line(review: &Review, row: TreeRow, here: bool, width: usize) -> Rich {
    let cursor = if here { ">" } else { " " };
    match row {
        TreeRow::Module(number) => match review.tree.modules.get(number) {
            Some(module) => heading(module, cursor, width),
            None => Rich::empty(),
        },
        TreeRow::Quiet(number) => {
            let quiet = review
                .tree
                .modules
                .get(number)
                .map_or(0, |module| module.shape.quiet);
            Rich::of(
                Role::Dim,
                format!("{cursor}     ... {quiet} without changes (l)"),
            )
        }
        TreeRow::Change(plan, index) => {
            let change = review
                .case
                .plans
                .get(plan)
                .and_then(|plan| plan.plan.changes.get(index));
            change.map_or(Rich::empty(), |change| {
                change_row(review, (plan, index), change, cursor, width)
            })
        }
        TreeRow::Drift(..) | TreeRow::Deferred(..) | TreeRow::Invocation(..) => {
            let action =
                super::super::tree::resource(&review.case, row).map(|(_, change)| change.action);
            let (role, sign, word) = action.map_or((Role::Warn, "!", "invoke"), |action| {
                (action_role(action), action.symbol(), action.word())
            });
            Rich::of(Role::Text, cursor)
                .add(role, format!("    {sign} "))
                .add(
                    Role::Text,
                    fit_middle(&label(&review.case, row), width.saturating_sub(30)),
                )
                .right(role, format!("{word:<20} "))
        }
        TreeRow::Check(plan, index) => {
            let plan = review.case.plans.get(plan);
            let check = plan.and_then(|plan| plan.plan.checks.get(index));
            check.map_or(Rich::empty(), |check| {
                let role = check_role(check.status);
                let name = fit_middle(&label(&review.case, row), width.saturating_sub(30));
                Rich::of(Role::Text, cursor)
                    .add(role, "    ! ")
                    .add(Role::Text, name)
                    .right(role, format!("{:<20} ", check.status.word()))
            })
        }
        TreeRow::Output(plan, index) => {
            let output = review
                .case
                .plans
                .get(plan)
                .and_then(|plan| plan.plan.outputs.get(index));
            output.map_or(Rich::empty(), |output| {
                let role = action_role(output.action);
                Rich::of(Role::Text, cursor)
                    .add(role, format!("    {} ", output.action.symbol()))
                    .add(
                        Role::Text,
                        fit_middle(&label(&review.case, row), width.saturating_sub(30)),
                    )
                    .right(role, format!("{:<20} ", output.action.word()))
            })
        }
    }
}

fn heading(module: &Module, cursor: &str, width: usize) -> Rich {
    let sign = if module.folded { "▸" } else { "▾" };
    let shape = &module.shape;
    let parts = [
        ("+", shape.create),
        ("~", shape.update),
        ("-", shape.delete),
        ("±", shape.replace),
        ("other", shape.other),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(sign, number)| format!("{sign}{number} "))
        .collect();
    let text = if parts.is_empty() {
        "no changes ".to_owned()
    } else {
        parts.concat()
    };
    let room = width.saturating_sub(display_width(&text) + 6);
    Rich::of(Role::Dim, format!("{cursor}{sign} "))
        .add(Role::Strong, fit_middle(module.name.as_str(), room))
        .right(
            if shape.delete + shape.replace > 0 {
                Role::Bad
            } else {
                Role::Text
            },
            text,
        )
}

fn change_row(
    review: &Review,
    at: (usize, usize),
    change: &ResourceChange,
    cursor: &str,
    width: usize,
) -> Rich {
    let role = action_role(change.action);
    let destructive = change.action.is_destructive() && change.mode == Mode::Managed;
    let seen = destructive
        && review
            .case
            .display_mark(at.0, at.1)
            .is_some_and(|mark| review.displayed.contains(&mark));
    let view_mark = match (destructive, seen) {
        (true, true) => "seen",
        (true, false) => "unseen",
        (false, _) => "",
    };
    let word = match (change.action.is_no_op(), change.importing, change.is_move()) {
        (true, true, _) => "import".to_owned(),
        (false, true, _) => format!("{} import", change.action),
        (true, false, true) => "move".to_owned(),
        (false, false, true) => format!("{} move", change.action),
        (_, false, false) => change.action.to_string(),
    };
    let name = review
        .case
        .redactor
        .line(&super::findings::under(&change.label(), &change.module))
        .into_string();
    Rich::of(Role::Text, cursor)
        .add(role, format!("    {} ", change.action.symbol()))
        .add(
            if change.is_quiet() {
                Role::Dim
            } else {
                Role::Text
            },
            fit_middle(&name, width.saturating_sub(30)),
        )
        .right(
            if destructive && !seen {
                Role::Warn
            } else {
                role
            },
            format!("{word:<13} {view_mark:<6} "),
        )
}

/// A bar whose parts are as long as the changes of each kind are many.
fn bar(mut line: Rich, shape: &Shape, width: usize) -> Rich {
    let parts = [
        (Role::Add, "+", shape.create),
        (Role::Change, "~", shape.update),
        (Role::Replace, "±", shape.replace),
        (Role::Bad, "-", shape.delete),
    ];
    let total: usize = parts.iter().map(|(_, _, number)| number).sum();
    if total == 0 {
        return line;
    }
    for (role, sign, number) in parts {
        if number > 0 {
            let length = (number * width).div_ceil(total).max(1);
            line = line.add(role, format!("{}{number}", sign.repeat(length.min(width))));
            line = line.add(Role::Text, " ");
        }
    }
    line
}
