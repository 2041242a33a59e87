//! Cutting and wrapping by display columns, never by bytes.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that a text takes in a terminal.
#[must_use]
pub fn display_width(text: &str) -> usize {
    if text.is_ascii() {
        return UnicodeWidthStr::width(text);
    }
    // A terminal gets one grapheme after the other; letters that are joined in print are not there.
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
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

/// Cuts a resource address so that it takes at most `columns` and rows of a list can still be told apart: first the word `module` goes,
/// then the names of modules, so that their keys stay, then the resource type; only then is it cut in the middle.
#[must_use]
pub fn fit_address(address: &str, columns: usize) -> String {
    if display_width(address) <= columns {
        return address.to_owned();
    }
    let steps = steps(address);
    let mut modules = Vec::new();
    let mut rest = steps.as_slice();
    while let ["module", name, after @ ..] = rest {
        modules.push(*name);
        rest = after;
    }
    let resource = rest.join(".");
    if modules.is_empty() || resource.is_empty() {
        return fit_middle(address, columns);
    }
    let named = format!("…{}.{resource}", modules.join("."));
    if display_width(&named) <= columns {
        return named;
    }
    let keys: String = modules
        .iter()
        .filter_map(|name| name.find('[').and_then(|at| name.get(at..)))
        .collect();
    let front = if keys.is_empty() {
        String::new()
    } else {
        format!("…{keys}.")
    };
    let room = columns.saturating_sub(display_width(&front));
    let last = rest.last().map_or(0, |last| display_width(last));
    if room <= last {
        return fit_middle(address, columns);
    }
    if !front.is_empty() && display_width(&resource) <= room {
        return format!("{front}{resource}");
    }
    format!("{front}…{}", tail(&resource, room - 1))
}

/// The steps of an address; dots inside keys do not part them.
fn steps(address: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, c) in address.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '.' if depth == 0 => {
                out.push(address.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push(address.get(from..).unwrap_or_default());
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
    fn letters_that_print_joins_take_the_columns_that_a_terminal_gives_them() {
        let joined = "\u{644}\u{627}".repeat(6);
        assert_eq!(display_width(&joined), 12);
        for line in wrap(&format!("{joined} does not explain"), 16) {
            assert!(display_width(&line) <= 16, "{line}");
        }
    }

    #[test]
    fn an_address_keeps_its_resource_name() {
        let cut = fit_middle("module.network.module.subnets.aws_subnet.private", 24);
        assert_eq!(display_width(&cut), 24);
        assert!(cut.ends_with("subnet.private"), "{cut}");
    }

    #[test]
    fn a_cut_address_keeps_what_tells_it_from_its_neighbours() {
        let address = "module.service[\"a.b\"].module.task[\"x\"].aws_instance.node[\"eu-1\"]";
        for (columns, text) in [
            (80, address),
            (
                58,
                "…service[\"a.b\"].task[\"x\"].aws_instance.node[\"eu-1\"]",
            ),
            (46, "…[\"a.b\"][\"x\"].aws_instance.node[\"eu-1\"]"),
            (34, "…[\"a.b\"][\"x\"].…stance.node[\"eu-1\"]"),
        ] {
            assert_eq!(fit_address(address, columns), text);
        }
        assert_eq!(
            fit_address("module.network.aws_subnet.private", 20),
            "…aws_subnet.private"
        );
        assert_eq!(display_width(&fit_address(address, 12)), 12);
        assert_eq!(
            fit_address("no-address-at-all", 9),
            fit_middle("no-address-at-all", 9)
        );
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
