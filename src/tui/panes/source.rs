//! The source pane: the block in the configuration, the diff's lines on it, and whether the diff explains it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::model::{Review, Subject};
use super::super::rich::Rich;
use super::super::theme::Role;
use super::super::tree::TreeRow;
use super::finding;
use crate::change::FileChange;
use crate::finding::is_in;
use crate::plan::{Mode, ResourceChange};
use crate::source::{self, PlaceKind, ResourceMode, SourceSide, Sources, TokenKind, tokens};
use crate::text::{fit_end, fit_middle, hide_named, wrap};

/// Lines shown around a block.
const CONTEXT: usize = 3;

/// Most lines of a block.
const TALLEST: usize = 1_000;

/// A place in the configuration.
struct Place {
    file: String,
    /// First and last line; none where only the file is known.
    lines: Option<(usize, usize)>,
    kind: PlaceKind,
    side: SourceSide,
    in_diff: Option<bool>,
    explained: Option<bool>,
}

pub(super) fn lines(review: &Review, subject: Subject, width: usize) -> Vec<Rich> {
    if let Subject::Group(_) | Subject::Row(TreeRow::Module(_) | TreeRow::Quiet(_)) = subject {
        return dim("The source of one finding or change is shown here.", width);
    }
    let plan = plan_of(review, subject);
    let Some(sources) = plan.and_then(|plan| review.case.source_of(plan)) else {
        return dim(
            "There is no configuration to show: no repository is under review.",
            width,
        );
    };
    let Some(place) = place(review, sources, subject) else {
        return dim("No file of the commit is known to hold this.", width);
    };
    let file = review
        .case
        .under_review
        .change()
        .filter(|_| place.side == SourceSide::Commit)
        .and_then(|change| change.file(&place.file));
    let shown = review.case.redactor.line(&place.file).into_string();
    let name = fit_middle(&shown, width.saturating_sub(40).max(12));
    let title = match place.lines {
        Some((first, last)) => format!("{name}:{first}-{last}"),
        None => name,
    };
    let (role, words) = blame(review, &place);
    let mut out = vec![Rich::of(Role::Strong, title).right(role, words)];
    out.extend(notes(&place).flat_map(|note| dim(note, width)));
    match (sources.text(place.side, &place.file), place.lines) {
        (_, None) => {}
        (Some(_), Some(_))
            if finding(review, subject).is_some_and(|(_, found)| found.is_about_a_literal()) =>
        {
            out.extend(dim(
                "The line holds what may be a secret, so it is not shown here; e opens the editor.",
                width,
            ));
        }
        (Some(text), Some(lines)) => out.extend(code(review, &text, lines, file, width)),
        (None, _) => out.extend(dim(
            "The file is not among the Terraform files of the commit.",
            width,
        )),
    }
    out
}

/// A remark, broken at the width of the pane.
fn dim(text: &str, width: usize) -> Vec<Rich> {
    wrap(text, width.max(1))
        .into_iter()
        .map(|line| Rich::of(Role::Dim, line))
        .collect()
}

/// The plan that a subject belongs to.
fn plan_of(review: &Review, subject: Subject) -> Option<usize> {
    let found = finding(review, subject).map(|(_, finding)| finding.plan_index);
    found.or_else(|| review.change_at().map(|(plan, _)| plan))
}

/// Why this place, where it is not the block in the commit.
fn notes(place: &Place) -> impl Iterator<Item = &'static str> {
    let kind = match place.kind {
        PlaceKind::Block => None,
        PlaceKind::ModuleCall => {
            Some("The resource's own block is not in this commit; this is the call of its module.")
        }
        PlaceKind::Removed => Some("This `removed` block takes it out of the configuration."),
        PlaceKind::Import => Some("This `import` block brings it in; it has no block of its own."),
    };
    let side = match place.side {
        SourceSide::Commit => None,
        SourceSide::Base => Some("This is the base: the commit under review has it no more."),
        SourceSide::PlanSnapshot => {
            Some("From the plan's snapshot: the file is not in the commit under review.")
        }
    };
    let unknown = place.lines.is_none().then_some("The line is not known.");
    [kind, side, unknown].into_iter().flatten()
}

