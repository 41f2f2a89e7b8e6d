//! A curve in bounded memory: neighbouring iterations share a bucket that keeps the least and greatest of their values and of the
//! running averages, so that no spike is lost. When the buckets run out, neighbours are merged and each may span twice as many iterations,
//! so that they are as wide on the chart wherever rows lie closer. The averages are taken before values are merged, so thinning never
//! smooths.

use crate::dashboard::component::Component;
use crate::dashboard::range::{IterationSpan, ValueRange};
use crate::event::Losses;

/// Buckets of a series; well above the dots a wide terminal has across.
const CAPACITY: usize = 2048;
/// Factor of the short average.
const SHORT: f64 = 0.9;
/// Factor of the long average.
const LONG: f64 = 0.98;

/// The values of a curve that are drawn: as they are, or their exponential average over iterations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Smoothing {
    /// The values as they are.
    Off,
    /// The average with factor 0.9.
    #[default]
    Short,
    /// The average with factor 0.98.
    Long,
}

impl Smoothing {
    /// The factor by which a weight falls in one iteration; None for values as they are.
    pub fn factor(self) -> Option<f64> {
        match self {
            Self::Off => None,
            Self::Short => Some(SHORT),
            Self::Long => Some(LONG),
        }
    }

    /// The smoothing after this one; the last is followed by the first.
    pub fn next(self) -> Self {
        match self {
            Self::Off => Self::Short,
            Self::Short => Self::Long,
            Self::Long => Self::Off,
        }
    }
}

/// An exponential average, unbiased from its first value on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct MovingAverage {
    mean: f64,
    weight: f64,
}

impl MovingAverage {
    /// Adds a finite value `gap` iterations after the one before.
    fn take(&mut self, factor: f64, gap: u64, value: f64) -> f64 {
        let old = self.weight * factor.powf(gap as f64);
        self.weight = old + 1.0;
        // As a mix of the two: a weighted sum could overflow.
        self.mean = self.mean * (old / self.weight) + value / self.weight;
        self.mean
    }
}

/// The range of the numbers in both, of which either may have none.
fn join(a: Option<ValueRange>, b: Option<ValueRange>) -> Option<ValueRange> {
    a.into_iter().chain(b).reduce(ValueRange::join)
}

/// The values of neighbouring iterations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The first iteration.
    pub from: u64,
    /// The last iteration.
    pub to: u64,
    /// Whether a NaN or +inf is among the values.
    pub above: bool,
    /// Whether a -inf is among the values.
    pub below: bool,
    /// The range of the finite values, if there is one.
    values: Option<ValueRange>,
    /// The ranges of the averages after each finite value.
    averages: AverageRanges,
}

/// The ranges of the two running averages; None without a finite value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct AverageRanges {
    short: Option<ValueRange>,
    long: Option<ValueRange>,
}

impl Bucket {
    fn new(iteration: u64, value: f64, averages: AverageRanges) -> Self {
        Self {
            from: iteration,
            to: iteration,
            above: value.is_nan() || value == f64::INFINITY,
            below: value == f64::NEG_INFINITY,
            values: value.is_finite().then(|| ValueRange::of(value)),
            averages,
        }
    }

    fn join(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
            above: self.above || other.above,
            below: self.below || other.below,
            values: join(self.values, other.values),
            averages: AverageRanges {
                short: join(self.averages.short, other.averages.short),
                long: join(self.averages.long, other.averages.long),
            },
        }
    }

    /// The range of the finite values, if there is one.
    pub fn range(&self) -> Option<ValueRange> {
        self.values
    }

    /// The range of an average, if there is a finite value; without smoothing that of the values themselves.
    pub fn smooth(&self, smoothing: Smoothing) -> Option<ValueRange> {
        match smoothing {
            Smoothing::Off => self.values,
            Smoothing::Short => self.averages.short,
            Smoothing::Long => self.averages.long,
        }
    }

    /// The number of iterations between `iteration` and this bucket.
    pub fn distance(&self, iteration: u64) -> u64 {
        self.from.saturating_sub(iteration) + iteration.saturating_sub(self.to)
    }
}

/// A curve over iterations.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    buckets: Vec<Bucket>,
    /// The number of iterations that a bucket may span.
    stride: u64,
    short: MovingAverage,
    long: MovingAverage,
    /// The iteration of the last finite value.
    finite: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            stride: 1,
            short: MovingAverage::default(),
            long: MovingAverage::default(),
            finite: 0,
        }
    }
}

