//! One loss chart: training as a line, validations as symbols, the floor of C, ticks of events, and a rail for what is not finite.
//! Drawn here since the chart that ratatui brings has no log axis, puts NaN on the top row and shows nothing for a constant.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::losses;
use crate::dashboard::axis::{Axis, Scale};
use crate::dashboard::component::Component;
use crate::dashboard::dots::Dots;
use crate::dashboard::history::Bucket;
use crate::dashboard::journal::Kind;
use crate::dashboard::other::Other;
use crate::dashboard::paint;
use crate::dashboard::state::{Mark, State};
use crate::dashboard::theme::Theme;

/// Columns of the value labels.
const GUTTER: u16 = 9;
/// Columns between two validation symbols, so that they don't hide the training line.
const SPACING: u16 = 3;

/// A chart's frame of reference.
struct Frame {
    plot: Rect,
    /// First and last iteration.
    span: (u64, u64),
    axis: Axis,
    factor: f64,
}

impl Frame {
    /// Share of the width where an iteration stands.
    fn across(&self, iteration: u64) -> f64 {
        let (first, last) = self.span;
        if last <= first {
            return 0.5;
        }
        (iteration.saturating_sub(first)) as f64 / (last - first) as f64
    }

    /// Column of the plot where an iteration stands.
    fn column(&self, iteration: u64) -> u16 {
        Dots::nearest(self.across(iteration), usize::from(self.plot.width)) as u16
    }

    /// Row of the plot, from its top, where an unweighted value stands.
    fn row(&self, value: f64) -> u16 {
        let up = Dots::nearest(self.height(value), usize::from(self.plot.height));
        self.plot.height - 1 - up as u16
    }

    /// Share of the height where an unweighted value stands.
    fn height(&self, value: f64) -> f64 {
        self.axis.position(scaled(value, self.factor))
    }
}

