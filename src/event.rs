//! What crosses threads: [`Event`] from the trainer to the world, [`Command`] from the world to the trainer. Plain data.
//!
//! The serialised names are the contract of `train --json`, `metrics.jsonl` and `edits.jsonl` (schema [`SCHEMA`]).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use otflow_kernels::engine::compiled;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::session::{Applies, FigureValue, GateFigure, Initial, Rejection, Session};

/// Version of the machine-readable output.
pub const SCHEMA: u32 = 1;

/// L, C, R and the loss at the weights in force; C in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// a0 L + a1 C + a2 R.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// Transport cost.
    #[serde(rename = "L", deserialize_with = "number")]
    pub l: f64,
    /// Negative log-likelihood, nats.
    #[serde(rename = "C", deserialize_with = "number")]
    pub c: f64,
    /// HJB penalty.
    #[serde(rename = "R", deserialize_with = "number")]
    pub r: f64,
}

/// The figures of a validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The losses.
    #[serde(flatten)]
    pub losses: Losses,
    /// C - H: the paired estimate of the divergence from the truth, nats; None where the truth is unknown.
    pub divergence: Option<f64>,
    /// The standard error of the divergence, nats.
    pub divergence_se: Option<f64>,
}

impl Figures {
    /// True if every figure is finite.
    pub fn are_finite(&self) -> bool {
        let Losses { loss, l, c, r } = self.losses;
        let paired = self.divergence.into_iter().chain(self.divergence_se);
        let all = [loss, l, c, r].into_iter().chain(paired);
        all.into_iter().all(f64::is_finite)
    }
}

/// JSON has null for what is not finite.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// The value of a figure that an older run directory does not have.
fn missing() -> f64 {
    f64::NAN
}

/// A message from the trainer to whoever listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first event of a run.
    Start(Start),
    /// One iteration is done.
    Iteration {
        /// The number of the iteration, from 1.
        iteration: u64,
        /// Training time since the start of the run, seconds; pauses left out.
        seconds: f64,
        /// Learning rate of this iteration.
        lr: f64,
        /// Euclidean norm of the gradient of the loss.
        #[serde(default = "missing", deserialize_with = "number")]
        gradient: f64,
        /// Norm of this iteration's change of the parameters over their own; 0 when they were put back.
        #[serde(default = "missing", deserialize_with = "number")]
        update: f64,
        /// Training losses, before this iteration's update.
        #[serde(flatten)]
        losses: Losses,
    },
    /// One iteration of a start by matching is done.
    Matching {
        /// The number of the iteration, from 1, counted with all others.
        iteration: u64,
        /// Training time since the start of the run, seconds; pauses left out.
        seconds: f64,
        /// Learning rate of this iteration.
        lr: f64,
        /// Euclidean norm of the gradient of M.
        #[serde(deserialize_with = "number")]
        gradient: f64,
        /// Norm of this iteration's change of the parameters over their own; 0 when they were put back.
        #[serde(deserialize_with = "number")]
        update: f64,
        /// Matching loss M, before this iteration's update: the mean squared distance between the flow's velocity and the
        /// straight way of a pair, in standardised units.
        #[serde(rename = "M", deserialize_with = "number")]
        m: f64,
    },
    /// One validation is done.
    Validation {
        /// The last iteration done before.
        iteration: u64,
        /// Training time since the start, seconds.
        seconds: f64,
        /// The figures of the validation.
        #[serde(flatten)]
        figures: Figures,
        /// True if these are the best parameters so far.
        best: bool,
    },
    /// An edit of one field was accepted and is in force from the iteration after this one.
    Edit {
        /// Last iteration done under the old value.
        iteration: u64,
        /// Dotted name, as `optimizer.lr`.
        field: String,
        /// Old value, as the session file writes it.
        old: String,
        /// New value.
        new: String,
        /// The time from which the new value holds.
        applies: Applies,
    },
    /// A new version of the session file was refused; the old values stay in force.
    Rejected(Rejection),
    /// A new version of the session file is valid and asks for what is in force, as after a refused one was taken back.
    Accepted {
        /// Last iteration done.
        iteration: u64,
    },
    /// The schedule changed the learning rate.
    Rate {
        /// The last iteration done before.
        iteration: u64,
        /// Old rate.
        old: f64,
        /// New rate.
        new: f64,
    },
    /// The training batch was drawn again.
    Resample {
        /// The last iteration done with the batch before.
        iteration: u64,
    },
    /// A loss or gradient was not finite: the last good parameters are back and the rate is lower.
    Rollback {
        /// The iteration that failed.
        iteration: u64,
        /// First non-finite quantity.
        quantity: String,
        /// Iteration whose parameters are back.
        to: u64,
        /// Learning rate from now on.
        lr: f64,
        /// Rollbacks left before the run gives up.
        left: u32,
    },
    /// Parameters were written. Told by the writer when it is done: that of the end may come after `finished`, or find
    /// nobody there.
    Checkpoint {
        /// The last iteration done before.
        iteration: u64,
        /// The file.
        path: PathBuf,
    },
    /// Training pauses or goes on.
    Paused {
        /// The last iteration done before.
        iteration: u64,
        /// True while paused.
        paused: bool,
    },
    /// Something a person should know that does not stop training.
    Warning {
        /// One line.
        message: String,
    },
    /// The last event of a run.
    Finished(Finished),
}

