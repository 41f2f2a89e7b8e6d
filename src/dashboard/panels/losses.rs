//! The losses: the charts of a page over one iteration axis, or a line each where there is no room for charts.
//!
//! | file | holds |
//! | --- | --- |
//! | content | which charts there are, and what each shows |
//! | chart | how a chart is drawn |
//! | legend | the title of a chart: names, last values, values at the cursor |
//! | shown | the range of the values |
//! | frame | the area, the iterations and the values of a chart |
//! | curve, ticks | what charts are drawn of |

mod chart;
mod content;
mod curve;
mod frame;
mod legend;
mod shown;
mod ticks;

use ratatui::layout::{Rect, Size};

use crate::dashboard::axis;
use crate::dashboard::canvas::{Canvas, shorten};
use crate::dashboard::dot_grid::DotGrid;
use crate::dashboard::state::State;
use crate::dashboard::state::comparison::ComparedCurves;
use crate::dashboard::state::losses::{IterationRange, Outliers};
use frame::GUTTER;

/// Least size of a chart: its legend, and two rows with their labels.
const CHART: Size = Size::new(GUTTER + 15, 3);
/// Width of a chart from which on two may stand side by side.
const HALF: u16 = 29;
/// Height from which on every chart has room for its labels, so that there may be one more.
const ROOMY: u16 = 27;
/// Least height that has a row for a rule above the iterations.
const RULE: u16 = 20;
/// Columns between two iterations on their axis, about.
const ROOM: u16 = 3;

/// The charts of a page in columns of equal width, filled from the left top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ChartGrid {
    columns: u16,
    /// The charts above one another.
    rows: u16,
    /// The rows of the axis of iterations.
    axis: u16,
}

impl ChartGrid {
    /// The grid for a number of charts: one column if they are high enough then, else two; None without room.
    fn fit(area: Rect, charts: u16) -> Option<Self> {
        let axis = if area.height < RULE { 1 } else { 2 };
        let grids = [1, 2].map(|columns| Self {
            columns,
            rows: charts.div_ceil(columns),
            axis,
        });
        let fits = |grid: &Self| {
            let wide = [CHART.width, HALF][usize::from(grid.columns > 1)];
            let high = area.height.saturating_sub(axis) >= grid.rows * CHART.height;
            grid.column(area, 0).width >= wide && high
        };
        grids.into_iter().find(fits)
    }

    /// The area of a column.
    fn column(self, area: Rect, column: u16) -> Rect {
        let width = area.width.saturating_sub(self.columns - 1) / self.columns;
        Rect {
            x: area.x + column * (width + 1),
            width,
            ..area
        }
    }

    /// The area of a chart of a column; what can't be shared evenly goes to the first ones.
    fn chart(self, column: Rect, row: u16) -> Rect {
        let rows = column.height.saturating_sub(self.axis);
        let (height, over) = (rows / self.rows, rows % self.rows);
        Rect {
            y: column.y + row * height + row.min(over),
            height: height + u16::from(row < over),
            ..column
        }
    }
}

/// Draws charts or lines, as the area allows.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let contents = content::contents(state, canvas.area.height >= ROOMY);
    let legend = u16::from(!state.compared.is_empty());
    let area = canvas.below(legend).area;
    let Some(grid) = ChartGrid::fit(area, contents.len() as u16) else {
        draw_lines(state, canvas);
        return;
    };
    draw_runs(state, canvas);
    for column in 0..grid.columns {
        let area = grid.column(area, column);
        let charts = contents.iter().skip(usize::from(column * grid.rows));
        for (row, content) in (0..grid.rows).zip(charts) {
            chart::draw(state, content, &mut canvas.part(grid.chart(area, row)));
        }
        let axis = area.height - grid.axis;
        draw_iterations(state, &mut canvas.part(area).below(axis));
    }
}

/// Draws the letters and names of the runs compared with, in one line; those that don't fit are left out.
fn draw_runs(state: &State, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let runs = state.compared.iter().enumerate();
    let mut column = 0;
    for (number, run) in runs {
        let text = format!("{} {}", ComparedCurves::letter(number), run.name);
        let room = canvas.area.width.saturating_sub(column);
        canvas.write((column, 0), &shorten(&text, room, theme), theme.dim());
        column = column.saturating_add(text.chars().count() as u16 + 2);
    }
}

/// The title of the pane: the page, and the choices that are not as at the start; what does not fit is left out whole.
pub fn title(state: &State, room: u16) -> String {
    let view = &state.view.losses;
    let smoothing = view.smoothing.factor();
    let range = match view.range {
        IterationRange::All => None,
        IterationRange::Newest(width) => Some(format!("last {width}")),
        IterationRange::Fixed(span) => Some(format!("{} to {}", span.first, span.last)),
    };
    let parts = [
        state.view.weighted.then(|| "weighted".into()),
        smoothing.map(|factor| format!("avg {factor}")),
        (view.outliers == Outliers::Included).then(|| "full range".into()),
        range,
        view.log_x.then(|| "log x".into()),
    ];
    let mut title = view.page.name().to_owned();
    for part in parts.into_iter().flatten() {
        let longer = format!("{title}, {part}");
        if longer.chars().count() <= usize::from(room) {
            title = longer;
        }
    }
    title
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

/// Draws the legends of the charts, a line each.
pub fn draw_lines(state: &State, canvas: &mut Canvas) {
    let window = state.span().map(|span| state.view.losses.window(span));
    let cursor = window.and_then(|window| state.view.losses.cursor(window));
    for (row, content) in (0..canvas.area.height).zip(content::contents(state, false)) {
        legend::draw(&content, None, cursor, row, canvas);
    }
}
