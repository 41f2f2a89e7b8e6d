//! A chart: its legend, the range of its values, and what is drawn in which order: ticks of events, standard errors, other
//! runs, the level to compare with, training as a solid line, validations as a dashed one with a symbol at its end, and marks at the edges.
//! Drawn here since the chart that ratatui brings has no log axis, puts NaN on the top row and shows nothing for a constant.

use ratatui::style::Style;

use super::content::{ChartContent, ComparedPair, CurveKind};
use super::curve::{self, DrawnSeries, LineLook};
use super::frame::{ChartFrame, plot};
use super::{legend, shown, ticks};
use crate::dashboard::axis::{Axis, AxisScale};
use crate::dashboard::canvas::{Canvas, below};
use crate::dashboard::dot_grid::Stroke;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// Draws a chart.
pub fn draw(state: &State, content: &ChartContent, canvas: &mut Canvas) {
    let area = canvas.area.intersection(canvas.buffer.area);
    let canvas = &mut canvas.part(area);
    let view = &state.view.losses;
    let window = state.span().map(|span| view.window(span));
    let axis = window.and_then(|window| shown::axis(content, window, view.outliers));
    let cursor = window.and_then(|window| view.cursor(window));
    legend::draw(content, axis.as_ref(), cursor, 0, canvas);
    let plot = plot(below(area, 1));
    let (Some(window), false) = (window, plot.is_empty()) else {
        return;
    };
    let frame = ChartFrame {
        plot,
        window,
        // Without any finite value the marks at the edges are still drawn.
        axis: axis.unwrap_or(Axis::fit(ValueRange::of(0.0), AxisScale::Linear)),
        factor: content.factor,
        markers: canvas.theme.markers,
    };
    if axis.is_some() {
        frame.draw_labels(content.level, canvas);
    }
    let canvas = &mut canvas.part(plot);
    let ticks = ticks::by_column(state, &frame);
    ticks::draw_lines(state, &ticks, &frame, canvas);
    for pair in &content.compared {
        draw_compared(content, pair, &frame, canvas);
    }
    for drawn in &content.curves {
        let look = look(content, drawn.kind, canvas.theme);
        curve::draw_values_below_average(drawn.drawn, &frame, look, canvas);
    }
    // Above the many values, below the lines that are read.
    draw_level(content, &frame, canvas);
    for drawn in &content.curves {
        let look = look(content, drawn.kind, canvas.theme);
        curve::draw_line_or_average(drawn.drawn, &frame, look, canvas);
        if drawn.kind == CurveKind::Validation {
            let symbol = canvas.theme.validation();
            curve::draw_last(drawn.drawn.series, &frame, symbol, canvas);
        }
    }
    for pair in &content.compared {
        draw_letter(pair, &frame, canvas);
    }
    for drawn in &content.curves {
        let style = look(content, drawn.kind, canvas.theme).style;
        curve::draw_edges(drawn.drawn, &frame, style, canvas);
    }
    ticks::draw_letters(&ticks, &frame, canvas);
}

/// How a curve is drawn: validations as dashes beside training, solid alone.
fn look(content: &ChartContent, kind: CurveKind, theme: &Theme) -> LineLook {
    let alone = content.curves.len() == 1;
    LineLook {
        stroke: match kind {
            CurveKind::Validation if !alone => Stroke::Dashed,
            CurveKind::Training | CurveKind::Validation => Stroke::Solid,
        },
        style: match kind {
            CurveKind::Training => theme.training().style,
            CurveKind::Validation => theme.validation().style,
        },
    }
}

/// Draws the curves of a run that this one is compared with.
fn draw_compared(
    content: &ChartContent,
    pair: &ComparedPair,
    frame: &ChartFrame,
    canvas: &mut Canvas,
) {
    let kinds = [CurveKind::Training, CurveKind::Validation];
    for (series, kind) in [pair.training, pair.validation].into_iter().zip(kinds) {
        let LineLook { stroke, style } = look(content, kind, canvas.theme);
        let style = Style::new().patch(style).patch(canvas.theme.dim());
        let look = LineLook { stroke, style };
        curve::draw_line(DrawnSeries::plain(series), frame, look, canvas);
    }
}

