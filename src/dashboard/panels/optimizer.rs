//! The optimizer: rate, gradient, step; speed; where the time goes; how far the iteration in hand is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::format::{duration, number, percent, rate};
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// Rows it would like.
pub const HEIGHT: u16 = 6;

/// Draws a line each, the most needed first.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let lines = [
        step(state),
        speed(state),
        kernels(state),
        split(state),
        ahead(state),
        inside(state, theme, area.width),
    ];
    for (row, text) in (0..area.height).zip(lines.into_iter().flatten()) {
        paint::cut(buffer, area, row, &text, (theme, Style::new()));
    }
}

/// Title of the pane.
pub fn title(state: &State) -> String {
    match &state.start {
        Some(start) => format!("optimizer, {}", start.workers()),
        None => "optimizer".into(),
    }
}

fn step(state: &State) -> Option<String> {
    let step = state.step?;
    let base = if state.matches() {
        "start.lr"
    } else {
        "optimizer.lr"
    };
    let base = state.setting(base);
    let base = base.filter(|&base| base != step.lr).map(rate);
    let base = base.map_or(String::new(), |base| format!(" (base {base})"));
    Some(format!(
        "lr {}{base}  gradient norm {}  step/weights {}",
        rate(step.lr),
        number(step.gradient),
        number(step.update)
    ))
}

fn speed(state: &State) -> Option<String> {
    let rate = state.pace.rate()?;
    let (batch, unit) = if state.matches() {
        ("start.batch", "pairs/s")
    } else {
        ("data.batch", "samples/s")
    };
    let samples = state.setting(batch).map_or(String::new(), |batch| {
        format!("  {} {unit}", number(batch * rate))
    });
    Some(format!("{} it/s{samples}", number(rate)))
}

fn kernels(state: &State) -> Option<String> {
    let recent = state.gauge.recent()?;
    let peak = recent.of_peak.map_or(String::new(), |share| {
        format!(", {} of the FMA peak", percent(share))
    });
    Some(format!("kernels {} GFLOP/s{peak}", number(recent.gflops)))
}

fn split(state: &State) -> Option<String> {
    let recent = state.gauge.recent()?;
    // Only a start by matching has any.
    let pairs = Some(recent.pairs).filter(|&pairs| pairs > 0.0);
    let pairs = pairs.map_or(String::new(), |pairs| format!(" pairs {},", percent(pairs)));
    Some(format!(
        "time: kernels {},{pairs} validation {}; beside it pictures {}, screen {}",
        percent(recent.kernels),
        percent(recent.validation),
        percent(recent.pictures),
        percent(state.cost)
    ))
}

fn ahead(state: &State) -> Option<String> {
    if let Some(left) = state.until_loss() {
        return Some(format!("the loss is minimised in {}", duration(left)));
    }
    let left = state.left()?;
    Some(format!("time left {}", duration(left)))
}

/// A bar for an iteration that takes longer than a look.
fn inside(state: &State, theme: &Theme, width: u16) -> Option<String> {
    let share = state.inside()?;
    let text = format!(
        "iteration {}: tile {} of {} ",
        state.iteration + 1,
        state.tiles.0,
        state.tiles.1
    );
    let room = usize::from(width).saturating_sub(text.chars().count() + 2);
    let full = (share * room as f64) as usize;
    let (done, open) = theme.bar();
    Some(format!(
        "{text}{}{}",
        done.repeat(full),
        open.repeat(room - full)
    ))
}
