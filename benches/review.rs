//! From a key to the cells of the frame: `update` and `view` of the reviewer, over a plan of 50,000 resource changes.
//!
//! `cargo bench --bench review` expands the demonstration's plan; `cargo bench --bench review -- FILE...` takes plans of your own. Each line
//! is one kind of key: how often it was pressed, the median, the slowest, in milliseconds. A screen of 120 columns and 36 rows.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::cast_precision_loss
)]

mod common;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Instant;

use countersign::decision::Journal;
use countersign::load;
use countersign::tui::{Effect, Loaded, Model, Msg, update, view};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const SIZE: (u16, u16) = (120, 36);

/// Kinds of keys: a name, what is pressed, how often. `\n` is Enter, `^` Esc.
const KEYS: [(&str, &str, usize); 22] = [
    ("down", "j", 200),
    ("up", "k", 100),
    ("next undecided", "n", 100),
    ("last", "G", 5),
    ("first", "gg", 5),
    ("next group", "}", 20),
    ("fold", "h", 1),
    ("unfold", "l", 1),
    ("group by", "b", 10),
    ("reject", "rnot before the freeze ends", 3),
    ("acknowledge", "a", 5),
    ("undo", "u", 3),
    ("redo", "U", 3),
    ("note", "cseen", 3),
    ("filter window", "f", 3),
    ("filter by text", "/data\n", 3),
    ("all again", "^", 3),
    ("changes", "5", 2),
    ("down in changes", "j", 200),
    ("last change", "G", 3),
    ("search changes", "/primary\n", 3),
    ("approve screen", "A", 3),
];

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let directory = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = if arguments.is_empty() {
        vec![common::expand(directory.path(), 50_000)]
    } else {
        arguments.iter().map(PathBuf::from).collect()
    };
    for file in &files {
        measure(file);
    }
}

struct Screen {
    model: Model,
    terminal: Terminal<TestBackend>,
    now: jiff::Timestamp,
}

impl Screen {
    fn feed(&mut self, msg: Msg) {
        let mut effects: VecDeque<Effect> = update(&mut self.model, msg, self.now).into();
        while let Some(effect) = effects.pop_front() {
            let reply = match effect {
                Effect::Persist(entry) => Msg::Persisted(Ok(entry.number)),
                Effect::Recheck => Msg::Rechecked(Ok(())),
                _ => continue,
            };
            effects.extend(update(&mut self.model, reply, self.now));
        }
    }

    /// One turn of the loop: a message, a frame, and what the frame showed.
    fn turn(&mut self, msg: Msg) -> f64 {
        let started = Instant::now();
        self.feed(msg);
        let model = &self.model;
        self.terminal.draw(|frame| view(model, frame)).unwrap();
        self.feed(Msg::Drawn);
        started.elapsed().as_secs_f64() * 1e3
    }

    fn press(&mut self, code: KeyCode, modifiers: KeyModifiers) -> f64 {
        self.now += jiff::SignedDuration::from_secs(1);
        self.turn(Msg::Key(KeyEvent::new(code, modifiers)))
    }

    fn keys(&mut self, keys: &str) -> f64 {
        let mut slowest: f64 = 0.0;
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '^' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            slowest = slowest.max(self.press(code, KeyModifiers::NONE));
        }
        slowest
    }
}

fn measure(file: &Path) {
    let loaded = load::load(&common::request(file), &|_, _, _| {}).unwrap();
    println!(
        "{}: {} changes, {} findings",
        file.file_name().unwrap().to_string_lossy(),
        loaded.case.plans[0].plan.changes.len(),
        loaded.case.findings.len()
    );
    let mut screen = Screen {
        model: Model::loading(),
        terminal: Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap(),
        now: common::loaded_at(),
    };
    let (width, height) = SIZE;
    let first = screen.turn(Msg::Resize { width, height });
    println!("{:<18} {:>5} {first:>8.2} {first:>8.2}", "first frame", 1);
    let case = Loaded {
        case: loaded.case,
        journal: Journal::default(),
        resumed: false,
        draft_note: String::new(),
        signs_with: None,
        writes_to: None,
        break_glass: None,
    };
    let begun = screen.turn(Msg::Loaded(Box::new(case)));
    println!("{:<18} {:>5} {begun:>8.2} {begun:>8.2}", "loaded", 1);
    for (name, keys, times) in KEYS {
        let mut taken: Vec<f64> = (0..times)
            .map(|_| {
                let mut slowest = screen.keys(keys);
                if keys.starts_with(['r', 'c']) {
                    slowest = slowest.max(screen.press(KeyCode::Char('s'), KeyModifiers::CONTROL));
                }
                if keys.starts_with(['f', 'A']) {
                    slowest = slowest.max(screen.keys("^"));
                }
                slowest
            })
            .collect();
        taken.sort_by(f64::total_cmp);
        println!(
            "{name:<18} {times:>5} {:>8.2} {:>8.2}",
            taken[taken.len() / 2],
            taken[taken.len() - 1]
        );
    }
}
