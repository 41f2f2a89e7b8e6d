//! The density of a single column as a curve, over histograms of the data and of generated samples.

use super::axes::{AxesText, FigureRect, LineStyle, Panel};
use super::caption::Caption;
use super::colour::{DATA, MODEL, REFERENCE};
use super::extent::{Interval, extent_of_most};
use super::figure::{FigureSize, SvgFigure};
use super::histogram::HistogramPair;
use super::legend::{LegendEntry, legend_row};
use super::scale::FigureScale;

const PLACE: FigureRect = FigureRect {
    x: 84.0,
    y: 66.0,
    width: 560.0,
    height: 340.0,
};

/// The density of a column, with samples of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnDensity {
    /// Points (x, p(x)), evenly spaced.
    pub curve: Vec<[f64; 2]>,
    /// Values of the data.
    pub data: Vec<f64>,
    /// Generated samples.
    pub generated: Vec<f64>,
}

/// Draws the density of the column `name`, whose unit is not known; the vertical axis reaches up to `highest`, or if that is None to
/// what is drawn.
pub fn curve(
    density: &ColumnDensity,
    name: &str,
    highest: Option<f64>,
    caption: &Caption,
) -> SvgFigure {
    let size = FigureSize {
        width: PLACE.x + PLACE.width + 30.0,
        height: PLACE.y + PLACE.height + 82.0,
    };
    let mut figure = SvgFigure::new(size, &caption.title("density of the model"));
    figure.add_note(&caption.note(&format!(
        "mass inside the frame: {:.3}",
        mass(&density.curve)
    )));
    let line = LineStyle::new(REFERENCE, 1.8);
    let heights = density.curve.iter().map(|point| point[1]);
    let bars = HistogramPair {
        x: scale(&density.data),
        samples: [&density.data, &density.generated],
    };
    let top = highest.unwrap_or(bars.highest().max(heights.fold(0.0, f64::max)));
    let Panel { axes, content } = bars.draw(PLACE, top);
    figure.add(content.add(line.draw(axes.path(density.curve.iter().copied()))));
    figure.add(axes.frame(&AxesText {
        x: name,
        y: &format!("probability density (per unit of {name})"),
        ..AxesText::default()
    }));
    let entry = |colour, what: &str, values: &[f64]| {
        let text = format!("{what}, n = {}", values.len());
        LegendEntry::line(LineStyle::new(colour, 2.0), text)
    };
    let entries = [
        LegendEntry::line(line, "density of the model"),
        entry(DATA, "data", &density.data),
        entry(MODEL, "generated", &density.generated),
    ];
    let middle = PLACE.x + PLACE.width / 2.0;
    figure.add(legend_row(&entries, (middle, size.height - 22.0)));
    figure
}

/// The integral of a curve, by the trapezoidal rule.
fn mass(curve: &[[f64; 2]]) -> f64 {
    let area = |pair: &[[f64; 2]]| (pair[1][0] - pair[0][0]) * (pair[0][1] + pair[1][1]) / 2.0;
    curve.windows(2).map(area).filter(|a| a.is_finite()).sum()
}

/// The scale of the values, around the data without what lies far out.
fn scale(data: &[f64]) -> FigureScale {
    let ends = extent_of_most(data.iter().copied());
    FigureScale::around(ends.into_iter().flat_map(|ends| [ends.low, ends.high]))
}

impl ColumnDensity {
    /// The range over which a density is shown with these data.
    pub fn range(data: &[f64]) -> Interval {
        scale(data).ends()
    }

    /// The highest of the curve and of the data's histogram.
    pub fn highest(&self) -> f64 {
        let bars = HistogramPair {
            x: scale(&self.data),
            samples: [&self.data, &[]],
        };
        let curve = self.curve.iter().map(|point| point[1]);
        curve
            .filter(|p| p.is_finite())
            .fold(bars.highest(), f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mass_of_a_triangle_is_half_its_base_times_its_height() {
        assert_eq!(mass(&[[0.0, 0.0], [1.0, 3.0], [2.0, 0.0], [2.5, 0.0]]), 3.0);
        assert_eq!(mass(&[[0.0, f64::NAN], [1.0, 1.0]]), 0.0);
    }
}
