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
    let last = journal.last_undoable()[0].number;
    assert_eq!(last, 2);
    journal.append(at, someone(), plan, Event::Retracted { entry: last });
    let standing = journal.decisions();
    assert_eq!(
        standing.get(&key.fingerprint).unwrap().decision,
        Decision::Acknowledge
    );
    assert_eq!(journal.last_redoable()[0].number, 2);
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

fn tree_waiver(policy: &str, address: &str, expires: &str) -> Waiver {
    let expires = day(expires);
    Waiver::new(
        policy.to_owned(),
        address.to_owned(),
        "agreed with the owner",
        "ops",
        expires,
        "countersign.toml",
        3,
    )
    .unwrap()
}

/// The rule and message of what is wrong with a waiver, held against so many findings at `module.a.x.y[…]`.
fn fault(waiver: &Waiver, findings: usize, complete: bool) -> Option<(&'static str, String)> {
    let findings: Vec<Finding> = (0..findings)
        .map(|n| {
            finding(
                "no-destroy",
                &format!("module.a.x.y[{n}]"),
                Enforcement::SoftMandatory,
            )
        })
        .collect();
    let redactor = crate::text::Redactor::default();
    let coverage = Coverage {
        findings: &findings,
        today: day("2026-11-22"),
        complete,
        redactor: &redactor,
    };
    let mut found = waiver_faults(std::slice::from_ref(waiver), coverage);
    assert!(found.len() < 2);
    found.pop().map(|own| {
        assert!(own.target.is_none(), "no waiver covers a finding about one");
        let place = own.location.unwrap();
        assert_eq!(
            (place.file.as_str(), place.line),
            ("countersign.toml", Some(3))
        );
        (own.rule, own.message.into_string())
    })
}

/// A finding about code with this digest.
fn about_code(digest: &str) -> Finding {
    let target = crate::finding::Target::new("a.b").with_digest(Some(digest));
    Finding {
        target: Some(target),
        ..finding("no-local-exec", "a.b", Enforcement::SoftMandatory)
    }
}

#[test]
fn a_finding_about_code_is_covered_only_by_a_waiver_that_names_it() {
    let part = "0123456789abcdef".repeat(2);
    let digest = part.repeat(2);
    let short = "a".repeat(31);
    let pinned = |part: &str| {
        tree_waiver("no-local-exec", "a.*", "2026-12-24").with_digest(Some(part.to_owned()))
    };
    let finding = about_code(&digest);
    for part in [&digest, &part] {
        assert!(pinned(part).unwrap().covers(&finding), "{part}");
    }
    assert!(!pinned(&"f".repeat(32)).unwrap().covers(&finding));
    let unpinned = tree_waiver("no-local-exec", "a.*", "2026-12-24");
    assert!(!unpinned.covers(&finding) && unpinned.is_meant_for(&finding));
    // One for some code is none for a finding about anything else.
    let plain = self::finding("no-local-exec", "a.b", Enforcement::SoftMandatory);
    assert!(!pinned(&digest).unwrap().covers(&plain) && unpinned.covers(&plain));
    for wrong in [short.as_str(), "", "xyz", &"0".repeat(65), &"A".repeat(32)] {
        assert!(
            matches!(pinned(wrong), Err(WaiverFault::Digest(text)) if text == wrong),
            "{wrong}"
        );
    }
}

#[test]
fn a_waiver_for_other_code_says_what_is_wrong() {
    let redactor = crate::text::Redactor::default();
    let findings = [about_code(&"a".repeat(64))];
    let said = |waiver: Waiver, complete| {
        let coverage = Coverage {
            findings: &findings,
            today: day("2026-11-22"),
            complete,
            redactor: &redactor,
        };
        let found = waiver_faults(&[waiver], coverage);
        found.first().map(|own| own.message.to_string()).unwrap()
    };
    let waiver = || tree_waiver("no-local-exec", "a.b", "2026-12-24");
    let other = waiver().with_digest(Some("b".repeat(64))).unwrap();
    for complete in [true, false] {
        let message = said(other.clone(), complete);
        assert!(
            message.ends_with("the code there is not what it was agreed for; read it again."),
            "{message}"
        );
    }
    assert!(said(waiver(), true).ends_with("add the finding's fact \"digest\" as digest."));
}

#[test]
fn a_waiver_that_covers_nothing_is_unused_where_the_plan_shows_everything() {
    let waiver = tree_waiver("no-destroy", "module.gone.*", "2026-12-24");
    let (rule, message) = fault(&waiver, 3, true).unwrap();
    assert_eq!(rule, "unused");
    assert_eq!(
        message,
        "The waiver of no-destroy for module.gone.* (until 2026-12-24, owner ops) covers no finding; remove it."
    );
    assert_eq!(fault(&waiver, 3, false), None);
    // Another policy's findings are none of its.
    let other = tree_waiver("no-local-exec", "module.a.x.*", "2026-12-24");
    assert_eq!(fault(&other, 3, true).unwrap().0, "unused");
    assert_eq!(
        fault(
            &tree_waiver("no-destroy", "module.a.x.*", "2026-12-24"),
            3,
            true
        ),
        None
    );
}

#[test]
fn a_waiver_whose_last_day_is_over_is_expired_whether_it_would_cover_or_not() {
    for (findings, complete) in [(0, true), (0, false), (3, true), (30, true)] {
        let waiver = tree_waiver("no-destroy", "module.a.x.*", "2026-11-21");
        let (rule, message) = fault(&waiver, findings, complete).unwrap();
        assert_eq!(rule, "expired");
        assert!(message.contains("is over; remove it"), "{message}");
    }
    let last_day = tree_waiver("no-destroy", "module.a.x.*", "2026-11-22");
    assert_eq!(fault(&last_day, 3, true), None);
}

#[test]
fn a_waiver_is_over_broad_by_its_pattern_or_by_what_it_covers() {
    for address in [
        "module.*",
        "module.?*",
        "module.*.*",
        "data.*",
        "module.*.data.*",
        "*[*]",
    ] {
        let (rule, _) = fault(&tree_waiver("no-destroy", address, "2026-12-24"), 1, true).unwrap();
        assert_eq!(rule, "over-broad", "{address}");
    }
    let pattern = tree_waiver("no-destroy", "module.a.*", "2026-12-24");
    assert_eq!(fault(&pattern, MANY, true), None);
    let (rule, message) = fault(&pattern, MANY + 1, true).unwrap();
    assert_eq!(rule, "over-broad");
    assert!(
        message.ends_with("covers 11 findings; narrow it."),
        "{message}"
    );
    let inline = |is_module: bool, block: &str| {
        Waiver::inline(
            "no-destroy".to_owned(),
            vec![(block.to_owned(), [0].into())],
            is_module,
            "agreed with the owner",
            day("2026-12-24"),
            "countersign.toml",
            3,
        )
        .unwrap()
    };
    // A comment at one block names it, however many instances it has; one at a module call covers whatever is below.
    assert_eq!(fault(&inline(false, "module.a.x.y"), 30, true), None);
    assert_eq!(
        fault(&inline(true, "module.a"), 30, true).unwrap().0,
        "over-broad"
    );
}

#[test]
fn waivers_cannot_be_waived() {
    let refused = Waiver::new(
        "waivers".to_owned(),
        "countersign.toml".to_owned(),
        "agreed with the owner",
        "ops",
        day("2026-12-01"),
        "countersign.toml",
        3,
    );
    assert!(matches!(refused, Err(WaiverFault::Policy(_))));
}
