//! Which policies a run uses: the shipped ones, those that the trusted configuration names, and those of the command line.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::LoadError;
use super::config::Config;
use crate::git::{EntryKind, Reached, Repository};
use crate::policy::{Bundle, Module, builtin, read_yaml};
use crate::review::Exit;
use crate::text::Printable;

/// Most policy files of one bundle.
const MAX_FILES: usize = 10_000;
/// Largest policy or data file.
const MAX_BYTES: u64 = 16 << 20;
/// Most bytes of all files of one bundle.
const MAX_ALL: u64 = 64 << 20;

/// From where configured paths are read.
#[derive(Clone, Copy)]
pub(super) enum Tree<'a> {
    /// A commit's objects.
    Commit(&'a Repository, &'a str),
    /// A directory.
    Directory(&'a Path),
}

/// Directories in which git, Terraform and Terragrunt keep copies of what others wrote. A policy of such a copy is nobody's decision
/// here, and would come and go with `terraform init`; one that is meant is named itself, with `-p` or in `paths`.
const CACHES: [&str; 3] = [".git", ".terraform", ".terragrunt-cache"];

/// Whether a path below a directory leads through one of them.
fn is_in_cache(path: &str, directory: &str) -> bool {
    let below = path.strip_prefix(directory).unwrap_or(path);
    below.split('/').any(|step| CACHES.contains(&step))
}

fn broken(what: &str) -> LoadError {
    LoadError {
        exit: Exit::Policy,
        heading: Printable::line(what),
        causes: Vec::new(),
        hint: Printable::line(
            "Nothing was evaluated. Mend the path, or take it out of the configuration or command line.",
        ),
    }
}

/// Gathers all bundles of a run.
pub(super) fn bundles(
    tree: Tree<'_>,
    config: &Config,
    policies: &[PathBuf],
    data: &[PathBuf],
) -> Result<Vec<Bundle>, LoadError> {
    let mut bundles = vec![builtin::bundle().map_err(|e| broken(&e))?];
    for path in &config.policy_paths {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let files = match tree {
            Tree::Commit(repository, commit) => from_commit(repository, commit, path)?,
            Tree::Directory(root) => from_directory(&root.join(path), path, is_wanted)?,
        };
        bundles.push(bundle(path, files)?);
    }
    for path in policies {
        let name = path.to_string_lossy().into_owned();
        bundles.push(bundle(&name, from_directory(path, &name, is_wanted)?)?);
    }
    let mut documents = Vec::new();
    for path in &config.data_paths {
        let bytes = match tree {
            Tree::Commit(repository, commit) => repository
                .read_blob(commit, path)
                .map_err(|e| LoadError::git(&e))?
                .ok_or_else(|| {
                    broken(&format!(
                        "The data file {path} does not exist in the trusted tree."
                    ))
                })?,
            Tree::Directory(root) => read(&root.join(path))?,
        };
        documents.push((path.clone(), bytes));
    }
    for path in data {
        documents.push((path.to_string_lossy().into_owned(), read(path)?));
    }
    for (name, bytes) in documents {
        let value = document(&name, &bytes)?;
        for bundle in bundles.iter_mut().filter(|b| !b.builtin) {
            bundle
                .add_data(&[], value.clone())
                .map_err(|e| broken(&format!("{name}: {e}")))?;
        }
    }
    Ok(bundles)
}

/// The shipped policies and those in some directories, for commands that review nothing.
///
/// # Errors
/// When a directory cannot be read or holds no policy.
pub fn command_line_bundles(directories: &[PathBuf]) -> Result<Vec<Bundle>, LoadError> {
    let here = PathBuf::from(".");
    bundles(Tree::Directory(&here), &Config::default(), directories, &[])
}

/// The configuration of a directory, for commands that review nothing.
///
/// # Errors
/// When it cannot be read, with every problem in it.
pub fn local_config(directory: &Path) -> Result<Config, LoadError> {
    super::read_config(Tree::Directory(directory))
}

/// The shipped policies, those of the directory's configuration, and those in more directories.
///
/// # Errors
/// When one of them cannot be read or holds no policy.
pub fn local_bundles(
    directory: &Path,
    config: &Config,
    more: &[PathBuf],
) -> Result<Vec<Bundle>, LoadError> {
    bundles(Tree::Directory(directory), config, more, &[])
}

