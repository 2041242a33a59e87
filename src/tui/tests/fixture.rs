//! Cases for the tests: real plans of Terraform 1.11.4 with invented findings.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use crate::change::{Change, FileChange, FileStatus, Hunk, Line};
use crate::decision::{Identity, Journal};
use crate::digest::Digest;
use crate::finding::{
    Certainty, Enforcement, Finding, Location, PolicyLocation, Severity, Standing, sort,
};
use crate::plan::{Plan, ResourceChange};
use crate::policy::{Policy, PolicySummary, Trust};
use crate::review::{CasePlan, Gate, ReviewCase, UnderReview};
use crate::source::SourceIndex;
use crate::text::Printable;
use crate::tui::Loaded;

/// A plan that destroys eight objects; made by `terraform show -json`.
pub(super) const DELETE: &[u8] = include_bytes!("../../../testdata/plans/delete.json");

/// A plan with sensitive values in every position.
pub(super) const SENSITIVE: &[u8] = include_bytes!("../../../testdata/plans/sensitive.json");

/// The configuration behind [`DELETE`].
const MAIN: &str = r#"# One delete for every documented delete reason.
resource "terraform_data" "counted" {
  count = 1
  input = count.index
}

module "many" {
  source   = "./leaf"
  for_each = toset(["x"])
  name     = each.key
}
"#;

const REGO: &str = r#"# METADATA
# title: Nothing is destroyed
package countersign.no_destroy

import rego.v1

deny contains finding if {
	some change in input.resource_changes
	"delete" in change.change.actions # every way to lose an object
	finding := {"msg": sprintf("%s would be destroyed", [change.address])}
}
"#;

/// A finding on one change of a plan.
pub(super) fn finding(
    policy: &str,
    level: Enforcement,
    change: &ResourceChange,
    index: usize,
) -> Finding {
    let label = change.label();
    Finding {
        target: None,
        fingerprint: Digest::of(format!("{policy} {label}").as_bytes()),
        content: Digest::of(format!("content {policy} {label}").as_bytes()),
        policy: Printable::line(policy),
        title: Printable::line("Nothing is destroyed"),
        rule: Printable::line(if level == Enforcement::Advisory {
            "warn"
        } else {
            "deny"
        }),
        severity: if level == Enforcement::Advisory {
            Severity::Low
        } else {
            Severity::High
        },
        enforcement: level,
        certainty: Certainty::Proven,
        standing: Standing::Fired,
        message: Printable::line(if change.action.is_destructive() {
            "would be destroyed; nothing in this change says why."
        } else {
            "worth a look before applying."
        }),
        remediation: Printable::line("Keep the resource, or say in the change why it goes."),
        plan: Printable::line("plan.json"),
        plan_index: 0,
        change_index: Some(index),
        address: Some(Printable::line(&change.address)),
        deposed: None,
        module: Printable::line(&change.module),
        kind: Some(Printable::line(&change.kind)),
        actions: change
            .words
            .iter()
            .map(|word| Printable::line(word))
            .collect(),
        attribute: None,
        subject: None,
        facts: BTreeMap::new(),
        location: Some(Location {
            file: Printable::line("main.tf"),
            line: Some(2),
            end_line: Some(5),
            in_diff: Some(true),
            ..Location::default()
        }),
        policy_location: Some(PolicyLocation {
            file: Printable::line("policies/no_destroy.rego"),
            line: 7,
        }),
        explained: Some(!change.address.contains("old")),
    }
}

/// The change under review.
pub(super) fn change() -> Change {
    let line = |line: u32, text: &str| Line {
        line,
        text: text.to_owned(),
    };
    Change {
        base: Some("7d04e1b0000000000000000000000000000000aa".to_owned()),
        head: Some("a41c0de0000000000000000000000000000000bb".to_owned()),
        merge_base: Some("7d04e1b0000000000000000000000000000000aa".to_owned()),
        branch: Some("feat/vpc".to_owned()),
        files: vec![FileChange {
            path: "main.tf".to_owned(),
            old_path: None,
            status: FileStatus::Modified,
            mode: Some("100644".to_owned()),
            old_mode: Some("100644".to_owned()),
            binary: false,
            strings: None,
            hunks: vec![Hunk {
                old_start: 3,
                old_lines: 1,
                new_start: 3,
                new_lines: 1,
                added: vec![line(3, "  count = 1")],
                removed: vec![line(3, "  count = 3")],
            }],
        }],
        ..Change::default()
    }
}

