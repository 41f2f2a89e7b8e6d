//! The scale of an axis: the map from a value to its position on the axis, and the ticks.
//!
//! ```text
//! linear  w(v) = v        log  w(v) = log10 v        symlog  w(v) = sign(v) log10(1 + |v| / threshold)
//! share(v) = (w(v) - w(low)) / (w(high) - w(low))
//! ```

use std::ops::Range;

use super::extent::{Interval, LARGEST, extent};

/// Margin around the values, as a share of their range.
const ROOM: f64 = 0.06;
/// Share of the values' magnitude below which their range is rounding error.
const FLAT: f64 = 1e-9;
/// Ratio of the largest to the smallest positive value above which the scale is logarithmic.
const WIDE: f64 = 20.0;
/// Approximate number of ticks of a linear axis.
const TICKS: f64 = 7.0;
/// Magnitudes whose labels have no exponent.
const PLAIN: Range<f64> = 1e-3..1e5;

/// The function w of a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ScaleKind {
    /// w(v) = v
    Linear,
    /// w(v) = log10 v
    Log,
    /// w(v) = sign(v) log10(1 + |v| / threshold)
    Symlog { threshold: f64 },
}

/// The scale of an axis; low < high, both finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FigureScale {
    kind: ScaleKind,
    low: f64,
    high: f64,
}

/// A tick of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Position on the axis, from 0 at its low end to 1.
    pub share: f64,
    /// Label: the value as text.
    pub label: String,
}

impl FigureScale {
    /// A linear scale between two values; a wider one where they are not apart.
    pub fn between(low: f64, high: f64) -> Self {
        let Interval { low, high } = widened(low, high);
        FigureScale {
            kind: ScaleKind::Linear,
            low,
            high,
        }
    }

    /// A linear scale around the finite values, with a margin; around 0 if there are none.
    pub fn around(values: impl Iterator<Item = f64>) -> Self {
        let ends = extent(values).map_or(
            Interval {
                low: -0.5,
                high: 0.5,
            },
            |Interval { low, high }| widened(low, high),
        );
        let room = ROOM * ends.length();
        Self::between(ends.low - room, ends.high + room)
    }

