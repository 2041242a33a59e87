//! Writes what was decided, for people and for programs.
//!
//! Place in the flow: `review::verdict` decides, this module words it; the command line layer writes the text out. Phases of one
//! [`render`]: `wording` says what every format says (notices, answers, numbers), then the format's own module lays it out.
//!
//! Invariants: no renderer decides anything, each state and the status come from the [`Verdict`]; no finding is dropped; every
//! string is [`Printable`] or passes the case's redactor on its way out; the same context always gives the same bytes.

pub mod diff;
mod github;
mod gitlab;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
pub mod merge;
mod phrases;
mod place;
mod sarif;
pub mod schema;
mod wording;

pub use wording::{ends_soon, says_nothing};

use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;

use crate::digest::Digest;
use crate::finding::Finding;
use crate::review::{Exit, FindingState, ReviewCase, Status, Verdict};
use crate::text::Printable;

/// The shape in which a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Text for a terminal or a CI log.
    Human,
    /// The schema `countersign.report/v1`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML.
    Junit,
    /// Annotations for GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// Markdown for a comment or a job's summary.
    Markdown,
    /// One HTML page.
    Html,
}

impl Format {
    /// All formats, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Human,
        Self::Json,
        Self::Sarif,
        Self::Junit,
        Self::Github,
        Self::Gitlab,
        Self::Markdown,
        Self::Html,
    ];

    /// The word used on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }
}

/// Why a format cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The word names no format.
    #[error(
        "there is no report format {found:?}; use one of: {}.",
        known_formats()
    )]
    Unknown {
        /// The word, made printable.
        found: String,
    },
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(word: &str) -> Result<Self, FormatError> {
        let known = Self::ALL.into_iter().find(|format| format.word() == word);
        known.ok_or_else(|| FormatError::Unknown {
            found: Printable::line(word).into_string(),
        })
    }
}

fn known_formats() -> String {
    Format::ALL.map(Format::word).join(", ")
}

/// An approval record that was looked at, with what it is worth here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApprovalLine {
    /// Digest of the record.
    pub digest: Digest,
    /// Who approved.
    pub reviewer: Printable,
    /// When.
    pub created: Timestamp,
    /// Until when it counts.
    pub expires: Timestamp,
    /// Whether a good signature stands behind the reviewer's name.
    pub signed: bool,
    /// The key that made a good signature, also where nobody vouches for it.
    pub key: Option<Printable>,
    /// Whether it covers this plan and commit.
    pub valid: bool,
    /// Why it does not, where it does not.
    pub reason: Option<Printable>,
    /// Why it sets aside who must approve, where it does; then it is no approval.
    pub break_glass: Option<Printable>,
}

impl ApprovalLine {
    /// What it is worth: `valid`, `void`, or `break-glass` for what counts and is no approval.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (self.valid, &self.break_glass) {
            (true, None) => "valid",
            (true, Some(_)) => "break-glass",
            (false, _) => "void",
        }
    }

    /// Why it does not count or sets aside who must approve, as the end of a sentence.
    #[must_use]
    pub fn why(&self) -> String {
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}"));
        let glass = self.break_glass.as_ref();
        let glass = glass.map(|why| format!(", break-glass, not an approval: {why}"));
        format!(
            "{}{}",
            glass.unwrap_or_default(),
            reason.unwrap_or_default()
        )
    }

    /// Whether and with which key it is signed, in words.
    #[must_use]
    pub fn signature(&self) -> String {
        match (&self.key, self.signed) {
            (Some(key), true) => format!("signed with {key}"),
            (None, true) => "signed".to_owned(),
            (Some(key), false) => format!("not signed by a known key ({key})"),
            (None, false) => "not signed".to_owned(),
        }
    }
}

/// Everything that a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What was reviewed.
    pub case: &'a ReviewCase,
    /// What follows from it.
    pub verdict: &'a Verdict,
    /// Approval records that were looked at, in the order to be shown.
    pub approvals: &'a [ApprovalLine],
    /// Version of this program.
    pub tool_version: &'a str,
    /// Whether the human format may use colours.
    pub colour: bool,
    /// Columns of the human format.
    pub width: usize,
    /// Bytes that the Markdown format may take.
    pub max_bytes: usize,
    /// The status that the program ends with, which `--exit-zero` may have changed.
    pub exit: Exit,
    /// What stands in place of plans where the report is made of other reports.
    pub merged: Option<&'a merge::Summary>,
}

