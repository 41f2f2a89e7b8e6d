//! What happened: iteration, the letter of the tick on the charts, text; the newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// Draws the last lines, or those scrolled to.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let lines = state.journal.lines();
    let rows = usize::from(area.height);
    let below = state.view.log_scroll.min(lines.len().saturating_sub(rows));
    let end = lines.len() - below;
    for (row, line) in lines.range(end.saturating_sub(rows)..end).enumerate() {
        let (letter, style) = theme.kind(line.kind);
        let text = format!("{:>6} {letter} {}", line.iteration, line.text);
        paint::cut(buffer, area, row as u16, &text, (theme, style));
    }
}
