//! The chart of one loss: its title, the range of its values, and what is drawn in which order: ticks of events, the floor of C,
//! training as a line, validations as symbols, and marks at the edges.
//! Drawn here since the chart that ratatui brings has no log axis, puts NaN on the top row and shows nothing for a constant.

use super::curve::{self, DrawnSeries};
use super::frame::{ChartFrame, plot, scale_word, scaled, shown_range};
use super::{matching, readout, ticks, values};
use crate::dashboard::axis::{Axis, AxisScale};
use crate::dashboard::canvas::{Canvas, below};
use crate::dashboard::component::Component;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::State;
use crate::dashboard::state::comparison::ComparedCurves;
use crate::dashboard::theme::Symbol;
use crate::dashboard::window::Window;

/// Draws the chart of one component.
pub fn draw(state: &State, component: Component, canvas: &mut Canvas) {
    let area = canvas.area.intersection(canvas.buffer.area);
    let canvas = &mut canvas.part(area);
    let start = state
        .matching
        .as_ref()
        .filter(|_| component == Component::Loss);
    if let Some(start) = start.filter(|start| !start.over) {
        return matching::draw(state, start, canvas);
    }
    let window = state.span().map(|span| state.view.losses.window(span));
    let axis = window.and_then(|window| axis(state, component, window));
    draw_title(state, component, axis.as_ref(), canvas);
    let plot = plot(below(area, 1));
    let (Some(window), false) = (window, plot.is_empty()) else {
        return;
    };
    let frame = ChartFrame {
        plot,
        window,
        // Without any finite value the marks at the edges are still drawn.
        axis: axis.unwrap_or(Axis::fit(ValueRange::of(0.0), AxisScale::Linear)),
        factor: state.factor(component),
    };
    frame.draw_labels(canvas);
    let canvas = &mut canvas.part(plot);
    let ticks = ticks::by_column(state, &frame);
    ticks::draw_lines(state, &ticks, &frame, canvas);
    if start.is_some() {
        matching::draw_behind(state, &frame, canvas);
    }
    draw_floor(state, component, &frame, canvas);
    draw_compared(state, component, &frame, canvas);
    draw_curves(state, component, &frame, canvas);
    draw_letters(state, component, &frame, canvas);
    let drawn = ChartSeries::of(state, component);
    for series in [drawn.training, drawn.validation] {
        curve::draw_edges(series, &frame, canvas);
    }
    ticks::draw_letters(&ticks, &frame, canvas);
}

/// The series of a chart, each with its average; the range of the values is made for them.
struct ChartSeries<'a> {
    training: DrawnSeries<'a>,
    validation: DrawnSeries<'a>,
}

impl<'a> ChartSeries<'a> {
    fn of(state: &'a State, component: Component) -> Self {
        Self {
            training: DrawnSeries {
                series: state.training.series(component),
                smoothing: state.view.losses.smoothing,
            },
            validation: DrawnSeries::plain(state.validation.series(component)),
        }
    }
}

/// Draws the values dim below their average, if there is one; the validations above.
fn draw_curves(state: &State, component: Component, frame: &ChartFrame, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let drawn = ChartSeries::of(state, component);
    curve::draw_line_with_average(drawn.training, frame, theme.curve(component), canvas);
    let symbol = theme.validation(component);
    curve::draw_symbols(drawn.validation.series, frame, symbol, canvas);
}

/// Draws the curves of the runs compared with.
fn draw_compared(state: &State, component: Component, frame: &ChartFrame, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let style = theme.curve(component).patch(theme.dim());
    let text = theme.validation(component).text;
    for run in &state.compared {
        let training = DrawnSeries::plain(run.training.series(component));
        curve::draw_line(training, frame, style, canvas);
        let validation = run.validation.series(component);
        curve::draw_symbols(validation, frame, Symbol { text, style }, canvas);
    }
}