/// The start of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Program version.
    pub version: String,
    /// Name of the run: the session's file stem.
    pub name: String,
    /// Session file, if there is one.
    pub file: Option<PathBuf>,
    /// Run directory.
    pub run: Option<PathBuf>,
    /// The session in force.
    pub session: Arc<Session>,
    /// Space dimension.
    pub dimension: usize,
    /// Names of the d learned columns, then of the given ones.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Number of parameters of the potential.
    pub parameters: usize,
    /// The processes that share the run; None for one on its own.
    #[serde(flatten)]
    pub shared: Option<Box<Shared>>,
    /// Worker threads of each.
    pub threads: usize,
    /// Vector instructions compiled in, as `AVX2+FMA`.
    pub compiled: String,
    /// Entropy H of the data, nats, where it is known: the floor of C.
    pub entropy: Option<f64>,
    /// The state of another run that this one began with, if it was forked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<Box<Fork>>,
}

/// The build of a program, on which the last digits of a run depend besides its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build<'a> {
    /// The version of the program.
    version: &'a str,
    /// The vector instructions compiled in.
    compiled: &'a str,
}

impl Build<'static> {
    /// The build of this program.
    pub fn current() -> Self {
        Build {
            version: env!("CARGO_PKG_VERSION"),
            compiled: compiled(),
        }
    }
}

impl fmt::Display for Build<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "otflow {} ({})", self.version, self.compiled)
    }
}

/// Several processes that train one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// The number of processes.
    pub ranks: usize,
    /// The hosts that they run on, each once.
    pub hosts: Vec<String>,
}

impl Start {
    /// The build of the program that began the run.
    pub fn build(&self) -> Build<'_> {
        Build {
            version: &self.version,
            compiled: &self.compiled,
        }
    }

    /// `2 threads`, or `3 ranks x 2 threads`.
    pub fn workers(&self) -> String {
        let plural = if self.threads == 1 { "" } else { "s" };
        format!("{}{} thread{plural}", self.times(), self.threads)
    }

    /// True if the run began with parameters that its session alone does not tell: a state of another run, or a model. They are kept
    /// in its directory.
    pub fn with_state(&self) -> bool {
        self.fork.is_some() || matches!(self.session.start, Initial::Model(_))
    }

    /// The text before the threads of each rank: `3 ranks x `, or nothing.
    pub fn times(&self) -> String {
        let shared = self.shared.as_ref();
        shared.map_or(String::new(), |shared| format!("{} ranks x ", shared.ranks))
    }
}

/// The state that a run began with, where that was another run's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fork {
    /// The directory of the other run.
    pub run: PathBuf,
    /// Iterations done in it; the new run counts on from there.
    pub iteration: u64,
    /// CRC-64 of the state, in hexadecimal digits.
    pub state: String,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// Iterations done.
    pub iteration: u64,
    /// Training time, seconds.
    pub seconds: f64,
    /// The reason of the end.
    pub reason: Reason,
    /// The best validation, if there was one.
    pub best: Option<Best>,
}

/// The validation whose parameters were kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// The iteration after which it was.
    pub iteration: u64,
    /// The figures of the validation.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Best {
    /// The value of a figure of the best validation, if there was one, as a gate judges it.
    pub fn figure(best: Option<&Self>, figure: GateFigure) -> FigureValue {
        let Some(best) = best else {
            return FigureValue::NotValidated;
        };
        let Losses { loss, l, c, r } = best.figures.losses;
        FigureValue::Known(match figure {
            GateFigure::Loss => loss,
            GateFigure::L => l,
            GateFigure::C => c,
            GateFigure::R => r,
            GateFigure::Divergence => match best.figures.divergence {
                Some(divergence) => divergence,
                None => return FigureValue::Unknown,
            },
        })
    }
}

/// The reason why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// All iterations are done.
    Iterations,
    /// The time limit was reached.
    Seconds,
    /// The plateau schedule has no drops left.
    Plateau,
    /// The user asked for it.
    Quit,
    /// A signal asked for it: its number.
    Signal(i32),
    /// A loss or gradient was not finite, and no rollbacks were left.
    Diverged,
    /// Another rank can't be reached any more.
    Lost,
}

impl Reason {
    /// True if training was cut off in the middle of whatever it did.
    pub fn ends_at_once(self) -> bool {
        matches!(self, Reason::Quit | Reason::Signal(_) | Reason::Lost)
    }
}

