//! The rules of the review, one by one.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::fixture::{DELETE, SENSITIVE, calm_case, case, case_of, finding};
use super::*;
use crate::decision::{Decision, DecisionKey, Identity};
use crate::digest::Digest;
use crate::finding::Enforcement;

#[test]
fn enter_and_escape_decide_nothing_anywhere() {
    let mut desk = Desk::new(calm_case());
    for _ in 0..30 {
        desk.press(KeyCode::Enter)
            .press(KeyCode::Esc)
            .press(KeyCode::Enter)
            .keys("j");
    }
    for open in ["A", "f", ":", "/", "?"] {
        desk.press(KeyCode::Esc)
            .press(KeyCode::Esc)
            .keys(open)
            .press(KeyCode::Enter)
            .press(KeyCode::Enter);
    }
    assert_eq!(desk.decided(), 0);
    assert_eq!(desk.outcome, None);
}

#[test]
fn a_decision_is_refused_when_the_last_frame_showed_another_finding() {
    let mut desk = Desk::new(calm_case());
    desk.unseen('j').unseen('a');
    assert_eq!(desk.decided(), 0);
    desk.draw();
    assert!(desk.sees("the screen had not shown this finding yet"));
    desk.keys("a");
    assert_eq!(desk.decided(), 1);
}

#[test]
fn a_resized_screen_must_be_drawn_before_it_decides() {
    let mut desk = Desk::new(calm_case());
    desk.feed(Msg::Resize {
        width: 100,
        height: 30,
    });
    desk.unseen('a');
    assert_eq!(desk.decided(), 0);
}

#[test]
fn a_repeated_key_moves_but_never_acts() {
    let mut desk = Desk::new(calm_case());
    let before = desk.review().queue.cursor;
    desk.repeat('j');
    assert_eq!(desk.review().queue.cursor, before + 1);
    for key in ['a', 'w', 'r', 'c', 'u', 'A', ' ', 'q'] {
        desk.repeat(key);
    }
    assert_eq!(desk.decided(), 0);
    assert!(desk.model.windows.is_empty());
    assert_eq!(desk.outcome, None);
}

#[test]
fn a_held_key_that_comes_as_new_presses_decides_once() {
    let mut desk = Desk::new(calm_case());
    desk.keys("a");
    for _ in 0..20 {
        desk.now = desk
            .now
            .checked_add(SignedDuration::from_millis(33))
            .unwrap();
        desk.feed(Msg::Key(KeyEvent::new(
            KeyCode::Char('a'),
            KeyModifiers::NONE,
        )));
        desk.draw();
    }
    assert_eq!(desk.decided(), 1);
    assert!(desk.sees("a held key never decides"));
}

#[test]
fn destroys_and_hard_mandatory_findings_cannot_be_marked() {
    let mut desk = Desk::new(case());
    desk.keys(" ");
    assert!(desk.review().marks.is_empty());
    assert!(desk.sees("never decided together"));
    let mut hard = calm_case();
    for finding in &mut hard.findings {
        finding.enforcement = Enforcement::HardMandatory;
    }
    let mut desk = Desk::new(hard);
    desk.keys(" ");
    assert!(desk.review().marks.is_empty());
}

#[test]
fn marks_stay_within_one_policy() {
    let mut mixed = calm_case();
    mixed.findings[3].policy = Printable::line("zz-other");
    let mut desk = Desk::new(mixed);
    desk.keys("   }j ");
    assert_eq!(desk.review().marks.len(), 3);
    assert!(desk.sees("Marks stay within one policy"));
}

#[test]
fn several_findings_need_the_typed_count() {
    let mut desk = Desk::new(calm_case());
    desk.keys("   a");
    assert!(desk.sees("Decide together"));
    desk.press(KeyCode::Enter);
    desk.feed(Msg::Paste("3".to_owned()));
    desk.press(KeyCode::Enter);
    assert_eq!(desk.decided(), 0);
    desk.keys("2").press(KeyCode::Enter);
    assert_eq!(desk.decided(), 0);
    desk.keys("3").press(KeyCode::Enter);
    assert_eq!(desk.decided(), 3);
    assert!(desk.review().marks.is_empty());
    let selected = desk.review().selected().unwrap();
    assert!(desk.review().status(selected).is_undecided());
}

