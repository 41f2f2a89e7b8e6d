//! The banner: where and why the session file was refused, with the line and a caret, until it is mended.

use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::dashboard::state::State;

/// The number of rows that the whole banner takes.
pub fn height(state: &State) -> u16 {
    state.rejection.as_ref().map_or(0, |rejection| {
        (rejection.message.lines().count() as u16).saturating_add(1)
    })
}

/// Draws the banner, if there is one.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let Some(rejection) = &state.rejection else {
        return;
    };
    let place = format!(
        "! {}:{}:{}: refused, old values stay",
        rejection.file.display(),
        rejection.line,
        rejection.column
    );
    canvas.cut_line(0, &place, canvas.theme.changed());
    for (row, text) in (1..canvas.area.height).zip(rejection.message.lines()) {
        // A tab would take no cell and move the caret.
        canvas.cut_line(row, &text.replace('\t', " "), Style::new());
    }
}
