//! Evaluates `test_…` rules.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use regorus::Value;

use super::builtins::take_faults;
use super::first_line;
use super::load::Loaded;
use super::syntax::{name_of, package_of};
use crate::policy::bundle::Bundle;
use crate::policy::testing::{TestCase, TestReport};

/// Runs every test rule of a bundle.
pub(in crate::policy) fn run_test_rules(bundle: &Bundle, now: i64) -> TestReport {
    let mut bundle = bundle.clone();
    // Settings are always defined, as in a real run; tests set their own with `with`.
    let own = serde_json::json!({ "config": {} });
    let mut report = TestReport::default();
    if let Err(conflict) = bundle.add_data(&["countersign".to_owned()], own) {
        report.errors.push(conflict.to_string());
    }
    let loaded = Loaded::load(&bundle, now);
    report
        .errors
        .extend(loaded.errors.iter().map(|error| match error.line {
            Some(line) => format!("{}:{line}: {}", error.file, error.message),
            None => format!("{}: {}", error.file, error.message),
        }));
    // Owned, not cloned: `with data… as` would otherwise copy the whole data each time.
    let mut engine = loaded.template;
    let mut tests: BTreeMap<String, (String, u32)> = BTreeMap::new();
    for module in engine.get_modules().clone() {
        let package = package_of(&module);
        for rule in &module.policy {
            let name = name_of(rule);
            if name.starts_with("test_") {
                let file = module.package.span.source.get_path().clone();
                tests
                    .entry(format!("{package}.{name}"))
                    .or_insert((file, rule.span().line));
            }
        }
    }
    for (path, (file, line)) in tests {
        engine.set_input(Value::Undefined);
        drop(take_faults());
        let outcome = catch_unwind(AssertUnwindSafe(|| engine.eval_rule(path.clone())));
        let (_, fatal) = take_faults();
        let problem = match outcome {
            Ok(Ok(_)) if fatal.is_some() => fatal,
            Ok(Ok(Value::Undefined)) => Some("it is not true".to_owned()),
            Ok(Ok(value)) => failed_case(&value),
            Ok(Err(error)) => Some(first_line(&error)),
            Err(_) => Some("the engine failed".to_owned()),
        };
        report.cases.push(TestCase {
            name: path.trim_start_matches("data.").to_owned(),
            file,
            line,
            passed: problem.is_none(),
            problem: problem.unwrap_or_default(),
        });
    }
    report
}

/// What is wrong with the value of a test: it must be true, or an object of cases (`test_x[case]`) that are all true.
fn failed_case(value: &Value) -> Option<String> {
    match value {
        Value::Bool(true) => None,
        Value::Object(cases) if !cases.is_empty() => {
            cases.iter_sorted().find_map(|(name, case)| {
                let problem = failed_case(case)?;
                let name = match name {
                    Value::String(name) => name.to_string(),
                    other => other.to_string(),
                };
                Some(format!("case {name}: {problem}"))
            })
        }
        _ => Some("its value is not true".to_owned()),
    }
}
