//! Where the time goes, counted by whoever spends it and read by the dashboard at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use otflow_kernels::progress::Progress;

/// What the counters say: seconds and flops since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// In the loss and its gradient.
    pub kernels: f64,
    /// On pairs of samples and normal draws, matched by optimal transport.
    pub pairs: f64,
    /// In validations.
    pub validation: f64,
    /// On pictures, beside the training.
    pub pictures: f64,
    /// Flops of losses and gradients, by the count of `cost`.
    pub flops: f64,
    /// FMA peak of all threads, GFLOP/s, once it was measured.
    pub peak: Option<f64>,
}

/// What time can be spent on.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// Loss and gradient.
    Kernels,
    /// Pairs for a start by matching.
    Pairs,
    /// Validation.
    Validation,
    /// Pictures of the flow.
    Pictures,
}

/// The counters.
#[derive(Debug, Default)]
pub struct Meter {
    /// Nanoseconds by task.
    spent: [AtomicU64; 4],
    flops: AtomicU64,
    /// Bits of an f64, GFLOP/s; 0 before it was measured.
    peak: AtomicU64,
}

impl Meter {
    /// Counts time spent.
    pub fn spend(&self, task: Task, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.spent[task as usize].fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Counts flops done.
    pub fn compute(&self, flops: f64) {
        self.flops.fetch_add(flops as u64, Ordering::Relaxed);
    }

    /// All counters.
    pub fn read(&self) -> Reading {
        let seconds = |task: Task| self.spent[task as usize].load(Ordering::Relaxed) as f64 / 1e9;
        let peak = f64::from_bits(self.peak.load(Ordering::Relaxed));
        Reading {
            kernels: seconds(Task::Kernels),
            pairs: seconds(Task::Pairs),
            validation: seconds(Task::Validation),
            pictures: seconds(Task::Pictures),
            flops: self.flops.load(Ordering::Relaxed) as f64,
            peak: (peak > 0.0).then_some(peak),
        }
    }

    /// Takes down the FMA peak of all threads, GFLOP/s; the greatest stays.
    pub fn measured(&self, peak: f64) {
        // The bits of numbers above 0 have their order.
        self.peak.fetch_max(peak.to_bits(), Ordering::Relaxed);
    }
}

/// What of a trainer at work can be seen from other threads.
#[derive(Clone, Debug, Default)]
pub struct Instruments {
    /// How far the pass in hand is; gives it up.
    pub progress: Arc<Progress>,
    /// Where the time went.
    pub meter: Arc<Meter>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbed_measurement_of_the_peak_does_not_replace_a_better_one() {
        let meter = Meter::default();
        assert_eq!(meter.read().peak, None);
        for (measured, kept) in [(80.0, 80.0), (176.5, 176.5), (119.0, 176.5)] {
            meter.measured(measured);
            assert_eq!(meter.read().peak, Some(kept));
        }
    }
}
