//! The density of one variable given a context: its shape over a grid of y, the other columns of the context held at their
//! means, and curves of p(x | y) at a few y.
//!
//! ```text
//! shade = p(x | y) / max over x of p(x | y)      else the narrowest would leave the others dark
//! ```

use super::axes::{Axes, Pen, Place, Words};
use super::colour::SERIES;
use super::contours::Field;
use super::density::heat;
use super::figure::Figure;
use super::legend::{Entry, bar, row};
use super::scale::{Scale, minus};
use crate::event::Density;

const MAP: Place = Place {
    x: 88.0,
    y: 84.0,
    width: 400.0,
    height: 340.0,
};
const CURVES: Place = Place { x: 690.0, ..MAP };

/// What a conditional density is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// Name of x.
    pub variable: String,
    /// Name of the column of the context that is varied, y.
    pub context: String,
    /// The other columns of the context, and their values.
    pub held: Vec<(String, f64)>,
}

/// Draws log p(x | y) on a grid with y across and x upwards.
pub fn conditional(density: &Density, condition: &Condition, name: &str) -> Figure {
    let Condition {
        variable, context, ..
    } = condition;
    let size = (CURVES.x + CURVES.width + 30.0, MAP.y + MAP.height + 82.0);
    let title = format!("{name}: density of {variable} given {context}");
    let mut figure = Figure::new(size, &title);
    let [left, right, low, high] = density.bounds;
    let (y, x) = (Scale::between(left, right), Scale::between(low, high));
    let axes = Axes {
        place: MAP,
        x: y,
        y: x,
    };
    let name = format!("p({variable} | {context}) (per unit of {variable})");
    let field = Field::new(density);
    if let Some(shape) = field.as_ref().map(Field::relative) {
        figure.add(heat(&axes, &shape));
        let beside = Place {
            x: MAP.x + MAP.width + 18.0,
            width: 16.0,
            ..MAP
        };
        let shade = format!("density relative to its highest at each {context}");
        figure.add(bar(beside, 1.0, &shade));
    }
    figure.note(&held(condition));
    figure.add(axes.frame(&Words {
        x: context,
        y: variable,
        ..Words::default()
    }));
    let curves = field.map_or(Vec::new(), |field| curves(density, &field));
    let heights = curves
        .iter()
        .flat_map(|(_, curve)| curve.iter().map(|p| p[1]));
    let axes = Axes {
        place: CURVES,
        x,
        y: Scale::from_zero(heights),
    };
    let pen = |k: usize| Pen::new(SERIES[k % SERIES.len()], 1.8);
    let mut lines = axes.clipped();
    let mut entries = Vec::new();
    for (k, (value, curve)) in curves.iter().enumerate() {
        lines = lines.add(pen(k).draw(axes.path(curve.iter().copied())));
        entries.push(Entry::new(pen(k), minus(&format!("{value:.3}"))));
    }
    figure.add(lines);
    figure.add(axes.frame(&Words {
        title: "",
        note: &format!("at values of {context}, see below"),
        x: variable,
        y: &name,
    }));
    let middle = CURVES.x + CURVES.width / 2.0;
    figure.add(row(&entries, (middle, size.1 - 22.0)));
    figure
}

fn held(condition: &Condition) -> String {
    let held = condition
        .held
        .iter()
        .map(|(name, value)| format!("{name} = {value:.3}"));
    minus(&held.collect::<Vec<_>>().join(", "))
}

/// Columns of the grid at evenly spaced y, each with its y: pairs (x, density).
fn curves(density: &Density, field: &Field) -> Vec<(f64, Vec<[f64; 2]>)> {
    let (across, count) = (density.across, SERIES.len().min(density.across));
    let up = field.values.len() / across;
    let [left, right, low, high] = density.bounds;
    let centre =
        |from: f64, to: f64, k: usize, n: usize| from + (to - from) * (k as f64 + 0.5) / n as f64;
    let curve = |k: usize| {
        let column = (2 * k + 1) * across / (2 * count);
        let point = |i: usize| [centre(low, high, i, up), field.values[i * across + column]];
        (
            centre(left, right, column, across),
            (0..up).map(point).collect(),
        )
    };
    (0..count).map(curve).collect()
}
