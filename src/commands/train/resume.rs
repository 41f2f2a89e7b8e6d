//! `otflow train --resume RUN`: a run goes on from its last checkpoint, to the same bits as if it had not ended.

use std::path::Path;
use std::sync::Arc;

use otflow_kernels::engine::compiled;

use super::agreement::{Failure, refused};
use super::loaded::{LoadedRun, RunOrigin, open};
use super::resumed::{LastCheckpoint, Resumed};
use super::session_file::SessionFile;
use crate::checkpoint::{Checkpoint, Latest, Saved, fingerprint};
use crate::cli;
use crate::event::{Build, Start};
use crate::ranks::Ranks;
use crate::session::overrides::assign;
use crate::session::{self, Session};
use crate::trainer::Trainer;

/// Reads the last checkpoint of a run.
pub(super) fn resume(
    args: &cli::TrainArgs,
    run: &Path,
    ranks: &Ranks,
) -> Result<LoadedRun, Failure> {
    let Latest { saved, damaged } = Checkpoint::latest(run).map_err(refused)?;
    let Saved {
        checkpoint,
        lengths,
    } = saved;
    let as_edited = Arc::clone(&checkpoint.as_edited);
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
    let last_checkpoint = match damaged {
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
        last_checkpoint,
    };
    Ok(LoadedRun {
        session_file,
        overrides,
        trainer,
        origin: RunOrigin::Resumed(Box::new(resumed)),
    })
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
