//! One line on the terminal that says how far a longer work is.
//!
//! Silent unless standard error is a terminal that people watch: not in CI, not with `--quiet`, not in the first half second. The line is
//! taken away before anything else is written, when the work ends, and by the parent when a signal ends the work. With `--verbose` each
//! stage that ends is said with its time, on a terminal or not.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::text::{Printable, fit_end};

use super::args::OutputArgs;
use super::output;

/// How long a work may take before it is worth a line.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Whether a line would be shown, as far as options and environment tell.
pub(super) fn is_wanted(quiet: bool, env: &BTreeMap<String, String>) -> bool {
    let is_ci = env
        .get("CI")
        .is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    let is_dumb = env.get("TERM").is_some_and(|term| term == "dumb");
    !quiet && !is_ci && !is_dumb
}

/// Shows how far a work is, until it is dropped.
pub(super) struct Progress {
    shared: Arc<Shared>,
    ticker: Option<JoinHandle<()>>,
    verbose: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    started: Instant,
    stage: String,
    stage_began: Instant,
    done: usize,
    total: Option<usize>,
    ended: bool,
}

impl Progress {
    /// Begins; a thread draws where somebody watches.
    pub(super) fn start(args: &OutputArgs, env: &BTreeMap<String, String>) -> Self {
        let now = Instant::now();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                started: now,
                stage: String::new(),
                stage_began: now,
                done: 0,
                total: None,
                ended: false,
            }),
            changed: Condvar::new(),
        });
        let columns = output::error_columns().filter(|_| is_wanted(args.quiet, env));
        let ticker = columns.and_then(|columns| {
            let shared = Arc::clone(&shared);
            // Without a thread there is no line, and the work goes on.
            std::thread::Builder::new()
                .name("progress".to_owned())
                .spawn(move || shared.tick(columns))
                .ok()
        });
        Self {
            shared,
            ticker,
            verbose: args.verbose,
        }
    }

    /// Takes note of how far it is.
    pub(super) fn note(&self, stage: &str, done: usize, total: Option<usize>) {
        let ended = {
            let mut now = self.shared.lock();
            let ended = (now.stage != stage).then(|| now.begin(stage));
            // Several threads count, and their words may arrive in another order.
            now.done = if done == 0 { 0 } else { now.done.max(done) };
            now.total = total;
            ended.flatten()
        };
        if let (true, Some(line)) = (self.verbose, ended) {
            output::say(&line);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let ended = {
            let mut state = self.shared.lock();
            state.ended = true;
            state.begin("")
        };
        self.shared.changed.notify_all();
        if let Some(ticker) = self.ticker.take() {
            // It only draws; nothing depends on how it ended.
            drop(ticker.join());
        }
        output::erase();
        if let (true, Some(line)) = (self.verbose, ended) {
            output::say(&line);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self, columns: usize) {
        let mut state = self.lock();
        while !state.ended {
            let waited = self.changed.wait_timeout(state, TICK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            let elapsed = state.started.elapsed();
            if !state.ended && elapsed >= PATIENCE && !state.stage.is_empty() {
                output::draw(&line(
                    &state.stage,
                    state.done,
                    state.total,
                    elapsed,
                    columns,
                ));
            }
        }
    }
}

impl State {
    /// Begins another stage; what to say of the one that ends.
    fn begin(&mut self, stage: &str) -> Option<String> {
        let ended = std::mem::replace(&mut self.stage, stage.to_owned());
        let took = std::mem::replace(&mut self.stage_began, Instant::now()).elapsed();
        self.done = 0;
        (!ended.is_empty()).then(|| format!("{ended}: {} ms", took.as_millis()))
    }
}

/// `evaluate policies 3,120/9,000, 4 s`, cut so that it never takes a second line.
fn line(
    stage: &str,
    done: usize,
    total: Option<usize>,
    elapsed: Duration,
    columns: usize,
) -> String {
    let mut text = Printable::line(stage).to_string();
    match total {
        Some(total) => text.push_str(&format!(" {}/{}", grouped(done), grouped(total))),
        None if done > 0 => text.push_str(&format!(" {}", grouped(done))),
        None => {}
    }
    text.push_str(&format!(", {} s", elapsed.as_secs()));
    fit_end(&text, columns.saturating_sub(1))
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_stage_counts_and_time_on_one_line() {
        let at = |stage, done, total, columns| {
            line(stage, done, total, Duration::from_millis(4_700), columns)
        };
        assert_eq!(
            at("evaluate policies", 3_120, Some(9_000), 80),
            "evaluate policies 3,120/9,000, 4 s"
        );
        assert_eq!(at("read the plan", 0, None, 80), "read the plan, 4 s");
        assert_eq!(
            at("read plans", 1_234_567, None, 80),
            "read plans 1,234,567, 4 s"
        );
        let narrow = at("evaluate policies", 3_120, Some(9_000), 20);
        assert!(crate::text::display_width(&narrow) < 20, "{narrow}");
        let hostile = at("read \u{1b}[2Jx\u{202e}\n::error::y", 0, None, 200);
        assert!(!hostile.contains(['\u{1b}', '\u{202e}', '\n']), "{hostile}");
    }

    #[test]
    fn nobody_is_shown_a_line_who_did_not_look_for_one() {
        let env = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        assert!(is_wanted(false, &env(&[("TERM", "xterm")])));
        assert!(is_wanted(false, &env(&[("CI", "false")])));
        assert!(!is_wanted(true, &env(&[])));
        assert!(!is_wanted(false, &env(&[("CI", "true")])));
        assert!(!is_wanted(false, &env(&[("TERM", "dumb")])));
    }

    #[test]
    fn a_stage_that_ends_is_named_with_its_time() {
        let args = OutputArgs {
            quiet: true,
            ..OutputArgs::default()
        };
        let progress = Progress::start(&args, &BTreeMap::new());
        assert!(progress.ticker.is_none());
        progress.note("read the plan", 0, None);
        progress.note("evaluate policies", 7, Some(9));
        progress.note("evaluate policies", 5, Some(9));
        let mut state = progress.shared.lock();
        assert_eq!((state.done, state.total), (7, Some(9)));
        let said = state.begin("compare").unwrap_or_default();
        assert!(said.starts_with("evaluate policies: "), "{said}");
        assert_eq!(state.done, 0);
    }
}
