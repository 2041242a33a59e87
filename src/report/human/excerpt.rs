//! The source line behind a finding.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::finding::Location;
use crate::source::{SourceSide, Sources};
use crate::text::{Printable, Redactor};

/// Gives source lines; each file is cut into lines once, however many findings point into it.
pub(super) struct Excerpts<'a> {
    sources: &'a [Option<Sources>],
    redactor: &'a Redactor,
    files: BTreeMap<(usize, SourceSide, String), Option<Cut<'a>>>,
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
        }
    }

    /// The line of a file, counted from 1, redacted; none where the file or the line is not known or blank.
    pub(super) fn line(&mut self, plan: usize, location: &Location) -> Option<Printable> {
        let line = location.line?;
        let file = location.file.as_str();
        let source = self.sources.get(plan)?.as_ref()?;
        let cut = self
            .files
            .entry((plan, location.side, file.to_owned()))
            .or_insert_with(|| source.text(location.side, file).map(Cut::new))
            .as_ref()?;
        let text = cut.line(usize::try_from(line).ok()?.checked_sub(1)?)?;
        let shown = self.redactor.lines(text.trim_end());
        (!shown.is_empty()).then_some(shown)
    }
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
            let shown = excerpts.line(0, &at("main.tf", number));
            shown.map(Printable::into_string)
        };
        assert_eq!(line(1).unwrap(), "a = 1");
        assert_eq!(line(2), None);
        assert_eq!(line(3).unwrap(), "    b = \"<U+202E>\"");
        assert_eq!(line(4).unwrap(), "last");
        assert_eq!((line(0), line(5), line(u32::MAX)), (None, None, None));
        assert_eq!(excerpts.line(0, &at("other.tf", 1)), None);
        assert_eq!(excerpts.line(1, &at("main.tf", 1)), None);
        let base = Location {
            side: SourceSide::Base,
            ..at("main.tf", 1)
        };
        assert_eq!(excerpts.line(0, &base), None, "there is no base");
    }

    #[test]
    fn without_an_index_there_is_no_excerpt() {
        let redactor = Redactor::default();
        let mut excerpts = Excerpts::new(&[], &redactor);
        assert_eq!(excerpts.line(0, &at("main.tf", 1)), None);
    }
}
