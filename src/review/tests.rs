#![allow(clippy::unwrap_used)]

use super::*;
use crate::decision::tests::finding;
use crate::decision::{Decision, DecisionKey, Event, Journal};
use crate::finding::{Certainty, Enforcement, Standing};
use crate::policy::Trust;

const NOW: &str = "2026-11-22T09:00:00Z";

fn now() -> jiff::Timestamp {
    NOW.parse().unwrap()
}

fn someone() -> Identity {
    Identity {
        name: "Ada".to_owned(),
        email: "ada@example.org".to_owned(),
    }
}

/// A case with one plan (one delete), one commit under review and the given findings.
pub(crate) fn case(findings: Vec<Finding>) -> ReviewCase {
    let text = r#"{"format_version":"1.2","resource_changes":[{"address":"a.b","mode":"managed","type":"a","name":"b","change":{"actions":["delete"],"before":{"x":1},"after":null}}]}"#;
    let plan = Plan::read(text.as_bytes().to_vec()).unwrap();
    ReviewCase {
        plans: vec![CasePlan {
            path: Printable::line("plan.json"),
            root: "plan.json".to_owned(),
            plan,
            proof: None,
        }],
        under_review: UnderReview::Commits(Box::new(Change {
            base: Some("b".repeat(40)),
            head: Some("a".repeat(40)),
            merge_base: Some("b".repeat(40)),
            ..Change::default()
        })),
        tree: Some("c".repeat(40)),
        repository: None,
        sources: Vec::new(),
        policies: PolicySummary {
            digest: Digest::of(b"policies"),
            trust: Trust::Base,
            commit: None,
            packages: 1,
            rules: 1,
            evaluated: 1,
            not_applicable: 0,
            policies: Vec::new(),
        },
        problems: Vec::new(),
        findings,
        not_applicable: Vec::new(),
        baseline: None,
        not_looked_at: Vec::new(),
        waivers: Vec::new(),
        config: Digest::of(b""),
        gate: Gate::default(),
        notices: Vec::new(),
        reviewer: Some(someone()),
        redactor: Redactor::default(),
    }
}

fn answered(case: &ReviewCase, index: usize, decision: Decision) -> Journal {
    let mut journal = Journal::default();
    let key = DecisionKey::of(case.findings.get(index).unwrap());
    journal.append(
        now(),
        someone(),
        case.plan_digest(),
        Event::Decided { key, decision },
    );
    journal
}

fn waive() -> Decision {
    Decision::Waive {
        reason: "agreed with the owner".to_owned(),
        expires: "2026-12-01".parse().unwrap(),
    }
}

fn reject() -> Decision {
    Decision::Reject {
        reason: "not in this quarter".to_owned(),
    }
}

fn soft() -> Finding {
    finding("no-destroy", "a.b", Enforcement::SoftMandatory)
}

#[test]
fn nothing_found_passes_and_nothing_evaluated_does_not() {
    assert_eq!(
        verdict(&case(vec![]), &Journal::default(), now()).exit,
        Exit::Pass
    );
    let mut empty = case(vec![]);
    empty.policies.evaluated = 0;
    assert_eq!(
        verdict(&empty, &Journal::default(), now()).exit,
        Exit::Policy
    );
    let mut no_plan = case(vec![]);
    no_plan.plans.clear();
    assert_eq!(
        verdict(&no_plan, &Journal::default(), now()).exit,
        Exit::Input
    );
}

#[test]
fn enforcement_decides_what_blocks() {
    for (level, exit) in [
        (Enforcement::Advisory, Exit::Pass),
        (Enforcement::SoftMandatory, Exit::Blocked),
        (Enforcement::HardMandatory, Exit::Blocked),
    ] {
        let case = case(vec![finding("p", "a.b", level)]);
        assert_eq!(verdict(&case, &Journal::default(), now()).exit, exit);
    }
    let mut warned = case(vec![finding("p", "a.b", Enforcement::Advisory)]);
    warned.gate.fail_on_warn = true;
    assert_eq!(
        verdict(&warned, &Journal::default(), now()).exit,
        Exit::Blocked
    );
}

