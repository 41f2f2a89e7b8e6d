//! What a run needs before its threads can start.
//!
//! ```text
//! session file or another run or a checkpoint -> trainer -> all ranks agree -> run directory -> Prepared
//! ```
//!
//! The run directory comes last, so that nothing is written for a run that can't be started.

use std::path::Path;
use std::sync::Arc;

use otflow_kernels::engine::compiled;

use super::agreement::{Failure, agree, distribute, refused};
use super::fork::fork;
use super::loaded::{LoadedRun, Overridden, RunOrigin, open, overridden};
use super::resume::resume;
use super::session_file::SessionFile;
use crate::checkpoint::{Checkpoint, fingerprint};
use crate::cli::{self, TensorBoardOutput};
use crate::event::{SCHEMA, Start, Thinning};
use crate::file;
use crate::ranks::Ranks;
use crate::run::RunDirectory;
use crate::run::read;
use crate::session::Session;
use crate::session::overrides::Overrides;
use crate::trainer::Trainer;

/// All that the threads of a run are started from. The session in force is the trainer's.
pub(super) struct Prepared {
    pub(super) session_file: SessionFile,
    pub(super) overrides: Overrides,
    pub(super) trainer: Trainer,
    pub(super) directory: RunDirectory,
    /// The start of the run, also where it goes on from a checkpoint.
    pub(super) start: Start,
    pub(super) origin: RunOrigin,
}

/// Prepares a run at the rank that leads it, which alone writes its directory.
pub(super) fn prepare(args: &cli::TrainArgs, mut ranks: Ranks) -> Result<Prepared, Failure> {
    let reopened = args.resume.as_deref().map(reopen).transpose();
    let made = reopened.and_then(|reopened| Ok((reopened, load(args, &ranks)?)));
    let (reopened, mut run) = agree(made, &mut ranks)?;
    run.trainer = distribute(run.trainer, ranks)?;
    let directory = directory(args, &mut run, reopened);
    let directory = agree(directory, run.trainer.ranks())?;
    let start = match &mut run.origin {
        RunOrigin::Resumed(resumed) => {
            resumed.shown.shared = run.trainer.ranks().shared();
            resumed.start.clone()
        }
        RunOrigin::Fresh | RunOrigin::Forked(_) => begun_now(args, &mut run, &directory),
    };
    let prepared = Prepared {
        session_file: run.session_file,
        overrides: run.overrides,
        trainer: run.trainer,
        directory,
        start,
        origin: run.origin,
    };
    if !matches!(prepared.origin, RunOrigin::Resumed(_)) && prepared.start.with_state() {
        save_first_state(&prepared)?;
    }
    Ok(prepared)
}

/// A rank that follows the first.
pub(super) struct PreparedFollower {
    pub(super) trainer: Trainer,
    /// The session as last edited, with what needs a new run.
    pub(super) as_edited: Arc<Session>,
}

/// Prepares a rank that follows the first.
pub(super) fn prepare_follower(
    args: &cli::TrainArgs,
    mut ranks: Ranks,
) -> Result<PreparedFollower, Failure> {
    let run = agree(load(args, &ranks), &mut ranks)?;
    let as_edited = run.as_edited();
    let mut trainer = distribute(run.trainer, ranks)?;
    // The first rank takes the run directory meanwhile.
    agree(Ok(()), trainer.ranks())?;
    Ok(PreparedFollower { trainer, as_edited })
}

/// Locks the directory of a run that goes on.
fn reopen(run: &Path) -> Result<RunDirectory, Failure> {
    match read::fault(run) {
        Some(fault) => Err(refused(fault)),
        None => RunDirectory::reopen(run).map_err(refused),
    }
}

/// Makes the trainer.
fn load(args: &cli::TrainArgs, ranks: &Ranks) -> Result<LoadedRun, Failure> {
    if let Some(run) = &args.resume {
        return resume(args, run, ranks);
    }
    if let Some(run) = &args.from {
        return fork(args, run, ranks);
    }
    let streamed = args.session.as_deref().is_some_and(file::is_stream);
    if streamed && ranks.size() > 1 {
        return Err(refused(
            "a session from a pipe comes to one rank only: give all of them a file",
        ));
    }
    let session_file = SessionFile::find(args.session.as_deref()).map_err(refused)?;
    let typed = session_file.parse().map_err(refused)?;
    let Overridden { overrides, session } = overridden(args, &typed)?;
    let threads = cli::threads(args.threads);
    let data = open(&session, threads)?;
    Ok(LoadedRun {
        trainer: Trainer::one_of(ranks, Arc::new(session), data, threads)?,
        session_file,
        overrides,
        origin: RunOrigin::Fresh,
    })
}

/// Takes a new directory, or cuts that of a run which goes on back to its checkpoint.
fn directory(
    args: &cli::TrainArgs,
    run: &mut LoadedRun,
    reopened: Option<RunDirectory>,
) -> Result<RunDirectory, Failure> {
    if let Some(stream) = args.out.as_deref().filter(|out| file::is_stream(out)) {
        let stream = stream.display();
        return Err(refused(format!(
            "--out {stream}: that is a stream, and a run needs a directory: name one"
        )));
    }
    let SessionFile { name, text, .. } = &run.session_file;
    let directory = match (reopened, &mut run.origin, &args.out) {
        (Some(reopened), RunOrigin::Resumed(resumed), _) => {
            resumed.cut_back(reopened, &run.trainer)?
        }
        (_, _, Some(path)) => RunDirectory::create_at(path, text)?,
        (_, _, None) => RunDirectory::create(Path::new("runs"), name, text)?,
    };
    Ok(match args.tensorboard() {
        TensorBoardOutput::Off => directory,
        TensorBoardOutput::InRunDirectory => directory.with_tensorboard(None)?,
        TensorBoardOutput::In(path) => directory.with_tensorboard(Some(&path))?,
    })
}

fn begun_now(args: &cli::TrainArgs, run: &mut LoadedRun, directory: &RunDirectory) -> Start {
    let trainer = &mut run.trainer;
    Start {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        name: run.session_file.name.clone(),
        file: run.session_file.path.clone(),
        run: Some(directory.path().to_owned()),
        session: Arc::clone(trainer.session()),
        dimension: trainer.data().dimension(),
        columns: trainer.data().names(),
        parameters: trainer.parameters(),
        shared: trainer.ranks().shared(),
        threads: cli::threads(args.threads),
        compiled: compiled().into(),
        entropy: trainer.data().entropy(),
        fork: match &run.origin {
            RunOrigin::Forked(fork) => Some(fork.clone()),
            RunOrigin::Fresh | RunOrigin::Resumed(_) => None,
        },
        thinned_after: Some(Thinning::ALL),
    }
}

/// Saves the state that a run began with where its session alone does not tell it; a replay begins with it.
fn save_first_state(prepared: &Prepared) -> Result<(), Failure> {
    let trainer = &prepared.trainer;
    let first = Checkpoint {
        start: prepared.start.clone(),
        in_force: Arc::clone(trainer.session()),
        as_edited: Arc::clone(trainer.session()),
        overrides: prepared.overrides.clone(),
        data: fingerprint(trainer.data()),
        state: trainer.state(),
    };
    Ok(first.save_fork(prepared.directory.path())?)
}
