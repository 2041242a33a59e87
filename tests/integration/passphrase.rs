//! Keys that ask before they sign: at a terminal, in the full screen and line by line; through a program where there is no terminal; and
//! keys that only an agent holds.

#![allow(clippy::print_stderr)]

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};

use crate::scene::{RAE, Run, SAM, Scene};
use crate::terminal::Terminal;
use crate::threats::{key_path, public, stage};

const SECRET: &str = "a long passphrase";

/// A change that Rae reviews, whose key has a passphrase.
fn locked() -> Option<Scene> {
    let scene = stage("02-update", "")?;
    let mut command = scene.command("ssh-keygen");
    command.args(["-q", "-p", "-P", "", "-N", SECRET, "-f"]);
    Run::of(command.arg(key_path(&scene, "rae")), b"").must_end(0);
    scene.git(&["config", "--global", "user.signingkey", "~/.ssh/rae"]);
    scene.work_as(RAE);
    Some(scene)
}

/// Starts the program with this terminal as its own.
fn at(terminal: &mut Terminal, scene: &Scene, arguments: &str) -> Child {
    let program = env!("CARGO_BIN_EXE_countersign");
    let mut command = scene.command("sh");
    command.arg("-c");
    command.arg(format!("exec '{program}' {arguments}"));
    command.env("TERM", "xterm-256color");
    terminal.start(command)
}

fn words(scene: &Scene) -> String {
    let bytes = std::fs::read(scene.path("plan.json")).unwrap();
    format!(
        "approve {}",
        countersign::digest::Digest::of(&bytes).short()
    )
}

