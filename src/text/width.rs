//! Cutting and wrapping by display columns, never by bytes.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that a text takes in a terminal.
#[must_use]
pub fn display_width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Cuts a text at its end so that it takes at most `columns`, marking the cut with `…`.
#[must_use]
pub fn fit_end(text: &str, columns: usize) -> String {
    if display_width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut out = head(text, columns - 1);
    out.push('…');
    out
}

/// Cuts a text in its middle so that it takes at most `columns`; the end is kept longer than the beginning, because the
/// end of an address names the resource.
#[must_use]
pub fn fit_middle(text: &str, columns: usize) -> String {
    if display_width(text) <= columns {
        return text.to_owned();
    }
    if columns <= 1 {
        return "…".repeat(columns);
    }
    let front = (columns - 1) / 3;
    let mut out = head(text, front);
    out.push('…');
    out.push_str(&tail(text, columns - 1 - front));
    out
}

/// Breaks a text into lines of at most `columns`, at spaces; only a word that is wider than that is cut.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split_inclusive(' ') {
            let bare = display_width(word.trim_end_matches(' '));
            if used > 0 && used + bare > columns {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0;
            }
            if bare <= columns {
                line.push_str(word);
                used += display_width(word);
                continue;
            }
            for piece in word.graphemes(true) {
                let width = display_width(piece);
                if used + width > columns && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(piece);
                used += width;
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn head(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for piece in text.graphemes(true) {
        used += display_width(piece);
        if used > columns {
            break;
        }
        out.push_str(piece);
    }
    out
}

fn tail(text: &str, columns: usize) -> String {
    let mut kept = Vec::new();
    let mut used = 0;
    for piece in text.graphemes(true).rev() {
        used += display_width(piece);
        if used > columns {
            break;
        }
        kept.push(piece);
    }
    kept.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_resource_name() {
        let cut = fit_middle("module.network.module.subnets.aws_subnet.private", 24);
        assert_eq!(display_width(&cut), 24);
        assert!(cut.ends_with("subnet.private"), "{cut}");
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        assert_eq!(fit_end("日本語テキスト", 7), "日本語…");
        assert_eq!(fit_end("abc", 3), "abc");
        assert_eq!(fit_end("abc", 0), "");
    }

    #[test]
    fn text_wraps_at_spaces_and_long_words_are_broken() {
        assert_eq!(
            wrap("one two three", 8),
            ["one two", "three"].map(str::to_owned)
        );
        assert_eq!(
            wrap("see a_b.c[\"2026-12-24\"] (x:3)", 21),
            ["see", "a_b.c[\"2026-12-24\"]", "(x:3)"].map(str::to_owned)
        );
        assert_eq!(
            wrap("abcdefghij", 4),
            ["abcd", "efgh", "ij"].map(str::to_owned)
        );
        assert_eq!(wrap("a\n\nb", 4), ["a", "", "b"].map(str::to_owned));
    }
}
