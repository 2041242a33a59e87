//! From a message to the next state: the only place that changes the model.
//!
//! Order within one call: the message, then the panes' lines and scroll positions are brought up to date, so that `view` has
//! nothing to compute.

mod answer;
mod approve;
mod commands;
mod history;
mod mouse;
mod movement;
mod typing;
mod windows;

pub(super) use windows::{FILTER_ROWS, FILTERS, found};

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::keys;
use super::layout;
use super::model::{LOOK, List, Look, Model, Pane, PaneKey, Phase, Review, Shown, Stage, Window};
use super::msg::{Effect, Failure, Loaded, Msg, Outcome, PersistFailure};
use super::panes;
use super::queue::Queue;
use super::theme::Role;
use super::tree::Tree;
use crate::decision::Event;
use crate::review::{Exit, ReviewCase, verdict};
use crate::text::Printable;

/// Changes the model by one message that came at `now`, and says what is to be done.
pub fn update(model: &mut Model, msg: Msg, now: Timestamp) -> Vec<Effect> {
    let effects = match msg {
        Msg::Key(key) => on_key(model, &key, now),
        Msg::Mouse(event) => {
            mouse::mouse(model, event, now);
            Vec::new()
        }
        Msg::Paste(text) => {
            typing::paste(model, &text);
            Vec::new()
        }
        Msg::Resize { width, height } => {
            model.size = (width, height);
            model.drawn = None;
            Vec::new()
        }
        Msg::Tick => {
            if let Phase::Loading(stages) = &mut model.phase
                && let Some(stage) = stages.last_mut()
            {
                stage.until = now;
            }
            Vec::new()
        }
        Msg::Drawn => return drawn(model, now),
        Msg::Printed => return printed(model, now),
        Msg::Progress { stage, done, total } => {
            progress(model, &stage, (done, total), now);
            Vec::new()
        }
        Msg::Loaded(loaded) => {
            begin(model, *loaded, now);
            Vec::new()
        }
        Msg::Failed(failure) => {
            if matches!(model.phase, Phase::Loading(_)) {
                model.phase = Phase::Failed(failure);
            }
            Vec::new()
        }
        Msg::Rechecked(result) => {
            approve::rechecked(model, result, now);
            Vec::new()
        }
        Msg::Persisted(result) => {
            persisted(model, result, now);
            Vec::new()
        }
        Msg::Approved(result) => approve::approved(model, result),
        Msg::EditorClosed(text) => {
            typing::editor_closed(model, text);
            Vec::new()
        }
    };
    settle(model);
    effects
}

fn on_key(model: &mut Model, key: &KeyEvent, now: Timestamp) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    if keys::is_interrupt(key) {
        return vec![Effect::Quit(model.outcome())];
    }
    if !model.windows.is_empty() {
        return windows::key(model, key, now);
    }
    if let Some(last) = model.refused_text.take()
        && matches!(key.code, KeyCode::Char(_) | KeyCode::Enter)
        && last <= now
        && now.duration_since(last) < answer::REST
    {
        model.refused_text = Some(now);
        return Vec::new();
    }
    let after_g = std::mem::take(&mut model.after_g);
    let Some(command) = keys::command(key, after_g) else {
        model.after_g = keys::begins_chord(key);
        return Vec::new();
    };
    if key.kind == KeyEventKind::Repeat && command.acts() {
        return Vec::new();
    }
    if layout::too_small(model.size) && command != keys::Command::Quit {
        return Vec::new();
    }
    model.notice = None;
    commands::run(model, command, now)
}

fn progress(model: &mut Model, name: &str, (done, total): (usize, Option<usize>), now: Timestamp) {
    let Phase::Loading(stages) = &mut model.phase else {
        return;
    };
    let name = Printable::line(name);
    match stages.iter_mut().find(|known| known.name == name) {
        Some(known) => {
            (known.done, known.total, known.until) = (done, total, now);
        }
        None => stages.push(Stage {
            name,
            done,
            total,
            since: now,
            until: now,
        }),
    }
}

/// The findings of each change.
fn by_change(case: &ReviewCase) -> HashMap<(usize, usize), Vec<usize>> {
    let mut out: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
    for (index, finding) in case.findings.iter().enumerate() {
        if let Some(change) = finding.change_index {
            out.entry((finding.plan_index, change))
                .or_default()
                .push(index);
        }
    }
    out
}

