//! Everything the reviewer's screen depends on.
//!
//! A [`Model`] is in one of three phases (loading, failed, review); over a review lies a stack of small windows. Only
//! `update` changes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;

use super::keys::Command;
use super::layout::{self, Places, Zoom};
use super::msg::{Failure, Outcome};
use super::queue::Queue;
use super::rich::Rich;
use super::theme::{Role, Theme};
use super::tree::{Tree, TreeRow};
pub(super) use super::window::{Answer, Approve, Bulk, Editor, Recheck, Window};
use crate::decision::{Identity, Journal};
use crate::digest::Digest;
use crate::finding::Finding;
use crate::plan::{Mode, ResourceChange};
use crate::review::{Exit, ReviewCase, Status, Verdict, verdict};
use crate::text::Printable;

/// How long a change must be on the screen to count as seen: what flies by under a held key was not.
pub(super) const LOOK: SignedDuration = SignedDuration::from_millis(400);

/// The state of the reviewer.
#[derive(Debug)]
pub struct Model {
    pub(super) size: (u16, u16),
    pub(super) theme: Theme,
    pub(super) phase: Phase,
    pub(super) windows: Vec<Window>,
    pub(super) notice: Option<(Role, String)>,
    pub(super) after_g: bool,
    /// The finding that the last drawn frame showed, if it showed one.
    pub(super) drawn: Option<Shown>,
    pub(super) last_act: Option<(Command, Timestamp)>,
    /// When a key for a text was refused, or typed after that: what goes on being typed is that text, and no commands.
    pub(super) refused_text: Option<Timestamp>,
}

/// What a drawn frame showed a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) finding: Option<usize>,
    /// The change of which the change pane showed what becomes of it.
    pub(super) change: Option<(usize, usize)>,
    /// Since when it was there.
    pub(super) since: Timestamp,
    /// Whether it counts as seen already.
    pub(super) counted: bool,
    /// How many windows lay over the review.
    pub(super) windows: usize,
    /// What was marked for a decision on several.
    pub(super) marks: BTreeSet<usize>,
}

/// How far things are.
#[derive(Debug)]
pub(super) enum Phase {
    Loading(Vec<Stage>),
    Failed(Failure),
    Review(Box<Review>),
}

/// A stage of loading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) name: Printable,
    pub(super) done: usize,
    pub(super) total: Option<usize>,
    /// When it began, and until when it is known to have gone on.
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
}

impl Stage {
    /// How many whole seconds it takes already.
    pub(super) fn seconds(&self) -> i64 {
        self.until.duration_since(self.since).as_secs().max(0)
    }
}

/// Which list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Findings,
    Changes,
}

/// Which pane is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pane {
    Change,
    Source,
    Policy,
}

impl Pane {
    pub(super) const ALL: [Self; 3] = [Self::Change, Self::Source, Self::Policy];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Change => "2 Change",
            Self::Source => "3 Source",
            Self::Policy => "4 Policy",
        }
    }
}

/// The lines of a pane and what part of them is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Scroll {
    pub(super) lines: Vec<Rich>,
    pub(super) top: usize,
    pub(super) left: usize,
}

/// What the panes are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Nothing,
    Finding(usize),
    Group(usize),
    Row(TreeRow),
}

/// How the attribute diff is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) unchanged: bool,
    pub(super) side_by_side: bool,
}

/// What the lines of the panes were made from; when it changes they are made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PaneKey {
    pub(super) subject: Subject,
    pub(super) widths: [usize; 3],
    pub(super) look: Look,
    /// How often the list of findings was put together: its groups have other numbers each time.
    pub(super) laid: u64,
    /// How many entries of the journal the lines may show.
    pub(super) entries: usize,
}

