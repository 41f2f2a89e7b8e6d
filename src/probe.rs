//! The FMA probe: measures the peak rate of fused multiply-adds of several threads at once, while nothing else of the process runs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use otflow_kernels::engine::{Precision, fma_flops};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Duration of a measurement: long enough for the cores to settle on a clock rate and for the threads to spread over them.
const DURATION: Duration = Duration::from_millis(50);
/// Rounds between two readings of the clock, some tenths of a millisecond.
const ROUNDS: u32 = 100_000;

/// A pool of threads that do nothing but multiply-adds during a measurement.
pub struct Probe {
    precision: Precision,
    pool: ThreadPool,
}

impl Probe {
    /// Starts `threads` threads.
    ///
    /// # Errors
    /// When they cannot be started.
    pub fn new(precision: Precision, threads: usize) -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|k| format!("probe-{k}"))
            .build()
            .context("cannot start the threads of the FMA probe")?;
        Ok(Probe { precision, pool })
    }

    /// Measures the rate of all threads together over 50 ms, GFLOP/s.
    pub fn measure_gflops(&self) -> f64 {
        let start = Instant::now();
        let flops = self.pool.broadcast(|_| {
            let mut flops = 0.0;
            while start.elapsed() < DURATION {
                flops += fma_flops(self.precision, ROUNDS);
            }
            flops
        });
        flops.iter().sum::<f64>() / start.elapsed().as_secs_f64() / 1e9
    }
}
