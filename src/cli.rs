//! The command line.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use otflow_kernels::engine::{self, compiled};
use otflow_kernels::objective::{Alpha, TraceAt};
use serde::{Deserialize, Serialize};

use crate::cost::Work;
use crate::dashboard::look::Look;
use crate::plot::What;
use crate::ranks::PATIENCE;
use crate::session::{Assignment, Gate};
use crate::workloads::Workload;

/// Trains continuous normalizing flows (OT-Flow) in a terminal.
///
/// Without a command it trains the 8gaussians session: sessions/8gaussians.ron where that exists, else the built-in copy of it.
#[derive(Debug, Parser)]
#[command(version = version(), max_term_width = 120, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Of the dashboard.
    #[command(flatten)]
    pub look: Look,
    /// What to do; train, if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at a table and write a session for it, every field commented.
    ///
    /// Columns without a density (text, constant ones, copies, a count of the rows) are left out, each with the reason; rounded
    /// values get a jitter of their step. Exit codes: 0 done, 1 the session cannot be written, 2 no table that can be learned, or
    /// SESSION is there already.
    Init(Init),
    /// Train a session: in the dashboard on a terminal, else as rows on stdout.
    ///
    /// Exit codes: 0 done, 1 I/O or internal, 2 bad arguments or session, or a build for another CPU, 3 diverged, 4 gate
    /// missed, 130/143/129 after INT/TERM/HUP, with the parameters written.
    Train(Train),
    /// The dashboard on a run that another process trains, or on a finished one.
    ///
    /// Keys that would command the trainer do nothing; q and Ctrl-C leave at once. Exit codes: 0 left by a key, 1 internal,
    /// 2 no run directory or no terminal, 130/143/129 after INT/TERM/HUP.
    Watch(Watch),
    /// Train a run again from what its directory records, with every edit at its iteration, and compare rows and parameters.
    ///
    /// Exit codes: 0 the same bits, 1 different: the first difference is told, 2 no run that can be trained.
    Replay(Replay),
    /// Runs side by side, finished or under way: the figures of their best validations, and the settings that differ.
    ///
    /// An edited setting is shown as `0.1 -> 0.05`. What is no run is named on stderr and left out. Exit codes: 0 done, 1 no run is
    /// left, 2 bad arguments.
    Compare(Compare),
    /// Pictures of a run or a model, as PNG or SVG.
    ///
    /// Exit codes: 0 done, 1 the picture cannot be written, 2 bad arguments or input.
    Plot(Plot),
    /// How good a trained flow is: over the test part of its table, over fresh samples of its toy set, or over DATA.
    ///
    /// Losses are in standardised units, as in training; C also in the data's own. Exit codes: 0 done, 2 unreadable model or data.
    Evaluate(Evaluate),
    /// The log density of every row of a table, in the data's own units.
    ///
    /// Columns are found by name; a table without the model's names has to have its columns in order. Exit codes: 0 done, 1 the output
    /// cannot be written, 2 unreadable model or data, 130/143/129 after INT/TERM/HUP, with no file written.
    Score(Score),
    /// New rows, in the data's own units; of a conditional density for given values.
    ///
    /// Exit codes as of `score`.
    Sample(Sample),
    /// Write the metrics of a run as a CSV table, as a TensorBoard event file, or as both.
    /// A run under way is written as far as it has come. The table has a row for every iteration: iteration, seconds, lr,
    /// gradient, update, loss, L, C, R and, where it was validated, validation_loss, validation_L, validation_C,
    /// validation_R, divergence, divergence_se.
    Export(Export),
    /// Compare the kernels with files of reference values; exit 1 past the tolerance (f64 1e-11; f32 2e-6 for the loss, else 2e-5).
    ///
    /// A file is JSON: d, c, m, nTh, n, nt, alpha, stepper, trace; params and grads by published name as {shape, data};
    /// x, context; phi, grad_s, trace_hess at s_time; loss, cost_L, cost_C, cost_R; forward, inverse_x, log_prob.
    Verify(Verify),
    /// Validate a session; print it as it will be in force, with the shapes, flops and memory it needs.
    Check {
        /// A session file.
        session: PathBuf,
    },
    /// Time the kernels on the published workloads, against the FMA peak measured between the runs; over ranks under mpirun.
    ///
    /// GFLOP/s are counted flops of the products in the best seconds; the fraction is of the best probe. On a machine whose
    /// cores others use, a fraction above 1 means that every probe was disturbed. Memory is the peak of the process so far:
    /// give one workload a call to compare it.
    Bench(Bench),
    /// Copy a table to CSV or, if the name ends in .npy, to NPY (64-bit floats): all rows, or some columns of them.
    ///
    /// Reads NPY likewise, and CSV separated by comma, semicolon or tab. Exit codes: 0 done, 1 not written, 2 bad arguments or
    /// a table that cannot be read, 130/143/129 after INT/TERM/HUP; unless 0, what was at OUT is left as it was.
    Convert(Convert),
    /// Print the completions of a shell, as for `otflow completions bash > ~/.local/share/bash-completion/completions/otflow`.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, as for `otflow man | man -l -`.
    Man {
        /// Write a page for every command into this directory instead, as `otflow-train.1`.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

/// `otflow init`
#[derive(Debug, Args)]
pub struct Init {
    /// A CSV or NPY file.
    pub table: PathBuf,
    /// The session file; default TABLE's name with the ending .ron, in the working directory.
    #[arg(short, long, value_name = "SESSION")]
    pub out: Option<PathBuf>,
}

/// `otflow train`
#[derive(Debug, Default, Args)]
pub struct Train {
    /// A session file; without one, sessions/8gaussians.ron or the built-in copy of it.
    pub session: Option<PathBuf>,
    /// Go on with a run from its last checkpoint, to the same bits as if it had not ended; past a limit by --iterations or --seconds.
    ///
    /// An edit of the session file since then is taken up in the dashboard and with --watch; else it is told of and passed over, as
    /// a headless run would have done.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["session", "out"])]
    pub resume: Option<PathBuf>,
    /// Begin a new run with the state of RUN, its last or that of --fork-at, and SESSION, or without one the session in force
    /// there, which no file changes.
    ///
    /// Iterations and training time count on; SESSION may differ in all but model, data (batch and resample_every may) and
    /// validation.samples. RUN is only read, and may be under way.
    #[arg(long, value_name = "RUN", conflicts_with = "resume")]
    pub from: Option<PathBuf>,
    /// Iterations of RUN done before the fork; where it has no checkpoint, it is trained again up to there and compared.
    #[arg(long, value_name = "K", requires = "from")]
    pub fork_at: Option<u64>,
    /// Rows on stdout, also on a terminal.
    #[arg(long, conflicts_with = "tui")]
    pub headless: bool,
    /// The dashboard; an error where it cannot be had.
    #[arg(long)]
    pub tui: bool,
    /// JSON lines on stdout instead of rows; implies --headless.
    #[arg(long, conflicts_with = "tui")]
    pub json: bool,
    /// Run directory; default runs/SESSION-TIME.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Iterations, instead of the session's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub iterations: Option<u64>,
    /// Training time in seconds, instead of the session's.
    #[arg(long, value_name = "S", value_parser = positive)]
    pub seconds: Option<f64>,
    /// One field of the session at another value, as 'optimizer.lr=0.01'; values are written as in a session file. May be repeated.
    ///
    /// Field names are those of `otflow check`'s messages and the dashboard: model.width, optimizer.schedule, ... The value holds while
    /// the session file keeps its own value of that field; an edit of the field in the file counts from then on. It also holds after
    /// --resume, and a relative data.path is one of the working directory. --iterations and --seconds outrank it.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<Assignment>,
    /// A condition on the best validation besides the session's, as 'validation_C<=2.95'; exit 4 when missed. May be repeated.
    #[arg(long, value_name = "GATE")]
    pub require: Vec<Gate>,
    /// Follow the session file while training; the default in the dashboard. `poll` for file systems without events.
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "native")]
    pub watch: Option<Follow>,
    /// A row every N iterations besides those at validations.
    #[arg(long, conflicts_with = "json", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
    /// Write the curves for TensorBoard too, into DIR or RUN/tensorboard.
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub tensorboard: Option<Option<PathBuf>>,
    /// Of the dashboard.
    #[command(flatten)]
    pub look: Look,
    /// Under mpirun or srun: seconds of silence after which another rank is lost, and the run ends with code 1; default 5.
    #[cfg(feature = "mpi")]
    #[arg(long, value_name = "S", value_parser = positive)]
    pub patience: Option<f64>,
}