#[track_caller]
fn ends(mut child: Child, terminal: Terminal, status: i32) -> String {
    let ended = child.wait().unwrap();
    let text = terminal.close();
    assert_eq!(ended.code(), Some(status), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    text
}

fn counts(scene: &Scene) {
    scene.work_as(SAM);
    scene.run(&["verify"]).must_end(0).must_say("(signed)");
}

#[test]
fn line_by_line_the_passphrase_is_asked_for_at_the_terminal() {
    for arguments in ["--plain", "--plain - < plan.json"] {
        let Some(scene) = locked() else { return };
        let mut terminal = Terminal::open();
        let child = at(&mut terminal, &scene, arguments);
        let mut seen = 0;
        for (answer, says) in [
            ("wrong\n", "nothing was written"),
            (&format!("{SECRET}\n"), "signed with SHA256:"),
        ] {
            seen = terminal.wait_for_more(seen, "q quit: ");
            terminal.keys("A\n");
            seen = terminal.wait_for_more(seen, "Type the words");
            terminal.keys(&format!("{}\n", words(&scene)));
            seen = terminal.wait_for_more(seen, "Enter passphrase: ");
            terminal.keys(answer);
            terminal.wait_for_more(seen, says);
        }
        ends(child, terminal, 0);
        // A plan from a pipe has no path, and is another plan than one with a path.
        if arguments == "--plain" {
            counts(&scene);
        } else {
            let run = scene.run_on(&["verify", "-"], scene.read("plan.json"));
            run.must_end(0).must_say("(signed)");
        }
    }
}

#[test]
fn the_full_screen_makes_room_for_the_passphrase_and_comes_back() {
    let Some(scene) = locked() else { return };
    let mut terminal = Terminal::open();
    let child = at(&mut terminal, &scene, "plan.json");
    let seen = terminal.wait_for_more(0, "decided: A to approve");
    terminal.keys("A");
    let seen = terminal.wait_for_more(seen, &words(&scene));
    terminal.keys(&format!("{}\r", words(&scene)));
    let seen = terminal.wait_for_more(seen, "Enter passphrase: ");
    terminal.keys("wrong\n");
    // What the other program said can be read before the screen comes back.
    let seen = terminal.wait_for_more(seen, "Press Enter to go back to the review.");
    assert!(terminal.text().contains("incorrect passphrase"));
    terminal.keys("\n");
    // Of a frame only what differs from the one before is written.
    let seen = terminal.wait_for_more(seen, "Nothing");
    terminal.keys(&format!("{}\r", words(&scene)));
    terminal.wait_for_more(seen, "Enter passphrase: ");
    terminal.keys(&format!("{SECRET}\n"));
    let text = ends(child, terminal, 0);
    let (entered, left) = (text.rfind("\u{1b}[?1049h"), text.rfind("\u{1b}[?1049l"));
    assert!(entered < left, "{text:?}");
    assert!(text.contains("Approved. The record is a note"), "{text:?}");
    counts(&scene);
}

#[test]
fn a_reviewer_who_gives_up_at_the_prompt_has_approved_nothing() {
    let Some(scene) = locked() else { return };
    let mut terminal = Terminal::open();
    let child = at(&mut terminal, &scene, "plan.json");
    let seen = terminal.wait_for_more(0, "decided: A to approve");
    terminal.keys("A");
    let seen = terminal.wait_for_more(seen, &words(&scene));
    terminal.keys(&format!("{}\r", words(&scene)));
    let seen = terminal.wait_for_more(seen, "Enter passphrase: ");
    terminal.keys("\u{3}");
    terminal.wait_for_more(seen, "Press Enter");
    terminal.keys("\n");
    let text = ends(child, terminal, 3);
    let (entered, left) = (text.rfind("\u{1b}[?1049h"), text.rfind("\u{1b}[?1049l"));
    assert!(entered < left, "{text:?}");
    scene.work_as(SAM);
    scene.run(&["verify"]).must_end(3).must_say("no approval");
}

/// A program that answers with this.
fn askpass(scene: &Scene, answer: &str) -> std::path::PathBuf {
    let path = scene.beside("askpass");
    std::fs::write(&path, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn who_prefers_a_program_that_asks_is_asked_by_it() {
    let Some(scene) = locked() else { return };
    let with = |answer: &str| {
        let mut command = scene.countersign();
        command.arg("--plain");
        command.env("SSH_ASKPASS", askpass(&scene, answer));
        command.env("SSH_ASKPASS_REQUIRE", "force");
        Run::with_person(command, &(scene.dialogue(0) + "q\n"))
    };
    with("wrong")
        .must_end(3)
        .must_say("could not sign")
        .must_say("incorrect passphrase")
        .must_say("nothing was written");
    with(SECRET)
        .must_end(0)
        .must_say("signed with SHA256:")
        .must_not_say(SECRET);
    counts(&scene);
}

/// An agent for one test; it ends with it.
struct Agent {
    child: Child,
    socket: std::path::PathBuf,
}

impl Agent {
    fn start(scene: &Scene) -> Option<Self> {
        let socket = scene.beside("agent");
        let mut command = scene.command("ssh-agent");
        command.args(["-D", "-a"]).arg(&socket);
        let Ok(child) = command.stdout(Stdio::null()).spawn() else {
            eprintln!("SKIPPED: ssh-agent is not on the PATH");
            return None;
        };
        let agent = Self { child, socket };
        let waited = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            agent.socket.exists()
        });
        assert!(waited, "the agent did not start");
        Some(agent)
    }

    /// Takes a key over: afterwards only the agent has it.
    fn takes(&self, scene: &Scene, name: &str) {
        let path = key_path(scene, name);
        let mut add = scene.command("ssh-add");
        add.env("SSH_AUTH_SOCK", &self.socket).arg("-q").arg(&path);
        Run::of(&mut add, b"").must_end(0);
        std::fs::remove_file(path).unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_key_that_only_an_agent_holds_signs_by_its_text_or_its_public_file() {
    let Some(scene) = stage("02-update", "") else {
        return;
    };
    let key = format!("key::{}", public(&scene, "rae"));
    scene.git(&["config", "--global", "user.signingkey", &key]);
    scene.work_as(RAE);
    // There is no agent yet.
    let run = scene.review(&["--plain"], scene.dialogue(0) + "q\n");
    run.must_end(3).must_say("of the agent could not sign");
    let Some(agent) = Agent::start(&scene) else {
        return;
    };
    agent.takes(&scene, "rae");
    for setting in [&key, "~/.ssh/rae.pub"] {
        scene.git(&["config", "--global", "user.signingkey", setting]);
        scene.work_as(RAE);
        let mut review = scene.countersign();
        review.env("SSH_AUTH_SOCK", &agent.socket).arg("--plain");
        let run = Run::with_person(review, &scene.dialogue(0));
        run.must_end(0).must_say("signed with SHA256:");
        counts(&scene);
        scene.git(&["update-ref", "-d", "refs/notes/countersign"]);
    }
}
