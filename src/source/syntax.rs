//! The tree both syntaxes are read into: bodies, blocks, attributes, and where they stand.
//!
//! Attribute values stay the file's text; `value` reads the few kinds that matter.

use std::borrow::Cow;

use super::value::Value;

/// What stands between a block's braces, or in a whole file.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) blocks: Vec<Node<'a>>,
}

impl<'a> Body<'a> {
    /// The value of the attribute `name`.
    pub(super) fn attribute(&self, name: &str) -> Option<&Value<'a>> {
        let found = self
            .attributes
            .iter()
            .find(|attribute| attribute.name == name);
        found.map(|attribute| &attribute.value)
    }

    /// The nested blocks of one kind, in order.
    pub(super) fn blocks_of<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Node<'a>> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

/// `name = value`.
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) span: Span,
    pub(super) value: Value<'a>,
}

/// `kind "label" … { … }`.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) kind: Cow<'a, str>,
    pub(super) labels: Vec<String>,
    pub(super) span: Span,
    /// Whether the closing brace was found.
    pub(super) closed: bool,
    pub(super) body: Body<'a>,
}

/// Bytes `start..end` and the lines, counted from 1, on which they begin and end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
    pub(super) end_line: usize,
}

/// Something that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
}

/// One file's tree and what was wrong with the text.
#[derive(Debug, Default)]
pub(super) struct Parsed<'a> {
    pub(super) body: Body<'a>,
    pub(super) faults: Faults,
}

/// The faults of one file, bounded, so that a hostile file cannot fill the memory with them.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: Vec<Fault>,
    left_out: usize,
}

impl Faults {
    const MOST: usize = 50;

    pub(super) fn push(&mut self, line: usize, message: impl Into<String>) {
        if self.list.len() < Self::MOST {
            self.list.push(Fault {
                line,
                message: message.into(),
            });
        } else {
            self.left_out += 1;
        }
    }

    /// All of them in order of line, and how many more there were.
    pub(super) fn into_list(self) -> Vec<Fault> {
        let mut list = self.list;
        list.sort_by_key(|fault| fault.line);
        if self.left_out > 0 {
            let line = list.last().map_or(1, |fault| fault.line);
            let message = format!("{} more places were not understood.", self.left_out);
            list.push(Fault { line, message });
        }
        list
    }
}

/// The beginnings of a text's lines.
#[derive(Debug)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut starts = vec![0];
        starts.extend(
            bytes
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n')
                .map(|(at, _)| at + 1),
        );
        Self { starts }
    }

    /// The line, counted from 1, on which the byte at `offset` stands.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// The bytes `start..end` with their lines.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let line = self.line(start);
        Span {
            start,
            end,
            line,
            end_line: self.line(end.saturating_sub(1).max(start)),
        }
    }
}
