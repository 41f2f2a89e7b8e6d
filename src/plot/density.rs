//! The model's density in the plane: a heat map, its regions of highest density, and the bar of its colours.

use svg::node::element::Group;

use super::axes::{Axes, Pen, Place, Words};
use super::colour::shade;
use super::columns::Columns;
use super::contours::Field;
use super::figure::Figure;
use super::legend::{Entry, bar, row};
use super::scale::Scale;
use crate::event::Density;

/// Shades of the heat map.
const SHADES: u32 = 48;
/// Longest side of the map.
const SIDE: f64 = 520.0;
const LEFT: f64 = 84.0;
const TOP: f64 = 66.0;
/// Masses of the regions, and how their edges are drawn.
const REGIONS: [(f64, &str); 3] = [(0.5, ""), (0.8, "7 4"), (0.95, "1.5 3")];

/// Draws it; a grid without cells or extent as empty axes that say so.
pub fn density(density: &Density, columns: &Columns, name: &str) -> Figure {
    let field = Field::new(density);
    let axes = axes(density);
    let Place { width, height, .. } = axes.place;
    let size = (LEFT + width + 130.0, TOP + height + 82.0);
    let mut figure = Figure::new(size, &format!("{name}: density of the model"));
    let names = columns.pair().map(|k| columns.name(k));
    let note = field.as_ref().map_or("no density to show".into(), |field| {
        format!("mass inside the frame: {:.3}", field.mass())
    });
    figure.note(&note);
    let words = Words {
        x: &names[0],
        y: &names[1],
        ..Words::default()
    };
    if let Some(field) = &field {
        figure.add(heat(&axes, field));
        let (edges, entries) = regions(&axes, field);
        figure.add(edges);
        figure.add(row(&entries, (LEFT + width / 2.0, TOP + height + 62.0)));
        let beside = Place {
            x: LEFT + width + 18.0,
            width: 16.0,
            ..axes.place
        };
        figure.add(bar(
            beside,
            field.highest(),
            "probability density (per unit area)",
        ));
    }
    figure.add(axes.frame(&words));
    figure
}

/// With a unit of the same length both ways, unless that would make the map a line.
fn axes(density: &Density) -> Axes {
    let [left, right, low, high] = density.bounds;
    let (x, y) = (Scale::between(left, right), Scale::between(low, high));
    let extent = |scale: &Scale| scale.ends().1 - scale.ends().0;
    let ratio = (extent(&y) / extent(&x)).clamp(0.4, 2.0);
    let (width, height) = (SIDE / ratio.max(1.0), SIDE * ratio.min(1.0));
    let place = Place {
        x: LEFT,
        y: TOP,
        width,
        height,
    };
    Axes { place, x, y }
}

/// From low to high, each shade over the ones below: no seams between them.
pub(super) fn heat(axes: &Axes, field: &Field) -> Group {
    let ground = axes.outline().set("stroke", "none").set("fill", shade(0.0));
    let highest = field.highest();
    (1..SHADES).fold(axes.clipped().add(ground), |group, k| {
        let share = f64::from(k) / f64::from(SHADES);
        let d = outline(axes, field, share * highest);
        if d.is_empty() {
            return group;
        }
        let area = Pen::new("none", 0.0).draw(d);
        group.add(
            area.set("fill", shade(share + 0.5 / f64::from(SHADES)))
                .set("fill-rule", "evenodd"),
        )
    })
}

/// The rings of a level as one path.
fn outline(axes: &Axes, field: &Field, level: f64) -> String {
    let rings = field.rings(level);
    rings
        .into_iter()
        .map(|ring| axes.path(ring.into_iter()) + "Z")
        .collect()
}

/// The edges of the regions, and what they mean.
fn regions(axes: &Axes, field: &Field) -> (Group, Vec<Entry<'static>>) {
    let (mut edges, mut entries) = (axes.clipped(), Vec::new());
    for (mass, dashes) in REGIONS {
        let percent = 100.0 * mass;
        let pen = Pen {
            dashes,
            ..Pen::new("white", 1.6)
        };
        let mut meaning = format!("{percent:.0}% of the mass");
        match field.level(mass) {
            Some(level) => edges = edges.add(pen.draw(outline(axes, field, level))),
            None => meaning = format!("{percent:.0}%: not in the frame"),
        }
        entries.push(Entry {
            ground: Some(shade(0.3)),
            ..Entry::new(pen, meaning)
        });
    }
    (edges, entries)
}
