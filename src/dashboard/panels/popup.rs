//! The boxes above the panes: help, and the question before stopping.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::keys::{self, Action, Binding};
use crate::dashboard::paint;
use crate::dashboard::pane::Pane;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::dashboard::update::Popup;

/// Draws what is open, if anything is.
pub fn draw(state: &State, theme: &Theme, screen: Rect, buffer: &mut Buffer) {
    let (title, lines) = match state.view.popup {
        Some(Popup::Help) => ("keys", help(state.view.focus)),
        Some(Popup::Quit) => (
            "stop?",
            vec![
                "q or Enter   stop and save".into(),
                "Esc          go on".into(),
            ],
        ),
        None => return,
    };
    let width = lines
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0) as u16
        + 4;
    let area = centred(screen, width, lines.len() as u16 + 2);
    let inner = frame(title, theme, area, buffer);
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let above = state.view.help_scroll.min(hidden);
    for (row, line) in (0..inner.height).zip(lines.iter().skip(above)) {
        paint::cut(buffer, inner, row, line, (theme, Style::new()));
    }
    let edge = area.width.saturating_sub(1);
    let marks = [
        (above > 0, 1, theme.more().0),
        (above < hidden, inner.height, theme.more().1),
    ];
    for (_, row, mark) in marks.into_iter().filter(|mark| mark.0) {
        paint::at(buffer, area, (edge, row), mark, theme.strong());
    }
}

/// An empty box; what is inside.
fn frame(title: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    paint::clear(buffer, area);
    paint::titled(buffer, area, title, (theme, true));
    let bottom = area.height.saturating_sub(1);
    let rule = theme.lines().0.repeat(usize::from(area.width));
    paint::line(buffer, area, bottom, &rule, theme.dim());
    for row in 1..bottom {
        for column in [0, area.width.saturating_sub(1)] {
            paint::at(buffer, area, (column, row), theme.side(), theme.dim());
        }
    }
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: bottom.saturating_sub(1),
    }
}

/// A line for every row of the key tables, the focused pane's first, and two for the ticks and classes; the panes share a line.
pub fn help(focus: Pane) -> Vec<String> {
    let ticks = "ticks: ! rollback, e edit, d rate, b best, m matched, w wrote, s batch";
    let classes = "settings: live, next (batch), new (run): when an edit applies";
    let line = |label: &str, help: &str| format!("{label:<10} {help}");
    let names = Pane::ALL.map(Pane::name).join(", ");
    let digits = |binding: &&Binding| matches!(binding.action, Action::Focus(_));
    let first = |binding: &&Binding| binding.action == Action::Focus(Pane::Losses);
    let rows = keys::rows(focus).filter(|row| first(row) || !digits(row));
    let rows = rows.map(|row| match row.action {
        Action::Focus(_) => line(&format!("1 to {}", Pane::ALL.len()), &names),
        _ => line(&row.label(), row.help),
    });
    rows.chain([ticks.into(), classes.into()]).collect()
}

/// As large as wanted, but not larger than the screen.
fn centred(screen: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(screen.width), height.min(screen.height));
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_lists_every_key_with_what_it_does() {
        for pane in Pane::ALL {
            let lines = help(pane);
            for binding in keys::rows(pane) {
                assert!(!binding.help.is_empty());
                let listed =
                    |line: &String| line.contains(&binding.label()) && line.ends_with(binding.help);
                let digit = matches!(binding.action, Action::Focus(_));
                assert!(digit || lines.iter().any(listed), "{}", binding.label());
            }
        }
    }

    #[test]
    fn the_help_is_no_wider_than_the_design_size() {
        for pane in Pane::ALL {
            assert!(help(pane).iter().all(|line| line.chars().count() + 4 <= 80));
        }
    }
}
