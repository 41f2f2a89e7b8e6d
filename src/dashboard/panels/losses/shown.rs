//! The range of values that a chart shows: that of their bulk and of all recent values, so that a few large ones, as those of the first
//! iterations, don't make the rest a flat line. What is outside is marked at the edge.
//!
//! ```text
//! core   of each curve: without a tenth of its buckets at either end, but with all that stand in the right quarter of the window
//! shown  whole range; where what is beyond the core on a side is higher than the core itself, as heights on the axis: up to the last
//!        value that is no farther from the core than half its height
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
/// Height beyond the core that is left out, in heights of the core; on a log axis, which is made for outliers, more.
const EXCESS: f64 = 1.0;
const LOG_EXCESS: f64 = 3.0;

/// Distance from the core, in heights of it, up to which values are shown though others beyond are not.
const NEAR: f64 = 0.5;
/// Range of a log axis without a value that it can show.
const DECADE: f64 = 10.0;

/// The axis of a chart; None without a finite value.
pub fn axis(content: &ChartContent, window: Window, outliers: Outliers) -> Option<Axis> {
    let compared = content.compared.iter();
    let compared = compared.flat_map(|pair| [pair.training, pair.validation]);
    let curves = content.curves.iter().map(|curve| curve.drawn);
    let curves: Vec<DrawnSeries> = curves.chain(compared.map(DrawnSeries::plain)).collect();
    let least = content.least.filter(|_| content.scale == AxisScale::Log);
    let weighted = |range: ValueRange| ValueRange {
        low: scaled(range.low, content.factor),
        high: scaled(range.high, content.factor),
    };
    let all = ranges(&curves, window, least).into_iter();
    let all: Vec<ValueRange> = all.map(weighted).collect();
    let whole = all.iter().copied().reduce(ValueRange::join)?;
    let level = content.level.map(|level| ValueRange::of(level.value));
    let with_level = |range: ValueRange| level.map_or(range, |level| range.join(level));
    let cores = curves.iter().filter_map(|&curve| core(curve, window));
    let cores = cores.filter_map(|core| above(core, least)).map(weighted);
    let core = cores.reduce(ValueRange::join);
    let shown = match core.filter(|_| outliers == Outliers::Marked) {
        Some(core) => {
            let shown = cut(whole, core, &all, content.scale);
            cut(with_level(shown), shown, &[shown], content.scale)
        }
        None => with_level(whole),
    };
    Some(Axis::fit(shown, content.scale))
}

/// The ranges of all buckets that are seen; with a least value, from that on, and with the standard errors that end above it.
fn ranges(curves: &[DrawnSeries], window: Window, least: Option<f64>) -> Vec<ValueRange> {
    let seen = curves.iter();
    let values = seen.flat_map(|curve| curve.ranges(window.first, window.last));
    let Some(low) = least else {
        return values.collect();
    };
    let errors = curves.iter().filter_map(|curve| curve.errors);
    let errors = errors.flat_map(|errors| errors.within(window.first, window.last));
    let errors = errors.filter_map(|bucket| bucket.range().filter(|range| range.low > low));
    let values = values.filter_map(|range| above(range, least));
    let all: Vec<ValueRange> = values.chain(errors).collect();
    if all.is_empty() {
        // Noise below 0 is no reason to give the log axis up.
        let high = low * DECADE;
        return vec![ValueRange { low, high }];
    }
    all
}

