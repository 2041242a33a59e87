//! Sessions from beginning to end.

use ratatui::crossterm::event::KeyCode;

use super::fixture::{calm_case, case, case_of, finding, loaded};
use super::rules::{decided, words};
use super::*;
use crate::decision::Decision;
use crate::finding::Enforcement;
use crate::provenance::{Difference, FileProblem, Proof};
use crate::tui::{Failure, run_plain};

/// Waives every destroy and acknowledges the rest, as a reviewer would.
fn answer_everything(desk: &mut Desk) {
    for _ in 0..20 {
        let Some(index) = desk.review().selected() else {
            break;
        };
        if !desk.review().status(index).is_undecided() {
            break;
        }
        if desk.review().finding(index).unwrap().enforcement == Enforcement::Advisory {
            desk.keys("a");
        } else {
            desk.keys("w").reason("agreed with the owner");
        }
    }
}

#[test]
fn a_reviewer_answers_everything_and_approves() {
    let mut desk = Desk::new(case());
    answer_everything(&mut desk);
    assert_eq!(desk.decided(), 12);
    assert!(desk.sees("12/12 decided"));
    assert!(desk.sees("A opens the approve screen"), "{}", desk.screen());
    desk.keys("A");
    assert!(desk.sees("Type  approve"), "{}", desk.screen());
    let words = words(&desk);
    desk.keys(&words).press(KeyCode::Enter);
    assert_eq!(desk.outcome, Some(Outcome::Approved));
    assert_eq!(desk.displayed(), 8);
    assert_eq!(desk.model.journal().entries(), desk.draft.as_slice());
}

#[test]
fn a_waiver_has_a_reason_of_ten_characters_and_an_expiry() {
    let mut desk = Desk::new(case());
    desk.keys("w").reason("short");
    assert!(desk.sees("at least 10 characters"));
    desk.keys(" no more")
        .press(KeyCode::Tab)
        .ctrl('u')
        .keys("tomorrow")
        .ctrl('s');
    assert!(desk.sees("a date such as 2026-12-31"));
    desk.ctrl('u').keys("2028-01-01").ctrl('s');
    assert!(desk.sees("at most 366 days away"));
    desk.ctrl('u').keys("2027-01-31").ctrl('s');
    assert_eq!(desk.decided(), 1);
    let decision = desk.last_decision();
    assert_eq!(
        decision,
        Decision::Waive {
            reason: "short no more".to_owned(),
            expires: "2027-01-31".parse().unwrap()
        }
    );
}

#[test]
fn the_expiry_is_thirty_days_away_unless_it_is_changed() {
    let mut desk = Desk::new(case());
    desk.keys("w").reason("agreed with the owner");
    let Decision::Waive { expires, .. } = desk.last_decision() else {
        panic!()
    };
    assert_eq!(expires.to_string(), "2026-12-22");
}

#[test]
fn a_cancelled_text_is_kept_for_the_next_time_and_a_saved_one_is_not() {
    let mut desk = Desk::new(case());
    desk.keys("r").keys("half a thou").press(KeyCode::Esc);
    assert_eq!(desk.decided(), 0);
    desk.keys("r");
    assert!(desk.sees("half a thou"));
    desk.reason("ght");
    assert_eq!(desk.count(Status::Rejected), 1);
    desk.keys("ur");
    assert!(!desk.sees("half a thought"));
}

#[test]
fn a_rejection_ends_with_status_one() {
    let mut desk = Desk::new(case());
    desk.keys("r").reason("not this week, OPS-1");
    assert!(desk.sees("1 x"));
    desk.keys("q");
    assert_eq!(desk.outcome, Some(Outcome::Rejected));
    assert_eq!(desk.outcome.unwrap().exit().code(), 1);
}

