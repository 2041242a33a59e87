//! Throw-away repositories for the tests of this module.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::single_match_else
)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use git2::{Oid, RepositoryInitOptions, Signature, Time};

use super::{ChangeRequest, Repository};

/// A repository in a temporary directory, with every setting that a developer's machine could change.
pub(super) struct Sandbox {
    _dir: tempfile::TempDir,
    pub(super) path: PathBuf,
    pub(super) raw: git2::Repository,
    clock: std::cell::Cell<i64>,
}

impl Sandbox {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(super) fn with(set: impl Fn(&mut RepositoryInitOptions)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("repo");
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        set(&mut options);
        let raw = git2::Repository::init_opts(&path, &options).unwrap();
        let mut config = raw.config().unwrap();
        config.set_str("user.name", "Ada").unwrap();
        config.set_str("user.email", "ada@example.com").unwrap();
        config.set_bool("core.autocrlf", false).unwrap();
        config.set_bool("commit.gpgsign", false).unwrap();
        Self {
            _dir: dir,
            path,
            raw,
            clock: std::cell::Cell::new(1_700_000_000),
        }
    }

    pub(super) fn open(&self) -> Repository {
        Repository::open(&self.path, false).unwrap().unwrap()
    }

    pub(super) fn write(&self, file: &str, content: &str) {
        let path = self.path.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits these contents (none removes the file) onto the current branch, and checks them out.
    pub(super) fn commit(&self, message: &str, files: &[(&str, Option<&str>)]) -> String {
        let mut index = self.raw.index().unwrap();
        for (file, content) in files {
            match content {
                Some(content) => {
                    self.write(file, content);
                    index.add_path(Path::new(file)).unwrap();
                }
                None => {
                    std::fs::remove_file(self.path.join(file)).unwrap();
                    index.remove_path(Path::new(file)).unwrap();
                }
            }
        }
        index.write().unwrap();
        self.commit_tree(message, index.write_tree().unwrap())
    }

    pub(super) fn commit_tree(&self, message: &str, tree: Oid) -> String {
        self.clock.set(self.clock.get() + 1);
        let time = Time::new(self.clock.get(), 0);
        let author = Signature::new("Ada", "ada@example.com", &time).unwrap();
        let committer = Signature::new("Bob", "bob@example.com", &time).unwrap();
        let tree = self.raw.find_tree(tree).unwrap();
        let parent = self
            .raw
            .head()
            .ok()
            .map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        self.raw
            .commit(Some("HEAD"), &author, &committer, message, &tree, &parents)
            .unwrap()
            .to_string()
    }

    /// Writes a tree of entries as they are, valid or not.
    pub(super) fn raw_tree(&self, entries: &[(&str, &[u8], Oid)]) -> Oid {
        let mut data = Vec::new();
        for (mode, name, id) in entries {
            data.extend(mode.bytes());
            data.push(b' ');
            data.extend(*name);
            data.push(0);
            data.extend(id.as_bytes());
        }
        self.raw
            .odb()
            .unwrap()
            .write(git2::ObjectType::Tree, &data)
            .unwrap()
    }

    pub(super) fn branch(&self, name: &str, at: &str) {
        self.reference(&format!("refs/heads/{name}"), at);
    }

    pub(super) fn reference(&self, name: &str, at: &str) {
        self.raw
            .reference(name, self.oid(at), true, "test")
            .unwrap();
    }

    pub(super) fn remote(&self, name: &str) {
        self.raw
            .remote(
                name,
                &format!("https://user:secret@Example.com/{name}/infra.git"),
            )
            .unwrap();
    }

    /// Switches to a new branch at HEAD.
    pub(super) fn switch(&self, name: &str) {
        let head = self
            .raw
            .head()
            .unwrap()
            .peel_to_commit()
            .unwrap()
            .id()
            .to_string();
        self.branch(name, &head);
        self.raw.set_head(&format!("refs/heads/{name}")).unwrap();
    }

    pub(super) fn oid(&self, id: &str) -> Oid {
        Oid::from_str_ext(id, self.raw.object_format()).unwrap()
    }

    /// Runs git here and returns what it printed.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git(&self.path, arguments)
    }
}

pub(super) fn command(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(dir)
        .env(
            "GIT_CONFIG_GLOBAL",
            if cfg!(windows) { "NUL" } else { "/dev/null" },
        )
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
    ] {
        command.env_remove(name);
    }
    command
}

pub(super) fn output(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdin.take().unwrap().write_all(input));
    child.wait_with_output().unwrap()
}

pub(super) fn git(dir: &Path, arguments: &[&str]) -> String {
    let done = command(dir).args(arguments).output().unwrap();
    assert!(
        done.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

pub(super) fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(super) fn base(name: &str) -> ChangeRequest {
    ChangeRequest {
        base: Some(name.to_owned()),
        ..ChangeRequest::default()
    }
}

/// Writes an executable script. A child writes it: were the file open for writing in this process, another
/// test could fork at that moment, and running the script would fail as busy.
#[cfg(unix)]
pub(super) fn script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"])
        .arg(path);
    assert!(output(&mut shell, text.as_bytes()).status.success());
}

/// Replaces a file by a copy that a child wrote, for the same reason.
#[cfg(unix)]
pub(super) fn settle(path: &Path) {
    let mut shell = Command::new("/bin/sh");
    shell
        .args([
            "-c",
            "cp -p \"$1\" \"$1.copy\" && mv \"$1.copy\" \"$1\"",
            "sh",
        ])
        .arg(path);
    assert!(output(&mut shell, b"").status.success());
}
