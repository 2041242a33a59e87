//! The line of progress, on a real terminal: a `terraform` that does not answer keeps the program reading a plan for as long as a test
//! wants.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{Scene, package, plan};
use crate::terminal::Terminal;

/// A plan file whose `terraform show` ends when `go` is there.
fn waiting() -> Scene {
    let scene = Scene::new();
    fs::create_dir(scene.beside("bin")).unwrap();
    let binary = package("testdata/plans/02-update/tfplan");
    fs::copy(binary, scene.path("tfplan")).unwrap();
    fs::write(scene.beside("shown.json"), plan("02-update")).unwrap();
    let (go, shown) = (scene.beside("go"), scene.beside("shown.json"));
    let script = format!(
        "#!/bin/sh\nwhile [ ! -e '{}' ]; do sleep 0.05; done\ncat '{}'\n",
        go.display(),
        shown.display()
    );
    let program = scene.beside("bin/terraform");
    fs::write(&program, script).unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    scene
}

fn command(scene: &Scene, arguments: &[&str]) -> Command {
    let mut command = scene.countersign();
    let rest = std::env::var("PATH").unwrap_or_default();
    command
        .args(["--check", "tfplan"])
        .args(arguments)
        .env("PATH", format!("{}:{rest}", scene.beside("bin").display()))
        .env("TERM", "xterm")
        .stdin(Stdio::null());
    command
}

fn start(scene: &Scene, terminal: &Terminal, arguments: &[&str]) -> Child {
    let end = terminal.end();
    command(scene, arguments)
        .stdout(Stdio::piped())
        .stderr(end)
        .spawn()
        .unwrap()
}

/// What stands on the last line after everything was written.
fn left_over(written: &str) -> &str {
    let line = written.rsplit('\n').next().unwrap();
    line.rsplit("\r\u{1b}[2K").next().unwrap()
}

#[test]
fn a_longer_work_shows_a_line_and_takes_it_away() {
    let scene = waiting();
    let terminal = Terminal::open();
    let child = start(&scene, &terminal, &["-v"]);
    terminal.wait_for("\r\u{1b}[2Kread the plan, ");
    fs::write(scene.beside("go"), "").unwrap();
    let done = child.wait_with_output().unwrap();
    let written = terminal.close();
    assert_eq!(done.status.code(), Some(0), "{written}");
    assert_eq!(left_over(&written), "", "{written:?}");
    // The report is not touched, and lines of their own stand on lines of their own.
    let report = String::from_utf8(done.stdout).unwrap();
    assert!(report.contains("pass (exit 0)") && !report.contains('\u{1b}'));
    let said: Vec<&str> = written.lines().collect();
    for stage in [
        "read the plan: ",
        "evaluate policies: ",
        "loaded and evaluated in ",
    ] {
        let found = said.iter().find(|line| left_over(line).starts_with(stage));
        assert!(found.is_some(), "{stage} {said:?}");
    }
}

#[test]
fn a_signal_leaves_no_line_behind() {
    for signal in [Signal::INT, Signal::TERM] {
        let scene = waiting();
        let terminal = Terminal::open();
        let mut child = start(&scene, &terminal, &[]);
        terminal.wait_for("read the plan, ");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = child.wait().unwrap();
        fs::write(scene.beside("go"), "").unwrap();
        let written = terminal.close();
        assert_eq!(status.signal(), Some(signal.as_raw()), "{written}");
        assert_eq!(left_over(&written), "", "{written:?}");
    }
}

#[test]
fn nobody_sees_a_line_who_did_not_ask_for_one() {
    // Longer than a line needs to come up.
    let go = |scene: &Scene| {
        let path = scene.beside("go");
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(1200));
            fs::write(path, "").unwrap();
        })
    };
    for (arguments, variable) in [(&["-q"][..], ("A", "b")), (&[], ("CI", "true"))] {
        let scene = waiting();
        let terminal = Terminal::open();
        let end = terminal.end();
        let waiter = go(&scene);
        let mut command = command(&scene, arguments);
        command.env(variable.0, variable.1).stderr(end);
        let status = command.stdout(Stdio::null()).status().unwrap();
        drop(command);
        waiter.join().unwrap();
        assert_eq!(status.code(), Some(0));
        assert_eq!(terminal.close(), "", "{arguments:?} {variable:?}");
    }
    let scene = waiting();
    let waiter = go(&scene);
    let output = command(&scene, &[]).output().unwrap();
    waiter.join().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
