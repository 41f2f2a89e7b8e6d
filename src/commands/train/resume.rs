//! `otflow train --resume RUN`: a run goes on from its last checkpoint, to the same bits as if it had not ended.

use std::io;
use std::path::Path;
use std::sync::Arc;

use otflow_kernels::engine::compiled;

use super::agreement::{Failure, refused};
use super::loaded::{LoadedRun, Origin, open};
use super::session_file::SessionFile;
use crate::checkpoint::{Checkpoint, Latest, Lengths, Saved, fingerprint};
use crate::cli;
use crate::event::{Build, Start};
use crate::ranks::Ranks;
use crate::run::{CutBack, RunDirectory};
use crate::say;
use crate::session::overrides::{Overrides, assigned};
use crate::session::reload::Follow;
use crate::session::{self, Rejection, Session};
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
    as_typed: Option<Result<Session, Rejection>>,
    /// The session as last edited, with the fields that the command line sets now.
    reassigned: Session,
    /// The sentences to be told at the start.
    pub(super) notices: Vec<String>,
    /// The lengths of the growing files at the checkpoint.
    lengths: Lengths,
    checkpoint: LastCheckpoint,
}

/// The state of the newest checkpoint on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastCheckpoint {
    Good,
    /// The one before it is used.
    Damaged,
}

/// Reads the last checkpoint of a run.
pub(super) fn resume(args: &cli::Train, run: &Path, ranks: &Ranks) -> Result<LoadedRun, Failure> {
    let Latest { saved, damaged } = Checkpoint::latest(run).map_err(refused)?;
    let Saved {
        checkpoint,
        lengths,
    } = saved;
    let as_edited = Arc::clone(&checkpoint.as_edited);
    let reassigned = assigned(Session::clone(&as_edited), &args.set).map_err(refused)?;
    let path = checkpoint.start.file.clone();
    let text = path.as_deref().and_then(|path| session::read(path).ok());
    let session_file = SessionFile {
        text: text.clone().unwrap_or_default(),
        path,
        name: checkpoint.start.name.clone(),
    };
    let as_typed = text.map(|_| session_file.parse());
    let typed = as_typed.as_ref().and_then(|typed| typed.as_ref().ok());
    let overrides = args.overrides(typed.unwrap_or(&as_edited));
    let overrides = overrides.map_err(refused)?.or(&checkpoint.overrides);
    let threads = cli::threads(args.threads);
    let data = open(&checkpoint.in_force, threads)?;
    if fingerprint(&data) != checkpoint.data {
        let message = "the rows of its table are not those that the run was trained on";
        return Err(refused(format!("{}: {message}", run.display())));
    }
    let shown = Start {
        run: Some(run.to_owned()),
        session: Arc::clone(&checkpoint.in_force),
        threads,
        version: env!("CARGO_PKG_VERSION").into(),
        compiled: compiled().into(),
        ..checkpoint.start.clone()
    };
    let state = match damaged {
        Some(_) => LastCheckpoint::Damaged,
        None => LastCheckpoint::Good,
    };
    let another = another_build(&checkpoint.start);
    let notices = damaged.into_iter().chain(another).collect();
    let in_force = checkpoint.in_force;
    let trainer = Trainer::at(checkpoint.state, ranks, in_force, data, threads)
        .map_err(|error| refused(format!("{}: {error:#}", run.display())))?;
    let resumed = Resumed {
        start: checkpoint.start,
        shown,
        as_edited,
        as_typed,
        reassigned,
        notices,
        lengths,
        checkpoint: state,
    };
    Ok(LoadedRun {
        session_file,
        overrides,
        trainer,
        origin: Origin::Resumed(Box::new(resumed)),
    })
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
        if self.checkpoint == LastCheckpoint::Damaged {
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
        follow: Follow,
    ) -> Vec<Result<Arc<Session>, Rejection>> {
        let mut edits = Vec::new();
        let mut wanted = self.reassigned.clone();
        match (self.as_typed.clone(), follow) {
            (Some(Ok(session)), Follow::Native | Follow::Poll) => wanted = session,
            (Some(Err(rejection)), Follow::Native | Follow::Poll) => edits.push(Err(rejection)),
            (Some(Ok(session)), Follow::Off)
                if overrides.over(session.clone()) != overrides.over(wanted.clone()) =>
            {
                say::err(
                    "the session file is not what this run is trained by; --watch takes it up",
                );
            }
            (_, Follow::Off) | (None, _) => {}
        }
        match overrides.over(wanted) {
            Ok(wanted) if wanted != *self.as_edited => edits.push(Ok(Arc::new(wanted))),
            Ok(_) => {}
            Err(lack) => edits.push(Err(file.refused_with_arguments(lack))),
        }
        edits
    }
}

/// A sentence on what keeps the bits from being the same, if anything does.
fn another_build(start: &Start) -> Option<String> {
    let (begun, current) = (start.build(), Build::current());
    (begun != current).then(|| {
        format!(
            "the run was begun by {begun} and goes on by {current}: its last digits may differ from those of an unbroken run"
        )
    })
}
