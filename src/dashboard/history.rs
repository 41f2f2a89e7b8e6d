//! A curve in bounded memory: neighbouring iterations share a bucket that keeps their least and greatest value, so that no spike is lost.
//! When the buckets run out, they are merged two by two and each new one takes twice as many values.

use super::component::Component;
use crate::event::Losses;

/// Buckets of a series; well above the dots a wide terminal has across.
const CAPACITY: usize = 2048;

/// Values of neighbouring iterations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// First iteration.
    pub from: u64,
    /// Last iteration.
    pub to: u64,
    /// Least finite value; +inf if there is none.
    pub low: f64,
    /// Greatest finite value; -inf if there is none.
    pub high: f64,
    /// Whether a NaN or +inf is among them.
    pub above: bool,
    /// Whether a -inf is among them.
    pub below: bool,
}

impl Bucket {
    fn new(iteration: u64, value: f64) -> Self {
        let finite = value.is_finite();
        Self {
            from: iteration,
            to: iteration,
            low: if finite { value } else { f64::INFINITY },
            high: if finite { value } else { f64::NEG_INFINITY },
            above: value.is_nan() || value == f64::INFINITY,
            below: value == f64::NEG_INFINITY,
        }
    }

    fn join(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            above: self.above || other.above,
            below: self.below || other.below,
        }
    }

    /// Least and greatest finite value, if there is a finite one.
    pub fn range(&self) -> Option<(f64, f64)> {
        (self.low <= self.high).then_some((self.low, self.high))
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
}

impl Default for Series {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            stride: 1,
            filled: 0,
        }
    }
}

impl Series {
    /// Adds a value at the end.
    pub fn push(&mut self, iteration: u64, value: f64) {
        let new = Bucket::new(iteration, value);
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

    /// In the order they came.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
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
        let all = self.series[0]
            .buckets
            .iter()
            .copied()
            .reduce(Bucket::join)?;
        Some((all.from, all.to))
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
        let spike = series.buckets().iter().find(|b| b.high == 1e6).unwrap();
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
}
