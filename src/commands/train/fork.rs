//! `otflow train --from RUN --fork-at K`: a new run that begins with the state that another one had after its iteration K.
//!
//! What differs between the session in force there and the new one is taken up as an edit after iteration K would be, so that an
//! unchanged session goes on to the same bits. The state is kept as `fork.ckpt`, with which a replay begins.

use std::path::Path;
use std::sync::Arc;

use super::agreement::{Failure, refused};
use super::loaded::{LoadedRun, Overridden, RunOrigin, open, overridden};
use super::session_file::SessionFile;
use crate::checkpoint::checksum;
use crate::cli;
use crate::event::Fork;
use crate::ranks::Ranks;
use crate::replay::{ForkSource, FoundState};
use crate::session::{self, Applies, Data, Session};
use crate::trainer::Trainer;

/// Finds the state and puts the session into force.
pub(super) fn fork(args: &cli::TrainArgs, run: &Path, ranks: &Ranks) -> Result<LoadedRun, Failure> {
    let named = |error: anyhow::Error| refused(format!("{error:#}"));
    let recorded = ForkSource::open(run).map_err(named)?;
    let begun = Arc::clone(&recorded.start().session);
    let name = recorded.start().name.clone();
    let given = args.session.as_deref();
    let given = given.map(|given| SessionFile::find(Some(given)));
    let given = given.transpose().map_err(refused)?;
    let parsed = given.as_ref().map(SessionFile::parse).transpose();
    let parsed = parsed.map_err(refused)?;
    // Before the run is trained again, which may take long.
    let place = overridden(args, parsed.as_ref().unwrap_or(&begun))?.session;
    carried_over(&begun, &place).map_err(|lack| refused(format!("{}: {lack}", run.display())))?;
    let threads = cli::threads(args.threads);
    let (data, place) = (open(&place, threads)?, place.data);
    let at = recorded.iteration(args.fork_at).map_err(named)?;
    let FoundState { state, in_force } = recorded
        .state(at, Arc::clone(&data), &place, threads)
        .map_err(named)?;
    let fork = Box::new(Fork {
        run: std::path::absolute(run)?,
        iteration: at,
        state: checksum(&state),
    });
    let Overridden { overrides, session } = overridden(args, parsed.as_ref().unwrap_or(&in_force))?;
    let wanted = Arc::new(session);
    let session_file = given.unwrap_or_else(|| SessionFile::without_path(name, &wanted));
    let alone = Ranks::alone();
    let mut trainer = Trainer::at(state, &alone, in_force, Arc::clone(&data), threads)?;
    // The best parameters are judged by all validation rows.
    trainer.take_up(Arc::clone(&wanted), &mut |_| ());
    if ranks.size() > 1 {
        trainer = Trainer::at(trainer.state(), ranks, wanted, data, threads)?;
    }
    Ok(LoadedRun {
        session_file,
        overrides,
        trainer,
        origin: RunOrigin::Forked(fork),
    })
}

/// An error unless a state of the one session is one of the other. That a table has the same rows is seen later.
fn carried_over(old: &Session, new: &Session) -> Result<(), String> {
    let mut changes = session::changes(old, new);
    let tables = matches!(
        (&old.data, &new.data),
        (Data::Table { .. }, Data::Table { .. })
    );
    changes.retain(|change| {
        change.applies == Applies::Restart && !(tables && change.field == "data.path")
    });
    let changes = changes.iter();
    let told: Vec<String> = changes
        .map(|change| {
            format!(
                "`{}` is {} in the run and {} here",
                change.field, change.old, change.new
            )
        })
        .collect();
    if told.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}: a fork keeps these; put them back or train anew, without --from",
        told.join(", ")
    ))
}
