//! The chart of M in a start by matching. While the start lasts the first chart is M's, with its own axis; afterwards the curve stays
//! in that of the loss, dim and as high as the chart, up to the tick where it ended.

use super::curve::{self, DrawnSeries};
use super::frame::{ChartFrame, plot, scale_word, shown_range};
use super::{readout, ticks};
use crate::dashboard::axis::{Axis, AxisScale};
use crate::dashboard::canvas::{Canvas, below};
use crate::dashboard::component::Component;
use crate::dashboard::format::number;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::State;
use crate::dashboard::state::matching::MatchingStart;
use crate::dashboard::theme::Theme;
use crate::dashboard::window::Window;

/// Draws the chart of a start that lasts.
pub fn draw(state: &State, matching: &MatchingStart, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let window = state.span().map(|span| state.view.losses.window(span));
    let axis = window.and_then(|window| axis(state, matching, window));
    let text = title(state, matching, theme) + scale_word(axis.as_ref());
    let style = theme.curve(Component::Loss);
    canvas.cut_line(0, &text, style.patch(theme.strong()));
    let plot = plot(below(canvas.area, 1));
    let (Some(window), false) = (window, plot.is_empty()) else {
        return;
    };
    let frame = ChartFrame {
        plot,
        window,
        axis: axis.unwrap_or(Axis::fit(ValueRange::of(0.0), AxisScale::Linear)),
        factor: 1.0,
    };
    frame.draw_labels(canvas);
    let canvas = &mut canvas.part(plot);
    let seen = ticks::by_column(state, &frame);
    ticks::draw_lines(state, &seen, &frame, canvas);
    let drawn = drawn(state, matching);
    curve::draw_line_with_average(drawn, &frame, style, canvas);
    curve::draw_edges(drawn, &frame, canvas);
    ticks::draw_letters(&seen, &frame, canvas);
}

/// Draws the curve of a start that is over behind those of the loss.
pub fn draw_behind(state: &State, frame: &ChartFrame, canvas: &mut Canvas) {
    let Some(matching) = &state.matching else {
        return;
    };
    let Some(axis) = axis(state, matching, frame.window) else {
        return;
    };
    let frame = ChartFrame {
        axis,
        factor: 1.0,
        ..*frame
    };
    let drawn = DrawnSeries::plain(&matching.curve);
    curve::draw_line(drawn, &frame, canvas.theme.dim(), canvas);
}

/// The title of the chart and, where there is no room for charts, its line.
pub fn title(state: &State, matching: &MatchingStart, theme: &Theme) -> String {
    let mut text = match readout::nearest(state, &matching.curve) {
        Some(read) => format!("M {read}"),
        None => format!("M matching {}", number(matching.m)),
    };
    if let Some(validated) = &state.validated {
        let symbol = theme.validation(Component::Loss).text;
        text += &format!("  val loss {symbol} {}", number(validated.losses.loss));
    }
    text
}

/// The curve of M with the average that is chosen.
fn drawn<'a>(state: &State, matching: &'a MatchingStart) -> DrawnSeries<'a> {
    DrawnSeries {
        series: &matching.curve,
        smoothing: state.view.losses.smoothing,
    }
}

fn axis(state: &State, matching: &MatchingStart, window: Window) -> Option<Axis> {
    let view = &state.view.losses;
    let ranges = drawn(state, matching).ranges(window.first, window.last);
    let ranges: Vec<ValueRange> = ranges.collect();
    let range = shown_range(&ranges, view.outliers)?;
    Some(Axis::fit(range, view.scale))
}
