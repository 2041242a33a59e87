use super::*;
use crate::review::{Exit, Status};

fn lines(records: &[Record]) -> Vec<NoteLine> {
    records.iter().cloned().map(NoteLine::from).collect()
}

fn context(case: &ReviewCase, required: u8) -> Context<'_> {
    Context {
        rules: ApprovalRules {
            required,
            ..ApprovalRules::default()
        },
        ..Context::of(case, now())
    }
}

#[test]
fn one_valid_record_is_enough_by_default() {
    let case = case();
    let record = record(&case, "Ada");
    let approved = decide(&lines(std::slice::from_ref(&record)), &context(&case, 1)).unwrap();
    assert_eq!(approved.records, std::slice::from_ref(&record));
    assert_eq!(approved.covers.len(), 1);
    let shown = serde_json::to_value(&approved.approvals).unwrap();
    assert_eq!(
        shown,
        serde_json::json!([{
            "digest": record.statement_digest().to_string(), "reviewer": "Ada <ada@example.org>", "created": "2026-11-22T08:00:00Z",
            "expires": "2026-12-06T08:00:00Z", "signed": false, "key": null, "valid": true, "reason": null,
            "break_glass": null,
        }])
    );
    assert!(decide(&lines(&[record]), &context(&case, 0)).is_ok());
    assert_eq!(
        decide(&[], &context(&case, 0)).unwrap_err().reason,
        Void::NoApproval
    );
}

#[test]
fn a_quorum_counts_people_not_records() {
    let case = case();
    let ada = record(&case, "Ada");
    let mut again = ada.statement().clone();
    again.reviewer.email = "ADA@example.org".to_owned();
    again.predecessors = vec![ada.digest()];
    let again = Record::unsigned(again).unwrap();
    let bob = record(&case, "Bob");
    let refusal = decide(
        &lines(&[ada.clone(), ada.clone(), again.clone()]),
        &context(&case, 2),
    )
    .unwrap_err();
    assert_eq!(refusal.reason, Void::UnderQuorum { have: 1, need: 2 });
    assert_eq!(
        refusal.to_string(),
        "under quorum: 1 of 2 approvals; ask another reviewer."
    );
    assert_eq!(refusal.approvals.len(), 2);
    assert!(refusal.approvals.iter().all(|a| a.valid));
    assert!(decide(&lines(&[ada.clone(), bob.clone()]), &context(&case, 2)).is_ok());
    assert!(decide(&lines(&[ada, again, bob]), &context(&case, 3)).is_err());
}

#[test]
fn a_void_record_neither_counts_nor_harms() {
    let case = case();
    let good = record(&case, "Ada");
    let mut forged = statement(&case, "Bob");
    forged.commit = OTHER.to_owned();
    forged.tree = OTHER.to_owned();
    let mut note = b"garbage\n".to_vec();
    for record in [Record::unsigned(forged).unwrap(), good.clone()] {
        note.extend_from_slice(record.line().as_bytes());
        note.push(b'\n');
    }
    let approved = decide(&read_note(&note), &context(&case, 1)).unwrap();
    assert_eq!(approved.records, [good]);
    assert_eq!(approved.approvals.iter().filter(|a| a.valid).count(), 1);
    assert_eq!(approved.approvals[0].reviewer, None);
    assert!(
        approved.approvals[0]
            .reason
            .as_ref()
            .unwrap()
            .starts_with("malformed:")
    );
    let refusal = decide(&read_note(&note), &context(&case, 2)).unwrap_err();
    assert_eq!(refusal.reason.name(), "under-quorum");
}

#[test]
fn of_several_void_records_the_one_that_came_nearest_gives_the_reason() {
    let case = case();
    let good = statement(&case, "Ada");
    let mut other_commit = good.clone();
    other_commit.commit = OTHER.to_owned();
    other_commit.tree = OTHER.to_owned();
    let mut other_policies = good.clone();
    other_policies.policies.digest = Digest::of(b"other");
    let mut note = lines(&[other_policies, other_commit].map(|s| Record::unsigned(s).unwrap()));
    note.extend(read_note(b"garbage"));
    let refusal = decide(&note, &context(&case, 1)).unwrap_err();
    assert_eq!(refusal.reason, Void::OtherPolicies);
    assert_eq!(refusal.approvals.len(), 3);
    assert!(
        refusal
            .approvals
            .iter()
            .all(|a| !a.valid && a.reason.is_some())
    );
    assert_eq!(
        decide(&note[2..], &context(&case, 1))
            .unwrap_err()
            .reason
            .name(),
        "malformed"
    );
}

