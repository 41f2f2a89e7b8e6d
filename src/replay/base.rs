//! Where a replay begins: with the start values, with the state that the run was forked off with, or at a checkpoint on the way.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::checkpoint::state::TrainingState;
use crate::checkpoint::{Checkpoint, FORK, Kept, NAMES};
use crate::data::Dataset;
use crate::event::Start;
use crate::ranks::Ranks;
use crate::session::{Data, Session};
use crate::trainer::Trainer;

/// A run between two iterations.
pub(crate) struct Base {
    /// None for the start values.
    state: Option<TrainingState>,
    /// In force.
    session: Arc<Session>,
    /// As last edited.
    edited: Arc<Session>,
    /// What of the growing files comes before.
    pub(super) kept: Kept,
    /// The fingerprint of the data, if it is known.
    pub(super) data: Option<u64>,
}

impl Base {
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
            return Ok(Base {
                state: None,
                session: Arc::clone(&start.session),
                edited: Arc::clone(&start.session),
                kept: Kept::default(),
                data: None,
            });
        }
        let (checkpoint, kept) = Checkpoint::load(&run.join(FORK))
            .context("the state that the run began with is needed")?;
        Ok(Base::at(checkpoint, kept))
    }

    /// The last one of a run that comes no later than `iteration`.
    ///
    /// # Errors
    /// As of [`Base::first`].
    pub(super) fn before(run: &Path, start: &Start, iteration: u64) -> Result<Self> {
        let loaded = NAMES.map(|name| Checkpoint::load(&run.join(name)).ok());
        let early = loaded
            .into_iter()
            .flatten()
            .filter(|(checkpoint, _)| checkpoint.state.iteration <= iteration);
        match early.max_by_key(|(checkpoint, _)| checkpoint.state.iteration) {
            Some((checkpoint, kept)) => Ok(Base::at(checkpoint, kept)),
            None => Base::first(run, start),
        }
    }

    fn at(checkpoint: Checkpoint, kept: Kept) -> Self {
        Base {
            state: Some(checkpoint.state),
            session: checkpoint.session,
            edited: checkpoint.edited,
            kept,
            data: Some(checkpoint.data),
        }
    }

    /// A trainer that stands there, and the session as last edited. The table of `data` may have been moved.
    ///
    /// # Errors
    /// When the state is not one of this session and data, the rows cannot be read, or the worker threads not be started.
    pub(crate) fn trainer(
        self,
        data: Arc<Dataset>,
        place: &Data,
        threads: usize,
    ) -> Result<(Trainer, Arc<Session>)> {
        let session = Arc::new(Session {
            data: self.session.data.at_path_of(place),
            ..Session::clone(&self.session)
        });
        let trainer = match self.state {
            None => Trainer::new(session, data, threads),
            Some(state) => Trainer::at(state, &Ranks::alone(), session, data, threads),
        };
        Ok((trainer?, self.edited))
    }
}
