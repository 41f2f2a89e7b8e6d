//! Which pane stands where. 80 x 24 is a design size with four of the panes; below it one pane at a time, then a line a metric,
//! then a word about the size. No size fails.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint;
use super::pane::Pane;
use super::panels::{banner, flow, footer, header, log, losses, optimizer, popup, settings};
use super::state::State;
use super::theme::Theme;

/// All panes from this size on.
const FULL: (u16, u16) = (80, 24);
/// One pane at a time from this size on.
const SINGLE: (u16, u16) = (60, 16);
/// Size of the panes together from which on the optimizer has a place of its own.
const LARGE: (u16, u16) = (110, 32);
/// Letters of a title's line that are not its own: the pane's number, and what is around them.
const TITLED: u16 = 6;
/// A line a metric from this size on.
const LINES: (u16, u16) = (20, 5);

/// Draws the whole screen.
pub fn draw(state: &State, theme: &Theme, frame: &mut Frame) {
    screen(state, theme, frame.buffer_mut());
}

/// Draws the whole screen into a buffer.
pub fn screen(state: &State, theme: &Theme, buffer: &mut Buffer) {
    let area = buffer.area;
    let fits = |size: (u16, u16)| area.width >= size.0 && area.height >= size.1;
    if !fits(LINES) {
        too_small(theme, buffer);
        return;
    }
    header::draw(state, theme, row(area, 0), buffer);
    footer::draw(state, theme, row(area, area.height - 1), buffer);
    let body = middle(area, 1, 1);
    let alarm = banner::height(state).min(body.height / 3);
    banner::draw(
        state,
        theme,
        Rect {
            height: alarm,
            ..body
        },
        buffer,
    );
    let body = paint::below(body, alarm);
    if !fits(SINGLE) {
        lines(state, theme, body, buffer);
    } else if state.view.zoom || !fits(FULL) {
        tabs(state, theme, row(body, 0), buffer);
        pane(
            (state, state.view.focus),
            theme,
            paint::below(body, 1),
            buffer,
        );
    } else {
        for (name, area) in panes(state, body) {
            pane((state, name), theme, area, buffer);
        }
    }
    popup::draw(state, theme, area, buffer);
}

/// What is needed and what there is, in two lines where one is too narrow.
fn too_small(theme: &Theme, buffer: &mut Buffer) {
    let area = buffer.area;
    let need = format!("need {}x{},", LINES.0, LINES.1);
    let have = format!("have {}x{}", area.width, area.height);
    let room = usize::from(area.width) > need.len() + have.len();
    let place = if room {
        (need.len() as u16 + 1, 0)
    } else {
        (0, 1)
    };
    paint::line(buffer, area, 0, &need, theme.strong());
    paint::at(buffer, area, place, &have, theme.strong());
}

fn row(area: Rect, row: u16) -> Rect {
    Rect {
        y: area.y + row,
        height: 1,
        ..area
    }
}

/// `area` without rows at the top and bottom.
fn middle(area: Rect, top: u16, bottom: u16) -> Rect {
    Rect {
        y: area.y + top,
        height: area.height.saturating_sub(top + bottom),
        ..area
    }
}

/// Losses above the log at the left; flow above the settings at the right. The flow gets half the height,
/// and what the settings leave over. The optimizer has the last rows at the right of a large screen; on a smaller one it
/// takes the log's place while it has the focus.
fn panes(state: &State, body: Rect) -> Vec<(Pane, Rect)> {
    let left = Rect {
        width: body.width * 13 / 25,
        ..body
    };
    let right = Rect {
        x: left.right() + 1,
        width: body.width - left.width - 1,
        ..body
    };
    let large = body.width >= LARGE.0 && body.height >= LARGE.1;
    let log = (body.height / 5).max(4);
    let last = if large { optimizer::HEIGHT + 1 } else { 0 };
    let wanted = state.fields.len() as u16 + 2 + last;
    let flow = (body.height / 2).max(body.height.saturating_sub(wanted));
    let events = match state.view.focus {
        Pane::Optimizer if !large => Pane::Optimizer,
        _ => Pane::Log,
    };
    let bottom = |area: Rect, rows: u16| paint::below(area, area.height.saturating_sub(rows));
    let top = Rect {
        height: flow,
        ..right
    };
    let mut panes = vec![
        (Pane::Losses, middle(left, 0, log)),
        (events, bottom(left, log)),
        (Pane::Flow, top),
        (Pane::Settings, middle(right, flow, last)),
    ];
    if large {
        panes.push((Pane::Optimizer, bottom(right, last)));
    }
    panes
}

fn pane((state, name): (&State, Pane), theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let room = area.width.saturating_sub(TITLED);
    let title = match name {
        Pane::Losses => losses::title(state),
        Pane::Flow => flow::title(state, theme, room),
        Pane::Settings => settings::title(state),
        Pane::Log => "log".into(),
        Pane::Optimizer => optimizer::title(state),
    };
    let title = format!("{} {title}", name as usize + 1);
    let inner = paint::titled(buffer, area, &title, (theme, name == state.view.focus));
    match name {
        Pane::Losses => losses::draw(state, theme, inner, buffer),
        Pane::Flow => flow::draw(state, theme, inner, buffer),
        Pane::Settings => settings::draw(state, theme, inner, buffer),
        Pane::Log => log::draw(state, theme, inner, buffer),
        Pane::Optimizer => optimizer::draw(state, theme, inner, buffer),
    }
}

/// The names of the panes, where one is shown at a time.
fn tabs(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut column = 0;
    for pane in Pane::ALL {
        let text = format!(" {} {} ", pane as usize + 1, pane.name());
        paint::at(
            buffer,
            area,
            (column, 0),
            &text,
            theme.title(pane == state.view.focus),
        );
        column += text.len() as u16 + 1;
    }
}

/// A line a metric, then the last log lines.
fn lines(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    losses::lines(state, theme, area, buffer);
    let below = paint::below(area, 4);
    log::draw(state, theme, below, buffer);
}
