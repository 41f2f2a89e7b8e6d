//! The losses of a run over its iterations: C with its lower bound H, L, R, the divergence C - H where H is known, else the loss, and M
//! of a start by matching. Training losses are lines, validation losses dots, events of the run vertical lines.

use svg::node::element::Group;

use super::axes::{Axes, AxesText, DotStyle, FigureRect, LineStyle, RectGrid, vertical_text};
use super::colour::{DATA, MAPPED, MODEL, REFERENCE, RESTORED};
use super::extent::{Interval, extent};
use super::figure::{FigureSize, LABEL, SvgFigure};
use super::legend::{LegendEntry, legend_row};
use super::scale::FigureScale;

/// Size of a panel.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 88.0;
const TOP: f64 = 84.0;
const ACROSS: f64 = WIDTH + LEFT;
const DOWN: f64 = HEIGHT + 92.0;
const PLACES: RectGrid = RectGrid {
    first: FigureRect {
        x: LEFT,
        y: TOP,
        width: WIDTH,
        height: HEIGHT,
    },
    across: ACROSS,
    down: DOWN,
};
/// Largest number of points of a line; more are reduced to the least and the greatest of neighbouring ones.
const POINTS: usize = 2000;
/// Share of the iterations that counts as the first ones.
const EARLY: f64 = 0.05;
/// Ratio of the range of all values to that of the later ones above which the scale shows the later ones.
const FLAT: f64 = 4.0;
/// Smallest distance of the labels of two events.
const APART: f64 = 14.0;

/// A loss over the iterations: pairs (iteration, value).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossCurve {
    /// Values of the training batches.
    pub training: Vec<[f64; 2]>,
    /// Values of the validation samples.
    pub validation: Vec<[f64; 2]>,
}

/// The kind of an event of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// An edit of the session.
    Edit,
    /// The schedule lowered the learning rate.
    Rate,
    /// The parameters were set back to earlier ones.
    Rollback,
    /// The start by matching ended: the loss is minimised from here on.
    Flow,
}

/// An event of a run that is marked in the figure.
#[derive(Clone, Debug, PartialEq)]
pub struct EventMark {
    /// Iteration after which it happened.
    pub iteration: u64,
    /// Kind of the event.
    pub kind: MarkKind,
    /// Label.
    pub label: String,
}

/// The curves of the losses of a run, with its events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossCurves {
    /// Loss a0 L + a1 C + a2 R.
    pub loss: LossCurve,
    /// Transport cost L.
    pub l: LossCurve,
    /// Negative log-likelihood C, nats.
    pub c: LossCurve,
    /// HJB penalty R.
    pub r: LossCurve,
    /// Matching loss M of a start by matching: pairs (iteration, value).
    pub m: Vec<[f64; 2]>,
    /// Divergence C - H of the validations.
    pub divergence: Vec<DivergencePoint>,
    /// Entropy H of the data, nats, where it is known.
    pub entropy: Option<f64>,
    /// Events, in order of their iterations.
    pub marks: Vec<EventMark>,
}

/// The divergence C - H of a validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DivergencePoint {
    /// Iteration of the validation.
    pub iteration: f64,
    /// Divergence, nats.
    pub value: f64,
    /// Standard error, nats; NaN if unknown.
    pub error: f64,
}

impl MarkKind {
    const ALL: [Self; 4] = [Self::Edit, Self::Rate, Self::Rollback, Self::Flow];

    fn style(self) -> LineStyle<'static> {
        let (colour, dashes) = match self {
            MarkKind::Edit => (RESTORED, "6 3"),
            MarkKind::Rate => (MAPPED, "2 3"),
            MarkKind::Rollback => (MODEL, "8 2 2 2"),
            MarkKind::Flow => (DATA, "1 2"),
        };
        LineStyle {
            dashes,
            ..LineStyle::new(colour, 1.2)
        }
    }

    fn name(self) -> &'static str {
        match self {
            MarkKind::Edit => "edit",
            MarkKind::Rate => "rate lowered",
            MarkKind::Rollback => "rollback",
            MarkKind::Flow => "end of the start by matching",
        }
    }
}

/// The dot of a validation.
const DOT: DotStyle = DotStyle {
    colour: REFERENCE,
    radius: 2.2,
    opacity: 1.0,
};

/// The line of the training losses.
fn training_style() -> LineStyle<'static> {
    LineStyle {
        opacity: 0.8,
        ..LineStyle::new(DATA, 0.9)
    }
}

