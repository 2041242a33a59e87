//! Reads a unified diff given as a text in place of a repository.
//!
//! Understood are the output of `git diff`, `git show` and `git format-patch` (renames, copies, modes,
//! binary markers, quoted paths, any number of context lines) and of `diff -u`, with either line ending.
//! The steps: sections of a file begin at `diff --git` or at a `---`/`+++` pair; `names` finds out what the
//! file is called; `hunk` reads the lines by the counts of their header and drops the context.
//!
//! Nothing is passed over in silence: wrong counts, lines outside a hunk, a file that occurs twice, merge
//! diffs, `Only in` lines and submodule logs are errors with their line number.

mod hunk;
mod names;
mod section;

use super::{FileChange, FileStatus, MAX_FILES, MAX_LINES};
use section::Section;

/// The most bytes a diff may have.
pub const MAX_BYTES: usize = 200 * 1024 * 1024;

/// Why a text cannot be read as a unified diff.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnifiedError {
    /// The text holds no diff.
    #[error(
        "the text holds no unified diff; give the output of `git diff --no-color BASE...HEAD`, or an empty file where nothing differs."
    )]
    NotADiff,
    /// The text is UTF-16, as some shells write redirected output.
    #[error(
        "the diff is UTF-16 text; write it with `git diff --output=FILE`, which keeps its bytes."
    )]
    Utf16,
    /// The text, its files or its lines are too many.
    #[error(
        "the diff has more than {limit} {what}; give a smaller range, or the repository with `--repo`."
    )]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// A hunk header cannot be read, or contradicts an earlier one.
    #[error("line {line}: the hunk header is malformed or out of order; make the diff again.")]
    HunkHeader {
        /// The line of the diff.
        line: usize,
    },
    /// A hunk belongs to no file.
    #[error("line {line}: a hunk stands before any file name; make the diff again.")]
    HunkWithoutFile {
        /// The line of the diff.
        line: usize,
    },
    /// A hunk has more or fewer lines than its header says.
    #[error(
        "line {line}: the hunk does not have the number of lines that its header says; make the diff again."
    )]
    Count {
        /// The line of the diff where the counts stop matching.
        line: usize,
    },
    /// A file name cannot be read, or two headers of one file name different files.
    #[error(
        "line {line}: the file name is malformed or contradicts another header; make the diff again."
    )]
    Name {
        /// The line of the diff.
        line: usize,
    },
    /// A header contradicts the rest of its section.
    #[error(
        "line {line}: the header is malformed or contradicts the lines below it; make the diff again."
    )]
    Header {
        /// The line of the diff.
        line: usize,
    },
    /// A file occurs twice, so that line numbers refer to different states.
    #[error(
        "line {line}: `{path}` occurs a second time; give one diff from base to head, not one for each commit."
    )]
    Duplicate {
        /// The line of the diff.
        line: usize,
        /// The file, rendered.
        path: String,
    },
    /// The diff is of a kind that does not say everything.
    #[error("line {line}: {what}; make it again with {instead}.")]
    Unsupported {
        /// The line of the diff.
        line: usize,
        /// What was found.
        what: &'static str,
        /// The command that helps.
        instead: &'static str,
    },
}

/// Reads the files of a unified diff, sorted by path.
///
/// # Errors
/// A text without a diff (unless it is blank), and every inconsistency named by [`UnifiedError`].
pub fn parse(text: &[u8]) -> Result<Vec<FileChange>, UnifiedError> {
    if text.len() > MAX_BYTES {
        return Err(UnifiedError::TooLarge {
            what: "bytes",
            limit: MAX_BYTES,
        });
    }
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(UnifiedError::Utf16);
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = Reader {
        lines: Lines::new(text),
        current: None,
        files: Vec::new(),
        changed: 0,
    };
    reader.read()?;
    if reader.files.is_empty() && !text.iter().all(u8::is_ascii_whitespace) {
        return Err(UnifiedError::NotADiff);
    }
    in_order(reader.files)
}

/// Numbered lines, without `\n`.
struct Lines<'t> {
    rest: &'t [u8],
    number: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self {
            rest: text,
            number: 0,
        }
    }

    fn peek(&self) -> Option<&'t [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.rest.split(|byte| *byte == b'\n').next()
    }

    fn next(&mut self) -> Option<&'t [u8]> {
        let line = self.peek()?;
        self.rest = self.rest.get(line.len() + 1..).unwrap_or_default();
        self.number += 1;
        Some(line)
    }
}

