//! The losses of a run: C with its floor H, L, R, and the divergence C - H where H is known, else the loss; of a start by matching
//! M; training as lines, validation as dots, and what happened on the way as vertical lines.

use svg::node::element::Group;

use super::axes::{Axes, Pen, Place, Words, upwards};
use super::colour::{DATA, MAPPED, MODEL, REFERENCE, RESTORED};
use super::figure::{Figure, LABEL};
use super::legend::{Entry, row};
use super::scale::{Scale, extent};

/// Size of a panel.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 88.0;
const TOP: f64 = 84.0;
const ACROSS: f64 = WIDTH + LEFT;
const DOWN: f64 = HEIGHT + 92.0;
/// Points of a drawn line; more are drawn as the least and greatest of neighbours.
const POINTS: usize = 2000;
/// The first iterations, as a share of all; the later ones are shown if those reach over more than so many times as much.
const EARLY: f64 = 0.05;
const FLAT: f64 = 4.0;
/// Least distance of the labels of two marks, and so many are labelled.
const APART: f64 = 14.0;

/// One quantity over the iterations: pairs (iteration, value).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Of the training batches.
    pub training: Vec<[f64; 2]>,
    /// Of the validation samples.
    pub validation: Vec<[f64; 2]>,
}

/// What happened at an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// An edit of the session.
    Edit,
    /// The schedule lowered the learning rate.
    Rate,
    /// The parameters were put back.
    Rollback,
    /// A start by matching is over: the loss is minimised from here on.
    Flow,
}

/// A happening at its iteration.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// After this iteration.
    pub iteration: u64,
    /// What kind.
    pub happening: Happening,
    /// In a few words.
    pub words: String,
}

/// The losses of a run as they are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Losses {
    /// a0 L + a1 C + a2 R.
    pub loss: Curve,
    /// Transport cost.
    pub l: Curve,
    /// Negative log-likelihood, nats.
    pub c: Curve,
    /// HJB penalty.
    pub r: Curve,
    /// Matching loss of a start by matching: pairs (iteration, value).
    pub m: Vec<[f64; 2]>,
    /// C - H of the validations: iteration, value, standard error (NaN if unknown), nats.
    pub divergence: Vec<[f64; 3]>,
    /// H, nats, where it is known.
    pub floor: Option<f64>,
    /// In order of their iterations.
    pub marks: Vec<Mark>,
}

impl Happening {
    const ALL: [Self; 4] = [Self::Edit, Self::Rate, Self::Rollback, Self::Flow];

    fn pen(self) -> Pen<'static> {
        let (colour, dashes) = match self {
            Happening::Edit => (RESTORED, "6 3"),
            Happening::Rate => (MAPPED, "2 3"),
            Happening::Rollback => (MODEL, "8 2 2 2"),
            Happening::Flow => (DATA, "1 2"),
        };
        Pen {
            dashes,
            ..Pen::new(colour, 1.2)
        }
    }

    fn name(self) -> &'static str {
        match self {
            Happening::Edit => "edit",
            Happening::Rate => "rate lowered",
            Happening::Rollback => "rollback",
            Happening::Flow => "end of the start by matching",
        }
    }
}

/// Radius of the dot of a validation.
const DOT: f64 = 2.2;

/// The line of the training.
fn training() -> Pen<'static> {
    Pen {
        opacity: 0.8,
        ..Pen::new(DATA, 0.9)
    }
}

