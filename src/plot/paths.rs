//! The paths of particles: from the data to the normal, and from the normal to generated samples. Both panels have the same scales, with
//! units of equal length.

use svg::node::element::Group;

use super::axes::{Axes, AxesText, DotStyle, FigureRect, LineStyle, RectGrid};
use super::colour::{DATA, MODEL, NORMAL, REFERENCE};
use super::columns::{PlottedColumns, points};
use super::figure::{FigureSize, SvgFigure};
use super::legend::{LegendEntry, legend_row};
use crate::event::Picture;

/// Side of a panel.
const SIDE: f64 = 400.0;
const LEFT: f64 = 84.0;
const TOP: f64 = 84.0;
const PLACES: RectGrid = RectGrid {
    first: FigureRect {
        x: LEFT,
        y: TOP,
        width: SIDE,
        height: SIDE,
    },
    across: SIDE + LEFT,
    down: 0.0,
};

/// Draws the paths in the first two plotted columns.
pub fn paths(picture: &Picture, columns: &PlottedColumns, name: &str) -> SvgFigure {
    let pair = columns.pair();
    let title = format!("{name}, iteration {}: paths", picture.iteration);
    let mut figure = SvgFigure::new(
        FigureSize {
            width: 2.0 * (SIDE + LEFT) + 30.0,
            height: TOP + SIDE + 82.0,
        },
        &title,
    );
    let rows = |rows: &[f64]| points(rows, picture.dimension, pair);
    let (forward, backward) = (rows(&picture.forward), rows(&picture.backward));
    let nodes = picture.times.len().max(1);
    let ends: Vec<[f64; 2]> = [&forward, &backward]
        .into_iter()
        .flat_map(|points| points.chunks_exact(nodes))
        .flat_map(|path| [path[0], path[nodes - 1]])
        .collect();
    let names = pair.map(|k| columns.name(k));
    let straight = picture.straightness.map_or(String::new(), |ratio| {
        format!(", length / distance {ratio:.3} on average")
    });
    let count = |points: &[[f64; 2]]| points.len() / nodes;
    let notes = [
        format!("{} paths{straight}", count(&forward)),
        format!("{} paths", count(&backward)),
    ];
    let titles = ["From the data to the normal", "From the normal to samples"];
    for (k, points) in [&forward, &backward].into_iter().enumerate() {
        let axes = Axes::equal(PLACES.rect(k), &ends);
        let colours = if k == 0 {
            EndColours {
                start: DATA,
                end: NORMAL,
            }
        } else {
            EndColours {
                start: NORMAL,
                end: MODEL,
            }
        };
        let words = AxesText {
            title: titles[k],
            note: &notes[k],
            x: &names[0],
            y: &names[1],
        };
        figure.add(draw_paths(&axes, points.chunks_exact(nodes), colours));
        figure.add(axes.frame(&words));
    }
    figure.add(legend());
    figure
}

/// Colours of the dots at the ends of paths.
#[derive(Clone, Copy)]
struct EndColours {
    start: &'static str,
    end: &'static str,
}

/// Paths with dots at their starts and at their ends.
fn draw_paths<'a>(
    axes: &Axes,
    paths: impl Iterator<Item = &'a [[f64; 2]]> + Clone,
    colours: EndColours,
) -> Group {
    let pen = LineStyle {
        opacity: 0.35,
        ..LineStyle::new(REFERENCE, 0.8)
    };
    let lines = paths.clone().fold(axes.clipped(), |group, path| {
        group.add(pen.draw(axes.path(path.iter().copied())))
    });
    let dots = |colour| DotStyle {
        colour,
        radius: 2.2,
        opacity: 0.8,
    };
    let starts: Vec<[f64; 2]> = paths.clone().map(|path| path[0]).collect();
    let ends: Vec<[f64; 2]> = paths.filter_map(|path| path.last().copied()).collect();
    lines
        .add(axes.dots(&starts, dots(colours.start)))
        .add(axes.dots(&ends, dots(colours.end)))
}

/// The legend below both panels.
fn legend() -> Group {
    let path = LineStyle {
        opacity: 0.5,
        ..LineStyle::new(REFERENCE, 0.8)
    };
    let entries = [
        LegendEntry::dot(DATA, "data"),
        LegendEntry::dot(NORMAL, "normal"),
        LegendEntry::dot(MODEL, "generated"),
        LegendEntry::line(path, "path"),
    ];
    legend_row(&entries, (SIDE + LEFT + 15.0, TOP + SIDE + 62.0))
}
