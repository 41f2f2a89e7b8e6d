//! Curves of a chart: a line, symbols, and the marks at the edges for what is outside the range or not finite. They are drawn of any
//! series, so that those of other runs look alike. The canvas is that of the plot.

use ratatui::style::Style;

use super::frame::{ChartFrame, scaled};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::dot_grid::{DotGrid, Stroke};
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::series::{Series, Smoothing};
use crate::dashboard::theme::Symbol;

/// A series as it is drawn: its values or an average of them.
#[derive(Clone, Copy, Debug)]
pub struct DrawnSeries<'a> {
    /// The series.
    pub series: &'a Series,
    /// The average that is drawn.
    pub smoothing: Smoothing,
    /// The ranges of their standard errors, drawn as bars; where values are close they make a band.
    pub errors: Option<&'a Series>,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineLook {
    /// Which dots are set.
    pub stroke: Stroke,
    /// The style.
    pub style: Style,
}

impl<'a> DrawnSeries<'a> {
    /// The values of a series without an average.
    pub fn plain(series: &'a Series) -> Self {
        Self {
            series,
            smoothing: Smoothing::Off,
            errors: None,
        }
    }

    /// The ranges of the values and of the average in all buckets from `first` to `last`.
    pub fn ranges(self, first: u64, last: u64) -> impl Iterator<Item = ValueRange> + use<'a> {
        let seen = self.series.within(first, last);
        let ranges = seen.flat_map(move |bucket| [bucket.range(), bucket.smooth(self.smoothing)]);
        ranges.flatten()
    }
}

/// A dot of the grid.
type Dot = (usize, usize);

/// Draws every bucket as the column from its least to its greatest value, joined to the one before; a gap where nothing is finite.
/// A bucket that is wider than two dots, as in a narrow window, is the box that its values lie in.
pub fn draw_line(drawn: DrawnSeries, frame: &ChartFrame, look: LineLook, canvas: &mut Canvas) {
    let LineLook { stroke, style } = look;
    let mut dots = DotGrid::stroked(frame.plot, frame.markers, stroke);
    let (width, height) = (dots.width(), dots.height());
    let scale = frame.window.scale();
    let x = |iteration: u64| DotGrid::nearest(scale.across(iteration), width);
    let y = |value: f64| DotGrid::nearest(frame.height(value), height);
    for bucket in drawn.errors.iter().flat_map(|errors| frame.seen(errors)) {
        if let Some(range) = bucket.range() {
            let x = x(bucket.to.min(frame.window.last));
            dots.join((x, y(range.low)), (x, y(range.high)), style);
        }
    }
    let mut before: Option<Dot> = None;
    for bucket in frame.seen(drawn.series) {
        let Some(range) = bucket.smooth(drawn.smoothing) else {
            before = None;
            continue;
        };
        let (low, high) = (y(range.low), y(range.high));
        let end = x(bucket.to.min(frame.window.last));
        let from = x(bucket.from.max(frame.window.first));
        let start = if from + 2 <= end { from } else { end };
        for x in [start, end] {
            dots.join((x, low), (x, high), style);
        }
        for y in [low, high] {
            dots.join((start, y), (end, y), style);
        }
        let middle = usize::midpoint(low, high);
        match before {
            Some(before) => dots.join(before, (start, middle), style),
            // A single value is seen, whatever the stroke.
            None => dots.set(start, middle, style),
        }
        before = Some((end, middle));
    }
    dots.paint(canvas.buffer);
}

/// Draws the values of a series whose average is drawn, dim.
pub fn draw_values_below_average(
    drawn: DrawnSeries,
    frame: &ChartFrame,
    look: LineLook,
    canvas: &mut Canvas,
) {
    if drawn.smoothing != Smoothing::Off {
        let style = look.style.patch(canvas.theme.dim());
        let look = LineLook { style, ..look };
        draw_line(DrawnSeries::plain(drawn.series), frame, look, canvas);
    }
}