impl Series {
    /// Adds a value at the end of the curve.
    pub fn push(&mut self, iteration: u64, value: f64) {
        let new = Bucket::new(iteration, value, self.average(iteration, value));
        self.add(new);
        while self.buckets.len() > CAPACITY {
            self.stride = self.stride.saturating_mul(2);
            for bucket in std::mem::take(&mut self.buckets) {
                self.add(bucket);
            }
        }
    }

    /// Adds a bucket to the last one, if they fit into one, or behind it.
    fn add(&mut self, bucket: Bucket) {
        match self.buckets.last_mut() {
            Some(last) if bucket.to.saturating_sub(last.from) < self.stride => {
                *last = last.join(bucket);
            }
            _ => self.buckets.push(bucket),
        }
    }

    /// Adds a range of values of one iteration at the end of the curve.
    pub fn push_range(&mut self, iteration: u64, low: f64, high: f64) {
        self.push(iteration, low);
        if let Some(last) = self.buckets.last_mut() {
            *last = last.join(Bucket::new(iteration, high, AverageRanges::default()));
        }
    }

    /// The long average after the last value; None before the first finite one.
    pub fn long_average(&self) -> Option<f64> {
        (self.long.weight > 0.0).then_some(self.long.mean)
    }

    /// The averages after `value`; a value that is not finite leaves them alone.
    fn average(&mut self, iteration: u64, value: f64) -> AverageRanges {
        if !value.is_finite() {
            return AverageRanges::default();
        }
        let gap = iteration.saturating_sub(self.finite);
        self.finite = iteration;
        AverageRanges {
            short: Some(ValueRange::of(self.short.take(SHORT, gap, value))),
            long: Some(ValueRange::of(self.long.take(LONG, gap, value))),
        }
    }

    /// The buckets, by rising iterations.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The buckets with iterations from `first` to `last`.
    pub fn within(&self, first: u64, last: u64) -> impl Iterator<Item = &Bucket> {
        let seen = move |bucket: &&Bucket| bucket.from <= last && bucket.to >= first;
        self.buckets.iter().filter(seen)
    }

    /// The bucket that holds `iteration`, or the nearest one.
    pub fn nearest(&self, iteration: u64) -> Option<&Bucket> {
        self.buckets
            .iter()
            .min_by_key(|bucket| bucket.distance(iteration))
    }

    /// The first and the last iteration.
    pub fn span(&self) -> Option<IterationSpan> {
        let all = self.buckets.iter().copied().reduce(Bucket::join)?;
        Some(IterationSpan {
            first: all.from,
            last: all.to,
        })
    }

    /// The range of the finite values.
    pub fn range(&self) -> Option<ValueRange> {
        self.buckets.iter().copied().reduce(Bucket::join)?.range()
    }
}

/// The curves of the loss and its three parts, of training or of validation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossSeries {
    series: [Series; 4],
}

impl LossSeries {
    /// Adds the losses of an iteration.
    pub fn push(&mut self, iteration: u64, losses: &Losses) {
        for (series, component) in self.series.iter_mut().zip(Component::ALL) {
            series.push(iteration, component.of(losses));
        }
    }

    /// The curve of a component.
    pub fn series(&self, component: Component) -> &Series {
        &self.series[component as usize]
    }

