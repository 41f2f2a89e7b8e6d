//! The density of the model as a map of log p: two colours a cell by half blocks, or one sign a cell. What is seven nats below
//! the peak, a thousandth of it, and less has the lowest shade; the grid's outside and what is not a number stay empty.

use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::plane::{PlaneFrame, part};
use crate::dashboard::canvas::Canvas;
use crate::dashboard::format::number;
use crate::dashboard::pixels::scene::{DensityMap, Ink, Layer, PixelScene, Shape};
use crate::dashboard::shades;
use crate::dashboard::theme::{Depth, Markers, Symbol, Theme};
use crate::event::Density;

/// The distance from the highest shade to the lowest, nats.
const RANGE: f64 = 7.0;
/// The number of cells in the legend.
const SHADES: u16 = 10;

/// A density with the peak from which its shades are counted.
pub struct ShadedDensity<'a> {
    density: &'a Density,
    /// log p of the highest shade.
    pub peak: f64,
}

impl<'a> ShadedDensity<'a> {
    /// A density with its own peak.
    pub fn new(density: &'a Density) -> Self {
        let finite = density.values.iter().filter(|value| value.is_finite());
        let peak = finite.fold(f64::NEG_INFINITY, |peak, &value| peak.max(value));
        Self { density, peak }
    }

    /// This density with the peak of another.
    pub fn with_peak(self, peak: f64) -> Self {
        Self { peak, ..self }
    }

    /// log p at a point, mixed between the centres of cells; None outside the grid.
    pub fn value(&self, [x, y]: [f64; 2]) -> Option<f64> {
        let Density {
            bounds: [left, right, low, high],
            across,
            values,
        } = self.density;
        let up = values.len().checked_div(*across).filter(|&up| up > 0)?;
        let [x, y] = [(x - left) / (right - left), (y - low) / (high - low)];
        if ![x, y].iter().all(|share| (0.0..=1.0).contains(share)) {
            return None;
        }
        let value = |column: usize, row: usize| values[row * across + column];
        let (x, y) = (GridPlace::of(x, *across), GridPlace::of(y, up));
        let mix = |a: f64, b: f64, share: f64| a + share * (b - a);
        let smooth = mix(
            mix(value(x.below, y.below), value(x.above, y.below), x.share),
            mix(value(x.below, y.above), value(x.above, y.above), x.share),
            y.share,
        );
        let nearest = value(x.nearest(), y.nearest());
        Some(if smooth.is_finite() { smooth } else { nearest })
    }

    /// The shade at a point, 0 to 1.
    fn level(&self, point: [f64; 2]) -> Option<f64> {
        let level = 1.0 + (self.value(point)? - self.peak) / RANGE;
        (!level.is_nan()).then_some(level.clamp(0.0, 1.0))
    }
}

/// What is seen of a density, with marks for samples, in an area.
pub fn scene(map: &ShadedDensity, points: &[f64], frame: &PlaneFrame, area: Rect) -> PixelScene {
    let level = |density: &Density, peak, point| ShadedDensity { density, peak }.level(point);
    let shades = Layer::Map(DensityMap {
        density: map.density.clone(),
        peak: map.peak,
        level,
    });
    let points = points.chunks_exact(frame.dimension());
    let marks = Layer::Marks {
        places: points
            .filter_map(|point| frame.pixel_place(point))
            .collect(),
        shape: Shape::Dot,
        ink: Ink::Rimmed,
    };
    PixelScene {
        area,
        edges: frame.edges(),
        layers: vec![shades, marks],
    }
}

/// A place on one side of a grid: between the centres of two of its parts.
struct GridPlace {
    /// The part below.
    below: usize,
    /// The part above.
    above: usize,
    /// The share of the way from below to above.
    share: f64,
}

impl GridPlace {
    /// The place of a share from 0 to 1 on a side of `count` parts.
    fn of(share: f64, count: usize) -> Self {
        let place = (share * count as f64 - 0.5).clamp(0.0, count as f64 - 1.0);
        let below = place as usize;
        Self {
            below,
            above: (below + 1).min(count - 1),
            share: place.fract(),
        }
    }

    /// The nearer part.
    fn nearest(&self) -> usize {
        if self.share < 0.5 {
            self.below
        } else {
            self.above
        }
    }
}

/// The looks of the levels of a map.
#[derive(Clone, Copy)]
pub struct MapShades {
    /// The colour of a level; None for the terminal's own.
    pub colour: fn(f64, Depth) -> Option<Color>,
    /// The sign of a level, where there is no colour.
    pub sign: fn(f64) -> char,
}

