//! The frame of a chart: the area of its curves, the iterations and values that it spans, and the labels of the values.

use ratatui::layout::Rect;

use crate::dashboard::axis::{self, Axis, AxisScale};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::dot_grid::DotGrid;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::losses::Outliers;
use crate::dashboard::state::series::{Bucket, Series};
use crate::dashboard::window::Window;

/// Columns of the value labels.
pub const GUTTER: u16 = 9;

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
        let rows = usize::from(self.plot.height);
        let up = DotGrid::nearest(self.axis.position(value), rows);
        self.plot.height - 1 - up as u16
    }

    /// The share of the height where an unweighted value stands.
    pub fn height(&self, value: f64) -> f64 {
        self.axis.position(scaled(value, self.factor))
    }

    /// The buckets of a curve that are seen.
    pub fn seen<'a>(&self, series: &'a Series) -> impl Iterator<Item = &'a Bucket> + use<'a> {
        series.within(self.window.first, self.window.last)
    }

    /// Draws the labels of the values at the left of the plot.
    pub fn draw_labels(&self, canvas: &mut Canvas) {
        let gutter = Rect {
            x: self.plot.x - GUTTER,
            width: GUTTER - 1,
            ..self.plot
        };
        let canvas = &mut canvas.part(gutter);
        for label in self.axis.labels(self.plot.height) {
            let column = gutter
                .width
                .saturating_sub(label.text.chars().count() as u16);
            let place = (column, self.row_of_weighted(label.value));
            canvas.write(place, &label.text, canvas.theme.dim());
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

/// The range that a chart shows of these ranges: the whole, or that of the bulk.
pub fn shown_range(ranges: &[ValueRange], outliers: Outliers) -> Option<ValueRange> {
    let whole = ranges.iter().copied().reduce(ValueRange::join)?;
    if outliers == Outliers::Included {
        return Some(whole);
    }
    let ends = ranges.iter().flat_map(|range| [range.low, range.high]);
    let bulk = axis::fences(ends.collect())?;
    Some(ValueRange {
        low: whole.low.max(bulk.low),
        high: whole.high.min(bulk.high),
    })
}

/// The word for the scale of an axis at the end of a title.
pub fn scale_word(axis: Option<&Axis>) -> &'static str {
    match axis.map(|axis| axis.scale) {
        Some(AxisScale::Log) => "  log",
        Some(AxisScale::SymLog) => "  symlog",
        _ => "",
    }
}