    /// A logarithmic scale around the values above 0, with a margin; around 1 if there are none.
    pub fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let positive = extent(values.filter(|value| *value > 0.0));
        let Interval { low, high } = positive.unwrap_or(Interval {
            low: 0.1,
            high: 10.0,
        });
        if high / low > 1.0 + FLAT {
            Self::log(low, high)
        } else {
            Self::log(low / 2.0, high * 2.0)
        }
    }

    /// A linear scale from 0 to a little above the largest value.
    pub fn from_zero(values: impl Iterator<Item = f64>) -> Self {
        let high = extent(values).map_or(1.0, |ends| ends.high);
        let high = if high > 0.0 { high } else { 1.0 };
        Self::between(0.0, high * (1.0 + ROOM))
    }

    /// A logarithmic scale over some decades below a value above 0; below 1 for another one.
    pub fn decades_below(high: f64, decades: i32) -> Self {
        let high = if high > 0.0 {
            high.clamp(1e-250, LARGEST)
        } else {
            1.0
        };
        FigureScale {
            kind: ScaleKind::Log,
            low: high / 10f64.powi(decades),
            high,
        }
    }

    /// The scale that shows the finite values best: logarithmic where all are positive and far apart, symmetric logarithmic where some
    /// are not positive and a few are far from most, else linear.
    pub fn fitting(values: impl Iterator<Item = f64> + Clone) -> Self {
        let Some(Interval { low, high }) = extent(values.clone()) else {
            return Self::around(values);
        };
        if low > 0.0 {
            return if high / low > WIDE {
                Self::log(low, high)
            } else {
                Self::around(values)
            };
        }
        let finite = values.clone().filter(|v| v.is_finite());
        let mut sizes: Vec<f64> = finite.map(f64::abs).collect();
        sizes.sort_by(f64::total_cmp);
        let threshold = sizes[sizes.len() / 2];
        if threshold > 0.0 && high.max(-low) / threshold > WIDE {
            Self::symlog(low, high, threshold)
        } else {
            Self::around(values)
        }
    }

    fn log(low: f64, high: f64) -> Self {
        let room = (high / low).powf(ROOM / 2.0);
        FigureScale {
            kind: ScaleKind::Log,
            low: (low / room).max(f64::MIN_POSITIVE),
            high: (high * room).min(LARGEST),
        }
    }

    fn symlog(low: f64, high: f64, threshold: f64) -> Self {
        FigureScale {
            kind: ScaleKind::Symlog { threshold },
            low: (low * (1.0 + ROOM)).max(-LARGEST),
            high: (high.max(0.0) * (1.0 + ROOM)).min(LARGEST),
        }
    }

    /// The values at the ends of the axis.
    pub fn ends(&self) -> Interval {
        Interval {
            low: self.low,
            high: self.high,
        }
    }

    /// Whether the scale is logarithmic or symmetric logarithmic.
    pub fn is_logarithmic(&self) -> bool {
        self.kind != ScaleKind::Linear
    }

    /// The position of a value, 0 to 1 on the axis; None for a value that has none.
    pub fn share(&self, value: f64) -> Option<f64> {
        let (low, high) = (self.warp(self.low), self.warp(self.high));
        let share = (self.warp(value) - low) / (high - low);
        (value.is_finite() && share.is_finite()).then_some(share)
    }

    /// w(v).
    fn warp(&self, value: f64) -> f64 {
        match self.kind {
            ScaleKind::Linear => value.clamp(-LARGEST, LARGEST),
            ScaleKind::Log => value.log10(),
            ScaleKind::Symlog { threshold } => {
                value.signum() * (1.0 + value.abs() / threshold).log10()
            }
        }
    }

    /// Ticks at round values.
    pub fn ticks(&self) -> Vec<Tick> {
        match self.kind {
            ScaleKind::Linear => self.linear_ticks(),
            ScaleKind::Log => self.decades(self.low, self.high, 1.0),
            ScaleKind::Symlog { threshold } => self.symlog_ticks(threshold),
        }
    }

    fn linear_ticks(&self) -> Vec<Tick> {
        let step = round_step((self.high - self.low) / TICKS);
        let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
        let largest = self.low.abs().max(self.high.abs());
        let count = (last - first).clamp(0.0, 3.0 * TICKS) as u32;
        let values = (0..=count).map(|k| (first + f64::from(k)) * step);
        let ticks = values.filter_map(|value| {
            let share = self.share(value)?;
            let label = label(value, step, largest);
            (0.0..=1.0)
                .contains(&share)
                .then_some(Tick { share, label })
        });
        ticks.collect()
    }

    /// Ticks at powers of ten; also at twice and five times these where there are few.
    fn decades(&self, low: f64, high: f64, sign: f64) -> Vec<Tick> {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let stride = ((last - first) / 7 + 1).max(1);
        let between: &[f64] = if (high / low).log10() <= 3.0 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let exponents = (first..=last).filter(|k| k.rem_euclid(stride) == 0);
        let values = exponents.flat_map(|k| between.iter().map(move |m| (*m, k)));
        let ticks = values.filter_map(|(m, k)| {
            let share = self.share(sign * m * 10f64.powi(k))?;
            let label = power_label(sign * m, k);
            (0.0..=1.0)
                .contains(&share)
                .then_some(Tick { share, label })
        });
        ticks.collect()
    }

    fn symlog_ticks(&self, threshold: f64) -> Vec<Tick> {
        let zero = self.share(0.0).map(|share| Tick {
            share,
            label: "0".into(),
        });
        let mut ticks: Vec<Tick> = zero.into_iter().collect();
        for (end, sign) in [(-self.low, -1.0), (self.high, 1.0)] {
            if end > threshold {
                let mut more = self.decades(threshold, end, sign);
                more.retain(|tick| ticks.iter().all(|t| (t.share - tick.share).abs() > 0.05));
                ticks.append(&mut more);
            }
        }
        ticks
    }
}

/// The interval between two values, made finite, and wider where they differ by no more than their rounding.
fn widened(low: f64, high: f64) -> Interval {
    let kept = |v: f64| {
        if v.is_nan() {
            0.0
        } else {
            v.clamp(-LARGEST, LARGEST)
        }
    };
    let (low, high) = (kept(low.min(high)), kept(high.max(low)));
    let size = low.abs().max(high.abs());
    if high - low > FLAT * size && high - low > f64::MIN_POSITIVE {
        return Interval { low, high };
    }
    let room = if size > 0.0 { 0.1 * size } else { 0.5 };
    let room = room.max(1e-290);
    Interval {
        low: low - room,
        high: high + room,
    }
}

/// The least of 1, 2 and 5 times powers of ten that is at least `step`, but for rounding.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let of = step / power;
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|r| of <= r * 1.001);
    round.unwrap_or(10.0) * power
}

/// The label of a tick: its value with as many digits as the step needs.
fn label(value: f64, step: f64, largest: f64) -> String {
    if value.abs() < step * 1e-6 {
        return "0".into();
    }
    let place = |v: f64| v.log10().floor() as i32;
    let digits = |exponent: i32| (exponent - place(step * 1.0001)).clamp(0, 9) as usize;
    if PLAIN.contains(&largest) {
        return minus(&format!("{value:.0$}", digits(0)));
    }
    // One power for all ticks of an axis.
    let exponent = place(largest).max(-300);
    let of = value / 10f64.powi(exponent);
    let text = format!("{of:.0$}\u{b7}10{1}", digits(exponent), raised(exponent));
    minus(&text)
}

