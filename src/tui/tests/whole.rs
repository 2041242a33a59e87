//! Whole reviews over more than one plan, session or size.

use ratatui::crossterm::event::KeyCode;

use super::fixture::{DELETE, calm_case, case, case_of, finding, loaded};
use super::rules::words;
use super::*;
use crate::digest::Digest;
use crate::finding::Enforcement;
use crate::policy::PolicyProblem;

/// Answers what is undecided, one by one.
fn answer_the_rest(desk: &mut Desk) {
    desk.keys("n");
    while let Some(index) = desk.review().selected()
        && desk.review().status(index).is_undecided()
    {
        if desk.review().finding(index).unwrap().enforcement == Enforcement::Advisory {
            desk.keys("a");
        } else {
            desk.keys("w").ctrl('u').reason("agreed with the owner");
        }
    }
}

/// Steps through the changes, so that each is on the screen once.
fn look_at_every_change(desk: &mut Desk) {
    desk.keys("5gg");
    for _ in 0..desk.review().tree.rows.len() {
        desk.keys("j");
    }
    desk.keys("1");
}

fn approve(desk: &mut Desk) {
    desk.keys("A");
    assert!(desk.sees("Type  approve"), "{}", desk.screen());
    let words = words(desk);
    desk.keys(&words).press(KeyCode::Enter);
}

/// The same changes in a plan of other bytes.
fn planned_again() -> ReviewCase {
    let bytes = [DELETE, b"\n"].concat();
    case_of(&bytes, |index, change| {
        let (policy, level) = if change.action.is_destructive() {
            ("no-destroy", Enforcement::SoftMandatory)
        } else {
            ("worth-a-look", Enforcement::Advisory)
        };
        vec![finding(policy, level, change, index)]
    })
}

#[test]
fn after_a_new_plan_only_what_changed_is_asked_again() {
    let mut first = Desk::new(case());
    answer_the_rest(&mut first);
    assert_eq!(first.decided(), 12);
    let mut again = planned_again();
    assert_ne!(again.plan_digest(), first.review().case.plan_digest());
    let changed = again
        .findings
        .iter()
        .position(|f| f.enforcement == Enforcement::SoftMandatory);
    again.findings[changed.unwrap()].content = Digest::of(b"another change");
    let mut second = Desk::sized(again, first.model.journal(), (80, 24));
    assert_eq!(
        (second.count(Status::Carried), second.count(Status::Stale)),
        (11, 1)
    );
    assert!(second.sees("11/12 decided"), "{}", second.screen());
    assert_eq!(second.review().selected(), changed);
    assert!(second.sees("agreed with the owner"), "{}", second.screen());
    second.keys("A");
    assert!(
        second.sees("1 finding changed since it was decided."),
        "{}",
        second.screen()
    );
    second.press(KeyCode::Esc);
    answer_the_rest(&mut second);
    assert_eq!(second.count(Status::Stale), 0);
    // What an earlier plan showed does not count for this one.
    second.keys("A");
    assert!(second.sees("never displayed"), "{}", second.screen());
    second.press(KeyCode::Esc);
    look_at_every_change(&mut second);
    second.keys("A");
    assert!(second.sees("carried: "), "{}", second.screen());
    second.press(KeyCode::Esc);
    approve(&mut second);
    assert_eq!(second.outcome, Some(Outcome::Approved));
}

#[test]
fn a_review_that_was_killed_goes_on_where_it_was() {
    let mut killed = Desk::new(case());
    killed.keys("w").reason("agreed with the owner");
    killed.keys("w").reason("agreed with the owner");
    killed.keys("r").keys("half a reason that is lost");
    let (draft, displayed) = (killed.draft.clone(), killed.displayed());
    drop(killed);
    let mut resumed = Desk::sized(
        case(),
        Journal::from_entries(draft.clone()).unwrap(),
        (80, 24),
    );
    assert!(resumed.sees("Draft resumed: 2 of 12 decided, 0 carried over."));
    assert_eq!(resumed.count(Status::Waived), 2);
    resumed.draft = draft;
    answer_the_rest(&mut resumed);
    assert_eq!(resumed.decided(), 12);
    assert!(resumed.displayed() > displayed);
    approve(&mut resumed);
    assert_eq!(resumed.outcome, Some(Outcome::Approved));
    assert_eq!(resumed.model.journal().entries(), resumed.draft.as_slice());
    for (expected, entry) in (1..).zip(&resumed.draft) {
        assert_eq!(entry.number, expected);
    }
}

