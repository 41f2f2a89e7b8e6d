//! Two views of points, or four: samples of the data, where f takes them, generated samples, and where f^-1 takes f(x). All but
//! f(x) are on one scale.

use std::cmp::Reverse;

use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use super::plane::{Plane, PlaneBounds, PlaneFrame};
use super::title::{fitting, outside_note};
use super::{MARGIN, scatter};
use crate::dashboard::canvas::{Canvas, below};
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
    points: &'a [f64],
    /// The names of the view, from long to short.
    names: Vec<String>,
    style: Style,
    bounds: PlaneBounds,
    /// The room around the bounds, as a share of them.
    room: f64,
}

/// The four views of a picture.
struct PointViews<'a> {
    data: PointView<'a>,
    mapped: PointView<'a>,
    generated: PointView<'a>,
    restored: PointView<'a>,
}

impl<'a> PointViews<'a> {
    /// The views of a picture whose data has these bounds.
    fn of(picture: &'a Picture, plane: Plane, bounds: PlaneBounds, theme: &Theme) -> Self {
        let styles = theme.points();
        let view = |points, names, style| PointView {
            points,
            names,
            style,
            bounds,
            room: MARGIN,
        };
        let reach = reach(&picture.mapped, plane);
        let mapped = vec![
            format!("f(x), on the normal's scale: -{reach} to {reach}"),
            format!("f(x), -{reach} to {reach}"),
            "f(x)".into(),
        ];
        Self {
            data: view(&picture.data, vec!["data".into()], styles.data),
            mapped: PointView {
                bounds: PlaneBounds::square(reach),
                room: 0.0,
                ..view(&picture.mapped, mapped, styles.data)
            },
            generated: view(
                &picture.generated,
                vec!["generated".into()],
                styles.generated,
            ),
            restored: view(&picture.restored, restored_names(picture), styles.data),
        }
    }
}

/// Draws the views that there is room for; `bounds` are those of the data.
pub fn draw(
    state: &State,
    picture: &Picture,
    plane: Plane,
    bounds: PlaneBounds,
    canvas: &mut Canvas,
) {
    let area = canvas.area;
    let large = state.view.zoom || (area.width >= LARGE.width && area.height >= LARGE.height);
    let views = PointViews::of(picture, plane, bounds, canvas.theme);
    let shown = match state.view.flow.content {
        FlowContent::Data if large => {
            vec![views.data, views.mapped, views.generated, views.restored]
        }
        FlowContent::Data => vec![views.data, views.generated],
        _ => vec![views.mapped, views.restored],
    };
    for (view, tile) in shown.iter().zip(tiles(area, shown.len() as u16)) {
        let below = below(tile, 1);
        let frame = PlaneFrame::fit(plane, view.bounds, view.room, below);
        let outside = scatter::draw(view.points, &frame, view.style, &mut canvas.part(below));
        let note = outside_note(outside);
        let room = tile.width.saturating_sub(note.len() as u16);
        let name = format!("{}{note}", fitting(&view.names, room));
        canvas.part(tile).cut_line(0, &name, view.style);
    }
}

/// The distance from 0 up to which f(x) is shown: the next whole number from the farthest point, within limits.
fn reach(points: &[f64], plane: Plane) -> f64 {
    let points = points.chunks_exact(plane.dimension.max(1));
    let parts = points.flat_map(|point| plane.of(point));
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
fn tiles(area: Rect, count: u16) -> Vec<Rect> {
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
        let reach = |x: f64| reach(&[0.0, 99.0, 1.0, x, 99.0, -2.0], plane);
        assert_eq!([3.9, 4.1, -7.0, 19.5].map(reach), [4.0, 5.0, 7.0, 20.0]);
        assert_eq!([1e9, f64::NAN, f64::INFINITY].map(reach), [20.0, 4.0, 4.0]);
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
        let four = tiles(Rect::new(0, 0, 95, 28), 4);
        assert_eq!(four[3], Rect::new(48, 14, 47, 14), "two rows of two");
        assert_eq!(
            tiles(Rect::new(0, 0, 38, 11), 2)[0],
            Rect::new(0, 0, 18, 11)
        );
    }
}
