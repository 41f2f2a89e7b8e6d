//! The corner plot: histograms of every column of the data and of generated samples on the diagonal, the points of every pair of columns
//! below it, and above it how far the two samples of the pair are apart (`misfit.rs`), against its noise level.

use svg::node::element::Group;

use super::axes::{Axes, DotStyle, FigureRect, Panel};
use super::caption::Caption;
use super::colour::{DATA, MODEL};
use super::columns::{PlottedColumns, column, points};
use super::extent::extent_of_most;
use super::figure::{FigureSize, INK, LABEL, SvgFigure, text};
use super::histogram::HistogramPair;
use super::legend::{LegendEntry, legend_row};
use super::scale::FigureScale;
use crate::event::Picture;
use crate::misfit::{Misfit, column_misfit, pair_misfit};

/// Largest number of columns that are plotted.
const MOST: usize = 8;
/// Side of all panels together.
const SIDE: f64 = 860.0;
/// Largest side of one panel.
const PANEL: f64 = 280.0;
/// Width of a letter of a name.
const LETTER: f64 = 7.5;
const LEFT: f64 = 96.0;
const TOP: f64 = 82.0;
const GAP: f64 = 18.0;
/// Room above the highest bin of the data for that of the samples, where the axis is to stay the same.
const ROOM: f64 = 1.3;
/// The number of noise levels that has the darkest shade.
const DARKEST: f64 = 4.0;

/// What the vertical axes of the histograms reach up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistogramTop {
    /// The highest bin of data and samples.
    OfBoth,
    /// A little more than the highest bin of the data, whatever the samples: the same in all frames of a film.
    OfData,
}

/// Draws the corner plot of the data and the generated samples of a picture, for the first eight columns at most; a note says so.
pub fn corner(
    picture: &Picture,
    columns: &PlottedColumns,
    top: HistogramTop,
    caption: &Caption,
) -> SvgFigure {
    let shown = &columns.shown()[..columns.shown().len().min(MOST)];
    let k = shown.len().max(1) as f64;
    let side = ((SIDE - (k - 1.0) * GAP) / k).min(PANEL);
    let extent = k * side + (k - 1.0) * GAP;
    // The title of a single panel is wider than it.
    let width = (LEFT + extent + 40.0).max(560.0);
    let left = LEFT + (width - LEFT - extent - 40.0) / 2.0;
    let size = FigureSize {
        width,
        height: TOP + extent + 112.0,
    };
    let mut figure = SvgFigure::new(size, &caption.title("data and samples"));
    let place = |i: usize, j: usize| FigureRect {
        x: left + j as f64 * (side + GAP),
        y: TOP + i as f64 * (side + GAP),
        width: side,
        height: side,
    };
    let misfits = PairMisfits::new(picture, shown);
    let worst = misfits.worst();
    figure.add_note(&caption.note(&note(columns, worst)));
    let name_of = |column| columns.short(column, ((side / LETTER) as usize).min(24));
    for (i, &down) in shown.iter().enumerate() {
        for (j, &across) in shown[..=i].iter().enumerate() {
            let place = place(i, j);
            let Panel { axes, content } = if i == j {
                histogram_panel(place, picture, across, top)
            } else {
                scatter_panel(place, picture, [across, down])
            };
            figure.add(content);
            figure.add(axes.outline());
            if i == j {
                if let Some(misfit) = misfit_of_column(picture, across) {
                    figure.add(column_note(place, misfit.among(shown.len())));
                }
            } else if worst.is_some_and(|pair| pair.places == [j, i]) {
                figure.add(marked(&axes));
            }
            if i + 1 == shown.len() {
                figure.add(axes.x_axis(&name_of(across)));
            }
            if j == 0 && i > 0 {
                figure.add(axes.y_axis(&name_of(down)));
            } else if i == 0 {
                figure.add(axes.y_axis("density"));
            }
        }
    }
    for pair in &misfits.0 {
        let [j, i] = pair.places;
        figure.add(misfit_panel(place(j, i), pair, worst));
    }
    let n = |rows: &[f64]| rows.len() / picture.dimension.max(1);
    let entry = |colour, name, rows| LegendEntry::dot(colour, format!("{name}, n = {}", n(rows)));
    let entries = [
        entry(DATA, "data", &picture.data),
        entry(MODEL, "generated", &picture.generated),
    ];
    figure.add(legend_row(&entries, (size.width / 2.0, size.height - 42.0)));
    let words = "misfit: Cram\u{e9}r-von Mises distance, 0 to 1 / noise level, which chance passes in 1 of 20 figures";
    let words = text(words, (size.width / 2.0, size.height - 16.0), LABEL);
    figure.add(words.set("text-anchor", "middle"));
    figure
}

/// The line under the title: columns that are left out, else the pair that fits worst.
fn note(columns: &PlottedColumns, worst: Option<&PairMisfit>) -> String {
    let all = columns.shown().len();
    // There is room for one note, and columns left out matter more.
    if all > MOST {
        return format!("the first {MOST} of {all} columns; choose others with --columns");
    }
    let Some(PairMisfit { places, misfit }) = worst else {
        return String::new();
    };
    let [a, b] = places.map(|place| columns.short(columns.shown()[place], 12));
    format!("worst pair: {a}, {b}, {}", misfit.times_noise())
}

/// The misfit of a pair of columns.
#[derive(Clone, Copy)]
struct PairMisfit {
    /// Places of the columns among those shown, the lower first.
    places: [usize; 2],
    misfit: Misfit,
}

