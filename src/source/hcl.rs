//! The tolerant block scanner for the native syntax.
//!
//! It finds blocks, labels, attributes and their lines; expressions are only skipped. Anything it
//! cannot place is a fault with its line, and the rest of the file is still read. Open blocks are kept
//! on a vector, so nesting costs no stack. Where an expression is never closed, it goes back to that
//! expression's first line, a bounded number of times, so that the blocks behind it are not lost.

use std::borrow::Cow;

use super::lexer::{Lexeme, Lexer, Token};
use super::syntax::{Attribute, Body, Faults, Lines, Node, Parsed};
use super::value::{Value, unescape};

/// Blocks nested deeper than this are skipped; Terraform's own meaning ends at the third level.
const MAX_BLOCK_LEVELS: usize = 500;
/// How often one file may go back to an expression that never ended; bounds the work on broken files.
const MAX_REWINDS: usize = 16;

/// Reads one file in the native syntax.
pub(super) fn parse(bytes: &[u8]) -> Parsed<'_> {
    let scanner = Scanner {
        bytes,
        lexer: Lexer::new(bytes),
        lines: Lines::of(bytes),
        pushed: None,
        rewinds: MAX_REWINDS,
        root: Body::default(),
        open: Vec::new(),
        faults: Faults::default(),
    };
    scanner.run()
}

/// The bytes of an expression and why it ended there.
pub(super) struct Expression {
    pub(super) start: usize,
    pub(super) end: usize,
    unclosed: bool,
}

struct Scanner<'a> {
    bytes: &'a [u8],
    lexer: Lexer<'a>,
    lines: Lines,
    pushed: Option<Token>,
    rewinds: usize,
    root: Body<'a>,
    open: Vec<Node<'a>>,
    faults: Faults,
}

