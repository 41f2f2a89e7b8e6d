//! The flow, in one of four views: samples of the data and of the model, all on one scale; where f takes the data and back; the
//! density; particles on their paths. Two columns of the points, with equal axes.
//!
//! | file | draws |
//! | --- | --- |
//! | frame | points and cells: which is where |
//! | clouds | two or four views of points |
//! | scatter | the points of one |
//! | heat | the density |
//! | paths | particles on their paths |

mod clouds;
mod frame;
mod heat;
mod paths;
mod scatter;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::paint;
use crate::dashboard::stage::{self, Show};
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::event::Picture;
use frame::{Frame, Plane};
use paths::Paths;

/// Room around the data, as a share of its extent.
const MARGIN: f64 = 0.1;
/// Longest name of a column in the title.
const NAME: u16 = 12;
/// What paths need around the normal.
const CORE: [f64; 4] = [-3.0, 3.0, -3.0, 3.0];

/// Draws what is looked at.
pub fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    let Some(picture) = &state.picture else {
        let text = "the first picture is on its way";
        paint::cut(buffer, area, 0, text, (theme, theme.dim()));
        return;
    };
    let plane = Plane {
        dimension: picture.dimension,
        columns: state.view.stage.columns(picture.dimension),
    };
    let Some(bounds) = bounds(state, plane) else {
        paint::cut(buffer, area, 0, "no finite point", (theme, theme.alert()));
        return;
    };
    match state.view.stage.show {
        Show::Data | Show::Inverse => {
            clouds::draw((state, picture), (plane, bounds), (area, buffer), theme);
        }
        Show::Density => density((state, picture), (plane, bounds), (area, buffer), theme),
        Show::Paths => travel((state, picture), (plane, bounds), (area, buffer), theme),
    }
}

