//! Writing to standard output and error: data on the one, everything else on the other; a broken pipe is quiet.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::process::Stdio;
use std::sync::OnceLock;

use crate::text::Printable;

use super::args::ColorArg;

/// Standard error, once the descriptor of that number leads nowhere.
static OWN: OnceLock<File> = OnceLock::new();

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
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something to the person at standard error; made printable again, whatever it is.
pub(super) fn say(text: &str) {
    let shown = without_ci_commands(Printable::lines(text).as_str());
    // There is nowhere left to say that standard error is gone.
    drop(match OWN.get() {
        // One write, so that lines of several threads do not mix.
        Some(file) => (&mut &*file).write_all(format!("{shown}\n").as_bytes()),
        None => writeln!(io::stderr().lock(), "{shown}"),
    });
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
        ColorArg::Auto => {
            io::stdout().is_terminal()
                && env.get("NO_COLOR").is_none_or(String::is_empty)
                && env.get("TERM").is_none_or(|term| term != "dumb")
        }
    }
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
