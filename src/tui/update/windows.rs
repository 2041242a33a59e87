//! Keys of the small windows: help, palette, filter, search, editor, bulk question, approve screen.
//!
//! Each window is taken off the stack while it handles a key, and put back unless it is done.

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::super::filter::{ActionFilter, Filter, StatusFilter};
use super::super::keys::{self, Binding, Command, Context};
use super::super::layout;
use super::super::model::{Approve, Bulk, LOOK, List, Model, Recheck, Review, Window};
use super::super::msg::Effect;
use super::super::table::BINDINGS;
use super::super::theme::Role;
use super::{answer, approve, commands, movement, typing};
use crate::finding::Severity;

/// What became of a window.
enum After {
    Stays(Window),
    Closes,
}

/// Gives a key to the window on top.
pub(super) fn key(model: &mut Model, key: &KeyEvent, now: Timestamp) -> Vec<Effect> {
    let Some(window) = model.windows.pop() else {
        return Vec::new();
    };
    if layout::too_small(model.size) {
        model.windows.push(window);
        return Vec::new();
    }
    model.notice = None;
    let (after, effects) = match window {
        Window::Help { top } => (help(model, top, key), Vec::new()),
        Window::Palette { typed, cursor } => return palette(model, typed, cursor, key, now),
        Window::Filter {
            cursor,
            filter,
            counts,
        } => (menu(model, (cursor, filter, counts), key), Vec::new()),
        Window::Search { typed } => (search(model, typed, key), Vec::new()),
        Window::Editor(editor) => return typing::edit(model, editor, key, now),
        Window::Bulk(bulk) => bulk_key(model, bulk, key, now),
        Window::Approve(screen) => approve_key(model, screen, key, now),
    };
    if let After::Stays(window) = after {
        model.windows.push(window);
    }
    effects
}

fn help(model: &Model, top: usize, key: &KeyEvent) -> After {
    let height = usize::from(model.size.1).saturating_sub(4);
    match keys::command(key, false) {
        Some(Command::Back | Command::Help | Command::Quit | Command::Open) => After::Closes,
        Some(command) => {
            let total = BINDINGS.len() + 2 * Context::ALL.len();
            let last = total.saturating_sub(height);
            After::Stays(Window::Help {
                top: movement::moved(top, total, height, command).min(last),
            })
        }
        None if keys::begins_chord(key) => After::Stays(Window::Help { top: 0 }),
        None => After::Stays(Window::Help { top }),
    }
}

/// Commands that a text finds: those whose name holds it before those whose help does, each in the table's order.
pub(in super::super) fn found(typed: &str) -> Vec<&'static Binding> {
    let wanted = typed.to_lowercase();
    let name = |binding: &Binding| binding.hint.to_lowercase().replace(['[', ']'], "");
    let bindings = || {
        let all = BINDINGS.iter();
        all.filter(|binding| binding.context != Context::Editor)
    };
    let by_name = bindings().filter(|binding| name(binding).contains(&wanted));
    let by_help = bindings().filter(|binding| {
        !name(binding).contains(&wanted) && binding.help.to_lowercase().contains(&wanted)
    });
    by_name.chain(by_help).collect()
}

fn palette(
    model: &mut Model,
    mut typed: String,
    mut cursor: usize,
    key: &KeyEvent,
    now: Timestamp,
) -> Vec<Effect> {
    let commands = found(&typed);
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Down => cursor = (cursor + 1).min(commands.len().saturating_sub(1)),
        KeyCode::Up => cursor = cursor.saturating_sub(1),
        KeyCode::Enter => {
            let Some(binding) = commands.get(cursor).filter(|_| !typed.is_empty()) else {
                model.windows.push(Window::Palette { typed, cursor });
                return Vec::new();
            };
            if binding.command.acts() && binding.command != Command::Quit {
                model.say(
                    Role::Warn,
                    format!("Press {} on the finding itself.", binding.keys_text()),
                );
                return Vec::new();
            }
            return commands::run(model, binding.command, now);
        }
        _ => {
            typing::field(&mut typed, key);
            cursor = 0;
        }
    }
    model.windows.push(Window::Palette { typed, cursor });
    Vec::new()
}

