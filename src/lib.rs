//! Trains continuous normalizing flows (OT-Flow) in a terminal.
//!
//! ```text
//! Session -> Dataset + Problem -> Engine -> Trainer::iterate() -> Event -> State::apply(event) -> draw(&State)
//!                                               ^                     \-> headless row, metrics.jsonl
//!                              Command <- keys, reload, signals
//! ```
//!
//! A room imports only from rooms above it; `src/README.md` walks through them.
//!
//! | room | holds |
//! | --- | --- |
//! | `exit`, [`say`], `file`, `nearest`, `terminal_size`, [`cpu`] | exit codes; lines for a person; files replaced whole; the nearest valid name; the size of the terminal; whether this CPU can run what was compiled |
//! | [`table`] | the users' files, CSV and NPY |
//! | [`session`] | the RON file: types, ranges, errors, what an edit changes, what outranks it, how it is followed |
//! | [`scaling`], [`data`] | maps and standardisation of columns; batches, validation samples, true log densities |
//! | [`problem`], `cost`, `probe`, `meter`, [`workloads`] | a session in the kernels' terms; flops, the peak, where the time goes; the published sizes |
//! | [`optimizer`] | Adam, Muon, the schedule of the rate |
//! | `misfit` | how far two samples of a column or pair are apart |
//! | [`event`] | what crosses threads: events, commands, pictures |
//! | [`model`], [`fitted`], `mmd` | parameters on disk; a trained flow that is asked for densities, samples, paths; a figure of merit |
//! | `loss_range`, [`verdict`] | what is divergence though it is finite; whether training goes well, in a word |
//! | `trend`, `edit_effect` | level and slope of a stretch of a series; what an edit did to C |
//! | [`checkpoint`] | the state of training, and its file |
//! | `feed` | the wires between the trainer and those who listen |
//! | `ranks` | the processes that train one run together |
//! | `picture` | pictures of the flow for the screen |
//! | [`trainer`] | one iteration, and the loop around it |
//! | [`run`], `replay` | the run directory, written and read; a run trained again |
//! | `plot` | pictures as PNG and SVG, films as GIF and animated PNG |
//! | [`dashboard`], `headless`, `front_end`, `signals` | the two front ends, the choice between them, the signals that end a run or ask something of it |
//! | [`cli`], [`commands`] | arguments; each command from its arguments to its exit code |
#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod cli;
pub mod commands;
mod cost;
pub mod cpu;
pub mod dashboard;
pub mod data;
mod edit_effect;
pub mod event;
pub mod exit;
mod feed;
mod file;
pub mod fitted;
mod front_end;
mod headless;
mod loss_range;
mod meter;
mod misfit;
mod mmd;
pub mod model;
mod nearest;
pub mod optimizer;
mod picture;
mod plot;
mod probe;
pub mod problem;
mod ranks;
mod replay;
pub mod run;
pub mod say;
pub mod scaling;
pub mod session;
mod signals;
pub mod table;
mod terminal_size;
pub mod trainer;
mod trend;
pub mod verdict;
pub mod workloads;
