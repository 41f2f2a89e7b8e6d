//! The corner plot: histograms of every column of the data and of generated samples on the diagonal, the points of every pair of
//! columns below.

use super::axes::{Axes, DotStyle, FigureRect, Panel};
use super::colour::{DATA, MODEL};
use super::columns::{PlottedColumns, column, points};
use super::figure::{FigureSize, SvgFigure};
use super::histogram::histograms;
use super::legend::{LegendEntry, legend_row};
use super::scale::FigureScale;
use crate::event::Picture;

/// Largest number of columns that are plotted.
const MOST: usize = 8;
/// Side of all panels together.
const SIDE: f64 = 860.0;
/// Largest side of one panel.
const PANEL: f64 = 280.0;
/// Width of a letter of a name.
const LETTER: f64 = 7.5;
const LEFT: f64 = 96.0;
const TOP: f64 = 64.0;
const GAP: f64 = 16.0;

/// Draws the corner plot of the data and the generated samples of a picture, for the first eight columns at most; a note says so.
pub fn corner(picture: &Picture, columns: &PlottedColumns, name: &str) -> SvgFigure {
    let shown = &columns.shown()[..columns.shown().len().min(MOST)];
    let k = shown.len().max(1) as f64;
    let side = ((SIDE - (k - 1.0) * GAP) / k).min(PANEL);
    let extent = k * side + (k - 1.0) * GAP;
    let size = FigureSize {
        width: LEFT + extent + 40.0,
        height: TOP + extent + 92.0,
    };
    let title = format!("{name}: data and generated samples");
    let mut figure = SvgFigure::new(size, &title);
    if shown.len() > 1 {
        let all = columns.shown().len();
        // There is room for one note, and columns left out matter more.
        figure.add_note(&if all > MOST {
            format!("the first {MOST} of {all} columns; choose others with --columns")
        } else {
            "on the diagonal: histograms, each on a scale of its own from 0".to_owned()
        });
    }
    let place = |i: usize, j: usize| FigureRect {
        x: LEFT + j as f64 * (side + GAP),
        y: TOP + i as f64 * (side + GAP),
        width: side,
        height: side,
    };
    let name_of = |column| columns.short(column, ((side / LETTER) as usize).min(24));
    for (i, &down) in shown.iter().enumerate() {
        for (j, &across) in shown[..=i].iter().enumerate() {
            let Panel { axes, content } = if i == j {
                histogram_panel(place(i, j), picture, across)
            } else {
                scatter_panel(place(i, j), picture, [across, down])
            };
            figure.add(content);
            figure.add(axes.outline());
            if i + 1 == shown.len() {
                figure.add(axes.x_axis(&name_of(across)));
            }
            if j == 0 && i > 0 {
                figure.add(axes.y_axis(&name_of(down)));
            } else if i == 0 {
                figure.add(axes.y_axis("density"));
            }
        }
    }
    let n = |rows: &[f64]| rows.len() / picture.dimension.max(1);
    let entry = |colour, name, rows| LegendEntry::dot(colour, format!("{name}, n = {}", n(rows)));
    let entries = [
        entry(DATA, "data", &picture.data),
        entry(MODEL, "generated", &picture.generated),
    ];
    figure.add(legend_row(&entries, (size.width / 2.0, size.height - 22.0)));
    figure
}

/// The panel with both histograms of a column.
fn histogram_panel(place: FigureRect, picture: &Picture, k: usize) -> Panel {
    let values = |rows| column(rows, picture.dimension, k);
    let samples = [values(&picture.data), values(&picture.generated)];
    histograms(place, scale(picture, k), [&samples[0], &samples[1]])
}

/// The panel with the points of two columns.
fn scatter_panel(place: FigureRect, picture: &Picture, [across, down]: [usize; 2]) -> Panel {
    let axes = Axes {
        place,
        x: scale(picture, across),
        y: scale(picture, down),
    };
    let points = |rows| points(rows, picture.dimension, [across, down]);
    let radius = (place.width / 180.0).clamp(0.7, 1.5);
    let dots = |rows, colour| {
        let style = DotStyle {
            colour,
            radius,
            opacity: 0.4,
        };
        axes.dots(&points(rows), style)
    };
    let content = axes
        .clipped()
        .add(dots(&picture.data, DATA))
        .add(dots(&picture.generated, MODEL));
    Panel { axes, content }
}

/// The scale of a column, around the data: generated samples far out would make the rest small.
fn scale(picture: &Picture, k: usize) -> FigureScale {
    FigureScale::around(column(&picture.data, picture.dimension, k).into_iter())
}
