//! Commands and keys; the one table of them drives dispatch, hints, help and the palette.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::table::BINDINGS;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    /// Shows all keys.
    Help,
    /// Finds a command by its words.
    Palette,
    /// Leaves; the draft is kept, nothing is approved.
    Quit,
    /// Goes back one step; never decides.
    Back,
    /// Gives the terminal back to the shell.
    Suspend,
    /// Draws the screen anew.
    Repaint,
    /// Moves the focus to the next part.
    NextPane,
    /// Moves the focus to the part before.
    PreviousPane,
    /// Shows the list of findings.
    Findings,
    /// Shows what the plan does to the resource.
    Change,
    /// Shows the configuration and the diff.
    Source,
    /// Shows the policy that fired.
    Policy,
    /// Shows every change of the plan.
    Changes,
    /// Makes the part with the focus fill the screen, or not.
    Zoom,
    /// Moves one row down.
    Down,
    /// Moves one row up.
    Up,
    /// Goes to the first row.
    First,
    /// Goes to the last row.
    Last,
    /// Moves half a page down.
    HalfDown,
    /// Moves half a page up.
    HalfUp,
    /// Moves a page down.
    PageDown,
    /// Moves a page up.
    PageUp,
    /// Folds the group, or scrolls to the left.
    Left,
    /// Unfolds the group, or scrolls to the right.
    Right,
    /// Opens the row under the cursor; never decides.
    Open,
    /// Goes to the next undecided finding, or hit of a search.
    NextUndecided,
    /// Goes to the undecided finding before.
    PreviousUndecided,
    /// Goes to the hit of the search before.
    PreviousMatch,
    /// Goes to the group before.
    PreviousGroup,
    /// Goes to the next group.
    NextGroup,
    /// Groups by policy, severity, module, resource or file.
    GroupBy,
    /// Chooses which findings are listed.
    Filter,
    /// Filters the list by text, or searches a pane.
    Search,
    /// Marks a finding, to decide on several of one policy.
    Mark,
    /// Accepts an advisory finding as seen.
    Acknowledge,
    /// Accepts a blocking finding with a reason and an expiry.
    Waive,
    /// Does not accept a finding, with a reason.
    Reject,
    /// Writes a note beside a finding; decides nothing.
    Note,
    /// Takes the last answer back.
    Undo,
    /// Repeats the answer that was taken back last.
    Redo,
    /// Opens the approve screen.
    Approve,
    /// Goes to the changed attribute or hunk before.
    PreviousPart,
    /// Goes to the next changed attribute or hunk.
    NextPart,
    /// Shows or folds unchanged attributes.
    Unchanged,
    /// Shows before and after side by side, from 160 columns.
    SideBySide,
    /// Opens the source in the editor.
    Edit,
    /// Copies the address.
    CopyId,
    /// Copies the finding as Markdown.
    CopyFinding,
    /// Saves the text and decides.
    Save,
    /// Edits the text in the editor.
    EditOutside,
    /// Goes from the reason to the expiry and back.
    NextField,
}

impl Command {
    /// Whether it writes to the journal at once or asks for something irrevocable; a repeated key never does.
    #[must_use]
    pub fn acts(self) -> bool {
        matches!(
            self,
            Self::Acknowledge
                | Self::Waive
                | Self::Reject
                | Self::Note
                | Self::Undo
                | Self::Redo
                | Self::Approve
                | Self::Mark
                | Self::Save
                | Self::Edit
                | Self::EditOutside
                | Self::CopyId
                | Self::CopyFinding
                | Self::Quit
        )
    }
}

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    /// In lists and panes.
    Everywhere,
    /// In lists and panes, to move.
    Move,
    /// In the lists.
    Findings,
    /// On a finding.
    Decide,
    /// In the panes.
    Panes,
    /// While typing a reason.
    Editor,
}

impl Context {
    /// All contexts in the order of the help.
    pub const ALL: [Self; 6] = [
        Self::Decide,
        Self::Findings,
        Self::Move,
        Self::Panes,
        Self::Everywhere,
        Self::Editor,
    ];

    /// The heading in the help.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Move => "Move",
            Self::Findings => "Findings",
            Self::Decide => "Decide",
            Self::Panes => "Panes",
            Self::Editor => "Reason editor",
        }
    }
}

