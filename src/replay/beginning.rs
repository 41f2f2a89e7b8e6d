//! Where a replay begins: with the start values, with the state that the run was forked off with, or at a checkpoint on the way.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::checkpoint::state::TrainingState;
use crate::checkpoint::{Checkpoint, FORK, Lengths, NAMES, Saved};
use crate::data::Dataset;
use crate::event::Start;
use crate::ranks::Ranks;
use crate::session::{Data, Session};
use crate::trainer::Trainer;

/// A run between two iterations.
pub(crate) struct Beginning {
    /// The state; None for the start values.
    state: Option<TrainingState>,
    in_force: Arc<Session>,
    /// The session as last edited.
    as_edited: Arc<Session>,
    /// The bytes of the growing files that come before.
    pub(super) lengths: Lengths,
    /// The fingerprint of the data, if it is known.
    pub(super) data: Option<u64>,
}

/// A trainer that stands where a replay begins.
pub(crate) struct Begun {
    pub(crate) trainer: Trainer,
    /// The session as last edited.
    pub(crate) as_edited: Arc<Session>,
}

impl Beginning {
    /// Iterations done.
    pub(crate) fn iteration(&self) -> u64 {
        self.state.as_ref().map_or(0, |state| state.iteration)
    }

    /// The beginning of a run.
    ///
    /// # Errors
    /// When it began with a state and that can't be read.
    pub(crate) fn first(run: &Path, start: &Start) -> Result<Self> {
        if !start.with_state() {
            return Ok(Beginning {
                state: None,
                in_force: Arc::clone(&start.session),
                as_edited: Arc::clone(&start.session),
                lengths: Lengths::default(),
                data: None,
            });
        }
        let saved = Checkpoint::load(&run.join(FORK))
            .context("the state that the run began with is needed")?;
        Ok(Beginning::at(saved))
    }

    /// The last one of a run that comes no later than `iteration`.
    ///
    /// # Errors
    /// As of [`Beginning::first`].
    pub(super) fn before(run: &Path, start: &Start, iteration: u64) -> Result<Self> {
        let saved = NAMES.map(|name| Checkpoint::load(&run.join(name)).ok());
        let done = |saved: &Saved| saved.checkpoint.state.iteration;
        let early = saved.into_iter().flatten();
        let early = early.filter(|saved| done(saved) <= iteration);
        match early.max_by_key(done) {
            Some(saved) => Ok(Beginning::at(saved)),
            None => Beginning::first(run, start),
        }
    }

    fn at(
        Saved {
            checkpoint,
            lengths,
        }: Saved,
    ) -> Self {
        Beginning {
            state: Some(checkpoint.state),
            in_force: checkpoint.in_force,
            as_edited: checkpoint.as_edited,
            lengths,
            data: Some(checkpoint.data),
        }
    }

    /// A trainer that stands there. The table of `data` may have been moved to `place`.
    ///
    /// # Errors
    /// When the state is not one of this session and data, the rows cannot be read, or the worker threads not be started.
    pub(crate) fn trainer(self, data: Arc<Dataset>, place: &Data, threads: usize) -> Result<Begun> {
        let session = Arc::new(Session {
            data: self.in_force.data.at_path_of(place),
            ..Session::clone(&self.in_force)
        });
        let trainer = match self.state {
            None => Trainer::new(session, data, threads),
            Some(state) => Trainer::at(state, &Ranks::alone(), session, data, threads),
        };
        Ok(Begun {
            trainer: trainer?,
            as_edited: self.as_edited,
        })
    }
}