/// The part of a range that is not below a least value; None if it is all below.
fn above(range: ValueRange, least: Option<f64>) -> Option<ValueRange> {
    let low = least.map_or(range.low, |least| range.low.max(least));
    (range.high >= low).then_some(ValueRange { low, ..range })
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

/// The whole range, on each side cut near the core where the rest is much higher than it.
fn cut(whole: ValueRange, core: ValueRange, all: &[ValueRange], scale: AxisScale) -> ValueRange {
    let axis = Axis::fit(whole, scale);
    let (low, high) = (axis.position(core.low), axis.position(core.high));
    let excess = match axis.scale {
        AxisScale::Linear => EXCESS,
        AxisScale::Log | AxisScale::SymLog => LOG_EXCESS,
    };
    let height = high - low;
    // A constant core, as of a single recent value, has no height that others could be measured by.
    if core.low >= core.high {
        return whole;
    }
    let (least, most) = (
        axis.value(low - NEAR * height),
        axis.value(high + NEAR * height),
    );
    let ends = all.iter().flat_map(|range| [range.low, range.high]);
    let near = ends.filter(|end| (least..=most).contains(end));
    let near = near.map(ValueRange::of).fold(core, ValueRange::join);
    ValueRange {
        low: if low > excess * height {
            near.low
        } else {
            whole.low
        },
        high: if 1.0 - high > excess * height {
            near.high
        } else {
            whole.high
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::contents;
    use super::*;
    use crate::dashboard::component::Component;
    use crate::dashboard::fixtures;
    use crate::dashboard::range::IterationSpan;
    use crate::dashboard::state::State;
    use crate::dashboard::state::losses::{ChartPage, IterationRange};

    /// The range of C in a run with these training values and validations.
    fn shown(training: &[f64], validations: &[(u64, f64)], change: fn(&mut State)) -> ValueRange {
        let mut state = fixtures::started();
        if let Some(start) = &mut state.start {
            start.entropy = None;
        }
        for (i, &value) in (1..).zip(training) {
            state.apply(fixtures::iteration(i, value), 0.0);
        }
        for &(i, value) in validations {
            state.apply(fixtures::validation(i, value), 0.0);
        }
        change(&mut state);
        let view = state.view.losses;
        let window = view.window(state.span().unwrap());
        let contents = contents(&state, false);
        let axis = axis(&contents[Component::C as usize], window, view.outliers).unwrap();
        ValueRange {
            low: axis.low,
            high: axis.high,
        }
    }

    fn same(_: &mut State) {}

    /// A fall through two decades within the first twentieth, then 0.013 to 0.014.
    fn falling() -> Vec<f64> {
        let early = (0..20).map(|i| 0.043 * 0.9_f64.powi(i) + 1.0 / f64::from(1 + i));
        let late = (0..380).map(|i| 0.013 + 0.001 * f64::from(i % 7) / 6.0);
        early.chain(late).collect()
    }

    #[test]
    fn the_first_iterations_do_not_flatten_the_rest() {
        let ValueRange { low, high } = shown(&falling(), &[], same);
        assert!(low == 0.013 && high < 0.03, "{low} {high}");
        let full = shown(&falling(), &[], |state| {
            state.view.losses.outliers = Outliers::Included;
        });
        assert_eq!((full.low, full.high), (0.013, 1.043));
    }

    #[test]
    fn recent_values_are_shown_whole_however_large() {
        let mut values = falling();
        values[395] = 77.0;
        assert_eq!(shown(&values, &[], same).high, 77.0);
        values[395] = 0.013;
        values[200] = 77.0;
        assert!(shown(&values, &[], same).high < 1.0);
        // The same value in the right quarter of a window that ends there.
        let window = |state: &mut State| {
            let (first, last) = (150, 210);
            state.view.losses.range = IterationRange::Fixed(IterationSpan { first, last });
        };
        assert_eq!(shown(&values, &[], window).high, 77.0);
    }

    #[test]
    fn a_gap_between_training_and_validation_is_no_outlier() {
        let validations: Vec<_> = (1..=8).map(|k| (50 * k, 0.2 * k as f64)).collect();
        let range = shown(&falling(), &validations, same);
        assert!(range.high >= 1.6 && range.low <= 0.013, "{range:?}");
    }

    #[test]
    fn what_gains_little_is_not_cut() {
        let values: Vec<f64> = (0..400)
            .map(|i| 3.0 + (-f64::from(i) / 120.0).exp())
            .collect();
        assert_eq!(shown(&values, &[], same).high, 4.0);
    }

    #[test]
    fn the_level_is_shown_unless_it_is_far_below() {
        let with = |entropy: f64| {
            let mut state = fixtures::started();
            for i in 1..=100 {
                state.apply(fixtures::iteration(i, 3.0 + (i % 5) as f64), 0.0);
            }
            if let Some(start) = &mut state.start {
                start.entropy = Some(entropy);
            }
            let window = state.view.losses.window(state.span().unwrap());
            let contents = contents(&state, false);
            let content = &contents[Component::C as usize];
            axis(content, window, Outliers::Marked).unwrap().low
        };
        assert_eq!([with(2.5), with(-40.0)], [2.5, 3.0]);
    }

    #[test]
    fn the_divergence_stays_on_a_log_axis_where_noise_takes_it_below_0() {
        let mut state = fixtures::started();
        state.view.losses.page = ChartPage::Fit;
        for (i, divergence) in (1..).zip([0.5, 0.05, -0.001, 0.002, 0.003, -0.002, 0.001]) {
            let mut event = fixtures::validation(i, 2.0);
            if let crate::event::Event::Validation { figures, .. } = &mut event {
                (figures.divergence, figures.divergence_se) = (Some(divergence), Some(0.002));
            }
            state.apply(event, 0.0);
        }
        let window = state.view.losses.window(state.span().unwrap());
        let contents = contents(&state, false);
        let axis = axis(&contents[2], window, Outliers::Marked).unwrap();
        assert_eq!(axis.scale, AxisScale::Log);
        assert!(axis.low >= 0.0002 && axis.low <= 0.001, "{axis:?}");
    }
}
