//! Points as dots; where a cell has one dot only, as signs for their number.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::plane::{PlaneFrame, part};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::dot_grid::DotGrid;
use crate::dashboard::pixels::scene::{Ink, Layer, PixelScene, Shape};
use crate::dashboard::theme::Markers;

/// The signs of a cell, by the number of its points.
const RAMP: &[u8] = b".:+*#";

/// Draws points of `frame`'s dimension; returns the number of those outside or not finite.
pub fn draw(points: &[f64], frame: &PlaneFrame, style: Style, canvas: &mut Canvas) -> usize {
    let (area, markers) = (canvas.area, canvas.theme.markers);
    let mut dots = DotGrid::new(area, markers);
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
        if markers != Markers::Braille {
            counts[(dots.height() - 1 - y) * dots.width() + x] += 1;
        }
    }
    if markers == Markers::Braille {
        dots.paint(canvas.buffer);
    } else {
        draw_counts(&counts, style, canvas);
    }
    outside
}

/// What is seen of points in an area.
pub fn scene(points: &[f64], frame: &PlaneFrame, ink: Ink, area: Rect) -> PixelScene {
    let points = points.chunks_exact(frame.dimension());
    let dots = Layer::Marks {
        places: points
            .filter_map(|point| frame.pixel_place(point))
            .collect(),
        shape: Shape::Dot,
        ink,
    };
    PixelScene {
        area,
        edges: frame.edges(),
        layers: vec![dots],
    }
}

/// Draws signs for the numbers of points in the cells.
fn draw_counts(counts: &[usize], style: Style, canvas: &mut Canvas) {
    for (position, &count) in canvas.area.positions().zip(counts) {
        if let (1.., Some(cell)) = (count, canvas.buffer.cell_mut(position)) {
            cell.set_char(RAMP[(count - 1).min(RAMP.len() - 1)].into())
                .set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plane::{Aspect, Plane, PlaneBounds};
    use super::*;
    use crate::dashboard::theme::{Depth, Theme};
    use ratatui::buffer::Buffer;

    const PLAIN: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
    };

    /// The cells drawn, as rows, and the number outside.
    fn drawn(
        points: &[f64],
        bounds: PlaneBounds,
        (width, height): (u16, u16),
    ) -> (Vec<String>, usize) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let area = buffer.area;
        let plane = Plane {
            dimension: 2,
            columns: [0, 1],
        };
        let frame = PlaneFrame::fit(plane, bounds, 0.1, area, Aspect::Equal);
        let canvas = &mut Canvas::whole(&PLAIN, &mut buffer);
        let outside = draw(points, &frame, Style::new(), canvas);
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        ((0..height).map(row).collect(), outside)
    }

    #[test]
    fn equal_distances_are_twice_as_many_columns_as_rows() {
        let points = [-1.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0, 1.0];
        let (rows, outside) = drawn(&points, PlaneBounds::square(1.0), (41, 21));
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
        let (rows, outside) = drawn(&points, PlaneBounds::square(1.0), (10, 5));
        assert_eq!(outside, 3);
        assert_eq!(rows.concat().trim(), ".");
    }
}
