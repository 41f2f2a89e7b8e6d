//! Points as dots; where a cell has one dot only, as signs for their number.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::frame::{Frame, part};
use crate::dashboard::dots::Dots;
use crate::dashboard::theme::{Markers, Theme};

/// More points to the right.
const RAMP: &[u8] = b".:+*#";

/// Draws points of `frame`'s dimension; the number of those outside or not finite.
pub fn draw(
    points: &[f64],
    frame: &Frame,
    (area, buffer): (Rect, &mut Buffer),
    (theme, style): (&Theme, Style),
) -> usize {
    let mut dots = Dots::new(area, theme.markers);
    if area.is_empty() {
        return 0;
    }
    let mut counts = vec![0_usize; area.area() as usize];
    let mut outside = 0;
    for point in points.chunks_exact(frame.dimension()) {
        let Some([x, y]) = frame.place(point) else {
            outside += 1;
            continue;
        };
        let (x, y) = (part(x, dots.width()), part(y, dots.height()));
        dots.set(x, y, style);
        if theme.markers != Markers::Braille {
            counts[(dots.height() - 1 - y) * dots.width() + x] += 1;
        }
    }
    if theme.markers == Markers::Braille {
        dots.paint(buffer);
    } else {
        numbers(&counts, (area, buffer), style);
    }
    outside
}

fn numbers(counts: &[usize], (area, buffer): (Rect, &mut Buffer), style: Style) {
    for (position, &count) in area.positions().zip(counts) {
        if let (1.., Some(cell)) = (count, buffer.cell_mut(position)) {
            cell.set_char(RAMP[(count - 1).min(RAMP.len() - 1)].into())
                .set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Plane;
    use super::*;
    use crate::dashboard::theme::Depth;

    const PLAIN: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
    };

    /// Cells drawn, as rows, and the number outside.
    fn drawn(
        points: &[f64],
        bounds: [f64; 4],
        (width, height): (u16, u16),
    ) -> (Vec<String>, usize) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let area = buffer.area;
        let plane = Plane {
            dimension: 2,
            columns: [0, 1],
        };
        let frame = Frame::fit(plane, bounds, 0.1, area);
        let outside = draw(points, &frame, (area, &mut buffer), (&PLAIN, Style::new()));
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
