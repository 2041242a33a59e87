//! Colours by meaning: the 16 names that every terminal has, on its own background.
//!
//! No view names a colour. The theme without colours uses bold, dim, underline and reverse only; meaning never depends on
//! either, since a letter or word always stands beside it.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    #[default]
    Text,
    /// Less important.
    Dim,
    /// More important.
    Strong,
    /// The bar at the top.
    Bar,
    /// Rules and frames.
    Frame,
    /// Title of the part that has the focus.
    Focus,
    /// A key that can be pressed.
    Key,
    /// Accepted.
    Good,
    /// Worth a look.
    Warn,
    /// Blocks, or is lost.
    Bad,
    /// Added.
    Add,
    /// Removed.
    Remove,
    /// The part of a line that is added.
    AddPart,
    /// The part of a line that is removed.
    RemovePart,
    /// Changed in place.
    Change,
    /// Replaced.
    Replace,
    /// The row under the cursor.
    Cursor,
    /// The row under the cursor of a part without focus.
    CursorIdle,
    /// A hit of the search.
    Match,
    /// A comment in code.
    Comment,
    /// A string in code.
    String,
    /// A number in code.
    Number,
    /// A keyword in code.
    Keyword,
    /// The name of an argument in code.
    Attribute,
}

/// Styles by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    colour: bool,
}

impl Theme {
    /// The theme with the 16 colours.
    #[must_use]
    pub fn colours() -> Self {
        Self { colour: true }
    }

    /// The theme for `NO_COLOR`.
    #[must_use]
    pub fn plain() -> Self {
        Self { colour: false }
    }

    /// The style of a meaning.
    #[must_use]
    pub fn style(self, role: Role) -> Style {
        if self.colour {
            Self::coloured(role)
        } else {
            Self::colourless(role)
        }
    }

    fn coloured(role: Role) -> Style {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        match role {
            Role::Text => plain,
            Role::Dim | Role::Frame | Role::Comment => plain.fg(Color::DarkGray),
            Role::Strong | Role::CursorIdle => bold,
            Role::Bar => bold.add_modifier(Modifier::REVERSED),
            Role::Focus => bold.fg(Color::Cyan),
            Role::Key | Role::Keyword => plain.fg(Color::Cyan),
            Role::Good | Role::Add | Role::String => plain.fg(Color::Green),
            Role::Warn | Role::Change => plain.fg(Color::Yellow),
            Role::Bad => bold.fg(Color::Red),
            Role::Remove => plain.fg(Color::Red),
            Role::AddPart => bold.add_modifier(Modifier::UNDERLINED).fg(Color::Green),
            Role::RemovePart => bold.add_modifier(Modifier::UNDERLINED).fg(Color::Red),
            Role::Replace | Role::Number => plain.fg(Color::Magenta),
            Role::Cursor => plain.add_modifier(Modifier::REVERSED),
            Role::Match => plain.add_modifier(Modifier::REVERSED).fg(Color::Yellow),
            Role::Attribute => plain.fg(Color::Blue),
        }
    }

    fn colourless(role: Role) -> Style {
        let plain = Style::new();
        match role {
            Role::Dim | Role::Frame | Role::Comment => plain.add_modifier(Modifier::DIM),
            Role::Strong
            | Role::Focus
            | Role::Bad
            | Role::Key
            | Role::CursorIdle
            | Role::Keyword => plain.add_modifier(Modifier::BOLD),
            Role::Bar => plain.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            Role::Cursor => plain.add_modifier(Modifier::REVERSED),
            Role::Match | Role::AddPart | Role::RemovePart => {
                plain.add_modifier(Modifier::UNDERLINED)
            }
            _ => plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_without_colours_sets_none() {
        for role in [
            Role::Bad,
            Role::Add,
            Role::Cursor,
            Role::Match,
            Role::Keyword,
            Role::Bar,
        ] {
            let style = Theme::plain().style(role);
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn the_background_stays_the_terminals_own() {
        for role in [Role::Bad, Role::Cursor, Role::Bar, Role::Match] {
            assert_eq!(Theme::colours().style(role).bg, None);
        }
    }
}
