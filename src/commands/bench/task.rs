//! The run that `otflow bench` times: one computation over all samples of a workload.
//!
//! Samples are rows of a small pool of standard normal ones, taken in turn, so that memory does not grow with their number
//! and drawing them costs nothing.

use anyhow::{Context, Result, ensure};
use otflow_kernels::engine::{Direction, Engine, Pairs, Precision, Samples, Transport, engine};
use otflow_kernels::objective::Scheme;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::cli;
use crate::cost::{Computation, flops_per_sample};
use crate::data::random::{Stream, generator};
use crate::optimizer::{Adam, BETA2};
use crate::problem::{kernel_precision, trace_at};
use crate::ranks::{Lost, Ranks};
use crate::session::Trace;
use crate::workloads::Workload;

/// Seed of the start values and the samples.
pub(super) const SEED: u64 = 1;
/// Number of rows of the pool.
const POOL: usize = 4096;
/// Number of new samples of a piece; a multiple of the pool, so that every piece starts at the pool's first row.
const PIECE: usize = 4 * POOL;
/// Learning rate, small enough that the loss stays finite however long the runs go on.
pub(super) const RATE: f64 = 1e-3;

/// A workload with the settings of the command line.
pub(super) struct Job {
    /// Workload.
    pub workload: Workload,
    /// Computation that is timed.
    pub computation: Computation,
    /// Times at which the trace is evaluated.
    pub trace: Trace,
    /// Precision.
    pub precision: Precision,
    /// Number of samples.
    pub n: usize,
    /// Number of worker threads.
    pub threads: usize,
}

impl Job {
    /// The job that the arguments make of a workload.
    pub fn new(args: &cli::BenchArgs, workload: &Workload) -> Self {
        Job {
            workload: Workload {
                layers: args.layers.map_or(workload.layers, usize::from),
                ..*workload
            },
            computation: args.what,
            trace: args.trace,
            precision: args.precision.map_or(workload.precision, kernel_precision),
            n: args.n.unwrap_or(workload.n),
            threads: cli::threads(args.threads),
        }
    }

    /// Integration scheme of the flow.
    pub fn scheme(&self) -> Scheme {
        self.workload.scheme(trace_at(self.trace))
    }

    /// Flops of one run.
    pub fn flops(&self) -> f64 {
        flops_per_sample(self.computation, &self.workload.shape(), &self.scheme()) * self.n as f64
    }
}

/// The buffers and the engine of the runs, allocated once.
pub(super) struct BenchRunner<'a> {
    job: &'a Job,
    scheme: Scheme,
    engine: Box<dyn Engine>,
    theta: Vec<f64>,
    gradient: Vec<f64>,
    adam: Adam,
    /// Pool of rows, POOL x d.
    pool: Vec<f64>,
    /// New samples, PIECE x d.
    ends: Vec<f64>,
}