impl Train {
    /// Silence after which another rank is lost.
    pub fn patience(&self) -> Duration {
        #[cfg(feature = "mpi")]
        if let Some(seconds) = self.patience {
            return Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        }
        PATIENCE
    }
}

/// `otflow watch`
#[derive(Debug, Args)]
pub struct Watch {
    /// Run directories; the first is shown, the curves of the others are drawn beside its own.
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// Of the dashboard.
    #[command(flatten)]
    pub look: Look,
}

/// `otflow replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// A run directory.
    pub run: PathBuf,
    /// Worker threads; default one a core. Any number gives the same bits.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// `otflow compare`
#[derive(Debug, Args)]
pub struct Compare {
    /// Run directories.
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// What they are sorted by, the smallest first.
    #[arg(long, value_name = "FIGURE", default_value = "C", ignore_case = true)]
    pub sort: Figure,
    /// A JSON list of {schema, run, reason, iterations, seconds, best, edits, settings: {field: {start, end}}}.
    #[arg(long)]
    pub json: bool,
}

/// What runs are sorted by; losses are those of the best validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Figure {
    /// Negative log-likelihood.
    #[value(name = "C")]
    C,
    /// C - H.
    Divergence,
    /// Transport cost.
    #[value(name = "L")]
    L,
    /// HJB penalty.
    #[value(name = "R")]
    R,
    /// a0 L + a1 C + a2 R at the weights of the run.
    Loss,
    /// Iterations done.
    Iterations,
    /// Training time.
    Seconds,
    /// Name of the directory.
    Name,
}

