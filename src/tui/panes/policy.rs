//! The policy pane: what the policy is for, what to do about it, and the Rego text at the rule that fired.

use super::super::model::{Review, Subject};
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use super::super::tree::TreeRow;
use super::finding;
use super::source::colours;
use crate::finding::Finding;
use crate::policy::{Policy, own, rego_tokens};

/// Lines of the rule shown before and after the line that fired.
const BEFORE: usize = 4;
const AFTER: usize = 60;

pub(super) fn lines(review: &Review, subject: Subject, width: usize) -> Vec<Rich> {
    let found = finding(review, subject).map(|(_, finding)| finding);
    let id = match (found, subject) {
        (Some(finding), _) => finding.policy.as_str(),
        (None, Subject::Group(group)) => review
            .queue
            .groups
            .get(group)
            .map(|group| group.name.as_str())
            .unwrap_or_default(),
        _ => "",
    };
    let policy = review
        .case
        .policies
        .policies
        .iter()
        .find(|policy| policy.id.as_str() == id);
    let mut out = Vec::new();
    match (found, policy) {
        (None, None) => {
            let mut out = of_change(review, subject, width);
            out.extend(summary(review, width));
            return out;
        }
        (Some(finding), None) => {
            out.push(Rich::of(Role::Strong, finding.policy.as_str()));
            out.extend(paragraph(Role::Text, finding.title.as_str(), width, 0));
            if let Some(policy) = own::find(id) {
                out.extend(paragraph(Role::Dim, policy.description, width, 0));
            }
        }
        (_, Some(policy)) => {
            out.push(
                Rich::of(Role::Strong, policy.id.as_str()).right(Role::Dim, level(found, policy)),
            );
            out.extend(paragraph(Role::Text, policy.title.as_str(), width, 0));
            out.extend(paragraph(Role::Dim, policy.description.as_str(), width, 0));
        }
    }
    if let Some(finding) = found {
        out.extend(paragraph(Role::Warn, permitted(finding), width, 2));
    }
    let remediation = found
        .map(|finding| &finding.remediation)
        .filter(|text| !text.is_empty());
    if let Some(text) = remediation
        .or(policy.map(|policy| &policy.remediation))
        .filter(|text| !text.is_empty())
    {
        out.push(Rich::empty());
        out.extend(paragraph(
            Role::Good,
            &format!("What to do: {text}"),
            width,
            2,
        ));
    }
    if let Some(policy) = policy {
        out.push(Rich::empty());
        out.extend(rule(review, policy, found));
    }
    out
}

fn level(finding: Option<&Finding>, policy: &Policy) -> String {
    let from = if policy.builtin {
        "built in"
    } else {
        "from the repository"
    };
    match finding {
        Some(finding) => format!("{} · {} · {from}", finding.enforcement, finding.severity),
        None => from.to_owned(),
    }
}

fn permitted(finding: &Finding) -> &'static str {
    use crate::finding::Enforcement;
    match finding.enforcement {
        Enforcement::Advisory => "does not block: acknowledge (a) or reject (r)",
        Enforcement::SoftMandatory => "blocks: waive with reason and expiry (w) or reject (r)",
        Enforcement::HardMandatory => "blocks and cannot be waived: reject (r), or change the plan",
    }
}

/// The policies that found something about a change in the list of changes.
fn of_change(review: &Review, subject: Subject, width: usize) -> Vec<Rich> {
    let at = match subject {
        Subject::Row(TreeRow::Change(plan, index)) => (plan, index),
        _ => return Vec::new(),
    };
    let mut out = Vec::new();
    for finding in review
        .findings_on(at)
        .iter()
        .filter_map(|index| review.finding(*index))
    {
        let level = format!("{} · {}", finding.enforcement, finding.severity);
        out.push(
            Rich::of(Role::Strong, finding.policy.as_str())
                .right(Role::Dim, level)
                .anchored(),
        );
        out.extend(paragraph(Role::Text, finding.message.as_str(), width, 2));
        if !finding.remediation.is_empty() {
            let text = format!("What to do: {}", finding.remediation);
            out.extend(paragraph(Role::Good, &text, width, 2));
        }
        out.push(Rich::empty());
    }
    out
}

/// What is shown where no policy is in question.
fn summary(review: &Review, width: usize) -> Vec<Rich> {
    let policies = &review.case.policies;
    let mut out = vec![
        Rich::of(
            Role::Strong,
            format!("Policy bundle {}", policies.digest.short()),
        )
        .right(Role::Dim, format!("trust: {}", policies.trust.word())),
        Rich::of(
            Role::Text,
            format!(
                "{} of {} rules evaluated in {} packages",
                policies.evaluated, policies.rules, policies.packages
            ),
        ),
        Rich::empty(),
    ];
    for (id, reason) in &review.case.not_applicable {
        out.extend(paragraph(
            Role::Dim,
            &format!("not applicable: {id}: {reason}"),
            width,
            2,
        ));
    }
    for text in review.case.not_looked_at.iter().chain(&review.case.notices) {
        out.extend(paragraph(Role::Warn, text.as_str(), width, 2));
    }
    out
}

fn rule(review: &Review, policy: &Policy, finding: Option<&Finding>) -> Vec<Rich> {
    let fired = finding
        .and_then(|finding| finding.policy_location.as_ref())
        .map_or(1, |place| place.line as usize);
    let from = fired.saturating_sub(BEFORE).max(1);
    let mut out = vec![Rich::of(Role::Strong, policy.file.as_str()).anchored()];
    let shown: Vec<&str> = policy
        .text
        .lines()
        .skip(from - 1)
        .take(BEFORE + AFTER)
        .collect();
    let text = review.case.redactor.lines(&shown.join("\n")).into_string();
    let mut lines = colours(&text, rego_tokens(&text)).into_iter();
    for (offset, _) in text.lines().enumerate() {
        let number = from + offset;
        let here = finding.is_some() && number == fired;
        let mut line = Rich::of(
            if here { Role::Warn } else { Role::Dim },
            format!("{}{number:>5} ", if here { ">" } else { " " }),
        );
        line.spans.extend(lines.next().unwrap_or_default());
        out.push(line);
    }
    out
}