#[test]
fn leaving_keeps_the_draft_and_approves_nothing() {
    let mut desk = Desk::new(calm_case());
    desk.keys("aq");
    assert_eq!(desk.outcome, Some(Outcome::Undecided));
    assert_eq!(desk.outcome.unwrap().exit().code(), 3);
    assert_eq!(desk.draft.len(), 1);
}

#[test]
fn control_c_leaves_from_every_window() {
    for open in ["", "?", ":", "/", "f", "w", "A"] {
        let mut desk = Desk::new(case());
        desk.keys(open).ctrl('c');
        assert_eq!(desk.outcome, Some(Outcome::Undecided), "{open}");
    }
    let mut desk = Desk::empty((80, 24));
    desk.keys("q");
    assert_eq!(desk.outcome, Some(Outcome::Cancelled));
}

#[test]
fn a_note_decides_nothing_and_is_shown() {
    let mut desk = Desk::new(case());
    desk.keys("c").reason("ask Bob");
    assert_eq!(desk.decided(), 0);
    assert!(desk.sees("note: ask Bob"), "{}", desk.screen());
    desk.keys("u");
    assert!(!desk.sees("note: ask Bob"));
}

#[test]
fn the_text_comes_back_from_the_outside_editor() {
    let mut desk = Desk::new(case());
    desk.keys("r").keys("first words").ctrl('x').draw();
    desk.ctrl('s');
    let Decision::Reject { reason } = desk.last_decision() else {
        panic!()
    };
    assert_eq!(reason, "first words and more");
}

#[test]
fn hostile_names_stay_harmless() {
    let mut hostile = case_of(super::fixture::SENSITIVE, |index, change| {
        vec![finding(
            "worth-a-look",
            Enforcement::Advisory,
            change,
            index,
        )]
    });
    for finding in &mut hostile.findings {
        finding.address = Some(Printable::line("a.\u{1b}]0;x\u{7}\u{202e}b\u{200b}\nc"));
        finding.message = Printable::line(&"日本語".repeat(200));
    }
    let mut desk = Desk::new(hostile);
    desk.keys("r");
    desk.feed(Msg::Paste(
        "\u{1b}[31m\u{202e}pasted text that is long enough".to_owned(),
    ));
    desk.draw();
    let screen = desk.screen();
    assert!(screen.contains("<U+202E>"));
    assert!(
        !screen
            .chars()
            .any(|c| c.is_control() && c != '\n' || c == '\u{202e}' || c == '\u{200b}')
    );
    desk.ctrl('s');
    let kept = format!("{:?}", desk.last_decision());
    assert!(!kept.contains('\u{202e}') && !kept.contains("\\u{202e}"));
}

#[test]
fn the_approve_screen_says_what_the_plan_file_proves() {
    let mut case = decided();
    case.plans[0].proof = Some(Proof {
        files: 2,
        paired: true,
        ..Proof::default()
    });
    let mut desk = Desk::new(case);
    desk.keys("A");
    assert!(
        desk.sees("plan file plan.json: proven: planned from 2 files"),
        "{}",
        desk.screen()
    );
    let mut case = decided();
    case.plans[0].proof = Some(Proof {
        differences: vec![Difference::File {
            path: "\u{1b}[2Jmain.tf".to_owned(),
            problem: FileProblem::Changed,
        }],
        ..Proof::default()
    });
    let mut desk = Desk::new(case);
    desk.keys("A");
    assert!(desk.sees("plan file plan.json: differs: 1 difference"));
    // Which file, without what moves the cursor.
    assert!(desk.sees("main.tf was planned with other content"));
    assert!(!desk.screen().contains('\u{1b}'));
}

#[test]
fn a_plan_without_findings_shows_its_changes_and_can_be_approved() {
    let mut desk = Desk::new(decided());
    assert!(desk.sees("5 Changes"));
    desk.keys("1");
    assert!(
        desk.sees("No findings: 14 of 14 rules looked at 9 changes."),
        "{}",
        desk.screen()
    );
    desk.keys("A");
    let words = words(&desk);
    desk.keys(&words).press(KeyCode::Enter);
    assert_eq!(desk.outcome, Some(Outcome::Approved));
}

