//! Evaluates `test_…` rules.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::builtins::take_faults;
use super::first_line;
use super::load::Loaded;
use super::run::said;
use super::syntax::{name_of, package_of};
use crate::policy::dialect::Unit;
use crate::policy::testing::{
    FileCoverage, TestCase, TestOptions, TestOutcome, TestReport, is_measured,
};
use crate::policy::watch::Step;
use crate::text::Printable;

/// Wall clock of one test where nobody says another.
const TIME: Duration = Duration::from_secs(60);

/// Runs the test rules of a unit and adds them to the report.
pub(in crate::policy) fn run_test_rules(
    unit: &Unit,
    options: TestOptions<'_>,
    now: i64,
    report: &mut TestReport,
) {
    let time = options.timeout.unwrap_or(TIME);
    let mut bundle = unit.bundle.clone();
    // Settings are always defined, as in a real run; tests set their own with `with`.
    let own = serde_json::json!({ "config": {} });
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
    if let Some(check_interval) = NonZeroU32::new(16) {
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: time,
            check_interval,
        });
    }
    engine.set_enable_coverage(options.coverage);
    for (path, (file, line)) in tests(&mut engine) {
        let name = path.trim_start_matches("data.");
        if options.run.is_some_and(|pattern| !pattern.is_match(name)) {
            continue;
        }
        let later = name
            .rsplit('.')
            .next()
            .is_some_and(|n| n.starts_with("todo_"));
        let (outcome, problem) = if later {
            (TestOutcome::Skipped, String::new())
        } else {
            let _watched = Step::evaluating(time, || format!("{file}:{line}"));
            run(&mut engine, &path)
        };
        let prints = engine.take_prints().unwrap_or_default();
        report.cases.push(TestCase {
            name: Printable::line(name),
            file: Printable::line(&file),
            line,
            outcome,
            problem: Printable::line(&problem),
            prints: prints.iter().map(|line| Printable::line(line)).collect(),
        });
    }
    if options.coverage {
        coverage(unit, &engine, report);
    }
}

/// The tests by path, each with the file and line of its first definition.
fn tests(engine: &mut Engine) -> BTreeMap<String, (String, u32)> {
    let mut tests = BTreeMap::new();
    for module in engine.get_modules() {
        let package = package_of(module);
        for rule in &module.policy {
            let name = name_of(rule);
            if name.starts_with("test_") || name.starts_with("todo_test_") {
                let file = module.package.span.source.get_path().clone();
                tests
                    .entry(format!("{package}.{name}"))
                    .or_insert((file, rule.span().line));
            }
        }
    }
    tests
}

fn run(engine: &mut Engine, path: &str) -> (TestOutcome, String) {
    engine.set_input(Value::Undefined);
    drop(take_faults());
    let result = catch_unwind(AssertUnwindSafe(|| engine.eval_rule(path.to_owned())));
    let (_, fatal) = take_faults();
    match result {
        // The engine drops an error in one clause of a function when another clause gives a value.
        Ok(Ok(_)) if fatal.is_some() => (TestOutcome::Error, fatal.unwrap_or_default()),
        Ok(Ok(Value::Undefined)) => (TestOutcome::Failed, "it is not true".to_owned()),
        Ok(Ok(value)) => match failed_case(&value) {
            None => (TestOutcome::Passed, String::new()),
            Some(problem) => (TestOutcome::Failed, problem),
        },
        Ok(Err(error)) => (TestOutcome::Error, said(&error)),
        Err(_) => (TestOutcome::Error, "the engine failed".to_owned()),
    }
}

fn coverage(unit: &Unit, engine: &Engine, report: &mut TestReport) {
    match engine.get_coverage_report() {
        Ok(found) => report
            .coverage
            .extend(found.files.into_iter().filter_map(|file| {
                is_measured(unit, &file.path).then(|| FileCoverage {
                    file: Printable::line(&file.path),
                    covered: file.covered,
                    not_covered: file.not_covered,
                })
            })),
        Err(error) => report.errors.push(format!(
            "the coverage cannot be read: {}.",
            first_line(&error)
        )),
    }
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
