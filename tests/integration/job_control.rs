//! The reviewer and the process that watches over it, on a real terminal.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::scene::Scene;
use crate::terminal::Terminal;
use crate::user_policies::with_policy;

const ALTERNATE: &str = "\u{1b}[?1049h";
const NORMAL: &str = "\u{1b}[?1049l";

fn review(scene: &Scene, terminal: &Terminal) -> Child {
    scene
        .countersign()
        .args(["-p", "rules", "plan.json"])
        .env("TERM", "xterm-256color")
        .stdin(Stdio::from(terminal.end()))
        .stdout(terminal.end())
        .stderr(terminal.end())
        .spawn()
        .unwrap()
}

/// Waits until it holds.
#[track_caller]
fn soon(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(40), "not in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_stopped(child: &Child) -> bool {
    let look = WaitOptions::NOHANG | WaitOptions::UNTRACED;
    waitpid(Some(Pid::from_child(child)), look)
        .unwrap()
        .is_some_and(|(_, status)| status.stopped())
}

#[test]
fn a_policy_that_does_not_return_ends_the_reviewer_and_the_terminal_is_in_order() {
    let scene = with_policy(
        "package acme\n\ndeny contains \"found\" if count(format_int(bits.lsh(1, 400000000), 10)) > 0\n",
    );
    scene.write("countersign.toml", "[policies]\ntimeout = \"1s\"\n");
    let terminal = Terminal::open();
    let mut reviewer = review(&scene, &terminal);
    terminal.wait_for(ALTERNATE);
    let status = reviewer.wait().unwrap();
    assert!(terminal.is_in_order());
    let text = terminal.close();
    assert_eq!(status.code(), Some(5), "{text}");
    let after = text.rsplit(NORMAL).next().unwrap();
    assert!(
        after.contains("Policies did not end within 6 s and were stopped.")
            && after.contains("running: policy rules/acme.rego:3"),
        "{after}"
    );
}

#[test]
fn the_watching_process_stops_with_the_reviewer_and_goes_on_with_it() {
    let scene = with_policy("package acme\n\ndeny contains \"a thing that is found\"\n");
    let terminal = Terminal::open();
    let mut reviewer = review(&scene, &terminal);
    terminal.wait_for("a thing that is found");
    assert!(!terminal.is_in_order());
    let pid = Pid::from_child(&reviewer);
    // Once by the key, once by a signal to the process that the shell knows.
    for screens in [2, 3] {
        if screens == 2 {
            terminal.keys("\u{1a}");
        } else {
            kill_process(pid, Signal::TSTP).unwrap();
        }
        soon(|| is_stopped(&reviewer));
        assert!(terminal.is_in_order());
        kill_process(pid, Signal::CONT).unwrap();
        soon(|| terminal.text().matches(ALTERNATE).count() == screens);
        soon(|| !terminal.is_in_order());
    }
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(reviewer.wait().unwrap().code(), Some(3));
    assert!(terminal.is_in_order());
    let text = terminal.close();
    assert!(
        text.ends_with("Left before the end, not approved.\r\n"),
        "{text:?}"
    );
}

#[test]
fn a_reviewer_that_is_killed_leaves_the_terminal_in_order() {
    let scene = with_policy("package acme\n\ndeny contains \"a thing that is found\"\n");
    let terminal = Terminal::open();
    let mut reviewer = review(&scene, &terminal);
    terminal.wait_for("a thing that is found");
    let list = format!("/proc/{0}/task/{0}/children", reviewer.id());
    // Only Linux says who the child is.
    if let Ok(children) = std::fs::read_to_string(list) {
        let child: i32 = children.split_whitespace().next().unwrap().parse().unwrap();
        kill_process(Pid::from_raw(child).unwrap(), Signal::KILL).unwrap();
        assert_eq!(reviewer.wait().unwrap().code(), Some(5));
        assert!(terminal.is_in_order());
        let text = terminal.close();
        let after = text.rsplit(NORMAL).next().unwrap();
        assert!(
            after.contains("Nothing was decided") && after.contains("draft"),
            "{after}"
        );
    } else {
        kill_process(Pid::from_child(&reviewer), Signal::TERM).unwrap();
        reviewer.wait().unwrap();
    }
}
