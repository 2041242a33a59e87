//! Words that a person types at the terminal: never from a pipe, and never what was typed before they were asked for.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};

/// Waits at the terminal for words; nothing where there is no terminal.
pub(super) fn words() -> io::Result<Option<String>> {
    let Some(mut terminal) = terminal() else {
        return Ok(None);
    };
    #[cfg(unix)]
    rustix::termios::tcflush(&terminal, rustix::termios::QueueSelector::IFlush)?;
    write!(terminal, "Type the words to approve, or Enter to go back: ")?;
    terminal.flush()?;
    let mut line = String::new();
    BufReader::new(terminal).read_line(&mut line)?;
    Ok(Some(line))
}

/// The terminal that this process belongs to, else the one that it reads.
fn terminal() -> Option<File> {
    let own = OpenOptions::new().read(true).write(true).open("/dev/tty");
    own.ok().or_else(input)
}

#[cfg(unix)]
fn input() -> Option<File> {
    use std::os::fd::AsFd as _;
    let stdin = io::stdin();
    let end = stdin
        .is_terminal()
        .then(|| stdin.as_fd().try_clone_to_owned());
    end?.ok().map(File::from)
}

#[cfg(not(unix))]
fn input() -> Option<File> {
    None
}
