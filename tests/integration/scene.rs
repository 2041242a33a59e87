//! Where a test plays: a temporary directory with a home of its own, the program and git started with a clean environment.
//!
//! What a program did is a [`Run`]: standard output, standard error and status, shown together whenever an expectation fails.
//! People are Sam, who writes changes, and Rae, who reviews them; an approval by an author of the change does not count.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::terminal::Terminal;

/// Name and address of who writes the changes.
pub(crate) const SAM: (&str, &str) = ("Sam Rivera", "sam@example.com");
/// Name and address of who reviews them.
pub(crate) const RAE: (&str, &str) = ("Rae Okafor", "rae@example.com");

/// The files of this package that tests read.
pub(crate) fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The plan JSON of a case in `testdata/plans`.
pub(crate) fn plan(case: &str) -> Vec<u8> {
    fs::read(package("testdata/plans").join(case).join("plan.json")).unwrap()
}

/// The plan JSON of a case as a tree, to be edited and given back with [`Scene::write_json`].
pub(crate) fn plan_tree(case: &str) -> Json {
    serde_json::from_slice(&plan(case)).unwrap()
}

/// A calendar day so many days from today, as `YYYY-MM-DD`.
pub(crate) fn days_from_now(days: i64) -> String {
    let hours = jiff::SignedDuration::from_hours(24 * days);
    let day = jiff::Timestamp::now().checked_add(hours).unwrap();
    day.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// A temporary directory in which programs run; gone when the test ends.
pub(crate) struct Scene {
    directory: TempDir,
}

impl Scene {
    /// An empty working directory that belongs to no repository.
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("countersign-test-")
            .tempdir()
            .unwrap();
        for name in ["work", "home", "tmp", "empty"] {
            fs::create_dir(directory.path().join(name)).unwrap();
        }
        Self { directory }
    }

    /// An empty repository on the branch `main`, with Sam at work.
    pub(crate) fn repository() -> Self {
        let scene = Self::new();
        scene.git(&["init", "--quiet", "--initial-branch=main"]);
        scene.work_as(SAM);
        scene
    }

    /// A change: `main` holds what the case was before, the branch `feat` what it is after, and the plan of the step lies ignored
    /// in the work tree, on `feat`.
    pub(crate) fn change(case: &str) -> Self {
        Self::change_with(case, "")
    }

    /// As [`Self::change`], with this configuration on `main`.
    pub(crate) fn change_with(case: &str, configuration: &str) -> Self {
        Self::change_prepared(case, configuration, |_| {})
    }

    /// As [`Self::change_with`]; the first commit also holds what is written here.
    pub(crate) fn change_prepared(case: &str, configuration: &str, prepare: fn(&Self)) -> Self {
        let scene = Self::repository();
        prepare(&scene);
        let source = package("testdata/plans").join(case);
        scene.write(".gitignore", "plan.json\nother.json\n*.out\n");
        if !configuration.is_empty() {
            scene.write("countersign.toml", configuration);
        }
        if source.join("before").is_dir() {
            copy_terraform(&source.join("before"), &scene.path(""));
        }
        scene.commit("Before");
        scene.git(&["checkout", "--quiet", "-b", "feat"]);
        scene.remove_terraform();
        copy_terraform(&source, &scene.path(""));
        scene.commit("After");
        scene.write("plan.json", plan(case));
        scene
    }

    /// The same once more, in a place of its own.
    pub(crate) fn copied(&self) -> Self {
        let scene = Self::new();
        for name in ["work", "home"] {
            copy_all(&self.beside(name), &scene.beside(name));
        }
        scene
    }

    /// A path below the working directory; the directory itself for an empty name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("work").join(name)
    }

    /// A path beside the working directory.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file of the working directory, with its directories.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes a JSON file of the working directory.
    pub(crate) fn write_json(&self, name: &str, tree: &Json) {
        self.write(name, tree.to_string());
    }

    /// Reads a file of the working directory.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn remove_terraform(&self) {
        for entry in fs::read_dir(self.path("")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !entry_is_hidden(&path) {
                fs::remove_dir_all(path).unwrap();
            } else if path.extension().is_some_and(|extension| extension == "tf") {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// A program in the working directory, with nothing of this machine's environment but the search path.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let home = self.beside("home");
        let mut command = Command::new(program);
        command
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("TMPDIR", self.beside("tmp"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.directory.path())
            .env("LC_ALL", "C");
        command
    }

    /// The program under test.
    pub(crate) fn countersign(&self) -> Command {
        self.command(env!("CARGO_BIN_EXE_countersign"))
    }

    /// Runs the program under test without standard input.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.countersign().args(arguments), b"")
    }

    /// Runs the program under test on this standard input.
    pub(crate) fn run_on(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Run {
        Run::of(self.countersign().args(arguments), input.as_ref())
    }

    /// Runs the program with a person at its terminal: the lines of the dialogue come through a pipe, but for the words that approve,
    /// which the person types when asked.
    pub(crate) fn review(&self, arguments: &[&str], dialogue: impl AsRef<str>) -> Run {
        let mut command = self.countersign();
        command.args(arguments);
        Run::with_person(command, dialogue.as_ref())
    }

    /// Runs git, which must succeed, and gives what it wrote, trimmed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.try_git(arguments).must_end(0).stdout.trim().to_owned()
    }

    /// Runs git.
    pub(crate) fn try_git(&self, arguments: &[&str]) -> Run {
        Run::of(self.command("git").args(arguments), b"")
    }

    /// Makes one of the people the one at the keyboard.
    pub(crate) fn work_as(&self, (name, email): (&str, &str)) {
        self.git(&["config", "user.name", name]);
        self.git(&["config", "user.email", email]);
    }

    /// Commits everything that is not ignored.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Rae reviews line by line: waives each of the blocking findings, then types the words that approve.
    pub(crate) fn approve(&self, waivers: usize) -> Run {
        self.work_as(RAE);
        let run = self.review(&["--plain"], self.dialogue(waivers));
        self.work_as(SAM);
        run.must_end(0)
    }

    /// What a reviewer types to waive so many findings and to approve `plan.json`.
    pub(crate) fn dialogue(&self, waivers: usize) -> String {
        let answer = "w\nagreed with the owner, OPS-7\n\n";
        let digest = countersign::digest::Digest::of(&fs::read(self.path("plan.json")).unwrap());
        format!("{}A\napprove {}\n", answer.repeat(waivers), digest.short())
    }
}

