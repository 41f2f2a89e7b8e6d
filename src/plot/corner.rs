//! Every column and every pair of columns: histograms of the data and of generated samples on the diagonal, their points below.

use svg::node::element::Group;

use super::axes::{Axes, Place};
use super::colour::{DATA, MODEL};
use super::columns::{Columns, column, points};
use super::figure::Figure;
use super::histogram::outlines;
use super::legend::{Entry, row};
use super::scale::Scale;
use crate::event::Picture;

/// Columns that are shown, at most.
const MOST: usize = 8;
/// Side of all panels together.
const SIDE: f64 = 860.0;
/// Side of one panel, at most.
const PANEL: f64 = 280.0;
/// Width of a letter of a name.
const LETTER: f64 = 7.5;
const LEFT: f64 = 96.0;
const TOP: f64 = 64.0;
const GAP: f64 = 16.0;

/// Draws the data and the generated samples of a picture; at most the first eight of the columns, and says so.
pub fn corner(picture: &Picture, columns: &Columns, name: &str) -> Figure {
    let shown = &columns.shown()[..columns.shown().len().min(MOST)];
    let k = shown.len().max(1) as f64;
    let side = ((SIDE - (k - 1.0) * GAP) / k).min(PANEL);
    let extent = k * side + (k - 1.0) * GAP;
    let size = (LEFT + extent + 40.0, TOP + extent + 92.0);
    let title = format!("{name}: data and generated samples");
    let mut figure = Figure::new(size, &title);
    if shown.len() > 1 {
        let all = columns.shown().len();
        // There is room for one note, and columns left out matter more.
        figure.note(&if all > MOST {
            format!("the first {MOST} of {all} columns; choose others with --columns")
        } else {
            "on the diagonal: histograms, each on a scale of its own from 0".to_owned()
        });
    }
    let place = |i: usize, j: usize| Place {
        x: LEFT + j as f64 * (side + GAP),
        y: TOP + i as f64 * (side + GAP),
        width: side,
        height: side,
    };
    let name_of = |column| columns.short(column, ((side / LETTER) as usize).min(24));
    for (i, &down) in shown.iter().enumerate() {
        for (j, &across) in shown[..=i].iter().enumerate() {
            let (axes, content) = if i == j {
                diagonal(place(i, j), picture, across)
            } else {
                pair(place(i, j), picture, [across, down])
            };
            figure.add(content);
            figure.add(axes.outline());
            if i + 1 == shown.len() {
                figure.add(axes.below(&name_of(across)));
            }
            if j == 0 && i > 0 {
                figure.add(axes.beside(&name_of(down)));
            } else if i == 0 {
                figure.add(axes.beside("density"));
            }
        }
    }
    let n = |rows: &[f64]| rows.len() / picture.dimension.max(1);
    let entry = |colour, name, rows| Entry::dots(colour, format!("{name}, n = {}", n(rows)));
    let entries = [
        entry(DATA, "data", &picture.data),
        entry(MODEL, "generated", &picture.generated),
    ];
    figure.add(row(&entries, (size.0 / 2.0, size.1 - 22.0)));
    figure
}

/// Both histograms of a column.
fn diagonal(place: Place, picture: &Picture, k: usize) -> (Axes, Group) {
    let values = |rows| column(rows, picture.dimension, k);
    let samples = [values(&picture.data), values(&picture.generated)];
    outlines((place, scale(picture, k)), [&samples[0], &samples[1]])
}

/// The points of two columns.
fn pair(place: Place, picture: &Picture, [across, down]: [usize; 2]) -> (Axes, Group) {
    let axes = Axes {
        place,
        x: scale(picture, across),
        y: scale(picture, down),
    };
    let points = |rows| points(rows, picture.dimension, [across, down]);
    let radius = (place.width / 180.0).clamp(0.7, 1.5);
    let dots = |rows, colour| axes.dots(&points(rows), (colour, radius, 0.4));
    let content = axes
        .clipped()
        .add(dots(&picture.data, DATA))
        .add(dots(&picture.generated, MODEL));
    (axes, content)
}

/// Around the data: samples that went astray would make the rest small.
fn scale(picture: &Picture, k: usize) -> Scale {
    Scale::around(column(&picture.data, picture.dimension, k).into_iter())
}