fn blame(review: &Review, place: &Place) -> (Role, String) {
    if place.explained == Some(false) {
        return (Role::Bad, "not explained by the diff".to_owned());
    }
    if review.case.under_review.change().is_none() {
        return (Role::Dim, "no change under review".to_owned());
    }
    let (role, words) = match (place.side, place.in_diff) {
        (SourceSide::PlanSnapshot, _) => (Role::Dim, "not in the commit"),
        (SourceSide::Base, Some(true)) => (Role::Warn, "removed by this diff"),
        (_, Some(true)) => (Role::Warn, "introduced by this diff"),
        (_, Some(false)) => (Role::Dim, "unchanged code"),
        (_, None) => (Role::Dim, "in the diff or not: not known"),
    };
    (role, words.to_owned())
}

fn place(review: &Review, sources: &Sources, subject: Subject) -> Option<Place> {
    let found = finding(review, subject).map(|(_, finding)| finding);
    let explained = found.and_then(|finding| finding.explained);
    if let Some(location) = found.and_then(|finding| finding.location.as_ref()) {
        let lines = location.line.map(|line| {
            let first = line as usize;
            let last = location.end_line.map_or(first, |line| line as usize);
            (first, last.max(first))
        });
        return Some(Place {
            file: location.file.to_string(),
            lines,
            kind: location.kind,
            side: location.side,
            in_diff: location.in_diff,
            explained,
        });
    }
    let (plan, at) = review.change_at()?;
    let change = review.case.plans.get(plan)?.plan.changes.get(at)?;
    let place = of_change(sources, change)?;
    let diff = review.case.under_review.change();
    Some(Place {
        file: place.file.to_string(),
        lines: Some((place.line, place.end_line.max(place.line))),
        kind: place.kind,
        side: place.side,
        in_diff: diff.and_then(|diff| is_in(diff, &place)),
        explained,
    })
}

/// The place of a resource change.
pub(in super::super) fn of_change(
    sources: &Sources,
    change: &ResourceChange,
) -> Option<source::Place> {
    let mode = match change.mode {
        Mode::Data => ResourceMode::Data,
        Mode::Ephemeral => ResourceMode::Ephemeral,
        Mode::Managed | Mode::Other => ResourceMode::Managed,
    };
    sources.place(&change.module, mode, &change.kind, &change.name)
}

/// The lines of the block and around it, with the diff's removed lines in their places.
fn code(
    review: &Review,
    text: &str,
    (first, last): (usize, usize),
    file: Option<&FileChange>,
    width: usize,
) -> Vec<Rich> {
    let redactor = &review.case.redactor;
    let from = first.saturating_sub(CONTEXT).max(1);
    let to = last.min(first + TALLEST) + CONTEXT;
    let snippet: Vec<&str> = text.lines().skip(from - 1).take(to + 1 - from).collect();
    let shown = hide_named(redactor.lines(&snippet.join("\n")).as_str());
    let numbered = shown.lines().count() == snippet.len();
    let (added, removed) = file.map(hunks).unwrap_or_default();
    let mut out = Vec::new();
    if !numbered {
        out.push(Rich::of(
            Role::Dim,
            "A secret of several lines is hidden here; line numbers are left out.",
        ));
    }
    let mut coloured = colours(&shown, tokens(&shown)).into_iter();
    let mut was_changed = false;
    for (offset, _) in shown.lines().enumerate() {
        let number = from + offset;
        let spans = coloured.next().unwrap_or_default();
        if numbered {
            for gone in removed.get(&number).into_iter().flatten() {
                let gone = hide_named(redactor.line(gone).as_str());
                out.push(Rich::of(
                    Role::Remove,
                    format!("-      {}", fit_end(&gone, width.max(8))),
                ));
            }
        }
        let is_new = numbered && added.iter().any(|lines| lines.contains(&number));
        let inside = (first..=last).contains(&number);
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
    if last > first + TALLEST {
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
pub(super) fn colours(
    text: &str,
    tokens: Vec<(Range<usize>, TokenKind)>,
) -> Vec<Vec<(Role, String)>> {
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
    for (range, kind) in tokens {
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
