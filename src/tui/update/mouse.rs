//! The mouse moves: a click puts the cursor or the focus somewhere, the wheel scrolls. No click decides, opens or closes.

use jiff::Timestamp;
use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::{Position, Rect};

use super::super::keys::Command;
use super::super::layout;
use super::super::model::{List, Model, Pane, Phase, Window};
use super::{movement, windows};
use crate::text::display_width;

/// Rows that one step of the wheel moves.
const STEP: usize = 3;

/// Handles what the mouse did.
pub(super) fn mouse(model: &mut Model, event: MouseEvent, now: Timestamp) {
    let is_review = matches!(model.phase, Phase::Review(_));
    if layout::too_small(model.size) || !is_review {
        return;
    }
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) if model.windows.is_empty() => click(model, at),
        MouseEventKind::ScrollDown => wheel(model, at, true, now),
        MouseEventKind::ScrollUp => wheel(model, at, false, now),
        _ => {}
    }
}

fn click(model: &mut Model, at: Position) {
    let size = model.size;
    let Some(review) = model.review_mut() else {
        return;
    };
    if let Some(area) = review.places(size).list.filter(|area| area.contains(at)) {
        let (cursor, top, total) = match review.list {
            List::Findings => {
                let queue = &mut review.queue;
                (&mut queue.cursor, queue.top, queue.rows.len())
            }
            List::Changes => {
                let tree = &mut review.tree;
                (&mut tree.cursor, tree.top, tree.rows.len())
            }
        };
        review.in_pane = false;
        let row = usize::from(at.y - area.y);
        if let Some(row) = row.checked_sub(1).map(|row| top + row)
            && row < total
        {
            *cursor = row;
        }
        return;
    }
    let under = review.shown_panes(size);
    let Some((pane, area, tabs)) = under.into_iter().find(|(_, area, _)| area.contains(at)) else {
        return;
    };
    review.in_pane = true;
    review.choose(tab(area, tabs, at).unwrap_or(pane));
}

/// The tab in the title line of a pane.
fn tab(area: Rect, tabs: &[Pane], at: Position) -> Option<Pane> {
    if at.y != area.y {
        return None;
    }
    let mut left = usize::from(area.x) + 1;
    tabs.iter().copied().find(|tab| {
        let here = left..left + display_width(tab.title());
        left = here.end + 3;
        here.contains(&usize::from(at.x))
    })
}

fn wheel(model: &mut Model, at: Position, down: bool, now: Timestamp) {
    match model.windows.last() {
        None => {}
        Some(Window::Editor(_) | Window::Search { .. }) => return,
        Some(_) => {
            let code = if down { KeyCode::Down } else { KeyCode::Up };
            for _ in 0..STEP {
                // Up and down only move in a window; nothing is to be done outside for them.
                windows::key(model, &KeyEvent::new(code, KeyModifiers::NONE), now);
            }
            return;
        }
    }
    let size = model.size;
    let Some(review) = model.review_mut() else {
        return;
    };
    let command = if down { Command::Down } else { Command::Up };
    if review
        .places(size)
        .list
        .is_some_and(|area| area.contains(at))
    {
        let focus = std::mem::replace(&mut review.in_pane, false);
        for _ in 0..STEP {
            movement::run(model, command);
        }
        if let Some(review) = model.review_mut() {
            review.in_pane = focus;
        }
        return;
    }
    let under = review.shown_panes(size);
    let pane = under.into_iter().find(|(_, area, _)| area.contains(at));
    if let Some(scroll) = pane.and_then(|(pane, ..)| review.panes.get_mut(&pane)) {
        // What is too far is put right with the next frame.
        scroll.top = if down {
            scroll.top.saturating_add(STEP)
        } else {
            scroll.top.saturating_sub(STEP)
        };
    }
}
