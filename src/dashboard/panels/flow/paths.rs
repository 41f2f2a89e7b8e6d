//! Particles at a place on their paths, and the paths of the first of them: a mark at the start, an arrow at the end; the way done is
//! brighter than the way left.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::plane::{PlaneFrame, part};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::dot_grid::DotGrid;
use crate::dashboard::pixels::scene::{Ink, Layer, PixelScene, Shape, Way, WayEnd};

/// Most paths that are drawn as lines.
const LINES: usize = 50;
/// Cells of the area for each path, so that they can be told apart.
const ROOM: usize = 16;

/// The paths of particles with the shares of the way at their nodes.
#[derive(Clone, Copy)]
pub struct Paths<'a> {
    /// The shares, 0 to 1, rising.
    pub times: &'a [f64],
    /// The points: a row a path, a point a node.
    pub rows: &'a [f64],
    /// Most paths that are drawn as lines.
    pub lines: usize,
}

/// Draws the particles after a share of the way: those without a path shown as dots, the others as marks on their paths. Returns
/// the number of those outside or not finite.
pub fn draw(paths: Paths, share: f64, frame: &PlaneFrame, canvas: &mut Canvas) -> usize {
    let (theme, area) = (canvas.theme, canvas.area);
    let (d, nodes) = (frame.dimension(), paths.times.len());
    if nodes == 0 || area.is_empty() {
        return 0;
    }
    let lines = LINES.min(paths.lines).min(area.area() as usize / ROOM);
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
    let lined = || paths.rows.chunks_exact(nodes * d).take(lines);
    // The way done over the way left of others.
    for done in [false, true] {
        let style = if done {
            theme.points().data
        } else {
            theme.dim()
        };
        for (path, now) in lined().zip(&now) {
            let nodes = path.chunks_exact(d).zip(paths.times);
            let of = nodes.filter(|(_, time)| (**time <= share) == done);
            let nodes = of.map(|(point, _)| point);
            let way: Vec<&[f64]> = match done {
                true => nodes.chain([&now[..]]).collect(),
                false => std::iter::once(&now[..]).chain(nodes).collect(),
            };
            for step in way.windows(2) {
                if let Some((from, to)) = dot(&dots, step[0]).zip(dot(&dots, step[1])) {
                    dots.join(from, to, style);
                }
            }
        }
    }
    dots.paint(canvas.buffer);
    for path in lined() {
        mark(theme.path_start(), theme.dim(), &path[..d], frame, canvas);
    }
    for path in lined() {
        if let Some([across, up]) = direction(path, frame, [area.width, area.height]) {
            let end = &path[path.len() - d..];
            mark(theme.arrow(across, up), theme.strong(), end, frame, canvas);
        }
    }
    let particle = theme.particle();
    for point in now.iter().take(lines) {
        mark(particle.text, particle.style, point, frame, canvas);
    }
    let outside = |point: &&Vec<f64>| frame.place(point).is_none();
    now.iter().filter(outside).count()
}

/// What is seen of the paths in an area after a share of the way: those without a path shown as dots, the others as discs on their paths.
pub fn scene(paths: Paths, share: f64, frame: &PlaneFrame, area: Rect) -> PixelScene {
    let (d, nodes, lines) = (frame.dimension(), paths.times.len(), LINES.min(paths.lines));
    let travellers = || {
        let rows = if nodes == 0 { &[] } else { paths.rows };
        rows.chunks_exact((nodes * d).max(1))
    };
    let now: Vec<_> = travellers()
        .map(|path| between(path, paths.times, share, d))
        .collect();
    let marks = |points: &mut dyn Iterator<Item = &[f64]>, shape, ink| Layer::Marks {
        places: points
            .filter_map(|point| frame.pixel_place(point))
            .collect(),
        shape,
        ink,
    };
    let way = |points: &mut dyn Iterator<Item = &[f64]>, end| Way {
        points: points
            .filter_map(|point| frame.pixel_place(point))
            .collect(),
        end,
    };
    let lined = || travellers().take(lines);
    let all = lined().map(|path| way(&mut path.chunks_exact(d), WayEnd::Arrow));
    let done = lined().zip(&now).map(|(path, now)| {
        let nodes = paths.times.partition_point(|&time| time <= share);
        let before = path.chunks_exact(d).take(nodes);
        way(&mut before.chain([&now[..]]), WayEnd::Plain)
    });
    let ways = |ways: Vec<Way>, ink| Layer::Ways { ways, ink };
    let (lined_now, rest) = now.split_at(lines.min(now.len()));
    let points = |points: &[Vec<f64>], shape, ink| {
        marks(&mut points.iter().map(|point| &point[..]), shape, ink)
    };
    PixelScene {
        area,
        edges: frame.edges(),
        layers: vec![
            points(rest, Shape::Dot, Ink::Data),
            ways(all.collect(), Ink::Faint),
            ways(done.collect(), Ink::Data),
            marks(&mut lined().map(|path| &path[..d]), Shape::Ring, Ink::Faint),
            points(lined_now, Shape::Disc, Ink::Rimmed),
        ],
    }
}

