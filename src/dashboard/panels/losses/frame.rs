//! The frame of a chart: the area of its curves, the iterations and values that it spans, and the labels of the values.

use ratatui::layout::Rect;

use super::content::ReferenceLevel;
use crate::dashboard::axis::{Axis, LABEL_WIDTH};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::dot_grid::{DotGrid, RowGrid};
use crate::dashboard::format::number;
use crate::dashboard::state::series::{Bucket, Series};
use crate::dashboard::theme::Markers;
use crate::dashboard::window::Window;

/// Columns of the value labels.
pub const GUTTER: u16 = LABEL_WIDTH as u16 + 1;

/// The frame of reference of a chart.
#[derive(Clone, Copy, Debug)]
pub struct ChartFrame {
    /// The area of the curves; not empty.
    pub plot: Rect,
    /// The iterations that are seen.
    pub window: Window,
    /// The axis of weighted values.
    pub axis: Axis,
    /// The weight.
    pub factor: f64,
    /// What the dots of the curves are drawn with.
    pub markers: Markers,
}

impl ChartFrame {
    /// The column of the plot where an iteration stands.
    pub fn column(&self, iteration: u64) -> u16 {
        DotGrid::nearest(self.window.across(iteration), usize::from(self.plot.width)) as u16
    }

    /// The column where a bucket ends.
    pub fn end(&self, bucket: &Bucket) -> u16 {
        self.column(bucket.to.min(self.window.last))
    }

    /// The row of the plot, from its top, where an unweighted value stands.
    pub fn row(&self, value: f64) -> u16 {
        self.row_of_weighted(scaled(value, self.factor))
    }

    /// The row of the plot, from its top, where a weighted value stands.
    pub fn row_of_weighted(&self, value: f64) -> u16 {
        let up = self.rows().row(self.axis.position(value));
        self.plot.height - 1 - up
    }

    fn rows(&self) -> RowGrid {
        RowGrid::new(self.plot.height, self.markers)
    }

    /// Whether a weighted value lies within the range of the chart.
    pub fn holds(&self, value: f64) -> bool {
        (self.axis.low..=self.axis.high).contains(&value)
    }

    /// The share of the height where an unweighted value stands.
    pub fn height(&self, value: f64) -> f64 {
        self.axis.position(scaled(value, self.factor))
    }

    /// The buckets of a curve that are seen.
    pub fn seen<'a>(&self, series: &'a Series) -> impl Iterator<Item = &'a Bucket> + use<'a> {
        series.within(self.window.first, self.window.last)
    }

    /// Draws the labels of the values at the left of the plot; that of the level goes first.
    pub fn draw_labels(&self, level: Option<ReferenceLevel>, canvas: &mut Canvas) {
        let gutter = Rect {
            x: self.plot.x - GUTTER,
            width: GUTTER - 1,
            ..self.plot
        };
        let canvas = &mut canvas.part(gutter);
        let mut write = |row: u16, text: &str| {
            let column = gutter.width.saturating_sub(text.chars().count() as u16);
            canvas.write((column, row), text, canvas.theme.dim());
        };
        let level = level.filter(|level| self.holds(level.value) && !level.symbol.is_empty());
        let level_row = level.map(|level| self.row_of_weighted(level.value));
        if let Some((level, row)) = level.zip(level_row) {
            let long = format!("{} {}", level.symbol, number(level.value));
            let fits = long.chars().count() <= LABEL_WIDTH;
            write(row, if fits { &long } else { level.symbol });
        }
        for label in self.axis.labels(self.rows()) {
            let row = self.row_of_weighted(label.value);
            if Some(row) != level_row {
                write(row, &label.text);
            }
        }
    }
}

/// The product of a value and its weight, finite.
pub fn scaled(value: f64, factor: f64) -> f64 {
    (value * factor).clamp(f64::MIN, f64::MAX)
}

/// The part of a chart's area right of the labels.
pub fn plot(area: Rect) -> Rect {
    let gutter = GUTTER.min(area.width);
    Rect {
        x: area.x + gutter,
        width: area.width - gutter,
        ..area
    }
}
