//! Functions that the engine must not run as it ships them: wrong, unbounded, or not reproducible.

// Signatures here are the engine's: values come owned, results may fail.
#![allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps)]

use anyhow::anyhow;
use regorus::{Engine, Value};

use super::sprintf::sprintf;

/// Most elements that one call may make.
const MAX_ELEMENTS: i64 = 1_000_000;

/// Longest list that one call may make.
const MAX_ITEMS: usize = 5_000_000;

/// Longest text that one call may make, in bytes.
const MAX_TEXT: usize = 16 << 20;

/// Names of the functions that are replaced or added here.
pub(super) const NAMES: [&str; 12] = [
    "sprintf",
    "strings.count",
    "numbers.range",
    "numbers.range_step",
    "array.concat",
    "concat",
    "replace",
    "time.now_ns",
    "rand.intn",
    "net.cidr_expand",
    "graph.reachable_paths",
    "re_match",
];

/// Puts our versions in front of the engine's. `now` is the one clock of a run, in nanoseconds since 1970.
pub(super) fn install(engine: &mut Engine, now: i64) -> Result<(), String> {
    let add = |result: anyhow::Result<()>| result.map_err(|error| super::first_line(&error));
    add(engine.add_extension("sprintf".to_owned(), 2, Box::new(format)))?;
    add(engine.add_extension("strings.count".to_owned(), 2, Box::new(count)))?;
    add(engine.add_extension("numbers.range".to_owned(), 2, Box::new(range)))?;
    add(engine.add_extension("numbers.range_step".to_owned(), 3, Box::new(range_step)))?;
    add(engine.add_extension("array.concat".to_owned(), 2, Box::new(array_concat)))?;
    add(engine.add_extension("concat".to_owned(), 2, Box::new(concat)))?;
    add(engine.add_extension("replace".to_owned(), 3, Box::new(replace)))?;
    add(engine.add_extension(
        "time.now_ns".to_owned(),
        0,
        Box::new(move |_: Vec<Value>| Ok(Value::from(now))),
    ))?;
    for (name, arguments) in [
        ("rand.intn", 2),
        ("net.cidr_expand", 1),
        ("graph.reachable_paths", 2),
    ] {
        add(engine.add_extension(
            name.to_owned(),
            arguments,
            Box::new(move |_: Vec<Value>| {
                Err(anyhow!("{name} is not available: {}", why_not(name)))
            }),
        ))?;
    }
    add(engine.add_extension("re_match".to_owned(), 2, Box::new(re_match)))?;
    Ok(())
}

fn why_not(name: &str) -> &'static str {
    match name {
        "rand.intn" => "a verdict must come out the same each time",
        _ => "its result can be larger than memory",
    }
}

fn format(arguments: Vec<Value>) -> anyhow::Result<Value> {
    match arguments.as_slice() {
        [Value::String(template), Value::Array(values)] => {
            let values: Vec<Value> = values.iter().cloned().collect();
            Ok(Value::from(sprintf(template, &values)))
        }
        _ => Ok(Value::Undefined),
    }
}

/// Counts without overlaps, as Go does; the engine's version panics on an empty pattern.
fn count(arguments: Vec<Value>) -> anyhow::Result<Value> {
    match arguments.as_slice() {
        [Value::String(text), Value::String(pattern)] => {
            let number = if pattern.is_empty() {
                text.chars().count() + 1
            } else {
                text.matches(pattern.as_ref()).count()
            };
            Ok(Value::from(number))
        }
        _ => Ok(Value::Undefined),
    }
}

