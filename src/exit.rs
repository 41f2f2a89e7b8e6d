//! How the program ends: its exit codes, which are part of the contract, and the refusal of bad arguments.

use std::io;

use crate::say;

/// The end of a command, as its exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Code 0: all is done.
    Done,
    /// Code 1: something could not be written, or there is a bug.
    Failed,
    /// Code 2: the arguments or the session are bad, or the build is for another CPU.
    Refused,
    /// Code 3: training diverged and had no rollbacks left, or diverged at its end.
    Diverged,
    /// Code 4: a gate was missed.
    GateMissed,
    /// Code 128 plus the number of the signal that ended the program.
    Signal(i32),
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Refused => 2,
            Exit::Diverged => 3,
            Exit::GateMissed => 4,
            Exit::Signal(number) => u8::try_from(128 + number).unwrap_or(128),
        }
    }
}

/// Whether an error is that of a pipe whose reader has left.
pub fn reader_left(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints why nothing was done.
pub fn refuse(message: &str) -> Exit {
    say::err(&format!("error: {message}"));
    Exit::Refused
}
