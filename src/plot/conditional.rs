//! The conditional density of one variable x given a context y: a map over a grid, with the other columns of the context fixed at
//! their means, the quantiles of x and rows of the data on it, and curves of p(x | y) at a few y.
//!
//! ```text
//! shade = p(x | y) / max over x of p(x | y)      else the narrowest would leave the others dark
//! ```

use super::axes::{Axes, AxesText, FigureRect, LineStyle};
use super::caption::Caption;
use super::colour::SERIES;
use super::contours::{DensityGrid, cell_centre};
use super::density::heat;
use super::figure::{FigureSize, SvgFigure};
use super::legend::{LegendEntry, colour_bar, legend_row};
use super::overlay::{data_dots, data_entry, edged_line, line_entry};
use super::quantiles::{least_mass, quantile_line};
use super::scale::{FigureScale, minus};
use crate::event::Density;

const MAP: FigureRect = FigureRect {
    x: 88.0,
    y: 84.0,
    width: 400.0,
    height: 340.0,
};
const CURVES: FigureRect = FigureRect { x: 690.0, ..MAP };

/// The quantiles that are drawn, and the dashes of their lines.
const QUANTILES: [(f64, &str); 5] = [
    (0.05, "1.5 3"),
    (0.25, "7 4"),
    (0.5, ""),
    (0.75, "7 4"),
    (0.95, "1.5 3"),
];

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

/// A conditional density with rows of the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConditionalMap {
    /// Log densities, with the context across and the variable upwards.
    pub density: Density,
    /// Names and values of the columns.
    pub condition: Condition,
    /// Points (y, x) of the data whose other given columns are near the fixed values.
    pub points: Vec<[f64; 2]>,
}

impl ConditionalMap {
    /// The highest density of the curves.
    pub fn highest(&self) -> f64 {
        DensityGrid::new(&self.density).map_or(0.0, |field| field.highest())
    }
}

/// Draws a conditional density; the axis of the curves reaches up to `highest`, or if that is None to what is drawn.
pub fn conditional(map: &ConditionalMap, highest: Option<f64>, caption: &Caption) -> SvgFigure {
    let ConditionalMap {
        density,
        condition,
        points,
    } = map;
    let Condition {
        variable, context, ..
    } = condition;
    let size = FigureSize {
        width: CURVES.x + CURVES.width + 30.0,
        height: MAP.y + MAP.height + 82.0,
    };
    let title = format!("density of {variable} given {context}");
    let mut figure = SvgFigure::new(size, &caption.title(&title));
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
        let colours = FigureScale::between(0.0, 1.0);
        figure.add(heat(&axes, &shape, colours));
        figure.add(axes.clipped().add(data_dots(&axes, points)));
        let beside = FigureRect {
            x: MAP.x + MAP.width + 18.0,
            width: 16.0,
            ..MAP
        };
        let shade = format!("density relative to its highest at each {context}");
        figure.add(colour_bar(beside, colours, &shade));
    }
    let mut note = fixed_values(condition);
    if let Some(field) = &field {
        for (q, dashes) in QUANTILES {
            let path = axes.path(quantile_line(field, q).into_iter());
            figure.add(axes.clipped().add(edged_line(path, dashes)));
        }
        let mass = format!("mass inside the frame \u{2265} {:.3}", least_mass(field));
        note = [note, mass]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
    }
    figure.add_note(&caption.note(&note));
    let beneath = (MAP.x + MAP.width / 2.0, size.height - 22.0);
    figure.add(legend_row(&map_entries(condition, points), beneath));
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
        y: FigureScale::from_zero(heights.chain(highest)),
    };
    let style = |k: usize| LineStyle::new(SERIES[k % SERIES.len()], 1.8);
    let mut lines = axes.clipped();
    let mut entries = Vec::new();
    for (k, curve) in curves.iter().enumerate() {
        lines = lines.add(style(k).draw(axes.path(curve.points.iter().copied())));
        entries.push(LegendEntry::line(style(k), rounded(curve.y)));
    }
    figure.add(lines);
    figure.add(axes.frame(&AxesText {
        title: "",
        note: &format!("at values of {context} as below"),
        x: variable,
        y: &name,
    }));
    let middle = CURVES.x + CURVES.width / 2.0;
    figure.add(legend_row(&entries, (middle, size.height - 22.0)));
    figure
}

/// The legend of the map.
fn map_entries(condition: &Condition, points: &[[f64; 2]]) -> Vec<LegendEntry<'static>> {
    let near = match condition.fixed.is_empty() {
        true => "data",
        false => "data near the fixed values",
    };
    vec![
        line_entry("", "median".into()),
        line_entry("7 4", "25, 75%".into()),
        line_entry("1.5 3", "5, 95%".into()),
        data_entry(near, points),
    ]
}

/// A number in four digits.
fn rounded(value: f64) -> String {
    let digits = (3 - value.abs().max(1e-3).log10().floor() as i32).clamp(0, 6) as usize;
    minus(&format!("{value:.digits$}"))
}

/// The values of the fixed columns, as text.
fn fixed_values(condition: &Condition) -> String {
    let fixed = condition
        .fixed
        .iter()
        .map(|FixedColumn { name, value }| format!("{name} = {}", rounded(*value)));
    fixed.collect::<Vec<_>>().join(", ")
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
