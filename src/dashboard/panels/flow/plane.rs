//! The plane of two columns of the points, and its frame: from a point to its place on an area, and back. A cell counts as twice as high as
//! wide.

use ratatui::layout::Rect;

use crate::dashboard::pixels::scene::PixelPlace;
use crate::dashboard::range::ValueRange;

/// A plane of two columns of the points; points of one column have 0 as the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// The number of columns of a point.
    pub dimension: usize,
    /// The columns on the axes, from 0.
    pub columns: [usize; 2],
}

impl Plane {
    /// The two coordinates of a point.
    pub fn of(self, point: &[f64]) -> [f64; 2] {
        let [first, second] = self.columns.map(|column| point.get(column).copied());
        let second = second.filter(|_| self.dimension > 1);
        [first.unwrap_or(0.0), second.unwrap_or(0.0)]
    }
}

/// A rectangle in a plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneBounds {
    /// The range across.
    pub x: ValueRange,
    /// The range up.
    pub y: ValueRange,
}

impl PlaneBounds {
    /// The square around 0 that reaches to `end` in every direction.
    pub fn square(end: f64) -> Self {
        let side = ValueRange {
            low: -end,
            high: end,
        };
        Self { x: side, y: side }
    }
}

/// The relation of the units on the two axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// Units of one length, as for the coordinates of one space.
    Equal,
    /// Units that fill the area, as for columns of a table.
    Free,
}

/// The part of a plane that an area shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneFrame {
    plane: Plane,
    centre: [f64; 2],
    /// Half of what the width of a cell is worth on each axis: a whole one may overflow.
    half: [f64; 2],
    /// The width and the height of the area, in widths of a cell.
    size: [f64; 2],
}

impl PlaneFrame {
    /// The frame that shows all of `bounds` in the middle, with `room` on every side as a share of it.
    pub fn fit(plane: Plane, bounds: PlaneBounds, room: f64, area: Rect, aspect: Aspect) -> Self {
        let (left, right) = (bounds.x.low / 2.0, bounds.x.high / 2.0);
        let (low, high) = (bounds.y.low / 2.0, bounds.y.high / 2.0);
        let size = [f64::from(area.width), 2.0 * f64::from(area.height)];
        let needed = [(right - left) / size[0], (high - low) / size[1]];
        let half = match aspect {
            Aspect::Equal => [needed[0].max(needed[1]); 2],
            Aspect::Free => needed,
        };
        let half = half.map(|half| half * (1.0 + 2.0 * room));
        Self {
            plane,
            centre: [left + right, low + high],
            half: half.map(|half| if half > 0.0 { half } else { 1.0 }),
            size,
        }
    }

    /// The number of columns of a point, at least 1.
    pub fn dimension(&self) -> usize {
        self.plane.dimension.max(1)
    }

    /// The place of a point: shares of the width, from the left, and of the height, from below; None outside.
    pub fn place(&self, point: &[f64]) -> Option<[f64; 2]> {
        let point = self.plane.of(point);
        let share =
            |k: usize| 0.5 + (point[k] / 2.0 - self.centre[k] / 2.0) / self.half[k] / self.size[k];
        let place = [share(0), share(1)];
        let inside = place.iter().all(|share| (0.0..=1.0).contains(share));
        inside.then_some(place)
    }

    /// The place of a point in a picture; None outside.
    pub fn pixel_place(&self, point: &[f64]) -> Option<PixelPlace> {
        let [x, y] = self.place(point)?.map(|share| share as f32);
        Some(PixelPlace { x, y: 1.0 - y })
    }

    /// The coordinates of the left, right, lower and upper edge.
    pub fn edges(&self) -> [f64; 4] {
        let ([left, low], [right, high]) = (self.at([0.0, 0.0]), self.at([1.0, 1.0]));
        [left, right, low, high]
    }

    /// The coordinates at a place.
    pub fn at(&self, place: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|k| self.centre[k] + (place[k] - 0.5) * self.size[k] * 2.0 * self.half[k])
    }
}

