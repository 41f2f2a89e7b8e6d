//! A curve in bounded memory: neighbouring iterations share a bucket that keeps the least and greatest of their values and of the
//! running averages, so that no spike is lost. When the buckets run out, they are merged two by two and each new one takes twice
//! as many values. The averages are taken before values are merged, so thinning never smooths.

use super::component::Component;
use crate::event::Losses;

/// Buckets of a series; well above the dots a wide terminal has across.
const CAPACITY: usize = 2048;

/// Which values of a curve: as they are, or their exponential average over iterations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Smoothing {
    /// As they are.
    #[default]
    Off,
    /// Average with factor 0.9.
    Short,
    /// Average with factor 0.98.
    Long,
}

impl Smoothing {
    /// Those that average.
    const AVERAGES: [Self; 2] = [Self::Short, Self::Long];

    /// What is left of a weight after one iteration; None for values as they are.
    pub fn factor(self) -> Option<f64> {
        match self {
            Self::Off => None,
            Self::Short => Some(0.9),
            Self::Long => Some(0.98),
        }
    }

    /// In a circle.
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
struct Average {
    mean: f64,
    weight: f64,
}

impl Average {
    /// Takes up a finite value `gap` iterations after the one before.
    fn take(&mut self, factor: f64, gap: u64, value: f64) -> f64 {
        let old = self.weight * factor.powf(gap as f64);
        self.weight = old + 1.0;
        // As a mix of the two: a weighted sum could overflow.
        self.mean = self.mean * (old / self.weight) + value / self.weight;
        self.mean
    }
}

/// Least and greatest of some numbers; +inf and -inf if there are none.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Extent(f64, f64);

impl Extent {
    const EMPTY: Self = Self(f64::INFINITY, f64::NEG_INFINITY);

    fn join(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.max(other.1))
    }

    fn range(self) -> Option<(f64, f64)> {
        (self.0 <= self.1).then_some((self.0, self.1))
    }
}

/// Values of neighbouring iterations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// First iteration.
    pub from: u64,
    /// Last iteration.
    pub to: u64,
    /// Whether a NaN or +inf is among them.
    pub above: bool,
    /// Whether a -inf is among them.
    pub below: bool,
    /// Of the finite values.
    values: Extent,
    /// Of each average after each finite value.
    averages: [Extent; 2],
}

impl Bucket {
    fn new(iteration: u64, value: f64, averages: [Extent; 2]) -> Self {
        let finite = value.is_finite();
        Self {
            from: iteration,
            to: iteration,
            above: value.is_nan() || value == f64::INFINITY,
            below: value == f64::NEG_INFINITY,
            values: if finite {
                Extent(value, value)
            } else {
                Extent::EMPTY
            },
            averages,
        }
    }

    fn join(self, other: Self) -> Self {
        let [short, long] = self.averages;
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
            above: self.above || other.above,
            below: self.below || other.below,
            values: self.values.join(other.values),
            averages: [short.join(other.averages[0]), long.join(other.averages[1])],
        }
    }

    /// Least and greatest finite value, if there is a finite one.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.values.range()
    }

    /// Least and greatest average, if there is a finite value; of the values themselves without smoothing.
    pub fn smooth(&self, smoothing: Smoothing) -> Option<(f64, f64)> {
        match smoothing {
            Smoothing::Off => self.range(),
            Smoothing::Short => self.averages[0].range(),
            Smoothing::Long => self.averages[1].range(),
        }
    }

    /// Iterations between `iteration` and this bucket.
    pub fn distance(&self, iteration: u64) -> u64 {
        self.from.saturating_sub(iteration) + iteration.saturating_sub(self.to)
    }
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    buckets: Vec<Bucket>,
    /// Values a bucket takes.
    stride: u64,
    /// Values in the last bucket.
    filled: u64,
    averages: [Average; 2],
    /// Iteration of the last finite value.
    finite: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            stride: 1,
            filled: 0,
            averages: Default::default(),
            finite: 0,
        }
    }
}

