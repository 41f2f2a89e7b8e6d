//! The labels of an axis of values, at round values only: multiples of a step that is 1, 2 or 5 times a power of ten; on a log axis
//! powers of ten, with 2 and 5 times them where there are few.
//!
//! ```text
//! sets of values from coarse to fine: the finest one is taken whose rows are apart;
//! if that is a single value, the ends of the next finer set that fall on different rows
//! ```

use super::{Axis, AxisScale};
use crate::dashboard::dot_grid::RowGrid;

/// Greatest width of a label, columns.
pub const WIDTH: usize = 8;
/// Most values of a set that is looked at.
const MOST: f64 = 400.0;

/// A label on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisLabel {
    /// The value where it stands.
    pub value: f64,
    /// The text, at most [`WIDTH`] characters.
    pub text: String,
}

/// Round values, and the step that says how many digits they need; None where each says it itself.
struct RoundValues {
    values: Vec<f64>,
    step: Option<f64>,
}

impl Axis {
    /// The labels on a plot of these rows, in no order; two at least where there are two rows, unless their texts would be alike.
    pub fn labels(&self, grid: RowGrid) -> Vec<AxisLabel> {
        if self.scale == AxisScale::SymLog {
            let labels = self.signed_decades(grid);
            if labels.len() > 1 {
                return labels;
            }
        }
        let decades = (self.scale == AxisScale::Log).then(|| self.decades());
        let sets = decades.into_iter().flatten().chain(self.multiples());
        let chosen = self.finest(sets, grid);
        texts(&chosen)
    }

    /// The finest of these sets, by falling coarseness, whose values stand on rows of their own.
    fn finest(&self, sets: impl Iterator<Item = RoundValues>, grid: RowGrid) -> RoundValues {
        let apart = match grid.rows {
            0..5 => 1,
            5..24 => 2,
            _ => 3,
        };
        let row = |value: f64| grid.row(self.position(value));
        let mut best = RoundValues {
            values: Vec::new(),
            step: None,
        };
        for set in sets {
            let rows: Vec<u16> = set.values.iter().map(|&value| row(value)).collect();
            if rows.windows(2).all(|pair| pair[1] >= pair[0] + apart) {
                if set.values.len() >= best.values.len() {
                    best = set;
                }
                continue;
            }
            if best.values.len() > 1 {
                return best;
            }
            if let (Some(&first), Some(&last)) = (set.values.first(), set.values.last())
                && row(first) != row(last)
            {
                let values = vec![first, last];
                return RoundValues { values, ..set };
            }
            if best.values.is_empty() {
                best = RoundValues {
                    values: set.values.into_iter().take(1).collect(),
                    ..set
                };
            }
        }
        best
    }

    /// The multiples of 5, 2 and 1 times the powers of ten that lie on the axis, by falling steps.
    fn multiples(&self) -> impl Iterator<Item = RoundValues> {
        let Self { low, high, .. } = *self;
        let half = high / 2.0 - low / 2.0;
        let top = (half.log10().floor() as i32).saturating_add(1);
        let steps = (top.saturating_sub(3)..=top).rev().flat_map(|exponent| {
            let power = 10f64.powf(f64::from(exponent));
            // 10^-5 and the like are nearer as quotients.
            let power = if (-22..0).contains(&exponent) {
                1.0 / 10f64.powi(-exponent)
            } else {
                power
            };
            [5.0, 2.0, 1.0].map(|digit| digit * power)
        });
        let fits = move |&step: &f64| {
            let count = half / step * 2.0;
            step.is_finite() && step > 0.0 && count < MOST
        };
        let set = move |step: f64| {
            let (first, last) = ((low / step).ceil(), (high / step).floor());
            let count = (last - first).clamp(-1.0, MOST) as i64;
            let values = (0..=count).map(|k| (first + k as f64) * step);
            // Rounding must not carry one beyond the end.
            let inside = values.filter(|value| (low..=high).contains(value));
            RoundValues {
                values: inside.collect(),
                step: Some(step),
            }
        };
        steps.filter(fits).map(set)
    }

