//! While the case is assembled: nothing is decidable yet.

use ratatui::layout::Rect;

use super::super::model::Stage;
use super::super::rich::Rich;
use super::super::theme::Role;
use super::canvas::Canvas;

/// Draws the stages with their counts.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, stages: &[Stage]) {
    canvas.fill(Rect { height: 1, ..area }, Role::Bar);
    canvas.line(
        area,
        0,
        &Rich::of(Role::Bar, " countersign").right(Role::Bar, "loading "),
    );
    if stages.is_empty() {
        canvas.line(area, 2, &Rich::of(Role::Dim, "  starting"));
    }
    for (row, stage) in stages.iter().enumerate() {
        let is_last = row + 1 == stages.len();
        let done = stage.total.map_or(!is_last, |total| stage.done >= total);
        let numbers = match stage.total {
            Some(total) => format!("{} of {total}", stage.done),
            None if stage.done > 0 => stage.done.to_string(),
            None => String::new(),
        };
        let waiting = match stage.seconds() {
            0 => String::new(),
            seconds if numbers.is_empty() => format!("{seconds} s"),
            seconds => format!(" · {seconds} s"),
        };
        let (role, sign) = if done {
            (Role::Good, "ok ")
        } else {
            (Role::Warn, "...")
        };
        let line = Rich::of(role, format!("  {sign} "))
            .add(
                if done { Role::Dim } else { Role::Strong },
                format!("{:<28}", stage.name.as_str()),
            )
            .add(Role::Text, numbers)
            .add(Role::Dim, waiting);
        canvas.line(area, row + 2, &line);
    }
    let last = usize::from(area.height).saturating_sub(1);
    canvas.line(
        area,
        last,
        &Rich::of(Role::Text, " ")
            .add(Role::Key, "q")
            .add(Role::Text, " cancel")
            .right(Role::Dim, "nothing is decided before all is read "),
    );
}
