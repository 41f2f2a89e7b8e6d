//! The paths of particles: from the data to the normal, and from the normal to generated samples. Both on one scale, with a
//! unit of the same length both ways.

use svg::node::element::Group;

use super::axes::{Axes, Pen, Place, Words};
use super::colour::{DATA, MODEL, NORMAL, REFERENCE};
use super::columns::{Columns, points};
use super::figure::Figure;
use super::legend::{Entry, row};
use crate::event::Picture;

/// Side of a panel.
const SIDE: f64 = 400.0;
const LEFT: f64 = 84.0;
const TOP: f64 = 84.0;

/// Draws them. Shows the first two of the columns.
pub fn paths(picture: &Picture, columns: &Columns, name: &str) -> Figure {
    let pair = columns.pair();
    let title = format!("{name}, iteration {}: paths", picture.iteration);
    let mut figure = Figure::new((2.0 * (SIDE + LEFT) + 30.0, TOP + SIDE + 82.0), &title);
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
        let axes = Axes::equal(place(k), &ends);
        let colours = if k == 0 {
            [DATA, NORMAL]
        } else {
            [NORMAL, MODEL]
        };
        let words = Words {
            title: titles[k],
            note: &notes[k],
            x: &names[0],
            y: &names[1],
        };
        figure.add(bundle(&axes, points.chunks_exact(nodes), colours));
        figure.add(axes.frame(&words));
    }
    figure.add(legend());
    figure
}

fn place(k: usize) -> Place {
    Place {
        x: LEFT + k as f64 * (SIDE + LEFT),
        y: TOP,
        width: SIDE,
        height: SIDE,
    }
}

/// Paths with dots of one colour at their starts and of another at their ends.
fn bundle<'a>(
    axes: &Axes,
    paths: impl Iterator<Item = &'a [[f64; 2]]> + Clone,
    [first, last]: [&str; 2],
) -> Group {
    let pen = Pen {
        opacity: 0.35,
        ..Pen::new(REFERENCE, 0.8)
    };
    let lines = paths.clone().fold(axes.clipped(), |group, path| {
        group.add(pen.draw(axes.path(path.iter().copied())))
    });
    let starts: Vec<[f64; 2]> = paths.clone().map(|path| path[0]).collect();
    let ends: Vec<[f64; 2]> = paths.filter_map(|path| path.last().copied()).collect();
    lines
        .add(axes.dots(&starts, (first, 2.2, 0.8)))
        .add(axes.dots(&ends, (last, 2.2, 0.8)))
}

fn legend() -> Group {
    let path = Pen {
        opacity: 0.5,
        ..Pen::new(REFERENCE, 0.8)
    };
    let entries = [
        Entry::dots(DATA, "data"),
        Entry::dots(NORMAL, "normal"),
        Entry::dots(MODEL, "generated"),
        Entry::new(path, "path"),
    ];
    row(&entries, (SIDE + LEFT + 15.0, TOP + SIDE + 62.0))
}