impl<'a> Scanner<'a> {
    fn run(mut self) -> Parsed<'a> {
        while let Some(token) = self.next() {
            match token.kind {
                Lexeme::Newline | Lexeme::Comment => {}
                Lexeme::Name => self.item(token),
                Lexeme::BraceClose => self.close(token),
                _ => {
                    self.fault(token.start, "An argument or block was expected here.");
                    self.skip_line();
                }
            }
        }
        if self.lexer.exhausted() {
            self.fault(
                self.bytes.len(),
                "The nesting is too deep; the rest of the file was not read.",
            );
        }
        while let Some(mut node) = self.open.pop() {
            node.span = self.lines.span(node.span.start, self.bytes.len());
            let message = format!(
                "The block `{}` is never closed; the file is only partly understood.",
                node.kind
            );
            self.faults.push(node.span.line, message);
            self.body().blocks.push(node);
        }
        Parsed {
            body: self.root,
            faults: self.faults,
        }
    }

    fn next(&mut self) -> Option<Token> {
        self.pushed.take().or_else(|| self.lexer.next())
    }

    fn next_code(&mut self) -> Option<Token> {
        loop {
            let token = self.next()?;
            if token.kind != Lexeme::Comment {
                return Some(token);
            }
        }
    }

    fn fault(&mut self, offset: usize, message: &str) {
        let last = self.bytes.len().saturating_sub(1);
        self.faults.push(self.lines.line(offset.min(last)), message);
    }

    fn text(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The innermost body still open.
    fn body(&mut self) -> &mut Body<'a> {
        match self.open.last_mut() {
            Some(node) => &mut node.body,
            None => &mut self.root,
        }
    }

    /// An attribute or a block that begins with `name`.
    fn item(&mut self, name: Token) {
        let kind = String::from_utf8_lossy(self.text(name.start, name.end));
        let mut labels = Vec::new();
        loop {
            let Some(token) = self.next_code() else {
                self.fault(
                    name.start,
                    "The file ends where an argument or block begins.",
                );
                return;
            };
            match token.kind {
                Lexeme::Equal if labels.is_empty() => return self.attribute(name, kind),
                Lexeme::Name => {
                    let label = String::from_utf8_lossy(self.text(token.start, token.end));
                    labels.push(label.into_owned());
                }
                Lexeme::Quote => labels.push(self.label()),
                Lexeme::BraceOpen => return self.open_block(name, kind, labels),
                other => {
                    self.fault(name.start, "This is neither an argument nor a block.");
                    match other {
                        Lexeme::Newline => {}
                        Lexeme::BraceClose => self.pushed = Some(token),
                        _ => self.skip_line(),
                    }
                    return;
                }
            }
        }
    }

    /// The text of a quoted label whose opening quote was just read.
    fn label(&mut self) -> String {
        let depth = self.lexer.depth();
        let mut label = Vec::new();
        while let Some(token) = self.next() {
            match token.kind {
                Lexeme::QuoteEnd if self.lexer.depth() < depth => break,
                Lexeme::Interpolation => {
                    self.fault(token.start, "A label cannot hold an interpolation.");
                    label.extend_from_slice(self.text(token.start, token.end));
                }
                _ => label.extend_from_slice(self.text(token.start, token.end)),
            }
        }
        unescape(&String::from_utf8_lossy(&label))
    }

    fn open_block(&mut self, name: Token, kind: Cow<'a, str>, labels: Vec<String>) {
        if self.open.len() >= MAX_BLOCK_LEVELS {
            self.fault(
                name.start,
                "Blocks are nested too deeply; this one was skipped.",
            );
            let depth = self.lexer.depth();
            while self.lexer.depth() >= depth && self.lexer.next().is_some() {}
            return;
        }
        let span = self.lines.span(name.start, name.end);
        self.open.push(Node {
            kind,
            labels,
            span,
            closed: false,
            body: Body::default(),
        });
    }

    fn close(&mut self, brace: Token) {
        let Some(mut node) = self.open.pop() else {
            self.fault(brace.start, "This brace closes nothing.");
            return;
        };
        node.closed = true;
        node.span = self.lines.span(node.span.start, brace.end);
        self.body().blocks.push(node);
    }

    fn attribute(&mut self, name: Token, key: Cow<'a, str>) {
        let depth = self.open.len();
        let found = expression(&mut self.lexer, &mut self.pushed, self.open.len(), false);
        if found.start == found.end {
            self.fault(name.start, "This argument has no value.");
        }
        let mut end = found.end;
        if found.unclosed {
            self.fault(
                name.start,
                "This value is never closed; its first line was taken for all of it.",
            );
            if self.rewinds > 0 {
                self.rewinds -= 1;
                self.pushed = None;
                let rest = self.bytes.get(found.start..).unwrap_or_default();
                let line = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                end = found.start + line;
                self.lexer.rewind(end, depth);
            }
        }
        let value = Value::Hcl(self.text(found.start, end));
        let span = self.lines.span(name.start, end.max(name.end));
        self.body().attributes.push(Attribute {
            name: key,
            span,
            value,
        });
    }

    /// Goes on behind the end of this line, or before the brace that closes the block.
    fn skip_line(&mut self) {
        expression(&mut self.lexer, &mut self.pushed, self.open.len(), false);
    }
}

/// Skips an expression up to the end of its line, the comma behind it (where `in_list`), or the
/// bracket that closes what is around it, which is left in `pushed`. `depth` is the lexer's outside it.
pub(super) fn expression(
    lexer: &mut Lexer<'_>,
    pushed: &mut Option<Token>,
    depth: usize,
    in_list: bool,
) -> Expression {
    let mut brackets = 0_usize;
    let mut start = None;
    let mut end = lexer.pos();
    loop {
        let before = lexer.depth();
        let Some(token) = lexer.next() else {
            let unclosed = brackets > 0 || lexer.depth() > depth;
            return Expression {
                start: start.unwrap_or(end),
                end,
                unclosed,
            };
        };
        let outside = brackets == 0 && lexer.depth() == depth;
        match token.kind {
            Lexeme::Newline if outside => break,
            Lexeme::Comment | Lexeme::Newline => continue,
            Lexeme::Comma if outside && in_list => break,
            Lexeme::BraceClose if before <= depth => {
                *pushed = Some(token);
                return Expression {
                    start: start.unwrap_or(end),
                    end,
                    unclosed: brackets > 0,
                };
            }
            Lexeme::Close if outside && in_list => {
                *pushed = Some(token);
                break;
            }
            Lexeme::Open => brackets += 1,
            Lexeme::Close => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        start.get_or_insert(token.start);
        end = token.end;
    }
    Expression {
        start: start.unwrap_or(end),
        end,
        unclosed: false,
    }
}
