//! Starting `ssh-keygen`: no shell between, found on an absolute `PATH`, bounded in time and output where nobody sits at a terminal.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long it may take: a key on hardware may wait for a touch.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most of its output that is read.
const MAX_OUTPUT: u64 = 64 * 1024;

/// What a program left.
pub(super) struct Done {
    pub(super) status: ExitStatus,
    pub(super) stderr: String,
}

/// Finds a program on a search path; relative entries are left out, since the change under review may lie there.
#[must_use]
pub fn find_program(name: &str, path: Option<&str>) -> Option<PathBuf> {
    let names = if cfg!(windows) {
        vec![format!("{name}.exe")]
    } else {
        vec![name.to_owned()]
    };
    std::env::split_paths(path?)
        .filter(|directory| directory.is_absolute())
        .flat_map(|directory| {
            names
                .iter()
                .map(move |name| directory.join(name))
                .collect::<Vec<_>>()
        })
        .find(|file| file.is_file())
}

/// A directory that only its owner can enter.
pub(super) fn private_directory() -> std::io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("countersign-sign-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

/// Runs a program without a terminal: what would ask a person fails in place of waiting.
pub(super) fn run_quietly(
    program: &Path,
    arguments: &[OsString],
    directory: &Path,
    input: &[u8],
) -> Result<Done, String> {
    let stdin = if input.is_empty() {
        Stdio::null()
    } else {
        Stdio::piped()
    };
    let mut command = command(program, arguments, directory);
    command
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Whoever would be asked for a passphrase is not here.
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env("SSH_ASKPASS", "false")
        .env_remove("DISPLAY");
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_vec();
        // It may end without reading everything.
        std::thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let (sender, said) = std::sync::mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let outcome = stderr.take(MAX_OUTPUT).read_to_end(&mut bytes);
            drop(outcome);
            drop(sender.send(bytes));
        });
    }
    let status = wait(&mut child, PATIENCE)?;
    let bytes = said
        .recv_timeout(Duration::from_secs(2))
        .unwrap_or_default();
    Ok(Done {
        status,
        stderr: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// Runs a program that may talk to the person at the terminal, until it ends.
pub(super) fn run_at_terminal(
    program: &Path,
    arguments: &[OsString],
    directory: &Path,
    stderr: Stdio,
) -> Result<Done, String> {
    let status = command(program, arguments, directory)
        .stdin(Stdio::inherit())
        .stdout(Stdio::null())
        .stderr(stderr)
        .status()
        .map_err(|error| error.to_string())?;
    Ok(Done {
        status,
        stderr: String::new(),
    })
}

fn command(program: &Path, arguments: &[impl AsRef<OsStr>], directory: &Path) -> Command {
    let mut command = Command::new(program);
    // Times in lists are in UTC, and messages are looked at.
    command
        .args(arguments)
        .current_dir(directory)
        .env("TZ", "UTC")
        .env("LC_ALL", "C");
    command
}

fn wait(child: &mut Child, patience: Duration) -> Result<ExitStatus, String> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if started.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(3));
            }
            Ok(None) => {
                // It is gone, or cannot be helped.
                #[cfg(unix)]
                let _gone = rustix::process::kill_process_group(
                    rustix::process::Pid::from_child(child),
                    rustix::process::Signal::KILL,
                );
                drop(child.kill());
                drop(child.wait());
                return Err(format!("it did not end within {} s", patience.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
