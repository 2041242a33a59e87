//! The list of findings: groups, filter, folds and the cursor, as row numbers.
//!
//! The visible order is built by [`Queue::rebuild`] when filter, grouping or folds change, never while drawing.

use std::collections::{BTreeSet, HashMap};

use super::filter::{Filter, Grouping, StatusFilter};
use crate::finding::{Enforcement, Severity};
use crate::review::{ReviewCase, Verdict};

/// One visible row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// The heading of a group, by its number.
    Group(usize),
    /// A finding, by its number in the case, with the number of its group.
    Finding(usize, usize),
}

/// A group of findings.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Strictest level in it.
    pub(super) level: Enforcement,
    /// What its findings have in common.
    pub(super) name: String,
    /// The findings that pass the filter, in order.
    pub(super) members: Vec<usize>,
    /// How many of them are undecided.
    pub(super) left: usize,
}

/// A group while the findings are gone through.
struct Gathered<'a> {
    /// Strictest level and highest severity in it.
    rank: (Enforcement, Severity),
    name: &'a str,
    destroys: Vec<usize>,
    others: Vec<usize>,
}

/// The list with its cursor.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) grouping: Grouping,
    pub(super) filter: Filter,
    pub(super) groups: Vec<Group>,
    pub(super) rows: Vec<Row>,
    pub(super) cursor: usize,
    pub(super) top: usize,
    pub(super) listed: usize,
    /// How often the list was put together.
    pub(super) laid: u64,
    folded: BTreeSet<String>,
}

impl Queue {
    /// The list at the beginning: undecided findings by policy, or all when nothing is undecided.
    pub(super) fn new(case: &ReviewCase, verdict: &Verdict) -> Self {
        let mut filter = Filter::none();
        if verdict
            .states
            .iter()
            .any(|state| state.status.is_undecided())
        {
            filter.status = StatusFilter::Undecided;
        }
        let mut queue = Self {
            grouping: Grouping::Policy,
            filter,
            groups: Vec::new(),
            rows: Vec::new(),
            cursor: 0,
            top: 0,
            listed: 0,
            laid: 0,
            folded: BTreeSet::new(),
        };
        queue.rebuild(case, verdict);
        queue.cursor = queue
            .rows
            .iter()
            .position(|row| matches!(row, Row::Finding(..)))
            .unwrap_or(0);
        queue
    }