/// Draws the losses of a run.
pub fn losses(losses: &LossCurves, name: &str) -> SvgFigure {
    let rows = if losses.m.is_empty() { 2.0 } else { 3.0 };
    let size = FigureSize {
        width: 2.0 * ACROSS + 30.0,
        height: TOP + rows * DOWN + 8.0,
    };
    let last = last_iteration(losses);
    let title = format!("{name}: losses up to iteration {last:.0}");
    let mut figure = SvgFigure::new(size, &title);
    let x = FigureScale::between(0.0, 1.015 * last.max(1.0));
    let panels = [
        (&losses.c, "C, negative log-likelihood (nats)"),
        (&losses.l, "L, transport cost"),
        (&losses.r, "R, HJB penalty"),
    ];
    for (k, (curve, title)) in panels.into_iter().enumerate() {
        let panel = LossPanel {
            place: PLACES.rect(k),
            curve,
            title,
            entropy: losses.entropy.filter(|_| k == 0),
            labels: if k == 0 {
                MarkLabels::Shown
            } else {
                MarkLabels::Hidden
            },
        };
        figure.add(panel.draw(x, &losses.marks));
    }
    if losses.divergence.is_empty() {
        let title = "Loss, a\u{2080}L + a\u{2081}C + a\u{2082}R";
        let panel = LossPanel::plain(PLACES.rect(3), &losses.loss, title);
        figure.add(panel.draw(x, &losses.marks));
    } else {
        figure.add(divergence(x, losses));
    }
    if !losses.m.is_empty() {
        let curve = LossCurve {
            training: losses.m.clone(),
            validation: Vec::new(),
        };
        let panel = LossPanel::plain(PLACES.rect(4), &curve, "M, matching loss of the start");
        figure.add(panel.draw(x, &losses.marks));
    }
    figure.add(legend_row(
        &entries(losses),
        (size.width / 2.0, size.height - 20.0),
    ));
    figure
}

/// The last iteration with a loss.
fn last_iteration(losses: &LossCurves) -> f64 {
    let curves = [&losses.loss, &losses.c];
    let rows = curves
        .into_iter()
        .flat_map(|curve| curve.training.iter().chain(&curve.validation))
        .chain(&losses.m);
    extent(rows.map(|row| row[0])).map_or(0.0, |ends| ends.high)
}

/// Whether events have labels beside their lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MarkLabels {
    Shown,
    Hidden,
}

/// The panel of a loss.
struct LossPanel<'a> {
    place: FigureRect,
    curve: &'a LossCurve,
    title: &'a str,
    /// Entropy H that is drawn as a lower bound; None for none.
    entropy: Option<f64>,
    labels: MarkLabels,
}

impl<'a> LossPanel<'a> {
    /// A panel without lower bound and labels of events.
    fn plain(place: FigureRect, curve: &'a LossCurve, title: &'a str) -> Self {
        LossPanel {
            place,
            curve,
            title,
            entropy: None,
            labels: MarkLabels::Hidden,
        }
    }

    /// Draws the panel over a scale of iterations.
    fn draw(&self, x: FigureScale, marks: &[EventMark]) -> Group {
        let LossAxis { scale: y, note } = value_axis(self.curve, x.ends().high, self.entropy);
        let axes = Axes {
            place: self.place,
            x,
            y,
        };
        let line = axes.path(thinned(&self.curve.training).into_iter());
        let mut group = axes.clipped().add(axes.grid());
        group = group.add(training_style().draw(line));
        if let Some(entropy) = self.entropy {
            group = group.add(entropy_line(&axes, entropy));
        }
        group = group.add(axes.dots(&self.curve.validation, DOT));
        let content = group.add(draw_marks(&axes, marks, self.labels));
        framed(&axes, content, self.title, note)
    }
}

/// The scale of a loss.
struct LossAxis {
    scale: FigureScale,
    /// Note on the values beyond the scale; empty where there are none.
    note: &'static str,
}

