//! The source pane: the block in the configuration, the diff's lines on it, and whether the diff explains it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::super::model::{Review, Subject};
use super::super::rich::Rich;
use super::super::theme::Role;
use super::finding;
use crate::change::FileChange;
use crate::plan::Mode;
use crate::source::{ResourceMode, SourceIndex, TokenKind, tokens};
use crate::text::{fit_end, fit_middle};

/// Lines shown around a block.
const CONTEXT: usize = 3;

/// Most lines of a block.
const TALLEST: usize = 1_000;

/// A place in the configuration.
struct Place {
    file: String,
    first: usize,
    last: usize,
    /// Why this place and not the resource's own block.
    note: Option<&'static str>,
    in_diff: Option<bool>,
    explained: Option<bool>,
}

pub(super) fn lines(review: &Review, subject: Subject, width: usize) -> Vec<Rich> {
    let Some(index) = &review.case.source else {
        return vec![Rich::of(
            Role::Dim,
            "There is no configuration to show: no repository is under review.",
        )];
    };
    let Some(place) = place(review, index, subject) else {
        return vec![Rich::of(
            Role::Dim,
            "No place in the configuration is known for this.",
        )];
    };
    let file = review
        .case
        .under_review
        .change()
        .and_then(|change| change.file(&place.file));
    let shown = review.case.redactor.line(&place.file).into_string();
    let title = format!(
        "{}:{}-{}",
        fit_middle(&shown, width.saturating_sub(40).max(12)),
        place.first,
        place.last
    );
    let (role, words) = blame(review, &place, file);
    let mut out = vec![Rich::of(Role::Strong, title).right(role, words)];
    out.extend(place.note.map(|note| Rich::of(Role::Dim, note)));
    match index.text(&place.file) {
        Some(text) => out.extend(code(review, &text, &place, file, width)),
        None => out.push(Rich::of(
            Role::Dim,
            "The file is not among the Terraform files of the commit.",
        )),
    }
    out
}

fn blame(review: &Review, place: &Place, file: Option<&FileChange>) -> (Role, String) {
    if place.explained == Some(false) {
        return (Role::Bad, "not explained by the diff".to_owned());
    }
    if review.case.under_review.change().is_none() {
        return (Role::Dim, "no change under review".to_owned());
    }
    let touched = place
        .in_diff
        .unwrap_or_else(|| file.is_some_and(|file| file.touches(&range(place))));
    if touched {
        (Role::Warn, "introduced by this diff".to_owned())
    } else {
        (Role::Dim, "unchanged code".to_owned())
    }
}

fn range(place: &Place) -> RangeInclusive<u32> {
    let number = |line: usize| u32::try_from(line).unwrap_or(u32::MAX);
    number(place.first)..=number(place.last)
}

fn place(review: &Review, index: &SourceIndex, subject: Subject) -> Option<Place> {
    let found = finding(review, subject).map(|(_, finding)| finding);
    let explained = found.and_then(|finding| finding.explained);
    if let Some(location) = found.and_then(|finding| finding.location.as_ref()) {
        let first = location.line.map_or(1, |line| line as usize);
        return Some(Place {
            file: location.file.to_string(),
            first,
            last: location
                .end_line
                .map_or(first, |line| line as usize)
                .max(first),
            note: location.line.is_none().then_some("Only the file is known."),
            in_diff: location.in_diff,
            explained,
        });
    }
    let (plan, at) = review.change_at()?;
    let change = review.case.plans.get(plan)?.plan.changes.get(at)?;
    let mode = match change.mode {
        Mode::Data => ResourceMode::Data,
        Mode::Ephemeral => ResourceMode::Ephemeral,
        Mode::Managed | Mode::Other => ResourceMode::Managed,
    };
    let own = index.locate(&change.module, mode, &change.kind, &change.name);
    let note = own.is_none().then_some(
        "The resource's own block is not in this commit; this is the call of its module.",
    );
    let block = own.or_else(|| index.nearest_call(&change.module))?;
    Some(Place {
        file: block.file.to_string(),
        first: block.line,
        last: block.end_line.max(block.line),
        note,
        in_diff: None,
        explained,
    })
}

