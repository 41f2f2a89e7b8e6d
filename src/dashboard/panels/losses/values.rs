//! The last values of a component, in its chart's title or, where there is no room for charts, in its line; and the floor of C.

use crate::dashboard::component::Component;
use crate::dashboard::format::number;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;

/// The title of a chart without a cursor: symbol, meaning, last training and validation value, and the floor of C.
pub fn text(state: &State, theme: &Theme, component: Component) -> String {
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
        let symbol = theme.validation(component).text;
        text += &format!(
            "  val {symbol} {}",
            number(factor * component.of(&validated.losses))
        );
    }
    if component == Component::Loss {
        text += &matched(state);
    }
    if let Some(floor) = floor(state, component) {
        text += &format!("  H {}", number(floor));
    }
    text
}

/// The floor of a component: C can't fall below the entropy of the data.
pub fn floor(state: &State, component: Component) -> Option<f64> {
    let entropy = state
        .start
        .as_ref()?
        .entropy
        .filter(|_| component == Component::C)?;
    Some(state.factor(component) * entropy)
}

/// The last M of a start that is over, in the title of the loss.
fn matched(state: &State) -> String {
    let over = state.matching.as_ref().filter(|matching| matching.over);
    over.map_or(String::new(), |matching| {
        format!("  M {} @{}", number(matching.m), matching.iteration)
    })
}
