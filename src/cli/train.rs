//! The arguments of `otflow train`, and of `otflow` alone.

use std::path::PathBuf;
#[cfg(feature = "mpi")]
use std::time::Duration;

use clap::Args;

use super::report::ReportFile;
use super::values::{parse_positive, run};
use crate::dashboard::theme_options::ThemeOptions;
use crate::headless::{RowPace, Verbosity};
use crate::ranks::Limits;
use crate::replay::ForkPoint;
use crate::session::overrides::{Overrides, resolve};
use crate::session::reload::WatchChoice;
use crate::session::{Assignment, Gate, Session};

/// The arguments of `otflow train`.
#[derive(Debug, Default, Args)]
pub struct TrainArgs {
    /// A session file, or the name of a 2-D set: 8gaussians, checkerboard, swissroll, circles, rings, moons, pinwheel, 2spirals. Of a set
    /// NAME it is NAME.ron or sessions/NAME.ron where there is one, else the built-in session. Without one, 8gaussians.
    /// `-` is stdin; a session from there or from a pipe has no file to follow.
    pub session: Option<PathBuf>,
    /// Go on with a run from its last checkpoint, to the same bits as if it had not ended; past a limit by --iterations or --seconds.
    ///
    /// An edit of the session file since then is taken up in the dashboard and with --watch; else it is told of and passed over, as
    /// a headless run would have done.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["session", "out"], value_parser = run())]
    pub resume: Option<PathBuf>,
    /// Begin a new run with the state of RUN, its last or that of --fork-at, and SESSION, or without one the session in force
    /// there, which no file changes.
    ///
    /// Iterations and training time count on; SESSION may differ in all but model, data (batch and resample_every may) and
    /// validation.samples. RUN is only read, and may be under way.
    #[arg(long, value_name = "RUN", conflicts_with = "resume", value_parser = run())]
    pub from: Option<PathBuf>,
    /// Iterations of RUN done before the fork, or `best` or `best-C` for those of its best validation by the loss or by C; where
    /// it has no checkpoint, it is trained again up to there and compared.
    #[arg(long, value_name = "K", requires = "from")]
    pub fork_at: Option<ForkPoint>,
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
    #[arg(long, value_name = "S", value_parser = parse_positive)]
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
    /// Write a report of the run for a CI system: JUnit XML (.xml), or Markdown (.md) as for a summary of a job.
    ///
    /// Every gate is a test, and the training is one: a missed gate is a failure with its values; a divergence, a signal, a refusal
    /// or what could not be written is an error. It has the run, session, CPU, build, seconds, C, C - H and where the parameters are. A
    /// path that cannot be written is found before the training; until that ends the report says so.
    #[arg(long, value_name = "F.xml|F.md")]
    pub report: Option<ReportFile>,
    /// Follow the session file while training; the default in the dashboard. `poll` for file systems without events.
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "native")]
    pub watch: Option<WatchChoice>,
    /// A row every N iterations, or every so many seconds of training as 10s, which is the default; implies --headless.
    ///
    /// Validations, the first and the last iteration always have a row.
    #[arg(long, alias = "every", conflicts_with_all = ["json", "tui"], value_name = "N|10s")]
    pub log_every: Option<RowPace>,
    /// No rows and no progress bar; implies --headless. Stdout has warnings, refused session files, rollbacks, and the last lines: why
    /// the run ended, its best validation, every gate, the run directory. Errors are on stderr as ever.
    #[arg(short, long, conflicts_with_all = ["json", "tui", "log_every", "width"])]
    pub quiet: bool,
    /// Columns of a line of rows; default those of the terminal, 80 where stdout is none. 115 have room for all figures.
    #[arg(long, conflicts_with_all = ["json"], value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..=1000))]
    pub width: Option<u16>,
    /// Write the curves for TensorBoard too, into DIR or RUN/tensorboard.
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub tensorboard: Option<Option<PathBuf>>,
    /// The look of the dashboard.
    #[command(flatten)]
    pub look: ThemeOptions,
    /// Under mpirun or srun: seconds of silence after which another rank is lost, and the run ends with code 1; default 5.
    #[cfg(feature = "mpi")]
    #[arg(long, value_name = "S", value_parser = parse_positive)]
    pub patience: Option<f64>,
    /// Seconds in which another rank that is waited for may go without a step of its work, as one does that hangs in a read; default 60.
    #[cfg(feature = "mpi")]
    #[arg(long, value_name = "S", value_parser = parse_positive)]
    pub standstill: Option<f64>,
}

/// The output of curves for TensorBoard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TensorBoardOutput {
    /// No output.
    Off,
    /// The directory `tensorboard` in the run directory.
    InRunDirectory,
    /// This directory.
    In(PathBuf),
}

impl TrainArgs {
    /// Whether an argument asks for rows or JSON lines in the place of the dashboard.
    pub fn asks_for_headless(&self) -> bool {
        self.headless || self.json || self.quiet || self.log_every.is_some()
    }

    /// What is printed of the run in words.
    pub fn verbosity(&self) -> Verbosity {
        if self.quiet {
            Verbosity::Quiet
        } else {
            Verbosity::Rows
        }
    }

    /// The overrides of a session file.
    ///
    /// # Errors
    /// When a field can't be set to its value, in a sentence.
    pub fn overrides(&self, file: &Session) -> Result<Overrides, String> {
        Ok(Overrides {
            iterations: self.iterations,
            seconds: self.seconds,
            require: self.require.clone(),
            watch: self.watch,
            set: resolve(&self.set, file)?,
        })
    }

    /// Where the curves for TensorBoard are written.
    pub fn tensorboard(&self) -> TensorBoardOutput {
        match &self.tensorboard {
            None => TensorBoardOutput::Off,
            Some(None) => TensorBoardOutput::InRunDirectory,
            Some(Some(directory)) => TensorBoardOutput::In(directory.clone()),
        }
    }

    /// The times after which another rank is lost.
    pub fn limits(&self) -> Limits {
        let limits = Limits::default();
        #[cfg(feature = "mpi")]
        let limits = {
            let time = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
            Limits {
                patience: self.patience.map_or(limits.patience, time),
                standstill: self.standstill.map_or(limits.standstill, time),
            }
        };
        limits
    }
}
