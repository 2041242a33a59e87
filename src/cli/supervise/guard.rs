//! The parent's watch over the child.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use signal_hook::iterator::Signals;

use crate::load::LoadError;
use crate::report::RUNNING;
use crate::review::Exit;
use crate::text::Printable;

/// How often the parent looks at the child.
const LOOK: Duration = Duration::from_millis(20);
/// How much of what the child said may still come when it has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a child must have been stopped before the parent stops: when both are continued, it may look first.
const STILL: Duration = Duration::from_millis(5);

/// What the child says.
pub(super) enum Said {
    Begin(u64, Step),
    End(u64),
}

/// What runs in the child.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) time: Duration,
    pub(super) memory: u64,
    /// On the parent's clock, which stands still while the parent does.
    began: Duration,
    /// Bytes that the child held when it began.
    held: u64,
}

pub(super) fn understood(line: &str) -> Option<Said> {
    let mut words = line.splitn(5, ' ');
    match (words.next()?, words.next()?.parse().ok()?) {
        ("end", step) => Some(Said::End(step)),
        ("begin", step) => Some(Said::Begin(
            step,
            Step {
                time: Duration::from_millis(words.next()?.parse().ok()?),
                memory: words.next()?.parse().ok()?,
                name: words.next()?.to_owned(),
                began: Duration::ZERO,
                held: 0,
            },
        )),
        _ => None,
    }
}

/// How the watch ends.
pub(super) enum Ended {
    By(ExitStatus),
    Stopped(LoadError),
}

/// What the child does.
enum State {
    Runs,
    Stopped,
    Ended(ExitStatus),
}

/// The child and what it runs.
pub(super) struct Guard {
    child: Child,
    steps: BTreeMap<u64, Step>,
    clock: Duration,
    /// The signal that was sent on last.
    passed_on: Option<i32>,
}

impl Guard {
    pub(super) fn new(child: Child) -> Self {
        Self {
            child,
            steps: BTreeMap::new(),
            clock: Duration::ZERO,
            passed_on: None,
        }
    }

    /// The signal that was sent on last.
    pub(super) fn passed_on(&self) -> Option<i32> {
        self.passed_on
    }