/// Draws the average of a series, bright; without one, its values.
pub fn draw_line_or_average(
    drawn: DrawnSeries,
    frame: &ChartFrame,
    look: LineLook,
    canvas: &mut Canvas,
) {
    let style = match drawn.smoothing {
        Smoothing::Off => look.style,
        Smoothing::Short | Smoothing::Long => look.style.patch(canvas.theme.strong()),
    };
    draw_line(drawn, frame, LineLook { style, ..look }, canvas);
}

/// Draws a symbol at the last finite value within the window.
pub fn draw_last(series: &Series, frame: &ChartFrame, symbol: Symbol, canvas: &mut Canvas) {
    let last = frame
        .seen(series)
        .filter_map(|bucket| Some((bucket, bucket.range()?)));
    if let Some((bucket, range)) = last.last() {
        let middle = range.low / 2.0 + range.high / 2.0;
        let place = (frame.end(bucket), frame.row(middle));
        canvas.replace(place, symbol.text, symbol.style);
    }
}

/// Draws marks at the top for values above the range, and over them for NaN and +inf; at the bottom likewise, for -inf.
pub fn draw_edges(drawn: DrawnSeries, frame: &ChartFrame, style: Style, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let bottom = frame.plot.height - 1;
    for bucket in frame.seen(drawn.series) {
        let ranges = [bucket.range(), bucket.smooth(drawn.smoothing)];
        let ends = ranges
            .into_iter()
            .flatten()
            .flat_map(|range| [range.low, range.high]);
        let ends: Vec<_> = ends.map(|value| scaled(value, frame.factor)).collect();
        let beyond = theme.beyond();
        if ends.iter().any(|&end| end > frame.axis.high) {
            canvas.replace((frame.end(bucket), 0), beyond.up, style);
        }
        if ends.iter().any(|&end| end < frame.axis.low) {
            canvas.replace((frame.end(bucket), bottom), beyond.down, style);
        }
    }
    for bucket in frame.seen(drawn.series) {
        let marks = [(bucket.above, 0), (bucket.below, bottom)];
        for (_, row) in marks.into_iter().filter(|mark| mark.0) {
            let place = (frame.end(bucket), row);
            canvas.replace(place, theme.broken(), theme.alert());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::axis::{Axis, AxisScale};
    use crate::dashboard::theme::{Depth, Markers, Theme};
    use crate::dashboard::window::Window;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    const THEME: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
    };

    const SOLID: LineLook = LineLook {
        stroke: Stroke::Solid,
        style: Style::new(),
    };

    /// A series of any kind: huge, tiny, constant, broken, empty, thinned.
    fn any(random: &mut ChaCha8Rng) -> Series {
        let mut series = Series::default();
        let special = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e300,
            -1e300,
            0.0,
            5e-324,
        ];
        let (count, broken) = ([0, 1, 7, 300, 5000], random.random_range(0.0..0.3));
        let size = 10f64.powi(random.random_range(-3..4)) * f64::from(random.random_range(0..2));
        for i in 0..count[random.random_range(0..count.len())] {
            let value = if random.random_bool(broken) {
                special[random.random_range(0..special.len())]
            } else {
                size * random.random_range(-0.2..1.0) + 1.0
            };
            series.push(3 + 2 * i, value);
        }
        series
    }

    /// Any frame around it.
    fn frame(series: &Series, random: &mut ChaCha8Rng) -> ChartFrame {
        let end = series.buckets().last().map_or(9, |bucket| bucket.to);
        let first = random.random_range(0..=end);
        let window = Window {
            first,
            last: random.random_range(first..=end),
            log: random.random(),
            matching_end: random.random_range(0..=end),
        };
        let ValueRange { low, high } = series.range().unwrap_or(ValueRange::of(0.0));
        // Often narrower than the values.
        let share = [1.0, 0.3][random.random_range(0..2)];
        let scales = [AxisScale::Linear, AxisScale::Log, AxisScale::SymLog];
        let scale = scales[random.random_range(0..3)];
        ChartFrame {
            plot: Rect::new(
                2,
                1,
                random.random_range(1..=300),
                random.random_range(1..=60),
            ),
            window,
            axis: {
                let low = low * share;
                let high = (high * share).max(low);
                Axis::fit(ValueRange { low, high }, scale)
            },
            factor: 1.0,
            markers: Markers::Ascii,
        }
    }

    fn rows(frame: &ChartFrame, buffer: &Buffer, column: u16, symbol: &str) -> Vec<u16> {
        let cell = |row| buffer.cell((frame.plot.x + column, frame.plot.y + row));
        (0..frame.plot.height)
            .filter(|&row| cell(row).is_some_and(|cell| cell.symbol() == symbol))
            .collect()
    }

    #[test]
    fn any_series_in_any_window_keeps_least_and_greatest_of_every_column() {
        let random = &mut ChaCha8Rng::seed_from_u64(7);
        for _ in 0..400 {
            let series = any(random);
            let frame = frame(&series, random);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 310, 70));
            let drawn = DrawnSeries::plain(&series);
            let canvas = &mut Canvas::whole(&THEME, &mut buffer);
            draw_line(drawn, &frame, SOLID, &mut canvas.part(frame.plot));
            for bucket in frame.seen(&series) {
                let Some(ValueRange { low, high }) = bucket.range() else {
                    continue;
                };
                let drawn = rows(&frame, &buffer, frame.end(bucket), ".");
                for value in [low, high] {
                    assert!(drawn.contains(&frame.row(value)), "{value} {frame:?}");
                }
            }
            let outside = buffer
                .area
                .positions()
                .filter(|&at| !frame.plot.contains(at));
            for at in outside {
                assert_eq!(buffer[at].symbol(), " ");
            }
        }
    }

    #[test]
    fn whatever_is_outside_or_not_finite_has_its_mark() {
        let random = &mut ChaCha8Rng::seed_from_u64(8);
        for _ in 0..400 {
            let series = any(random);
            let frame = frame(&series, random);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 310, 70));
            let drawn = DrawnSeries::plain(&series);
            let canvas = &mut Canvas::whole(&THEME, &mut buffer);
            draw_edges(drawn, &frame, Style::new(), &mut canvas.part(frame.plot));
            let bottom = frame.plot.height - 1;
            for bucket in frame.seen(&series) {
                let column = frame.end(bucket);
                let marked = |row, symbols: &[&str]| {
                    let found = symbols
                        .iter()
                        .flat_map(|symbol| rows(&frame, &buffer, column, symbol));
                    found.into_iter().any(|at| at == row)
                };
                let axis = ValueRange {
                    low: frame.axis.low,
                    high: frame.axis.high,
                };
                let ValueRange { low, high } = bucket.range().unwrap_or(axis);
                // In a plot of one row the marks share a cell.
                if bottom > 0 {
                    assert!(!bucket.above || marked(0, &["x"]));
                    assert!(!bucket.below || marked(bottom, &["x"]));
                    assert!(high <= frame.axis.high || marked(0, &["^", "x"]));
                    assert!(low >= frame.axis.low || marked(bottom, &["v", "x"]));
                }
            }
        }
    }

    #[test]
    fn a_bucket_wider_than_the_window_is_the_box_of_its_values() {
        let mut series = Series::default();
        for i in 1..=5000 {
            series.push(i, (i % 2) as f64);
        }
        let bucket = series.buckets()[100];
        let frame = ChartFrame {
            plot: Rect::new(0, 0, 6, 3),
            window: Window {
                first: bucket.from,
                last: bucket.to,
                log: false,
                matching_end: 0,
            },
            axis: Axis::fit(
                ValueRange {
                    low: 0.0,
                    high: 1.0,
                },
                AxisScale::Linear,
            ),
            factor: 1.0,
            markers: Markers::Ascii,
        };
        let mut buffer = Buffer::empty(frame.plot);
        let drawn = DrawnSeries::plain(&series);
        let canvas = &mut Canvas::whole(&THEME, &mut buffer);
        draw_line(drawn, &frame, SOLID, canvas);
        assert_eq!(buffer, Buffer::with_lines(["......", ".    .", "......"]));
    }
}
