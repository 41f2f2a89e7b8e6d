//! The four panels: the data x, f(x), f^-1(f(x)), and generated samples f^-1(z) of normal z. The three in the space of the data have the
//! same scales, with units of equal length.

use svg::node::element::Group;

use super::axes::{Axes, AxesText, DotStyle, FigureRect, LineStyle, RectGrid};
use super::caption::Caption;
use super::colour::{DATA, MAPPED, MODEL, REFERENCE, RESTORED};
use super::columns::{PlottedColumns, points};
use super::figure::{FigureSize, SvgFigure};
use super::scale::minus;
use crate::event::Picture;

/// Side of a panel.
const SIDE: f64 = 350.0;
/// Space at the left of every panel.
const LEFT: f64 = 84.0;
/// Space above the first row of panels.
const TOP: f64 = 102.0;
const ACROSS: f64 = SIDE + LEFT;
const DOWN: f64 = SIDE + 98.0;
const PLACES: RectGrid = RectGrid {
    first: FigureRect {
        x: LEFT,
        y: TOP,
        width: SIDE,
        height: SIDE,
    },
    across: ACROSS,
    down: DOWN,
};
/// Radius of a dot.
const DOT: f64 = 1.6;
/// Range of the axes of f(x) on both sides of 0, standard deviations.
const NORMAL: f64 = 4.0;

/// Draws the four panels of the first two plotted columns.
pub fn panels(picture: &Picture, columns: &PlottedColumns, caption: &Caption) -> SvgFigure {
    let pair = columns.pair();
    let rows = |rows: &[f64]| points(rows, picture.dimension, pair);
    let [data, mapped, restored, generated] = [
        rows(&picture.data),
        rows(&picture.mapped),
        rows(&picture.restored),
        rows(&picture.generated),
    ];
    let mut figure = SvgFigure::new(
        FigureSize {
            width: 2.0 * ACROSS + 30.0,
            height: TOP + 2.0 * DOWN - 40.0,
        },
        &caption.title("data, flow and samples"),
    );
    figure.add_note(&caption.note(""));
    let names = pair.map(|k| columns.name(k));
    let normal = pair.map(|k| format!("z{}", k + 1));
    let space = |k: usize| Axes::equal(PLACES.rect(k), &data);
    let note = point_count(&data, &space(0));
    figure.add(panel(&space(0), &data, DATA, text("Data x", &note, &names)));
    let axes = Axes::equal(PLACES.rect(1), &[[-NORMAL; 2], [NORMAL; 2]]);
    figure.add(circles(&axes));
    let note = format!(
        "{}; circles: 1, 2, 3 standard deviations",
        point_count(&mapped, &axes)
    );
    figure.add(panel(&axes, &mapped, MAPPED, text("f(x)", &note, &normal)));
    figure.add(panel(
        &space(2),
        &restored,
        RESTORED,
        text(
            "f\u{207b}\u{b9}(f(x))",
            &inverse_error_note(picture),
            &names,
        ),
    ));
    figure.add(panel(
        &space(3),
        &generated,
        MODEL,
        text(
            "Generated f\u{207b}\u{b9}(z), z normal",
            &point_count(&generated, &space(3)),
            &names,
        ),
    ));
    figure
}

/// The texts around a panel with these columns on its axes.
fn text<'a>(title: &'a str, note: &'a str, names: &'a [String; 2]) -> AxesText<'a> {
    AxesText {
        title,
        note,
        x: &names[0],
        y: &names[1],
    }
}

/// A panel of points.
fn panel(axes: &Axes, points: &[[f64; 2]], colour: &str, text: AxesText) -> Group {
    let style = DotStyle {
        colour,
        radius: DOT,
        opacity: 0.5,
    };
    Group::new()
        .add(axes.clipped().add(axes.dots(points, style)))
        .add(axes.frame(&text))
}

/// Circles at one, two and three standard deviations of the normal.
fn circles(axes: &Axes) -> Group {
    let pen = LineStyle {
        opacity: 0.4,
        ..LineStyle::new(REFERENCE, 0.8)
    };
    (1..=3)
        .map(f64::from)
        .fold(axes.clipped(), |group, radius| {
            let angles = (0..=120).map(|k| f64::from(k) * std::f64::consts::PI / 60.0);
            let circle = angles.map(|angle| [radius * angle.cos(), radius * angle.sin()]);
            group.add(pen.draw(axes.path(circle)))
        })
}

/// The number of points, and how many of them lie outside of the axes, as text.
fn point_count(points: &[[f64; 2]], axes: &Axes) -> String {
    let outside = points.iter().filter(|point| !axes.contain(**point)).count();
    let n = points.len();
    match outside {
        0 => format!("n = {n}"),
        outside => format!("n = {n}, {outside} outside"),
    }
}

/// The mean and largest inverse error, as text.
fn inverse_error_note(picture: &Picture) -> String {
    picture.inverse_error.map_or("no samples".into(), |error| {
        let (mean, max) = (error.mean, error.max);
        let text = format!("distance from x: mean {mean:.1e}, largest {max:.1e}");
        minus(&text)
    })
}
