//! The review line by line, for screen readers and terminals that cannot place text: the same questions over the same `update`.

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::Receiver;

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::filter::Filter;
use super::model::{Model, Pane, Phase, Recheck, Window};
use super::msg::{Effect, Failure, Msg, Outcome};
use super::queue::Row;
use super::tree::TreeRow;
use super::update::update;

/// Asks a person for typed words; nothing when there is nobody to ask.
pub(super) type Person<'a> = dyn FnMut() -> io::Result<Option<String>> + 'a;

/// Reviews line by line until the end; the end of the input leaves the review undecided.
///
/// Answers come from the input, which may be anything; the words that approve come from the person only. Where the person also types the
/// answers, a change that must be seen waits for Enter.
///
/// # Errors
/// When reading or writing fails.
pub fn run_plain(
    model: &mut Model,
    messages: &Receiver<Msg>,
    now: &dyn Fn() -> Timestamp,
    runner: &mut dyn FnMut(&Model, Effect) -> Option<Msg>,
    (input, output): (&mut dyn BufRead, &mut dyn Write),
    waits: bool,
    person: &mut Person<'_>,
) -> io::Result<Outcome> {
    let mut plain = Plain {
        model,
        now,
        runner,
        input,
        output,
        waits,
        person,
        outcome: None,
    };
    plain.feed(Msg::Resize {
        width: 100,
        height: 40,
    });
    while plain.model.is_loading() {
        let msg = messages
            .recv()
            .unwrap_or_else(|_| Msg::Failed(Failure::abandoned()));
        if let Msg::Progress { stage, done, total } = &msg {
            let total = total.map_or(String::new(), |total| format!(" of {total}"));
            let stage = crate::text::Printable::line(stage);
            writeln!(plain.output, "{stage} {done}{total}")?;
        }
        plain.feed(msg);
    }
    if let Phase::Failed(failure) = &plain.model.phase {
        return fail(plain.output, failure);
    }
    plain.review(messages)
}

fn fail(output: &mut dyn Write, failure: &Failure) -> io::Result<Outcome> {
    writeln!(output, "{}", failure.heading)?;
    for cause in &failure.causes {
        writeln!(output, "because: {cause}")?;
    }
    for text in &failure.not_checked {
        writeln!(output, "not checked: {text}")?;
    }
    if let Some(hint) = &failure.hint {
        writeln!(output, "what now: {hint}")?;
    }
    Ok(Outcome::Failed(failure.exit))
}

struct Plain<'a, 'p> {
    model: &'a mut Model,
    now: &'a dyn Fn() -> Timestamp,
    runner: &'a mut dyn FnMut(&Model, Effect) -> Option<Msg>,
    input: &'a mut dyn BufRead,
    output: &'a mut dyn Write,
    waits: bool,
    person: &'a mut Person<'p>,
    outcome: Option<Outcome>,
}

impl Plain<'_, '_> {
    fn review(&mut self, messages: &Receiver<Msg>) -> io::Result<Outcome> {
        self.show_everything_once()?;
        self.key(KeyCode::Char('1'));
        self.feed(Msg::Key(KeyEvent::new(
            KeyCode::Char('g'),
            KeyModifiers::NONE,
        )));
        self.feed(Msg::Key(KeyEvent::new(
            KeyCode::Char('g'),
            KeyModifiers::NONE,
        )));
        self.key(KeyCode::Char('n'));
        loop {
            self.print_finding()?;
            write!(
                self.output,
                "a acknowledge, w waive, r reject, c note, u undo, U redo, n next, p previous, j down, k up, o policy, \
                 s what is left, A approve, q quit: "
            )?;
            self.output.flush()?;
            let Some(line) = self.read()? else {
                return Ok(self.model.outcome());
            };
            // A line is one answer, however soon it follows.
            self.model.last_act = None;
            self.model.refused_text = None;
            match line.trim() {
                letter @ ("a" | "n" | "p" | "u" | "U" | "j" | "k" | "q") => {
                    for c in letter.chars() {
                        self.key(KeyCode::Char(c));
                    }
                }
                "o" => self.print_pane(Pane::Policy)?,
                "s" => self.print_what_is_left()?,
                "w" => self.write_text('w', true)?,
                "r" => self.write_text('r', false)?,
                "c" => self.write_text('c', false)?,
                "A" => self.approve(messages)?,
                _ => writeln!(self.output, "Type one of the letters, then Enter.")?,
            }
            if let Some((_, text)) = self.model.notice.take() {
                writeln!(self.output, "{text}")?;
            }
            if let Some(outcome) = self.outcome {
                return Ok(outcome);
            }
        }
    }

