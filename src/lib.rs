//! Trains continuous normalizing flows (OT-Flow) in a terminal.
#![forbid(unsafe_code)]

pub mod dashboard;
pub mod event;
pub mod feed;
pub mod session;
