//! `otflow train --resume RUN`: a run goes on from its last checkpoint, to the same bits as if it had not ended.

use std::io;
use std::path::Path;
use std::sync::Arc;

use otflow_kernels::engine::compiled;

use super::agreement::{Failure, refused};
use super::prepare::{Origin, Undirected, open};
use super::session_file::SessionFile;
use crate::checkpoint::{Checkpoint, Kept, fingerprint};
use crate::cli;
use crate::event::{Build, Start};
use crate::ranks::Ranks;
use crate::run::RunDirectory;
use crate::say;
use crate::session::overrides::{Overrides, assign};
use crate::session::reload::WatchChoice;
use crate::session::{self, Rejection, Session};
use crate::trainer::Trainer;

/// What a run that goes on has besides its trainer.
pub(super) struct Resumed {
    /// What the run began with.
    pub(super) start: Start,
    /// What the front end is told of it as it stands.
    pub(super) shown: Start,
    /// The session as last edited, with what needs a new run.
    pub(super) as_edited: Arc<Session>,
    /// The session of the file as it is now; None where that can't be read, of which who follows the file tells.
    as_typed: Option<Result<Session, Rejection>>,
    /// The session as last edited, with the fields that the command line sets now.
    reassigned: Session,
    /// What is to be told at the start.
    pub(super) notices: Vec<String>,
    /// What of the growing files belongs to the checkpoint.
    kept: Kept,
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
pub(super) fn resume(
    args: &cli::TrainArgs,
    run: &Path,
    ranks: &Ranks,
) -> Result<Undirected, Failure> {
    let (checkpoint, kept, damaged) = Checkpoint::latest(run).map_err(refused)?;
    let as_edited = Arc::clone(&checkpoint.edited);
    let reassigned = assign(Session::clone(&as_edited), &args.set).map_err(refused)?;
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
    let overrides = overrides
        .map_err(refused)?
        .or_earlier(&checkpoint.overrides);
    let threads = cli::threads(args.threads);
    let data = open(&checkpoint.session, threads)?;
    if fingerprint(&data) != checkpoint.data {
        let message = "the rows of its table are not those that the run was trained on";
        return Err(refused(format!("{}: {message}", run.display())));
    }
    let shown = Start {
        run: Some(run.to_owned()),
        session: Arc::clone(&checkpoint.session),
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
    let in_force = checkpoint.session;
    let trainer = Trainer::at(checkpoint.state, ranks, in_force, data, threads)
        .map_err(|error| refused(format!("{}: {error:#}", run.display())))?;
    let resumed = Resumed {
        start: checkpoint.start,
        shown,
        as_edited,
        as_typed,
        reassigned,
        notices,
        kept,
        checkpoint: state,
    };
    Ok(Undirected {
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
        let (directory, missing) = directory.go_on(std::mem::take(&mut self.kept), note)?;
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