fn range(arguments: Vec<Value>) -> anyhow::Result<Value> {
    let [Value::Number(from), Value::Number(to)] = arguments.as_slice() else {
        return Ok(Value::Undefined);
    };
    let (Some(from), Some(to)) = (from.as_i64(), to.as_i64()) else {
        return Ok(Value::Undefined);
    };
    if from.abs_diff(to) > MAX_ELEMENTS.unsigned_abs() {
        return Err(anyhow!(
            "numbers.range would make more than {MAX_ELEMENTS} elements"
        ));
    }
    let items: Vec<Value> = if from <= to {
        (from..=to).map(Value::from).collect()
    } else {
        (to..=from).rev().map(Value::from).collect()
    };
    Ok(Value::from(items))
}

fn range_step(arguments: Vec<Value>) -> anyhow::Result<Value> {
    let [Value::Number(from), Value::Number(to), Value::Number(step)] = arguments.as_slice() else {
        return Ok(Value::Undefined);
    };
    let (Some(from), Some(to), Some(step)) = (from.as_i64(), to.as_i64(), step.as_i64()) else {
        return Ok(Value::Undefined);
    };
    let Some(step) = usize::try_from(step).ok().filter(|step| *step > 0) else {
        return Ok(Value::Undefined);
    };
    if from.abs_diff(to) / (step as u64) > MAX_ELEMENTS.unsigned_abs() {
        return Err(anyhow!(
            "numbers.range_step would make more than {MAX_ELEMENTS} elements"
        ));
    }
    let items: Vec<Value> = if from <= to {
        (from..=to).step_by(step).map(Value::from).collect()
    } else {
        (to..=from).rev().step_by(step).map(Value::from).collect()
    };
    Ok(Value::from(items))
}

fn array_concat(arguments: Vec<Value>) -> anyhow::Result<Value> {
    let [Value::Array(a), Value::Array(b)] = arguments.as_slice() else {
        return Ok(Value::Undefined);
    };
    let items: Vec<Value> = a
        .iter()
        .chain(b.iter())
        .take(MAX_ITEMS + 1)
        .cloned()
        .collect();
    if items.len() > MAX_ITEMS {
        return Err(anyhow!(
            "array.concat would make more than {MAX_ITEMS} elements"
        ));
    }
    Ok(Value::from(items))
}

fn concat(arguments: Vec<Value>) -> anyhow::Result<Value> {
    let (Some(Value::String(delimiter)), Some(list)) = (arguments.first(), arguments.get(1)) else {
        return Ok(Value::Undefined);
    };
    let items: Vec<&Value> = match list {
        Value::Array(items) => items.iter().collect(),
        Value::Set(items) => items.iter_sorted().collect(),
        _ => return Ok(Value::Undefined),
    };
    let mut out = String::new();
    for (index, item) in items.into_iter().enumerate() {
        let Value::String(text) = item else {
            return Ok(Value::Undefined);
        };
        if index > 0 {
            out.push_str(delimiter);
        }
        out.push_str(text);
        if out.len() > MAX_TEXT {
            return Err(anyhow!("concat would make more than {MAX_TEXT} bytes"));
        }
    }
    Ok(Value::from(out))
}

fn replace(arguments: Vec<Value>) -> anyhow::Result<Value> {
    let [Value::String(text), Value::String(old), Value::String(new)] = arguments.as_slice() else {
        return Ok(Value::Undefined);
    };
    let count = if old.is_empty() {
        text.chars().count() + 1
    } else {
        text.matches(old.as_ref()).count()
    };
    if text.len().saturating_add(count.saturating_mul(new.len())) > MAX_TEXT {
        return Err(anyhow!("replace would make more than {MAX_TEXT} bytes"));
    }
    Ok(Value::from(text.replace(old.as_ref(), new)))
}

/// The name that `regex.match` had in v0.
fn re_match(arguments: Vec<Value>) -> anyhow::Result<Value> {
    match arguments.as_slice() {
        [Value::String(pattern), Value::String(text)] => match regex::Regex::new(pattern) {
            Ok(regex) => Ok(Value::from(regex.is_match(text))),
            Err(_) => Ok(Value::Undefined),
        },
        _ => Ok(Value::Undefined),
    }
}
