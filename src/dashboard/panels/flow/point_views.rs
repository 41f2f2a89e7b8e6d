//! Two views of points, or four: samples of the data, where f takes them, generated samples, and where f^-1 takes f(x). All but
//! f(x) are on one scale. A given column on an axis is the same in all.

use std::borrow::Cow;
use std::cmp::Reverse;

use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use super::axes::{self, AxisColumn, ShownPlane};
use super::plane::{Aspect, Plane, PlaneBounds};
use super::title::{fitting, outside_note};
use super::{MARGIN, rows, scatter};
use crate::dashboard::canvas::{Canvas, below};
use crate::dashboard::pixels::scene::Ink;
use crate::dashboard::state::State;
use crate::dashboard::state::flow::FlowContent;
use crate::dashboard::theme::Theme;
use crate::event::Picture;

/// Distance from 0 up to which f(x) is shown in every direction: all but 1.3 in 10000 samples of the normal are there.
const NORMAL: f64 = 4.0;
/// Greatest such distance, if points lie farther out: beyond, the normal itself would be a spot.
const FARTHEST: f64 = 20.0;
/// Least size for four views, also beside other panes.
const LARGE: Size = Size::new(70, 20);

/// A view of points.
struct PointView<'a> {
    points: Cow<'a, [f64]>,
    /// The names of the view, from long to short.
    names: Vec<String>,
    style: Style,
    ink: Ink,
    shown: ShownPlane<'a>,
    /// The room around the bounds, as a share of them.
    room: f64,
    /// Whether there are values on the axes.
    values: bool,
}

/// The four views of a picture.
struct PointViews<'a> {
    data: PointView<'a>,
    mapped: PointView<'a>,
    generated: PointView<'a>,
    restored: PointView<'a>,
}

impl<'a> PointViews<'a> {
    /// The views of a picture; `shown` is the plane of its data, `normal` that of f(x).
    fn of(
        picture: &'a Picture,
        shown: ShownPlane<'a>,
        normal: NormalPlane<'a>,
        theme: &Theme,
    ) -> Self {
        let styles = theme.points();
        let view = |points: &'a [f64], names, style| PointView {
            points: rows::points(picture, points),
            names,
            style,
            ink: Ink::Data,
            shown,
            room: MARGIN,
            values: true,
        };
        let reach = normal.reach;
        let mapped = vec![
            format!("f(x), on the normal's scale: -{reach} to {reach}"),
            format!("f(x), -{reach} to {reach}"),
            "f(x)".into(),
        ];
        Self {
            data: view(&picture.data, vec!["data".into()], styles.data),
            mapped: PointView {
                shown: normal.shown,
                room: 0.0,
                values: normal.shown.aspect == Aspect::Free,
                ..view(&picture.mapped, mapped, styles.data)
            },
            generated: PointView {
                ink: Ink::Generated,
                ..view(
                    &picture.generated,
                    vec!["generated".into()],
                    styles.generated,
                )
            },
            restored: view(&picture.restored, restored_names(picture), styles.data),
        }
    }
}

/// Draws the views that there is room for; `shown` is the plane of the data.
pub fn draw(
    state: &State,
    picture: &Picture,
    content: FlowContent,
    shown: ShownPlane,
    canvas: &mut Canvas,
) {
    let area = canvas.area;
    let large = state.view.zoom || (area.width >= LARGE.width && area.height >= LARGE.height);
    let reach = reach(
        &rows::points(picture, &picture.mapped),
        shown.plane,
        picture.dimension,
    );
    let columns = normal_columns(shown, picture.dimension);
    let normal = NormalPlane {
        reach,
        shown: ShownPlane {
            bounds: normal_bounds(shown, picture.dimension, reach),
            columns: &columns,
            aspect: match given_axes(shown.plane, picture.dimension) {
                [false, false] => Aspect::Equal,
                _ => Aspect::Free,
            },
            ..shown
        },
    };
    let views = PointViews::of(picture, shown, normal, canvas.theme);
    let drawn = match content {
        FlowContent::Data if large => {
            vec![views.data, views.mapped, views.generated, views.restored]
        }
        FlowContent::Data => vec![views.data, views.generated],
        _ => vec![views.mapped, views.restored],
    };
    for (view, tile) in drawn.iter().zip(tiles(area, drawn.len() as u16)) {
        let below = below(tile, 1);
        let (inside, frame) = if view.values {
            view.shown.inside(below, view.room)
        } else {
            (below, view.shown.frame(below, view.room))
        };
        let outside = scatter::draw(&view.points, &frame, view.style, &mut canvas.part(inside));
        canvas.picture(|| scatter::scene(&view.points, &frame, view.ink, inside));
        axes::draw(&view.shown.axes(&frame), inside, &mut canvas.part(below));
        let note = outside_note(outside);
        let room = tile.width.saturating_sub(note.len() as u16);
        let name = format!("{}{note}", fitting(&view.names, room));
        canvas.part(tile).cut_line(0, &name, view.style);
    }
}

