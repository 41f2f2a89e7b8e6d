//! The command line: the commands of the program and their arguments.
//!
//! | file | holds the arguments of |
//! | --- | --- |
//! | `train.rs` | the training |
//! | `runs.rs` | the commands that read the directories of runs |
//! | `models.rs` | the commands that use a trained model |
//! | `tables.rs` | the commands that read a table alone |
//! | `kernels.rs` | the commands that judge the kernels |
//! | `report.rs` | the file of a report |
//! | `values.rs` | values of arguments, from their text |

mod kernels;
mod models;
mod report;
mod runs;
mod tables;
mod train;
mod values;

use std::path::PathBuf;
use std::thread;

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use otflow_kernels::engine::compiled;
use rayon::ThreadPoolBuilder;

use crate::dashboard::theme_options::ThemeOptions;
pub use kernels::{BenchArgs, VerifyArgs};
pub use models::{EvaluateArgs, SampleArgs, ScoreArgs};
pub use report::{ReportFile, ReportFormat};
pub use runs::{CompareArgs, ExportArgs, PlotArgs, ReplayArgs, RunOrder, WatchArgs};
pub use tables::{ConvertArgs, InitArgs};
pub use train::{TensorBoardOutput, TrainArgs};

/// Trains continuous normalizing flows (OT-Flow) in a terminal.
///
/// Without a command it trains the 8gaussians session: sessions/8gaussians.ron where that exists, else the built-in copy of it.
#[derive(Debug, Parser)]
#[command(version = version(), max_term_width = 120, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// The look of the dashboard.
    #[command(flatten)]
    pub look: ThemeOptions,
    /// What to do; train, if nothing is said.
    #[command(subcommand)]
    pub command: Option<ProgramCommand>,
}

