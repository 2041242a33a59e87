//! The panes: a line of tabs and a window on the lines.

use ratatui::layout::Rect;

use super::super::model::{Pane, Review};
use super::super::rich::Rich;
use super::super::theme::Role;
use super::canvas::Canvas;

/// Draws every pane that there is room for.
pub(super) fn draw(canvas: &mut Canvas<'_>, size: (u16, u16), review: &Review) {
    for (pane, area, tabs) in review.shown_panes(size) {
        one(canvas, area, review, pane, tabs);
    }
}

fn one(canvas: &mut Canvas<'_>, area: Rect, review: &Review, pane: Pane, tabs: &[Pane]) {
    let focus = review.in_pane && review.pane == pane;
    let Some(scroll) = review.scroll(pane) else {
        return;
    };
    let mut title = Rich::default();
    for (index, tab) in tabs.iter().enumerate() {
        if index > 0 {
            title = title.add(Role::Dim, " │ ");
        }
        let role = match (*tab == pane, focus) {
            (true, true) => Role::Focus,
            (true, false) => Role::Strong,
            (false, _) => Role::Dim,
        };
        title = title.add(role, tab.title());
    }
    title = title.add(Role::Dim, " ");
    let height = usize::from(area.height.saturating_sub(1));
    let total = scroll.lines.len();
    let last = (scroll.top + height).min(total);
    let place = if total > height {
        format!(" {}-{last}/{total} ", scroll.top + 1)
    } else {
        String::new()
    };
    canvas.rule(area, 0, &title, &place, focus);
    let inside = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        ..area
    };
    let wanted = review.search.to_lowercase();
    for (row, line) in scroll
        .lines
        .iter()
        .skip(scroll.top)
        .take(height)
        .enumerate()
    {
        let hit = !wanted.is_empty() && focus && line.plain().to_lowercase().contains(&wanted);
        canvas.shifted(
            inside,
            row + 1,
            line,
            scroll.left,
            hit.then_some(Role::Match),
        );
    }
}