/// `otflow plot`
#[derive(Debug, Args)]
pub struct Plot {
    /// A run directory, of which the best parameters are shown, or a model file.
    #[arg(value_name = "RUN-or-MODEL")]
    pub source: PathBuf,
    /// The picture; PNG or SVG by its ending. Of several, each has its name before the ending, as F-paths.png.
    #[arg(long, value_name = "F.png|F.svg")]
    pub out: PathBuf,
    /// What to draw; several with commas between them.
    #[arg(long, value_delimiter = ',', default_value = "panels")]
    pub what: Vec<What>,
    /// Columns to show, by name or by number from 1, with commas between them.
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Steps of the integration; default the session's validation steps, at least 32.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub steps: Option<u16>,
    /// Points of the data, and so many generated samples.
    #[arg(long, value_name = "N", default_value = "2000", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub n: u32,
    /// The session whose data and flow are shown, in place of the model's own; a published checkpoint has none.
    #[arg(long, value_name = "SESSION")]
    pub session: Option<PathBuf>,
    /// Seed of the points; default the session's.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// `otflow evaluate`
#[derive(Debug, Args)]
pub struct Evaluate {
    /// A model file.
    pub model: PathBuf,
    /// A CSV or NPY file; default the test part of the model's own table, or fresh samples of its toy set.
    pub data: Option<PathBuf>,
    /// Time steps, instead of those of its validation; several, as 4,8,16, to compare.
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = steps)]
    pub steps: Vec<usize>,
    /// Weights a0,a1,a2 of L, C and R, instead of the session's; a0 also scales the dynamics.
    #[arg(long, value_name = "A0,A1,A2", value_parser = weights)]
    pub weights: Option<Alpha>,
    /// Rows, at most; default all of the test part, 100000 samples of a toy set.
    #[arg(short, long, value_name = "N", conflicts_with = "data", value_parser = count)]
    pub n: Option<usize>,
    /// Rows of each set for MMD^2, at most; its cost grows with their square.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = count)]
    pub mmd_samples: usize,
    /// DATA is in standardised units.
    #[arg(long, requires = "data")]
    pub standardized: bool,
    /// Leave out rows of DATA with missing values.
    #[arg(long, requires = "data")]
    pub drop_missing: bool,
    /// Seed of the generated rows; default 0.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// A JSON list, an object for every step count: {schema, rows, steps, nfe, loss, L, C, R, C_data, C_se, divergence, divergence_se,
    /// inverse_error, inverse_error_max, straightness, mmd, mmd_kernel, mmd_bandwidth, mmd_samples, rows_per_second}.
    #[arg(long)]
    pub json: bool,
}

