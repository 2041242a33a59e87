//! The change pane: what was found, what was answered before, and the attribute diff.

use super::super::model::{PaneKey, Review, Subject};
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use super::super::tree::{self, TreeRow};
use super::{diff, facts, finding, message, overview, reason};
use crate::decision::{Decision, Recorded};
use crate::plan::{Action, CheckStatus, Plan, ResourceChange, Trigger};
use crate::review::{CasePlan, Status};

pub(super) fn lines(review: &Review, key: &PaneKey, width: usize) -> Vec<Rich> {
    let mut out = Vec::new();
    // What was cut stands whole at the end.
    let mut whole = Vec::new();
    let mut behind = Vec::new();
    if let Some((index, finding)) = finding(review, key.subject) {
        let mut cut =
            |lines: Vec<Rich>, most: usize, name: &str| shorten(lines, most, name, &mut whole);
        out.extend(cut(message(finding, width), 4, "The message"));
        out.extend(cut(answers(review, index, width), 3, "Answers and notes"));
        behind = cut(facts(review, finding, width), 3, "What the policy adds");
    }
    match key.subject {
        Subject::Group(group) => return overview::group(review, group, width),
        Subject::Row(TreeRow::Module(number) | TreeRow::Quiet(number)) => {
            return overview::module(review, number, width);
        }
        Subject::Row(TreeRow::Output(plan, index)) => {
            out.extend(output(review, key, plan, index, width));
        }
        Subject::Row(row @ TreeRow::Invocation(plan, index)) => {
            out.extend(invocation(review, row, (plan, index), width));
        }
        Subject::Row(TreeRow::Check(plan, index)) => {
            out.extend(check(review, (plan, index), width));
        }
        Subject::Nothing => out.push(Rich::of(Role::Dim, "Nothing is listed.")),
        _ => {}
    }
    let resource = match key.subject {
        Subject::Row(row) => tree::resource(&review.case, row),
        _ => review
            .change_at()
            .and_then(|(plan, index)| tree::resource(&review.case, TreeRow::Change(plan, index))),
    };
    if let Some((plan, change)) = resource {
        out.extend(beside(review, key.subject));
        let also = overview::also(review, key.subject, width);
        let explained = finding(review, key.subject).and_then(|(_, finding)| finding.explained);
        out.extend(heading(review, change, explained, width));
        out.append(&mut behind);
        out.extend(also);
        out.extend(remarks(review, &plan.plan, change, width));
        let tree = plan.plan.diff(&change.body);
        out.extend(diff::lines(&review.case.redactor, &tree, key.look, width));
    } else if let Some((_, finding)) = finding(review, key.subject) {
        out.append(&mut behind);
        out.extend(overview::of_finding(review, finding, width));
    }
    out.extend(whole);
    out
}

/// Leaves so many lines, so that what becomes of the object is not pushed off the screen; a longer text goes to `whole`.
fn shorten(mut lines: Vec<Rich>, most: usize, name: &str, whole: &mut Vec<Rich>) -> Vec<Rich> {
    if lines.len() <= most {
        return lines;
    }
    whole.push(Rich::empty());
    whole.push(Rich::of(Role::Strong, format!("{name}, whole:")).anchored());
    whole.extend(lines.iter().cloned());
    let more = lines.len() - (most - 1);
    lines.truncate(most - 1);
    lines.push(Rich::of(
        Role::Warn,
        format!("  ... {more} more lines at the end of this pane"),
    ));
    lines
}

/// What a row beside the plan's own changes means.
fn beside(review: &Review, subject: Subject) -> Option<Rich> {
    match subject {
        Subject::Row(TreeRow::Drift(..)) => Some(Rich::of(
            Role::Warn,
            "DRIFT: this happened outside Terraform; apply does not do it.",
        )),
        Subject::Row(TreeRow::Deferred(plan, index)) => {
            let deferred = review.case.plans.get(plan)?.plan.deferred.get(index)?;
            let reason = review.case.redactor.line(&deferred.reason);
            Some(Rich::of(
                Role::Warn,
                format!("DEFERRED ({reason}): this plan puts it off; a later plan will do it."),
            ))
        }
        _ => None,
    }
}

