//! A pair of axes: a rectangle of the figure with a horizontal and a vertical scale, ticks, names and title. Dots and lines are drawn
//! within it in data units; what lies outside is cut off.

use std::fmt::Write;

use svg::node::element::{Circle, ClipPath, Group, Line, Path, Rectangle, Text};

use super::colour::FAINT;
use super::extent::{Interval, extent_of_most};
use super::figure::{INK, LABEL, NAME, round, text};
use super::scale::FigureScale;

/// Largest distance of a drawn point from the axes, in lengths of an axis.
const FAR: f64 = 100.0;
/// Margin around the points of axes with equal units, as a share of their range.
const ROOM: f64 = 0.08;
/// Ratio of the ranges above which the units of the axes are no longer equal.
const THIN: f64 = 3.0;
/// Largest overhang of a label beyond its axis, as a share of the axis: other axes may be next to it.
const OVERHANG: f64 = 1.0 / 24.0;
/// Length of a tick, units of the figure.
const TICK: f64 = 4.0;

/// A rectangle of the figure, in its units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FigureRect {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A pair of axes.
#[derive(Clone, Copy, Debug)]
pub struct Axes {
    /// The rectangle between the axes, without labels.
    pub place: FigureRect,
    /// Horizontal scale.
    pub x: FigureScale,
    /// Vertical scale.
    pub y: FigureScale,
}

/// The texts around axes; an empty one is left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct AxesText<'a> {
    /// Title above the axes.
    pub title: &'a str,
    /// Smaller line between the title and the axes.
    pub note: &'a str,
    /// Name and unit of the horizontal axis.
    pub x: &'a str,
    /// Name and unit of the vertical axis.
    pub y: &'a str,
}

/// The style of a line.
#[derive(Clone, Copy, Debug)]
pub struct LineStyle<'a> {
    /// Colour.
    pub colour: &'a str,
    /// Width, units of the figure.
    pub width: f64,
    /// Opacity, from 0, invisible, to 1, opaque.
    pub opacity: f64,
    /// Lengths of dashes and gaps; empty for a solid line.
    pub dashes: &'a str,
}

impl<'a> LineStyle<'a> {
    /// A solid, opaque line.
    pub fn new(colour: &'a str, width: f64) -> Self {
        LineStyle {
            colour,
            width,
            opacity: 1.0,
            dashes: "",
        }
    }

    /// A path in this style, from its SVG path data.
    pub fn draw(&self, d: String) -> Path {
        let path = Path::new()
            .set("d", d)
            .set("fill", "none")
            .set("stroke", self.colour)
            .set("stroke-width", self.width)
            .set("stroke-linejoin", "round");
        let path = if self.opacity < 1.0 {
            path.set("stroke-opacity", self.opacity)
        } else {
            path
        };
        if self.dashes.is_empty() {
            path
        } else {
            path.set("stroke-dasharray", self.dashes)
        }
    }
}

/// The style of dots.
#[derive(Clone, Copy, Debug)]
pub struct DotStyle<'a> {
    /// Colour.
    pub colour: &'a str,
    /// Radius, units of the figure.
    pub radius: f64,
    /// Opacity, from 0, invisible, to 1, opaque.
    pub opacity: f64,
}

/// Axes with the content that is drawn within them.
pub struct Panel {
    /// Axes.
    pub axes: Axes,
    /// Content, cut off at the axes.
    pub content: Group,
}

/// A grid of equal rectangles, two in a row.
#[derive(Clone, Copy, Debug)]
pub struct RectGrid {
    /// Rectangle at the upper left.
    pub first: FigureRect,
    /// Distance of the left edges of the two in a row.
    pub across: f64,
    /// Distance of the upper edges of two rows.
    pub down: f64,
}

impl RectGrid {
    /// The k-th rectangle, row by row, from 0.
    pub fn rect(&self, k: usize) -> FigureRect {
        FigureRect {
            x: self.first.x + (k % 2) as f64 * self.across,
            y: self.first.y + (k / 2) as f64 * self.down,
            ..self.first
        }
    }
}

impl FigureRect {
    fn right(&self) -> f64 {
        self.x + self.width
    }

    fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

impl Axes {
    /// Axes around points, without those far out, with units of equal length unless that would make the points a line.
    pub fn equal(place: FigureRect, points: &[[f64; 2]]) -> Self {
        let unit_interval = Interval {
            low: -0.5,
            high: 0.5,
        };
        let side =
            |k: usize| extent_of_most(points.iter().map(|point| point[k])).unwrap_or(unit_interval);
        let sides = [side(0), side(1)];
        let middle = sides.map(|Interval { low, high }| low / 2.0 + high / 2.0);
        let needed = [place.width, place.height];
        let unit = |k: usize| sides[k].length() * (1.0 + 2.0 * ROOM) / needed[k];
        let units = [unit(0), unit(1)];
        let largest = units[0].max(units[1]);
        let alike = units[0].min(units[1]) * THIN > largest;
        let scale = |k: usize| {
            let half = if alike { largest } else { units[k] } * needed[k] / 2.0;
            FigureScale::between(middle[k] - half, middle[k] + half)
        };
        Axes {
            place,
            x: scale(0),
            y: scale(1),
        }
    }

    /// The position of a point in the figure; None for a point that has none.
    pub fn figure_point(&self, [x, y]: [f64; 2]) -> Option<(f64, f64)> {
        let (x, y) = (self.x.share(x)?, self.y.share(y)?);
        let FigureRect { width, height, .. } = self.place;
        let kept = |share: f64| share.clamp(-FAR, FAR);
        Some((
            self.place.x + kept(x) * width,
            self.place.bottom() - kept(y) * height,
        ))
    }

    /// Whether a point lies within the axes.
    pub fn contain(&self, [x, y]: [f64; 2]) -> bool {
        let inside = |share: Option<f64>| share.is_some_and(|s| (0.0..=1.0).contains(&s));
        inside(self.x.share(x)) && inside(self.y.share(y))
    }

    /// An empty group whose content is cut off at the axes.
    pub fn clipped(&self) -> Group {
        let FigureRect {
            x,
            y,
            width,
            height,
        } = self.place;
        let id = format!("clip-{:.0}-{:.0}", x * 10.0, y * 10.0);
        let window = rectangle(x, y, width, height);
        Group::new()
            .set("clip-path", format!("url(#{id})"))
            .add(ClipPath::new().set("id", id).add(window))
    }

    /// Dots at the points that lie within the axes.
    pub fn dots(&self, points: &[[f64; 2]], style: DotStyle) -> Group {
        let dots = Group::new()
            .set("fill", style.colour)
            .set("fill-opacity", style.opacity);
        let seen = points.iter().filter(|point| self.contain(**point));
        let places = seen.filter_map(|point| self.figure_point(*point));
        places.fold(dots, |dots, (x, y)| {
            let dot = Circle::new().set("cx", round(x)).set("cy", round(y));
            dots.add(dot.set("r", style.radius))
        })
    }

    /// SVG path data of the line through points, interrupted at points that have no position.
    pub fn path(&self, points: impl Iterator<Item = [f64; 2]>) -> String {
        let (mut d, mut pen) = (String::new(), 'M');
        for point in points {
            let Some((x, y)) = self.figure_point(point) else {
                pen = 'M';
                continue;
            };
            // Writing to a string can't fail.
            let _ = write!(d, "{pen}{} {}", round(x), round(y));
            pen = 'L';
        }
        d
    }

    /// The outline of the rectangle.
    pub fn outline(&self) -> Rectangle {
        let FigureRect {
            x,
            y,
            width,
            height,
        } = self.place;
        rectangle(x, y, width, height)
            .set("fill", "none")
            .set("stroke", INK)
            .set("stroke-width", 1)
    }

    /// The outline with ticks and texts, to be drawn over the content.
    pub fn frame(&self, words: &AxesText) -> Group {
        let FigureRect { x, y, width, .. } = self.place;
        let middle = x + width / 2.0;
        let above = if words.note.is_empty() { 8.0 } else { 24.0 };
        let headings = [
            (words.title, y - above, NAME + 1.0),
            (words.note, y - 8.0, LABEL),
        ];
        let frame = Group::new()
            .add(self.outline())
            .add(self.x_axis(words.x))
            .add(self.y_axis(words.y));
        headings.into_iter().fold(frame, |frame, (word, at, size)| {
            frame.add(text(word, (middle, at), size).set("text-anchor", "middle"))
        })
    }