    /// Every so many powers of ten, then all of them, then also 5 times, then 2 and 5 times them.
    fn decades(&self) -> impl Iterator<Item = RoundValues> {
        const STRIDES: [i32; 8] = [128, 64, 32, 16, 8, 4, 2, 1];
        const BETWEEN: [&[f64]; 2] = [&[1.0, 5.0], &[1.0, 2.0, 5.0]];
        let Self { low, high, .. } = *self;
        let exponent = |value: f64| value.log10().floor() as i32;
        let ends = exponent(low)..=exponent(high);
        let strides = STRIDES.into_iter().map(|stride| (stride, &[1.0][..]));
        let between = BETWEEN.into_iter().map(|digits| (1, digits));
        strides.chain(between).map(move |(stride, digits)| {
            let exponents = ends.clone().filter(|exponent| exponent % stride == 0);
            let values = exponents.flat_map(|exponent| {
                // Not powi, which takes the smallest ones for 0.
                let power = 10f64.powf(f64::from(exponent));
                digits.iter().map(move |digit| digit * power)
            });
            let inside = values.filter(|value| (low..=high).contains(value));
            RoundValues {
                values: inside.collect(),
                step: None,
            }
        })
    }

    /// The labels at 0 and at the decades of both signs, the larger ones first, as far as they stand two rows apart.
    fn signed_decades(&self, grid: RowGrid) -> Vec<AxisLabel> {
        let least = self.even.log10().round() as i32;
        let powers = (least..=least + super::DECADES).rev();
        let signed = powers.flat_map(|exponent| {
            let value = 10f64.powf(f64::from(exponent));
            [value, -value]
        });
        let row = |value: f64| grid.row(self.position(value));
        let mut values: Vec<f64> = Vec::new();
        for value in std::iter::once(0.0).chain(signed) {
            let inside = self.low <= value && value <= self.high;
            let apart = |&other: &f64| row(other).abs_diff(row(value)) >= 2;
            if inside && values.iter().all(apart) {
                values.push(value);
            }
        }
        texts(&RoundValues { values, step: None })
    }
}

/// The values with their texts; one whose text another has is left out.
fn texts(round: &RoundValues) -> Vec<AxisLabel> {
    let mut labels: Vec<AxisLabel> = Vec::new();
    let write = writer(round);
    for &value in &round.values {
        let text = write(value);
        if labels.iter().all(|label| label.text != text) {
            labels.push(AxisLabel { value, text });
        }
    }
    labels
}

/// What writes these values: all without an exponent if that fits, without the 0 before the point if it must be, else all with one.
fn writer(round: &RoundValues) -> impl Fn(f64) -> String {
    let step = round.step;
    let exponent = |value: f64| (value.abs() * 1.000_001).log10().floor().max(-400.0) as i32;
    // Of values that are a digit times a power of ten, each shows its own digits.
    let decimals = move |value: f64| (-exponent(step.unwrap_or(value))).max(0) as usize;
    let plain = move |value: f64| format!("{value:.0$}", decimals(value).min(WIDTH));
    let bare = move |value: f64| {
        let text = plain(value);
        match text.strip_prefix("-0.").map(|rest| ("-", rest)) {
            None => text.strip_prefix("0.").map(|rest| ("", rest)),
            negative => negative,
        }
        .map_or(text.clone(), |(sign, rest)| format!("{sign}.{rest}"))
    };
    let power = move |value: f64| {
        let digits = exponent(value) - exponent(step.unwrap_or(value));
        let digits = (0..=digits.max(0) as usize).rev();
        let mut texts = digits.map(|digits| format!("{value:.digits$e}"));
        texts.find(|text| fits(text)).unwrap_or_default()
    };
    let values: Vec<f64> = round.values.iter().copied().filter(|&v| v != 0.0).collect();
    let common = values
        .iter()
        .all(|value| (1e-4..1e7).contains(&value.abs()));
    let all = |write: &dyn Fn(f64) -> String| values.iter().all(|&value| fits(&write(value)));
    let (long, short) = (common && all(&plain), common && all(&bare));
    move |value| match (long, short) {
        _ if value == 0.0 => "0".into(),
        (true, _) => plain(value),
        (false, true) => bare(value),
        (false, false) => power(value),
    }
}

