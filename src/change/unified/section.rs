//! What a diff says about one file, gathered line by line.

use super::super::{FileChange, FileStatus, Hunk, path};
use super::hunk::Header;
use super::names::{self, Side};
use super::{UnifiedError, without_return};

/// The mode of a submodule's entry.
const SUBMODULE: &str = "160000";

/// One file of a diff, until its last line is read.
#[derive(Default)]
pub(super) struct Section<'t> {
    line: usize,
    /// The names of the `diff --git` line; none for plain diffs.
    git: Option<&'t [u8]>,
    sides: Option<(&'t [u8], &'t [u8])>,
    plain_binary: Option<Vec<u8>>,
    moved: Option<FileStatus>,
    moved_from: Option<Vec<u8>>,
    moved_to: Option<Vec<u8>>,
    added: bool,
    deleted: bool,
    old_mode: Option<String>,
    new_mode: Option<String>,
    binary: bool,
    hunks: Vec<Hunk>,
    /// The first old line that the next hunk may start at.
    old_end: u32,
    /// The first new line that the next hunk may start at.
    new_end: u32,
}

impl<'t> Section<'t> {
    pub(super) fn git(line: usize, names: &'t [u8]) -> Self {
        Self {
            line,
            git: Some(names),
            ..Self::default()
        }
    }

    pub(super) fn plain(line: usize, old: &'t [u8], new: &'t [u8]) -> Self {
        Self {
            line,
            sides: Some((old, without_return(new))),
            ..Self::default()
        }
    }

    /// Begins a section from what `Binary files … differ` says of a plain diff.
    pub(super) fn plain_binary(line: usize, names: &[u8]) -> Result<Self, UnifiedError> {
        let wrong = UnifiedError::Name { line };
        let middle = b" and ";
        let both = |at: usize| {
            let (old, new) = names.split_at_checked(at)?;
            names::joined(Some(old), Some(new.strip_prefix(middle)?))
        };
        let mut places = names
            .windows(middle.len())
            .enumerate()
            .filter(|(_, window)| window == middle);
        let at = places
            .next()
            .map(|(at, _)| at)
            .ok_or_else(|| wrong.clone())?;
        if places.next().is_some() {
            return Err(wrong);
        }
        let path = both(at).ok_or(wrong)?;
        Ok(Self {
            line,
            plain_binary: Some(path),
            binary: true,
            ..Self::default()
        })
    }

    pub(super) fn line(&self) -> usize {
        self.line
    }

    pub(super) fn has_hunks(&self) -> bool {
        self.new_end > 0
    }

    /// Takes the `---`/`+++` pair of a git section; refuses when it begins another file.
    pub(super) fn set_sides(&mut self, old: &'t [u8], new: &'t [u8]) -> bool {
        let takes = self.git.is_some() && self.sides.is_none() && !self.has_hunks() && !self.binary;
        if takes {
            self.sides = Some((old, without_return(new)));
        }
        takes
    }

    /// Takes the binary marker of a git section; refuses when it begins another file.
    pub(super) fn set_binary(&mut self) -> bool {
        let takes = self.git.is_some() && self.sides.is_none() && !self.has_hunks() && !self.binary;
        self.binary |= takes;
        takes
    }

    /// Tells whether a hunk can come next: the file has names, and the hunk lies behind the last one.
    pub(super) fn admits(&self, header: &Header) -> bool {
        self.sides.is_some() && header.old_next >= self.old_end && header.new_next >= self.new_end
    }

    pub(super) fn push(&mut self, header: &Header, hunks: Vec<Hunk>) {
        self.old_end = header.old_end();
        self.new_end = header.new_end();
        self.hunks.extend(hunks);
    }

    /// Reads an extended header of git; other lines are prose.
    pub(super) fn git_header(&mut self, line: &[u8], number: usize) -> Result<(), UnifiedError> {
        if self.git.is_none() || self.sides.is_some() {
            return Ok(());
        }
        let wrong = UnifiedError::Header { line: number };
        let name =
            |text: &[u8]| names::header_name(text).ok_or(UnifiedError::Name { line: number });
        if line == b"GIT binary patch" {
            self.binary = true;
        } else if let Some(text) = line.strip_prefix(b"old mode ") {
            self.old_mode = Some(mode(text).ok_or(wrong)?);
        } else if let Some(text) = line.strip_prefix(b"new mode ") {
            self.new_mode = Some(mode(text).ok_or(wrong)?);
        } else if let Some(text) = line.strip_prefix(b"new file mode ") {
            self.added = true;
            self.new_mode = Some(mode(text).ok_or(wrong)?);
        } else if let Some(text) = line.strip_prefix(b"deleted file mode ") {
            self.deleted = true;
            self.old_mode = Some(mode(text).ok_or(wrong)?);
        } else if let Some(text) = line.strip_prefix(b"rename from ") {
            self.moved = Some(FileStatus::Renamed);
            self.moved_from = Some(name(text)?);
        } else if let Some(text) = line.strip_prefix(b"copy from ") {
            self.moved = Some(FileStatus::Copied);
            self.moved_from = Some(name(text)?);
        } else if let Some(text) = line
            .strip_prefix(b"rename to ")
            .or_else(|| line.strip_prefix(b"copy to "))
        {
            self.moved_to = Some(name(text)?);
        } else if let Some(text) = line.strip_prefix(b"index ")
            && let Some(text) = text
                .rsplit(|byte| *byte == b' ')
                .next()
                .filter(|word| word.len() < text.len())
        {
            let mode = mode(text).ok_or(wrong)?;
            self.old_mode = Some(mode.clone());
            self.new_mode = Some(mode);
        }
        Ok(())
    }

