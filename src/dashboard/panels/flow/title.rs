//! The titles of the flow pane: of the pane itself, and what the views share in theirs.

use crate::dashboard::canvas::shorten;
use crate::dashboard::state::State;
use crate::dashboard::state::flow::{FlowContent, column_name, unit};
use crate::dashboard::theme::Theme;

/// Longest name of a column in the title.
const NAME: u16 = 12;

/// The title of the pane in at most `width` letters: the iteration, the columns, first the one across, and the straightness of the
/// paths or the place on them. The names of the columns stay longest.
pub fn title(state: &State, theme: &Theme, width: u16) -> String {
    let Some(picture) = &state.picture else {
        return "flow".into();
    };
    let view = &state.view.flow;
    let tail = match picture.straightness {
        _ if view.content == FlowContent::Paths => format!(", t {:.2}", view.time(state.now)),
        Some(ratio) => format!(", path/chord {ratio:.2}"),
        None => String::new(),
    };
    let unit = state.start.as_ref().and_then(unit);
    let unit = unit.map_or(String::new(), |unit| format!(", {unit}"));
    let columns = |longest| {
        let short = |name: String| shorten(&name, longest, theme);
        columns(state, picture.dimension, short)
    };
    let at = format!(" at {}", picture.iteration);
    let titles = [
        format!("flow{at}{}{tail}{unit}", columns(NAME)),
        format!("flow{at}{}{tail}", columns(NAME)),
        format!("flow{}{tail}", columns(NAME)),
        format!("flow{}{tail}", columns(NAME / 2)),
        format!("flow{}", columns(NAME)),
        format!("flow{}", columns(NAME / 2)),
    ];
    fitting(&titles, width).into()
}

/// The names of the columns on the two axes, each made short.
fn columns(state: &State, dimension: usize, short: impl Fn(String) -> String) -> String {
    let Some(start) = &state.start else {
        return String::new();
    };
    let name = |column| short(column_name(start, column));
    let [first, second] = state.view.flow.columns(dimension).map(name);
    match dimension {
        1 => format!(": {first}"),
        2 => format!(": {first}, {second}"),
        more => format!(": {first}, {second} of {more}"),
    }
}

/// The note on the number of points that are not seen.
pub fn outside_note(outside: usize) -> String {
    if outside > 0 {
        format!(", {outside} outside")
    } else {
        String::new()
    }
}

/// The longest name that fits, or the last.
pub fn fitting(names: &[String], width: u16) -> &str {
    let fits = |name: &&String| name.chars().count() <= usize::from(width);
    let name = names.iter().find(fits).or(names.last());
    name.map_or("", String::as_str)
}