/// Draws them.
pub fn losses(losses: &Losses, name: &str) -> Figure {
    let rows = if losses.m.is_empty() { 2.0 } else { 3.0 };
    let size = (2.0 * ACROSS + 30.0, TOP + rows * DOWN + 8.0);
    let mut figure = Figure::new(size, &format!("{name}: losses"));
    let x = iterations(losses);
    let panels = [
        (&losses.c, "C, negative log-likelihood (nats)"),
        (&losses.l, "L, transport cost"),
        (&losses.r, "R, HJB penalty"),
    ];
    for (k, (curve, title)) in panels.into_iter().enumerate() {
        let floor = losses.floor.filter(|_| k == 0);
        figure.add(panel(k, x, (curve, title), (losses, floor)));
    }
    if losses.divergence.is_empty() {
        let title = "Loss, a\u{2080}L + a\u{2081}C + a\u{2082}R";
        figure.add(panel(3, x, (&losses.loss, title), (losses, None)));
    } else {
        figure.add(divergence(x, losses));
    }
    if !losses.m.is_empty() {
        let curve = Curve {
            training: losses.m.clone(),
            validation: Vec::new(),
        };
        let title = "M, matching loss of the start";
        figure.add(panel(4, x, (&curve, title), (losses, None)));
    }
    figure.add(row(&entries(losses), (size.0 / 2.0, size.1 - 20.0)));
    figure
}

fn place(k: usize) -> Place {
    Place {
        x: LEFT + (k % 2) as f64 * ACROSS,
        y: TOP + (k / 2) as f64 * DOWN,
        width: WIDTH,
        height: HEIGHT,
    }
}

/// From 0 to the last iteration.
fn iterations(losses: &Losses) -> Scale {
    let curves = [&losses.loss, &losses.c];
    let rows = curves
        .into_iter()
        .flat_map(|curve| curve.training.iter().chain(&curve.validation))
        .chain(&losses.m);
    let last = extent(rows.map(|row| row[0])).map_or(1.0, |(_, last)| last);
    Scale::between(0.0, 1.015 * last.max(1.0))
}

fn panel(
    k: usize,
    x: Scale,
    (curve, title): (&Curve, &str),
    (losses, floor): (&Losses, Option<f64>),
) -> Group {
    let (y, note) = values(curve, (x.ends().1, floor));
    let axes = Axes {
        place: place(k),
        x,
        y,
    };
    let mut group = axes.clipped().add(axes.grid());
    group = group.add(training().draw(axes.path(thinned(&curve.training).into_iter())));
    if let Some(floor) = floor {
        group = group.add(level(&axes, floor));
    }
    group = group.add(axes.dots(&curve.validation, (REFERENCE, DOT, 1.0)));
    let labels = if k == 0 { LABEL } else { 0.0 };
    let content = group.add(marks(&axes, &losses.marks, labels));
    framed(&axes, content, (title, note))
}

/// The axis of a curve, and a note on what it leaves out: where the first iterations would make the rest a flat line, it is
/// the later ones that it shows.
fn values(curve: &Curve, (last, floor): (f64, Option<f64>)) -> (Scale, &'static str) {
    let after = |iteration: f64| {
        let rows = curve.training.iter().chain(&curve.validation);
        let rows = rows.filter(move |row| row[0] >= iteration);
        rows.map(|row| row[1]).chain(floor)
    };
    let (whole, late) = (after(0.0), after(EARLY * last));
    let reach = |values| extent(values).map_or(0.0, |(low, high)| high - low);
    let scale = Scale::fitting(whole.clone());
    let (all, most) = (reach(whole), reach(late.clone()));
    if !scale.curved() && most > 0.0 && all > FLAT * most {
        (
            Scale::fitting(late),
            "the first iterations are off the scale",
        )
    } else {
        (scale, "")
    }
}

fn divergence(x: Scale, losses: &Losses) -> Group {
    let values = losses.divergence.iter().map(|row| row[1]);
    let axes = Axes {
        place: place(3),
        x,
        y: Scale::fitting(values),
    };
    let mut group = axes.clipped().add(axes.grid());
    let (low, high) = axes.y.ends();
    for [iteration, value, error] in &losses.divergence {
        let ends = [value - error, value + error].map(|end| [*iteration, end.clamp(low, high)]);
        group = group.add(Pen::new(REFERENCE, 1.0).draw(axes.path(ends.into_iter())));
    }
    let points: Vec<[f64; 2]> = losses
        .divergence
        .iter()
        .map(|row| [row[0], row[1]])
        .collect();
    group = group.add(axes.dots(&points, (REFERENCE, DOT, 1.0)));
    let title = "C \u{2212} H, divergence from the truth (nats), \u{b1} 1 standard error";
    framed(
        &axes,
        group.add(marks(&axes, &losses.marks, 0.0)),
        (title, ""),
    )
}