/// Bytes of Markdown where nobody says otherwise: what a comment on GitHub may hold.
pub const MAX_BYTES: usize = 65_536;

/// What stands for the state of a finding that a verdict says nothing about: it is open and blocks.
static UNDECIDED: FindingState = FindingState {
    status: Status::Open,
    blocks: true,
    recorded: None,
    waiver: None,
    waiver_days: None,
    compared: None,
};

impl<'a> Context<'a> {
    /// The findings with their states, in the case's order; a state that is missing never hides its finding.
    fn findings(&self) -> impl Iterator<Item = (&'a Finding, &'a FindingState)> + use<'a> {
        let states = &self.verdict.states;
        let findings = self.case.findings.iter().enumerate();
        findings.map(|(index, finding)| (finding, states.get(index).unwrap_or(&UNDECIDED)))
    }

    /// Paths of the plans.
    fn paths(&self) -> Vec<&'a str> {
        match self.merged {
            Some(merged) => merged.plans.iter().map(|plan| plan.path.as_str()).collect(),
            None => self.case.plans.iter().map(|p| p.path.as_str()).collect(),
        }
    }

    /// Whether there are several plans, so that each finding must name its own.
    fn has_many(&self) -> bool {
        let plans = self.merged.map(|merged| merged.plans.len());
        plans.unwrap_or(self.case.plans.len()) > 1
    }

    /// Rows of resource changes, over all plans.
    fn changes(&self) -> usize {
        match self.merged {
            Some(merged) => merged.plans.iter().map(|plan| plan.changes).sum(),
            None => self.case.plans.iter().map(|p| p.plan.changes.len()).sum(),
        }
    }

    /// Whether planning failed for one of the plans.
    fn errored(&self) -> bool {
        match self.merged {
            Some(merged) => merged.plans.iter().any(|plan| plan.errored),
            None => self.case.errored(),
        }
    }
}

/// What stands in front of a policy that ran when the program was ended, in the causes of a [`Failure`].
pub const RUNNING: &str = "running: policy ";

/// Why there is no case to report on: bad input, a wrong command line, a configuration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The status that the program ends with.
    pub exit: Exit,
    /// What failed.
    pub heading: String,
    /// Why, from the outside in; never text of a plan.
    pub causes: Vec<String>,
    /// What to do now.
    pub hint: Option<String>,
}

/// Writes the report of a case; the text ends with a line break.
#[must_use]
pub fn render(format: Format, context: &Context<'_>) -> String {
    match format {
        Format::Human => human::report(context),
        Format::Json => json::report(context),
        Format::Sarif => sarif::report(context),
        Format::Junit => junit::report(context),
        Format::Github => github::report(context),
        Format::Gitlab => gitlab::report(context),
        Format::Markdown => markdown::report(context),
        Format::Html => html::report(context),
    }
}

/// Writes the report of a run that failed before there was a case, in the same schema as any other.
#[must_use]
pub fn render_failure(format: Format, failure: &Failure, tool_version: &str) -> String {
    match format {
        Format::Human => human::failure(failure),
        Format::Json => json::failure(failure, tool_version),
        Format::Sarif => sarif::failure(failure, tool_version),
        Format::Junit => junit::failure(failure),
        Format::Github => github::failure(failure),
        Format::Gitlab => gitlab::failure(failure),
        Format::Markdown => markdown::failure(failure),
        Format::Html => html::failure(failure),
    }
}

/// Mark-up in which CI systems read no command, with the same meaning: `::name::` at the start of a line, `##[name]` and `##name[`
/// anywhere. Markup itself holds neither.
fn inert_markup(markup: &str) -> String {
    let markup = markup.replace("##", "&#35;#");
    let mut out = String::with_capacity(markup.len());
    for line in markup.split_inclusive('\n') {
        match line.trim_start().strip_prefix("::") {
            Some(rest) => {
                out.push_str("&#58;:");
                out.push_str(rest);
            }
            None => out.push_str(line),
        }
    }
    out
}

#[cfg(test)]
mod tests;
