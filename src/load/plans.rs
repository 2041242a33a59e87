//! From paths and standard input to plans; binary plans are read by themselves and shown as JSON.

use std::fs::{File, FileType, OpenOptions};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{LoadError, config::Show, show};
use crate::digest::Digest;
use crate::plan::{BinaryPlan, MAX_PLAN_BYTES, Plan, is_binary_plan};
use crate::text::Printable;

/// One plan as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanSource {
    /// Standard input, already read.
    Stdin(Vec<u8>),
    /// A file.
    File(PathBuf),
}

impl PlanSource {
    /// Bytes of what it names, as far as that is known before it is read.
    pub(super) fn size(&self, directory: &Path) -> u64 {
        match self {
            Self::Stdin(bytes) => bytes.len() as u64,
            Self::File(path) => {
                std::fs::metadata(directory.join(path)).map_or(0, |file| file.len())
            }
        }
    }
}

/// Reads one plan; relative paths are below `directory`.
pub(super) fn read(
    source: &PlanSource,
    directory: &Path,
    show: &Show,
    threads: usize,
) -> Result<Plan, LoadError> {
    let name = name(source);
    let (bytes, binary) = bytes(source, directory, show)?;
    let plan = Plan::read_on(bytes, threads).map_err(|error| LoadError::plan(&name, &error))?;
    let Some(binary) = binary else {
        return Ok(plan);
    };
    // Who can exchange the file, or the program that shows it, must not have another plan reviewed than the one that is applied.
    let plan = plan.with_binary(binary);
    let differences = plan.agreement.iter().flat_map(|found| &found.differences);
    let mut differences = differences.filter(|difference| !difference.is_beside());
    if let Some(difference) = differences.next() {
        return Err(LoadError {
            causes: vec![Printable::line(&format!(
                "what it was shown as is another plan: {}.",
                difference.sentence()
            ))],
            ..LoadError::input(
                &format!("{name} cannot be reviewed."),
                "See that nothing writes the file during the review, and that terraform (or tofu) is the real one.",
            )
        });
    }
    Ok(plan)
}

/// Whether a source is a binary plan file.
pub(super) fn is_binary(source: &PlanSource, directory: &Path) -> Result<bool, LoadError> {
    match source {
        PlanSource::Stdin(_) => Ok(false),
        PlanSource::File(path) => Ok(is_binary_plan(&read_file(path, directory)?)),
    }
}

/// Reads the binary plan that is said to belong to a plan JSON. Whether it does is for the proof to say.
pub(super) fn beside(plan: Plan, file: &Path, directory: &Path) -> Result<Plan, LoadError> {
    if plan.binary.is_some() {
        return Err(LoadError::usage(
            "The plan that was given is a binary plan itself, so --plan-file has nothing to prove.",
            "Leave --plan-file out, or give the JSON: terraform show -json tfplan > plan.json.",
        ));
    }
    let bytes = read_file(file, directory)?;
    let name = file.to_string_lossy();
    if !is_binary_plan(&bytes) {
        return Err(LoadError::input(
            &format!("{name} is no binary plan file."),
            "Name the file that terraform plan -out=tfplan wrote: --plan-file tfplan.",
        ));
    }
    let binary = BinaryPlan::read(&bytes).map_err(|error| LoadError::plan(&name, &error.into()))?;
    Ok(plan.with_binary(binary))
}

/// Whether source and plan file still hold the bytes that the plan was read from.
pub(super) fn is_unchanged(
    source: &PlanSource,
    file: Option<&Path>,
    directory: &Path,
    plan: &Plan,
) -> Result<bool, LoadError> {
    let given = match source {
        PlanSource::Stdin(bytes) => Digest::of(bytes),
        PlanSource::File(path) => Digest::of(&read_file(path, directory)?),
    };
    let binary = plan.binary.as_ref().map(|binary| binary.digest);
    Ok(match file {
        Some(file) => {
            given == plan.digest && Some(Digest::of(&read_file(file, directory)?)) == binary
        }
        None => given == binary.unwrap_or(plan.digest),
    })
}

fn name(source: &PlanSource) -> String {
    match source {
        PlanSource::Stdin(_) => "Standard input".to_owned(),
        PlanSource::File(path) => path.to_string_lossy().into_owned(),
    }
}

