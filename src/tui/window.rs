//! The small windows that lie over a review, as values.

use jiff::Timestamp;
use ratatui_textarea::TextArea;

use super::filter::Filter;
use super::rich::Rich;
use crate::decision::Decision;

/// What a typed text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    Waive,
    Reject,
    Note,
}

impl Answer {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Waive => "Waive",
            Self::Reject => "Reject",
            Self::Note => "Note",
        }
    }
}

/// A small window over the review.
#[derive(Debug)]
pub(super) enum Window {
    Help {
        top: usize,
    },
    Palette {
        typed: String,
        cursor: usize,
    },
    Filter {
        cursor: usize,
        filter: Filter,
        /// How many findings each row would list together with the other choices.
        counts: Vec<usize>,
    },
    Search {
        typed: String,
    },
    Editor(Box<Editor>),
    Bulk(Bulk),
    Approve(Approve),
}

/// The reason editor.
#[derive(Debug)]
pub(super) struct Editor {
    pub(super) answer: Answer,
    /// The findings that it is about, in the order of the case.
    pub(super) findings: Vec<usize>,
    pub(super) text: TextArea<'static>,
    pub(super) expiry: String,
    pub(super) in_expiry: bool,
    pub(super) problem: Option<String>,
}

/// The last question before a decision on several findings.
#[derive(Clone, Debug)]
pub(super) struct Bulk {
    pub(super) decision: Decision,
    pub(super) findings: Vec<usize>,
    pub(super) typed: String,
    pub(super) top: usize,
    pub(super) problem: Option<String>,
}

/// What the second look at plan, head and base said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recheck {
    Running,
    Unmoved,
    Moved(Vec<String>),
}

/// The approve screen.
#[derive(Clone, Debug)]
pub(super) struct Approve {
    pub(super) recheck: Recheck,
    /// Since when a frame has asked for the words.
    pub(super) asked: Option<Timestamp>,
    pub(super) blockers: Vec<String>,
    pub(super) lines: Vec<Rich>,
    pub(super) top: usize,
    pub(super) typed: String,
    pub(super) problem: Option<String>,
    pub(super) sent: bool,
}

impl Approve {
    /// Whether the words may be typed.
    pub(super) fn is_open(&self) -> bool {
        self.recheck == Recheck::Unmoved && self.blockers.is_empty() && !self.sent
    }
}
