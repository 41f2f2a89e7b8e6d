//! The refused session file: where, why, the line and a caret, until it is mended.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// Rows it would like.
pub fn height(state: &State) -> u16 {
    state.rejection.as_ref().map_or(0, |rejection| {
        (rejection.message.lines().count() as u16).saturating_add(1)
    })
}

/// Draws it, if there is one.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let Some(rejection) = &state.rejection else {
        return;
    };
    let place = format!(
        "! {}:{}:{}: refused, old values stay",
        rejection.file.display(),
        rejection.line,
        rejection.column
    );
    paint::cut(buffer, area, 0, &place, (theme, theme.changed()));
    for (row, text) in (1..area.height).zip(rejection.message.lines()) {
        // A tab would take no cell and move the caret.
        paint::cut(
            buffer,
            area,
            row,
            &text.replace('\t', " "),
            (theme, Style::new()),
        );
    }
}
