//! `otflow bench --phases`: where an iteration of training spends its time on one thread, and how much faster more cores can make it.
//!
//! ```text
//! T(p) = tiles ceil(chunks/p) / chunks + batch ceil(blocks/p) / blocks + sum + load + step + event       speed-up = T(1) / T(p)
//! ```
//!
//! | phase | holds | on p cores |
//! | --- | --- | --- |
//! | tiles | loss and exact gradient, with the sums of chunks | whole chunks of tiles |
//! | batch | the rows of the next batch, of a table in memory with noise, standardised | whole blocks of rows |
//! | sum | what waits for the last tile: log2 of the chunks sums, and the mean | serial |
//! | load | new parameters packed for the kernels | serial |
//! | step | Adam or Muon, the copy of the last good state, three norms | serial |
//! | event | the row to the front end and the run directory, taken out again | serial |
//!
//! The time in which threads wake is not in it, nor what cores share: memory, caches, the clock rate.

use std::fmt::Write;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use otflow_kernels::batch::{COSTS, Chunks};
use otflow_kernels::engine::{compiled, engine, lanes_of, with_rows};
use otflow_kernels::parameters::Shape;
use otflow_kernels::tree_sum::fold;
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::Serialize;

use super::task::{Job, RATE, SEED};
use crate::data::Dataset;
use crate::data::batches::{Batches, RankShare, STEP};
use crate::data::random::{Stream, generator};
use crate::event::{Event, Losses};
use crate::feed::{Wires, connect};
use crate::optimizer::{OptimizerState, norm};
use crate::session::{Optimizer, Schedule, parse};

/// Numbers of cores whose speed-ups are told.
const CORES: [usize; 3] = [8, 32, 128];
/// Smallest number of timed runs of a phase.
const LEAST: usize = 3;

/// The seconds of an iteration by phase, and what follows from them; the names are those of the JSON list.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Phases {
    /// Name of the workload.
    workload: &'static str,
    /// Name of the optimiser: `adam` or `muon`.
    optimizer: &'static str,
    /// Precision: `f32` or `f64`.
    precision: &'static str,
    /// Number of samples.
    n: usize,
    /// Number of chunks of tiles, the parts that threads take.
    chunks: usize,
    /// Number of blocks of rows that threads read.
    blocks: usize,
    tiles_s: f64,
    batch_s: f64,
    sum_s: f64,
    load_s: f64,
    step_s: f64,
    event_s: f64,
    /// Speed-ups on 8, 32 and 128 cores.
    speed_ups: [f64; 3],
}

impl Phases {
    fn serial(&self) -> f64 {
        self.sum_s + self.load_s + self.step_s + self.event_s
    }

    /// Seconds of an iteration on so many cores.
    fn seconds(&self, cores: usize) -> f64 {
        let share = |parts: usize| parts.div_ceil(cores) as f64 / parts as f64;
        self.tiles_s * share(self.chunks) + self.batch_s * share(self.blocks) + self.serial()
    }

    fn speed_up(&self, cores: usize) -> f64 {
        self.seconds(1) / self.seconds(cores)
    }

    /// The row of the table.
    pub(super) fn row(&self) -> String {
        let [tiles, batch, sum, load, step, event] = [
            self.tiles_s,
            self.batch_s,
            self.sum_s,
            self.load_s,
            self.step_s,
            self.event_s,
        ]
        .map(|seconds| 1e6 * seconds);
        let at_8 = self.serial() / self.seconds(8);
        let [on_8, on_32, on_128] = self.speed_ups;
        format!(
            "{:<9} {:>4} {:<5} {:>6} {tiles:>11.1} {batch:>8.1} {sum:>7.1} {load:>7.1} {step:>8.1} {event:>6.2} {:>11.4} \
             {on_8:>6.2} {on_32:>6.2} {on_128:>6.2}",
            self.workload, self.precision, self.optimizer, self.chunks, at_8,
        )
    }
}

/// The names of the columns.
pub(super) fn head() -> String {
    format!(
        "phases of an iteration, microseconds on one thread, and speed-ups, compiled for {}\n\
         {:<9} {:>4} {:<5} {:>6} {:>11} {:>8} {:>7} {:>7} {:>8} {:>6} {:>11} {:>6} {:>6} {:>6}",
        compiled(),
        "workload",
        "",
        "step",
        "chunks",
        "tiles",
        "batch",
        "sum",
        "load",
        "step",
        "event",
        "serial at 8",
        "x 8",
        "x 32",
        "x 128",
    )
}

