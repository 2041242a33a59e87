//! Texts.

use regorus::Value;

use super::sprintf::{notation, sprintf};
use super::{Fault, Function, MAX_TEXT, Outcome, types, undefined};

pub(super) const FUNCTIONS: &[Function] = &[
    ("sprintf", 2, format),
    ("strings.count", 2, count),
    ("strings.render_template", 2, render),
    ("internal.template_string", 1, template),
    ("concat", 2, concat),
    ("replace", 3, replace),
    ("time.parse_ns", 2, parse_ns),
    ("upper", 1, upper),
    ("lower", 1, lower),
    ("to_number", 1, to_number),
    ("json.is_valid", 1, |a| is_valid("json.is_valid", a)),
    ("yaml.is_valid", 1, |a| is_valid("yaml.is_valid", a)),
];

fn too_long() -> Fault {
    Fault::Fatal(format!("it would make more than {MAX_TEXT} bytes"))
}

fn format(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(template), Value::Array(values)] => {
            let values: Vec<Value> = values.iter().cloned().collect();
            Ok(Value::from(sprintf(template, &values)))
        }
        _ => Err(types()),
    }
}

/// Counts without overlaps, as Go does; the engine's version panics on an empty pattern.
fn count(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(text), Value::String(pattern)] => {
            let number = if pattern.is_empty() {
                text.chars().count() + 1
            } else {
                text.matches(pattern.as_ref()).count()
            };
            Ok(Value::from(number))
        }
        _ => Err(types()),
    }
}

/// What OPA's compiler makes of a template string: each part is a text, or a set of at most one value.
fn template(arguments: &[Value]) -> Outcome {
    let [Value::Array(parts)] = arguments else {
        return Err(types());
    };
    let mut out = String::new();
    for part in parts.iter() {
        match part {
            Value::Set(values) => {
                let mut values = values.iter_sorted();
                match (values.next(), values.next()) {
                    (None, _) => out.push_str("<undefined>"),
                    (Some(Value::String(text)), None) => out.push_str(text),
                    (Some(value), None) => notation(value, &mut out, 0),
                    (Some(_), Some(_)) => {
                        return Err(Fault::Fatal("a part has several values".to_owned()));
                    }
                }
            }
            Value::String(text) => out.push_str(text),
            other => notation(other, &mut out, 0),
        }
        if out.len() > MAX_TEXT {
            return Err(too_long());
        }
    }
    Ok(Value::from(out))
}

/// Go's templates as far as they only put in values: `{{.name}}`, `{{ .outer.name }}`.
fn render(arguments: &[Value]) -> Outcome {
    let [Value::String(template), variables @ Value::Object(_)] = arguments else {
        return Err(types());
    };
    let mut out = String::new();
    let mut rest = template.as_ref();
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        let (action, after) = behind
            .split_once("}}")
            .ok_or_else(|| undefined("the template is not closed"))?;
        let mut value = variables.clone();
        let path = action
            .trim()
            .strip_prefix('.')
            .filter(|path| {
                path.chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'))
            })
            .ok_or_else(|| Fault::Fatal("only {{.name}} is supported in templates".to_owned()))?;
        for step in path.split('.').filter(|step| !step.is_empty()) {
            value = value[step].clone();
        }
        match &value {
            Value::Undefined => {
                return Err(undefined("the template names a value that is missing"));
            }
            Value::String(text) => out.push_str(text),
            other => notation(other, &mut out, 0),
        }
        if out.len() > MAX_TEXT {
            return Err(too_long());
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(Value::from(out))
}

/// Character by character, as Go does it: one that becomes several stays as it is (`ß`).
fn upper(arguments: &[Value]) -> Outcome {
    let [Value::String(text)] = arguments else {
        return Err(types());
    };
    let one = |c: char| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(upper), None) => upper,
            _ => c,
        }
    };
    Ok(Value::from(text.chars().map(one).collect::<String>()))
}

/// The same the other way; a sigma at the end of a word is one like others.
fn lower(arguments: &[Value]) -> Outcome {
    let [Value::String(text)] = arguments else {
        return Err(types());
    };
    let one = |c: char| c.to_lowercase().next().unwrap_or(c);
    Ok(Value::from(text.chars().map(one).collect::<String>()))
}

/// Numbers as Go reads them: with a sign, without digits on one side of the dot, and never with spaces.
fn to_number(arguments: &[Value]) -> Outcome {
    let text = match arguments {
        [number @ Value::Number(_)] => return Ok(number.clone()),
        [Value::Bool(flag)] => return Ok(Value::from(i64::from(*flag))),
        [Value::Null] => return Ok(Value::from(0_i64)),
        [Value::String(text)] => text.as_ref(),
        _ => return Err(types()),
    };
    let none = || undefined("the text is no number");
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let wrong_power = power.is_some_and(|power| power.is_empty() || !digits(power));
    if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) || wrong_power {
        return Err(none());
    }
    let mut plain = if text.starts_with('-') { "-" } else { "" }.to_owned();
    let significant = whole.trim_start_matches('0');
    plain.push_str(if significant.is_empty() {
        "0"
    } else {
        significant
    });
    if !part.is_empty() {
        plain.push('.');
        plain.push_str(part);
    }
    if let Some(exponent) = exponent {
        plain.push('e');
        plain.push_str(exponent);
    }
    // Larger ones are none for Go, and would take memory without end.
    if !plain.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(none());
    }
    Value::from_numeric_string(&plain).map_err(|_error| none())
}

fn concat(arguments: &[Value]) -> Outcome {
    let [Value::String(delimiter), list] = arguments else {
        return Err(types());
    };
    let items: Vec<&Value> = match list {
        Value::Array(items) => items.iter().collect(),
        Value::Set(items) => items.iter_sorted().collect(),
        _ => return Err(types()),
    };
    let mut out = String::new();
    for (index, item) in items.into_iter().enumerate() {
        let Value::String(text) = item else {
            return Err(types());
        };
        if index > 0 {
            out.push_str(delimiter);
        }
        out.push_str(text);
        if out.len() > MAX_TEXT {
            return Err(too_long());
        }
    }
    Ok(Value::from(out))
}

fn replace(arguments: &[Value]) -> Outcome {
    let [Value::String(text), Value::String(old), Value::String(new)] = arguments else {
        return Err(types());
    };
    let count = if old.is_empty() {
        text.chars().count() + 1
    } else {
        text.matches(old.as_ref()).count()
    };
    if text.len().saturating_add(count.saturating_mul(new.len())) > MAX_TEXT {
        return Err(too_long());
    }
    Ok(Value::from(text.replace(old.as_ref(), new)))
}

/// The engine's version panics on texts that are not ASCII.
fn parse_ns(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(layout), Value::String(text)] if layout.is_ascii() && text.is_ascii() => {
            super::collections::engines_own("time.parse_ns", arguments)
        }
        [Value::String(_), Value::String(_)] => {
            Err(undefined("the text is no time of this layout"))
        }
        _ => Err(types()),
    }
}

/// What is no text is not valid; the engine has no answer for it.
fn is_valid(name: &str, arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::String(_)] => super::collections::engines_own(name, arguments),
        _ => Ok(Value::from(false)),
    }
}
