//! The values and names on the axes of a view, in units of the table, and the area that they leave inside. Where there is no room for both
//! there are none.

use ratatui::layout::{Rect, Size};

use super::plane::{Aspect, Plane, PlaneBounds, PlaneFrame};
use crate::dashboard::canvas::{Canvas, shorten};
use crate::dashboard::format::number;
use crate::dashboard::state::State;
use crate::dashboard::state::flow::column_name;
use crate::event::Picture;

/// Least size of a view with values on its axes.
const LEAST: Size = Size::new(16, 5);
/// Most columns that the values at the left take.
const GUTTER: u16 = 9;
/// Rows from which on there is a value in the middle.
const TALL: u16 = 7;

/// A column on an axis: its name, and its unit of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisColumn {
    /// The name.
    pub name: String,
    /// The value of the table where that of the picture is 0.
    pub mean: f64,
    /// The length of a unit of the picture, in those of the table.
    pub scale: f64,
}

impl AxisColumn {
    /// An axis without a table.
    pub fn plain(name: &str) -> Self {
        Self {
            name: name.into(),
            mean: 0.0,
            scale: 1.0,
        }
    }

    /// Column `k` of a picture's points, the given ones after the learned.
    pub fn of(state: &State, picture: &Picture, k: usize) -> Self {
        let name = state.start.as_ref().map(|start| column_name(start, k));
        let unit = picture.units.get(k);
        Self {
            name: name.unwrap_or_default(),
            mean: unit.map_or(0.0, |unit| unit.mean),
            scale: unit.map_or(1.0, |unit| unit.scale),
        }
    }

    /// The axis between two values of the picture.
    pub fn between(&self, low: f64, high: f64) -> AxisRange {
        AxisRange {
            low: self.mean + self.scale * low,
            high: self.mean + self.scale * high,
            name: self.name.clone(),
        }
    }
}

/// An axis from edge to edge, in units of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisRange {
    /// The value at the left or lower edge.
    pub low: f64,
    /// The value at the right or upper edge.
    pub high: f64,
    /// The name.
    pub name: String,
}

impl AxisRange {
    /// The value in the middle of cell `k` of `count`, as text.
    fn value(&self, k: u16, count: u16) -> String {
        let share = (f64::from(k) + 0.5) / f64::from(count.max(1));
        let value = self.low + share * (self.high - self.low);
        short(value, self.high - self.low)
    }

    /// The values beside the rows of an area, each with its row from above.
    fn beside(&self, rows: u16) -> Vec<(u16, String)> {
        let last = rows.saturating_sub(1);
        let middle = (rows >= TALL).then_some(last / 2);
        let rows_with_values = [Some(0), middle, (last > 0).then_some(last)];
        let rows_with_values = rows_with_values.into_iter().flatten();
        rows_with_values
            .map(|row| (row, self.value(last - row, rows)))
            .collect()
    }
}

/// A number with as many decimals as two digits of a length have.
fn short(value: f64, length: f64) -> String {
    if !(length > 1e-4 && length < 1e6 && value.abs() < 1e6) {
        return if value.is_finite() && value != 0.0 {
            format!("{value:.1e}")
        } else {
            number(value)
        };
    }
    let decimals = (1 - length.log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| "0.".contains(c)) => rest.into(),
        _ => text,
    }
}

/// A plane, and what is known of its axes.
#[derive(Clone, Copy, Debug)]
pub struct ShownPlane<'a> {
    /// The plane.
    pub plane: Plane,
    /// What is to be seen of it.
    pub bounds: PlaneBounds,
    /// The columns on its axes.
    pub columns: &'a [AxisColumn; 2],
    /// The relation of their units.
    pub aspect: Aspect,
}

impl ShownPlane<'_> {
    /// The frame of an area, with `room` around the bounds as a share of them.
    pub fn frame(&self, area: Rect, room: f64) -> PlaneFrame {
        PlaneFrame::fit(self.plane, self.bounds, room, area, self.aspect)
    }

    /// The axes of a frame.
    pub fn axes(&self, frame: &PlaneFrame) -> [AxisRange; 2] {
        let (first, last) = (frame.at([0.0, 0.0]), frame.at([1.0, 1.0]));
        [0, 1].map(|k| self.columns[k].between(first[k], last[k]))
    }

    /// The part of an area inside the axes, and its frame.
    pub fn inside(&self, area: Rect, room: f64) -> (Rect, PlaneFrame) {
        let inside = inside(area, |area| {
            let [_, up] = self.axes(&self.frame(area, room));
            up
        });
        (inside, self.frame(inside, room))
    }
}

