//! An expression as two commits compare it: what it says without its layout, what it refers to, which files it reads.
//!
//! Two texts that differ only in space, comments, line breaks between items, a last comma or the way a literal is written give the same
//! pieces. References are pieces of their own, so that a reader can put in their place what they stand for.

use serde_json::Value as Json;

use super::lexer::{Lexeme, Lexer, Token};
use super::references::json_references;
use super::value::{Value, unescape};

/// A part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Tokens that are no reference, in one spelling.
    Text(String),
    /// The names of a reference: `["local", "x", "size"]`.
    Reference(Vec<String>),
}

/// A file or a directory that an expression names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Whether the name counts from the expression's module; else from the root module.
    pub in_module: bool,
    /// The name, or its beginning.
    pub name: String,
    /// What follows it.
    pub tail: Tail,
}

/// How a file's name goes on behind what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tail {
    /// It does not.
    Nothing,
    /// With `each.key`, or `each.value`, and this text.
    Key {
        /// The text behind it.
        behind: String,
        /// Whether it is `each.value`.
        by_value: bool,
    },
    /// The name is that of all files with this pattern, as `fileset` reads it.
    Pattern(String),
    /// With something else that is computed.
    Computed,
}

/// An expression, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expression {
    /// Its parts, in order.
    pub pieces: Vec<Piece>,
    /// The files it names.
    pub files: Vec<FileName>,
    /// A function whose result differs each time it is called.
    pub volatile: Option<&'static str>,
    /// Whether it reads a file whose name does not stand there.
    pub unread: bool,
    /// A file that no commit can hold: its name begins at the root of the machine, or at somebody's home.
    pub elsewhere: Option<String>,
    /// The value, where it is a literal.
    pub literal: Option<Json>,
}

/// Functions that read a file.
const READERS: [&str; 12] = [
    "file",
    "filebase64",
    "filebase64sha256",
    "filebase64sha512",
    "fileexists",
    "filemd5",
    "fileset",
    "filesha1",
    "filesha256",
    "filesha512",
    "templatefile",
    "abspath",
];
/// Functions whose result differs each time.
const VOLATILE: [&str; 4] = ["bcrypt", "plantimestamp", "timestamp", "uuid"];
/// The longest bracket behind a module, in tokens, that is looked behind.
const MAX_INDEX: usize = 64;
/// Literals nested deeper are compared by their tokens.
const MAX_DEPTH: usize = 32;

/// Takes an expression apart.
#[must_use]
pub fn expression(text: &str, json: bool) -> Expression {
    if json {
        return json_expression(text);
    }
    let mut found = Expression {
        literal: literal(text),
        ..Expression::default()
    };
    if let Some(literal) = &found.literal {
        found.pieces.push(Piece::Text(literal.to_string()));
        return found;
    }
    let tokens: Vec<Token> = Lexer::new(text.as_bytes())
        .filter(|token| token.kind != Lexeme::Comment)
        .collect();
    Walk {
        text,
        tokens: &tokens,
        at: 0,
        separator: false,
        opened: false,
        braces: Vec::new(),
        found: &mut found,
    }
    .run();
    found
}

fn json_expression(text: &str) -> Expression {
    let value: Option<Json> = serde_json::from_str(text).ok();
    if let Some(Json::String(whole)) = &value {
        let inner = whole
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        if let Some(inner) = inner.filter(|inner| !inner.contains("${")) {
            return expression(inner, false);
        }
    }
    let shown = value
        .as_ref()
        .map_or_else(|| text.to_owned(), ToString::to_string);
    let is_literal = value.is_some() && !text.contains("${") && !text.contains("%{");
    let names = json_references(text);
    let mut pieces = vec![Piece::Text(shown)];
    pieces.extend(
        names
            .iter()
            .map(|name| Piece::Reference(name.split('.').map(str::to_owned).collect())),
    );
    Expression {
        pieces,
        unread: READERS
            .iter()
            .any(|name| text.contains(&format!("{name}("))),
        volatile: VOLATILE
            .into_iter()
            .find(|name| text.contains(&format!("{name}("))),
        literal: value.filter(|_| is_literal),
        files: Vec::new(),
        elsewhere: None,
    }
}

/// The value of a text that is a literal: no references, functions (but conversions of collections) or operators.
#[must_use]
pub fn literal(text: &str) -> Option<Json> {
    literal_at(text, 0)
}

