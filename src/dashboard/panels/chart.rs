//! One loss chart: its title, the range of its values, and what is drawn in which order: ticks of events, the floor of C, training
//! as a line, validations as symbols, and marks at the edges.
//! Drawn here since the chart that ratatui brings has no log axis, puts NaN on the top row and shows nothing for a constant.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{curve, losses, matching, readout, ticks};
use crate::dashboard::axis::{self, Axis, Scale};
use crate::dashboard::component::Component;
use crate::dashboard::dots::Dots;
use crate::dashboard::history::{Bucket, Series, Smoothing};
use crate::dashboard::other::Other;
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::dashboard::window::Window;

/// Columns of the value labels.
const GUTTER: u16 = 9;

/// A chart's frame of reference.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Where curves are drawn; not empty.
    pub plot: Rect,
    /// Iterations that are seen.
    pub window: Window,
    /// Of weighted values.
    pub axis: Axis,
    /// The weight.
    pub factor: f64,
}

impl Frame {
    /// Column of the plot where an iteration stands.
    pub fn column(&self, iteration: u64) -> u16 {
        Dots::nearest(self.window.across(iteration), usize::from(self.plot.width)) as u16
    }

    /// Column where a bucket ends.
    pub fn end(&self, bucket: &Bucket) -> u16 {
        self.column(bucket.to.min(self.window.last))
    }

    /// Row of the plot, from its top, where an unweighted value stands.
    pub fn row(&self, value: f64) -> u16 {
        self.level(scaled(value, self.factor))
    }

    /// Row of the plot where a weighted value stands.
    pub fn level(&self, value: f64) -> u16 {
        let rows = usize::from(self.plot.height);
        let up = Dots::nearest(self.axis.position(value), rows);
        self.plot.height - 1 - up as u16
    }

    /// Share of the height where an unweighted value stands.
    pub fn height(&self, value: f64) -> f64 {
        self.axis.position(scaled(value, self.factor))
    }

    /// The buckets of a curve that are seen.
    pub fn seen<'a>(&self, series: &'a Series) -> impl Iterator<Item = &'a Bucket> + use<'a> {
        series.within(self.window.first, self.window.last)
    }
}

/// A weighted value, finite.
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

/// Draws the chart of one component.
pub fn draw(
    (state, component): (&State, Component),
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let area = area.intersection(buffer.area);
    let first = state
        .matching
        .as_ref()
        .filter(|_| component == Component::Loss);
    if let Some(start) = first.filter(|start| !start.over) {
        return matching::draw((state, start), theme, area, buffer);
    }
    let window = state.span().map(|span| state.view.lens.window(span));
    let axis = window.and_then(|window| axis((state, component), window));
    title((state, component), axis.as_ref(), theme, (area, buffer));
    let plot = plot(paint::below(area, 1));
    let (Some(window), false) = (window, plot.is_empty()) else {
        return;
    };
    let frame = Frame {
        plot,
        window,
        // Without any finite value the rail is still drawn.
        axis: axis.unwrap_or(Axis::fit(0.0, 0.0, Scale::Linear)),
        factor: state.factor(component),
    };
    labels(&frame, theme, buffer);
    let ticks = ticks::seen(state, &frame);
    ticks::lines((state, &ticks), &frame, theme, buffer);
    if first.is_some() {
        matching::behind(state, &frame, theme, buffer);
    }
    floor((state, component), &frame, theme, buffer);
    others((state, component), &frame, theme, buffer);
    curves((state, component), &frame, theme, buffer);
    letters((state, component), &frame, theme, buffer);
    for drawn in series(state, component) {
        curve::edges(drawn, &frame, theme, buffer);
    }
    ticks::letters(&ticks, &frame, theme, buffer);
}

/// The values dim below their average, if there is one; the validations above.
fn curves(
    (state, component): (&State, Component),
    frame: &Frame,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let [drawn, (validation, _)] = series(state, component);
    training(drawn, frame, (theme, theme.curve(component)), buffer);
    curve::symbols(validation, frame, theme.validation(component), buffer);
}

/// A line, dim below its average if there is one.
pub(super) fn training(
    (series, smoothing): (&Series, Smoothing),
    frame: &Frame,
    (theme, style): (&Theme, Style),
    buffer: &mut Buffer,
) {
    if smoothing == Smoothing::Off {
        curve::line((series, smoothing), frame, (theme, style), buffer);
        return;
    }
    let dim = style.patch(theme.dim());
    curve::line((series, Smoothing::Off), frame, (theme, dim), buffer);
    let bright = style.patch(theme.strong());
    curve::line((series, smoothing), frame, (theme, bright), buffer);
}

/// The curves of the runs compared with.
fn others(
    (state, component): (&State, Component),
    frame: &Frame,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let style = theme.curve(component).patch(theme.dim());
    let symbol = theme.validation(component).0;
    for other in &state.others {
        let series = other.training.series(component);
        curve::line((series, Smoothing::Off), frame, (theme, style), buffer);
        let validation = other.validation.series(component);
        curve::symbols(validation, frame, (symbol, style), buffer);
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
        let series = other.training.series(component);
        let last = frame
            .seen(series)
            .filter_map(|bucket| Some((bucket, bucket.range()?.0)))
            .last();
        if let Some((bucket, value)) = last {
            let place = (frame.end(bucket), frame.row(value));
            let letter = Other::letter(number).to_string();
            paint::at(buffer, frame.plot, place, &letter, theme.strong());
        }
    }
}