/// Chooses the scale of a curve up to the iteration `last`: that of the later iterations where the first ones would make the rest a
/// flat line.
fn value_axis(curve: &LossCurve, last: f64, entropy: Option<f64>) -> LossAxis {
    let after = |iteration: f64| {
        let rows = curve.training.iter().chain(&curve.validation);
        let rows = rows.filter(move |row| row[0] >= iteration);
        rows.map(|row| row[1]).chain(entropy)
    };
    let (whole, late) = (after(0.0), after(EARLY * last));
    let range = |values| extent(values).map_or(0.0, |ends| ends.length());
    let scale = FigureScale::fitting(whole.clone());
    let (all, most) = (range(whole), range(late.clone()));
    if !scale.is_logarithmic() && most > 0.0 && all > FLAT * most {
        LossAxis {
            scale: FigureScale::fitting(late),
            note: "the first iterations are off the scale",
        }
    } else {
        LossAxis { scale, note: "" }
    }
}

/// The panel of the divergence C - H, with error bars of one standard error.
fn divergence(x: FigureScale, losses: &LossCurves) -> Group {
    let values = losses.divergence.iter().map(|point| point.value);
    let axes = Axes {
        place: PLACES.rect(3),
        x,
        y: FigureScale::fitting(values),
    };
    let mut group = axes.clipped().add(axes.grid());
    let Interval { low, high } = axes.y.ends();
    for point in &losses.divergence {
        let ends = [point.value - point.error, point.value + point.error];
        let ends = ends.map(|end| [point.iteration, end.clamp(low, high)]);
        group = group.add(LineStyle::new(REFERENCE, 1.0).draw(axes.path(ends.into_iter())));
    }
    let points: Vec<[f64; 2]> = losses
        .divergence
        .iter()
        .map(|point| [point.iteration, point.value])
        .collect();
    group = group.add(axes.dots(&points, DOT));
    let title = "C \u{2212} H, divergence from the truth (nats), \u{b1} 1 standard error";
    let content = group.add(draw_marks(&axes, &losses.marks, MarkLabels::Hidden));
    framed(&axes, content, title, "")
}

/// Content with the frame of its axes.
fn framed(axes: &Axes, content: Group, title: &str, note: &str) -> Group {
    let name = title.split([',']).next().unwrap_or(title);
    let unit = if title.contains("nats") {
        " (nats)"
    } else {
        ""
    };
    let scaled = if axes.y.is_logarithmic() {
        ", log scale"
    } else {
        ""
    };
    let text = AxesText {
        title,
        note,
        x: "iteration",
        y: &format!("{name}{unit}{scaled}"),
    };
    Group::new().add(content).add(axes.frame(&text))
}

/// The line of H across all iterations.
fn entropy_line(axes: &Axes, entropy: f64) -> svg::node::element::Path {
    let Interval { low, high } = axes.x.ends();
    entropy_style().draw(axes.path([[low, entropy], [high, entropy]].into_iter()))
}

/// The line of the entropy H.
pub(super) fn entropy_style() -> LineStyle<'static> {
    LineStyle {
        dashes: "9 4",
        ..LineStyle::new(REFERENCE, 1.2)
    }
}

/// Vertical lines at the events; labels at the top where there is room for them.
fn draw_marks(axes: &Axes, marks: &[EventMark], labels: MarkLabels) -> Group {
    let Interval { low, high } = axes.y.ends();
    let mut group = Group::new();
    let mut free = f64::NEG_INFINITY;
    for mark in marks {
        let iteration = mark.iteration as f64;
        let ends = [[iteration, low], [iteration, high]];
        group = group.add(mark.kind.style().draw(axes.path(ends.into_iter())));
        let Some((x, y)) = axes.figure_point([iteration, high]) else {
            continue;
        };
        if labels == MarkLabels::Shown && x - free >= 0.0 {
            free = x + APART;
            let label = vertical_text(&mark.label, (x - 4.0, y + 6.0), LABEL - 1.0);
            let halo = label
                .set("stroke", "white")
                .set("stroke-width", 3)
                .set("stroke-linejoin", "round")
                .set("paint-order", "stroke");
            group = group.add(halo.set("text-anchor", "end"));
        }
    }
    group
}

/// The entries of the legend: those of what the figure shows.
fn entries(losses: &LossCurves) -> Vec<LegendEntry<'static>> {
    let mut entries = vec![
        LegendEntry::line(training_style(), "training"),
        LegendEntry::dot(REFERENCE, "validation"),
    ];
    if losses.entropy.is_some() {
        entries.push(LegendEntry::line(entropy_style(), "H, entropy of the data"));
    }
    for kind in MarkKind::ALL {
        if losses.marks.iter().any(|mark| mark.kind == kind) {
            entries.push(LegendEntry::line(kind.style(), kind.name()));
        }
    }
    entries
}

/// Reduces a line to at most [`POINTS`] points, keeping its spikes.
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
