//! `policy test`: the tests of policies, reported in OPA's shape.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::super::approvals::write;
use super::super::args::{TestArgs, TestFormat};
use super::super::{World, output};
use super::{directories, junit, write_json};
use crate::load::{self, LoadError};
use crate::policy::{FileCoverage, TestOptions, TestOutcome, TestReport, run_tests};
use crate::review::Exit;
use crate::text::Printable;

/// Runs `policy test`.
pub(super) fn run(args: &TestArgs, world: &World) -> Result<Exit, LoadError> {
    let pattern = args
        .run
        .as_deref()
        .map(regex::Regex::new)
        .transpose()
        .map_err(|error| {
            let text = error.to_string();
            let what = text.lines().last().unwrap_or_default();
            LoadError::usage(
                &format!("--run is no regular expression: {what}."),
                "For example: --run 'acme\\.test_'",
            )
        })?;
    let timeout = match args.timeout {
        Some(timeout) => timeout,
        None => Duration::from_secs(load::local_config(&world.directory)?.timeout_seconds),
    };
    let options = TestOptions {
        run: pattern.as_ref(),
        coverage: args.coverage,
        timeout: Some(timeout),
    };
    let mut report = TestReport::default();
    for directory in directories(args.dir.as_ref(), world)? {
        let found = run_tests(&load::test_bundle(&directory)?, options, world.now);
        report.cases.extend(found.cases);
        report.errors.extend(found.errors);
        report.coverage.extend(found.coverage);
    }
    for line in report.cases.iter().flat_map(|case| &case.prints) {
        output::say(&format!("print: {line}"));
    }
    match args.format {
        TestFormat::Human => write(Printable::lines(&human(&report, args)).as_str())?,
        TestFormat::Json => write_json(&machine(&report, args))?,
        TestFormat::Junit => write(&junit::render(&report)?)?,
    }
    for error in &report.errors {
        output::say(&format!("error: {error}"));
    }
    if report.cases.is_empty() {
        output::say(match &args.run {
            Some(_) => "error: no test matches --run.",
            None => "error: there is no test (a rule named test_…).",
        });
    }
    let enough = args.threshold.is_none_or(|least| report.covered() >= least);
    if let (false, Some(least)) = (enough, args.threshold) {
        output::say(&format!(
            "error: {} of the lines are covered, and {} are asked for.",
            percent(report.covered()),
            percent(least)
        ));
    }
    let failed = report.count(TestOutcome::Failed) + report.count(TestOutcome::Error);
    Ok(if !report.errors.is_empty() || report.cases.is_empty() {
        Exit::Policy
    } else if failed > 0 || !enough {
        Exit::Blocked
    } else {
        Exit::Pass
    })
}

/// Hundredths of a percent, for people.
fn percent(share: u32) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
}

fn word(outcome: TestOutcome) -> &'static str {
    match outcome {
        TestOutcome::Passed => "PASS",
        TestOutcome::Failed => "FAIL",
        TestOutcome::Error => "ERROR",
        TestOutcome::Skipped => "SKIPPED",
    }
}

fn human(report: &TestReport, args: &TestArgs) -> String {
    let mut text = String::new();
    for case in &report.cases {
        if case.outcome == TestOutcome::Passed && !args.verbose {
            continue;
        }
        text.push_str(&format!(
            "data.{}: {} ({}:{})",
            case.name,
            word(case.outcome),
            case.file,
            case.line
        ));
        if !case.problem.is_empty() {
            text.push_str(&format!(": {}", case.problem));
        }
        text.push('\n');
    }
    if !text.is_empty() {
        text.push_str(&"-".repeat(80));
        text.push('\n');
    }
    let all = report.cases.len();
    for outcome in [
        TestOutcome::Passed,
        TestOutcome::Failed,
        TestOutcome::Error,
        TestOutcome::Skipped,
    ] {
        let count = report.count(outcome);
        if count > 0 || outcome == TestOutcome::Passed {
            text.push_str(&format!("{}: {count}/{all}\n", word(outcome)));
        }
    }
    if args.coverage {
        text.push('\n');
        for file in &report.coverage {
            text.push_str(&covered(file));
        }
        text.push_str(&format!("coverage: {}\n", percent(report.covered())));
    }
    text
}

fn covered(file: &FileCoverage) -> String {
    let part = file.covered.len();
    let all = part + file.not_covered.len();
    let mut text = format!(
        "{} {} ({part}/{all} lines)",
        file.file,
        percent(file.share())
    );
    if !file.not_covered.is_empty() {
        let lines: Vec<u32> = file.not_covered.iter().copied().collect();
        text.push_str(&format!(", not covered: {}", ranges(&lines)));
    }
    text.push('\n');
    text
}

/// `3, 5-7`.
fn ranges(lines: &[u32]) -> String {
    let mut out: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match out.last_mut() {
            Some((_, end)) if *end + 1 == *line => *end = *line,
            _ => out.push((*line, *line)),
        }
    }
    let words: Vec<String> = out
        .iter()
        .map(|(start, end)| {
            if start == end {
                start.to_string()
            } else {
                format!("{start}-{end}")
            }
        })
        .collect();
    words.join(", ")
}

fn machine(report: &TestReport, args: &TestArgs) -> Json {
    let cases: Vec<Json> = report
        .cases
        .iter()
        .map(|case| {
            json!({
                "name": case.name,
                "file": case.file,
                "line": case.line,
                "outcome": case.outcome,
                "problem": case.problem,
                "prints": case.prints,
            })
        })
        .collect();
    let errors: Vec<Printable> = report.errors.iter().map(|e| Printable::line(e)).collect();
    let coverage = args.coverage.then(|| {
        let files: Vec<Json> = report
            .coverage
            .iter()
            .map(|file| {
                json!({
                    "file": file.file,
                    "percent": f64::from(file.share()) / 100.0,
                    "covered": file.covered,
                    "not_covered": file.not_covered,
                })
            })
            .collect();
        json!({"percent": f64::from(report.covered()) / 100.0, "files": files})
    });
    json!({
        "schema": "countersign.policy-test/v1",
        "summary": {
            "tests": report.cases.len(),
            "passed": report.count(TestOutcome::Passed),
            "failed": report.count(TestOutcome::Failed),
            "errors": report.count(TestOutcome::Error),
            "skipped": report.count(TestOutcome::Skipped),
        },
        "cases": cases,
        "errors": errors,
        "coverage": coverage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_as_ranges() {
        assert_eq!(ranges(&[1, 3, 4, 5, 9]), "1, 3-5, 9");
        assert_eq!(ranges(&[]), "");
        assert_eq!(percent(8_333), "83.33%");
        assert_eq!(percent(10_000), "100.00%");
    }
}