#[test]
fn undo_appends_a_retraction_and_brings_the_cursor_back() {
    let mut desk = Desk::new(calm_case());
    let first = desk.review().selected();
    desk.keys("a");
    assert_ne!(desk.review().selected(), first);
    desk.keys("u");
    assert_eq!(desk.review().selected(), first);
    assert_eq!(desk.decided(), 0);
    assert!(matches!(
        desk.draft.last().unwrap().event,
        Event::Retracted { entry: 1 }
    ));
    desk.keys("U");
    assert_eq!(desk.decided(), 1);
    assert_eq!(desk.draft.len(), 3);
}

#[test]
fn undo_lists_a_finding_that_the_filter_hides() {
    let mut desk = Desk::new(calm_case());
    let first = desk.review().selected();
    desk.keys("a/zzz").press(KeyCode::Enter);
    assert_eq!(desk.review().queue.listed, 0);
    desk.keys("u");
    assert_eq!(desk.review().selected(), first);
}

#[test]
fn what_is_not_in_the_draft_does_not_count() {
    let mut desk = Desk::new(calm_case());
    desk.disk_full = true;
    desk.keys("a");
    assert_eq!(desk.decided(), 0);
    assert!(desk.review().journal.entries().is_empty());
    assert!(desk.sees("NOT SAVED"));
    desk.disk_full = false;
    desk.keys("a");
    assert_eq!(desk.decided(), 1);
    assert_eq!(desk.draft[0].number, 1);
}

#[test]
fn a_failing_draft_keeps_no_part_of_a_decision_on_several() {
    let mut desk = Desk::new(calm_case());
    desk.keys("   a3");
    desk.disk_full = true;
    desk.press(KeyCode::Enter);
    assert_eq!((desk.decided(), desk.draft.len()), (0, 0));
}

#[test]
fn an_equal_finding_is_carried_and_a_changed_one_reopens_with_its_reason() {
    let (mut journal, case) = (Journal::default(), case());
    let who = Identity {
        name: "Bob".to_owned(),
        email: "bob@example.org".to_owned(),
    };
    let waive = |reason: &str| Decision::Waive {
        reason: reason.to_owned(),
        expires: "2026-12-01".parse().unwrap(),
    };
    let at = "2026-11-20T10:00:00Z".parse().unwrap();
    let destroys: Vec<_> = case
        .findings
        .iter()
        .filter(|f| f.is_destructive())
        .collect();
    let same = DecisionKey::of(destroys[0]);
    let other = DecisionKey {
        content: Digest::of(b"other"),
        ..DecisionKey::of(destroys[1])
    };
    let earlier = Digest::of(b"an earlier plan");
    journal.append(
        at,
        who.clone(),
        earlier,
        Event::Decided {
            key: same,
            decision: waive("counted down, OPS-1"),
        },
    );
    journal.append(
        at,
        who,
        earlier,
        Event::Decided {
            key: other,
            decision: waive("seed job retired, OPS-412"),
        },
    );
    let mut desk = Desk::sized(case, journal, (80, 24));
    assert_eq!(
        (desk.count(Status::Carried), desk.count(Status::Stale)),
        (1, 1)
    );
    assert!(desk.sees("Draft resumed: 1 of 12 decided, 1 carried over."));
    assert!(desk.sees("STALE"), "{}", desk.screen());
    assert!(desk.sees("seed job retired,"), "{}", desk.screen());
    desk.keys("w");
    assert!(desk.sees("seed job retired, OPS-412"));
    desk.ctrl('s').keys("A");
    assert!(desk.sees("carried: no-destroy"), "{}", desk.screen());
    assert!(desk.sees("counted down, OPS-1"));
}

#[test]
fn a_destroy_counts_as_displayed_only_when_a_frame_showed_its_change() {
    let mut desk = Desk::new(case());
    assert_eq!(desk.displayed(), 1);
    desk.unseen('j').unseen('j');
    desk.draw();
    assert_eq!(desk.displayed(), 2);
    desk.keys("3j");
    assert_eq!(desk.displayed(), 2);
    desk.keys("2");
    assert_eq!(desk.displayed(), 3);
    desk.keys("z");
    desk.keys("j");
    assert_eq!(desk.displayed(), 3, "a zoomed list shows no change");
}

#[test]
fn what_flies_by_under_a_held_key_does_not_count_as_seen() {
    let mut desk = Desk::new(case());
    let before = desk.displayed();
    for _ in 0..5 {
        let step = SignedDuration::from_millis(33);
        desk.now = desk.now.checked_add(step).unwrap();
        let key = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE);
        desk.feed(Msg::Key(key));
        desk.glance();
    }
    assert_eq!((before, desk.displayed()), (1, 1));
    desk.draw();
    assert_eq!(desk.displayed(), 2, "at rest it counts");
}

