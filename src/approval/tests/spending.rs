use super::*;
use crate::approval::StateIdentity;

fn at(created: &str) -> Timestamp {
    created.parse().unwrap()
}

fn spent(record: &Record, created: &str) -> Spending {
    Spending::of(std::slice::from_ref(record), "CI", at(created)).unwrap()
}

fn outcome(case: &ReviewCase, record: &Record, spent: Vec<Spending>) -> Result<Covers, Void> {
    let context = Context {
        spent,
        ..Context::of(case, now())
    };
    check(record, &context)
}

fn made(case: &ReviewCase, name: &str, edit: impl FnOnce(&mut Statement)) -> Record {
    let mut statement = statement(case, name);
    edit(&mut statement);
    Record::unsigned(statement).unwrap()
}

#[test]
fn a_notice_of_use_reads_back_is_no_record_and_is_unlike_any_other() {
    let case = case();
    let record = record(&case, "Ada");
    let used = spent(&record, "2026-11-22T08:00:00Z");
    let line = used.line().unwrap();
    let note = format!("{}\n{line}\ngarbage\n", record.line());
    assert_eq!(read_spendings(note.as_bytes()), std::slice::from_ref(&used));
    assert_eq!(read_note(note.as_bytes()).len(), 2);
    assert!(read_revocations(note.as_bytes()).is_empty());
    assert!(!line.contains(SECRET));
    for other in [
        format!("{line} "),
        line.replace("\"signatures\":[]", "\"signatures\":[],\"signatures\":[]"),
        record.line().to_owned(),
    ] {
        assert!(read_spendings(other.as_bytes()).is_empty());
    }
    // Two jobs that mark at one moment, in one name, must not write one and the same line.
    assert_ne!(line, spent(&record, "2026-11-22T08:00:00Z").line().unwrap());
    assert_eq!(Spending::of(&[], "CI", now()), None);
}

#[test]
fn what_was_used_up_covers_nothing_more() {
    let case = case();
    let approval = record(&case, "Ada");
    assert!(outcome(&case, &approval, Vec::new()).is_ok());
    let used = spent(&approval, "2026-11-22T08:00:00Z");
    let refused = |record: &Record| match outcome(&case, record, vec![used.clone()]) {
        Err(void) => {
            assert_eq!(void.name(), "spent", "{void}");
            void.to_string()
        }
        Ok(covers) => panic!("accepted as {covers:?}"),
    };
    assert_eq!(
        refused(&approval),
        "spent: this approval was used for an apply at 2026-11-22T08:00:00Z by CI; review again for another one."
    );
    // One that was there and held back, whoever made it.
    refused(&made(&case, "Bob", |_| {}));
    // With another signature it is the same approval.
    let signature = Signature {
        keyid: "k".to_owned(),
        sig: "good".to_owned(),
    };
    refused(&Record::with_signatures(approval.statement().clone(), vec![signature]).unwrap());
    let counts = |record: &Record| outcome(&case, record, vec![used.clone()]).is_ok();
    // A new review.
    assert!(counts(&made(&case, "Ada", |s| {
        s.created = at("2026-11-22T08:00:01Z");
    })));
    // The use of something else.
    let other = made(&case, "Ada", |s| s.tree = OTHER.to_owned());
    let elsewhere = spent(&other, "2026-11-22T08:00:00Z");
    assert!(outcome(&case, &approval, vec![elsewhere]).is_ok());
}

#[test]
fn two_uses_of_one_approval_are_seen() {
    let case = case();
    let (ada, bob) = (record(&case, "Ada"), record(&case, "Bob"));
    let later = made(&case, "Ada", |s| s.created = at("2026-11-22T08:00:01Z"));
    let lines: Vec<NoteLine> = [&ada, &bob, &later].map(|r| r.clone().into()).to_vec();
    let twice = |uses: &[&Spending]| {
        let uses: Vec<Spending> = uses.iter().map(|used| (*used).clone()).collect();
        spent_twice(&lines, &uses)
    };
    let (first, second) = (
        spent(&ada, "2026-11-22T08:00:00Z"),
        spent(&ada, "2026-11-22T08:30:00Z"),
    );
    assert!(twice(&[&first]).is_empty());
    // The same notice in two notes, as after a rewritten commit.
    assert!(twice(&[&first, &first]).is_empty());
    assert_eq!(twice(&[&second, &first]), [ada.statement_digest()].into());
    // Each job knew only one of two approvals that were there.
    let by_bob = spent(&bob, "2026-11-22T08:00:00Z");
    assert_eq!(twice(&[&first, &by_bob]).len(), 1);
    // A new review between them.
    let again = spent(&later, "2026-11-22T09:00:00Z");
    assert!(twice(&[&again, &first]).is_empty());
}

#[test]
fn a_state_that_was_written_since_ends_an_approval_for_one_use() {
    let binding = |serial, lineage: Option<&str>| BinaryBinding {
        lineage: lineage.map(Printable::line),
        proof: Printable::line("proven"),
        serial,
        sha256: Digest::of(b"tfplan"),
        terraform_version: Printable::line("1.11.4"),
    };
    let case = case();
    let outcome = |single_use, then: Option<BinaryBinding>, now: Option<(u64, &str)>| {
        let record = made(&case, "Ada", |s| s.plans[0].binary = then);
        let mut context = Context::of(&case, super::now());
        context.rules.single_use = single_use;
        context.plans[0].state = now.map(|(serial, lineage)| StateIdentity {
            lineage: Some(Printable::line(lineage)),
            serial: Some(serial),
        });
        check(&record, &context)
    };
    let then = || Some(binding(Some(7), Some("a")));
    assert!(outcome(true, then(), Some((7, "a"))).is_ok());
    let moved = outcome(true, then(), Some((8, "a"))).unwrap_err();
    assert_eq!(moved.name(), "state-moved");
    assert_eq!(
        moved.to_string(),
        "state moved: live/plan.json was approved on serial 7 of the state, the plan here starts from serial 8; review this plan."
    );
    assert!(outcome(true, then(), Some((7, "b"))).is_err());
    let first = Some(binding(None, None));
    assert!(outcome(true, first, Some((1, "a"))).is_err());
    // Nobody asked, or one of the two plans is not known.
    assert!(outcome(false, then(), Some((8, "a"))).is_ok());
    assert!(outcome(true, None, Some((8, "a"))).is_ok());
    assert!(outcome(true, then(), None).is_ok());
}
