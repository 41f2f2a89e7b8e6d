//! The range of values that a chart shows: that of their bulk and of all recent values, so that a few large ones, as those of the first
//! iterations, don't make the rest a flat line. What is outside is marked at the edge.
//!
//! ```text
//! core   of each curve: without a tenth of its buckets at either end, but with all that stand in the right quarter of the window
//! shown  whole range, on each side cut to the core where what is beyond it is higher than the core itself, as heights on the axis
//! ```

use super::content::ChartContent;
use super::curve::DrawnSeries;
use super::frame::scaled;
use crate::dashboard::axis::{Axis, AxisScale};
use crate::dashboard::range::ValueRange;
use crate::dashboard::state::losses::Outliers;
use crate::dashboard::window::Window;

/// Share of the buckets of a curve that may be left out at either end.
const TAIL: f64 = 0.1;
/// Share of the width from which on all values are shown.
const RECENT: f64 = 0.75;
/// Height beyond the core that is left out, in heights of the core.
const EXCESS: f64 = 1.0;

/// The axis of a chart; None without a finite value.
pub fn axis(content: &ChartContent, window: Window, outliers: Outliers) -> Option<Axis> {
    let compared = content.compared.iter();
    let compared = compared.flat_map(|pair| [pair.training, pair.validation]);
    let curves = content.curves.iter().map(|curve| curve.drawn);
    let curves: Vec<DrawnSeries> = curves.chain(compared.map(DrawnSeries::plain)).collect();
    let band = content.band.map(DrawnSeries::plain);
    let all = curves.iter().copied().chain(band);
    let whole = all.flat_map(|curve| curve.ranges(window.first, window.last));
    let positive = |range: ValueRange| above_zero(range, content.least);
    let log = content.scale == AxisScale::Log && content.least.is_some();
    let whole = if log {
        // Noise below 0 is no reason to give the log axis up.
        let above = whole.filter_map(positive).reduce(ValueRange::join);
        above.unwrap_or(ValueRange {
            low: content.least?,
            high: content.least? * 10.0,
        })
    } else {
        whole.reduce(ValueRange::join)?
    };
    let weighted = |range: ValueRange| ValueRange {
        low: scaled(range.low, content.factor),
        high: scaled(range.high, content.factor),
    };
    let mut shown = weighted(whole);
    let floor = content.floor.map(|floor| ValueRange::of(floor.value));
    if outliers == Outliers::Marked {
        let cores = curves.iter().filter_map(|&curve| core(curve, window));
        let cores = cores.map(|core| {
            if log {
                positive(core).unwrap_or(whole)
            } else {
                core
            }
        });
        if let Some(core) = cores.reduce(ValueRange::join) {
            shown = cut(shown, weighted(core), content.scale);
            let with_floor = floor.map_or(shown, |floor| shown.join(floor));
            return Some(Axis::fit(
                cut(with_floor, shown, content.scale),
                content.scale,
            ));
        }
    }
    let shown = floor.map_or(shown, |floor| shown.join(floor));
    Some(Axis::fit(shown, content.scale))
}

/// The part of a range that a log axis can show, and that is not below `least`; None if it is all below.
fn above_zero(range: ValueRange, least: Option<f64>) -> Option<ValueRange> {
    let least = least.unwrap_or(f64::MIN_POSITIVE);
    (range.high >= least).then(|| ValueRange {
        low: range.low.max(least),
        high: range.high,
    })
}

/// The range of most buckets of a curve and of all recent ones; None without a finite value.
fn core(curve: DrawnSeries, window: Window) -> Option<ValueRange> {
    let ranges: Vec<ValueRange> = curve.ranges(window.first, window.last).collect();
    let last = ranges.len().checked_sub(1)?;
    let tail = (ranges.len() as f64 * TAIL).round() as usize;
    let tail = tail.min(last / 2);
    let end = |end: fn(&ValueRange) -> f64, at: usize| {
        let mut ends: Vec<f64> = ranges.iter().map(end).collect();
        *ends.select_nth_unstable_by(at, f64::total_cmp).1
    };
    let bulk = ValueRange {
        low: end(|range| range.low, tail),
        high: end(|range| range.high, last - tail),
    };
    let recent = curve.ranges(window.at(RECENT).max(window.first), window.last);
    Some(recent.fold(bulk, ValueRange::join))
}

/// The whole range, on each side cut to the core where the rest is much higher than it.
fn cut(whole: ValueRange, core: ValueRange, scale: AxisScale) -> ValueRange {
    let axis = Axis::fit(whole, scale);
    let (low, high) = (axis.position(core.low), axis.position(core.high));
    let height = (high - low) * EXCESS;
    // A constant core, as of a single recent value, has no height that others could be measured by.
    if core.low >= core.high {
        return whole;
    }
    ValueRange {
        low: if low > height { core.low } else { whole.low },
        high: if 1.0 - high > height {
            core.high
        } else {
            whole.high
        },
    }
}
