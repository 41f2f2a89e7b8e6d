//! What colours and lines mean: entries in a row, and the bar of a colour map.

use svg::node::element::{Circle, Group, Line, Rectangle};

use super::axes::{Axes, Pen, Place, upwards};
use super::colour::shade;
use super::figure::{INK, LABEL, NAME, round, text};
use super::scale::Scale;

/// Length of a sample of a line.
const SAMPLE: f64 = 22.0;
/// Between entries.
const GAP: f64 = 18.0;
/// Shades of a colour bar.
const SHADES: u32 = 64;

/// How something is drawn.
#[derive(Clone, Copy, Debug)]
pub enum Sample<'a> {
    /// As a line.
    Line(Pen<'a>),
    /// As dots of a colour.
    Dot(&'a str),
}

/// One meaning.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// How it is drawn.
    pub sample: Sample<'a>,
    /// The ground it is drawn on; none for white.
    pub ground: Option<String>,
    /// What it means.
    pub meaning: String,
}

impl<'a> Entry<'a> {
    /// A line on white.
    pub fn new(pen: Pen<'a>, meaning: impl Into<String>) -> Self {
        Entry {
            sample: Sample::Line(pen),
            ground: None,
            meaning: meaning.into(),
        }
    }

    /// Dots on white.
    pub fn dots(colour: &'a str, meaning: impl Into<String>) -> Self {
        Entry {
            sample: Sample::Dot(colour),
            ground: None,
            meaning: meaning.into(),
        }
    }

    /// Of the sample.
    fn length(&self) -> f64 {
        match self.sample {
            Sample::Line(_) => SAMPLE,
            Sample::Dot(_) => SAMPLE / 2.0,
        }
    }

    /// More than the text takes in DejaVu Sans.
    fn width(&self) -> f64 {
        self.length() + 6.0 + 0.62 * LABEL * self.meaning.chars().count() as f64
    }
}

/// The entries side by side around the middle of a line.
pub fn row(entries: &[Entry], (middle, y): (f64, f64)) -> Group {
    let total: f64 = entries.iter().map(|entry| entry.width() + GAP).sum();
    let mut x = middle - (total - GAP) / 2.0;
    let mut group = Group::new();
    for entry in entries {
        if let Some(ground) = &entry.ground {
            let chip = Rectangle::new()
                .set("x", round(x))
                .set("y", round(y - 7.0))
                .set("width", SAMPLE)
                .set("height", 14)
                .set("fill", ground.as_str());
            group = group.add(chip);
        }
        let length = entry.length();
        group = match entry.sample {
            Sample::Line(pen) => {
                group.add(pen.draw(format!("M{} {}h{length}", round(x), round(y))))
            }
            Sample::Dot(colour) => group.add(
                Circle::new()
                    .set("cx", round(x + length / 2.0))
                    .set("cy", round(y))
                    .set("r", 3)
                    .set("fill", colour),
            ),
        };
        let meaning = text(&entry.meaning, (x + length + 6.0, y + 0.36 * LABEL), LABEL);
        group = group.add(meaning);
        x += entry.width() + GAP;
    }
    group
}

/// The colours from 0 to `highest`, from below upwards, with their name at the right.
pub fn bar(place: Place, highest: f64, name: &str) -> Group {
    let scale = Scale::between(0.0, highest);
    let height = place.height / f64::from(SHADES);
    let mut group = Group::new().set("shape-rendering", "crispEdges");
    for k in 0..SHADES {
        let level = (f64::from(k) + 0.5) / f64::from(SHADES);
        let y = place.y + place.height - f64::from(k + 1) * height;
        let chip = Rectangle::new()
            .set("x", round(place.x))
            .set("y", round(y))
            .set("width", place.width)
            .set("height", round(height + 0.5))
            .set("fill", shade(level));
        group = group.add(chip);
    }
    let blank = Axes {
        place,
        x: Scale::between(0.0, 1.0),
        y: scale,
    };
    let mut labels = Group::new().add(group).add(blank.outline());
    let mut longest = 0;
    for tick in scale.ticks() {
        let (x, y) = (
            place.x + place.width,
            place.y + place.height * (1.0 - tick.share),
        );
        longest = longest.max(tick.label.chars().count());
        labels = labels
            .add(mark(x, y))
            .add(text(&tick.label, (x + 7.0, y + 0.36 * LABEL), LABEL));
    }
    let x = place.x + place.width + 22.0 + 0.62 * LABEL * longest as f64;
    let middle = place.y + place.height / 2.0;
    labels.add(upwards(name, (x, middle), NAME))
}

fn mark(x: f64, y: f64) -> Line {
    Line::new()
        .set("x1", round(x))
        .set("x2", round(x + 4.0))
        .set("y1", round(y))
        .set("y2", round(y))
        .set("stroke", INK)
}
