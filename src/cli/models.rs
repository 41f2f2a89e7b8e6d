//! The arguments of the commands that use a trained model.

use std::path::PathBuf;

use clap::Args;
use otflow_kernels::objective::Alpha;

use super::values::{parse_count, parse_steps, parse_weights};

/// The arguments of `otflow evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// A model file, or a run directory, of which the best parameters are taken; RUN/last.safetensors are the last.
    #[arg(value_name = "RUN-or-MODEL")]
    pub model: PathBuf,
    /// A table; default the test part of the model's own table, or fresh samples of its toy set.
    pub data: Option<PathBuf>,
    /// Time steps, instead of those of its validation; several, as 4,8,16, to compare.
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = parse_steps)]
    pub steps: Vec<usize>,
    /// Weights a0,a1,a2 of L, C and R, instead of the session's; a0 also scales the dynamics.
    #[arg(long, value_name = "A0,A1,A2", value_parser = parse_weights)]
    pub weights: Option<Alpha>,
    /// Rows, at most; default all of the test part, 100000 samples of a toy set.
    #[arg(short, long, value_name = "N", conflicts_with = "data", value_parser = parse_count)]
    pub n: Option<usize>,
    /// Rows of each set for MMD^2, at most; its cost grows with their square.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = parse_count)]
    pub mmd_samples: usize,
    /// DATA is in standardised units.
    #[arg(long, requires = "data")]
    pub standardized: bool,
    /// Leave out rows of DATA with missing values.
    #[arg(long, requires = "data")]
    pub drop_missing: bool,
    /// Take the columns of DATA in their order, whatever their names.
    #[arg(long, requires = "data")]
    pub by_position: bool,
    /// Seed of the generated rows; default 0.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// A JSON list, an object for every step count: {schema, rows, in_f64, without_density, steps, nfe, loss, L, C, R, C_data, C_se, divergence, divergence_se,
    /// inverse_error, inverse_error_max, straightness, mmd, mmd_kernel, mmd_bandwidth, mmd_samples, rows_per_second}.
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `otflow score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// A model file, or a run directory, of which the best parameters are taken; RUN/last.safetensors are the last.
    #[arg(value_name = "RUN-or-MODEL")]
    pub model: PathBuf,
    /// A table; for a conditional density with the given columns too.
    pub data: PathBuf,
    /// One column `log_density`, nats, as CSV or, if it ends in .npy, NPY; -inf where a row has no density in floating point. `-` is stdout.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// Time steps, instead of those of its validation.
    #[arg(long, value_name = "N", value_parser = parse_steps)]
    pub steps: Option<usize>,
    /// DATA and densities are in standardised units.
    #[arg(long)]
    pub standardized: bool,
    /// Leave out rows with missing values, and write the number of every other row before its density, column `row`, from 1.
    #[arg(long)]
    pub drop_missing: bool,
    /// Take the columns of DATA in their order, whatever their names.
    #[arg(long)]
    pub by_position: bool,
    /// Write all columns of DATA as they are, and the density as the last one, as CSV; empty for a row that is left out.
    #[arg(long)]
    pub append: bool,
    /// Exit code 1 if a row has no density in floating point.
    #[arg(long)]
    pub strict: bool,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// The arguments of `otflow sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// A model file, or a run directory, of which the best parameters are taken; RUN/last.safetensors are the last.
    #[arg(value_name = "RUN-or-MODEL")]
    pub model: PathBuf,
    /// Rows; of a conditional density, for each given row.
    #[arg(short, long, value_name = "N", value_parser = parse_count)]
    pub n: usize,
    /// The data's columns, as CSV or, if it ends in .npy, NPY; `-` is stdout.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// A table with the given columns, or their values as carat=1.0,depth=61; may be repeated.
    #[arg(long, value_name = "GIVEN")]
    pub given: Vec<String>,
    /// Take the columns of the given TABLE in their order, whatever their names.
    #[arg(long, requires = "given")]
    pub by_position: bool,
    /// Seed of the draws; default 0.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Time steps, instead of those of its validation.
    #[arg(long, value_name = "N", value_parser = parse_steps)]
    pub steps: Option<usize>,
    /// Rows, and what is given, are in standardised units.
    #[arg(long)]
    pub standardized: bool,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}
