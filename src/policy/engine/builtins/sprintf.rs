//! `sprintf` as Go's `fmt` does it, which OPA uses: it never fails, wrong arguments show in the text.
//!
//! The engine's own version turns an unknown verb or a missing argument into *undefined*, and with it a `deny` rule into silence.

use regorus::Value;

/// Widest field and longest precision; Go's own limit is a million, which a hostile policy would use.
const MAX_WIDTH: usize = 10_000;

/// Longest text of one value; nested lists that share their parts are larger in text than in memory.
const MAX_TEXT: usize = 1 << 20;

struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    zero: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Formats as Go does.
pub(super) fn sprintf(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut next = 0;
    // Whether some argument was named by its number, after which unused ones are no fault.
    let mut explicit = false;
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec {
            minus: false,
            plus: false,
            sharp: false,
            zero: false,
            space: false,
            width: None,
            precision: None,
        };
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | '#' | '0' | ' ')) {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                '0' => spec.zero = true,
                _ => spec.space = true,
            }
        }
        let number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>, next: &mut usize| {
            if chars.next_if_eq(&'*').is_some() {
                let width = arguments.get(*next).and_then(|v| v.as_i64().ok());
                *next = next.saturating_add(1);
                return width
                    .and_then(|w| usize::try_from(w).ok())
                    .map(|w| w.min(MAX_WIDTH));
            }
            let mut digits = String::new();
            while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits.parse::<usize>().ok().map(|w| w.min(MAX_WIDTH))
        };
        explicit |= indexed(&mut chars, &mut next);
        spec.width = number(&mut chars, &mut next);
        if chars.next_if_eq(&'.').is_some() {
            explicit |= indexed(&mut chars, &mut next);
            spec.precision = Some(number(&mut chars, &mut next).unwrap_or(0));
        }
        explicit |= indexed(&mut chars, &mut next);
        let Some(verb) = chars.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        let Some(argument) = arguments.get(next) else {
            let what = if explicit { "BADINDEX" } else { "MISSING" };
            out.push_str(&format!("%!{verb}({what})"));
            continue;
        };
        next = next.saturating_add(1);
        let text = one(&spec, verb, argument);
        pad(&mut out, &spec, &text);
    }
    if next < arguments.len() && !explicit {
        let extra: Vec<String> = arguments
            .iter()
            .skip(next)
            .map(|v| format!("{}={}", kind(v), plain(v)))
            .collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

/// Reads the number of an argument, `[2]`, and goes there; one that is none makes the argument a missing one.
fn indexed(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, next: &mut usize) -> bool {
    if chars.next_if_eq(&'[').is_none() {
        return false;
    }
    let mut digits = String::new();
    for c in chars.by_ref() {
        if c == ']' {
            break;
        }
        digits.push(c);
    }
    *next = digits
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1))
        .unwrap_or(usize::MAX);
    true
}

fn one(spec: &Spec, verb: char, value: &Value) -> String {
    let Value::Number(n) = value else {
        // OPA hands everything but numbers to Go as a string.
        let text = plain(value);
        return match verb {
            'v' if spec.sharp => quoted(&text),
            's' | 'v' => cut(&text, spec.precision),
            'q' => quoted(&text),
            'T' => "string".to_owned(),
            'x' => hexadecimal(&text),
            'X' => hexadecimal(&text).to_uppercase(),
            _ => bad(verb, value),
        };
    };
    match verb {
        // Integers beyond 64 bits are texts for Go.
        's' if is_long(value) => cut(&plain(value), spec.precision),
        'v' => match n.as_i64() {
            Some(number) => {
                let unsigned = Spec {
                    plus: false,
                    ..*spec
                };
                integer(&unsigned, 'd', value, Some(number))
            }
            None => plain(value),
        },
        'T' => kind(value).to_owned(),
        'd' | 'x' | 'X' | 'o' | 'b' | 'c' | 'U' => integer(spec, verb, value, n.as_i64()),
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => match n.as_f64() {
            Some(float) => real(spec, verb, float),
            None => bad(verb, value),
        },
        _ => bad(verb, value),
    }
}

/// Whether a number is an integer that does not fit into 64 bits.
fn is_long(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_none() && number.is_integer(),
        _ => false,
    }
}

fn hexadecimal(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

fn integer(spec: &Spec, verb: char, value: &Value, number: Option<i64>) -> String {
    let Some(number) = number else {
        // Integers beyond 64 bits print as they are; anything with a fraction is not an integer.
        let text = plain(value);
        return if verb == 'd' && !text.contains(['.', 'e', 'E']) {
            text
        } else {
            bad(verb, value)
        };
    };
    let magnitude = number.unsigned_abs();
    let digits = match verb {
        'x' => format!("{}{magnitude:x}", if spec.sharp { "0x" } else { "" }),
        'X' => format!("{}{magnitude:X}", if spec.sharp { "0X" } else { "" }),
        'o' => format!("{}{magnitude:o}", if spec.sharp { "0" } else { "" }),
        'b' => format!("{}{magnitude:b}", if spec.sharp { "0b" } else { "" }),
        'c' => {
            return u32::try_from(number)
                .ok()
                .and_then(char::from_u32)
                .map_or_else(|| '\u{fffd}'.to_string(), |c| c.to_string());
        }
        'U' => return format!("U+{magnitude:04X}"),
        _ => magnitude.to_string(),
    };
    signed(spec, number < 0, &digits)
}

fn real(spec: &Spec, verb: char, float: f64) -> String {
    let precision = spec.precision.unwrap_or(6);
    let digits = match verb {
        'f' | 'F' => format!("{:.*}", precision, float.abs()),
        'e' | 'E' => {
            let text = format!("{:.*e}", precision, float.abs());
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}{}{sign}{:02}", verb, exponent.abs())
        }
        _ => format!("{}", float.abs()),
    };
    signed(spec, float.is_sign_negative(), &digits)
}

