//! The list of settings in three groups, by when an edit applies. A row has the marks of the selected setting, of the last edit or of a
//! value of the file that is not in force, then name and value; or an edit, old -> new, while that is fresh; or the line in which a value
//! is typed.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::row::draw_arrows;
use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::rate;
use crate::dashboard::pane::Pane;
use crate::dashboard::state::State;
use crate::dashboard::state::value_input::ValueInput;
use crate::dashboard::theme::Theme;
use crate::session::{Applies, SessionField};

/// Least room for a value that is typed, where the full name of its field stands before it.
const ROOM: usize = 12;
/// Relative difference of a rate and its base that is no rounding.
const DIFFERENT: f64 = 1e-9;

/// A line of the list.
#[derive(Clone, Copy)]
enum Line<'a> {
    Heading(Applies),
    /// The setting with its number in the order of the rows.
    Setting(usize, &'a SessionField),
}

/// The number of lines of the whole list.
pub fn height(state: &State) -> usize {
    lines(&state.setting_rows()).len()
}

/// Draws the lines around the selected setting, or around the edited one while the keys act elsewhere. The heading of a group stays at
/// the top.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let rows = state.setting_rows();
    let lines = lines(&rows);
    let height = usize::from(canvas.area.height);
    let interest = interest(state, &rows);
    let interest = lines
        .iter()
        .position(|line| matches!(line, Line::Setting(at, _) if *at == interest))
        .unwrap_or(0);
    let last = lines.len().saturating_sub(height);
    let first = interest.saturating_sub(height / 2).min(last);
    let table = Rect {
        width: canvas.area.width.saturating_sub(2),
        ..canvas.area
    };
    let longest = rows.iter().map(|field| field.name.len()).max();
    let names = longest.unwrap_or(0);
    for (row, line) in (0..canvas.area.height).zip(&lines[first.min(lines.len())..]) {
        let canvas = &mut canvas.part(table);
        match *line {
            Line::Setting(_, field) if row == 0 && height > 2 => {
                draw_heading(row, field.applies, canvas)
            }
            Line::Heading(applies) => draw_heading(row, applies, canvas),
            Line::Setting(at, field) => draw_setting(state, at, field, names, row, canvas),
        }
    }
    draw_arrows(first, lines.len(), canvas.area.height, canvas);
}

fn lines<'a>(rows: &[&'a SessionField]) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut group = None;
    for (at, field) in rows.iter().enumerate() {
        if group.replace(field.applies) != Some(field.applies) {
            lines.push(Line::Heading(field.applies));
        }
        lines.push(Line::Setting(at, field));
    }
    lines
}

/// The number of the setting that stands in the middle.
fn interest(state: &State, rows: &[&SessionField]) -> usize {
    let selected = state.view.settings.selected;
    let edited = || {
        let edit = state.edit.as_ref()?;
        rows.iter().position(|field| field.name == edit.field)
    };
    match state.view.focus {
        Pane::Settings => selected,
        _ => edited().unwrap_or(selected),
    }
}

fn draw_heading(row: u16, applies: Applies, canvas: &mut Canvas) {
    let rule = canvas.theme.rules().horizontal;
    let text = format!("{rule} {} {rule}", group(applies));
    canvas.cut_line(row, &text, canvas.theme.dim());
}

/// The words over the settings of a class.
fn group(applies: Applies) -> &'static str {
    match applies {
        Applies::Live => "live: applies at once",
        Applies::Resample => "next: at the next draw of the batch",
        Applies::Restart => "new: only in a new run",
    }
}

fn draw_setting(
    state: &State,
    at: usize,
    field: &SessionField,
    names: usize,
    row: u16,
    canvas: &mut Canvas,
) {
    let selected = state.view.focus == Pane::Settings && state.view.settings.selected == at;
    let input = state.view.settings.input.as_ref();
    if let Some(input) = input.filter(|_| selected) {
        return draw_input(input, row, canvas);
    }
    let text = text(state, field, selected, names, canvas.theme);
    let style = style(state, canvas.theme, field);
    let style = if selected {
        style.patch(canvas.theme.selected())
    } else {
        style
    };
    canvas.cut_line(row, &text, style);
}

/// The text of a row: the part that keys act on, a fresh edit, or name and value in columns.
fn text(
    state: &State,
    field: &SessionField,
    selected: bool,
    names: usize,
    theme: &Theme,
) -> String {
    let held = state.differences.of(field);
    let edit = state.edit.as_ref();
    let edited = edit.is_some_and(|edit| edit.field == field.name);
    let mark = match &held {
        Some(held) => theme.held(held.reason).text,
        None if edited => theme.last_edit(),
        None => " ",
    };
    let marks = format!("{}{mark} ", if selected { '>' } else { ' ' });
    if let Some(part) = state.selected_part().filter(|_| selected) {
        return format!("{marks}{} {}", part.name, part.value);
    }
    let name = field.name;
    if let Some(held) = held {
        return format!(
            "{marks}{name:<names$} {}  file: {}",
            field.value, held.value
        );
    }
    if let Some(edit) = state.edits.fresh_edit(name, state.now) {
        return format!("{marks}{name} {} -> {}", edit.old, edit.new);
    }
    let now = state.rate.filter(|rate| rate.field == name);
    let now = now.filter(|rate| (rate.rate - rate.base).abs() > DIFFERENT * rate.base.abs());
    let now = now.map_or(String::new(), |now| format!(" (now {})", rate(now.rate)));
    format!("{marks}{name:<names$} {}{now}", field.value)
}

fn style(state: &State, theme: &Theme, field: &SessionField) -> Style {
    let edit = state.edit.as_ref();
    if let Some(held) = state.differences.of(field) {
        theme.held(held.reason).style
    } else if state.edits.fresh_edit(field.name, state.now).is_some() {
        theme.fresh()
    } else if edit.is_some_and(|edit| edit.field == field.name) {
        theme.strong()
    } else {
        Style::new()
    }
}

/// Draws the line in which a value is typed, as far as it has room around the cursor.
fn draw_input(input: &ValueInput, row: u16, canvas: &mut Canvas) {
    let width = usize::from(canvas.area.width);
    let prefix = |name: &str| format!(">  {name} = ");
    let full = prefix(input.field);
    let short = input.field.rsplit('.').next().unwrap_or(input.field);
    let prefix = if full.len() + ROOM > width {
        prefix(short)
    } else {
        full
    };
    let column = prefix.len() as u16;
    canvas.write((0, row), &prefix, canvas.theme.strong());
    let room = width.saturating_sub(prefix.len()).max(1);
    let hidden = (input.cursor() + 1).saturating_sub(room);
    let text: Vec<char> = input.text().chars().skip(hidden).take(room).collect();
    canvas.write((column, row), &String::from_iter(&text), Style::new());
    let at = input.cursor() - hidden;
    let letter = text.get(at).copied().unwrap_or(' ');
    let place = (column + at as u16, row);
    canvas.write(place, &letter.to_string(), canvas.theme.changed());
}
