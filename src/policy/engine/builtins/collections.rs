//! Numbers, arrays, sets, objects and graphs.

use std::collections::BTreeSet;

use regorus::Value;
use regorus::unstable::{BUILTINS, Expr, Ref, Source, Span};

use super::{Fault, Function, MAX_ELEMENTS, Outcome, types, undefined};

pub(super) const FUNCTIONS: &[Function] = &[
    ("numbers.range", 2, range),
    ("numbers.range_step", 3, range_step),
    ("array.concat", 2, array_concat),
    ("array.flatten", 1, flatten),
    ("object.subset", 2, subset),
    ("graph.reachable_paths", 2, reachable_paths),
    ("json.patch", 2, json_patch),
    ("internal.member_2", 2, member),
    ("internal.member_3", 3, member_at),
];

/// Longest list that one call may make.
const MAX_ITEMS: usize = 5_000_000;

fn too_many() -> Fault {
    Fault::Fatal(format!("it would make more than {MAX_ELEMENTS} elements"))
}

/// Calls the engine's version of a function that is replaced here.
pub(super) fn engines_own(name: &str, arguments: &[Value]) -> Outcome {
    let fail = |error: anyhow::Error| undefined(&super::super::first_line(&error));
    let source = Source::from_contents(name.to_owned(), String::new()).map_err(fail)?;
    let span = Span {
        source,
        line: 1,
        col: 1,
        start: 0,
        end: 0,
    };
    let parameters: Vec<Ref<Expr>> = arguments
        .iter()
        .map(|_| {
            Ref::new(Expr::Null {
                span: span.clone(),
                value: Value::Null,
                eidx: 0,
            })
        })
        .collect();
    let (run, _) = BUILTINS
        .get(name)
        .ok_or_else(|| undefined("the engine does not have it"))?;
    // Strictly, so that it says why.
    run(&span, &parameters, arguments, true).map_err(fail)
}

/// `value in collection`; what is no collection holds nothing.
fn member(arguments: &[Value]) -> Outcome {
    let [value, collection] = arguments else {
        return Err(types());
    };
    Ok(Value::from(match collection {
        Value::Array(items) => items.contains(value),
        Value::Object(fields) => fields.values().any(|field| field == value),
        Value::Set(items) => items.contains(value),
        _ => false,
    }))
}

/// `key, value in collection`.
fn member_at(arguments: &[Value]) -> Outcome {
    let [key, value, collection] = arguments else {
        return Err(types());
    };
    let keyed = matches!(collection, Value::Array(_) | Value::Object(_));
    Ok(Value::from(keyed && collection[key] == *value))
}

fn whole(value: &Value) -> Result<i64, Fault> {
    match value {
        Value::Number(number) => number.as_i64().ok_or_else(types),
        _ => Err(types()),
    }
}

fn range(arguments: &[Value]) -> Outcome {
    let [from, to] = arguments else {
        return Err(types());
    };
    steps(whole(from)?, whole(to)?, 1)
}

fn range_step(arguments: &[Value]) -> Outcome {
    let [from, to, step] = arguments else {
        return Err(types());
    };
    steps(whole(from)?, whole(to)?, whole(step)?)
}

fn steps(from: i64, to: i64, step: i64) -> Outcome {
    let Some(step) = usize::try_from(step).ok().filter(|step| *step > 0) else {
        return Err(undefined("the step must be a positive number"));
    };
    if from.abs_diff(to) / (step as u64) >= MAX_ELEMENTS {
        return Err(too_many());
    }
    let items: Vec<Value> = if from <= to {
        (from..=to).step_by(step).map(Value::from).collect()
    } else {
        (to..=from).rev().step_by(step).map(Value::from).collect()
    };
    Ok(Value::from(items))
}

fn array_concat(arguments: &[Value]) -> Outcome {
    let [Value::Array(a), Value::Array(b)] = arguments else {
        return Err(types());
    };
    if a.len().saturating_add(b.len()) > MAX_ITEMS {
        return Err(Fault::Fatal(format!(
            "it would make more than {MAX_ITEMS} elements"
        )));
    }
    let items: Vec<Value> = a.iter().chain(b.iter()).cloned().collect();
    Ok(Value::from(items))
}

