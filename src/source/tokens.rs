//! The tokens of a text by their colour, for the source pane.

use std::ops::Range;

use super::lexer::{Lexeme, Lexer};

/// What a token is, for a theme to colour it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// A comment.
    Comment,
    /// A string or heredoc, without its interpolations.
    String,
    /// A number.
    Number,
    /// A block's keyword, or a word of the expression language.
    Keyword,
    /// The name of an argument or of an object's item.
    Attribute,
    /// An operator or bracket.
    Punctuation,
    /// Any other name.
    Plain,
}

/// Cuts a file's text into coloured ranges of bytes, in order; space between them is left out.
///
/// Ranges never overlap and always begin and end between characters. Works on any text; JSON files get
/// useful colours, too.
#[must_use]
pub fn tokens(text: &str) -> Vec<(Range<usize>, TokenKind)> {
    let mut found: Vec<(Range<usize>, TokenKind)> = Vec::new();
    // The name that begins an item and the position of its token, until the next token tells what it is.
    let mut waiting: Option<usize> = None;
    let mut item_start = true;
    for token in Lexer::new(text.as_bytes()) {
        let word = text.get(token.start..token.end).unwrap_or_default();
        if token.kind != Lexeme::Comment
            && let Some((_, kind)) = waiting.take().and_then(|at| found.get_mut(at))
        {
            match token.kind {
                Lexeme::Equal | Lexeme::Colon => *kind = TokenKind::Attribute,
                Lexeme::Name | Lexeme::Quote | Lexeme::BraceOpen => *kind = TokenKind::Keyword,
                _ => {}
            }
        }
        let kind = match token.kind {
            Lexeme::Newline => {
                item_start = true;
                continue;
            }
            Lexeme::Comment => TokenKind::Comment,
            Lexeme::Number => TokenKind::Number,
            Lexeme::Quote
            | Lexeme::QuoteEnd
            | Lexeme::Text
            | Lexeme::Heredoc
            | Lexeme::HeredocEnd => TokenKind::String,
            Lexeme::Name if is_word(word) => TokenKind::Keyword,
            Lexeme::Name => {
                if item_start {
                    waiting = Some(found.len());
                }
                TokenKind::Plain
            }
            _ => TokenKind::Punctuation,
        };
        item_start = matches!(token.kind, Lexeme::BraceOpen | Lexeme::Comma)
            || (item_start && token.kind == Lexeme::Comment);
        if token.start < token.end {
            push(&mut found, token.start..token.end, kind);
        }
    }
    found
}

/// Adds a range; the parts of one string become one range.
fn push(found: &mut Vec<(Range<usize>, TokenKind)>, range: Range<usize>, kind: TokenKind) {
    match found.last_mut() {
        Some((last, TokenKind::String)) if kind == TokenKind::String && last.end == range.start => {
            last.end = range.end;
        }
        _ => found.push((range, kind)),
    }
}

fn is_word(name: &str) -> bool {
    matches!(
        name,
        "true" | "false" | "null" | "for" | "in" | "if" | "else" | "endif" | "endfor"
    )
}