#[test]
fn groups_filters_and_search_keep_the_cursor_on_its_finding() {
    let mut desk = Desk::new(case());
    desk.keys("jj");
    let selected = desk.review().selected();
    for word in ["severity", "module", "resource", "file", "policy"] {
        desk.keys("b");
        assert!(desk.sees(&format!("by {word}")));
        assert_eq!(desk.review().selected(), selected, "{word}");
    }
    desk.keys("/worth").press(KeyCode::Enter);
    assert_eq!(desk.review().queue.listed, 4);
    desk.press(KeyCode::Esc);
    assert_eq!(desk.review().queue.listed, 12);
    desk.keys("f");
    for _ in 0..11 {
        desk.keys("j");
    }
    desk.keys(" ").press(KeyCode::Enter);
    assert_eq!(desk.review().queue.listed, 8);
    assert!(desk.sees("destroys"));
}

#[test]
fn next_and_previous_go_round_the_undecided_findings() {
    let mut desk = Desk::new(calm_case());
    let first = desk.review().selected();
    desk.keys("p");
    let last = desk.review().selected();
    assert_ne!(last, first);
    desk.keys("n");
    assert_eq!(desk.review().selected(), first);
    desk.keys("aaaan");
    assert!(desk.sees("All 4 findings are decided"));
}

#[test]
fn folded_groups_open_for_the_next_undecided_finding() {
    let mut desk = Desk::new(case());
    desk.keys("h");
    assert!(desk.review().selected().is_none());
    desk.keys("n");
    assert!(desk.review().selected().is_some());
    desk.keys("h").press(KeyCode::Enter);
    assert!(desk.review().queue.rows.len() > 12);
}

#[test]
fn searching_a_pane_stops_at_hits() {
    let mut desk = Desk::new(case());
    desk.keys("4")
        .press(KeyCode::Tab)
        .press(KeyCode::Tab)
        .press(KeyCode::Tab);
    assert_eq!(desk.review().pane, super::super::model::Pane::Policy);
    desk.keys("/sprintf").press(KeyCode::Enter);
    assert!(desk.sees("sprintf"), "{}", desk.screen());
    desk.keys("/nowhere").press(KeyCode::Enter);
    assert!(desk.sees("Nothing holds"));
}

#[test]
fn loading_and_failing_show_what_was_done_and_what_not() {
    let mut desk = Desk::empty((80, 24));
    desk.feed(Msg::Progress {
        stage: "evaluate".to_owned(),
        done: 3120,
        total: Some(9000),
    });
    desk.draw();
    assert!(desk.sees("3120 of 9000"));
    desk.keys("aA");
    desk.feed(Msg::Failed(Failure {
        heading: Printable::line("The plan cannot be read."),
        causes: vec![Printable::line("it ends early.")],
        hint: Some(Printable::line("plan again.")),
        not_checked: vec![Printable::line("14 policies")],
        exit: crate::review::Exit::Input,
    }));
    desk.draw();
    for text in [
        "The plan cannot be read.",
        "because: it ends early.",
        "what now: plan again.",
        "not checked: 14 policies",
        "exit status 4",
    ] {
        assert!(desk.sees(text), "{text}");
    }
    desk.feed(Msg::Loaded(Box::new(loaded(case(), Journal::default()))));
    desk.keys("q");
    assert_eq!(
        desk.outcome,
        Some(Outcome::Failed(crate::review::Exit::Input))
    );
}

#[test]
fn late_answers_of_jobs_change_nothing() {
    let mut desk = Desk::new(case());
    desk.feed(Msg::Approved(Ok("x".to_owned())));
    desk.feed(Msg::Rechecked(Ok(())));
    desk.feed(Msg::Persisted(Ok(99)));
    desk.feed(Msg::EditorClosed(Some("text".to_owned())));
    desk.feed(Msg::Progress {
        stage: "x".to_owned(),
        done: 1,
        total: None,
    });
    assert_eq!(desk.outcome, None);
    assert!(desk.model.windows.is_empty());
}

