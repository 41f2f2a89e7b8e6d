//! The edits of the session file so far, the newest at the top: iteration, field, old -> new and when it applies, or where and
//! why it was refused.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::row::{SettingsRow, draw_arrows};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::state::State;
use crate::dashboard::state::edits::{EditEntry, EditResult};
use crate::dashboard::state::log::LogKind;

/// Draws the rows from the one scrolled to.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let area = canvas.area;
    let entries = state.edits.entries();
    if entries.is_empty() {
        canvas.cut_line(0, "no edits so far", canvas.theme.dim());
    }
    // The newest has the most digits.
    let digits = entries
        .back()
        .map_or(0, |entry| entry.iteration.to_string().len());
    let first = entries.len().saturating_sub(usize::from(area.height));
    let first = state.view.settings.above.min(first);
    let table = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    for (line, entry) in (0..area.height).zip(entries.iter().rev().skip(first)) {
        draw_entry(entry, digits, line, &mut canvas.part(table));
    }
    draw_arrows(first, entries.len(), canvas);
}

fn draw_entry(entry: &EditEntry, digits: usize, line: u16, canvas: &mut Canvas) {
    let iteration = format!("{:>digits$}", entry.iteration);
    let (text, style, applies) = match &entry.result {
        EditResult::Accepted { edit, applies } => {
            let text = format!("{iteration} {} {} -> {}", edit.field, edit.old, edit.new);
            (text, Style::new(), Some(*applies))
        }
        EditResult::Refused {
            line,
            column,
            reason,
        } => {
            let text = format!("{iteration} ! {line}:{column} {reason}");
            (text, canvas.theme.kind(LogKind::Rejected).style, None)
        }
    };
    let row = SettingsRow {
        text: &text,
        style,
        applies,
    };
    row.draw(line, canvas);
}

/// The title of the pane.
pub fn title(state: &State) -> String {
    format!("edits: {}, i for settings", state.edits.entries().len())
}
