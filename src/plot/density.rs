//! The model's density in the plane: a heat map with its colour bar, the edges of the regions of highest density, and data points.
//!
//! ```text
//! shade(p) = 1 + log10(p / highest) / DECADES, and 0 below
//! ```

use svg::node::element::Group;

use super::axes::{Axes, AxesText, FigureRect, LineStyle};
use super::caption::Caption;
use super::colour::shade;
use super::columns::PlottedColumns;
use super::contours::DensityGrid;
use super::figure::{FigureSize, SvgFigure};
use super::legend::{LegendEntry, colour_bar, legend_row};
use super::overlay::{data_dots, data_entry, edged_line, line_entry};
use super::scale::FigureScale;
use crate::event::Density;

/// Number of shades of the heat map.
const SHADES: u32 = 48;
/// Longest side of the map, units of the figure.
const SIDE: f64 = 520.0;
const LEFT: f64 = 84.0;
const TOP: f64 = 66.0;
/// Decades of the density between the darkest and the brightest colour.
const DECADES: i32 = 4;

/// A region of highest density.
struct Region {
    /// Mass that it holds.
    mass: f64,
    /// Dashes of its edge.
    dashes: &'static str,
}

/// The regions whose edges are drawn.
const REGIONS: [Region; 3] = [
    Region {
        mass: 0.5,
        dashes: "",
    },
    Region {
        mass: 0.8,
        dashes: "7 4",
    },
    Region {
        mass: 0.95,
        dashes: "1.5 3",
    },
];

/// A density with points of the data, in the same units.
#[derive(Clone, Debug)]
pub struct DensityMap<'a> {
    /// Density on a grid.
    pub density: &'a Density,
    /// Points of the data.
    pub points: &'a [[f64; 2]],
    /// Density with the brightest colour; None for the highest on the grid.
    pub brightest: Option<f64>,
}

/// The highest density on a grid; 0 for a grid without cells or extent.
pub fn highest(density: &Density) -> f64 {
    DensityGrid::new(density).map_or(0.0, |field| field.highest())
}

/// Draws a density on a grid; a grid without cells or extent gives empty axes and a note.
pub fn density(map: &DensityMap, columns: &PlottedColumns, caption: &Caption) -> SvgFigure {
    let DensityMap {
        density, points, ..
    } = *map;
    let field = DensityGrid::new(density);
    let axes = axes(density);
    let FigureRect { width, height, .. } = axes.place;
    let size = FigureSize {
        width: LEFT + width + 130.0,
        height: TOP + height + 82.0,
    };
    let mut figure = SvgFigure::new(size, &caption.title("density of the model"));
    let names = columns.pair().map(|k| columns.name(k));
    let note = field.as_ref().map_or("no density to show".into(), |field| {
        format!("mass inside the frame: {:.3}", field.mass())
    });
    figure.add_note(&caption.note(&note));
    let words = AxesText {
        x: &names[0],
        y: &names[1],
        ..AxesText::default()
    };
    if let Some(field) = &field {
        let brightest = map.brightest.unwrap_or(field.highest());
        let colours = FigureScale::decades_below(brightest, DECADES);
        figure.add(heat(&axes, field, colours));
        figure.add(axes.clipped().add(data_dots(&axes, points)));
        let RegionEdges { edges, mut entries } = region_edges(&axes, field);
        figure.add(edges);
        entries.push(data_entry("data", points));
        figure.add(legend_row(
            &entries,
            (LEFT + width / 2.0, TOP + height + 62.0),
        ));
        let beside = FigureRect {
            x: LEFT + width + 18.0,
            width: 16.0,
            ..axes.place
        };
        figure.add(colour_bar(
            beside,
            colours,
            "probability density (per unit area), log scale",
        ));
    }
    figure.add(axes.frame(&words));
    figure
}

/// The axes of the map, with units of equal length unless that would make the map a line.
fn axes(density: &Density) -> Axes {
    let [left, right, low, high] = density.bounds;
    let (x, y) = (
        FigureScale::between(left, right),
        FigureScale::between(low, high),
    );
    let ratio = (y.ends().length() / x.ends().length()).clamp(0.4, 2.0);
    let (width, height) = (SIDE / ratio.max(1.0), SIDE * ratio.min(1.0));
    let place = FigureRect {
        x: LEFT,
        y: TOP,
        width,
        height,
    };
    Axes { place, x, y }
}

/// The heat map: areas above increasing levels, each drawn over those below, so that there are no seams between shades.
pub(super) fn heat(axes: &Axes, field: &DensityGrid, colours: FigureScale) -> Group {
    let ground = axes.outline().set("stroke", "none").set("fill", shade(0.0));
    let shares = field.on(colours);
    (1..SHADES).fold(axes.clipped().add(ground), |group, k| {
        let share = f64::from(k) / f64::from(SHADES);
        let d = contour_path(axes, &shares, share);
        if d.is_empty() {
            return group;
        }
        let area = LineStyle::new("none", 0.0).draw(d);
        group.add(
            area.set("fill", shade(share + 0.5 / f64::from(SHADES)))
                .set("fill-rule", "evenodd"),
        )
    })
}

/// SVG path data of the contour lines of a level.
fn contour_path(axes: &Axes, field: &DensityGrid, level: f64) -> String {
    let rings = field.rings(level);
    rings
        .into_iter()
        .map(|ring| axes.path(ring.into_iter()) + "Z")
        .collect()
}

/// The edges of the regions with their legend.
struct RegionEdges {
    edges: Group,
    entries: Vec<LegendEntry<'static>>,
}

/// Draws the edges of the regions.
fn region_edges(axes: &Axes, field: &DensityGrid) -> RegionEdges {
    let (mut edges, mut entries) = (axes.clipped(), Vec::new());
    for Region { mass, dashes } in REGIONS {
        let percent = 100.0 * mass;
        let mut meaning = format!("{percent:.0}% of the mass");
        match field.level(mass) {
            Some(level) => edges = edges.add(edged_line(contour_path(axes, field, level), dashes)),
            None => meaning = format!("{percent:.0}%: not inside"),
        }
        entries.push(line_entry(dashes, meaning));
    }
    RegionEdges { edges, entries }
}
