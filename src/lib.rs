//! countersign.
pub mod approval;
pub mod change;
pub mod cli;
pub mod decision;
pub mod digest;
pub mod finding;
pub mod git;
pub mod load;
pub mod plan;
pub mod policy;
pub mod report;
pub mod review;
pub mod source;
pub mod store;
pub mod text;
pub mod tui;
