//! Where the parts of the review stand, as a pure function of the size.
//!
//! `update` needs the heights for scrolling and `view` for drawing; both ask here.

use ratatui::layout::Rect;

/// Smallest size that a review is drawn in.
pub(super) const MIN: (u16, u16) = (60, 16);

/// From how many columns the panes stand beside the list.
pub(super) const WIDE: u16 = 120;

/// From how many columns the policy has a column of its own.
pub(super) const VERY_WIDE: u16 = 180;

/// The places of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// The bar at the top.
    pub(super) bar: Rect,
    /// The list with its title line; absent when a pane is zoomed.
    pub(super) list: Option<Rect>,
    /// The pane with its title line; absent when the list is zoomed.
    pub(super) pane: Option<Rect>,
    /// A second pane below it, where the screen is wide and high.
    pub(super) lower: Option<Rect>,
    /// The policy in its own column.
    pub(super) third: Option<Rect>,
    /// Separator, hints and status.
    pub(super) foot: Rect,
}

/// From how many rows a wide screen shows two panes above one another.
pub(super) const HIGH: u16 = 30;

/// What fills the whole body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zoom {
    /// Nothing: all parts are shown.
    None,
    /// The list.
    List,
    /// The pane.
    Pane,
}

/// Whether the terminal is too small for a review.
pub(super) fn too_small(size: (u16, u16)) -> bool {
    size.0 < MIN.0 || size.1 < MIN.1
}

/// Divides the screen.
pub(super) fn places(size: (u16, u16), zoom: Zoom) -> Places {
    let (width, height) = size;
    let bar = Rect::new(0, 0, width, height.min(1));
    let foot_height = 3.min(height.saturating_sub(1));
    let foot = Rect::new(0, height.saturating_sub(foot_height), width, foot_height);
    let body = Rect::new(0, 1, width, height.saturating_sub(1 + foot_height));
    let (mut list, mut pane, mut lower, mut third) = (None, None, None, None);
    match zoom {
        Zoom::List => list = Some(body),
        Zoom::Pane => pane = Some(body),
        Zoom::None if width >= VERY_WIDE => {
            let left = part(width, 38);
            let right = part(width, 28);
            list = Some(Rect {
                width: left,
                ..body
            });
            pane = Some(Rect {
                x: left + 1,
                width: width - left - right - 2,
                ..body
            });
            third = Some(Rect {
                x: width - right,
                width: right,
                ..body
            });
        }
        Zoom::None if width >= WIDE => {
            let left = part(width, 45);
            list = Some(Rect {
                width: left,
                ..body
            });
            pane = Some(Rect {
                x: left + 1,
                width: width - left - 1,
                ..body
            });
        }
        Zoom::None => {
            let upper = part(body.height, 45);
            list = Some(Rect {
                height: upper,
                ..body
            });
            pane = Some(Rect {
                y: body.y + upper,
                height: body.height - upper,
                ..body
            });
        }
    }
    if zoom == Zoom::None
        && width >= WIDE
        && height >= HIGH
        && let Some(whole) = pane
    {
        let upper = part(whole.height, 58);
        pane = Some(Rect {
            height: upper,
            ..whole
        });
        lower = Some(Rect {
            y: whole.y + upper,
            height: whole.height - upper,
            ..whole
        });
    }
    Places {
        bar,
        list,
        pane,
        lower,
        third,
        foot,
    }
}

fn part(whole: u16, percent: u16) -> u16 {
    let share = u32::from(whole) * u32::from(percent) / 100;
    u16::try_from(share).unwrap_or(whole)
}

/// Rows below the title line of a part.
pub(super) fn rows(part: Option<Rect>) -> usize {
    part.map_or(0, |part| usize::from(part.height.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_screen_without_overlap_at_every_size() {
        for width in (MIN.0..240).step_by(7) {
            for height in MIN.1..70 {
                for zoom in [Zoom::None, Zoom::List, Zoom::Pane] {
                    let places = places((width, height), zoom);
                    let parts: Vec<Rect> = [
                        Some(places.bar),
                        places.list,
                        places.pane,
                        places.lower,
                        places.third,
                        Some(places.foot),
                    ]
                    .into_iter()
                    .flatten()
                    .collect();
                    let screen = Rect::new(0, 0, width, height);
                    for (index, part) in parts.iter().enumerate() {
                        assert_eq!(part.intersection(screen), *part);
                        assert!(part.height > 0 && part.width > 0);
                        for other in parts.iter().skip(index + 1) {
                            assert!(part.intersection(*other).is_empty(), "{part} {other}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_size_of_nothing_does_not_underflow() {
        for size in [(0, 0), (1, 1), (3, 2)] {
            let _places = places(size, Zoom::None);
        }
    }
}
