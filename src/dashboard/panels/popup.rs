//! The boxes above the panes: help, and the question before stopping.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::keys::TABLE;
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::dashboard::update::Popup;

/// Draws what is open, if anything is.
pub fn draw(state: &State, theme: &Theme, screen: Rect, buffer: &mut Buffer) {
    let (title, lines) = match state.view.popup {
        Some(Popup::Help) => ("keys", help()),
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
    for (row, line) in (0..inner.height).zip(lines.iter().skip(state.view.help_scroll.min(hidden)))
    {
        paint::cut(buffer, inner, row, line, (theme, Style::new()));
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

/// A line for every row of the key table, and one for the ticks.
pub fn help() -> Vec<String> {
    let ticks = "ticks: e edit, d rate drop, b best validation, ! rollback";
    let classes = "settings: live, next (batch), new (run): when an edit applies";
    let rows = TABLE
        .iter()
        .map(|binding| format!("{:<10} {}", binding.label(), binding.help));
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
        let lines = help();
        for binding in TABLE {
            assert!(!binding.help.is_empty());
            for key in binding.keys {
                let listed =
                    |line: &String| line.contains(&key.label()) && line.ends_with(binding.help);
                assert!(lines.iter().any(listed), "{}", key.label());
            }
        }
    }

    #[test]
    fn the_help_fits_the_design_size() {
        assert!(help().len() + 2 <= 24);
        assert!(help().iter().all(|line| line.chars().count() + 4 <= 80));
    }
}
