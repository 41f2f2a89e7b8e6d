//! Whose run is shown: one that this process trains, or one that is watched.

/// The process that trains the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trainer {
    /// This one, which can be commanded.
    ThisProcess,
    /// Another one, which is watched.
    AnotherProcess,
}