fn begin(model: &mut Model, loaded: Loaded, now: Timestamp) {
    if !matches!(model.phase, Phase::Loading(_)) {
        return;
    }
    let Loaded {
        case,
        journal,
        resumed,
        draft_note,
        signs_with,
        writes_to,
        break_glass,
    } = loaded;
    if let Some(failure) = hopeless(&case) {
        model.phase = Phase::Failed(failure);
        return;
    }
    let verdict = verdict(&case, &journal, now);
    let review = Review {
        queue: Queue::new(&case, &verdict),
        tree: Tree::new(&case),
        list: if case.findings.is_empty() {
            List::Changes
        } else {
            List::Findings
        },
        pane: Pane::Change,
        below: Pane::Source,
        in_pane: false,
        zoom: false,
        look: Look::default(),
        panes: BTreeMap::new(),
        pane_key: None,
        search: String::new(),
        marks: BTreeSet::new(),
        displayed: journal.displayed(),
        looked: BTreeSet::new(),
        found: by_change(&case),
        unsaved: BTreeSet::new(),
        saved_at: None,
        kept: BTreeMap::new(),
        draft_note: Printable::line(&draft_note),
        signs_with,
        writes_to,
        break_glass,
        verdict,
        journal,
        case,
    };
    let (decided, total) = review.progress();
    let carried = review.verdict.counts.carried;
    let errored = review.case.errored();
    model.phase = Phase::Review(Box::new(review));
    if resumed {
        model.say(
            Role::Good,
            format!("Draft resumed: {decided} of {total} decided, {carried} carried over."),
        );
    }
    if errored {
        model.say(
            Role::Bad,
            "Planning failed: this plan is not whole. It can be looked at and never approved.",
        );
    }
}

/// A case in which nothing could be looked at is an error, not an empty list.
fn hopeless(case: &crate::review::ReviewCase) -> Option<Failure> {
    let line = Printable::line;
    if case.plans.is_empty() {
        return Some(Failure {
            heading: line("There is no plan to review."),
            causes: Vec::new(),
            hint: Some(line(
                "Name a plan: terraform show -json tfplan > plan.json; countersign plan.json",
            )),
            not_checked: vec![line("everything")],
            exit: Exit::Input,
        });
    }
    if !case.problems.is_empty() || (case.policies.evaluated == 0 && case.not_applicable.is_empty())
    {
        let mut causes: Vec<Printable> = case
            .problems
            .iter()
            .map(|problem| {
                let place = problem
                    .place
                    .as_ref()
                    .map_or(String::new(), |place| format!(" ({place})"));
                line(&format!("{}{place}: {}", problem.policy, problem.message))
            })
            .collect();
        if causes.is_empty() {
            causes.push(line("No policy rule was evaluated."));
        }
        let policies = &case.policies;
        return Some(Failure {
            heading: line("The policies could not give an answer."),
            causes,
            hint: Some(line(
                "Mend the policy and start again; countersign policy list -p DIR names every problem with its line.",
            )),
            not_checked: vec![line(&format!(
                "{} of {} rules were evaluated; {} findings of the others are not shown, because they could not be approved.",
                policies.evaluated,
                policies.rules,
                case.findings.len()
            ))],
            exit: Exit::Policy,
        });
    }
    None
}

fn persisted(model: &mut Model, result: Result<u64, PersistFailure>, now: Timestamp) {
    let Some(review) = model.review_mut() else {
        return;
    };
    match result {
        Ok(number) => {
            if review.unsaved.remove(&number) {
                review.saved_at = Some(now);
            }
        }
        Err(PersistFailure { number, reason }) => {
            // What follows an entry that is not in the draft cannot be in it either: numbers run without gaps.
            let kept: Vec<_> = review
                .journal
                .entries()
                .iter()
                .filter(|entry| entry.number < number)
                .cloned()
                .collect();
            if let Ok(journal) = crate::decision::Journal::from_entries(kept) {
                review.journal = journal;
            }
            review.unsaved.retain(|waiting| *waiting < number);
            review.judge(now);
            model.say(
                Role::Bad,
                format!("NOT SAVED, so it does not count: {reason}"),
            );
        }
    }
}

/// Appends one event to the journal and asks for it to be written.
pub(super) fn record(review: &mut Review, event: Event, now: Timestamp) -> Effect {
    let (by, plan) = (review.who(), review.case.plan_digest());
    let entry = review.journal.append(now, by, plan, event).clone();
    review.unsaved.insert(entry.number);
    Effect::Persist(entry)
}

