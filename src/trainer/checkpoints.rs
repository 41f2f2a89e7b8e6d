//! When a run is written down to be taken up again: at its start, at validations and at least every half minute if the last
//! checkpoint is on the disk by then, at commands, and at its end.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Trainer;
use crate::checkpoint::{Checkpoint, fingerprint};
use crate::event::Start;
use crate::feed::{Publisher, RunEntry};
use crate::session::Session;
use crate::session::overrides::Overrides;

/// Training that a power cut may cost, where validations are rare.
const EVERY: Duration = Duration::from_secs(30);

/// Takes checkpoints.
pub(super) struct Checkpoints {
    start: Start,
    overrides: Overrides,
    data: u64,
    /// Alive until it is written.
    pending: Weak<Checkpoint>,
    taken: Instant,
}

impl Checkpoints {
    /// Takes the checkpoints of a run that began with `start`.
    pub(super) fn new(mut start: Start, overrides: Overrides, trainer: &Trainer) -> Self {
        // Who takes the run up may have another working directory.
        start.file = start
            .file
            .map(|file| std::path::absolute(&file).unwrap_or(file));
        Checkpoints {
            start,
            overrides,
            data: fingerprint(trainer.data()),
            pending: Weak::new(),
            taken: Instant::now(),
        }
    }

    /// True if the last checkpoint is half a minute old.
    pub(super) fn is_due(&self) -> bool {
        self.taken.elapsed() >= EVERY
    }

    /// Takes a checkpoint, unless the disk is still at the last one: one that is slower than the validations gets fewer.
    pub(super) fn offer(&mut self, trainer: &Trainer, as_edited: &Arc<Session>, to: &Publisher) {
        if self.pending.strong_count() == 0 {
            self.take(trainer, as_edited, to);
        }
    }

    /// Takes a checkpoint of the run as it stands.
    pub(super) fn take(&mut self, trainer: &Trainer, as_edited: &Arc<Session>, to: &Publisher) {
        to.record(RunEntry::Checkpoint(self.make(trainer, as_edited)));
    }

    /// Takes a checkpoint at a command.
    pub(super) fn take_asked(
        &mut self,
        trainer: &Trainer,
        as_edited: &Arc<Session>,
        to: &Publisher,
    ) {
        to.record(RunEntry::AskedCheckpoint(self.make(trainer, as_edited)));
    }

    fn make(&mut self, trainer: &Trainer, as_edited: &Arc<Session>) -> Arc<Checkpoint> {
        let checkpoint = Arc::new(Checkpoint {
            start: self.start.clone(),
            in_force: Arc::clone(trainer.session()),
            as_edited: Arc::clone(as_edited),
            overrides: self.overrides.clone(),
            data: self.data,
            state: trainer.state(),
        });
        self.taken = Instant::now();
        self.pending = Arc::downgrade(&checkpoint);
        checkpoint
    }
}
