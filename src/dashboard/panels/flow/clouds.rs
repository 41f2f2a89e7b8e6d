//! Two views of points, or four: samples of the data, where f takes them, generated samples, and where f^-1 takes f(x). All but
//! f(x) are on one scale.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::frame::{Frame, Plane};
use super::{MARGIN, fitting, scatter};
use crate::dashboard::paint;
use crate::dashboard::stage::Show;
use crate::dashboard::state::State;
use crate::dashboard::theme::Theme;
use crate::event::Picture;

/// Where f(x) is looked at: all but 1.3 in 10000 samples of the normal are there.
const NORMAL: [f64; 4] = [-4.0, 4.0, -4.0, 4.0];
/// From this size on there is room for four views, also beside other panes.
const LARGE: (u16, u16) = (70, 20);

/// One view of points.
struct Cloud<'a> {
    points: &'a [f64],
    /// What it is, from long to short.
    names: Vec<String>,
    style: Style,
    bounds: [f64; 4],
    room: f64,
}

/// Draws the views that there is room for.
pub fn draw(
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
    let large = state.view.zoom || (area.width >= LARGE.0 && area.height >= LARGE.1);
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
