//! Commands that run policies run twice: a parent that only watches, and a child that does the work.
//!
//! The child tells the parent over a pipe which policy from outside begins and ends, and what it may take. What the child cannot stop by
//! itself (one call that does not return, a stack that is used up, memory that is gone) the parent stops, and says which policy it was: an
//! error with status 5, never a status that could be taken for a pass. Everything else passes through: streams, signals, the status.
//!
//! The child stays in the process group of its parent, so that keys of the terminal and job control reach both. When the child stops, the
//! parent stops too, so that the shell knows; a reviewer that was ended leaves a terminal that its parent puts in order.

mod guard;
mod rescue;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};

use clap::Parser;
use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use guard::{Ended, Guard, Said, understood};
use rescue::Terminal;

use super::args::{Cli, Command as Verb, DemoArgs, OutputArgs};
use super::check::Reports;
use super::{explain, output};
use crate::policy::{Watched, set_watcher};
use crate::review::Exit;
use crate::text::Printable;

/// Tells the child that it is one: the number of the pipe's end.
pub(super) const VARIABLE: &str = "COUNTERSIGN_WATCHED";

/// A command that runs policies.
struct Watching {
    /// The reports that it writes, where it writes some.
    reports: Option<OutputArgs>,
    /// Whether a person sits in front of it.
    is_interactive: bool,
}

/// Nothing for commands that run no policies.
fn watching(arguments: &[OsString]) -> Option<Watching> {
    let cli = Cli::try_parse_from(arguments).ok()?;
    let (is_check, output) = match cli.command {
        None => (cli.review.check, cli.review.output),
        Some(Verb::Demo(DemoArgs { check, output, .. })) => (check, output),
        Some(Verb::Verify(args)) => (true, args.output),
        Some(Verb::Hook { .. } | Verb::Policy { .. }) => {
            return Some(Watching {
                reports: None,
                is_interactive: false,
            });
        }
        _ => return None,
    };
    Some(Watching {
        reports: is_check.then_some(output),
        is_interactive: !is_check,
    })
}

/// In the child: tells the parent what runs.
pub fn watch(arguments: &[OsString]) {
    let pipe = std::env::var(VARIABLE)
        .ok()
        .and_then(|number| number.parse::<u32>().ok())
        .and_then(|number| {
            let path = format!("/dev/fd/{number}");
            File::options().write(true).open(path).ok()
        })
        .filter(|file| file.metadata().is_ok_and(|m| m.file_type().is_fifo()));
    let Some(pipe) = pipe else {
        return;
    };
    // Nobody else would end it when the parent is gone. A reviewer still gives the terminal back.
    #[cfg(target_os = "linux")]
    let _unsupported = rustix::process::set_parent_process_death_signal(Some(
        if watching(arguments).is_some_and(|command| command.is_interactive) {
            Signal::TERM
        } else {
            Signal::KILL
        },
    ));
    set_watcher(move |watched| {
        let line = match watched {
            Watched::Begin {
                step,
                time,
                memory,
                name,
            } => format!(
                "begin {step} {} {memory} {}\n",
                time.as_millis(),
                Printable::line(name)
            ),
            Watched::End { step } => format!("end {step}\n"),
        };
        // A parent that is gone ends this process.
        drop((&mut &pipe).write_all(line.as_bytes()));
    });
}

/// Runs the command in a child when it is one that runs policies; gives the status to end with.
#[must_use]
pub fn supervise(arguments: &[OsString]) -> Option<u8> {
    if std::env::var_os(VARIABLE).is_some() {
        return None;
    }
    let command = watching(arguments)?;
    let terminal = command.is_interactive.then(Terminal::remember).flatten();
    let (child, said) = match start(arguments) {
        Ok(started) => started,
        Err(error) => {
            output::say(&format!(
                "warning: policies run in this process, where only the engine limits them: no other could be started ({error})."
            ));
            return None;
        }
    };
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]).ok();
    let mut guard = Guard::new(child);
    let ended = guard.attend(&said, signals.as_mut());
    let put_in_order = || {
        output::erase_after_another();
        if let Some(terminal) = &terminal {
            terminal.restore();
        }
    };
    let mut error = match ended {
        Ended::By(status) => {
            if let Some(code) = status.code() {
                return Some(u8::try_from(code).unwrap_or(Exit::Policy.code()));
            }
            let signal = status.signal().unwrap_or_default();
            put_in_order();
            if guard.passed_on() == Some(signal) {
                // It only returns when it failed.
                drop(signal_hook::low_level::emulate_default_handler(signal));
                return Some(Exit::Policy.code());
            }
            guard.fault(signal)
        }
        Ended::Stopped(error) => {
            put_in_order();
            error
        }
    };
    if command.is_interactive && !guard.is_evaluating() {
        error.hint = Printable::line("Start it again: what was answered is in the draft.");
    }
    if let Some(output) = command.reports
        && guard.is_evaluating()
        && let Err(other) = Reports::from(&output).and_then(|r| r.write_failure(&error))
    {
        explain(&other);
    }
    explain(&error);
    Some(error.exit.code())
}

fn start(arguments: &[OsString]) -> std::io::Result<(Child, Receiver<Said>)> {
    let (reader, writer) = std::io::pipe()?;
    rustix::io::fcntl_setfd(&writer, rustix::io::FdFlags::empty())?;
    let child = Command::new(std::env::current_exe()?)
        .args(arguments.iter().skip(1))
        .env(VARIABLE, writer.as_raw_fd().to_string())
        // The engine's errors capture a backtrace each otherwise.
        .env("RUST_LIB_BACKTRACE", "0")
        .spawn()?;
    let (sender, said) = channel();
    std::thread::Builder::new().spawn(move || listen(reader, &sender))?;
    Ok((child, said))
}

fn listen(reader: std::io::PipeReader, sender: &Sender<Said>) {
    for line in BufReader::new(reader).lines() {
        let Ok(line) = line else {
            break;
        };
        if let Some(said) = understood(&line)
            && sender.send(said).is_err()
        {
            break;
        }
    }
}
