//! Joins between what the plan does, what the git change touches and what the configuration says.

mod explain;

pub use explain::{
    Change as ExplainedChange, Explanation, Output as ExplainedOutput, Reason, Sides, Unplanned,
    VariableFile, Verdict, explain,
};
