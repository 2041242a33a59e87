#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;
use crate::decision::Journal;
use crate::decision::tests::finding;
use crate::finding::Certainty;
use crate::policy::{Dialect, Policy};
use crate::review::tests::case;
use crate::review::{Exit, verdict};

fn policy(id: &str, needs: Vec<Need>) -> Policy {
    Policy {
        id: Printable::line(id),
        title: Printable::default(),
        description: Printable::default(),
        remediation: Printable::default(),
        severity: None,
        enforcement: None,
        needs,
        uses: Vec::new(),
        settings: Vec::new(),
        setting_types: std::collections::BTreeMap::new(),
        package: String::new(),
        file: Printable::default(),
        text: "".into(),
        builtin: true,
        dialect: Dialect::Opa,
        bundle: Printable::default(),
    }
}

fn soft() -> Finding {
    let mut finding = finding("grants", "a.b", Enforcement::SoftMandatory);
    finding.actions = vec![Printable::line("update")];
    finding
        .facts
        .insert("actions".to_owned(), json!(["s3:PutObject"]));
    finding
}

/// A case whose baseline has the finding as it was, with an edit.
fn compared(now: &Finding, then: &Finding, edit: &dyn Fn(&mut Json)) -> ReviewCase {
    let mut case = case(vec![now.clone()]);
    case.policies.policies = vec![policy("grants", vec![Need::Plan])];
    let mut report = json!({
        "plans": [{"path": "then.json", "root": "plan.json"}],
        "policies": {"digest": case.policies.digest.to_string(), "config": null},
        "findings": [{
            "fingerprint": then.fingerprint.to_string(), "policy": then.policy, "rule": then.rule, "severity": then.severity,
            "enforcement": then.enforcement, "certainty": then.certainty, "message": then.message, "plan": "then.json",
            "address": then.address, "deposed": then.deposed, "actions": then.actions, "subject": then.subject,
            "facts": then.facts, "status": "open",
        }],
    });
    edit(&mut report);
    let baseline = Baseline::read(report, ("base.json", Digest::of(b"")), &case).unwrap();
    case.baseline = Some(baseline);
    case
}

fn decided(case: &ReviewCase) -> (Exit, Option<Compared>) {
    let now = "2026-11-22T09:00:00Z".parse().unwrap();
    let verdict = verdict(case, &Journal::default(), now);
    (verdict.exit, verdict.states.first().unwrap().compared)
}

#[test]
fn what_stands_as_it_stood_is_known_and_stays_open() {
    let case = compared(&soft(), &soft(), &|_| {});
    assert_eq!(decided(&case), (Exit::Pass, Some(Compared::Unchanged)));
    assert!(case.baseline.as_ref().unwrap().absent(&case).is_empty());
    let mut none = case;
    none.baseline = None;
    assert_eq!(decided(&none), (Exit::Blocked, None));
}

#[test]
fn a_finding_that_became_another_blocks() {
    let edits: [&dyn Fn(&mut Finding); 6] = [
        &|then| then.severity = Severity::Low,
        &|then| then.enforcement = Enforcement::Advisory,
        &|then| then.certainty = Certainty::Unknown,
        &|then| then.actions.clear(),
        &|then| drop(then.facts.insert("actions".to_owned(), json!(["s3:Get*"]))),
        &|then| then.facts.clear(),
    ];
    for edit in edits {
        let mut then = soft();
        edit(&mut then);
        let case = compared(&soft(), &then, &|_| {});
        assert_eq!(decided(&case), (Exit::Blocked, Some(Compared::Updated)));
    }
    // Less bad than it was is no reason.
    let mut then = soft();
    then.severity = Severity::Critical;
    let case = compared(&soft(), &then, &|_| {});
    assert_eq!(decided(&case), (Exit::Pass, Some(Compared::Unchanged)));
}

#[test]
fn what_a_baseline_must_not_silence_blocks() {
    let edits: [&dyn Fn(&mut Finding); 5] = [
        &|finding| finding.enforcement = Enforcement::HardMandatory,
        &|finding| finding.actions = vec![Printable::line("delete")],
        &|finding| finding.actions = vec![Printable::line("an unknown word")],
        &|finding| finding.standing = Standing::NotEvaluated,
        &|finding| finding.address = None,
    ];
    for edit in edits {
        let mut finding = soft();
        edit(&mut finding);
        let case = compared(&finding, &finding, &|_| {});
        assert_eq!(decided(&case), (Exit::Blocked, Some(Compared::Unchanged)));
    }
    for needs in [Need::Git, Need::Repository] {
        let mut case = compared(&soft(), &soft(), &|_| {});
        case.policies.policies = vec![policy("grants", vec![needs])];
        assert_eq!(decided(&case).0, Exit::Blocked);
        let mut uses = policy("grants", Vec::new());
        uses.uses = vec![needs];
        case.policies.policies = vec![uses];
        assert_eq!(decided(&case).0, Exit::Blocked);
        case.policies.policies.clear();
        assert_eq!(decided(&case).0, Exit::Blocked);
    }
    for status in ["rejected", "not-evaluated", "not-applicable"] {
        let case = compared(&soft(), &soft(), &|report| {
            report["findings"][0]["status"] = json!(status);
        });
        assert_eq!(decided(&case), (Exit::Blocked, Some(Compared::New)));
    }
}

#[test]
fn what_is_found_no_longer_is_told_of_the_plans_at_hand() {
    let gone = finding("grants", "a.gone", Enforcement::SoftMandatory);
    let case = compared(&soft(), &gone, &|_| {});
    assert_eq!(decided(&case), (Exit::Blocked, Some(Compared::New)));
    let absent = |case: &ReviewCase| -> Vec<String> {
        let found = case.baseline.as_ref().unwrap().absent(case);
        found.iter().map(|e| e.label.to_string()).collect()
    };
    assert_eq!(absent(&case), ["a.gone"]);
    let other = compared(&soft(), &gone, &|report| {
        report["plans"][0]["root"] = json!("other.json");
    });
    assert!(absent(&other).is_empty());
}
