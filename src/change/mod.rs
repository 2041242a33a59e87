//! The git change under review, as plain values.
//!
//! `git` fills a [`Change`] from a repository and [`unified::parse`] fills its files from a text given with
//! `--diff FILE`; everything above reads it without knowing where it came from. Nothing here opens a
//! repository or a file.
//!
//! Invariants:
//! - hunks carry no context lines: `added` and `removed` are exactly the lines that differ;
//! - files are sorted by path and a path occurs once;
//! - a path is [rendered](path::render) without loss, so two different paths never look the same;
//! - serialised, a change is the `git` key that policies see (`dirty` is for reports and stays out).

pub mod path;
mod standing;
mod strings;
pub mod unified;

use std::ops::RangeInclusive;

use serde::Serialize;

pub use standing::Standing;
pub use strings::strings;

/// The most files that one change may hold.
pub const MAX_FILES: usize = 100_000;

/// The most added and removed lines that one change may hold.
pub const MAX_LINES: usize = 4_000_000;

/// The difference between a merge base and a head, with the people behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Change {
    /// The commit the change is to be merged into, in hexadecimal; none for a diff read from a file.
    pub base: Option<String>,
    /// The commit under review, in hexadecimal.
    pub head: Option<String>,
    /// The commit from which the change is counted, in hexadecimal.
    pub merge_base: Option<String>,
    /// The short name of the branch under review, where it is known.
    pub branch: Option<String>,
    /// Everyone named by the commits of the change, sorted, each once in each role.
    pub authors: Vec<Author>,
    /// The files that differ, sorted by path.
    pub files: Vec<FileChange>,
    /// Tracked files that decide the plan or the verdict and differ from head in the work tree, sorted.
    #[serde(skip)]
    pub dirty: Vec<String>,
}

/// A person named by a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Author {
    /// The name as written in the commit; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// The address as written in the commit, possibly empty.
    pub email: String,
    /// The part the person had.
    pub role: AuthorRole,
}

/// The part a person had in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorRole {
    /// The commit's author.
    Author,
    /// The commit's committer.
    Committer,
    /// Named by a `Co-authored-by` line of the message.
    CoAuthor,
}

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// The path on the new side, or the old one of a deleted file.
    pub path: String,
    /// The path a renamed or copied file had before.
    pub old_path: Option<String>,
    /// What happened to the file.
    pub status: FileStatus,
    /// The new side's mode, such as `100644`; none when deleted or unknown.
    pub mode: Option<String>,
    /// The old side's mode; none when added or unknown.
    pub old_mode: Option<String>,
    /// Whether the content was not compared by line (binary, or too large for it).
    pub binary: bool,
    /// The lines that differ, in order; empty for binary files and submodules.
    pub hunks: Vec<Hunk>,
    /// The printable texts of the new side that the old side lacks, where the content holds NUL bytes or is UTF-16, with the lines
    /// that they stand on; none for other content, and where they were not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strings: Option<Vec<Line>>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileStatus {
    /// The file is new.
    Added,
    /// The content or the mode differs.
    Modified,
    /// The file is gone.
    Deleted,
    /// The file has another path, and perhaps other content.
    Renamed,
    /// The file began as a copy of another.
    Copied,
    /// A file became a link or a submodule, or the reverse.
    TypeChanged,
}

/// A run of lines that differ, without context.
///
/// Numbers are those of `git diff -U0`: where a side has no lines, its start is the line after which they
/// would stand (0 at the top of a file).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hunk {
    /// The first removed line, or the line before the addition.
    pub old_start: u32,
    /// How many lines were removed.
    pub old_lines: u32,
    /// The first added line, or the line before the gap.
    pub new_start: u32,
    /// How many lines were added.
    pub new_lines: u32,
    /// The lines of the new side.
    pub added: Vec<Line>,
    /// The lines of the old side.
    pub removed: Vec<Line>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The line's number on its own side, from 1.
    pub line: u32,
    /// The text without its line ending; bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl Change {
    /// Counts the added lines.
    #[must_use]
    pub fn insertions(&self) -> usize {
        self.files.iter().map(FileChange::insertions).sum()
    }

    /// Counts the removed lines.
    #[must_use]
    pub fn deletions(&self) -> usize {
        self.files.iter().map(FileChange::deletions).sum()
    }

    /// Finds the file with this path on the new side (the old side's path of a deleted file).
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&FileChange> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Tells whether the change touches these lines of the new side of a file.
    ///
    /// A removal touches a range when it happened between two lines of it. A file whose lines are not
    /// known (binary, submodule) and one that is gone touch nothing.
    #[must_use]
    pub fn touches(&self, path: &str, lines: &RangeInclusive<u32>) -> bool {
        self.file(path).is_some_and(|file| file.touches(lines))
    }

    /// Tells whether the change removes one of these lines of the old side of a file.
    #[must_use]
    pub fn removes(&self, path: &str, lines: &RangeInclusive<u32>) -> bool {
        let of_old = |file: &&FileChange| match file.status {
            FileStatus::Added | FileStatus::Copied => false,
            _ => file.old_path.as_ref().unwrap_or(&file.path) == path,
        };
        let mut files = self.files.iter().filter(of_old);
        files.any(|file| {
            file.status == FileStatus::Deleted || file.hunks.iter().any(|hunk| hunk.removes(lines))
        })
    }

    /// Tells whether a path decides what a plan holds or how it is judged.
    #[must_use]
    pub fn is_terraform_relevant(path: &str) -> bool {
        const ENDINGS: [&str; 8] = [
            ".tf",
            ".tf.json",
            ".tofu",
            ".tofu.json",
            ".tfvars",
            ".tfvars.json",
            ".rego",
            "/countersign.toml",
        ];
        path == "countersign.toml"
            || path == ".terraform.lock.hcl"
            || path.ends_with("/.terraform.lock.hcl")
            || path.starts_with(".countersign/")
            || ENDINGS.iter().any(|ending| path.ends_with(ending))
    }
}

impl FileChange {
    /// Counts the added lines.
    #[must_use]
    pub fn insertions(&self) -> usize {
        self.hunks.iter().map(|hunk| hunk.added.len()).sum()
    }

    /// Counts the removed lines.
    #[must_use]
    pub fn deletions(&self) -> usize {
        self.hunks.iter().map(|hunk| hunk.removed.len()).sum()
    }

    /// Tells whether a hunk lies on these lines of the new side; see [`Change::touches`].
    #[must_use]
    pub fn touches(&self, lines: &RangeInclusive<u32>) -> bool {
        self.status != FileStatus::Deleted && self.hunks.iter().any(|hunk| hunk.touches(lines))
    }
}

impl Hunk {
    fn removes(&self, lines: &RangeInclusive<u32>) -> bool {
        let last = self
            .old_start
            .saturating_add(self.old_lines.saturating_sub(1));
        self.old_lines > 0 && *lines.start() <= last && self.old_start <= *lines.end()
    }

    fn touches(&self, lines: &RangeInclusive<u32>) -> bool {
        if lines.is_empty() {
            return false;
        }
        if self.new_lines == 0 {
            return *lines.start() <= self.new_start && self.new_start < *lines.end();
        }
        let last = self.new_start.saturating_add(self.new_lines - 1);
        *lines.start() <= last && self.new_start <= *lines.end()
    }
}

/// Makes the text of a line from its bytes: without line ending, and with what is not UTF-8 replaced.
#[must_use]
pub fn line_text(bytes: &[u8]) -> String {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