/// The rows of the filter menu.
pub(in super::super) const FILTERS: [(&str, Option<StatusFilter>); 6] = [
    ("all", Some(StatusFilter::All)),
    ("undecided", Some(StatusFilter::Undecided)),
    ("decided", Some(StatusFilter::Decided)),
    ("rejected", Some(StatusFilter::Rejected)),
    ("carried", Some(StatusFilter::Carried)),
    ("stale", Some(StatusFilter::Stale)),
];

/// How many rows the filter menu has: states, severities, actions, unexplained.
pub(in super::super) const FILTER_ROWS: usize =
    FILTERS.len() + Severity::ALL.len() + ActionFilter::ALL.len() + 1;

/// The filter that choosing a row leads to, whatever was chosen in its part before.
fn with_row(filter: &Filter, row: usize) -> Filter {
    let mut filter = filter.clone();
    let part = row.saturating_sub(FILTERS.len());
    if let Some((_, Some(status))) = FILTERS.get(row) {
        filter.status = *status;
    } else if let Some(severity) = Severity::ALL.get(part) {
        filter.severity = Some(*severity);
    } else if let Some(action) = ActionFilter::ALL.get(part - Severity::ALL.len()) {
        filter.action = Some(*action);
    } else {
        filter.unexplained = true;
    }
    filter
}

/// How many findings each row of the menu would list together with the other choices.
pub(super) fn filter_counts(review: &Review, filter: &Filter) -> Vec<usize> {
    let rows: Vec<Filter> = (0..FILTER_ROWS).map(|row| with_row(filter, row)).collect();
    let (text, wanted) = (
        Filter {
            text: filter.text.clone(),
            ..Filter::none()
        },
        filter.wanted(),
    );
    let mut counts = vec![0; FILTER_ROWS];
    for (index, finding) in review.case.findings.iter().enumerate() {
        let status = review.status(index);
        // The text is looked for once, as that takes longest.
        if !text.lets_through(finding, status, &wanted) {
            continue;
        }
        for (count, row) in counts.iter_mut().zip(&rows) {
            *count += usize::from(row.lets_through(finding, status, ""));
        }
    }
    counts
}

fn menu(
    model: &mut Model,
    (mut cursor, mut filter, mut counts): (usize, Filter, Vec<usize>),
    key: &KeyEvent,
) -> After {
    match (key.code, keys::command(key, false)) {
        (KeyCode::Esc, _) | (_, Some(Command::Quit | Command::Filter)) => return After::Closes,
        (KeyCode::Enter, _) => {
            if let Some(review) = model.review_mut()
                && let Some(text) = commands::set_filter(review, filter)
            {
                model.say(Role::Warn, text);
            }
            return After::Closes;
        }
        (KeyCode::Char(' '), _) => {
            choose(&mut filter, cursor);
            if let Some(review) = model.review() {
                counts = filter_counts(review, &filter);
            }
        }
        (_, Some(command)) => cursor = movement::moved(cursor, FILTER_ROWS, FILTER_ROWS, command),
        _ => {}
    }
    After::Stays(Window::Filter {
        cursor,
        filter,
        counts,
    })
}

fn choose(filter: &mut Filter, cursor: usize) {
    if let Some((_, Some(status))) = FILTERS.get(cursor) {
        filter.status = *status;
        return;
    }
    let row = cursor.saturating_sub(FILTERS.len());
    if let Some(severity) = Severity::ALL.get(row) {
        filter.severity = (filter.severity != Some(*severity)).then_some(*severity);
        return;
    }
    match ActionFilter::ALL.get(row - Severity::ALL.len()) {
        Some(action) => filter.action = (filter.action != Some(*action)).then_some(*action),
        None => filter.unexplained = !filter.unexplained,
    }
}

