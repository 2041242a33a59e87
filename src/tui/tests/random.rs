//! Random keys.

use proptest::prelude::*;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fixture::{calm_case, case};
use super::*;

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_keys_never_panic_and_a_bare_enter_or_escape_never_decides(
        keys in proptest::collection::vec(any_key(), 1..120),
        size in proptest::sample::select(vec![(80_u16, 24_u16), (60, 16), (120, 36), (200, 50), (20, 5)]),
        calm in any::<bool>(),
    ) {
        let mut desk = Desk::sized(if calm { calm_case() } else { case() }, Journal::default(), size);
        for key in keys {
            let bare = desk.model.windows.is_empty();
            let before = desk.decided();
            desk.event(key);
            if matches!(key.code, KeyCode::Esc) || (key.code == KeyCode::Enter && bare) {
                prop_assert_eq!(desk.decided(), before);
            }
            prop_assert!(!desk.asked.contains(&Effect::Approve));
            if desk.outcome.take().is_some() {
                break;
            }
        }
        prop_assert_eq!(desk.review().journal.entries(), desk.draft.as_slice());
    }
}
