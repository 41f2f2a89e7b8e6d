//! The losses: four charts over one iteration axis, or a line each where there is no room for charts.
//!
//! | file | holds |
//! | --- | --- |
//! | frame | the area, the iterations and the values of a chart |
//! | chart | the chart of one loss |
//! | matching | the chart of M, in a start by matching |
//! | curve, ticks | what charts are drawn of |
//! | values, readout | the title of a chart: last values, values at the cursor |

mod chart;
mod curve;
mod frame;
mod matching;
mod readout;
mod ticks;
mod values;

use ratatui::layout::{Rect, Size};

use crate::dashboard::axis;
use crate::dashboard::canvas::Canvas;
use crate::dashboard::component::Component;
use crate::dashboard::dot_grid::DotGrid;
use crate::dashboard::state::State;
use crate::dashboard::state::comparison::ComparedCurves;
use crate::dashboard::state::losses::{IterationRange, Outliers};

/// Least size of four charts: a title and two rows each, and the iterations.
const CHARTS: Size = Size::new(24, 13);
/// Least height that has a row for a rule above the iterations.
const RULE: u16 = 20;
/// Columns between two iterations on their axis, about.
const ROOM: u16 = 4;

/// Draws charts or lines, as the area allows.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let area = canvas.area;
    if area.width < CHARTS.width || area.height < CHARTS.height {
        draw_lines(state, canvas);
        return;
    }
    let legend = u16::from(!state.compared.is_empty());
    draw_legend(state, canvas);
    let canvas = &mut canvas.below(legend);
    let area = canvas.area;
    let below = if area.height < RULE { 1 } else { 2 };
    let rows = area.height - below;
    let mut top = area.y;
    for (index, component) in (0..).zip(Component::ALL) {
        let height = rows / 4 + u16::from(index < rows % 4);
        let chart = Rect {
            y: top,
            height,
            ..area
        };
        chart::draw(state, component, &mut canvas.part(chart));
        top += height;
    }
    draw_iterations(state, &mut canvas.below(rows));
}

/// Draws the letters and names of the runs compared with, in one line.
fn draw_legend(state: &State, canvas: &mut Canvas) {
    let runs = state.compared.iter().enumerate();
    let names =
        runs.map(|(number, run)| format!("{} {}", ComparedCurves::letter(number), run.name));
    let text = names.collect::<Vec<_>>().join("  ");
    canvas.cut_line(0, &text, canvas.theme.dim());
}

/// The title of the pane: the choices that are not as at the start.
pub fn title(state: &State) -> String {
    let view = &state.view.losses;
    let smoothing = view.smoothing.factor();
    let range = match view.range {
        IterationRange::All => None,
        IterationRange::Newest(width) => Some(format!("last {width}")),
        IterationRange::Fixed(span) => Some(format!("{} to {}", span.first, span.last)),
    };
    let parts = [
        Some("losses".into()),
        state.view.weighted.then(|| "weighted".into()),
        smoothing.map(|factor| format!("avg {factor}")),
        range,
        view.log_x.then(|| "log x".into()),
        (view.outliers == Outliers::Marked).then(|| "no outliers".into()),
    ];
    parts
        .into_iter()
        .flatten()
        .collect::<Vec<String>>()
        .join(", ")
}

/// Draws the shared axis: round iterations, below a rule with ticks where there is room for one.
fn draw_iterations(state: &State, canvas: &mut Canvas) {
    let (theme, area) = (canvas.theme, canvas.area);
    let Some(window) = state.span().map(|span| state.view.losses.window(span)) else {
        return;
    };
    let (plot, digits) = (frame::plot(area), window.last.to_string().len() as u16);
    if plot.is_empty() {
        return;
    }
    let most = f64::from(plot.width / (digits + ROOM));
    let round = window.parts().into_iter().flat_map(|part| {
        let round = if window.log {
            axis::decades
        } else {
            axis::round
        };
        let most = (most * part.share) as u64;
        round(
            part.first,
            part.last,
            most.max(if part.share < 1.0 { 1 } else { 2 }),
        )
    });
    let bottom = area.height - 1;
    if bottom > 0 {
        let rule = theme.rules().horizontal.repeat(usize::from(plot.width));
        canvas.part(plot).line(0, &rule, theme.dim());
    }
    canvas.line(bottom, "iter", theme.dim());
    let canvas = &mut canvas.part(plot);
    let mut free = 0;
    for iteration in round {
        let column = DotGrid::nearest(window.across(iteration), usize::from(plot.width)) as u16;
        if bottom > 0 {
            canvas.write((column, 0), theme.tick(), theme.dim());
        }
        let text = iteration.to_string();
        let length = text.len() as u16;
        let start = column.saturating_sub(length / 2);
        let start = start.min(plot.width.saturating_sub(length));
        if start >= free {
            canvas.write((start, bottom), &text, theme.dim());
            free = start + length + 1;
        }
    }
}

/// Draws a line a curve: its last values.
pub fn draw_lines(state: &State, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let start = state.matching.as_ref().filter(|start| !start.over);
    for (row, component) in (0..).zip(Component::ALL) {
        let text = match start.filter(|_| component == Component::Loss) {
            Some(start) => matching::title(state, start, theme),
            None => values::text(state, theme, component),
        };
        canvas.cut_line(row, &text, theme.curve(component));
    }
}
