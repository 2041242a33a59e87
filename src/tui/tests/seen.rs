//! What counts as seen, and what typed keys count for.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fixture::{DELETE, calm_case, case, case_of};
use super::rules::words;
use super::*;

#[test]
fn words_that_come_before_the_approve_screen_could_be_read_are_no_words() {
    let ready = || {
        let mut desk = Desk::new(calm_case());
        desk.keys("5gg").keys(&"j".repeat(20)).keys("1");
        while desk.decided() < 4 {
            desk.keys("a");
        }
        desk
    };
    let mut desk = ready();
    let words = words(&desk);
    desk.keys("A");
    assert!(desk.sees("Type  approve"), "{}", desk.screen());
    // A burst that follows at once, as from a program or a paste that the terminal does not mark.
    let mut hasty = ready();
    hasty.unseen('A');
    hasty.glance();
    for c in words.chars() {
        hasty.feed(Msg::Key(KeyEvent::new(
            KeyCode::Char(c),
            KeyModifiers::NONE,
        )));
        hasty.glance();
    }
    hasty.feed(Msg::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)));
    assert!(!hasty.asked.contains(&Effect::Approve));
    desk.keys(&words).press(KeyCode::Enter);
    assert!(desk.asked.contains(&Effect::Approve));
}

#[test]
fn a_reason_that_is_typed_after_a_refusal_is_no_command() {
    let mut desk = Desk::new(calm_case());
    desk.keys("w");
    assert!(desk.model.windows.is_empty());
    for c in "all fine, as agreed with Ada\n".chars() {
        let step = SignedDuration::from_millis(250);
        desk.now = desk.now.checked_add(step).unwrap();
        let code = match c {
            '\n' => KeyCode::Enter,
            c => KeyCode::Char(c),
        };
        desk.feed(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        desk.glance();
    }
    assert_eq!(desk.decided(), 0);
    assert!(desk.model.windows.is_empty());
    // After a rest the keys are keys again.
    desk.keys("a");
    assert_eq!(desk.decided(), 1);
}

#[test]
fn of_two_changes_at_one_address_each_must_be_seen() {
    let mut tree: serde_json::Value = serde_json::from_slice(DELETE).unwrap();
    let rows = tree["resource_changes"].as_array_mut().unwrap();
    let dropped = rows
        .iter()
        .find(|row| row["address"] == "terraform_data.dropped")
        .unwrap()
        .clone();
    rows.push(dropped);
    let case = case_of(tree.to_string().as_bytes(), |_, _| Vec::new());
    let mut at: Vec<usize> = Vec::new();
    for (index, change) in case.plans[0].plan.changes.iter().enumerate() {
        if change.address == "terraform_data.dropped" {
            at.push(index);
        }
    }
    assert_eq!(at.len(), 2);
    assert_ne!(case.display_mark(0, at[0]), case.display_mark(0, at[1]));
    // And of two plans with the same bytes.
    let mut twice = super::fixture::case();
    let mut other = super::fixture::case().plans.remove(0);
    other.root = "prod/plan.json".to_owned();
    twice.plans.push(other);
    assert_ne!(twice.display_mark(0, at[0]), twice.display_mark(1, at[0]));
}

#[test]
fn in_the_list_of_changes_the_next_one_is_one_that_must_be_seen() {
    let mut desk = Desk::new(case());
    desk.keys("5gg");
    let before = desk.displayed();
    for step in 1..=8 - before {
        desk.keys("n");
        assert_eq!(desk.displayed(), before + step, "{}", desk.screen());
        assert_eq!(desk.review().list, crate::tui::model::List::Changes);
    }
    // When all were seen, what is next is a finding.
    desk.keys("n");
    assert_eq!(desk.review().list, crate::tui::model::List::Findings);
}

#[test]
fn the_pane_of_a_group_follows_what_the_list_is_grouped_by() {
    let mut desk = Desk::sized(case(), Journal::default(), (120, 36));
    desk.keys("gg");
    assert!(desk.sees("8 of 8 left"), "{}", desk.screen());
    desk.keys("bb");
    desk.keys("gg");
    let group = desk.review().queue.groups[0].name.clone();
    let pane = &desk.review().panes[&crate::tui::model::Pane::Change].lines;
    assert_eq!(pane[0].plain().split("  ").next(), Some(group.as_str()));
}
