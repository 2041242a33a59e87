//! The source line behind a finding.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::source::SourceIndex;
use crate::text::{Printable, Redactor};

/// Gives source lines; each file is cut into lines once, however many findings point into it.
pub(super) struct Excerpts<'a> {
    source: Option<&'a SourceIndex>,
    redactor: &'a Redactor,
    files: BTreeMap<String, Option<Cut<'a>>>,
}

/// A text and where its lines start.
struct Cut<'a> {
    text: Cow<'a, str>,
    starts: Vec<usize>,
}

impl<'a> Excerpts<'a> {
    /// Starts without having read a file.
    pub(super) fn new(source: Option<&'a SourceIndex>, redactor: &'a Redactor) -> Self {
        Self {
            source,
            redactor,
            files: BTreeMap::new(),
        }
    }

    /// The line of a file, counted from 1, redacted; none where the file or the line is not known or blank.
    pub(super) fn line(&mut self, file: &str, line: u32) -> Option<Printable> {
        let source = self.source?;
        let cut = self
            .files
            .entry(file.to_owned())
            .or_insert_with(|| source.text(file).map(Cut::new))
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

    #[test]
    fn lines_are_found_by_number_and_made_printable() {
        let text = "a = 1\r\n\n\tb = \"\u{202e}\"\nlast";
        let files = [("main.tf".to_owned(), text.as_bytes().to_vec())];
        let source = SourceIndex::build(files, "", None);
        let redactor = Redactor::default();
        let mut excerpts = Excerpts::new(Some(&source), &redactor);
        let mut line = |number| excerpts.line("main.tf", number).map(Printable::into_string);
        assert_eq!(line(1).unwrap(), "a = 1");
        assert_eq!(line(2), None);
        assert_eq!(line(3).unwrap(), "    b = \"<U+202E>\"");
        assert_eq!(line(4).unwrap(), "last");
        assert_eq!((line(0), line(5), line(u32::MAX)), (None, None, None));
        assert_eq!(excerpts.line("other.tf", 1), None);
    }

    #[test]
    fn without_an_index_there_is_no_excerpt() {
        let redactor = Redactor::default();
        assert_eq!(Excerpts::new(None, &redactor).line("main.tf", 1), None);
    }
}
