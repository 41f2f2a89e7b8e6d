//! The titles of the flow pane: of the pane itself, and what the views share in theirs.

use crate::dashboard::canvas::shorten;
use crate::dashboard::state::State;
use crate::dashboard::state::flow::{FlowContent, column_name, views};
use crate::dashboard::theme::Theme;
use crate::event::Picture;

/// Longest name of a column in the title.
const NAME: u16 = 12;

/// The title of the pane in at most `width` letters: the number of the view among those there are, the iteration, the columns, first the one
/// across, and the straightness of the paths or the place on them. The names of the columns stay longest.
pub fn title(state: &State, theme: &Theme, width: u16) -> String {
    let Some(picture) = &state.picture else {
        return "flow".into();
    };
    let view = &state.view.flow;
    let content = view.shown(picture);
    let views = views(picture);
    let place = views.iter().position(|&one| one == content).unwrap_or(0) + 1;
    let flow = format!("flow {place}/{}", views.len().max(1));
    let tail = match picture.straightness {
        _ if content == FlowContent::Paths => format!(", t {:.2}", view.time(state.now)),
        Some(ratio) => format!(", path/chord {ratio:.2}"),
        None => String::new(),
    };
    let columns = |longest| match content {
        FlowContent::LogDensities => ": log p".into(),
        _ => columns(state, picture, |name| shorten(&name, longest, theme)),
    };
    let at = format!(" at {}", picture.iteration);
    let titles = [
        format!("{flow}{at}{}{tail}", columns(NAME)),
        format!("{flow}{}{tail}", columns(NAME)),
        format!("{flow}{}{tail}", columns(NAME / 2)),
        format!("{flow}{}", columns(NAME)),
        format!("{flow}{}", columns(NAME / 2)),
    ];
    fitting(&titles, width).into()
}

/// The names of the columns on the two axes, each made short.
fn columns(state: &State, picture: &Picture, short: impl Fn(String) -> String) -> String {
    let Some(start) = &state.start else {
        return String::new();
    };
    let name = |column| short(column_name(start, column));
    let all = picture.dimension + picture.context;
    let axes = state.view.flow.axes(picture);
    let [first, second] = axes.map(name);
    match all {
        _ if axes == [0, 0] && picture.dimension == 1 => format!(": {first}"),
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
