//! The lattice of a column of rounded values: samples are rounded to its points.
//!
//! ```text
//! points base + k step, k whole          rounded(x) = base + step round((x - base) / step)
//! ```
//!
//! A point is the number nearest to its decimal, 0.3 and not 3 times 0.1, where step and base are short decimals.

use serde::{Deserialize, Serialize};

/// Largest number of decimals of a step and base that are short.
const DECIMALS: i32 = 15;
/// Largest number whose neighbours one apart are all held by 64 bits.
const WHOLE: f64 = 9_007_199_254_740_992.0;
/// Share of a step within which values lie on the same lattice.
const NEAR: f64 = 1e-6;

/// Points at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lattice {
    /// Distance of two neighbours, in the column's units, above 0.
    pub step: f64,
    /// One of the points, in the column's units.
    pub base: f64,
}

impl Lattice {
    /// The lattice with this step that most of the values lie on.
    pub fn through(values: &[f64], step: f64) -> Self {
        let phase = |x: &f64| {
            let phase = (x / step).rem_euclid(1.0);
            // Just below a point is on it.
            if phase > 1.0 - NEAR { 0.0 } else { phase }
        };
        let mut phases: Vec<f64> = values.iter().map(phase).collect();
        phases.sort_by(f64::total_cmp);
        let near = phases.chunk_by(|a, b| b - a < NEAR);
        let most = near.max_by_key(|near| near.len());
        let phase = most.map_or(0.0, |near| near[0]);
        let base = if phase < NEAR { 0.0 } else { phase * step };
        let digits = decimals(step).map_or(base, |places| decimal(base, places + 2));
        Lattice { step, base: digits }
    }

    /// The point nearest to a number; NaN of NaN.
    pub fn round(&self, x: f64) -> f64 {
        let point = self.base + self.step * ((x - self.base) / self.step).round();
        let places = decimals(self.step).zip(decimals(self.base));
        // The sum turns -0.0 into 0.0.
        places.map_or(point, |(a, b)| decimal(point, a.max(b))) + 0.0
    }

    /// Whether step and base are valid. Files may hold any numbers.
    pub fn is_sound(&self) -> bool {
        self.step.is_finite() && self.step > 0.0 && self.base.is_finite()
    }
}

/// The number of decimals of a short decimal number; None for others.
fn decimals(x: f64) -> Option<i32> {
    (0..=DECIMALS).find(|&places| decimal(x, places) == x)
}

/// The number nearest to x with so many decimals; x itself where they are more than 64 bits hold.
fn decimal(x: f64, places: i32) -> f64 {
    // A quotient of whole numbers is the nearest number to the decimal.
    let ten = 10_f64.powi(places);
    let whole = (x * ten).round();
    if whole.abs() < WHOLE { whole / ten } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_rounded_to_decimals_as_they_are_written() {
        let tenths = Lattice::through(&[0.1, 0.3, 0.7, 12.4], 0.1);
        assert_eq!(tenths.round(0.3149), 0.3);
        assert_eq!(tenths.round(-0.04), 0.0);
        assert!(tenths.round(-0.04).is_sign_positive());
        assert_eq!(tenths.round(1e6 + 0.26), 1_000_000.3);
        let halves = Lattice::through(&[0.5, 1.5, -3.5, 2.0], 1.0);
        assert_eq!(halves.base, 0.5);
        assert_eq!(halves.round(7.1), 7.5);
        let dozens = Lattice::through(&[24.0, -12.0, 120.0], 12.0);
        assert_eq!(dozens.round(1e3), 996.0);
        let seconds = Lattice::through(&[1_700_003_282.0, 1_700_078_337.0], 1.0);
        assert_eq!(seconds.round(1_700_015_547.39), 1_700_015_547.0);
    }

    #[test]
    fn steps_that_are_no_short_decimals_are_kept() {
        let thirds = Lattice::through(&[0.0, 1.0 / 3.0, 2.0 / 3.0], 1.0 / 3.0);
        assert!((thirds.round(0.7) - 2.0 / 3.0).abs() < 1e-15);
        let large = Lattice::through(&[3e20, 5e20], 1e20);
        assert_eq!(large.round(4.2e20), 4e20);
        assert!(thirds.round(f64::NAN).is_nan());
    }
}
