//! The dashboard of a folder of runs: a live table, and the curves of some of them in one chart.
//!
//! | file | holds |
//! | --- | --- |
//! | `event_loop` | the loop between keys, news of the runs and frames |
//! | `news` | what the thread that reads the directories tells |
//! | `row`, `status`, `curve` | what is known of a run, a fold over its events; what it is doing; a curve in bounded memory |
//! | `state`, `order`, `overlay` | everything that the screen shows, as plain data; the order of the table, the choices of the chart |
//! | `derived` | what follows from it: the runs of the table, the curves that are drawn, their values at the cursor |
//! | `action`, `keys`, `update` | what keys ask for, the table of keys, how the state follows them |
//! | `layout`, `table`, `chart`, `help` | the screen as a pure function of the state |
//!
//! It shares canvas, axes, theme and format with the dashboard of one run, and nothing else.

mod action;
mod chart;
mod curve;
mod derived;
mod event_loop;
mod help;
mod keys;
mod layout;
mod news;
mod order;
mod overlay;
mod row;
mod state;
mod status;
mod table;
mod update;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod screens;

pub(super) use event_loop::RunsInterruption;
pub use event_loop::{RunsDashboard, RunsExit};
pub use news::{News, RunNews};