/// Policies and tests of a directory, loaded together; tables below `tables/` are data, as in the shipped policies.
///
/// As `opa test` does it, every JSON and YAML file is data at the place of its directory: tests keep their inputs in such files. One that
/// is not `data.json` or `data.yaml` and cannot be data (a list, a broken file, a conflict) is left out; a test that needs it fails.
///
/// # Errors
/// When the directory cannot be read or holds no Rego.
pub fn test_bundle(directory: &Path) -> Result<Bundle, LoadError> {
    let name = directory.to_string_lossy().into_owned();
    let mut made = Bundle {
        name: name.clone(),
        required: true,
        ..Bundle::default()
    };
    for (path, bytes) in from_directory(directory, &name, is_wanted_by_tests)? {
        let text = utf8(&path, bytes)?;
        if path.ends_with(".rego") {
            made.modules.push(module(path, &text));
        } else if is_rego(&path) {
            made.left_out.push(module(path, &text));
        } else if Bundle::is_set(&path) {
            made.sets.push(policy_set(path, text.into_bytes())?);
        } else {
            let inner = path
                .strip_prefix(&name)
                .unwrap_or(&path)
                .trim_start_matches('/')
                .to_owned();
            let mut place: Vec<String> = inner.split('/').map(str::to_owned).collect();
            place.pop();
            let value = document(&path, text.as_bytes());
            if is_wanted(&path) {
                made.add_data(&place, value?)
                    .map_err(|e| broken(&format!("{path}: {e}")))?;
            } else if let Ok(value @ Json::Object(_)) = value {
                let before = made.data.clone();
                if made.add_data(&place, value).is_err() {
                    made.data = before;
                }
            }
        }
    }
    if made.modules.is_empty() {
        return Err(broken(&format!("There is no policy (*.rego) in {name}.")));
    }
    let brings_library = made
        .modules
        .iter()
        .any(|m| m.text.contains("package countersign.lib"));
    if brings_library {
        builtin::add_tables(&mut made).map_err(|e| broken(&e))?;
    } else if made
        .modules
        .iter()
        .any(|m| m.text.contains("data.countersign."))
    {
        builtin::add_library(&mut made).map_err(|e| broken(&e))?;
    }
    Ok(made)
}

/// Makes a bundle of files given by path; tests are left out, `data.json` and `data.yaml` are data at their place.
fn bundle(name: &str, files: Vec<(String, Vec<u8>)>) -> Result<Bundle, LoadError> {
    let mut bundle = Bundle {
        name: name.to_owned(),
        required: true,
        ..Bundle::default()
    };
    for (path, bytes) in files {
        let file = path.rsplit('/').next().unwrap_or(&path);
        if Bundle::is_set(&path) {
            bundle.sets.push(policy_set(path, bytes)?);
        } else if path.ends_with("_test.rego") || (is_rego(&path) && !path.ends_with(".rego")) {
            let text = String::from_utf8_lossy(&bytes);
            bundle.left_out.push(module(path, &text));
        } else if is_rego(&path) {
            let text = utf8(&path, bytes)?;
            bundle.modules.push(module(path, &text));
        } else if matches!(file, "data.json" | "data.yaml" | "data.yml") {
            let inner = path
                .strip_prefix(name)
                .unwrap_or(&path)
                .trim_start_matches('/');
            let mut place: Vec<String> = inner.split('/').map(str::to_owned).collect();
            place.pop();
            let value = document(&path, &bytes)?;
            bundle
                .add_data(&place, value)
                .map_err(|e| broken(&format!("{path}: {e}")))?;
        }
    }
    if bundle.modules.is_empty() {
        return Err(broken(&format!("There is no policy (*.rego) in {name}.")));
    }
    if bundle
        .modules
        .iter()
        .any(|m| m.text.contains("data.countersign."))
    {
        builtin::add_library(&mut bundle).map_err(|e| broken(&e))?;
    }
    Ok(bundle)
}

/// A policy file; a mark of the byte order in front of it says nothing.
fn module(path: String, text: &str) -> Module {
    Module {
        path,
        text: Arc::from(text.strip_prefix('\u{feff}').unwrap_or(text)),
    }
}

/// Whether a file is Rego by its ending, however that is written.
fn is_rego(path: &str) -> bool {
    let ending = path.rsplit('.').next().filter(|end| end.len() < path.len());
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("rego"))
}

/// The text of a policy file.
fn utf8(path: &str, bytes: Vec<u8>) -> Result<String, LoadError> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        LoadError {
            hint: Printable::line("Nothing was evaluated. Save the file as UTF-8."),
            ..broken(&format!("{path}:{line}: this is not UTF-8 text."))
        }
    })
}

