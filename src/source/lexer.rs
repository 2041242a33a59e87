//! Cuts HCL bytes into tokens, for the block scanner and for the coloured source pane.
//!
//! One pass, no recursion: what a byte means depends on a stack of modes (braces, quotes, heredocs,
//! interpolations), kept as a vector. The rules are those of Terraform's own scanner
//! (hashicorp/hcl, `hclsyntax/scan_tokens.rl`), so that a valid file has the same blocks here and there.
//! On text that is not valid HCL it still ends, in linear time, and never fails.

/// The most modes that may be open at once; Terraform itself gives up long before.
const MAX_MODES: usize = 1_000_000;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// An identifier, keywords included.
    Name,
    /// A number.
    Number,
    /// The quote that opens a template.
    Quote,
    /// The quote that closes a template; empty where the line ended without one.
    QuoteEnd,
    /// `<<MARKER` with its line end.
    Heredoc,
    /// The line with the closing marker, without its line end.
    HeredocEnd,
    /// Literal text in a quoted template or heredoc.
    Text,
    /// `${` or `%{`.
    Interpolation,
    /// The `}` that closes an interpolation.
    InterpolationEnd,
    /// `{`.
    BraceOpen,
    /// `}`.
    BraceClose,
    /// `(` or `[`.
    Open,
    /// `)` or `]`.
    Close,
    /// `=` alone.
    Equal,
    /// `:` alone.
    Colon,
    /// `,`.
    Comma,
    /// `.` alone.
    Dot,
    /// A line feed.
    Newline,
    /// A comment, without the line feed that ends it.
    Comment,
    /// Any other operator or stray byte.
    Other,
}

/// A token and the bytes it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Lexeme,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Brace,
    Interpolation,
    Quote,
    /// Start and end of the marker.
    Heredoc(usize, usize),
}

