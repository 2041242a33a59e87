//! Policies: what they are, what they need, and what running them gave.
mod facts;
mod level;
pub use facts::{Need, Policy, PolicyProblem, PolicySummary, Trust};
pub use level::{Certainty, Enforcement, Severity};
mod annotation;
pub mod builtin;
mod bundle;
mod describe;
mod engine;
mod evaluate;
mod input;
pub mod own;
mod result;
mod testing;
pub use bundle::{Bundle, DataConflict, Module};
pub use evaluate::{Availability, Policies, Results, Settings, Skipped};
pub use input::Subject;
/// Reads one YAML document.
///
/// # Errors
/// With the reader's words.
pub fn read_yaml(text: &str) -> Result<serde_json::Value, String> {
    engine::yaml::read(text)
}
pub use result::{Hit, Rule, RuleKind};
pub use testing::{TestCase, TestReport, run_tests};
