//! The meter of a training run: seconds by activity and flops. The threads that do the work count, the dashboard reads at any time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use otflow_kernels::progress::Progress;

/// Values of the counters: seconds and flops since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeterReading {
    /// Seconds of losses and gradients.
    pub kernels: f64,
    /// Seconds of pairing samples and normal draws by optimal transport.
    pub pairs: f64,
    /// Seconds of validations.
    pub validation: f64,
    /// Seconds of pictures, which are computed in parallel with the training.
    pub pictures: f64,
    /// Flops of losses and gradients, as counted in `cost.rs`.
    pub flops: f64,
    /// FMA peak of all threads, GFLOP/s; None before it was measured.
    pub peak: Option<f64>,
}

/// An activity whose time is counted.
#[derive(Clone, Copy, Debug)]
pub enum TimedActivity {
    /// Losses and gradients.
    Kernels,
    /// Pairing of samples and normal draws for a start by matching.
    Pairs,
    /// Validations.
    Validation,
    /// Pictures of the flow.
    Pictures,
}

/// Counters of seconds and flops; any thread may add to them and read them.
#[derive(Debug, Default)]
pub struct Meter {
    /// Nanoseconds by activity.
    spent: [AtomicU64; 4],
    flops: AtomicU64,
    /// Bits of the FMA peak as an f64, GFLOP/s; 0 before it was measured.
    peak: AtomicU64,
}

impl Meter {
    /// Adds time to an activity.
    pub fn spend(&self, activity: TimedActivity, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.spent[activity as usize].fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Adds flops.
    pub fn add_flops(&self, flops: f64) {
        self.flops.fetch_add(flops as u64, Ordering::Relaxed);
    }

    /// Reads all counters.
    pub fn read(&self) -> MeterReading {
        let seconds = |activity: TimedActivity| {
            self.spent[activity as usize].load(Ordering::Relaxed) as f64 / 1e9
        };
        let peak = f64::from_bits(self.peak.load(Ordering::Relaxed));
        MeterReading {
            kernels: seconds(TimedActivity::Kernels),
            pairs: seconds(TimedActivity::Pairs),
            validation: seconds(TimedActivity::Validation),
            pictures: seconds(TimedActivity::Pictures),
            flops: self.flops.load(Ordering::Relaxed) as f64,
            peak: (peak > 0.0).then_some(peak),
        }
    }

    /// Records a measurement of the FMA peak of all threads, GFLOP/s; the greatest is kept.
    pub fn record_peak(&self, peak: f64) {
        // The bits of numbers above 0 have their order.
        self.peak.fetch_max(peak.to_bits(), Ordering::Relaxed);
    }
}

/// The parts of a running trainer that other threads can read.
#[derive(Clone, Debug, Default)]
pub struct Instruments {
    /// Progress of the running pass over the samples; lets another thread give it up.
    pub progress: Arc<Progress>,
    /// Seconds by activity, and flops.
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
            meter.record_peak(measured);
            assert_eq!(meter.read().peak, Some(kept));
        }
    }
}
