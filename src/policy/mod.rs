//! Policies: what they are, what they need, and what running them gave.
mod facts;
mod level;
pub use facts::{Need, Policy, PolicyProblem, PolicySummary, Trust};
pub use level::{Certainty, Enforcement, Severity};
mod annotation;
pub mod builtin;
mod bundle;
mod describe;
mod dialect;
mod engine;
mod evaluate;
mod input;
mod load;
mod result;
mod testing;
pub use bundle::{Bundle, DataConflict, Module};
pub use dialect::{Dialect, Entries};
pub use evaluate::{Availability, Results, RuleRun, Skipped, Why};
pub use input::Subject;
pub use load::{Policies, Settings};
/// Reads one YAML document.
///
/// # Errors
/// With the reader's words.
pub fn read_yaml(text: &str) -> Result<serde_json::Value, String> {
    engine::yaml::read(text)
}
pub use result::{Hit, Rule, RuleKind};
pub use testing::{TestCase, TestReport, run_tests};
