//! The mouse: it moves and never decides.

use proptest::prelude::*;
use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::fixture::case;
use super::*;
use crate::tui::model::{List, Pane};

impl Desk {
    /// Does something with the mouse at a column and a row, and looks at the screen.
    fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16)) -> &mut Self {
        let event = MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        };
        self.feed(Msg::Mouse(event));
        self.draw();
        self
    }

    fn click(&mut self, at: (u16, u16)) -> &mut Self {
        self.mouse(MouseEventKind::Down(MouseButton::Left), at)
    }

    /// Where a text stands on the screen.
    fn at(&self, text: &str) -> (u16, u16) {
        let screen = self.screen();
        let (row, line) = screen
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(text))
            .unwrap();
        let before = line.split(text).next().unwrap();
        let column = crate::text::display_width(before);
        (column.try_into().unwrap(), row.try_into().unwrap())
    }
}

#[test]
fn a_click_moves_the_cursor_or_the_focus_and_decides_nothing() {
    let mut desk = Desk::new(case());
    let at = desk.at("terraform_data.counted[2]");
    desk.click(at);
    assert!(
        desk.sees(">  ? terraform_data.counted[2]"),
        "{}",
        desk.screen()
    );
    // On a tab: that pane; in a pane: the focus; in the list: back.
    let at = desk.at("4 Policy");
    desk.click(at);
    assert!(desk.review().in_pane && desk.review().pane == Pane::Policy);
    assert!(desk.sees("Reports every object"), "{}", desk.screen());
    let at = desk.at("terraform_data.dropped");
    desk.click(at);
    assert!(!desk.review().in_pane);
    // Beside everything nothing happens.
    for at in [(0, 0), (79, 23), (200, 200)] {
        desk.click(at);
    }
    assert!(
        desk.sees(">  ? terraform_data.dropped"),
        "{}",
        desk.screen()
    );
    desk.keys("5");
    assert_eq!(desk.review().list, List::Changes);
    let at = desk.at("terraform_data.keyed");
    desk.click(at);
    assert!(desk.sees(">?  - terraform_data.keyed"), "{}", desk.screen());
    assert_eq!(desk.decided(), 0);
}

#[test]
fn the_wheel_scrolls_what_is_below_it() {
    let mut desk = Desk::new(case());
    let before = desk.review().queue.cursor;
    desk.mouse(MouseEventKind::ScrollDown, (10, 4));
    assert_eq!(desk.review().queue.cursor, before + 3);
    desk.mouse(MouseEventKind::ScrollUp, (10, 4));
    assert_eq!(desk.review().queue.cursor, before);
    desk.keys("4");
    desk.mouse(MouseEventKind::ScrollDown, (10, 16));
    assert_eq!(desk.review().panes[&Pane::Policy].top, 3);
    for _ in 0..200 {
        desk.mouse(MouseEventKind::ScrollDown, (10, 16));
    }
    let scroll = &desk.review().panes[&Pane::Policy];
    assert!(
        scroll.top < scroll.lines.len(),
        "the end stays on the screen"
    );
    assert_eq!(desk.review().queue.cursor, before);
}

#[test]
fn over_a_window_the_wheel_moves_in_it_and_clicks_do_nothing() {
    let mut desk = Desk::new(case());
    desk.keys("A");
    let before = desk.screen();
    desk.click((10, 22)).click((40, 10));
    assert_eq!(desk.screen(), before);
    desk.keys("").mouse(MouseEventKind::ScrollDown, (40, 10));
    desk.press(KeyCode::Esc).keys("?");
    let before = desk.screen();
    desk.mouse(MouseEventKind::ScrollDown, (40, 10));
    assert_ne!(desk.screen(), before);
    desk.press(KeyCode::Esc).keys("w");
    desk.click((40, 10))
        .mouse(MouseEventKind::ScrollDown, (40, 10));
    assert!(desk.sees("Expires"), "{}", desk.screen());
    assert_eq!(desk.decided(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_mouse_decides(
        moves in proptest::collection::vec((0..6_u8, 0..130_u16, 0..40_u16, "[?A5f:w1z]?"), 1..40),
    ) {
        let mut desk = Desk::sized(case(), Journal::default(), (120, 36));
        for (kind, column, row, key) in moves {
            desk.keys(&key);
            let kind = match kind {
                0 | 1 => MouseEventKind::Down(MouseButton::Left),
                2 => MouseEventKind::Down(MouseButton::Right),
                3 => MouseEventKind::ScrollDown,
                4 => MouseEventKind::ScrollUp,
                _ => MouseEventKind::Drag(MouseButton::Left),
            };
            desk.mouse(kind, (column, row));
        }
        prop_assert_eq!(desk.decided(), 0);
        prop_assert_eq!(desk.outcome, None);
    }
}
