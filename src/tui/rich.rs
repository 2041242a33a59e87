//! Lines with meaning: what panes are made of, before a theme gives them colours.

use super::theme::Role;
use crate::text::{display_width, wrap};

/// One line of a pane; its texts are sanitised and redacted already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rich {
    /// Texts in order, with their meaning.
    pub(super) spans: Vec<(Role, String)>,
    /// Text at the right edge.
    pub(super) right: Option<(Role, String)>,
    /// Whether `[` and `]` stop here.
    pub(super) anchor: bool,
    /// Whether this line says what becomes of the object that the pane is about.
    pub(super) heading: bool,
}

impl Rich {
    /// A line of one meaning.
    pub(super) fn of(role: Role, text: impl Into<String>) -> Self {
        Self {
            spans: vec![(role, text.into())],
            ..Self::default()
        }
    }

    /// An empty line.
    pub(super) fn empty() -> Self {
        Self::default()
    }

    /// Adds a text.
    pub(super) fn add(mut self, role: Role, text: impl Into<String>) -> Self {
        self.spans.push((role, text.into()));
        self
    }

    /// Puts a text at the right edge.
    pub(super) fn right(mut self, role: Role, text: impl Into<String>) -> Self {
        self.right = Some((role, text.into()));
        self
    }

    /// Makes `[` and `]` stop here.
    pub(super) fn anchored(mut self) -> Self {
        self.anchor = true;
        self
    }

    /// Says that this is the line with what becomes of the object.
    pub(super) fn headed(mut self) -> Self {
        self.heading = true;
        self
    }

    /// The text without meanings.
    pub(super) fn plain(&self) -> String {
        let mut out: String = self.spans.iter().map(|(_, text)| text.as_str()).collect();
        if let Some((_, right)) = &self.right {
            out.push_str("  ");
            out.push_str(right);
        }
        out
    }

    /// Columns that the spans take.
    pub(super) fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| display_width(text)).sum()
    }
}

/// Wraps a text into lines of one meaning; later lines are indented.
pub(super) fn paragraph(role: Role, text: &str, width: usize, indent: usize) -> Vec<Rich> {
    let mut out = Vec::new();
    for (index, line) in wrap(text, width.saturating_sub(indent).max(8))
        .into_iter()
        .enumerate()
    {
        let pad = if index == 0 {
            String::new()
        } else {
            " ".repeat(indent)
        };
        out.push(Rich::of(role, format!("{pad}{line}")));
    }
    out
}
