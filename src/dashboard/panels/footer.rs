//! The bottom line: the most needed keys at the left; at the right the cost of the screen and the number of lost events.

use ratatui::style::Style;

use crate::dashboard::action::Action;
use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::duration;
use crate::dashboard::keys;
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
    let panes = keys::rows(state.view.focus).filter(|_| !typing);
    for binding in input.chain(panes) {
        let Some(word) = binding.footer else { continue };
        if state.silence.is_some() && binding.action == Action::Pause {
            continue;
        }
        let key = binding.keys[0].label();
        let width = (key.chars().count() + word.chars().count()) as u16 + 1;
        if column + width >= start {
            break;
        }
        canvas.write((column, 0), &key, theme.strong());
        let place = (column + key.chars().count() as u16 + 1, 0);
        canvas.write(place, word, Style::new());
        column += width + 2;
    }
    if start >= column {
        canvas.write((start, 0), &right, alarm);
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
