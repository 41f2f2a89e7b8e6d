//! The table of the runs. Where it is too narrow for the settings that differ, columns of numbers are left out.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::order::{Direction, RunColumn};
use super::overlay::letter;
use super::row::RunRow;
use super::state::RunsState;
use super::status::RunStatus;
use crate::dashboard::canvas::{Canvas, shorten};
use crate::dashboard::format::{duration, number};
use crate::dashboard::theme::Theme;

/// Columns of the letter of a curve and of the mark.
const MARKS: u16 = 3;
/// Longest name of a run.
const NAME: u16 = 28;
/// Columns that the settings that differ are to have.
const SETTINGS: u16 = 26;
/// The columns that are left out of a narrow table, in this order.
const LEFT_OUT: [RunColumn; 5] = [
    RunColumn::Seconds,
    RunColumn::Divergence,
    RunColumn::Iteration,
    RunColumn::State,
    RunColumn::Verdict,
];

/// The rows that the table with all runs would have, its title among them.
pub fn height(state: &RunsState) -> u16 {
    u16::try_from(state.rows.len() + 3).unwrap_or(u16::MAX)
}

/// The title: the order, and the runs that the filter leaves.
pub fn title(state: &RunsState, theme: &Theme) -> String {
    let order = state.view.order;
    let arrow = match order.direction {
        Direction::Rising => theme.order().up,
        Direction::Falling => theme.order().down,
    };
    let filtered = match state.view.filter.is_empty() {
        true => String::new(),
        false => format!("  {} of {}", state.table().len(), state.rows.len()),
    };
    format!("runs by {} {arrow}{filtered}", order.column.head())
}

/// A column with its width.
struct PlacedColumn {
    column: RunColumn,
    width: u16,
}

/// Draws the table, and below it what there is to say of the selected run.
pub fn draw(state: &RunsState, canvas: &mut Canvas) {
    let table = state.table();
    let theme = canvas.theme;
    let area = canvas.area;
    let Some(selected) = state.selected_place(&table) else {
        let text = match state.rows.is_empty() {
            true => "no runs",
            false => "no run has these words: Esc shows all",
        };
        canvas.line(0, text, theme.dim());
        return;
    };
    let details = u16::from(area.height >= 5);
    let rows = area.height.saturating_sub(1 + details);
    let columns = columns(state, &table, area.width);
    draw_heads(&columns, state, canvas);
    let overlaid = state.overlaid(&table);
    // The selected run in the middle, as far as there are runs on both sides.
    let above = selected
        .saturating_sub(usize::from(rows) / 2)
        .min(table.len().saturating_sub(usize::from(rows)));
    let shown = table.iter().enumerate().skip(above);
    for (row, (place, &run)) in (1..=rows).zip(shown) {
        let curve = overlaid.iter().position(|&other| other == run);
        let line = &mut canvas.part(Rect {
            y: area.y + row,
            height: 1,
            ..area
        });
        draw_row(state, run, curve, &columns, line);
        if place == selected {
            mark_selected(line);
        }
    }
    let edge = area.width.saturating_sub(1);
    if above > 0 {
        canvas.replace((edge, 1), theme.more().up, theme.strong());
    }
    if above + usize::from(rows) < table.len() {
        canvas.replace((edge, rows), theme.more().down, theme.strong());
    }
    if details > 0 {
        draw_details(state, table[selected], canvas);
    }
}

/// The columns that there is room for.
fn columns(state: &RunsState, table: &[usize], width: u16) -> Vec<PlacedColumn> {
    let widest = |column: RunColumn| {
        let cells = table.iter().map(|&run| cell(column, &state.rows[run]));
        let widths = cells.map(|text| text.chars().count() as u16);
        let head = column.head().len() as u16;
        let widest = widths.max().unwrap_or(0).max(head);
        match column {
            RunColumn::Name => widest.min(NAME).min(width / 2),
            _ => widest,
        }
    };
    let mut columns: Vec<PlacedColumn> = RunColumn::ALL
        .into_iter()
        .map(|column| PlacedColumn {
            column,
            width: widest(column),
        })
        .collect();
    let lengths = table
        .iter()
        .map(|&run| state.differences(run).chars().count() as u16);
    let settings = lengths.max().unwrap_or(0).min(SETTINGS);
    for left_out in LEFT_OUT {
        let taken: u16 = columns.iter().map(|placed| placed.width + 2).sum();
        if MARKS + taken + settings <= width {
            break;
        }
        columns.retain(|placed| placed.column != left_out);
    }
    columns
}

