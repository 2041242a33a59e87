//! Edits of a text that keep its lines: every edit holds as many line ends as what it replaces.

/// A part of what is put in place of something.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// New text.
    Text(String),
    /// A range of the old text, with the edits inside it.
    Span(usize, usize),
    /// The same, but an edit of exactly this range that was marked as moving it is not applied: its content stands here now.
    Moved(usize, usize),
}

/// A range with what replaces it.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    start: usize,
    end: usize,
    /// Whether the old content is shown elsewhere, by [`Piece::Moved`].
    moves: bool,
    pieces: Vec<Piece>,
}

/// All edits of a text.
#[derive(Default)]
pub(super) struct Edits {
    list: Vec<Edit>,
}

impl Edits {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Replaces a range by a text.
    pub(super) fn replace(&mut self, start: usize, end: usize, text: impl Into<String>) {
        self.pieces(start, end, vec![Piece::Text(text.into())]);
    }

    /// Puts a text in front of a byte.
    pub(super) fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at, at, text);
    }

    /// Replaces a range by pieces.
    pub(super) fn pieces(&mut self, start: usize, end: usize, pieces: Vec<Piece>) {
        self.list.push(Edit {
            start,
            end,
            moves: false,
            pieces,
        });
    }

    /// Replaces a range by a text and lets [`Piece::Moved`] show its content elsewhere.
    pub(super) fn take(&mut self, start: usize, end: usize, text: impl Into<String>) {
        self.list.push(Edit {
            start,
            end,
            moves: true,
            pieces: vec![Piece::Text(text.into())],
        });
    }

    /// The text with all edits.
    pub(super) fn apply(mut self, text: &str) -> String {
        // Outer edits first; of equal ranges the one that was asked for first is the outer one.
        self.list
            .sort_by(|a, b| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
        let mut out = String::with_capacity(text.len() + 64);
        self.range(text, 0, text.len(), 0, None, &mut out);
        out
    }

    fn range(
        &self,
        text: &str,
        start: usize,
        end: usize,
        from: usize,
        moved: Option<(usize, usize)>,
        out: &mut String,
    ) {
        let mut at = start;
        let mut index = from.max(self.list.partition_point(|edit| edit.start < start));
        while let Some(edit) = self.list.get(index) {
            if edit.start > end || (edit.start == end && edit.end == end && start != end) {
                break;
            }
            let inside = edit.start >= at && edit.end <= end;
            let shown = edit.moves && moved == Some((edit.start, edit.end));
            if inside && !shown {
                out.push_str(text.get(at..edit.start).unwrap_or(""));
                self.put(text, index, out);
                at = edit.end;
            }
            index += 1;
        }
        out.push_str(text.get(at..end).unwrap_or(""));
    }

    fn put(&self, text: &str, index: usize, out: &mut String) {
        let Some(edit) = self.list.get(index) else {
            return;
        };
        let before = out.len();
        // Inside the edit's own range only the edits below it count; elsewhere all do.
        let from = |start: usize| if start < edit.start { 0 } else { index + 1 };
        for piece in &edit.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Span(start, end) => {
                    self.range(text, *start, *end, from(*start), None, out);
                }
                Piece::Moved(start, end) => {
                    let moved = Some((*start, *end));
                    self.range(text, *start, *end, from(*start), moved, out);
                }
            }
        }
        if !edit.moves {
            let lines = |text: &str| text.matches('\n').count();
            let had = text.get(edit.start..edit.end).map_or(0, lines);
            let has = out.get(before..).map_or(0, lines);
            out.push_str(&"\n".repeat(had.saturating_sub(has)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_edits_move_with_what_they_are_in() {
        let text = "not f(a.b, c)";
        let mut edits = Edits::default();
        edits.replace(6, 7, "x");
        edits.take(6, 9, "n");
        edits.pieces(
            0,
            text.len(),
            vec![
                Piece::Text("n := ".to_owned()),
                Piece::Moved(6, 9),
                Piece::Text("; ".to_owned()),
                Piece::Span(0, text.len()),
            ],
        );
        assert_eq!(edits.apply(text), "n := x.b; not f(n, c)");
    }

    #[test]
    fn lines_are_kept() {
        let mut edits = Edits::default();
        edits.replace(2, 6, "-");
        assert_eq!(edits.apply("a b\nc d\n"), "a -\nd\n");
        let mut edits = Edits::default();
        edits.replace(0, 1, "x");
        edits.take(0, 3, "v");
        edits.pieces(6, 6, vec![Piece::Text(" ".to_owned()), Piece::Moved(0, 3)]);
        assert_eq!(edits.apply("a.b cd\n"), "v cd x.b\n");
    }
}
