//! The curves of several runs in one chart, each with a style and a letter of its own, and the legend with their values.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::derived::ChartRanges;
use super::overlay::{OverlayView, axis_across, letter};
use super::state::RunsState;
use crate::dashboard::axis::{Axis, AxisScale};
use crate::dashboard::canvas::{Canvas, below, shorten};
use crate::dashboard::dot_grid::{DotGrid, RowGrid};
use crate::dashboard::format::number;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::losses::Outliers;

/// Columns of the labels of values.
const GUTTER: u16 = 9;
/// Least columns of an entry of the legend.
const ENTRY: u16 = 38;
/// Columns between two letters of a curve.
const LETTERS: u16 = 24;

/// The title: what is drawn, over what.
pub fn title(state: &RunsState) -> String {
    let OverlayView {
        quantity,
        abscissa,
        scale,
        log_x,
        cursor,
        ..
    } = state.view.overlay;
    let mut text = format!("{} over {}", quantity.name(), abscissa.name());
    if log_x {
        text += ", by decades";
    }
    match scale {
        AxisScale::Linear => {}
        AxisScale::Log => text += "  log",
        AxisScale::SymLog => text += "  symlog",
    }
    if let Some(at) = cursor {
        text += &format!("  @{}", abscissa.text(at));
    }
    text
}

/// The place of the curves and their axes.
struct Frame {
    plot: Rect,
    across: Axis,
    up: Axis,
}

impl Frame {
    fn column(&self, place: f64) -> u16 {
        let share = self.across.position(self.inside(place));
        DotGrid::nearest(share, usize::from(self.plot.width)) as u16
    }

    /// Logarithms are of what is above 0.
    fn inside(&self, place: f64) -> f64 {
        place.clamp(self.across.low, self.across.high)
    }

    fn row(&self, value: f64) -> u16 {
        let rows = usize::from(self.plot.height);
        let up = DotGrid::nearest(self.share(value), rows);
        self.plot.height - 1 - up as u16
    }

    /// The share of the height of a value; beyond the range it is at the edge.
    fn share(&self, value: f64) -> f64 {
        let value = value.clamp(self.up.low, self.up.high);
        self.up.position(value)
    }
}

/// Draws the chart.
pub fn draw(state: &RunsState, canvas: &mut Canvas) {
    let overlaid = state.overlaid(&state.table());
    let area = canvas.area;
    let across = (area.width / ENTRY).clamp(1, 4);
    let rows = (overlaid.len() as u16).div_ceil(across);
    let legend = rows.min(area.height / 3);
    let chart = Rect {
        height: area.height - legend,
        ..area
    };
    let place = Rect {
        height: legend,
        ..below(area, chart.height)
    };
    draw_legend(state, &overlaid, across, &mut canvas.part(place));
    let Some(ranges) = state.ranges() else {
        let text = format!("no {} so far", state.view.overlay.quantity.name());
        let dim = canvas.theme.dim();
        canvas.part(chart).cut_line(0, &text, dim);
        return;
    };
    let plot = Rect {
        x: area.x + GUTTER.min(area.width),
        width: area.width.saturating_sub(GUTTER),
        height: chart.height.saturating_sub(1),
        ..area
    };
    if plot.width < 4 || plot.height < 2 {
        return;
    }
    let frame = Frame {
        plot,
        across: axis_across(ranges.across, &state.view.overlay),
        up: axis_up(state, &overlaid, ranges),
    };
    draw_axes(state, &frame, canvas);
    draw_cursor(state, &frame, &mut canvas.part(plot));
    for (place, &run) in overlaid.iter().enumerate().rev() {
        draw_curve(state, run, place, &frame, &mut canvas.part(plot));
    }
    draw_beyond(state, &overlaid, &frame, &mut canvas.part(plot));
    draw_letters(state, &overlaid, &frame, &mut canvas.part(plot));
}