impl<'a> BenchRunner<'a> {
    /// Starts the engine and draws start values and samples.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn new(job: &'a Job, ranks: &mut Ranks) -> Result<Self> {
        let shape = job.workload.shape();
        let mut engine =
            engine(shape, job.precision, job.threads).context("cannot start the worker threads")?;
        let mut draw = generator(SEED, Stream::StartValues);
        let theta = shape.start(|| draw.random());
        engine.load(&theta);
        ranks.attach(engine.progress());
        let normal = generator(SEED, Stream::Training).sample_iter(StandardNormal);
        let ends = match job.computation {
            Computation::Sample => PIECE.min(job.n) * shape.d,
            Computation::Iteration | Computation::Density | Computation::Matching => 0,
        };
        Ok(BenchRunner {
            job,
            scheme: job.scheme(),
            engine,
            gradient: vec![0.0; theta.len()],
            adam: Adam::new(theta.len()),
            theta,
            pool: normal.take(POOL.min(job.n) * shape.d).collect(),
            ends: vec![0.0; ends],
        })
    }

    /// Makes one run; the value is the loss before the step, C, or the sum of the last piece of new samples.
    ///
    /// # Errors
    /// When the result is not finite, or another rank is lost.
    pub fn run(&mut self, ranks: &mut Ranks) -> Result<f64> {
        let (d, n) = (self.job.workload.d, self.job.n);
        let pool = &self.pool;
        let row = |i: usize, out: &mut [f64]| {
            let at = i * d % pool.len();
            out.copy_from_slice(&pool[at..at + d]);
        };
        let samples = Samples { n, row: &row };
        let alpha = self.job.workload.weights;
        let result = match self.job.computation {
            Computation::Iteration => {
                let (gradient, theta) = (&mut self.gradient, &mut self.theta);
                let costs =
                    ranks.gradient(&mut *self.engine, samples, &self.scheme, &alpha, gradient);
                let why = || {
                    ranks
                        .lost()
                        .map_or_else(String::new, |Lost(why)| why.clone())
                };
                let costs = costs.with_context(why)?;
                self.adam.step(theta, gradient, RATE, BETA2);
                self.engine.load(theta);
                costs.loss
            }
            Computation::Matching => {
                // Rows of the pool with those half a pool on, at times all over [0, 1).
                let row = |i: usize, out: &mut [f64]| {
                    let at = |i: usize| &pool[i * d % pool.len()..][..d];
                    out[..d].copy_from_slice(at(i));
                    out[d..2 * d].copy_from_slice(at(i + POOL / 2));
                    out[2 * d] = (i as f64 + 0.5) / n as f64;
                };
                self.engine.load(&self.theta);
                let pairs = Pairs { n, row: &row };
                self.engine.matching(pairs, alpha.a0, &mut self.gradient)
            }
            Computation::Density => self.engine.costs(samples, &self.scheme, &alpha).c,
            Computation::Sample => {
                for first in (0..n).step_by(PIECE) {
                    let n = PIECE.min(n - first);
                    let (piece, ends) = (Samples { n, ..samples }, &mut self.ends[..n * d]);
                    let transport = Transport {
                        scheme: &self.scheme,
                        a0: alpha.a0,
                        direction: Direction::Inverse,
                    };
                    self.engine.transport(piece, transport, ends);
                }
                self.ends.iter().sum()
            }
        };
        ensure!(result.is_finite(), "the result of a run is not finite");
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::WORKLOADS;

    fn job(computation: Computation, n: usize) -> Job {
        Job {
            workload: WORKLOADS[0],
            computation,
            trace: Trace::EveryStage,
            precision: Precision::F64,
            n,
            threads: 1,
        }
    }

    #[test]
    fn iterations_lower_the_loss() {
        let ranks = &mut Ranks::alone();
        let job = job(Computation::Iteration, 64);
        let mut task = BenchRunner::new(&job, ranks).unwrap();
        let first = task.run(ranks).unwrap();
        let last = (0..30).map(|_| task.run(ranks).unwrap()).last().unwrap();
        assert!(last < first, "{first} to {last}");
    }

    #[test]
    fn the_mean_over_two_pools_is_the_mean_over_one() {
        let ranks = &mut Ranks::alone();
        let mut of = |n| {
            let job = job(Computation::Density, n);
            BenchRunner::new(&job, ranks).unwrap().run(ranks).unwrap()
        };
        let (one, two) = (of(POOL), of(2 * POOL));
        assert!((one / two - 1.0).abs() < 1e-12, "{one} {two}");
    }

    #[test]
    fn pieces_of_new_samples_hold_what_a_run_of_them_alone_holds() {
        let last = |n| {
            let ranks = &mut Ranks::alone();
            let job = job(Computation::Sample, n);
            let mut task = BenchRunner::new(&job, ranks).unwrap();
            task.run(ranks).unwrap();
            task.ends
        };
        let (alone, after) = (last(5), last(PIECE + 5));
        assert_eq!(alone, after[..10]);
    }
}
