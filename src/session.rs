//! The session: everything a run is made from, one RON file. Units and defaults stand at each field.
//!
//! | file | holds |
//! | --- | --- |
//! | `defaults.rs` | the values of fields that a file leaves out |
//! | `initial.rs`, `optimizer.rs` | the start of a run; the optimiser with its schedule |
//! | `toy.rs`, `gate.rs` | the names of the 2-D sets; conditions on the best validation |
//! | `table.rs` | all fields: name, class, allowed values |
//! | `fields.rs` | what an edit changes, and what of it a running session takes up |
//! | `range.rs` | allowed values in words, and the check of a whole session |
//! | `load.rs` | text to session and back |
//! | `nudge.rs`, `rewrite.rs` | the next value of a field; new values in a text, the rest of it as it was |
//! | `set.rs` | single fields at other values, from the command line |
//! | `manual.rs` | the explanation of a field |
//! | `reject.rs`, `tokens.rs`, `nearest.rs`, `excerpt.rs` | why a text was refused: what is wrong, its place, the nearest valid name, the line with a caret |

mod defaults;
mod excerpt;
mod fields;
mod gate;
mod initial;
mod load;
mod manual;
mod nudge;
mod optimizer;
pub mod overrides;
mod range;
mod reject;
mod rejection;
pub mod reload;
mod rewrite;
mod set;
mod table;
mod tokens;
mod toy;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use crate::table::{Header, Missing};

pub(crate) use fields::ABSENT;
pub use fields::{Applies, Change, Field, apply, changes, fields, parts, take_up, value};
pub use gate::{Figure, Gate};
pub use initial::Initial;
pub use load::{load, parse, read, to_ron};
pub use manual::{Explanation, MANUAL, TABLE_MANUAL, explain};
pub use nudge::{Way, nudge};
pub use optimizer::{Optimizer, Schedule, Stepping};
pub use range::fault;
pub use rejection::Rejection;
pub use rewrite::{Unwritable, rewrite};
pub use set::{Assignment, set, whole};
pub use toy::Toy;

/// The session that a run without arguments trains.
pub const EMBEDDED: &str = include_str!("../sessions/8gaussians.ron");

/// A whole session file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// What is learned: a toy set, drawn without end, or a table.
    pub data: Data,
    /// The potential. Restart-only.
    #[serde(default)]
    pub model: Model,
    /// What the parameters are before the loss is minimised. Its kind is restart-only.
    #[serde(default)]
    pub start: Initial,
    /// How the flow is integrated while training. Taken up at the next resample, that of a table is an epoch.
    #[serde(default)]
    pub flow: Flow,
    /// a0 L + a1 C + a2 R. Live.
    #[serde(default)]
    pub weights: Weights,
    /// The optimiser. Live.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// The validation that picks the best parameters.
    #[serde(default)]
    pub validation: Validation,
    /// When the run ends by itself. Live.
    #[serde(default)]
    pub stop: Stop,
    /// What happens when the loss is not finite. Live.
    #[serde(default)]
    pub recovery: Recovery,
    /// How often the dashboard gets new pictures. Live.
    #[serde(default)]
    pub pictures: Pictures,
    /// Conditions on the best validation, such as "validation_C <= 2.95"; headless exits 4 when one is missed. Live.
    #[serde(default)]
    pub gates: Vec<Gate>,
}

