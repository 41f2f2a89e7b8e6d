//! `otflow bench`: measures the speed of the kernels on the published workloads, against the FMA peak of the machine at the same time.
//!
//! ```text
//! warm-up, then (FMA probe, work for a while) until the time is over, and a last probe
//! GFLOP/s = counted flops / best seconds        fraction = GFLOP/s / best probe
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `task.rs` | a run over the samples of a workload, which is timed |
//! | `phases.rs` | the phases of an iteration on one thread, and what more cores can make of them |
//! | `usage.rs` | CPU time and memory of the process |
//! | `table.rs` | measurements as rows of a table |
//!
//! The FMA probe is in `probe.rs` of the library.

mod phases;
mod table;
mod task;
mod usage;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use otflow_kernels::engine::{compiled, lanes_of};
use serde::Serialize;

use crate::cost::Computation;
use crate::event::Reason;
use crate::exit::Exit;
use crate::probe::Probe;
use crate::ranks::{self, Entered, Lost, Message, Ranks};
use crate::workloads::{WORKLOADS, Workload};
use crate::{cli, say};
use task::{BenchRunner, Job};

/// Smallest number of timed runs, however long they take.
const LEAST: usize = 3;
/// Duration of the runs between two probes: long compared to the resolution of the clock, short compared to disturbances of a shared
/// machine.
const BURST: Duration = Duration::from_millis(200);

/// The measurement of a workload; the names are those of the JSON list.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// Name of the workload.
    pub workload: &'static str,
    /// Name of the computation: `iteration`, `density`, `matching` or `sample`.
    pub what: String,
    /// Times of the trace: `every-stage`, `step-nodes` or `gauss-points`; without meaning for `matching` and `sample`.
    pub trace: String,
    /// Precision: `f32` or `f64`.
    pub precision: &'static str,
    /// Number of samples.
    pub n: usize,
    /// Number of processes that share the samples.
    #[serde(skip_serializing_if = "is_one")]
    pub ranks: usize,
    /// Number of worker threads of each process.
    pub threads: usize,
    /// Seconds of the shortest run.
    pub best_s: f64,
    /// Median seconds of a run.
    pub median_s: f64,
    /// Mean CPU seconds of a run, all threads of the first rank together.
    pub cpu_s: f64,
    /// Rate of the shortest run, GFLOP/s.
    pub gflops: f64,
    /// Best FMA probe, all threads together, GFLOP/s; for several ranks that of the first, times their number.
    pub peak_gflops: f64,
    /// Ratio gflops / peak_gflops.
    pub fraction_of_peak: f64,
    /// Largest resident memory of the process so far, bytes.
    pub peak_rss_bytes: u64,
    /// Instruction set that was compiled in, and the samples of a tile.
    pub lanes: String,
}

/// Whether there is one process only: the JSON has no ranks then.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(ranks: &usize) -> bool {
    *ranks == 1
}

/// Measures the workloads and prints a row for each as it is done, or all of them as JSON at the end.
///
/// # Errors
/// When threads cannot be started, the system does not tell its figures, or a result is not finite.
pub fn bench(args: &cli::BenchArgs) -> Result<Exit> {
    let Entered { mut ranks, world } =
        ranks::enter(ranks::Limits::default()).map_err(anyhow::Error::msg)?;
    let alone = ranks.size() == 1;
    let done = match ranks.leads() {
        _ if !alone && (args.phases || !matches!(args.what, Computation::Iteration)) => Err(
            anyhow!("of several ranks only iterations are timed: leave out --what and --phases"),
        ),
        true if args.phases => print_phases(args),
        true => lead_ranks(args, &mut ranks),
        false => follow_first_rank(args, &mut ranks),
    };
    match &done {
        Ok(()) => ranks.rest(),
        // Whoever leaves before the end ends all, also itself.
        Err(error) if !alone => say::err(&format!("error: {error:#}")),
        Err(_) => {}
    }
    world.leave();
    done.map(|()| Exit::Done)
}

/// Makes as many runs of every workload as the first rank times; the other ranks do this.
fn follow_first_rank(args: &cli::BenchArgs, ranks: &mut Ranks) -> Result<()> {
    for workload in chosen_workloads(args) {
        let job = Job::new(args, workload);
        let mut runner = BenchRunner::new(&job, ranks)?;
        while ranks.hear() == Some(Message::Iterate) {
            runner.run(ranks)?;
        }
        if let Some(Lost(why)) = ranks.lost() {
            bail!("{why}");
        }
    }
    Ok(())
}

/// The workloads that are asked for.
fn chosen_workloads(args: &cli::BenchArgs) -> &[Workload] {
    match args.workloads.as_slice() {
        [] => WORKLOADS,
        named => named,
    }
}

