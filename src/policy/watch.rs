//! Who looks on while policies from outside are loaded and run.
//!
//! One evaluation cannot be stopped from within: a single call of a function, or a stack that is used up. Somebody outside of it must know
//! what runs, for how long it may, and how much memory it may take. The watcher belongs to the process, as the engine's memory limit does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What is told to the watcher.
#[derive(Clone, Copy, Debug)]
pub enum Watched<'a> {
    /// Something begins that must end.
    Begin {
        /// Number of this step.
        step: u64,
        /// How long it may take, on the clock on the wall.
        time: Duration,
        /// How many bytes the process may grow meanwhile.
        memory: u64,
        /// What it is: a file, or a file and a line.
        name: &'a str,
    },
    /// It ended.
    End {
        /// Number of the step.
        step: u64,
    },
}

type Watcher = Box<dyn Fn(Watched<'_>) + Send + Sync>;

static WATCHER: OnceLock<Watcher> = OnceLock::new();
static STEPS: AtomicU64 = AtomicU64::new(0);
/// Bytes that the process may grow in evaluation; it depends on the plan.
static MEMORY: AtomicU64 = AtomicU64::new(2 << 30);

/// What an evaluation may take beyond its own limits before it is ended from outside: it then had its chance to say so itself.
const GRACE: Duration = Duration::from_secs(5);
/// Time to load one bundle.
const LOADING: Duration = Duration::from_secs(60);
/// Bytes of stacks, and of what the engine's limit does not count.
const UNCOUNTED: u64 = 1 << 30;

/// Sets the watcher of this process; the first one stays.
pub fn set_watcher(watcher: impl Fn(Watched<'_>) + Send + Sync + 'static) {
    drop(WATCHER.set(Box::new(watcher)));
}

/// A step that is watched until this is dropped.
pub(super) struct Step(Option<u64>);

/// Sets what evaluation may take.
pub(super) fn allow_memory(bytes: u64) {
    MEMORY.store(bytes.saturating_add(UNCOUNTED), Ordering::Relaxed);
}

impl Step {
    /// Policies from outside are read.
    pub(super) fn loading(name: &str) -> Self {
        Self::begin(LOADING, || name.to_owned())
    }

    /// They are evaluated, by an engine with this time limit.
    pub(super) fn evaluating(limit: Duration, name: impl FnOnce() -> String) -> Self {
        Self::begin(limit.saturating_add(GRACE), name)
    }

    fn begin(time: Duration, name: impl FnOnce() -> String) -> Self {
        Self(WATCHER.get().map(|watcher| {
            let step = STEPS.fetch_add(1, Ordering::Relaxed);
            watcher(Watched::Begin {
                step,
                time,
                memory: MEMORY.load(Ordering::Relaxed),
                name: &name(),
            });
            step
        }))
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let (Some(step), Some(watcher)) = (self.0, WATCHER.get()) {
            watcher(Watched::End { step });
        }
    }
}