/// Ten thousand advisory findings of one policy, on the changes of a small plan.
fn many() -> ReviewCase {
    let mut case = calm_case();
    let few = case.findings.clone();
    case.findings = (0..10_000)
        .map(|number| {
            let mut finding = few[number % few.len()].clone();
            finding.fingerprint = Digest::of(format!("finding {number}").as_bytes());
            finding.subject = Some(Printable::line(&format!("statement {number}")));
            finding
        })
        .collect();
    case
}

#[test]
fn ten_thousand_findings_are_moved_through_filtered_and_decided() {
    let mut desk = Desk::sized(many(), Journal::default(), (120, 36));
    assert!(desk.sees("0/10000 decided"));
    desk.keys("G");
    assert_eq!(desk.review().queue.cursor, 10_000);
    desk.keys("bbbb/statement 777").press(KeyCode::Enter);
    assert_eq!(desk.review().queue.listed, 11);
    desk.keys("bggj");
    for _ in 0..11 {
        desk.keys(" ");
    }
    assert_eq!(desk.review().marks.len(), 11);
    desk.keys("a11").press(KeyCode::Enter);
    assert!(desk.sees("11/10000 decided"), "{}", desk.screen());
    assert!(desk.sees("hidden by the filter"), "{}", desk.screen());
    desk.keys("u");
    assert!(desk.sees("taken back: acknowledged: 11 findings") || desk.decided() == 0);
    assert!(desk.sees("0/10000 decided"), "{}", desk.screen());
    desk.keys("q");
    assert_eq!(desk.outcome, Some(Outcome::Undecided));
}

#[test]
fn several_answers_of_one_go_are_taken_back_and_repeated_together() {
    let mut desk = Desk::new(calm_case());
    desk.keys("a");
    desk.keys("   a3").press(KeyCode::Enter);
    assert_eq!(desk.decided(), 4);
    desk.keys("u");
    assert_eq!(desk.decided(), 1);
    desk.keys("u");
    assert_eq!(desk.decided(), 0);
    desk.keys("U");
    assert_eq!(desk.decided(), 1);
    desk.keys("U");
    assert_eq!(desk.decided(), 4);
    desk.keys("U");
    assert!(desk.sees("nothing to repeat"), "{}", desk.screen());
    desk.keys("ur").reason("not this week, OPS-1");
    desk.keys("U");
    assert!(desk.sees("nothing to repeat"), "{}", desk.screen());
}

#[test]
fn a_policy_that_failed_leaves_nothing_to_approve() {
    let mut broken = case();
    broken.problems.push(PolicyProblem {
        policy: Printable::line("team-rules"),
        message: Printable::line("the rule does not end."),
        place: None,
    });
    let mut desk = Desk::new(broken);
    assert!(
        desk.sees("The policies could not give an answer."),
        "{}",
        desk.screen()
    );
    assert!(desk.sees("team-rules: the rule does not end."));
    desk.keys("aA15n").press(KeyCode::Enter);
    assert!(desk.draft.is_empty() && desk.model.windows.is_empty());
    desk.keys("q");
    assert_eq!(desk.outcome.unwrap().exit().code(), 5);
}

#[test]
fn an_empty_list_is_good_news_only_when_every_rule_could_look() {
    let says = |change: &dyn Fn(&mut ReviewCase)| {
        let mut case = calm_case();
        case.findings.clear();
        change(&mut case);
        let mut desk = Desk::new(case);
        desk.keys("1");
        desk.screen()
    };
    assert!(says(&|_| {}).contains("No findings: 14 of 14 rules looked at 12 changes."));
    let partly = says(&|case| case.policies.evaluated = 9);
    assert!(
        partly.contains("9 of 14 rules looked at 12 changes only"),
        "{partly}"
    );
    let beside = says(&|case| case.not_looked_at.push(Printable::line("the git change")));
    assert!(beside.contains("not looked at: the git"), "{beside}");
}

