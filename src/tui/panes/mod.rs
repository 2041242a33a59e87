//! The content of the panes as lines with meaning, made when the cursor moves and not while drawing.

mod approval;
mod change;
mod diff;
mod overview;
mod policy;
mod reason;
mod source;

pub(super) use approval::approval;
pub(super) use change::{check_role, role as action_role};
pub(super) use source::of_change;

use super::model::{Pane, PaneKey, Review, Subject};
use super::rich::{Rich, paragraph};
use super::theme::Role;
use crate::finding::{Certainty, Finding, Standing};

/// Most lines of one pane; what is beyond is said, not shown.
const MOST: usize = 20_000;

/// Makes the lines of all panes.
pub(super) fn lines(review: &Review, key: &PaneKey) -> Vec<(Pane, Vec<Rich>)> {
    let [change_width, source_width, policy_width] = key.widths;
    [
        (Pane::Change, change::lines(review, key, change_width)),
        (
            Pane::Source,
            source::lines(review, key.subject, source_width),
        ),
        (
            Pane::Policy,
            policy::lines(review, key.subject, policy_width),
        ),
    ]
    .into_iter()
    .map(|(pane, mut lines)| {
        if lines.len() > MOST {
            let more = lines.len() - MOST;
            lines.truncate(MOST);
            lines.push(Rich::of(
                Role::Warn,
                format!("{more} more lines are not shown; e opens the editor."),
            ));
        }
        (pane, lines)
    })
    .collect()
}

/// The finding that a subject is, where it is one.
fn finding(review: &Review, subject: Subject) -> Option<(usize, &Finding)> {
    match subject {
        Subject::Finding(index) => review.finding(index).map(|finding| (index, finding)),
        _ => None,
    }
}

/// What was found, on top of the pane.
fn message(finding: &Finding, width: usize) -> Vec<Rich> {
    let place = finding
        .policy_location
        .as_ref()
        .map(|place| format!("{}:{}", place.file, place.line));
    let text = format!("{}: {}", finding.policy, finding.message);
    let mut out = paragraph(Role::Strong, &text, width, 2);
    // Where it does not fit beside the message, the policy pane has it.
    if let (Some(place), [only]) = (place, out.as_mut_slice())
        && only.width() + crate::text::display_width(&place) + 2 < width
    {
        only.right = Some((Role::Dim, place));
    }
    match finding.standing {
        Standing::NotEvaluated => out.push(Rich::of(
            Role::Bad,
            "NOT EVALUATED: something this policy needs is missing.",
        )),
        Standing::NotApplicable => out.push(Rich::of(
            Role::Dim,
            "Not applicable here; there is nothing to decide.",
        )),
        Standing::Fired => {}
    }
    if finding.certainty == Certainty::Unknown {
        out.push(Rich::of(
            Role::Warn,
            "CERTAINTY UNKNOWN: the plan cannot prove or rule this out.",
        ));
    }
    out
}

/// Facts that the policy gives beside its message.
fn facts(review: &Review, finding: &Finding, width: usize) -> Vec<Rich> {
    let mut parts = Vec::new();
    if let Some(attribute) = &finding.attribute {
        parts.push(format!("attribute: {attribute}"));
    }
    if let Some(subject) = &finding.subject {
        parts.push(format!("subject: {subject}"));
    }
    for (name, value) in finding
        .facts
        .iter()
        .filter(|(_, value)| !crate::report::says_nothing(value))
    {
        let words = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let value = match value {
            serde_json::Value::Array(items) => {
                items.iter().map(words).collect::<Vec<_>>().join(", ")
            }
            one => words(one),
        };
        let name = name.replace('_', " ");
        parts.push(
            review
                .case
                .redactor
                .line(&format!("{name}: {value}"))
                .into_string(),
        );
    }
    if parts.is_empty() {
        Vec::new()
    } else {
        paragraph(Role::Dim, &parts.join(" · "), width, 2)
    }
}
