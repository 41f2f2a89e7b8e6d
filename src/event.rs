//! What crosses threads: [`Event`] from the trainer to the world, [`Command`] from the world to the trainer. Plain data.
//!
//! The serialised names are the contract of `train --json`, `metrics.jsonl` and `edits.jsonl` (schema [`SCHEMA`]).
//!
//! | file | holds |
//! | --- | --- |
//! | `start.rs`, `end.rs` | what a run begins with; why it ended |
//! | `figures.rs` | losses, and the figures of a validation |
//! | `picture.rs` | a picture of the flow |
//! | `thinning.rs` | which rows of iterations a record has |

mod end;
mod figures;
mod picture;
mod start;
mod thinning;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::session::{Applies, Rejection, Session};
pub use end::{Best, BestBy, Finished, Reason};
use figures::number;
pub use figures::{Figures, Losses};
pub use picture::{
    Density, DensityCurve, InverseError, LogDensitySamples, PairMisfit, PairMisfits, Picture,
};
pub use start::{Build, Fork, Shared, Start};
pub use thinning::Thinning;

/// Version of the machine-readable output.
pub const SCHEMA: u32 = 1;

/// The value of a figure that an older run directory does not have.
fn missing() -> f64 {
    f64::NAN
}

/// What a rollback showed in a run directory that has no word of it.
fn not_finite() -> String {
    "is not finite".into()
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
        /// True if these are the best by C so far.
        #[serde(rename = "best_C", default)]
        best_c: bool,
        /// The reason why they are not the best though their figures say so, in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doubt: Option<String>,
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
    /// Training has diverged: earlier parameters are back and the rate is lower.
    Rollback {
        /// The iteration that failed.
        iteration: u64,
        /// The quantity that showed it, as `loss`.
        quantity: String,
        /// What it showed, as the rest of a sentence.
        #[serde(default = "not_finite")]
        finding: String,
        /// Iteration whose parameters are back.
        to: u64,
        /// Learning rate from now on.
        lr: f64,
        /// Rollbacks left before the run gives up.
        left: u32,
    },
    /// The best parameters of the run are those of training again, at a command.
    Restored {
        /// The last iteration done before.
        iteration: u64,
        /// The iteration whose parameters are back.
        to: u64,
        /// What they are the best by.
        by: BestBy,
    },
    /// An edit has changed what the loss is of: the best parameters under the session in force.
    Judged {
        /// The last iteration done before.
        iteration: u64,
        /// The best by the loss; None if there are none whose figures are numbers.
        best: Option<Best>,
    },
    /// Parameters were written. Told by the writer when it is done: that of the end may come after `finished`, or find
    /// nobody there.
    Checkpoint {
        /// The last iteration done before.
        iteration: u64,
        /// The file.
        path: PathBuf,
    },
    /// A checkpoint was written at a command. Told by the writer when it is done.
    Saved {
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
    /// Write a checkpoint, and go on.
    Checkpoint,
    /// Take back the best parameters of the run and train on from them.
    Restore(BestBy),
    /// The session file has changed: the new session, or why it was refused.
    Session(Result<Arc<Session>, Rejection>),
}