/// The state of a review.
#[derive(Debug)]
pub(super) struct Review {
    pub(super) case: ReviewCase,
    pub(super) journal: Journal,
    pub(super) verdict: Verdict,
    pub(super) queue: Queue,
    pub(super) tree: Tree,
    pub(super) list: List,
    pub(super) pane: Pane,
    /// Which pane stands below the change, where there is room for both.
    pub(super) below: Pane,
    /// Whether the pane has the focus, not the list.
    pub(super) in_pane: bool,
    pub(super) zoom: bool,
    pub(super) look: Look,
    pub(super) panes: BTreeMap<Pane, Scroll>,
    pub(super) pane_key: Option<PaneKey>,
    pub(super) search: String,
    pub(super) marks: BTreeSet<usize>,
    pub(super) displayed: BTreeSet<Digest>,
    /// Plan and index of every change that was on the screen long enough in this session.
    pub(super) looked: BTreeSet<(usize, usize)>,
    /// By plan and index of a change, its findings in order.
    pub(super) found: HashMap<(usize, usize), Vec<usize>>,
    pub(super) unsaved: BTreeSet<u64>,
    pub(super) saved_at: Option<Timestamp>,
    pub(super) kept: BTreeMap<(Answer, Option<Digest>), String>,
    pub(super) draft_note: Printable,
    pub(super) signs_with: Option<Printable>,
    pub(super) writes_to: Option<Printable>,
    pub(super) break_glass: Option<Printable>,
}

impl Model {
    /// The model before anything is loaded.
    #[must_use]
    pub fn loading() -> Self {
        Self {
            size: (80, 24),
            theme: Theme::colours(),
            phase: Phase::Loading(Vec::new()),
            windows: Vec::new(),
            notice: None,
            after_g: false,
            drawn: None,
            last_act: None,
            refused_text: None,
        }
    }

    /// The same model with another theme.
    #[must_use]
    pub fn with_theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// The journal as it stands; empty while there is no case.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.review()
            .map(|review| review.journal.clone())
            .unwrap_or_default()
    }

    /// The case under review, once it is loaded.
    #[must_use]
    pub fn case(&self) -> Option<&ReviewCase> {
        self.review().map(|review| &review.case)
    }

    /// How the review would end if it were left now.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match &self.phase {
            Phase::Loading(_) => Outcome::Cancelled,
            Phase::Failed(failure) => Outcome::Failed(failure.exit),
            Phase::Review(review) => match review.verdict.exit {
                exit @ (Exit::Input | Exit::Policy | Exit::Usage) => Outcome::Failed(exit),
                _ if review.verdict.counts.rejected > 0 => Outcome::Rejected,
                _ => Outcome::Undecided,
            },
        }
    }

    pub(super) fn review(&self) -> Option<&Review> {
        match &self.phase {
            Phase::Review(review) => Some(review),
            _ => None,
        }
    }

    pub(super) fn review_mut(&mut self) -> Option<&mut Review> {
        match &mut self.phase {
            Phase::Review(review) => Some(review),
            _ => None,
        }
    }

    /// When the change on the screen will have been there long enough to count as seen; none when it counts already.
    pub(super) fn counts_at(&self) -> Option<Timestamp> {
        let shown = self.drawn.as_ref()?;
        (shown.change.is_some() && !shown.counted).then(|| shown.since + LOOK)
    }

    /// Whether an entry is part of the journal and waits for the draft.
    pub(super) fn awaits(&self, number: u64) -> bool {
        self.review()
            .is_some_and(|review| review.unsaved.contains(&number))
    }

    pub(super) fn say(&mut self, role: Role, text: impl Into<String>) {
        self.notice = Some((role, text.into()));
    }
}

impl Review {
    pub(super) fn places(&self, size: (u16, u16)) -> Places {
        let zoom = match (self.zoom, self.in_pane) {
            (false, _) => Zoom::None,
            (true, false) => Zoom::List,
            (true, true) => Zoom::Pane,
        };
        layout::places(size, zoom)
    }

    /// Shows a pane where there is a choice.
    pub(super) fn choose(&mut self, pane: Pane) {
        self.pane = pane;
        if pane != Pane::Change {
            self.below = pane;
        }
    }

