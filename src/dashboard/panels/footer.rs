//! The bottom line: the most needed keys at the left; at the right what the screen costs and what it lost.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::format::duration;
use crate::dashboard::keys::{self, Action};
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// Draws the line.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let right = status(state);
    let start = area.width.saturating_sub(right.chars().count() as u16);
    let alarm = if state.dropped > 0 {
        theme.alert()
    } else {
        theme.dim()
    };
    let mut column = 0;
    if let Some(notice) = notice(state) {
        paint::at(buffer, area, (0, 0), &notice, theme.changed());
        column = notice.chars().count() as u16 + 2;
    }
    for binding in keys::rows(state.view.focus) {
        let Some(word) = binding.footer else { continue };
        if state.silence.is_some() && binding.action == Action::Pause {
            continue;
        }
        let key = binding.keys[0].label();
        let width = (key.chars().count() + word.chars().count()) as u16 + 1;
        if column + width >= start {
            break;
        }
        paint::at(buffer, area, (column, 0), &key, theme.strong());
        paint::at(
            buffer,
            area,
            (column + key.chars().count() as u16 + 1, 0),
            word,
            Style::new(),
        );
        column += width + 2;
    }
    if start >= column {
        paint::at(buffer, area, (start, 0), &right, alarm);
    }
}

fn notice(state: &State) -> Option<String> {
    if state.finished.is_some() {
        return Some("done, q to leave".into());
    }
    if state.silent() {
        let silence = state.silence.map(duration).unwrap_or_default();
        return Some(format!("last heard {silence} ago: is it still running?"));
    }
    state
        .view
        .stopping
        .then(|| "stopping, Ctrl-C leaves at once".into())
}

fn status(state: &State) -> String {
    let lost = if state.dropped > 0 {
        format!("{} events lost  ", state.dropped)
    } else {
        String::new()
    };
    format!("{lost}UI {:.1}%", 100.0 * state.cost)
}