fn heading(
    review: &Review,
    change: &ResourceChange,
    explained: Option<bool>,
    width: usize,
) -> Vec<Rich> {
    let what = match change.action {
        Action::Create => "will be created",
        Action::Update => "will be updated in place",
        Action::Delete => "will be DESTROYED",
        Action::DeleteThenCreate => "will be destroyed, then created anew",
        Action::CreateThenDelete => "will be created anew, then the old one destroyed",
        Action::Read => "will be read",
        Action::Forget => "will be forgotten: it stays, but leaves the state",
        Action::ForgetReplace => "will be created anew while the old one is abandoned",
        Action::NoOp => "does not change",
        Action::Ephemeral => "is opened during apply",
        Action::Unknown => "has an UNKNOWN action",
    };
    let label = review.case.redactor.line(&change.label()).into_string();
    let unexplained = if explained == Some(false) {
        "NOT EXPLAINED BY THE DIFF"
    } else {
        ""
    };
    let name = Rich::of(role(change.action), format!("{} ", change.action.symbol()))
        .add(
            Role::Strong,
            crate::text::fit_middle(&label, width.saturating_sub(2)),
        )
        .anchored();
    let needed = name.width() + 1 + crate::text::display_width(what) + unexplained.len() + 2;
    let mark = |line: Rich| {
        if unexplained.is_empty() {
            line
        } else {
            line.right(Role::Bad, unexplained)
        }
    };
    if needed <= width {
        vec![mark(name.add(role(change.action), format!(" {what}"))).headed()]
    } else {
        let what = Rich::of(role(change.action), format!("  {what}"));
        vec![name, mark(what).headed()]
    }
}

/// The meaning of an action.
pub(in super::super) fn role(action: Action) -> Role {
    match action {
        Action::Create => Role::Add,
        Action::Update => Role::Change,
        Action::Delete | Action::Unknown => Role::Bad,
        Action::DeleteThenCreate | Action::CreateThenDelete => Role::Replace,
        Action::Forget | Action::ForgetReplace => Role::Warn,
        Action::Read | Action::NoOp | Action::Ephemeral => Role::Dim,
    }
}

fn remarks(review: &Review, plan: &Plan, change: &ResourceChange, width: usize) -> Vec<Rich> {
    let mut out = Vec::new();
    if let Some(contradiction) = plan.contradiction(change) {
        let text = format!("CONTRADICTS ITSELF: it {}.", contradiction.words());
        out.extend(paragraph(Role::Bad, &text, width, 2));
    }
    let line = |text: &str| review.case.redactor.line(text).into_string();
    if let Some(word) = &change.reason {
        let known = reason::words(word).map(str::to_owned);
        let text = known.unwrap_or_else(|| line(&word.replace('_', " ")));
        out.extend(paragraph(Role::Dim, &format!("  because {text}"), width, 4));
    }
    if change.is_move()
        && let Some(previous) = &change.previous_address
    {
        out.push(Rich::of(
            Role::Change,
            format!("  moved from {}", line(previous)),
        ));
    }
    if let Some(name) = plan.import_text(change) {
        let text = format!("  imported into the state by {name}");
        out.extend(paragraph(Role::Change, &text, width, 4));
    }
    if let Some(identity) = plan.identity_text(change) {
        let text = format!("  identity {identity}");
        out.extend(paragraph(Role::Dim, &text, width, 4));
    }
    let forced_by = plan.replace_paths(&change.body);
    if !forced_by.is_empty() {
        let text = format!("  forced by {}", line(&forced_by.join(", ")));
        out.extend(paragraph(Role::Replace, &text, width, 4));
    }
    if let Some(span) = &change.body.generated_config
        && let Ok(text) = serde_json::from_str::<String>(plan.slice(span))
    {
        out.push(Rich::of(Role::Dim, "  generated configuration:"));
        for text in review.case.redactor.lines(&text).as_str().lines() {
            out.extend(paragraph(Role::Dim, &format!("    {text}"), width, 6));
        }
    }
    if change.action == Action::Unknown {
        out.push(Rich::of(
            Role::Bad,
            format!("  actions: {}", line(&change.words.join(", "))),
        ));
    }
    out
}

/// An action that apply invokes, and what sets it off.
fn invocation(
    review: &Review,
    row: TreeRow,
    (plan, index): (usize, usize),
    width: usize,
) -> Vec<Rich> {
    let plan = review.case.plans.get(plan);
    let Some(invocation) = plan.and_then(|plan| plan.plan.invocations.get(index)) else {
        return Vec::new();
    };
    let what = if invocation.deferred.is_some() {
        "a later plan invokes"
    } else {
        "apply invokes"
    };
    let trigger = match &invocation.trigger {
        Trigger::Lifecycle { resource, event } => format!("set off by {event} of {resource}"),
        Trigger::Invoke => "set off by -invoke".to_owned(),
        Trigger::Unknown => "set off by something that this version does not know".to_owned(),
    };
    let trigger = review.case.redactor.line(&trigger);
    let text = format!("{what} {}", tree::label(&review.case, row));
    let mut out = paragraph(Role::Warn, &text, width, 2);
    out.extend(paragraph(Role::Text, trigger.as_str(), width, 2));
    out
}