/// Measures the phases of a workload with each optimiser.
///
/// # Errors
/// When a thread cannot be started, or the table of the samples not be written and read.
pub(super) fn measure(job: &Job, budget: Duration) -> Result<Vec<Phases>> {
    let (shape, n) = (job.workload.shape(), job.n);
    let scheme = job.scheme();
    let mut engine = engine(shape, job.precision, 1).context("cannot start the worker thread")?;
    let mut draw = generator(SEED, Stream::StartValues);
    let theta = shape.start(|| draw.random());
    let short = budget / 20;

    let folder = tempfile::tempdir().context("cannot write the samples")?;
    let data = table(folder.path(), &shape, n)?;
    let mut batches = Batches::default();
    let batch_s = best(short, || {
        Ok(batches.start_anew(&data, n, RankShare::ALL)?)
    })?;

    let load_s = best(short, || {
        engine.load(&theta);
        Ok(())
    })?;
    let mut gradient = vec![0.0; theta.len()];
    let tiles_s = with_rows(batches.rows(), shape.d, |samples| {
        best(budget, || {
            let weights = &job.workload.weights;
            black_box(engine.gradient(samples, &scheme, weights, &mut gradient));
            Ok(())
        })
    })?;

    let mut sums = vec![0.0; 2 * (theta.len() + COSTS)];
    let add_s = best(short, || {
        let two = sums.chunks_exact_mut(theta.len() + COSTS);
        black_box(fold([0..1, 1..2].into_iter(), 2, two));
        Ok(())
    })?;
    let chunks = Chunks::of(n, lanes_of(job.precision)).count();
    let levels = chunks.next_power_of_two().trailing_zeros();

    let Wires {
        publisher,
        feed,
        entries,
    } = connect();
    let event_s = best(short, || {
        publisher.publish(row());
        black_box((feed.events.try_recv().ok(), entries.try_recv().ok()));
        Ok(())
    })?;

    let mut found = Vec::new();
    for (name, optimizer) in [("adam", Optimizer::default()), ("muon", muon())] {
        let (mut theta, mut good) = (theta.clone(), theta.clone());
        let mut state = OptimizerState::new(&optimizer, &shape);
        let mut good_state = state.clone();
        let step_s = best(short, || {
            good.copy_from_slice(&theta);
            good_state.copy_from(&state);
            black_box(norm(gradient.iter().copied()));
            state.step(&mut theta, &mut gradient, &*engine, &optimizer, RATE);
            black_box(norm(theta.iter().zip(&good).map(|(new, old)| new - old)));
            black_box(norm(theta.iter().copied()));
            Ok(())
        })?;
        let mut phases = Phases {
            workload: job.workload.name,
            optimizer: name,
            precision: job.precision.name(),
            n,
            chunks,
            blocks: n.div_ceil(STEP),
            tiles_s,
            batch_s,
            sum_s: f64::from(levels + 1) * add_s,
            load_s,
            step_s,
            event_s,
            speed_ups: [0.0; 3],
        };
        phases.speed_ups = CORES.map(|cores| phases.speed_up(cores));
        found.push(phases);
    }
    Ok(found)
}

/// Seconds of the shortest of the runs that the budget has room for.
fn best(budget: Duration, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let (start, mut best, mut runs) = (Instant::now(), f64::INFINITY, 0);
    while runs < LEAST || start.elapsed() < budget {
        let before = Instant::now();
        run()?;
        best = best.min(before.elapsed().as_secs_f64());
        runs += 1;
    }
    Ok(best)
}

/// A table of standard normal rows with noise, n of them to train on.
fn table(folder: &Path, shape: &Shape, n: usize) -> Result<Dataset> {
    let mut normal = generator(SEED, Stream::Training).sample_iter(StandardNormal);
    let mut text = String::new();
    for _ in 0..2 * n.max(2) {
        for (column, value) in normal.by_ref().take(shape.d).enumerate() {
            let _: f64 = value;
            let comma = if column == 0 { "" } else { "," };
            write!(text, "{comma}{value}")?;
        }
        text.push('\n');
    }
    fs::write(folder.join("normal.csv"), text).context("cannot write the samples")?;
    let jitter: Vec<String> = (1..=shape.d).map(|k| format!("\"{k}\": 0.01")).collect();
    let session = format!(
        "(data: Table(path: \"normal.csv\", jitter: {{{}}}, batch: {n}, split: (test: 0.0, validation: 0.5)))",
        jitter.join(", ")
    );
    let session = parse(&session, &folder.join("normal.ron"))?;
    Ok(Dataset::open(&session.data, SEED)?)
}

fn muon() -> Optimizer {
    Optimizer::Muon {
        lr: RATE,
        schedule: Schedule::Constant,
        momentum: 0.95,
        clamp: None,
        decay: 0.0,
        clip: None,
        average: None,
    }
}

/// The event of an iteration.
fn row() -> Event {
    Event::Iteration {
        iteration: 1,
        seconds: 1.0,
        lr: RATE,
        gradient: 1.0,
        update: 1.0,
        losses: Losses {
            loss: 1.0,
            l: 1.0,
            c: 1.0,
            r: 1.0,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Computation;
    use crate::session::Trace;
    use crate::workloads::WORKLOADS;

    #[test]
    fn cores_share_whole_chunks_and_leave_the_rest() {
        let phases = Phases {
            workload: "toy",
            optimizer: "adam",
            precision: "f32",
            n: 160,
            chunks: 10,
            blocks: 3,
            tiles_s: 10.0,
            batch_s: 3.0,
            sum_s: 0.25,
            load_s: 0.25,
            step_s: 0.25,
            event_s: 0.25,
            speed_ups: [0.0; 3],
        };
        // 10 chunks on 4 cores: three in turn; on 100: one.
        let seconds = [1, 2, 4, 100].map(|cores| phases.seconds(cores));
        assert_eq!(seconds, [14.0, 8.0, 5.0, 3.0]);
        assert_eq!(phases.speed_up(2), 1.75);
    }

    #[test]
    fn every_phase_takes_time_and_the_best_speed_up_is_below_the_cores() {
        let job = Job {
            workload: WORKLOADS[0],
            computation: Computation::Iteration,
            trace: Trace::EveryStage,
            precision: WORKLOADS[0].precision,
            n: 40,
            threads: 1,
        };
        for one in measure(&job, Duration::ZERO).unwrap() {
            assert_eq!((one.chunks, one.blocks), (3, 1));
            let parts = [one.batch_s, one.sum_s, one.load_s, one.step_s, one.event_s];
            assert!(parts.iter().all(|&seconds| seconds > 0.0), "{parts:?}");
            let [on_8, on_32, on_128] = one.speed_ups;
            assert!(1.0 < on_8 && on_8 <= 3.0 && on_8 == on_32 && on_32 == on_128);
        }
    }
}
