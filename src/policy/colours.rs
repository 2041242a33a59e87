//! Colours for the text of a policy, by the engine's own lexer.

use std::ops::Range;

use super::engine::words;
use crate::source::TokenKind;

/// Words that Rego gives a meaning.
const KEYWORDS: [&str; 16] = [
    "as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null",
    "package", "some", "true", "with", "set(",
];

/// Cuts a policy's text into coloured ranges of bytes, in order; what has no colour is left out.
///
/// Works on a part of a file too. What the lexer does not understand has no colours.
#[must_use]
pub fn rego_tokens(text: &str) -> Vec<(Range<usize>, TokenKind)> {
    let mut out = Vec::new();
    let mut at = 0;
    for (range, quoted) in words(text) {
        comments(text, at..range.start, &mut out);
        at = range.end;
        let word = text.get(range.clone()).unwrap_or_default();
        let kind = if quoted {
            TokenKind::String
        } else if KEYWORDS.contains(&word) {
            TokenKind::Keyword
        } else if word.starts_with(|c: char| c.is_ascii_digit()) {
            TokenKind::Number
        } else {
            continue;
        };
        out.push((range, kind));
    }
    comments(text, at..text.len(), &mut out);
    out
}

/// Finds comments between two tokens: the lexer skips them.
fn comments(text: &str, gap: Range<usize>, out: &mut Vec<(Range<usize>, TokenKind)>) {
    let mut at = gap.start;
    let Some(between) = text.get(gap) else { return };
    for line in between.split_inclusive('\n') {
        if let Some(start) = line.find('#') {
            let end = line.trim_end_matches(['\n', '\r']).len();
            out.push((at + start..at + end, TokenKind::Comment));
        }
        at += line.len();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(&str, TokenKind)> {
        let tokens = rego_tokens(text).into_iter();
        tokens
            .map(|(range, kind)| (text.get(range).unwrap_or("?"), kind))
            .collect()
    }

    #[test]
    fn keywords_strings_numbers_and_comments_have_colours() {
        let text = "package a # why\n\ndeny contains x if {\n\tx := `{\nnot}` # \"no\"\n\ty == 12.5\n\tz == \"# in\"\n}\n";
        assert_eq!(
            told(text),
            [
                ("package", TokenKind::Keyword),
                ("# why", TokenKind::Comment),
                ("contains", TokenKind::Keyword),
                ("if", TokenKind::Keyword),
                ("`{\nnot}`", TokenKind::String),
                ("# \"no\"", TokenKind::Comment),
                ("12.5", TokenKind::Number),
                ("\"# in\"", TokenKind::String),
            ]
        );
    }

    #[test]
    fn a_part_of_a_file_and_nonsense_do_no_harm() {
        for text in [
            "",
            "#",
            "}\n\"open",
            "`\n",
            "é := \"ü\" # ö",
            "\u{0}\u{1b}[2J",
        ] {
            for (range, _) in rego_tokens(text) {
                assert!(text.get(range).is_some(), "{text:?}");
            }
        }
    }

    #[test]
    fn every_shipped_policy_has_colours_in_order() {
        for file in super::super::builtin::bundle().unwrap().modules {
            let mut at = 0;
            for (range, _) in rego_tokens(&file.text) {
                assert!(
                    at <= range.start && range.start < range.end,
                    "{}",
                    file.path
                );
                at = range.end;
            }
            assert!(at > 0, "{}", file.path);
        }
    }
}
