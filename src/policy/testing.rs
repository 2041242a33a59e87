//! Runs the tests of policies: rules named `test_…` that must be true. Those named `todo_test_…` are counted and not run, as in OPA.

use std::collections::BTreeSet;
use std::time::Duration;

use super::bundle::Bundle;
use super::dialect::{Unit, test_units};
use super::engine::run_test_rules;
use crate::text::Printable;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TestOutcome {
    /// It is true.
    Passed,
    /// It is not true.
    Failed,
    /// It could not be evaluated.
    Error,
    /// It is still to be written.
    Skipped,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCase {
    /// Path of the rule, `data.` left out.
    pub name: Printable,
    /// File of the rule.
    pub file: Printable,
    /// Line of its first definition.
    pub line: u32,
    /// How it ended.
    pub outcome: TestOutcome,
    /// Why it did not pass; empty where it did.
    pub problem: Printable,
    /// What it and the policies printed.
    pub prints: Vec<Printable>,
}

/// Which lines of a policy file the tests reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file.
    pub file: Printable,
    /// Lines with something that was evaluated.
    pub covered: BTreeSet<u32>,
    /// Lines with something that was not.
    pub not_covered: BTreeSet<u32>,
}

impl FileCoverage {
    /// Covered lines in hundredths of a percent; a file without anything to evaluate is covered.
    #[must_use]
    pub fn share(&self) -> u32 {
        share(
            self.covered.len(),
            self.covered.len() + self.not_covered.len(),
        )
    }
}

/// A share in hundredths of a percent, rounded down, so that 100 % means all.
fn share(part: usize, whole: usize) -> u32 {
    if whole == 0 {
        return 10_000;
    }
    u32::try_from(part.saturating_mul(10_000) / whole).unwrap_or(10_000)
}

/// All tests of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestReport {
    /// The tests, by name.
    pub cases: Vec<TestCase>,
    /// What kept policies or tests from loading.
    pub errors: Vec<String>,
    /// What was covered, by file; empty where nobody asked.
    pub coverage: Vec<FileCoverage>,
}

impl TestReport {
    /// How many tests ended in this way.
    #[must_use]
    pub fn count(&self, outcome: TestOutcome) -> usize {
        self.cases.iter().filter(|c| c.outcome == outcome).count()
    }

    /// Covered lines of all files, in hundredths of a percent.
    #[must_use]
    pub fn covered(&self) -> u32 {
        let part = self.coverage.iter().map(|f| f.covered.len()).sum();
        let rest: usize = self.coverage.iter().map(|f| f.not_covered.len()).sum();
        share(part, part + rest)
    }
}

/// What is tested, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestOptions<'a> {
    /// Only tests whose path matches.
    pub run: Option<&'a regex::Regex>,
    /// Whether to find out which lines were reached.
    pub coverage: bool,
    /// Wall clock of one test; a minute where there is none.
    pub timeout: Option<Duration>,
}

/// Runs the tests of a bundle. Policies and tests are loaded together, as OPA does; files that their host evaluates alone are tested
/// alone, each with the tests of its name.
#[must_use]
pub fn run_tests(bundle: &Bundle, options: TestOptions<'_>, now: jiff::Timestamp) -> TestReport {
    let now = i64::try_from(now.as_nanosecond()).unwrap_or(0);
    let mut report = TestReport::default();
    for unit in test_units(bundle) {
        run_test_rules(&unit, options, now, &mut report);
    }
    report
        .cases
        .sort_by(|a, b| (&a.name, &a.file, a.line).cmp(&(&b.name, &b.file, b.line)));
    report.errors.sort();
    report.errors.dedup();
    merge(&mut report.coverage);
    report
}

/// Unites what several units covered of the same file: a line counts when one of them reached it.
fn merge(coverage: &mut Vec<FileCoverage>) {
    coverage.sort_by(|a, b| a.file.cmp(&b.file));
    coverage.dedup_by(|next, first| {
        let same = next.file == first.file;
        if same {
            first.covered.append(&mut next.covered);
            first.not_covered.append(&mut next.not_covered);
        }
        same
    });
    for file in coverage {
        file.not_covered = file
            .not_covered
            .difference(&file.covered)
            .copied()
            .collect();
    }
}

/// Whether a file holds tests, by its path.
pub(super) fn is_test(path: &str) -> bool {
    path.ends_with("_test.rego")
}

