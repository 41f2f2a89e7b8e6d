//! The hyperparameters in force, one row each: name, value, when an edit applies. The last edit is marked and shown in full.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::session::Applies;

/// Least width for classes in words that need no legend.
const WIDE: u16 = 48;

/// Draws the last edit in one line, then the rows from the one scrolled to; unscrolled, the edited row is always among them.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut area = area;
    if let Some(edit) = &state.edit {
        let text = format!(
            "* {} {} -> {} @{}",
            edit.field, edit.old, edit.new, edit.iteration
        );
        paint::cut(buffer, area, 0, &text, (theme, theme.changed()));
        area = paint::below(area, 1);
    }
    let rows = usize::from(area.height);
    let first = first(state, rows);
    let name = state
        .fields
        .iter()
        .map(|field| field.name.len())
        .max()
        .unwrap_or(0);
    let table = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    for (row, field) in (0..area.height).zip(state.fields.iter().skip(first)) {
        let edited = state
            .edit
            .as_ref()
            .is_some_and(|edit| edit.field == field.name);
        let (mark, style) = if edited {
            ("*", theme.strong())
        } else {
            (" ", Style::new())
        };
        let text = format!("{mark} {:<name$} {}", field.name, field.value);
        draw_row((&text, field.applies), (theme, style), (table, row), buffer);
    }
    let (above, below) = theme.more();
    let edge = area.width.saturating_sub(1);
    if first > 0 {
        paint::at(buffer, area, (edge, 0), above, theme.strong());
    }
    if state.fields.len() > first + rows {
        paint::at(
            buffer,
            area,
            (edge, area.height.saturating_sub(1)),
            below,
            theme.strong(),
        );
    }
}

/// Title of the pane: the rate in force may be below its base.
pub fn title(state: &State) -> String {
    match state.lr {
        Some(lr) => format!("settings, lr now {lr}"),
        None => "settings".into(),
    }
}

/// First row shown.
fn first(state: &State, rows: usize) -> usize {
    let last = state.fields.len().saturating_sub(rows);
    let scroll = state.view.settings_scroll;
    let edited = state.edit.as_ref().and_then(|edit| {
        state
            .fields
            .iter()
            .position(|field| field.name == edit.field)
    });
    match edited {
        Some(edited) if scroll == 0 && edited >= rows => {
            (edited + 1).saturating_sub(rows).min(last)
        }
        _ => scroll.min(last),
    }
}

fn draw_row(
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

/// When an edit applies: at once, at the next batch, in a new run.
fn class(applies: Applies) -> (&'static str, &'static str) {
    match applies {
        Applies::Live => ("live", "live"),
        Applies::Resample => ("resample", "next"),
        Applies::Restart => ("restart", "new"),
    }
}