fn literal_at(text: &str, depth: usize) -> Option<Json> {
    let text = text.trim();
    if depth > MAX_DEPTH {
        return None;
    }
    let value = Value::Hcl(text.as_bytes());
    match text.bytes().next()? {
        b'"' | b'<' => value.literal().map(Json::String),
        b'[' => {
            let items = value.list();
            let whole = text.ends_with(']') && items.iter().all(|item| !item.source().is_empty());
            let items: Option<Vec<Json>> = items
                .iter()
                .map(|item| literal_at(&item.source(), depth + 1))
                .collect();
            items
                .filter(|_| whole && closes_at_end(text))
                .map(Json::Array)
        }
        b'{' => {
            let items = items(text)?;
            let mut object = serde_json::Map::new();
            for (key, value) in items {
                object.insert(key, literal_at(&value, depth + 1)?);
            }
            closes_at_end(text).then_some(Json::Object(object))
        }
        b't' if text == "true" => Some(Json::Bool(true)),
        b'f' if text == "false" => Some(Json::Bool(false)),
        b'n' if text == "null" => Some(Json::Null),
        b't' => {
            let inner = ["toset(", "tolist(", "tomap("]
                .iter()
                .find_map(|name| text.strip_prefix(name))?;
            literal_at(inner.strip_suffix(')')?, depth + 1)
        }
        b'-' | b'0'..=b'9' => serde_json::from_str(text).ok().filter(Json::is_number),
        _ => None,
    }
}

/// Whether the bracket at the beginning is closed by the last byte.
pub(super) fn closes_at_end(text: &str) -> bool {
    let mut depth = 0_usize;
    for token in Lexer::new(text.as_bytes()) {
        match token.kind {
            Lexeme::Open | Lexeme::BraceOpen => depth += 1,
            Lexeme::Close | Lexeme::BraceClose => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return token.end == text.len();
                }
            }
            _ => {}
        }
    }
    false
}

/// The items of an object that is written out with plain keys; nothing for any other expression.
#[must_use]
pub fn items(text: &str) -> Option<Vec<(String, String)>> {
    let text = text.trim();
    let mut tokens = Lexer::new(text.as_bytes())
        .filter(|token| !matches!(token.kind, Lexeme::Comment | Lexeme::Newline));
    if tokens.next()?.kind != Lexeme::BraceOpen || !closes_at_end(text) {
        return None;
    }
    let second = tokens.next()?;
    if text.get(second.start..second.end) == Some("for") && second.kind == Lexeme::Name {
        let third = tokens.next()?;
        if third.kind == Lexeme::Name {
            return None;
        }
    }
    let items = Value::Hcl(text.as_bytes()).object();
    let plain = |key: &str| !key.is_empty() && !key.contains(['(', '$', '%', '[']);
    items.iter().all(|(key, _)| plain(key)).then(|| {
        items
            .iter()
            .map(|(key, value)| (key.clone(), value.source().into_owned()))
            .collect()
    })
}

/// The arguments of an expression that is one call of a function.
#[must_use]
pub fn arguments(text: &str, function: &str) -> Option<Vec<String>> {
    let rest = text.trim().strip_prefix(function)?.trim_start();
    if !rest.starts_with('(') || !closes_at_end(rest) {
        return None;
    }
    let inner = rest.get(1..rest.len() - 1)?;
    let list = format!("[{inner}]");
    let items = Value::Hcl(list.as_bytes()).list();
    let texts: Vec<String> = items
        .iter()
        .map(|item| item.source().into_owned())
        .collect();
    texts
        .iter()
        .all(|text| !text.is_empty() && !text.ends_with("..."))
        .then_some(texts)
}

struct Walk<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    /// Items were separated since the last piece.
    separator: bool,
    /// The last piece opened a bracket.
    opened: bool,
    /// For each open bracket, whether it is a brace, in which a line break separates.
    braces: Vec<bool>,
    found: &'a mut Expression,
}