fn policy(id: &str) -> Policy {
    Policy {
        id: Printable::line(id),
        title: Printable::line("Nothing is destroyed"),
        description: Printable::line("Reports every object that apply would destroy or replace."),
        remediation: Printable::line("Keep the resource, or say in the change why it goes."),
        severity: Some(Severity::High),
        enforcement: Some(Enforcement::SoftMandatory),
        needs: Vec::new(),
        uses: Vec::new(),
        settings: Vec::new(),
        setting_types: std::collections::BTreeMap::new(),
        package: "countersign.no_destroy".to_owned(),
        file: Printable::line("policies/no_destroy.rego"),
        text: REGO.into(),
        builtin: true,
        dialect: crate::policy::Dialect::Opa,
        bundle: Printable::default(),
    }
}

/// A case over a plan with the findings that `find` makes of its changes.
pub(super) fn case_of(
    bytes: &[u8],
    find: impl Fn(usize, &ResourceChange) -> Vec<Finding>,
) -> ReviewCase {
    let plan = Plan::read(bytes.to_vec()).unwrap();
    let mut findings: Vec<Finding> = plan
        .changes
        .iter()
        .enumerate()
        .flat_map(|(index, change)| find(index, change))
        .collect();
    sort(&mut findings);
    let redactor = plan.redactor.clone();
    ReviewCase {
        plans: vec![CasePlan {
            path: Printable::line("plan.json"),
            root: "plan.json".to_owned(),
            plan,
            proof: None,
        }],
        under_review: UnderReview::Commits(Box::new(change())),
        tree: None,
        repository: None,
        sources: vec![Some(
            SourceIndex::build([("main.tf".to_owned(), MAIN.as_bytes().to_vec())], "", None).into(),
        )],
        policies: PolicySummary {
            digest: Digest::of(b"bundle"),
            trust: Trust::Base,
            commit: None,
            packages: 3,
            rules: 14,
            evaluated: 14,
            not_applicable: 0,
            policies: vec![policy("no-destroy")],
        },
        problems: Vec::new(),
        findings,
        not_applicable: Vec::new(),
        baseline: None,
        not_looked_at: Vec::new(),
        waivers: Vec::new(),
        config: Digest::of(b"config"),
        gate: Gate::default(),
        notices: Vec::new(),
        reviewer: Some(Identity {
            name: "Ada".to_owned(),
            email: "ada@example.org".to_owned(),
        }),
        redactor,
    }
}

/// Eight destroys that block and four changes worth a look.
pub(super) fn case() -> ReviewCase {
    case_of(DELETE, |index, change| {
        let (policy, level) = if change.action.is_destructive() {
            ("no-destroy", Enforcement::SoftMandatory)
        } else {
            ("worth-a-look", Enforcement::Advisory)
        };
        vec![finding(policy, level, change, index)]
    })
}

/// Only the four changes worth a look.
pub(super) fn calm_case() -> ReviewCase {
    let mut case = case();
    case.findings
        .retain(|finding| finding.enforcement == Enforcement::Advisory);
    case
}

/// A case as loading hands it over.
pub(super) fn loaded(case: ReviewCase, journal: Journal) -> Loaded {
    Loaded {
        resumed: !journal.entries().is_empty(),
        journal,
        case,
        draft_note: "draft kept locally".to_owned(),
        signs_with: Some(Printable::line("ssh-ed25519 SHA256:abc")),
        writes_to: Some(Printable::line("refs/notes/countersign")),
        break_glass: None,
    }
}
