//! `otflow bench`: how fast the kernels are on the published workloads, against what the machine can do in the same minutes.
//!
//! ```text
//! warm-up, then (FMA probe, work for a while) until the time is over, and a last probe
//! GFLOP/s = counted flops / best seconds        fraction = GFLOP/s / best probe
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `task.rs` | what is timed |
//! | `probe.rs` | the FMA peak on all threads |
//! | `usage.rs` | CPU time and memory of the process |
//! | `table.rs` | rows for a person |

mod table;
mod task;
mod usage;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use otflow_kernels::engine::{compiled, lanes_of};
use serde::Serialize;

use crate::cost::Work;
use crate::event::Reason;
use crate::exit::Exit;
use crate::probe::Probe;
use crate::ranks::{self, Entered, Lost, Message, Ranks};
use crate::workloads::{WORKLOADS, Workload};
use crate::{cli, say};
use task::{Job, Task};

/// Runs timed at the least, however long they take.
const LEAST: usize = 3;
/// Work between two probes: long against the clock, short against what disturbs a shared machine.
const BURST: Duration = Duration::from_millis(200);

/// What was measured of one workload; the names are part of the contract.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// Its name.
    pub workload: &'static str,
    /// `iteration`, `density` or `sample`.
    pub what: String,
    /// `every-stage`, `step-nodes` or `gauss-points`; without meaning for `sample`.
    pub trace: String,
    /// `f32` or `f64`.
    pub precision: &'static str,
    /// Samples.
    pub n: usize,
    /// Processes that share the samples.
    #[serde(skip_serializing_if = "is_one")]
    pub ranks: usize,
    /// Worker threads of each.
    pub threads: usize,
    /// Seconds of the shortest run.
    pub best_s: f64,
    /// Median of the seconds.
    pub median_s: f64,
    /// Mean CPU seconds of a run, all threads of the first rank together.
    pub cpu_s: f64,
    /// Counted flops in the best seconds.
    pub gflops: f64,
    /// The best FMA probe, all threads together; of several ranks that of the first, times their number.
    pub peak_gflops: f64,
    /// gflops / peak_gflops.
    pub fraction_of_peak: f64,
    /// Largest memory of the process so far.
    pub peak_rss_bytes: u64,
    /// What was compiled in, and the samples in a tile.
    pub lanes: String,
}

/// Of a process on its own the contract has no ranks.
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
        _ if !alone && !matches!(args.what, Work::Iteration) => Err(anyhow!(
            "of several ranks only iterations are timed: leave out --what"
        )),
        true => lead(args, &mut ranks),
        false => along(args, &mut ranks),
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

/// What the ranks do that follow the first: as many runs of each workload as that one times.
fn along(args: &cli::BenchArgs, ranks: &mut Ranks) -> Result<()> {
    for workload in chosen(args) {
        let job = Job::new(args, workload);
        let mut task = Task::new(&job, ranks)?;
        while ranks.hear() == Some(Message::Iterate) {
            task.run(ranks)?;
        }
        if let Some(Lost(why)) = ranks.lost() {
            bail!("{why}");
        }
    }
    Ok(())
}

fn chosen(args: &cli::BenchArgs) -> &[Workload] {
    match args.workloads.as_slice() {
        [] => WORKLOADS,
        named => named,
    }
}

fn lead(args: &cli::BenchArgs, ranks: &mut Ranks) -> Result<()> {
    if !args.json {
        say::out(&table::head(args, ranks.size()));
    }
    let mut measurements = Vec::new();
    for workload in chosen(args) {
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

fn measure(job: &Job, budget: Duration, ranks: &mut Ranks) -> Result<Measurement> {
    let times = time(job, budget, ranks)?;
    let gflops = job.flops() / times.best() / 1e9;
    let peak = times.peak * ranks.size() as f64;
    let precision = job.precision.name();
    Ok(Measurement {
        workload: job.workload.name,
        what: name(&job.work),
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

/// What the clock said.
struct Times {
    /// Of every run, shortest first.
    seconds: Vec<f64>,
    /// CPU seconds of all runs together.
    cpu: f64,
    /// GFLOP/s of the best probe.
    peak: f64,
}

impl Times {
    fn best(&self) -> f64 {
        self.seconds[0]
    }

    fn median(&self) -> f64 {
        let (low, high) = ((self.seconds.len() - 1) / 2, self.seconds.len() / 2);
        0.5 * (self.seconds[low] + self.seconds[high])
    }
}

fn time(job: &Job, budget: Duration, ranks: &mut Ranks) -> Result<Times> {
    let mut task = Task::new(job, ranks)?;
    let probe = Probe::new(job.precision, job.threads)?;
    let mut run = || {
        ranks.tell(&Message::Iterate);
        task.run(ranks)
    };
    run()?;
    let (mut seconds, mut cpu) = (Vec::new(), 0.0);
    let mut peak = probe.gflops();
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
        peak = probe.gflops().max(peak);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(Times { seconds, cpu, peak })
}

/// A value as the command line writes it.
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
            let times = Times {
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
