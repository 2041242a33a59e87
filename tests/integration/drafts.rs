//! What a review loses when it is killed: at most the key being typed. And what is said when a draft cannot be kept.

#![allow(clippy::print_stderr)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use crate::scene::{RAE, Run, Scene};
use crate::terminal::Terminal;

/// Findings of the case, each of which is answered.
const FINDINGS: usize = 8;

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A review that is open: what it says is at a terminal, the answers come through a pipe.
struct Review {
    child: Child,
    terminal: Terminal,
    seen: usize,
}

impl Review {
    fn start(scene: &Scene) -> Self {
        // Another build, such as a quicker one for the long run.
        let mut command = match std::env::var_os("COUNTERSIGN_BUILD") {
            Some(path) => scene.command(path),
            None => scene.countersign(),
        };
        command.arg("--plain");
        let mut terminal = Terminal::open();
        let child = terminal.start_on_a_pipe(command);
        Self {
            child,
            terminal,
            seen: 0,
        }
    }

    /// Waits until the program says how many findings are decided; none when it ended.
    fn decided(&mut self) -> Option<usize> {
        let wanted = format!(" of {FINDINGS} decided");
        loop {
            let ended = self.child.try_wait().unwrap().is_some();
            let text = self.terminal.text();
            let more = text.get(self.seen..).unwrap();
            if let Some(at) = more.find(&wanted) {
                let number = more[..at].rsplit([' ', '\n']).next().unwrap().parse();
                self.seen += at + wanted.len();
                return number.ok();
            }
            if ended {
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn answer(&mut self, reason: &str) {
        let text = format!("w\n{reason}\n\n");
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Ends it as a crash does: no handler runs.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn draft(scene: &Scene) -> PathBuf {
    let drafts = scene.beside("home/state/countersign/drafts");
    let entries = std::fs::read_dir(&drafts).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.pop().unwrap()
}

/// Kills a scripted review so often. Each time, whatever the program had confirmed is in the draft and counts in the next run.
fn kill_often(kills: usize) {
    let scene = Scene::change("04-delete");
    scene.work_as(RAE);
    let mut numbers = Numbers(20_261_122);
    let mut confirmed: Vec<String> = Vec::new();
    let (mut answered, mut unconfirmed_kept, mut while_loading) = (0, 0, 0);
    for round in 0..kills {
        let mut review = Review::start(&scene);
        if numbers.below(10) == 0 {
            // While it loads, and writes nothing or the first line.
            std::thread::sleep(Duration::from_millis(numbers.below(400)));
            while_loading += 1;
            review.kill();
            continue;
        }
        let mut known = review.decided().expect("the review opens");
        assert!(
            known >= confirmed.len(),
            "kill {round}: {} answers were confirmed, {known} are left",
            confirmed.len()
        );
        unconfirmed_kept += known - confirmed.len();
        let text = std::fs::read_to_string(draft(&scene)).unwrap();
        for reason in &confirmed {
            assert!(
                text.contains(reason),
                "kill {round}: {reason} is lost\n{text}"
            );
        }
        confirmed.resize(known, String::new());
        let some = numbers.below(3);
        for step in 0..=some {
            if known == FINDINGS {
                break;
            }
            let reason = format!("agreed, OPS-{round}-{step}");
            review.answer(&reason);
            answered += 1;
            if step == some {
                // In the middle of the answer, of the write, or just after it.
                std::thread::sleep(Duration::from_micros(numbers.below(12_000)));
            } else {
                known = review.decided().expect("the answer is taken");
                confirmed.push(reason);
                assert_eq!(known, confirmed.len());
            }
        }
        review.kill();
        if known == FINDINGS {
            std::fs::remove_file(draft(&scene)).unwrap();
            confirmed.clear();
        }
    }
    eprintln!(
        "{kills} kills ({while_loading} while loading), {answered} answers, {unconfirmed_kept} kept that were not confirmed yet, none lost"
    );
    // The review goes on and ends as any other.
    if draft(&scene).exists() {
        let mut review = Review::start(&scene);
        let known = review.decided().unwrap();
        review.kill();
        scene.approve(FINDINGS - known);
        scene.run(&["verify"]).must_end(0);
    }
}

#[test]
fn a_killed_review_loses_no_confirmed_answer() {
    kill_often(40);
}

/// `cargo test --test integration drafts::a_thousand -- --ignored --nocapture`; `COUNTERSIGN_BUILD` names another program to kill.
#[test]
#[ignore = "takes minutes; the shorter one runs always"]
fn a_thousand_kills_lose_no_confirmed_answer() {
    kill_often(1_000);
}

/// The reviewer's one answer on a scene, and what came of it.
fn one_answer(scene: &Scene) -> Run {
    scene.review(&["--plain"], "w\nagreed with the owner\n\nq\n")
}

#[test]
fn a_second_reviewer_on_one_machine_is_told_where_the_review_is_open() {
    let scene = Scene::change("04-delete");
    scene.work_as(RAE);
    let mut first = Review::start(&scene);
    assert_eq!(first.decided(), Some(0));
    first.answer("agreed with the owner");
    assert_eq!(first.decided(), Some(1));
    one_answer(&scene)
        .must_end(4)
        .must_say("another countersign has this review open");
    first.kill();
    // The lock ends with its process.
    one_answer(&scene).must_end(3).must_say("2 of 8 decided");
}

#[test]
fn a_damaged_draft_is_set_aside_with_its_name_and_the_review_starts_anew() {
    let scene = Scene::change("04-delete");
    scene.work_as(RAE);
    one_answer(&scene).must_end(3).must_say("1 of 8 decided");
    let path = draft(&scene);
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replacen("agreed", "agr\u{1}d", 1);
    std::fs::write(&path, text.replacen("\"number\":1", "\"number\":7", 1)).unwrap();
    one_answer(&scene)
        .must_end(4)
        .must_say("the file was set aside as");
    let aside = |path: &Path| path.to_string_lossy().contains(".corrupt-");
    assert!(aside(&draft(&scene)));
    one_answer(&scene).must_end(3).must_say("1 of 8 decided");
}

#[test]
fn a_state_directory_that_cannot_be_written_is_said_before_anything_is_answered() {
    let scene = Scene::change("04-delete");
    scene.work_as(RAE);
    // Also root cannot make a directory below a file.
    std::fs::write(scene.beside("home/state"), "a file").unwrap();
    one_answer(&scene)
        .must_end(4)
        .must_say("a file stands where a directory is needed")
        .must_not_say("decided");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_answers_before_it_stay() {
    let scene = Scene::change("04-delete");
    scene.work_as(RAE);
    one_answer(&scene).must_end(3).must_say("1 of 8 decided");
    let size = std::fs::metadata(draft(&scene)).unwrap().len();
    // The shell's limit on the size of files stands for a disk that is full; git's files are there already.
    let script = format!(
        "trap '' XFSZ; ulimit -f {}; exec '{}' --plain",
        size.div_ceil(512),
        env!("CARGO_BIN_EXE_countersign")
    );
    let mut command = scene.command("sh");
    let long = "x".repeat(900);
    let input = format!("w\n{long}\n\nq\n");
    command.args(["-c", &script]);
    let run = Run::with_person(command, &input);
    let run = run.must_say("there is no space left, so make some and try again");
    assert_ne!(run.status, 0, "{run}");
    one_answer(&scene).must_end(3).must_say("2 of 8 decided");
}

/// Rewrites the times in the draft, as a clock would have written them that was so many days off.
fn as_by_another_clock(scene: &Scene, days: i64) {
    let path = draft(scene);
    let by = jiff::SignedDuration::from_hours(24 * days);
    let mut moved = 0;
    let lines = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<String> = lines
        .lines()
        .map(|line| {
            let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(at) = entry.get("at").and_then(serde_json::Value::as_str) {
                let at: jiff::Timestamp = at.parse().unwrap();
                let other = at.checked_add(by).unwrap().to_string();
                moved += 1;
                return line.replace(entry["at"].take().as_str().unwrap(), &other);
            }
            line.to_owned()
        })
        .collect();
    assert!(moved > 0, "{lines:?}");
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_clock_that_jumps_between_sessions_loses_no_answer_and_the_approval_counts() {
    for days in [-10, 2, 20] {
        let scene = Scene::change("04-delete");
        scene.work_as(RAE);
        one_answer(&scene).must_end(3).must_say("1 of 8 decided");
        as_by_another_clock(&scene, days);
        one_answer(&scene).must_end(3).must_say("2 of 8 decided");
        scene.approve(FINDINGS - 2);
        let note = scene.git(&["notes", "--ref", "refs/notes/countersign", "show", "HEAD"]);
        let record = countersign::approval::Record::parse(&note).unwrap();
        assert_eq!(record.statement().answers.len(), FINDINGS);
        scene.run(&["verify"]).must_end(0);
    }
}

#[test]
fn a_draft_that_was_not_touched_for_two_weeks_goes_and_the_next_review_says_so() {
    let scene = Scene::change("04-delete");
    scene.work_as(RAE);
    for (days, says, decided) in [
        (13, "Draft saved, not approved.", "2 of 8 decided"),
        (
            15,
            "A draft that was not touched for 14 days was removed.",
            "1 of 8 decided",
        ),
    ] {
        one_answer(&scene).must_end(3).must_say("1 of 8 decided");
        let file = std::fs::File::options()
            .write(true)
            .open(draft(&scene))
            .unwrap();
        let age = Duration::from_secs(days * 24 * 3600);
        file.set_modified(std::time::SystemTime::now() - age)
            .unwrap();
        drop(file);
        one_answer(&scene)
            .must_end(3)
            .must_say(says)
            .must_say(decided);
        std::fs::remove_file(draft(&scene)).unwrap();
    }
}

#[test]
fn an_approval_that_cannot_be_noted_leaves_no_record_and_the_answers_stay() {
    let scene = Scene::change("04-delete");
    scene.work_as(RAE);
    // Somebody else holds the reference, as a program that crashed does.
    scene.git(&[
        "notes",
        "--ref",
        "refs/notes/countersign",
        "add",
        "-m",
        "x",
        "main",
    ]);
    let lock = scene.path(".git/refs/notes/countersign.lock");
    std::fs::write(&lock, "").unwrap();
    let dialogue = scene.dialogue(FINDINGS) + "q\n";
    scene
        .review(&["--plain", "--record", "record.out"], dialogue)
        .must_end(3)
        .must_say("Nothing was approved")
        .must_say("8 of 8 decided");
    assert!(!scene.path("record.out").exists());
    scene.run(&["verify"]).must_end(3).must_say("no approval");
    std::fs::remove_file(lock).unwrap();
    scene.approve(0);
    scene.run(&["verify"]).must_end(0);
}
