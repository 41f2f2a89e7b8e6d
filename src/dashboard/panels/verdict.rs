//! The lines below the top one: the figure behind the verdict and what to do next. A small screen has them where there is something to
//! do.

use ratatui::layout::Size;
use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::dashboard::state::State;
use crate::dashboard::theme::Symbol;

/// Rows of a screen that always has them.
const ROOMY: u16 = 30;
/// Most lines, so that the panes keep their room.
const MOST: usize = 3;

/// The number of rows that the lines take on a screen of this size.
pub fn height(state: &State, screen: Size) -> u16 {
    let asks = state.evidence.assessment().verdict.asks();
    if state.start.is_none() || !(asks || screen.height >= ROOMY) {
        return 0;
    }
    lines(state, screen.width).len().min(MOST) as u16
}

/// Draws the lines, as far as there is room for them.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let verdict = state.evidence.assessment().verdict;
    let lines = lines(state, canvas.area.width);
    let shown = usize::from(canvas.area.height).min(MOST);
    for (row, line) in (0..).zip(lines.iter().take(shown)) {
        canvas.cut_line(row, line, Style::new());
    }
    if shown > 0 {
        let Symbol { style, .. } = canvas.theme.verdict(verdict);
        canvas.line(0, verdict.word(), style);
    }
}

/// The word and its reason in lines of a width, cut between words.
fn lines(state: &State, width: u16) -> Vec<String> {
    let assessment = state.evidence.assessment();
    let mut lines = vec![format!("{} ", assessment.verdict)];
    for word in assessment.reason().split(' ') {
        let last = lines.len() - 1;
        if lines[last].chars().count() + 1 + word.chars().count() > usize::from(width) {
            lines.push(format!(" {word}"));
        } else {
            lines[last] = format!("{} {word}", lines[last]);
        }
    }
    lines
}
