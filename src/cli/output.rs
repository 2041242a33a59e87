//! Writing to standard output and error: data on the one, everything else on the other; a broken pipe is quiet.
//!
//! Colours are for a terminal, unless `--color` or the environment says otherwise: `NO_COLOR`, then `CLICOLOR_FORCE`, then `CLICOLOR=0`.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::text::Printable;

use super::args::ColorArg;

/// Standard error, once the descriptor of that number leads nowhere.
static OWN: OnceLock<File> = OnceLock::new();

/// Whether a line of progress stands on the terminal. Whoever writes anything holds it and takes the line away first.
static DRAWN: Mutex<bool> = Mutex::new(false);

/// To the start of the line, which is then empty.
const ERASE: &str = "\r\u{1b}[2K";

/// From now on only this program's own words reach standard error. The engine writes warnings there by itself, with lines of a policy as
/// they are: escape sequences for the terminal, commands for a CI system.
#[cfg(unix)]
pub fn keep_standard_error() {
    use std::os::fd::AsFd;
    let (Ok(own), Ok(nowhere)) = (
        io::stderr().as_fd().try_clone_to_owned(),
        File::options().write(true).open("/dev/null"),
    ) else {
        return;
    };
    if OWN.set(File::from(own)).is_ok() {
        // Without it the engine's warnings are seen.
        let _seen = rustix::stdio::dup2_stderr(nowhere);
    }
}

/// Where a program that talks to the person writes its errors to.
pub(super) fn standard_error() -> Stdio {
    let own = OWN.get().and_then(|file| file.try_clone().ok());
    own.map_or_else(Stdio::inherit, Stdio::from)
}

/// Writes data to standard output. Nobody reading any more is not an error.
pub(super) fn data(text: &str) -> io::Result<()> {
    let _drawn = without_line();
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something to the person at standard error; made printable again, whatever it is.
pub(super) fn say(text: &str) {
    let shown = without_ci_commands(Printable::lines(text).as_str());
    let _drawn = without_line();
    write_error(&format!("{shown}\n"));
}

/// One write, so that lines of several threads do not mix.
fn write_error(text: &str) {
    // There is nowhere left to say that standard error is gone.
    drop(match OWN.get() {
        Some(file) => (&mut &*file).write_all(text.as_bytes()),
        None => io::stderr().lock().write_all(text.as_bytes()),
    });
}

fn without_line() -> MutexGuard<'static, bool> {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    if std::mem::take(&mut *drawn) {
        write_error(ERASE);
    }
    drawn
}

/// Draws the line of progress, which must be printable and narrower than the terminal.
pub(super) fn draw(line: &str) {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    *drawn = true;
    write_error(&format!("{ERASE}{line}"));
}

/// Takes the line of progress away.
pub(super) fn erase() {
    drop(without_line());
}

/// Takes away the line of a process that was ended before it could.
#[cfg(unix)]
pub(super) fn erase_after_another() {
    if error_columns().is_some() {
        write_error(ERASE);
    }
}

/// Columns of the terminal that standard error is; nothing when it is none.
pub(super) fn error_columns() -> Option<usize> {
    let is_terminal = match OWN.get() {
        Some(file) => file.is_terminal(),
        None => io::stderr().is_terminal(),
    };
    #[cfg(unix)]
    let size = match OWN.get() {
        Some(file) => rustix::termios::tcgetwinsize(file),
        None => rustix::termios::tcgetwinsize(io::stderr()),
    };
    #[cfg(unix)]
    let columns = size.map_or(0, |size| usize::from(size.ws_col));
    #[cfg(not(unix))]
    let columns = 0;
    is_terminal.then_some(if columns == 0 { 80 } else { columns })
}

/// CI systems take some lines of a log for commands: `::name::` at the start of a line, `##[name]` and `##vso[` anywhere.
fn without_ci_commands(text: &str) -> String {
    let lines: Vec<String> = text
        .replace("##", "#<U+0023>")
        .split('\n')
        .map(|line| match line.trim_start().strip_prefix("::") {
            Some(rest) => format!("<U+003A>:{rest}"),
            None => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// Whether a report on standard output uses colours.
pub(super) fn colour(arg: ColorArg, env: &std::collections::BTreeMap<String, String>) -> bool {
    match arg {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => wants_colour(env, io::stdout().is_terminal()),
    }
}

/// What the environment says of colours: <https://no-color.org> and <https://bixense.com/clicolors>.
fn wants_colour(env: &std::collections::BTreeMap<String, String>, is_terminal: bool) -> bool {
    let is_set = |name: &str| env.get(name).is_some_and(|value| !value.is_empty());
    let is = |name: &str, word: &str| env.get(name).is_some_and(|value| value == word);
    if is_set("NO_COLOR") {
        return false;
    }
    if is_set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") {
        return true;
    }
    is_terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb")
}

/// Columns of the terminal, or a width that reads well in a log.
pub(super) fn width() -> usize {
    if io::stdout().is_terminal() {
        ratatui::crossterm::terminal::size()
            .map_or(100, |(columns, _)| usize::from(columns).clamp(60, 140))
    } else {
        100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_environment() {
        let wants = |pairs: &[(&str, &str)], is_terminal| {
            let env = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            wants_colour(&env, is_terminal)
        };
        assert!(wants(&[], true) && !wants(&[], false));
        assert!(wants(&[("NO_COLOR", "")], true));
        assert!(!wants(&[("NO_COLOR", "0")], true));
        assert!(wants(&[("CLICOLOR_FORCE", "1")], false));
        assert!(wants(&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], false));
        assert!(!wants(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!wants(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true));
        assert!(!wants(&[("CLICOLOR", "0")], true));
        assert!(!wants(&[("TERM", "dumb")], true));
    }
}
