//! Asks Terraform or OpenTofu for the JSON of a binary plan: `terraform show -json FILE`, the one command that this program starts on its
//! way to a verdict.
//!
//! The arguments are fixed, no shell is between, the path is absolute and so never an option. What the program writes is bounded, and so is
//! its time; with it goes everything that it started. What it says on standard error can quote the plan: it is only searched for known
//! causes, never shown.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::LoadError;
use super::config::Show;
use crate::plan::{BinaryPlan, MAX_PLAN_BYTES};
use crate::text::{Printable, fit_end};

/// Most of standard error that is looked at.
const MAX_STDERR: u64 = 64 * 1024;
/// How long output may still come when the program itself has ended.
const LAST_OUTPUT: Duration = Duration::from_secs(5);
/// Columns that a version may take in a message.
const VERSION_COLUMNS: usize = 40;

/// Variables that would change the arguments, or write what the plan holds into a log.
const REMOVED: [&str; 8] = [
    "TF_CLI_ARGS",
    "TF_CLI_ARGS_show",
    "TF_LOG",
    "TF_LOG_CORE",
    "TF_LOG_PROVIDER",
    "TF_LOG_PATH",
    "TF_LOG_PATH_MASK",
    "TF_LOG_SDK",
];

/// Why there is no JSON, and what helps.
struct Failure {
    reason: String,
    hint: Hint,
}

enum Hint {
    /// Another program may do better.
    Missing,
    Version,
    Init,
    Time,
    Other,
}

/// The JSON of a binary plan.
pub(super) fn json(
    name: &str,
    path: &Path,
    directory: &Path,
    show: &Show,
    binary: &BinaryPlan,
) -> Result<Vec<u8>, LoadError> {
    let open_tofu = binary.is_open_tofu();
    let product = if open_tofu { "OpenTofu" } else { "Terraform" };
    let version = Printable::line(&binary.terraform_version);
    let wrote = format!("{product} {}", fit_end(version.as_str(), VERSION_COLUMNS));
    let mut programs: Vec<&str> = show.programs.iter().map(String::as_str).collect();
    if open_tofu {
        programs.sort_by_key(|program| *program != "tofu");
    }
    let mut failure: Option<Failure> = None;
    let at = start_directory(path, directory);
    for program in &programs {
        match run(program, path, at, show.timeout) {
            Ok(bytes) => return Ok(bytes),
            Err(found) => {
                let next = matches!(found.hint, Hint::Missing | Hint::Version);
                let missing = matches!(found.hint, Hint::Missing);
                if failure.is_none() || !missing {
                    failure = Some(found);
                }
                if !next {
                    break;
                }
            }
        }
    }
    let (reason, hint) = match failure {
        None => (
            "no program is configured to show it".to_owned(),
            Hint::Other,
        ),
        Some(Failure {
            hint: Hint::Missing,
            ..
        }) => (
            match programs.as_slice() {
                [one] => format!("{one} is not at hand to show it"),
                _ => "neither terraform nor tofu is at hand to show it".to_owned(),
            },
            Hint::Missing,
        ),
        Some(found) => (found.reason, found.hint),
    };
    let command = if open_tofu { "tofu" } else { "terraform" };
    let hint = match hint {
        Hint::Missing => format!(
            "Turn it into JSON where {product} is at hand: {command} show -json tfplan > plan.json."
        ),
        Hint::Version => format!(
            "Show it with the version that wrote it, {wrote}: {command} show -json tfplan > plan.json."
        ),
        Hint::Init => format!(
            "Run {command} init in {}, or give the plan as JSON: {command} show -json tfplan > plan.json.",
            at.display()
        ),
        Hint::Time => format!(
            "Allow more in countersign.toml ([plan] show_timeout = \"600s\"), or give the plan as JSON: {command} show -json tfplan > plan.json."
        ),
        Hint::Other => format!(
            "See why where the plan was made, and give its JSON: {command} show -json tfplan > plan.json."
        ),
    };
    Err(LoadError {
        causes: vec![Printable::line(&format!(
            "this is a binary plan file of {wrote}, and {reason}."
        ))],
        ..LoadError::input(&format!("{name} cannot be reviewed."), &hint)
    })
}

/// Providers are found from where `init` ran: beside the plan, else where this program was started.
fn start_directory<'a>(path: &'a Path, directory: &'a Path) -> &'a Path {
    let beside = path.parent().unwrap_or(directory);
    let is_initialised = |directory: &Path| directory.join(".terraform").is_dir();
    if !is_initialised(beside) && is_initialised(directory) {
        directory
    } else {
        beside
    }
}

