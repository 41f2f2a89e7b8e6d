//! The session: everything a run is made from, one RON file. Units and defaults stand at each field.
//!
//! | file | holds |
//! | --- | --- |
//! | `data.rs`, `toy.rs` | what is learned: a 2-D set by its name, or a table |
//! | `initial.rs`, `optimizer.rs` | the start of a run; the optimiser with its schedule |
//! | `built_in.rs` | the sessions of the 2-D sets that are compiled in |
//! | `gate.rs` | conditions on the best validation |
//! | `defaults.rs` | the values of fields that a file leaves out |
//! | `field_table.rs` | every field: name, class, allowed values |
//! | `allowed.rs`, `field_value.rs`, `applies.rs` | the values a field may have; the value it has; when an edit of it applies |
//! | `check.rs` | the check of a whole session |
//! | `fields.rs` | the fields of a session, what an edit changes, and what of it a running session adopts |
//! | `load.rs`, `write.rs` | text to session; session to text |
//! | `nudge.rs` | the next larger or smaller value of a field |
//! | `rewrite.rs`, `value_text.rs` | new values in a text, the rest of it as it was |
//! | `set.rs`, `overrides.rs` | single fields at other values; everything that the command line lays over a session |
//! | `reload.rs` | the session file followed while a run trains |
//! | `manual.rs` | the explanation of a field |
//! | `rejection.rs`, `reject.rs`, `tokens.rs`, `excerpt.rs` | why a text was refused: what is wrong, its place, the line with a caret |
//! | `from_text.rs` | values that a session writes as strings |

mod allowed;
mod applies;
mod built_in;
mod check;
mod data;
mod defaults;
mod excerpt;
mod field_table;
mod field_value;
mod fields;
mod from_text;
mod gate;
mod initial;
mod load;
mod manual;
mod nudge;
mod optimizer;
pub mod overrides;
mod reject;
mod rejection;
pub mod reload;
mod rewrite;
mod set;
mod tokens;
mod toy;
mod value_text;
mod write;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

pub use crate::table::{Dialect, Header, Missing};

pub use applies::Applies;
pub use built_in::built_in;
pub use check::find_fault;
pub use data::{ColumnBounds, Data, Split, SplitRows, TableSource, Transform, Whiten};
pub(crate) use field_value::ABSENT;
pub use fields::{
    Change, FieldPart, SessionField, allowed, apply, changes, fields, parts, update_fields, value,
};
pub use gate::{FigureValue, Gate, GateFigure, GateResult};
pub use initial::Initial;
pub use load::{load, parse, read};
pub use manual::{Explanation, FieldMeaning, MANUAL, TABLE_MANUAL, explain, meaning};
pub use nudge::{NudgeDirection, nudge};
pub use optimizer::{Optimizer, Schedule, Stepping};
pub use rejection::Rejection;
pub use rewrite::{Unwritable, rewrite};
pub use set::{Assignment, set, typed, value_with_entries};
pub use toy::Toy;
pub use value_text::{WrittenText, written_texts};
pub use write::to_ron;

/// The session that a run without arguments trains.
pub const EMBEDDED: &str = include_str!("../sessions/8gaussians.ron");

/// A session: the content of a whole session file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The data that are learned: a toy set, drawn without end, or a table.
    pub data: Data,
    /// The potential. Restart-only.
    #[serde(default)]
    pub model: ModelSettings,
    /// The parameters before the loss is minimised. The kind of start is restart-only.
    #[serde(default)]
    pub start: Initial,
    /// The integration of the flow while training. Applies at the next resample, which for a table is the next epoch.
    #[serde(default)]
    pub flow: FlowSettings,
    /// The weights of the loss a0 L + a1 C + a2 R. Live.
    #[serde(default)]
    pub weights: Weights,
    /// The optimiser. Live.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// The validation that picks the best parameters.
    #[serde(default)]
    pub validation: ValidationSettings,
    /// The limits at which the run ends by itself. Live.
    #[serde(default)]
    pub stop: StopSettings,
    /// The answer to divergence. Live.
    #[serde(default)]
    pub recovery: RecoverySettings,
    /// The pace and size of the pictures that the dashboard gets. Live.
    #[serde(default)]
    pub pictures: PictureSettings,
    /// Conditions on the best validation, such as "validation_C <= 2.95"; headless exits 4 when one is missed. Live.
    #[serde(default)]
    pub gates: Vec<Gate>,
}

