//! A histogram as bars, with a line over it: the model's density over the data, or the histogram of generated samples over that of the
//! data.

use ratatui::style::{Modifier, Style};

use crate::dashboard::canvas::Canvas;
use crate::dashboard::dot_grid::DotGrid;
use crate::dashboard::theme::Markers;

/// Room above the highest bar, as a share of it.
const ROOM: f64 = 0.1;
/// Height of the chart at most, in heights of the highest bar: a line may have a far higher peak.
const HIGHEST: f64 = 2.0;

/// A histogram over an interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    low: f64,
    high: f64,
    /// The density in each bin: the share of all finite values over the width.
    heights: Vec<f64>,
    /// The number of values that are not in any bin, or not finite.
    pub outside: usize,
}

impl Histogram {
    /// The histogram of values between two ends, in as many bins as the values can fill, at most `most`.
    pub fn of(values: &[f64], [low, high]: [f64; 2], most: usize) -> Self {
        let bins = (2.0 * (values.len() as f64).sqrt()) as usize;
        let bins = bins.clamp(1, most.max(1));
        let (mut counts, mut outside) = (vec![0.0; bins], 0);
        for value in values {
            let share = (value - low) / (high - low);
            match (0.0..=1.0).contains(&share) {
                true => counts[((share * bins as f64) as usize).min(bins - 1)] += 1.0,
                false => outside += 1,
            }
        }
        let finite = values.iter().filter(|value| value.is_finite()).count();
        let one = bins as f64 / (high - low) / finite.max(1) as f64;
        let heights = counts.into_iter().map(|count| count * one);
        Histogram {
            low,
            high,
            heights: heights.collect(),
            outside,
        }
    }

    /// The density at a place; 0 outside.
    pub fn at(&self, place: f64) -> f64 {
        let share = (place - self.low) / (self.high - self.low);
        let bin = (share * self.heights.len() as f64) as usize;
        let inside = (0.0..=1.0).contains(&share);
        let last = self.heights.len().saturating_sub(1);
        let height = self.heights.get(bin.min(last)).copied();
        height.filter(|_| inside).unwrap_or(0.0)
    }

    fn highest(&self) -> f64 {
        self.heights.iter().copied().fold(0.0, f64::max)
    }
}

/// Bars and a line over the same interval.
pub struct Chart<'a> {
    /// The bars.
    pub bars: &'a Histogram,
    /// The line; it is interrupted where it has no value.
    pub line: &'a dyn Fn(f64) -> Option<f64>,
}

/// The dots of a cell across: the finest grid of a line.
const DOTS: usize = 2;