/// The bytes of the JSON, and the binary plan that they were made from.
fn bytes(
    source: &PlanSource,
    directory: &Path,
    show: &Show,
) -> Result<(Vec<u8>, Option<BinaryPlan>), LoadError> {
    let path = match source {
        PlanSource::Stdin(bytes) => return Ok((bytes.clone(), None)),
        PlanSource::File(path) => path,
    };
    let bytes = read_file(path, directory)?;
    if !is_binary_plan(&bytes) {
        return Ok((bytes, None));
    }
    let name = name(source);
    let binary = BinaryPlan::read(&bytes).map_err(|error| LoadError::plan(&name, &error.into()))?;
    drop(bytes);
    let joined = directory.join(path);
    let absolute = std::path::absolute(&joined).unwrap_or(joined);
    let json = show::json(&name, &absolute, directory, show, &binary)?;
    Ok((json, Some(binary)))
}

pub(super) fn read_file(path: &Path, directory: &Path) -> Result<Vec<u8>, LoadError> {
    let fail = |what: &str, hint: &str| {
        LoadError::input(&format!("{} cannot be read: {what}.", path.display()), hint)
    };
    let name_one =
        "Name a plan: countersign plan.json (made by terraform show -json tfplan > plan.json).";
    let joined = directory.join(path);
    // Before it is opened: opening a device can do something. And after: it can have become another file.
    let kind = std::fs::metadata(&joined)
        .map_err(|error| fail(&error.to_string(), name_one))?
        .file_type();
    let refuse = |kind: FileType| match irregular(kind) {
        Some((what, hint)) => Err(fail(what, hint.unwrap_or(name_one))),
        None => Ok(()),
    };
    refuse(kind)?;
    let mut file = open(&joined).map_err(|error| fail(&error.to_string(), name_one))?;
    let found = file
        .metadata()
        .map_err(|error| fail(&error.to_string(), name_one))?;
    refuse(found.file_type())?;
    let length = usize::try_from(found.len().min(MAX_PLAN_BYTES)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(length);
    file.by_ref()
        .take(MAX_PLAN_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(&error.to_string(), name_one))?;
    Ok(bytes)
}

/// What a name stands for that is no regular file, and what to do then.
fn irregular(kind: FileType) -> Option<(&'static str, Option<&'static str>)> {
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some(("it is a directory", None));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() || kind.is_socket() {
            return Some((
                "it is a pipe",
                Some(
                    "Give what comes out of it on standard input: terraform show -json tfplan | countersign -.",
                ),
            ));
        }
    }
    Some(("it is a device, not a file", None))
}

/// Opens without waiting for whoever is to write to a pipe.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_plan_is_unchanged_while_its_file_is() {
        let dir = tempfile::tempdir().unwrap();
        let file: &[u8] = include_bytes!("../../testdata/plans/04-delete/tfplan");
        let json: &[u8] = include_bytes!("../../testdata/plans/04-delete/plan.json");
        let plan = Plan::read(json.to_vec()).unwrap();
        let binary = BinaryPlan::read(file).unwrap();
        let source = PlanSource::File("tfplan".into());
        let write = |bytes: &[u8]| std::fs::write(dir.path().join("tfplan"), bytes).unwrap();
        let unchanged = |plan: &Plan| is_unchanged(&source, None, dir.path(), plan);
        write(file);
        let shown = plan.clone().with_binary(binary);
        assert_eq!(unchanged(&shown), Ok(true));
        assert_eq!(unchanged(&plan), Ok(false), "it was JSON");
        write(json);
        assert_eq!(unchanged(&shown), Ok(false));
        assert_eq!(unchanged(&plan), Ok(true));
        std::fs::remove_file(dir.path().join("tfplan")).unwrap();
        assert!(unchanged(&shown).is_err());
        // Beside its JSON, both are looked at.
        write(json);
        let beside = Path::new("beside");
        let unchanged = || is_unchanged(&source, Some(beside), dir.path(), &shown);
        std::fs::write(dir.path().join(beside), file).unwrap();
        assert_eq!(unchanged(), Ok(true));
        std::fs::write(dir.path().join(beside), json).unwrap();
        assert_eq!(unchanged(), Ok(false));
        std::fs::write(dir.path().join(beside), file).unwrap();
        write(file);
        assert_eq!(unchanged(), Ok(false));
    }
}
