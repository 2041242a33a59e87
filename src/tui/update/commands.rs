//! What each command of the lists and panes does.

use jiff::Timestamp;

use super::super::filter::StatusFilter;
use super::super::keys::Command;
use super::super::model::{List, Model, Pane, Phase, Review, Window};
use super::super::msg::Effect;
use super::super::panes::of_change;
use super::super::theme::Role;
use super::{answer, approve, history, movement, quit};
use crate::source::SourceSide;

/// Runs one command.
pub(super) fn run(model: &mut Model, command: Command, now: Timestamp) -> Vec<Effect> {
    match command {
        Command::Quit => return vec![quit(model)],
        Command::Suspend => return vec![Effect::Suspend],
        Command::Repaint => return vec![Effect::Repaint],
        Command::Help => {
            model.windows.push(Window::Help { top: 0 });
            return Vec::new();
        }
        _ => {}
    }
    if !matches!(model.phase, Phase::Review(_)) {
        return Vec::new();
    }
    match command {
        Command::Palette => model.windows.push(Window::Palette {
            typed: String::new(),
            cursor: 0,
        }),
        Command::Back => back(model),
        Command::NextPane => movement::focus(model, true),
        Command::PreviousPane => movement::focus(model, false),
        Command::Findings => movement::show_list(model, List::Findings),
        Command::Changes => movement::show_list(model, List::Changes),
        Command::Change => movement::show(model, Pane::Change),
        Command::Source => movement::show(model, Pane::Source),
        Command::Policy => movement::show(model, Pane::Policy),
        Command::Open => open(model),
        Command::NextUndecided => next(model, true),
        Command::PreviousUndecided => next(model, false),
        Command::PreviousMatch => movement::hit(model, false),
        Command::PreviousPart => movement::part(model, false),
        Command::NextPart => movement::part(model, true),
        Command::Search => model.windows.push(Window::Search {
            typed: String::new(),
        }),
        Command::Filter => filter(model),
        Command::Mark => answer::mark(model),
        Command::Acknowledge => return answer::acknowledge(model, now),
        Command::Waive => return answer::write(model, super::super::model::Answer::Waive, now),
        Command::Reject => return answer::write(model, super::super::model::Answer::Reject, now),
        Command::Note => return answer::write(model, super::super::model::Answer::Note, now),
        Command::Undo => return history::undo(model, now),
        Command::Redo => return history::redo(model, now),
        Command::Approve => return approve::open(model, now),
        Command::Edit => return edit(model),
        Command::CopyId => return copy(model, false),
        Command::CopyFinding => return copy(model, true),
        Command::Zoom
        | Command::Unchanged
        | Command::SideBySide
        | Command::GroupBy
        | Command::PreviousGroup
        | Command::NextGroup => {
            toggle(model, command);
        }
        _ => movement::run(model, command),
    }
    Vec::new()
}

fn toggle(model: &mut Model, command: Command) {
    let width = model.size.0;
    let Some(review) = model.review_mut() else {
        return;
    };
    match command {
        Command::Zoom => review.zoom = !review.zoom,
        Command::Unchanged => review.look.unchanged = !review.look.unchanged,
        Command::SideBySide => {
            review.look.side_by_side = !review.look.side_by_side;
            if width < 160 {
                model.say(Role::Warn, "Side by side needs 160 columns.");
            }
        }
        Command::GroupBy => {
            review.queue.grouping = review.queue.grouping.next();
            review.queue.rebuild(&review.case, &review.verdict);
        }
        Command::PreviousGroup | Command::NextGroup => {
            let forward = command == Command::NextGroup;
            match review.list {
                List::Findings => review.queue.jump_group(forward),
                List::Changes => review.tree.jump_group(forward),
            }
        }
        _ => {}
    }
}

/// One step back: leave the zoom, the pane, the marks, the search, the list of changes, the text filter.
fn back(model: &mut Model) {
    let Some(review) = model.review_mut() else {
        return;
    };
    if review.zoom {
        review.zoom = false;
    } else if review.in_pane {
        review.in_pane = false;
    } else if !review.marks.is_empty() {
        review.marks.clear();
    } else if !review.search.is_empty() {
        review.search.clear();
    } else if review.list == List::Changes && !review.case.findings.is_empty() {
        review.list = List::Findings;
    } else if !review.queue.filter.text.is_empty() {
        review.queue.filter.text.clear();
        review.queue.rebuild(&review.case, &review.verdict);
    } else {
        model.say(Role::Dim, "q leaves; the draft is kept.");
    }
}

fn open(model: &mut Model) {
    let Some(review) = model.review_mut() else {
        return;
    };
    if review.in_pane {
        return;
    }
    let heading = match review.list {
        List::Findings => review.queue.selected().is_none(),
        List::Changes => matches!(
            review.tree.selected(),
            None | Some(
                super::super::tree::TreeRow::Module(_) | super::super::tree::TreeRow::Quiet(_)
            )
        ),
    };
    if heading {
        let folded = match review.list {
            List::Findings => review
                .queue
                .group()
                .and_then(|number| review.queue.groups.get(number))
                .is_some_and(|group| review.queue.is_folded(group)),
            List::Changes => match review.tree.selected() {
                Some(super::super::tree::TreeRow::Module(number)) => review
                    .tree
                    .modules
                    .get(number)
                    .is_some_and(|module| module.folded),
                _ => true,
            },
        };
        match review.list {
            List::Findings => review.queue.fold(!folded),
            List::Changes => review.tree.fold(!folded),
        }
    } else {
        review.in_pane = true;
        review.choose(Pane::Change);
    }
}

