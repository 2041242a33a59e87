//! What the list of findings is grouped by, and which findings it shows.

use crate::finding::{Finding, Severity};
use crate::plan::Action;
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

    pub(super) fn name(self, finding: &Finding) -> &str {
        fn or<'a>(text: Option<&'a str>, none: &'a str) -> &'a str {
            text.filter(|t| !t.is_empty()).unwrap_or(none)
        }
        match self {
            Self::Policy => finding.policy.as_str(),
            Self::Severity => finding.severity.word(),
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

/// Findings on which actions are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActionFilter {
    Destroys,
    Replaces,
    Updates,
    Creates,
}

impl ActionFilter {
    pub(super) const ALL: [Self; 4] =
        [Self::Destroys, Self::Replaces, Self::Updates, Self::Creates];

    /// The word in the title of the list.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Destroys => "destroys",
            Self::Replaces => "replaces",
            Self::Updates => "updates",
            Self::Creates => "creates",
        }
    }

    /// The words in the menu.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Destroys => "destroy or replace",
            Self::Replaces => "replace",
            Self::Updates => "update",
            Self::Creates => "create",
        }
    }

    fn covers(self, finding: &Finding) -> bool {
        let action = || Action::from_words(&finding.actions);
        match self {
            Self::Destroys => finding.is_destructive(),
            Self::Replaces => action().is_replace(),
            Self::Updates => action() == Action::Update,
            Self::Creates => action() == Action::Create,
        }
    }
}

/// Which findings are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) status: StatusFilter,
    pub(super) severity: Option<Severity>,
    pub(super) action: Option<ActionFilter>,
    pub(super) unexplained: bool,
    pub(super) text: String,
}

impl Filter {
    pub(super) fn none() -> Self {
        Self {
            status: StatusFilter::All,
            severity: None,
            action: None,
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
        if let Some(action) = self.action {
            out.push(action.word().to_owned());
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

    /// The text as [`lets_through`](Self::lets_through) looks for it.
    pub(super) fn wanted(&self) -> String {
        self.text.to_lowercase()
    }

    /// Whether a finding in a state is listed.
    pub(super) fn lets_through(&self, finding: &Finding, status: Status, wanted: &str) -> bool {
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
            && self.action.is_none_or(|action| action.covers(finding))
            && (!self.unexplained || finding.explained == Some(false))
            && (wanted.is_empty() || holds_text(finding, wanted))
    }
}

fn holds_text(finding: &Finding, wanted: &str) -> bool {
    let texts = [
        Some(&finding.policy),
        Some(&finding.message),
        finding.address.as_ref(),
        finding.deposed.as_ref(),
        finding.subject.as_ref(),
    ];
    texts
        .into_iter()
        .flatten()
        .any(|text| holds(text.as_str(), wanted))
}

/// Whether a text holds another one that is in small letters, whatever the letters of the first are.
fn holds(text: &str, wanted: &str) -> bool {
    if text.is_ascii() {
        // Most texts are, and there are tens of thousands of them.
        return text
            .as_bytes()
            .windows(wanted.len())
            .any(|part| part.eq_ignore_ascii_case(wanted.as_bytes()));
    }
    text.to_lowercase().contains(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_whatever_its_letters_are() {
        for (text, wanted, found) in [
            ("module.net.aws_vpc.Main", "vpc.main", true),
            ("GRÖSSE", "größe", false),
            ("Größe", "größe", true),
            ("", "a", false),
            ("ab", "abc", false),
        ] {
            assert_eq!(holds(text, wanted), found, "{text} {wanted}");
        }
    }
}
