//! Pictures of the screens, compared as text.

use ratatui::crossterm::event::KeyCode;

use super::fixture::{calm_case, case};
use super::rules::decided;
use super::*;

fn desk(size: (u16, u16)) -> Desk {
    Desk::sized(case(), Journal::default(), size)
}

#[test]
fn findings_at_three_sizes() {
    insta::assert_snapshot!("findings_80x24", desk((80, 24)).screen());
    insta::assert_snapshot!("findings_120x36", desk((120, 36)).screen());
    insta::assert_snapshot!("findings_60x16", desk((60, 16)).screen());
    insta::assert_snapshot!("findings_200x50", desk((200, 50)).screen());
}

#[test]
fn panes_and_lists() {
    let mut desk = desk((80, 24));
    insta::assert_snapshot!("source_80x24", desk.keys("3").screen());
    insta::assert_snapshot!("policy_80x24", desk.keys("4").screen());
    insta::assert_snapshot!("changes_80x24", desk.keys("25").screen());
    insta::assert_snapshot!("help_80x24", desk.keys("?").screen());
}

#[test]
fn editor_bulk_and_menus() {
    let mut desk = desk((80, 24));
    insta::assert_snapshot!("waive_80x24", desk.keys("wseed").screen());
    desk.press(KeyCode::Esc);
    insta::assert_snapshot!("filter_80x24", desk.keys("f").screen());
    let mut desk = Desk::new(calm_case());
    insta::assert_snapshot!("bulk_80x24", desk.keys("   a").screen());
    desk.press(KeyCode::Esc);
    insta::assert_snapshot!("palette_80x24", desk.keys(":un").screen());
}

#[test]
fn approve_blocked_and_open() {
    let mut blocked = desk((80, 24));
    insta::assert_snapshot!("approve_blocked_80x24", blocked.keys("A").screen());
    let mut open = Desk::new(decided());
    insta::assert_snapshot!("approve_open_80x24", open.keys("Aappr").screen());
    let mut glass = Desk::breaking_glass(decided(), "database is down, INC-31");
    insta::assert_snapshot!("break_glass_80x24", glass.keys("A").screen());
}

#[test]
fn loading_and_error() {
    let mut loading = Desk::empty((80, 24));
    loading.feed(Msg::Progress {
        stage: "read plan".to_owned(),
        done: 1,
        total: Some(1),
    });
    loading.feed(Msg::Progress {
        stage: "evaluate".to_owned(),
        done: 3120,
        total: Some(9000),
    });
    loading.draw();
    insta::assert_snapshot!("loading_80x24", loading.screen());
    let mut broken = case();
    broken.policies.evaluated = 3;
    broken.problems = vec![crate::policy::PolicyProblem {
        policy: Printable::line("no-destroy"),
        place: Some(Printable::line("policies/no_destroy.rego:7")),
        message: Printable::line("unexpected end of the rule."),
    }];
    insta::assert_snapshot!("policy_problem_80x24", Desk::new(broken).screen());
}