fn fits(text: &str) -> bool {
    text.chars().count() <= WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::range::ValueRange;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn fit(low: f64, high: f64, scale: AxisScale) -> Axis {
        Axis::fit(ValueRange { low, high }, scale)
    }

    fn grid(rows: u16) -> RowGrid {
        RowGrid { rows, dots: 4 }
    }

    fn labelled(axis: Axis, rows: u16) -> Vec<String> {
        let labels = axis.labels(grid(rows));
        labels.into_iter().map(|label| label.text).collect()
    }

    #[test]
    fn values_are_round_at_every_height() {
        let linear = |low, high, rows| labelled(fit(low, high, AxisScale::Linear), rows);
        assert_eq!(linear(2.308, 2.538, 3), ["2.4", "2.5"]);
        assert_eq!(linear(2.308, 2.538, 12), ["2.35", "2.40", "2.45", "2.50"]);
        assert_eq!(linear(-1.0, 1.0, 5), ["-1", "0", "1"]);
        assert_eq!(linear(0.0, 3e7, 9), ["0", "1e7", "2e7", "3e7"]);
        assert_eq!(linear(2.7e-5, 3.2e-5, 4), ["2.8e-5", "3.0e-5", "3.2e-5"]);
        // Two values of 0.02 fall on the two rows, though not all of them.
        assert_eq!(linear(0.013, 0.043, 2).len(), 2);
    }

    #[test]
    fn a_log_axis_labels_decades_in_real_values() {
        let log = |low, high, rows| labelled(fit(low, high, AxisScale::Log), rows);
        assert_eq!(log(0.5, 2000.0, 10), ["1", "10", "100", "1000"]);
        assert_eq!(log(0.003, 0.7, 12), ["0.01", "0.1"]);
        assert_eq!(log(0.1, 1.0, 12), ["0.1", "0.2", "0.5", "1"]);
        assert_eq!(log(1.2e-9, 1e-3, 9), ["1e-8", "1e-6", "1e-4"]);
        assert_eq!(log(2.31, 2.53, 3), ["2.4", "2.5"]);
        assert!(log(1e-300, 1e300, 4).len() >= 2);
    }

    #[test]
    fn a_symmetric_log_axis_labels_both_signs() {
        let axis = fit(-1000.0, 1000.0, AxisScale::SymLog);
        assert_eq!(labelled(axis, 7), ["0", "1000", "-1000"]);
        assert!(labelled(axis, 60).iter().any(|text| text == "-10"));
    }

    /// Whether a text has no more digits than multiples of a thousandth of their size need.
    fn round(text: &str) -> bool {
        let digits = text.split('e').next().unwrap_or_default();
        let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
        digits.trim_matches('0').len() <= 5
    }

    /// A range of numbers of a size, and an axis of it.
    fn any(exponents: std::ops::Range<i32>, random: &mut ChaCha8Rng) -> Axis {
        let size = 10f64.powi(random.random_range(exponents));
        let low: f64 = size * random.random_range(-1.0..1.0);
        let width = size * 10f64.powf(random.random_range(-3.0..1.0));
        let scales = [AxisScale::Linear, AxisScale::Log, AxisScale::SymLog];
        fit(low, low + width, scales[random.random_range(0..3)])
    }

    #[test]
    fn labels_are_inside_no_wider_than_their_column_and_on_rows_of_their_own() {
        let random = &mut ChaCha8Rng::seed_from_u64(5);
        for _ in 0..20_000 {
            let axis = any(-300..300, random);
            let rows = random.random_range(1..60);
            let mut taken = Vec::new();
            for AxisLabel { value, text } in axis.labels(grid(rows)) {
                let place = axis.position(value);
                assert!((-1e-9..=1.0 + 1e-9).contains(&place), "{axis:?} {value}");
                assert!(text.chars().count() <= WIDTH && !text.is_empty(), "{text}");
                let row = grid(rows).row(place);
                assert!(!taken.contains(&row), "{axis:?} {rows}: two in row {row}");
                taken.push(row);
            }
        }
    }

    #[test]
    fn numbers_of_common_sizes_have_two_labels_that_are_round_and_true() {
        let random = &mut ChaCha8Rng::seed_from_u64(6);
        for _ in 0..20_000 {
            let axis = any(-2..4, random);
            let rows = random.random_range(1..60);
            let labels = axis.labels(grid(rows));
            let least = usize::from(rows.min(2));
            assert!(labels.len() >= least, "{axis:?} {rows}: {labels:?}");
            for AxisLabel { value, text } in labels {
                let read: f64 = text.parse().unwrap();
                let error = (axis.position(read) - axis.position(value)).abs();
                assert!(error < 1e-3, "{axis:?}: {text} stands at {value}");
                assert!(round(&text), "{axis:?}: {text}");
            }
        }
    }
}
