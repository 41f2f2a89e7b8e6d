//! The choices of the chart: what is drawn, over what, on which axes.

use super::curve::CurvePoint;
use crate::dashboard::axis::{Axis, AxisScale};
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::losses::Outliers;

/// The number of curves where no run is marked.
pub const FEW: usize = 5;

/// Most runs that can be marked: one for every letter.
pub const MOST: usize = 26;

/// What the chart shows of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quantity {
    /// C of the validations.
    #[default]
    ValidationC,
    /// C - H of the validations.
    Divergence,
    /// The loss of the validations.
    ValidationLoss,
    /// C of the training batches.
    TrainingC,
}

impl Quantity {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::ValidationC => "validation C",
            Quantity::Divergence => "C - H",
            Quantity::ValidationLoss => "validation loss",
            Quantity::TrainingC => "training C",
        }
    }

    /// The quantity after this one; the last is followed by the first.
    pub fn next(self) -> Self {
        match self {
            Quantity::ValidationC => Quantity::ValidationLoss,
            Quantity::ValidationLoss => Quantity::Divergence,
            Quantity::Divergence => Quantity::TrainingC,
            Quantity::TrainingC => Quantity::ValidationC,
        }
    }
}

/// What the axis below the curves is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Abscissa {
    /// Iterations.
    #[default]
    Iterations,
    /// Training time, seconds.
    Seconds,
}

impl Abscissa {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Abscissa::Iterations => "iterations",
            Abscissa::Seconds => "seconds",
        }
    }

    /// The place of a point.
    pub fn of(self, point: &CurvePoint) -> f64 {
        match self {
            Abscissa::Iterations => point.iteration as f64,
            Abscissa::Seconds => point.seconds,
        }
    }

    /// A place as text.
    pub fn text(self, place: f64) -> String {
        match self {
            Abscissa::Iterations => format!("{place:.0}"),
            Abscissa::Seconds if place < 100.0 => format!("{place:.1}s"),
            Abscissa::Seconds => format!("{place:.0}s"),
        }
    }
}

/// The choices of the chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverlayView {
    /// What is shown.
    pub quantity: Quantity,
    /// Over what.
    pub abscissa: Abscissa,
    /// The scale of the values.
    pub scale: AxisScale,
    /// Whether iterations or seconds stand by decades.
    pub log_x: bool,
    /// Whether the range of the values reaches to outliers.
    pub outliers: Outliers,
    /// The place of the cursor on the axis below.
    pub cursor: Option<f64>,
}

impl Default for OverlayView {
    fn default() -> Self {
        OverlayView {
            quantity: Quantity::default(),
            abscissa: Abscissa::default(),
            scale: AxisScale::Linear,
            log_x: false,
            // The first validations of a run are far from where runs differ.
            outliers: Outliers::Marked,
            cursor: None,
        }
    }
}

/// The letter that stands for a curve, by its place among those that are drawn.
pub fn letter(place: usize) -> char {
    char::from(b'A' + (place % MOST) as u8)
}

/// The axis below the curves. Places that are not above 0 stand at the left end of a logarithmic one, which begins at 1.
pub fn axis_across(range: ValueRange, view: &OverlayView) -> Axis {
    if !view.log_x {
        return Axis::fit(range, AxisScale::Linear);
    }
    let low = match range.low > 0.0 {
        true => range.low,
        false => range.high.clamp(f64::MIN_POSITIVE, 1.0),
    };
    let high = range.high.max(low);
    Axis::fit(ValueRange { low, high }, AxisScale::Log)
}

/// The value at a share of an axis that is linear or logarithmic.
pub fn value_at(axis: &Axis, share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    match axis.scale {
        AxisScale::Log => axis.low * (axis.high / axis.low).powf(share),
        AxisScale::Linear | AxisScale::SymLog => axis.low + (axis.high - axis.low) * share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_gives_back_the_value_of_its_positions() {
        let range = ValueRange {
            low: 0.0,
            high: 1000.0,
        };
        for log_x in [false, true] {
            let view = OverlayView {
                log_x,
                ..OverlayView::default()
            };
            let axis = axis_across(range, &view);
            for share in [0.0, 0.25, 0.5, 1.0] {
                let back = axis.position(value_at(&axis, share));
                assert!((back - share).abs() < 1e-12, "{axis:?} {share} {back}");
            }
        }
    }
}
