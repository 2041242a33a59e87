//! Colours: one function, and nothing without them.

/// What a piece of text is, so that its colour has one meaning everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// A heading.
    Heading,
    /// It blocks, or it failed.
    Bad,
    /// Worth a look.
    Caution,
    /// Nothing blocks.
    Good,
    /// Beside the point.
    Faint,
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    colour: bool,
}

impl Style {
    /// Starts with or without colours.
    pub(super) fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// Colours a text; its words stay the same.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Heading => "1",
            Tone::Bad => "1;31",
            Tone::Caution => "33",
            Tone::Good => "32",
            Tone::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