#[test]
fn an_answer_to_the_finding_on_the_screen_says_that_its_change_was_seen() {
    let mut desk = Desk::new(case());
    let before = desk.displayed();
    desk.unseen('n');
    desk.glance();
    assert_eq!(desk.displayed(), before);
    desk.unseen('w');
    assert_eq!(desk.displayed(), before + 1);
}

#[test]
fn a_text_of_any_length_leaves_on_the_screen_what_becomes_of_the_object() {
    let mut case = case();
    for finding in &mut case.findings {
        finding.message = Printable::line(&"long ".repeat(900));
    }
    for size in [(80, 24), (120, 36), (60, 16)] {
        let desk = Desk::sized(case.clone(), Journal::default(), size);
        assert!(desk.sees("will be DESTROYED"), "{}", desk.screen());
        assert!(desk.sees("more lines at the end"), "{}", desk.screen());
        assert_eq!(desk.displayed(), 1);
        let lines = &desk.review().panes[&super::super::model::Pane::Change].lines;
        let whole: String = lines.iter().map(crate::tui::rich::Rich::plain).collect();
        assert!(whole.matches("long").count() > 900, "whole at the end");
    }
}

#[test]
fn a_change_whose_heading_is_scrolled_away_does_not_count_as_seen() {
    let mut case = case();
    for finding in &mut case.findings {
        finding.message = Printable::line(&"long ".repeat(900));
    }
    let mut desk = Desk::empty((80, 24));
    let loaded = super::fixture::loaded(case, Journal::default());
    desk.feed(Msg::Loaded(Box::new(loaded)));
    desk.unseen('2').unseen('G');
    desk.draw();
    assert!(!desk.sees("will be DESTROYED"), "{}", desk.screen());
    assert_eq!(desk.displayed(), 0);
    desk.keys("g").keys("g");
    assert_eq!(desk.displayed(), 1);
}

#[test]
fn a_draft_that_fails_is_not_asked_again_by_the_same_frame() {
    let mut desk = Desk::empty((80, 24));
    desk.disk_full = true;
    desk.feed(Msg::Loaded(Box::new(super::fixture::loaded(
        case(),
        Journal::default(),
    ))));
    for _ in 0..5 {
        desk.draw();
    }
    let asked = desk
        .asked
        .iter()
        .filter(|effect| matches!(effect, Effect::Persist(_)))
        .count();
    assert_eq!(asked, 1);
    assert!(desk.sees("NOT SAVED"));
    desk.disk_full = false;
    desk.keys("jk");
    assert_eq!(desk.displayed(), 2);
}

#[test]
fn nothing_is_recorded_below_the_smallest_size() {
    let mut desk = Desk::sized(case(), Journal::default(), (50, 10));
    desk.keys("awr A");
    assert_eq!(desk.draft.len(), 0);
    assert!(desk.sees("too small"));
    desk.keys("q");
    assert_eq!(desk.outcome, Some(Outcome::Undecided));
}

#[test]
fn approving_is_blocked_with_the_list_of_why() {
    let mut desk = Desk::new(case());
    desk.keys("A");
    assert!(desk.sees("12 findings are undecided."));
    assert!(desk.sees("7 changes that must be seen were never displayed."));
    desk.keys("approve").press(KeyCode::Enter);
    assert!(!desk.asked.contains(&Effect::Approve));
}

#[test]
fn opening_the_approve_screen_flushes_typed_keys_and_looks_again() {
    let mut desk = Desk::new(calm_case());
    desk.keys("A");
    let asked: Vec<_> = desk
        .asked
        .iter()
        .filter(|e| matches!(e, Effect::FlushInput | Effect::Recheck))
        .collect();
    assert_eq!(asked, [&Effect::FlushInput, &Effect::Recheck]);
}

#[test]
fn a_moved_head_blocks_approving() {
    let mut desk = Desk::new(decided());
    desk.moved = vec!["HEAD moved from a41c0de to b52d1ef.".to_owned()];
    desk.keys("A");
    assert!(desk.sees("HEAD moved from a41c0de"));
    let words = words(&desk);
    desk.keys(&words).press(KeyCode::Enter);
    assert!(!desk.asked.contains(&Effect::Approve));
}

/// A case that nothing blocks: no findings and no destroys.
pub(super) fn decided() -> ReviewCase {
    case_of(SENSITIVE, |_, _| Vec::new())
}

