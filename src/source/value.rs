//! Reads the few kinds of attribute value the index needs: plain strings, booleans, keywords,
//! references, lists and objects. Everything else stays text.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::hcl::expression;
use super::json::{decode, elements, members};
use super::lexer::{Lexeme, Lexer};

/// An attribute's value as the file has it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// Native syntax, without the space and comments around it.
    Hcl(&'a [u8]),
    /// JSON syntax.
    Json(&'a RawValue),
}

impl<'a> Value<'a> {
    /// The value as it stands in the file.
    pub(super) fn source(&self) -> Cow<'a, str> {
        match self {
            Self::Hcl(bytes) => String::from_utf8_lossy(bytes),
            Self::Json(raw) => Cow::Borrowed(raw.get()),
        }
    }

    /// The string, if it is a plain one: quoted or a heredoc, with no interpolation.
    pub(super) fn literal(&self) -> Option<String> {
        match self {
            Self::Hcl(bytes) => hcl_literal(bytes),
            Self::Json(raw) => {
                let text = decode(raw)?;
                let plain = !Lexer::template(text.as_bytes())
                    .any(|token| token.kind == Lexeme::Interpolation);
                plain.then(|| undouble(&text))
            }
        }
    }

    /// The string if it is a plain one, else the value as it stands in the file.
    pub(super) fn literal_or_source(&self) -> String {
        self.literal().unwrap_or_else(|| self.source().into_owned())
    }

    /// The boolean, if it is a plain one.
    pub(super) fn boolean(&self) -> Option<bool> {
        let text = match self {
            Self::Hcl(_) => self.source(),
            Self::Json(raw) => decode(raw).map_or(Cow::Borrowed(raw.get()), Cow::Owned),
        };
        match text.trim() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A keyword or a reference, without its quotes and the space inside it.
    pub(super) fn reference(&self) -> String {
        let text = match self {
            Self::Hcl(_) => self.literal_or_source(),
            Self::Json(raw) => decode(raw).unwrap_or_else(|| raw.get().to_owned()),
        };
        let inner = text.trim();
        let between = |open, close| inner.strip_prefix(open)?.strip_suffix(close);
        let bare = between("\"${", "}\"").or_else(|| between("${", "}"));
        unspaced(bare.unwrap_or(inner))
    }

    /// Whether the value is an empty list.
    pub(super) fn is_empty_list(&self) -> bool {
        let text = self.source();
        let inner = text
            .trim()
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        inner.is_some_and(|inner| inner.trim().is_empty())
    }

    /// The elements of a list.
    pub(super) fn list(&self) -> Vec<Value<'a>> {
        match self {
            Self::Hcl(bytes) => hcl_list(bytes),
            Self::Json(raw) => elements(raw)
                .unwrap_or_default()
                .into_iter()
                .map(Value::Json)
                .collect(),
        }
    }

    /// The items of an object, with their keys' text.
    pub(super) fn object(&self) -> Vec<(String, Value<'a>)> {
        match self {
            Self::Hcl(bytes) => hcl_object(bytes),
            Self::Json(raw) => members(raw)
                .0
                .into_iter()
                .map(|(key, value)| (decode(key).unwrap_or_default(), Value::Json(value)))
                .collect(),
        }
    }
}

fn hcl_literal(bytes: &[u8]) -> Option<String> {
    let mut lexer = Lexer::new(bytes);
    let first = lexer.next()?;
    let mut text = Vec::new();
    let end = match first.kind {
        Lexeme::Quote => Lexeme::QuoteEnd,
        Lexeme::Heredoc => Lexeme::HeredocEnd,
        _ => return None,
    };
    loop {
        let token = lexer.next()?;
        match token.kind {
            Lexeme::Text => text.extend_from_slice(bytes.get(token.start..token.end)?),
            kind if kind == end => break,
            _ => return None,
        }
    }
    if lexer.any(|token| !matches!(token.kind, Lexeme::Comment | Lexeme::Newline)) {
        return None;
    }
    let text = String::from_utf8_lossy(&text);
    Some(if end == Lexeme::QuoteEnd {
        unescape(&text)
    } else {
        undouble(&text)
    })
}

fn hcl_list(bytes: &[u8]) -> Vec<Value<'_>> {
    let mut lexer = Lexer::new(bytes);
    let mut found = Vec::new();
    if lexer.next().is_none_or(|token| token.kind != Lexeme::Open) {
        return found;
    }
    let depth = lexer.depth();
    let mut pushed = None;
    while pushed.is_none() && lexer.pos() < bytes.len() {
        let element = expression(&mut lexer, &mut pushed, depth, true);
        if element.end > element.start {
            found.push(Value::Hcl(
                bytes.get(element.start..element.end).unwrap_or_default(),
            ));
        }
    }
    found
}

fn hcl_object(bytes: &[u8]) -> Vec<(String, Value<'_>)> {
    let mut lexer = Lexer::new(bytes);
    let mut found = Vec::new();
    if lexer
        .next()
        .is_none_or(|token| token.kind != Lexeme::BraceOpen)
    {
        return found;
    }
    let depth = lexer.depth();
    let mut key = Vec::new();
    while let Some(token) = lexer.next() {
        match token.kind {
            Lexeme::Newline | Lexeme::Comma => key.clear(),
            Lexeme::Comment | Lexeme::Quote | Lexeme::QuoteEnd => {}
            Lexeme::BraceClose => break,
            Lexeme::Equal | Lexeme::Colon => {
                let mut pushed = None;
                let item = expression(&mut lexer, &mut pushed, depth, true);
                let value = Value::Hcl(bytes.get(item.start..item.end).unwrap_or_default());
                found.push((unescape(&String::from_utf8_lossy(&key)), value));
                key.clear();
                if pushed.is_some() {
                    break;
                }
            }
            _ => key.extend_from_slice(bytes.get(token.start..token.end).unwrap_or_default()),
        }
    }
    found
}

/// Drops the space outside quotes.
fn unspaced(text: &str) -> String {
    let mut quoted = false;
    let mut escaped = false;
    let keep = |c: &char| {
        let backslash = quoted && !escaped && *c == '\\';
        if *c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = backslash;
        quoted || !c.is_whitespace()
    };
    text.chars().filter(keep).collect()
}

/// Reads `$${` and `%%{` as the `${` and `%{` they stand for.
fn undouble(text: &str) -> String {
    if !text.contains("$${") && !text.contains("%%{") {
        return text.to_owned();
    }
    text.replace("$${", "${").replace("%%{", "%{")
}

/// Reads the escapes of a quoted string; one that is not known stays as it is.
pub(super) fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return undouble(text);
    }
    let text = undouble(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        let Some(c) = chars.next() else {
            out.push('\\');
            return out;
        };
        rest = chars.as_str();
        match c {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '"' | '\\' => out.push(c),
            'u' | 'U' => {
                let digits = if c == 'u' { 4 } else { 8 };
                let code = rest
                    .get(..digits)
                    .and_then(|hex| u32::from_str_radix(hex, 16).ok());
                match (code.and_then(char::from_u32), rest.get(digits..)) {
                    (Some(decoded), Some(behind)) => {
                        out.push(decoded);
                        rest = behind;
                    }
                    _ => out.extend(['\\', c]),
                }
            }
            _ => out.extend(['\\', c]),
        }
    }
    out.push_str(rest);
    out
}