    /// Prints the groups with what is undecided in each.
    fn print_what_is_left(&mut self) -> io::Result<()> {
        let Some(review) = self.model.review() else {
            return Ok(());
        };
        let (decided, total) = review.progress();
        writeln!(self.output, "{decided} of {total} decided")?;
        for group in review.queue.groups.iter().filter(|group| group.left > 0) {
            writeln!(
                self.output,
                "{} {}: {} of {} left",
                group.level.short(),
                group.name,
                group.left,
                group.members.len()
            )?;
        }
        Ok(())
    }

    /// Prints every destructive change (every change, where the gate asks for that), so that it counts as displayed, and what
    /// stands beside the changes.
    fn show_everything_once(&mut self) -> io::Result<()> {
        let Some(review) = self.model.review_mut() else {
            return Ok(());
        };
        let policies = &review.case.policies;
        writeln!(
            self.output,
            "plan {}, {} changes, {} findings, {} of {} rules evaluated",
            review.case.plan_digest().short(),
            review.tree.total,
            review.case.findings.len(),
            policies.evaluated,
            policies.rules
        )?;
        review.queue.filter = Filter::none();
        review.queue.rebuild(&review.case, &review.verdict);
        review.tree.unfold_all();
        let rows = review.tree.rows.len();
        self.key(KeyCode::Char('5'));
        self.key(KeyCode::Char('2'));
        for row in 0..rows {
            if let Some(review) = self.model.review_mut() {
                review.in_pane = false;
                review.tree.cursor = row;
                // What has no finding of its own may stand nowhere else.
                let beside = matches!(
                    review.tree.selected(),
                    Some(TreeRow::Check(..) | TreeRow::Deferred(..) | TreeRow::Invocation(..))
                );
                let wanted = review
                    .change_at()
                    .and_then(|(plan, index)| review.case.plans.get(plan)?.plan.changes.get(index))
                    .is_some_and(|change| {
                        change.action.is_destructive() || review.case.gate.review_every_change
                    });
                if !wanted && !beside {
                    continue;
                }
            }
            self.feed(Msg::Tick);
            self.print_pane(Pane::Change)?;
            if self.waits {
                write!(
                    self.output,
                    "Enter for what comes next, s to leave out the rest, which stays unseen: "
                )?;
                self.output.flush()?;
                // Who goes away or goes on has not seen this one.
                if self.read()?.is_none_or(|line| line.trim() == "s") {
                    break;
                }
            }
            self.feed(Msg::Printed);
        }
        Ok(())
    }

    fn print_pane(&mut self, pane: Pane) -> io::Result<()> {
        let lines: Vec<String> = self
            .model
            .review()
            .and_then(|review| review.scroll(pane))
            .map(|scroll| scroll.lines.iter().map(super::rich::Rich::plain).collect())
            .unwrap_or_default();
        for line in lines {
            writeln!(self.output, "{line}")?;
        }
        writeln!(self.output)
    }

    fn print_finding(&mut self) -> io::Result<()> {
        let Some(review) = self.model.review() else {
            return Ok(());
        };
        let (decided, total) = review.progress();
        if review.case.findings.is_empty() {
            let (_, text) = review.nothing_found();
            return writeln!(self.output, "\n{text}");
        }
        match review.queue.rows.get(review.queue.cursor) {
            Some(Row::Finding(index, _)) => {
                let status = review.status(*index).word();
                let label = review
                    .finding(*index)
                    .map(crate::finding::Finding::label)
                    .unwrap_or_default();
                writeln!(
                    self.output,
                    "\n{decided} of {total} decided. {status}: {label}"
                )?;
            }
            Some(Row::Group(number)) => {
                if let Some(group) = review.queue.groups.get(*number) {
                    writeln!(
                        self.output,
                        "\n{decided} of {total} decided. {} {}: {} of {} left",
                        group.level.short(),
                        group.name,
                        group.left,
                        group.members.len()
                    )?;
                }
            }
            None => writeln!(self.output, "\n{decided} of {total} decided.")?,
        }
        self.print_pane(Pane::Change)?;
        self.print_pane(Pane::Source)?;
        self.feed(Msg::Printed);
        Ok(())
    }

