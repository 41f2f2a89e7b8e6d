//! The axis of values, linear, logarithmic or symmetric logarithmic: the place of a value between bottom (0) and top (1); its labels are
//! in `labels`. And round iterations for the axis below.
//!
//! ```text
//! linear  w(v) = v        log  w(v) = log10 v        symlog  w(v) = asinh(v / (2 even))
//! position(v) = (w(v) - w(low)) / (w(high) - w(low))
//! ```
//!
//! `even` follows from the range alone, three decades below its larger end. The figures of `plot` have another symmetric logarithm,
//! sign(v) log10(1 + |v| / threshold) with the median size of the values as threshold; the two give different places near 0.

mod labels;

use super::range::ValueRange;
pub use labels::WIDTH as LABEL_WIDTH;

/// The spacing of values on an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AxisScale {
    /// Even spacing.
    #[default]
    Linear,
    /// Even spacing of decades; for values above 0.
    Log,
    /// Even spacing of decades on both sides of 0, and of values near it.
    SymLog,
}

/// An axis: a range of values with a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The spacing of values.
    pub scale: AxisScale,
    /// The value at the bottom.
    pub low: f64,
    /// The value at the top.
    pub high: f64,
    /// The power of ten below which a symmetric logarithm spaces values evenly.
    even: f64,
    /// The places of the ends on an even scale.
    ends: PlacedEnds,
}

/// The places of the ends of an axis on an even scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct PlacedEnds {
    low: f64,
    high: f64,
}

/// Ranges narrower than this share of their values are drawn as constant: noise of rounding would fill the chart otherwise.
const FLAT: f64 = 1e-12;

/// Decades that a symmetric logarithm has on the side that reaches farther.
const DECADES: i32 = 3;

impl Axis {
    /// The axis of a finite range; a constant gets room on both sides. Log turns symmetric when the range is not above 0.
    pub fn fit(range: ValueRange, wanted: AxisScale) -> Self {
        let ValueRange { low, high } = range;
        let scale = match wanted {
            AxisScale::Log if low <= 0.0 => AxisScale::SymLog,
            other => other,
        };
        let size = low.abs().max(high.abs());
        let (mut low, mut high) = (low, high);
        // Halves: the difference of two huge values may overflow.
        if high / 2.0 - low / 2.0 <= size * FLAT {
            let room = if size == 0.0 { 1.0 } else { size * 0.1 };
            (low, high) = ((low - room).max(f64::MIN), (high + room).min(f64::MAX));
        }
        let top = low.abs().max(high.abs()).log10().floor() as i32;
        let axis = Self {
            scale,
            low,
            high,
            even: 10f64.powi(top - DECADES).max(f64::MIN_POSITIVE),
            ends: PlacedEnds::default(),
        };
        let (low, high) = (axis.place(low), axis.place(high));
        let ends = PlacedEnds { low, high };
        Self { ends, ..axis }
    }

    /// The place of a value on an even scale.
    fn place(&self, value: f64) -> f64 {
        match self.scale {
            AxisScale::Linear => value / 2.0,
            // What is not above 0 stands below every decade.
            AxisScale::Log => value.max(0.0).log10(),
            AxisScale::SymLog => (value / self.even / 2.0).asinh(),
        }
    }

    /// The share of the height where a finite value stands: 0 at the bottom, 1 at the top.
    pub fn position(&self, value: f64) -> f64 {
        let PlacedEnds { low, high } = self.ends;
        let place = (self.place(value) - low) / (high - low);
        // Subnormal ranges divide 0 by 0.
        if place.is_nan() { 0.5 } else { place }
    }

    /// The value at a share of the height, infinite where there is no number so large.
    pub fn value(&self, share: f64) -> f64 {
        let PlacedEnds { low, high } = self.ends;
        let place = low + (high - low) * share;
        match self.scale {
            AxisScale::Linear => place * 2.0,
            AxisScale::Log => 10f64.powf(place),
            AxisScale::SymLog => place.sinh() * 2.0 * self.even,
        }
    }
}

/// The multiples of 1, 2 or 5 times a power of ten from `first` to `last`, at most `most` of them.
pub fn round(first: u64, last: u64, most: u64) -> Vec<u64> {
    let width = last.saturating_sub(first);
    let steps =
        (0..20).flat_map(|e| [1, 2, 5].map(|digit| 10_u64.saturating_pow(e).saturating_mul(digit)));
    let fits = |step: &u64| width / step < most;
    let Some(step) = steps.into_iter().find(fits) else {
        return Vec::new();
    };
    (first.div_ceil(step)..=last / step)
        .map(|count| count * step)
        .collect()
}

