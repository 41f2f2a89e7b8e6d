//! Legends: entries in a row that say what lines and dots mean, and the bar of a colour map.

use svg::node::element::{Circle, Group, Line, Rectangle};

use super::axes::{Axes, FigureRect, LineStyle, vertical_text};
use super::colour::shade;
use super::figure::{INK, LABEL, NAME, round, text};
use super::scale::FigureScale;

/// Length of the line of an entry, units of the figure.
const LINE_LENGTH: f64 = 22.0;
/// Gap between entries.
const GAP: f64 = 18.0;
/// Number of shades of a colour bar.
const SHADES: u32 = 64;

/// The symbol of an entry.
#[derive(Clone, Copy, Debug)]
pub enum LegendSymbol<'a> {
    /// A line of this style.
    Line(LineStyle<'a>),
    /// A dot of this colour.
    Dot(&'a str),
    /// A white dot with an edge of this colour.
    Ring(&'a str),
    /// An arrow head of this colour.
    Arrow(&'a str),
}

/// An entry of a legend.
#[derive(Clone, Debug)]
pub struct LegendEntry<'a> {
    /// Symbol.
    pub symbol: LegendSymbol<'a>,
    /// Colour behind the symbol; None for white.
    pub background: Option<String>,
    /// Meaning of the symbol.
    pub meaning: String,
}

impl<'a> LegendEntry<'a> {
    /// An entry of a line on white.
    pub fn line(style: LineStyle<'a>, meaning: impl Into<String>) -> Self {
        LegendEntry {
            symbol: LegendSymbol::Line(style),
            background: None,
            meaning: meaning.into(),
        }
    }

    /// An entry of a dot on white.
    pub fn dot(colour: &'a str, meaning: impl Into<String>) -> Self {
        LegendEntry {
            symbol: LegendSymbol::Dot(colour),
            background: None,
            meaning: meaning.into(),
        }
    }

    /// Length of the symbol.
    fn symbol_length(&self) -> f64 {
        match self.symbol {
            LegendSymbol::Line(_) => LINE_LENGTH,
            LegendSymbol::Dot(_) | LegendSymbol::Ring(_) | LegendSymbol::Arrow(_) => {
                LINE_LENGTH / 2.0
            }
        }
    }

    /// Upper bound of the width of symbol and text in DejaVu Sans.
    fn width(&self) -> f64 {
        self.symbol_length() + 6.0 + 0.62 * LABEL * self.meaning.chars().count() as f64
    }
}

/// The entries side by side, centred at a point.
pub fn legend_row(entries: &[LegendEntry], (middle, y): (f64, f64)) -> Group {
    let total: f64 = entries.iter().map(|entry| entry.width() + GAP).sum();
    let mut x = middle - (total - GAP) / 2.0;
    let mut group = Group::new();
    for entry in entries {
        if let Some(background) = &entry.background {
            let chip = Rectangle::new()
                .set("x", round(x))
                .set("y", round(y - 7.0))
                .set("width", LINE_LENGTH)
                .set("height", 14)
                .set("fill", background.as_str());
            group = group.add(chip);
        }
        let length = entry.symbol_length();
        group = match entry.symbol {
            LegendSymbol::Line(style) => {
                group.add(style.draw(format!("M{} {}h{length}", round(x), round(y))))
            }
            LegendSymbol::Dot(colour) => group.add(dot((x + length / 2.0, y)).set("fill", colour)),
            LegendSymbol::Arrow(colour) => {
                let head = format!("M{} {}l8 4l-8 4z", round(x + 1.0), round(y - 4.0));
                group.add(LineStyle::new("none", 0.0).draw(head).set("fill", colour))
            }
            LegendSymbol::Ring(colour) => group.add(
                dot((x + length / 2.0, y))
                    .set("fill", "white")
                    .set("stroke", colour),
            ),
        };
        let meaning = text(&entry.meaning, (x + length + 6.0, y + 0.36 * LABEL), LABEL);
        group = group.add(meaning);
        x += entry.width() + GAP;
    }
    group
}

/// The dot of an entry.
fn dot((x, y): (f64, f64)) -> Circle {
    Circle::new()
        .set("cx", round(x))
        .set("cy", round(y))
        .set("r", 3)
}

/// The bar of the colours of a scale, with ticks and their name at the right.
pub fn colour_bar(place: FigureRect, scale: FigureScale, name: &str) -> Group {
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
        x: FigureScale::between(0.0, 1.0),
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
        labels =
            labels
                .add(tick_mark(x, y))
                .add(text(&tick.label, (x + 7.0, y + 0.36 * LABEL), LABEL));
    }
    let x = place.x + place.width + 22.0 + 0.62 * LABEL * longest as f64;
    let middle = place.y + place.height / 2.0;
    labels.add(vertical_text(name, (x, middle), NAME))
}

/// A tick of the bar.
fn tick_mark(x: f64, y: f64) -> Line {
    Line::new()
        .set("x1", round(x))
        .set("x2", round(x + 4.0))
        .set("y1", round(y))
        .set("y2", round(y))
        .set("stroke", INK)
}
