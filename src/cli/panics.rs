//! What a panic says: where in this program, and nothing of what it was working on.
//!
//! A panic's own words may quote a value of the plan (an `unwrap` shows its error), and a log of CI keeps them.

use std::panic::{PanicHookInfo, set_hook};

use super::output;

/// From now on a panic tells its place only.
pub fn tell_only_places() {
    set_hook(Box::new(|panic| output::say(&line(panic))));
}

fn line(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(String::new, |place| {
        format!(" at {}:{}", place.file(), place.line())
    });
    format!(
        "error: this program failed{place}; please report it. What it was working on is not shown, because it may be secret."
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::panic::{catch_unwind, take_hook};
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_panic_tells_its_place_and_no_value() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&said);
        let here = std::thread::current().id();
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if std::thread::current().id() == here {
                kept.lock().unwrap().push(line(panic));
            }
        }));
        let failed = catch_unwind(|| {
            let read = std::ffi::CString::new("hunter2-hunter2\0");
            drop(read.unwrap());
        });
        set_hook(before);
        assert!(failed.is_err());
        let said = said.lock().unwrap().join("\n");
        assert!(
            said.contains("panics.rs:") && !said.contains("hunter2"),
            "{said}"
        );
    }
}
