//! The arguments of the commands that read the directories of runs.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::values::run;
use crate::dashboard::theme_options::ThemeOptions;
use crate::plot::PictureKind;

/// The arguments of `otflow watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Run directories; the first is shown, the curves of the others are drawn beside its own. Or one folder that holds run directories,
    /// as runs/: a live table of them, from which each can be opened.
    #[arg(value_name = "RUN", required = true, value_parser = run())]
    pub runs: Vec<PathBuf>,
    /// The look of the dashboard.
    #[command(flatten)]
    pub look: ThemeOptions,
}

/// The arguments of `otflow replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A run directory.
    #[arg(value_parser = run())]
    pub run: PathBuf,
    /// Worker threads; default one a core. Any number gives the same bits.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// The arguments of `otflow compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Run directories, or stretches of them by their iterations, RUN@FROM-TO, RUN@FROM- or RUN@-TO: of a stretch, level and slope of C, L
    /// and R in training and validation with their standard errors; of two also the differences. A directory whose own name ends so is
    /// written with a slash behind it.
    #[arg(value_name = "RUN", required_unless_present = "peer", value_parser = run())]
    pub runs: Vec<PathBuf>,
    /// Also draw C of the validations over the training time, on a logarithmic axis: a curve for every run, of the best parameters so
    /// far, with the name of its directory, and H as a line where it is known; of a stretch the best of it so far over the time since it began.
    /// PNG or SVG by its ending; `-` is stdout, in PNG.
    #[arg(long, value_name = "F.png|F.svg")]
    pub out: Option<PathBuf>,
    /// Also draw the curves of other programs; may be repeated. A file of JSON lines {"peer": "OT-CFM", "seconds": 12.5,
    /// "validation_C": 3.82}, nats in the units of the runs: lines of one name are one curve, the least so far; "entropy" is H.
    #[arg(long, value_name = "FILE", requires = "out")]
    pub peer: Vec<PathBuf>,
    /// Of the picture.
    #[arg(
        long,
        value_name = "TEXT",
        requires = "out",
        default_value = "Negative log-likelihood over training time"
    )]
    pub title: String,
    /// What runs are sorted by, the smallest first; stretches stand as given.
    #[arg(long, value_name = "FIGURE", default_value = "C", ignore_case = true)]
    pub sort: RunOrder,
    /// A JSON list of {schema, run, reason, iterations, seconds, best, edits, settings: {field: {start, end}}}; of stretches {schema, stretch,
    /// first, last, seconds, rate, validation, training, settings}, losses as {level: {value, error}, slope: {value, error}}.
    #[arg(long)]
    pub json: bool,
}

/// The figure by which runs are sorted; losses are the ones of the best validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunOrder {
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

/// The arguments of `otflow plot`.
#[derive(Debug, Args)]
pub struct PlotArgs {
    /// A run directory, of which the best parameters are shown, or a model file; losses and films are of the run that has the file.
    #[arg(value_name = "RUN-or-MODEL")]
    pub source: PathBuf,
    /// The picture; PNG or SVG by its ending, a film GIF or animated PNG. Of several, each has its name before the ending, as F-paths.png.
    /// `-` is stdout, in PNG or GIF.
    #[arg(long, value_name = "F.png|F.svg|F.gif")]
    pub out: PathBuf,
    /// What to draw; several with commas between them.
    #[arg(long, value_delimiter = ',', default_value = "panels")]
    pub what: Vec<PictureKind>,
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
    /// How a film is made.
    #[command(flatten)]
    pub film: FilmArgs,
}

/// The arguments of a film.
#[derive(Debug, Args)]
#[command(next_help_heading = "A film (--what film)")]
pub struct FilmArgs {
    /// Number of frames, closer together at the beginning of the run.
    #[arg(long, value_name = "N", default_value = "60", value_parser = clap::value_parser!(u16).range(2..=1000))]
    pub frames: u16,
    /// Width of a frame, pixels; default that of the picture, 900 at most.
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u16).range(160..=2000))]
    pub width: Option<u16>,
    /// Frames a second; the last is held for three seconds.
    #[arg(long, value_name = "N", default_value = "12", value_parser = clap::value_parser!(u8).range(1..=50))]
    pub rate: u8,
    /// Worker threads that train the run again; default one a core. Any number gives the same bits.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// The arguments of `otflow export`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("form").required(true).multiple(true)))]
pub struct ExportArgs {
    /// A run directory.
    #[arg(value_parser = run())]
    pub run: PathBuf,
    /// Where the table goes; `-` is stdout.
    #[arg(long, value_name = "F.csv", group = "form")]
    pub csv: Option<PathBuf>,
    /// The directory into which the event file goes; one run has one directory.
    #[arg(long, value_name = "DIR", group = "form")]
    pub tensorboard: Option<PathBuf>,
}
