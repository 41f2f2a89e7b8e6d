//! The commands that judge the kernels.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use otflow_kernels::engine;
use otflow_kernels::objective::TraceAt;

use super::values::{count, positive};
use crate::cost::Computation;
use crate::workloads::Workload;

/// `otflow verify`
#[derive(Debug, Args)]
pub struct Verify {
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

/// `otflow bench`
#[derive(Debug, Args)]
pub struct Bench {
    /// What to time; all of them, if none is named.
    #[arg(value_name = "WORKLOAD")]
    pub workloads: Vec<Workload>,
    /// Arithmetic of the kernels; default f32, but f64 for toy_5000.
    #[arg(long)]
    pub precision: Option<Precision>,
    /// What is done with the samples.
    #[arg(long, default_value = "iteration")]
    pub what: Computation,
    /// Where the trace is evaluated; without effect on `--what sample` and `matching`.
    #[arg(long, default_value = "every-stage")]
    pub trace: Trace,
    /// Samples, instead of the workload's; memory does not grow with them.
    #[arg(long, value_name = "N", value_parser = count)]
    pub n: Option<usize>,
    /// Layers M + 1 of the network, instead of the workload's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=64))]
    pub layers: Option<u16>,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Seconds for each workload, probes included; three runs are timed however long they take.
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = positive)]
    pub seconds: f64,
    /// A JSON list of {workload, what, trace, precision, n, ranks, threads, best_s, median_s, cpu_s, gflops, peak_gflops,
    /// fraction_of_peak, peak_rss_bytes, lanes}.
    #[arg(long)]
    pub json: bool,
}

/// Arithmetic of the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// Single.
    F32,
    /// Double.
    F64,
}

impl From<Precision> for engine::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => engine::Precision::F32,
            Precision::F64 => engine::Precision::F64,
        }
    }
}

/// Where the trace is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Trace {
    /// At every Runge-Kutta stage, as published.
    EveryStage,
    /// At the step nodes only.
    StepNodes,
    /// At Gauss points of [0, 1].
    GaussPoints,
}

impl From<Trace> for TraceAt {
    fn from(trace: Trace) -> Self {
        match trace {
            Trace::EveryStage => TraceAt::EveryStage,
            Trace::StepNodes => TraceAt::StepNodes,
            Trace::GaussPoints => TraceAt::GaussPoints,
        }
    }
}
