//! The flow, in one of four views: samples of the data and of the model, all on one scale; where f takes the data and back; the
//! density; particles on their paths. Two columns of the points, with equal axes.
//!
//! | file | draws |
//! | --- | --- |
//! | frame | points and cells: which is where |
//! | scatter | points |
//! | heat | the density |
//! | paths | particles on their paths |

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
/// Where f(x) is looked at: the normal has all but 1 in 10000 of its samples there.
const NORMAL: [f64; 4] = [-4.0, 4.0, -4.0, 4.0];
/// What paths need around the normal.
const CORE: [f64; 4] = [-3.0, 3.0, -3.0, 3.0];
/// From this size on there is room for four views.
const LARGE: (u16, u16) = (70, 20);

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
            clouds((state, picture), (plane, bounds), (area, buffer), theme);
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

/// One view of points.
struct Cloud<'a> {
    points: &'a [f64],
    /// What it is, from long to short.
    names: Vec<String>,
    style: Style,
    bounds: [f64; 4],
    room: f64,
}

fn clouds(
    (state, picture): (&State, &Picture),
    (plane, bounds): (Plane, [f64; 4]),
    (area, buffer): (Rect, &mut Buffer),
    theme: &Theme,
) {
    let [samples, drawn] = theme.points();
    let cloud = |points, names: &[&str], style| Cloud {
        points,
        names: names.iter().map(|&name| name.to_owned()).collect(),
        style,
        bounds,
        room: MARGIN,
    };
    let data = cloud(&picture.data, &["data"], samples);
    let generated = cloud(&picture.generated, &["generated"], drawn);
    let mapped = Cloud {
        bounds: NORMAL,
        room: 0.0,
        ..cloud(
            &picture.mapped,
            &[
                "f(x), on the normal's scale: -4 to 4",
                "f(x), -4 to 4",
                "f(x)",
            ],
            samples,
        )
    };
    let restored = Cloud {
        names: inverse(picture),
        ..cloud(&picture.restored, &[], samples)
    };
    let large = area.width >= LARGE.0 && area.height >= LARGE.1;
    let clouds = match state.view.stage.show {
        Show::Data if large => vec![data, mapped, generated, restored],
        Show::Data => vec![data, generated],
        _ => vec![mapped, restored],
    };
    for (cloud, tile) in clouds.iter().zip(tiles(area, clouds.len() as u16)) {
        let below = paint::below(tile, 1);
        let frame = Frame::fit(plane, cloud.bounds, cloud.room, below);
        let outside = scatter::draw(cloud.points, &frame, (below, buffer), (theme, cloud.style));
        let name = fitting(&cloud.names, tile.width);
        let note = if outside > 0 {
            format!("{name}, {outside} outside")
        } else {
            name.to_owned()
        };
        paint::cut(buffer, tile, 0, &note, (theme, cloud.style));
    }
}

/// Names of f^-1(f(x)) with its error.
fn inverse(picture: &Picture) -> Vec<String> {
    let Some(error) = picture.inverse_error else {
        return vec!["f^-1(f(x))".into()];
    };
    let mean = format!("{:.0e}", error.mean);
    vec![
        format!(
            "f^-1(f(x)), inverse error {mean}, at most {:.0e}",
            error.max
        ),
        format!("f^-1(f(x)), inverse error {mean}"),
        format!("f^-1(f(x)) off {mean}"),
        format!("inverse err {mean}"),
    ]
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

/// So many equal tiles, in the arrangement that makes the squares in them largest; each has a line of title.
fn tiles(area: Rect, count: u16) -> Vec<Rect> {
    let size = |across: u16| {
        let wide = area.width.saturating_add(1) / across;
        (wide.saturating_sub(1), area.height / count.div_ceil(across))
    };
    let side = |across: &u16| {
        let (wide, high) = size(*across);
        wide.min(2 * high.saturating_sub(1))
    };
    let across = (1..=count).max_by_key(side).unwrap_or(1);
    let (width, height) = size(across);
    let tile = |k: u16| Rect {
        x: area.x + k % across * (width + 1),
        y: area.y + k / across * height,
        width,
        height,
    };
    (0..count).map(|k| tile(k).intersection(area)).collect()
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

    #[test]
    fn tiles_are_equal_and_stay_apart_inside_their_area() {
        for (width, height) in [(38, 11), (80, 21), (11, 38), (3, 2), (0, 0), (300, 9)] {
            let area = Rect::new(2, 3, width, height);
            for count in [2, 4] {
                let tiles = tiles(area, count);
                assert_eq!(tiles.len(), usize::from(count));
                for (k, tile) in tiles.iter().enumerate() {
                    assert_eq!(tile.intersection(area), *tile);
                    assert_eq!(tile.as_size(), tiles[0].as_size());
                    let apart =
                        |other: &Rect| tile.is_empty() || tile.intersection(*other).is_empty();
                    assert!(tiles[..k].iter().all(apart), "{tiles:?}");
                }
            }
        }
        assert_eq!(
            tiles(Rect::new(0, 0, 38, 11), 2)[0],
            Rect::new(0, 0, 18, 11)
        );
    }
}
