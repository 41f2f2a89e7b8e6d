//! How the dashboard was left.

use std::io;

use crate::event::Finished;

/// The way in which the dashboard was left. Only after `Finished` has the trainer ended.
#[derive(Debug)]
pub enum Outcome {
    /// The run is over and the user has seen it.
    Finished(Box<Finished>),
    /// The user left without waiting, by a second Ctrl-C: the trainer was asked to stop but may not have saved.
    Abandoned,
    /// The trainer went without a last event, or a thread panicked; the terminal is given back and the panic's message is on it.
    Broken,
    /// The terminal died. The trainer goes on: send it `Command::Stop` for a checkpoint, or let it train and read its events without a screen.
    Lost(io::Error),
}
