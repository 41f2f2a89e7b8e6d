//! The optimizer: rate, gradient, step; speed; the shares of the time; the progress of the present iteration.

use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::{duration, number, percent, rate};
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// The number of rows that the whole panel takes.
pub const HEIGHT: u16 = 6;

/// Draws a line each, the most needed first.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let width = canvas.area.width;
    let lines = [
        step(state).map(|forms| fitting(forms, width)),
        speed(state),
        kernels(state),
        split(state).map(|forms| fitting(forms, width)),
        ahead(state),
        inside(state, canvas.theme, width),
    ];
    for (row, text) in (0..canvas.area.height).zip(lines.into_iter().flatten()) {
        canvas.cut_line(row, &text, Style::new());
    }
}

/// The title of the pane.
pub fn title(state: &State) -> String {
    match &state.start {
        Some(start) => format!("optimizer, {}", start.workers()),
        None => "optimizer".into(),
    }
}

/// The first of some forms that fits, so that no word is cut; else the last.
fn fitting<const N: usize>(forms: [String; N], width: u16) -> String {
    let fits = |text: &&String| text.chars().count() <= usize::from(width);
    let shown = forms.iter().find(fits).or(forms.last());
    shown.cloned().unwrap_or_default()
}

/// The rate, the gradient and the step, from the longest form to the shortest.
fn step(state: &State) -> Option<[String; 3]> {
    let step = state.step?;
    let base = if state.matches() {
        "start.lr"
    } else {
        "optimizer.lr"
    };
    let base = state.setting(base);
    let base = base.filter(|&base| base != step.lr).map(rate);
    let base = base.map_or(String::new(), |base| format!(" (base {base})"));
    let (lr, gradient, update) = (rate(step.lr), number(step.gradient), number(step.update));
    Some([
        format!("lr {lr}{base}  gradient norm {gradient}  step/weights {update}"),
        format!("lr {lr}  gradient norm {gradient}  step/weights {update}"),
        format!("lr {lr}  gradient {gradient}  step {update}"),
    ])
}

fn speed(state: &State) -> Option<String> {
    let rate = state.clock.rate()?;
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
    let recent = state.readings.throughput()?;
    let peak = recent.of_peak.map_or(String::new(), |share| {
        format!(", {} of the FMA peak", percent(share))
    });
    Some(format!("kernels {} GFLOP/s{peak}", number(recent.gflops)))
}

/// The shares of the time, from the longest form to the shortest.
fn split(state: &State) -> Option<[String; 3]> {
    let recent = state.readings.throughput()?;
    // Only a start by matching has any.
    let pairs = Some(recent.pairs).filter(|&pairs| pairs > 0.0);
    let pairs = pairs.map_or(String::new(), |pairs| format!(" pairs {},", percent(pairs)));
    let [kernels, validation, pictures, screen] = [
        recent.kernels,
        recent.validation,
        recent.pictures,
        state.cost,
    ]
    .map(percent);
    let inside = format!("time: kernels {kernels},{pairs} validation {validation}");
    Some([
        format!("{inside}; beside it pictures {pictures}, screen {screen}"),
        format!("{inside}; pictures {pictures}"),
        inside,
    ])
}

fn ahead(state: &State) -> Option<String> {
    if let Some(left) = state.until_loss() {
        return Some(format!("the loss is minimised in {}", duration(left)));
    }
    let left = state.left()?;
    Some(format!("time left {}", duration(left)))
}

/// The progress of the present iteration, if it takes long.
fn inside(state: &State, theme: &Theme, width: u16) -> Option<String> {
    let share = state.inside()?;
    let text = format!(
        "iteration {}: tile {} of {} ",
        state.iteration + 1,
        state.tiles.done,
        state.tiles.all
    );
    let room = usize::from(width).saturating_sub(text.chars().count() + 2);
    let full = (share * room as f64) as usize;
    let bar = theme.bar();
    Some(format!(
        "{text}{}{}",
        bar.done.repeat(full),
        bar.left.repeat(room - full)
    ))
}
