//! Curves of a chart: a line, symbols, and the marks at the edges for what is outside the range or not finite. For any series, so
//! that those of other runs are drawn alike.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::chart::{Frame, scaled};
use crate::dashboard::dots::Dots;
use crate::dashboard::history::{Series, Smoothing};
use crate::dashboard::paint;
use crate::dashboard::theme::Theme;

/// Columns between two symbols, so that they don't hide the line.
const SPACING: u16 = 3;

/// Every bucket as the column from its least to its greatest value, joined to the one before; a gap where nothing is finite.
/// One that is wider than two dots, as in a narrow window, is the box that its values lie in.
pub fn line(
    (series, smoothing): (&Series, Smoothing),
    frame: &Frame,
    (theme, style): (&Theme, Style),
    buffer: &mut Buffer,
) {
    let mut dots = Dots::new(frame.plot, theme.markers);
    let (width, height) = (dots.width(), dots.height());
    let x = |iteration: u64| Dots::nearest(frame.window.across(iteration), width);
    let y = |value: f64| Dots::nearest(frame.height(value), height);
    let mut before = None;
    for bucket in frame.seen(series) {
        let Some((low, high)) = bucket.smooth(smoothing) else {
            before = None;
            continue;
        };
        let (low, high) = (y(low), y(high));
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
        if let Some(before) = before {
            dots.join(before, (start, middle), style);
        }
        before = Some((end, middle));
    }
    dots.paint(buffer);
}

/// Least and greatest value of every few columns.
pub fn symbols(
    series: &Series,
    frame: &Frame,
    (symbol, style): (&str, Style),
    buffer: &mut Buffer,
) {
    let mut groups: Vec<(u16, f64, f64)> = Vec::new();
    for bucket in frame.seen(series) {
        let Some((low, high)) = bucket.range() else {
            continue;
        };
        let column = frame.end(bucket);
        match groups.last_mut() {
            Some(group) if column < group.0 + SPACING => {
                (group.1, group.2) = (group.1.min(low), group.2.max(high))
            }
            _ => groups.push((column, low, high)),
        }
    }
    for (column, low, high) in groups {
        for value in [low, high] {
            let place = (column, frame.row(value));
            paint::over(buffer, frame.plot, place, symbol, style);
        }
    }
}

/// Marks at the top for values above the range, and over them for NaN and +inf; at the bottom likewise, for -inf.
pub fn edges(
    (series, smoothing): (&Series, Smoothing),
    frame: &Frame,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let bottom = frame.plot.height - 1;
    for bucket in frame.seen(series) {
        let drawn = [bucket.range(), bucket.smooth(smoothing)];
        let ends = drawn.into_iter().flatten().flat_map(<[f64; 2]>::from);
        let ends: Vec<_> = ends.map(|value| scaled(value, frame.factor)).collect();
        let (up, down) = theme.beyond();
        let marks = [
            (ends.iter().any(|&end| end > frame.axis.high), 0, up),
            (ends.iter().any(|&end| end < frame.axis.low), bottom, down),
        ];
        for (_, row, mark) in marks.into_iter().filter(|mark| mark.0) {
            let place = (frame.end(bucket), row);
            paint::over(buffer, frame.plot, place, mark, theme.strong());
        }
    }
    for bucket in frame.seen(series) {
        let marks = [(bucket.above, 0), (bucket.below, bottom)];
        for (_, row) in marks.into_iter().filter(|mark| mark.0) {
            let place = (frame.end(bucket), row);
            paint::over(buffer, frame.plot, place, theme.broken(), theme.alert());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::axis::{Axis, Scale};
    use crate::dashboard::theme::{Depth, Markers};
    use crate::dashboard::window::Window;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use ratatui::layout::Rect;

    const THEME: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
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
    fn frame(series: &Series, random: &mut ChaCha8Rng) -> Frame {
        let end = series.buckets().last().map_or(9, |bucket| bucket.to);
        let first = random.random_range(0..=end);
        let window = Window {
            first,
            last: random.random_range(first..=end),
            log: random.random(),
            start: random.random_range(0..=end),
        };
        let (low, high) = series.range().unwrap_or((0.0, 0.0));
        // Often narrower than the values.
        let share = [1.0, 0.3][random.random_range(0..2)];
        let scales = [Scale::Linear, Scale::Log, Scale::SymLog];
        let scale = scales[random.random_range(0..3)];
        Frame {
            plot: Rect::new(
                2,
                1,
                random.random_range(1..=300),
                random.random_range(1..=60),
            ),
            window,
            axis: Axis::fit(low * share, (high * share).max(low * share), scale),
            factor: 1.0,
        }
    }

    fn rows(frame: &Frame, buffer: &Buffer, column: u16, symbol: &str) -> Vec<u16> {
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
            let source = (&series, Smoothing::Off);
            line(source, &frame, (&THEME, Style::new()), &mut buffer);
            for bucket in frame.seen(&series) {
                let Some((low, high)) = bucket.range() else {
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
            edges((&series, Smoothing::Off), &frame, &THEME, &mut buffer);
            let bottom = frame.plot.height - 1;
            for bucket in frame.seen(&series) {
                let column = frame.end(bucket);
                let marked = |row, symbols: &[&str]| {
                    let found = symbols
                        .iter()
                        .flat_map(|symbol| rows(&frame, &buffer, column, symbol));
                    found.into_iter().any(|at| at == row)
                };
                let (low, high) = bucket.range().unwrap_or((frame.axis.low, frame.axis.high));
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
        let frame = Frame {
            plot: Rect::new(0, 0, 6, 3),
            window: Window {
                first: bucket.from,
                last: bucket.to,
                log: false,
                start: 0,
            },
            axis: Axis::fit(0.0, 1.0, Scale::Linear),
            factor: 1.0,
        };
        let mut buffer = Buffer::empty(frame.plot);
        let source = (&series, Smoothing::Off);
        line(source, &frame, (&THEME, Style::new()), &mut buffer);
        assert_eq!(buffer, Buffer::with_lines(["......", ".    .", "......"]));
    }
}