fn flatten(arguments: &[Value]) -> Outcome {
    let [Value::Array(items)] = arguments else {
        return Err(types());
    };
    let mut out: Vec<Value> = Vec::new();
    for item in items.iter() {
        match item {
            Value::Array(inner) => out.extend(inner.iter().cloned()),
            other => out.push(other.clone()),
        }
        if out.len() > MAX_ITEMS {
            return Err(too_many());
        }
    }
    Ok(Value::from(out))
}

fn subset(arguments: &[Value]) -> Outcome {
    let [whole, part] = arguments else {
        return Err(types());
    };
    let found = match (whole, part) {
        (Value::Object(_), Value::Object(_)) => object_subset(whole, part),
        (Value::Set(whole), Value::Set(part)) => part.iter().all(|item| whole.contains(item)),
        (Value::Array(whole), Value::Array(part)) => {
            let (whole, part): (Vec<&Value>, Vec<&Value>) =
                (whole.iter().collect(), part.iter().collect());
            part.is_empty() || whole.windows(part.len()).any(|window| window == part)
        }
        (Value::Array(whole), Value::Set(part)) => {
            let whole: BTreeSet<&Value> = whole.iter().collect();
            part.iter().all(|item| whole.contains(item))
        }
        _ => return Err(types()),
    };
    Ok(Value::from(found))
}

fn object_subset(whole: &Value, part: &Value) -> bool {
    let (Value::Object(whole), Value::Object(part)) = (whole, part) else {
        return false;
    };
    part.iter().all(|(key, value)| {
        whole.get(key).is_some_and(|known| match (known, value) {
            (Value::Object(_), Value::Object(_)) => object_subset(known, value),
            (Value::Set(a), Value::Set(b)) => b.iter().all(|item| a.contains(item)),
            (Value::Array(_), Value::Array(_)) => {
                matches!(
                    subset(&[known.clone(), value.clone()]),
                    Ok(Value::Bool(true))
                )
            }
            (known, value) => known == value,
        })
    })
}

/// Most nodes of a graph whose paths are listed: there can be more of them than fit into memory.
const MAX_NODES: usize = 12;

fn reachable_paths(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Object(graph), _] if graph.len() > MAX_NODES => Err(Fault::Fatal(format!(
            "the graph has more than {MAX_NODES} nodes"
        ))),
        _ => engines_own("graph.reachable_paths", arguments),
    }
}

/// The engine's version has no operations on the whole document.
fn json_patch(arguments: &[Value]) -> Outcome {
    let [document, Value::Array(operations)] = arguments else {
        return Err(types());
    };
    let is_whole = |path: &Value| match path {
        Value::String(text) => text.is_empty(),
        Value::Array(steps) => steps.is_empty(),
        _ => false,
    };
    if !operations
        .iter()
        .any(|operation| is_whole(&operation["path"]))
    {
        return engines_own("json.patch", arguments);
    }
    let mut document = document.clone();
    for operation in operations.iter() {
        if !is_whole(&operation["path"]) {
            let single = Value::from(vec![operation.clone()]);
            document = engines_own("json.patch", &[document, single])?;
            continue;
        }
        let Value::String(kind) = &operation["op"] else {
            return Err(types());
        };
        let found = match kind.as_ref() {
            "add" | "replace" => operation["value"].clone(),
            "copy" | "move" => at(&document, &operation["from"])?,
            "test" if document == operation["value"] => continue,
            _ => Value::Undefined,
        };
        if found == Value::Undefined {
            return Err(undefined("an operation cannot be done"));
        }
        document = found;
    }
    Ok(document)
}

/// What stands at a path of a document.
fn at(document: &Value, path: &Value) -> Outcome {
    let steps: Vec<Value> = match path {
        Value::Array(steps) => steps.iter().cloned().collect(),
        Value::String(text) => text
            .split('/')
            .skip(1)
            .map(|step| Value::from(step.replace("~1", "/").replace("~0", "~")))
            .collect(),
        _ => return Err(types()),
    };
    let mut found = document.clone();
    for step in steps {
        let index = match (&found, &step) {
            (Value::Array(_), Value::String(digits)) => {
                digits.parse::<u64>().map_or(step.clone(), Value::from)
            }
            _ => step,
        };
        found = found[&index].clone();
    }
    Ok(found)
}
