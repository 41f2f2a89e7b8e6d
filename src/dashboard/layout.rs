//! The places of the panes. 80 x 24 is a design size with four of the panes, also less the line that tmux takes; below it one pane at a time, then a line a metric, then a
//! word about the size. No size fails.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::canvas::{Canvas, below, beside};
use super::pane::Pane;
use super::panels::{
    banner, flow, footer, header, log, losses, optimizer, popup, settings, verdict,
};
use super::pixels::scene::PixelScene;
use super::state::State;
use super::theme::{Focus, Theme};

/// Least size for all panes: that of most terminals, less the status line of tmux.
const FULL: Size = Size::new(80, 23);
/// Least size for one pane at a time, another design size.
const SINGLE: Size = Size::new(60, 16);
/// Least size of the panes together in which the optimizer has a place of its own.
const LARGE: Size = Size::new(110, 32);
/// Least size for a line a metric.
const LINES: Size = Size::new(20, 5);
/// Letters of a title's line that are not its own: the pane's number, and what is around them.
const TITLED: u16 = 6;

/// Draws the whole screen.
pub fn draw(state: &State, theme: &Theme, frame: &mut Frame) {
    screen(state, theme, frame.buffer_mut());
}

/// Draws the whole screen into a buffer.
pub fn screen(state: &State, theme: &Theme, buffer: &mut Buffer) {
    draw_on(state, &mut Canvas::whole(theme, buffer));
}

/// Draws the whole screen into a buffer; what can be shown in pixels as well, which nothing lies over.
pub fn screen_with_scenes(state: &State, theme: &Theme, buffer: &mut Buffer) -> Vec<PixelScene> {
    let mut scenes = Vec::new();
    let canvas = &mut Canvas::whole(theme, buffer);
    canvas.scenes = state.view.popup.is_none().then_some(&mut scenes);
    draw_on(state, canvas);
    scenes
}

fn draw_on(state: &State, canvas: &mut Canvas) {
    let area = canvas.area;
    if !fits(area, LINES) {
        draw_too_small(canvas);
        return;
    }
    header::draw(state, &mut canvas.part(row(area, 0)));
    footer::draw(state, &mut canvas.part(row(area, area.height - 1)));
    let body = middle(area, 1, 1);
    let height = banner::height(state).min(body.height / 3);
    banner::draw(state, &mut canvas.part(Rect { height, ..body }));
    let body = below(body, height);
    let height = verdict::height(state, area.into());
    verdict::draw(state, &mut canvas.part(Rect { height, ..body }));
    let body = below(body, height);
    if !fits(area, SINGLE) {
        draw_lines(state, &mut canvas.part(body));
    } else if state.view.zoom || !fits(area, FULL) {
        draw_tabs(state, &mut canvas.part(row(body, 0)));
        draw_pane(state, state.view.focus, &mut canvas.part(below(body, 1)));
    } else {
        for placed in panes(state, body) {
            draw_pane(state, placed.pane, &mut canvas.part(placed.area));
        }
    }
    popup::draw(state, canvas);
}

fn fits(area: Rect, size: Size) -> bool {
    area.width >= size.width && area.height >= size.height
}

/// Tells the size that is needed and the size there is, in two lines where one is too narrow.
fn draw_too_small(canvas: &mut Canvas) {
    let area = canvas.area;
    let need = format!("need {}x{},", LINES.width, LINES.height);
    let have = format!("have {}x{}", area.width, area.height);
    let room = usize::from(area.width) > need.len() + have.len();
    let place = if room {
        (need.len() as u16 + 1, 0)
    } else {
        (0, 1)
    };
    let strong = canvas.theme.strong();
    canvas.line(0, &need, strong);
    canvas.write(place, &have, strong);
}

fn row(area: Rect, row: u16) -> Rect {
    Rect {
        y: area.y + row,
        height: 1,
        ..area
    }
}

/// The area without rows at the top and bottom.
fn middle(area: Rect, top: u16, bottom: u16) -> Rect {
    Rect {
        y: area.y + top,
        height: area.height.saturating_sub(top + bottom),
        ..area
    }
}

/// A pane and its place.
struct PlacedPane {
    pane: Pane,
    area: Rect,
}

/// Losses above the log at the left; flow above the settings at the right. The flow gets half the height,
/// and what the settings leave over. The optimizer has the last rows at the right of a large screen; on a smaller one it
/// takes the log's place while it has the focus.
fn panes(state: &State, body: Rect) -> Vec<PlacedPane> {
    let [left, right] = beside(body, body.width * 13 / 25);
    let large = fits(body, LARGE);
    let log = (body.height / 5).max(4);
    let last = if large { optimizer::HEIGHT + 1 } else { 0 };
    let wanted = settings::height(state) + last;
    // With the keys on them the settings explain themselves.
    let half = match state.view.focus {
        Pane::Settings => body.height / 3,
        _ => body.height / 2,
    };
    let flow = half.max(body.height.saturating_sub(wanted));
    let events = match state.view.focus {
        Pane::Optimizer if !large => Pane::Optimizer,
        _ => Pane::Log,
    };
    let bottom = |area: Rect, rows: u16| below(area, area.height.saturating_sub(rows));
    let top = Rect {
        height: flow,
        ..right
    };
    let placed = |pane, area| PlacedPane { pane, area };
    let mut panes = vec![
        placed(Pane::Losses, middle(left, 0, log)),
        placed(events, bottom(left, log)),
        placed(Pane::Flow, top),
        placed(Pane::Settings, middle(right, flow, last)),
    ];
    if large {
        panes.push(placed(Pane::Optimizer, bottom(right, last)));
    }
    panes
}

fn draw_pane(state: &State, pane: Pane, canvas: &mut Canvas) {
    let room = canvas.area.width.saturating_sub(TITLED);
    let title = match pane {
        Pane::Losses => losses::title(state, room),
        Pane::Flow => flow::title(state, canvas.theme, room),
        Pane::Settings => settings::title(state),
        Pane::Log => "log".into(),
        Pane::Optimizer => optimizer::title(state),
    };
    let title = format!("{} {title}", pane as usize + 1);
    let inner = &mut canvas.titled(&title, focus(state, pane));
    match pane {
        Pane::Losses => losses::draw(state, inner),
        Pane::Flow => flow::draw(state, inner),
        Pane::Settings => settings::draw(state, inner),
        Pane::Log => log::draw(state, inner),
        Pane::Optimizer => optimizer::draw(state, inner),
    }
}

fn focus(state: &State, pane: Pane) -> Focus {
    if pane == state.view.focus {
        Focus::Focused
    } else {
        Focus::Unfocused
    }
}

/// Draws the names of the panes, where one is shown at a time.
fn draw_tabs(state: &State, canvas: &mut Canvas) {
    let mut column = 0;
    for pane in Pane::ALL {
        let text = format!(" {} {} ", pane as usize + 1, pane.name());
        let style = canvas.theme.title(focus(state, pane));
        canvas.write((column, 0), &text, style);
        column += text.len() as u16 + 1;
    }
}

/// Draws a line a metric, then the last log lines.
fn draw_lines(state: &State, canvas: &mut Canvas) {
    losses::draw_lines(state, canvas);
    log::draw(state, &mut canvas.below(4));
}
