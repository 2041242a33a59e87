//! Whole sessions on a terminal of text cells, from keys to effects.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used
)]

mod fixture;
mod hostile;
mod mouse;
mod pictures;
mod random;
mod rules;
mod seen;
mod sessions;
mod tree;
mod whole;

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::model::{Model, Phase, Review};
use super::{Effect, Msg, Outcome, PersistFailure, update, view};
use crate::decision::{Entry, Event, Journal};
use crate::review::{ReviewCase, Status};
use crate::text::Printable;

/// A reviewer at a terminal, with a draft that can fail.
pub(super) struct Desk {
    pub(super) model: Model,
    pub(super) now: Timestamp,
    pub(super) draft: Vec<Entry>,
    pub(super) asked: Vec<Effect>,
    pub(super) outcome: Option<Outcome>,
    pub(super) disk_full: bool,
    pub(super) moved: Vec<String>,
    terminal: Terminal<TestBackend>,
}

impl Desk {
    pub(super) fn new(case: ReviewCase) -> Self {
        Self::sized(case, Journal::default(), (80, 24))
    }

    pub(super) fn sized(case: ReviewCase, journal: Journal, size: (u16, u16)) -> Self {
        let mut desk = Self::empty(size);
        desk.feed(Msg::Loaded(Box::new(fixture::loaded(case, journal))));
        desk.draw();
        desk
    }

    pub(super) fn breaking_glass(case: ReviewCase, reason: &str) -> Self {
        let mut desk = Self::empty((80, 24));
        let mut loaded = fixture::loaded(case, Journal::default());
        loaded.break_glass = Some(Printable::line(reason));
        desk.feed(Msg::Loaded(Box::new(loaded)));
        desk.draw();
        desk
    }

    pub(super) fn empty(size: (u16, u16)) -> Self {
        let mut desk = Self {
            model: Model::loading(),
            now: "2026-11-22T14:00:00Z".parse().unwrap(),
            draft: Vec::new(),
            asked: Vec::new(),
            outcome: None,
            disk_full: false,
            moved: Vec::new(),
            terminal: Terminal::new(TestBackend::new(size.0, size.1)).unwrap(),
        };
        desk.feed(Msg::Resize {
            width: size.0,
            height: size.1,
        });
        desk
    }

    /// Handles one message and serves the effects.
    pub(super) fn feed(&mut self, msg: Msg) {
        let mut effects: VecDeque<Effect> = update(&mut self.model, msg, self.now).into();
        while let Some(effect) = effects.pop_front() {
            let reply = match &effect {
                Effect::Persist(entry) if !self.model.awaits(entry.number) => None,
                Effect::Persist(entry) if self.disk_full => {
                    Some(Msg::Persisted(Err(PersistFailure {
                        number: entry.number,
                        reason: Printable::line("no space left on the device."),
                    })))
                }
                Effect::Persist(entry) => {
                    self.draft.push(entry.clone());
                    Some(Msg::Persisted(Ok(entry.number)))
                }
                Effect::Recheck if self.moved.is_empty() => Some(Msg::Rechecked(Ok(()))),
                Effect::Recheck => Some(Msg::Rechecked(Err(self.moved.clone()))),
                Effect::Approve => Some(Msg::Approved(Ok("refs/notes/countersign".to_owned()))),
                Effect::EditText { initial } => {
                    Some(Msg::EditorClosed(Some(format!("{initial} and more"))))
                }
                Effect::Quit(outcome) => {
                    self.outcome = Some(*outcome);
                    None
                }
                _ => None,
            };
            self.asked.push(effect);
            if let Some(reply) = reply {
                for effect in update(&mut self.model, reply, self.now).into_iter().rev() {
                    effects.push_front(effect);
                }
            }
        }
    }

    /// Draws a frame, as the loop does after each turn, and again once what is on it counts as seen.
    pub(super) fn draw(&mut self) {
        self.glance();
        self.now = self.now.checked_add(super::model::LOOK).unwrap();
        self.glance();
    }

    /// Draws a frame of which nothing counts as seen yet.
    pub(super) fn glance(&mut self) {
        let model = &self.model;
        self.terminal.draw(|frame| view(model, frame)).unwrap();
        self.feed(Msg::Drawn);
        let model = &self.model;
        self.terminal.draw(|frame| view(model, frame)).unwrap();
    }

    /// Presses keys, looking at the screen after each.
    pub(super) fn keys(&mut self, keys: &str) -> &mut Self {
        for c in keys.chars() {
            self.press(KeyCode::Char(c));
        }
        self
    }

    pub(super) fn press(&mut self, code: KeyCode) -> &mut Self {
        self.event(KeyEvent::new(code, KeyModifiers::NONE))
    }

    pub(super) fn ctrl(&mut self, c: char) -> &mut Self {
        self.event(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))
    }

    pub(super) fn event(&mut self, event: KeyEvent) -> &mut Self {
        self.now = self.now.checked_add(SignedDuration::from_secs(2)).unwrap();
        self.feed(Msg::Key(event));
        self.draw();
        self
    }

    /// A key that the terminal reports as held.
    pub(super) fn repeat(&mut self, c: char) -> &mut Self {
        let event =
            KeyEvent::new_with_kind(KeyCode::Char(c), KeyModifiers::NONE, KeyEventKind::Repeat);
        self.event(event)
    }

    /// A key that arrives before the next frame.
    pub(super) fn unseen(&mut self, c: char) -> &mut Self {
        self.now = self.now.checked_add(SignedDuration::from_secs(2)).unwrap();
        self.feed(Msg::Key(KeyEvent::new(
            KeyCode::Char(c),
            KeyModifiers::NONE,
        )));
        self
    }

    pub(super) fn review(&self) -> &Review {
        match &self.model.phase {
            Phase::Review(review) => review,
            _ => panic!("there is no review"),
        }
    }

    /// The screen as text, without spaces at line ends.
    pub(super) fn screen(&self) -> String {
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        buffer
            .content
            .chunks(width)
            .map(|row| {
                row.iter()
                    .map(ratatui::buffer::Cell::symbol)
                    .collect::<String>()
                    .trim_end()
                    .to_owned()
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub(super) fn sees(&self, text: &str) -> bool {
        self.screen().contains(text)
    }

    /// How many answers stand.
    pub(super) fn decided(&self) -> usize {
        self.review().journal.decisions().len()
    }

    pub(super) fn count(&self, status: Status) -> usize {
        self.review()
            .verdict
            .states
            .iter()
            .filter(|state| state.status == status)
            .count()
    }

    pub(super) fn displayed(&self) -> usize {
        self.draft
            .iter()
            .filter(|entry| matches!(entry.event, Event::Displayed { .. }))
            .count()
    }

    /// The decision that was written to the draft last.
    pub(super) fn last_decision(&self) -> crate::decision::Decision {
        let decided = self
            .draft
            .iter()
            .rev()
            .find_map(|entry| match &entry.event {
                Event::Decided { decision, .. } => Some(decision.clone()),
                _ => None,
            });
        decided.expect("nothing was decided")
    }

    /// Types a reason in the open editor and decides.
    pub(super) fn reason(&mut self, text: &str) -> &mut Self {
        self.keys(text).ctrl('s')
    }
}
