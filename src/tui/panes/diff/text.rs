//! Texts of several lines, compared line by line.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::super::super::theme::Role;
use super::lines::{Row, compare, near};
use super::sheet::Span;
use super::{Painter, plural};
use crate::text::Printable;

/// Most lines of one text that are shown.
const TALLEST: usize = 400;

/// Equal lines around what differs.
const AROUND: usize = 2;

/// Longest line, in bytes, whose words are compared; of all longer lines only the head is shown.
const LONG: usize = 1_000;

impl Painter<'_> {
    /// Redacted as wholes first, so that no secret is cut in two by its lines.
    pub(super) fn text(&mut self, before: Option<&str>, after: Option<&str>, depth: usize) {
        let redacted = |text: Option<&str>| text.map(|text| self.redactor.redact(text));
        let (a, b) = (redacted(before), redacted(after));
        match (&a, &b) {
            (Some(a), Some(b)) if a == b => {
                self.say(depth, Role::Change, "differs only in what is hidden");
                return;
            }
            (Some(a), Some(b)) => self.endings(a, b, depth),
            _ => {}
        }
        let keeps_returns = match (&a, &b) {
            (Some(a), Some(b)) => all_crlf(a) != all_crlf(b),
            _ => false,
        };
        let a = split(a.as_deref().unwrap_or_default(), keeps_returns);
        let b = split(b.as_deref().unwrap_or_default(), keeps_returns);
        let rows = compare(&a, &b);
        let shown = if self.look.unchanged {
            vec![true; rows.len()]
        } else {
            near(&rows, AROUND)
        };
        let mut folded = 0;
        let mut written = 0;
        let differ = rows
            .iter()
            .filter(|row| !matches!(row, Row::Same(..)))
            .count();
        let mut seen = 0;
        for (row, shown) in rows.iter().zip(&shown) {
            if !shown {
                folded += 1;
                continue;
            }
            self.fold(&mut folded, depth);
            if written >= TALLEST {
                let text = format!(
                    "{} more lines that differ are not shown here",
                    differ - seen
                );
                self.say(depth, Role::Warn, &text);
                return;
            }
            written += 1;
            seen += usize::from(!matches!(row, Row::Same(..)));
            let line =
                |lines: &[&str], at: usize| lines.get(at).copied().unwrap_or_default().to_owned();
            match *row {
                Row::Same(_, y) => {
                    let spans = vec![(Role::Dim, printable(&line(&b, y)))];
                    let same = self.row(depth, Role::Dim, " ", spans);
                    self.put(Some(same.clone()), Some(same), true);
                }
                Row::Removed(x) => {
                    let spans = vec![(Role::Remove, printable(&line(&a, x)))];
                    let gone = self.row(depth, Role::Remove, "-", spans);
                    self.put(Some(gone), None, false);
                }
                Row::Added(y) => {
                    let spans = vec![(Role::Add, printable(&line(&b, y)))];
                    let new = self.row(depth, Role::Add, "+", spans);
                    self.put(None, Some(new), false);
                }
                Row::Changed(x, y) => {
                    let (left, right) = words(&line(&a, x), &line(&b, y));
                    let left = self.row(depth, Role::Remove, "-", left);
                    let right = self.row(depth, Role::Add, "+", right);
                    self.put(Some(left), Some(right), false);
                }
            }
        }
        self.fold(&mut folded, depth);
    }

    fn fold(&mut self, folded: &mut usize, depth: usize) {
        if *folded > 0 {
            let text = format!("... {folded} unchanged line{} (x)", plural(*folded));
            self.say(depth, Role::Dim, &text);
        }
        *folded = 0;
    }

    fn row(&self, depth: usize, role: Role, sign: &str, spans: Vec<Span>) -> Vec<Span> {
        let indent = " ".repeat(self.sheet.indent(depth));
        let mut out = vec![(role, format!("{indent}{sign} "))];
        out.extend(spans);
        out
    }

    fn put(&mut self, left: Option<Vec<Span>>, right: Option<Vec<Span>>, same: bool) {
        if self.sheet.is_wide() {
            self.sheet
                .sides(left.unwrap_or_default(), right.unwrap_or_default());
            return;
        }
        if let Some(left) = left {
            self.sheet.line(left);
        }
        if let Some(right) = right
            && !same
        {
            self.sheet.line(right);
        }
    }

    /// Says what cannot be seen in the lines: how they end.
    fn endings(&mut self, a: &str, b: &str, depth: usize) {
        let text = match (a.ends_with('\n'), b.ends_with('\n')) {
            (true, false) => Some("the line break at the end goes"),
            (false, true) => Some("a line break is added at the end"),
            _ => None,
        };
        if let Some(text) = text {
            self.say(depth, Role::Change, text);
        }
        let text = match (all_crlf(a), all_crlf(b)) {
            (true, false) => "line ends change from CR LF (Windows) to LF or a mix",
            (false, true) => "line ends change to CR LF (Windows)",
            _ => return,
        };
        self.say(depth, Role::Change, text);
    }
}

fn all_crlf(text: &str) -> bool {
    let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    breaks > 0 && breaks == text.matches("\r\n").count()
}

fn split(text: &str, keeps_returns: bool) -> Vec<&str> {
    let is_crlf = !keeps_returns && all_crlf(text);
    let mut lines: Vec<&str> = text
        .split('\n')
        .map(|line| {
            if is_crlf {
                line.strip_suffix('\r').unwrap_or(line)
            } else {
                line
            }
        })
        .collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    lines
}

fn printable(line: &str) -> String {
    Printable::lines(&clipped(line)).into_string()
}

fn clipped(line: &str) -> String {
    if line.len() <= 4 * LONG {
        return line.to_owned();
    }
    let head: String = line.chars().take(LONG).collect();
    format!("{head}… ({} characters)", line.chars().count())
}

/// Two lines with the words that differ set off.
fn words(a: &str, b: &str) -> (Vec<Span>, Vec<Span>) {
    let bare = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
    if a.len() > LONG || b.len() > LONG {
        let (a, b) = (printable_whole(a), printable_whole(b));
        return super::leaf::parted(&a, &b);
    }
    if bare(a) == bare(b) {
        let seen = |text: &str| Printable::line(text).into_string().replace(' ', "·");
        return super::leaf::parted(&seen(a), &seen(b));
    }
    let diff = TextDiff::configure()
        .timeout(Duration::from_millis(2))
        .diff_words(a, b);
    let is_alike = diff.ratio() >= 0.4;
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        let text = printable(change.value());
        match change.tag() {
            ChangeTag::Equal => {
                left.push((Role::Remove, text.clone()));
                right.push((Role::Add, text));
            }
            ChangeTag::Delete if is_alike => left.push((Role::RemovePart, text)),
            ChangeTag::Insert if is_alike => right.push((Role::AddPart, text)),
            ChangeTag::Delete => left.push((Role::Remove, text)),
            ChangeTag::Insert => right.push((Role::Add, text)),
        }
    }
    (left, right)
}

fn printable_whole(line: &str) -> String {
    Printable::line(line).into_string()
}