    /// Ticks and name of the horizontal axis.
    pub fn x_axis(&self, name: &str) -> Group {
        let FigureRect { x, width, .. } = self.place;
        let at = (x + width / 2.0, self.place.bottom() + 36.0);
        let name = text(name, at, NAME).set("text-anchor", "middle");
        self.x_ticks(Group::new().add(name))
    }

    /// Ticks and name of the vertical axis.
    pub fn y_axis(&self, name: &str) -> Group {
        let FigureRect { x, y, height, .. } = self.place;
        let at = (x - self.name_offset(), y + height / 2.0);
        self.y_ticks(Group::new().add(vertical_text(name, at, NAME)))
    }

    /// Distance of the vertical axis's name from the axis, beyond the longest label.
    fn name_offset(&self) -> f64 {
        let ticks = self.y.ticks();
        let widths = ticks.iter().map(|tick| label_width(&tick.label));
        16.0 + widths.fold(0.0, f64::max)
    }

    fn x_ticks(&self, mut frame: Group) -> Group {
        let bottom = self.place.bottom();
        let mut free = f64::NEG_INFINITY;
        for tick in self.x.ticks() {
            let x = self.place.x + tick.share * self.place.width;
            frame = frame.add(line((x, bottom), (x, bottom + TICK)));
            let half = label_width(&tick.label) / 2.0;
            let over = (self.place.x - (x - half)).max(x + half - self.place.right());
            if x - half < free || over > OVERHANG * self.place.width {
                continue;
            }
            free = x + half + 5.0;
            let label = text(&tick.label, (x, bottom + TICK + LABEL + 2.0), LABEL);
            frame = frame.add(label.set("text-anchor", "middle"));
        }
        frame
    }

    fn y_ticks(&self, mut frame: Group) -> Group {
        let left = self.place.x;
        let mut free = f64::INFINITY;
        let mut ticks = self.y.ticks();
        ticks.sort_by(|a, b| a.share.total_cmp(&b.share));
        for tick in ticks {
            let y = self.place.bottom() - tick.share * self.place.height;
            frame = frame.add(line((left, y), (left - TICK, y)));
            if y > free {
                continue;
            }
            free = y - LABEL - 2.0;
            let label = text(&tick.label, (left - TICK - 3.0, y + 0.36 * LABEL), LABEL);
            frame = frame.add(label.set("text-anchor", "end"));
        }
        frame
    }

    /// Faint horizontal lines at the ticks, to be drawn under the content.
    pub fn grid(&self) -> Group {
        let FigureRect { x, .. } = self.place;
        let group = Group::new();
        self.y.ticks().iter().fold(group, |group, tick| {
            let y = self.place.bottom() - tick.share * self.place.height;
            group.add(line((x, y), (self.place.right(), y)).set("stroke", FAINT))
        })
    }
}

/// Upper bound of the width of a tick's label in DejaVu Sans.
fn label_width(label: &str) -> f64 {
    let digit = |c: char| {
        if c.is_ascii() || c == '\u{2212}' {
            0.64
        } else {
            0.42
        }
    };
    label.chars().map(|c| LABEL * digit(c)).sum()
}

/// A rectangle with rounded coordinates.
fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Rectangle {
    Rectangle::new()
        .set("x", round(x))
        .set("y", round(y))
        .set("width", round(width))
        .set("height", round(height))
}

/// A line from point to point.
fn line(from: (f64, f64), to: (f64, f64)) -> Line {
    Line::new()
        .set("x1", round(from.0))
        .set("y1", round(from.1))
        .set("x2", round(to.0))
        .set("y2", round(to.1))
        .set("stroke", INK)
        .set("stroke-width", 1)
}

/// Text centred at a point and turned by 90 degrees, to be read upwards.
pub fn vertical_text(content: &str, (x, y): (f64, f64), size: f64) -> Text {
    let turn = format!("rotate(-90 {} {})", round(x), round(y));
    text(content, (x, y), size)
        .set("text-anchor", "middle")
        .set("transform", turn)
}
