#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

//! One small case for the tests of every format.

mod formats;
mod human;
mod json;

use std::sync::LazyLock;

use serde_json::json;

use super::*;
use crate::change::{Change, FileChange, FileStatus, Hunk, Line};
use crate::decision::{Decision, DecisionKey, Event, Identity, Journal, Waiver};
use crate::finding::{Certainty, Enforcement, Location, PolicyLocation, Severity};
use crate::plan::Plan;
use crate::policy::{Policy, PolicyProblem, PolicySummary, Trust};
use crate::review::{CasePlan, Gate, UnderReview, verdict};
use crate::source::SourceIndex;

/// The password that the plan marks.
const SECRET: &str = "hunter3-new-password";

/// `terraform show -json` of one destroy, one change with a marked value and one unchanged resource, without state and values.
const PLAN: &str = r#"{"format_version":"1.2","terraform_version":"1.11.4",
"variables":{"db_password":{"value":"hunter3-new-password"}},
"resource_changes":[
{"address":"terraform_data.archive","mode":"managed","type":"terraform_data","name":"archive","provider_name":"terraform.io/builtin/terraform","change":{"actions":["delete"],"before":{"id":"21f20084-45cf-facf-b23c-d4069da0524c","input":"old","output":"old","triggers_replace":null},"after":null,"after_unknown":{},"before_sensitive":{},"after_sensitive":false},"action_reason":"delete_because_no_resource_config"},
{"address":"terraform_data.database","mode":"managed","type":"terraform_data","name":"database","provider_name":"terraform.io/builtin/terraform","change":{"actions":["update"],"before":{"id":"38eddf75-509a-e6a6-47c7-9b9df4c99d3a","input":{"password":"hunter2-old-password"},"output":{"password":"hunter2-old-password"},"triggers_replace":null},"after":{"id":"38eddf75-509a-e6a6-47c7-9b9df4c99d3a","input":{"password":"hunter3-new-password"},"triggers_replace":null},"after_unknown":{"output":true},"before_sensitive":{"input":{"password":true},"output":{"password":true}},"after_sensitive":{"input":{"password":true},"output":{}}}},
{"address":"terraform_data.kept","mode":"managed","type":"terraform_data","name":"kept","provider_name":"terraform.io/builtin/terraform","change":{"actions":["no-op"],"before":{"id":"aa4d9171-a09a-b7cb-0ad4-50fa45a42774","input":1,"output":1,"triggers_replace":null},"after":{"id":"aa4d9171-a09a-b7cb-0ad4-50fa45a42774","input":1,"output":1,"triggers_replace":null},"after_unknown":{},"before_sensitive":{},"after_sensitive":{}}}],
"configuration":{"root_module":{"variables":{"db_password":{"sensitive":true}}}},
"timestamp":"2026-11-22T08:00:00Z","applyable":true,"complete":true,"errored":false}"#;

/// The configuration that belongs to the plan; the password stands in it as nobody should write it.
const MAIN_TF: &str = r#"resource "terraform_data" "database" {
	input = { password = "hunter3-new-password" } # was here
}

resource "terraform_data" "kept" {
  input = 1
}
"#;

fn line(text: &str) -> Printable {
    Printable::line(text)
}

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

fn ada() -> Identity {
    Identity {
        name: "Ada".to_owned(),
        email: "ada@example.org".to_owned(),
    }
}

fn change() -> Change {
    Change {
        base: Some("1111111111111111111111111111111111111111".to_owned()),
        head: Some("2222222222222222222222222222222222222222".to_owned()),
        merge_base: Some("1111111111111111111111111111111111111111".to_owned()),
        branch: Some("drop-archive".to_owned()),
        authors: Vec::new(),
        files: vec![FileChange {
            path: "main.tf".to_owned(),
            old_path: None,
            status: FileStatus::Modified,
            mode: Some("100644".to_owned()),
            old_mode: Some("100644".to_owned()),
            binary: false,
            strings: None,
            hunks: vec![Hunk {
                old_start: 2,
                old_lines: 1,
                new_start: 2,
                new_lines: 1,
                added: vec![Line {
                    line: 2,
                    text: "  input = 2".to_owned(),
                }],
                removed: vec![Line {
                    line: 2,
                    text: "  input = 1".to_owned(),
                }],
            }],
        }],
        dirty: Vec::new(),
    }
}

fn policies() -> PolicySummary {
    let policy = |id: &str| Policy {
        id: line(id),
        title: line("Title"),
        description: Printable::default(),
        remediation: Printable::default(),
        severity: None,
        enforcement: None,
        needs: Vec::new(),
        uses: Vec::new(),
        settings: Vec::new(),
        setting_types: std::collections::BTreeMap::new(),
        package: id.replace('-', "_"),
        file: line("policies/x.rego"),
        text: "".into(),
        builtin: true,
        dialect: crate::policy::Dialect::Opa,
        bundle: Printable::default(),
    };
    PolicySummary {
        digest: Digest::of(b"bundle"),
        trust: Trust::Base,
        commit: Some("1111111111111111111111111111111111111111".to_owned()),
        packages: 3,
        rules: 7,
        evaluated: 7,
        not_applicable: 0,
        policies: vec![
            policy("no-destroy"),
            policy("no-local-exec"),
            policy("read-only-principals"),
        ],
    }
}