impl<'a> Walk<'a> {
    fn kind(&self, at: usize) -> Option<Lexeme> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn word(&self, at: usize) -> &'a str {
        self.tokens
            .get(at)
            .and_then(|token| self.text.get(token.start..token.end))
            .unwrap_or_default()
    }

    fn push(&mut self, piece: Piece) {
        if std::mem::take(&mut self.separator) && !self.opened {
            self.found.pieces.push(Piece::Text(",".to_owned()));
        }
        self.opened = false;
        self.found.pieces.push(piece);
    }

    fn token(&mut self, text: &str) {
        self.push(Piece::Text(text.to_owned()));
    }

    fn run(mut self) {
        while let Some(kind) = self.kind(self.at) {
            let word = self.word(self.at);
            match kind {
                Lexeme::Newline => {
                    self.separator |= self.braces.last().copied().unwrap_or(false);
                }
                Lexeme::Comma => self.separator = true,
                Lexeme::Open | Lexeme::BraceOpen | Lexeme::Interpolation => {
                    self.token(word);
                    self.opened = true;
                    self.braces.push(kind == Lexeme::BraceOpen);
                }
                Lexeme::Close | Lexeme::BraceClose | Lexeme::InterpolationEnd => {
                    self.separator = false;
                    self.braces.pop();
                    self.token(word);
                }
                Lexeme::Colon if self.braces.last() == Some(&true) => self.token("="),
                Lexeme::Heredoc => self.token(if word.starts_with("<<-") { "<<-" } else { "<<" }),
                Lexeme::HeredocEnd => self.token(">>"),
                Lexeme::Name if self.at == 0 || self.kind(self.at - 1) != Some(Lexeme::Dot) => {
                    self.name();
                    continue;
                }
                _ => self.token(word),
            }
            self.at += 1;
        }
    }

    /// A name that begins something: a reference, a call, a key or a word.
    fn name(&mut self) {
        let first = self.at;
        let mut path = vec![self.word(first).to_owned()];
        let mut end = first + 1;
        // The bracket of a module's instance, which stands before the output's name.
        let mut index = None;
        loop {
            let is = |at: usize, kind| self.kind(at) == Some(kind);
            if is(end, Lexeme::Dot) && is(end + 1, Lexeme::Name) {
                path.push(self.word(end + 1).to_owned());
                end += 2;
            } else if path.len() > 1
                && is(end, Lexeme::Open)
                && is(end + 1, Lexeme::Quote)
                && is(end + 2, Lexeme::Text)
                && is(end + 3, Lexeme::QuoteEnd)
                && is(end + 4, Lexeme::Close)
                && path.first().is_none_or(|first| first != "module")
            {
                path.push(unescape(self.word(end + 2)));
                end += 5;
            } else if let Some(close) = self.instance_of_module(&path, end)
                && index.is_none()
            {
                index = Some((end, close));
                end = close + 1;
            } else {
                break;
            }
        }
        if path.len() == 1 {
            self.call(first);
            let word = self.word(first);
            self.token(word);
            self.at = end;
            return;
        }
        if path.first().is_some_and(|first| first == "path") {
            self.file_below(first, end, path.get(1).is_some_and(|name| name == "module"));
        }
        self.push(Piece::Reference(path));
        if let Some((open, close)) = index {
            // What chooses the instance is looked at, too.
            let mut inner = Expression::default();
            let inside = self.tokens.get(open + 1..close).unwrap_or_default();
            Walk {
                text: self.text,
                tokens: inside,
                at: 0,
                separator: false,
                opened: false,
                braces: Vec::new(),
                found: &mut inner,
            }
            .run();
            self.token("[");
            inner.pieces.into_iter().for_each(|piece| self.push(piece));
            self.token("]");
            self.found.files.extend(inner.files);
            self.found.unread |= inner.unread;
            self.found.elsewhere = self.found.elsewhere.take().or(inner.elsewhere);
            self.found.volatile = self.found.volatile.or(inner.volatile);
        }
        self.at = end;
    }

    /// Where the bracket behind `module.x` closes, if an output's name follows.
    fn instance_of_module(&self, path: &[String], open: usize) -> Option<usize> {
        if path.len() != 2 || path.first()? != "module" || self.kind(open)? != Lexeme::Open {
            return None;
        }
        let mut depth = 0_usize;
        // Bounded, because brackets in brackets would be searched again and again.
        for at in open..self.tokens.len().min(open + MAX_INDEX) {
            match self.kind(at)? {
                Lexeme::Open => depth += 1,
                Lexeme::Close => {
                    depth -= 1;
                    if depth == 0 {
                        return (self.kind(at + 1)? == Lexeme::Dot
                            && self.kind(at + 2)? == Lexeme::Name)
                            .then_some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// A word before a bracket: a function that reads a file, or one that differs each time.
    fn call(&mut self, at: usize) {
        if self.kind(at + 1) != Some(Lexeme::Open) || self.word(at + 1) != "(" {
            return;
        }
        let name = self.word(at);
        if let Some(name) = VOLATILE.into_iter().find(|known| *known == name) {
            self.found.volatile = Some(name);
        }
        if !READERS.contains(&name) {
            return;
        }
        let from_path =
            |at: usize| self.word(at) == "path" && self.kind(at + 1) == Some(Lexeme::Dot);
        match (self.kind(at + 2), self.kind(at + 3), self.kind(at + 4)) {
            // "${path.module}/…": seen at `path`.
            (Some(Lexeme::Quote), Some(Lexeme::Interpolation), _) if from_path(at + 4) => {}
            (Some(Lexeme::Quote), Some(Lexeme::Text), next) => {
                let name = unescape(self.word(at + 3));
                if name.starts_with(['/', '~']) {
                    self.found.elsewhere = Some(name);
                    return;
                }
                let tail = self.tail(at + 4, next);
                self.file(false, &name, tail);
            }
            // fileset(path.module, "files/*.json")
            _ if from_path(at + 2) => {
                let in_module = self.word(at + 4) == "module";
                let pattern = (self.kind(at + 5), self.kind(at + 6), self.kind(at + 7));
                if pattern == (Some(Lexeme::Comma), Some(Lexeme::Quote), Some(Lexeme::Text)) {
                    let pattern = unescape(self.word(at + 7));
                    let plain = pattern.split(['*', '?', '{', '[']).next();
                    let ends = self.kind(at + 8) == Some(Lexeme::QuoteEnd);
                    let tail = match plain {
                        Some(plain) if plain == pattern && ends => Tail::Nothing,
                        _ if ends => Tail::Pattern(pattern.clone()),
                        _ => Tail::Computed,
                    };
                    self.file(in_module, plain.unwrap_or_default(), tail);
                } else {
                    self.found.unread = true;
                }
            }
            _ => self.found.unread = true,
        }
    }

    /// The name behind `${path.module}` in a string.
    fn file_below(&mut self, first: usize, end: usize, in_module: bool) {
        let starts = first > 0 && self.kind(first - 1) == Some(Lexeme::Interpolation);
        if !starts || self.kind(end) != Some(Lexeme::InterpolationEnd) {
            return;
        }
        if self.kind(end + 1) == Some(Lexeme::Text) {
            let name = unescape(self.word(end + 1));
            let tail = self.tail(end + 2, self.kind(end + 2));
            self.file(in_module, &name, tail);
        }
    }

    /// What stands in a string behind its first text.
    fn tail(&self, at: usize, next: Option<Lexeme>) -> Tail {
        match next {
            Some(Lexeme::QuoteEnd) => return Tail::Nothing,
            Some(Lexeme::Interpolation) if self.word(at + 1) == "each" => {}
            _ => return Tail::Computed,
        }
        let inner = (self.kind(at + 2), self.word(at + 3), self.kind(at + 4));
        let by_value = match inner {
            (Some(Lexeme::Dot), "key", Some(Lexeme::InterpolationEnd)) => false,
            (Some(Lexeme::Dot), "value", Some(Lexeme::InterpolationEnd)) => true,
            _ => return Tail::Computed,
        };
        let behind = match (self.kind(at + 5), self.kind(at + 6)) {
            (Some(Lexeme::QuoteEnd), _) => String::new(),
            (Some(Lexeme::Text), Some(Lexeme::QuoteEnd)) => unescape(self.word(at + 5)),
            _ => return Tail::Computed,
        };
        Tail::Key { behind, by_value }
    }

    fn file(&mut self, in_module: bool, name: &str, tail: Tail) {
        let name = name.trim_start_matches('/').to_owned();
        if name.is_empty() && !matches!(tail, Tail::Pattern(_)) {
            self.found.unread = true;
        } else {
            self.found.files.push(FileName {
                in_module,
                name,
                tail,
            });
        }
    }
}

#[cfg(test)]
mod tests;