/// Measures the workloads and prints the results; the first rank does this.
fn lead_ranks(args: &cli::BenchArgs, ranks: &mut Ranks) -> Result<()> {
    if !args.json {
        say::out(&table::head(args, ranks.size()));
    }
    let mut measurements = Vec::new();
    for workload in chosen_workloads(args) {
        let job = Job::new(args, workload);
        let budget = Duration::from_secs_f64(args.seconds);
        let measurement = measure(&job, budget, ranks).context(workload.name)?;
        ranks.tell(&Message::End(Reason::Seconds));
        if !args.json {
            say::out(&table::row(&measurement));
        }
        measurements.push(measurement);
    }
    if args.json {
        say::out(&serde_json::to_string_pretty(&measurements)?);
    }
    Ok(())
}

/// Measures the phases of an iteration of every workload, and prints them.
fn print_phases(args: &cli::BenchArgs) -> Result<()> {
    if !args.json {
        say::out(&phases::head());
    }
    let mut all = Vec::new();
    for workload in chosen_workloads(args) {
        let budget = Duration::from_secs_f64(args.seconds);
        let found = phases::measure(&Job::new(args, workload), budget).context(workload.name)?;
        if !args.json {
            found.iter().for_each(|one| say::out(&one.row()));
        }
        all.extend(found);
    }
    if args.json {
        say::out(&serde_json::to_string_pretty(&all)?);
    }
    Ok(())
}

/// Measures a workload.
fn measure(job: &Job, budget: Duration, ranks: &mut Ranks) -> Result<Measurement> {
    let times = time_runs(job, budget, ranks)?;
    let gflops = job.flops() / times.best() / 1e9;
    let peak = times.peak * ranks.size() as f64;
    let precision = job.precision.name();
    Ok(Measurement {
        workload: job.workload.name,
        what: name(&job.computation),
        trace: name(&job.trace),
        lanes: format!("{} {precision}x{}", compiled(), lanes_of(job.precision)),
        precision,
        n: job.n,
        ranks: ranks.size(),
        threads: job.threads,
        best_s: times.best(),
        median_s: times.median(),
        cpu_s: times.cpu / times.seconds.len() as f64,
        gflops,
        peak_gflops: peak,
        fraction_of_peak: gflops / peak,
        peak_rss_bytes: usage::peak_rss_bytes()?,
    })
}

/// The times of the runs of a workload.
struct BenchTimes {
    /// Seconds of every run, shortest first.
    seconds: Vec<f64>,
    /// CPU seconds of all runs together.
    cpu: f64,
    /// GFLOP/s of the best probe.
    peak: f64,
}

impl BenchTimes {
    fn best(&self) -> f64 {
        self.seconds[0]
    }

    fn median(&self) -> f64 {
        let (low, high) = ((self.seconds.len() - 1) / 2, self.seconds.len() / 2);
        0.5 * (self.seconds[low] + self.seconds[high])
    }
}

/// Times runs of a workload until the budget is spent.
fn time_runs(job: &Job, budget: Duration, ranks: &mut Ranks) -> Result<BenchTimes> {
    let mut runner = BenchRunner::new(job, ranks)?;
    let probe = Probe::new(job.precision, job.threads)?;
    let mut run = || {
        ranks.tell(&Message::Iterate);
        runner.run(ranks)
    };
    run()?;
    let (mut seconds, mut cpu) = (Vec::new(), 0.0);
    let mut peak = probe.measure_gflops();
    let start = Instant::now();
    let over = |runs: usize| runs >= LEAST && start.elapsed() >= budget;
    while !over(seconds.len()) {
        let (burst, before) = (Instant::now(), usage::cpu_seconds()?);
        while burst.elapsed() < BURST && !over(seconds.len()) {
            let before = Instant::now();
            run()?;
            seconds.push(before.elapsed().as_secs_f64());
        }
        cpu += usage::cpu_seconds()? - before;
        peak = probe.measure_gflops().max(peak);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(BenchTimes { seconds, cpu, peak })
}

/// The name of a value on the command line.
fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_and_median_are_those_of_the_sorted_runs() {
        let of = |seconds: &[f64]| {
            let times = BenchTimes {
                seconds: seconds.to_vec(),
                cpu: 0.0,
                peak: 0.0,
            };
            (times.best(), times.median())
        };
        assert_eq!(of(&[1.0, 2.0, 7.0]), (1.0, 2.0));
        assert_eq!(of(&[1.0, 2.0, 3.0, 7.0]), (1.0, 2.5));
    }
}
