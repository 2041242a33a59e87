//! What several changes have in common: for a group of findings, a module, a provider and the plan as a whole.

use std::collections::{BTreeMap, HashMap};

use super::super::model::{Review, Subject};
use super::super::rich::{Rich, paragraph};
use super::super::theme::Role;
use super::super::tree::{Module, Shape, TreeRow};
use super::super::view::state_words;
use super::action_role;
use crate::finding::Finding;
use crate::plan::{Action, ResourceChange};
use crate::review::Status;
use crate::source::strip_keys;
use crate::text::{Printable, display_width, fit_address, fit_middle};

/// Changes that are listed.
const LISTED: usize = 200;

/// Modules that are listed.
const MODULES: usize = 40;

/// A group of findings: how far it is, what its changes do, and what the policy is for.
pub(super) fn group(review: &Review, number: usize, width: usize) -> Vec<Rich> {
    let Some(group) = review.queue.groups.get(number) else {
        return Vec::new();
    };
    let mut out = vec![
        Rich::of(Role::Strong, fit_middle(&group.name, width)).right(
            if group.left == 0 {
                Role::Good
            } else {
                Role::Warn
            },
            format!("{} of {} left", group.left, group.members.len()),
        ),
    ];
    let policies = &review.case.policies.policies;
    let policy = policies
        .iter()
        .find(|policy| policy.id.as_str() == group.name);
    if let Some(policy) = policy {
        out.extend(paragraph(Role::Text, policy.title.as_str(), width, 0));
    }
    let mut states: BTreeMap<Status, usize> = BTreeMap::new();
    // By what is said of an action: both orders of a replacement are one.
    let mut actions: BTreeMap<(u8, &str), (Action, usize)> = BTreeMap::new();
    for index in &group.members {
        *states.entry(review.status(*index)).or_default() += 1;
        let action = review
            .finding(*index)
            .filter(|finding| !finding.actions.is_empty())
            .map(|finding| Action::from_words(&finding.actions));
        if let Some(action) = action {
            let key = (danger(action), action.word());
            actions.entry(key).or_insert((action, 0)).1 += 1;
        }
    }
    out.push(Rich::empty());
    for (status, number) in states {
        let (role, letter, word) = state_words(status);
        out.push(Rich::of(role, format!("  {number:>5}  {letter} {word}")));
    }
    if !actions.is_empty() {
        out.push(Rich::empty());
        for (action, number) in actions.into_values() {
            let text = format!("  {number:>5}  {} {}", action.symbol(), action.word());
            out.push(Rich::of(action_role(action), text));
        }
    }
    if let Some(policy) = policy {
        out.push(Rich::empty());
        out.extend(paragraph(Role::Dim, policy.description.as_str(), width, 0));
    }
    out
}

/// A module in the list of changes: what happens in it and below, the most dangerous first.
pub(super) fn module(review: &Review, number: usize, width: usize) -> Vec<Rich> {
    let Some(module) = review.tree.modules.get(number) else {
        return Vec::new();
    };
    let mut out = vec![Rich::of(
        Role::Strong,
        fit_middle(module.name.as_str(), width),
    )];
    out.push(words(&module.shape));
    out.push(Rich::empty());
    let changes = review.tree.below(number).filter_map(|(plan, index)| {
        let plan = review.case.plans.get(plan)?;
        plan.plan.changes.get(index)
    });
    out.extend(list(review, changes.collect(), width));
    out
}

/// The findings about the change that is shown, without the one under the cursor.
pub(super) fn also(review: &Review, subject: Subject, width: usize) -> Vec<Rich> {
    let at = match subject {
        Subject::Finding(_) | Subject::Row(TreeRow::Change(..)) => review.change_at(),
        _ => None,
    };
    let found = at.map_or(&[][..], |at| review.findings_on(at));
    let mut out = Vec::new();
    for index in found {
        if subject == Subject::Finding(*index) {
            continue;
        }
        let Some(finding) = review.finding(*index) else {
            continue;
        };
        let (role, letter, word) = state_words(review.status(*index));
        let text = match subject {
            Subject::Finding(_) => format!("also {}: {word}", finding.policy),
            _ => format!("{} ({word}): {}", finding.policy, finding.message),
        };
        let mut lines = paragraph(Role::Text, &text, width.saturating_sub(4), 2).into_iter();
        if let Some(first) = lines.next() {
            let mut line = Rich::of(role, format!("  {letter} "));
            line.spans.extend(first.spans);
            out.push(line);
        }
        out.extend(lines.map(|line| {
            let mut indented = Rich::of(Role::Text, "    ");
            indented.spans.extend(line.spans);
            indented
        }));
    }
    out
}