/// The axis of values: of all, or of what their bulk explains and of where every curve ends.
fn axis_up(state: &RunsState, overlaid: &[usize], ranges: ChartRanges) -> Axis {
    let OverlayView {
        scale, outliers, ..
    } = state.view.overlay;
    let curves = overlaid.iter().map(|&run| state.curve(run).points());
    let points = curves.clone().flatten();
    let values = points.flat_map(|point| [point.values.low, point.values.high]);
    let bulk = match outliers {
        Outliers::Included => None,
        Outliers::Marked => fences(values.collect()),
    };
    let ends = curves.filter_map(|points| points.last().map(|last| last.values));
    let bulk = bulk.into_iter().chain(ends).reduce(ValueRange::join);
    let bulk = bulk
        .filter(|_| outliers == Outliers::Marked)
        .unwrap_or(ranges.up);
    let range = ValueRange {
        low: ranges.up.low.max(bulk.low),
        high: ranges.up.high.min(bulk.high),
    };
    Axis::fit(range, scale)
}

/// The part of `values` that their bulk explains: Tukey's outer fences, 3 interquartile ranges beyond the quartiles. None without values.
fn fences(mut values: Vec<f64>) -> Option<ValueRange> {
    let last = values.len().checked_sub(1)?;
    let mut quartile = |at: usize| *values.select_nth_unstable_by(at, f64::total_cmp).1;
    let (low, high) = (quartile(last / 4), quartile(last - last / 4));
    let room = 3.0 * (high - low);
    Some(ValueRange {
        low: low - room,
        high: high + room,
    })
}

fn draw_axes(state: &RunsState, frame: &Frame, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let plot = frame.plot;
    let gutter = &mut canvas.part(Rect {
        x: plot.x - GUTTER,
        width: GUTTER - 1,
        ..plot
    });
    for label in frame.up.labels(RowGrid::new(plot.height, theme.markers)) {
        let column = (GUTTER - 1).saturating_sub(label.text.chars().count() as u16);
        let place = (column, frame.row(label.value));
        gutter.write(place, &label.text, theme.dim());
    }
    let line = &mut canvas.part(Rect {
        y: plot.y + plot.height,
        height: 1,
        ..plot
    });
    let abscissa = state.view.overlay.abscissa;
    // A decade of the labels takes two rows of an upright axis.
    let mut free = 0;
    let mut labels = frame
        .across
        .labels(RowGrid::new((plot.width / 6).max(1), theme.markers));
    labels.sort_by(|a, b| a.value.total_cmp(&b.value));
    for label in labels {
        let text = abscissa.text(label.value);
        let width = text.chars().count() as u16;
        let column = frame.column(label.value).saturating_sub(width / 2);
        let column = column.min(plot.width.saturating_sub(width));
        if column >= free {
            line.write((column, 0), &text, theme.dim());
            free = column + width + 1;
        }
    }
}

fn draw_cursor(state: &RunsState, frame: &Frame, canvas: &mut Canvas) {
    let Some(at) = state.view.overlay.cursor else {
        return;
    };
    let column = frame.column(at);
    for row in 0..frame.plot.height {
        canvas.replace((column, row), canvas.theme.side(), canvas.theme.dim());
    }
}

/// A point of a curve on the chart.
struct DrawnPoint {
    dot: (usize, usize),
    /// Whether it stands outside the range of the values.
    beyond: bool,
}

fn draw_curve(state: &RunsState, run: usize, place: usize, frame: &Frame, canvas: &mut Canvas) {
    let abscissa = state.view.overlay.abscissa;
    let style = canvas.theme.overlaid(place);
    let mut dots = DotGrid::new(frame.plot, canvas.theme.markers);
    let (width, height) = (dots.width(), dots.height());
    let range = ValueRange {
        low: frame.up.low,
        high: frame.up.high,
    };
    let mut before: Option<DrawnPoint> = None;
    for point in state.curve(run).points() {
        let share = frame.across.position(frame.inside(abscissa.of(point)));
        let x = DotGrid::nearest(share, width);
        let y = |value: f64| DotGrid::nearest(frame.share(value), height);
        let (low, high) = (y(point.values.low), y(point.values.high));
        let drawn = DrawnPoint {
            dot: (x, usize::midpoint(low, high)),
            beyond: point.values.low > range.high || point.values.high < range.low,
        };
        // What is beyond the range has a mark at its edge, and no line along it.
        if !drawn.beyond {
            dots.join((x, low), (x, high), style);
        }
        if let Some(before) = before.filter(|before| !(before.beyond && drawn.beyond)) {
            dots.join(before.dot, drawn.dot, style);
        }
        before = Some(drawn);
    }
    dots.paint(canvas.buffer);
}

