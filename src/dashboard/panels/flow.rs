//! The flow, in one of the views that its data has: samples of the data and of the model, all on one scale; where f takes the data and back;
//! the density, of two columns, of one, or of one over a given one; truth and model; the pair of columns that fits worst; log densities;
//! particles on their paths. Two columns of the points are on the axes, whose values are in units of the table. Toy sets have equal axes.
//!
//! | file | holds |
//! | --- | --- |
//! | plane, rows | the place of a point on an area, and back; points with their given values |
//! | axes | the values and names on the axes |
//! | point_views, scatter | two or four views of points; the points of one |
//! | density, truth | the density of two columns, or of one over a given one; beside the truth |
//! | column, log_densities, histogram | the density of one column; log densities; bars and a line |
//! | pair | the pair of columns that fits worst |
//! | paths | particles on their paths |
//! | title | the titles |

mod axes;
mod column;
mod density;
#[cfg(test)]
mod fixtures;
mod histogram;
mod log_densities;
mod pair;
mod paths;
mod plane;
mod point_views;
mod rows;
mod scatter;
#[cfg(test)]
mod tests;
mod title;
mod truth;

use ratatui::style::Style;

use crate::dashboard::canvas::Canvas;
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::State;
use crate::dashboard::state::flow::FlowContent;
use crate::event::{Density, Picture};
use crate::picture::usual_range;
use axes::{AxisColumn, ShownPlane};
use density::ShadedDensity;
use pair::PairView;
use paths::Paths;
use plane::{Aspect, Plane, PlaneBounds};
pub use title::title;
use title::{fitting, outside_note};

/// Room around the data, as a share of its extent.
const MARGIN: f64 = 0.1;
/// What paths need around the normal, where the data has its units.
const CORE: ValueRange = ValueRange {
    low: -3.0,
    high: 3.0,
};

/// Draws the view that is chosen.
pub fn draw(state: &State, canvas: &mut Canvas) {
    let theme = canvas.theme;
    let area = canvas.area.intersection(canvas.buffer.area);
    let canvas = &mut canvas.part(area);
    let Some(picture) = &state.picture else {
        let text = "the first picture is on its way";
        canvas.cut_line(0, text, theme.dim());
        return;
    };
    let all = picture.dimension + picture.context;
    let plane = Plane {
        dimension: all,
        columns: state.view.flow.axes(picture),
    };
    let Some(bounds) = bounds(state, plane) else {
        canvas.cut_line(0, "no finite point", theme.alert());
        return;
    };
    let columns = plane.columns.map(|k| AxisColumn::of(state, picture, k));
    let shown = ShownPlane {
        plane,
        bounds,
        columns: &columns,
        aspect: match picture.units[..] {
            [] => Aspect::Equal,
            _ => Aspect::Free,
        },
    };
    let content = state.view.flow.shown(picture);
    match content {
        FlowContent::Data | FlowContent::Inverse => {
            point_views::draw(state, picture, content, shown, canvas);
        }
        FlowContent::Density => draw_density(state, picture, shown, canvas),
        FlowContent::Truth => {
            if let Some((density, truth)) = picture.density.as_ref().zip(picture.truth.as_ref()) {
                truth::draw(density, truth, shown, canvas);
            }
        }
        FlowContent::Pair => draw_pair(state, picture, shown, canvas),
        FlowContent::LogDensities => log_densities::draw(&picture.log_densities, canvas),
        FlowContent::Paths => draw_paths(state, picture, shown, canvas),
    }
}

/// The bounds of the data in two columns.
fn bounds(state: &State, plane: Plane) -> Option<PlaneBounds> {
    let of = |column: usize| state.bounds.get(column).copied().flatten();
    let x = of(plane.columns[0])?;
    let y = if plane.dimension > 1 {
        of(plane.columns[1])?
    } else {
        ValueRange::of(0.0)
    };
    Some(PlaneBounds { x, y })
}

/// Draws the density of two columns, of one, or of one over a given one.
fn draw_density(state: &State, picture: &Picture, shown: ShownPlane, canvas: &mut Canvas) {
    let strip = picture.strip.as_ref().filter(|_| picture.dimension == 1);
    if shown.plane.dimension == 1 {
        column::draw(picture, shown.bounds.x, &shown.columns[0], canvas);
    } else if let Some(density) = strip.or(picture.density.as_ref()) {
        draw_map(state, picture, density, shown, canvas);
    }
}