/// Draws a symbol at a point.
fn mark(symbol: &str, style: Style, point: &[f64], frame: &PlaneFrame, canvas: &mut Canvas) {
    let area = canvas.area;
    let Some([x, y]) = frame.place(point) else {
        return;
    };
    let column = part(x, area.width.into()) as u16;
    let row = area.height - 1 - part(y, area.height.into()) as u16;
    canvas.replace((column, row), symbol, style);
}

/// The direction in which a path ends, across and up in widths of a cell: that of its last part which is longer than a cell. None for a path
/// within a cell.
fn direction(path: &[f64], frame: &PlaneFrame, [width, height]: [u16; 2]) -> Option<[f64; 2]> {
    let cells = |point: &[f64]| {
        let [x, y] = frame.place(point)?;
        Some([x * f64::from(width), 2.0 * y * f64::from(height)])
    };
    let mut points = path.rchunks_exact(frame.dimension());
    let end = cells(points.next()?)?;
    let steps = points
        .map_while(cells)
        .map(|[x, y]| [end[0] - x, end[1] - y]);
    let mut steps = steps.filter(|[x, y]| x.hypot(*y) >= 1.0);
    steps.next()
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
    use super::super::plane::{Aspect, Plane, PlaneBounds};
    use super::*;
    use crate::dashboard::range::ValueRange;
    use crate::dashboard::theme::{Depth, Markers, Theme};
    use ratatui::buffer::Buffer;

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
        let frame = PlaneFrame::fit(plane, UNIT, 0.0, area, Aspect::Equal);
        let theme = Theme {
            markers: Markers::Ascii,
            colour: Depth::None,
        };
        let row = |share| {
            let mut buffer = Buffer::empty(area);
            let paths = Paths {
                times: &[0.0, 1.0],
                rows: &[0.0, 0.0, 1.0, 0.0],
                lines: 1,
            };
            draw(
                paths,
                share,
                &frame,
                &mut Canvas::whole(&theme, &mut buffer),
            );
            (0..12).map(|x| buffer[(x, 1)].symbol()).collect::<String>()
        };
        assert_eq!(row(0.0), "@..........>");
        assert_eq!(row(0.5), "o.....@....>");
        assert_eq!(row(1.0), "o..........@");
    }

    #[test]
    fn an_arrow_points_where_its_path_ends() {
        let side = |low, high| ValueRange { low, high };
        let bounds = PlaneBounds {
            x: side(-10.0, 10.0),
            y: side(-10.0, 10.0),
        };
        let plane = Plane {
            dimension: 2,
            columns: [0, 1],
        };
        let area = Rect::new(0, 0, 20, 10);
        let frame = PlaneFrame::fit(plane, bounds, 0.0, area, Aspect::Equal);
        let arrows = |theme: Theme, path: &[f64]| {
            let [across, up] = direction(path, &frame, [20, 10]).unwrap();
            theme.arrow(across, up)
        };
        let braille = Theme::default();
        let ascii = Theme {
            markers: Markers::Ascii,
            ..braille
        };
        let ways = [
            [5.0, 0.0],
            [5.0, 5.0],
            [0.0, 5.0],
            [-5.0, 5.0],
            [-5.0, 0.0],
            [-5.0, -5.0],
            [0.0, -5.0],
            [5.0, -5.0],
        ];
        let of = |theme| ways.map(|[x, y]| arrows(theme, &[0.0, 0.0, x, y])).concat();
        assert_eq!(of(braille), "→↗↑↖←↙↓↘");
        assert_eq!(of(ascii), ">^^^<vvv");
        // The last step is too short to have a direction.
        assert_eq!(arrows(ascii, &[0.0, 5.0, 0.0, 0.1, 0.01, 0.0]), "v");
        assert_eq!(direction(&[0.0, 0.0, 0.1, 0.1], &frame, [20, 10]), None);
        assert_eq!(
            direction(&[0.0, 0.0, f64::NAN, 0.1], &frame, [20, 10]),
            None
        );
    }

    #[test]
    fn particles_outside_are_counted_where_they_are_now() {
        let area = Rect::new(0, 0, 12, 3);
        let plane = Plane {
            dimension: 1,
            columns: [0, 0],
        };
        let frame = PlaneFrame::fit(plane, UNIT, 0.0, area, Aspect::Equal);
        let outside = |share| {
            let paths = Paths {
                times: &[0.0, 1.0],
                rows: &[0.0, 9.0, 0.5, 0.5, f64::NAN, 0.5],
                lines: 9,
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
