//! The losses: four charts over one iteration axis, or a line each where there is no room for charts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::chart;
use crate::dashboard::component::Component;
use crate::dashboard::format::number;
use crate::dashboard::other::Other;
use crate::dashboard::paint;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// Least size of four charts: a title and two rows each, and the iterations.
const CHARTS: (u16, u16) = (24, 13);

/// Draws charts or lines, as the area allows.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if area.width < CHARTS.0 || area.height < CHARTS.1 {
        lines(state, theme, area, buffer);
        return;
    }
    let legend = u16::from(!state.others.is_empty());
    others(state, theme, area, buffer);
    let rows = area.height - 1 - legend;
    let mut top = area.y + legend;
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
    iterations(
        state,
        theme,
        Rect {
            y: top,
            height: 1,
            ..area
        },
        buffer,
    );
}

/// Letters and names of the runs compared with, in one line.
fn others(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let names = state.others.iter().enumerate();
    let names = names.map(|(number, other)| format!("{} {}", Other::letter(number), other.name));
    let text = names.collect::<Vec<_>>().join("  ");
    paint::cut(buffer, area, 0, &text, (theme, theme.dim()));
}

/// Title of the pane.
pub fn title(state: &State) -> String {
    format!(
        "losses{}",
        if state.view.weighted {
            ", weighted"
        } else {
            ""
        }
    )
}

/// The ends of the shared axis.
fn iterations(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let Some((first, last)) = state.span() else {
        return;
    };
    let plot = chart::plot(area);
    paint::line(buffer, plot, 0, &first.to_string(), theme.dim());
    let last = format!("iteration {last}");
    let column = plot.width.saturating_sub(last.len() as u16);
    paint::at(buffer, plot, (column, 0), &last, theme.dim());
}

/// One line a curve: its last values.
pub fn lines(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    for (row, component) in (0..).zip(Component::ALL) {
        paint::cut(
            buffer,
            area,
            row,
            &values(state, theme, component),
            (theme, theme.curve(component)),
        );
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
