//! The log: iteration, the letter of the tick on the charts, text; the newest line at the bottom.

use crate::dashboard::canvas::Canvas;
use crate::dashboard::state::State;

/// Draws the last lines, or those scrolled to.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let lines = state.log.lines();
    let rows = usize::from(canvas.area.height);
    let below = state.view.log_scroll.min(lines.len().saturating_sub(rows));
    let end = lines.len() - below;
    for (row, line) in lines.range(end.saturating_sub(rows)..end).enumerate() {
        let letter = canvas.theme.kind(line.kind);
        let text = format!("{:>6} {} {}", line.iteration, letter.text, line.text);
        canvas.cut_line(row as u16, &text, letter.style);
    }
}
