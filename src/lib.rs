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
//! | [`data`] | batches, validation samples, true log densities |
//! | [`event`], [`feed`] | what crosses threads, and the wires it crosses on |
//! | [`trainer`] | parameters, optimiser, clock; the loop |
//! | [`model`], [`run`], [`mod@file`] | parameters on disk; the run directory |
//! | [`watch`] | the session file as it is edited |
//! | [`dashboard`], [`headless`] | the two front ends |
//! | [`follow`] | `otflow watch`: the dashboard on a run directory |
//! | [`cli`], [`launch`] | arguments; a run put together |
//! | [`cpu`] | whether this CPU can run what was compiled |
//! | [`say`] | lines for a person |
//! | [`plot`] | `otflow plot`: pictures as PNG and SVG |
//! | [`check`], [`verify`], [`mod@bench`] | `otflow check`, `otflow verify`, `otflow bench` |
//! | [`workloads`], [`cost`] | the problems it times; flops |
#![forbid(unsafe_code)]

pub mod bench;
pub mod check;
pub mod cli;
pub mod cost;
pub mod cpu;
pub mod dashboard;
pub mod data;
pub mod event;
pub mod feed;
pub mod file;
pub mod follow;
pub mod headless;
pub mod launch;
pub mod meter;
pub mod model;
pub mod plot;
pub mod probe;
pub mod run;
pub mod say;
pub mod session;
pub mod trainer;
pub mod verify;
pub mod watch;
pub mod workloads;