/// The part of an area inside its axes, `up` being the vertical one for such a part; all of the area where there is no room for axes.
pub fn inside(area: Rect, up: impl Fn(Rect) -> AxisRange) -> Rect {
    if area.width < LEAST.width || area.height < LEAST.height {
        return area;
    }
    let part = |gutter: u16| Rect {
        x: area.x + gutter,
        width: area.width - gutter,
        height: area.height - 1,
        ..area
    };
    let gutter = |inside: Rect| {
        let values = up(inside).beside(inside.height);
        let lengths = values.iter().map(|(_, text)| text.chars().count() as u16);
        lengths.max().map_or(0, |length| length + 1).min(GUTTER)
    };
    let widest = part(GUTTER);
    let needed = gutter(widest);
    let inside = part(needed);
    // Other values in another part may be longer.
    if gutter(inside) <= needed {
        inside
    } else {
        widest
    }
}

/// Writes the values and the name of the horizontal axis around an area inside its axes; nothing where it has none.
pub fn draw([across, up]: &[AxisRange; 2], inside: Rect, canvas: &mut Canvas) {
    let area = canvas.area;
    if inside == area || area.is_empty() {
        return;
    }
    let dim = canvas.theme.dim();
    let gutter = inside.x.saturating_sub(area.x);
    for (row, text) in up.beside(inside.height) {
        let text = shorten(&text, gutter.saturating_sub(1), canvas.theme);
        let room = gutter.saturating_sub(1 + text.chars().count() as u16);
        canvas.write((room, row), &text, dim);
    }
    let row = inside.height;
    let low = across.value(0, inside.width);
    let high = across.value(inside.width.saturating_sub(1), inside.width);
    let (from, to) = (low.chars().count() as u16, high.chars().count() as u16);
    canvas.write((gutter, row), &low, dim);
    if inside.width > from + to {
        canvas.write((gutter + inside.width - to, row), &high, dim);
    }
    let room = inside.width.saturating_sub(from + to + 2);
    if room >= 2 {
        let name = shorten(&across.name, room, canvas.theme);
        let start = from + 1 + (room - name.chars().count() as u16) / 2;
        canvas.write((gutter + start, row), &name, dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_digits_that_their_axis_needs() {
        let axis = |low, high| {
            let axis = AxisRange {
                low,
                high,
                name: String::new(),
            };
            // Values at the very edges.
            [short(axis.low, high - low), short(axis.high, high - low)]
        };
        assert_eq!(axis(326.2, 18_823.4), ["326", "18823"]);
        assert_eq!(axis(0.2, 5.01), ["0.2", "5.0"]);
        assert_eq!(axis(-0.001, 0.5), ["0.00", "0.50"]);
        assert_eq!(axis(1e7, 3e9), ["1.0e7", "3.0e9"]);
        assert_eq!(axis(0.0, 2e-6), ["0", "2.0e-6"]);
        assert_eq!(axis(f64::NAN, f64::INFINITY), ["NaN", "inf"]);
    }

    #[test]
    fn standardised_values_become_those_of_the_table() {
        let column = AxisColumn {
            name: "price".into(),
            mean: 4000.0,
            scale: 2000.0,
        };
        let axis = column.between(-1.5, 3.0);
        assert_eq!((axis.low, axis.high), (1000.0, 10_000.0));
        assert_eq!(axis.value(0, 9), "1500");
        assert_eq!(
            axis.beside(9),
            [(0, "9500".into()), (4, "5500".into()), (8, "1500".into())]
        );
    }

    #[test]
    fn the_part_inside_leaves_room_for_the_longest_value() {
        let up = |_| AxisColumn::plain("x").between(-123.0, 4.0);
        let inside = |width, height| inside(Rect::new(2, 3, width, height), up);
        assert_eq!(inside(30, 10), Rect::new(7, 3, 25, 9));
        assert_eq!(inside(15, 10), Rect::new(2, 3, 15, 10));
        assert_eq!(inside(30, 4), Rect::new(2, 3, 30, 4));
    }
}