    /// The first and the last iteration.
    pub fn span(&self) -> Option<IterationSpan> {
        self.series[0].span()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AVERAGES: [Smoothing; 2] = [Smoothing::Short, Smoothing::Long];

    #[test]
    fn thinning_keeps_every_spike_in_bounded_memory() {
        let mut series = Series::default();
        let count = 50 * CAPACITY as u64;
        for i in 1..=count {
            let value = match i {
                31_337 => 1e6,
                54_321 => -1e6,
                77_777 => f64::NAN,
                _ => 1.0,
            };
            series.push(i, value);
        }
        assert!(series.buckets().len() <= CAPACITY);
        assert_eq!(
            series.range(),
            Some(ValueRange {
                low: -1e6,
                high: 1e6
            })
        );
        let spike = series
            .buckets()
            .iter()
            .find(|b| b.range().is_some_and(|range| range.high == 1e6))
            .unwrap();
        assert!((spike.from..=spike.to).contains(&31_337));
        assert!(
            series
                .buckets()
                .iter()
                .any(|b| b.above && (b.from..=b.to).contains(&77_777))
        );
        assert_eq!(series.buckets().last().unwrap().to, count);
    }

    #[test]
    fn buckets_leave_no_iteration_out_and_none_twice() {
        let mut series = Series::default();
        for i in 1..=3 * CAPACITY as u64 + 5 {
            series.push(i, i as f64);
        }
        assert!(
            series
                .buckets()
                .windows(2)
                .all(|pair| pair[0].to + 1 == pair[1].from)
        );
        assert_eq!(series.buckets()[0].from, 1);
    }

    #[test]
    fn a_series_without_finite_values_has_no_range() {
        let mut series = Series::default();
        series.push(1, f64::NAN);
        series.push(2, f64::NEG_INFINITY);
        assert_eq!(series.range(), None);
        assert!(series.buckets()[1].below && !series.buckets()[1].above);
    }

    /// The average of all values of a table by its definition.
    fn average(values: &[(u64, f64)], factor: f64) -> f64 {
        let end = values.last().unwrap().0;
        let weight = |at: u64| factor.powf((end - at) as f64);
        let sum: f64 = values.iter().map(|&(at, value)| weight(at) * value).sum();
        sum / values.iter().map(|&(at, _)| weight(at)).sum::<f64>()
    }

    #[test]
    fn averages_start_unbiased_and_count_iterations_not_values() {
        let (mut series, mut finite) = (Series::default(), Vec::new());
        for (i, value) in [(1, 5.0), (2, f64::NAN), (3, 1.0), (40, -2.0), (41, 7.0)] {
            series.push(i, value);
            finite.extend(value.is_finite().then_some((i, value)));
            let last = series.buckets().last().unwrap();
            for smoothing in AVERAGES {
                let wanted = average(&finite, smoothing.factor().unwrap());
                match last.smooth(smoothing) {
                    Some(ValueRange { low, high }) => {
                        assert!(low == high && (low - wanted).abs() < 1e-12, "{i}")
                    }
                    None => assert!(value.is_nan()),
                }
            }
        }
    }

    #[test]
    fn thinning_keeps_the_extremes_of_the_averages_of_every_value() {
        let (mut series, mut plain) = (Series::default(), Vec::new());
        let mut averages = [MovingAverage::default(); 2];
        for i in 1..=5 * CAPACITY as u64 {
            let value = (i as f64 * 0.37).sin() + if i == 4321 { 50.0 } else { 0.0 };
            series.push(i, value);
            plain.push([0, 1].map(|k| averages[k].take([0.9, 0.98][k], 1, value)));
        }
        assert!(series.stride > 1);
        for bucket in series.buckets() {
            for (k, smoothing) in AVERAGES.into_iter().enumerate() {
                let rows = &plain[bucket.from as usize - 1..bucket.to as usize];
                let low = rows.iter().map(|row| row[k]).fold(f64::INFINITY, f64::min);
                let high = rows
                    .iter()
                    .map(|row| row[k])
                    .fold(f64::NEG_INFINITY, f64::max);
                let drawn = bucket.smooth(smoothing).unwrap();
                assert!((drawn.low - low).abs() < 1e-12 && (drawn.high - high).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn averages_of_huge_values_stay_finite() {
        let mut series = Series::default();
        for i in 1..100 {
            series.push(i, if i % 2 == 0 { f64::MAX } else { f64::MIN });
        }
        let finite = |bucket: &Bucket| {
            AVERAGES.iter().all(|&smoothing| {
                let ValueRange { low, high } = bucket.smooth(smoothing).unwrap();
                low.is_finite() && high.is_finite()
            })
        };
        assert!(series.buckets().iter().all(finite));
    }

    #[test]
    fn the_nearest_bucket_holds_the_iteration_or_is_next_to_it() {
        let mut series = Series::default();
        for i in [10, 20, 40] {
            series.push(i, i as f64);
        }
        let nearest = |iteration| series.nearest(iteration).unwrap().to;
        assert_eq!([0, 14, 20, 31, 99].map(nearest), [10, 10, 20, 40, 40]);
        assert_eq!(series.within(11, 39).count(), 1);
    }
}
