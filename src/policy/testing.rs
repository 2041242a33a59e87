//! Runs the tests of policies: rules named `test_…` that must be true.

use super::bundle::Bundle;
use super::engine::run_test_rules;

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCase {
    /// Path of the rule, `data.` left out.
    pub name: String,
    /// File of the rule.
    pub file: String,
    /// Line of its first definition.
    pub line: u32,
    /// Whether it is true.
    pub passed: bool,
    /// Why not.
    pub problem: String,
}

/// All tests of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestReport {
    /// The tests, by name.
    pub cases: Vec<TestCase>,
    /// What kept policies or tests from loading.
    pub errors: Vec<String>,
}

/// Runs every test of a bundle; policies and tests are loaded together, as OPA does.
#[must_use]
pub fn run_tests(bundle: &Bundle, now: jiff::Timestamp) -> TestReport {
    let now = i64::try_from(now.as_nanosecond()).unwrap_or(0);
    run_test_rules(bundle, now)
}
