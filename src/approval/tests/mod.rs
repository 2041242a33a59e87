#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::string_slice,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::option_option
)]

mod building;
mod covering;
mod deciding;
mod reading;
mod refusals;
mod scene;
mod signing;
mod spending;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::change::{Author, AuthorRole, Change};
use crate::decision::tests::finding;
use crate::decision::{Decision, DecisionKey, Event, Identity, Journal};
use crate::digest::Digest;
use crate::finding::{Enforcement, Finding};
use crate::plan::Plan;
use crate::policy::{PolicySummary, Trust};
use crate::review::{CasePlan, Gate, ReviewCase, UnderReview, verdict};
use crate::text::Printable;

const HEAD: &str = "1111111111111111111111111111111111111111";
const TREE: &str = "2222222222222222222222222222222222222222";
const BASE: &str = "3333333333333333333333333333333333333333";
const MERGE_BASE: &str = "4444444444444444444444444444444444444444";
const OTHER: &str = "5555555555555555555555555555555555555555";
const SECRET: &str = "correct-horse-battery";

/// A plan that destroys a database and changes a bucket's tag to `tag`, made at `timestamp`.
fn plan_json(tag: &str, timestamp: &str) -> String {
    format!(
        r#"{{"format_version":"1.2","terraform_version":"1.11.4","timestamp":"{timestamp}","resource_changes":[
        {{"address":"aws_db_instance.main","mode":"managed","type":"aws_db_instance","name":"main","provider_name":"registry.terraform.io/hashicorp/aws",
          "change":{{"actions":["delete"],"before":{{"id":"db","password":"{SECRET}"}},"after":null,"after_unknown":{{}},"before_sensitive":{{"password":true}},"after_sensitive":false}}}},
        {{"address":"aws_s3_bucket.logs","mode":"managed","type":"aws_s3_bucket","name":"logs","provider_name":"registry.terraform.io/hashicorp/aws",
          "change":{{"actions":["update"],"before":{{"tag":"a"}},"after":{{"tag":"{tag}"}},"after_unknown":{{}},"before_sensitive":{{}},"after_sensitive":{{}}}}}}]}}"#
    )
}

fn plan(root: &str, tag: &str, timestamp: &str) -> CasePlan {
    // The memory-hard pass over the password takes its time, so each text is read once.
    static READ: Mutex<BTreeMap<String, Plan>> = Mutex::new(BTreeMap::new());
    let text = plan_json(tag, timestamp);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let plan = read
        .entry(text.clone())
        .or_insert_with(|| Plan::read(text.into_bytes()).unwrap());
    CasePlan {
        path: Printable::line(root),
        root: root.to_owned(),
        plan: plan.clone(),
        proof: None,
    }
}

const MORNING: &str = "2026-11-22T06:00:00Z";

fn now() -> Timestamp {
    "2026-11-22T08:00:00.5Z".parse().unwrap()
}

fn after_days(days: i64) -> Timestamp {
    now() + SignedDuration::from_hours(24 * days)
}

fn person(name: &str) -> Identity {
    Identity {
        name: name.to_owned(),
        email: format!("{}@example.org", name.to_lowercase()),
    }
}

fn author(email: &str, role: AuthorRole) -> Author {
    Author {
        name: "Somebody".to_owned(),
        email: email.to_owned(),
        role,
    }
}

fn database() -> Finding {
    finding(
        "no-destroy",
        "aws_db_instance.main",
        Enforcement::SoftMandatory,
    )
}

fn bucket() -> Finding {
    finding("tags", "aws_s3_bucket.logs", Enforcement::Advisory)
}

fn case() -> ReviewCase {
    let plan = plan("live/plan.json", "b", MORNING);
    let redactor = plan.plan.redactor.clone();
    ReviewCase {
        plans: vec![plan],
        under_review: UnderReview::Commits(Box::new(Change {
            base: Some(BASE.to_owned()),
            head: Some(HEAD.to_owned()),
            merge_base: Some(MERGE_BASE.to_owned()),
            branch: Some("feature".to_owned()),
            authors: vec![
                author("Wanda@Example.org", AuthorRole::Author),
                author("noreply@forge.example", AuthorRole::Committer),
            ],
            ..Change::default()
        })),
        tree: Some(TREE.to_owned()),
        repository: Some(Printable::line("example.org/infra")),
        sources: Vec::new(),
        policies: PolicySummary {
            digest: Digest::of(b"bundle"),
            trust: Trust::Base,
            commit: Some(BASE.to_owned()),
            packages: 2,
            rules: 2,
            evaluated: 2,
            not_applicable: 0,
            policies: Vec::new(),
        },
        problems: Vec::new(),
        findings: vec![database(), bucket()],
        not_applicable: Vec::new(),
        baseline: None,
        not_looked_at: Vec::new(),
        waivers: Vec::new(),
        config: Digest::of(b"config"),
        gate: Gate::default(),
        notices: Vec::new(),
        reviewer: Some(person("Ada")),
        redactor,
    }
}

fn waive(reason: &str, expires: &str) -> Decision {
    Decision::Waive {
        reason: reason.to_owned(),
        expires: expires.parse().unwrap(),
    }
}

fn answer(journal: &mut Journal, case: &ReviewCase, finding: &Finding, decision: Decision) {
    journal.append(
        now(),
        person("Ada"),
        case.plan_digest(),
        Event::Decided {
            key: DecisionKey::of(finding),
            decision,
        },
    );
}

/// Everything displayed and answered.
fn answered(case: &ReviewCase) -> Journal {
    let mut journal = Journal::default();
    for plan in 0..case.plans.len() {
        let change = case.display_mark(plan, 0).unwrap();
        journal.append(
            now(),
            person("Ada"),
            case.plan_digest(),
            Event::Displayed { change },
        );
    }
    answer(
        &mut journal,
        case,
        &database(),
        waive("retired with OPS-7", "2026-11-26"),
    );
    answer(&mut journal, case, &bucket(), Decision::Acknowledge);
    journal
}

fn occasion(reviewer: &Identity) -> Occasion<'_> {
    Occasion {
        reviewer,
        now: now(),
        ttl_days: 14,
        predecessors: &[],
        tool_version: "0.1.0",
        break_glass: None,
    }
}

fn build(case: &ReviewCase, journal: &Journal, reviewer: &Identity) -> Result<Statement, Blocked> {
    let verdict = verdict(case, journal, now());
    Statement::build(case, journal, &verdict, &occasion(reviewer))
}

/// The approval of the whole case by a person.
fn statement(case: &ReviewCase, reviewer: &str) -> Statement {
    build(case, &answered(case), &person(reviewer)).unwrap()
}

fn record(case: &ReviewCase, reviewer: &str) -> Record {
    Record::unsigned(statement(case, reviewer)).unwrap()
}
