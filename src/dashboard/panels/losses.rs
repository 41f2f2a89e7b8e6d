//! The losses: four charts over one iteration axis, or a line each where there is no room for charts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{chart, matching};
use crate::dashboard::axis;
use crate::dashboard::component::Component;
use crate::dashboard::dots::Dots;
use crate::dashboard::format::number;
use crate::dashboard::lens::Reach;
use crate::dashboard::other::Other;
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// Least size of four charts: a title and two rows each, and the iterations.
const CHARTS: (u16, u16) = (24, 13);
/// Least height that has a row for a rule above the iterations.
const RULE: u16 = 20;
/// Columns between two iterations on their axis, about.
const ROOM: u16 = 4;

/// Draws charts or lines, as the area allows.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if area.width < CHARTS.0 || area.height < CHARTS.1 {
        lines(state, theme, area, buffer);
        return;
    }
    let legend = u16::from(!state.others.is_empty());
    others(state, theme, area, buffer);
    let area = paint::below(area, legend);
    let below = if area.height < RULE { 1 } else { 2 };
    let rows = area.height - below;
    let mut top = area.y;
    for (index, component) in (0..).zip(Component::ALL) {
        let height = rows / 4 + u16::from(index < rows % 4);
        chart::draw(
            (state, component),
            theme,
            Rect {
                y: top,
                height,
                ..area
            },
            buffer,
        );
        top += height;
    }
    iterations(state, theme, paint::below(area, rows), buffer);
}

/// Letters and names of the runs compared with, in one line.
fn others(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let names = state.others.iter().enumerate();
    let names = names.map(|(number, other)| format!("{} {}", Other::letter(number), other.name));
    let text = names.collect::<Vec<_>>().join("  ");
    paint::cut(buffer, area, 0, &text, (theme, theme.dim()));
}

/// Title of the pane: what is not as at the start.
pub fn title(state: &State) -> String {
    let lens = &state.view.lens;
    let smoothing = lens.smoothing.factor();
    let reach = match lens.reach {
        Reach::All => None,
        Reach::Newest(width) => Some(format!("last {width}")),
        Reach::Between(first, last) => Some(format!("{first} to {last}")),
    };
    let parts = [
        Some("losses".into()),
        state.view.weighted.then(|| "weighted".into()),
        smoothing.map(|factor| format!("avg {factor}")),
        reach,
        lens.log_x.then(|| "log x".into()),
        lens.robust.then(|| "no outliers".into()),
    ];
    parts
        .into_iter()
        .flatten()
        .collect::<Vec<String>>()
        .join(", ")
}

/// The shared axis: round iterations, below a rule with ticks where there is room for one.
fn iterations(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let Some(window) = state.span().map(|span| state.view.lens.window(span)) else {
        return;
    };
    let (plot, digits) = (chart::plot(area), window.last.to_string().len() as u16);
    if plot.is_empty() {
        return;
    }
    let most = f64::from(plot.width / (digits + ROOM));
    let round = window.stretches().into_iter().flat_map(|stretch| {
        let round = if window.log {
            axis::decades
        } else {
            axis::round
        };
        let most = (most * stretch.share) as u64;
        round(
            stretch.first,
            stretch.last,
            most.max(if stretch.share < 1.0 { 1 } else { 2 }),
        )
    });
    let bottom = area.height - 1;
    if bottom > 0 {
        let rule = theme.lines().0.repeat(usize::from(plot.width));
        paint::line(buffer, plot, 0, &rule, theme.dim());
    }
    paint::line(buffer, area, bottom, "iter", theme.dim());
    let mut free = 0;
    for iteration in round {
        let column = Dots::nearest(window.across(iteration), usize::from(plot.width)) as u16;
        if bottom > 0 {
            paint::at(buffer, plot, (column, 0), theme.tick(), theme.dim());
        }
        let text = iteration.to_string();
        let length = text.len() as u16;
        let start = column.saturating_sub(length / 2);
        let start = start.min(plot.width.saturating_sub(length));
        if start >= free {
            paint::at(buffer, plot, (start, bottom), &text, theme.dim());
            free = start + length + 1;
        }
    }
}

/// One line a curve: its last values.
pub fn lines(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let start = state.matching.as_ref().filter(|start| !start.over);
    for (row, component) in (0..).zip(Component::ALL) {
        let text = match start.filter(|_| component == Component::Loss) {
            Some(start) => matching::title((state, start), theme),
            None => values(state, theme, component),
        };
        paint::cut(buffer, area, row, &text, (theme, theme.curve(component)));
    }
}

/// Symbol, meaning, last training and validation value, and the floor of C.
pub fn values(state: &State, theme: &Theme, component: Component) -> String {
    let factor = state.factor(component);
    let (mut text, meaning) = match component.weight().filter(|_| state.view.weighted) {
        // Times a weight, C is no longer in nats.
        Some(_) => (format!("{} x {}", number(factor), component.symbol()), ""),
        None => (component.symbol().to_owned(), component.meaning()),
    };
    if !meaning.is_empty() {
        text += &format!(" {meaning}");
    }
    if let Some(losses) = &state.losses {
        text += &format!(" {}", number(factor * component.of(losses)));
    }
    if let Some(validated) = &state.validated {
        let symbol = theme.validation(component).0;
        text += &format!(
            "  val {symbol} {}",
            number(factor * component.of(&validated.losses))
        );
    }
    if component == Component::Loss {
        text += &matching::past(state);
    }
    if let Some(floor) = floor(state, component) {
        text += &format!("  H {}", number(floor));
    }
    text
}

/// The entropy of the data: C can't fall below it.
pub fn floor(state: &State, component: Component) -> Option<f64> {
    let entropy = state
        .start
        .as_ref()?
        .entropy
        .filter(|_| component == Component::C)?;
    Some(state.factor(component) * entropy)
}
