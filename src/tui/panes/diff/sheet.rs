//! The paper that the diff is written on: one column, or before and after side by side.

use unicode_segmentation::UnicodeSegmentation;

use super::super::super::rich::Rich;
use super::super::super::theme::Role;
use crate::plan::Difference;
use crate::text::display_width;

/// A piece of a line.
pub(super) type Span = (Role, String);

/// Most lines that one value is shown on.
const TALLEST: usize = 400;

/// Stands before what goes on with the line above.
const AGAIN: &str = "\u{250a} ";

pub(super) struct Sheet {
    width: usize,
    is_wide: bool,
    out: Vec<Rich>,
    /// Where the row that was written last begins.
    last: usize,
}

impl Sheet {
    pub(super) fn new(width: usize, is_wide: bool) -> Self {
        Self {
            width,
            is_wide: is_wide && width >= 60,
            out: Vec::new(),
            last: 0,
        }
    }

    pub(super) fn into_lines(self) -> Vec<Rich> {
        self.out
    }

    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn is_wide(&self) -> bool {
        self.is_wide
    }

    /// Columns for one side.
    pub(super) fn column(&self) -> usize {
        if self.is_wide {
            self.width.saturating_sub(3) / 2
        } else {
            self.width
        }
    }

    /// Columns in front of the sign; what is very deep is not moved further.
    pub(super) fn indent(&self, depth: usize) -> usize {
        (2 + 2 * depth).min((self.column() / 3).max(2))
    }

    /// Makes `[` and `]` stop at the row that was written last.
    pub(super) fn anchor(&mut self) {
        if let Some(line) = self.out.get_mut(self.last) {
            line.anchor = true;
        }
    }

    /// Where the row that was written last begins.
    pub(super) fn last(&self) -> usize {
        self.last
    }

    /// Takes an earlier line for the beginning of the row.
    pub(super) fn stand_at(&mut self, line: usize) {
        self.last = line;
    }

    /// A line across the whole width.
    pub(super) fn line(&mut self, spans: Vec<Span>) {
        self.last = self.out.len();
        for spans in wrapped(spans, self.width) {
            self.push(spans);
        }
    }

    /// A line that belongs to both sides, written on the left one.
    pub(super) fn left(&mut self, spans: Vec<Span>) {
        if self.is_wide {
            self.sides(spans, Vec::new());
        } else {
            self.line(spans);
        }
    }

    /// What stands on both sides, or on the only one that there is.
    pub(super) fn both(&mut self, difference: Difference, head: &[Span], behind: Vec<Span>) {
        let mut spans = head.to_vec();
        spans.extend(behind);
        if !self.is_wide {
            self.line(spans);
            return;
        }
        match difference {
            Difference::Removed => self.sides(spans, Vec::new()),
            Difference::Added => self.sides(Vec::new(), spans),
            _ => self.sides(spans.clone(), spans),
        }
    }

    /// What stands on the right side only; in one column, everywhere.
    pub(super) fn after(&mut self, head: &[Span], spans: Vec<Span>) {
        self.both(Difference::Added, head, spans);
    }

    /// One row of two sides.
    pub(super) fn sides(&mut self, left: Vec<Span>, right: Vec<Span>) {
        self.last = self.out.len();
        let column = self.column();
        let (left, right) = (wrapped(left, column), wrapped(right, column));
        let mut left = left.into_iter();
        let mut right = right.into_iter();
        loop {
            let (a, b) = (left.next(), right.next());
            if a.is_none() && b.is_none() {
                return;
            }
            let mut spans = a.unwrap_or_default();
            let used: usize = spans.iter().map(|(_, text)| display_width(text)).sum();
            spans.push((Role::Text, " ".repeat(column.saturating_sub(used))));
            spans.push((Role::Frame, " │ ".to_owned()));
            spans.extend(b.unwrap_or_default());
            self.push(spans);
        }
    }

    fn push(&mut self, spans: Vec<Span>) {
        self.out.push(Rich {
            spans,
            ..Rich::default()
        });
    }
}

/// Breaks pieces into lines by display columns.
///
/// Lines behind the first stand two columns further than it, behind a mark: without it, a long value could be
/// written so that its second line reads as an attribute.
fn wrapped(spans: Vec<Span>, width: usize) -> Vec<Vec<Span>> {
    let total: usize = spans.iter().map(|(_, text)| display_width(text)).sum();
    if total <= width {
        return if spans.is_empty() {
            Vec::new()
        } else {
            vec![spans]
        };
    }
    let first = spans.first().map_or("", |(_, text)| text.as_str());
    let indent = (first.len() - first.trim_start_matches(' ').len() + 2).min(width / 3 + 2);
    let mut out: Vec<Vec<Span>> = Vec::new();
    let mut line: Vec<Span> = Vec::new();
    let mut used = 0;
    for (role, text) in spans {
        // Words stay whole where a line has room for them.
        for word in text.split_inclusive(' ') {
            let bare = display_width(word.trim_end_matches(' '));
            let fits = used + bare <= width;
            if !fits && bare + indent <= width && used > indent {
                out.push(std::mem::replace(&mut line, again(indent)));
                used = indent;
            }
            if used + display_width(word) <= width {
                used += display_width(word);
                add(&mut line, role, word);
                continue;
            }
            for piece in word.graphemes(true) {
                let columns = display_width(piece);
                if used + columns > width && used > indent {
                    if piece == " " {
                        continue;
                    }
                    out.push(std::mem::replace(&mut line, again(indent)));
                    used = indent;
                    if out.len() >= TALLEST {
                        out.push(vec![(
                            Role::Warn,
                            format!("{}the rest is not shown here", " ".repeat(indent)),
                        )]);
                        return out;
                    }
                }
                used += columns;
                add(&mut line, role, piece);
            }
        }
    }
    out.push(line);
    out
}

/// The beginning of a line that goes on with the one above.
fn again(indent: usize) -> Vec<Span> {
    vec![
        (Role::Text, " ".repeat(indent.saturating_sub(2))),
        (Role::Frame, AGAIN.to_owned()),
    ]
}

fn add(line: &mut Vec<Span>, role: Role, text: &str) {
    match line.last_mut() {
        Some((last, whole)) if *last == role => whole.push_str(text),
        _ => line.push((role, text.to_owned())),
    }
}