#[test]
fn frozen_wins_over_every_record() {
    let case = case();
    let mut frozen = context(&case, 1);
    let reason = Printable::line("an incident.");
    frozen.frozen = Some(reason.clone());
    assert_eq!(
        decide(&[], &frozen).unwrap_err().reason,
        Void::Frozen(reason.clone())
    );
    assert_eq!(
        decide(&lines(&[record(&case, "Ada")]), &frozen)
            .unwrap_err()
            .reason,
        Void::Frozen(reason)
    );
}

#[test]
fn the_order_of_lines_does_not_matter() {
    let case = case();
    let records = ["Ada", "Bob", "Cleo"].map(|name| record(&case, name));
    let mut reversed = records.to_vec();
    reversed.reverse();
    let one = decide(&lines(&records), &context(&case, 2)).unwrap();
    let two = decide(&lines(&reversed), &context(&case, 2)).unwrap();
    assert_eq!(one.approvals, two.approvals);
    assert_eq!(
        one.journal(case.plan_digest()),
        two.journal(case.plan_digest())
    );
}

#[test]
fn the_journal_of_an_approval_makes_the_verdict_pass_on_a_plan_made_anew() {
    let mut case = case();
    let record = record(&case, "Ada");
    case.plans[0] = plan("live/plan.json", "b", "2026-11-22T07:00:00Z");
    assert_eq!(
        verdict(&case, &Journal::default(), now()).exit,
        Exit::Blocked
    );
    let approved = decide(&lines(&[record]), &context(&case, 1)).unwrap();
    let journal = approved.journal(case.plan_digest());
    assert_eq!(
        Journal::from_entries(journal.entries().to_vec()).as_ref(),
        Ok(&journal)
    );
    let verdict = verdict(&case, &journal, now());
    assert_eq!(verdict.exit, Exit::Pass);
    let states: Vec<Status> = verdict.states.iter().map(|s| s.status).collect();
    assert_eq!(states, [Status::Waived, Status::Acknowledged]);
    assert_eq!(
        verdict.states[0].recorded.as_ref().unwrap().by,
        person("Ada")
    );
}

#[test]
fn of_two_approvals_the_later_answer_stands() {
    let case = case();
    let first = statement(&case, "Ada");
    let mut second = statement(&case, "Bob");
    second.created += SignedDuration::from_secs(60);
    for answer in &mut second.answers {
        if let Given::Reviewer {
            decision: Decision::Waive { reason, .. },
            ..
        } = &mut answer.given
        {
            *reason = "said by the second".to_owned();
        }
    }
    for order in [[&first, &second], [&second, &first]] {
        let decisions = journal(order, case.plan_digest()).decisions();
        let standing = &decisions[&database().fingerprint];
        assert_eq!(standing.by, person("Bob"));
        assert_eq!(standing.decision, waive("said by the second", "2026-11-26"));
    }
}

#[test]
fn two_reviewers_at_once_are_two_heads_and_the_next_record_follows_both() {
    let case = case();
    let (ada, bob) = (record(&case, "Ada"), record(&case, "Bob"));
    let mut note = lines(&[ada.clone(), bob.clone()]);
    let both = heads(&note);
    assert_eq!(both.len(), 2);
    let journal = answered(&case);
    let verdict = verdict(&case, &journal, now());
    let cleo = person("Cleo");
    let terms = Occasion {
        predecessors: &both,
        ..occasion(&cleo)
    };
    let third =
        Record::unsigned(Statement::build(&case, &journal, &verdict, &terms).unwrap()).unwrap();
    assert_eq!(third.statement().predecessors, both);
    note.push(third.clone().into());
    note.extend(read_note(b"garbage"));
    assert_eq!(heads(&note), [third.digest()]);
    assert!(heads(&[]).is_empty());
}