fn framed(axes: &Axes, content: Group, (title, note): (&str, &str)) -> Group {
    let name = title.split([',']).next().unwrap_or(title);
    let unit = if title.contains("nats") {
        " (nats)"
    } else {
        ""
    };
    let scaled = if axes.y.curved() { ", log scale" } else { "" };
    let words = Words {
        title,
        note,
        x: "iteration",
        y: &format!("{name}{unit}{scaled}"),
    };
    Group::new().add(content).add(axes.frame(&words))
}

/// A level across all iterations.
fn level(axes: &Axes, value: f64) -> svg::node::element::Path {
    let (from, to) = axes.x.ends();
    floor_pen().draw(axes.path([[from, value], [to, value]].into_iter()))
}

fn floor_pen() -> Pen<'static> {
    Pen {
        dashes: "9 4",
        ..Pen::new(REFERENCE, 1.2)
    }
}

/// Vertical lines; with words of that size at the top, where there is room for them.
fn marks(axes: &Axes, marks: &[Mark], size: f64) -> Group {
    let (low, high) = axes.y.ends();
    let mut group = Group::new();
    let mut free = f64::NEG_INFINITY;
    for mark in marks {
        let iteration = mark.iteration as f64;
        let ends = [[iteration, low], [iteration, high]];
        group = group.add(mark.happening.pen().draw(axes.path(ends.into_iter())));
        let Some((x, y)) = axes.at([iteration, high]) else {
            continue;
        };
        if size > 0.0 && x - free >= 0.0 {
            free = x + APART;
            let words = upwards(&mark.words, (x - 4.0, y + 6.0), size - 1.0);
            let halo = words
                .set("stroke", "white")
                .set("stroke-width", 3)
                .set("stroke-linejoin", "round")
                .set("paint-order", "stroke");
            group = group.add(halo.set("text-anchor", "end"));
        }
    }
    group
}

/// What occurs on the figure.
fn entries(losses: &Losses) -> Vec<Entry<'static>> {
    let mut entries = vec![
        Entry::new(training(), "training"),
        Entry::dots(REFERENCE, "validation"),
    ];
    if losses.floor.is_some() {
        entries.push(Entry::new(floor_pen(), "H, entropy of the data"));
    }
    for happening in Happening::ALL {
        if losses.marks.iter().any(|mark| mark.happening == happening) {
            entries.push(Entry::new(happening.pen(), happening.name()));
        }
    }
    entries
}

/// At most so many points, spikes kept.
fn thinned(rows: &[[f64; 2]]) -> Vec<[f64; 2]> {
    if rows.len() <= POINTS {
        return rows.to_vec();
    }
    let chunk = rows.len().div_ceil(POINTS / 2);
    let ends = rows.chunks(chunk).flat_map(|rows| {
        let least = rows
            .iter()
            .enumerate()
            .min_by(|a, b| a.1[1].total_cmp(&b.1[1]));
        let most = rows
            .iter()
            .enumerate()
            .max_by(|a, b| a.1[1].total_cmp(&b.1[1]));
        let mut ends: Vec<(usize, &[f64; 2])> = least.into_iter().chain(most).collect();
        ends.sort_by_key(|end| end.0);
        ends.into_iter().map(|end| *end.1)
    });
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_spikes_and_order() {
        let mut rows: Vec<[f64; 2]> = (0..100_000).map(|k| [f64::from(k), 1.0]).collect();
        rows[31_234][1] = 9.0;
        rows[77_777][1] = -9.0;
        let thin = thinned(&rows);
        assert!(thin.len() <= POINTS && thin.is_sorted_by(|a, b| a[0] <= b[0]));
        assert!(thin.contains(&[31_234.0, 9.0]) && thin.contains(&[77_777.0, -9.0]));
        assert_eq!(thinned(&rows[..9]), rows[..9]);
    }
}
