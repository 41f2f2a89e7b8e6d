//! trainer
pub mod adam;
pub mod schedule;
