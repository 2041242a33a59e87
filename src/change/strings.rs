//! The texts within a file that git calls binary, so that a NUL byte or another encoding hides nothing from those who look for text.

use std::collections::HashSet;

use super::Line;

/// Shorter runs of printable characters are noise of pictures and archives.
const MIN_RUN: usize = 12;

/// The printable runs of the new side that the old side lacks, with the lines that they stand on; nothing where they are more than
/// `limit` bytes.
///
/// UTF-16 is decoded, with or without a byte order mark. Any other NUL or control character ends a run.
#[must_use]
pub fn strings(old: &[u8], new: &[u8], limit: usize) -> Option<Vec<Line>> {
    let (old, new) = (decoded(old), decoded(new));
    let known: HashSet<&str> = runs(&old).map(|(_, run)| run).collect();
    let mut left = limit;
    let mut found = Vec::new();
    for (line, run) in runs(&new).filter(|(_, run)| !known.contains(run)) {
        left = left.checked_sub(run.len())?;
        found.push(Line {
            line,
            text: run.to_owned(),
        });
    }
    Some(found)
}

/// The runs of a text with their line numbers.
fn runs(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let ends = |c: char| (c.is_control() && c != '\t') || c == char::REPLACEMENT_CHARACTER;
    (1_u32..).zip(text.split('\n')).flat_map(move |(at, line)| {
        line.split(ends)
            .filter(|run| run.chars().nth(MIN_RUN - 1).is_some())
            .map(move |run| (at, run))
    })
}

/// The bytes as text: UTF-16 by its byte order mark or by its NUL bytes, else UTF-8 with what is broken replaced.
fn decoded(bytes: &[u8]) -> String {
    let units = |from: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let pairs = bytes.chunks(2).map(|pair| match pair {
            [one, other] => from([*one, *other]),
            _ => 0,
        });
        char::decode_utf16(pairs)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
        _ => String::from_utf8_lossy(&without_padding(bytes)).into_owned(),
    }
}

/// Takes out the NUL bytes that every other byte is, as in UTF-16 without a mark; one that stands alone stays.
fn without_padding(bytes: &[u8]) -> Vec<u8> {
    let at = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied();
    let text =
        |byte: Option<u8>| byte.is_some_and(|byte| byte >= b' ' || b"\t\n\r".contains(&byte));
    let is_padding = |i: usize| {
        (text(at(i.checked_sub(1))) && at(i.checked_sub(2)) == Some(0))
            || (text(at(Some(i + 1))) && at(Some(i + 2)) == Some(0))
    };
    let kept = bytes.iter().enumerate();
    kept.filter(|(i, byte)| **byte != 0 || !is_padding(*i))
        .map(|(_, byte)| *byte)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "first line of it\r\ntoken = \"a1b2c3d4e5\"\nshort\n";

    fn found(old: &[u8], new: &[u8]) -> Vec<String> {
        let lines = strings(old, new, 1000).unwrap_or_default();
        let shown = lines
            .iter()
            .map(|line| format!("{}:{}", line.line, line.text));
        shown.collect()
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let bytes = |of: fn(u16) -> [u8; 2]| TEXT.encode_utf16().flat_map(of).collect::<Vec<u8>>();
        let (little, big) = (bytes(u16::to_le_bytes), bytes(u16::to_be_bytes));
        let wanted = ["1:first line of it", "2:token = \"a1b2c3d4e5\""];
        for text in [
            [b"\xff\xfe", little.as_slice()].concat(),
            [b"\xfe\xff", big.as_slice()].concat(),
            little,
            big,
        ] {
            assert_eq!(found(b"", &text), wanted);
        }
    }

    #[test]
    fn a_nul_hides_nothing_and_joins_nothing() {
        assert_eq!(found(b"", &[TEXT.as_bytes(), b"#\0"].concat()).len(), 2);
        assert_eq!(
            found(
                b"",
                b"before before\0behind behind\x01\xff\xfe\x02next to noise"
            ),
            ["1:before before", "1:behind behind", "1:next to noise"]
        );
    }

    #[test]
    fn only_what_is_new_counts_and_only_within_the_bound() {
        let new = [TEXT.as_bytes(), b"one more line of it\0"].concat();
        assert_eq!(
            found(&[TEXT.as_bytes(), b"\0"].concat(), &new),
            ["4:one more line of it"]
        );
        assert_eq!(strings(b"", &new, 20), None);
    }
}
