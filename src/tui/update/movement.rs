//! Moving: in the lists, in the panes, and the focus between them.

use super::super::keys::Command;
use super::super::layout;
use super::super::model::{List, Model, Pane, Review};
use super::super::theme::Role;

/// Moves as a command says.
pub(super) fn run(model: &mut Model, command: Command) {
    let size = model.size;
    let Some(review) = model.review_mut() else {
        return;
    };
    if review.in_pane {
        pane(review, command, size);
    } else {
        list(review, command, size);
    }
}

fn list(review: &mut Review, command: Command, size: (u16, u16)) {
    let height = layout::rows(review.places(size).list).max(1);
    match command {
        Command::Left => return fold(review, true),
        Command::Right => return fold(review, false),
        _ => {}
    }
    let (cursor, total) = match review.list {
        List::Findings => (&mut review.queue.cursor, review.queue.rows.len()),
        List::Changes => (&mut review.tree.cursor, review.tree.rows.len()),
    };
    *cursor = moved(*cursor, total, height, command);
}

fn fold(review: &mut Review, fold: bool) {
    match review.list {
        List::Findings => review.queue.fold(fold),
        List::Changes => review.tree.fold(fold),
    }
}

/// A row number after a movement.
pub(super) fn moved(at: usize, total: usize, height: usize, command: Command) -> usize {
    let last = total.saturating_sub(1);
    let page = height.saturating_sub(1).max(1);
    let half = (height / 2).max(1);
    match command {
        Command::Down => at.saturating_add(1),
        Command::Up => at.saturating_sub(1),
        Command::First => 0,
        Command::Last => last,
        Command::HalfDown => at.saturating_add(half),
        Command::HalfUp => at.saturating_sub(half),
        Command::PageDown => at.saturating_add(page),
        Command::PageUp => at.saturating_sub(page),
        _ => at,
    }
    .min(last)
}

fn pane(review: &mut Review, command: Command, size: (u16, u16)) {
    let height = layout::rows(review.place_of(review.pane, size)).max(1);
    let Some(scroll) = review.panes.get_mut(&review.pane) else {
        return;
    };
    match command {
        Command::Left => scroll.left = scroll.left.saturating_sub(8),
        Command::Right => {
            let widest = scroll
                .lines
                .iter()
                .map(super::super::rich::Rich::width)
                .max()
                .unwrap_or(0);
            scroll.left = (scroll.left + 8).min(widest.saturating_sub(8));
        }
        Command::Last => scroll.top = scroll.lines.len().saturating_sub(height),
        _ => scroll.top = moved(scroll.top, scroll.lines.len(), height, command),
    }
}

/// Moves the focus between the list and the panes.
pub(super) fn focus(model: &mut Model, forward: bool) {
    let Some(review) = model.review_mut() else {
        return;
    };
    let order = Pane::ALL;
    let here = if review.in_pane {
        order
            .iter()
            .position(|pane| *pane == review.pane)
            .map_or(0, |at| at + 1)
    } else {
        0
    };
    let next = if forward {
        (here + 1) % 4
    } else {
        (here + 3) % 4
    };
    match next.checked_sub(1).and_then(|at| order.get(at)) {
        None => review.in_pane = false,
        Some(pane) => {
            review.in_pane = true;
            review.choose(*pane);
        }
    }
}

/// Shows a pane; a second time gives it the focus.
pub(super) fn show(model: &mut Model, pane: Pane) {
    let Some(review) = model.review_mut() else {
        return;
    };
    review.in_pane = review.pane == pane || review.in_pane;
    review.choose(pane);
}

/// Shows a list.
pub(super) fn show_list(model: &mut Model, list: List) {
    let Some(review) = model.review_mut() else {
        return;
    };
    review.list = list;
    review.in_pane = false;
}

/// Goes to the next or previous changed attribute or hunk.
pub(super) fn part(model: &mut Model, forward: bool) {
    let Some(review) = model.review_mut() else {
        return;
    };
    let pane = review.pane;
    let Some(scroll) = review.panes.get_mut(&pane) else {
        return;
    };
    let found = if forward {
        scroll
            .lines
            .iter()
            .skip(scroll.top + 1)
            .position(|line| line.anchor)
            .map(|step| scroll.top + 1 + step)
    } else {
        scroll
            .lines
            .iter()
            .take(scroll.top)
            .rposition(|line| line.anchor)
    };
    scroll.top = found.unwrap_or(scroll.top);
}

/// Goes to the next or previous line that holds the searched text.
pub(super) fn hit(model: &mut Model, forward: bool) {
    let Some(review) = model.review_mut() else {
        return;
    };
    let wanted = review.search.to_lowercase();
    if wanted.is_empty() {
        return;
    }
    let found = if review.in_pane {
        let pane = review.pane;
        review.panes.get_mut(&pane).is_some_and(|scroll| {
            let holds =
                |line: &super::super::rich::Rich| line.plain().to_lowercase().contains(&wanted);
            let at = if forward {
                scroll
                    .lines
                    .iter()
                    .skip(scroll.top + 1)
                    .position(holds)
                    .map(|step| scroll.top + 1 + step)
            } else {
                scroll.lines.iter().take(scroll.top).rposition(holds)
            }
            .or_else(|| {
                if forward {
                    scroll.lines.iter().position(holds)
                } else {
                    scroll.lines.iter().rposition(holds)
                }
            });
            scroll.top = at.unwrap_or(scroll.top);
            at.is_some()
        })
    } else {
        review.tree.find(&review.case, &wanted, forward)
    };
    if !found {
        let text = format!("Nothing holds \u{201c}{}\u{201d}.", review.search);
        model.say(Role::Warn, text);
    }
}
