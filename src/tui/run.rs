//! The loop: events and messages in, frames and effects out.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ratatui::crossterm::event::{Event, MouseEvent, MouseEventKind};

use super::model::{Model, Phase};
use super::msg::{Effect, Failure, Msg, Outcome};
use super::session::{Session, Watch};
use super::theme::Theme;
use super::update::update;

/// Longest wait for a key before messages and signals are looked at.
const WAIT: Duration = Duration::from_millis(40);

/// How often the screen says how long a stage of loading takes.
const TICK: Duration = Duration::from_millis(500);

/// So long the loop does not take by itself.
const STILL: Duration = Duration::from_millis(300);

/// Most events handled before the next frame.
const BATCH: usize = 256;

/// What the terminal is, as the command line layer knows it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The value of `TERM`.
    pub term: Option<String>,
    /// Whether colours may be used.
    pub colour: bool,
    /// Whether tmux stands between this program and the terminal.
    pub tmux: bool,
    /// Whether the mouse moves the cursor and scrolls.
    pub mouse: bool,
}

/// Why there can be no review on this terminal.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Standard output goes elsewhere.
    #[error(
        "standard output is not a terminal, so nothing can be reviewed here; use `countersign --check` for a report, or \
         `countersign --plain` for a review line by line."
    )]
    NoTerminal,
    /// The terminal cannot place text.
    #[error(
        "TERM={0} cannot show the reviewer; use `countersign --plain` to review line by line, or `countersign --check`."
    )]
    Dumb(String),
    /// The terminal failed.
    #[error("the terminal failed; what was answered is in the draft.")]
    Terminal(#[source] io::Error),
}

/// Runs a review on the terminal until it ends.
///
/// The runner serves every effect that is not the terminal's own, with the model as it stands, and may answer at once; an
/// answer that takes longer comes through `messages`. The model stays with the caller, for a summary afterwards.
///
/// # Errors
/// When there is no fitting terminal or it fails on the way; the terminal is restored in each case.
pub fn run(
    model: &mut Model,
    messages: &Receiver<Msg>,
    now: &dyn Fn() -> Timestamp,
    runner: &mut dyn FnMut(&Model, Effect) -> Option<Msg>,
    options: &Options,
) -> Result<Outcome, TuiError> {
    if let Some(term) = options
        .term
        .as_deref()
        .filter(|term| *term == "dumb" || term.is_empty())
    {
        return Err(TuiError::Dumb(
            crate::text::Printable::line(term).into_string(),
        ));
    }
    if !Session::is_possible() {
        return Err(TuiError::NoTerminal);
    }
    model.theme = if options.colour {
        Theme::colours()
    } else {
        Theme::plain()
    };
    let watch = Watch::begin().map_err(TuiError::Terminal)?;
    let mut session = Session::enter(options.mouse).map_err(TuiError::Terminal)?;
    let mut review = Running {
        model,
        now,
        runner,
        session: &mut session,
        served: 0,
        tmux: options.tmux,
    };
    let outcome = review.until_the_end(messages, &watch);
    session.leave();
    outcome.map_err(TuiError::Terminal)
}

struct Running<'a> {
    model: &'a mut Model,
    now: &'a dyn Fn() -> Timestamp,
    runner: &'a mut dyn FnMut(&Model, Effect) -> Option<Msg>,
    session: &'a mut Session,
    /// How many effects were served.
    served: usize,
    tmux: bool,
}

