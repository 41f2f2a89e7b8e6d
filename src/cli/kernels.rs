//! The arguments of the commands that judge the kernels.

use std::path::PathBuf;

use clap::Args;

use super::values::{parse_count, parse_positive};
use crate::cost::Computation;
use crate::session::{Precision, Trace};
use crate::workloads::Workload;

/// The arguments of `otflow verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Reference files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Arithmetic of the kernels.
    #[arg(long, value_enum, default_value_t = Precision::F64)]
    pub precision: Precision,
    /// A JSON list of {file, precision, errors, largest}.
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `otflow bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What to time; all of them, if none is named.
    #[arg(value_name = "WORKLOAD")]
    pub workloads: Vec<Workload>,
    /// Arithmetic of the kernels; default f32, but f64 for toy_5000.
    #[arg(long)]
    pub precision: Option<Precision>,
    /// What is done with the samples.
    #[arg(long, default_value = "iteration")]
    pub what: Computation,
    /// Time the phases of an iteration on one thread instead, and tell how much faster 8, 32 and 128 cores can make it.
    #[arg(long, conflicts_with_all = ["what", "threads"])]
    pub phases: bool,
    /// Where the trace is evaluated; without effect on `--what sample` and `matching`.
    #[arg(long, default_value = "every-stage")]
    pub trace: Trace,
    /// Samples, instead of the workload's; memory does not grow with them.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub n: Option<usize>,
    /// Layers M + 1 of the network, instead of the workload's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=64))]
    pub layers: Option<u16>,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Seconds for each workload, probes included; three runs are timed however long they take.
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = parse_positive)]
    pub seconds: f64,
    /// A JSON list of {workload, what, trace, precision, n, ranks, threads, best_s, median_s, cpu_s, gflops, peak_gflops,
    /// fraction_of_peak, peak_rss_bytes, lanes}; with `--phases` of {workload, optimizer, precision, n, chunks, blocks, tiles_s,
    /// batch_s, sum_s, load_s, step_s, event_s, speed_ups}.
    #[arg(long)]
    pub json: bool,
}
