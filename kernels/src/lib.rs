//! OT-Flow in numbers only: the potential, its gradient, the exact trace, the flow, the loss and their adjoints.
#![forbid(unsafe_code)]

pub mod engine;
pub mod objective;
pub mod parameters;
pub mod stepper;