/// What is drawn, each with its average; the range of the values is made for it.
fn series(state: &State, component: Component) -> [(&Series, Smoothing); 2] {
    [
        (&state.training, state.view.lens.smoothing),
        (&state.validation, Smoothing::Off),
    ]
    .map(|(history, smoothing)| (history.series(component), smoothing))
}

/// Spans what is seen of all curves, and the floor; None without a finite value.
fn axis((state, component): (&State, Component), window: Window) -> Option<Axis> {
    let (factor, lens) = (state.factor(component), &state.view.lens);
    let others = state.others.iter();
    let others = others
        .flat_map(|other| [&other.training, &other.validation])
        .map(|history| (history.series(component), Smoothing::Off));
    let ranges: Vec<(f64, f64)> = series(state, component)
        .into_iter()
        .chain(others)
        .flat_map(|(series, smoothing)| {
            let seen = series.within(window.first, window.last);
            seen.flat_map(move |bucket| [bucket.range(), bucket.smooth(smoothing)])
        })
        .flatten()
        .collect();
    let (low, high) = reach(&ranges, lens.robust)?;
    let ends = [low, high].map(|value| scaled(value, factor));
    let (mut low, mut high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
    if let Some(floor) = losses::floor(state, component).filter(|floor| floor.is_finite()) {
        (low, high) = (low.min(floor), high.max(floor));
    }
    Some(Axis::fit(low, high, lens.scale))
}

/// From the least to the greatest of all, or of their bulk.
pub(super) fn reach(ranges: &[(f64, f64)], robust: bool) -> Option<(f64, f64)> {
    let whole = ranges
        .iter()
        .copied()
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    if !robust {
        return Some(whole);
    }
    let ends = ranges.iter().flat_map(|range| [range.0, range.1]);
    let bulk = axis::fences(ends.collect())?;
    Some((whole.0.max(bulk.0), whole.1.min(bulk.1)))
}

/// What a title says of its axis.
pub(super) fn scale(axis: Option<&Axis>) -> &'static str {
    match axis.map(|axis| axis.scale) {
        Some(Scale::Log) => "  log",
        Some(Scale::SymLog) => "  symlog",
        _ => "",
    }
}

fn title(
    (state, component): (&State, Component),
    axis: Option<&Axis>,
    theme: &Theme,
    (area, buffer): (Rect, &mut Buffer),
) {
    let text = readout::text(state, theme, component)
        .unwrap_or_else(|| losses::values(state, theme, component));
    let style = theme.curve(component).patch(theme.strong());
    let text = text + scale(axis);
    paint::cut(buffer, area, 0, &text, (theme, style));
}

pub(super) fn labels(frame: &Frame, theme: &Theme, buffer: &mut Buffer) {
    let gutter = Rect {
        x: frame.plot.x - GUTTER,
        width: GUTTER - 1,
        ..frame.plot
    };
    for (value, text) in frame.axis.labels(frame.plot.height) {
        let column = gutter.width.saturating_sub(text.chars().count() as u16);
        let place = (column, frame.level(value));
        paint::at(buffer, gutter, place, &text, theme.dim());
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
    let line = theme.lines().0.repeat(usize::from(frame.plot.width));
    paint::line(buffer, frame.plot, frame.level(floor), &line, theme.dim());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::sample;
    use crate::dashboard::theme::{Depth, Markers};
    use ratatui::style::Modifier;

    /// The chart of the loss after these training values, as rows of text.
    fn chart(values: &[f64]) -> Vec<String> {
        let mut state = sample::started();
        for (i, &value) in (1..).zip(values) {
            state.apply(sample::iteration(i, value), i as f64);
        }
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
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

    #[test]
    fn every_scale_says_so_and_zero_needs_no_linear_axis() {
        let state = |scale, value| {
            let mut state = sample::started();
            state.view.lens.scale = scale;
            state.apply(sample::iteration(1, value), 1.0);
            state.apply(sample::iteration(2, 100.0), 1.0);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 9));
            let theme = Theme {
                markers: Markers::Ascii,
                colour: Depth::None,
            };
            let area = buffer.area;
            draw((&state, Component::L), &theme, area, &mut buffer);
            (0..60).map(|x| buffer[(x, 0)].symbol()).collect::<String>()
        };
        assert!(state(Scale::Log, 1.0).trim_end().ends_with(" log"));
        assert!(state(Scale::Log, 0.0).trim_end().ends_with(" symlog"));
        assert!(state(Scale::SymLog, 1.0).trim_end().ends_with(" symlog"));
        assert!(!state(Scale::Linear, 1.0).contains("log"));
    }

    #[test]
    fn the_average_is_bright_above_the_dim_values() {
        let mut state = sample::started();
        for i in 1..=40 {
            state.apply(sample::iteration(i, (i % 2) as f64), 1.0);
        }
        state.view.lens.smoothing = Smoothing::Long;
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, GUTTER + 40, 10));
        let area = buffer.area;
        draw((&state, Component::Loss), &theme, area, &mut buffer);
        // One column a value: 1 at the left, 0 at the right of the two.
        let style = |x: u16, y: u16| buffer[(GUTTER + x, y)].modifier;
        assert_eq!((style(30, 1), style(31, 9)), (Modifier::DIM, Modifier::DIM));
        assert_eq!(
            (style(30, 5), style(31, 5)),
            (Modifier::BOLD, Modifier::BOLD)
        );
    }
}
