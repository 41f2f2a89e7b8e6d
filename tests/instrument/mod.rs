//! The instrument's parts: what C is after how many wall and CPU seconds.
//!
//! | file | holds |
//! | --- | --- |
//! | `settings.rs` | the environment variables |
//! | `process.rs` | a child process with its wall and CPU seconds |
//! | `subject.rs` | a data set with the sessions that are to learn it, and its true density where that is known |
//! | `earlier.rs` | the recipe that `otflow init` wrote before |
//! | `tables.rs` | the rows of a data set as files that the peers read |
//! | `program.rs` | a run of this program, and its judge |
//! | `peers.rs` | the programs in `tests/peers/` |
//! | `toys.rs` | the toys by the new and by the published recipe |
//! | `report.rs` | the printed table, the file of the curves, the picture |

pub mod earlier;
pub mod peers;
pub mod process;
pub mod program;
pub mod report;
pub mod settings;
pub mod subject;
pub mod tables;
pub mod toys;