/// `otflow score`
#[derive(Debug, Args)]
pub struct Score {
    /// A model file.
    pub model: PathBuf,
    /// A CSV or NPY file; for a conditional density with the given columns too.
    pub data: PathBuf,
    /// One column `log_density`, nats, as CSV or, if it ends in .npy, NPY.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// Time steps, instead of those of its validation.
    #[arg(long, value_name = "N", value_parser = steps)]
    pub steps: Option<usize>,
    /// DATA and densities are in standardised units.
    #[arg(long)]
    pub standardized: bool,
    /// Leave out rows with missing values.
    #[arg(long)]
    pub drop_missing: bool,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// `otflow sample`
#[derive(Debug, Args)]
pub struct Sample {
    /// A model file.
    pub model: PathBuf,
    /// Rows; of a conditional density, for each given row.
    #[arg(short, long, value_name = "N", value_parser = count)]
    pub n: usize,
    /// The data's columns, as CSV or, if it ends in .npy, NPY.
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// A table with the given columns, or their values as carat=1.0,depth=61; may be repeated.
    #[arg(long, value_name = "GIVEN")]
    pub given: Vec<String>,
    /// Seed of the draws; default 0.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Time steps, instead of those of its validation.
    #[arg(long, value_name = "N", value_parser = steps)]
    pub steps: Option<usize>,
    /// Rows, and what is given, are in standardised units.
    #[arg(long)]
    pub standardized: bool,
    /// Worker threads; default one a core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// `otflow export`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("form").required(true).multiple(true)))]
pub struct Export {
    /// A run directory.
    pub run: PathBuf,
    /// Where the table goes.
    #[arg(long, value_name = "F.csv", group = "form")]
    pub csv: Option<PathBuf>,
    /// The directory into which the event file goes; one run has one directory.
    #[arg(long, value_name = "DIR", group = "form")]
    pub tensorboard: Option<PathBuf>,
}

/// How a session file is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Follow {
    /// By the events of the file system.
    Native,
    /// By looking once a second.
    Poll,
    /// Not at all.
    Off,
}

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
    pub what: Work,
    /// Where the trace is evaluated; without effect on `--what sample`.
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

/// `otflow convert`
#[derive(Debug, Args)]
pub struct Convert {
    /// A table.
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// Where the copy goes; may be IN.
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Columns in the wanted order, by name, or by number from 1 where there are no names; default all.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Leave out rows with missing values instead of refusing the table.
    #[arg(long)]
    pub drop_missing: bool,
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

/// Worker threads: those asked for, else one a core.
pub fn threads(asked: Option<u16>) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    asked.map_or_else(cores, usize::from)
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be above 0".into()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("`{text}` is not a whole number")),
    }
}

fn steps(text: &str) -> Result<usize, String> {
    match count(text)? {
        steps if steps <= 1000 => Ok(steps),
        _ => Err("at most 1000".into()),
    }
}

fn weights(text: &str) -> Result<Alpha, String> {
    let values: Result<Vec<f64>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let allowed = |weight: &f64| (0.0..=1e9).contains(weight);
    match values.as_deref() {
        Ok([a0, a1, a2]) if [a0, a1, a2].into_iter().all(allowed) && *a0 > 0.0 => Ok(Alpha {
            a0: *a0,
            a1: *a1,
            a2: *a2,
        }),
        _ => Err("expected three numbers from 0 to 1e9, the first above 0, as 1,100,5".into()),
    }
}

fn version() -> String {
    format!("{} ({})", env!("CARGO_PKG_VERSION"), compiled())
}

fn positive(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err("it must be above 0 and finite".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn watch_may_stand_alone() {
        let follow = |args: &[&str]| match Cli::parse_from(args).command {
            Some(Command::Train(train)) => train.watch,
            _ => None,
        };
        assert_eq!(
            follow(&["otflow", "train", "--watch"]),
            Some(Follow::Native)
        );
        assert_eq!(
            follow(&["otflow", "train", "--watch=poll"]),
            Some(Follow::Poll)
        );
        assert_eq!(
            follow(&["otflow", "train", "--watch", "a.ron"]),
            Some(Follow::Native)
        );
        assert_eq!(follow(&["otflow", "train"]), None);
    }

    #[test]
    fn an_export_has_a_form() {
        let export = |rest: &[&str]| {
            let words = ["otflow", "export", "run"].iter().chain(rest);
            Cli::try_parse_from(words).is_ok()
        };
        assert!(!export(&[]));
        assert!(export(&["--csv", "a.csv"]) && export(&["--tensorboard", "a"]));
        assert!(export(&["--csv", "a.csv", "--tensorboard", "a"]));
    }

    #[test]
    fn tensorboard_may_stand_alone() {
        let place = |args: &[&str]| match Cli::parse_from(args).command {
            Some(Command::Train(train)) => train.tensorboard,
            _ => None,
        };
        assert_eq!(
            place(&["otflow", "train", "--tensorboard", "a.ron"]),
            Some(None)
        );
        assert_eq!(
            place(&["otflow", "train", "--tensorboard=a"]),
            Some(Some("a".into()))
        );
    }

    #[test]
    fn a_bench_of_nothing_is_refused() {
        for bad in ["--n=0", "--n=-1", "--seconds=0", "--threads=0", "tyo"] {
            assert!(
                Cli::try_parse_from(["otflow", "bench", bad]).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn limits_out_of_range_are_refused() {
        for bad in [
            "--iterations=0",
            "--seconds=nan",
            "--seconds=-1",
            "--threads=0",
            "--require=loss>3",
        ] {
            assert!(
                Cli::try_parse_from(["otflow", "train", bad]).is_err(),
                "{bad}"
            );
        }
    }
}