impl Running<'_> {
    fn until_the_end(&mut self, messages: &Receiver<Msg>, watch: &Watch) -> io::Result<Outcome> {
        let (width, height) = Session::size();
        if let Some(outcome) = self.feed(Msg::Resize { width, height })? {
            return Ok(outcome);
        }
        let mut changed = true;
        let mut ticked = Instant::now();
        let mut looked = Instant::now();
        loop {
            if self.model.is_loading() && ticked.elapsed() >= TICK {
                ticked = Instant::now();
                self.feed(Msg::Tick)?;
                changed = true;
            }
            if watch.must_end() {
                return Ok(Outcome::Cancelled);
            }
            if watch.must_stop() {
                self.session.suspend()?;
                self.model.drawn = None;
                changed = true;
            }
            // While the program stood still, nobody could see that the screen was its own.
            if looked.elapsed() >= STILL {
                self.model.drawn = None;
                changed = true;
            }
            looked = Instant::now();
            loop {
                let msg = match messages.try_recv() {
                    Ok(msg) => msg,
                    // Nobody is left who could bring the case.
                    Err(TryRecvError::Disconnected) if self.model.is_loading() => {
                        Msg::Failed(Failure::abandoned())
                    }
                    Err(_) => break,
                };
                changed = true;
                if let Some(outcome) = self.feed(msg)? {
                    return Ok(outcome);
                }
            }
            if changed {
                let (width, height) = Session::size();
                if self.model.size != (width, height) {
                    self.feed(Msg::Resize { width, height })?;
                }
                self.session.draw(self.model)?;
                let before = (self.served, self.model.counts_at());
                if let Some(outcome) = self.feed(Msg::Drawn)? {
                    return Ok(outcome);
                }
                let waited = before.1.is_some() && self.model.counts_at().is_none();
                changed = self.served != before.0 || waited;
            }
            // Once what is on the screen counts as seen, the lists and the draft say so.
            changed |= self.model.counts_at().is_some_and(|at| at <= (self.now)());
            match self.events(if changed { Duration::ZERO } else { WAIT })? {
                Batch::End(outcome) => return Ok(outcome),
                Batch::Handled => changed = true,
                Batch::Nothing => {}
            }
        }
    }

    /// Handles what was typed until now. Several keys may come before the next frame; a decision among them is refused by the
    /// model when it names a finding that no frame has shown.
    fn events(&mut self, wait: Duration) -> io::Result<Batch> {
        let mut next = Session::event(wait)?;
        let mut batch = Batch::Nothing;
        for _ in 0..BATCH {
            let Some(event) = next else { break };
            let msg = match event {
                Event::Key(key) => Some(Msg::Key(key)),
                Event::Paste(text) => Some(Msg::Paste(text)),
                Event::Resize(width, height) => Some(Msg::Resize { width, height }),
                // Where it merely is does not matter.
                Event::Mouse(event) if !is_move(event) => Some(Msg::Mouse(event)),
                Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
            };
            if msg.is_some() {
                batch = Batch::Handled;
            }
            if let Some(msg) = msg
                && let Some(outcome) = self.feed(msg)?
            {
                return Ok(Batch::End(outcome));
            }
            next = Session::event(Duration::ZERO)?;
        }
        Ok(batch)
    }

    fn feed(&mut self, msg: Msg) -> io::Result<Option<Outcome>> {
        let mut effects: VecDeque<Effect> = update(self.model, msg, (self.now)()).into();
        while let Some(effect) = effects.pop_front() {
            self.served += 1;
            let reply = match effect {
                Effect::Quit(outcome) => return Ok(Some(outcome)),
                Effect::FlushInput => {
                    Session::flush()?;
                    None
                }
                Effect::Repaint => {
                    self.session.repaint()?;
                    None
                }
                Effect::Suspend => {
                    self.session.suspend()?;
                    self.model.drawn = None;
                    None
                }
                Effect::Copy(text) => {
                    Session::copy(&text, self.tmux)?;
                    None
                }
                Effect::Persist(entry) if !self.model.awaits(entry.number) => None,
                Effect::Recheck => {
                    // A large plan takes a moment to read again; the screen says so meanwhile.
                    self.session.draw(self.model)?;
                    (self.runner)(self.model, Effect::Recheck)
                }
                effect
                @ (Effect::Approve | Effect::OpenEditor { .. } | Effect::EditText { .. }) => {
                    self.session.leave();
                    let reply = (self.runner)(self.model, effect);
                    self.session.resume()?;
                    self.model.drawn = None;
                    Session::flush()?;
                    reply
                }
                effect => (self.runner)(self.model, effect),
            };
            if let Some(reply) = reply {
                for effect in update(self.model, reply, (self.now)()).into_iter().rev() {
                    effects.push_front(effect);
                }
            }
        }
        Ok(None)
    }
}

fn is_move(event: MouseEvent) -> bool {
    use MouseEventKind::{Drag, Moved, Up};
    matches!(event.kind, Moved | Drag(_) | Up(_))
}

/// What became of the events of one turn.
enum Batch {
    Nothing,
    Handled,
    End(Outcome),
}

impl Model {
    /// Whether loading is still going on.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        matches!(self.phase, Phase::Loading(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_is_refused_with_the_alternatives() {
        for term in ["dumb", ""] {
            let (_sender, messages) = std::sync::mpsc::channel();
            let options = Options {
                term: Some(term.to_owned()),
                colour: true,
                tmux: false,
                mouse: false,
            };
            let refused = run(
                &mut Model::loading(),
                &messages,
                &|| Timestamp::UNIX_EPOCH,
                &mut |_, _| None,
                &options,
            );
            let text = refused
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(
                text.contains("--plain") && text.contains("--check"),
                "{text}"
            );
        }
    }
}