impl fmt::Display for Reason {
    /// The reason in words, as the screen and the log have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Iterations => f.write_str("all iterations done"),
            Reason::Seconds => f.write_str("time limit reached"),
            Reason::Plateau => f.write_str("no drops of the learning rate left"),
            Reason::Quit => f.write_str("stopped by the user"),
            Reason::Signal(number) => write!(f, "stopped by signal {number}"),
            Reason::Diverged => f.write_str("diverged, no rollbacks left"),
            Reason::Lost => f.write_str("a rank was lost"),
        }
    }
}

impl Serialize for Reason {
    /// One word; a signal as `signal 15`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Reason::Iterations => serializer.serialize_str("iterations"),
            Reason::Seconds => serializer.serialize_str("seconds"),
            Reason::Plateau => serializer.serialize_str("plateau"),
            Reason::Quit => serializer.serialize_str("quit"),
            Reason::Diverged => serializer.serialize_str("diverged"),
            Reason::Lost => serializer.serialize_str("lost"),
            Reason::Signal(number) => serializer.collect_str(&format_args!("signal {number}")),
        }
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let signal = word.strip_prefix("signal ").map(str::parse);
        match (word.as_str(), signal) {
            ("iterations", _) => Ok(Reason::Iterations),
            ("seconds", _) => Ok(Reason::Seconds),
            ("plateau", _) => Ok(Reason::Plateau),
            ("quit", _) => Ok(Reason::Quit),
            ("diverged", _) => Ok(Reason::Diverged),
            ("lost", _) => Ok(Reason::Lost),
            (_, Some(Ok(number))) => Ok(Reason::Signal(number)),
            _ => Err(de::Error::custom(format_args!(
                "no reason for an end: {word}"
            ))),
        }
    }
}

/// A message from keys, the watcher or signals to the trainer, which takes it up between two iterations.
#[derive(Clone, Debug)]
pub enum Command {
    /// Stop iterating until [`Command::Resume`].
    Pause,
    /// Go on.
    Resume,
    /// While paused: one iteration.
    Step,
    /// End the run; the current iteration is given up.
    Stop(Reason),
    /// The session file has changed: the new session, or why it was refused.
    Session(Result<Arc<Session>, Rejection>),
}

/// A picture of a trainer's flow: points in data units, row-major; the latest picture is all that is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The last iteration done before.
    pub iteration: u64,
    /// Time it took to compute, seconds.
    pub seconds: f64,
    /// d, the columns of the points.
    pub dimension: usize,
    /// Samples of the data, n x d; of a table in standardised units of its columns, like all points but `mapped`.
    pub data: Vec<f64>,
    /// f of those samples, in the flow's units: the normal, if the flow is good, n x d.
    pub mapped: Vec<f64>,
    /// f^-1 of those: the samples again, but for the error of the integration, n x d.
    pub restored: Vec<f64>,
    /// The distance of the restored samples from the samples.
    pub inverse_error: Option<InverseError>,
    /// Generated samples: f^-1 of normal draws, n x d.
    pub generated: Vec<f64>,
    /// Shares of the way, 0 to 1, at which the paths are given; nt + 1.
    pub times: Vec<f64>,
    /// Paths of the first k samples from the data to the normal, k x (nt + 1) x d; what the flow has of a column with a map, or of
    /// whitened ones, is led back at every point of them.
    pub forward: Vec<f64>,
    /// Paths of normal draws to generated samples, k x (nt + 1) x d.
    pub backward: Vec<f64>,
    /// Mean of length over distance of the forward paths: 1 when all are straight; None when none goes anywhere.
    pub straightness: Option<f64>,
    /// The model's density, for d = 2.
    pub density: Option<Density>,
}

/// |x - f^-1(f(x))| over the samples of a picture, in the flow's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InverseError {
    /// Mean.
    pub mean: f64,
    /// Largest; NaN if any is.
    pub max: f64,
}

/// Log density of a model at the centres of a grid of equal cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    /// x low, x high, y low, y high of the grid, edge to edge.
    pub bounds: [f64; 4],
    /// Cells in a row.
    pub across: usize,
    /// log p in nats, row by row from the lowest y, each from the lowest x.
    pub values: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Gate;

    fn best(divergence: Option<f64>) -> Best {
        let losses = Losses {
            loss: 10.0,
            l: 1.0,
            c: 3.0,
            r: 0.5,
        };
        Best {
            iteration: 50,
            figures: Figures {
                losses,
                divergence,
                divergence_se: None,
            },
        }
    }

    #[test]
    fn every_figure_is_judged_by_its_own_value() {
        let best = best(Some(0.25));
        for (figure, value) in GateFigure::ALL.into_iter().zip([10.0, 1.0, 3.0, 0.5, 0.25]) {
            let judged = Best::figure(Some(&best), figure);
            let missed = |limit| Gate { figure, limit }.missed(judged);
            assert_eq!(missed(value), None);
            assert!(missed(value - 0.01).is_some());
        }
    }

    #[test]
    fn a_figure_may_have_no_value() {
        let divergence = GateFigure::Divergence;
        assert_eq!(Best::figure(None, divergence), FigureValue::NotValidated);
        assert_eq!(
            Best::figure(Some(&best(None)), divergence),
            FigureValue::Unknown
        );
    }
}