#[test]
fn unknown_truth_and_unevaluated_policies_block_unless_configured_otherwise() {
    let unknown = Finding {
        certainty: Certainty::Unknown,
        ..soft()
    };
    let unevaluated = Finding {
        standing: Standing::NotEvaluated,
        ..soft()
    };
    for finding in [unknown, unevaluated] {
        let mut case = case(vec![finding]);
        assert_eq!(
            verdict(&case, &Journal::default(), now()).exit,
            Exit::Blocked
        );
        case.gate.unknown_blocks = false;
        case.gate.not_evaluated_blocks = false;
        assert_eq!(verdict(&case, &Journal::default(), now()).exit, Exit::Pass);
    }
}

#[test]
fn the_first_of_input_policy_blocked_wins() {
    let mut case = case(vec![soft()]);
    assert_eq!(
        verdict(&case, &Journal::default(), now()).exit,
        Exit::Blocked
    );
    case.problems.push(PolicyProblem {
        policy: Printable::line("p"),
        place: None,
        message: Printable::line("broken"),
    });
    assert_eq!(
        verdict(&case, &Journal::default(), now()).exit,
        Exit::Policy
    );
    if let Some(plan) = case.plans.first_mut() {
        plan.plan.errored = true;
    }
    let verdict = verdict(&case, &Journal::default(), now());
    assert_eq!(verdict.exit, Exit::Input);
    assert_eq!(
        verdict.with_approval(Some("no approval".to_owned())).exit,
        Exit::Input
    );
    assert_eq!(Exit::Blocked.and(Exit::Usage), Exit::Usage);
    assert_eq!(Exit::Pass.and(Exit::Unapproved), Exit::Unapproved);
    assert_eq!(Exit::Unapproved.and(Exit::Blocked), Exit::Blocked);
}

#[test]
fn answers_count_for_the_finding_and_the_plan_that_they_were_given_for() {
    let reviewed = case(vec![soft()]);
    let journal = answered(&reviewed, 0, waive());
    let decided = verdict(&reviewed, &journal, now());
    assert_eq!((decided.exit, decided.counts.waived), (Exit::Pass, 1));

    let mut changed = case(vec![Finding {
        content: Digest::of(b"other"),
        ..soft()
    }]);
    assert_eq!(
        verdict(&changed, &journal, now())
            .states
            .first()
            .unwrap()
            .status,
        Status::Stale
    );
    assert_eq!(verdict(&changed, &journal, now()).exit, Exit::Blocked);

    changed = case(vec![soft()]);
    if let Some(plan) = changed.plans.first_mut() {
        plan.plan.digest = Digest::of(b"another plan");
    }
    let carried = verdict(&changed, &journal, now());
    assert_eq!((carried.exit, carried.counts.carried), (Exit::Pass, 1));

    let later = "2026-12-02T00:00:00Z".parse().unwrap();
    assert_eq!(
        verdict(&reviewed, &journal, later)
            .states
            .first()
            .unwrap()
            .status,
        Status::Stale
    );
}

#[test]
fn a_rejection_blocks_also_when_it_is_carried_over() {
    let mut case = case(vec![finding("p", "a.b", Enforcement::Advisory)]);
    let journal = answered(&case, 0, reject());
    assert_eq!(verdict(&case, &journal, now()).exit, Exit::Blocked);
    if let Some(plan) = case.plans.first_mut() {
        plan.plan.digest = Digest::of(b"another plan");
    }
    let carried = verdict(&case, &journal, now());
    assert_eq!(carried.states.first().unwrap().status, Status::Rejected);
    assert_eq!(carried.exit, Exit::Blocked);
}

#[test]
fn a_forged_waiver_of_a_hard_mandatory_finding_does_not_count() {
    let case = case(vec![finding("p", "a.b", Enforcement::HardMandatory)]);
    let journal = answered(&case, 0, waive());
    let verdict = verdict(&case, &journal, now());
    assert_eq!(
        (verdict.exit, verdict.states.first().unwrap().status),
        (Exit::Blocked, Status::Stale)
    );
}