fn search(model: &mut Model, mut typed: String, key: &KeyEvent) -> After {
    match key.code {
        KeyCode::Esc => return After::Closes,
        KeyCode::Enter => {
            let Some(review) = model.review_mut() else {
                return After::Closes;
            };
            if review.in_pane || review.list == List::Changes {
                review.search = typed;
                movement::hit(model, true);
            } else {
                let mut filter = review.queue.filter.clone();
                filter.text = typed;
                if let Some(text) = commands::set_filter(review, filter) {
                    model.say(Role::Warn, text);
                }
            }
            return After::Closes;
        }
        _ => typing::field(&mut typed, key),
    }
    After::Stays(Window::Search { typed })
}

fn bulk_key(
    model: &mut Model,
    mut bulk: Bulk,
    key: &KeyEvent,
    now: Timestamp,
) -> (After, Vec<Effect>) {
    bulk.problem = None;
    let shown = model
        .drawn
        .as_ref()
        .is_some_and(|shown| shown.windows == model.windows.len() + 1);
    match key.code {
        KeyCode::Esc => return (After::Closes, Vec::new()),
        KeyCode::Down => bulk.top = (bulk.top + 1).min(bulk.findings.len().saturating_sub(1)),
        KeyCode::Up => bulk.top = bulk.top.saturating_sub(1),
        KeyCode::Enter if bulk.typed.is_empty() || key.kind == KeyEventKind::Repeat => {}
        KeyCode::Enter if !shown => {
            bulk.problem = Some("This list had not been shown yet.".to_owned());
        }
        KeyCode::Enter if bulk.typed.trim() == bulk.findings.len().to_string() => {
            return match answer::decide(model, &bulk.findings, &bulk.decision, now) {
                Ok(effects) => (After::Closes, effects),
                Err(problem) => {
                    bulk.problem = Some(problem);
                    (After::Stays(Window::Bulk(bulk)), Vec::new())
                }
            };
        }
        KeyCode::Enter => {
            bulk.problem = Some(format!(
                "Nothing was decided: type {} for these findings.",
                bulk.findings.len()
            ));
            bulk.typed.clear();
        }
        _ => typing::field(&mut bulk.typed, key),
    }
    (After::Stays(Window::Bulk(bulk)), Vec::new())
}

fn approve_key(
    model: &mut Model,
    mut screen: Approve,
    key: &KeyEvent,
    now: Timestamp,
) -> (After, Vec<Effect>) {
    screen.problem = None;
    let mut effects = Vec::new();
    let height = usize::from(model.size.1).saturating_sub(8).max(1);
    let moved = match &screen.recheck {
        Recheck::Moved(reasons) => reasons.len(),
        _ => 0,
    };
    // The reasons above the lines may take two rows each.
    let above = 2 * (screen.blockers.len() + moved) + 3;
    let last = (screen.lines.len() + above).saturating_sub(height);
    match key.code {
        KeyCode::Esc if !screen.sent => return (After::Closes, effects),
        KeyCode::Down => screen.top = (screen.top + 1).min(last),
        KeyCode::Up => screen.top = screen.top.saturating_sub(1),
        KeyCode::PageDown => screen.top = (screen.top + height).min(last),
        KeyCode::PageUp => screen.top = screen.top.saturating_sub(height),
        KeyCode::Enter if key.kind == KeyEventKind::Repeat => {}
        KeyCode::Enter => effects = approve::submit(model, &mut screen, now),
        KeyCode::Char('q') if !screen.is_open() && !screen.sent => return (After::Closes, effects),
        // What was typed before anybody could read what it stands for is no answer.
        _ if screen.is_open()
            && screen
                .asked
                .is_some_and(|since| since <= now && now.duration_since(since) >= LOOK)
            && key.kind != KeyEventKind::Repeat =>
        {
            typing::field(&mut screen.typed, key);
        }
        _ => {}
    }
    (After::Stays(Window::Approve(screen)), effects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_lists_names_before_helps() {
        let first = found("appr");
        assert_eq!(
            first.first().map(|b| b.command),
            Some(keys::Command::Approve)
        );
        assert!(first.len() > 1);
        assert!(found("").len() > 40);
    }
}
