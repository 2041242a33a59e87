//! What goes into the model and what comes out of it.

use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use crate::decision::{Entry, Journal};
use crate::review::{Exit, ReviewCase};
use crate::text::Printable;

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed, repeated or released.
    Key(KeyEvent),
    /// The mouse did something, where the reviewer listens to it.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has a new size.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// Time went by.
    Tick,
    /// The frame that shows the present model is on the screen.
    Drawn,
    /// The panes of the present model were printed whole, one line after the other.
    Printed,
    /// Loading came further.
    Progress {
        /// What is being done, such as `evaluate`.
        stage: String,
        /// How much of it.
        done: usize,
        /// Of how much, where that is known.
        total: Option<usize>,
    },
    /// The case is complete.
    Loaded(Box<Loaded>),
    /// There will be no case.
    Failed(Failure),
    /// Plan, head and base were looked at again: unmoved, or what moved, one sentence each.
    Rechecked(Result<(), Vec<String>>),
    /// An entry was written to the draft: its number, or why it was not.
    Persisted(Result<u64, PersistFailure>),
    /// The approval was written: where, or why it was not.
    Approved(Result<String, String>),
    /// The external editor was closed: the new text, or nothing when it was left unchanged or failed.
    EditorClosed(Option<String>),
}

/// A case ready for review.
#[derive(Debug)]
pub struct Loaded {
    /// The facts.
    pub case: ReviewCase,
    /// Earlier answers from the draft; empty at first.
    pub journal: Journal,
    /// Whether the journal comes from an earlier session.
    pub resumed: bool,
    /// One line on the draft, such as where it is kept.
    pub draft_note: String,
    /// The key that approving signs with, where one is known.
    pub signs_with: Option<Printable>,
    /// Where approving writes the record.
    pub writes_to: Option<Printable>,
    /// Why who must approve is set aside, where that is what is being done.
    pub break_glass: Option<Printable>,
}

/// Why there is no case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What failed.
    pub heading: Printable,
    /// Why, outermost cause first.
    pub causes: Vec<Printable>,
    /// What to do now.
    pub hint: Option<Printable>,
    /// What was not checked because of it.
    pub not_checked: Vec<Printable>,
    /// Exit status.
    pub exit: Exit,
}

impl Failure {
    /// Loading ended without an answer: it failed in a way that it could not tell.
    #[must_use]
    pub fn abandoned() -> Self {
        Self {
            heading: Printable::line("This program failed while it was loading."),
            causes: Vec::new(),
            hint: Some(Printable::line(
                "Please report it, with what countersign --check says of the same plan.",
            )),
            not_checked: vec![Printable::line("everything")],
            exit: Exit::Policy,
        }
    }
}

/// Why an entry is not in the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersistFailure {
    /// Number of the entry.
    pub number: u64,
    /// What happened.
    pub reason: Printable,
}

/// Something that the model asks for.
///
/// [`run`](super::run()) itself serves `FlushInput`, `Repaint`, `Copy`, `Suspend` and `Quit`; the rest goes to the
/// runner, `Approve`, `OpenEditor` and `EditText` with the screen given back to the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write an entry to the draft; answer with [`Msg::Persisted`].
    Persist(Entry),
    /// Look at plan, head and base again; answer with [`Msg::Rechecked`].
    Recheck,
    /// Sign and write the approval; all that is needed is in [`Model::journal`](super::Model::journal). Answer with [`Msg::Approved`].
    Approve,
    /// Open a source file in the editor.
    OpenEditor {
        /// Path in the repository, as the source index names it.
        file: String,
        /// Line, counted from 1.
        line: u32,
    },
    /// Edit a text in the editor; answer with [`Msg::EditorClosed`].
    EditText {
        /// The text to begin with.
        initial: String,
    },
    /// Put a text on the clipboard.
    Copy(String),
    /// Throw away keys that were typed but not read yet.
    FlushInput,
    /// Draw every cell anew.
    Repaint,
    /// Give the terminal back until the shell continues the program.
    Suspend,
    /// End the review.
    Quit(Outcome),
}

/// How a review ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The approval was written.
    Approved,
    /// At least one finding stands rejected.
    Rejected,
    /// Left before the end; the draft is kept.
    Undecided,
    /// Left while loading, or by a signal.
    Cancelled,
    /// The case cannot be reviewed.
    Failed(Exit),
}

impl Outcome {
    /// The exit status that belongs to it.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Self::Approved => Exit::Pass,
            Self::Rejected => Exit::Blocked,
            Self::Undecided | Self::Cancelled => Exit::Unapproved,
            Self::Failed(exit) => exit,
        }
    }
}
