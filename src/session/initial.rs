//! The parameters before the loss is minimised: the start of a run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The parameters before the loss is minimised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Initial {
    /// The published random start values.
    #[default]
    None,
    /// The published random start values, then flow matching without simulation, by Muon with its rate on a cosine: the first
    /// iterations of the run.
    Matching {
        /// Iterations, at least 1; default 2000. Live during the start.
        #[serde(default = "super::defaults::matching_iterations")]
        iterations: u64,
        /// Pairs of a data row and a normal draw in an iteration, 1 to 10 million; default 1024. At the next draw of pairs.
        #[serde(default = "super::defaults::matching_batch")]
        batch: usize,
        /// Pairs in a group within which they are matched by optimal transport, 1 to 4096; 1 leaves them independent. Default 128.
        /// At the next draw of pairs.
        #[serde(default = "super::defaults::group")]
        group: usize,
        /// Iterations, each at new times, that a draw of pairs serves, at least 1; default 8. At the next draw of pairs.
        #[serde(default = "super::defaults::reuse")]
        reuse: u64,
        /// Learning rate of Muon before its schedule, above 0 to 10; default 0.02. Live.
        #[serde(default = "super::defaults::matching_lr")]
        lr: f64,
        /// Iterations between validations, at least 1; default 500. The last one is validated too. Live.
        #[serde(default = "super::defaults::matching_every")]
        every: u64,
    },
    /// The parameters of a model file of the same shape, or the best ones of a run directory, relative to the session file.
    Model(PathBuf),
}

impl Initial {
    /// This start with the numbers of another one of its kind: all that an edit of a run can change.
    pub(crate) fn with_numbers_of(&self, other: &Initial) -> Initial {
        match (self, other) {
            (Initial::Matching { .. }, Initial::Matching { .. }) => other.clone(),
            _ => self.clone(),
        }
    }
}