fn run(program: &str, path: &Path, at: &Path, timeout: Duration) -> Result<Vec<u8>, Failure> {
    let fail = |reason: String| Failure {
        reason,
        hint: Hint::Other,
    };
    let mut child = start(program, path, at).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure {
            reason: String::new(),
            hint: Hint::Missing,
        },
        _ => fail(format!("{program} cannot be started: {error}")),
    })?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(fail(format!("{program} has no output")));
    };
    // One byte more than is read shows that there was more.
    let output = gather(stdout, MAX_PLAN_BYTES + 1, false);
    let errors = gather(stderr, MAX_STDERR, true);
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < timeout => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(None) | Err(_) => {
                end(&mut child);
                return Err(Failure {
                    reason: format!("{program} did not end within {} s", timeout.as_secs()),
                    hint: Hint::Time,
                });
            }
        }
    };
    let Ok(bytes) = output.recv_timeout(LAST_OUTPUT) else {
        end(&mut child);
        return Err(fail(format!(
            "{program} left something running that holds its output"
        )));
    };
    let bytes = bytes.map_err(|error| {
        fail(format!(
            "the output of {program} could not be read: {error}"
        ))
    })?;
    if status.success() || bytes.len() as u64 > MAX_PLAN_BYTES {
        return Ok(bytes);
    }
    // A program that left something running has said what it had to say.
    let said = errors.recv_timeout(LAST_OUTPUT).map_or_else(
        |_late| String::new(),
        |bytes| plain(&String::from_utf8_lossy(&bytes.unwrap_or_default())),
    );
    Err(cause(program, &said, status))
}

fn start(program: &str, path: &Path, at: &Path) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command
        .args(["show", "-json"])
        .arg(path)
        .current_dir(at)
        .env("TF_IN_AUTOMATION", "1")
        .env("TF_INPUT", "0")
        // It would ask the network for newer versions.
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in REMOVED {
        command.env_remove(name);
    }
    // A group of its own, so that the providers it starts end with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// Reads on a thread of its own; with `drain`, what is beyond the limit is read and dropped, so that the writer is not held up.
fn gather(
    mut from: impl Read + Send + 'static,
    limit: u64,
    drain: bool,
) -> Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = from.by_ref().take(limit).read_to_end(&mut bytes);
        if drain && read.is_ok() {
            // Nobody wants it, so it does not matter how it ends.
            drop(std::io::copy(&mut from, &mut std::io::sink()));
        }
        // Nobody listens any more where the time was over.
        drop(sender.send(read.map(|_| bytes)));
    });
    receiver
}

/// Ends the program and what it started.
fn end(child: &mut Child) {
    // Each fails only where there is nothing left to end.
    #[cfg(unix)]
    {
        let group = rustix::process::Pid::from_child(child);
        let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    drop(child.kill());
    drop(child.wait());
}

/// The words of a message, without colours, frames and line breaks.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split("\u{1b}[").enumerate() {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        out.push_str(if index == 0 {
            part
        } else {
            rest.strip_prefix('m').unwrap_or(rest)
        });
    }
    let words: Vec<&str> = out
        .split(|c: char| c.is_whitespace() || matches!(c, '│' | '╷' | '╵'))
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// What is known to go wrong, in words of our own.
fn cause(program: &str, said: &str, status: ExitStatus) -> Failure {
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    let (reason, hint) = if says(&["plan file was created by", "created by a newer version"]) {
        (
            format!("the {program} at hand is of another version, which cannot read it"),
            Hint::Version,
        )
    } else if says(&[
        "Failed to load plugin schemas",
        "Required plugins are not installed",
        "Inconsistent dependency lock file",
        "Could not load plugin",
        "Could not load the schema",
        "Initialization required",
        "Module not installed",
        "terraform init",
        "tofu init",
    ]) {
        (
            format!("{program} show failed: the plan's providers are not installed there"),
            Hint::Init,
        )
    } else {
        (
            format!(
                "{program} show failed ({})",
                status.code().map_or_else(
                    || "ended by a signal".to_owned(),
                    |code| format!("exit {code}")
                )
            ),
            Hint::Other,
        )
    };
    Failure { reason, hint }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn framed_and_coloured_messages_read_as_one_line() {
        let text = "\u{1b}[31m╷\u{1b}[0m\n\u{1b}[31m│\u{1b}[0m Plan read error: plan file was created by Terraform 1.12.9, but this is\n\u{1b}[31m│\u{1b}[0m 1.11.4; plan files cannot be transferred\n╵";
        assert_eq!(
            plain(text),
            "Plan read error: plan file was created by Terraform 1.12.9, but this is 1.11.4; plan files cannot be transferred"
        );
        assert_eq!(plain("\u{1b}["), "");
    }
}