impl Chart<'_> {
    /// The value at the upper edge of an area `width` cells wide.
    pub fn top(&self, width: u16) -> f64 {
        let bars = self.bars.highest();
        let line = self.line(DOTS * usize::from(width));
        let line = line.into_iter().flatten().filter(|value| value.is_finite());
        let line = line.fold(0.0, f64::max);
        let highest = if bars > 0.0 {
            line.clamp(bars, HIGHEST * bars)
        } else {
            line
        };
        let top = highest * (1.0 + ROOM);
        if top > 0.0 && top.is_finite() {
            top
        } else {
            1.0
        }
    }

    /// The line at `count` places of equal distance.
    fn line(&self, count: usize) -> Vec<Option<f64>> {
        let Histogram { low, high, .. } = self.bars;
        let place = |k: usize| low + (high - low) * (k as f64 + 0.5) / count as f64;
        (0..count).map(|k| (self.line)(place(k))).collect()
    }

    /// Draws bars and line; `top` is at the upper edge. Where the line is higher there is an arrow.
    pub fn draw(&self, top: f64, canvas: &mut Canvas) {
        let (theme, area) = (canvas.theme, canvas.area);
        if area.is_empty() {
            return;
        }
        let Histogram { low, high, .. } = self.bars;
        let place =
            |column: u16| low + (high - low) * (f64::from(column) + 0.5) / f64::from(area.width);
        let rows = f64::from(area.height);
        let bar = |column: u16| self.bars.at(place(column)) / top * rows;
        for column in 0..area.width {
            let height = bar(column);
            for row in 0..area.height {
                let below = f64::from(area.height - 1 - row);
                let symbol = theme.filled(height - below);
                if symbol != " " {
                    canvas.write((column, row), symbol, theme.points().data);
                }
            }
        }
        let filled = |column: u16, row: u16| bar(column) >= f64::from(area.height - row);
        self.draw_line(top, filled, canvas);
    }

    /// Draws the line; `filled` tells whether a bar fills a cell.
    fn draw_line(&self, top: f64, filled: impl Fn(u16, u16) -> bool, canvas: &mut Canvas) {
        let (theme, area) = (canvas.theme, canvas.area);
        let over = theme.points().generated.add_modifier(Modifier::BOLD);
        let style = |column: u16, row: u16| match theme.points().data.fg {
            Some(bar) if filled(column, row) => over.bg(bar),
            _ => over,
        };
        let braille = theme.markers == Markers::Braille;
        let mut dots = DotGrid::new(area, theme.markers);
        let (wide, high) = (dots.width(), dots.height());
        let (across, upwards) = (
            wide / usize::from(area.width),
            high / usize::from(area.height),
        );
        let mut before: Option<usize> = None;
        for (x, value) in self.line(wide).into_iter().enumerate() {
            let Some(share) = value
                .map(|value| value / top)
                .filter(|share| !share.is_nan())
            else {
                before = None;
                continue;
            };
            let y = DotGrid::nearest(share, high);
            let from = before.map_or(y, |before| {
                if before < y {
                    before + 1
                } else {
                    before.max(y + 1) - 1
                }
            });
            for y in from.min(y)..=from.max(y) {
                let cell = ((x / across) as u16, area.height - 1 - (y / upwards) as u16);
                if braille {
                    dots.set(x, y, style(cell.0, cell.1));
                } else {
                    canvas.replace(cell, theme.line_point(), style(cell.0, cell.1));
                }
            }
            before = Some(y);
        }
        if braille {
            dots.paint(canvas.buffer);
        }
        let columns = self.line(usize::from(area.width));
        for (column, value) in columns.into_iter().enumerate() {
            if value.is_some_and(|value| value > top) {
                canvas.replace((column as u16, 0), theme.beyond().up, Style::new());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::theme::{Depth, Theme};
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    const ASCII: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
    };

    fn drawn(chart: &Chart, top: f64, (width, height): (u16, u16)) -> Vec<String> {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        chart.draw(top, &mut Canvas::whole(&ASCII, &mut buffer));
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        (0..height).map(row).collect()
    }

    #[test]
    fn heights_are_shares_over_widths() {
        let values = [0.0, 0.5, 0.75, 1.0, 1.5, 2.0, 9.0, f64::NAN, f64::INFINITY];
        let histogram = Histogram::of(&values, [0.0, 2.0], 2);
        // 7 finite values; 3 of them below 1, 3 from 1 to 2.
        assert_eq!(histogram.heights, [3.0 / 7.0, 3.0 / 7.0]);
        assert_eq!(histogram.outside, 3);
        assert_eq!(
            [-0.1, 0.1, 2.0, 2.1].map(|x| histogram.at(x)),
            [0.0, 3.0 / 7.0, 3.0 / 7.0, 0.0]
        );
        assert_eq!(Histogram::of(&[], [0.0, 1.0], 9).heights, [0.0]);
    }

    #[test]
    fn bars_stand_on_the_floor_and_the_line_lies_over_them() {
        let values = [0.1, 0.2, 0.3, 0.6, 0.1, 0.2, 0.3, 0.6];
        let bars = Histogram::of(&values, [0.0, 1.0], 2);
        let line = |x: f64| (x < 0.75).then_some(1.0);
        let chart = Chart {
            bars: &bars,
            line: &line,
        };
        // 1.5 and 0.5, of 2 at the top of four rows.
        assert_eq!(drawn(&chart, 2.0, (4, 4)), ["    ", "*** ", "##  ", "####"]);
    }

    #[test]
    fn a_line_beyond_the_top_has_arrows() {
        let bars = Histogram::of(&[0.5; 4], [0.0, 1.0], 1);
        let line = |x: f64| Some(if x < 0.5 { 1e300 } else { 0.0 });
        let chart = Chart {
            bars: &bars,
            line: &line,
        };
        assert!((chart.top(2) - 2.2).abs() < 1e-12);
        let rows = drawn(&chart, 2.2, (2, 3));
        assert!(rows[0].starts_with('^'), "{rows:?}");
    }
}