    /// Which panes a frame of this size shows, with their places and the tabs that share the place.
    pub(super) fn shown_panes(&self, size: (u16, u16)) -> Vec<(Pane, Rect, &'static [Pane])> {
        let Places {
            pane, lower, third, ..
        } = self.places(size);
        let (change, source, policy) = (&[Pane::Change], &[Pane::Source], &[Pane::Policy]);
        let mut out: Vec<(Pane, Rect, &'static [Pane])> = Vec::new();
        match (pane, lower, third) {
            (Some(upper), Some(lower), Some(_)) => {
                out.push((Pane::Change, upper, change));
                out.push((Pane::Source, lower, source));
            }
            (Some(upper), Some(lower), None) => {
                out.push((Pane::Change, upper, change));
                out.push((self.below, lower, &[Pane::Source, Pane::Policy]));
            }
            (Some(middle), None, Some(_)) => {
                let shown = if self.pane == Pane::Policy {
                    Pane::Change
                } else {
                    self.pane
                };
                out.push((shown, middle, &[Pane::Change, Pane::Source]));
            }
            (Some(only), None, None) => out.push((self.pane, only, &Pane::ALL)),
            (None, ..) => {}
        }
        if let Some(place) = third {
            out.push((Pane::Policy, place, policy));
        }
        out
    }

    /// Where a frame of this size shows a pane.
    pub(super) fn place_of(&self, pane: Pane, size: (u16, u16)) -> Option<Rect> {
        self.shown_panes(size)
            .into_iter()
            .find(|(shown, ..)| *shown == pane)
            .map(|(_, place, _)| place)
    }

    /// Whether a frame of this size shows what becomes of the object that the change pane is about.
    pub(super) fn shows_heading(&self, size: (u16, u16)) -> bool {
        let rows = layout::rows(self.place_of(Pane::Change, size));
        self.scroll(Pane::Change).is_some_and(|scroll| {
            let window = scroll.lines.iter().skip(scroll.top).take(rows);
            scroll.left == 0 && window.into_iter().any(|line| line.heading)
        })
    }

    /// Whether a person must see a change before anything can be approved, and has not.
    pub(super) fn is_unseen(&self, (plan, index): (usize, usize)) -> bool {
        let changes = self.case.plans.get(plan).map(|plan| &plan.plan.changes);
        let change = changes.and_then(|changes| changes.get(index));
        change.is_some_and(|change| self.must_be_seen(change))
            && self
                .case
                .display_mark(plan, index)
                .is_some_and(|mark| !self.displayed.contains(&mark))
    }

    /// Whether a person must see a change before anything can be approved.
    pub(super) fn must_be_seen(&self, change: &ResourceChange) -> bool {
        self.case.gate.review_every_change
            || (change.action.is_destructive() && change.mode == Mode::Managed)
    }

    /// Goes to the next or previous change in the tree that is to be seen; false when there is none.
    pub(super) fn jump_unseen(&mut self, forward: bool) -> bool {
        let find = |review: &Self| {
            let unseen = |row: &TreeRow| match row {
                TreeRow::Change(plan, index) => review.is_unseen((*plan, *index)),
                _ => false,
            };
            let (rows, cursor) = (&review.tree.rows, review.tree.cursor);
            if forward {
                let behind = rows.iter().skip(cursor + 1).position(unseen);
                let behind = behind.map(|step| cursor + 1 + step);
                behind.or_else(|| rows.iter().take(cursor).position(unseen))
            } else {
                let before = rows.iter().take(cursor).rposition(unseen);
                before.or_else(|| rows.iter().rposition(unseen).filter(|row| *row != cursor))
            }
        };
        let mut found = find(self);
        let all = self.case.plans.iter().enumerate();
        let mut all =
            all.flat_map(|(plan, of)| (0..of.plan.changes.len()).map(move |index| (plan, index)));
        if found.is_none() && all.any(|at| self.is_unseen(at) && self.change_at() != Some(at)) {
            // It may stand in a module that is folded.
            self.tree.unfold_all();
            found = find(self);
        }
        if let Some(row) = found {
            self.tree.cursor = row;
        }
        found.is_some()
    }

    /// What the panes are about.
    pub(super) fn subject(&self) -> Subject {
        match self.list {
            List::Findings => match (self.queue.selected(), self.queue.group()) {
                (Some(finding), _) => Subject::Finding(finding),
                (None, Some(group)) => Subject::Group(group),
                (None, None) => Subject::Nothing,
            },
            List::Changes => self.tree.selected().map_or(Subject::Nothing, Subject::Row),
        }
    }

    /// The finding under the cursor of the list that is shown.
    pub(super) fn selected(&self) -> Option<usize> {
        match self.subject() {
            Subject::Finding(finding) => Some(finding),
            _ => None,
        }
    }

    pub(super) fn finding(&self, index: usize) -> Option<&Finding> {
        self.case.findings.get(index)
    }

    pub(super) fn status(&self, index: usize) -> Status {
        self.verdict
            .states
            .get(index)
            .map_or(Status::Open, |state| state.status)
    }

    /// Plan and index of the change that the panes are about.
    pub(super) fn change_at(&self) -> Option<(usize, usize)> {
        match self.subject() {
            Subject::Finding(finding) => {
                let finding = self.finding(finding)?;
                Some((finding.plan_index, finding.change_index?))
            }
            Subject::Row(TreeRow::Change(plan, index)) => Some((plan, index)),
            _ => None,
        }
    }

    /// The findings about a change.
    pub(super) fn findings_on(&self, at: (usize, usize)) -> &[usize] {
        self.found.get(&at).map_or(&[], Vec::as_slice)
    }

    /// How many findings want an answer, and how many have one.
    pub(super) fn progress(&self) -> (usize, usize) {
        let mut decided = 0;
        let mut total = 0;
        for state in &self.verdict.states {
            if state.status != Status::NotApplicable {
                total += 1;
                decided += usize::from(!state.status.is_undecided());
            }
        }
        (decided, total)
    }

    /// What a list without findings says; it is good news only when every rule could look.
    pub(super) fn nothing_found(&self) -> (Role, String) {
        let case = &self.case;
        let policies = &case.policies;
        let (evaluated, rules) = (policies.evaluated, policies.rules);
        let looked = format!(
            "{evaluated} of {rules} rules looked at {} changes",
            self.tree.total
        );
        match case.problems.len() {
            0 if evaluated == 0 => (
                Role::Bad,
                "No rule was evaluated: nothing is known.".to_owned(),
            ),
            0 if evaluated + policies.not_applicable < rules => (
                Role::Warn,
                format!("No findings, but {looked} only; the other rules gave no answer."),
            ),
            0 if !case.not_looked_at.is_empty() => (
                Role::Warn,
                format!(
                    "No findings: {looked}; not looked at: {}.",
                    case.not_looked_at
                        .iter()
                        .map(Printable::as_str)
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            ),
            0 => (Role::Good, format!("No findings: {looked}.")),
            1 => (
                Role::Bad,
                format!("No answer: one policy failed; {looked}."),
            ),
            many => (
                Role::Bad,
                format!("No answer: {many} policies failed; {looked}."),
            ),
        }
    }

    /// Who answers.
    pub(super) fn who(&self) -> Identity {
        self.case.reviewer.clone().unwrap_or_else(|| Identity {
            name: "unknown".to_owned(),
            email: String::new(),
        })
    }

    /// Decides anew what follows from the journal.
    pub(super) fn judge(&mut self, now: Timestamp) {
        self.verdict = verdict(&self.case, &self.journal, now);
        self.queue.count(&self.verdict);
        self.displayed = self.journal.displayed();
    }

    pub(super) fn scroll(&self, pane: Pane) -> Option<&Scroll> {
        self.panes.get(&pane)
    }
}
