//! The FMA peak for a screen, measured between iterations: the greatest of what was found, since whatever runs beside the training,
//! the screen not least, makes single measurements too small.

use std::time::{Duration, Instant};

use otflow_kernels::engine::Precision;

use crate::meter::Meter;
use crate::probe::Probe;

/// Measurements before the first iteration.
const FIRST: usize = 3;

/// The time from one measurement to the next after that; they take a four-hundredth of it.
const EVERY: Duration = Duration::from_secs(20);

/// Measures now and then.
pub struct Peak {
    probe: Probe,
    last: Instant,
}

impl Peak {
    /// The peak of these threads; None if they cannot be started.
    pub fn new(precision: Precision, threads: usize) -> Option<Self> {
        let probe = Probe::new(precision, threads).ok()?;
        let last = Instant::now();
        Some(Peak { probe, last })
    }

    /// Measures at the start of a run.
    pub fn measure(&mut self, meter: &Meter) {
        for _ in 0..FIRST {
            meter.record_peak(self.probe.measure_gflops());
        }
        self.last = Instant::now();
    }

    /// Measures again, if it is time for it.
    pub fn measure_again(&mut self, meter: &Meter) {
        if self.last.elapsed() >= EVERY {
            meter.record_peak(self.probe.measure_gflops());
            self.last = Instant::now();
        }
    }
}