/// The lines of the block and around it, with the diff's removed lines in their places.
fn code(
    review: &Review,
    text: &str,
    place: &Place,
    file: Option<&FileChange>,
    width: usize,
) -> Vec<Rich> {
    let redactor = &review.case.redactor;
    let from = place.first.saturating_sub(CONTEXT).max(1);
    let to = place.last.min(place.first + TALLEST) + CONTEXT;
    let snippet: Vec<&str> = text.lines().skip(from - 1).take(to + 1 - from).collect();
    let shown = redactor.lines(&snippet.join("\n")).into_string();
    let numbered = shown.lines().count() == snippet.len();
    let (added, removed) = file.map(hunks).unwrap_or_default();
    let mut out = Vec::new();
    if !numbered {
        out.push(Rich::of(
            Role::Dim,
            "A secret of several lines is hidden here; line numbers are left out.",
        ));
    }
    let mut coloured = colours(&shown).into_iter();
    let mut was_changed = false;
    for (offset, _) in shown.lines().enumerate() {
        let number = from + offset;
        let spans = coloured.next().unwrap_or_default();
        if numbered {
            for gone in removed.get(&number).into_iter().flatten() {
                let gone = redactor.line(gone).into_string();
                out.push(Rich::of(
                    Role::Remove,
                    format!("-      {}", fit_end(&gone, width.max(8))),
                ));
            }
        }
        let is_new = numbered && added.iter().any(|lines| lines.contains(&number));
        let inside = (place.first..=place.last).contains(&number);
        let mut line = if numbered {
            let sign = if is_new { "+" } else { " " };
            let bar = if inside { "│" } else { " " };
            Rich::of(
                if is_new { Role::Add } else { Role::Dim },
                format!("{sign}{number:>5}{bar}"),
            )
        } else {
            Rich::of(Role::Dim, "       ")
        };
        line.anchor = is_new && !was_changed;
        was_changed = is_new;
        line.spans.extend(spans);
        out.push(line);
    }
    if place.last > place.first + TALLEST {
        out.push(Rich::of(
            Role::Warn,
            "The block goes on; e opens the editor.",
        ));
    }
    out
}

type Hunks<'a> = (Vec<std::ops::Range<usize>>, BTreeMap<usize, Vec<&'a str>>);

/// Ranges of added lines, and removed lines by the number of the line that they stand before.
fn hunks(file: &FileChange) -> Hunks<'_> {
    let mut added = Vec::new();
    let mut removed: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for hunk in &file.hunks {
        let start = hunk.new_start as usize;
        let before = if hunk.new_lines == 0 {
            start + 1
        } else {
            start
        };
        added.push(start..start + hunk.new_lines as usize);
        removed
            .entry(before)
            .or_default()
            .extend(hunk.removed.iter().map(|line| line.text.as_str()));
    }
    (added, removed)
}

/// Cuts a text into lines of coloured pieces.
fn colours(text: &str) -> Vec<Vec<(Role, String)>> {
    let mut lines: Vec<Vec<(Role, String)>> = vec![Vec::new()];
    let mut push = |role: Role, piece: &str| {
        for (number, part) in piece.split('\n').enumerate() {
            if number > 0 {
                lines.push(Vec::new());
            }
            if !part.is_empty()
                && let Some(line) = lines.last_mut()
            {
                line.push((role, part.to_owned()));
            }
        }
    };
    let mut at = 0;
    for (range, kind) in tokens(text) {
        push(Role::Text, text.get(at..range.start).unwrap_or_default());
        push(role(kind), text.get(range.clone()).unwrap_or_default());
        at = range.end;
    }
    push(Role::Text, text.get(at..).unwrap_or_default());
    lines
}

fn role(kind: TokenKind) -> Role {
    match kind {
        TokenKind::Comment => Role::Comment,
        TokenKind::String => Role::String,
        TokenKind::Number => Role::Number,
        TokenKind::Keyword => Role::Keyword,
        TokenKind::Attribute => Role::Attribute,
        TokenKind::Punctuation | TokenKind::Plain => Role::Text,
    }
}
