//! Particles at a place on their paths, and the paths of the first of them.

use super::plane::{PlaneFrame, part};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::dot_grid::DotGrid;

/// Most paths that are drawn.
const LINES: usize = 50;
/// Cells of the area for each path, so that they can be told apart.
const ROOM: usize = 12;

/// The paths of particles with the shares of the way at their nodes.
#[derive(Clone, Copy)]
pub struct Paths<'a> {
    /// The shares, 0 to 1, rising.
    pub times: &'a [f64],
    /// The points: a row a path, a point a node.
    pub rows: &'a [f64],
}

/// Draws the particles after a share of the way: those without a path shown as dots, the others as marks on their paths. Returns
/// the number of those outside or not finite.
pub fn draw(paths: Paths, share: f64, frame: &PlaneFrame, canvas: &mut Canvas) -> usize {
    let (theme, area) = (canvas.theme, canvas.area);
    let (d, nodes) = (frame.dimension(), paths.times.len());
    if nodes == 0 || area.is_empty() {
        return 0;
    }
    let lines = LINES.min(area.area() as usize / ROOM);
    let mut dots = DotGrid::new(area, theme.markers);
    let dot = |dots: &DotGrid, point: &[f64]| {
        let [x, y] = frame.place(point)?;
        Some((part(x, dots.width()), part(y, dots.height())))
    };
    let travellers = paths.rows.chunks_exact(nodes * d);
    let now: Vec<_> = travellers
        .map(|path| between(path, paths.times, share, d))
        .collect();
    for point in now.iter().skip(lines) {
        if let Some((x, y)) = dot(&dots, point) {
            dots.set(x, y, theme.points().data);
        }
    }
    for path in paths.rows.chunks_exact(nodes * d).take(lines) {
        let mut before = None;
        for point in path.chunks_exact(d) {
            let here = dot(&dots, point);
            if let Some((from, to)) = before.zip(here) {
                dots.join(from, to, theme.dim());
            }
            before = here;
        }
    }
    dots.paint(canvas.buffer);
    let particle = theme.particle();
    for point in now.iter().take(lines) {
        let Some([x, y]) = frame.place(point) else {
            continue;
        };
        let column = part(x, area.width.into()) as u16;
        let row = area.height - 1 - part(y, area.height.into()) as u16;
        if let Some(cell) = canvas.buffer.cell_mut((area.x + column, area.y + row)) {
            cell.set_symbol(particle.text).set_style(particle.style);
        }
    }
    let outside = |point: &&Vec<f64>| frame.place(point).is_none();
    now.iter().filter(outside).count()
}

/// The point of a path after a share of the way: on the straight line between two nodes.
fn between(path: &[f64], times: &[f64], share: f64, d: usize) -> Vec<f64> {
    let last = times.len().saturating_sub(1);
    let next = times.partition_point(|&time| time <= share).min(last);
    let before = next.saturating_sub(1);
    let along = (share - times[before]) / (times[next] - times[before]);
    // Nodes of equal times divide 0 by 0.
    let along = if along.is_nan() {
        0.0
    } else {
        along.clamp(0.0, 1.0)
    };
    let point = |node: usize| &path[node * d..(node + 1) * d];
    let pairs = point(before).iter().zip(point(next));
    pairs.map(|(from, to)| from + along * (to - from)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::plane::{Plane, PlaneBounds};
    use super::*;
    use crate::dashboard::range::ValueRange;
    use crate::dashboard::theme::{Depth, Markers, Theme};
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    /// The line from 0 to 1.
    const UNIT: PlaneBounds = PlaneBounds {
        x: ValueRange {
            low: 0.0,
            high: 1.0,
        },
        y: ValueRange {
            low: 0.0,
            high: 0.0,
        },
    };

    #[test]
    fn a_particle_is_at_its_nodes_at_their_times_and_between_them_in_between() {
        let (path, times) = ([0.0, 0.0, 2.0, 4.0, 2.0, 8.0], [0.0, 0.5, 1.0]);
        let at = |share| between(&path, &times, share, 2);
        assert_eq!(at(0.0), [0.0, 0.0]);
        assert_eq!(at(0.25), [1.0, 2.0]);
        assert_eq!(at(0.5), [2.0, 4.0]);
        assert_eq!(at(0.75), [2.0, 6.0]);
        assert_eq!(at(1.0), [2.0, 8.0]);
    }

    #[test]
    fn times_that_make_no_sense_still_give_a_node() {
        assert_eq!(between(&[3.0], &[0.7], 0.2, 1), [3.0]);
        assert_eq!(between(&[3.0, 4.0], &[f64::NAN; 2], 0.2, 1), [3.0]);
        assert_eq!(between(&[3.0, 4.0], &[0.0, 0.0], 0.0, 1), [3.0]);
    }

    #[test]
    fn the_particle_runs_along_its_line() {
        let area = Rect::new(0, 0, 12, 3);
        let plane = Plane {
            dimension: 2,
            columns: [0, 1],
        };
        let frame = PlaneFrame::fit(plane, UNIT, 0.0, area);
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
        };
        let row = |share| {
            let mut buffer = Buffer::empty(area);
            let paths = Paths {
                times: &[0.0, 1.0],
                rows: &[0.0, 0.0, 1.0, 0.0],
            };
            draw(
                paths,
                share,
                &frame,
                &mut Canvas::whole(&theme, &mut buffer),
            );
            (0..12).map(|x| buffer[(x, 1)].symbol()).collect::<String>()
        };
        assert_eq!(row(0.0), "o...........");
        assert_eq!(row(0.5), "......o.....");
        assert_eq!(row(1.0), "...........o");
    }

    #[test]
    fn particles_outside_are_counted_where_they_are_now() {
        let area = Rect::new(0, 0, 12, 3);
        let plane = Plane {
            dimension: 1,
            columns: [0, 0],
        };
        let frame = PlaneFrame::fit(plane, UNIT, 0.0, area);
        let outside = |share| {
            let paths = Paths {
                times: &[0.0, 1.0],
                rows: &[0.0, 9.0, 0.5, 0.5, f64::NAN, 0.5],
            };
            let mut buffer = Buffer::empty(area);
            let theme = Theme::default();
            draw(
                paths,
                share,
                &frame,
                &mut Canvas::whole(&theme, &mut buffer),
            )
        };
        assert_eq!((outside(0.0), outside(1.0)), (1, 2));
    }
}
