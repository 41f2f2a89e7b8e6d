//! The edits of the session file so far, the newest at the top: iteration, field, old -> new and when it applies, or where and
//! why it was refused; below an edit in force its effect on C of the validations.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::row::{SettingsRow, draw_arrows};
use super::wrap::wrapped;
use crate::dashboard::canvas::Canvas;
use crate::dashboard::state::State;
use crate::dashboard::state::edits::{Edit, EditEntry, EditResult};
use crate::dashboard::state::log::LogKind;
use crate::edit_effect::effect_in_words;
use crate::session::Applies;

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
    let first = state.view.settings.above;
    let first = first.min(entries.len().saturating_sub(1));
    let table = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    let (mut line, mut shown) = (0, 0);
    for entry in entries.iter().rev().skip(first) {
        if line >= area.height {
            break;
        }
        draw_entry(entry, digits, line, &mut canvas.part(table));
        line += 1 + draw_effect(entry, digits, line + 1, &mut canvas.part(table));
        shown += u16::from(line <= area.height);
    }
    draw_arrows(first, entries.len(), shown, canvas);
}

/// Draws the effect of an edit below it; the number of lines that it takes.
fn draw_effect(entry: &EditEntry, digits: usize, line: u16, canvas: &mut Canvas) -> u16 {
    let Some(around) = &entry.surroundings else {
        return 0;
    };
    let indent = digits as u16 + 1;
    let width = canvas.area.width.saturating_sub(indent);
    let words = effect_in_words(&around.judge());
    let lines = words.iter().flat_map(|words| wrapped(words, width));
    let mut count = 0;
    for text in lines {
        canvas.write((indent, line + count), &text, canvas.theme.dim());
        count += 1;
    }
    count
}

fn draw_entry(entry: &EditEntry, digits: usize, line: u16, canvas: &mut Canvas) {
    let iteration = format!("{:>digits$}", entry.iteration);
    let (text, style, applies) = match &entry.result {
        EditResult::Accepted { edit, applies } => {
            let Edit {
                field, old, new, ..
            } = edit;
            let note = match applies {
                Applies::Restart => ", not applied",
                Applies::Live | Applies::Resample => "",
            };
            let text = format!("{iteration} {field} {old} -> {new}{note}");
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
