//! The paths of particles: from the data to the normal, and from the normal to generated samples, coloured along the time t of the flow,
//! 0 at the data and 1 at the normal. Both panels have the same scales, with units of equal length.

use svg::node::element::Group;

use super::axes::{Axes, AxesText, DotStyle, FigureRect, LineStyle, RectGrid};
use super::caption::Caption;
use super::colour::shade;
use super::columns::{PlottedColumns, points};
use super::figure::{FigureSize, INK, SvgFigure};
use super::legend::{LegendEntry, LegendSymbol, colour_bar, legend_row};
use super::scale::FigureScale;
use crate::event::Picture;

/// Side of a panel.
const SIDE: f64 = 400.0;
const LEFT: f64 = 84.0;
const TOP: f64 = 102.0;
/// Width of the colour bar with its labels.
const BAR: f64 = 90.0;
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
/// Length of an arrow head, and its largest share of the path.
const HEAD: f64 = 6.0;
const HEAD_SHARE: f64 = 0.4;

/// Draws the paths in the first two plotted columns.
pub fn paths(picture: &Picture, columns: &PlottedColumns, caption: &Caption) -> SvgFigure {
    let pair = columns.pair();
    let mut figure = SvgFigure::new(
        FigureSize {
            width: 2.0 * (SIDE + LEFT) + 30.0 + BAR,
            height: TOP + SIDE + 82.0,
        },
        &caption.title("paths"),
    );
    figure.add_note(&caption.note(""));
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
    let titles = ["From the data to the normal", "From the normal to samples"];
    for (k, points) in [&forward, &backward].into_iter().enumerate() {
        let axes = Axes::equal(PLACES.rect(k), &ends);
        let paths: Vec<&[[f64; 2]]> = points.chunks_exact(nodes).collect();
        let beyond = |path: &&&[[f64; 2]]| path.iter().any(|point| !axes.contain(*point));
        let beyond = match paths.iter().filter(beyond).count() {
            0 => String::new(),
            some => format!(", {some} partly outside"),
        };
        let straight = if k == 0 { &straight } else { "" };
        let note = format!("{} paths{straight}{beyond}", paths.len());
        let words = AxesText {
            title: titles[k],
            note: &note,
            x: &names[0],
            y: &names[1],
        };
        let times = |node: usize| {
            let t = picture.times.get(node).copied().unwrap_or(0.0);
            if k == 0 { t } else { 1.0 - t }
        };
        figure.add(draw_paths(&axes, &paths, times));
        figure.add(axes.frame(&words));
    }
    let last = PLACES.rect(1);
    let beside = FigureRect {
        x: last.x + last.width + 18.0,
        width: 16.0,
        ..last
    };
    let name = "time t: 0 at the data, 1 at the normal";
    figure.add(colour_bar(beside, FigureScale::between(0.0, 1.0), name));
    figure.add(legend());
    figure
}

/// Paths with rings at their starts, coloured along the time of their nodes, and arrow heads at their ends.
fn draw_paths(axes: &Axes, paths: &[&[[f64; 2]]], times: impl Fn(usize) -> f64) -> Group {
    let nodes = paths.first().map_or(0, |path| path.len());
    let mut group = axes.clipped();
    for node in 1..nodes {
        let colour = shade((times(node - 1) + times(node)) / 2.0);
        let pen = LineStyle {
            opacity: 0.75,
            ..LineStyle::new(&colour, 1.1)
        };
        let pieces = paths
            .iter()
            .map(|path| axes.path(path[node - 1..=node].iter().copied()));
        group = group.add(pen.draw(pieces.collect()));
    }
    let starts: Vec<[f64; 2]> = paths.iter().map(|path| path[0]).collect();
    let ring = DotStyle {
        colour: "white",
        radius: 2.0,
        opacity: 1.0,
    };
    let rings = axes.dots(&starts, ring);
    let heads: String = paths.iter().filter_map(|path| head(axes, path)).collect();
    let heads = LineStyle::new("none", 0.0).draw(heads).set("fill", INK);
    group
        .add(rings.set("stroke", INK).set("stroke-width", 0.8))
        .add(heads)
}

/// SVG path data of the arrow head at the end of a path, along the way to it; None for a path that goes nowhere.
fn head(axes: &Axes, path: &[[f64; 2]]) -> Option<String> {
    let end = axes.figure_point(*path.last()?)?;
    let way = |from: (f64, f64)| (end.0 - from.0, end.1 - from.1);
    let before = path
        .iter()
        .rev()
        .filter_map(|point| axes.figure_point(*point));
    let (x, y) = before.map(way).find(|(x, y)| x.hypot(*y) > HEAD / 3.0)?;
    let length = x.hypot(y);
    let start = axes.figure_point(*path.first()?)?;
    let chord = (end.0 - start.0).hypot(end.1 - start.1);
    let size = HEAD.min(HEAD_SHARE * chord) / length;
    let (x, y) = (size * x, size * y);
    let side = |s: f64| (end.0 - x - s * y / 2.5, end.1 - y + s * x / 2.5);
    let [left, right] = [side(1.0), side(-1.0)].map(|(x, y)| format!("{x:.2} {y:.2}"));
    Some(format!("M{left}L{:.2} {:.2}L{right}Z", end.0, end.1))
}

/// The legend below both panels.
fn legend() -> Group {
    let entry = |symbol, meaning: &str| LegendEntry {
        symbol,
        ..LegendEntry::dot(INK, meaning)
    };
    let entries = [
        entry(LegendSymbol::Ring(INK), "start of a path"),
        entry(LegendSymbol::Arrow(INK), "its end"),
    ];
    legend_row(&entries, (SIDE + LEFT + 15.0, TOP + SIDE + 62.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_head_points_along_the_last_part_of_its_path() {
        let axes = Axes {
            place: FigureRect {
                x: 0.0,
                y: 0.0,
                width: 100.0,
                height: 100.0,
            },
            x: FigureScale::between(0.0, 1.0),
            y: FigureScale::between(0.0, 1.0),
        };
        // To the right, then upwards, then no further.
        let path = [[0.0, 0.5], [0.5, 0.5], [0.5, 0.9], [0.5, 0.9]];
        let head = head(&axes, &path).unwrap();
        assert_eq!(head, "M52.40 16.00L50.00 10.00L47.60 16.00Z");
        assert_eq!(super::head(&axes, &[[0.1, 0.1]; 3]), None);
    }
}
