//! The hyperparameters in force, one row each: name, value, when an edit applies. `>` marks the selected row, `*` the last
//! edit, which is shown in full above. A row shows its edit, old -> new, while that is fresh. The selected row of a setting that
//! has parts shows the one that keys act on.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::edits;
use crate::dashboard::format::rate;
use crate::dashboard::paint;
use crate::dashboard::pane::Pane;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::session::{Applies, FieldPart, SessionField};

/// Least width for classes in words that need no legend.
const WIDE: u16 = 48;

/// Draws the answer to the last key or the last edit in one line, then the rows around the selected one, or around the edited
/// one while the keys act elsewhere; or the list of edits.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut area = area;
    if let Some(text) = headline(state) {
        paint::cut(buffer, area, 0, &text, (theme, theme.changed()));
        area = paint::below(area, 1);
    }
    if state.view.steer.edits {
        edits::draw(state, theme, area, buffer);
        return;
    }
    let rows = usize::from(area.height);
    let first = first(state, rows);
    let longest = state.fields.iter().map(|field| field.name.len()).max();
    let table = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    let shown = state.fields.iter().enumerate().skip(first);
    for (row, (at, field)) in (0..area.height).zip(shown) {
        let selected = state.view.focus == Pane::Settings && state.view.steer.selected == at;
        let name = longest.unwrap_or(0);
        draw_field(
            (state, field),
            (theme, selected),
            (table, row, name),
            buffer,
        );
    }
    arrows(theme, area, (first, state.fields.len()), buffer);
}

/// Title of the pane: the rate in force may be below its base.
pub fn title(state: &State) -> String {
    match state.step.map(|step| step.lr) {
        _ if state.view.steer.edits => edits::title(state),
        Some(lr) => format!("settings, lr now {}", rate(lr)),
        None => "settings".into(),
    }
}

fn headline(state: &State) -> Option<String> {
    let edit = state.edit.as_ref().map(|edit| {
        format!(
            "* {} {} -> {} @{}",
            edit.field, edit.old, edit.new, edit.iteration
        )
    });
    state.view.steer.note.clone().or(edit)
}

/// Row of the last edited field.
fn edited(state: &State) -> Option<usize> {
    let edit = state.edit.as_ref()?;
    state
        .fields
        .iter()
        .position(|field| field.name == edit.field)
}

/// First row shown: the one of interest stands in the middle, as far as the ends allow.
fn first(state: &State, rows: usize) -> usize {
    let selected = state.view.steer.selected;
    let interest = match state.view.focus {
        Pane::Settings => selected,
        _ => edited(state).unwrap_or(selected),
    };
    let last = state.fields.len().saturating_sub(rows);
    interest.saturating_sub(rows / 2).min(last)
}

fn draw_field(
    (state, field): (&State, &SessionField),
    (theme, selected): (&Theme, bool),
    (area, row, name): (Rect, u16, usize),
    buffer: &mut Buffer,
) {
    let last = state
        .edit
        .as_ref()
        .is_some_and(|edit| edit.field == field.name);
    let marks = [
        if selected { '>' } else { ' ' },
        if last { '*' } else { ' ' },
    ];
    let marks = String::from_iter(marks);
    let mut style = if last { theme.strong() } else { Style::new() };
    let fresh = state.edits.fresh(field.name, state.now);
    if fresh.is_some() {
        style = theme.fresh();
    }
    if selected {
        style = style.patch(theme.selected());
    }
    let part = state.selected_part().filter(|_| selected);
    if let Some(FieldPart { name, value }) = part {
        let text = format!("{marks}{name} {value}");
        draw_row((&text, field.applies), (theme, style), (area, row), buffer);
    } else if let Some(edit) = fresh {
        // There is no room for both values beside columns.
        let text = format!("{marks}{} {} -> {}", field.name, edit.old, edit.new);
        paint::cut(buffer, area, row, &text, (theme, style));
    } else {
        let text = format!("{marks}{:<name$} {}", field.name, field.value);
        draw_row((&text, field.applies), (theme, style), (area, row), buffer);
    }
}

/// A row with the class of a field at the right.
pub(super) fn draw_row(
    (text, applies): (&str, Applies),
    (theme, style): (&Theme, Style),
    (area, row): (Rect, u16),
    buffer: &mut Buffer,
) {
    let (long, short) = class(applies);
    let (word, columns) = if area.width >= WIDE {
        (long, 8)
    } else {
        (short, 4)
    };
    let width = area.width.saturating_sub(columns + 1);
    paint::cut(buffer, Rect { width, ..area }, row, text, (theme, style));
    paint::at(buffer, area, (width + 1, row), word, theme.dim());
}

/// Marks at the right edge where there are more than the rows shown from the first one on.
pub(super) fn arrows(
    theme: &Theme,
    area: Rect,
    (first, count): (usize, usize),
    buffer: &mut Buffer,
) {
    let (above, below) = theme.more();
    let edge = area.width.saturating_sub(1);
    if first > 0 {
        paint::at(buffer, area, (edge, 0), above, theme.strong());
    }
    if count > first + usize::from(area.height) {
        let bottom = area.height.saturating_sub(1);
        paint::at(buffer, area, (edge, bottom), below, theme.strong());
    }
}

/// When an edit applies: at once, at the next batch, in a new run.
fn class(applies: Applies) -> (&'static str, &'static str) {
    match applies {
        Applies::Live => ("live", "live"),
        Applies::Resample => ("resample", "next"),
        Applies::Restart => ("restart", "new"),
    }
}