#[test]
fn a_narrow_terminal_is_enough_for_a_whole_review() {
    let mut desk = Desk::sized(case(), Journal::default(), (60, 16));
    answer_the_rest(&mut desk);
    assert_eq!(desk.decided(), 12);
    desk.feed(Msg::Resize {
        width: 40,
        height: 10,
    });
    desk.keys("uarwA").press(KeyCode::Enter);
    assert_eq!(desk.decided(), 12);
    assert!(desk.model.windows.is_empty());
    desk.feed(Msg::Resize {
        width: 60,
        height: 16,
    });
    desk.draw();
    approve(&mut desk);
    assert_eq!(desk.outcome, Some(Outcome::Approved));
}

#[test]
fn findings_are_filtered_by_what_happens_to_the_resource() {
    let mut desk = Desk::new(case());
    desk.keys("fG");
    // From below: unexplained, create, update, replace, destroy or replace.
    desk.keys("kkkk ").press(KeyCode::Enter);
    assert_eq!(desk.review().queue.listed, 8);
    assert!(desk.sees("destroys"));
    desk.keys("fGk ").press(KeyCode::Enter);
    assert!(desk.sees("creates"), "{}", desk.screen());
    let all = desk
        .review()
        .queue
        .groups
        .iter()
        .flat_map(|group| &group.members);
    for index in all {
        assert_eq!(
            desk.review().finding(*index).unwrap().actions,
            ["create"].map(Printable::line)
        );
    }
}

#[test]
fn every_screen_is_drawn_at_every_size() {
    let widths = [
        1, 2, 3, 7, 20, 40, 59, 60, 61, 72, 80, 100, 119, 120, 140, 160, 179, 180, 220,
    ];
    let heights = [1, 2, 3, 5, 9, 15, 16, 17, 24, 29, 30, 36, 50, 70];
    let loading = || {
        let mut desk = Desk::empty((80, 24));
        desk.feed(Msg::Progress {
            stage: "evaluate".to_owned(),
            done: 1,
            total: Some(2),
        });
        desk
    };
    let failed = || {
        let mut desk = Desk::empty((80, 24));
        desk.feed(Msg::Failed(crate::tui::Failure::abandoned()));
        desk
    };
    let with = |keys: &str| {
        let mut desk = Desk::new(case());
        desk.keys(keys);
        desk
    };
    let marked = || {
        let mut desk = Desk::new(calm_case());
        desk.keys("   a");
        desk
    };
    let mut desks = vec![loading(), failed(), marked()];
    desks.extend(
        [
            "", "z", "5", "2", "22z", "33", "44", "3z", "4x", "?", ":", "f", "/a", "w", "r", "A",
        ]
        .map(with),
    );
    for desk in &mut desks {
        for width in widths {
            for height in heights {
                desk.feed(Msg::Resize { width, height });
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                terminal.draw(|frame| view(&desk.model, frame)).unwrap();
                desk.feed(Msg::Key(KeyEvent::new(KeyCode::Down, KeyModifiers::NONE)));
            }
        }
        // A frame of another size than the model knows, as a resize in the middle of a turn gives.
        for (width, height) in [(1, 1), (10, 3), (60, 16), (200, 60)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| view(&desk.model, frame)).unwrap();
        }
    }
    assert_eq!(
        desks
            .iter()
            .map(|desk| desk.model.journal().decisions().len())
            .sum::<usize>(),
        0
    );
}

#[test]
fn a_stage_without_a_count_says_how_long_it_takes() {
    let mut desk = Desk::empty((80, 24));
    desk.feed(Msg::Progress {
        stage: "read the plan".to_owned(),
        done: 0,
        total: None,
    });
    desk.now = desk.now.checked_add(SignedDuration::from_secs(3)).unwrap();
    desk.feed(Msg::Tick);
    desk.draw();
    assert!(desk.sees("3 s"), "{}", desk.screen());
}

#[test]
fn loading_that_is_abandoned_is_an_error() {
    let (sender, messages) = std::sync::mpsc::channel::<Msg>();
    drop(sender);
    let mut output = Vec::new();
    let outcome = crate::tui::run_plain(
        &mut Model::loading(),
        &messages,
        &|| "2026-11-22T14:00:00Z".parse().unwrap(),
        &mut |_, _| None,
        (&mut "".as_bytes(), &mut output),
        false,
        &mut || Ok(None),
    )
    .unwrap();
    assert_eq!(outcome.exit().code(), 5);
    assert!(
        String::from_utf8(output)
            .unwrap()
            .contains("failed while it was loading")
    );
}

