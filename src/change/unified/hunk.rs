//! The `@@` header of a hunk and the lines below it, read by the header's counts.

use super::super::{Hunk, Line, line_text};
use super::{Lines, UnifiedError};

/// The four numbers of a hunk header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) old_lines: u32,
    pub(super) new_lines: u32,
    /// The number the next line of the old side has.
    pub(super) old_next: u32,
    /// The number the next line of the new side has.
    pub(super) new_next: u32,
}

impl Header {
    /// Reads `@@ -start[,count] +start[,count] @@`; a side with lines starts at 1 or later.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
        let (new, heading) = rest.split_once(" @@")?;
        if !(heading.is_empty() || heading.starts_with(' ')) {
            return None;
        }
        let (old_next, old_lines) = side(old)?;
        let (new_next, new_lines) = side(new)?;
        if old_lines == 0 && new_lines == 0 {
            return None;
        }
        Some(Self {
            old_lines,
            new_lines,
            old_next,
            new_next,
        })
    }

    /// The number of the first old line after the hunk.
    pub(super) fn old_end(&self) -> u32 {
        self.old_next.saturating_add(self.old_lines)
    }

    /// The number of the first new line after the hunk.
    pub(super) fn new_end(&self) -> u32 {
        self.new_next.saturating_add(self.new_lines)
    }
}

fn side(text: &str) -> Option<(u32, u32)> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    let (start, count) = (number(start)?, number(count)?);
    let next = if count == 0 {
        start.checked_add(1)?
    } else {
        start
    };
    next.checked_add(count)?;
    (next > 0).then_some((next, count))
}

fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

/// Reads the lines of a hunk and splits them into runs without context.
pub(super) fn body(lines: &mut Lines<'_>, header: &Header) -> Result<Vec<Hunk>, UnifiedError> {
    let (mut old_left, mut new_left) = (header.old_lines, header.new_lines);
    let mut run = Run {
        old: header.old_next,
        new: header.new_next,
        added: Vec::new(),
        removed: Vec::new(),
    };
    let mut hunks = Vec::new();
    while old_left > 0 || new_left > 0 {
        let line = lines.next().ok_or(UnifiedError::Count {
            line: lines.number + 1,
        })?;
        let wrong = UnifiedError::Count { line: lines.number };
        let (first, text) = match line.split_first() {
            Some((b'\r', [])) | None => (b' ', &b""[..]),
            Some((first, text)) => (*first, text),
        };
        match first {
            b'+' => {
                new_left = new_left.checked_sub(1).ok_or(wrong)?;
                run.added.push(text);
            }
            b'-' => {
                old_left = old_left.checked_sub(1).ok_or(wrong)?;
                run.removed.push(text);
            }
            b' ' => {
                old_left = old_left.checked_sub(1).ok_or_else(|| wrong.clone())?;
                new_left = new_left.checked_sub(1).ok_or(wrong)?;
                run.flush(&mut hunks);
                run.old = run.old.saturating_add(1);
                run.new = run.new.saturating_add(1);
            }
            b'\\' => {}
            _ => return Err(wrong),
        }
    }
    run.flush(&mut hunks);
    Ok(hunks)
}

/// Lines that differ, side by side, since the last line of context.
struct Run<'t> {
    old: u32,
    new: u32,
    added: Vec<&'t [u8]>,
    removed: Vec<&'t [u8]>,
}

impl Run<'_> {
    fn flush(&mut self, hunks: &mut Vec<Hunk>) {
        if self.added.is_empty() && self.removed.is_empty() {
            return;
        }
        let removed = numbered(self.old, &self.removed);
        let added = numbered(self.new, &self.added);
        let (old_lines, new_lines) = (count(&removed), count(&added));
        hunks.push(Hunk {
            old_start: if old_lines == 0 {
                self.old.saturating_sub(1)
            } else {
                self.old
            },
            old_lines,
            new_start: if new_lines == 0 {
                self.new.saturating_sub(1)
            } else {
                self.new
            },
            new_lines,
            added,
            removed,
        });
        self.old = self.old.saturating_add(old_lines);
        self.new = self.new.saturating_add(new_lines);
        self.added.clear();
        self.removed.clear();
    }
}

fn numbered(start: u32, texts: &[&[u8]]) -> Vec<Line> {
    let numbered = texts.iter().zip(start..);
    numbered
        .map(|(text, line)| Line {
            line,
            text: line_text(text),
        })
        .collect()
}

fn count(lines: &[Line]) -> u32 {
    u32::try_from(lines.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn a_header_says_where_the_next_line_is() {
        let header = |text: &str| Header::parse(text.as_bytes());
        assert_eq!(
            header("@@ -5,0 +6,2 @@ resource \"a\" {"),
            Some(Header {
                old_lines: 0,
                new_lines: 2,
                old_next: 6,
                new_next: 6
            })
        );
        assert_eq!(
            header("@@ -3 +3 @@"),
            Some(Header {
                old_lines: 1,
                new_lines: 1,
                old_next: 3,
                new_next: 3
            })
        );
        assert_eq!(
            header("@@ -0,0 +1,9 @@"),
            Some(Header {
                old_lines: 0,
                new_lines: 9,
                old_next: 1,
                new_next: 1
            })
        );
    }

    #[test]
    fn malformed_headers_are_refused() {
        for text in [
            "@@ -1,2 @@",
            "@@ -0,1 +1,1 @@",
            "@@ -1,1 +0,1 @@",
            "@@ -1,0 +1,0 @@",
            "@@ -a,1 +1,1 @@",
            "@@ -1,1 +1,1",
            "@@ -1,1 +1,1 @@x",
            "@@ -+1,1 +1,1 @@",
            "@@ - + @@",
            "@@ -4294967295,0 +1,1 @@",
            "@@ -4294967295,4294967295 +1,1 @@",
            "@@ -99999999999,1 +1,1 @@",
        ] {
            assert_eq!(Header::parse(text.as_bytes()), None, "{text}");
        }
    }
}
