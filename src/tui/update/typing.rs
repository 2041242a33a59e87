//! Typing: one-line fields, the reason editor, paste and the editor outside.

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::super::keys::{self, Command};
use super::super::model::{Editor, Model, Window};
use super::super::msg::Effect;
use super::super::theme::Role;
use super::answer;
use crate::text::Printable;

/// Longest text of a one-line field.
const LONGEST: usize = 200;

/// Most characters that one paste adds to a reason.
const MOST_PASTED: usize = 10_000;

/// Edits a one-line text; what would not be shown as it is cannot be typed.
pub(super) fn field(text: &mut String, key: &KeyEvent) {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Backspace => {
            text.pop();
        }
        KeyCode::Char('u') if ctrl => text.clear(),
        KeyCode::Char('w') if ctrl => {
            let kept = text.trim_end().rfind(' ').map_or(0, |at| at + 1);
            text.truncate(kept);
        }
        KeyCode::Char(c)
            if !ctrl
                && !key.modifiers.contains(KeyModifiers::ALT)
                && text.chars().count() < LONGEST =>
        {
            text.push_str(Printable::line(c.encode_utf8(&mut [0; 4])).as_str());
        }
        _ => {}
    }
}

/// Gives a key to the reason editor.
pub(super) fn edit(
    model: &mut Model,
    mut editor: Box<Editor>,
    key: &KeyEvent,
    now: Timestamp,
) -> Vec<Effect> {
    let command = keys::editor_command(key);
    if key.kind == KeyEventKind::Repeat && command.is_some_and(Command::acts) {
        model.windows.push(Window::Editor(editor));
        return Vec::new();
    }
    match command {
        Some(Command::Back) => {
            keep(model, &editor);
            model.say(Role::Dim, "Cancelled; the text is kept for the next time.");
            return Vec::new();
        }
        Some(Command::Save) => {
            return match answer::submit(model, &editor, now) {
                Ok(effects) if effects.is_empty() => {
                    keep(model, &editor);
                    effects
                }
                Ok(effects) => {
                    editor.text = answer::text_area("");
                    keep(model, &editor);
                    effects
                }
                Err(problem) => {
                    editor.problem = Some(problem);
                    model.windows.push(Window::Editor(editor));
                    Vec::new()
                }
            };
        }
        Some(Command::EditOutside) => {
            let initial = editor.text.lines().join("\n");
            model.windows.push(Window::Editor(editor));
            return vec![Effect::EditText { initial }];
        }
        Some(Command::NextField) => {
            editor.in_expiry =
                !editor.in_expiry && editor.answer == super::super::model::Answer::Waive;
        }
        _ => {
            editor.problem = None;
            type_into(&mut editor, key);
        }
    }
    model.windows.push(Window::Editor(editor));
    Vec::new()
}

fn type_into(editor: &mut Editor, key: &KeyEvent) {
    if editor.in_expiry {
        if key.code == KeyCode::Enter {
            editor.in_expiry = false;
        } else {
            field(&mut editor.expiry, key);
        }
        return;
    }
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u') if ctrl => {
            editor.text.delete_line_by_head();
        }
        KeyCode::Char(c) if !ctrl && !key.modifiers.contains(KeyModifiers::ALT) => {
            editor
                .text
                .insert_str(Printable::line(c.encode_utf8(&mut [0; 4])).as_str());
        }
        _ => {
            editor.text.input(*key);
        }
    }
}

/// Keeps an unfinished text; a saved one is not offered again.
fn keep(model: &mut Model, editor: &Editor) {
    let Some(review) = model.review_mut() else {
        return;
    };
    let key = (editor.answer, answer::kept_key(review, &editor.findings));
    let text = editor.text.lines().join("\n");
    if text.trim().is_empty() {
        review.kept.remove(&key);
    } else {
        review.kept.insert(key, text);
    }
}

/// Takes pasted text, where text is typed; never on the approve screen.
pub(super) fn paste(model: &mut Model, text: &str) {
    match model.windows.last_mut() {
        Some(Window::Editor(editor)) if editor.in_expiry => {
            let text: String = text.trim().chars().take(LONGEST).collect();
            editor.expiry.push_str(Printable::line(&text).as_str());
            editor.expiry = editor.expiry.chars().take(LONGEST).collect();
        }
        Some(Window::Editor(editor)) => {
            let text: String = text.chars().take(MOST_PASTED).collect();
            editor.text.insert_str(Printable::lines(&text).as_str());
        }
        Some(Window::Search { typed } | Window::Palette { typed, .. }) => {
            let text: String = text.chars().take(LONGEST).collect();
            typed.push_str(Printable::line(&text).as_str());
            *typed = typed.chars().take(LONGEST).collect();
        }
        Some(Window::Approve(screen)) => {
            screen.problem = Some("Paste is refused here: type the words.".to_owned());
        }
        Some(Window::Bulk(bulk)) => {
            bulk.problem = Some("Paste is refused here: type the number.".to_owned());
        }
        _ => model.say(Role::Warn, "Pasted text does nothing here."),
    }
}

/// Takes the text back from the external editor.
pub(super) fn editor_closed(model: &mut Model, text: Option<String>) {
    if let (Some(Window::Editor(editor)), Some(text)) = (model.windows.last_mut(), text) {
        editor.text = answer::text_area(Printable::lines(text.trim_end()).as_str());
    }
}