/// What is learned. Restart-only but for the batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Data {
    /// One of the eight 2-D sets.
    Toy {
        /// Which set.
        name: Toy,
        /// Samples in a batch; the batch is the whole training set until it is drawn again. 1 to 10 million;
        /// default 5000. At the next resample.
        #[serde(default = "defaults::batch")]
        batch: usize,
        /// Iterations between two draws of the batch, at least 1; default 25. Live.
        #[serde(default = "defaults::resample_every")]
        resample_every: u64,
    },
    /// Rows of a file; the training part goes by in shuffled batches, epoch after epoch. Restart-only but for the batch.
    Table {
        /// A CSV or NPY file (by its ending `.npy`), relative to the session file.
        path: PathBuf,
        /// Columns whose density is learned, by name or by number from 1; default []: all that are not given.
        #[serde(default)]
        columns: Vec<String>,
        /// Columns y of a conditional density p(x | y); default []: none.
        #[serde(default)]
        given: Vec<String>,
        /// Whether the first line has the names; default Auto: if it has no number. Without meaning for NPY.
        #[serde(default)]
        header: Header,
        /// Rows with missing values; default Refuse.
        #[serde(default)]
        missing: Missing,
        /// Width of the uniform noise around the values of a column, in its own units, drawn anew in every epoch: what rounding has
        /// taken away. Default {}: none.
        #[serde(default)]
        jitter: BTreeMap<String, f64>,
        /// The map that makes a column normal before it is standardised, by column. Default {}: none.
        #[serde(default)]
        transform: BTreeMap<String, Transform>,
        /// Whether the correlations of the learned columns are taken away after that, by a linear map. Default No.
        #[serde(default)]
        whiten: Whiten,
        /// The parts.
        #[serde(default)]
        split: Split,
        /// Rows in a batch, the last of an epoch may have fewer. 1 to 10 million; default 2000. At the next epoch.
        #[serde(default = "defaults::rows")]
        batch: usize,
    },
}

/// The fields of [`Data::Table`] but for the batch.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// The file.
    pub path: &'a Path,
    /// Columns learned.
    pub columns: &'a [String],
    /// Columns given.
    pub given: &'a [String],
    /// Whether there is a line of names.
    pub header: Header,
    /// What becomes of rows with missing values.
    pub missing: Missing,
    /// Widths of noise by column.
    pub jitter: &'a BTreeMap<String, f64>,
    /// Maps that make columns normal, by column.
    pub transform: &'a BTreeMap<String, Transform>,
    /// Whether correlations are taken away.
    pub whiten: Whiten,
    /// The parts.
    pub split: Split,
}

impl Data {
    /// Samples in a batch.
    pub fn batch(&self) -> usize {
        match self {
            Data::Toy { batch, .. } | Data::Table { batch, .. } => *batch,
        }
    }

    /// What a table is read by, if it is one.
    pub fn table(&self) -> Option<Table<'_>> {
        match self {
            Data::Toy { .. } => None,
            Data::Table {
                path,
                columns,
                given,
                header,
                missing,
                jitter,
                transform,
                whiten,
                split,
                batch: _,
            } => Some(Table {
                path,
                columns,
                given,
                header: *header,
                missing: *missing,
                jitter,
                transform,
                whiten: *whiten,
                split: *split,
            }),
        }
    }

    /// With the batch of another one and, for a toy set, its time between draws: all that an edit of a run can change.
    pub(crate) fn with_batch_of(&self, other: &Data) -> Data {
        let mut data = self.clone();
        match (&mut data, other) {
            (
                Data::Toy {
                    batch,
                    resample_every,
                    ..
                },
                Data::Toy {
                    batch: new,
                    resample_every: every,
                    ..
                },
            ) => (*batch, *resample_every) = (*new, *every),
            (Data::Table { batch, .. }, Data::Table { batch: new, .. }) => *batch = *new,
            _ => {}
        }
        data
    }

    /// With the file of another one, if both are tables.
    pub(crate) fn at_path_of(&self, other: &Data) -> Data {
        let mut data = self.clone();
        if let (Data::Table { path, .. }, Data::Table { path: new, .. }) = (&mut data, other) {
            path.clone_from(new);
        }
        data
    }
}

/// Whether correlations of columns are taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whiten {
    /// The flow has standardised columns.
    #[default]
    No,
    /// The flow has uncorrelated ones, each at deviation 1.
    Yes,
    /// The same by the covariance of the inner rows, so that a few far out don't set the scale; then each column made normal by a map
    /// fitted to it.
    Normal,
}

/// A monotone map of a column onto one that is closer to normal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Transform {
    /// The column as it is.
    #[default]
    None,
    /// Fitted to the column: its quantiles go to those of the normal.
    Normal,
    /// The logarithm, of a column of values above 0.
    Log,
    /// The inverse hyperbolic sine of the distance from a center (the first number, in the column's units) in units of a scale (the
    /// second, above 0): a logarithm far from the center, on both sides, and straight near it.
    Asinh(f64, f64),
    /// The log odds of the place between the two bounds, of a column of values between them.
    Logit(f64, f64),
}