/// The plane of f(x): learned columns on the scale of the normal, given ones as they are.
#[derive(Clone, Copy)]
struct NormalPlane<'a> {
    /// The distance from 0 up to which f(x) is shown.
    reach: f64,
    shown: ShownPlane<'a>,
}

/// Which of the axes of a plane have a given column, where d are learned.
fn given_axes(plane: Plane, d: usize) -> [bool; 2] {
    plane.columns.map(|column| column >= d)
}

fn normal_columns(shown: ShownPlane, d: usize) -> [AxisColumn; 2] {
    let given = given_axes(shown.plane, d);
    [0, 1].map(|k| match given[k] {
        true => shown.columns[k].clone(),
        false => AxisColumn::plain(&format!("f of {}", shown.columns[k].name)),
    })
}

fn normal_bounds(shown: ShownPlane, d: usize, reach: f64) -> PlaneBounds {
    let [x, y] = given_axes(shown.plane, d);
    let normal = PlaneBounds::square(reach);
    PlaneBounds {
        x: if x { shown.bounds.x } else { normal.x },
        y: if y { shown.bounds.y } else { normal.y },
    }
}

/// The distance from 0 up to which f(x) is shown in its d columns: the next whole number from the farthest point, within limits.
fn reach(points: &[f64], plane: Plane, d: usize) -> f64 {
    let points = points.chunks_exact(plane.dimension.max(1));
    let given = given_axes(plane, d);
    let parts = points.flat_map(|point| {
        let parts = plane.of(point).into_iter().zip(given);
        parts.filter(|(_, given)| !given).map(|(part, _)| part)
    });
    let farthest = parts.filter(|part| part.is_finite()).map(f64::abs);
    farthest.fold(NORMAL, f64::max).min(FARTHEST).ceil()
}

/// The names of the view of f^-1(f(x)), with its error.
fn restored_names(picture: &Picture) -> Vec<String> {
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

/// A number of equal tiles, in the arrangement that makes the squares in them largest and leaves fewest empty; each has a line of
/// title.
pub fn tiles(area: Rect, count: u16) -> Vec<Rect> {
    let size = |across: u16| {
        let wide = area.width.saturating_add(1) / across;
        (wide.saturating_sub(1), area.height / count.div_ceil(across))
    };
    let side = |across: &u16| {
        let (wide, high) = size(*across);
        wide.min(2 * high.saturating_sub(1))
    };
    let empty = |across: u16| across * count.div_ceil(across) - count;
    let best = (1..=count).max_by_key(|across| (side(across), Reverse(empty(*across))));
    let across = best.unwrap_or(1);
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
    fn the_frame_of_the_normal_grows_with_points_that_would_fall_out() {
        let plane = Plane {
            dimension: 3,
            columns: [2, 0],
        };
        let points = |x: f64| [0.0, 99.0, 1.0, x, 99.0, -2.0];
        let reach = |x: f64| reach(&points(x), plane, 3);
        assert_eq!([3.9, 4.1, -7.0, 19.5].map(reach), [4.0, 5.0, 7.0, 20.0]);
        assert_eq!([1e9, f64::NAN, f64::INFINITY].map(reach), [20.0, 4.0, 4.0]);
        let given = |d| super::reach(&points(9.0), plane, d);
        assert_eq!([given(2), given(0)], [9.0, 4.0], "the last column is given");
    }

    #[test]
    fn tiles_are_equal_and_stay_apart_inside_their_area() {
        for (width, height) in [(38, 11), (80, 21), (11, 38), (3, 2), (0, 0), (300, 9)] {
            let area = Rect::new(2, 3, width, height);
            for count in [2, 3, 4] {
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
        let four = tiles(Rect::new(0, 0, 95, 28), 4);
        assert_eq!(four[3], Rect::new(48, 14, 47, 14), "two rows of two");
        assert_eq!(
            tiles(Rect::new(0, 0, 38, 11), 2)[0],
            Rect::new(0, 0, 18, 11)
        );
    }
}
