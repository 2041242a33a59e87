use super::scene::*;
use super::*;
use crate::decision::Waiver;
use crate::finding::{Certainty, Standing};

#[test]
fn a_finding_without_an_answer_that_permits_it_is_refused_with_its_reason() {
    let attempts: Vec<(&str, &str, Edit)> = vec![
        (
            "a new blocking finding",
            "new-finding",
            Box::new(|s| {
                s.case
                    .findings
                    .push(finding("p", "a.b", Enforcement::HardMandatory));
            }),
        ),
        (
            "a new warning where warnings block",
            "new-finding",
            Box::new(|s| {
                s.case.gate.fail_on_warn = true;
                s.case
                    .findings
                    .push(finding("p", "a.b", Enforcement::Advisory));
            }),
        ),
        (
            "a policy that could not be evaluated",
            "new-finding",
            Box::new(|s| {
                let mut found = finding("p", "a.b", Enforcement::SoftMandatory);
                found.standing = Standing::NotEvaluated;
                s.case.findings.push(found);
            }),
        ),
        (
            "a finding that may be, and was not answered",
            "new-finding",
            Box::new(|s| {
                let mut found = finding("p", "a.b", Enforcement::SoftMandatory);
                found.certainty = Certainty::Unknown;
                s.case.findings.push(found);
            }),
        ),
        (
            "the change behind a finding is another",
            "not-covered",
            Box::new(|s| {
                s.case.findings[0].content = Digest::of(b"other");
            }),
        ),
        (
            "the reviewer rejected it",
            "not-covered",
            Box::new(|s| {
                let no = Decision::Reject {
                    reason: "keep the database".to_owned(),
                };
                set(&mut s.statement, &database(), no);
            }),
        ),
        (
            "the reviewer rejected something that does not block",
            "not-covered",
            Box::new(|s| {
                let no = Decision::Reject {
                    reason: "keep the bucket".to_owned(),
                };
                set(&mut s.statement, &bucket(), no);
            }),
        ),
        (
            "a hard-mandatory finding is waived in a forged record",
            "not-covered",
            Box::new(|s| {
                s.case.findings[0].enforcement = Enforcement::HardMandatory;
            }),
        ),
        (
            "a blocking finding is acknowledged in a forged record",
            "not-covered",
            Box::new(|s| {
                set(&mut s.statement, &database(), Decision::Acknowledge);
            }),
        ),
        (
            "a waiver without a real reason in a forged record",
            "not-covered",
            Box::new(|s| {
                set(&mut s.statement, &database(), waive("ok", "2026-11-26"));
            }),
        ),
        (
            "a waiver for too long in a forged record",
            "not-covered",
            Box::new(|s| {
                set(
                    &mut s.statement,
                    &database(),
                    waive("retired with OPS-7", "2036-11-26"),
                );
            }),
        ),
        (
            "a waiver that is over",
            "not-covered",
            Box::new(|s| s.now = after_days(5)),
        ),
        (
            "a finding that did not apply blocks now",
            "not-covered",
            Box::new(|s| {
                let index = answer_to(&mut s.statement, &database());
                s.statement.answers[index].given = Given::NotApplicable;
            }),
        ),
        (
            "a forged record says that the configuration waived it",
            "not-covered",
            Box::new(|s| {
                let index = answer_to(&mut s.statement, &database());
                s.statement.answers[index].given = Given::Waiver {
                    reason: Printable::line("agreed with the owner"),
                    expires: "2036-12-01".parse().unwrap(),
                };
            }),
        ),
    ];
    assert_refused(&attempts);
}