/// Draws a density on a grid, with its legend.
fn draw_map(
    state: &State,
    picture: &Picture,
    density: &Density,
    shown: ShownPlane,
    canvas: &mut Canvas,
) {
    let map = ShadedDensity::new(density);
    let learned = shown.plane.columns.into_iter().zip(shown.columns);
    let learned = learned.filter(|(k, _)| *k < picture.dimension);
    let determinant: f64 = learned.map(|(_, column)| column.scale.ln()).sum();
    density::draw_legend(map.peak - determinant, canvas);
    let canvas = &mut canvas.below(1);
    let area = canvas.area;
    let (inside, frame) = shown.inside(area, MARGIN);
    density::draw(&map, &frame, &mut canvas.part(inside));
    let points = match state.view.flow.samples {
        true => rows::points(picture, &picture.data),
        false => Vec::new().into(),
    };
    canvas.picture(|| density::scene(&map, &points, &frame, inside));
    if state.view.flow.samples {
        density::mark_samples(&map, &points, usize::MAX, &frame, &mut canvas.part(inside));
    }
    axes::draw(&shown.axes(&frame), inside, canvas);
}

fn draw_pair(state: &State, picture: &Picture, shown: ShownPlane, canvas: &mut Canvas) {
    let Some(misfits) = &picture.misfits else {
        return;
    };
    let data = rows::points(picture, &picture.data);
    let view = PairView {
        data: if state.view.flow.pair_samples {
            &data
        } else {
            &[]
        },
        generated: &rows::points(picture, &picture.generated),
        misfits,
    };
    pair::draw(&view, shown, canvas);
}

/// Draws the particles, in the plane of two columns, or of one column over the time.
fn draw_paths(state: &State, picture: &Picture, shown: ShownPlane, canvas: &mut Canvas) {
    let view = &state.view.flow;
    let (way, rows) = if view.backward {
        ("normal to data", &picture.backward)
    } else {
        ("data to normal", &picture.forward)
    };
    let mut names = vec![way.to_owned()];
    if let Some(ratio) = picture.straightness {
        let short = format!("{way}, path/chord {ratio:.2}");
        let marks = format!(
            "{}..{}",
            canvas.theme.path_start(),
            canvas.theme.arrow(1.0, 0.0)
        );
        names.splice(
            0..0,
            [
                format!("{way} {marks}, path/chord {ratio:.2} (1 = straight)"),
                short.clone(),
            ],
        );
    }
    let nodes = picture.times.len();
    let time = [AxisColumn::plain("t of the flow"), shown.columns[0].clone()];
    let (rows, shown, lines) = if picture.dimension == 1 {
        let plane = Plane {
            dimension: 2,
            columns: [0, 1],
        };
        let rows = rows::over_time(rows, &picture.times, view.backward);
        let bounds = PlaneBounds {
            x: ValueRange {
                low: 0.0,
                high: 1.0,
            },
            y: way_bounds(shown.bounds.x, &rows, plane, 1),
        };
        let over_time = ShownPlane {
            plane,
            bounds,
            columns: &time,
            aspect: Aspect::Free,
        };
        (rows.into(), over_time, usize::from(canvas.area.height))
    } else {
        let rows = rows::paths(picture, rows, nodes);
        let joined = |k: usize, range: ValueRange| match shown.aspect {
            Aspect::Equal => range.join(CORE),
            Aspect::Free => way_bounds(range, &rows, shown.plane, k),
        };
        let bounds = PlaneBounds {
            x: joined(0, shown.bounds.x),
            y: joined(1, shown.bounds.y),
        };
        (rows, ShownPlane { bounds, ..shown }, usize::MAX)
    };
    let below = &mut canvas.below(1);
    let area = below.area;
    let (inside, frame) = shown.inside(area, 0.0);
    let paths = Paths {
        times: &picture.times,
        rows: &rows,
        lines,
    };
    let share = view.share(state.now);
    let outside = paths::draw(paths, share, &frame, &mut below.part(inside));
    // A picture is too slow for particles that move.
    if view.playing_since.is_none() {
        below.picture(|| paths::scene(paths, share, &frame, inside));
    }
    axes::draw(&shown.axes(&frame), inside, below);
    let note = outside_note(outside);
    let room = canvas.area.width.saturating_sub(note.len() as u16);
    let name = format!("{}{note}", fitting(&names, room));
    canvas.cut_line(0, &name, Style::new());
}

/// The range of the data and of all points of paths on an axis.
fn way_bounds(data: ValueRange, rows: &[f64], plane: Plane, axis: usize) -> ValueRange {
    let points = rows.chunks_exact(plane.dimension.max(1));
    let usual = usual_range(points.map(|point| plane.of(point)[axis]));
    usual.map_or(data, |[low, high]| data.join(ValueRange { low, high }))
}