    /// Draws the conclusions.
    pub(super) fn into_file(self) -> Result<FileChange, UnifiedError> {
        let line = self.line;
        let wrong_name = UnifiedError::Name { line };
        let wrong = UnifiedError::Header { line };
        let sides = match self.sides {
            Some((old, new)) => Some((
                names::side(old).ok_or_else(|| wrong_name.clone())?,
                names::side(new).ok_or_else(|| wrong_name.clone())?,
            )),
            None => None,
        };
        if sides.is_some() && !self.has_hunks() {
            return Err(wrong);
        }
        let path = self.path(sides.as_ref()).ok_or(wrong_name)?;
        let status = self.status(sides.as_ref()).ok_or_else(|| wrong.clone())?;
        let has_old = self.hunks.iter().any(|hunk| hunk.old_lines > 0);
        let has_new = self.hunks.iter().any(|hunk| hunk.new_lines > 0);
        if (status == FileStatus::Added && has_old) || (status == FileStatus::Deleted && has_new) {
            return Err(wrong);
        }
        let is_submodule = [&self.old_mode, &self.new_mode]
            .iter()
            .any(|mode| mode.as_deref() == Some(SUBMODULE));
        Ok(FileChange {
            path: path::render(&path),
            old_path: self.moved_from.as_deref().map(path::render),
            status,
            mode: self.new_mode.filter(|_| status != FileStatus::Deleted),
            old_mode: self.old_mode.filter(|_| status != FileStatus::Added),
            binary: self.binary,
            hunks: if is_submodule { Vec::new() } else { self.hunks },
            strings: None,
        })
    }

    fn path(&self, sides: Option<&(Side, Side)>) -> Option<Vec<u8>> {
        if let Some(path) = &self.plain_binary {
            return Some(path.clone());
        }
        if self.moved.is_some() || self.moved_to.is_some() {
            return match (&self.moved_from, &self.moved_to) {
                (Some(from), Some(to)) if agrees(sides, from, to, None) => Some(to.clone()),
                _ => None,
            };
        }
        if let Some((path, prefixed)) = self.git.and_then(names::same_path) {
            return agrees(sides, &path, &path, Some(prefixed)).then_some(path);
        }
        let (old, new) = sides?;
        names::joined(old.name.as_deref(), new.name.as_deref())
    }

    /// The status, or none where the headers contradict each other.
    fn status(&self, sides: Option<&(Side, Side)>) -> Option<FileStatus> {
        let nothing = |side: &Side, lines: fn(&Hunk) -> u32| match side.name {
            None => true,
            Some(_) => {
                self.git.is_none() && side.absent && self.hunks.iter().all(|hunk| lines(hunk) == 0)
            }
        };
        let added = self.added || sides.is_some_and(|(old, _)| nothing(old, |hunk| hunk.old_lines));
        let deleted =
            self.deleted || sides.is_some_and(|(_, new)| nothing(new, |hunk| hunk.new_lines));
        match (self.moved, added, deleted) {
            (None, false, false) => Some(FileStatus::Modified),
            (None, true, false) => Some(FileStatus::Added),
            (None, false, true) => Some(FileStatus::Deleted),
            (Some(moved), false, false) => Some(moved),
            _ => None,
        }
    }
}

/// Tells whether the `---`/`+++` pair names these files, with or without prefixes.
fn agrees(sides: Option<&(Side, Side)>, old: &[u8], new: &[u8], prefixed: Option<bool>) -> bool {
    let is = |side: &Side, path: &[u8]| match &side.name {
        None => true,
        Some(name) => match prefixed {
            Some(true) => names::without_first(name) == Some(path),
            Some(false) => name == path,
            None => name == path || names::without_first(name) == Some(path),
        },
    };
    sides.is_none_or(|(old_side, new_side)| is(old_side, old) && is(new_side, new))
}

/// Reads six octal digits.
fn mode(text: &[u8]) -> Option<String> {
    let is_mode = text.len() == 6 && text.iter().all(|byte| (b'0'..=b'7').contains(byte));
    is_mode.then(|| String::from_utf8_lossy(text).into_owned())
}
