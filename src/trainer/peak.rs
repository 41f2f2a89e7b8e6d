//! The FMA peak for a screen, measured between iterations: the greatest of what was found, since whatever runs beside the training,
//! the screen not least, makes single measurements too small.

use std::time::{Duration, Instant};

use otflow_kernels::engine::Precision;

use crate::meter::Meter;
use crate::probe::Probe;

/// Measurements before the first iteration.
const FIRST: usize = 3;

/// From one to the next after that: a four-hundredth of the time.
const EVERY: Duration = Duration::from_secs(20);

/// Measures now and then.
pub struct Peak {
    probe: Probe,
    last: Instant,
}

impl Peak {
    /// Of so many threads; none if they cannot be started.
    pub fn new(precision: Precision, threads: usize) -> Option<Self> {
        let probe = Probe::new(precision, threads).ok()?;
        let last = Instant::now();
        Some(Peak { probe, last })
    }

    /// For a start.
    pub fn measure(&mut self, meter: &Meter) {
        for _ in 0..FIRST {
            meter.record_peak(self.probe.measure_gflops());
        }
        self.last = Instant::now();
    }

    /// Once more, if it is time for it.
    pub fn measure_again(&mut self, meter: &Meter) {
        if self.last.elapsed() >= EVERY {
            meter.record_peak(self.probe.measure_gflops());
            self.last = Instant::now();
        }
    }
}