/// The settings of the potential Phi.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Model", expecting = "struct Model")]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
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

/// Arithmetic of the kernels. The docs of the variants are help texts of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Precision {
    /// Single.
    F32,
    /// Double.
    F64,
}

/// The settings of the integration of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Flow", expecting = "struct Flow")]
#[serde(default, deny_unknown_fields)]
pub struct FlowSettings {
    /// Time steps nt on [0, 1], 1 to 1000; default 8.
    pub steps: usize,
    /// Runge-Kutta scheme; default Rk4.
    pub stepper: Stepper,
    /// Points at which the trace is evaluated; default EveryStage; StepNodes needs at least 2 steps.
    pub trace: Trace,
    /// Times of the steps; default Even.
    pub grid: Grid,
}

/// Runge-Kutta scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stepper {
    /// The classical scheme of order 4.
    Rk4,
    /// The scheme of order 1.
    Euler,
}

/// The times of the steps in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grid {
    /// Equal steps.
    Even,
    /// The squares of equally spaced times: short steps near the data, where a flow that widens thin directions is fast.
    Square,
    /// Times between the two, drawn anew in every iteration, so that no flow can profit from the error at fixed times; the times
    /// half-way between the two in validations and for the trained model.
    Drawn,
}

/// The points at which the trace of the Hessian is evaluated. The docs of the variants are help texts of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
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
    /// Weight a0 of L, which also scales the dynamics. Default 1.
    pub transport: f64,
    /// Weight a1 of C. Default 100.
    pub likelihood: f64,
    /// Weight a2 of R. Default 5.
    pub hjb: f64,
}

/// The settings of the validation that picks the best parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Validation", expecting = "struct Validation")]
#[serde(default, deny_unknown_fields)]
pub struct ValidationSettings {
    /// Iterations between validations, at least 1; default 50. Live.
    pub every: u64,
    /// Samples, drawn once; for a table an upper limit to the rows of its validation part. 1 to 10 million; default 5000.
    /// Restart-only.
    pub samples: usize,
    /// Time steps nt, 1 to 1000; default 12. Live.
    pub steps: usize,
}

/// The limits at which the run ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Stop", expecting = "struct Stop")]
#[serde(default, deny_unknown_fields)]
pub struct StopSettings {
    /// Iterations, including those of a start by matching, at least 1; default 5000.
    pub iterations: u64,
    /// Training time in seconds, above 0; default None: no limit.
    pub seconds: Option<f64>,
}

/// The answer to divergence: earlier parameters return at a lower learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Recovery", expecting = "struct Recovery")]
#[serde(default, deny_unknown_fields)]
pub struct RecoverySettings {
    /// Rollbacks before the run gives up, 0 to 1000; default 5.
    pub rollbacks: u32,
    /// Factor of the learning rate at each rollback, above 0 and below 1; default 0.5.
    pub factor: f64,
}

/// The pace and size of the pictures that the dashboard gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Pictures", expecting = "struct Pictures")]
#[serde(default, deny_unknown_fields)]
pub struct PictureSettings {
    /// Seconds between pictures, at least, 0.1 to 3600; default 1. They take at most 2% of a core's time.
    pub every: f64,
    /// Points in each, at most, 1 to 100000; default 1000. Fewer, but no less than 32, where pictures would be late otherwise.
    pub samples: usize,
}
