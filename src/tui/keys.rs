//! The one table of commands: it drives dispatch, hints, help and the palette.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Command {
    Help,
    Palette,
    Quit,
    Back,
    Suspend,
    Repaint,
    NextPane,
    PreviousPane,
    Findings,
    Change,
    Source,
    Policy,
    Changes,
    Zoom,
    Down,
    Up,
    First,
    Last,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    Left,
    Right,
    Open,
    NextUndecided,
    PreviousUndecided,
    PreviousMatch,
    PreviousGroup,
    NextGroup,
    GroupBy,
    Filter,
    Search,
    Mark,
    Acknowledge,
    Waive,
    Reject,
    Note,
    Undo,
    Redo,
    Approve,
    PreviousPart,
    NextPart,
    Unchanged,
    SideBySide,
    Edit,
    CopyId,
    CopyFinding,
    Save,
    EditOutside,
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
    pub const ALL: [Self; 6] =
        [Self::Decide, Self::Findings, Self::Move, Self::Panes, Self::Everywhere, Self::Editor];

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
        if key.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::META) {
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
        self.keys.iter().map(|key| key.name()).collect::<Vec<_>>().join(" ")
    }
}

const fn key(c: char) -> Stroke {
    Stroke::Key(KeyCode::Char(c))
}

const fn ctrl(c: char) -> Stroke {
    Stroke::Ctrl(c)
}

const fn code(code: KeyCode) -> Stroke {
    Stroke::Key(code)
}

macro_rules! table {
    ($($context:ident { $($command:ident [$($key:expr),+] $hint:literal $help:literal)+ })+) => {
        &[$($(Binding {
            command: Command::$command,
            context: Context::$context,
            keys: &[$($key),+],
            hint: $hint,
            help: $help,
        }),+),+]
    };
}

/// Every command with its keys.
pub const BINDINGS: &[Binding] = table! {
    Everywhere {
        Help [key('?')] "help" "Shows all keys."
        Palette [key(':')] "commands" "Finds a command by its words."
        Quit [key('q'), ctrl('c')] "quit" "Leaves; the draft is kept, nothing is approved."
        Back [code(KeyCode::Esc)] "back" "Goes back one step; never decides."
        Suspend [ctrl('z')] "suspend" "Gives the terminal back to the shell."
        Repaint [ctrl('l')] "repaint" "Draws the screen anew."
        NextPane [code(KeyCode::Tab)] "pane" "Moves the focus to the next part."
        PreviousPane [code(KeyCode::BackTab)] "pane back" "Moves the focus to the part before."
        Findings [key('1')] "findings" "Shows the list of findings."
        Change [key('2')] "change" "Shows what the plan does to the resource."
        Source [key('3')] "source" "Shows the configuration and the diff."
        Policy [key('4')] "policy" "Shows the policy that fired."
        Changes [key('5')] "changes" "Shows every change of the plan."
        Zoom [key('z')] "zoom" "Makes the part with the focus fill the screen, or not."
    }
    Move {
        Down [key('j'), code(KeyCode::Down)] "down" "Moves one row down."
        Up [key('k'), code(KeyCode::Up)] "up" "Moves one row up."
        First [Stroke::Twice('g'), code(KeyCode::Home)] "first" "Goes to the first row."
        Last [key('G'), code(KeyCode::End)] "last" "Goes to the last row."
        HalfDown [ctrl('d')] "half down" "Moves half a page down."
        HalfUp [ctrl('u')] "half up" "Moves half a page up."
        PageDown [code(KeyCode::PageDown)] "page down" "Moves a page down."
        PageUp [code(KeyCode::PageUp)] "page up" "Moves a page up."
        Left [key('h'), code(KeyCode::Left)] "fold" "Folds the group, or scrolls to the left."
        Right [key('l'), code(KeyCode::Right)] "unfold" "Unfolds the group, or scrolls to the right."
        Open [code(KeyCode::Enter)] "open" "Opens the row under the cursor; never decides."
    }
    Findings {
        NextUndecided [key('n')] "next" "Goes to the next undecided finding; in a pane, the next hit."
        PreviousUndecided [key('p')] "previous" "Goes to the undecided finding before."
        PreviousMatch [key('N')] "previous hit" "Goes to the hit of the search before."
        PreviousGroup [key('{')] "group back" "Goes to the group before."
        NextGroup [key('}')] "group" "Goes to the next group."
        GroupBy [key('b')] "group by" "Groups by policy, severity, module, resource or file."
        Filter [key('f')] "filter menu" "Chooses which findings are listed."
        Search [key('/')] "filter" "Filters the list by text, or searches a pane."
        Mark [key(' ')] "mark" "Marks a finding for a decision on several; within one policy."
    }
    Decide {
        Acknowledge [key('a')] "acknowledge" "Accepts an advisory finding as seen."
        Waive [key('w')] "[w]aive..." "Accepts a blocking finding with a reason and an expiry."
        Reject [key('r')] "[r]eject..." "Does not accept a finding, with a reason."
        Note [key('c')] "note..." "Writes a note beside a finding; decides nothing."
        Undo [key('u')] "[u]ndo" "Takes the last answer back."
        Redo [key('U')] "redo" "Repeats the answer that was taken back last."
        Approve [key('A')] "approve" "Opens the approve screen."
    }
    Panes {
        PreviousPart [key('[')] "part back" "Goes to the changed attribute or hunk before."
        NextPart [key(']')] "part" "Goes to the next changed attribute or hunk."
        Unchanged [key('x')] "unchanged" "Shows or folds unchanged attributes."
        SideBySide [key('d')] "side by side" "Shows before and after side by side, from 160 columns."
        Edit [key('e')] "editor" "Opens the source in the editor."
        CopyId [key('y')] "copy" "Copies the address."
        CopyFinding [key('Y')] "copy all" "Copies the finding as Markdown."
    }
    Editor {
        Save [ctrl('s')] "save" "Saves the text and decides."
        NextField [code(KeyCode::Tab)] "expiry" "Goes from the reason to the expiry and back."
        EditOutside [ctrl('x')] "editor" "Edits the text in the editor."
        Back [code(KeyCode::Esc)] "cancel" "Goes back; the text is kept for the next time."
    }
};

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
    ctrl('c').is(key)
}

/// The row of a command.
pub(super) fn binding(command: Command) -> Option<&'static Binding> {
    BINDINGS.iter().find(|binding| binding.command == command && binding.context != Context::Editor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for editor in [false, true] {
            let mut seen: Vec<Stroke> = Vec::new();
            for binding in BINDINGS.iter().filter(|b| (b.context == Context::Editor) == editor) {
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
            assert_eq!(command(&KeyEvent::new(KeyCode::Char('a'), modifiers), false), None);
        }
        assert!(is_interrupt(&KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    }
}
