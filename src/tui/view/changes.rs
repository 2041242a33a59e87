//! The plan as a tree of modules with a bar of its shape.

use ratatui::layout::Rect;

use super::super::model::Review;
use super::super::panes::{action_role, check_role};
use super::super::rich::Rich;
use super::super::theme::Role;
use super::super::tree::{Module, Shape, TreeRow, label, resource};
use super::canvas::Canvas;
use crate::plan::{Action, ResourceChange};
use crate::review::Status;
use crate::text::{display_width, fit_address, fit_middle};

/// Columns of the action and of the mark at the right of a change.
const DOING: usize = 16;

/// Columns of a bar.
const BAR: usize = 10;

/// From how many columns there is room for bars.
const WITH_BARS: usize = 46;

/// Deepest indentation of a module, in modules.
const DEEPEST: usize = 6;

/// Draws the tree with its title line.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, review: &Review) {
    let tree = &review.tree;
    let focus = !review.in_pane;
    let mut title = Rich::of(if focus { Role::Focus } else { Role::Strong }, "5 Changes ");
    let counts = review.case.counts();
    let whole = Shape {
        create: counts.create,
        update: counts.update,
        delete: counts.delete,
        replace: counts.replace,
        ..Shape::default()
    };
    title.spans.extend(numbers(&whole));
    canvas.rule(
        area,
        0,
        &title,
        &format!(
            " {} of {} change, {} seen ",
            tree.busy,
            tree.total,
            review.looked.len()
        ),
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
        let at = tree.top + offset;
        let here = at == tree.cursor;
        let line = line(review, *row, tree.level(at), here, usize::from(area.width));
        match (here, focus) {
            (true, true) => canvas.highlighted(area, offset + 1, &line, Role::Cursor),
            (true, false) => canvas.highlighted(area, offset + 1, &line, Role::CursorIdle),
            _ => canvas.line(area, offset + 1, &line),
        }
    }
}

fn line(review: &Review, row: TreeRow, level: usize, here: bool, width: usize) -> Rich {
    let cursor = if here { ">" } else { " " };
    match row {
        TreeRow::Module(number) => match review.tree.modules.get(number) {
            Some(module) => heading(review, module, cursor, width),
            None => Rich::empty(),
        },
        TreeRow::Quiet(number) => {
            let module = review.tree.modules.get(number);
            let quiet = module.map_or(0, Module::quiet);
            Rich::of(
                Role::Dim,
                format!(
                    "{cursor}{}   ... {quiet} without changes (l)",
                    indent(level)
                ),
            )
        }
        TreeRow::Change(plan, index) => {
            let change = review
                .case
                .plans
                .get(plan)
                .and_then(|plan| plan.plan.changes.get(index));
            change.map_or(Rich::empty(), |change| {
                change_row(review, (plan, index), change, (cursor, level), width)
            })
        }
        TreeRow::Drift(..) | TreeRow::Deferred(..) | TreeRow::Invocation(..) => {
            let action = resource(&review.case, row).map(|(_, change)| change.action);
            let doing = action.map_or((Role::Warn, "!", "invoke"), |action| {
                (action_role(action), action.symbol(), action.word())
            });
            beside(review, row, doing, cursor, width)
        }
        TreeRow::Check(plan, index) => {
            let plan = review.case.plans.get(plan);
            let check = plan.and_then(|plan| plan.plan.checks.get(index));
            check.map_or(Rich::empty(), |check| {
                let doing = (check_role(check.status), "!", check.status.word());
                beside(review, row, doing, cursor, width)
            })
        }
        TreeRow::Output(plan, index) => {
            let plan = review.case.plans.get(plan);
            let output = plan.and_then(|plan| plan.plan.outputs.get(index));
            output.map_or(Rich::empty(), |output| {
                let action = output.action;
                let doing = (action_role(action), action.symbol(), action.word());
                beside(review, row, doing, cursor, width)
            })
        }
    }
}

/// A row that is no resource change: sign, name, and in a word what happens.
fn beside(
    review: &Review,
    row: TreeRow,
    (role, sign, word): (Role, &str, &str),
    cursor: &str,
    width: usize,
) -> Rich {
    let room = width.saturating_sub(6 + DOING);
    let name = fit_middle(&label(&review.case, row), room);
    let pad = " ".repeat(room.saturating_sub(display_width(&name)));
    Rich::of(Role::Text, cursor)
        .add(role, format!("   {sign} "))
        .add(Role::Text, format!("{name}{pad} "))
        .add(role, word)
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth.min(DEEPEST))
}

