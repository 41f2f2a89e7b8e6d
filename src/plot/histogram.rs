//! Histograms of the data and of generated samples over the same bins, as outlines of their densities, and the figure of those of
//! their log densities.

use super::axes::{Axes, AxesText, FigureRect, LineStyle, Panel};
use super::caption::Caption;
use super::colour::{DATA, MODEL};
use super::figure::{FigureSize, SvgFigure};
use super::legend::{LegendEntry, legend_row};
use super::scale::{FigureScale, minus};

const PLACE: FigureRect = FigureRect {
    x: 84.0,
    y: 66.0,
    width: 560.0,
    height: 340.0,
};
/// Largest number of bins of a histogram.
const BINS: f64 = 60.0;

/// Log densities under the model, nats, of the data and of generated samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogDensities {
    /// Log densities of the data.
    pub data: Vec<f64>,
    /// Log densities of generated samples.
    pub generated: Vec<f64>,
}

/// Draws the histograms of the log densities of the data and of generated samples: they are equal if the model is right.
pub fn histogram(log: &LogDensities, caption: &Caption) -> SvgFigure {
    let size = FigureSize {
        width: PLACE.x + PLACE.width + 30.0,
        height: PLACE.y + PLACE.height + 82.0,
    };
    let mut figure = SvgFigure::new(size, &caption.title("log densities under the model"));
    let x = axis(log);
    let beyond = |values: &[f64]| values.iter().filter(|v| **v < x.ends().low).count();
    let note = match beyond(&log.data) + beyond(&log.generated) {
        0 => String::new(),
        beyond => format!("; {beyond} further left"),
    };
    let (data, generated) = (mean(&log.data), mean(&log.generated));
    figure.add_note(&format!("mean: data {data}, generated {generated}{note}"));
    let bars = HistogramPair {
        x,
        samples: [&log.data, &log.generated],
    };
    let Panel { axes, content } = bars.draw(PLACE, bars.highest());
    figure.add(content);
    figure.add(axes.frame(&AxesText {
        x: "log p(x) (nats)",
        y: "density (1/nat)",
        ..AxesText::default()
    }));
    let middle = PLACE.x + PLACE.width / 2.0;
    figure.add(legend_row(&entries(log), (middle, size.height - 22.0)));
    figure
}

/// The scale of log p: around both histograms, without the few values that are far less likely than the rest.
fn axis(log: &LogDensities) -> FigureScale {
    let both = log.data.iter().chain(&log.generated).copied();
    let mut sorted: Vec<f64> = both.filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let Some((&middle, &rare)) = sorted.get(n / 2).zip(sorted.get(n / 100)) else {
        return FigureScale::around(sorted.into_iter());
    };
    let lowest = middle - 3.0 * (middle - rare);
    FigureScale::around(sorted.into_iter().filter(|v| *v >= lowest))
}

/// The entries of the legend.
fn entries(log: &LogDensities) -> [LegendEntry<'static>; 2] {
    let entry = |colour, name, values: &[f64]| {
        let n = values.len();
        let odd = values.iter().filter(|v| !v.is_finite()).count();
        let odd = match odd {
            0 => String::new(),
            odd => format!(", {odd} not finite"),
        };
        LegendEntry::line(LineStyle::new(colour, 2.0), format!("{name}, n = {n}{odd}"))
    };
    [
        entry(DATA, "data", &log.data),
        entry(MODEL, "generated", &log.generated),
    ]
}

/// The mean of the finite values, as text.
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

/// The histograms of the data and of generated samples over a scale.
pub(super) struct HistogramPair<'a> {
    /// Scale of the values.
    pub x: FigureScale,
    /// The data, the generated samples.
    pub samples: [&'a [f64]; 2],
}

impl HistogramPair<'_> {
    fn bins(&self) -> Bins {
        let sizes = self.samples.map(<[f64]>::len).into_iter();
        Bins::new(self.x, sizes.filter(|n| *n > 0).min().unwrap_or(0))
    }

    /// The highest bin of both.
    pub fn highest(&self) -> f64 {
        let bins = self.bins();
        let heights = self.samples.into_iter().flat_map(|s| bins.densities(s));
        heights.fold(0.0, f64::max)
    }

    /// Draws both on a vertical axis from 0 to a little above `top`.
    pub fn draw(&self, place: FigureRect, top: f64) -> Panel {
        let bins = self.bins();
        let axes = Axes {
            place,
            x: self.x,
            y: FigureScale::from_zero(std::iter::once(top)),
        };
        let sides = [DATA, MODEL].into_iter().zip(self.samples);
        let content = sides.fold(axes.clipped(), |group, (colour, values)| {
            let outline = bins.outline(&bins.densities(values));
            let area = axes.path(outline.iter().copied()) + "Z";
            let area = LineStyle::new("none", 0.0).draw(area);
            let line = LineStyle::new(colour, 1.5).draw(axes.path(outline.into_iter()));
            let area = area.set("fill", colour).set("fill-opacity", 0.15);
            group.add(area).add(line)
        });
        Panel { axes, content }
    }
}

/// Bins of equal width.
struct Bins {
    low: f64,
    width: f64,
    count: usize,
}

impl Bins {
    /// Bins over a scale, as many as n values can fill.
    fn new(axis: FigureScale, n: usize) -> Self {
        let ends = axis.ends();
        let count = (2.0 * (n as f64).sqrt()).clamp(5.0, BINS) as usize;
        Bins {
            low: ends.low,
            width: ends.length() / count as f64,
            count,
        }
    }

    /// The density in each bin: the share of the finite values divided by the width.
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

    /// The outline of a histogram: steps over the bins, from 0 to 0.
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
        let bins = Bins::new(FigureScale::between(0.0, 1.0), 4);
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
