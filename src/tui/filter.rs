//! What the list of findings is grouped by, and which findings it shows.

use crate::finding::{Finding, Severity};
use crate::review::Status;
use crate::text::Printable;

/// What findings are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    Policy,
    Severity,
    Module,
    Resource,
    File,
}

impl Grouping {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Policy => Self::Severity,
            Self::Severity => Self::Module,
            Self::Module => Self::Resource,
            Self::Resource => Self::File,
            Self::File => Self::Policy,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Severity => "severity",
            Self::Module => "module",
            Self::Resource => "resource",
            Self::File => "file",
        }
    }

    pub(super) fn name(self, finding: &Finding) -> String {
        let or = |text: Option<&str>, none: &str| {
            text.filter(|t| !t.is_empty()).unwrap_or(none).to_owned()
        };
        match self {
            Self::Policy => finding.policy.to_string(),
            Self::Severity => finding.severity.word().to_owned(),
            Self::Module => or(Some(finding.module.as_str()), "root module"),
            Self::Resource => or(
                finding.address.as_ref().map(Printable::as_str),
                "no resource",
            ),
            Self::File => or(
                finding.location.as_ref().map(|l| l.file.as_str()),
                "no file",
            ),
        }
    }
}

/// Which states are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatusFilter {
    All,
    Undecided,
    Decided,
    Rejected,
    Carried,
    Stale,
}

/// Which findings are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) status: StatusFilter,
    pub(super) severity: Option<Severity>,
    pub(super) destructive: bool,
    pub(super) unexplained: bool,
    pub(super) text: String,
}

impl Filter {
    pub(super) fn none() -> Self {
        Self {
            status: StatusFilter::All,
            severity: None,
            destructive: false,
            unexplained: false,
            text: String::new(),
        }
    }

    /// The filter in words.
    pub(super) fn words(&self) -> String {
        let mut out = Vec::new();
        match self.status {
            StatusFilter::All => {}
            StatusFilter::Undecided => out.push("undecided".to_owned()),
            StatusFilter::Decided => out.push("decided".to_owned()),
            StatusFilter::Rejected => out.push("rejected".to_owned()),
            StatusFilter::Carried => out.push("carried".to_owned()),
            StatusFilter::Stale => out.push("stale".to_owned()),
        }
        if let Some(severity) = self.severity {
            out.push(severity.word().to_owned());
        }
        if self.destructive {
            out.push("destroys".to_owned());
        }
        if self.unexplained {
            out.push("unexplained".to_owned());
        }
        if !self.text.is_empty() {
            out.push(format!("/{}", self.text));
        }
        if out.is_empty() {
            "none".to_owned()
        } else {
            out.join(" ")
        }
    }

    /// Whether a finding in a state is listed.
    pub(super) fn lets_through(&self, finding: &Finding, status: Status) -> bool {
        let by_status = match self.status {
            StatusFilter::All => true,
            StatusFilter::Undecided => status.is_undecided(),
            StatusFilter::Decided => !status.is_undecided() && status != Status::NotApplicable,
            StatusFilter::Rejected => status == Status::Rejected,
            StatusFilter::Carried => status == Status::Carried,
            StatusFilter::Stale => status == Status::Stale,
        };
        by_status
            && self
                .severity
                .is_none_or(|severity| finding.severity == severity)
            && (!self.destructive || finding.is_destructive())
            && (!self.unexplained || finding.explained == Some(false))
            && self.matches_text(finding)
    }

    fn matches_text(&self, finding: &Finding) -> bool {
        if self.text.is_empty() {
            return true;
        }
        let wanted = self.text.to_lowercase();
        let holds = |text: &str| text.to_lowercase().contains(&wanted);
        holds(finding.policy.as_str())
            || holds(finding.message.as_str())
            || holds(&finding.label())
            || finding.subject.as_ref().is_some_and(|s| holds(s.as_str()))
    }
}
