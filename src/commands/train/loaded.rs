//! A run that has its trainer, and no directory yet: what the fresh, the forked and the resumed run have in common.

use std::sync::Arc;

use super::agreement::{Failure, refused};
use super::resumed::Resumed;
use super::session_file::SessionFile;
use crate::cli;
use crate::data::Dataset;
use crate::event::Fork;
use crate::session::Session;
use crate::session::overrides::Overrides;
use crate::trainer::Trainer;

/// The origin of the trainer of a run.
pub(super) enum RunOrigin {
    /// The run begins with the start values of its session.
    Fresh,
    /// The run begins with the state of another one.
    Forked(Box<Fork>),
    /// The run goes on from its last checkpoint.
    Resumed(Box<Resumed>),
}

/// A run that has its trainer, and no directory yet.
pub(super) struct LoadedRun {
    pub(super) session_file: SessionFile,
    pub(super) overrides: Overrides,
    pub(super) trainer: Trainer,
    pub(super) origin: RunOrigin,
}

impl LoadedRun {
    /// The session as last edited, with what needs a new run.
    pub(super) fn as_edited(&self) -> Arc<Session> {
        match &self.origin {
            RunOrigin::Resumed(resumed) => Arc::clone(&resumed.as_edited),
            RunOrigin::Fresh | RunOrigin::Forked(_) => Arc::clone(self.trainer.session()),
        }
    }
}

/// A session with what the command line sets beside it.
pub(super) struct Overridden {
    pub(super) overrides: Overrides,
    /// The two together.
    pub(super) session: Session,
}

/// Opens the data of a session. Tables are read on rayon's own threads.
pub(super) fn open(session: &Session, threads: usize) -> Result<Arc<Dataset>, Failure> {
    cli::start_readers(threads);
    let data = Dataset::open(&session.data, session.model.seed).map_err(refused)?;
    Ok(Arc::new(data))
}

/// Lays what the command line sets over a session.
pub(super) fn overridden(args: &cli::TrainArgs, session: &Session) -> Result<Overridden, Failure> {
    let overrides = args.overrides(session).map_err(refused)?;
    let session = overrides.apply_to(session.clone()).map_err(refused)?;
    Ok(Overridden { overrides, session })
}