fn policy_set(path: String, bytes: Vec<u8>) -> Result<Module, LoadError> {
    let text = utf8(&path, bytes)?;
    Ok(Module {
        path,
        text: Arc::from(text),
    })
}

fn document(name: &str, bytes: &[u8]) -> Result<Json, LoadError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_error| broken(&format!("The data file {name} is not UTF-8 text.")))?;
    let value = if name.ends_with(".json") {
        serde_json::from_str(text).map_err(|e| e.to_string())
    } else {
        read_yaml(text)
    };
    value.map_err(|e| broken(&format!("The data file {name} cannot be read: {e}.")))
}

fn from_commit(
    repository: &Repository,
    commit: &str,
    path: &str,
) -> Result<Vec<(String, Vec<u8>)>, LoadError> {
    let git = |e| LoadError::git(&e);
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let entries = repository.list(commit, path, true).map_err(git)?;
    let mut files = Vec::new();
    let mut total = 0;
    for entry in entries {
        match entry.kind {
            _ if is_in_cache(&entry.path, path) => continue,
            EntryKind::Directory => continue,
            EntryKind::Submodule => {
                return Err(broken(&format!(
                    "{} is a submodule; its policies are not in this repository.",
                    entry.path
                )));
            }
            EntryKind::Symlink if !is_wanted(&entry.path) => {
                // A directory behind a link would be left out in silence.
                match repository.reach(commit, &entry.path).map_err(git)? {
                    Reached::Entry(target, EntryKind::Directory | EntryKind::Submodule) => {
                        return Err(linked(&entry.path, &target));
                    }
                    Reached::Outside => return Err(linked(&entry.path, "another place")),
                    Reached::Entry(..) | Reached::Nothing => continue,
                }
            }
            EntryKind::File if !is_wanted(&entry.path) => continue,
            EntryKind::Symlink => {
                return Err(broken(&format!(
                    "{} is a symbolic link; policies are read from files of the trusted commit only.",
                    entry.path
                )));
            }
            EntryKind::File => {}
        }
        if files.len() >= MAX_FILES {
            return Err(broken(&format!(
                "There are more than {MAX_FILES} policy files in {path}."
            )));
        }
        if let Some(bytes) = repository.read_blob(commit, &entry.path).map_err(git)? {
            if bytes.len() as u64 > MAX_BYTES {
                return Err(broken(&format!(
                    "{} cannot be read: it is larger than {MAX_BYTES} bytes.",
                    entry.path
                )));
            }
            add(&mut total, &bytes, path)?;
            files.push((entry.path, bytes));
        }
    }
    files.sort();
    if files.is_empty() {
        match repository.reach(commit, path).map_err(git)? {
            Reached::Entry(target, EntryKind::Directory) if target != path => {
                return Err(linked(path, &target));
            }
            Reached::Outside => return Err(linked(path, "a place outside the repository")),
            Reached::Entry(target, EntryKind::Submodule) => {
                return Err(broken(&format!(
                    "{target} is a submodule; its policies are not in this repository."
                )));
            }
            _ => {}
        }
        return Err(broken(&format!(
            "There is no policy in {path} at the trusted commit."
        )));
    }
    Ok(files)
}

/// A link to a directory is not followed: a change of what it leads to would not be seen as one of the policies.
fn linked(path: &str, target: &str) -> LoadError {
    LoadError {
        hint: Printable::line(
            "Name the directory itself, in countersign.toml or with --policy, and take out the link.",
        ),
        ..broken(&format!(
            "{path} is a symbolic link to {target}, which is not followed, so its policies would be left out."
        ))
    }
}

/// Whether a file of a policy directory is read.
pub(super) fn is_wanted(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    is_rego(path) || Bundle::is_set(path) || matches!(file, "data.json" | "data.yaml" | "data.yml")
}

fn is_wanted_by_tests(path: &str) -> bool {
    is_wanted(path) || [".json", ".yaml", ".yml"].iter().any(|e| path.ends_with(e))
}