#[test]
fn line_by_line_every_change_is_printed_where_the_gate_asks_for_it() {
    let mut every = calm_case();
    every.gate.review_every_change = true;
    for finding in &mut every.findings {
        finding.policy = Printable::line("no-destroy");
    }
    let digest = every.plan_digest().short();
    let (sender, messages) = std::sync::mpsc::channel();
    sender
        .send(Msg::Loaded(Box::new(loaded(every, Journal::default()))))
        .unwrap();
    let mut model = Model::loading();
    let mut output = Vec::new();
    let typed = "s\no\na\nu\nU\nn\na\na\na\nj\nk\nA\n";
    let outcome = crate::tui::run_plain(
        &mut model,
        &messages,
        &jiff::Timestamp::now,
        &mut |_: &Model, effect: Effect| match effect {
            Effect::Persist(entry) => Some(Msg::Persisted(Ok(entry.number))),
            Effect::Recheck => Some(Msg::Rechecked(Ok(()))),
            Effect::Approve => Some(Msg::Approved(Ok("refs/notes/countersign".to_owned()))),
            _ => None,
        },
        (&mut typed.as_bytes(), &mut output),
        false,
        &mut || Ok(Some(format!("approve {digest}"))),
    )
    .unwrap();
    let output = String::from_utf8(output).unwrap();
    assert_eq!(outcome, Outcome::Approved, "{output}");
    assert!(output.contains("4 of 4 left"), "{output}");
    assert!(
        output.contains("Reports every object that apply would destroy"),
        "{output}"
    );
}

#[test]
fn the_filter_menu_says_how_many_findings_each_choice_would_list() {
    let mut desk = Desk::new(case());
    let row = |desk: &Desk, name: &str| {
        let screen = desk.screen();
        let line = screen.lines().find(|line| line.contains(name)).unwrap();
        let inside = line.rsplit(name).next().unwrap().replace('│', " ");
        let mut words = inside.split_whitespace();
        words.find_map(|word| word.parse::<usize>().ok()).unwrap()
    };
    desk.keys("f");
    assert_eq!((row(&desk, "] undecided"), row(&desk, "] high")), (12, 8));
    assert_eq!((row(&desk, "] low"), row(&desk, "] create")), (4, 1));
    // With another choice the others count what is left.
    desk.keys("jjjjjjj ");
    assert_eq!((row(&desk, "] low"), row(&desk, "] create")), (4, 0));
    assert_eq!(row(&desk, "] destroy or replace"), 8);
}

#[test]
fn the_policy_pane_of_a_change_says_which_policies_found_something() {
    let mut desk = Desk::sized(case(), Journal::default(), (120, 36));
    desk.keys("5jj");
    desk.keys("4");
    assert!(desk.sees("soft-mandatory · high"), "{}", desk.screen());
    assert!(
        desk.sees("What to do: Keep the resource"),
        "{}",
        desk.screen()
    );
    // In a pane, to which the same key leads once more, the keys are those of the pane.
    desk.keys("4");
    assert!(desk.sees("Esc back"), "{}", desk.screen());
}

#[test]
fn a_finding_about_an_address_of_the_configuration_lists_the_changes_of_it() {
    for (address, listed) in [
        ("module.many.terraform_data.this", 1),
        ("module.many", 1),
        ("module.many[\"y\"]", 1),
        ("module.many.terraform_data.other", 0),
    ] {
        let mut case = calm_case();
        case.findings.truncate(1);
        let finding = &mut case.findings[0];
        finding.address = Some(Printable::line(address));
        finding.change_index = None;
        let desk = Desk::sized(case, Journal::default(), (120, 36));
        let screen = desk.screen();
        let rows = screen.lines().filter(|line| line.contains("- destroy"));
        assert_eq!(rows.count(), listed, "{screen}");
        assert_eq!(desk.sees("No change of this plan"), listed == 0, "{screen}");
    }
}
