//! The conditional density of one variable x given a context y: a map over a grid, with the other columns of the context fixed at
//! their means, and curves of p(x | y) at a few y.
//!
//! ```text
//! shade = p(x | y) / max over x of p(x | y)      else the narrowest would leave the others dark
//! ```

use super::axes::{Axes, AxesText, FigureRect, LineStyle};
use super::colour::SERIES;
use super::contours::{DensityGrid, cell_centre};
use super::density::heat;
use super::figure::{FigureSize, SvgFigure};
use super::legend::{LegendEntry, colour_bar, legend_row};
use super::scale::{FigureScale, minus};
use crate::event::Density;

const MAP: FigureRect = FigureRect {
    x: 88.0,
    y: 84.0,
    width: 400.0,
    height: 340.0,
};
const CURVES: FigureRect = FigureRect { x: 690.0, ..MAP };

/// The columns of a conditional density.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// Name of the variable x.
    pub variable: String,
    /// Name of the column of the context that is varied, y.
    pub context: String,
    /// Other columns of the context, which are fixed.
    pub fixed: Vec<FixedColumn>,
}

/// A column of the context that is fixed at a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FixedColumn {
    /// Name of the column.
    pub name: String,
    /// Value that it is fixed at, in data units.
    pub value: f64,
}

/// Draws a conditional density from log p(x | y) on a grid with y across and x upwards.
pub fn conditional(density: &Density, condition: &Condition, name: &str) -> SvgFigure {
    let Condition {
        variable, context, ..
    } = condition;
    let size = FigureSize {
        width: CURVES.x + CURVES.width + 30.0,
        height: MAP.y + MAP.height + 82.0,
    };
    let title = format!("{name}: density of {variable} given {context}");
    let mut figure = SvgFigure::new(size, &title);
    let [left, right, low, high] = density.bounds;
    let (y, x) = (
        FigureScale::between(left, right),
        FigureScale::between(low, high),
    );
    let axes = Axes {
        place: MAP,
        x: y,
        y: x,
    };
    let name = format!("p({variable} | {context}) (per unit of {variable})");
    let field = DensityGrid::new(density);
    if let Some(shape) = field.as_ref().map(DensityGrid::relative) {
        figure.add(heat(&axes, &shape));
        let beside = FigureRect {
            x: MAP.x + MAP.width + 18.0,
            width: 16.0,
            ..MAP
        };
        let shade = format!("density relative to its highest at each {context}");
        figure.add(colour_bar(beside, 1.0, &shade));
    }
    figure.add_note(&fixed_values(condition));
    figure.add(axes.frame(&AxesText {
        x: context,
        y: variable,
        ..AxesText::default()
    }));
    let curves = field.map_or(Vec::new(), |field| curves(density, &field));
    let heights = curves
        .iter()
        .flat_map(|curve| curve.points.iter().map(|p| p[1]));
    let axes = Axes {
        place: CURVES,
        x,
        y: FigureScale::from_zero(heights),
    };
    let style = |k: usize| LineStyle::new(SERIES[k % SERIES.len()], 1.8);
    let mut lines = axes.clipped();
    let mut entries = Vec::new();
    for (k, curve) in curves.iter().enumerate() {
        lines = lines.add(style(k).draw(axes.path(curve.points.iter().copied())));
        entries.push(LegendEntry::line(
            style(k),
            minus(&format!("{:.3}", curve.y)),
        ));
    }
    figure.add(lines);
    figure.add(axes.frame(&AxesText {
        title: "",
        note: &format!("at values of {context}, see below"),
        x: variable,
        y: &name,
    }));
    let middle = CURVES.x + CURVES.width / 2.0;
    figure.add(legend_row(&entries, (middle, size.height - 22.0)));
    figure
}

/// The values of the fixed columns, as text.
fn fixed_values(condition: &Condition) -> String {
    let fixed = condition
        .fixed
        .iter()
        .map(|FixedColumn { name, value }| format!("{name} = {value:.3}"));
    minus(&fixed.collect::<Vec<_>>().join(", "))
}

/// The curve of p(x | y) at one y.
struct ConditionalCurve {
    /// Value of the context.
    y: f64,
    /// Points (x, density).
    points: Vec<[f64; 2]>,
}

/// Curves from columns of the grid at evenly spaced y.
fn curves(density: &Density, field: &DensityGrid) -> Vec<ConditionalCurve> {
    let (across, count) = (density.across, SERIES.len().min(density.across));
    let up = field.values.len() / across;
    let [left, right, low, high] = density.bounds;
    let curve = |k: usize| {
        let column = (2 * k + 1) * across / (2 * count);
        let point = |i: usize| {
            [
                cell_centre(low, high, i, up),
                field.values[i * across + column],
            ]
        };
        ConditionalCurve {
            y: cell_centre(left, right, column, across),
            points: (0..up).map(point).collect(),
        }
    };
    (0..count).map(curve).collect()
}
