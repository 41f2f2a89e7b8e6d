//! The events of a run in the formats of other programs.
//!
//! | file | holds |
//! | --- | --- |
//! | `csv.rs` | a table with a row for every iteration |
//! | `tensorboard.rs` | events as TensorBoard's records, which `train --tensorboard` writes too |

pub(crate) mod csv;
pub(crate) mod tensorboard;
