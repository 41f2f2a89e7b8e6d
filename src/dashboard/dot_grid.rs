//! A grid of dots over an area: 2 x 4 a cell in braille, one a cell otherwise. The origin is at the bottom left.
//! A dot of another style takes its whole cell over, so that crossing curves never mix.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::Markers;

/// Bit of each dot of a braille cell, by row from the top and column.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// The numbers of dots that a cell has across and up.
fn density(markers: Markers) -> (usize, usize) {
    if markers == Markers::Braille {
        (2, 4)
    } else {
        (1, 1)
    }
}

/// The rows of an area, each some dots high, so that symbols and labels stand in the row of the dot for the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowGrid {
    /// The number of rows, above 0.
    pub rows: u16,
    /// The number of dots that a row is high.
    pub dots: usize,
}

impl RowGrid {
    /// The rows of an area of this height.
    pub fn new(rows: u16, markers: Markers) -> Self {
        let dots = density(markers).1;
        Self { rows, dots }
    }

    /// The row, from the bottom, that holds the dot nearest to a share of the height.
    pub fn row(self, share: f64) -> u16 {
        let dot = DotGrid::nearest(share, usize::from(self.rows) * self.dots);
        (dot / self.dots) as u16
    }
}

/// Cells of a dash and the gap after it, which is one cell.
const DASH: usize = 3;

/// The way in which the dots of a line are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stroke {
    /// Every dot.
    #[default]
    Solid,
    /// Two cells of three, so that a line below is seen in the gaps; with one dot a cell, a symbol of its own.
    Dashed,
}

/// The dots of a cell.
#[derive(Clone, Copy, Debug, Default)]
struct DotCell {
    /// The bits of the dots that are set.
    bits: u8,
    style: Style,
}

/// A grid of dots that are not yet on the screen.
#[derive(Debug)]
pub struct DotGrid {
    area: Rect,
    markers: Markers,
    stroke: Stroke,
    cells: Vec<DotCell>,
}

impl DotGrid {
    /// A grid without dots.
    pub fn new(area: Rect, markers: Markers) -> Self {
        Self::stroked(area, markers, Stroke::Solid)
    }

    /// A grid without dots whose lines are of one stroke.
    pub fn stroked(area: Rect, markers: Markers, stroke: Stroke) -> Self {
        let cells = usize::from(area.width) * usize::from(area.height);
        Self {
            area,
            markers,
            stroke,
            cells: vec![DotCell::default(); cells],
        }
    }

    /// The numbers of dots that a cell has across and up.
    fn density(&self) -> (usize, usize) {
        density(self.markers)
    }

    /// The number of dots across.
    pub fn width(&self) -> usize {
        usize::from(self.area.width) * self.density().0
    }

    /// The number of dots up.
    pub fn height(&self) -> usize {
        usize::from(self.area.height) * self.density().1
    }

    /// The dot nearest to a share of the height or width, 0 to 1; `count` is above 0.
    pub fn nearest(share: f64, count: usize) -> usize {
        (share.clamp(0.0, 1.0) * (count - 1) as f64).round() as usize
    }

    /// Sets a dot; nothing happens outside.
    pub fn set(&mut self, x: usize, y: usize, style: Style) {
        if x >= self.width() || y >= self.height() {
            return;
        }
        let ((across, up), y) = (self.density(), self.height() - 1 - y);
        let cell = &mut self.cells[y / up * usize::from(self.area.width) + x / across];
        if cell.style != style {
            *cell = DotCell { bits: 0, style };
        }
        cell.bits |= BITS[y % up][x % across];
    }

    /// Sets the dots from `from` to `to`, both given as x, y, as the stroke asks.
    pub fn join(&mut self, from: (usize, usize), to: (usize, usize), style: Style) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        let (across, up) = self.density();
        let steep = from.0.abs_diff(to.0) < from.1.abs_diff(to.1);
        for step in 0..=steps {
            let along = |a: usize, b: usize| {
                let share = if steps == 0 {
                    0.0
                } else {
                    step as f64 / steps as f64
                };
                (a as f64 + (b as f64 - a as f64) * share).round() as usize
            };
            let (x, y) = (along(from.0, to.0), along(from.1, to.1));
            // By place, so that pieces of a line go on with one another.
            let cell = if steep { y / up } else { x / across };
            if self.stroke == Stroke::Solid || cell % DASH != 2 {
                self.set(x, y, style);
            }
        }
    }

    /// Writes the cells that have dots.
    pub fn paint(&self, buffer: &mut Buffer) {
        for (position, &DotCell { bits, style }) in self.area.positions().zip(&self.cells) {
            let symbol = match (self.markers, self.stroke) {
                _ if bits == 0 => continue,
                (Markers::Braille, _) => char::from_u32(0x2800 + u32::from(bits)).unwrap_or('?'),
                (Markers::Dots, Stroke::Solid) => '·',
                (Markers::Dots, Stroke::Dashed) => '•',
                (Markers::Ascii, Stroke::Solid) => '.',
                (Markers::Ascii, Stroke::Dashed) => 'o',
            };
            if let Some(cell) = buffer.cell_mut(position) {
                // Styles add up otherwise.
                cell.reset();
                cell.set_char(symbol).set_style(style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;

    fn drawn(dots: &DotGrid) -> Vec<String> {
        let mut buffer = Buffer::empty(dots.area);
        dots.paint(&mut buffer);
        buffer
            .content()
            .iter()
            .map(|cell| cell.symbol().to_owned())
            .collect()
    }

    #[test]
    fn corners_land_in_the_corners() {
        let mut dots = DotGrid::new(Rect::new(0, 0, 2, 2), Markers::Braille);
        for (x, y) in [(0, 0), (3, 0), (0, 7), (3, 7), (4, 0), (0, 8)] {
            dots.set(x, y, Style::new());
        }
        assert_eq!(drawn(&dots), ["⠁", "⠈", "⡀", "⢀"]);
    }

    #[test]
    fn the_last_style_takes_the_cell_over() {
        let mut dots = DotGrid::new(Rect::new(0, 0, 1, 1), Markers::Braille);
        dots.join((0, 0), (1, 0), Style::new());
        dots.set(0, 3, Style::new().fg(Color::Red));
        assert_eq!(drawn(&dots), ["⠁"]);
    }

    #[test]
    fn a_dashed_line_has_gaps_in_every_direction() {
        let lines = [((0, 4), (4, 4)), ((2, 0), (2, 8)), ((0, 0), (4, 8))];
        for ((from, to), count) in lines.into_iter().zip([4, 6, 6]) {
            let mut dots = DotGrid::stroked(Rect::new(0, 0, 5, 9), Markers::Ascii, Stroke::Dashed);
            dots.join(from, to, Style::new());
            assert_eq!(
                drawn(&dots).iter().filter(|cell| *cell == "o").count(),
                count
            );
        }
    }

    #[test]
    fn a_row_holds_the_dots_of_its_values() {
        let grid = RowGrid::new(3, Markers::Braille);
        assert_eq!(
            [0.0, 0.3, 0.5, 1.0].map(|share| grid.row(share)),
            [0, 0, 1, 2]
        );
        assert_eq!(RowGrid::new(3, Markers::Ascii).row(0.3), 1);
    }

    #[test]
    fn a_line_leaves_no_hole() {
        let mut dots = DotGrid::new(Rect::new(0, 0, 5, 9), Markers::Ascii);
        dots.join((0, 8), (4, 0), Style::new());
        let cells = drawn(&dots);
        assert!(
            cells
                .chunks(5)
                .all(|row| row.iter().any(|cell| cell == "."))
        );
    }
}
