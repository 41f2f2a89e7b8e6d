//! The edits of the session file so far, the newest at the top: iteration, field, old -> new and when it applies, or where and
//! why it was refused.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::settings::{arrows, draw_row};
use crate::dashboard::edits::Fate;
use crate::dashboard::journal::Kind;
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// Draws the rows from the one scrolled to.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let entries = state.edits.entries();
    if entries.is_empty() {
        paint::cut(buffer, area, 0, "no edits so far", (theme, theme.dim()));
    }
    // The newest has the most digits.
    let digits = entries
        .back()
        .map_or(0, |entry| entry.iteration.to_string().len());
    let first = entries.len().saturating_sub(usize::from(area.height));
    let first = state.view.steer.above.min(first);
    let table = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    for (row, entry) in (0..area.height).zip(entries.iter().rev().skip(first)) {
        match &entry.fate {
            Fate::Accepted(edit, applies) => {
                let text = format!(
                    "{:>digits$} {} {} -> {}",
                    entry.iteration, edit.field, edit.old, edit.new
                );
                let style = (theme, Style::new());
                draw_row((&text, *applies), style, (table, row), buffer);
            }
            Fate::Refused((line, column), what) => {
                let text = format!("{:>digits$} ! {line}:{column} {what}", entry.iteration);
                let style = theme.kind(Kind::Rejected).1;
                paint::cut(buffer, table, row, &text, (theme, style));
            }
        }
    }
    arrows(theme, area, (first, entries.len()), buffer);
}

/// Title of the pane.
pub fn title(state: &State) -> String {
    format!("edits: {}, i for settings", state.edits.entries().len())
}