/// The files of a unit whose coverage counts: its policies, not its tests, and not what came with this program.
pub(super) fn is_measured(unit: &Unit, path: &str) -> bool {
    !is_test(path) && path.starts_with(&unit.bundle.name) && !path.ends_with("(built in)")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::policy::bundle::Module;
    use std::sync::Arc;

    fn bundle(files: &[(&str, &str)]) -> Bundle {
        Bundle {
            name: "rules".to_owned(),
            modules: files
                .iter()
                .map(|(path, text)| Module {
                    path: (*path).to_owned(),
                    text: Arc::from(*text),
                })
                .collect(),
            ..Bundle::default()
        }
    }

    fn run(files: &[(&str, &str)], options: TestOptions<'_>) -> TestReport {
        run_tests(&bundle(files), options, jiff::Timestamp::UNIX_EPOCH)
    }

    const POLICY: &str = "package acme\n\ndeny contains \"x\" if {\n\tinput.a\n\tprint(\"seen\", input.a)\n}\n\nwarn contains \"y\" if {\n\tinput.b\n\tinput.c\n}\n";
    const TESTS: &str = "package acme_test\n\ntest_found if {\n\tcount(data.acme.deny) == 1 with input as {\"a\": \"\\u001b[31m\"}\n}\n\ntest_wrong if false\n\ntodo_test_later if true\n\ntest_broken if {\n\tx := data.acme.nothing(1)\n}\n";

    #[test]
    fn tests_pass_fail_and_are_put_off() {
        let text = TESTS.split("test_broken").next().unwrap();
        let report = run(
            &[("rules/a.rego", POLICY), ("rules/a_test.rego", text)],
            TestOptions::default(),
        );
        assert_eq!(report.errors, Vec::<String>::new());
        let outcomes: Vec<(&str, u32, TestOutcome)> = report
            .cases
            .iter()
            .map(|c| (c.name.as_str(), c.line, c.outcome))
            .collect();
        assert_eq!(
            outcomes,
            [
                ("acme_test.test_found", 3, TestOutcome::Passed),
                ("acme_test.test_wrong", 7, TestOutcome::Failed),
                ("acme_test.todo_test_later", 9, TestOutcome::Skipped),
            ]
        );
        let prints = &report.cases.first().unwrap().prints;
        assert_eq!(prints.len(), 1);
        assert!(!prints.first().unwrap().as_str().contains('\u{1b}'));
        assert!(report.coverage.is_empty());
    }

    #[test]
    fn what_does_not_load_is_an_error_and_not_a_lack_of_tests() {
        let report = run(
            &[("rules/a.rego", POLICY), ("rules/a_test.rego", TESTS)],
            TestOptions::default(),
        );
        assert!(
            report
                .errors
                .iter()
                .any(|e| e.starts_with("rules/a_test.rego:12:") && e.contains("acme.nothing")),
            "{:?}",
            report.errors
        );
    }

    #[test]
    fn a_pattern_chooses_tests() {
        let only = regex::Regex::new("wrong$").unwrap();
        let report = run(
            &[
                ("rules/a.rego", POLICY),
                (
                    "rules/a_test.rego",
                    TESTS.split("test_broken").next().unwrap(),
                ),
            ],
            TestOptions {
                run: Some(&only),
                ..TestOptions::default()
            },
        );
        assert_eq!(report.cases.len(), 1);
    }

    #[test]
    fn coverage_counts_the_lines_of_policies() {
        let text = TESTS.split("test_broken").next().unwrap();
        let report = run(
            &[("rules/a.rego", POLICY), ("rules/a_test.rego", text)],
            TestOptions {
                coverage: true,
                ..TestOptions::default()
            },
        );
        let [file] = report.coverage.as_slice() else {
            unreachable!("{:?}", report.coverage)
        };
        assert_eq!(file.file.as_str(), "rules/a.rego");
        assert!(file.covered.contains(&4), "{file:?}");
        assert!(file.not_covered.contains(&10), "{file:?}");
        assert!(report.covered() > 2_000 && report.covered() < 10_000);
    }

    #[test]
    fn files_that_stand_alone_are_tested_alone() {
        let policy = |n: u32| {
            format!(
                "package spacelift\n\nlimit := {n}\n\ndeny contains \"x\" if count(created_resources) > limit\n"
            )
        };
        let test = |n: u32| {
            format!(
                "package spacelift\n\ntest_limit if limit == {n}\n\ntest_found if count(deny) == 1 with input as {{\"terraform\": {{\"resource_changes\": [{{\"change\": {{\"actions\": [\"create\"]}}, \"address\": i}} | some i in numbers.range(0, {n})]}}}}\n"
            )
        };
        let (one, two, first, second) = (policy(1), policy(2), test(1), test(2));
        let push = "package spacelift\n\ntrack if input.push.branch == \"main\"\n";
        let push_test = "package spacelift\n\ntest_track if track with input as {\"push\": {\"branch\": \"main\"}}\n";
        let report = run(
            &[
                ("rules/one.rego", &one),
                ("rules/one_test.rego", &first),
                ("rules/two.rego", &two),
                ("rules/two_test.rego", &second),
                ("rules/push.rego", push),
                ("rules/push_test.rego", push_test),
            ],
            TestOptions::default(),
        );
        assert_eq!(report.errors, Vec::<String>::new());
        assert_eq!(report.count(TestOutcome::Passed), 5, "{:?}", report.cases);
        assert_eq!(report.cases.len(), 5);
    }

    #[test]
    fn a_test_that_does_not_end_in_its_time_is_an_error() {
        let text = "package a\n\ntest_long if count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j < 0]) == 0\n";
        let report = run(
            &[("rules/a_test.rego", text)],
            TestOptions {
                timeout: Some(Duration::from_millis(50)),
                ..TestOptions::default()
            },
        );
        assert_eq!(report.cases[0].outcome, TestOutcome::Error);
    }
}
