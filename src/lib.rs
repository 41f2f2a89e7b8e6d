//! Trains continuous normalizing flows (OT-Flow) in a terminal.
#![forbid(unsafe_code)]

pub mod event;
pub mod feed;
pub mod file;
pub mod headless;
pub mod model;
pub mod run;
pub mod session;
