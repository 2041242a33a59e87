//! Hostile strings made fit to show.
//!
//! Plans, diffs, policies, branch names and authors are written by people who may want to mislead a
//! reviewer. Nothing of theirs reaches a terminal or a report as a plain `String`: it becomes a
//! [`Printable`], in which control characters, bidirectional overrides and zero-width characters
//! are spelled out, and from which every known secret was removed by the [`Redactor`].
//!
//! Invariants: a [`Printable`] holds no C0 or C1 control character, no bidi control, no zero-width or other
//! invisible formatting character; a multi-line one may hold `\n`, nothing else of these.

mod named;
mod redact;
mod shapes;
mod suggest;
mod width;

pub use named::hide_named;
pub use redact::{MASK, Redactor, RedactorBuilder, TooManySecrets};
pub use shapes::tokens;
pub use suggest::suggestion;
pub use width::{display_width, fit_address, fit_end, fit_middle, wrap};

use std::fmt;

use unicode_width::UnicodeWidthChar as _;

/// Text that may be written to a terminal or a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Printable(String);

impl Printable {
    /// Makes one line of text printable; line breaks are spelled out too.
    #[must_use]
    pub fn line(text: &str) -> Self {
        Self(sanitise(text, false))
    }

    /// Makes several lines of text printable; `\n` stays, a tab becomes four spaces.
    #[must_use]
    pub fn lines(text: &str) -> Self {
        Self(sanitise(text, true))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the text out.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether there is no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Text for an XML document: printable, and without the characters that XML cannot hold even escaped. Quoting is the writer's part.
#[must_use]
pub fn xml(text: &str) -> String {
    Printable::lines(text)
        .into_string()
        .replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

impl fmt::Display for Printable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Printable {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Whether a character must be spelled out before it is shown.
fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(
            c,
            '\u{00AD}'
                | '\u{034F}'
                | '\u{0600}'..='\u{0605}'
                | '\u{061C}'
                | '\u{06DD}'
                | '\u{070F}'
                | '\u{0890}'..='\u{0891}'
                | '\u{08E2}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{17B4}'
                | '\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{110BD}'
                | '\u{110CD}'
                | '\u{13430}'..='\u{1345F}'
                | '\u{16FE4}'
                | '\u{1BCA0}'..='\u{1BCA3}'
                | '\u{1D159}'
                | '\u{1D173}'..='\u{1D17A}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

/// Most marks that may stand on one letter: more would be drawn over the lines above and below.
const MARKS: usize = 4;

/// Longest run of spaces that stands as it is in one line: a longer one would push what follows it out of sight. Text of several lines
/// may be laid out in columns.
const SPACES: usize = 40;

/// The shortest run that does not: one space more.
const RUN: &str = "                                         ";

fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

fn sanitise(text: &str, keep_lines: bool) -> String {
    let is_short = keep_lines || !text.contains(RUN);
    if is_short && text.is_ascii() && !text.bytes().any(|b| b.is_ascii_control()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    let (mut marks, mut spaces) = (0, 0);
    while let Some(c) = chars.next() {
        let is_mark = !c.is_ascii() && c.width() == Some(0);
        marks = if is_mark { marks + 1 } else { 0 };
        match c {
            c if is_space(c) => {
                out.push(c);
                spaces += 1;
                if chars.peek().is_none_or(|next| !is_space(*next)) {
                    if spaces > SPACES && !keep_lines {
                        out.truncate(out.trim_end_matches(is_space).len());
                        out.push_str(&format!(" <{spaces} spaces> "));
                    }
                    spaces = 0;
                }
            }
            '\n' if keep_lines => out.push('\n'),
            '\r' if keep_lines && chars.peek() == Some(&'\n') => {}
            '\t' if keep_lines => out.push_str("    "),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) || marks > MARKS => {
                out.push_str("<U+");
                out.push_str(&format!("{:04X}", u32::from(c)));
                out.push('>');
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(
            Printable::line("module.a[\"é\"].b").as_str(),
            "module.a[\"é\"].b"
        );
    }

    #[test]
    fn control_bidi_and_zero_width_characters_are_spelled_out() {
        let shown = Printable::line("a\u{1b}[31mb\u{202e}c\u{200b}d\u{7f}\u{9b}");
        assert_eq!(
            shown.as_str(),
            "a<U+001B>[31mb<U+202E>c<U+200B>d<U+007F><U+009B>"
        );
    }

    #[test]
    fn what_would_be_drawn_over_other_lines_or_push_text_away_is_spelled_out() {
        let high = format!("a{}b", "\u{301}".repeat(7));
        assert_eq!(
            Printable::line(&high).as_str(),
            "a\u{301}\u{301}\u{301}\u{301}<U+0301><U+0301><U+0301>b"
        );
        assert_eq!(Printable::line("a\u{2800}b").as_str(), "a<U+2800>b");
        // Marks that stand before their letter: terminals do not agree on their width.
        assert_eq!(Printable::line("\u{70f}a").as_str(), "<U+070F>a");
        assert_eq!(Printable::line("\u{8e2}a").as_str(), "<U+08E2>a");
        assert_eq!(RUN.len(), SPACES + 1);
        let far = format!("a{}b", " ".repeat(SPACES));
        assert_eq!(Printable::line(&far).as_str(), far);
        for space in [" ", "\u{a0}", "\u{2003}", "\u{3000}"] {
            let away = format!("a{}b", space.repeat(50));
            assert_eq!(Printable::line(&away).as_str(), "a <50 spaces> b");
            assert_eq!(Printable::lines(&away).as_str(), away);
        }
        // What is printable already stays as it is.
        let once = Printable::line(&high);
        assert_eq!(Printable::line(once.as_str()), once);
    }

    #[test]
    fn letters_of_every_script_stay_as_they_are() {
        for text in [
            "Việt Nam",
            "Vie\u{302}\u{323}t",
            "שָׁלוֹם",
            "हिन्दी",
            "ภาษาไทย",
            "한국어",
            "日本語 テスト",
        ] {
            assert_eq!(Printable::line(text).as_str(), text);
        }
    }

    #[test]
    fn line_breaks_stay_only_in_multi_line_text() {
        assert_eq!(Printable::line("a\r\nb\tc").as_str(), "a\\r\\nb\\tc");
        assert_eq!(Printable::lines("a\r\nb\tc\r").as_str(), "a\nb    c\\r");
    }
}
