//! Pictures of the reviewer for the README, drawn from the embedded example as SVG.
//!
//! `cargo test --test integration pictures -- --ignored` makes them anew in `testdata/pictures`; look at them before committing.

use std::fs;
use std::ops::Range;

use countersign::decision::Journal;
use countersign::load::{PlanSource, Request, load};
use countersign::text::Printable;
use countersign::tui::{Effect, Loaded, Model, Msg, update, view};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};

use crate::scene::{Scene, package};

/// Width and height of a character.
const CELL: (f64, f64) = (8.4, 18.0);
const SIZE: f64 = 14.0;
const FRAME: f64 = 12.0;
const GROUND: &str = "#161922";
const TEXT: &str = "#d6d9e4";

/// A name, the size of the terminal and the keys that lead there.
const PICTURES: [(&str, (u16, u16), &str); 3] = [
    ("findings", (120, 32), "jjj"),
    ("changes", (120, 32), "5}j"),
    ("approve", (100, 26), "A"),
];

#[test]
#[ignore = "writes to testdata/pictures"]
fn pictures_are_made() {
    for (name, svg) in drawn() {
        fs::write(
            package("testdata/pictures").join(format!("{name}.svg")),
            svg,
        )
        .unwrap();
    }
}

#[test]
fn every_picture_shows_its_screen_and_loads_nothing() {
    let words = ["no-destroy", "module.service", "approv"];
    for ((name, svg), word) in drawn().into_iter().zip(words) {
        assert!(svg.contains(word), "{name} lacks {word}");
        let bare = svg.replace("http://www.w3.org/2000/svg", "");
        for outside in ["http", "href", "url(", "<script", "<image"] {
            assert!(!bare.contains(outside), "{name} holds {outside}");
        }
    }
}

fn drawn() -> Vec<(&'static str, String)> {
    let scene = Scene::new();
    let run = scene
        .run(&["demo", "--check", "--keep", "--quiet"])
        .must_end(1);
    let kept = run
        .stderr
        .lines()
        .chain(run.stdout.lines())
        .find_map(|line| line.strip_prefix("kept: "))
        .unwrap();
    let request = Request {
        plans: vec![PlanSource::File("plan.json".into())],
        directory: kept.into(),
        plan_file: None,
        repo: Some(kept.into()),
        base: Some("main".to_owned()),
        head: None,
        diff: None,
        policies: Vec::new(),
        data: Vec::new(),
        trust: None,
        baseline: None,
        keep_values: true,
        fail_on_warn: false,
        env: std::collections::BTreeMap::new(),
        now: now(),
        threads: 2,
    };
    let pictures = PICTURES.map(|(name, size, keys)| {
        let mut case = load(&request, &|_, _, _| {}).unwrap().case;
        case.reviewer = Some(countersign::decision::Identity {
            name: "Rae Okafor".to_owned(),
            email: "rae@example.com".to_owned(),
        });
        (name, picture(case, size, keys))
    });
    pictures.into()
}

fn now() -> Timestamp {
    "2026-11-22T14:00:00Z".parse().unwrap()
}

/// Plays keys on a case and draws the screen.
fn picture(
    case: countersign::review::ReviewCase,
    (width, height): (u16, u16),
    keys: &str,
) -> String {
    let mut model = Model::loading();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let loaded = Loaded {
        case,
        journal: Journal::default(),
        resumed: false,
        draft_note: "draft new".to_owned(),
        signs_with: Some(Printable::line("ssh-ed25519, from git's user.signingKey")),
        writes_to: Some(Printable::line("refs/notes/countersign")),
        break_glass: None,
    };
    let mut messages = vec![Msg::Resize { width, height }, Msg::Loaded(Box::new(loaded))];
    messages.extend(
        keys.chars()
            .map(|key| Msg::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE))),
    );
    for message in messages {
        feed(&mut model, message);
        terminal.draw(|frame| view(&model, frame)).unwrap();
        feed(&mut model, Msg::Drawn);
    }
    terminal.draw(|frame| view(&model, frame)).unwrap();
    svg(terminal.backend().buffer())
}

fn feed(model: &mut Model, message: Msg) {
    for effect in update(model, message, now()) {
        let reply = match effect {
            Effect::Persist(entry) => Some(Msg::Persisted(Ok(entry.number))),
            Effect::Recheck => Some(Msg::Rechecked(Ok(()))),
            _ => None,
        };
        if let Some(reply) = reply {
            feed(model, reply);
        }
    }
}

/// A screen as SVG: one text element for each word of one style, at its column.
fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let width = f64::from(columns) * CELL.0 + 2.0 * FRAME;
    let height = f64::from(rows) * CELL.1 + 2.0 * FRAME;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n\
         <g font-family=\"ui-monospace, 'SF Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{SIZE}\" xml:space=\"preserve\">\n"
    );
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let first = &buffer[(x, y)];
            let mut end = x + 1;
            while end < columns && look(&buffer[(end, y)]) == look(first) {
                end += 1;
            }
            run(&mut out, buffer, y, x..end);
            x = end;
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn look(cell: &Cell) -> (Color, Color, Modifier) {
    (cell.fg, cell.bg, cell.modifier)
}

/// Cells of one style: the ground where it is not the screen's, and each word at its own column, whatever the font.
fn run(out: &mut String, buffer: &Buffer, y: u16, columns: Range<u16>) {
    let style = &buffer[(columns.start, y)];
    let left = |x: u16| FRAME + f64::from(x) * CELL.0;
    let top = FRAME + f64::from(y) * CELL.1;
    let mut ink = colour(style.fg);
    if style.modifier.contains(Modifier::REVERSED) {
        out.push_str(&format!(
            "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{ink}\"/>\n",
            left(columns.start),
            f64::from(columns.end - columns.start) * CELL.0,
            CELL.1
        ));
        ink = GROUND;
    }
    let bold = style.modifier.contains(Modifier::BOLD);
    let weight = if bold { " font-weight=\"bold\"" } else { "" };
    let mut x = columns.start;
    while x < columns.end {
        let word: String = (x..columns.end)
            .map(|at| buffer[(at, y)].symbol())
            .take_while(|symbol| *symbol != " ")
            .collect();
        let wide = u16::try_from(word.chars().count()).unwrap();
        if wide > 0 {
            let escaped = word
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            out.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{weight}>{escaped}</text>\n",
                left(x),
                top + 13.5,
                CELL.0 * f64::from(wide)
            ));
        }
        x += wide + 1;
    }
}

fn colour(colour: Color) -> &'static str {
    match colour {
        Color::Red => "#f2707a",
        Color::Green => "#8fd48a",
        Color::Yellow => "#e0bf6a",
        Color::Blue => "#74aef5",
        Color::Magenta => "#cf8ee6",
        Color::Cyan => "#62c6c4",
        Color::DarkGray => "#707687",
        _ => TEXT,
    }
}