/// The number of the one of `count` equal parts that a share from 0 to 1 lies in; `count` is above 0.
pub fn part(share: f64, count: usize) -> usize {
    ((share * count as f64) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds([left, right, low, high]: [f64; 4]) -> PlaneBounds {
        let range = |low, high| ValueRange { low, high };
        PlaneBounds {
            x: range(left, right),
            y: range(low, high),
        }
    }

    const FLAT: Plane = Plane {
        dimension: 2,
        columns: [0, 1],
    };

    #[test]
    fn a_circle_stays_a_circle_on_any_area() {
        for (width, height) in [(40, 20), (80, 5), (7, 33)] {
            let area = Rect::new(0, 0, width, height);
            let frame = PlaneFrame::fit(
                FLAT,
                bounds([-1.0, 5.0, 2.0, 4.0]),
                0.1,
                area,
                Aspect::Equal,
            );
            let radius = |angle: f64| {
                let [x, y] = frame
                    .place(&[2.0 + angle.cos(), 3.0 + angle.sin()])
                    .unwrap();
                // In widths of a cell.
                let (x, y) = (
                    (x - 0.5) * f64::from(width),
                    (y - 0.5) * 2.0 * f64::from(height),
                );
                x.hypot(y)
            };
            let radii: Vec<f64> = (0..16).map(|k| radius(f64::from(k) * 0.4)).collect();
            assert!(
                radii.iter().all(|r| (r - radii[0]).abs() < 1e-9),
                "{radii:?}"
            );
        }
    }

    #[test]
    fn a_place_leads_back_to_its_point() {
        let frame = PlaneFrame::fit(
            FLAT,
            bounds([-1.0, 5.0, 2.0, 4.0]),
            0.1,
            Rect::new(3, 4, 30, 11),
            Aspect::Equal,
        );
        let [x, y] = frame.at(frame.place(&[4.0, 2.5]).unwrap());
        assert!((x - 4.0).abs() < 1e-12 && (y - 2.5).abs() < 1e-12);
    }

    #[test]
    fn free_axes_fill_their_area() {
        let (area, ends) = (Rect::new(0, 0, 30, 10), [-1.0, 5.0, 200.0, 900.0]);
        let frame = PlaneFrame::fit(FLAT, bounds(ends), 0.0, area, Aspect::Free);
        assert_eq!(frame.place(&[-1.0, 200.0]), Some([0.0, 0.0]));
        assert_eq!(frame.place(&[5.0, 900.0]), Some([1.0, 1.0]));
        assert_eq!(frame.at([0.5, 0.5]), [2.0, 550.0]);
    }

    #[test]
    fn all_bounds_are_inside_and_what_is_not_finite_is_not() {
        let ends = [-3.0, 1.0, 0.0, 9.0];
        let frame = PlaneFrame::fit(
            FLAT,
            bounds(ends),
            0.0,
            Rect::new(0, 0, 20, 10),
            Aspect::Equal,
        );
        for x in &ends[..2] {
            for y in &ends[2..] {
                assert!(frame.place(&[*x, *y]).is_some());
            }
        }
        assert_eq!(frame.place(&[f64::NAN, 1.0]), None);
        assert_eq!(frame.place(&[f64::INFINITY, 1.0]), None);
        let huge = PlaneFrame::fit(
            FLAT,
            bounds([f64::MIN, f64::MAX, 0.0, 0.0]),
            0.1,
            Rect::new(0, 0, 9, 9),
            Aspect::Equal,
        );
        assert_eq!(huge.place(&[0.0, 0.0]), Some([0.5, 0.5]));
        assert!(huge.place(&[f64::MAX, 0.0]).is_some());
    }

    #[test]
    fn the_columns_asked_for_are_on_the_axes() {
        let plane = |dimension, columns| Plane { dimension, columns };
        assert_eq!(plane(5, [3, 1]).of(&[0.0, 1.0, 2.0, 3.0, 4.0]), [3.0, 1.0]);
        assert_eq!(plane(1, [0, 0]).of(&[7.0]), [7.0, 0.0]);
        assert_eq!(plane(0, [0, 0]).of(&[]), [0.0, 0.0]);
    }

    #[test]
    fn parts_are_equal_and_the_end_belongs_to_the_last() {
        assert_eq!(
            [0.0, 0.24, 0.25, 1.0].map(|share| part(share, 4)),
            [0, 0, 1, 3]
        );
    }
}
