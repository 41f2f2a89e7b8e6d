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
use crate::dashboard::stage::Show;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::event::Picture;
use frame::{Frame, Plane};
use paths::Paths;

/// Room around the data, as a share of its extent.
const MARGIN: f64 = 0.1;
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

/// Title of the pane: when, which columns, and how straight the paths are or where on them.
pub fn title(state: &State) -> String {
    let Some(picture) = &state.picture else {
        return "flow".into();
    };
    let stage = &state.view.stage;
    let mut title = format!("flow at {}", picture.iteration);
    if picture.dimension > 2 {
        let [first, second] = stage.columns(picture.dimension).map(|column| column + 1);
        title += &format!(", columns {first}, {second} of {}", picture.dimension);
    }
    if stage.show == Show::Paths {
        title += &format!(", t {:.2}", stage.time(state.now));
    } else if let Some(ratio) = picture.straightness {
        title += &format!(", path/chord {ratio:.2}");
    }
    title
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
    let name = fitting(&names, area.width);
    paint::cut(buffer, area, 0, name, (theme, Style::new()));
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
    paths::draw(paths, (&frame, share), (below, buffer), theme);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::sample;
    use crate::dashboard::stage::{self, Act};
    use crate::dashboard::theme::{Depth, Markers};

    /// The pane after some keys, as rows.
    fn drawn(acts: &[Act], (width, height): (u16, u16)) -> Vec<String> {
        let mut state = sample::run();
        acts.iter().for_each(|&act| stage::act(&mut state, act));
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
        };
        let area = buffer.area;
        draw(&state, &theme, area, &mut buffer);
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
        assert_eq!(title(&state), "flow at 390, path/chord 1.02");
        stage::act(&mut state, Act::Later);
        assert_eq!(title(&state), "flow at 390, t 0.05");
        stage::act(&mut state, Act::Turn);
        stage::act(&mut state, Act::Later);
        assert_eq!(title(&state), "flow at 390, t 0.00");
        state.show(Picture {
            dimension: 5,
            ..Picture::default()
        });
        stage::act(&mut state, Act::Column(1, 1));
        assert_eq!(title(&state), "flow at 0, columns 1, 3 of 5, t 0.00");
    }
}