fn next(model: &mut Model, forward: bool) {
    let Some(review) = model.review_mut() else {
        return;
    };
    if forward && !review.search.is_empty() && (review.in_pane || review.list == List::Changes) {
        movement::hit(model, true);
        return;
    }
    // In the list of changes what is next is a change that a person must see first.
    if review.list == List::Changes && !review.in_pane && review.jump_unseen(forward) {
        return;
    }
    review.list = List::Findings;
    let found = review.queue.jump_undecided(&review.verdict, forward);
    if !found {
        let (decided, total) = review.progress();
        if decided == total {
            model.say(
                Role::Good,
                format!("All {total} findings are decided; A opens the approve screen."),
            );
        } else {
            model.say(
                Role::Warn,
                format!(
                    "{} undecided findings are hidden by the filter; f changes it.",
                    total - decided
                ),
            );
        }
    }
}

fn filter(model: &mut Model) {
    let Some(review) = model.review() else { return };
    let filter = review.queue.filter.clone();
    let counts = super::windows::filter_counts(review, &filter);
    model.windows.push(Window::Filter {
        cursor: 0,
        filter,
        counts,
    });
}

/// Sets a filter; the list falls back to all findings rather than show nothing without saying so.
pub(super) fn set_filter(
    review: &mut Review,
    filter: super::super::filter::Filter,
) -> Option<String> {
    review.queue.filter = filter;
    review.queue.rebuild(&review.case, &review.verdict);
    review.list = List::Findings;
    (review.queue.listed == 0 && !review.case.findings.is_empty()).then(|| {
        format!(
            "No finding passes the filter \u{201c}{}\u{201d}.",
            review.queue.filter.words()
        )
    })
}

/// Lists a finding even when the filter hides it.
pub(super) fn reveal(review: &mut Review, finding: usize) {
    if !review.queue.lists(finding) {
        let mut filter = super::super::filter::Filter::none();
        filter.status = StatusFilter::All;
        review.queue.filter = filter;
        review.queue.rebuild(&review.case, &review.verdict);
    }
    review.list = List::Findings;
    review.queue.select(finding);
}

fn edit(model: &mut Model) -> Vec<Effect> {
    let Some(review) = model.review() else {
        return Vec::new();
    };
    let place = review
        .selected()
        .and_then(|index| review.finding(index))
        .and_then(|finding| finding.location.as_ref())
        .map(|location| (location.file.to_string(), location.line, location.side))
        .or_else(|| block_place(review));
    let (words, role) = match place {
        // An editor opens a file whose line is not known at its beginning.
        Some((file, line, SourceSide::Commit)) => {
            let line = line.unwrap_or(1);
            return vec![Effect::OpenEditor { file, line }];
        }
        Some((_, _, SourceSide::Base)) => ("The block is in the base only.", Role::Warn),
        Some((_, _, SourceSide::PlanSnapshot)) => {
            ("The file is in the plan's snapshot only.", Role::Warn)
        }
        None => ("There is no source file to open here.", Role::Warn),
    };
    model.say(role, words);
    Vec::new()
}

fn block_place(review: &Review) -> Option<(String, Option<u32>, SourceSide)> {
    let (plan, index) = review.change_at()?;
    let change = review.case.plans.get(plan)?.plan.changes.get(index)?;
    let place = of_change(review.case.source_of(plan)?, change)?;
    let line = u32::try_from(place.line).ok();
    Some((place.file.to_string(), line, place.side))
}

fn copy(model: &mut Model, all: bool) -> Vec<Effect> {
    let Some(review) = model.review() else {
        return Vec::new();
    };
    let text = match (
        review.selected().and_then(|index| review.finding(index)),
        all,
    ) {
        (Some(finding), true) => Some(markdown(finding)),
        (Some(finding), false) => Some(finding.label()),
        (None, _) => review
            .tree
            .selected()
            .filter(|_| review.list == List::Changes)
            .map(|row| super::super::tree::label(&review.case, row)),
    };
    match text.filter(|text| !text.is_empty()) {
        Some(text) => {
            model.say(Role::Good, "Copied, where the terminal permits it.");
            vec![Effect::Copy(text)]
        }
        None => Vec::new(),
    }
}

fn markdown(finding: &crate::finding::Finding) -> String {
    let quote = |text: &str| text.replace('`', "'");
    let text = format!(
        "**{}** ({}, {}): {}\n\n`{}`\n",
        finding.policy,
        finding.enforcement,
        finding.severity,
        finding.message,
        quote(&finding.label())
    );
    let place = finding.location.as_ref().map_or(String::new(), |location| {
        let line = location
            .line
            .map_or(String::new(), |line| format!(":{line}"));
        format!("\n`{}{line}`\n", quote(location.file.as_str()))
    });
    text + &place
}