/// Title of the pane in so many letters: when, which columns, first the one across, and how straight the paths are or where on
/// them. The names stay longest.
pub fn title(state: &State, theme: &Theme, width: u16) -> String {
    let Some(picture) = &state.picture else {
        return "flow".into();
    };
    let stage = &state.view.stage;
    let tail = match picture.straightness {
        _ if stage.show == Show::Paths => format!(", t {:.2}", stage.time(state.now)),
        Some(ratio) => format!(", path/chord {ratio:.2}"),
        None => String::new(),
    };
    let unit = state.start.as_ref().and_then(stage::unit);
    let unit = unit.map_or(String::new(), |unit| format!(", {unit}"));
    let columns = |longest| columns(state, picture.dimension, (theme, longest));
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

/// The names of the columns on the two axes.
fn columns(state: &State, dimension: usize, (theme, longest): (&Theme, u16)) -> String {
    let Some(start) = &state.start else {
        return String::new();
    };
    let name = |column| paint::shorten(&stage::name(start, column), longest, theme);
    let [first, second] = state.view.stage.columns(dimension).map(name);
    match dimension {
        1 => format!(": {first}"),
        2 => format!(": {first}, {second}"),
        more => format!(": {first}, {second} of {more}"),
    }
}

/// x low, x high, y low, y high of the data in two columns.
fn bounds(state: &State, plane: Plane) -> Option<[f64; 4]> {
    let of = |column: usize| state.bounds.get(column).copied().flatten();
    let [left, right] = of(plane.columns[0])?;
    let [low, high] = if plane.dimension > 1 {
        of(plane.columns[1])?
    } else {
        [0.0, 0.0]
    };
    Some([left, right, low, high])
}

/// What is said of so many points that are not seen.
fn beside(outside: usize) -> String {
    if outside > 0 {
        format!(", {outside} outside")
    } else {
        String::new()
    }
}

/// The longest name that fits, or the last.
fn fitting(names: &[String], width: u16) -> &str {
    let fits = |name: &&String| name.chars().count() <= usize::from(width);
    let name = names.iter().find(fits).or(names.last());
    name.map_or("", String::as_str)
}

fn density(
    (state, picture): (&State, &Picture),
    (plane, bounds): (Plane, [f64; 4]),
    (area, buffer): (Rect, &mut Buffer),
    theme: &Theme,
) {
    let Some(density) = picture.density.as_ref().filter(|_| plane.dimension == 2) else {
        let text = format!("density: for 2 columns only, not {}", plane.dimension);
        paint::cut(buffer, area, 0, &text, (theme, theme.dim()));
        return;
    };
    let below = paint::below(area, 1);
    let frame = Frame::fit(plane, bounds, MARGIN, below);
    let points = state.view.stage.samples.then_some(&picture.data[..]);
    heat::legend(density, (area, buffer), theme);
    heat::draw(density, (&frame, points), (below, buffer), theme);
}

fn travel(
    (state, picture): (&State, &Picture),
    (plane, data): (Plane, [f64; 4]),
    (area, buffer): (Rect, &mut Buffer),
    theme: &Theme,
) {
    let stage = &state.view.stage;
    let (way, rows) = if stage.backward {
        ("normal to data", &picture.backward)
    } else {
        ("data to normal", &picture.forward)
    };
    let mut names = vec![way.to_owned()];
    if let Some(ratio) = picture.straightness {
        let short = format!("{way}, path/chord {ratio:.2}");
        names.splice(0..0, [format!("{short} (1 = straight)"), short.clone()]);
    }
    let below = paint::below(area, 1);
    let bounds = [
        data[0].min(CORE[0]),
        data[1].max(CORE[1]),
        data[2].min(CORE[2]),
        data[3].max(CORE[3]),
    ];
    let frame = Frame::fit(plane, bounds, 0.0, below);
    let paths = Paths {
        times: &picture.times,
        rows,
    };
    let share = stage.share(state.now);
    let outside = paths::draw(paths, (&frame, share), (below, buffer), theme);
    let note = beside(outside);
    let room = area.width.saturating_sub(note.len() as u16);
    let name = format!("{}{note}", fitting(&names, room));
    paint::cut(buffer, area, 0, &name, (theme, Style::new()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::sample;
    use crate::dashboard::stage::{self, Act};
    use crate::dashboard::theme::{Depth, Markers};
    use crate::session;

    const PLAIN: Theme = Theme {
        markers: Markers::Ascii,
        colour: Depth::None,
    };

    /// The pane after some keys, as rows.
    fn drawn(acts: &[Act], (width, height): (u16, u16)) -> Vec<String> {
        let mut state = sample::run();
        acts.iter().for_each(|&act| stage::act(&mut state, act));
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let area = buffer.area;
        draw(&state, &PLAIN, area, &mut buffer);
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        (0..height).map(row).collect()
    }

    #[test]
    fn two_views_fit_a_small_pane_and_four_a_large_one() {
        let small = drawn(&[], (38, 11));
        assert!(small[0].starts_with("data ") && small[0].contains("generated"));
        let large = drawn(&[], (80, 21)).join("\n");
        for name in ["data", "f(x)", "generated", "f^-1(f(x))"] {
            assert!(large.contains(name), "{name}");
        }
    }

    #[test]
    fn the_other_views_say_what_they_are() {
        let titles = |acts: &[Act]| drawn(acts, (38, 11)).remove(0);
        let inverse = titles(&[Act::View]);
        assert!(inverse.starts_with("f(x), -4 to 4") && inverse.contains("inverse err 3e-4"));
        assert!(titles(&[Act::View; 2]).starts_with("log p "));
        assert!(titles(&[Act::View; 3]).starts_with("data to normal, path/chord 1.02"));
        assert!(titles(&[Act::Turn]).starts_with("normal to data"));
    }

    #[test]
    fn the_title_tells_the_columns_and_the_time() {
        let mut state = sample::run();
        let title = |state: &State| super::title(state, &PLAIN, 60);
        assert_eq!(title(&state), "flow at 390: x1, x2, path/chord 1.02");
        stage::act(&mut state, Act::Later);
        assert_eq!(title(&state), "flow at 390: x1, x2, t 0.05");
        stage::act(&mut state, Act::Turn);
        stage::act(&mut state, Act::Later);
        assert_eq!(title(&state), "flow at 390: x1, x2, t 0.00");
        let start = state.start.as_mut().unwrap();
        start.columns = ["carat", "depth", "price in dollars", "given"]
            .map(String::from)
            .into();
        let picture = |dimension| Picture {
            dimension,
            ..Picture::default()
        };
        state.show(picture(3));
        stage::act(&mut state, Act::Column(1, 1));
        let columns = "carat, price in do~ of 3";
        assert_eq!(title(&state), format!("flow at 0: {columns}, t 0.00"));
        let narrow = super::title(&state, &PLAIN, 32);
        assert_eq!(narrow, "flow: carat, price~ of 3, t 0.00");
        let narrower = super::title(&state, &PLAIN, 31);
        assert_eq!(narrower, format!("flow: {columns}"));
        state.show(picture(1));
        assert_eq!(title(&state), "flow at 0: carat, t 0.00");
    }

    #[test]
    fn points_of_a_table_are_in_standardised_units() {
        let mut state = sample::run();
        let start = state.start.as_mut().unwrap();
        let text = "(data: Table(path: \"a.csv\"))";
        start.session = session::parse(text, "s.ron".as_ref()).unwrap().into();
        let title = |width| super::title(&state, &PLAIN, width);
        let whole = "flow at 390: x1, x2, path/chord 1.02, standardised";
        assert_eq!(title(50), whole);
        assert_eq!(title(49), whole.replace(", standardised", ""));
        assert_eq!(title(34), "flow: x1, x2, path/chord 1.02");
    }
}
