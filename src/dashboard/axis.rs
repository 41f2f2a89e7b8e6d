//! A value axis, linear or logarithmic: where a value stands between bottom (0) and top (1), and the labels, always in real values.

use super::format;

/// How values are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By decades; for values above 0.
    Log,
}

/// A range of values with a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// How values are spaced.
    pub scale: Scale,
    low: f64,
    high: f64,
}

/// Ranges narrower than this share of their values are drawn as constant: noise of rounding would fill the chart otherwise.
const FLAT: f64 = 1e-12;

impl Axis {
    /// Spans `low` to `high`, both finite; a constant gets room on both sides. Log falls back to linear when `low` is not above 0.
    pub fn fit(low: f64, high: f64, wanted: Scale) -> Self {
        let scale = if low > 0.0 { wanted } else { Scale::Linear };
        let size = low.abs().max(high.abs());
        // Halves: the difference of two huge values may overflow.
        if high / 2.0 - low / 2.0 > size * FLAT {
            return Self { scale, low, high };
        }
        let room = if size == 0.0 { 1.0 } else { size * 0.1 };
        Self {
            scale,
            low: (low - room).max(f64::MIN),
            high: (high + room).min(f64::MAX),
        }
    }

    /// 0 at the bottom, 1 at the top, outside beyond them; `value` is finite.
    pub fn position(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Linear => (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0),
            Scale::Log => {
                (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10())
            }
        };
        // Subnormal ranges divide 0 by 0.
        if place.is_nan() { 0.5 } else { place }
    }

    /// Values with their labels: the ends and, in a tall chart, the middle; on a log axis the decades, if there are two.
    pub fn labels(&self, rows: u16) -> Vec<(f64, String)> {
        let decades = self.decades(rows);
        if decades.len() > 1 {
            return decades;
        }
        let mut values = vec![self.low, self.high];
        if rows >= 7 {
            values.insert(1, self.middle());
        }
        values
            .into_iter()
            .map(|value| (value, format::number(value)))
            .collect()
    }

    fn middle(&self) -> f64 {
        match self.scale {
            Scale::Linear => self.low / 2.0 + self.high / 2.0,
            Scale::Log => 10f64.powf((self.low.log10() + self.high.log10()) / 2.0),
        }
    }

    /// At most one for every two rows, evenly spaced.
    fn decades(&self, rows: u16) -> Vec<(f64, String)> {
        if self.scale == Scale::Linear {
            return Vec::new();
        }
        let (first, last) = (
            self.low.log10().ceil() as i32,
            self.high.log10().floor() as i32,
        );
        let room = i32::from(rows / 2).max(1);
        let step = ((last - first + room) / room).max(1);
        (first..=last)
            .step_by(step as usize)
            .map(|e| (10f64.powi(e), format!("1e{e}")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_stand_at_the_ends() {
        for scale in [Scale::Linear, Scale::Log] {
            for (low, high) in [(1.0, 100.0), (1e-300, 1e300), (2.9, 3.1)] {
                let axis = Axis::fit(low, high, scale);
                assert_eq!(axis.position(low), 0.0);
                assert_eq!(axis.position(high), 1.0);
            }
        }
        assert_eq!(Axis::fit(1.0, 100.0, Scale::Log).position(10.0), 0.5);
        assert_eq!(
            Axis::fit(f64::MIN, f64::MAX, Scale::Linear).position(0.0),
            0.5
        );
    }

    #[test]
    fn a_constant_stands_in_the_middle() {
        for value in [0.0, 3.0, -2.5, 1e300] {
            let place = Axis::fit(value, value, Scale::Linear).position(value);
            // Rounding of the range's ends.
            assert!((place - 0.5).abs() < 1e-12, "{value} at {place}");
        }
    }

    #[test]
    fn a_log_axis_labels_decades_in_real_values() {
        let axis = Axis::fit(0.5, 2000.0, Scale::Log);
        let labels: Vec<_> = axis.labels(10).into_iter().map(|label| label.1).collect();
        assert_eq!(labels, ["1e0", "1e1", "1e2", "1e3"]);
        assert!(Axis::fit(1e-300, 1e300, Scale::Log).labels(4).len() <= 2);
    }

    #[test]
    fn values_that_are_not_positive_turn_log_into_linear() {
        assert_eq!(Axis::fit(0.0, 1.0, Scale::Log).scale, Scale::Linear);
        assert_eq!(Axis::fit(1e-9, 1.0, Scale::Log).scale, Scale::Log);
    }
}