fn is_number(column: RunColumn) -> bool {
    !matches!(
        column,
        RunColumn::Name | RunColumn::State | RunColumn::Verdict
    )
}

fn draw_heads(columns: &[PlacedColumn], state: &RunsState, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let mut column = MARKS;
    for placed in columns {
        let width = usize::from(placed.width);
        let head = placed.column.head();
        let text = match is_number(placed.column) {
            true => format!("{head:>width$}"),
            false => head.into(),
        };
        let style = match placed.column == state.view.order.column {
            true => theme.strong(),
            false => theme.dim(),
        };
        canvas.write((column, 0), &text, style);
        column += placed.width + 2;
    }
    if !state.differing.is_empty() {
        canvas.write((column, 0), "settings", theme.dim());
    }
}

fn draw_row(
    state: &RunsState,
    run: usize,
    curve: Option<usize>,
    columns: &[PlacedColumn],
    canvas: &mut Canvas,
) {
    let theme = canvas.theme;
    let row = &state.rows[run];
    if let Some(place) = curve {
        let style = theme.overlaid(place).patch(theme.strong());
        canvas.write((0, 0), &letter(place).to_string(), style);
    }
    if state.view.marked.contains(&run) {
        canvas.write((1, 0), "*", theme.strong());
    }
    let mut column = MARKS;
    for placed in columns {
        let text = cell(placed.column, row);
        let text = match is_number(placed.column) {
            true => format!("{text:>width$}", width = usize::from(placed.width)),
            false => shorten(&text, placed.width, theme),
        };
        canvas.write((column, 0), &text, style(placed.column, row, theme));
        column += placed.width + 2;
    }
    let rest = canvas.area.width.saturating_sub(column);
    let told = match row.status() {
        RunStatus::Damaged | RunStatus::Gone => row.reason(),
        _ => state.differences(run),
    };
    canvas.write((column, 0), &shorten(&told, rest, theme), Style::new());
}

fn style(column: RunColumn, row: &RunRow, theme: &Theme) -> Style {
    match (column, row.verdict()) {
        (RunColumn::State, _) => match row.status().phase() {
            Some(phase) => theme.phase(phase).style,
            None => theme.alert(),
        },
        (RunColumn::Verdict, Some(verdict)) => theme.verdict(verdict).style,
        _ => Style::new(),
    }
}

/// The text of a cell.
fn cell(column: RunColumn, row: &RunRow) -> String {
    let figure = |value: Option<f64>| value.map_or("-".into(), number);
    match column {
        RunColumn::Name => row.name.clone(),
        RunColumn::State => row.status().word(),
        RunColumn::Verdict => row.verdict().map_or("-", |verdict| verdict.word()).into(),
        RunColumn::Iteration => row.iteration.to_string(),
        RunColumn::C => figure(row.best.map(|best| best.c)),
        RunColumn::Divergence => figure(row.best.and_then(|best| best.divergence)),
        RunColumn::Seconds => duration(row.seconds),
    }
}

fn mark_selected(canvas: &mut Canvas) {
    let area = canvas.area.intersection(canvas.buffer.area);
    let style = canvas.theme.selected();
    canvas.buffer.set_style(area, style);
}

/// The last line: verdict and settings of the selected run, in full as far as they fit.
fn draw_details(state: &RunsState, run: usize, canvas: &mut Canvas) {
    let row = &state.rows[run];
    let differences = state.differences(run);
    let separator = if differences.is_empty() { "" } else { "  " };
    let text = format!("{differences}{separator}{}", row.reason());
    let last = canvas.area.height - 1;
    canvas.cut_line(last, &text, canvas.theme.dim());
}