/// A case without findings.
fn quiet_case() -> ReviewCase {
    // Read once: a plan with secrets takes the memory-hard pass.
    static READ: LazyLock<Plan> = LazyLock::new(|| Plan::read(PLAN.as_bytes().to_vec()).unwrap());
    let plan = READ.clone();
    let redactor = plan.redactor.clone();
    ReviewCase {
        plans: vec![CasePlan {
            path: line("plan.json"),
            root: "plan.json".to_owned(),
            plan,
            proof: None,
        }],
        under_review: UnderReview::Commits(Box::new(change())),
        tree: None,
        repository: None,
        sources: vec![Some(
            SourceIndex::build(
                [("main.tf".to_owned(), MAIN_TF.as_bytes().to_vec())],
                "",
                None,
            )
            .into(),
        )],
        policies: policies(),
        problems: Vec::new(),
        findings: Vec::new(),
        not_applicable: Vec::new(),
        baseline: None,
        not_looked_at: Vec::new(),
        waivers: Vec::new(),
        config: Digest::of(b"config"),
        gate: Gate::default(),
        notices: Vec::new(),
        reviewer: None,
        redactor,
    }
}

fn finding(policy: &str, address: &str, enforcement: Enforcement) -> Finding {
    crate::decision::tests::finding(policy, address, enforcement)
}

fn waiver(policy: &str, address: &str, line: u32) -> Waiver {
    let day = "2026-12-24".parse().unwrap();
    Waiver::new(
        policy.to_owned(),
        address.to_owned(),
        "agreed with the owner",
        "platform team",
        day,
        "countersign.toml",
        line,
    )
    .unwrap()
}

/// A case with three findings of two policies: one that blocks, one that is waived by the tree, one warning.
fn case() -> ReviewCase {
    let mut destroyed = finding(
        "no-destroy",
        "terraform_data.archive",
        Enforcement::SoftMandatory,
    );
    destroyed.title = line("Resources are not destroyed");
    destroyed.message = line(
        "terraform_data.archive would be destroyed, because it has no configuration any more.",
    );
    destroyed.remediation = line("Bring the block back, or waive the finding.");
    destroyed.change_index = Some(0);
    destroyed.kind = Some(line("terraform_data"));
    destroyed.actions = vec![line("delete")];
    destroyed.explained = Some(false);
    destroyed.facts.insert(
        "reason".to_owned(),
        "delete_because_no_resource_config".into(),
    );
    destroyed.policy_location = Some(PolicyLocation {
        file: line("policies/no-destroy/no_destroy.rego"),
        line: 14,
    });
    let mut waived = finding(
        "no-destroy",
        "module.old[\"a.b\"].terraform_data.x",
        Enforcement::SoftMandatory,
    );
    waived.title = destroyed.title.clone();
    waived.remediation = destroyed.remediation.clone();
    waived.deposed = Some(line("4e2a1f00"));
    waived.module = line("module.old[\"a.b\"]");
    waived.actions = vec![line("delete"), line("create")];
    let mut warned = finding(
        "plain-secret",
        "terraform_data.database",
        Enforcement::Advisory,
    );
    warned.title = line("No secret stands in the configuration");
    warned.rule = line("warn");
    warned.severity = Severity::Low;
    warned.certainty = Certainty::Unknown;
    warned.change_index = Some(1);
    warned.actions = vec![line("update")];
    warned.attribute = Some(line("input.password"));
    warned.subject = Some(line("db_password"));
    warned.location = Some(Location {
        file: line("main.tf"),
        line: Some(2),
        end_line: Some(3),
        in_diff: Some(true),
        ..Location::default()
    });
    warned.facts.insert("found".to_owned(), json!(SECRET));
    warned
        .facts
        .insert("keys".to_owned(), json!(["password", "token"]));
    ReviewCase {
        findings: vec![destroyed, waived, warned],
        waivers: vec![
            waiver("no-destroy", "module.old*.terraform_data.x", 3),
            waiver("no-destroy", "module.gone.*", 9),
        ],
        not_applicable: vec![(line("branch-policy"), line("there is no pull request."))],
        not_looked_at: vec![line("provider schemas: none were given.")],
        notices: vec![line("The work tree differs from head in main.tf.")],
        ..quiet_case()
    }
}

/// Renders with an empty journal, 140 columns and no colour.
fn rendered(format: Format, case: &ReviewCase) -> String {
    decided(format, case, &Journal::default())
}

fn decided(format: Format, case: &ReviewCase, journal: &Journal) -> String {
    let verdict = verdict(case, journal, now());
    render(format, &context(case, &verdict))
}

