//! Histograms of the data against generated samples, as outlines of density on the same bins.

use svg::node::element::Group;

use super::axes::{Axes, Pen, Place, Words};
use super::colour::{DATA, MODEL};
use super::figure::Figure;
use super::legend::{Entry, row};
use super::scale::{Scale, minus};

const PLACE: Place = Place {
    x: 84.0,
    y: 66.0,
    width: 560.0,
    height: 340.0,
};
/// Bins of a histogram, at most.
const BINS: f64 = 60.0;

/// Log densities under the model, nats.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogDensities {
    /// Of samples of the data.
    pub data: Vec<f64>,
    /// Of samples of the model.
    pub generated: Vec<f64>,
}

/// Draws the log densities of the data against those of generated samples: alike, if the model is right.
pub fn histogram(log: &LogDensities, name: &str) -> Figure {
    let size = (PLACE.x + PLACE.width + 30.0, PLACE.y + PLACE.height + 82.0);
    let mut figure = Figure::new(size, &format!("{name}: log densities under the model"));
    let x = axis(log);
    let beyond = |values: &[f64]| values.iter().filter(|v| **v < x.ends().0).count();
    let note = match beyond(&log.data) + beyond(&log.generated) {
        0 => String::new(),
        beyond => format!("; {beyond} further left"),
    };
    let (data, generated) = (mean(&log.data), mean(&log.generated));
    figure.note(&format!("mean: data {data}, generated {generated}{note}"));
    let (axes, outlines) = outlines((PLACE, x), [&log.data, &log.generated]);
    figure.add(outlines);
    figure.add(axes.frame(&Words {
        x: "log p(x) (nats)",
        y: "density (1/nat)",
        ..Words::default()
    }));
    let middle = PLACE.x + PLACE.width / 2.0;
    figure.add(row(&entries(log), (middle, size.1 - 22.0)));
    figure
}

/// Around both, but for a few that are far less likely than the rest.
fn axis(log: &LogDensities) -> Scale {
    let both = log.data.iter().chain(&log.generated).copied();
    let mut sorted: Vec<f64> = both.filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let Some((&middle, &rare)) = sorted.get(n / 2).zip(sorted.get(n / 100)) else {
        return Scale::around(sorted.into_iter());
    };
    let lowest = middle - 3.0 * (middle - rare);
    Scale::around(sorted.into_iter().filter(|v| *v >= lowest))
}

fn entries(log: &LogDensities) -> [Entry<'static>; 2] {
    let entry = |colour, name, values: &[f64]| {
        let n = values.len();
        let odd = values.iter().filter(|v| !v.is_finite()).count();
        let odd = match odd {
            0 => String::new(),
            odd => format!(", {odd} not finite"),
        };
        Entry::new(Pen::new(colour, 2.0), format!("{name}, n = {n}{odd}"))
    };
    [
        entry(DATA, "data", &log.data),
        entry(MODEL, "generated", &log.generated),
    ]
}

fn mean(values: &[f64]) -> String {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let n = finite.len() as f64;
    if finite.is_empty() {
        return "none".into();
    }
    let mean: f64 = finite.iter().map(|v| v / n).sum();
    let text = if mean.abs() < 1e6 {
        format!("{mean:.3}")
    } else {
        format!("{mean:.2e}")
    };
    minus(&text)
}

/// The histograms of data and generated samples over an axis, and the axes they are drawn in.
pub(super) fn outlines((place, x): (Place, Scale), samples: [&[f64]; 2]) -> (Axes, Group) {
    let bins = Bins::new(x, samples[0].len().min(samples[1].len()));
    let sides = [DATA, MODEL].into_iter().zip(samples);
    let sides: Vec<(&str, Vec<f64>)> = sides
        .map(|(colour, values)| (colour, bins.densities(values)))
        .collect();
    let heights = sides.iter().flat_map(|(_, heights)| heights);
    let heights = heights.copied();
    let axes = Axes {
        place,
        x,
        y: Scale::from_zero(heights),
    };
    let group = sides
        .iter()
        .fold(axes.clipped(), |group, (colour, heights)| {
            let outline = bins.outline(heights);
            let area = axes.path(outline.iter().copied()) + "Z";
            let area = Pen::new("none", 0.0).draw(area);
            let line = Pen::new(colour, 1.5).draw(axes.path(outline.into_iter()));
            let area = area.set("fill", *colour).set("fill-opacity", 0.15);
            group.add(area).add(line)
        });
    (axes, group)
}

/// Equal bins.
struct Bins {
    low: f64,
    width: f64,
    count: usize,
}

impl Bins {
    /// Over an axis, as many as n values can fill.
    fn new(axis: Scale, n: usize) -> Self {
        let (low, high) = axis.ends();
        let count = (2.0 * (n as f64).sqrt()).clamp(5.0, BINS) as usize;
        Bins {
            low,
            width: (high - low) / count as f64,
            count,
        }
    }

    /// Share of the finite values in each bin over its width.
    fn densities(&self, values: &[f64]) -> Vec<f64> {
        let mut heights = vec![0.0; self.count];
        let finite = values.iter().filter(|v| v.is_finite());
        let one = 1.0 / finite.clone().count().max(1) as f64 / self.width;
        for value in finite {
            let bin = (value - self.low) / self.width;
            let inside = (0.0..self.count as f64).contains(&bin);
            if let Some(height) = heights.get_mut(bin as usize).filter(|_| inside) {
                *height += one;
            }
        }
        heights
    }

    /// Steps up and down over the bins, from 0 to 0.
    fn outline(&self, heights: &[f64]) -> Vec<[f64; 2]> {
        let edge = |k: usize| self.low + k as f64 * self.width;
        let steps = heights
            .iter()
            .enumerate()
            .flat_map(|(k, height)| [[edge(k), *height], [edge(k + 1), *height]]);
        let first = std::iter::once([self.low, 0.0]);
        let last = std::iter::once([edge(heights.len()), 0.0]);
        first.chain(steps).chain(last).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_on_the_axis_falls_into_a_bin() {
        let values = [0.0, 0.1, 0.5, 0.9, f64::NAN, f64::INFINITY];
        let bins = Bins::new(Scale::between(0.0, 1.0), 4);
        assert_eq!((bins.low, bins.count), (0.0, 5));
        let densities = bins.densities(&values);
        let shares: Vec<f64> = densities.iter().map(|h| h * bins.width).collect();
        for (share, exact) in shares.iter().zip([0.5, 0.0, 0.25, 0.0, 0.25]) {
            assert!((share - exact).abs() < 1e-12, "{shares:?}");
        }
    }

    #[test]
    fn means_leave_out_what_is_no_number() {
        assert_eq!(mean(&[1.0, f64::NAN, -4.0]), "\u{2212}1.500");
        assert_eq!(mean(&[f64::NAN]), "none");
        assert_eq!(mean(&[1e300, 1e300]), "1.00e300");
    }
}
