//! A data set: what is learned, how batches are drawn from it, and its true log density where that is known.
//!
//! | file | holds |
//! | --- | --- |
//! | `dataset.rs` | the data set of a session |
//! | `toy.rs`, `toy/` | the 2-D sets |
//! | `split_table.rs`, `split_table/` | a table: training, validation and test rows, standardised |
//! | `permutation.rs` | a shuffle that is computed, not stored |
//! | `batches.rs` | the rows that an iteration is trained on |
//! | `pairs.rs` | normal draws matched with rows by optimal transport, and times |
//! | `random.rs` | random numbers by counter |
//! | `column_fault.rs`, `column_fault/` | what in a single column spoils a density |
//! | `dependence.rs` | linear relations among columns |
//! | `unlearnable.rs` | columns without a density, with the reason |
//! | `error.rs` | what is wrong with data that can't be learned |

pub mod batches;
mod column_fault;
mod dataset;
pub(crate) mod dependence;
mod error;
pub mod pairs;
mod permutation;
pub mod random;
mod split_table;
pub mod toy;
mod unlearnable;

pub use column_fault::{ColumnFault, FaultKind};
pub use dataset::Dataset;
pub use error::DataError;
pub use split_table::{SplitPart, SplitTable};
pub use unlearnable::{NamedTerm, NoDensity, Sum, Unlearnable};
