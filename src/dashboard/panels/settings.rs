//! The hyperparameters in force, one row each: name, value, when an edit applies. `>` marks the selected row, `*` the last
//! edit, which is shown in full above. A row shows its edit, old -> new, while that is fresh. The selected row of a setting that
//! has parts shows the one that keys act on. The list of edits, which takes the place of the settings, is in `edits`.

mod edits;
mod row;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::rate;
use crate::dashboard::pane::Pane;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::session::SessionField;
use row::{SettingsRow, draw_arrows};

/// Draws the answer to the last key or the last edit in one line, then the rows around the selected one, or around the edited
/// one while the keys act elsewhere; or the list of edits.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let headline = headline(state);
    if let Some(text) = &headline {
        canvas.cut_line(0, text, canvas.theme.changed());
    }
    let canvas = &mut canvas.below(u16::from(headline.is_some()));
    if state.view.settings.edits {
        edits::draw(state, canvas);
        return;
    }
    let area = canvas.area;
    let first = first(state, usize::from(area.height));
    let table = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    let shown = state.fields.iter().enumerate().skip(first);
    for (line, (at, field)) in (0..area.height).zip(shown) {
        let text = text(state, at, field);
        let row = SettingsRow {
            text: &text,
            style: style(state, canvas.theme, at, field),
            applies: shows_class(state, at, field).then_some(field.applies),
        };
        row.draw(line, &mut canvas.part(table));
    }
    draw_arrows(first, state.fields.len(), canvas);
}

/// The title of the pane: the rate in force may be below its base.
pub fn title(state: &State) -> String {
    match state.step.map(|step| step.lr) {
        _ if state.view.settings.edits => edits::title(state),
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
    state.view.settings.note.clone().or(edit)
}

/// The row of the last edited field.
fn edited(state: &State) -> Option<usize> {
    let edit = state.edit.as_ref()?;
    state
        .fields
        .iter()
        .position(|field| field.name == edit.field)
}

/// The first row shown: the one of interest stands in the middle, as far as the ends allow.
fn first(state: &State, rows: usize) -> usize {
    let selected = state.view.settings.selected;
    let interest = match state.view.focus {
        Pane::Settings => selected,
        _ => edited(state).unwrap_or(selected),
    };
    let last = state.fields.len().saturating_sub(rows);
    interest.saturating_sub(rows / 2).min(last)
}

/// Whether keys act on the setting in row `at`.
fn selected(state: &State, at: usize) -> bool {
    state.view.focus == Pane::Settings && state.view.settings.selected == at
}

/// Whether the last edit is one of this field.
fn last_edited(state: &State, field: &SessionField) -> bool {
    let edit = state.edit.as_ref();
    edit.is_some_and(|edit| edit.field == field.name)
}

/// The text of row `at`: the part that keys act on, a fresh edit, or name and value in columns.
fn text(state: &State, at: usize, field: &SessionField) -> String {
    let marks = [
        if selected(state, at) { '>' } else { ' ' },
        if last_edited(state, field) { '*' } else { ' ' },
    ];
    let marks = String::from_iter(marks);
    if let Some(part) = state.selected_part().filter(|_| selected(state, at)) {
        return format!("{marks}{} {}", part.name, part.value);
    }
    if let Some(edit) = state.edits.fresh_edit(field.name, state.now) {
        return format!("{marks}{} {} -> {}", field.name, edit.old, edit.new);
    }
    let longest = state.fields.iter().map(|field| field.name.len()).max();
    let width = longest.unwrap_or(0);
    format!("{marks}{:<width$} {}", field.name, field.value)
}

/// Whether row `at` tells when an edit applies; beside a fresh edit there is no room for it.
fn shows_class(state: &State, at: usize, field: &SessionField) -> bool {
    let part = state.selected_part().filter(|_| selected(state, at));
    part.is_some() || state.edits.fresh_edit(field.name, state.now).is_none()
}

fn style(state: &State, theme: &Theme, at: usize, field: &SessionField) -> Style {
    let style = if state.edits.fresh_edit(field.name, state.now).is_some() {
        theme.fresh()
    } else if last_edited(state, field) {
        theme.strong()
    } else {
        Style::new()
    };
    if selected(state, at) {
        style.patch(theme.selected())
    } else {
        style
    }
}
