//! The bottom line: the most needed keys at the left; at the right the cost of the screen and the number of lost events.

use std::ops::Range;

use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::duration;
use crate::dashboard::keys::{self, Binding};
use crate::dashboard::state::State;

/// Draws the line.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let right = status(state);
    let start = canvas
        .area
        .width
        .saturating_sub(right.chars().count() as u16);
    let alarm = if state.dropped > 0 {
        theme.alert()
    } else {
        theme.dim()
    };
    let mut column = 0;
    if let Some(notice) = notice(state) {
        canvas.write((0, 0), &notice, theme.changed());
        column = notice.chars().count() as u16 + 2;
    }
    let typing = state.view.settings.input.is_some();
    let input = keys::input_rows().filter(|_| typing);
    let panes = keys::rows(state.view.focus, state.trainer()).filter(|_| !typing);
    column = draw_keys(input.chain(panes), column..start, canvas);
    if start >= column {
        canvas.write((start, 0), &right, alarm);
    }
}

/// Draws the keys that have a word here, as far as they fit between two columns; the column behind them.
pub fn draw_keys<'a, A: 'a>(
    rows: impl Iterator<Item = &'a Binding<A>>,
    columns: Range<u16>,
    canvas: &mut Canvas,
) -> u16 {
    let mut column = columns.start;
    for binding in rows {
        let Some(word) = binding.footer else { continue };
        let key = binding.keys[0].label();
        let letters = key.chars().count() as u16;
        let width = letters + word.chars().count() as u16 + 1;
        if column + width >= columns.end {
            break;
        }
        canvas.write((column, 0), &key, canvas.theme.strong());
        canvas.write((column + letters + 1, 0), word, Style::new());
        column += width + 2;
    }
    column
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
