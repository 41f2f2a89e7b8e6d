//! A scene drawn into pixels with smooth edges; nothing is drawn where the terminal's own background is to be seen.

use ratatui::layout::Rect;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Stroke,
    Transform,
};

use super::scene::{DensityMap, Ink, Layer, PixelPlace, PixelScene, Shape, Way, WayEnd};
use super::sixel::IndexedPicture;
use crate::dashboard::shades;
use crate::dashboard::theme::{self, Depth, Theme};

/// Most pixels of a picture across and up; a larger one is enlarged by the terminal, or pixel by pixel.
const MOST: [f32; 2] = [800.0, 600.0];
/// Shades of a density in a picture of few colours, and in the table of all.
const FEW_SHADES: usize = 96;
const SHADES: usize = 1024;
/// Heights of a cell that dots, discs and lines have as radius or width.
const DOT: f32 = 0.11;
const DISC: f32 = 0.22;
const LINE: f32 = 0.08;
/// Length of an arrow, and half its width, in heights of a cell.
const ARROW: [f32; 2] = [0.5, 0.2];
/// Opacity from which on a pixel of a picture of few colours is there.
const HALF: u8 = 128;

/// The size of a cell in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellSize {
    /// Its width.
    pub width: u16,
    /// Its height.
    pub height: u16,
}

impl CellSize {
    /// The size of an area in pixels.
    fn of(self, area: Rect) -> [f32; 2] {
        let product = |cells: u16, pixels: u16| f32::from(cells) * f32::from(pixels);
        [
            product(area.width, self.width),
            product(area.height, self.height),
        ]
    }

    /// The number of pixels on a side of the squares by which a picture of an area is enlarged.
    pub fn zoom(self, area: Rect) -> usize {
        let [width, height] = self.of(area);
        (width / MOST[0]).max(height / MOST[1]).ceil().max(1.0) as usize
    }

    /// The picture of a scene that fills its area, but is no larger than the largest. None for an area without pixels.
    pub fn fitted(self, scene: &PixelScene) -> Option<Pixmap> {
        let [width, height] = self.of(scene.area);
        let scale = (MOST[0] / width).min(MOST[1] / height).min(1.0);
        let side = |pixels: f32| (pixels * scale).round().max(1.0) as u32;
        let unit = f32::from(self.height) * scale;
        draw(scene, [side(width), side(height)], unit)
    }

    /// The picture of a scene that fills its area when enlarged by [`Self::zoom`], but for rows at the bottom that make no band of six.
    pub fn banded(self, scene: &PixelScene) -> Option<Pixmap> {
        let zoom = self.zoom(scene.area);
        let [width, height] = self.of(scene.area).map(|side| side as usize);
        let size = [width / zoom, height / 6 * 6 / zoom].map(|side| side as u32);
        draw(scene, size, f32::from(self.height) / zoom as f32)
    }
}

/// Draws a scene; a cell is `unit` pixels high.
fn draw(scene: &PixelScene, [width, height]: [u32; 2], unit: f32) -> Option<Pixmap> {
    let mut drawn = Pixmap::new(width, height)?;
    let pixmap = &mut drawn;
    let size = [width as f32, height as f32];
    for layer in &scene.layers {
        match layer {
            Layer::Map(map) => draw_map(map, scene.edges, pixmap),
            Layer::Marks { places, shape, ink } => {
                let at = |place: &PixelPlace| [place.x * size[0], place.y * size[1]];
                draw_marks(places.iter().map(at), *shape, *ink, unit, pixmap);
            }
            Layer::Ways { ways, ink } => {
                for way in ways {
                    draw_way(way, *ink, size, unit, pixmap);
                }
            }
        }
    }
    Some(drawn)
}

/// Draws a density, smooth between the centres of its cells.
fn draw_map(map: &DensityMap, [left, right, low, high]: [f64; 4], pixmap: &mut Pixmap) {
    let table: Vec<_> = (0..SHADES).map(|k| shade(k, SHADES)).collect();
    let size = [pixmap.width() as usize, pixmap.height() as usize];
    let share = |k: usize, count: usize| (k as f64 + 0.5) / count as f64;
    for (place, pixel) in pixmap.pixels_mut().iter_mut().enumerate() {
        let x = left + share(place % size[0], size[0]) * (right - left);
        let y = high - share(place / size[0], size[1]) * (high - low);
        let Some(level) = (map.level)(&map.density, map.peak, [x, y]) else {
            continue;
        };
        let [r, g, b] = table[((level * (SHADES - 1) as f64).round() as usize).min(SHADES - 1)];
        *pixel = PremultipliedColorU8::from_rgba(r, g, b, u8::MAX).unwrap_or(*pixel);
    }
}

/// Shade `k` of `count`.
fn shade(k: usize, count: usize) -> [u8; 3] {
    let colour = shades::colour(k as f64 / (count - 1) as f64, Depth::True);
    colour.and_then(theme::rgb).unwrap_or_default()
}

