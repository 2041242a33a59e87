//! Numbers by their decimal digits: `1.50`, `1.5` and `15e-1` are one number, and no digit is lost.

use super::token::Token;

/// A decimal number: its digits without zeros at the ends, and the power of ten of the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads `-12.5e3` and the like.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let all = format!("{whole}{fraction}");
        let digits = all.trim_end_matches('0');
        let dropped = all.len() - digits.len();
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let exponent = exponent
            .checked_sub(i64::try_from(fraction.len()).ok()?)?
            .checked_add(i64::try_from(dropped).ok()?)?;
        Some(Self {
            negative,
            digits: digits.to_owned(),
            exponent,
        })
    }

    /// The number of a token. A float is the shortest decimal that stands for it, as both programs print it.
    pub(super) fn of(token: &Token<'_>) -> Option<Self> {
        match token {
            Token::Whole(whole) => Self::parse(&whole.to_string()),
            Token::Float(float) => Self::parse(&float.to_string()),
            Token::Text(text) => Self::parse(std::str::from_utf8(text).ok()?),
            _ => None,
        }
    }
}

/// Whether a token is the number that JSON spells.
pub(super) fn is_number(token: &Token<'_>, json: &str) -> bool {
    // Below the smallest normal float the shortest decimal is another one in Go.
    if let Token::Float(float) = token
        && float.is_subnormal()
    {
        return json.parse() == Ok(*float);
    }
    let number = Decimal::of(token);
    number.is_some() && number == Decimal::parse(json)
}

/// Whether cty would write a number as text: one that is neither a 64-bit integer nor, with a fraction, exactly a float.
pub(super) fn is_written_as_text(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let Some(number) = Decimal::parse(text) else {
        return false;
    };
    if text.contains(['e', 'E']) || text.parse::<i64>().is_ok() {
        return false;
    }
    if !text.contains('.') {
        return true;
    }
    let Ok(float) = text.parse::<f64>() else {
        return false;
    };
    // Every digit of the float; none has more behind the point.
    Decimal::parse(&format!("{float:.1100}")).as_ref() != Some(&number)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_one() {
        for (a, b) in [
            ("1.50", "1.5"),
            ("15e-1", "1.5"),
            ("1.5E+0", "1.5"),
            ("100", "1e2"),
            ("-0", "0"),
            ("0.00", "0"),
            ("0.001", "1e-3"),
            ("-12300", "-1.23e4"),
        ] {
            assert_eq!(Decimal::parse(a).unwrap(), Decimal::parse(b).unwrap());
        }
        for (a, b) in [("1", "-1"), ("1", "10"), ("0.1", "0.10000000000000001")] {
            assert_ne!(Decimal::parse(a).unwrap(), Decimal::parse(b).unwrap());
        }
        for text in [
            "", "-", ".5", "1.", "1e", "e1", "0x10", "1 ", "1_0", "+1", "Inf",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_fits_nothing_else_is_written_as_text() {
        for text in [
            "9223372036854775808",
            "-9223372036854775809",
            "0.1",
            "3.14159265358979323846264338327950288",
        ] {
            assert!(is_written_as_text(text.as_bytes()), "{text}");
        }
        for text in ["22", "0.5", "9223372036854775807", "1e30", "x", "", "-0.25"] {
            assert!(!is_written_as_text(text.as_bytes()), "{text}");
        }
    }
}
