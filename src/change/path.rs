//! Paths of git, which are bytes, as text without loss.
//!
//! A path that is UTF-8 is written as it is. A byte that is not part of UTF-8 becomes `%` and two upper-case
//! hexadecimal digits, `%80` to `%FF`. So that no other path looks like that, a `%` in a path is written
//! `%25` where what follows would read as such an escape (or as `%25` itself); everywhere else, as in
//! `100%.tf` or `a%20b.tf`, it stays.

/// Renders the bytes of a path as text.
///
/// [`bytes`] is the inverse: different paths never have the same text.
#[must_use]
pub fn render(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    for chunk in path.utf8_chunks() {
        for character in chunk.valid().chars() {
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
            text.push(character);
            if character == '%' && escaped_byte(rest).is_some() {
                text.push_str("25");
            }
        }
        for byte in chunk.invalid() {
            rest = rest.get(1..).unwrap_or_default();
            text.push('%');
            text.extend([byte >> 4, byte & 15].into_iter().map(hexadecimal));
        }
    }
    text
}

/// Reads a rendered path back into its bytes.
#[must_use]
pub fn bytes(text: &str) -> Vec<u8> {
    let mut path = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        match escaped_byte(tail) {
            Some(byte) if first == b'%' => {
                path.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                path.push(first);
                rest = tail;
            }
        }
    }
    path
}

/// The byte that a `%` before these bytes would stand for.
fn escaped_byte(after: &[u8]) -> Option<u8> {
    let [high, low, ..] = after else { return None };
    if (*high, *low) == (b'2', b'5') {
        return Some(b'%');
    }
    let byte = digit(*high)? * 16 + digit(*low)?;
    (byte >= 0x80).then_some(byte)
}

fn hexadecimal(value: u8) -> char {
    char::from(if value < 10 {
        b'0' + value
    } else {
        b'A' + value - 10
    })
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'A'..=b'F' => Some(character - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, render};

    #[test]
    fn paths_in_utf8_stay_as_they_are() {
        for path in [
            "main.tf",
            "modules/übung/main.tf",
            "100%.tf",
            "a%20b.tf",
            "x%ff.tf",
            "%",
            "%2",
        ] {
            assert_eq!(render(path.as_bytes()), path);
            assert_eq!(bytes(path), path.as_bytes());
        }
    }

    #[test]
    fn bytes_outside_utf8_are_escaped() {
        assert_eq!(render(b"a\xff/\xe9.tf"), "a%FF/%E9.tf");
        assert_eq!(bytes("a%FF/%E9.tf"), b"a\xff/\xe9.tf");
    }

    #[test]
    fn a_path_that_looks_escaped_is_told_apart() {
        assert_eq!(render(b"a%FF.tf"), "a%25FF.tf");
        assert_ne!(render(b"a%FF.tf"), render(b"a\xff.tf"));
        assert_eq!(render(b"a%25.tf"), "a%2525.tf");
        assert_ne!(render(b"a%25.tf"), render(b"a%.tf"));
    }

    #[test]
    fn every_path_reads_back() {
        let alphabet = [
            b'%', b'2', b'5', b'F', b'8', b'a', b'/', 0x80, 0xff, 0xc3, 0xa9,
        ];
        let mut seen = std::collections::BTreeMap::new();
        for a in alphabet {
            for b in alphabet {
                for c in alphabet {
                    for d in alphabet {
                        let path = [a, b, c, d];
                        let text = render(&path);
                        assert_eq!(bytes(&text), path, "{text}");
                        assert_eq!(seen.insert(text, path), None);
                    }
                }
            }
        }
    }
}