/// Draws the letter of a run compared with where its curve ends.
fn draw_letter(pair: &ComparedPair, frame: &ChartFrame, canvas: &mut Canvas) {
    let last = frame
        .seen(pair.training)
        .filter_map(|bucket| Some((bucket, bucket.range()?.low)))
        .last();
    if let Some((bucket, value)) = last {
        let place = (frame.end(bucket), frame.row(value));
        canvas.write(place, &pair.letter.to_string(), canvas.theme.strong());
    }
}

/// Draws the level as a line, unless the range ends above it.
fn draw_level(content: &ChartContent, frame: &ChartFrame, canvas: &mut Canvas) {
    let Some(level) = content.level.filter(|level| frame.holds(level.value)) else {
        return;
    };
    let symbol = canvas.theme.rules().horizontal;
    let line = symbol.repeat(usize::from(frame.plot.width));
    canvas.line(
        frame.row_of_weighted(level.value),
        &line,
        canvas.theme.dim(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::component::Component;
    use crate::dashboard::fixtures;
    use crate::dashboard::panels::losses::frame::GUTTER;
    use crate::dashboard::state::losses::{ChartPage, Outliers};
    use crate::dashboard::state::series::Smoothing;
    use crate::dashboard::theme::{Depth, Markers};
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Modifier;

    /// Draws the chart of a component of the loss.
    fn draw_component(state: &State, component: Component, canvas: &mut Canvas) {
        let contents = super::super::content::contents(state, false);
        draw(state, &contents[component as usize], canvas);
    }

    /// The chart of the loss after these training values, as rows of text.
    fn chart(values: &[f64]) -> Vec<String> {
        let mut state = fixtures::started();
        state.view.losses.outliers = Outliers::Included;
        for (i, &value) in (1..).zip(values) {
            state.apply(fixtures::iteration(i, value), i as f64);
        }
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, GUTTER + 9, 6));
        let area = buffer.area;
        let canvas = &mut Canvas::whole(&theme, &mut buffer);
        draw_component(&state, Component::Loss, canvas);
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
            let mut state = fixtures::started();
            state.view.losses.scales.set(ChartPage::Losses, scale);
            state.apply(fixtures::iteration(1, value), 1.0);
            state.apply(fixtures::iteration(2, 100.0), 1.0);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 9));
            let theme = Theme {
                markers: Markers::Ascii,
                colour: Depth::None,
            };
            let canvas = &mut Canvas::whole(&theme, &mut buffer);
            draw_component(&state, Component::L, canvas);
            (0..60).map(|x| buffer[(x, 0)].symbol()).collect::<String>()
        };
        assert!(state(AxisScale::Log, 1.0).contains(", log "));
        assert!(state(AxisScale::Log, 0.0).contains(", symlog "));
        assert!(state(AxisScale::SymLog, 1.0).contains(", symlog "));
        assert!(!state(AxisScale::Linear, 1.0).contains("log"));
    }

    #[test]
    fn the_average_is_bright_above_the_dim_values() {
        let mut state = fixtures::started();
        for i in 1..=40 {
            state.apply(fixtures::iteration(i, (i % 2) as f64), 1.0);
        }
        state.view.losses.smoothing = Smoothing::Long;
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
        };
        let mut buffer = Buffer::empty(Rect::new(0, 0, GUTTER + 40, 10));
        let canvas = &mut Canvas::whole(&theme, &mut buffer);
        draw_component(&state, Component::Loss, canvas);
        // One column a value: 1 at the left, 0 at the right of the two.
        let style = |x: u16, y: u16| buffer[(GUTTER + x, y)].modifier;
        assert_eq!((style(30, 1), style(31, 9)), (Modifier::DIM, Modifier::DIM));
        assert_eq!(
            (style(30, 5), style(31, 5)),
            (Modifier::BOLD, Modifier::BOLD)
        );
    }
}
