//! What a run that goes on has besides its trainer: the rest of its checkpoint, and what has become of its session file since.

use std::io;
use std::sync::Arc;

use super::session_file::SessionFile;
use crate::checkpoint::{Checkpoint, Lengths};
use crate::event::Start;
use crate::run::{CutBack, RunDirectory};
use crate::say;
use crate::session::overrides::Overrides;
use crate::session::reload::WatchChoice;
use crate::session::{Rejection, Session};
use crate::trainer::Trainer;

/// The rest of a checkpoint besides its trainer.
pub(super) struct Resumed {
    /// The start of the run.
    pub(super) start: Start,
    /// The start as the front end is told of it: the run as it stands.
    pub(super) shown: Start,
    /// The session as last edited, with what needs a new run.
    pub(super) as_edited: Arc<Session>,
    /// The session of the file as it is now; None where that can't be read, of which who follows the file tells.
    pub(super) as_typed: Option<Result<Session, Rejection>>,
    /// The session as last edited, with the fields that the command line sets now.
    pub(super) reassigned: Session,
    /// The sentences to be told at the start.
    pub(super) notices: Vec<String>,
    /// The lengths of the growing files at the checkpoint.
    pub(super) lengths: Lengths,
    pub(super) last_checkpoint: LastCheckpoint,
}

/// The state of the newest checkpoint on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LastCheckpoint {
    Good,
    /// The one before it is used.
    Damaged,
}

impl Resumed {
    /// Cuts the files of the run back to where the trainer stands.
    ///
    /// # Errors
    /// When a file can't be cut or renamed.
    pub(super) fn cut_back(
        &mut self,
        directory: RunDirectory,
        trainer: &Trainer,
    ) -> io::Result<RunDirectory> {
        if self.last_checkpoint == LastCheckpoint::Damaged {
            Checkpoint::put_aside(directory.path())?;
        }
        let (done, seconds) = (trainer.iteration(), trainer.seconds());
        let note = format!("from iteration {done}, {seconds:.1} s");
        let CutBack { directory, missing } =
            directory.cut_back(std::mem::take(&mut self.lengths), note)?;
        self.notices.extend(missing.into_iter().map(|lack| {
            format!(
                "{lack} of what was written before the checkpoint; the parameters are not concerned"
            )
        }));
        Ok(directory)
    }

    /// The edits of the session file since the checkpoint, as the trainer is to hear them first: new sessions and refusals.
    pub(super) fn edits_meanwhile(
        &self,
        file: &SessionFile,
        overrides: &Overrides,
        follow: WatchChoice,
    ) -> Vec<Result<Arc<Session>, Rejection>> {
        let mut edits = Vec::new();
        let mut wanted = self.reassigned.clone();
        match (self.as_typed.clone(), follow) {
            (Some(Ok(session)), WatchChoice::Native | WatchChoice::Poll) => wanted = session,
            (Some(Err(rejection)), WatchChoice::Native | WatchChoice::Poll) => {
                edits.push(Err(rejection))
            }
            (Some(Ok(session)), WatchChoice::Off)
                if overrides.apply_to(session.clone()) != overrides.apply_to(wanted.clone()) =>
            {
                say::err(
                    "the session file is not what this run is trained by; --watch takes it up",
                );
            }
            (_, WatchChoice::Off) | (None, _) => {}
        }
        match overrides.apply_to(wanted) {
            Ok(wanted) if wanted != *self.as_edited => edits.push(Ok(Arc::new(wanted))),
            Ok(_) => {}
            Err(lack) => edits.push(Err(file.refused(lack))),
        }
        edits
    }
}
