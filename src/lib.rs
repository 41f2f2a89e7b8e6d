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

pub mod checkpoint;
pub mod cli;
pub mod commands;
mod cost;
pub mod cpu;
pub mod dashboard;
pub mod data;
pub mod event;
pub mod exit;
mod feed;
mod file;
pub mod fitted;
mod front_end;
mod headless;
mod meter;
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
pub mod trainer;
pub mod workloads;
