//! Writing to standard output and error: data on the one, everything else on the other; a broken pipe is quiet.

use std::io::{self, IsTerminal, Write};

use crate::text::Printable;

use super::args::ColorArg;

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
    let mut err = io::stderr().lock();
    // There is nowhere left to say that standard error is gone.
    drop(writeln!(err, "{shown}"));
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