fn heading(review: &Review, module: &Module, cursor: &str, width: usize) -> Rich {
    let sign = if module.folded { "▸" } else { "▾" };
    let shape = &module.shape;
    let counts = if shape.busy() == 0 {
        vec![(Role::Dim, "no changes".to_owned())]
    } else {
        numbers(shape)
    };
    let counts_width: usize = counts.iter().map(|(_, text)| display_width(text)).sum();
    let bar_width = if width >= WITH_BARS { BAR + 1 } else { 0 };
    let left = format!("{cursor}{}{sign} ", indent(module.depth));
    let used = display_width(&left) + counts_width + bar_width + 2;
    let room = width.saturating_sub(used);
    let name = fit_middle(module.name.as_str(), room);
    let pad = " ".repeat(room.saturating_sub(display_width(&name)) + 1);
    let mut line = Rich::of(Role::Dim, left)
        .add(Role::Strong, name)
        .add(Role::Text, pad);
    line.spans.extend(counts);
    if bar_width > 0 {
        line = line.add(Role::Text, " ");
        line.spans.extend(bar(shape, review.tree.widest, BAR));
    }
    line
}

/// What a mark says of a change that a person must see, has seen, or need not see.
fn mark(review: &Review, at: (usize, usize), change: &ResourceChange) -> (Role, &'static str) {
    let must = review.must_be_seen(change);
    let seen = review.looked.contains(&at) || (must && !review.is_unseen(at));
    match (must, seen) {
        (_, true) => (Role::Dim, "seen"),
        (true, false) => (Role::Warn, "unseen"),
        (false, false) => (Role::Dim, ""),
    }
}

/// Whether everybody knows the sign of an action.
fn is_common(action: Action) -> bool {
    let plain = matches!(action, Action::Create | Action::Update | Action::Delete);
    plain || action.is_replace() || action.is_no_op()
}

fn change_row(
    review: &Review,
    at: (usize, usize),
    change: &ResourceChange,
    (cursor, level): (&str, usize),
    width: usize,
) -> Rich {
    let role = action_role(change.action);
    let (mark_role, mark) = mark(review, at, change);
    let word = match (change.action.is_no_op(), change.importing, change.is_move()) {
        (true, true, _) => "import".to_owned(),
        (false, true, _) => format!("{}+import", change.action),
        (true, false, true) => "move".to_owned(),
        (false, false, true) => format!("{}+move", change.action),
        (_, false, false) => change.action.to_string(),
    };
    let name = review
        .case
        .redactor
        .line(&super::findings::under(&change.label(), &change.module))
        .into_string();
    // The state of its findings: the worst of them.
    let worst = review
        .findings_on(at)
        .iter()
        .map(|index| review.status(*index))
        .min_by_key(|status| (!status.is_undecided(), *status != Status::Rejected));
    let (state_role, state) = worst.map_or((Role::Dim, " "), |status| {
        let (role, letter, _) = super::findings::mark(status);
        (role, letter)
    });
    let left = format!("{} {} ", indent(level), change.action.symbol());
    // In a narrow list the sign says what it can, so that more of the name is there.
    let wide = width >= super::findings::NARROW;
    let word = if wide || change.importing || change.is_move() || !is_common(change.action) {
        word
    } else {
        String::new()
    };
    let word_width = display_width(&word).max(if wide { 8 } else { 0 });
    let room = width.saturating_sub(display_width(&left) + word_width + 13);
    let name = fit_address(&name, room);
    let pad = " ".repeat(room.saturating_sub(display_width(&name)));
    let name_role = if change.is_quiet() {
        Role::Dim
    } else {
        Role::Text
    };
    Rich::of(Role::Text, cursor)
        .add(state_role, format!("{state} "))
        .add(role, left)
        .add(name_role, format!("{name}{pad} "))
        .add(role, format!("{word:<word_width$} "))
        .add(mark_role, format!("{mark:>6}"))
}

/// The parts of a shape: meaning, sign and number; the worst first, as what comes last is cut first.
fn parts(shape: &Shape) -> [(Role, &'static str, usize); 5] {
    [
        (Role::Bad, "-", shape.delete),
        (Role::Replace, "±", shape.replace),
        (Role::Change, "~", shape.update),
        (Role::Add, "+", shape.create),
        (Role::Dim, ".", shape.other),
    ]
}

/// How many changes of each kind there are.
fn numbers(shape: &Shape) -> Vec<(Role, String)> {
    parts(shape)
        .into_iter()
        .filter(|(_, _, number)| *number > 0)
        .map(|(role, sign, number)| (role, format!("{sign}{number} ")))
        .collect()
}

/// A bar as long as the changes are many; where one module has more than fit, all are as long as their share of it.
/// Every kind keeps a column.
fn bar(shape: &Shape, widest: usize, width: usize) -> Vec<(Role, String)> {
    let mut left = width;
    let mut out = Vec::new();
    let mut kinds = parts(shape)
        .into_iter()
        .filter(|(_, _, number)| *number > 0)
        .count();
    for (role, sign, number) in parts(shape) {
        if number == 0 {
            continue;
        }
        kinds -= 1;
        let length = (number * width / widest.max(width)).max(1);
        let length = length.min(left.saturating_sub(kinds));
        left -= length;
        out.push((role, sign.repeat(length)));
    }
    out.push((Role::Text, " ".repeat(left)));
    out
}
