//! A run trained again from what its directory records: for `otflow replay`, which compares every bit, for a fork, which wants the state
//! after an iteration that has no checkpoint, and for a film, which wants the models of many.
//!
//! Times are left out of the comparison, and what comes from outside: refused edits, pauses, warnings. Where a signal or a kill has
//! ended the run there may be no rows of what still belonged to the last iteration.
//!
//! | file | holds |
//! | --- | --- |
//! | `record.rs` | what a run directory records of its training |
//! | `beginning.rs` | where a replay begins |
//! | `retrain.rs` | training again, with every edit at its iteration, and the comparison |
//! | `fork_source.rs` | the state of a run after any of its iterations |
//! | `models.rs` | its models after chosen ones |

mod beginning;
mod fork_source;
mod models;
mod record;
mod retrain;

pub(crate) use beginning::Beginning;
pub use fork_source::ForkPoint;
pub(crate) use fork_source::{ForkSource, FoundState};
pub(crate) use models::{ModelAt, ReplayedRun};
pub(crate) use record::RecordedRun;
pub(crate) use retrain::{Replay, warn_of_another_build};