#[test]
fn waivers_of_the_trusted_tree_count_until_they_expire() {
    let waiver = |policy: &str, expires: &str| {
        let expires = expires.parse().unwrap();
        Waiver::new(
            policy.to_owned(),
            "a.b".to_owned(),
            "agreed with the owner",
            "ops",
            expires,
            "countersign.toml",
            3,
        )
        .unwrap()
    };
    let mut case = case(vec![soft()]);
    case.waivers = vec![
        waiver("no-destroy", "2026-12-01"),
        waiver("other", "2026-12-01"),
    ];
    let decided = verdict(&case, &Journal::default(), now());
    let first = decided.states.first().unwrap();
    assert_eq!(
        (decided.exit, first.waiver, first.waiver_days),
        (Exit::Pass, Some(0), None)
    );
    // A stale answer does not take it away.
    let mut stale = answered(&case, 0, waive());
    stale.append(
        now(),
        someone(),
        case.plan_digest(),
        Event::Decided {
            key: DecisionKey {
                content: Digest::of(b"old"),
                ..DecisionKey::of(case.findings.first().unwrap())
            },
            decision: waive(),
        },
    );
    assert_eq!(verdict(&case, &stale, now()).exit, Exit::Pass);
    case.waivers = vec![waiver("no-destroy", "2026-11-21")];
    let decided = verdict(&case, &Journal::default(), now());
    let first = decided.states.first().unwrap();
    assert_eq!(
        (decided.exit, first.waiver, first.waiver_days),
        (Exit::Blocked, None, None)
    );
    // On its last day and in the week before, whoever reads the finding is told.
    for (expires, left) in [
        ("2026-11-22", Some(0)),
        ("2026-11-29", Some(7)),
        ("2026-11-30", None),
    ] {
        case.waivers = vec![waiver("no-destroy", expires)];
        let decided = verdict(&case, &Journal::default(), now());
        let first = decided.states.first().unwrap();
        assert_eq!((decided.exit, first.waiver_days), (Exit::Pass, left));
    }
    case.findings = vec![finding("no-destroy", "a.b", Enforcement::HardMandatory)];
    case.waivers = vec![waiver("no-destroy", "2026-12-01")];
    assert_eq!(
        verdict(&case, &Journal::default(), now()).exit,
        Exit::Blocked
    );
}

#[test]
fn approving_waits_until_everything_is_answered_and_seen() {
    let case = case(vec![soft()]);
    let empty = Journal::default();
    let blockers = approval_blockers(&case, &empty, &verdict(&case, &empty, now()));
    assert_eq!(
        blockers,
        [
            "1 finding is undecided.",
            "1 change that must be seen was never displayed."
        ]
    );
    let mut journal = answered(&case, 0, waive());
    let mark = case.display_mark(0, 0).unwrap();
    journal.append(
        now(),
        someone(),
        case.plan_digest(),
        Event::Displayed { change: mark },
    );
    assert!(approval_blockers(&case, &journal, &verdict(&case, &journal, now())).is_empty());
}

#[test]
fn approving_needs_a_clean_commit_a_person_and_a_whole_plan() {
    let mut journal = Journal::default();
    let base = case(vec![]);
    journal.append(
        now(),
        someone(),
        base.plan_digest(),
        Event::Displayed {
            change: base.display_mark(0, 0).unwrap(),
        },
    );
    let count = |case: &ReviewCase| {
        approval_blockers(case, &journal, &verdict(case, &journal, now())).len()
    };
    assert_eq!(count(&base), 0);
    let mut cases = vec![
        base.clone(),
        base.clone(),
        base.clone(),
        base.clone(),
        base.clone(),
    ];
    let mut edit = cases.iter_mut();
    edit.next().unwrap().reviewer = None;
    edit.next().unwrap().under_review = UnderReview::NoRepository;
    if let Some(plan) = edit.next().unwrap().plans.first_mut() {
        plan.plan.errored = true;
    }
    edit.next().unwrap().under_review = UnderReview::Commits(Box::new(Change {
        head: Some("a".repeat(40)),
        dirty: vec!["main.tf".to_owned(), "b.tf".to_owned()],
        ..Change::default()
    }));
    edit.next().unwrap().policies.evaluated = 0;
    for case in &cases {
        assert_eq!(count(case), 1);
    }
    let mut every = base;
    every.gate.review_every_change = true;
    assert_eq!(count(&every), 0);
}
