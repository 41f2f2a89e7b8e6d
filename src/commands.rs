//! The commands of `otflow`, each from its arguments to its exit code. Nothing but `main.rs` and tests imports them.
//!
//! | file | commands |
//! | --- | --- |
//! | `init.rs` | `init`: a session file for a table or a 2-D set |
//! | `train.rs` | `train`: trains a run, alone or as a rank |
//! | `watch.rs` | `watch`: the dashboard on the runs of other processes |
//! | `replay.rs` | `replay`: trains a run again and compares every bit |
//! | `compare.rs` | `compare`: runs side by side |
//! | `evaluate.rs`, `score.rs`, `sample.rs` | the commands of these names, on a trained model |
//! | `plot.rs` | `plot`: pictures of a run or a model |
//! | `export.rs` | `export`: the metrics of a run for other programs |
//! | `check.rs` | `check`: a session as it will be in force |
//! | `convert.rs` | `convert`: tables from one format into another |
//! | `verify.rs` | `verify`: the kernels against reference values |
//! | `bench.rs` | `bench`: the kernels against the peak of the machine |
//! | `manual.rs` | `completions`, `man` |
//! | `given.rs` | what a name on the command line stands for: a file, or a 2-D set |
//! | `model_file.rs` | the model of a file or a run directory |
//! | `rows.rs`, `progress.rs` | rows of a table for a trained flow; the progress bar of commands that go through many rows |

pub mod bench;
pub mod check;
pub mod compare;
pub mod convert;
pub mod evaluate;
pub mod export;
mod given;
pub mod init;
pub mod manual;
mod model_file;
pub mod plot;
mod progress;
pub mod replay;
mod rows;
pub mod sample;
pub mod score;
pub mod train;
pub mod verify;
pub mod watch;