/// Draws a density.
pub fn draw(map: &ShadedDensity, frame: &PlaneFrame, canvas: &mut Canvas) {
    let shades = MapShades {
        colour: shades::colour,
        sign: shades::sign,
    };
    draw_map(|point| map.level(point), shades, frame, canvas);
}

/// Draws the levels of points, which is None where nothing is to be drawn.
pub fn draw_map(
    level: impl Fn([f64; 2]) -> Option<f64>,
    shades: MapShades,
    frame: &PlaneFrame,
    canvas: &mut Canvas,
) {
    let (theme, area) = (canvas.theme, canvas.area);
    let cells = [f64::from(area.width), f64::from(area.height)];
    let level = |column: u16, below: f64| {
        let across = (f64::from(column) + 0.5) / cells[0];
        level(frame.at([across, 1.0 - below / cells[1]]))
    };
    for row in 0..area.height {
        for column in 0..area.width {
            let top = f64::from(row);
            let Some(cell) = canvas.buffer.cell_mut((area.x + column, area.y + row)) else {
                continue;
            };
            if signs(theme) {
                if let Some(level) = level(column, top + 0.5) {
                    cell.set_char((shades.sign)(level));
                }
                continue;
            }
            let colour = |below| (shades.colour)(level(column, below)?, theme.colour);
            let halves = halves(colour(top + 0.25), colour(top + 0.75));
            cell.set_symbol(halves.text).set_style(halves.style);
        }
    }
}

/// Whether signs stand for colours.
fn signs(theme: &Theme) -> bool {
    theme.markers == Markers::Ascii || theme.colour == Depth::None
}

/// The symbol of a cell of two colours.
fn halves(upper: Option<Color>, lower: Option<Color>) -> Symbol {
    let (text, style) = match (upper, lower) {
        (None, None) => (" ", Style::new()),
        (Some(upper), None) => ("▀", Style::new().fg(upper)),
        (None, Some(lower)) => ("▄", Style::new().fg(lower)),
        (Some(upper), Some(lower)) => ("▀", Style::new().fg(upper).bg(lower)),
    };
    Symbol { text, style }
}

/// Draws a mark in every cell with a sample, over a density. At most `most` samples are marked, evenly spaced among all.
pub fn mark_samples(
    map: &ShadedDensity,
    points: &[f64],
    most: usize,
    frame: &PlaneFrame,
    canvas: &mut Canvas,
) {
    let (theme, area) = (canvas.theme, canvas.area);
    if area.is_empty() {
        return;
    }
    let (wide, high) = (usize::from(area.width), usize::from(area.height));
    let points = points.chunks_exact(frame.dimension());
    let step = points.len().div_ceil(most.max(1)).max(1);
    for point in points.step_by(step) {
        let Some([x, y]) = frame.place(point) else {
            continue;
        };
        let (column, row) = (part(x, wide), high - 1 - part(y, high));
        let middle = |k: usize, count: usize| (k as f64 + 0.5) / count as f64;
        let centre = frame.at([middle(column, wide), 1.0 - middle(row, high)]);
        let style = match map.level(centre) {
            Some(level) if !signs(theme) => match shades::colour(level, theme.colour) {
                Some(colour) => Style::new().fg(shades::text_colour(level)).bg(colour),
                None => Style::new(),
            },
            _ => Style::reset(),
        };
        let place = (area.x + column as u16, area.y + row as u16);
        if let Some(cell) = canvas.buffer.cell_mut(place) {
            cell.set_symbol(theme.sample()).set_style(style);
        }
    }
}

/// Draws the shades between their values, in one line; without the shades where it is too narrow. `peak` is log p of the highest shade.
pub fn draw_legend(peak: f64, canvas: &mut Canvas) {
    let theme = canvas.theme;
    if !peak.is_finite() {
        canvas.cut_line(0, "no finite density", theme.alert());
        return;
    }
    let (from, to) = (
        format!("log p {} ", number(peak - RANGE)),
        format!(" {} nats", number(peak)),
    );
    let start = from.len() as u16;
    if canvas.area.width < start + SHADES + to.len() as u16 {
        let short = format!("{from}to{to}");
        canvas.cut_line(0, &short, Style::new());
        return;
    }
    canvas.line(0, &from, Style::new());
    for k in 0..SHADES {
        let level = f64::from(k) / f64::from(SHADES - 1);
        let sign = shades::sign(level).to_string();
        let (symbol, style) = match shades::colour(level, theme.colour) {
            Some(colour) if !signs(theme) => ("█", Style::new().fg(colour)),
            _ => (sign.as_str(), Style::new()),
        };
        canvas.write((start + k, 0), symbol, style);
    }
    canvas.write((start + SHADES, 0), &to, Style::new());
}

