//! The command line: arguments in, effects run, an exit status out.
//!
//! The only layer that reads the environment and the clock, touches standard streams and ends the program. Everything it decides, it
//! asks [`crate::review::verdict`] and [`crate::approval::decide`].

mod approvals;
mod args;
mod check;
mod demo;
mod diff;
mod draft;
mod editor;
mod guard;
mod help;
mod hook;
mod init;
mod notes;
mod output;
mod panics;
mod policy;
mod progress;
mod receive;
mod records;
mod reports;
mod review;
mod shell;
mod signing;
mod subject;
#[cfg(unix)]
mod supervise;
mod typed;
mod verify;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::load::LoadError;
use crate::review::Exit;
use args::{Cli, Command};

#[cfg(unix)]
pub use output::keep_standard_error;
pub use panics::tell_only_places;
#[cfg(unix)]
pub use supervise::{supervise, watch};

/// Version of this program.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the outside is at the start: read once, passed down as values.
#[derive(Clone, Debug)]
pub struct World {
    /// The environment, as far as it is UTF-8.
    pub env: BTreeMap<String, String>,
    /// The working directory.
    pub directory: PathBuf,
    /// The time of the run.
    pub now: jiff::Timestamp,
    /// Threads to use.
    pub threads: usize,
    /// The program's own path, for hooks.
    pub program: Option<PathBuf>,
    /// Where drafts are kept, if there is such a place.
    pub state: Option<PathBuf>,
}

/// The user's state directory for drafts, or the local data directory where there is none.
#[must_use]
pub fn state_directory() -> Option<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "countersign")?;
    Some(
        dirs.state_dir()
            .unwrap_or_else(|| dirs.data_local_dir())
            .to_path_buf(),
    )
}

/// Runs the program.
#[must_use]
pub fn run(arguments: Vec<OsString>, world: &World) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let text = error.render().to_string();
            if error.use_stderr() {
                output::say(text.trim_end());
                return Exit::Usage;
            }
            return match output::data(&text) {
                Ok(()) => Exit::Pass,
                Err(_) => Exit::Input,
            };
        }
    };
    let result = match cli.command {
        None if cli.review.check => check::run(&cli.review, world),
        None => review::run(&cli.review, world),
        Some(Command::Verify(args)) => verify::run(&args, world),
        Some(Command::Demo(args)) => demo::run(&args, world),
        Some(Command::Approvals { action }) => records::run(&action, world),
        Some(Command::Hook { action }) => hook::run(&action, world),
        Some(Command::Policy { action }) => policy::run(&action, world),
        Some(Command::Init(args)) => init::run(&args, world),
        Some(Command::Completions { shell }) => shell::completions(shell),
        Some(Command::Man { directory }) => shell::man(directory.as_ref(), world),
        Some(Command::Diff(args)) => diff::run(&args, world),
        Some(Command::Report { action }) => reports::run(&action, world),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => {
            explain(&error);
            error.exit
        }
    }
}

/// Prints a failure: heading, causes, hint, and the name of the status.
fn explain(error: &LoadError) {
    output::say(&format!("error: {}", error.heading));
    for cause in &error.causes {
        output::say(&format!("  {cause}"));
    }
    if !error.hint.is_empty() {
        output::say(&format!("hint: {}", error.hint));
    }
    output::say(&format!("({}: exit {})", error.exit, error.exit.code()));
}
