//! The tokens of a module, by the engine's own lexer.
//!
//! Spans of the syntax tree leave out quotes and parentheses, and a few of them are off; edits of a text are therefore placed by tokens.

use std::num::{NonZeroU32, NonZeroUsize};

use regorus::unstable::{Lexer, Source, TokenKind};

use super::first_line;

/// Longest line of a policy.
pub(super) const MAX_COLUMN: NonZeroU32 = match NonZeroU32::new(100_000) {
    Some(columns) => columns,
    None => NonZeroU32::MIN,
};
/// Largest policy in bytes.
pub(super) const MAX_BYTES: NonZeroUsize = match NonZeroUsize::new(1 << 20) {
    Some(bytes) => bytes,
    None => NonZeroUsize::MIN,
};
/// Most lines of a policy.
pub(super) const MAX_LINES: NonZeroUsize = match NonZeroUsize::new(20_000) {
    Some(lines) => lines,
    None => NonZeroUsize::MIN,
};

/// One token; quotes belong to it.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// First byte.
    pub(super) start: usize,
    /// Behind the last byte.
    pub(super) end: usize,
    /// Line, from 1.
    pub(super) line: u32,
    /// Whether it is a string, with quotes or backticks.
    pub(super) quoted: bool,
    /// Number of brackets around it.
    pub(super) depth: usize,
    /// The bracket that closes this one.
    pub(super) close: Option<usize>,
}

/// All tokens of a text.
pub(super) struct Tokens<'t> {
    text: &'t str,
    list: Vec<Token>,
}

fn at(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl<'t> Tokens<'t> {
    /// Reads a text.
    ///
    /// # Errors
    /// With the lexer's words.
    pub(super) fn read(text: &'t str) -> Result<Self, String> {
        let fail = |error: anyhow::Error| first_line(&error);
        let source =
            Source::from_contents_with_limits(String::new(), text.to_owned(), MAX_BYTES, MAX_LINES)
                .map_err(fail)?;
        let mut lexer = Lexer::new(&source);
        lexer.set_max_col(MAX_COLUMN);
        lexer.set_unknown_char_is_symbol(true);
        let mut list: Vec<Token> = Vec::new();
        let mut open = Vec::new();
        loop {
            let token = lexer.next_token().map_err(fail)?;
            if token.0 == TokenKind::Eof {
                break;
            }
            let quoted = matches!(token.0, TokenKind::String | TokenKind::RawString);
            let wide = usize::from(quoted);
            let (start, end) = (at(token.1.start), at(token.1.end));
            let index = list.len();
            let mut depth = open.len();
            if !quoted {
                match token.1.text() {
                    "(" | "[" | "{" | "set(" => open.push(index),
                    ")" | "]" | "}" => {
                        if let Some(opener) = open.pop()
                            && let Some(token) = list.get_mut(opener)
                        {
                            token.close = Some(index);
                        }
                        depth = open.len();
                    }
                    _ => {}
                }
            }
            list.push(Token {
                start: start.saturating_sub(wide),
                end: end.saturating_add(wide),
                line: token.1.line,
                quoted,
                depth,
                close: None,
            });
        }
        Ok(Self { text, list })
    }

    /// Number of tokens.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// A token.
    pub(super) fn get(&self, index: usize) -> Option<&Token> {
        self.list.get(index)
    }

    /// What a token says; nothing for strings, so that a quoted bracket is no bracket.
    pub(super) fn word(&self, index: usize) -> &'t str {
        match self.list.get(index) {
            Some(token) if !token.quoted => self.text.get(token.start..token.end).unwrap_or(""),
            _ => "",
        }
    }

    /// A piece of the text.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or("")
    }

    /// The token at a byte: the one that holds it, else the next.
    pub(super) fn index_at(&self, offset: u32) -> usize {
        let offset = at(offset);
        self.list.partition_point(|token| token.end <= offset)
    }

    /// The first token that starts at a byte or behind it.
    pub(super) fn index_from(&self, offset: u32) -> usize {
        let offset = at(offset);
        self.list.partition_point(|token| token.start < offset)
    }

    /// First byte of a token; the end of the text behind the last.
    pub(super) fn start(&self, index: usize) -> usize {
        self.list
            .get(index)
            .map_or(self.text.len(), |token| token.start)
    }

    /// Behind the last byte of a token.
    pub(super) fn end(&self, index: usize) -> usize {
        self.list
            .get(index)
            .map_or(self.text.len(), |token| token.end)
    }

    /// The bracket that closes the one at an index.
    pub(super) fn close(&self, index: usize) -> Option<usize> {
        self.list.get(index)?.close
    }

    /// Brackets around a token.
    pub(super) fn depth(&self, index: usize) -> usize {
        self.list.get(index).map_or(0, |token| token.depth)
    }
}

/// The tokens of a text with whether they are strings; none where the lexer does not understand it.
pub(in crate::policy) fn words(text: &str) -> Vec<(std::ops::Range<usize>, bool)> {
    let read = Tokens::read(text);
    let list = read.map(|tokens| tokens.list).unwrap_or_default();
    list.into_iter()
        .map(|token| (token.start..token.end, token.quoted))
        .collect()
}