#[cfg(test)]
mod tests {
    use super::super::plane::{Aspect, Plane, PlaneBounds};
    use super::*;
    use crate::dashboard::range::ValueRange;
    use ratatui::buffer::Buffer;

    /// Four values on the unit square, the peak at the top right.
    fn corners() -> Density {
        Density {
            bounds: [0.0, 1.0, 0.0, 1.0],
            across: 2,
            values: vec![f64::NAN, -100.0, -5.5, -2.0],
        }
    }

    fn drawn(density: &Density, points: &[f64], (markers, colour): (Markers, Depth)) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        let area = buffer.area;
        let plane = Plane {
            dimension: 2,
            columns: [0, 1],
        };
        let side = ValueRange {
            low: 0.0,
            high: 1.0,
        };
        let bounds = PlaneBounds { x: side, y: side };
        let frame = PlaneFrame::fit(plane, bounds, 0.0, area, Aspect::Equal);
        let theme = Theme { markers, colour };
        let canvas = &mut Canvas::whole(&theme, &mut buffer);
        let map = ShadedDensity::new(density);
        draw(&map, &frame, canvas);
        mark_samples(&map, points, usize::MAX, &frame, canvas);
        buffer
    }

    #[test]
    fn a_cell_shows_two_values_in_every_depth_of_colour() {
        let colours = |depth| {
            let buffer = drawn(&corners(), &[], (Markers::Braille, depth));
            let cell = |x: u16| {
                let cell = &buffer[(x, 0)];
                (cell.symbol().to_owned(), cell.fg, cell.bg)
            };
            [cell(0), cell(1)]
        };
        for depth in [Depth::Ansi16, Depth::Palette256, Depth::True] {
            let shade = |level| shades::colour(level, depth).unwrap();
            let left = ("▀".to_owned(), shade(0.5), Color::Reset);
            let right = ("▀".to_owned(), shade(1.0), shade(0.0));
            assert_eq!(colours(depth), [left, right]);
        }
    }

    #[test]
    fn without_colour_and_in_ascii_a_cell_is_a_sign() {
        let density = Density {
            values: vec![-2.0, -5.5, -2.0, -5.5],
            ..corners()
        };
        for look in [
            (Markers::Braille, Depth::None),
            (Markers::Ascii, Depth::True),
        ] {
            let buffer = drawn(&density, &[], look);
            let cells: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
            assert_eq!(cells, "@+");
            let plain =
                |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
            assert!(buffer.content().iter().all(plain));
        }
    }

    #[test]
    fn samples_are_marked_in_their_cells() {
        let points = [0.9, 0.5, f64::NAN, 0.0, 5.0, 5.0];
        let buffer = drawn(&corners(), &points, (Markers::Ascii, Depth::None));
        assert_eq!(buffer[(1, 0)].symbol(), "o");
        assert_ne!(buffer[(0, 0)].symbol(), "o");
    }

    #[test]
    fn between_the_centres_of_the_grid_shades_are_mixed() {
        let density = Density {
            bounds: [0.0, 1.0, 0.0, 1.0],
            across: 2,
            values: vec![-5.0, -3.0, -4.0, -2.0],
        };
        let level = |x, y| ShadedDensity::new(&density).level([x, y]).unwrap();
        assert!((level(0.5, 0.5) - (1.0 - 1.5 / RANGE)).abs() < 1e-12);
        assert!((level(0.5, 0.0) - (1.0 - 2.0 / RANGE)).abs() < 1e-12);
        assert_eq!(level(1.0, 1.0), 1.0);
        assert_eq!(ShadedDensity::new(&density).level([1.1, 0.5]), None);
    }

    #[test]
    fn hostile_grids_are_drawn_empty() {
        let density = |across, values: &[f64], bounds| Density {
            bounds,
            across,
            values: values.to_vec(),
        };
        let unit = [0.0, 1.0, 0.0, 1.0];
        let grids = [
            density(0, &[1.0], unit),
            density(9, &[1.0], unit),
            density(2, &[], unit),
            density(1, &[f64::NAN], unit),
            density(1, &[1.0], [f64::NAN; 4]),
            density(1, &[1.0], [1.0; 4]),
        ];
        for grid in grids {
            let buffer = drawn(&grid, &[], (Markers::Braille, Depth::True));
            assert!(
                buffer.content().iter().all(|cell| cell.symbol() == " "),
                "{grid:?}"
            );
        }
    }
}