/// The tokens of one text, spaces left out.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    pos: usize,
    modes: Vec<Mode>,
    line_start: bool,
    exhausted: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let pos = if bytes.starts_with(b"\xEF\xBB\xBF") {
            3
        } else {
            0
        };
        Self {
            bytes,
            pos,
            modes: Vec::new(),
            line_start: false,
            exhausted: false,
        }
    }

    /// Reads the whole text as the inside of a template, as the JSON syntax does with its strings.
    pub(super) fn template(bytes: &'a [u8]) -> Self {
        // An empty marker matches no line, see `heredoc`.
        let modes = vec![Mode::Heredoc(0, 0)];
        Self {
            bytes,
            pos: 0,
            modes,
            line_start: false,
            exhausted: false,
        }
    }

    /// How many braces, quotes, heredocs and interpolations are open.
    pub(super) fn depth(&self) -> usize {
        self.modes.len()
    }

    /// Where the next token is looked for.
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// Whether the nesting limit ended the text early.
    pub(super) fn exhausted(&self) -> bool {
        self.exhausted
    }

    /// Goes back to `pos`, where `depth` braces were open and nothing else.
    pub(super) fn rewind(&mut self, pos: usize, depth: usize) {
        self.pos = pos;
        self.modes.resize(depth, Mode::Brace);
    }

    fn at(&self, pos: usize) -> Option<u8> {
        self.bytes.get(pos).copied()
    }

    fn push(&mut self, mode: Mode) {
        if self.modes.len() >= MAX_MODES {
            self.exhausted = true;
            self.pos = self.bytes.len();
        } else {
            self.modes.push(mode);
        }
    }

    /// The first position from `from` whose byte fulfils `stop`, or the end.
    fn seek(&self, from: usize, stop: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        from + rest.iter().position(|&b| stop(b)).unwrap_or(rest.len())
    }

    fn token(&mut self, kind: Lexeme, start: usize, end: usize) -> Token {
        let end = end.min(self.bytes.len());
        self.pos = end;
        Token { kind, start, end }
    }

    fn code(&mut self) -> Option<Token> {
        let start = self.seek(self.pos, |b| !matches!(b, b' ' | b'\t' | b'\r'));
        let first = self.at(start)?;
        let second = self.at(start + 1);
        let (kind, end) = match first {
            b if is_name_start(b) => (Lexeme::Name, self.seek(start + 1, |b| !is_name(b))),
            b'0'..=b'9' => (Lexeme::Number, self.number(start)),
            b'\n' => (Lexeme::Newline, start + 1),
            b'"' => {
                self.push(Mode::Quote);
                (Lexeme::Quote, start + 1)
            }
            b'#' => (Lexeme::Comment, self.seek(start, |b| b == b'\n')),
            b'/' if second == Some(b'/') => (Lexeme::Comment, self.seek(start, |b| b == b'\n')),
            b'/' if second == Some(b'*') => (Lexeme::Comment, self.comment_end(start + 2)),
            b'{' => {
                self.push(Mode::Brace);
                (Lexeme::BraceOpen, start + 1)
            }
            b'}' => match self.modes.pop() {
                Some(Mode::Interpolation) => (Lexeme::InterpolationEnd, start + 1),
                _ => (Lexeme::BraceClose, start + 1),
            },
            b'(' | b'[' => (Lexeme::Open, start + 1),
            b')' | b']' => (Lexeme::Close, start + 1),
            b',' => (Lexeme::Comma, start + 1),
            b'=' if matches!(second, Some(b'=' | b'>')) => (Lexeme::Other, start + 2),
            b'=' => (Lexeme::Equal, start + 1),
            b'!' | b'>' | b'<' if second == Some(b'=') => (Lexeme::Other, start + 2),
            b'<' if second == Some(b'<') => match self.heredoc_marker(start + 2) {
                Some((from, to, end)) => {
                    self.push(Mode::Heredoc(from, to));
                    self.line_start = true;
                    (Lexeme::Heredoc, end)
                }
                None => (Lexeme::Other, start + 2),
            },
            b':' if second == Some(b':') => (Lexeme::Other, start + 2),
            b':' => (Lexeme::Colon, start + 1),
            b'.' if second == Some(b'.') => (Lexeme::Other, self.seek(start, |b| b != b'.')),
            b'.' => (Lexeme::Dot, start + 1),
            _ => (Lexeme::Other, start + 1),
        };
        if self.exhausted {
            return None;
        }
        Some(self.token(kind, start, end))
    }

    fn number(&self, start: usize) -> usize {
        let digits = |from| self.seek(from, |b| !b.is_ascii_digit());
        let is_digit = |at| self.at(at).is_some_and(|b| b.is_ascii_digit());
        let mut end = digits(start);
        if self.at(end) == Some(b'.') && is_digit(end + 1) {
            end = digits(end + 1);
        }
        if matches!(self.at(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.at(end + 1), Some(b'+' | b'-')));
            if is_digit(end + 1 + sign) {
                end = digits(end + 1 + sign);
            }
        }
        end
    }

    fn comment_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        let close = rest.windows(2).position(|pair| pair == b"*/");
        close.map_or(self.bytes.len(), |at| from + at + 2)
    }

    /// The marker's bounds and where the body begins, if a heredoc begins here.
    fn heredoc_marker(&self, after: usize) -> Option<(usize, usize, usize)> {
        let from = after + usize::from(self.at(after) == Some(b'-'));
        if !self.at(from).is_some_and(is_name_start) {
            return None;
        }
        let to = self.seek(from, |b| !is_name(b));
        let end = to + usize::from(self.at(to) == Some(b'\r'));
        (self.at(end) == Some(b'\n')).then_some((from, to, end + 1))
    }

    fn quoted(&mut self) -> Option<Token> {
        let start = self.pos;
        let first = self.at(start)?;
        if first == b'"' || first == b'\n' {
            self.modes.pop();
            return Some(self.token(Lexeme::QuoteEnd, start, start + usize::from(first == b'"')));
        }
        if let Some(token) = self.interpolation(start, first) {
            return Some(token);
        }
        let mut pos = start;
        loop {
            pos = self.seek(pos, |b| matches!(b, b'"' | b'\\' | b'$' | b'%' | b'\n'));
            match self.at(pos) {
                Some(b'\\') => {
                    pos += if self.at(pos + 1) == Some(b'\n') {
                        1
                    } else {
                        2
                    }
                }
                Some(sigil @ (b'$' | b'%')) => match self.past_sigil(pos, sigil) {
                    Some(next) => pos = next,
                    None => break,
                },
                _ => break,
            }
        }
        Some(self.token(Lexeme::Text, start, pos))
    }

    fn heredoc(&mut self, marker: (usize, usize)) -> Option<Token> {
        let start = self.pos;
        let first = self.at(start)?;
        let marker = self.bytes.get(marker.0..marker.1).unwrap_or_default();
        let mut pos = start;
        if !self.line_start
            && let Some(token) = self.interpolation(start, first)
        {
            return Some(token);
        }
        loop {
            if self.line_start {
                let end = self.seek(pos, |b| b == b'\n');
                if is_marker(self.bytes.get(pos..end).unwrap_or_default(), marker) {
                    if pos > start {
                        break;
                    }
                    self.modes.pop();
                    let cr = end > pos && self.at(end - 1) == Some(b'\r');
                    return Some(self.token(Lexeme::HeredocEnd, start, end - usize::from(cr)));
                }
                self.line_start = false;
                if pos == start
                    && let Some(token) = self.interpolation(start, first)
                {
                    return Some(token);
                }
            }
            pos = self.seek(pos, |b| matches!(b, b'$' | b'%' | b'\n'));
            match self.at(pos) {
                Some(b'\n') => {
                    pos += 1;
                    self.line_start = true;
                }
                Some(sigil) => match self.past_sigil(pos, sigil) {
                    Some(next) => pos = next,
                    None => break,
                },
                None => break,
            }
        }
        Some(self.token(Lexeme::Text, start, pos))
    }

    fn interpolation(&mut self, start: usize, first: u8) -> Option<Token> {
        if !matches!(first, b'$' | b'%') || self.at(start + 1) != Some(b'{') {
            return None;
        }
        self.push(Mode::Interpolation);
        (!self.exhausted).then(|| self.token(Lexeme::Interpolation, start, start + 2))
    }

    /// Where literal text goes on behind a `$` or `%`, or nothing if an interpolation begins there.
    fn past_sigil(&self, pos: usize, sigil: u8) -> Option<usize> {
        match self.at(pos + 1) {
            Some(b'{') => None,
            Some(b) if b == sigil && self.at(pos + 2) == Some(b'{') => Some(pos + 3),
            _ => Some(pos + 1),
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        match self.modes.last() {
            Some(Mode::Quote) => self.quoted(),
            Some(&Mode::Heredoc(from, to)) => self.heredoc((from, to)),
            _ => self.code(),
        }
    }
}

/// Whether a heredoc's line is its closing marker: equal once space around it is taken away.
fn is_marker(line: &[u8], marker: &[u8]) -> bool {
    let trimmed = line.trim_ascii();
    if marker.is_empty() || trimmed.len() < marker.len() {
        return false;
    }
    if trimmed == marker {
        return true;
    }
    let odd = |byte: Option<&u8>| byte.is_some_and(|&b| b == 0x0b || !b.is_ascii());
    (odd(trimmed.first()) || odd(trimmed.last()))
        && String::from_utf8_lossy(trimmed).trim().as_bytes() == marker
}

fn is_name_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || !b.is_ascii()
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-' || !b.is_ascii()
}