/// The colour of an ink; of one with a rim, the inside.
fn colour(ink: Ink) -> [u8; 3] {
    let points = Theme {
        colour: Depth::True,
        ..Theme::default()
    }
    .points();
    let style = match ink {
        Ink::Data => points.data,
        Ink::Generated => points.generated,
        Ink::Faint => return shades::FAINT,
        Ink::Rimmed => return shades::LIGHT,
    };
    style.fg.and_then(theme::rgb).unwrap_or(shades::FAINT)
}

fn paint([r, g, b]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(Color::from_rgba8(r, g, b, u8::MAX));
    paint
}

fn draw_marks(
    places: impl Iterator<Item = [f32; 2]>,
    shape: Shape,
    ink: Ink,
    unit: f32,
    pixmap: &mut Pixmap,
) {
    let radius = match shape {
        Shape::Dot => (DOT * unit).max(1.0),
        Shape::Disc | Shape::Ring => (DISC * unit).max(1.5),
    };
    let places: Vec<_> = places.collect();
    let mut discs = |radius: f32, colour: [u8; 3], ring: bool| {
        // One by one: overlapping outlines of one path would cost far more.
        for [x, y] in &places {
            let Some(disc) = PathBuilder::from_circle(*x, *y, radius) else {
                continue;
            };
            let paint = paint(colour);
            if ring {
                pixmap.stroke_path(&disc, &paint, &stroke(unit), Transform::identity(), None);
            } else {
                let rule = FillRule::Winding;
                pixmap.fill_path(&disc, &paint, rule, Transform::identity(), None);
            }
        }
    };
    if ink == Ink::Rimmed {
        discs(radius * 1.6, shades::DARK, false);
    }
    discs(radius, colour(ink), shape == Shape::Ring);
}

fn stroke(unit: f32) -> Stroke {
    Stroke {
        width: (LINE * unit).max(1.0),
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    }
}

fn draw_way(way: &Way, ink: Ink, size: [f32; 2], unit: f32, pixmap: &mut Pixmap) {
    let points = way.points.iter();
    let points: Vec<_> = points
        .map(|place| [place.x * size[0], place.y * size[1]])
        .collect();
    let mut line = PathBuilder::new();
    for (k, [x, y]) in points.iter().enumerate() {
        match k {
            0 => line.move_to(*x, *y),
            _ => line.line_to(*x, *y),
        }
    }
    let paint = paint(colour(ink));
    if let Some(line) = line.finish() {
        pixmap.stroke_path(&line, &paint, &stroke(unit), Transform::identity(), None);
    }
    if way.end == WayEnd::Arrow
        && let Some(arrow) = arrow(&points, unit)
    {
        let rule = FillRule::Winding;
        pixmap.fill_path(&arrow, &paint, rule, Transform::identity(), None);
    }
}

/// The arrow at the end of a line; it points along the last part that is as long as the arrow. None for a line that is shorter.
fn arrow(points: &[[f32; 2]], unit: f32) -> Option<tiny_skia::Path> {
    let [length, half] = ARROW.map(|heights| heights * unit);
    let end = *points.last()?;
    let steps = points.iter().rev().map(|[x, y]| [end[0] - x, end[1] - y]);
    let step = steps.into_iter().find(|[x, y]| x.hypot(*y) >= length)?;
    let distance = step[0].hypot(step[1]);
    let [x, y] = step.map(|part| part / distance);
    let mut arrow = PathBuilder::new();
    arrow.move_to(end[0], end[1]);
    for side in [half, -half] {
        arrow.line_to(
            end[0] - length * x - side * y,
            end[1] - length * y + side * x,
        );
    }
    arrow.close();
    arrow.finish()
}

/// The picture in few colours: the shades, and the inks.
pub fn indexed(pixmap: &Pixmap) -> IndexedPicture {
    let inks = [Ink::Data, Ink::Generated, Ink::Faint, Ink::Rimmed].map(colour);
    let shades = (0..FEW_SHADES).map(|k| shade(k, FEW_SHADES));
    let palette: Vec<_> = shades.chain(inks).chain([shades::DARK]).collect();
    let nearest = |colour: [u8; 3]| {
        let distance = |other: &[u8; 3]| {
            let pairs = colour.into_iter().zip(*other);
            pairs
                .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
                .sum::<u32>()
        };
        let places = palette.iter().enumerate();
        let best = places.min_by_key(|(_, other)| distance(other));
        best.map_or(0, |(place, _)| place as u8)
    };
    let mut known = std::collections::HashMap::new();
    let pixels = pixmap.pixels().iter().map(|pixel| {
        if pixel.alpha() < HALF {
            return None;
        }
        let pixel = pixel.demultiply();
        let colour = [pixel.red(), pixel.green(), pixel.blue()];
        Some(*known.entry(colour).or_insert_with(|| nearest(colour)))
    });
    IndexedPicture {
        width: pixmap.width() as usize,
        pixels: pixels.collect(),
        palette,
    }
}
