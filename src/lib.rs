//! Trains continuous normalizing flows (OT-Flow) in a terminal.
#![forbid(unsafe_code)]

pub mod check;
pub mod cli;
pub mod data;
pub mod event;
pub mod feed;
pub mod file;
pub mod model;
pub mod session;
pub mod trainer;
pub mod verify;
pub mod watch;