/// Remembers what a person could see in the frame. A change counts as seen once it was there for a moment.
fn drawn(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let (size, windows) = (model.size, model.windows.len());
    let before = model.drawn.take();
    if layout::too_small(size) {
        return Vec::new();
    }
    asked(model, now);
    let Some(review) = model.review() else {
        return Vec::new();
    };
    let on_screen = windows == 0 && review.shows_heading(size);
    let change = review.change_at().filter(|_| on_screen);
    let since = before.filter(|before| before.change == change && before.since <= now);
    model.drawn = Some(Shown {
        finding: review.selected(),
        change,
        since: since.as_ref().map_or(now, |before| before.since),
        counted: since.is_some_and(|before| before.counted),
        windows,
        marks: review.marks.clone(),
    });
    match model.counts_at() {
        Some(at) if at <= now => count_as_seen(model, now),
        _ => Vec::new(),
    }
}

/// Remembers since when the approve screen asks for the words.
fn asked(model: &mut Model, since: Timestamp) {
    if let Some(Window::Approve(screen)) = model.windows.last_mut() {
        screen.asked = match screen.asked {
            _ if !screen.is_open() => None,
            Some(before) if before <= since => Some(before),
            _ => Some(since),
        };
    }
}

/// What is on paper, so to speak, stays: the whole of the pane was shown, and it counts at once.
fn printed(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let windows = model.windows.len();
    // Who prints asks for the words by itself, after them.
    asked(model, now - LOOK);
    let Some(review) = model.review() else {
        return Vec::new();
    };
    model.drawn = Some(Shown {
        finding: review.selected(),
        change: review.change_at(),
        since: now,
        counted: false,
        windows,
        marks: review.marks.clone(),
    });
    count_as_seen(model, now)
}

/// The change of the last frame counts as seen, and the draft says so where the approval depends on it.
pub(super) fn count_as_seen(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    // The same frame again asks for nothing anew, also when the draft could not take the entry.
    let at = model.drawn.as_mut().and_then(|shown| {
        let anew = !std::mem::replace(&mut shown.counted, true);
        shown.change.filter(|_| anew)
    });
    let (Some((plan, index)), Some(review)) = (at, model.review_mut()) else {
        return Vec::new();
    };
    review.looked.insert((plan, index));
    let change = review
        .case
        .plans
        .get(plan)
        .and_then(|plan| plan.plan.changes.get(index));
    let matters = change.is_some_and(|change| review.must_be_seen(change));
    match review.case.display_mark(plan, index) {
        Some(mark) if matters && review.displayed.insert(mark) => {
            vec![record(review, Event::Displayed { change: mark }, now)]
        }
        _ => Vec::new(),
    }
}

/// Brings the panes' lines and all scroll positions up to date.
fn settle(model: &mut Model) {
    let size = model.size;
    let Some(review) = model.review_mut() else {
        return;
    };
    let places = review.places(size);
    let widths = Pane::ALL.map(|pane| {
        let place = review.place_of(pane, size).or(places.pane);
        usize::from(place.map_or(size.0, |place| place.width)).saturating_sub(2)
    });
    let key = PaneKey {
        subject: review.subject(),
        widths,
        look: Look {
            side_by_side: review.look.side_by_side && size.0 >= 160,
            ..review.look
        },
        laid: review.queue.laid,
        entries: review.journal.answers(),
    };
    if review.pane_key.as_ref() != Some(&key) {
        let same_subject = review
            .pane_key
            .as_ref()
            .is_some_and(|old| old.subject == key.subject);
        for (pane, lines) in panes::lines(review, &key) {
            let scroll = review.panes.entry(pane).or_default();
            scroll.lines = lines;
            if !same_subject {
                scroll.top = 0;
                scroll.left = 0;
            }
        }
        review.pane_key = Some(key);
    }
    for (pane, place, _) in review.shown_panes(size) {
        let height = layout::rows(Some(place));
        if let Some(scroll) = review.panes.get_mut(&pane) {
            scroll.top = scroll.top.min(scroll.lines.len().saturating_sub(height));
        }
    }
    let height = layout::rows(places.list);
    if height > 0 {
        keep_visible(
            &mut review.queue.top,
            review.queue.cursor,
            review.queue.rows.len(),
            height,
        );
        keep_visible(
            &mut review.tree.top,
            review.tree.cursor,
            review.tree.rows.len(),
            height,
        );
    }
}

fn keep_visible(top: &mut usize, cursor: usize, total: usize, height: usize) {
    let margin = usize::from(height > 6);
    if cursor < *top + margin {
        *top = cursor.saturating_sub(margin);
    }
    if cursor + margin >= *top + height {
        *top = (cursor + margin + 1).saturating_sub(height);
    }
    *top = (*top).min(total.saturating_sub(height));
}

/// The effect of leaving.
pub(super) fn quit(model: &Model) -> Effect {
    Effect::Quit(match model.outcome() {
        Outcome::Approved => Outcome::Undecided,
        outcome => outcome,
    })
}