    /// Whether a policy runs.
    pub(super) fn is_evaluating(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Whether the child was waited for.
    #[cfg(test)]
    pub(super) fn is_gone(&self) -> bool {
        let pid = Pid::from_child(&self.child);
        waitpid(Some(pid), WaitOptions::NOHANG).is_err()
    }

    /// Watches the child until it ends or must be ended.
    pub(super) fn attend(
        &mut self,
        said: &Receiver<Said>,
        mut signals: Option<&mut Signals>,
    ) -> Ended {
        let mut looked = Instant::now();
        loop {
            match said.recv_timeout(LOOK) {
                Ok(said) => self.hear(said),
                Err(RecvTimeoutError::Timeout) => {}
                // The child's end of the pipe is closed when it ends.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(Duration::from_millis(1)),
            }
            match self.state() {
                Ok(State::Runs) => {}
                Ok(State::Stopped) => self.stop_too(),
                Ok(State::Ended(status)) => {
                    while let Ok(said) = said.recv_timeout(LAST_WORDS) {
                        self.hear(said);
                    }
                    return Ended::By(status);
                }
                Err(_) => {
                    return Ended::Stopped(self.stop("The run of the policies cannot be watched"));
                }
            }
            if let Some(signals) = signals.as_mut() {
                for signal in signals.pending() {
                    self.pass_on(signal);
                }
            }
            if looked.elapsed() < LOOK {
                continue;
            }
            self.clock += looked.elapsed().min(10 * LOOK);
            looked = Instant::now();
            if let Some(error) = self.look() {
                return Ended::Stopped(error);
            }
        }
    }

    fn state(&self) -> io::Result<State> {
        let look = WaitOptions::NOHANG | WaitOptions::UNTRACED;
        let Some((_, status)) = waitpid(Some(Pid::from_child(&self.child)), look)? else {
            return Ok(State::Runs);
        };
        Ok(if status.stopped() {
            State::Stopped
        } else {
            State::Ended(ExitStatus::from_raw(status.as_raw()))
        })
    }

    /// Stops with the child, so that the shell has its terminal again; both are continued together.
    fn stop_too(&self) {
        std::thread::sleep(STILL);
        if self.is_stopped() != Some(false) {
            // It returns when it is continued.
            let _refused = kill_process(rustix::process::getpid(), Signal::STOP);
            // One that was stopped alone, by its number, is continued alone too.
            let _gone = kill_process(Pid::from_child(&self.child), Signal::CONT);
        }
    }

    fn hear(&mut self, said: Said) {
        match said {
            Said::Begin(number, mut step) => {
                step.began = self.clock;
                // What others hold that run beside it is not its own; the first one counts for all.
                step.held = self
                    .steps
                    .values()
                    .next()
                    .map_or_else(|| self.held().unwrap_or_default(), |first| first.held);
                self.steps.insert(number, step);
            }
            Said::End(number) => {
                self.steps.remove(&number);
            }
        }
    }

    /// Whether something runs too long or takes too much.
    fn look(&mut self) -> Option<LoadError> {
        let overdue = self
            .steps
            .values()
            .find(|step| self.clock.saturating_sub(step.began) > step.time)
            .map(|step| step.time);
        if let Some(time) = overdue {
            let why = format!("Policies did not end within {} s", time.as_secs());
            return Some(self.stop(&why));
        }
        let step = self.steps.values().next()?;
        let most = step.held.saturating_add(step.memory);
        if self.held()? > most {
            let why = format!("Policies took more than {} MB of memory", most >> 20);
            return Some(self.stop(&why));
        }
        None
    }

    /// Bytes of memory that the child holds, where the system says so.
    fn held(&self) -> Option<u64> {
        let line = self.told("VmRSS:")?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kilobytes << 10)
    }

    /// Whether the child is stopped, where the system says so.
    fn is_stopped(&self) -> Option<bool> {
        Some(self.told("State:")?.trim_start().starts_with(['T', 't']))
    }

    fn told(&self, what: &str) -> Option<String> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(what))?;
        Some(line.to_owned())
    }

    fn pass_on(&mut self, number: i32) {
        if let Some(signal) = Signal::from_named_raw(number) {
            if signal != Signal::TSTP {
                self.passed_on = Some(number);
            }
            // It fails only where the child has just ended.
            let _gone = kill_process(Pid::from_child(&self.child), signal);
        }
    }

    fn stop(&mut self, why: &str) -> LoadError {
        drop(self.child.kill());
        drop(self.child.wait());
        self.error(&format!("{why} and were stopped."))
    }

    /// What is said of a child that a signal ended.
    pub(super) fn fault(&self, signal: i32) -> LoadError {
        let name = match signal {
            4 | 5 | 7 | 8 | 11 => "a fault",
            6 => "an abort (its stack or its memory was used up)",
            9 => "the system, perhaps for want of memory",
            _ => "a signal",
        };
        let when = if self.steps.is_empty() {
            "Nothing was decided"
        } else {
            "Policies could not be evaluated"
        };
        self.error(&format!(
            "{when}: the program was ended by {name} (signal {signal})."
        ))
    }

    /// Names what ran: the last that began, and what ran beside it.
    pub(super) fn error(&self, heading: &str) -> LoadError {
        let causes = self.steps.values().rev().take(8);
        LoadError {
            exit: Exit::Policy,
            heading: Printable::line(heading),
            causes: causes
                .map(|step| Printable::line(&format!("{RUNNING}{}", step.name)))
                .collect(),
            hint: Printable::line(if self.steps.is_empty() {
                "Run it again; please report it if it happens again."
            } else {
                "Mend the policy, or take it out of the configuration or command line."
            }),
        }
    }
}