/// The label of m times a power of ten.
fn power_label(m: f64, exponent: i32) -> String {
    if (-2..=3).contains(&exponent) {
        let digits = (-exponent).max(0) as usize;
        return minus(&format!("{:.digits$}", m * 10f64.powi(exponent)));
    }
    let raised = raised(exponent);
    let sign = if m < 0.0 { "\u{2212}" } else { "" };
    match m.abs() {
        1.0 => format!("{sign}10{raised}"),
        m => format!("{sign}{m}\u{b7}10{raised}"),
    }
}

/// An exponent in superscript digits.
fn raised(exponent: i32) -> String {
    exponent.to_string().chars().map(superscript).collect()
}

fn superscript(digit: char) -> char {
    match digit {
        '-' => '\u{207b}',
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        digit => char::from_u32(0x2070 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    }
}

/// Replaces hyphens by minus signs, which are as wide as a plus.
pub fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: FigureScale) -> Vec<String> {
        scale.ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_where_their_labels_say() {
        let scale = FigureScale::between(-1.0, 1.0);
        let minus = "\u{2212}";
        assert_eq!(
            labels(scale),
            [
                &format!("{minus}1.0"),
                &format!("{minus}0.5"),
                "0",
                "0.5",
                "1.0"
            ]
        );
        let shares: Vec<f64> = scale.ticks().iter().map(|tick| tick.share).collect();
        assert_eq!(shares, [0.0, 0.25, 0.5, 0.75, 1.0]);
        let millions = labels(FigureScale::between(0.0, 3e6));
        assert_eq!(millions[1], "0.5\u{b7}10\u{2076}");
        assert_eq!(millions[6], "3.0\u{b7}10\u{2076}");
    }

    #[test]
    fn far_apart_is_log_and_its_ticks_are_decades() {
        let scale = FigureScale::fitting([1e-6, 1.0].into_iter());
        let ticks = scale.ticks();
        let named = ticks.iter().find(|tick| tick.label == "10\u{207b}\u{2074}");
        let middle = scale.share(1e-4).unwrap();
        assert_eq!(named.unwrap().share, middle);
        assert!((middle - 1.0 / 3.0).abs() < 0.02, "{middle}");
        assert!(FigureScale::fitting([2.0, 3.0].into_iter()).ticks().len() > 2);
        assert!(!FigureScale::fitting([2.0, 3.0].into_iter()).is_logarithmic());
    }

    #[test]
    fn symlog_shows_both_signs_and_zero() {
        let values = [-1000.0, -1.0, 0.5, 1.0, 1.0, 2.0, 100.0];
        let scale = FigureScale::fitting(values.into_iter());
        let labels = labels(scale);
        assert!(scale.is_logarithmic());
        for label in ["0", "\u{2212}100", "100"] {
            assert!(labels.iter().any(|l| l == label), "{label}: {labels:?}");
        }
        let shares = values.map(|value| scale.share(value).unwrap());
        assert!(shares.is_sorted() && shares[0] > 0.0 && shares[6] < 1.0);
    }

    #[test]
    fn decades_are_evenly_spaced_and_their_ticks_powers_of_ten() {
        let scale = FigureScale::decades_below(0.2, 4);
        for (value, share) in [(0.2, 1.0), (0.02, 0.75), (2e-4, 0.25), (2e-5, 0.0)] {
            assert!(
                (scale.share(value).unwrap() - share).abs() < 1e-12,
                "{value}"
            );
        }
        assert_eq!(scale.share(0.0), None);
        let ticks = scale.ticks();
        assert_eq!(ticks.len(), 4);
        // 0.1 is the share 1 - log10(2) / 4.
        let exact = 1.0 - 2f64.log10() / 4.0;
        let tenth = ticks.iter().find(|tick| tick.label == "0.1").unwrap();
        assert!((tenth.share - exact).abs() < 1e-12);
        for odd in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(FigureScale::decades_below(odd, 4).ends().high > 0.0);
        }
    }

    #[test]
    fn no_values_make_it_fail() {
        let (huge, tiny) = (f64::MAX, f64::from_bits(1));
        let sets: [&[f64]; 10] = [
            &[],
            &[f64::NAN],
            &[f64::INFINITY, f64::NEG_INFINITY],
            &[3.0],
            &[0.0],
            &[-huge, huge],
            &[1e300],
            &[1e300, 1.000_000_000_000_1e300],
            &[tiny, huge],
            &[0.0, tiny],
        ];
        for set in sets {
            let values = || set.iter().copied();
            for scale in [
                FigureScale::around(values()),
                FigureScale::from_zero(values()),
                FigureScale::fitting(values()),
                FigureScale::logarithmic(values()),
            ] {
                let Interval { low, high } = scale.ends();
                assert!(low < high && (high - low).is_finite(), "{set:?}: {scale:?}");
                let ticks = scale.ticks();
                assert!(ticks.len() <= 40, "{set:?}: {ticks:?}");
                assert!(ticks.iter().all(|tick| (0.0..=1.0).contains(&tick.share)));
            }
        }
    }
}