/// The state between two lines of the top level.
struct Reader<'t> {
    lines: Lines<'t>,
    current: Option<Section<'t>>,
    files: Vec<(usize, FileChange)>,
    changed: usize,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), UnifiedError> {
        while let Some(raw) = self.lines.next() {
            let line = without_return(raw);
            let number = self.lines.number;
            refuse_incomplete(line, number)?;
            if let Some(names) = line.strip_prefix(b"diff --git ") {
                self.finish()?;
                self.current = Some(Section::git(number, names));
            } else if line.starts_with(b"@@ ") {
                self.hunk(line, number)?;
            } else if let Some(old) = line.strip_prefix(b"--- ")
                && let Some(new) = self
                    .lines
                    .peek()
                    .and_then(|next| without_return(next).strip_prefix(b"+++ "))
            {
                self.lines.next();
                if !self
                    .current
                    .as_mut()
                    .is_some_and(|section| section.set_sides(old, new))
                {
                    self.finish()?;
                    self.current = Some(Section::plain(number, old, new));
                }
            } else if let Some(names) = line
                .strip_prefix(b"Binary files ")
                .and_then(|rest| rest.strip_suffix(b" differ"))
            {
                if !self.current.as_mut().is_some_and(Section::set_binary) {
                    self.finish()?;
                    self.current = Some(Section::plain_binary(number, names)?);
                }
            } else {
                self.other(line, number)?;
            }
        }
        self.finish()
    }

    fn hunk(&mut self, line: &[u8], number: usize) -> Result<(), UnifiedError> {
        let section = self
            .current
            .as_mut()
            .ok_or(UnifiedError::HunkWithoutFile { line: number })?;
        let header = hunk::Header::parse(line).ok_or(UnifiedError::HunkHeader { line: number })?;
        if !section.admits(&header) {
            return Err(UnifiedError::HunkHeader { line: number });
        }
        let hunks = hunk::body(&mut self.lines, &header)?;
        self.changed += hunks
            .iter()
            .map(|hunk| hunk.added.len() + hunk.removed.len())
            .sum::<usize>();
        if self.changed > MAX_LINES {
            return Err(UnifiedError::TooLarge {
                what: "changed lines",
                limit: MAX_LINES,
            });
        }
        section.push(&header, hunks);
        Ok(())
    }

    /// A line that is neither a section nor a hunk: a git header, prose around the diff, or a stray line.
    fn other(&mut self, line: &[u8], number: usize) -> Result<(), UnifiedError> {
        let Some(section) = self.current.as_mut() else {
            return Ok(());
        };
        if !section.has_hunks() {
            return section.git_header(line, number);
        }
        // Commits of `git show` and mails of `git format-patch` end the section; what follows is prose.
        let ends = line == b"-- " || line.starts_with(b"commit ") || line.starts_with(b"From ");
        if ends {
            return self.finish();
        }
        match line.first() {
            Some(b'+' | b'-' | b' ') => Err(UnifiedError::Count { line: number }),
            _ => Ok(()),
        }
    }

    fn finish(&mut self) -> Result<(), UnifiedError> {
        let Some(section) = self.current.take() else {
            return Ok(());
        };
        if self.files.len() >= MAX_FILES {
            return Err(UnifiedError::TooLarge {
                what: "files",
                limit: MAX_FILES,
            });
        }
        self.files.push((section.line(), section.into_file()?));
        Ok(())
    }
}

/// Stops at lines which say that something differs without saying what.
fn refuse_incomplete(line: &[u8], number: usize) -> Result<(), UnifiedError> {
    let combined = [&b"diff --cc "[..], b"diff --combined ", b"@@@ "];
    let (what, instead) = if combined.iter().any(|start| line.starts_with(start)) {
        (
            "this is the diff of a merge against several parents",
            "`git diff BASE...HEAD`",
        )
    } else if line.starts_with(b"Only in ") {
        (
            "a file on one side only is named without its content",
            "`diff -ruN`",
        )
    } else if names::is_submodule_log(line) {
        (
            "a submodule is shown as a log",
            "`git diff --submodule=short`",
        )
    } else {
        return Ok(());
    };
    Err(UnifiedError::Unsupported {
        line: number,
        what,
        instead,
    })
}

/// Sorts by path; a deletion followed by an addition of another type is one file that changed its type.
fn in_order(mut files: Vec<(usize, FileChange)>) -> Result<Vec<FileChange>, UnifiedError> {
    files.sort_by(|a, b| a.1.path.cmp(&b.1.path).then(a.0.cmp(&b.0)));
    let mut sorted: Vec<FileChange> = Vec::with_capacity(files.len());
    for (line, file) in files {
        match sorted.last_mut() {
            Some(last) if last.path == file.path => {
                if !changes_type(last, &file) {
                    return Err(UnifiedError::Duplicate {
                        line,
                        path: file.path,
                    });
                }
                last.status = FileStatus::TypeChanged;
                last.mode = file.mode;
                last.binary |= file.binary;
                last.hunks.extend(file.hunks);
            }
            _ => sorted.push(file),
        }
    }
    Ok(sorted)
}

fn changes_type(old: &FileChange, new: &FileChange) -> bool {
    let kind = |mode: &Option<String>| {
        mode.as_ref()
            .and_then(|mode| mode.get(..3).map(str::to_owned))
    };
    old.status == FileStatus::Deleted
        && new.status == FileStatus::Added
        && kind(&old.old_mode).is_some()
        && kind(&old.old_mode) != kind(&new.mode)
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests;
