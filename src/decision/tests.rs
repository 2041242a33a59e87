#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;
use crate::finding::{Certainty, Severity};
use crate::text::Printable;

/// A finding to decide about, for the tests of this and higher layers.
pub(crate) fn finding(policy: &str, address: &str, enforcement: Enforcement) -> Finding {
    Finding {
        fingerprint: Digest::of(format!("{policy} {address}").as_bytes()),
        content: Digest::of(address.as_bytes()),
        policy: Printable::line(policy),
        title: Printable::line("Title"),
        rule: Printable::line("deny"),
        severity: Severity::High,
        enforcement,
        certainty: Certainty::Proven,
        standing: Standing::Fired,
        message: Printable::line(&format!("{address} is wrong.")),
        remediation: Printable::default(),
        plan: Printable::line("plan.json"),
        plan_index: 0,
        change_index: None,
        address: Some(Printable::line(address)),
        target: Some(crate::finding::Target::new(address)),
        deposed: None,
        module: Printable::default(),
        kind: None,
        actions: Vec::new(),
        attribute: None,
        subject: None,
        facts: BTreeMap::new(),
        location: None,
        policy_location: None,
        explained: None,
    }
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn someone() -> Identity {
    Identity {
        name: "Ada".to_owned(),
        email: "ada@example.org".to_owned(),
    }
}

fn waive(reason: &str, expires: &str) -> Decision {
    Decision::Waive {
        reason: reason.to_owned(),
        expires: day(expires),
    }
}

#[test]
fn each_level_permits_its_own_answers() {
    let today = day("2026-11-22");
    let reject = Decision::Reject {
        reason: "not this week, OPS-1".to_owned(),
    };
    let good = waive("seed job retired", "2026-12-01");
    for (level, acknowledge, waived) in [
        (Enforcement::Advisory, true, false),
        (Enforcement::SoftMandatory, false, true),
        (Enforcement::HardMandatory, false, false),
    ] {
        let finding = finding("p", "a.b", level);
        assert_eq!(
            permits(&finding, &Decision::Acknowledge, today).is_ok(),
            acknowledge
        );
        assert_eq!(permits(&finding, &good, today).is_ok(), waived);
        assert!(permits(&finding, &reject, today).is_ok());
    }
}

#[test]
fn a_waiver_needs_a_reason_and_an_expiry_within_bounds() {
    let today = day("2026-11-22");
    let finding = finding("p", "a.b", Enforcement::SoftMandatory);
    for (decision, refusal) in [
        (waive("short", "2026-12-01"), Refusal::ReasonTooShort),
        (waive("long enough reason", "2026-11-22"), Refusal::Expiry),
        (waive("long enough reason", "2028-01-01"), Refusal::Expiry),
    ] {
        assert_eq!(permits(&finding, &decision, today), Err(refusal));
    }
}

#[test]
fn undo_appends_a_retraction_and_the_earlier_answer_stands_again() {
    let finding = finding("p", "a.b", Enforcement::Advisory);
    let key = DecisionKey::of(&finding);
    let at = jiff::Timestamp::UNIX_EPOCH;
    let plan = Digest::of(b"plan");
    let mut journal = Journal::default();
    journal.append(
        at,
        someone(),
        plan,
        Event::Decided {
            key,
            decision: Decision::Acknowledge,
        },
    );
    journal.append(
        at,
        someone(),
        plan,
        Event::Decided {
            key,
            decision: Decision::Reject {
                reason: "changed my mind".to_owned(),
            },
        },
    );
    let last = journal.last_undoable().unwrap().number;
    assert_eq!(last, 2);
    journal.append(at, someone(), plan, Event::Retracted { entry: last });
    let standing = journal.decisions();
    assert_eq!(
        standing.get(&key.fingerprint).unwrap().decision,
        Decision::Acknowledge
    );
    assert_eq!(journal.last_redoable().unwrap().number, 2);
    assert_eq!(journal.entries().len(), 3);
    let kept: Vec<String> = journal
        .entries()
        .iter()
        .map(|e| serde_json::to_string(e).unwrap())
        .collect();
    let read = kept
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Journal::from_entries(read), Ok(journal));
}

#[test]
fn a_waiver_matches_exact_addresses_and_globs_with_brackets_as_keys() {
    let make = |address: &str| {
        Waiver::new(
            "p".to_owned(),
            address.to_owned(),
            "agreed with the owner",
            "ops",
            day("2026-12-01"),
            "countersign.toml",
            3,
        )
    };
    let target = finding(
        "p",
        "module.a[\"x.y\"].aws_db_instance.main[0]",
        Enforcement::SoftMandatory,
    );
    for (pattern, matches) in [
        ("module.a[\"x.y\"].aws_db_instance.main[0]", true),
        ("module.a[\"x.y\"].aws_db_instance.*", true),
        ("module.a[*].aws_db_instance.main[?]", true),
        ("module.a.aws_db_instance.main", false),
        ("aws_db_instance.main[0]", false),
    ] {
        assert_eq!(make(pattern).unwrap().covers(&target), matches, "{pattern}");
    }
    assert!(!make("module.*").unwrap().covers(&finding(
        "q",
        "module.a.b.c",
        Enforcement::SoftMandatory
    )));
    assert_eq!(
        make("**").unwrap_err(),
        WaiverFault::OverBroad("**".to_owned())
    );
}
