//! What Rego v0 had as functions: casts, `any`, `all`, operators by name.

use std::collections::BTreeSet;

use regorus::Value;

use super::{Function, Outcome, types, undefined};

pub(super) const FUNCTIONS: &[Function] = &[
    ("any", 1, any),
    ("all", 1, all),
    ("cast_array", 1, cast_array),
    ("cast_set", 1, cast_set),
    ("cast_string", 1, |a| {
        cast(a, |v| matches!(v, Value::String(_)))
    }),
    ("cast_boolean", 1, |a| {
        cast(a, |v| matches!(v, Value::Bool(_)))
    }),
    ("cast_null", 1, |a| cast(a, |v| matches!(v, Value::Null))),
    ("cast_object", 1, |a| {
        cast(a, |v| matches!(v, Value::Object(_)))
    }),
    ("set_diff", 2, set_difference),
    ("plus", 2, |a| arithmetic(a, Operator::Plus)),
    ("minus", 2, minus),
    ("mul", 2, |a| arithmetic(a, Operator::Times)),
    ("div", 2, |a| arithmetic(a, Operator::Divide)),
    ("rem", 2, |a| arithmetic(a, Operator::Remainder)),
    ("and", 2, |a| sets(a, |x, y| x & y)),
    ("or", 2, |a| sets(a, |x, y| x | y)),
    ("eq", 2, |a| compare(a, |x, y| x == y)),
    ("equal", 2, |a| compare(a, |x, y| x == y)),
    ("neq", 2, |a| compare(a, |x, y| x != y)),
    ("lt", 2, |a| compare(a, |x, y| x < y)),
    ("lte", 2, |a| compare(a, |x, y| x <= y)),
    ("gt", 2, |a| compare(a, |x, y| x > y)),
    ("gte", 2, |a| compare(a, |x, y| x >= y)),
];

fn items(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Array(items) => Some(items.iter().collect()),
        Value::Set(items) => Some(items.iter_sorted().collect()),
        _ => None,
    }
}

fn list(arguments: &[Value]) -> Result<Vec<&Value>, super::Fault> {
    match arguments {
        [value] => items(value).ok_or_else(types),
        _ => Err(types()),
    }
}

fn any(arguments: &[Value]) -> Outcome {
    let found = list(arguments)?
        .iter()
        .any(|item| matches!(item, Value::Bool(true)));
    Ok(Value::from(found))
}

fn all(arguments: &[Value]) -> Outcome {
    let found = list(arguments)?
        .iter()
        .all(|item| matches!(item, Value::Bool(true)));
    Ok(Value::from(found))
}

fn cast_array(arguments: &[Value]) -> Outcome {
    let items: Vec<Value> = list(arguments)?.into_iter().cloned().collect();
    Ok(Value::from(items))
}

fn cast_set(arguments: &[Value]) -> Outcome {
    let items: BTreeSet<Value> = list(arguments)?.into_iter().cloned().collect();
    Ok(Value::from(items))
}

fn cast(arguments: &[Value], is: fn(&Value) -> bool) -> Outcome {
    match arguments {
        [value] if is(value) => Ok(value.clone()),
        _ => Err(types()),
    }
}

fn sets(
    arguments: &[Value],
    combine: fn(&BTreeSet<Value>, &BTreeSet<Value>) -> BTreeSet<Value>,
) -> Outcome {
    let [Value::Set(one), Value::Set(two)] = arguments else {
        return Err(types());
    };
    let one: BTreeSet<Value> = one.iter().cloned().collect();
    let two: BTreeSet<Value> = two.iter().cloned().collect();
    Ok(Value::from(combine(&one, &two)))
}

fn set_difference(arguments: &[Value]) -> Outcome {
    sets(arguments, |x, y| x - y)
}

#[derive(Clone, Copy)]
enum Operator {
    Plus,
    Minus,
    Times,
    Divide,
    Remainder,
}

fn arithmetic(arguments: &[Value], operator: Operator) -> Outcome {
    let [Value::Number(one), Value::Number(two)] = arguments else {
        return Err(types());
    };
    if two.as_f64() == Some(0.0) && matches!(operator, Operator::Divide | Operator::Remainder) {
        return Err(undefined("a division by zero"));
    }
    let result = match operator {
        Operator::Plus => one.add(two),
        Operator::Minus => one.sub(two),
        Operator::Times => one.mul(two),
        Operator::Divide => one.clone().divide(two),
        Operator::Remainder => one.clone().modulo(two),
    };
    result
        .map(Value::from)
        .map_err(|error| undefined(&super::super::first_line(&error)))
}

fn minus(arguments: &[Value]) -> Outcome {
    match arguments {
        [Value::Set(_), Value::Set(_)] => set_difference(arguments),
        _ => arithmetic(arguments, Operator::Minus),
    }
}

fn compare(arguments: &[Value], is: fn(&Value, &Value) -> bool) -> Outcome {
    match arguments {
        [one, two] => Ok(Value::from(is(one, two))),
        _ => Err(types()),
    }
}