/// Which rows of a table are for what: of the shuffled rows, the last ones are the test part, those before them validation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Split {
    /// Test part, as a share of all rows, 0 to 0.9; default 0.1.
    pub test: f64,
    /// Validation part, as a share of the other rows, above 0 to 0.9; default 0.1.
    pub validation: f64,
    /// Seed of the shuffling before the split; None takes the rows as they stand in the file. Default Some(1).
    pub shuffle: Option<u64>,
}

impl Split {
    /// How many of n rows are for training, validation and test.
    pub fn rows(&self, n: usize) -> [usize; 3] {
        // Rounded down as published; a share that was written for a whole number must not miss it by rounding.
        let share = |share: f64, n: usize| (share * n as f64 + 1e-6) as usize;
        let test = share(self.test, n);
        let validation = share(self.validation, n - test);
        [n - test - validation, validation, test]
    }
}

/// The potential Phi.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// Width m, 1 to 8192; default 32.
    pub width: usize,
    /// Layers (nTh), 2 to 64; default 2.
    pub layers: usize,
    /// Largest rank of A^T A, 1 to 8192; default 10.
    pub rank: usize,
    /// Arithmetic of the kernels; default F64.
    pub precision: Precision,
    /// Seed of start values, batches and pictures; default 1.
    pub seed: u64,
}

/// Arithmetic of the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// Single.
    F32,
    /// Double.
    F64,
}

/// How the flow is integrated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flow {
    /// Time steps nt on [0, 1], 1 to 1000; default 8.
    pub steps: usize,
    /// Default Rk4.
    pub stepper: Stepper,
    /// Default EveryStage; StepNodes needs at least 2 steps.
    pub trace: Trace,
    /// How the times of the steps lie. Default Even.
    pub grid: Grid,
}

/// Runge-Kutta scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stepper {
    /// Order 4.
    Rk4,
    /// Order 1.
    Euler,
}

/// How the times of the steps lie in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grid {
    /// Evenly.
    Even,
    /// At the squares of even ones: short steps near the data, where a flow that widens thin directions is fast.
    Square,
    /// Between the two, drawn anew in every iteration, so that no flow can live by the error at fixed times; half-way in validations
    /// and of the trained model.
    Drawn,
}

/// Where the trace of the Hessian is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trace {
    /// At every Runge-Kutta stage, as published.
    EveryStage,
    /// At the step nodes only.
    StepNodes,
    /// At Gauss points of [0, 1].
    GaussPoints,
}

/// Weights of the loss a0 L + a1 C + a2 R, each finite and from 0 to 1e9; transport above 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// a0; also scales the dynamics. Default 1.
    pub transport: f64,
    /// a1. Default 100.
    pub likelihood: f64,
    /// a2. Default 5.
    pub hjb: f64,
}

/// The validation that picks the best parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Validation {
    /// Iterations between validations, at least 1; default 50. Live.
    pub every: u64,
    /// Samples, drawn once; of a table at most so many rows of its validation part. 1 to 10 million; default 5000. Restart-only.
    pub samples: usize,
    /// Time steps nt, 1 to 1000; default 12. Live.
    pub steps: usize,
}

/// When the run ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stop {
    /// Iterations, those of a start by matching included, at least 1; default 5000.
    pub iterations: u64,
    /// Training time in seconds, above 0; default None: no limit.
    pub seconds: Option<f64>,
}

/// What happens when the loss is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recovery {
    /// Rollbacks before the run gives up, 0 to 1000; default 5.
    pub rollbacks: u32,
    /// The rate is multiplied by this at each, above 0 and below 1; default 0.5.
    pub factor: f64,
}

/// How often the dashboard gets new pictures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pictures {
    /// Seconds between pictures, at least, 0.1 to 3600; default 1. They take at most 2% of a core's time.
    pub every: f64,
    /// Points in each, at most, 1 to 100000; default 1000. Fewer, but no less than 32, where they would come late otherwise.
    pub samples: usize,
}
