//! The table of commands, in the words of the help.

use ratatui::crossterm::event::KeyCode;

use super::keys::{Binding, Command, Context, Stroke};

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
        NextUndecided [key('n')] "next" "Goes to the next undecided finding, or hit of a search."
        PreviousUndecided [key('p')] "previous" "Goes to the undecided finding before."
        PreviousMatch [key('N')] "previous hit" "Goes to the hit of the search before."
        PreviousGroup [key('{')] "group back" "Goes to the group before."
        NextGroup [key('}')] "group" "Goes to the next group."
        GroupBy [key('b')] "group by" "Groups by policy, severity, module, resource or file."
        Filter [key('f')] "filter menu" "Chooses which findings are listed."
        Search [key('/')] "filter" "Filters the list by text, or searches a pane."
        Mark [key(' ')] "mark" "Marks a finding, to decide on several of one policy."
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
        PreviousPart [key('[')] "part before" "Goes to the changed attribute or hunk before."
        NextPart [key(']')] "next part" "Goes to the next changed attribute or hunk."
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