/// A command of the program.
#[derive(Debug, Subcommand)]
pub enum ProgramCommand {
    /// Look at a table and write a session for it, or write that of a 2-D set; every field commented.
    ///
    /// Columns without a density (text, constant ones, sums of others, a count of the rows) are left out, each with the reason; rounded
    /// values get a jitter of their step. Exit codes: 0 done, 1 the session cannot be written, 2 no table that can be learned, or
    /// SESSION is there already.
    Init(InitArgs),
    /// Train a session: in the dashboard on a terminal, else as rows on stdout.
    ///
    /// Exit codes: 0 done, 1 I/O or internal, 2 bad arguments or session, or a build for another CPU, 3 diverged, 4 gate
    /// missed, 128 + n after a signal n that ends a process (130 INT, 143 TERM), with the parameters and a checkpoint written. USR1 saves a
    /// checkpoint and USR2 reads the session file; training goes on.
    Train(TrainArgs),
    /// The dashboard on a run that another process trains, or on a finished one; on a folder of runs a live table of all.
    ///
    /// The table has state, verdict, best C, C - H, and the settings that differ; the curves of marked runs are drawn over each other, and
    /// Enter opens a run. Keys that would command the trainer do nothing; q and Ctrl-C leave at once. Exit codes: 0 left by a key, 1 internal,
    /// 2 no run directory or no terminal, 128 + n after a signal n.
    Watch(WatchArgs),
    /// Train a run again from what its directory records, with every edit at its iteration, and compare rows and parameters.
    ///
    /// Exit codes: 0 the same bits, 1 different: the first difference is told, 2 no run that can be trained.
    Replay(ReplayArgs),
    /// Runs side by side, finished or under way: the figures of their best validations, and the settings that differ.
    ///
    /// An edited setting is shown as `0.1 -> 0.05`. What is no run is named on stderr and left out. With --out also as a picture: C
    /// over training time. Exit codes: 0 done, 1 no run is left or the picture cannot be written, 2 bad arguments, or a FILE of
    /// another form.
    Compare(CompareArgs),
    /// Pictures of a run or a model, as PNG or SVG.
    ///
    /// Exit codes: 0 done, 1 the picture cannot be written, 2 bad arguments or input.
    Plot(PlotArgs),
    /// How good a trained flow is: over the test part of its table, over fresh samples of its toy set, or over DATA.
    ///
    /// Losses are in standardised units, as in training; C also in the data's own. Rows so far out that f32 has no numbers for them are
    /// computed in f64 and count in the losses alone; rows without a density are left out. Exit codes: 0 done, 2 unreadable model or data.
    Evaluate(EvaluateArgs),
    /// The log density of every row of a table, in the data's own units.
    ///
    /// Columns are found by name; a table without the model's names has to have its columns in order. Exit codes: 0 done, 1 the output
    /// cannot be written, 2 unreadable model or data, 130/143/129 after INT/TERM/HUP, with no file written.
    Score(ScoreArgs),
    /// New rows, in the data's own units; of a conditional density for given values.
    ///
    /// Exit codes as of `score`.
    Sample(SampleArgs),
    /// Write the metrics of a run as a CSV table, as a TensorBoard event file, or as both.
    /// A run under way is written as far as it has come. The table has a row for every iteration: iteration, seconds, lr,
    /// gradient, update, loss, L, C, R and, where it was validated, validation_loss, validation_L, validation_C,
    /// validation_R, validation_C_se, divergence, divergence_se.
    Export(ExportArgs),
    /// Compare the kernels with files of reference values; exit 1 past the tolerance (f64 1e-11; f32 2e-6 for the loss, else 2e-5).
    ///
    /// A file is JSON: d, c, m, nTh, n, nt, alpha, stepper, trace; params and grads by published name as {shape, data};
    /// x, context; phi, grad_s, trace_hess at s_time; loss, cost_L, cost_C, cost_R; forward, inverse_x, log_prob. A file with
    /// "kind": "matching" is of the loss of a start by matching (f32 5e-5): d, m, nTh, n, a0; params, grads; x, context, x1, t; loss.
    Verify(VerifyArgs),
    /// Validate a session; print it as it will be in force, with the shapes, flops and memory it needs.
    Check {
        /// A session file, the name of a 2-D set, `-` or a pipe, as of `train`.
        session: PathBuf,
    },
    /// Time the kernels on the published workloads, against the FMA peak measured between the runs; over ranks under mpirun.
    ///
    /// GFLOP/s are counted flops of the products in the best seconds; the fraction is of the best probe. On a machine whose
    /// cores others use, a fraction above 1 means that every probe was disturbed. Memory is the peak of the process so far:
    /// give one workload a call to compare it.
    Bench(BenchArgs),
    /// Copy a table to CSV or, if the name ends in .npy, to NPY (64-bit floats): all rows, or some columns of them.
    ///
    /// Reads NPY likewise, and CSV separated by comma, semicolon or tab. Exit codes: 0 done, 1 not written, 2 bad arguments or
    /// a table that cannot be read, 130/143/129 after INT/TERM/HUP; unless 0, what was at OUT is left as it was.
    Convert(ConvertArgs),
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

/// The number of worker threads: the number asked for, else one a core.
pub fn threads(asked: Option<u16>) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    asked.map_or_else(cores, usize::from)
}

/// Starts the threads that read tables, which are rayon's own; threads that exist already stay.
pub fn start_readers(threads: usize) {
    let _ = ThreadPoolBuilder::new().num_threads(threads).build_global();
}

fn version() -> String {
    format!("{} ({})", env!("CARGO_PKG_VERSION"), compiled())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::reload::WatchChoice;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn watch_may_stand_alone() {
        let follow = |args: &[&str]| match Cli::parse_from(args).command {
            Some(ProgramCommand::Train(train)) => train.watch,
            _ => None,
        };
        assert_eq!(
            follow(&["otflow", "train", "--watch"]),
            Some(WatchChoice::Native)
        );
        assert_eq!(
            follow(&["otflow", "train", "--watch=poll"]),
            Some(WatchChoice::Poll)
        );
        assert_eq!(
            follow(&["otflow", "train", "--watch", "a.ron"]),
            Some(WatchChoice::Native)
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
        let output = |args: &[&str]| match Cli::parse_from(args).command {
            Some(ProgramCommand::Train(train)) => train.tensorboard(),
            _ => TensorBoardOutput::Off,
        };
        assert_eq!(
            output(&["otflow", "train", "--tensorboard", "a.ron"]),
            TensorBoardOutput::InRunDirectory
        );
        assert_eq!(
            output(&["otflow", "train", "--tensorboard=a"]),
            TensorBoardOutput::In("a".into())
        );
        assert_eq!(output(&["otflow", "train"]), TensorBoardOutput::Off);
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
