//! A pair of axes: a rectangle of the figure with a scale across and one upwards, their ticks, names and title, and what is
//! drawn between them in data units. What lies outside is cut off.

use std::fmt::Write;

use svg::node::element::{Circle, ClipPath, Group, Line, Path, Rectangle, Text};

use super::colour::FAINT;
use super::figure::{INK, LABEL, NAME, round, text};
use super::scale::{Scale, extent};

/// Ends of a drawn line lie at most so many lengths of an axis off.
const FAR: f64 = 100.0;
/// Room around the points of axes on one scale, as a share of their extent.
const ROOM: f64 = 0.08;
/// Points that are so many times as long as wide are scaled both ways apart.
const THIN: f64 = 3.0;
/// A label stands out past its axis by at most such a share of its length: there is another beside it.
const OVERHANG: f64 = 1.0 / 24.0;
/// Length of a tick.
const TICK: f64 = 4.0;

/// A rectangle of the figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Axes at their place.
#[derive(Clone, Copy, Debug)]
pub struct Axes {
    /// The rectangle between the axes, without labels.
    pub place: Place,
    /// Across.
    pub x: Scale,
    /// Upwards.
    pub y: Scale,
}

/// The words around axes; an empty one is left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// Above.
    pub title: &'a str,
    /// Smaller, between the title and the axes.
    pub note: &'a str,
    /// Name and unit of the axis across.
    pub x: &'a str,
    /// Name and unit of the axis upwards.
    pub y: &'a str,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Pen<'a> {
    /// Its colour.
    pub colour: &'a str,
    /// Its width, units of the figure.
    pub width: f64,
    /// 0 invisible, 1 opaque.
    pub opacity: f64,
    /// Lengths of dashes and gaps; empty for a line without.
    pub dashes: &'a str,
}

impl<'a> Pen<'a> {
    /// A plain line.
    pub fn new(colour: &'a str, width: f64) -> Self {
        Pen {
            colour,
            width,
            opacity: 1.0,
            dashes: "",
        }
    }

    /// A path drawn by it.
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

impl Place {
    fn right(&self) -> f64 {
        self.x + self.width
    }

    fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

impl Axes {
    /// Around points, with a unit of the same length both ways, unless that would make them a line.
    pub fn equal(place: Place, points: &[[f64; 2]]) -> Self {
        let side = |k: usize| extent(points.iter().map(|point| point[k])).unwrap_or((-0.5, 0.5));
        let sides = [side(0), side(1)];
        let middle = sides.map(|(low, high)| low / 2.0 + high / 2.0);
        let needed = [place.width, place.height];
        let unit = |k: usize| (sides[k].1 - sides[k].0) * (1.0 + 2.0 * ROOM) / needed[k];
        let units = [unit(0), unit(1)];
        let largest = units[0].max(units[1]);
        let alike = units[0].min(units[1]) * THIN > largest;
        let scale = |k: usize| {
            let half = if alike { largest } else { units[k] } * needed[k] / 2.0;
            Scale::between(middle[k] - half, middle[k] + half)
        };
        Axes {
            place,
            x: scale(0),
            y: scale(1),
        }
    }

    /// The place of a point in the figure; None for one that has none.
    pub fn at(&self, [x, y]: [f64; 2]) -> Option<(f64, f64)> {
        let (x, y) = (self.x.share(x)?, self.y.share(y)?);
        let Place { width, height, .. } = self.place;
        let kept = |share: f64| share.clamp(-FAR, FAR);
        Some((
            self.place.x + kept(x) * width,
            self.place.bottom() - kept(y) * height,
        ))
    }

    /// Whether a point is to be seen.
    pub fn holds(&self, [x, y]: [f64; 2]) -> bool {
        let inside = |share: Option<f64>| share.is_some_and(|s| (0.0..=1.0).contains(&s));
        inside(self.x.share(x)) && inside(self.y.share(y))
    }