/// A weighted value, finite.
fn scaled(value: f64, factor: f64) -> f64 {
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

/// Draws the chart of one component.
pub fn draw(
    (state, component): (&State, Component),
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let area = area.intersection(buffer.area);
    let axis = axis(state, component);
    title((state, component), axis.as_ref(), theme, (area, buffer));
    let plot = plot(paint::below(area, 1));
    let (Some(span), false) = (state.span(), plot.is_empty()) else {
        return;
    };
    // Without any finite value the rail is still drawn.
    let axis = axis.unwrap_or(Axis::fit(0.0, 0.0, Scale::Linear));
    let frame = Frame {
        plot,
        span,
        axis,
        factor: state.factor(component),
    };
    labels(&frame, theme, buffer);
    ticks(state, &frame, theme, buffer);
    floor((state, component), &frame, theme, buffer);
    others((state, component), &frame, theme, buffer);
    let training = state.training.series(component).buckets();
    curve(training, &frame, (theme, theme.curve(component)), buffer);
    let validation = state.validation.series(component).buckets();
    validations(validation, &frame, theme.validation(component), buffer);
    letters((state, component), &frame, theme, buffer);
    for buckets in [training, validation] {
        rail(buckets, &frame, theme, buffer);
    }
}

/// Spans both curves and, on a linear axis, the floor; None without a finite value.
fn axis(state: &State, component: Component) -> Option<Axis> {
    let factor = state.factor(component);
    let ranges = [
        state.training.series(component).range(),
        state.validation.series(component).range(),
    ];
    let others = state.others.iter();
    let others = others.map(|other| other.training.series(component).range());
    let (low, high) = ranges
        .into_iter()
        .chain(others)
        .flatten()
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    let (mut low, mut high) = (scaled(low, factor), scaled(high, factor));
    let wanted = if state.view.log_axis {
        Scale::Log
    } else {
        Scale::Linear
    };
    if let Some(floor) = losses::floor(state, component).filter(|floor| floor.is_finite())
        && (wanted == Scale::Linear || floor > 0.0)
    {
        (low, high) = (low.min(floor), high.max(floor));
    }
    Some(Axis::fit(low, high, wanted))
}

fn title(
    (state, component): (&State, Component),
    axis: Option<&Axis>,
    theme: &Theme,
    (area, buffer): (Rect, &mut Buffer),
) {
    let scale = match axis.map(|axis| axis.scale) {
        Some(Scale::Log) => "  log",
        Some(Scale::Linear) if state.view.log_axis => "  linear: not all > 0",
        _ => "",
    };
    let text = losses::values(state, theme, component) + scale;
    let style = theme.curve(component).patch(theme.strong());
    paint::cut(buffer, area, 0, &text, (theme, style));
}

fn labels(frame: &Frame, theme: &Theme, buffer: &mut Buffer) {
    let gutter = Rect {
        x: frame.plot.x - GUTTER,
        width: GUTTER - 1,
        ..frame.plot
    };
    for (value, text) in frame.axis.labels(frame.plot.height) {
        let up = Dots::nearest(frame.axis.position(value), usize::from(frame.plot.height)) as u16;
        let place = (
            gutter.width.saturating_sub(text.chars().count() as u16),
            frame.plot.height - 1 - up,
        );
        paint::at(buffer, gutter, place, &text, theme.dim());
    }
}

/// A thin line for each event, with its letter at the top.
fn ticks(state: &State, frame: &Frame, theme: &Theme, buffer: &mut Buffer) {
    let best = state.best.map(|best| Mark {
        iteration: best.iteration,
        kind: Kind::Best,
    });
    for mark in best.iter().chain(&state.marks) {
        let (letter, style) = theme.kind(mark.kind);
        let column = frame.column(mark.iteration);
        for row in 1..frame.plot.height {
            paint::at(
                buffer,
                frame.plot,
                (column, row),
                theme.lines().1,
                theme.dim(),
            );
        }
        paint::at(buffer, frame.plot, (column, 0), letter, style);
    }
}

fn floor(
    (state, component): (&State, Component),
    frame: &Frame,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let Some(floor) = losses::floor(state, component).filter(|floor| floor.is_finite()) else {
        return;
    };
    if frame.axis.scale == Scale::Log && floor <= 0.0 {
        return;
    }
    let row = frame.row(floor / frame.factor);
    let line = theme.lines().0.repeat(usize::from(frame.plot.width));
    paint::line(buffer, frame.plot, row, &line, theme.dim());
}

/// Every bucket as the column from its least to its greatest value, joined to the one before; a gap where nothing is finite.
fn curve(buckets: &[Bucket], frame: &Frame, (theme, style): (&Theme, Style), buffer: &mut Buffer) {
    let mut dots = Dots::new(frame.plot, theme.markers);
    let (width, height) = (dots.width(), dots.height());
    let mut before = None;
    for bucket in buckets {
        let Some((low, high)) = bucket.range() else {
            before = None;
            continue;
        };
        let x = Dots::nearest(frame.across(bucket.to), width);
        let (low, high) = (
            Dots::nearest(frame.height(low), height),
            Dots::nearest(frame.height(high), height),
        );
        dots.join((x, low), (x, high), style);
        let middle = (x, usize::midpoint(low, high));
        if let Some(before) = before {
            dots.join(before, middle, style);
        }
        before = Some(middle);
    }
    dots.paint(buffer);
}

/// The curves of the runs compared with.
fn others(
    (state, component): (&State, Component),
    frame: &Frame,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let style = theme.curve(component).patch(theme.dim());
    for other in &state.others {
        let buckets = other.training.series(component).buckets();
        curve(buckets, frame, (theme, style), buffer);
    }
}

/// The letter of each of them where its curve ends.
fn letters(
    (state, component): (&State, Component),
    frame: &Frame,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    for (number, other) in state.others.iter().enumerate() {
        let buckets = other.training.series(component).buckets().iter();
        let mut ends = buckets.rev().filter_map(|b| Some((b.to, b.range()?.0)));
        if let Some((iteration, value)) = ends.next() {
            let place = (frame.column(iteration), frame.row(value));
            let letter = Other::letter(number).to_string();
            paint::at(buffer, frame.plot, place, &letter, theme.strong());
        }
    }
}

/// Least and greatest validation of every few columns.
fn validations(
    buckets: &[Bucket],
    frame: &Frame,
    (symbol, style): (&str, Style),
    buffer: &mut Buffer,
) {
    let mut groups: Vec<(u16, f64, f64)> = Vec::new();
    for bucket in buckets {
        let Some((low, high)) = bucket.range() else {
            continue;
        };
        let column = frame.column(bucket.to);
        match groups.last_mut() {
            Some(group) if column < group.0 + SPACING => {
                (group.1, group.2) = (group.1.min(low), group.2.max(high))
            }
            _ => groups.push((column, low, high)),
        }
    }
    for (column, low, high) in groups {
        for value in [low, high] {
            paint::at(
                buffer,
                frame.plot,
                (column, frame.row(value)),
                symbol,
                style,
            );
        }
    }
}

/// Marks what is not finite: NaN and +inf at the top, -inf at the bottom.
fn rail(buckets: &[Bucket], frame: &Frame, theme: &Theme, buffer: &mut Buffer) {
    for bucket in buckets {
        for (present, row) in [(bucket.above, 0), (bucket.below, frame.plot.height - 1)] {
            if present {
                paint::at(
                    buffer,
                    frame.plot,
                    (frame.column(bucket.to), row),
                    theme.broken(),
                    theme.alert(),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::sample;
    use crate::dashboard::theme::Markers;

    /// The chart of the loss after these training values, as rows of text.
    fn chart(values: &[f64]) -> Vec<String> {
        let mut state = sample::started();
        for (i, &value) in (1..).zip(values) {
            state.apply(sample::iteration(i, value), i as f64);
        }
        let theme = Theme {
            markers: Markers::Ascii,
            colour: false,
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, GUTTER + 9, 6));
        let area = buffer.area;
        draw((&state, Component::Loss), &theme, area, &mut buffer);
        let row = |y| {
            (GUTTER..area.width)
                .map(|x| buffer[(x, y)].symbol())
                .collect()
        };
        (1..area.height).map(row).collect()
    }

    #[test]
    fn a_constant_is_a_line_and_a_single_point_a_dot() {
        assert_eq!(chart(&[3.0; 9])[2], ".........");
        assert_eq!(chart(&[3.0])[2], "    .    ");
    }

    #[test]
    fn what_is_not_finite_leaves_a_gap_and_a_mark() {
        let rows = chart(&[
            1.0,
            1.0,
            1.0,
            f64::NAN,
            1.0,
            1.0,
            f64::NEG_INFINITY,
            1.0,
            1.0,
        ]);
        assert_eq!(rows[0], "   x     ");
        assert_eq!(rows[2], "... .. ..");
        assert_eq!(rows[4], "      x  ");
    }

    #[test]
    fn a_curve_of_nan_alone_is_a_full_rail() {
        assert_eq!(chart(&[f64::NAN; 9])[0], "xxxxxxxxx");
    }

    #[test]
    fn larger_is_higher() {
        let rows = chart(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0]);
        assert_eq!(rows[0], "        .");
        assert!(rows[4].starts_with("........"));
    }
}