fn signed(spec: &Spec, negative: bool, digits: &str) -> String {
    let sign = if negative {
        "-"
    } else if spec.plus {
        "+"
    } else if spec.space {
        " "
    } else {
        ""
    };
    let fill = match spec.width {
        Some(width) if spec.zero && !spec.minus => width.saturating_sub(sign.len() + digits.len()),
        _ => 0,
    };
    format!("{sign}{}{digits}", "0".repeat(fill))
}

fn pad(out: &mut String, spec: &Spec, text: &str) {
    let length = text.chars().count();
    let fill = spec.width.unwrap_or(0).saturating_sub(length);
    if spec.minus {
        out.push_str(text);
        out.push_str(&" ".repeat(fill));
    } else {
        out.push_str(&" ".repeat(fill));
        out.push_str(text);
    }
}

fn cut(text: &str, precision: Option<usize>) -> String {
    match precision {
        Some(length) => text.chars().take(length).collect(),
        None => text.to_owned(),
    }
}

fn bad(verb: char, value: &Value) -> String {
    format!("%!{verb}({}={})", kind(value), plain(value))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Number(n) if n.as_i64().is_some() => "int",
        Value::Number(_) => "float64",
        _ => "string",
    }
}

/// Text of a value as OPA hands it to Go: a string bare, everything else in Rego's own notation.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => {
            let mut out = String::new();
            notation(other, &mut out, 0);
            out
        }
    }
}

pub(super) fn notation(value: &Value, out: &mut String, depth: usize) {
    let list = |items: &mut dyn Iterator<Item = &Value>, out: &mut String| {
        for (index, item) in items.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            notation(item, out, depth + 1);
        }
    };
    if depth > 100 || out.len() > MAX_TEXT {
        out.push('…');
        return;
    }
    match value {
        Value::String(text) => out.push_str(&quoted(text)),
        Value::Array(items) => {
            out.push('[');
            list(&mut items.iter(), out);
            out.push(']');
        }
        Value::Set(items) if items.is_empty() => out.push_str("set()"),
        Value::Set(items) => {
            out.push('{');
            list(&mut items.iter_sorted(), out);
            out.push('}');
        }
        Value::Object(fields) => {
            out.push('{');
            for (index, (key, value)) in fields.iter_sorted().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                notation(key, out, depth + 1);
                out.push_str(": ");
                notation(value, out, depth + 1);
            }
            out.push('}');
        }
        Value::Number(number) if is_long(value) => out.push_str(&number.format_decimal()),
        other => out.push_str(&other.to_json_str().unwrap_or_else(|_| "null".to_owned())),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn format(template: &str, arguments: &str) -> String {
        let values = Value::from_json_str(arguments).unwrap();
        sprintf(
            template,
            &values
                .as_array()
                .unwrap()
                .iter()
                .cloned()
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn verbs_flags_and_widths_are_as_in_go() {
        for (template, arguments, text) in [
            ("%s is %d", r#"["a", 3]"#, "a is 3"),
            ("%5d|%-5d|%05d", "[42, 42, 42]", "   42|42   |00042"),
            (
                "%v %v %v",
                r#"["x", [1,"y"], {"a":true}]"#,
                r#"x [1, "y"] {"a": true}"#,
            ),
            ("%q", r#"["a\"b"]"#, r#""a\"b""#),
            ("%v", "[true]", "true"),
            ("%.2f %6.1f", "[1.5, 2.25]", "1.50    2.2"),
            ("%x %X %o", "[255, 255, 8]", "ff FF 10"),
            (
                "%10s|%-4s|%.2s",
                r#"["ab","ab","abc"]"#,
                "        ab|ab  |ab",
            ),
            ("100%%", "[]", "100%"),
            ("%[2]s %[1]s", r#"["a", "b"]"#, "b a"),
            ("%[1]d %[1]v|%[3]*.[2]*[1]f", "[12, 2, 6]", "12 12| 12.00"),
            ("%05v|%+v", "[7, 7]", "00007|7"),
        ] {
            assert_eq!(format(template, arguments), text, "{template}");
        }
    }

    #[test]
    fn wrong_arguments_show_in_the_text_and_never_lose_the_message() {
        for (template, arguments, text) in [
            ("%d", r#"["a"]"#, "%!d(string=a)"),
            ("%s %s", r#"["a"]"#, "a %!s(MISSING)"),
            ("x", r#"["a", 1]"#, "x%!(EXTRA string=a, int=1)"),
            ("%z", "[1]", "%!z(int=1)"),
            ("%", "[]", "%!(NOVERB)"),
            ("%[9]s", r#"["a"]"#, "%!s(BADINDEX)"),
            ("%d", "[1.5]", "%!d(float64=1.5)"),
            ("%t", "[true]", "%!t(string=true)"),
        ] {
            assert_eq!(format(template, arguments), text, "{template}");
        }
        assert!(format("%2000000000d", "[1]").len() <= MAX_WIDTH);
    }
}