pub(super) fn words(desk: &Desk) -> String {
    format!("approve {}", desk.review().case.plan_digest().short())
}

#[test]
fn approving_takes_typed_words_and_refuses_paste() {
    let mut desk = Desk::new(decided());
    desk.keys("A");
    let words = words(&desk);
    desk.press(KeyCode::Enter);
    desk.feed(Msg::Paste(words.clone()));
    desk.draw();
    assert!(desk.sees("Paste is refused here"));
    desk.press(KeyCode::Enter);
    desk.keys("approve").press(KeyCode::Enter);
    assert!(desk.sees("Nothing was approved"));
    assert!(!desk.asked.contains(&Effect::Approve));
    desk.keys(&words).press(KeyCode::Enter);
    assert_eq!(desk.outcome, Some(Outcome::Approved));
}

#[test]
fn an_answer_that_waits_for_the_draft_blocks_approving() {
    let mut desk = Desk::new(decided());
    if let Phase::Review(review) = &mut desk.model.phase {
        review.unsaved.insert(7);
    }
    desk.keys("A");
    assert!(desk.sees("1 answer is not in the draft yet."));
}

#[test]
fn no_pane_shows_a_secret() {
    let secrets = [
        "hunter3-new-password",
        "stripe-test-key-000111",
        "whole-object-secret-a",
        "mail-test-key-444555",
    ];
    let case = case_of(SENSITIVE, |index, change| {
        vec![finding(
            "worth-a-look",
            Enforcement::Advisory,
            change,
            index,
        )]
    });
    let mut desk = Desk::sized(case, Journal::default(), (200, 50));
    let mut seen = String::new();
    desk.keys("x");
    for _ in 0..12 {
        seen.push_str(&desk.screen());
        desk.keys("j");
    }
    desk.keys("5");
    for _ in 0..16 {
        seen.push_str(&desk.screen());
        desk.keys("j");
    }
    assert!(seen.contains("(sensitive)"));
    for secret in secrets {
        assert!(!seen.contains(secret), "{secret}");
    }
}

#[test]
fn a_changed_sensitive_value_says_that_it_changed() {
    let case = case_of(SENSITIVE, |_, _| Vec::new());
    let mut desk = Desk::sized(case, Journal::default(), (120, 40));
    let mut seen = String::new();
    for _ in 0..14 {
        seen.push_str(&desk.screen());
        desk.keys("j");
    }
    assert!(seen.contains("(sensitive), its value changes"), "{seen}");
}

#[test]
fn denominators_are_always_there() {
    let desk = Desk::new(case());
    for text in [
        "rules 14/14",
        "changes 12",
        "waived 0",
        "carried 0",
        "0/12 decided",
        "12 of 12",
    ] {
        assert!(desk.sees(text), "{text}\n{}", desk.screen());
    }
}

#[test]
fn no_policy_or_no_plan_is_an_error_and_not_an_empty_list() {
    let mut nothing = case();
    nothing.policies.evaluated = 0;
    let mut desk = Desk::new(nothing);
    assert!(desk.sees("No policy rule was evaluated."));
    desk.keys("Aa").press(KeyCode::Enter).keys("q");
    assert_eq!(desk.outcome.unwrap().exit().code(), 5);
    let mut nothing = case();
    nothing.plans.clear();
    let mut desk = Desk::new(nothing);
    desk.keys("q");
    assert_eq!(desk.outcome.unwrap().exit().code(), 4);
}

#[test]
fn each_level_takes_its_own_answers() {
    let mut desk = Desk::new(case());
    desk.keys("a");
    assert!(desk.sees("cannot be acknowledged"));
    let mut hard = calm_case();
    hard.findings[0].enforcement = Enforcement::HardMandatory;
    let mut desk = Desk::new(hard);
    desk.keys("w");
    assert!(desk.sees("cannot be waived"));
    assert!(desk.model.windows.is_empty());
}

#[test]
fn the_palette_does_not_decide() {
    let mut desk = Desk::new(calm_case());
    desk.keys(":acknowledge").press(KeyCode::Enter);
    assert_eq!(desk.decided(), 0);
    assert!(desk.sees("on the finding itself"));
    desk.keys(":every change").press(KeyCode::Enter);
    assert!(desk.sees("5 Changes"));
}

#[test]
fn the_fixture_holds_eight_destroys() {
    let case = case_of(DELETE, |_, _| Vec::new());
    assert_eq!(case.counts().delete, 8);
}
