//! The boxes above the panes: help, and the question before stopping.

use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use crate::dashboard::action::Action;
use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::number;
use crate::dashboard::keys::{self, Binding};
use crate::dashboard::pane::Pane;
use crate::dashboard::state::trainer::Trainer;
use crate::dashboard::state::{Popup, State};
use crate::dashboard::terms;
use crate::dashboard::theme::Focus;
use crate::event::Best;

/// Draws the open box, if there is one.
pub fn draw(state: &State, screen: &mut Canvas) {
    let (title, lines) = match state.view.popup {
        Some(Popup::Help) => (
            "keys, ? for what the numbers mean",
            help(state.view.focus, state.trainer()),
        ),
        Some(Popup::Terms) => ("what the numbers and words mean", terms::lines()),
        Some(Popup::Quit) => (
            "stop?",
            vec![
                "q or Enter   stop and save".into(),
                "Esc          go on".into(),
            ],
        ),
        Some(Popup::Restore) => ("go on from the best?", restore(state)),
        None => return,
    };
    draw_box(title, &lines, state.view.help_scroll, screen);
}

/// Draws a box with lines over the middle of the screen; `scroll` of them are above the first one shown, as far as others are hidden.
pub fn draw_box(title: &str, lines: &[String], scroll: usize, screen: &mut Canvas) {
    let theme = screen.theme;
    let width = lines
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0) as u16
        + 4;
    let area = centred(screen.area, Size::new(width, lines.len() as u16 + 2));
    let canvas = &mut screen.part(area);
    let inner = draw_frame(title, canvas);
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let above = scroll.min(hidden);
    for (row, line) in (0..inner.height).zip(lines.iter().skip(above)) {
        canvas.part(inner).cut_line(row, line, Style::new());
    }
    let edge = area.width.saturating_sub(1);
    let marks = [
        (above > 0, 1, theme.more().up),
        (above < hidden, inner.height, theme.more().down),
    ];
    for (_, row, mark) in marks.into_iter().filter(|mark| mark.0) {
        canvas.write((edge, row), mark, theme.strong());
    }
}

/// The choices of parameters to go on from.
fn restore(state: &State) -> Vec<String> {
    let choice = |key: &str, by: &str, best: Option<Best>| match best {
        Some(Best { iteration, figures }) => format!(
            "{key:<6} the best {by}: iteration {iteration}, loss {}, C {}",
            number(figures.losses.loss),
            number(figures.losses.c)
        ),
        None => format!("{key:<6} the best {by}: there is none yet"),
    };
    vec![
        choice("Enter", "by the loss", state.best),
        choice("B", "by C", state.best_c),
        "Esc    go on from where training stands".into(),
        "What was learned since then is given up; settings and rate stay.".into(),
    ]
}

/// Draws an empty box; the area inside.
fn draw_frame(title: &str, canvas: &mut Canvas) -> Rect {
    let (theme, area) = (canvas.theme, canvas.area);
    canvas.clear();
    canvas.titled(title, Focus::Focused);
    let bottom = area.height.saturating_sub(1);
    let rule = theme.rules().horizontal.repeat(usize::from(area.width));
    canvas.line(bottom, &rule, theme.dim());
    for row in 1..bottom {
        for column in [0, area.width.saturating_sub(1)] {
            canvas.write((column, row), theme.side(), theme.dim());
        }
    }
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: bottom.saturating_sub(1),
    }
}

/// The lines of the help: one for every row of the key tables, the focused pane's first, and two for the ticks and the marks of settings; the panes share a line.
pub fn help(focus: Pane, trainer: Trainer) -> Vec<String> {
    let ticks = "ticks: ! rollback, e edit, d rate, b best, m matched, w wrote, s batch";
    let marks = "marks: * edited, ! refused, n new run, d next draw, c command line";
    let line = |label: &str, help: &str| format!("{label:<10} {help}");
    let names = Pane::ALL.map(Pane::name).join(", ");
    let digits = |binding: &&Binding| matches!(binding.action, Action::Focus(_));
    let first = |binding: &&Binding| binding.action == Action::Focus(Pane::Losses);
    let rows = keys::rows(focus, trainer).filter(|row| first(row) || !digits(row));
    let rows = rows.map(|row| match row.action {
        Action::Focus(_) => line(&format!("1 to {}", Pane::ALL.len()), &names),
        _ => line(&row.label(), row.help),
    });
    rows.chain([ticks.into(), marks.into()]).collect()
}

/// The area in the middle of the screen that is as large as wanted, but not larger than the screen.
fn centred(screen: Rect, wanted: Size) -> Rect {
    let width = wanted.width.min(screen.width);
    let height = wanted.height.min(screen.height);
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

    /// Every page of keys there is.
    fn every_help() -> impl Iterator<Item = (Pane, Trainer)> {
        let trainers = [Trainer::ThisProcess, Trainer::AnotherProcess];
        trainers
            .into_iter()
            .flat_map(|trainer| Pane::ALL.map(|pane| (pane, trainer)))
    }

    #[test]
    fn the_help_lists_every_key_with_what_it_does() {
        for (pane, trainer) in every_help() {
            let lines = help(pane, trainer);
            for binding in keys::rows(pane, trainer) {
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
        for (pane, trainer) in every_help() {
            assert!(
                help(pane, trainer)
                    .iter()
                    .all(|line| line.chars().count() + 4 <= 80)
            );
        }
    }
}