/// Draws the letter of each run compared with where its curve ends.
fn draw_letters(state: &State, component: Component, frame: &ChartFrame, canvas: &mut Canvas) {
    for (number, run) in state.compared.iter().enumerate() {
        let series = run.training.series(component);
        let last = frame
            .seen(series)
            .filter_map(|bucket| Some((bucket, bucket.range()?.low)))
            .last();
        if let Some((bucket, value)) = last {
            let place = (frame.end(bucket), frame.row(value));
            let letter = ComparedCurves::letter(number).to_string();
            canvas.write(place, &letter, canvas.theme.strong());
        }
    }
}

/// The axis of what is seen of all curves, and the floor; None without a finite value.
fn axis(state: &State, component: Component, window: Window) -> Option<Axis> {
    let (factor, view) = (state.factor(component), &state.view.losses);
    let drawn = ChartSeries::of(state, component);
    let compared = state.compared.iter();
    let compared = compared
        .flat_map(|run| [&run.training, &run.validation])
        .map(|losses| DrawnSeries::plain(losses.series(component)));
    let ranges: Vec<ValueRange> = [drawn.training, drawn.validation]
        .into_iter()
        .chain(compared)
        .flat_map(|series| series.ranges(window.first, window.last))
        .collect();
    let shown = shown_range(&ranges, view.outliers)?;
    let ends = [shown.low, shown.high].map(|value| ValueRange::of(scaled(value, factor)));
    let floor = values::floor(state, component).filter(|floor| floor.is_finite());
    let range = ends[0].join(ends[1]);
    let range = floor.map_or(range, |floor| range.join(ValueRange::of(floor)));
    Some(Axis::fit(range, view.scale))
}

fn draw_title(state: &State, component: Component, axis: Option<&Axis>, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let text = readout::text(state, theme, component)
        .unwrap_or_else(|| values::text(state, theme, component));
    let style = theme.curve(component).patch(theme.strong());
    canvas.cut_line(0, &(text + scale_word(axis)), style);
}

fn draw_floor(state: &State, component: Component, frame: &ChartFrame, canvas: &mut Canvas) {
    let Some(floor) = values::floor(state, component).filter(|floor| floor.is_finite()) else {
        return;
    };
    let symbol = canvas.theme.rules().horizontal;
    let line = symbol.repeat(usize::from(frame.plot.width));
    canvas.line(frame.row_of_weighted(floor), &line, canvas.theme.dim());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixtures;
    use crate::dashboard::panels::losses::frame::GUTTER;
    use crate::dashboard::state::series::Smoothing;
    use crate::dashboard::theme::{Depth, Markers, Theme};
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Modifier;

    /// The chart of the loss after these training values, as rows of text.
    fn chart(values: &[f64]) -> Vec<String> {
        let mut state = fixtures::started();
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
        draw(&state, Component::Loss, canvas);
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
            state.view.losses.scale = scale;
            state.apply(fixtures::iteration(1, value), 1.0);
            state.apply(fixtures::iteration(2, 100.0), 1.0);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 9));
            let theme = Theme {
                markers: Markers::Ascii,
                colour: Depth::None,
            };
            let canvas = &mut Canvas::whole(&theme, &mut buffer);
            draw(&state, Component::L, canvas);
            (0..60).map(|x| buffer[(x, 0)].symbol()).collect::<String>()
        };
        assert!(state(AxisScale::Log, 1.0).trim_end().ends_with(" log"));
        assert!(state(AxisScale::Log, 0.0).trim_end().ends_with(" symlog"));
        assert!(
            state(AxisScale::SymLog, 1.0)
                .trim_end()
                .ends_with(" symlog")
        );
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
        draw(&state, Component::Loss, canvas);
        // One column a value: 1 at the left, 0 at the right of the two.
        let style = |x: u16, y: u16| buffer[(GUTTER + x, y)].modifier;
        assert_eq!((style(30, 1), style(31, 9)), (Modifier::DIM, Modifier::DIM));
        assert_eq!(
            (style(30, 5), style(31, 5)),
            (Modifier::BOLD, Modifier::BOLD)
        );
    }
}
