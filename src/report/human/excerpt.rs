//! The source line behind a finding.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Location;
use crate::source::{SourceSide, Sources};
use crate::text::{Printable, Redactor, hide_named};

/// Lines of a block that are shown below the one that a finding points to.
const FOLLOWING: u32 = 2;

/// Gives source lines; each file is cut into lines once, however many findings point into it.
pub(super) struct Excerpts<'a> {
    sources: &'a [Option<Sources>],
    redactor: &'a Redactor,
    files: BTreeMap<(usize, SourceSide, String), Option<Cut<'a>>>,
    shown: BTreeSet<(usize, SourceSide, String, Option<u32>)>,
}

/// A text and where its lines start.
struct Cut<'a> {
    text: Cow<'a, str>,
    starts: Vec<usize>,
}

impl<'a> Excerpts<'a> {
    /// Starts without having read a file.
    pub(super) fn new(sources: &'a [Option<Sources>], redactor: &'a Redactor) -> Self {
        Self {
            sources,
            redactor,
            files: BTreeMap::new(),
            shown: BTreeSet::new(),
        }
    }

    /// The line that a finding points to with what follows it in the block, numbered from 1 and redacted; nothing where the file or the
    /// line is not known or blank. The redactor knows only what the plan holds, so literals beside names of secrets go too.
    pub(super) fn lines(&mut self, plan: usize, location: &Location) -> Vec<(u32, Printable)> {
        let redactor = self.redactor;
        let first = location.line.unwrap_or_default();
        let last = location.end_line.unwrap_or_default();
        let mut raw: Vec<(u32, String)> = Vec::new();
        for number in first..=last.max(first).min(first.saturating_add(FOLLOWING)) {
            // A blank line ends it, and so does one that only closes something.
            let closes = |text: &str| text.trim_start().chars().all(|c| "})],".contains(c));
            match self.line(plan, location, number) {
                Some(text) if number == first || !closes(&text) => raw.push((number, text)),
                _ => break,
            }
        }
        // Together, for a secret of several lines; what no longer has its lines is not shown below the first.
        let texts: Vec<&str> = raw.iter().map(|(_, text)| text.as_str()).collect();
        let shown = redactor.lines(&texts.join("\n"));
        if shown.as_str().lines().count() != raw.len() {
            raw.truncate(1);
            return raw
                .into_iter()
                .map(|(n, text)| (n, named(redactor.line(&text).as_str())))
                .collect();
        }
        let shown = shown.as_str().lines().map(named);
        raw.into_iter()
            .map(|(number, _)| number)
            .zip(shown)
            .collect()
    }

    /// Whether the same lines were not asked for before.
    pub(super) fn is_new(&mut self, plan: usize, location: &Location) -> bool {
        let file = location.file.to_string();
        self.shown
            .insert((plan, location.side, file, location.line))
    }

    fn line(&mut self, plan: usize, location: &Location, line: u32) -> Option<String> {
        let file = location.file.as_str();
        let source = self.sources.get(plan)?.as_ref()?;
        let cut = self
            .files
            .entry((plan, location.side, file.to_owned()))
            .or_insert_with(|| source.text(location.side, file).map(Cut::new))
            .as_ref()?;
        let text = cut.line(usize::try_from(line).ok()?.checked_sub(1)?)?;
        Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())
    }
}

/// A line that the redactor has read, without literals beside names of secrets.
fn named(line: &str) -> Printable {
    Printable::line(&hide_named(line))
}

impl<'a> Cut<'a> {
    fn new(text: Cow<'a, str>) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text, starts }
    }

    fn line(&self, index: usize) -> Option<&str> {
        let start = *self.starts.get(index)?;
        let end = self
            .starts
            .get(index + 1)
            .map_or(self.text.len(), |next| next - 1);
        self.text.get(start..end)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::source::SourceIndex;

    fn at(file: &str, line: u32) -> Location {
        Location {
            file: Printable::line(file),
            line: Some(line),
            ..Location::default()
        }
    }

    #[test]
    fn lines_are_found_by_number_and_made_printable() {
        let text = "a = 1\r\n\n\tb = \"\u{202e}\"\nlast";
        let files = [("main.tf".to_owned(), text.as_bytes().to_vec())];
        let sources = [Some(SourceIndex::build(files, "", None).into())];
        let redactor = Redactor::default();
        let mut excerpts = Excerpts::new(&sources, &redactor);
        let mut line = |number| {
            let shown = excerpts.lines(0, &at("main.tf", number));
            assert!(shown.len() <= 1, "no block is known");
            let (shown_number, text) = shown.into_iter().next()?;
            assert_eq!(shown_number, number);
            Some(text.into_string())
        };
        assert_eq!(line(1).unwrap(), "a = 1");
        assert_eq!(line(2), None);
        assert_eq!(line(3).unwrap(), "    b = \"<U+202E>\"");
        assert_eq!(line(4).unwrap(), "last");
        assert_eq!((line(0), line(5), line(u32::MAX)), (None, None, None));
        assert_eq!(excerpts.lines(0, &at("other.tf", 1)), []);
        assert_eq!(excerpts.lines(1, &at("main.tf", 1)), []);
        let block = Location {
            end_line: Some(4),
            ..at("main.tf", 3)
        };
        let numbers =
            |shown: Vec<(u32, Printable)>| shown.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
        assert_eq!(numbers(excerpts.lines(0, &block)), [3, 4]);
        let blank_below = Location {
            end_line: Some(4),
            ..at("main.tf", 1)
        };
        assert_eq!(numbers(excerpts.lines(0, &blank_below)), [1]);
        let endless = Location {
            end_line: Some(u32::MAX),
            ..at("main.tf", u32::MAX)
        };
        assert_eq!(excerpts.lines(0, &endless), []);
        assert!(excerpts.is_new(0, &block) && !excerpts.is_new(0, &block));
        assert!(excerpts.is_new(1, &block) && excerpts.is_new(0, &blank_below));
        let base = Location {
            side: SourceSide::Base,
            ..at("main.tf", 1)
        };
        assert_eq!(excerpts.lines(0, &base), [], "there is no base");
    }

    #[test]
    fn without_an_index_there_is_no_excerpt() {
        let redactor = Redactor::default();
        let mut excerpts = Excerpts::new(&[], &redactor);
        assert_eq!(excerpts.lines(0, &at("main.tf", 1)), []);
    }
}
