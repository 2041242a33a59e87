//! From paths and standard input to plans; binary plans through `terraform show -json`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::digest::Digest;
use crate::load::LoadError;
use crate::plan::{MAX_PLAN_BYTES, Plan, PlanError, is_binary_plan};

/// One plan as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanSource {
    /// Standard input, already read.
    Stdin(Vec<u8>),
    /// A file.
    File(PathBuf),
}

/// Longest time that showing a binary plan may take.
const SHOW_TIMEOUT: Duration = Duration::from_secs(120);

/// Reads one plan; relative paths are below `directory`.
pub(super) fn read(
    source: &PlanSource,
    directory: &Path,
    show: &[String],
    threads: usize,
) -> Result<Plan, LoadError> {
    let name = match source {
        PlanSource::Stdin(_) => "Standard input".to_owned(),
        PlanSource::File(path) => path.to_string_lossy().into_owned(),
    };
    Plan::read_on(bytes(source, directory, show)?, threads)
        .map_err(|error| LoadError::plan(&name, &error))
}

/// The digest of a plan's JSON as it is now.
pub(super) fn digest(
    source: &PlanSource,
    directory: &Path,
    show: &[String],
) -> Result<Digest, LoadError> {
    Ok(Digest::of(&bytes(source, directory, show)?))
}

fn bytes(source: &PlanSource, directory: &Path, show: &[String]) -> Result<Vec<u8>, LoadError> {
    match source {
        PlanSource::Stdin(bytes) => Ok(bytes.clone()),
        PlanSource::File(path) => {
            let bytes = read_file(path, directory)?;
            if is_binary_plan(&bytes) {
                return show_binary(&directory.join(path), show)
                    .map_err(|error| LoadError::plan(&path.to_string_lossy(), &error));
            }
            Ok(bytes)
        }
    }
}

fn read_file(path: &Path, directory: &Path) -> Result<Vec<u8>, LoadError> {
    let fail = |what: &str| {
        LoadError::input(
            &format!("{} cannot be read: {what}.", path.display()),
            "Name a plan: countersign plan.json (made by terraform show -json tfplan > plan.json).",
        )
    };
    let mut file = File::open(directory.join(path)).map_err(|error| fail(&error.to_string()))?;
    let length = file
        .metadata()
        .map_or(0, |m| if m.is_dir() { u64::MAX } else { m.len() });
    if length == u64::MAX {
        return Err(fail("it is a directory"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0).min(1 << 31));
    file.by_ref()
        .take(MAX_PLAN_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(&error.to_string()))?;
    Ok(bytes)
}

/// Runs `terraform show -json FILE` in the plan's directory, without a shell, within a time limit.
fn show_binary(path: &Path, show: &[String]) -> Result<Vec<u8>, PlanError> {
    let fail = |reason: String| PlanError::Binary { reason };
    let [program, arguments @ ..] = show else {
        return Err(fail("no command to show it is configured".to_owned()));
    };
    let absolute = std::path::absolute(path).map_err(|e| fail(e.to_string()))?;
    let directory = absolute.parent().unwrap_or(Path::new("."));
    let mut child = Command::new(program)
        .args(arguments)
        .arg(&absolute)
        .current_dir(directory)
        .env("TF_IN_AUTOMATION", "1")
        .env_remove("TF_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => fail(format!("{program} is not at hand to show it")),
            _ => fail(format!("{program} cannot be started: {error}")),
        })?;
    let Some(mut stdout) = child.stdout.take() else {
        return Err(fail(format!("{program} has no output")));
    };
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout
            .by_ref()
            .take(MAX_PLAN_BYTES + 1)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    });
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < SHOW_TIMEOUT => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(None) | Err(_) => {
                // Killing can only fail when the child is already gone.
                drop(child.kill());
                drop(child.wait());
                return Err(fail(format!(
                    "{program} did not end within {} s",
                    SHOW_TIMEOUT.as_secs()
                )));
            }
        }
    };
    let bytes = reader
        .join()
        .map_err(|_panic| fail(format!("the output of {program} could not be read")))?
        .map_err(|error| {
            fail(format!(
                "the output of {program} could not be read: {error}"
            ))
        })?;
    if !status.success() {
        return Err(fail(format!(
            "{program} show failed (run it in {} after terraform init)",
            directory.display()
        )));
    }
    Ok(bytes)
}
