//! Two texts line by line, with nothing of a terminal in it.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

/// How long one comparison may take; a coarser result is right too.
const TIME: Duration = Duration::from_millis(12);

/// A row of two compared texts, by the numbers of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// The same line.
    Same(usize, usize),
    /// A line and what became of it.
    Changed(usize, usize),
    /// Gone.
    Removed(usize),
    /// New.
    Added(usize),
}

/// Compares lines.
pub(super) fn compare(a: &[&str], b: &[&str]) -> Vec<Row> {
    let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let most = a.len().min(b.len()) - head;
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(most)
        .take_while(|(x, y)| x == y)
        .count();
    let middle_a = a.get(head..a.len() - tail).unwrap_or_default();
    let middle_b = b.get(head..b.len() - tail).unwrap_or_default();
    let deadline = Instant::now().checked_add(TIME);
    let mut out: Vec<Row> = (0..head).map(|at| Row::Same(at, at)).collect();
    for operation in capture_diff_slices_deadline(Algorithm::Myers, middle_a, middle_b, deadline) {
        match operation {
            DiffOp::Equal {
                old_index,
                new_index,
                len,
            } => out
                .extend((0..len).map(|at| Row::Same(head + old_index + at, head + new_index + at))),
            DiffOp::Delete {
                old_index, old_len, ..
            } => out.extend((0..old_len).map(|at| Row::Removed(head + old_index + at))),
            DiffOp::Insert {
                new_index, new_len, ..
            } => out.extend((0..new_len).map(|at| Row::Added(head + new_index + at))),
            DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            } => {
                let both = old_len.min(new_len);
                let (x, y) = (head + old_index, head + new_index);
                out.extend((0..both).map(|at| Row::Changed(x + at, y + at)));
                out.extend((both..old_len).map(|at| Row::Removed(x + at)));
                out.extend((both..new_len).map(|at| Row::Added(y + at)));
            }
        }
    }
    let (x, y) = (a.len() - tail, b.len() - tail);
    out.extend((0..tail).map(|at| Row::Same(x + at, y + at)));
    out
}

/// Which rows are shown: what differs, with so many equal rows around it.
pub(super) fn near(rows: &[Row], around: usize) -> Vec<bool> {
    let mut out = vec![false; rows.len()];
    for (at, _) in rows
        .iter()
        .enumerate()
        .filter(|(_, row)| !matches!(row, Row::Same(..)))
    {
        let to = (at + around + 1).min(rows.len());
        if let Some(near) = out.get_mut(at.saturating_sub(around)..to) {
            near.fill(true);
        }
    }
    out
}