#[test]
fn the_editor_and_the_clipboard_get_what_the_finding_is_about() {
    let mut desk = Desk::new(case());
    desk.keys("eyY");
    assert!(desk.asked.contains(&Effect::OpenEditor {
        file: "main.tf".to_owned(),
        line: 2
    }));
    let copied: Vec<&String> = desk
        .asked
        .iter()
        .filter_map(|effect| {
            if let Effect::Copy(text) = effect {
                Some(text)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        copied[0],
        &desk
            .review()
            .finding(desk.review().selected().unwrap())
            .unwrap()
            .label()
    );
    assert!(copied[1].starts_with("**no-destroy**"));
}

/// What is typed comes through the input; the words, if there are any, from a person.
fn plain(case: ReviewCase, typed: &str, words: Option<&str>) -> (Outcome, String, usize) {
    let (sender, messages) = std::sync::mpsc::channel();
    sender
        .send(Msg::Progress {
            stage: "read plan".to_owned(),
            done: 1,
            total: Some(1),
        })
        .unwrap();
    sender
        .send(Msg::Loaded(Box::new(loaded(case, Journal::default()))))
        .unwrap();
    let mut model = Model::loading();
    let mut output = Vec::new();
    let mut runner = |_: &Model, effect: Effect| match effect {
        Effect::Persist(entry) => Some(Msg::Persisted(Ok(entry.number))),
        Effect::Recheck => Some(Msg::Rechecked(Ok(()))),
        Effect::Approve => Some(Msg::Approved(Ok("refs/notes/countersign".to_owned()))),
        _ => None,
    };
    let now = || "2026-11-22T14:00:00Z".parse().unwrap();
    let outcome = run_plain(
        &mut model,
        &messages,
        &now,
        &mut runner,
        (&mut typed.as_bytes(), &mut output),
        false,
        &mut || Ok(words.map(str::to_owned)),
    )
    .unwrap();
    let decided = model.journal().decisions().len();
    (outcome, String::from_utf8(output).unwrap(), decided)
}

#[test]
fn line_by_line_the_same_questions_lead_to_an_approval() {
    let digest = calm_case().plan_digest().short();
    let words = format!("approve {digest}\n");
    let (outcome, output, decided) = plain(calm_case(), "a\na\na\na\nA\n", Some(&words));
    assert_eq!(outcome, Outcome::Approved, "{output}");
    assert_eq!(decided, 4);
}

#[test]
fn line_by_line_the_words_come_from_a_person_or_nothing_is_approved() {
    let words = format!("approve {}\n", calm_case().plan_digest().short());
    let typed = format!("a\na\na\na\nA\n{words}{words}q\n");
    for (person, says) in [
        (None, "and there is none here"),
        (Some("\n"), "approve applying"),
        (Some("approve it\n"), "Nothing was approved: the words are"),
    ] {
        let (outcome, output, decided) = plain(calm_case(), &typed, person);
        assert_eq!((outcome, decided), (Outcome::Undecided, 4), "{output}");
        assert!(output.contains(says), "{output}");
    }
}

#[test]
fn line_by_line_the_end_of_the_input_leaves_it_undecided() {
    assert_eq!(plain(case(), "", None).0, Outcome::Undecided);
    let (outcome, output, decided) = plain(
        case(),
        "\n\nw\nagreed with the owner\n\nA\n\nr\nshort\nq\n",
        None,
    );
    assert_eq!((outcome, decided), (Outcome::Undecided, 1), "{output}");
    assert!(
        output.contains("blocked: 11 findings are undecided."),
        "{output}"
    );
    assert!(output.contains("at least 10 characters"));
}