fn from_directory(
    root: &Path,
    name: &str,
    is_wanted: fn(&str) -> bool,
) -> Result<Vec<(String, Vec<u8>)>, LoadError> {
    let mut files = Vec::new();
    let mut total = 0;
    let mut todo = vec![(root.to_path_buf(), name.trim_end_matches('/').to_owned(), 0)];
    while let Some((path, shown, depth)) = todo.pop() {
        let fail = |error: std::io::Error| {
            broken(&format!("The policies in {shown} cannot be read: {error}."))
        };
        let meta = std::fs::metadata(&path).map_err(fail)?;
        if meta.is_dir() {
            if depth > 32 {
                return Err(broken(&format!("{shown} is nested too deeply.")));
            }
            for entry in std::fs::read_dir(&path).map_err(fail)? {
                let entry = entry.map_err(fail)?;
                let file = entry.file_name().to_string_lossy().into_owned();
                let kind = entry.file_type().map_err(fail)?;
                let is_dir = kind.is_dir();
                // What other programs keep for themselves is in no commit either; other hidden files are, and are read as OPA and
                // conftest read them.
                let is_kept = CACHES.contains(&file.as_str());
                let leads_on = kind.is_symlink() && !is_kept && !is_wanted(&file);
                if leads_on && std::fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()) {
                    return Err(linked(&format!("{shown}/{file}"), "a directory"));
                }
                if !is_kept && (is_dir || is_wanted(&file)) {
                    todo.push((entry.path(), format!("{shown}/{file}"), depth + 1));
                }
            }
        } else {
            let bytes = read(&path)?;
            add(&mut total, &bytes, name)?;
            files.push((shown, bytes));
        }
        if files.len() > MAX_FILES {
            return Err(broken(&format!(
                "There are more than {MAX_FILES} policy files in {name}."
            )));
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a file, and nothing else: a device has no end, and a pipe may have no beginning.
fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let fail = |what: String| broken(&format!("{} cannot be read: {what}.", path.display()));
    let meta = std::fs::metadata(path).map_err(|e| fail(e.to_string()))?;
    if !meta.is_file() {
        return Err(fail("it is not a file".to_owned()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|e| fail(e.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fail(format!("it is larger than {MAX_BYTES} bytes")));
    }
    Ok(bytes)
}

/// Counts what one bundle holds.
fn add(total: &mut u64, bytes: &[u8], name: &str) -> Result<(), LoadError> {
    *total = total.saturating_add(bytes.len() as u64);
    if *total > MAX_ALL {
        return Err(broken(&format!(
            "The policies in {name} are larger than {MAX_ALL} bytes in all."
        )));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn directory() -> tempfile::TempDir {
        let made = tempfile::tempdir().unwrap();
        for (path, text) in [
            (
                "a.rego",
                "\u{feff}package a\n\ndeny contains \"x\" if true\n",
            ),
            ("a_test.rego", "package a\n"),
            (".b.rego", "package b\n"),
            (".hid/h.rego", "package h\n"),
            ("C.REGO", "package c\n"),
            (".git/g.rego", "package g\n"),
            (".terraform/modules/m/m.rego", "package m\n"),
            ("sub/.terragrunt-cache/x/t.rego", "package t\n"),
            ("notes.txt", "no policy\n"),
        ] {
            let file = made.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        made
    }

    #[test]
    fn hidden_policies_are_read_and_other_endings_are_left_out_by_name() {
        let made = directory();
        let files = from_directory(made.path(), "p", is_wanted).unwrap();
        let read = bundle("p", files).unwrap();
        let names = |modules: &[Module]| -> Vec<String> {
            modules.iter().map(|m| m.path.clone()).collect()
        };
        assert_eq!(
            names(&read.modules),
            ["p/.b.rego", "p/.hid/h.rego", "p/a.rego"]
        );
        assert_eq!(names(&read.left_out), ["p/C.REGO", "p/a_test.rego"]);
        // Named itself, such a directory is read.
        let copy = made.path().join(".terraform/modules");
        let files = from_directory(&copy, "p/.terraform/modules", is_wanted).unwrap();
        let read_copy = bundle("p/.terraform/modules", files).unwrap();
        assert_eq!(names(&read_copy.modules), ["p/.terraform/modules/m/m.rego"]);
        assert!(is_in_cache("p/.terraform/modules/m.rego", "p"));
        assert!(!is_in_cache("p/.terraform/modules/m.rego", "p/.terraform"));
        assert!(!is_in_cache("p/.terraform.d/m.rego", "p"));
        // A mark of the byte order is no part of the text.
        let first = read.modules.iter().find(|m| m.path == "p/a.rego").unwrap();
        assert!(first.text.starts_with("package a"));
    }
}
