//! Drawing: a pure function of the model, touching only visible rows.

mod approve;
mod canvas;
mod changes;
mod editor;
mod error;
mod findings;
mod foot;
mod help;
mod loading;
mod menus;
mod pane;

use ratatui::Frame;

use super::layout;
use super::model::{List, Model, Phase, Review, Window};
use super::rich::Rich;
use super::theme::{Role, Theme};
use canvas::Canvas;
pub(super) use findings::mark as state_words;

/// Draws the model.
pub fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    let theme = model.theme;
    let mut canvas = Canvas::new(frame.buffer_mut(), theme);
    if layout::too_small((area.width, area.height)) {
        canvas.line(
            area,
            0,
            &Rich::of(Role::Warn, too_small((area.width, area.height))),
        );
        return;
    }
    match &model.phase {
        Phase::Loading(stages) => loading::draw(&mut canvas, area, stages),
        Phase::Failed(failure) => error::draw(&mut canvas, area, failure),
        Phase::Review(review) => {
            let places = review.places((area.width, area.height));
            bar(&mut canvas, places.bar, review);
            if let Some(place) = places.list {
                match review.list {
                    List::Findings => findings::draw(&mut canvas, place, review),
                    List::Changes => changes::draw(&mut canvas, place, review),
                }
            }
            pane::draw(&mut canvas, (area.width, area.height), review);
            foot::draw(&mut canvas, places.foot, model, review);
            match model.windows.last() {
                Some(Window::Approve(screen)) => approve::draw(&mut canvas, area, review, screen),
                Some(Window::Bulk(bulk)) => menus::bulk(&mut canvas, area, review, bulk),
                Some(Window::Filter {
                    cursor,
                    filter,
                    counts,
                }) => menus::filter(&mut canvas, area, *cursor, filter, counts),
                Some(Window::Palette { typed, cursor }) => {
                    menus::palette(&mut canvas, area, typed, *cursor);
                }
                Some(Window::Search { typed }) => {
                    menus::search(&mut canvas, places.foot, review, typed);
                }
                Some(Window::Editor(editor)) => {
                    let place = editor::draw(&mut canvas, area, review, editor);
                    text_area(frame, place, editor, theme);
                }
                Some(Window::Help { .. }) | None => {}
            }
        }
    }
    if let Some(Window::Help { top }) = model.windows.last() {
        help::draw(&mut Canvas::new(frame.buffer_mut(), theme), area, *top);
    }
}

fn text_area(
    frame: &mut Frame<'_>,
    place: ratatui::layout::Rect,
    editor: &super::model::Editor,
    theme: Theme,
) {
    let mut text = editor.text.clone();
    text.set_cursor_style(theme.style(if editor.in_expiry {
        Role::Text
    } else {
        Role::Cursor
    }));
    frame.render_widget(&text, place);
}

fn too_small(size: (u16, u16)) -> String {
    let text = format!(
        "{}x{} is too small, {}x{} is needed; q quits.",
        size.0,
        size.1,
        layout::MIN.0,
        layout::MIN.1
    );
    if crate::text::display_width(&text) <= usize::from(size.0) {
        text
    } else {
        crate::text::fit_end("too small; q quits", usize::from(size.0))
    }
}

/// The bar at the top: what is under review, under which policies, and how far it is.
fn bar(canvas: &mut Canvas<'_>, area: ratatui::layout::Rect, review: &Review) {
    let case = &review.case;
    let width = usize::from(area.width);
    let short = |commit: &str| commit.chars().take(7).collect::<String>();
    let change = case.under_review.change();
    let base = change
        .and_then(|change| change.merge_base.as_deref().or(change.base.as_deref()))
        .map(short);
    let commits = match (base, case.under_review.head().map(short)) {
        (Some(base), Some(head)) => format!("{base}..{head}"),
        (None, Some(head)) => head,
        _ if change.is_some() => "diff file".to_owned(),
        _ => "no git".to_owned(),
    };
    let (decided, total) = review.progress();
    let counts = review.verdict.counts;
    let right = match counts.rejected {
        0 => format!("{decided}/{total} decided "),
        rejected => format!("{decided}/{total} decided  {rejected} x "),
    };
    let mut left = format!(" plan {}  {commits}", case.plan_digest().short());
    let shape = shape(review);
    // In a narrow bar what the plan does goes before the name of the policies, which the approve screen has.
    let mut bundle = format!("  bundle {}", case.policies.digest.short());
    let taken = |bundle: &str| {
        let parts = [left.as_str(), bundle, &shape, &right];
        parts.map(crate::text::display_width).iter().sum::<usize>() + 3
    };
    if taken(&bundle) > width {
        bundle.clear();
    }
    let room = width.saturating_sub(taken(&bundle));
    if let Some(branch) = change.and_then(|change| change.branch.as_deref())
        && room >= 4
    {
        left.push(' ');
        left.push_str(&crate::text::fit_end(
            case.redactor.line(branch).as_str(),
            room,
        ));
    }
    left.push_str(&bundle);
    left.push_str(&shape);
    canvas.fill(area, Role::Bar);
    canvas.line(area, 0, &Rich::of(Role::Bar, left).right(Role::Bar, right));
}

/// How many changes of each kind there are.
fn shape(review: &Review) -> String {
    let counts = review.case.counts();
    let mut shape = String::new();
    for (sign, number) in [
        ("-", counts.delete),
        ("±", counts.replace),
        ("~", counts.update),
        ("+", counts.create),
    ] {
        if number > 0 {
            let gap = if shape.is_empty() { "  " } else { " " };
            shape.push_str(&format!("{gap}{sign}{number}"));
        }
    }
    shape
}
