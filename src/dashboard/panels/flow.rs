//! The flow: a scatter of the data and one of generated samples, on the same scale, with equal axes (a cell is twice as high as wide).
//! Columns 1 and 2 of the points; in one dimension the second axis is 0.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::dots::Dots;
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::{Markers, Theme};

/// Room around the data, as a share of its extent.
const MARGIN: f64 = 0.1;
/// More points to the right, where a cell has one dot only.
const RAMP: &[u8] = b".:+*#";

/// Draws both halves, side by side or one above the other, whichever is larger.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let Some(picture) = &state.picture else {
        paint::cut(
            buffer,
            area,
            0,
            "the first picture is on its way",
            (theme, theme.dim()),
        );
        return;
    };
    let Some(bounds) = state.bounds else {
        paint::cut(buffer, area, 0, "no finite point", (theme, theme.alert()));
        return;
    };
    let points = [("data", &picture.data), ("generated", &picture.generated)];
    for (((name, points), area), style) in points.into_iter().zip(halves(area)).zip(theme.points())
    {
        let below = paint::below(area, 1);
        let outside = scatter(
            (points, picture.dimension),
            bounds,
            (below, buffer),
            (theme, style),
        );
        let note = if outside > 0 {
            format!("{name}, {outside} outside")
        } else {
            name.to_owned()
        };
        paint::cut(buffer, area, 0, &note, (theme, style));
    }
}

/// Title of the pane.
pub fn title(state: &State) -> String {
    match &state.picture {
        Some(picture) if picture.dimension > 2 => {
            format!(
                "flow at {}, columns 1, 2 of {}",
                picture.iteration, picture.dimension
            )
        }
        Some(picture) => format!("flow at iteration {}", picture.iteration),
        None => "flow".into(),
    }
}

fn halves(area: Rect) -> [Rect; 2] {
    let (wide, high) = (area.width.saturating_sub(1) / 2, area.height / 2);
    // Side of the square that fits, in half-cells.
    if wide.min(2 * area.height) >= area.width.min(2 * high) {
        let left = Rect {
            width: wide,
            ..area
        };
        [
            left,
            Rect {
                x: area.right() - wide,
                ..left
            },
        ]
    } else {
        let top = Rect {
            height: high,
            ..area
        };
        [
            top,
            Rect {
                y: area.bottom() - high,
                ..top
            },
        ]
    }
}

/// Draws the points; the number of those outside or not finite.
fn scatter(
    (points, dimension): (&[f64], usize),
    [left, right, low, high]: [f64; 4],
    (area, buffer): (Rect, &mut Buffer),
    (theme, style): (&Theme, Style),
) -> usize {
    let mut dots = Dots::new(area, theme.markers);
    if dots.width() == 0 || dots.height() == 0 {
        return 0;
    }
    // Data units of half the shorter side, and of a dot.
    let (across, up) = (f64::from(area.width), 2.0 * f64::from(area.height));
    let extent = ((right / 2.0 - left / 2.0) / across).max((high / 2.0 - low / 2.0) / up)
        * (1.0 + 2.0 * MARGIN);
    let unit = if extent > 0.0 { extent } else { 1.0 };
    let centre = (left / 2.0 + right / 2.0, low / 2.0 + high / 2.0);
    let share =
        |value: f64, centre: f64, cells: f64| 0.5 + (value / 2.0 - centre / 2.0) / unit / cells;
    let mut counts = vec![0_usize; area.area() as usize];
    let mut outside = 0;
    for point in points.chunks_exact(dimension.max(1)) {
        let x = share(point[0], centre.0, across);
        let y = share(point.get(1).copied().unwrap_or(0.0), centre.1, up);
        if !((0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y)) {
            outside += 1;
            continue;
        }
        let (x, y) = (
            Dots::nearest(x, dots.width()),
            Dots::nearest(y, dots.height()),
        );
        dots.set(x, y, style);
        if theme.markers != Markers::Braille {
            counts[(dots.height() - 1 - y) * dots.width() + x] += 1;
        }
    }
    if theme.markers == Markers::Braille {
        dots.paint(buffer);
    } else {
        density(&counts, (area, buffer), style);
    }
    outside
}

/// A symbol for the number of points in each cell.
fn density(counts: &[usize], (area, buffer): (Rect, &mut Buffer), style: Style) {
    for (position, &count) in area.positions().zip(counts) {
        if let (1.., Some(cell)) = (count, buffer.cell_mut(position)) {
            cell.set_char(RAMP[(count - 1).min(RAMP.len() - 1)].into())
                .set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Theme = Theme {
        markers: Markers::Ascii,
        colour: false,
    };

    /// Cells drawn, as rows, and the number outside.
    fn drawn(
        points: &[f64],
        bounds: [f64; 4],
        (width, height): (u16, u16),
    ) -> (Vec<String>, usize) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let area = buffer.area;
        let outside = scatter(
            (points, 2),
            bounds,
            (area, &mut buffer),
            (&PLAIN, Style::new()),
        );
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        ((0..height).map(row).collect(), outside)
    }

    #[test]
    fn equal_distances_are_twice_as_many_columns_as_rows() {
        let points = [-1.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 1.0];
        let (rows, outside) = drawn(&points, [-1.0, 1.0, -1.0, 1.0], (41, 21));
        let column = |row: &String| row.find('.');
        let (top, bottom) = (
            rows.iter().position(|row| column(row) == Some(20)),
            rows.iter().rposition(|row| column(row) == Some(20)),
        );
        let high = bottom.unwrap() - top.unwrap();
        let middle = &rows[10];
        let wide = middle.rfind('.').unwrap() - middle.find('.').unwrap();
        assert_eq!(outside, 0);
        // One cell of rounding at each end.
        assert!(wide.abs_diff(2 * high) <= 2, "{wide} x {high}");
    }

    #[test]
    fn points_outside_or_not_finite_are_counted() {
        let points = [0.0, 0.0, f64::NAN, 0.0, 50.0, 0.0, f64::INFINITY, 1.0];
        let (rows, outside) = drawn(&points, [-1.0, 1.0, -1.0, 1.0], (10, 5));
        assert_eq!(outside, 3);
        assert_eq!(rows.concat().trim(), ".");
    }
}
