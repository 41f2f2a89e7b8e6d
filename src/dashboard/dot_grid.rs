//! A grid of dots over an area: 2 x 4 a cell in braille, one a cell otherwise. The origin is at the bottom left.
//! A dot of another style takes its whole cell over, so that crossing curves never mix.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::Markers;

/// Bit of each dot of a braille cell, by row from the top and column.
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

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
    cells: Vec<DotCell>,
}

impl DotGrid {
    /// A grid without dots.
    pub fn new(area: Rect, markers: Markers) -> Self {
        let cells = usize::from(area.width) * usize::from(area.height);
        Self {
            area,
            markers,
            cells: vec![DotCell::default(); cells],
        }
    }

    /// The numbers of dots that a cell has across and up.
    fn density(&self) -> (usize, usize) {
        if self.markers == Markers::Braille {
            (2, 4)
        } else {
            (1, 1)
        }
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

    /// Sets the dots from `from` to `to`, both given as x, y.
    pub fn join(&mut self, from: (usize, usize), to: (usize, usize), style: Style) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        for step in 0..=steps {
            let along = |a: usize, b: usize| {
                let share = if steps == 0 {
                    0.0
                } else {
                    step as f64 / steps as f64
                };
                (a as f64 + (b as f64 - a as f64) * share).round() as usize
            };
            self.set(along(from.0, to.0), along(from.1, to.1), style);
        }
    }

    /// Writes the cells that have dots.
    pub fn paint(&self, buffer: &mut Buffer) {
        for (position, &DotCell { bits, style }) in self.area.positions().zip(&self.cells) {
            let symbol = match self.markers {
                _ if bits == 0 => continue,
                Markers::Braille => char::from_u32(0x2800 + u32::from(bits)).unwrap_or('?'),
                Markers::Dots => '·',
                Markers::Ascii => '.',
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