/// The powers of ten from `first` to `last`, with twice and five times them where there are few; evenly spaced ones within a decade.
pub fn decades(first: u64, last: u64, most: u64) -> Vec<u64> {
    let powers = || (0..20).map(|e| 10_u64.saturating_pow(e));
    let inside = |value: &u64| (first..=last).contains(value);
    let tens: Vec<_> = powers().filter(inside).collect();
    let fine: Vec<_> = powers()
        .flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)))
        .filter(inside)
        .collect();
    match (tens.len() as u64, fine.len() as u64) {
        (_, 3..) if fine.len() as u64 <= most => fine,
        (2.., _) => tens,
        _ => round(first, last, most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::dot_grid::RowGrid;

    fn fit(low: f64, high: f64, scale: AxisScale) -> Axis {
        Axis::fit(ValueRange { low, high }, scale)
    }

    #[test]
    fn ends_stand_at_the_ends() {
        for scale in [AxisScale::Linear, AxisScale::Log, AxisScale::SymLog] {
            for (low, high) in [(1.0, 100.0), (1e-300, 1e300), (2.9, 3.1)] {
                let axis = fit(low, high, scale);
                assert_eq!(axis.position(low), 0.0);
                assert_eq!(axis.position(high), 1.0);
            }
        }
        assert_eq!(fit(1.0, 100.0, AxisScale::Log).position(10.0), 0.5);
        assert_eq!(
            fit(f64::MIN, f64::MAX, AxisScale::Linear).position(0.0),
            0.5
        );
    }

    #[test]
    fn values_and_places_are_inverse() {
        for scale in [AxisScale::Linear, AxisScale::Log, AxisScale::SymLog] {
            let axis = fit(0.5, 700.0, scale);
            for share in [-0.5, 0.0, 0.3, 1.0, 1.5] {
                let back = axis.position(axis.value(share));
                // Below 0 a logarithm has no place.
                let beyond = axis.value(share) <= 0.0 && scale == AxisScale::Log;
                assert!(
                    beyond || (back - share).abs() < 1e-9,
                    "{scale:?} {share} {back}"
                );
            }
        }
    }

    #[test]
    fn a_constant_stands_in_the_middle() {
        for value in [0.0, 3.0, -2.5, 1e300] {
            let place = fit(value, value, AxisScale::Linear).position(value);
            // Rounding of the range's ends.
            assert!((place - 0.5).abs() < 1e-12, "{value} at {place}");
        }
    }

    #[test]
    fn values_that_are_not_positive_turn_log_into_symmetric_log() {
        assert_eq!(fit(0.0, 1.0, AxisScale::Log).scale, AxisScale::SymLog);
        assert_eq!(fit(1e-9, 1.0, AxisScale::Log).scale, AxisScale::Log);
    }

    #[test]
    fn a_symmetric_log_axis_mirrors_at_zero_and_spaces_decades_alike() {
        let axis = fit(-1000.0, 1000.0, AxisScale::SymLog);
        let at = |value| axis.position(value);
        assert_eq!(at(0.0), 0.5);
        assert!((at(-30.0) + at(30.0) - 1.0).abs() < 1e-12);
        let steps = [at(1000.0) - at(100.0), at(100.0) - at(10.0)];
        assert!((steps[0] - steps[1]).abs() < 1e-3, "{steps:?}");
    }

    #[test]
    fn every_scale_of_any_range_has_finite_places_and_labels_inside() {
        let ends = [
            f64::MIN,
            -1e300,
            -1.0,
            -5e-324,
            0.0,
            5e-324,
            1e-300,
            2.0,
            1e300,
            f64::MAX,
        ];
        for scale in [AxisScale::Linear, AxisScale::Log, AxisScale::SymLog] {
            for (i, &low) in ends.iter().enumerate() {
                for &high in &ends[i..] {
                    let axis = fit(low, high, scale);
                    for labels::AxisLabel { value, .. } in
                        axis.labels(RowGrid { rows: 20, dots: 4 })
                    {
                        let place = axis.position(value);
                        assert!(
                            (-1e-9..=1.0 + 1e-9).contains(&place),
                            "{axis:?} {value} {place}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn round_iterations_are_few_and_round() {
        assert_eq!(round(0, 400, 5), [0, 100, 200, 300, 400]);
        assert_eq!(round(1, 5000, 4), [2000, 4000]);
        assert_eq!(round(7, 7, 3), [7]);
        for last in [0, 1, 99, 12_345, u64::MAX] {
            for most in [0, 1, 5, 40] {
                assert!(round(0, last, most).len() as u64 <= most + 1);
                decades(0, last, most);
            }
        }
        assert_eq!(decades(1, 12_000, 5), [1, 10, 100, 1000, 10_000]);
        assert_eq!(decades(1, 60, 9), [1, 2, 5, 10, 20, 50]);
        assert_eq!(decades(300, 390, 5), [300, 320, 340, 360, 380]);
    }
}
