//! The line below the top one: the figure behind the verdict and what to do next. A small screen has it where there is something to
//! do.

use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::dashboard::state::State;
use crate::dashboard::theme::Symbol;

/// Rows of a screen that always has the line.
const ROOMY: u16 = 30;

/// The number of rows that the line takes on a screen of this many.
pub fn height(state: &State, rows: u16) -> u16 {
    let asks = state.evidence.assessment().verdict.asks();
    u16::from(state.start.is_some() && (asks || rows >= ROOMY))
}

/// Draws the line, if there is room for it.
pub fn draw(state: &State, canvas: &mut Canvas) {
    if canvas.area.height == 0 {
        return;
    }
    let assessment = state.evidence.assessment();
    let Symbol { style, .. } = canvas.theme.verdict(assessment.verdict);
    let word = assessment.verdict.word();
    canvas.line(0, word, style);
    let mut rest = canvas.part(ratatui::layout::Rect {
        x: canvas.area.x + word.len() as u16 + 2,
        width: canvas.area.width.saturating_sub(word.len() as u16 + 2),
        ..canvas.area
    });
    rest.cut_line(0, &assessment.reason(), Style::new());
}
