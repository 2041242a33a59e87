//! What an expression of plain values comes to: literals, and sums of numbers as in `60 * 60`.

use serde_json::{Map, Value as Json};

use crate::source::{items, literal};

/// Deepest object and deepest bracket.
const MAX_DEPTH: usize = 32;

/// The value, where it can be told.
pub(super) fn constant(text: &str) -> Option<Json> {
    at(text, 0)
}

fn at(text: &str, depth: usize) -> Option<Json> {
    let text = text.trim();
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(value) = literal(text) {
        return Some(value);
    }
    if text.starts_with('{') {
        let fields = items(text)?.into_iter();
        let fields = fields.map(|(name, value)| Some((name, at(&value, depth + 1)?)));
        return fields.collect::<Option<Map<_, _>>>().map(Json::Object);
    }
    let mut sum = Sum {
        rest: text.as_bytes(),
    };
    let value = sum.terms(0)?;
    (sum.peek().is_none() && value.is_finite()).then(|| Json::from(value))
}

/// Reads numbers, `+ - * / %` and brackets.
struct Sum<'a> {
    rest: &'a [u8],
}

impl Sum<'_> {
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn take(&mut self, of: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| of.contains(byte))?;
        self.rest = self.rest.get(1..)?;
        Some(byte)
    }

    fn terms(&mut self, depth: usize) -> Option<f64> {
        let mut value = self.factors(depth)?;
        while let Some(sign) = self.take(b"+-") {
            let next = self.factors(depth)?;
            value = if sign == b'+' {
                value + next
            } else {
                value - next
            };
        }
        Some(value)
    }

    fn factors(&mut self, depth: usize) -> Option<f64> {
        let mut value = self.number(depth)?;
        while let Some(sign) = self.take(b"*/%") {
            let next = self.number(depth)?;
            value = match sign {
                b'*' => value * next,
                b'/' => value / next,
                _ => value % next,
            };
        }
        Some(value)
    }

    fn number(&mut self, depth: usize) -> Option<f64> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.take(b"-").is_some() {
            return Some(-self.number(depth + 1)?);
        }
        if self.take(b"(").is_some() {
            let value = self.terms(depth + 1)?;
            self.take(b")")?;
            return Some(value);
        }
        self.peek()?;
        let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        let length = self.rest.iter().take_while(|byte| digits(byte)).count();
        let (number, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(number).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sums_of_numbers_are_worked_out() {
        for (text, value) in [
            ("60 * 60", json!(3600.0)),
            ("(1 + 2) * -3 - 4 / 2", json!(-11.0)),
            ("{ a = 1 / 4, b = \"x\" }", json!({"a": 0.25, "b": "x"})),
            ("7 % 4", json!(3.0)),
            ("\"plain\"", json!("plain")),
        ] {
            assert_eq!(constant(text), Some(value), "{text}");
        }
        for text in [
            "1 +",
            "(1",
            "1 1",
            "f(1)",
            "1 / 0",
            "var.x",
            "",
            "1 ? 2 : 3",
        ] {
            assert_eq!(constant(text), None, "{text}");
        }
    }
}