    fn write_text(&mut self, letter: char, expiry: bool) -> io::Result<()> {
        self.key(KeyCode::Char(letter));
        if !matches!(self.model.windows.last(), Some(Window::Editor(_))) {
            return Ok(());
        }
        write!(self.output, "text: ")?;
        self.output.flush()?;
        let text = self.read()?.unwrap_or_default();
        if let Some(Window::Editor(editor)) = self.model.windows.last_mut() {
            editor.text = ratatui_textarea::TextArea::default();
        }
        self.feed(Msg::Paste(text));
        if expiry {
            let preset = match self.model.windows.last() {
                Some(Window::Editor(editor)) => editor.expiry.clone(),
                _ => String::new(),
            };
            write!(self.output, "expires (Enter for {preset}): ")?;
            self.output.flush()?;
            let day = self.read()?.unwrap_or_default();
            if !day.trim().is_empty()
                && let Some(Window::Editor(editor)) = self.model.windows.last_mut()
            {
                editor.expiry = crate::text::Printable::line(day.trim()).into_string();
            }
        }
        self.feed(Msg::Key(KeyEvent::new(
            KeyCode::Char('s'),
            KeyModifiers::CONTROL,
        )));
        if let Some(Window::Editor(editor)) = self.model.windows.last() {
            let problem = editor.problem.clone().unwrap_or_default();
            writeln!(self.output, "{problem}")?;
            self.key(KeyCode::Esc);
        }
        Ok(())
    }

    fn approve(&mut self, messages: &Receiver<Msg>) -> io::Result<()> {
        self.key(KeyCode::Char('A'));
        while self.screen().is_some_and(|(running, ..)| running) {
            let Ok(msg) = messages.recv() else { break };
            self.feed(msg);
        }
        let Some((_, open, lines)) = self.screen() else {
            return Ok(());
        };
        for line in lines {
            writeln!(self.output, "{line}")?;
        }
        if open {
            self.output.flush()?;
            match (self.person)()? {
                Some(typed) => {
                    self.feed(Msg::Printed);
                    for c in typed.trim_end().chars() {
                        self.key(KeyCode::Char(c));
                    }
                    self.key(KeyCode::Enter);
                }
                None => writeln!(
                    self.output,
                    "Nothing was approved: the words are typed at a terminal, and there is none here."
                )?,
            }
        }
        if self.outcome.is_none() {
            if let Some(Window::Approve(screen)) = self.model.windows.last() {
                let problem = screen.problem.clone().unwrap_or_default();
                writeln!(self.output, "{problem}")?;
            }
            self.key(KeyCode::Esc);
        }
        Ok(())
    }

    /// Whether the second look still runs, whether words may be typed, and what the screen says.
    fn screen(&self) -> Option<(bool, bool, Vec<String>)> {
        let Some(Window::Approve(screen)) = self.model.windows.last() else {
            return None;
        };
        let mut lines = Vec::new();
        let moved = match &screen.recheck {
            Recheck::Moved(reasons) => reasons.as_slice(),
            _ => &[],
        };
        for reason in moved.iter().chain(&screen.blockers) {
            lines.push(format!("blocked: {reason}"));
        }
        lines.extend(screen.lines.iter().map(super::rich::Rich::plain));
        if let Some(review) = self.model.review().filter(|_| screen.is_open()) {
            lines.push(format!(
                "The words: approve {}",
                review.case.plan_digest().short()
            ));
        }
        Some((screen.recheck == Recheck::Running, screen.is_open(), lines))
    }

    fn read(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let bytes = self.input.read_line(&mut line)?;
        Ok((bytes > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    fn key(&mut self, code: KeyCode) {
        self.feed(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    fn feed(&mut self, msg: Msg) {
        let mut effects: VecDeque<Effect> = update(self.model, msg, (self.now)()).into();
        while let Some(effect) = effects.pop_front() {
            let reply = match effect {
                Effect::Quit(outcome) => {
                    self.outcome = Some(outcome);
                    None
                }
                Effect::FlushInput | Effect::Repaint | Effect::Suspend | Effect::Copy(_) => None,
                Effect::Persist(entry) if !self.model.awaits(entry.number) => None,
                effect => (self.runner)(self.model, effect),
            };
            if let Some(reply) = reply {
                for effect in update(self.model, reply, (self.now)()).into_iter().rev() {
                    effects.push_front(effect);
                }
            }
        }
    }
}