/// A key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// A key.
    Key(KeyCode),
    /// A letter together with Ctrl.
    Ctrl(char),
    /// A letter twice.
    Twice(char),
}

impl Stroke {
    /// The name as the help writes it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Ctrl(c) => format!("Ctrl-{c}"),
            Self::Twice(c) => format!("{c}{c}"),
            Self::Key(code) => match code {
                KeyCode::Char(' ') => "Space".to_owned(),
                KeyCode::Char(c) => c.to_string(),
                KeyCode::Down => "↓".to_owned(),
                KeyCode::Up => "↑".to_owned(),
                KeyCode::Left => "←".to_owned(),
                KeyCode::Right => "→".to_owned(),
                KeyCode::PageDown => "PgDn".to_owned(),
                KeyCode::PageUp => "PgUp".to_owned(),
                KeyCode::BackTab => "S-Tab".to_owned(),
                other => format!("{other:?}"),
            },
        }
    }

    fn is(self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if key
            .modifiers
            .intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META)
        {
            return false;
        }
        match (self, key.code) {
            (Self::Ctrl(c), KeyCode::Char(typed)) => ctrl && typed.eq_ignore_ascii_case(&c),
            (Self::Key(KeyCode::Char(c)), KeyCode::Char(typed)) => !ctrl && c == typed,
            (Self::Key(code), typed) => !ctrl && code == typed,
            _ => false,
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What it does.
    pub command: Command,
    /// Where it works.
    pub context: Context,
    /// Its keys, the first one is shown in hints.
    pub keys: &'static [Stroke],
    /// One or two words for the line of hints.
    pub hint: &'static str,
    /// One sentence for the help and the palette.
    pub help: &'static str,
}

impl Binding {
    /// The keys as the help writes them.
    #[must_use]
    pub fn keys_text(&self) -> String {
        self.keys
            .iter()
            .map(|key| key.name())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// What a key means in the lists and panes; `after_g` tells that a single `g` was typed before.
pub(super) fn command(key: &KeyEvent, after_g: bool) -> Option<Command> {
    BINDINGS
        .iter()
        .filter(|binding| binding.context != Context::Editor)
        .find(|binding| {
            binding.keys.iter().any(|stroke| match stroke {
                Stroke::Twice(c) => after_g && Stroke::Key(KeyCode::Char(*c)).is(key),
                stroke => stroke.is(key),
            })
        })
        .map(|binding| binding.command)
}

/// What a key means in the editor.
pub(super) fn editor_command(key: &KeyEvent) -> Option<Command> {
    BINDINGS
        .iter()
        .filter(|binding| binding.context == Context::Editor)
        .find(|binding| binding.keys.iter().any(|stroke| stroke.is(key)))
        .map(|binding| binding.command)
}

/// Whether a key begins a double letter.
pub(super) fn begins_chord(key: &KeyEvent) -> bool {
    Stroke::Key(KeyCode::Char('g')).is(key)
}

/// Whether a key is Ctrl-C.
pub(super) fn is_interrupt(key: &KeyEvent) -> bool {
    Stroke::Ctrl('c').is(key)
}

/// The row of a command.
pub(super) fn binding(command: Command) -> Option<&'static Binding> {
    BINDINGS
        .iter()
        .find(|binding| binding.command == command && binding.context != Context::Editor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for editor in [false, true] {
            let mut seen: Vec<Stroke> = Vec::new();
            for binding in BINDINGS
                .iter()
                .filter(|b| (b.context == Context::Editor) == editor)
            {
                for stroke in binding.keys {
                    assert!(!seen.contains(stroke), "{}", stroke.name());
                    seen.push(*stroke);
                }
            }
        }
    }

    #[test]
    fn enter_and_escape_never_act() {
        for code in [KeyCode::Enter, KeyCode::Esc] {
            let found = command(&KeyEvent::new(code, KeyModifiers::NONE), false);
            assert!(found.is_some_and(|command| !command.acts()));
        }
    }

    #[test]
    fn alt_and_control_do_not_reach_plain_letters() {
        for modifiers in [KeyModifiers::ALT, KeyModifiers::CONTROL] {
            assert_eq!(
                command(&KeyEvent::new(KeyCode::Char('a'), modifiers), false),
                None
            );
        }
        assert!(is_interrupt(&KeyEvent::new(
            KeyCode::Char('c'),
            KeyModifiers::CONTROL
        )));
    }
}
