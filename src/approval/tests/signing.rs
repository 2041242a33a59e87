//! Signers, groups, revocations, clocks and repositories; keys are only names here.

use super::*;
use crate::change::{FileChange, FileStatus};
use crate::policy::Severity;

/// Accepts every signature `good` in the name of whom its key is for.
#[derive(Debug)]
struct Names(&'static [(&'static str, &'static str)]);

impl Signers for Names {
    fn check(&self, claim: &Claim<'_>) -> Result<Signer, Unproven> {
        assert!(
            claim
                .message
                .starts_with(b"DSSEv1 28 application/vnd.in-toto+json ")
        );
        if claim.sig != "good" {
            return Err(Unproven::Bad(
                "it is not a signature of this record".to_owned(),
            ));
        }
        if self.0.is_empty() || self.names(claim.keyid, claim.address) {
            return Ok(Signer {
                key: claim.keyid.to_owned(),
                vouched: !self.0.is_empty(),
            });
        }
        Err(Unproven::NotAuthorised(format!(
            "the key {} is nobody's",
            claim.keyid
        )))
    }

    fn names(&self, key: &str, address: &str) -> bool {
        self.0
            .iter()
            .any(|(known, of)| *known == key && (*of == "*" || *of == address))
    }
}

fn signed(case: &ReviewCase, reviewer: &str, key: &str, sig: &str) -> NoteLine {
    let signature = Signature {
        keyid: key.to_owned(),
        sig: sig.to_owned(),
    };
    Record::with_signatures(statement(case, reviewer), vec![signature])
        .unwrap()
        .into()
}

fn context<'a>(case: &'a ReviewCase, names: &'a Names, required: u8) -> Context<'a> {
    Context {
        rules: ApprovalRules {
            required,
            accept_unsigned: names.0.is_empty(),
            ..ApprovalRules::default()
        },
        signers: Some(names),
        ..Context::of(case, now())
    }
}

fn reason(lines: &[NoteLine], context: &Context<'_>) -> String {
    decide(lines, context).unwrap_err().reason.to_string()
}

#[test]
fn only_the_key_of_the_named_reviewer_counts() {
    let case = case();
    let names = Names(&[("k-ada", "ada@example.org"), ("k-bob", "bob@example.org")]);
    let context = context(&case, &names, 1);
    let good = decide(&[signed(&case, "Ada", "k-ada", "good")], &context).unwrap();
    assert!(good.approvals[0].signed);
    assert_eq!(good.approvals[0].key, Some(Printable::line("k-ada")));
    for (line, part) in [
        (
            signed(&case, "Ada", "k-bob", "good"),
            "not authorised: the key k-bob is nobody's",
        ),
        (signed(&case, "Ada", "k-eve", "good"), "not authorised:"),
        (
            signed(&case, "Ada", "k-ada", "bad"),
            "bad signature: it is not",
        ),
        (record(&case, "Ada").into(), "unsigned:"),
    ] {
        let refusal = decide(std::slice::from_ref(&line), &context).unwrap_err();
        assert!(refusal.to_string().starts_with(part), "{refusal}");
        assert!(!refusal.approvals[0].signed);
    }
    let two = ["k-ada", "k-bob"].map(|key| Signature {
        keyid: key.to_owned(),
        sig: "good".to_owned(),
    });
    let line = Record::with_signatures(statement(&case, "Ada"), two.to_vec()).unwrap();
    assert!(reason(&[line.into()], &context).contains("more than one"));
}

#[test]
fn without_a_list_a_good_signature_counts_as_none_and_a_bad_one_not_at_all() {
    let case = case();
    let names = Names(&[]);
    let context = context(&case, &names, 1);
    let good = decide(&[signed(&case, "Ada", "k", "good")], &context).unwrap();
    assert!(!good.approvals[0].signed && good.approvals[0].key.is_some());
    assert!(decide(&[record(&case, "Ada").into()], &context).is_ok());
    assert!(reason(&[signed(&case, "Ada", "k", "bad")], &context).starts_with("bad signature"));
}

#[test]
fn one_key_in_two_names_is_one_person_and_so_are_two_keys_in_one_name() {
    let case = case();
    let names = Names(&[("one", "*"), ("two", "*"), ("k-cyd", "cyd@example.org")]);
    let mut context = context(&case, &names, 2);
    // Else the keys would be the author's, too.
    context.rules.prevent_self = false;
    let line = |name, key| signed(&case, name, key, "good");
    let two = |lines: &[NoteLine], context: &Context<'_>| decide(lines, context).is_ok();
    assert!(!two(&[line("Ada", "one"), line("Bob", "one")], &context));
    assert!(!two(&[line("Ada", "one"), line("Ada", "two")], &context));
    // A chain of shared names and keys is one person, in whatever order.
    let chain = [line("Ada", "one"), line("Bob", "two"), line("Ada", "two")];
    assert!(!two(&chain, &context));
    let refusal = reason(&chain, &context);
    assert_eq!(
        refusal,
        "under quorum: 1 of 2 approvals; ask another reviewer."
    );
    assert!(two(&[line("Ada", "one"), line("Cyd", "k-cyd")], &context));
}

#[test]
fn a_key_that_may_sign_for_an_author_is_the_authors() {
    let case = case();
    let names = Names(&[("k", "ada@example.org"), ("k", "wanda@example.org")]);
    let mut context = context(&case, &names, 1);
    let line = signed(&case, "Ada", "k", "good");
    assert_eq!(
        reason(std::slice::from_ref(&line), &context),
        "self-approval: the key may also sign for wanda@example.org, who wrote part of this change; somebody else must approve it."
    );
    context.rules.prevent_self = false;
    assert!(decide(&[line], &context).is_ok());
}

#[test]
fn a_group_is_asked_where_findings_or_files_call_for_it() {
    let mut case = case();
    let UnderReview::Commits(change) = &mut case.under_review else {
        panic!("a case has a change");
    };
    change.files = vec![FileChange {
        path: "live/prod/main.tf".to_owned(),
        status: FileStatus::Modified,
        old_path: None,
        mode: None,
        old_mode: None,
        binary: false,
        hunks: Vec::new(),
        strings: None,
    }];
    let names = Names(&[]);
    let rule = GroupRule {
        group: "security".to_owned(),
        members: vec![
            "bob@example.org".to_owned(),
            "*@security.example.org".to_owned(),
        ],
        required: 1,
        policies: Vec::new(),
        severity: None,
        paths: Vec::new(),
    };
    let with = |edit: &dyn Fn(&mut GroupRule)| {
        let mut rule = rule.clone();
        edit(&mut rule);
        let mut context = context(&case, &names, 1);
        context.groups = vec![rule];
        let ada = decide(&[record(&case, "Ada").into()], &context);
        let lines = [record(&case, "Ada").into(), record(&case, "BOB").into()];
        assert!(decide(&lines, &context).is_ok());
        ada.err().map(|refusal| refusal.to_string())
    };
    let severity = case.findings[0].severity;
    let why = with(&|_| {}).unwrap();
    assert_eq!(
        why,
        "under quorum: 0 of 1 approvals by the group security, which every change needs; ask one of bob@example.org, *@security.example.org."
    );
    let policies = |r: &mut GroupRule| r.policies = vec!["no-destroy".to_owned()];
    assert!(with(&policies).unwrap().contains("a finding of no-destroy"));
    assert!(with(&|r| r.policies = vec!["other".to_owned()]).is_none());
    assert!(with(&|r| r.severity = Some(severity)).is_some());
    assert!(with(&|r| r.severity = Some(Severity::Info)).is_some());
    assert_eq!(
        with(&|r| r.severity = Some(Severity::Critical)).is_some(),
        case.findings
            .iter()
            .any(|f| f.severity == Severity::Critical)
    );
    assert!(
        with(&|r| r.paths = vec!["live/prod/**".to_owned()])
            .unwrap()
            .contains("live/prod/main.tf")
    );
    assert!(with(&|r| r.paths = vec!["live/*.tf".to_owned()]).is_none());
    // Both conditions must hold.
    assert!(
        with(&|r| {
            policies(r);
            r.paths = vec!["other/**".to_owned()];
        })
        .is_none()
    );
    assert!(
        with(&|r| {
            policies(r);
            r.paths = vec!["live/**".to_owned()];
        })
        .is_some()
    );
}

#[test]
fn the_clock_cannot_be_before_the_base() {
    let case = case();
    let names = Names(&[]);
    let mut context = context(&case, &names, 1);
    let line = [NoteLine::from(record(&case, "Ada"))];
    context.not_before = Some(now() + SignedDuration::from_mins(50));
    assert!(decide(&line, &context).is_ok());
    context.not_before = Some(now() + SignedDuration::from_mins(70));
    assert!(reason(&line, &context).starts_with("clock set back: the base was committed at"));
}

#[test]
fn another_repository_is_refused_unless_it_is_allowed() {
    let case = case();
    let names = Names(&[]);
    let line = [NoteLine::from(record(&case, "Ada"))];
    let mut here = context(&case, &names, 1);
    here.repositories = ["example.org/fork".to_owned()].into();
    assert!(reason(&line, &here).starts_with("other repository: example.org/infra was reviewed"));
    here.allowed_repositories = vec!["example.org/other*".to_owned()];
    assert!(decide(&line, &here).is_err());
    here.allowed_repositories
        .push("example.org/inf*".to_owned());
    assert!(decide(&line, &here).is_ok());
    here.repositories.clear();
    here.allowed_repositories.clear();
    assert!(decide(&line, &here).is_err());
}

#[test]
fn a_revocation_reads_back_and_is_no_record() {
    let case = case();
    let approval = record(&case, "Ada");
    let revocation = Revocation {
        created: "2026-11-22T08:00:00Z".parse().unwrap(),
        reason: Some(Printable::line("the wrong plan")),
        revoker: person("Bob"),
        statement: approval.statement_digest(),
    };
    let line = revocation.line().unwrap();
    let note = format!("{}\n{line}\ngarbage\n", approval.line());
    assert_eq!(
        read_revocations(note.as_bytes()),
        std::slice::from_ref(&revocation)
    );
    let records = read_note(note.as_bytes());
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].record.as_ref(), Ok(&approval));
    for other in [
        format!("{line} "),
        line.replace("\"signatures\":[]", "\"signatures\":[],\"signatures\":[]"),
        approval.line().to_owned(),
    ] {
        assert!(read_revocations(other.as_bytes()).is_empty());
    }
    let names = Names(&[]);
    let mut context = context(&case, &names, 1);
    context.revoked = [revocation.statement].into();
    // Signing the same statement again does not bring it back.
    let again = signed(&case, "Ada", "k", "good");
    assert!(reason(&[records[0].clone(), again], &context).starts_with("revoked:"));
}