/// Marks values beyond the range at its edges.
fn draw_beyond(state: &RunsState, overlaid: &[usize], frame: &Frame, canvas: &mut Canvas) {
    let abscissa = state.view.overlay.abscissa;
    let beyond = canvas.theme.beyond();
    let strong = canvas.theme.strong();
    for point in overlaid.iter().flat_map(|&run| state.curve(run).points()) {
        let column = frame.column(abscissa.of(point));
        if point.values.high > frame.up.high {
            canvas.replace((column, 0), beyond.up, strong);
        }
        if point.values.low < frame.up.low {
            canvas.replace((column, frame.plot.height - 1), beyond.down, strong);
        }
    }
}

/// Writes the letters of the curves at points of theirs: at their ends, and at even distances, those of one beside those of another.
/// Where two would meet, the earlier one of the legend has the place, and another's end its letter a little before.
fn draw_letters(state: &RunsState, overlaid: &[usize], frame: &Frame, canvas: &mut Canvas) {
    let abscissa = state.view.overlay.abscissa;
    let count = overlaid.len().max(1);
    let mut taken: Vec<(u16, u16)> = Vec::new();
    for (place, &run) in overlaid.iter().enumerate() {
        let points = state.curve(run).points();
        let within = points
            .iter()
            .filter(|point| point.values.low <= frame.up.high && point.values.high >= frame.up.low);
        let cells = within.map(|point| {
            let row = frame.row(point.values.low / 2.0 + point.values.high / 2.0);
            (frame.column(abscissa.of(point)), row)
        });
        let cells: Vec<(u16, u16)> = cells.collect();
        let Some(&(end, _)) = cells.last() else {
            continue;
        };
        let first = LETTERS / 2 + (usize::from(LETTERS) * place / count) as u16;
        let wanted = (first..end.saturating_sub(4)).step_by(usize::from(LETTERS));
        let between = wanted.filter_map(|column| {
            let nearest = cells.iter().min_by_key(|cell| cell.0.abs_diff(column));
            nearest.copied()
        });
        let free = |cell: &&(u16, u16)| !taken.contains(cell);
        let last = cells.iter().rev().find(free).copied();
        let chosen: Vec<(u16, u16)> = last.into_iter().chain(between).collect();
        let style = canvas.theme.overlaid(place).patch(canvas.theme.strong());
        for cell in chosen {
            if !taken.contains(&cell) {
                canvas.replace(cell, &letter(place).to_string(), style);
                taken.push(cell);
            }
        }
    }
}

/// Draws the entries of the legend side by side: letter, name, value.
fn draw_legend(state: &RunsState, overlaid: &[usize], across: u16, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let area = canvas.area;
    let room = usize::from(area.height * across);
    let width = area.width / across;
    for (place, &run) in overlaid.iter().enumerate().take(room) {
        let (row, column) = (place as u16 / across, place as u16 % across);
        let entry = &mut canvas.part(Rect {
            x: area.x + column * width,
            y: area.y + row,
            width: width.saturating_sub(2),
            height: 1,
        });
        if place + 1 == room && overlaid.len() > room {
            let text = format!("and {} more", overlaid.len() - place);
            entry.line(0, &text, theme.dim());
            continue;
        }
        let style = theme.overlaid(place).patch(theme.strong());
        entry.write((0, 0), &letter(place).to_string(), style);
        let value = reading(state, run);
        let rest = entry.area.width.saturating_sub(2);
        let value_width = value.chars().count() as u16;
        let name = shorten(
            &state.rows[run].name,
            rest.saturating_sub(value_width + 2),
            theme,
        );
        entry.write((2, 0), &name, Style::new());
        let start = 2 + rest.saturating_sub(value_width);
        entry.write((start, 0), &value, theme.strong());
    }
}

/// The value of a curve at the cursor, with its place where that is another one.
fn reading(state: &RunsState, run: usize) -> String {
    let OverlayView {
        abscissa, cursor, ..
    } = state.view.overlay;
    let Some(reading) = state.reading(run) else {
        return "-".into();
    };
    let ValueRange { low, high } = reading.values;
    let mut text = number(low);
    if number(high) != text {
        text += &format!("..{}", number(high));
    }
    let place = abscissa.text(reading.place);
    if cursor.is_none_or(|at| abscissa.text(at) != place) {
        text += &format!(" @{place}");
    }
    text
}
