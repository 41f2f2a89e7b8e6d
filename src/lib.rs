//! Trains continuous normalizing flows (OT-Flow) in a terminal.
//!
//! ```text
//! Session -> Dataset + Problem -> Engine -> Trainer::iterate() -> Event -> State::apply(event) -> draw(&State)
//!                                               ^                     \-> headless row, metrics.jsonl
//!                              Command <- keys, watch, signals
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | [`session`] | the RON file: types, ranges, errors, what an edit changes |
//! | [`table`], [`data`], [`scaling`] | the users' files; batches, validation samples, true log densities; standardisation |
//! | [`event`], [`feed`] | what crosses threads, and the wires it crosses on |
//! | [`trainer`] | parameters, optimiser, clock; the loop |
//! | [`ranks`] | the processes that train one run together |
//! | [`model`], [`run`], [`mod@file`] | parameters on disk; the run directory |
//! | [`fitted`] | a trained flow that is asked for densities, samples, paths |
//! | [`watch`] | the session file as it is edited |
//! | [`dashboard`], [`headless`] | the two front ends |
//! | [`follow`] | `otflow watch`: the dashboard on a run directory |
//! | [`export`] | `otflow export`: the metrics of a run as CSV and for TensorBoard |
//! | [`mod@init`] | `otflow init`: a session file for a table |
//! | [`cli`], [`overlay`], [`launch`] | arguments; those that outrank the session; a run put together |
//! | [`manual`] | completions for shells, manual pages |
//! | [`cpu`] | whether this CPU can run what was compiled |
//! | [`say`] | lines for a person |
//! | [`mod@replay`] | `otflow replay`: a run trained again and compared |
//! | [`plot`] | `otflow plot`: pictures as PNG and SVG |
//! | [`check`], [`verify`], [`mod@bench`], [`mod@convert`] | `otflow check`, `otflow verify`, `otflow bench`, `otflow convert` |
//! | [`mod@evaluate`], [`mod@score`], [`mod@sample`] | the commands of these names |
//! | [`mod@mmd`], [`interrupt`] | a figure of merit; signals of commands that write files |
//! | [`workloads`], [`cost`] | the problems it times; flops |
#![forbid(unsafe_code)]

pub mod bench;
pub mod check;
pub mod cli;
pub mod compare;
pub mod convert;
pub mod cost;
pub mod cpu;
pub mod dashboard;
pub mod data;
pub mod evaluate;
pub mod event;
pub mod export;
pub mod feed;
pub mod file;
pub mod fitted;
pub mod follow;
pub mod headless;
pub mod init;
pub mod interrupt;
pub mod launch;
pub mod manual;
pub mod meter;
pub mod mmd;
pub mod model;
pub mod overlay;
pub mod plot;
pub mod probe;
pub mod ranks;
pub mod replay;
pub mod run;
pub mod sample;
pub mod say;
pub mod scaling;
pub mod score;
pub mod session;
pub mod table;
pub mod trainer;
pub mod verify;
pub mod watch;
pub mod workloads;
