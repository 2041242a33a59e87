//! Policies: what they are, what they need, and what running them gave.
mod facts;
mod level;
pub use facts::{Need, Policy, PolicyProblem, PolicySummary, Trust};
pub use level::{Certainty, Enforcement, Severity};
mod annotation;
pub mod builtin;
mod bundle;
mod colours;
mod describe;
mod diagnose;
mod dialect;
mod engine;
mod evaluate;
mod input;
mod load;
pub mod own;
mod pattern;
mod result;
mod setting;
mod testing;
mod view;
mod watch;
pub use bundle::{Bundle, DataConflict, Module};
pub use colours::rego_tokens;
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
pub use diagnose::{Diagnosis, Found, diagnose};
pub use result::{Hit, Rule, RuleKind};
pub use setting::{SettingType, WrongValue};
pub use testing::{FileCoverage, TestCase, TestOptions, TestOutcome, TestReport, run_tests};
pub use view::{Values, View};
pub use watch::{Watched, set_watcher};