/// A finding that is about no single change: the changes that it is about as far as that can be told, else the plan's shape.
pub(super) fn of_finding(review: &Review, finding: &Finding, width: usize) -> Vec<Rich> {
    let Some(plan) = review.case.plans.get(finding.plan_index) else {
        return Vec::new();
    };
    let all = plan.plan.changes.iter();
    let mut out = vec![Rich::empty()];
    let address = finding.address.as_ref().map(Printable::as_str);
    if let Some(module) = address.filter(|address| address.starts_with("module.")) {
        let mut known: HashMap<&str, bool> = HashMap::new();
        // An address of the configuration has no keys of instances, and it may be that of a resource.
        let as_there = |address: &str| {
            let address = review.case.redactor.line(address).into_string();
            if module.contains('[') {
                address
            } else {
                strip_keys(&address)
            }
        };
        let changes: Vec<&ResourceChange> = all
            .filter(|change| {
                let in_it = *known
                    .entry(&change.module)
                    .or_insert_with(|| is_in(&as_there(&change.module), module));
                let may_be = !in_it && module.ends_with(&*change.name);
                in_it || (may_be && as_there(&change.address) == module)
            })
            .collect();
        if changes.is_empty() {
            out.push(Rich::of(
                Role::Dim,
                "No change of this plan is known to be of it.",
            ));
            return out;
        }
        out.push(Rich::of(Role::Strong, "Changes in it:"));
        out.extend(list(review, changes, width));
        return out;
    }
    let subject = finding.subject.as_ref().map(Printable::as_str);
    let changes: Vec<&ResourceChange> = all
        .filter(|change| Some(&*change.provider) == subject && !change.provider.is_empty())
        .collect();
    if !changes.is_empty() {
        out.push(Rich::of(Role::Strong, "Changes through this provider:"));
        out.extend(list(review, changes, width));
        return out;
    }
    out.push(Rich::of(
        Role::Dim,
        "Not about one change. The whole plan by module:",
    ));
    let mut modules: Vec<_> = review
        .tree
        .modules
        .iter()
        .filter(|module| module.depth == 0 && module.shape.busy() > 0)
        .collect();
    modules.sort_by_key(|module| {
        let shape = &module.shape;
        std::cmp::Reverse((shape.delete + shape.replace, shape.busy()))
    });
    let more = modules.len().saturating_sub(MODULES);
    let name_width = modules
        .iter()
        .take(MODULES)
        .map(|module| display_width(module.name.as_str()))
        .max()
        .unwrap_or(0)
        .min(width.saturating_sub(30).max(12));
    for module in modules.into_iter().take(MODULES) {
        let name = fit_middle(module.name.as_str(), name_width);
        let pad = " ".repeat(name_width.saturating_sub(display_width(&name)));
        out.push(columns(
            Rich::of(Role::Text, format!("  {name}{pad} ")),
            module,
        ));
    }
    if more > 0 {
        out.push(Rich::of(Role::Dim, format!("  and {more} more modules")));
    }
    out
}

/// The numbers of a module, each kind in a column of its own.
fn columns(mut line: Rich, module: &Module) -> Rich {
    let shape = &module.shape;
    for (role, sign, number) in [
        (Role::Bad, "-", shape.delete),
        (Role::Replace, "±", shape.replace),
        (Role::Change, "~", shape.update),
        (Role::Add, "+", shape.create),
        (Role::Dim, ".", shape.other),
    ] {
        let text = match number {
            0 => String::new(),
            number => format!("{sign}{number}"),
        };
        line = line.add(role, format!("{text:>5} "));
    }
    line
}

fn is_in(module: &str, wanted: &str) -> bool {
    let rest = module.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn words(shape: &Shape) -> Rich {
    let parts = [
        (Role::Bad, "destroy", shape.delete),
        (Role::Replace, "replace", shape.replace),
        (Role::Change, "update", shape.update),
        (Role::Add, "create", shape.create),
        (Role::Text, "other", shape.other),
        (Role::Dim, "without changes", shape.quiet),
    ];
    let mut line = Rich::of(Role::Text, " ");
    for (role, word, number) in parts {
        if number > 0 {
            line = line.add(role, format!("{number} {word}  "));
        }
    }
    line
}

/// Lower is worse.
fn danger(action: Action) -> u8 {
    match action {
        Action::Unknown => 0,
        Action::Delete => 1,
        Action::DeleteThenCreate | Action::CreateThenDelete => 2,
        Action::Forget | Action::ForgetReplace => 3,
        Action::Update => 4,
        Action::Create => 5,
        Action::Read | Action::Ephemeral => 6,
        Action::NoOp => 7,
    }
}

/// Changes that do something, the most dangerous first.
fn list(review: &Review, mut changes: Vec<&ResourceChange>, width: usize) -> Vec<Rich> {
    let all = changes.len();
    changes.retain(|change| !change.is_quiet());
    let quiet = all - changes.len();
    changes.sort_by_key(|change| danger(change.action));
    let more = changes.len().saturating_sub(LISTED);
    let mut out = Vec::new();
    for change in changes.into_iter().take(LISTED) {
        let role = action_role(change.action);
        let label = review.case.redactor.line(&change.label());
        let room = width.saturating_sub(15);
        out.push(
            Rich::of(
                role,
                format!("  {} {:<9} ", change.action.symbol(), change.action.word()),
            )
            .add(Role::Text, fit_address(label.as_str(), room)),
        );
    }
    if more > 0 {
        out.push(Rich::of(Role::Dim, format!("  and {more} more")));
    }
    if quiet > 0 {
        out.push(Rich::of(Role::Dim, format!("  {quiet} without changes")));
    }
    out
}