fn context<'a>(case: &'a ReviewCase, verdict: &'a Verdict) -> Context<'a> {
    Context {
        case,
        verdict,
        approvals: &[],
        tool_version: "0.1.0",
        colour: false,
        width: 140,
        max_bytes: crate::report::MAX_BYTES,
        exit: verdict.exit,
        merged: None,
    }
}

/// A journal with one answer on the case's plan.
fn answered(case: &ReviewCase, index: usize, decision: Decision) -> Journal {
    let mut journal = Journal::default();
    let key = DecisionKey::of(&case.findings[index]);
    journal.append(
        now(),
        ada(),
        case.plan_digest(),
        Event::Decided { key, decision },
    );
    journal
}

fn approvals() -> [ApprovalLine; 2] {
    let approval = |name: &str, reason: Option<&str>| ApprovalLine {
        digest: Digest::of(name.as_bytes()),
        reviewer: line(&format!("{name} <{name}@example.org>")),
        created: "2026-11-21T10:00:00Z".parse().unwrap(),
        expires: "2026-12-05T10:00:00Z".parse().unwrap(),
        signed: reason.is_none(),
        key: None,
        valid: reason.is_none(),
        reason: reason.map(line),
        break_glass: None,
    };
    [
        approval("ada", None),
        approval("bob", Some("it is about another plan")),
    ]
}

#[test]
fn formats_read_back_and_an_unknown_one_names_the_known() {
    for format in Format::ALL {
        assert_eq!(format.word().parse(), Ok(format));
    }
    let error = "yaml\u{1b}[2J".parse::<Format>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no report format \"yaml<U+001B>[2J\"; use one of: human, json, sarif, junit, github, gitlab, markdown, html."
    );
}

#[test]
fn the_same_context_gives_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(rendered(format, &case()), rendered(format, &case()));
    }
}

#[test]
fn a_secret_of_the_plan_is_in_no_format() {
    let mut case = case();
    case.under_review = UnderReview::Commits(Box::new(Change {
        branch: Some(format!("branch-{SECRET}")),
        dirty: vec![format!("{SECRET}.tf")],
        ..change()
    }));
    case.findings[0]
        .facts
        .insert(SECRET.to_owned(), json!({ "deep": [SECRET] }));
    let reason = format!("the value {SECRET} is known");
    let journal = answered(&case, 0, Decision::Reject { reason });
    for format in Format::ALL {
        let text = decided(format, &case, &journal);
        assert!(!text.contains("hunter"), "{text}");
        // The answer to a finding is in all of them.
        assert!(text.contains("(sensitive)"), "{text}");
    }
}

#[test]
fn a_long_number_that_is_secret_is_masked_as_a_fact() {
    let plan = PLAN.replace("\"hunter3-new-password\"", "987654321");
    let plan = Plan::read(plan.into_bytes()).unwrap();
    let mut case = case();
    case.redactor = plan.redactor.clone();
    case.findings[0]
        .facts
        .insert("pin".to_owned(), json!(987_654_321));
    for format in Format::ALL {
        assert!(!rendered(format, &case).contains("987654321"));
    }
}

#[test]
fn hostile_texts_cannot_reach_the_terminal() {
    let hostile = "\u{1b}]0;x\u{7}\u{202e}\r\n::error::x\n##[group]y";
    let mut case = case();
    case.under_review = UnderReview::Commits(Box::new(Change {
        base: Some(hostile.to_owned()),
        branch: Some(hostile.to_owned()),
        ..change()
    }));
    case.plans[0].plan.terraform_version = Some(hostile.to_owned());
    case.plans[0].plan.format_version = hostile.to_owned();
    case.findings[0]
        .facts
        .insert(hostile.to_owned(), json!(hostile));
    case.findings[0].title = line(hostile);
    case.findings[0].message = Printable::lines(hostile);
    let text = format!("{hostile} and more text");
    case.sources = vec![Some(
        SourceIndex::build(
            [("main.tf".to_owned(), format!("\n{text}").into_bytes())],
            "",
            None,
        )
        .into(),
    )];
    let reason = format!("because {hostile}");
    let journal = answered(&case, 1, Decision::Reject { reason });
    let mut verdict = verdict(&case, &journal, now());
    verdict.reasons.push(hostile.to_owned());
    for format in Format::ALL {
        let text = render(format, &context(&case, &verdict));
        let shown = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(text.chars().all(shown), "{text:?}");
        assert!(!text.contains("\\u001b"), "{text}");
        let own = format == Format::Github;
        let command =
            |line: &str| (line.trim_start().starts_with("::") && !own) || line.contains("##[");
        assert!(!text.lines().any(command), "{text}");
    }
}

#[test]
fn a_finding_without_a_state_is_shown_as_open() {
    let case = case();
    let mut verdict = verdict(&case, &Journal::default(), now());
    verdict.states.clear();
    let human = render(Format::Human, &context(&case, &verdict));
    assert_eq!(human.matches("O open").count(), 3, "{human}");
    let json = render(Format::Json, &context(&case, &verdict));
    assert_eq!(json.matches("\"status\": \"open\"").count(), 3, "{json}");
}
