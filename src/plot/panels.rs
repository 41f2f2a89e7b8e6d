//! The four panels: data x, where the flow takes them f(x), the way back f^-1(f(x)), and generated samples f^-1(z).
//! The three of the data's space are on one scale, with a unit of the same length both ways.

use svg::node::element::Group;

use super::axes::{Axes, Pen, Place, Words};
use super::colour::{DATA, MAPPED, MODEL, REFERENCE, RESTORED};
use super::columns::{Columns, points};
use super::figure::Figure;
use super::scale::minus;
use crate::event::Picture;

/// Side of a panel.
const SIDE: f64 = 350.0;
/// From the left edge of the figure, and between panels.
const LEFT: f64 = 84.0;
/// From the upper edge of the figure, and between panels.
const TOP: f64 = 84.0;
const ACROSS: f64 = SIDE + LEFT;
const DOWN: f64 = SIDE + 98.0;
/// Radius of a dot.
const DOT: f64 = 1.6;
/// Of the normal that is shown, standard deviations.
const NORMAL: f64 = 4.0;

/// Draws them. Shows the first two of the columns.
pub fn panels(picture: &Picture, columns: &Columns, name: &str) -> Figure {
    let pair = columns.pair();
    let rows = |rows: &[f64]| points(rows, picture.dimension, pair);
    let [data, mapped, restored, generated] = [
        rows(&picture.data),
        rows(&picture.mapped),
        rows(&picture.restored),
        rows(&picture.generated),
    ];
    let title = format!("{name}, iteration {}", picture.iteration);
    let mut figure = Figure::new((2.0 * ACROSS + 30.0, TOP + 2.0 * DOWN - 40.0), &title);
    let names = pair.map(|k| columns.name(k));
    let normal = pair.map(|k| format!("z{}", k + 1));
    let space = |k: usize| Axes::equal(place(k), &data);
    figure.add(panel(
        &space(0),
        (&data, DATA),
        ("Data x", &seen(&data, &space(0))),
        &names,
    ));
    let axes = Axes::equal(place(1), &[[-NORMAL; 2], [NORMAL; 2]]);
    figure.add(circles(&axes));
    let note = format!(
        "{}; circles: 1, 2, 3 standard deviations",
        seen(&mapped, &axes)
    );
    figure.add(panel(&axes, (&mapped, MAPPED), ("f(x)", &note), &normal));
    figure.add(panel(
        &space(2),
        (&restored, RESTORED),
        ("f\u{207b}\u{b9}(f(x))", &error(picture)),
        &names,
    ));
    figure.add(panel(
        &space(3),
        (&generated, MODEL),
        (
            "Generated f\u{207b}\u{b9}(z), z normal",
            &seen(&generated, &space(3)),
        ),
        &names,
    ));
    figure
}

fn place(k: usize) -> Place {
    Place {
        x: LEFT + (k % 2) as f64 * ACROSS,
        y: TOP + (k / 2) as f64 * DOWN,
        width: SIDE,
        height: SIDE,
    }
}

fn panel(
    axes: &Axes,
    (points, colour): (&[[f64; 2]], &str),
    (title, note): (&str, &str),
    names: &[String; 2],
) -> Group {
    let dots = axes.dots(points, (colour, DOT, 0.5));
    let words = Words {
        title,
        note,
        x: &names[0],
        y: &names[1],
    };
    Group::new()
        .add(axes.clipped().add(dots))
        .add(axes.frame(&words))
}

/// The normal's standard deviations.
fn circles(axes: &Axes) -> Group {
    let pen = Pen {
        opacity: 0.4,
        ..Pen::new(REFERENCE, 0.8)
    };
    (1..=3)
        .map(f64::from)
        .fold(axes.clipped(), |group, radius| {
            let angles = (0..=120).map(|k| f64::from(k) * std::f64::consts::PI / 60.0);
            let circle = angles.map(|angle| [radius * angle.cos(), radius * angle.sin()]);
            group.add(pen.draw(axes.path(circle)))
        })
}

/// How many points there are, and how many of them are not to be seen.
pub(super) fn seen(points: &[[f64; 2]], axes: &Axes) -> String {
    let outside = points.iter().filter(|point| !axes.holds(**point)).count();
    let n = points.len();
    match outside {
        0 => format!("n = {n}"),
        outside => format!("n = {n}, {outside} outside"),
    }
}

fn error(picture: &Picture) -> String {
    picture.inverse_error.map_or("no samples".into(), |error| {
        let (mean, max) = (error.mean, error.max);
        let text = format!("distance from x: mean {mean:.1e}, largest {max:.1e}");
        minus(&text)
    })
}