#[test]
fn what_matches_in_substance_is_covered() {
    let covers = |commit, plans| Covers { commit, plans };
    let same = covers(MatchedCommit::Same, MatchedPlans::SameBytes);
    let accepted: Vec<(&str, Covers, Edit)> = vec![
        ("nothing changed", same, Box::new(|_| {})),
        (
            "nothing changed, and the same bytes are asked for",
            same,
            Box::new(|s| s.rules.exact = true),
        ),
        (
            "a replan with the same effect",
            covers(MatchedCommit::Same, MatchedPlans::SameEffect),
            Box::new(|s| {
                replan(s, "b", "2026-11-22T07:00:00Z");
            }),
        ),
        (
            "the base went on and the merge base stayed",
            same,
            Box::new(|s| s.base = Some(Some(OTHER.to_owned()))),
        ),
        (
            "a fast-forward: the commit is in the base",
            same,
            Box::new(|s| {
                s.merge_base = Some(Some(HEAD.to_owned()));
                s.base = Some(Some(HEAD.to_owned()));
            }),
        ),
        (
            "no change is under review any more",
            same,
            Box::new(|s| {
                s.squashed();
                s.case.under_review = UnderReview::NoChange {
                    base: None,
                    head: HEAD.to_owned(),
                    reason: Printable::line("The head is in the base."),
                    dirty: Vec::new(),
                };
            }),
        ),
        (
            "a squash onto the base",
            covers(MatchedCommit::SameTree, MatchedPlans::SameBytes),
            Box::new(Scene::squashed),
        ),
        (
            "a merge whose merge base is the recorded base",
            covers(MatchedCommit::SameTree, MatchedPlans::SameBytes),
            Box::new(|s| {
                s.change().head = Some(OTHER.to_owned());
                s.base = Some(Some(HEAD.to_owned()));
                s.merge_base = Some(Some(BASE.to_owned()));
            }),
        ),
        (
            "a finding is gone",
            same,
            Box::new(|s| s.case.findings.clear()),
        ),
        (
            "a new warning where warnings do not block",
            same,
            Box::new(|s| {
                s.case
                    .findings
                    .push(finding("p", "a.b", Enforcement::Advisory));
            }),
        ),
        (
            "a new finding that the configuration waives",
            same,
            Box::new(|s| {
                s.case
                    .findings
                    .push(finding("p", "a.b", Enforcement::SoftMandatory));
                s.case.waivers.push(
                    Waiver::new(
                        "p".to_owned(),
                        "a.b".to_owned(),
                        "agreed with the owner",
                        "ops",
                        "2026-12-01".parse().unwrap(),
                        "countersign.toml",
                        3,
                    )
                    .unwrap(),
                );
            }),
        ),
        (
            "the author approves where that is allowed",
            same,
            Box::new(|s| {
                s.rules.prevent_self = false;
                s.change().authors = vec![author("ada@example.org", AuthorRole::Author)];
            }),
        ),
        (
            "a clock that is four minutes ahead",
            same,
            Box::new(|s| s.now = now() - SignedDuration::from_mins(4)),
        ),
        (
            "the last day of the waiver",
            same,
            Box::new(|s| s.now = after_days(4)),
        ),
        (
            "a message is worded anew",
            same,
            Box::new(|s| s.case.findings[0].message = Printable::line("Other words.")),
        ),
    ];
    for (what, expected, edit) in &accepted {
        assert_eq!(outcome(edit).as_ref(), Ok(expected), "{what}");
    }
}

#[test]
fn a_record_ends_at_the_second_it_names() {
    let end = statement(&case(), "Ada").expires;
    let without_findings = |time| {
        outcome(move |s: &mut Scene| {
            s.case.findings.clear();
            s.now = time;
        })
    };
    assert!(without_findings(end - SignedDuration::from_secs(1)).is_ok());
    assert_eq!(without_findings(end), Err(Void::Expired(end)));
}

#[test]
fn new_findings_are_counted_and_the_first_is_named() {
    let void = outcome(|s| {
        for address in ["a.b", "c.d", "e.f"] {
            s.case
                .findings
                .push(finding("p", address, Enforcement::SoftMandatory));
        }
    })
    .unwrap_err();
    assert_eq!(
        void.to_string(),
        "new finding: p at a.b and 2 more are not in the approval; review again."
    );
    let void = outcome(|s| {
        s.case
            .findings
            .push(finding("p", "a.b", Enforcement::SoftMandatory));
    })
    .unwrap_err();
    assert_eq!(
        void.to_string(),
        "new finding: p at a.b is not in the approval; review again."
    );
}

#[test]
fn an_answer_to_a_finding_of_the_same_name_and_other_content_does_not_hide_the_right_one() {
    let result = outcome(|s| {
        let index = answer_to(&mut s.statement, &database());
        let mut other = s.statement.answers[index].clone();
        other.content = Digest::of(b"other");
        other.given = Given::NotApplicable;
        s.statement.answers.push(other);
        s.statement
            .answers
            .sort_by_key(|a| (a.fingerprint, a.content));
    });
    assert!(result.is_ok(), "{result:?}");
}