/// A condition, how it came out, and what its author says about that.
fn check(review: &Review, (plan, index): (usize, usize), width: usize) -> Vec<Rich> {
    let plan = review.case.plans.get(plan);
    let Some(check) = plan.and_then(|plan| plan.plan.checks.get(index)) else {
        return Vec::new();
    };
    let redactor = &review.case.redactor;
    let text = format!(
        "check of {} {}: {}",
        check.kind,
        check.address,
        check.status.word()
    );
    let mut out = paragraph(
        check_role(check.status),
        redactor.line(&text).as_str(),
        width,
        2,
    );
    for message in &check.messages {
        out.extend(paragraph(
            Role::Text,
            redactor.lines(message).as_str(),
            width,
            2,
        ));
    }
    out
}

/// The meaning of a result.
pub(in super::super) fn check_role(status: CheckStatus) -> Role {
    match status {
        CheckStatus::Pass => Role::Good,
        CheckStatus::Fail | CheckStatus::Error => Role::Bad,
        CheckStatus::Unknown => Role::Warn,
    }
}

fn output(review: &Review, key: &PaneKey, plan: usize, index: usize, width: usize) -> Vec<Rich> {
    let Some(CasePlan { plan, .. }) = review.case.plans.get(plan) else {
        return Vec::new();
    };
    let Some(output) = plan.outputs.get(index) else {
        return Vec::new();
    };
    let name = review.case.redactor.line(&output.name);
    let mut out = vec![Rich::of(
        role(output.action),
        format!(
            "{} output {name}: {}",
            output.action.symbol(),
            output.action
        ),
    )];
    if output.action == Action::Unknown {
        let words = review.case.redactor.line(&output.words.join(", "));
        out.push(Rich::of(Role::Bad, format!("  actions: {words}")));
    }
    if output.action.is_no_op() && output.differs {
        let text = "  is said not to change, but its values differ";
        out.push(Rich::of(Role::Warn, text));
    }
    let tree = plan.diff(&output.body);
    out.extend(diff::lines(&review.case.redactor, &tree, key.look, width));
    out
}

/// Earlier and present answers to a finding, and its notes.
fn answers(review: &Review, index: usize, width: usize) -> Vec<Rich> {
    let Some(state) = review.verdict.states.get(index) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut say = |role: Role, text: String| out.extend(paragraph(role, &text, width, 2));
    if let Some(recorded) = &state.recorded {
        let answer = answer(review, recorded);
        match state.status {
            Status::Stale => say(
                Role::Warn,
                format!("STALE: the finding changed or the answer ran out. Earlier: {answer}"),
            ),
            Status::Carried => say(
                Role::Good,
                format!("CARRIED from an earlier plan in which it was the same: {answer}"),
            ),
            Status::Rejected => say(Role::Bad, answer),
            _ => say(Role::Good, answer),
        }
    }
    if let Some(waiver) = state
        .waiver
        .and_then(|waiver| review.case.waivers.get(waiver))
    {
        say(
            Role::Good,
            format!(
                "waived by {} until {}{} in {}:{}: \u{201c}{}\u{201d}",
                waiver.owner,
                waiver.expires,
                crate::report::ends_soon(state.waiver_days),
                waiver.file,
                waiver.line,
                waiver.reason
            ),
        );
    }
    if let Some(finding) = review.finding(index)
        && let Some(notes) = review.journal.notes().get(&finding.fingerprint)
    {
        for note in notes {
            say(
                Role::Change,
                format!("note: {}", review.case.redactor.line(note)),
            );
        }
    }
    out
}

fn answer(review: &Review, recorded: &Recorded) -> String {
    let day = recorded.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let shown = |reason: &str| review.case.redactor.line(reason).into_string();
    let more = match &recorded.decision {
        Decision::Acknowledge => String::new(),
        Decision::Waive { reason, expires } => {
            format!(" until {expires}: \u{201c}{}\u{201d}", shown(reason))
        }
        Decision::Reject { reason } => format!(": \u{201c}{}\u{201d}", shown(reason)),
    };
    format!(
        "{} by {} on {day}{more}",
        recorded.decision.word(),
        recorded.by
    )
}
