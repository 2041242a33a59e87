//! Random keys.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fixture::{calm_case, case};
use super::*;
use crate::decision::Decision;
use crate::digest::Digest;
use crate::review::verdict;
use crate::tui::layout::too_small;
use crate::tui::queue::Row;

const SIZES: [(u16, u16); 6] = [(80, 24), (60, 16), (120, 36), (200, 50), (20, 5), (1, 1)];

fn any_key() -> impl Strategy<Value = KeyEvent> {
    let plain = prop_oneof![
        4 => proptest::sample::select("jkhlgGnpNabwrcuUA:?/fxzd123456{}[]eyY q\u{e9}\u{202e}\u{65e5}".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        2 => Just(KeyCode::Enter),
        2 => Just(KeyCode::Esc),
        1 => proptest::sample::select(vec![
            KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::Home,
            KeyCode::End, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Backspace, KeyCode::Delete, KeyCode::F(5),
        ]),
    ];
    (
        plain,
        prop_oneof![5 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::CONTROL)],
    )
        .prop_map(|(code, modifiers)| KeyEvent::new(code, modifiers))
}

/// What a reviewer does, rather than single keys, so that most sequences answer something.
fn any_step() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "a", "a", " a", "  a2\n", "   r", "w", "r", "c", "u", "u", "U", "n", "p", "j", "k", "b",
        "G", "}", "{", "h", "l", "5", "1", "/worth\n", "f j \n", "x", "z", "\u{1b}",
    ])
}

/// Does one step; a text that is asked for is given.
fn take(desk: &mut Desk, step: &str) {
    for c in step.chars() {
        match c {
            '\n' => desk.press(KeyCode::Enter),
            '\u{1b}' => desk.press(KeyCode::Esc),
            c => desk.keys(c.encode_utf8(&mut [0; 4])),
        };
    }
    if matches!(
        desk.model.windows.last(),
        Some(crate::tui::model::Window::Editor(_))
    ) {
        desk.reason("agreed with the owner");
    }
    if let Some(crate::tui::model::Window::Bulk(bulk)) = desk.model.windows.last() {
        let number = bulk.findings.len().to_string();
        desk.ctrl('u').keys(&number).press(KeyCode::Enter);
    }
    while !desk.model.windows.is_empty() {
        desk.press(KeyCode::Esc);
    }
}

/// What stands, without the numbers of the entries.
fn standing(journal: &Journal) -> BTreeMap<Digest, (Decision, Digest)> {
    let decisions = journal.decisions().into_iter();
    decisions
        .map(|(finding, recorded)| (finding, (recorded.decision, recorded.content)))
        .collect()
}

/// The draft, the journal, the states and the drawn rows say the same.
fn agree(desk: &Desk) -> Result<(), TestCaseError> {
    let review = desk.review();
    prop_assert_eq!(review.journal.entries(), desk.draft.as_slice());
    prop_assert!(review.unsaved.is_empty());
    let read = Journal::from_entries(desk.draft.clone()).unwrap();
    let anew = verdict(&review.case, &read, desk.now);
    let states = |verdict: &crate::review::Verdict| -> Vec<Status> {
        verdict.states.iter().map(|state| state.status).collect()
    };
    prop_assert_eq!(states(&anew), states(&review.verdict));
    prop_assert_eq!(anew.exit, review.verdict.exit);
    for group in &review.queue.groups {
        let left = group
            .members
            .iter()
            .filter(|index| review.status(**index).is_undecided());
        prop_assert_eq!(left.count(), group.left);
    }
    if too_small(desk.model.size) || !desk.model.windows.is_empty() {
        return Ok(());
    }
    let screen = desk.screen();
    let decided = anew
        .states
        .iter()
        .filter(|state| !state.status.is_undecided())
        .count();
    let progress = format!("{decided}/{} decided", anew.states.len());
    prop_assert!(screen.contains(&progress), "{}\n{}", progress, screen);
    let Some(list) = review.places(desk.model.size).list else {
        return Ok(());
    };
    if review.list != crate::tui::model::List::Findings {
        return Ok(());
    }
    let lines: Vec<&str> = screen.lines().collect();
    let height = usize::from(list.height.saturating_sub(1));
    for (at, row) in review
        .queue
        .rows
        .iter()
        .skip(review.queue.top)
        .take(height)
        .enumerate()
    {
        if let Row::Finding(index, _) = row {
            let line = lines[usize::from(list.y) + 1 + at];
            let drawn = line.chars().skip(usize::from(list.x)).nth(3);
            let letter = match anew.states[*index].status {
                Status::Open => '?',
                Status::Waived => 'w',
                Status::Acknowledged => 'a',
                Status::Rejected => 'x',
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(drawn, Some(letter), "{}", line);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_keys_never_panic_and_a_bare_enter_or_escape_never_decides(
        keys in proptest::collection::vec(any_key(), 1..120),
        size in proptest::sample::select(SIZES.to_vec()),
        calm in any::<bool>(),
    ) {
        let mut desk = Desk::sized(if calm { calm_case() } else { case() }, Journal::default(), size);
        for key in keys {
            let bare = desk.model.windows.is_empty();
            let before = standing(&desk.review().journal);
            desk.event(key);
            if matches!(key.code, KeyCode::Esc) || (key.code == KeyCode::Enter && bare) {
                prop_assert_eq!(standing(&desk.review().journal), before);
            }
            prop_assert!(!desk.asked.contains(&Effect::Approve));
            if desk.outcome.take().is_some() {
                break;
            }
        }
        agree(&desk)?;
    }

    #[test]
    fn the_draft_and_the_screen_never_disagree(
        steps in proptest::collection::vec((any_step(), proptest::bool::weighted(0.1)), 1..40),
        size in proptest::sample::select(SIZES[..4].to_vec()),
        calm in any::<bool>(),
    ) {
        let mut desk = Desk::sized(if calm { calm_case() } else { case() }, Journal::default(), size);
        for (step, fails) in steps {
            desk.disk_full = fails;
            take(&mut desk, step);
            desk.disk_full = false;
            agree(&desk)?;
        }
    }

    #[test]
    fn undo_then_redo_and_redo_then_undo_change_nothing(
        steps in proptest::collection::vec(any_step(), 1..30),
    ) {
        let mut desk = Desk::new(calm_case());
        for step in steps {
            take(&mut desk, step);
            let before = standing(&desk.review().journal);
            let notes = desk.review().journal.notes();
            if desk.review().journal.last_redoable().is_empty() {
                if desk.review().journal.last_undoable().is_empty() {
                    continue;
                }
                desk.keys("uU");
            } else {
                desk.keys("Uu");
            }
            prop_assert_eq!(standing(&desk.review().journal), before);
            prop_assert_eq!(desk.review().journal.notes(), notes);
        }
    }
}