impl Series {
    /// Adds a value at the end.
    pub fn push(&mut self, iteration: u64, value: f64) {
        let new = Bucket::new(iteration, value, self.average(iteration, value));
        if self.filled < self.stride
            && let Some(last) = self.buckets.last_mut()
        {
            *last = last.join(new);
            self.filled += 1;
            return;
        }
        if self.buckets.len() == CAPACITY {
            self.buckets = self
                .buckets
                .chunks(2)
                .filter_map(|pair| pair.iter().copied().reduce(Bucket::join))
                .collect();
            self.stride *= 2;
        }
        self.buckets.push(new);
        self.filled = 1;
    }

    /// The averages after `value`; what is not finite leaves them alone.
    fn average(&mut self, iteration: u64, value: f64) -> [Extent; 2] {
        let mut extents = [Extent::EMPTY; 2];
        if !value.is_finite() {
            return extents;
        }
        let gap = iteration.saturating_sub(self.finite);
        self.finite = iteration;
        let factors = Smoothing::AVERAGES
            .into_iter()
            .filter_map(Smoothing::factor);
        for ((average, factor), extent) in self.averages.iter_mut().zip(factors).zip(&mut extents) {
            let mean = average.take(factor, gap, value);
            *extent = Extent(mean, mean);
        }
        extents
    }

    /// In the order they came.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The buckets with iterations from `first` to `last`.
    pub fn within(&self, first: u64, last: u64) -> impl Iterator<Item = &Bucket> {
        let seen = move |bucket: &&Bucket| bucket.from <= last && bucket.to >= first;
        self.buckets.iter().filter(seen)
    }

    /// The bucket that holds `iteration`, or the nearest.
    pub fn nearest(&self, iteration: u64) -> Option<&Bucket> {
        self.buckets
            .iter()
            .min_by_key(|bucket| bucket.distance(iteration))
    }

    /// First and last iteration.
    pub fn span(&self) -> Option<(u64, u64)> {
        let all = self.buckets.iter().copied().reduce(Bucket::join)?;
        Some((all.from, all.to))
    }

    /// Least and greatest finite value.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.buckets.iter().copied().reduce(Bucket::join)?.range()
    }
}

/// The four curves of one split.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    series: [Series; 4],
}

impl History {
    /// Adds one row.
    pub fn push(&mut self, iteration: u64, losses: &Losses) {
        for (series, component) in self.series.iter_mut().zip(Component::ALL) {
            series.push(iteration, component.of(losses));
        }
    }

    /// One curve.
    pub fn series(&self, component: Component) -> &Series {
        &self.series[component as usize]
    }

    /// First and last iteration.
    pub fn span(&self) -> Option<(u64, u64)> {
        self.series[0].span()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(series.range(), Some((-1e6, 1e6)));
        let spike = series
            .buckets()
            .iter()
            .find(|b| b.range().is_some_and(|range| range.1 == 1e6))
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

    /// Average of all values of a table by its definition.
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
            for smoothing in Smoothing::AVERAGES {
                let wanted = average(&finite, smoothing.factor().unwrap());
                match last.smooth(smoothing) {
                    Some((low, high)) => {
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
        let mut averages = [Average::default(); 2];
        for i in 1..=5 * CAPACITY as u64 {
            let value = (i as f64 * 0.37).sin() + if i == 4321 { 50.0 } else { 0.0 };
            series.push(i, value);
            plain.push([0, 1].map(|k| averages[k].take([0.9, 0.98][k], 1, value)));
        }
        assert!(series.stride > 1);
        for bucket in series.buckets() {
            for (k, smoothing) in Smoothing::AVERAGES.into_iter().enumerate() {
                let rows = &plain[bucket.from as usize - 1..bucket.to as usize];
                let low = rows.iter().map(|row| row[k]).fold(f64::INFINITY, f64::min);
                let high = rows
                    .iter()
                    .map(|row| row[k])
                    .fold(f64::NEG_INFINITY, f64::max);
                let (least, greatest) = bucket.smooth(smoothing).unwrap();
                assert!((least - low).abs() < 1e-12 && (greatest - high).abs() < 1e-12);
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
            Smoothing::AVERAGES.iter().all(|&smoothing| {
                let (low, high) = bucket.smooth(smoothing).unwrap();
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
