//! The top line: run, phase, verdict, iteration, time, time left, speed, threads, instruction set; what does not fit is left out from the right.

use ratatui::style::Style;

use crate::dashboard::canvas::{Canvas, shorten};
use crate::dashboard::format::{duration, number, percent};
use crate::dashboard::phase::Phase;
use crate::dashboard::state::State;
use crate::dashboard::theme::{Symbol, Theme};
use crate::verdict::Verdict;

/// Longest name of a run.
const NAME: u16 = 24;

/// Seconds without a word from the process that trains after which the header shows them.
const QUIET: f64 = 5.0;

/// Draws the line.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let phase = state.phase();
    let Symbol { text, style } = theme.phase(phase);
    let name = state
        .start
        .as_ref()
        .map_or("otflow", |start| start.name.as_str());
    let mut parts = vec![
        (shorten(name, NAME, theme), theme.strong()),
        (format!("{text} {}", phase.word()), style),
    ];
    parts.extend(verdict(state, theme));
    parts.extend(figures(state).into_iter().map(|text| (text, Style::new())));
    let mut column = 0;
    for (text, style) in parts {
        let width = text.chars().count() as u16;
        if column + width > canvas.area.width && column > 0 {
            break;
        }
        canvas.write((column, 0), &text, style);
        column += width + 2;
    }
}

/// The verdict, where the phase does not say the same.
fn verdict(state: &State, theme: &Theme) -> Option<(String, Style)> {
    let verdict = state.evidence.assessment().verdict;
    let Symbol { text, style } = theme.verdict(verdict);
    let matches = state.matches() && verdict == Verdict::Starting;
    let told = state.start.is_none() || state.finished.is_some() || matches;
    (!told).then(|| (format!("{text} {verdict}"), style))
}

fn figures(state: &State) -> Vec<String> {
    let total = state.setting("stop.iterations");
    let mut figures = Vec::new();
    // Another word stands for the phase.
    if state.matches() && !matches!(state.phase(), Phase::Matching) && state.finished.is_none() {
        figures.push("matching".into());
    }
    figures.push(match total {
        Some(total) => format!("{}/{total}", state.iteration),
        None => state.iteration.to_string(),
    });
    if let Some(inside) = state.inside() {
        figures.push(format!("+{}", percent(inside)));
    }
    figures.push(duration(state.elapsed()));
    let silence = state.silence.filter(|silence| *silence >= QUIET);
    if let Some(silence) = silence.filter(|_| state.finished.is_none()) {
        figures.push(format!("last heard {} ago", duration(silence)));
    }
    if let Some(left) = state.until_loss() {
        figures.push(format!("loss in {}", duration(left)));
    }
    if let Some(left) = state.left() {
        figures.push(format!("ETA {}", duration(left)));
    }
    if let Some(rate) = state.clock.rate() {
        figures.push(format!("{} it/s", number(rate)));
    }
    if let Some(start) = &state.start {
        figures.push(start.workers());
        figures.push(start.compiled.clone());
    }
    figures
}