    /// A group whose parts are cut off at the axes.
    pub fn clipped(&self) -> Group {
        let Place {
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

    /// The points that are to be seen, as dots of a colour.
    pub fn dots(&self, points: &[[f64; 2]], (colour, radius, opacity): (&str, f64, f64)) -> Group {
        let dots = Group::new()
            .set("fill", colour)
            .set("fill-opacity", opacity);
        let seen = points.iter().filter(|point| self.holds(**point));
        let places = seen.filter_map(|point| self.at(*point));
        places.fold(dots, |dots, (x, y)| {
            let dot = Circle::new().set("cx", round(x)).set("cy", round(y));
            dots.add(dot.set("r", radius))
        })
    }

    /// The line through points, interrupted where one has no place.
    pub fn path(&self, points: impl Iterator<Item = [f64; 2]>) -> String {
        let (mut d, mut pen) = (String::new(), 'M');
        for point in points {
            let Some((x, y)) = self.at(point) else {
                pen = 'M';
                continue;
            };
            // Writing to a string can't fail.
            let _ = write!(d, "{pen}{} {}", round(x), round(y));
            pen = 'L';
        }
        d
    }

    /// The edge of the rectangle.
    pub fn outline(&self) -> Rectangle {
        let Place {
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

    /// The frame with its ticks and words, to be drawn over the rest.
    pub fn frame(&self, words: &Words) -> Group {
        let Place { x, y, width, .. } = self.place;
        let middle = x + width / 2.0;
        let above = if words.note.is_empty() { 8.0 } else { 24.0 };
        let headings = [
            (words.title, y - above, NAME + 1.0),
            (words.note, y - 8.0, LABEL),
        ];
        let frame = Group::new()
            .add(self.outline())
            .add(self.below(words.x))
            .add(self.beside(words.y));
        headings.into_iter().fold(frame, |frame, (word, at, size)| {
            frame.add(text(word, (middle, at), size).set("text-anchor", "middle"))
        })
    }

    /// Ticks and name of the axis across.
    pub fn below(&self, name: &str) -> Group {
        let Place { x, width, .. } = self.place;
        let at = (x + width / 2.0, self.place.bottom() + 36.0);
        let name = text(name, at, NAME).set("text-anchor", "middle");
        self.x_ticks(Group::new().add(name))
    }

    /// Ticks and name of the axis upwards.
    pub fn beside(&self, name: &str) -> Group {
        let Place { x, y, height, .. } = self.place;
        let at = (x - self.name_offset(), y + height / 2.0);
        self.y_ticks(Group::new().add(upwards(name, at, NAME)))
    }

    /// How far left of the axis its name stands: past the longest label.
    fn name_offset(&self) -> f64 {
        let ticks = self.y.ticks();
        let widths = ticks.iter().map(|tick| width(&tick.label));
        16.0 + widths.fold(0.0, f64::max)
    }

    fn x_ticks(&self, mut frame: Group) -> Group {
        let bottom = self.place.bottom();
        let mut free = f64::NEG_INFINITY;
        for tick in self.x.ticks() {
            let x = self.place.x + tick.share * self.place.width;
            frame = frame.add(line((x, bottom), (x, bottom + TICK)));
            let half = width(&tick.label) / 2.0;
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

    /// Faint lines across at the ticks, to be drawn under the rest.
    pub fn grid(&self) -> Group {
        let Place { x, .. } = self.place;
        let group = Group::new();
        self.y.ticks().iter().fold(group, |group, tick| {
            let y = self.place.bottom() - tick.share * self.place.height;
            group.add(line((x, y), (self.place.right(), y)).set("stroke", FAINT))
        })
    }
}

/// Width of a tick's label in DejaVu Sans, or a little more.
fn width(label: &str) -> f64 {
    let digit = |c: char| {
        if c.is_ascii() || c == '\u{2212}' {
            0.64
        } else {
            0.42
        }
    };
    label.chars().map(|c| LABEL * digit(c)).sum()
}

fn rectangle(x: f64, y: f64, width: f64, height: f64) -> Rectangle {
    Rectangle::new()
        .set("x", round(x))
        .set("y", round(y))
        .set("width", round(width))
        .set("height", round(height))
}

fn line(from: (f64, f64), to: (f64, f64)) -> Line {
    Line::new()
        .set("x1", round(from.0))
        .set("y1", round(from.1))
        .set("x2", round(to.0))
        .set("y2", round(to.1))
        .set("stroke", INK)
        .set("stroke-width", 1)
}

/// Text around its middle, to be read from below upwards.
pub fn upwards(content: &str, (x, y): (f64, f64), size: f64) -> Text {
    let turn = format!("rotate(-90 {} {})", round(x), round(y));
    text(content, (x, y), size)
        .set("text-anchor", "middle")
        .set("transform", turn)
}
