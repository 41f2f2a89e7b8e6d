//! Dots and lines that are seen on every colour of a map: dots are white with a dark edge, lines dark with a white one.

use svg::node::element::Group;

use super::axes::{Axes, DotStyle, LineStyle};
use super::figure::INK;
use super::legend::{LegendEntry, LegendSymbol};

/// Largest number of dots on a map: more would hide it.
const DOTS: usize = 400;
/// The shade behind lines in a legend.
const CHIP: f64 = 0.6;

/// At most [`DOTS`] of the points, evenly spaced in their order.
fn few(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let n = points.len();
    if n <= DOTS {
        return points.to_vec();
    }
    (0..DOTS).map(|k| points[k * n / DOTS]).collect()
}

/// Dots of data on a map, of 400 points at most.
pub fn data_dots(axes: &Axes, points: &[[f64; 2]]) -> Group {
    let style = DotStyle {
        colour: "white",
        radius: 1.5,
        opacity: 0.9,
    };
    let dots = axes.dots(&few(points), style);
    dots.set("stroke", INK).set("stroke-width", 0.5)
}

/// The legend of [`data_dots`]: what they are, and how many of how many.
pub fn data_entry(name: &str, points: &[[f64; 2]]) -> LegendEntry<'static> {
    let n = points.len();
    let shown = match n.min(DOTS) {
        shown if shown == n => format!("{name}, n = {n}"),
        shown => format!("{name}, {shown} of {n}"),
    };
    LegendEntry {
        symbol: LegendSymbol::Ring(INK),
        ..LegendEntry::dot(INK, shown)
    }
}

/// A line on a map, from its SVG path data.
pub fn edged_line(d: String, dashes: &'static str) -> Group {
    let edge = LineStyle {
        opacity: 0.6,
        ..LineStyle::new("white", 2.6)
    };
    Group::new()
        .add(edge.draw(d.clone()))
        .add(ink(dashes).draw(d))
}

/// The legend of [`edged_line`].
pub fn line_entry(dashes: &'static str, meaning: String) -> LegendEntry<'static> {
    LegendEntry {
        background: Some(super::colour::shade(CHIP)),
        ..LegendEntry::line(ink(dashes), meaning)
    }
}

fn ink(dashes: &'static str) -> LineStyle<'static> {
    LineStyle {
        dashes,
        ..LineStyle::new(INK, 1.3)
    }
}
