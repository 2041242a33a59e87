use super::scene::*;
use super::*;

#[test]
fn a_record_for_something_else_or_by_the_wrong_person_is_refused_with_its_reason() {
    let other_author = |email: &'static str, role| {
        move |s: &mut Scene| s.change().authors.push(author(email, role))
    };
    let attempts: Vec<(&str, &str, Edit)> = vec![
        (
            "the plan was edited",
            "other-effect",
            Box::new(|s| replan(s, "c", MORNING)),
        ),
        (
            "a replan, and the same bytes are asked for",
            "other-plan",
            Box::new(|s| {
                s.rules.exact = true;
                replan(s, "b", "2026-11-22T07:00:00Z");
            }),
        ),
        (
            "an edited plan, and the same bytes are asked for",
            "other-effect",
            Box::new(|s| {
                s.rules.exact = true;
                replan(s, "c", MORNING);
            }),
        ),
        (
            "the record's effect is another, its bytes are right",
            "other-effect",
            Box::new(|s| {
                s.statement.plans[0].effect = plan("x", "c", MORNING).plan.effect;
            }),
        ),
        (
            "a plan that was not reviewed beside the reviewed one",
            "other-plan",
            Box::new(|s| {
                s.case.plans.push(plan("other/plan.json", "b", MORNING));
            }),
        ),
        (
            "one of two reviewed plans is missing",
            "other-plan",
            Box::new(|s| {
                let mut more = s.statement.plans[0].clone();
                more.root = Printable::line("z/plan.json");
                s.statement.plans.push(more);
            }),
        ),
        (
            "the same plan under another name",
            "other-plan",
            Box::new(|s| s.case.plans[0].root = "x.json".to_owned()),
        ),
        (
            "no plan at all",
            "other-plan",
            Box::new(|s| s.case.plans.clear()),
        ),
        (
            "another commit",
            "other-commit",
            Box::new(|s| {
                s.change().head = Some(OTHER.to_owned());
                s.case.tree = Some(OTHER.to_owned());
            }),
        ),
        (
            "another commit whose tree is not known",
            "other-commit",
            Box::new(|s| {
                s.change().head = Some(OTHER.to_owned());
                s.case.tree = None;
            }),
        ),
        (
            "the right commit with a wrong tree in the record",
            "other-commit",
            Box::new(|s| {
                s.statement.tree = OTHER.to_owned();
            }),
        ),
        (
            "no commit at all",
            "other-commit",
            Box::new(|s| s.change().head = None),
        ),
        (
            "the commit is now compared with another branch",
            "base-moved",
            Box::new(|s| {
                s.merge_base = Some(Some(OTHER.to_owned()));
            }),
        ),
        (
            "a squash onto a base that moved",
            "base-moved",
            Box::new(|s| {
                s.squashed();
                s.base = Some(Some(OTHER.to_owned()));
            }),
        ),
        (
            "a squash where the base is not known",
            "base-moved",
            Box::new(|s| {
                s.squashed();
                s.base = Some(None);
            }),
        ),
        (
            "a squash where neither base is known",
            "base-moved",
            Box::new(|s| {
                s.squashed();
                s.base = Some(None);
                s.statement.base = None;
            }),
        ),
        (
            "other policies",
            "other-policies",
            Box::new(|s| s.case.policies.digest = Digest::of(b"other")),
        ),
        (
            "another configuration",
            "other-config",
            Box::new(|s| s.case.config = Digest::of(b"other")),
        ),
        (
            "the reviewer is an author",
            "self-approval",
            Box::new(other_author("ada@example.org", AuthorRole::Author)),
        ),
        (
            "the reviewer is the committer",
            "self-approval",
            Box::new(other_author("ADA@example.org", AuthorRole::Committer)),
        ),
        (
            "the reviewer is a co-author",
            "self-approval",
            Box::new(other_author(" Ada@Example.Org ", AuthorRole::CoAuthor)),
        ),
        (
            "the reviewer was an author when the record was made",
            "self-approval",
            Box::new(|s| {
                s.statement.authors.insert(0, "ada@example.org".to_owned());
            }),
        ),
        (
            "nobody knows who wrote the change",
            "self-approval",
            Box::new(|s| {
                s.statement.authors.clear();
                s.authors = Some(vec![author("", AuthorRole::Author)]);
            }),
        ),
        (
            "its time is over",
            "expired",
            Box::new(|s| s.now = after_days(14)),
        ),
        (
            "its time is over by a shorter rule",
            "expired",
            Box::new(|s| {
                s.rules.ttl_days = 1;
                s.now = after_days(1);
            }),
        ),
        (
            "made later than now",
            "from-the-future",
            Box::new(|s| s.now = now() - SignedDuration::from_mins(6)),
        ),
        (
            "revoked by its line",
            "revoked",
            Box::new(|s| s.revoked = |r| Some(r.digest())),
        ),
        (
            "revoked by its statement",
            "revoked",
            Box::new(|s| s.revoked = |r| Some(r.statement_digest())),
        ),
        (
            "approvals are suspended",
            "frozen",
            Box::new(|s| s.frozen = true),
        ),
        (
            "unsigned where signatures are asked for",
            "unsigned",
            Box::new(|s| s.rules.accept_unsigned = false),
        ),
        (
            "a signature that nobody can verify",
            "bad-signature",
            Box::new(|s| {
                s.signatures.push(Signature {
                    keyid: "a".to_owned(),
                    sig: "b".to_owned(),
                });
            }),
        ),
        (
            "an unsorted record",
            "malformed",
            Box::new(|s| s.statement.answers.reverse()),
        ),
        (
            "a life of a year",
            "malformed",
            Box::new(|s| s.statement.expires = after_days(365)),
        ),
    ];
    assert_refused(&attempts);
}
