//! The FMA peak of so many threads at once, measured while nothing else of this process runs.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use otflow_kernels::engine::{Precision, fma_flops};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Long enough for the clock rate that the cores keep, and for threads to spread over them.
const SPAN: Duration = Duration::from_millis(50);
/// Rounds between two looks at the clock, some tenths of a millisecond.
const ROUNDS: u32 = 100_000;

/// Threads that do nothing but multiply-adds, when asked to.
pub struct Probe {
    precision: Precision,
    pool: ThreadPool,
}

impl Probe {
    /// Starts the threads.
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

    /// GFLOP/s of all threads together over 50 ms.
    pub fn gflops(&self) -> f64 {
        let start = Instant::now();
        let flops = self.pool.broadcast(|_| {
            let mut flops = 0.0;
            while start.elapsed() < SPAN {
                flops += fma_flops(self.precision, ROUNDS);
            }
            flops
        });
        flops.iter().sum::<f64>() / start.elapsed().as_secs_f64() / 1e9
    }
}