/// The misfits of all pairs of columns that have one.
struct PairMisfits(Vec<PairMisfit>);

impl PairMisfits {
    fn new(picture: &Picture, shown: &[usize]) -> Self {
        let pairs = (0..shown.len()).flat_map(|i| (0..i).map(move |j| [j, i]));
        let misfit = |places: [usize; 2]| {
            let rows = |rows| points(rows, picture.dimension, places.map(|k| shown[k]));
            let misfit = pair_misfit(&rows(&picture.data), &rows(&picture.generated))?;
            Some(PairMisfit { places, misfit })
        };
        let mut pairs: Vec<PairMisfit> = pairs.filter_map(misfit).collect();
        let count = pairs.len();
        for pair in &mut pairs {
            pair.misfit = pair.misfit.among(count);
        }
        PairMisfits(pairs)
    }

    /// The pair that fits worst, in noise levels.
    fn worst(&self) -> Option<&PairMisfit> {
        let levels = |pair: &&PairMisfit| pair.misfit.in_noise_levels();
        let pairs = self.0.iter();
        pairs.max_by(|a, b| levels(a).total_cmp(&levels(b)))
    }
}

/// The panel of a pair above the diagonal: its misfit and noise level, on a shade that is darker the more they differ.
fn misfit_panel(place: FigureRect, pair: &PairMisfit, worst: Option<&PairMisfit>) -> Group {
    let unit = FigureScale::between(0.0, 1.0);
    let axes = Axes {
        place,
        x: unit,
        y: unit,
    };
    let Misfit { distance, noise } = pair.misfit;
    let ratio = pair.misfit.in_noise_levels();
    let shade = ((ratio - 1.0) / (DARKEST - 1.0)).clamp(0.0, 1.0);
    let ground = axes.outline().set("stroke", "#bbbbbb").set("fill", MODEL);
    let size = (place.width / 9.0).clamp(LABEL, 20.0);
    let middle = (place.x + place.width / 2.0, place.y + place.height / 2.0);
    let line = |words: String, down: f64, size: f64| {
        let line = text(&words, (middle.0, middle.1 + down), size);
        line.set("text-anchor", "middle")
    };
    let group = Group::new()
        .add(ground.set("fill-opacity", 0.45 * shade))
        .add(line(format!("{distance:.3}"), -0.35 * size, size))
        .add(line(format!("/ {noise:.3}"), 0.85 * size, size * 0.75));
    if worst.is_some_and(|worst| worst.places == pair.places) {
        let label = line("worst pair".into(), 2.3 * size, size * 0.75);
        group.add(marked(&axes)).add(label)
    } else {
        group
    }
}

/// The frame around the pair that fits worst.
fn marked(axes: &Axes) -> svg::node::element::Rectangle {
    axes.outline().set("stroke", MODEL).set("stroke-width", 3)
}

/// The misfit of a column.
fn misfit_of_column(picture: &Picture, k: usize) -> Option<Misfit> {
    let values = |rows| column(rows, picture.dimension, k);
    column_misfit(&values(&picture.data), &values(&picture.generated))
}

/// The misfit of a column, above its histogram.
fn column_note(place: FigureRect, misfit: Misfit) -> Group {
    let beyond = misfit.in_noise_levels() > 1.0;
    let size = if place.width < 160.0 {
        LABEL - 1.5
    } else {
        LABEL
    };
    let at = (place.x + place.width / 2.0, place.y - 4.5);
    let words = text(&format!("misfit {misfit}"), at, size)
        .set("text-anchor", "middle")
        .set("fill", if beyond { MODEL } else { INK })
        .set("font-weight", if beyond { "bold" } else { "normal" });
    Group::new().add(words)
}

/// The panel with both histograms of a column.
fn histogram_panel(place: FigureRect, picture: &Picture, k: usize, top: HistogramTop) -> Panel {
    let values = |rows| column(rows, picture.dimension, k);
    let samples = [values(&picture.data), values(&picture.generated)];
    let x = scale(picture, k);
    let of = |samples| HistogramPair { x, samples };
    let top = match top {
        HistogramTop::OfBoth => of([&samples[0], &samples[1]]).highest(),
        HistogramTop::OfData => ROOM * of([&samples[0], &[]]).highest(),
    };
    of([&samples[0], &samples[1]]).draw(place, top)
}

/// The panel with the points of two columns.
fn scatter_panel(place: FigureRect, picture: &Picture, [across, down]: [usize; 2]) -> Panel {
    let axes = Axes {
        place,
        x: scale(picture, across),
        y: scale(picture, down),
    };
    let points = |rows| points(rows, picture.dimension, [across, down]);
    let radius = (place.width / 180.0).clamp(0.7, 1.5);
    let dots = |rows, colour| {
        let style = DotStyle {
            colour,
            radius,
            opacity: 0.4,
        };
        axes.dots(&points(rows), style)
    };
    let content = axes
        .clipped()
        .add(dots(&picture.data, DATA))
        .add(dots(&picture.generated, MODEL));
    Panel { axes, content }
}

/// The scale of a column, around the data without what lies far out.
fn scale(picture: &Picture, k: usize) -> FigureScale {
    let values = column(&picture.data, picture.dimension, k);
    let ends = extent_of_most(values.into_iter());
    FigureScale::around(ends.into_iter().flat_map(|ends| [ends.low, ends.high]))
}
