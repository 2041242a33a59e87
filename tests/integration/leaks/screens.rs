//! Every screen of the reviewer, walked through with keys at several sizes.

use std::collections::VecDeque;

use countersign::decision::Journal;
use countersign::load::Loaded;
use countersign::review::Exit;
use countersign::text::Printable;
use countersign::tui::{self, Effect, Model, Msg, update, view};
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Case, Tally};

/// Columns and rows; the last has room for values side by side.
const SIZES: &[(u16, u16)] = &[(60, 16), (80, 24), (120, 36), (170, 50)];

/// Most rows of each list that are opened.
const ROWS: usize = 8;

/// Most pages of one pane.
const PAGES: usize = 3;

struct Desk<'a> {
    case: &'a Case,
    tally: &'a mut Tally,
    model: Model,
    terminal: Terminal<TestBackend>,
    now: Timestamp,
    last: String,
}

/// Shows everything there is to be seen of a case.
pub(super) fn walk(case: &Case, loaded: Loaded, tally: &mut Tally) {
    let mut desk = Desk {
        case,
        tally,
        model: Model::loading(),
        terminal: Terminal::new(TestBackend::new(80, 24)).unwrap(),
        now: Timestamp::now(),
        last: String::new(),
    };
    desk.feed(Msg::Progress {
        stage: "read the plan".to_owned(),
        done: 1,
        total: None,
    });
    desk.draw();
    desk.feed(Msg::Loaded(Box::new(tui::Loaded {
        case: loaded.case,
        journal: Journal::default(),
        resumed: false,
        draft_note: "draft new".to_owned(),
        signs_with: None,
        writes_to: Some(Printable::line("refs/notes/countersign")),
        break_glass: None,
    })));
    // Each case at two sizes, and each size in many cases.
    for offset in [0, 2] {
        desk.size(SIZES[(case.number / 2 + offset + case.number) % SIZES.len()]);
        desk.all();
    }
    assert!(!desk.last.is_empty(), "nothing was drawn");
}

/// The screen of a review that could not be loaded.
pub(super) fn failure(case: &Case, heading: &str, causes: &[String], tally: &mut Tally) {
    for size in SIZES {
        let mut desk = Desk {
            case,
            tally,
            model: Model::loading(),
            terminal: Terminal::new(TestBackend::new(size.0, size.1)).unwrap(),
            now: Timestamp::now(),
            last: String::new(),
        };
        desk.feed(Msg::Failed(tui::Failure {
            heading: Printable::lines(heading),
            causes: causes.iter().map(|cause| Printable::line(cause)).collect(),
            hint: None,
            not_checked: Vec::new(),
            exit: Exit::Input,
        }));
        desk.size(*size);
    }
}

impl Desk<'_> {
    fn size(&mut self, (width, height): (u16, u16)) {
        self.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        self.feed(Msg::Resize { width, height });
        self.draw();
    }

    /// Opens the lists, the panes of each row, and every window.
    fn all(&mut self) {
        for list in ["1", "5"] {
            self.keys(list).keys("gg");
            let mut before = String::new();
            for _ in 0..ROWS {
                for pane in ["2", "3", "4"] {
                    self.keys(pane).press(KeyCode::Tab).pages();
                    self.press(KeyCode::BackTab);
                }
                self.keys("2x").press(KeyCode::Tab).pages();
                self.keys("s").pages();
                self.keys("lll").keys("hhh");
                self.press(KeyCode::BackTab).keys("xs");
                self.keys("yY");
                let shown = self.last.clone();
                self.keys(list).keys("}jj");
                if self.last == before || self.last == shown {
                    break;
                }
                before.clone_from(&self.last);
            }
            self.keys("G");
        }
        self.keys("1ggn");
        for _ in 0..5 {
            // Groups by each thing, then back to the first.
            self.keys("b").keys("{").keys("}");
        }
        for open in ["?", "f", ":", "/", "z", "z", "w", "c", "r", "A", " ", "e"] {
            self.keys(open);
            self.press(KeyCode::PageDown);
            self.ctrl('e');
            self.press(KeyCode::Esc).press(KeyCode::Esc);
        }
        self.keys("1ggn").keys("w");
        self.keys("agreed with the owner").ctrl('s');
        self.keys("c").keys("a note on it").ctrl('s');
        self.keys("gg").keys("u").keys("U").keys("A");
        self.press(KeyCode::PageDown).press(KeyCode::Esc);
        let words: Vec<String> = self
            .case
            .secrets
            .iter()
            .take(3)
            .map(|s| s.whole.chars().take(6).collect())
            .collect();
        for word in words {
            self.keys("/").keys(&word);
            self.press(KeyCode::Esc).press(KeyCode::Esc);
        }
    }

    fn pages(&mut self) -> &mut Self {
        self.keys("gg");
        for _ in 0..PAGES {
            let before = self.last.clone();
            self.press(KeyCode::PageDown);
            if self.last == before {
                break;
            }
        }
        self
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        for c in keys.chars() {
            self.press(KeyCode::Char(c));
        }
        self
    }

    fn ctrl(&mut self, c: char) -> &mut Self {
        self.event(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))
    }

    fn press(&mut self, code: KeyCode) -> &mut Self {
        self.event(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn event(&mut self, event: KeyEvent) -> &mut Self {
        self.now = self.now.checked_add(SignedDuration::from_secs(2)).unwrap();
        self.feed(Msg::Key(event));
        self.draw();
        self
    }

    fn feed(&mut self, msg: Msg) {
        let mut effects: VecDeque<Effect> = update(&mut self.model, msg, self.now).into();
        while let Some(effect) = effects.pop_front() {
            let reply = match effect {
                Effect::Persist(entry) => {
                    let line = serde_json::to_string(&entry).unwrap();
                    self.tally
                        .search(self.case, "entries of the journal", &line);
                    Some(Msg::Persisted(Ok(entry.number)))
                }
                Effect::Copy(text) => {
                    self.tally.search(self.case, "clipboard", &text);
                    None
                }
                Effect::EditText { initial } => {
                    self.tally
                        .search(self.case, "texts for the editor", &initial);
                    Some(Msg::EditorClosed(None))
                }
                Effect::OpenEditor { file, .. } => {
                    self.tally.search(self.case, "files for the editor", &file);
                    None
                }
                Effect::Recheck => Some(Msg::Rechecked(Ok(()))),
                Effect::Approve => Some(Msg::Approved(Ok("refs/notes/countersign".to_owned()))),
                _ => None,
            };
            if let Some(reply) = reply {
                effects.extend(update(&mut self.model, reply, self.now));
            }
        }
    }

    /// Draws, and searches the screen when it is another than the last one.
    fn draw(&mut self) {
        let model = &self.model;
        self.terminal.draw(|frame| view(model, frame)).unwrap();
        self.feed(Msg::Drawn);
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let mut screen = String::new();
        for row in buffer.content.chunks(width) {
            screen.extend(row.iter().map(ratatui::buffer::Cell::symbol));
            screen.push('\n');
        }
        if screen != self.last {
            self.tally.search(self.case, sink(width), &screen);
            self.last = screen;
        }
    }
}

fn sink(width: usize) -> &'static str {
    match width {
        60 => "screens of 60x16",
        80 => "screens of 80x24",
        120 => "screens of 120x36",
        _ => "screens of 170x50",
    }
}
