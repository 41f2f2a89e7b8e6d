//! Whether training goes well, in one word with the figure behind it and what to do next: a fold over the events of a run, the same
//! on every front end.
//!
//! ```text
//! starting     fewer than 3 validations since the beginning of the phase, or since the last edit, rollback or return
//! unstable     a rollback, or a C that twice the steps did not confirm, within the last 10 validations,
//!              or the last two with C > best + 10 se, training C as high
//! overfitting  5 validations in a row with C - training C > 4 se, or 2 where C has risen and training C fallen; the best C before them
//! stalled      10 validations in which C does not fall: neither its slope by 2.3 errors nor its ranks by 2.6 (`trend.rs`)
//!              (where the schedule has still to lower the rate: and without a new best)
//! improving    otherwise
//! diverged, done  the end of the run
//! ```
//!
//! se is the standard error of C of a validation; the training C is the mean over the iterations since the validation before.

mod evidence;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use evidence::Evidence;

/// How training goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is too early to tell.
    #[default]
    Starting,
    /// C falls.
    Improving,
    /// C does not fall any more.
    Stalled,
    /// The network learns its rows by heart.
    Overfitting,
    /// Steps go too far.
    Unstable,
    /// The run has ended by divergence.
    Diverged,
    /// The run has ended.
    Done,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 7] = [
        Verdict::Starting,
        Verdict::Improving,
        Verdict::Stalled,
        Verdict::Overfitting,
        Verdict::Unstable,
        Verdict::Diverged,
        Verdict::Done,
    ];

    /// True if a user may want to do something about it.
    pub fn asks(self) -> bool {
        !matches!(self, Verdict::Starting | Verdict::Improving)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Starting => "starting",
            Verdict::Improving => "improving",
            Verdict::Stalled => "stalled",
            Verdict::Overfitting => "overfitting",
            Verdict::Unstable => "unstable",
            Verdict::Diverged => "diverged",
            Verdict::Done => "done",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A verdict with its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// The word.
    pub verdict: Verdict,
    /// The figure behind it, as a sentence without its stop.
    pub finding: String,
    /// What a user may do next; empty where nothing is to be done.
    pub advice: String,
}

impl Assessment {
    /// The figure and what to do next, in a line.
    pub fn reason(&self) -> String {
        let Assessment {
            finding, advice, ..
        } = self;
        if advice.is_empty() {
            return finding.clone();
        }
        format!("{finding}: {advice}")
    }
}
