//! Plans read ahead: while one is judged, threads read those that come next, so that a run over many plans keeps all cores busy.
//!
//! They come out in their order. What stands in memory is bounded: so many plans ahead as there are threads, and together with the one
//! that is judged no more bytes than the largest file, or a fixed amount where that is small.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::LoadError;

/// Most threads that read; each may need the memory of one digest pass.
const MOST_READERS: usize = 4;

/// Bytes of files that may always stand beside each other.
const SMALL: u64 = 16 << 20;

/// Reads items of the given sizes by number, and hands an iterator over them, in order, to `consume`.
///
/// The iterator takes a call for the next item to mean that the one before is done with; before the first, one of `held` bytes is.
pub(super) fn read<T: Send, R>(
    held: u64,
    sizes: &[u64],
    threads: usize,
    read: &(dyn Fn(usize) -> Result<T, LoadError> + Sync),
    consume: impl FnOnce(&mut dyn Iterator<Item = Result<T, LoadError>>) -> R,
) -> R {
    let readers = threads.clamp(1, MOST_READERS).min(sizes.len());
    if readers < 2 {
        return consume(&mut (0..sizes.len()).map(read));
    }
    let queue = Queue {
        sizes,
        held,
        ahead: readers,
        budget: sizes.iter().copied().fold(held.max(SMALL), u64::max),
        state: Mutex::new(State {
            next: 0,
            out: 0,
            bytes: held,
            over: false,
            is_begun: false,
            ready: BTreeMap::new(),
        }),
        moved: Condvar::new(),
    };
    std::thread::scope(|scope| {
        let mut started = 0;
        for _ in 0..readers {
            let spawned = std::thread::Builder::new()
                .name("reader".to_owned())
                .spawn_scoped(scope, || queue.work(read));
            started += usize::from(spawned.is_ok());
        }
        if started == 0 {
            return consume(&mut (0..sizes.len()).map(read));
        }
        consume(&mut InOrder { queue: &queue })
    })
}

struct State<T> {
    /// The next item that a reader takes.
    next: usize,
    /// How many were handed out.
    out: usize,
    /// Bytes of what was taken and is not done with.
    bytes: u64,
    /// Nobody wants more.
    over: bool,
    /// The first item was asked for.
    is_begun: bool,
    ready: BTreeMap<usize, Result<T, LoadError>>,
}

struct Queue<'a, T> {
    sizes: &'a [u64],
    /// What was held before the first item.
    held: u64,
    ahead: usize,
    budget: u64,
    state: Mutex<State<T>>,
    moved: Condvar,
}

impl<T: Send> Queue<'_, T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing is left half done under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State<T>>) -> MutexGuard<'s, State<T>> {
        self.moved
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader's life.
    fn work(&self, read: &(dyn Fn(usize) -> Result<T, LoadError> + Sync)) {
        while let Some(number) = self.take() {
            let mut delivery = Delivery {
                queue: self,
                number,
                item: None,
            };
            delivery.item = Some(read(number));
        }
    }

    /// The number of the next item, once there is room for it.
    fn take(&self) -> Option<usize> {
        let mut state = self.state();
        loop {
            let size = *self.sizes.get(state.next)?;
            if state.over {
                return None;
            }
            // Somebody waits for the first one, whatever its size.
            let is_wanted = state.next == state.out && state.bytes == 0;
            let has_room = state.next < state.out + self.ahead
                && state.bytes.saturating_add(size) <= self.budget;
            if is_wanted || has_room {
                state.next += 1;
                state.bytes = state.bytes.saturating_add(size);
                return Some(state.next - 1);
            }
            state = self.wait(state);
        }
    }
}

/// Puts an item where it is waited for; also when the reader panicked, or the one that waits would never end.
struct Delivery<'a, T: Send> {
    queue: &'a Queue<'a, T>,
    number: usize,
    item: Option<Result<T, LoadError>>,
}

impl<T: Send> Drop for Delivery<'_, T> {
    fn drop(&mut self) {
        let item = self.item.take().unwrap_or_else(|| {
            Err(LoadError::input(
                "A plan could not be read.",
                "Please report it, with what was said above.",
            ))
        });
        self.queue.state().ready.insert(self.number, item);
        self.queue.moved.notify_all();
    }
}

/// The items as they are consumed.
struct InOrder<'a, T: Send> {
    queue: &'a Queue<'a, T>,
}

impl<T: Send> Iterator for InOrder<'_, T> {
    type Item = Result<T, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut state = self.queue.state();
        let done = match state.out.checked_sub(1) {
            Some(done) => self.queue.sizes.get(done).copied().unwrap_or(0),
            None if state.is_begun => 0,
            None => self.queue.held,
        };
        state.is_begun = true;
        state.bytes = state.bytes.saturating_sub(done);
        self.queue.moved.notify_all();
        let number = state.out;
        self.queue.sizes.get(number)?;
        loop {
            if let Some(item) = state.ready.remove(&number) {
                state.out += 1;
                self.queue.moved.notify_all();
                return Some(item);
            }
            state = self.queue.wait(state);
        }
    }
}

impl<T: Send> Drop for InOrder<'_, T> {
    fn drop(&mut self) {
        self.queue.state().over = true;
        self.queue.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const MB: u64 = 1 << 20;

    #[test]
    fn items_come_in_order_and_stand_within_the_bound() {
        for threads in [1, 2, 3, 8] {
            let sizes: Vec<u64> = (0..60)
                .map(|n| if n == 31 { 50 * MB } else { n % 9 * MB })
                .collect();
            let held = AtomicU64::new(0);
            let most = AtomicU64::new(0);
            let size = |n: usize| sizes.get(n).copied().unwrap_or(0);
            let read_one = |n: usize| {
                let now = held.fetch_add(size(n), Ordering::SeqCst) + size(n);
                most.fetch_max(now, Ordering::SeqCst);
                std::thread::yield_now();
                Ok(n)
            };
            let mut seen = Vec::new();
            read(0, &sizes, threads, &read_one, |items| {
                for item in items {
                    let n = item.unwrap_or(usize::MAX);
                    seen.push(n);
                    held.fetch_sub(size(n), Ordering::SeqCst);
                }
            });
            assert_eq!(seen, (0..60).collect::<Vec<_>>(), "{threads}");
            assert!(most.load(Ordering::SeqCst) <= 50 * MB, "{threads}");
        }
    }

    /// Goes on until the first error, and gives it with the number of items before it.
    fn until_error(
        sizes: &[u64],
        threads: usize,
        read_one: &(dyn Fn(usize) -> Result<usize, LoadError> + Sync),
    ) -> (usize, Option<String>) {
        read(0, sizes, threads, read_one, |items| {
            let mut before = 0;
            for item in items {
                match item {
                    Ok(_) => before += 1,
                    Err(error) => return (before, Some(error.heading.into_string())),
                }
            }
            (before, None)
        })
    }

    #[test]
    fn the_first_error_ends_it_and_the_readers() {
        let read_one = |n: usize| {
            if n < 7 {
                Ok(n)
            } else {
                Err(LoadError::input(&format!("{n}"), ""))
            }
        };
        assert_eq!(
            until_error(&[1; 40], 3, &read_one),
            (7, Some("7".to_owned()))
        );
        assert_eq!(until_error(&[1; 5], 3, &read_one), (5, None));
    }

    #[test]
    fn a_reader_that_panics_leaves_nobody_waiting() {
        let read_one = |n: usize| if n == 3 { panic!("lost") } else { Ok(n) };
        let outcome = std::panic::catch_unwind(|| until_error(&[1; 9], 2, &read_one));
        assert!(outcome.is_err());
    }
}