/// Copies the Terraform files of a directory and of the directories in it, what was `before` left out.
pub(crate) fn copy_terraform(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() && name != "before" {
            copy_terraform(&path, &to.join(name));
        } else if path.extension().is_some_and(|extension| extension == "tf") {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn entry_is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

/// The ids of the policies in `policies`, in order.
pub(crate) fn shipped_policies() -> Vec<String> {
    let mut ids: Vec<String> = fs::read_dir(package("policies"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !matches!(name.as_str(), "lib" | "tables"))
        .collect();
    ids.sort();
    ids
}

/// What asks for the words that approve.
const PROMPT: &str = "Type the words to approve";

/// How long a program may run: long enough for a slow machine, short enough to fail.
const PATIENCE: Duration = Duration::from_secs(40);

fn drain(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Run {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The exit status; a signal fails the test.
    pub(crate) status: i32,
}

impl Run {
    /// Runs a command to its end on this standard input.
    pub(crate) fn of(command: &mut Command, input: &[u8]) -> Self {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self::finish(child, input, || {}, &format!("{command:?}"))
    }

    /// Runs the program with a person at its terminal, who types the words that approve when asked; the other lines come through a pipe.
    pub(crate) fn with_person(command: Command, dialogue: &str) -> Self {
        let name = format!("{command:?}");
        let (words, others): (Vec<&str>, Vec<&str>) = dialogue
            .split_inclusive('\n')
            .partition(|line| line.starts_with("approve"));
        let mut terminal = Terminal::open();
        let child = terminal.start_on_a_pipe(command);
        let (mut asked, mut seen) = (0, 0);
        let mut run = Self::finish(
            child,
            others.concat().as_bytes(),
            || {
                match terminal.find(seen, PROMPT) {
                    Ok(end) => {
                        seen = end;
                        // Whoever has no more words goes back.
                        terminal.keys(words.get(asked).unwrap_or(&"\n"));
                        asked += 1;
                    }
                    Err(next) => seen = next,
                }
            },
            &name,
        );
        // A terminal begins a new line with two characters.
        run.stdout = terminal.close().replace("\r\n", "\n");
        run
    }

    fn finish(mut child: Child, input: &[u8], mut meanwhile: impl FnMut(), name: &str) -> Self {
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // A program may end without reading everything.
            drop(stdin.write_all(&input));
        });
        // At a terminal there is no pipe for what is written.
        let stdout = child.stdout.take().map(drain);
        let stderr = drain(child.stderr.take().unwrap());
        let started = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() < PATIENCE => {
                    meanwhile();
                    std::thread::sleep(Duration::from_millis(2));
                }
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    panic!("{name} did not end within {PATIENCE:?}");
                }
            }
        };
        writer.join().unwrap();
        let stdout = stdout.map_or_else(Vec::new, |reader| reader.join().unwrap());
        let stderr = stderr.join().unwrap();
        Self::from_output(&Output {
            status,
            stdout,
            stderr,
        })
    }

    /// Reads what a finished program left.
    pub(crate) fn from_output(output: &Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
            status: output
                .status
                .code()
                .unwrap_or_else(|| panic!("ended by a signal: {output:?}")),
        }
    }

    /// Expects this status.
    #[track_caller]
    pub(crate) fn must_end(self, status: i32) -> Self {
        assert_eq!(self.status, status, "another status was expected\n{self}");
        self
    }

    /// Expects this text on standard output or standard error.
    #[track_caller]
    pub(crate) fn must_say(self, text: &str) -> Self {
        assert!(self.says(text), "{text:?} was expected\n{self}");
        self
    }

    /// Expects this text nowhere.
    #[track_caller]
    pub(crate) fn must_not_say(self, text: &str) -> Self {
        assert!(!self.says(text), "{text:?} was not expected\n{self}");
        self
    }

    /// Whether a text stands in what was written, whatever the lines are broken at.
    pub(crate) fn says(&self, text: &str) -> bool {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let places = [&self.stdout, &self.stderr];
        let text = flat(text);
        places.iter().any(|place| flat(place).contains(&text))
    }

    /// Standard output as the JSON report; its schema is checked.
    #[track_caller]
    pub(crate) fn report(&self) -> Json {
        let report: Json = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"));
        assert_eq!(report["schema"], "countersign.report/v1", "{self}");
        if let Err(error) = countersign::report::schema::check(&report) {
            panic!("against its schema: {error}\n{self}");
        }
        assert_eq!(report["verdict"]["exit"], self.status, "{self}");
        report
    }

    /// The findings of the JSON report that one policy made.
    #[track_caller]
    pub(crate) fn findings_of(&self, policy: &str) -> Vec<Json> {
        let report = self.report();
        let findings = report["findings"].as_array().unwrap();
        findings
            .iter()
            .filter(|finding| finding["policy"] == policy)
            .cloned()
            .collect()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- standard output\n{}", self.stdout)?;
        writeln!(f, "--- standard error\n{}", self.stderr)?;
        write!(f, "--- status {}", self.status)
    }
}
