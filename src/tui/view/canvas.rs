//! Lines of text with meaning, put into a buffer and cut by columns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};

use super::super::rich::Rich;
use super::super::theme::{Role, Theme};
use crate::text::{display_width, fit_end};

/// A buffer with a theme.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, theme: Theme) -> Self {
        Self { buffer, theme }
    }

    /// Draws one line in row `row` of a part.
    pub(super) fn line(&mut self, area: Rect, row: usize, line: &Rich) {
        self.shifted(area, row, line, 0, None);
    }

    /// Draws one line in one style over its full width, such as the row under the cursor.
    pub(super) fn highlighted(&mut self, area: Rect, row: usize, line: &Rich, role: Role) {
        self.shifted(area, row, line, 0, Some(role));
    }

    /// Draws one line, its spans moved `left` columns to the left.
    pub(super) fn shifted(
        &mut self,
        area: Rect,
        row: usize,
        line: &Rich,
        left: usize,
        over: Option<Role>,
    ) {
        let Some(y) = u16::try_from(row)
            .ok()
            .filter(|row| *row < area.height)
            .map(|row| area.y + row)
        else {
            return;
        };
        let area = area.intersection(self.buffer.area);
        if area.is_empty() || y >= self.buffer.area.bottom() {
            return;
        }
        let styled = |theme: Theme, role: Role| theme.style(over.unwrap_or(role));
        if let Some(role) = over {
            self.buffer.set_style(
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                self.theme.style(role),
            );
        }
        let right = line
            .right
            .as_ref()
            .map_or(0, |(_, text)| display_width(text));
        let room = usize::from(area.width);
        let right = if right + 2 < room { right } else { 0 };
        let limit = room - if right > 0 { right + 1 } else { 0 };
        let (mut x, mut hidden) = (0, left);
        let cut = line.width().saturating_sub(left) > limit;
        for (role, text) in &line.spans {
            let text = skip_columns(text, &mut hidden);
            let wanted = display_width(text);
            let text = if x + wanted > limit || (cut && x + wanted == limit) {
                fit_end(&format!("{text} "), limit.saturating_sub(x))
            } else {
                text.to_owned()
            };
            self.put(area, x, y, &text, styled(self.theme, *role));
            x += display_width(&text);
            if x >= limit {
                break;
            }
        }
        if right > 0
            && let Some((role, text)) = &line.right
        {
            self.put(area, room - right, y, text, styled(self.theme, *role));
        }
    }

    fn put(&mut self, area: Rect, x: usize, y: u16, text: &str, style: Style) {
        if let Ok(offset) = u16::try_from(x)
            && offset < area.width
        {
            self.buffer.set_stringn(
                area.x + offset,
                y,
                text,
                usize::from(area.width - offset),
                style,
            );
        }
    }

    /// Gives a part one style.
    pub(super) fn fill(&mut self, area: Rect, role: Role) {
        let area = area.intersection(self.buffer.area);
        self.buffer.set_style(area, self.theme.style(role));
    }

    /// A rule with a title on the left and a text on the right; the one with the focus is stronger.
    pub(super) fn rule(&mut self, area: Rect, row: usize, title: &Rich, right: &str, focus: bool) {
        let frame = if focus { Role::Focus } else { Role::Frame };
        let width = usize::from(area.width);
        let mut line = Rich::of(frame, "─");
        line.spans.extend(title.spans.iter().cloned());
        let right = right.trim();
        let kept = if right.is_empty() {
            0
        } else {
            display_width(right) + 3
        };
        let filler = width.saturating_sub(line.width() + kept);
        line = line.add(frame, "─".repeat(filler));
        if !right.is_empty() {
            line = line.right(
                if focus { Role::Focus } else { Role::Dim },
                format!("{right} ─"),
            );
        }
        self.line(area, row, &line);
    }

    /// Empties a part and puts a frame around it; gives the inside.
    pub(super) fn window(&mut self, area: Rect, title: &str) -> Rect {
        let area = area.intersection(self.buffer.area);
        Clear.render(area, self.buffer);
        let inside = Rect::new(
            area.x.saturating_add(2),
            area.y.saturating_add(1),
            area.width.saturating_sub(4),
            area.height.saturating_sub(2),
        );
        let block = ratatui::widgets::Block::bordered()
            .border_style(self.theme.style(Role::Focus))
            .title(ratatui::text::Span::styled(
                format!(" {title} "),
                self.theme.style(Role::Focus),
            ));
        block.render(area, self.buffer);
        inside
    }
}

/// Leaves out the first columns of a text.
fn skip_columns<'t>(text: &'t str, hidden: &mut usize) -> &'t str {
    if *hidden == 0 {
        return text;
    }
    for (at, c) in text.char_indices() {
        if *hidden == 0 {
            return text.get(at..).unwrap_or_default();
        }
        let mut bytes = [0; 4];
        *hidden = hidden.saturating_sub(display_width(c.encode_utf8(&mut bytes)));
    }
    ""
}

/// A part in the middle of another.
pub(super) fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(area.width);
    let height = height.min(area.height);
    Rect::new(
        area.x + (area.width - width) / 2,
        area.y + (area.height - height) / 2,
        width,
        height,
    )
}
