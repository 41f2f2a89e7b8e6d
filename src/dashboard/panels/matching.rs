//! M of a start by matching. While it lasts the first chart is M's, with its own axis; afterwards the curve stays in that of the
//! loss, dim and as high as the chart, up to the tick where it ended.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::chart::{self, Frame};
use super::{curve, readout, ticks};
use crate::dashboard::axis::{Axis, Scale};
use crate::dashboard::component::Component;
use crate::dashboard::format::number;
use crate::dashboard::history::Smoothing;
use crate::dashboard::matching::Matching;
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::dashboard::window::Window;

/// Draws the chart of a start that lasts.
pub fn draw(
    (state, matching): (&State, &Matching),
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let window = state.span().map(|span| state.view.lens.window(span));
    let axis = window.and_then(|window| axis((state, matching), window));
    let text = title((state, matching), theme) + chart::scale(axis.as_ref());
    let style = theme.curve(Component::Loss);
    paint::cut(buffer, area, 0, &text, (theme, style.patch(theme.strong())));
    let plot = chart::plot(paint::below(area, 1));
    let (Some(window), false) = (window, plot.is_empty()) else {
        return;
    };
    let frame = Frame {
        plot,
        window,
        axis: axis.unwrap_or(Axis::fit(0.0, 0.0, Scale::Linear)),
        factor: 1.0,
    };
    chart::labels(&frame, theme, buffer);
    let seen = ticks::seen(state, &frame);
    ticks::lines((state, &seen), &frame, theme, buffer);
    let drawn = (&matching.curve, state.view.lens.smoothing);
    chart::training(drawn, &frame, (theme, style), buffer);
    curve::edges(drawn, &frame, theme, buffer);
    ticks::letters(&seen, &frame, theme, buffer);
}

/// Draws the curve of a start that is over behind those of the loss.
pub fn behind(state: &State, frame: &Frame, theme: &Theme, buffer: &mut Buffer) {
    let Some(matching) = &state.matching else {
        return;
    };
    let Some(axis) = axis((state, matching), frame.window) else {
        return;
    };
    let frame = Frame {
        axis,
        factor: 1.0,
        ..*frame
    };
    let drawn = (&matching.curve, Smoothing::Off);
    curve::line(drawn, &frame, (theme, theme.dim()), buffer);
}

/// The title of the chart and, where there is no room for charts, its line.
pub fn title((state, matching): (&State, &Matching), theme: &Theme) -> String {
    let mut text = match readout::nearest(state, &matching.curve) {
        Some(read) => format!("M {read}"),
        None => format!("M matching {}", number(matching.m)),
    };
    if let Some(validated) = &state.validated {
        let symbol = theme.validation(Component::Loss).0;
        text += &format!("  val loss {symbol} {}", number(validated.losses.loss));
    }
    text
}

/// What the title of the loss says of a start that is over.
pub fn past(state: &State) -> String {
    let over = state.matching.as_ref().filter(|matching| matching.over);
    over.map_or(String::new(), |matching| {
        format!("  M {} @{}", number(matching.m), matching.iteration)
    })
}

fn axis((state, matching): (&State, &Matching), window: Window) -> Option<Axis> {
    let lens = &state.view.lens;
    let seen = matching.curve.within(window.first, window.last);
    let ranges = seen.flat_map(|bucket| [bucket.range(), bucket.smooth(lens.smoothing)]);
    let ranges: Vec<(f64, f64)> = ranges.flatten().collect();
    let (low, high) = chart::reach(&ranges, lens.robust)?;
    Some(Axis::fit(low, high, lens.scale))
}
