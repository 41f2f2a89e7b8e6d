//! The places of table and chart: side by side on a wide screen, else one above the other; below 80 x 24 one at a time. No size fails.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use super::keys::{INPUT, KEYS};
use super::state::{Part, RunsState};
use super::status::RunStatus;
use super::{chart, help, table};
use crate::dashboard::canvas::{Canvas, below, beside};
use crate::dashboard::panels::{footer, popup};
use crate::dashboard::theme::{Focus, Theme};

/// Least size for table and chart.
const BOTH: Size = Size::new(80, 24);
/// Least width for the chart beside the table.
const BESIDE: u16 = 160;
/// Least size for anything but a word about the size.
const LEAST: Size = Size::new(20, 5);

/// Draws the whole screen into a buffer.
pub fn screen(state: &RunsState, theme: &Theme, buffer: &mut Buffer) {
    let canvas = &mut Canvas::whole(theme, buffer);
    let area = canvas.area;
    if area.width < LEAST.width || area.height < LEAST.height {
        let text = format!("need {}x{}", LEAST.width, LEAST.height);
        canvas.line(0, &text, theme.strong());
        return;
    }
    let last = area.height - 1;
    let line = |row| Rect {
        y: area.y + row,
        height: 1,
        ..area
    };
    draw_header(state, &mut canvas.part(line(0)));
    draw_footer(state, &mut canvas.part(line(last)));
    let body = Rect {
        height: last - 1,
        ..below(area, 1)
    };
    let small = area.width < BOTH.width || area.height < BOTH.height;
    if small || state.view.zoom {
        draw_part(
            state,
            state.view.part,
            Focus::Focused,
            &mut canvas.part(body),
        );
    } else {
        let [first, second] = halves(state, body);
        for (part, area) in [(Part::Table, first), (Part::Chart, second)] {
            let focus = match state.view.part == part {
                true => Focus::Focused,
                false => Focus::Unfocused,
            };
            draw_part(state, part, focus, &mut canvas.part(area));
        }
    }
    if let Some(above) = state.view.help {
        popup::draw_box("keys", &help::lines(), above, canvas);
    }
}

/// The places of table and chart. Of rows the table has no more than it needs.
fn halves(state: &RunsState, body: Rect) -> [Rect; 2] {
    if body.width >= BESIDE {
        return beside(body, body.width * 11 / 20);
    }
    let wanted = table::height(state);
    let upper = Rect {
        height: wanted.clamp(6, body.height * 9 / 20),
        ..body
    };
    [upper, below(body, upper.height)]
}

fn draw_part(state: &RunsState, part: Part, focus: Focus, canvas: &mut Canvas) {
    let title = match part {
        Part::Table => table::title(state, canvas.theme),
        Part::Chart => chart::title(state),
    };
    let inner = &mut canvas.titled(&title, focus);
    match part {
        Part::Table => table::draw(state, inner),
        Part::Chart => chart::draw(state, inner),
    }
}

fn draw_header(state: &RunsState, canvas: &mut Canvas) {
    let of = |wanted: fn(RunStatus) -> bool| {
        let all = state.rows.iter();
        all.filter(|row| wanted(row.status())).count()
    };
    let runs = match state.rows.len() {
        1 => "1 run".into(),
        count => format!("{count} runs"),
    };
    let mut text = format!("{}  {runs}", state.folder.display());
    let counts = [
        ("running", of(|status| status == RunStatus::Running)),
        (
            "silent",
            of(|status| matches!(status, RunStatus::Silent(_))),
        ),
        ("ended", of(|status| matches!(status, RunStatus::Ended(_)))),
        ("reading", of(|status| status == RunStatus::Reading)),
        (
            "damaged or gone",
            of(|status| matches!(status, RunStatus::Damaged | RunStatus::Gone)),
        ),
    ];
    for (word, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        text += &format!("  {count} {word}");
    }
    canvas.cut_line(0, &text, canvas.theme.strong());
}

fn draw_footer(state: &RunsState, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let width = canvas.area.width;
    let mut column = 0;
    if let Some(notice) = &state.view.notice {
        canvas.cut_line(0, notice, theme.changed());
        return;
    }
    if state.view.typing {
        let text = format!("/{}_", state.view.filter);
        canvas.write((0, 0), &text, theme.strong());
        column = text.chars().count() as u16 + 2;
    }
    let rows = match state.view.typing {
        true => INPUT,
        false => KEYS,
    };
    footer::draw_keys(rows.iter(), column..width, canvas);
    if !state.view.typing && !state.view.filter.is_empty() {
        let text = format!(" /{} ", state.view.filter);
        let start = width.saturating_sub(text.chars().count() as u16);
        canvas.write((start, 0), &text, Style::new().patch(theme.changed()));
    }
}