    /// Builds groups and rows anew; the cursor stays on its finding where that is still listed.
    pub(super) fn rebuild(&mut self, case: &ReviewCase, verdict: &Verdict) {
        let selected = self.selected();
        self.laid += 1;
        let wanted = self.filter.wanted();
        let mut numbers: HashMap<(Option<Enforcement>, &str), usize> = HashMap::new();
        let mut groups: Vec<Gathered<'_>> = Vec::new();
        self.listed = 0;
        for (index, (finding, state)) in case.findings.iter().zip(&verdict.states).enumerate() {
            if !self.filter.lets_through(finding, state.status, &wanted) {
                continue;
            }
            self.listed += 1;
            let name = self.grouping.name(finding);
            // Findings of one policy but of different levels stand in groups of their own.
            let level = (self.grouping == Grouping::Policy).then_some(finding.enforcement);
            let rank = (finding.enforcement, finding.severity);
            let number = *numbers.entry((level, name)).or_insert_with(|| {
                groups.push(Gathered {
                    rank,
                    name,
                    destroys: Vec::new(),
                    others: Vec::new(),
                });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(number) {
                group.rank = group.rank.min(rank);
                if finding.is_destructive() {
                    group.destroys.push(index);
                } else {
                    group.others.push(index);
                }
            }
        }
        groups.sort_by_key(|group| (group.rank, group.name));
        self.groups = groups
            .into_iter()
            .map(|mut group| {
                group.destroys.append(&mut group.others);
                Group {
                    level: group.rank.0,
                    name: group.name.to_owned(),
                    members: group.destroys,
                    left: 0,
                }
            })
            .collect();
        self.count(verdict);
        self.lay_rows();
        if let Some(finding) = selected {
            self.select(finding);
        }
        self.cursor = self.cursor.min(self.rows.len().saturating_sub(1));
    }

    /// Counts what is left in each group.
    pub(super) fn count(&mut self, verdict: &Verdict) {
        for group in &mut self.groups {
            group.left = group
                .members
                .iter()
                .filter(|index| {
                    verdict
                        .states
                        .get(**index)
                        .is_some_and(|state| state.status.is_undecided())
                })
                .count();
        }
    }

    fn lay_rows(&mut self) {
        self.rows.clear();
        for (number, group) in self.groups.iter().enumerate() {
            self.rows.push(Row::Group(number));
            if self.folded.is_empty() || !self.folded.contains(&fold_key(group)) {
                self.rows.extend(
                    group
                        .members
                        .iter()
                        .map(|index| Row::Finding(*index, number)),
                );
            }
        }
    }

    /// The finding under the cursor.
    pub(super) fn selected(&self) -> Option<usize> {
        match self.rows.get(self.cursor) {
            Some(Row::Finding(index, _)) => Some(*index),
            _ => None,
        }
    }

    /// The group under the cursor.
    pub(super) fn group(&self) -> Option<usize> {
        match self.rows.get(self.cursor)? {
            Row::Group(number) | Row::Finding(_, number) => Some(*number),
        }
    }

    /// Whether a group is folded.
    pub(super) fn is_folded(&self, group: &Group) -> bool {
        self.folded.contains(&fold_key(group))
    }

    /// Folds or unfolds the group under the cursor.
    pub(super) fn fold(&mut self, fold: bool) {
        let Some(number) = self.group() else { return };
        let Some(key) = self.groups.get(number).map(fold_key) else {
            return;
        };
        if fold {
            self.folded.insert(key);
        } else {
            self.folded.remove(&key);
        }
        let was = self.selected();
        self.lay_rows();
        match was {
            Some(finding) if !fold => self.select(finding),
            _ => self.cursor = self.row_of_group(number),
        }
    }

    fn row_of_group(&self, number: usize) -> usize {
        self.rows
            .iter()
            .position(|row| *row == Row::Group(number))
            .unwrap_or(0)
    }

    /// Puts the cursor on a finding, unfolding its group; stays when it is not listed.
    pub(super) fn select(&mut self, finding: usize) {
        let Some(group) = self
            .groups
            .iter()
            .find(|group| group.members.contains(&finding))
        else {
            return;
        };
        if self.folded.remove(&fold_key(group)) {
            self.lay_rows();
        }
        if let Some(at) = self
            .rows
            .iter()
            .position(|row| matches!(row, Row::Finding(index, _) if *index == finding))
        {
            self.cursor = at;
        }
    }

    /// Whether a finding passes the filter.
    pub(super) fn lists(&self, finding: usize) -> bool {
        self.groups
            .iter()
            .any(|group| group.members.contains(&finding))
    }

    /// Goes to the next or previous group.
    pub(super) fn jump_group(&mut self, forward: bool) {
        let Some(number) = self.group() else { return };
        let on_heading = matches!(self.rows.get(self.cursor), Some(Row::Group(_)));
        let target = match (forward, on_heading) {
            (true, _) => number + 1,
            (false, true) => number.saturating_sub(1),
            (false, false) => number,
        };
        if target < self.groups.len() {
            self.cursor = self.row_of_group(target);
        }
    }

    /// Goes to the next or previous undecided finding of the list, around the end; false when there is none.
    pub(super) fn jump_undecided(&mut self, verdict: &Verdict, forward: bool) -> bool {
        let order: Vec<usize> = self
            .groups
            .iter()
            .flat_map(|group| group.members.iter().copied())
            .collect();
        let here = match self.rows.get(self.cursor) {
            Some(Row::Finding(index, _)) => order
                .iter()
                .position(|other| other == index)
                .map(|at| (at, true)),
            Some(Row::Group(number)) => {
                let before: usize = self
                    .groups
                    .iter()
                    .take(*number)
                    .map(|group| group.members.len())
                    .sum();
                Some((before, false))
            }
            None => None,
        };
        let Some((at, on_finding)) = here else {
            return false;
        };
        let total = order.len();
        let found = (0..total).map(|step| match (forward, on_finding) {
            (true, true) => (at + 1 + step) % total,
            (true, false) => (at + step) % total,
            (false, _) => (at + 2 * total - 1 - step) % total,
        });
        for place in found {
            if let Some(index) = order.get(place)
                && verdict
                    .states
                    .get(*index)
                    .is_some_and(|state| state.status.is_undecided())
            {
                self.select(*index);
                return true;
            }
        }
        false
    }
}

fn fold_key(group: &Group) -> String {
    format!("{} {}", group.level.word(), group.name)
}
