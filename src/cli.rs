//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use otflow_kernels::engine::compiled;

use crate::session::Gate;

/// Trains continuous normalizing flows (OT-Flow) in a terminal.
///
/// Without a command it trains the 8gaussians session: sessions/8gaussians.ron where that exists, else the built-in copy of it.
#[derive(Debug, Parser)]
#[command(version = version(), max_term_width = 120)]
pub struct Cli {
    /// What to do; train, if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a session: in the dashboard on a terminal, else as rows on stdout.
    ///
    /// Exit codes: 0 done, 1 I/O or internal, 2 bad arguments or session, or a build for another CPU, 3 diverged, 4 gate
    /// missed, 130/143/129 after INT/TERM/HUP, with the parameters written.
    Train(Train),
    /// Compare the kernels with files of reference values; exit 1 past the tolerance (f64 1e-11, f32 5e-5).
    ///
    /// A file is JSON: d, c, m, nTh, n, nt, alpha, stepper, trace; params and grads by published name as {shape, data};
    /// x, context; phi, grad_s, trace_hess at s_time; loss, cost_L, cost_C, cost_R; forward, inverse_x, log_prob.
    Verify(Verify),
    /// Validate a session; print it as it will be in force, with the shapes, flops and memory it needs.
    Check {
        /// A session file.
        session: PathBuf,
    },
}

/// `otflow train`
#[derive(Debug, Default, Args)]
pub struct Train {
    /// A session file; without one, sessions/8gaussians.ron or the built-in copy of it.
    pub session: Option<PathBuf>,
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
    /// A condition on the best validation besides the session's, as 'validation_C<=2.95'; exit 4 when missed. May be repeated.
    #[arg(long, value_name = "GATE")]
    pub require: Vec<Gate>,
    /// Follow the session file while training; the default in the dashboard. `poll` for file systems without events.
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "native")]
    pub watch: Option<Follow>,
    /// A row every N iterations besides those at validations.
    #[arg(long, conflicts_with = "json", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: Option<u64>,
}

/// How a session file is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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

/// Arithmetic of the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// Single.
    F32,
    /// Double.
    F64,
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
