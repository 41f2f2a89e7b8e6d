//! `otflow train --from RUN --fork-at K`: a new run that begins with the state that another one had after its iteration K.
//!
//! What differs between the session in force there and the new one is taken up as an edit after iteration K would be, so that an
//! unchanged session goes on to the same bits. The state is kept as `fork.ckpt`, with which a replay begins.

use std::path::Path;
use std::sync::Arc;

use super::plan::{Begun, Failure, Plan, Source, open, overlaid, refused};
use crate::cli;
use crate::event::Fork;
use crate::ranks::Ranks;
use crate::replay::Origin;
use crate::run::checkpoint::{Checkpoint, checksum, fingerprint};
use crate::session::{self, Applies, Data, Session};
use crate::trainer::Trainer;

/// Finds the state and puts the session into force.
pub(super) fn fork(args: &cli::Train, run: &Path, ranks: &Ranks) -> Result<Begun, Failure> {
    let named = |error: anyhow::Error| refused(format!("{error:#}"));
    let origin = Origin::open(run).map_err(named)?;
    let begun = Arc::clone(&origin.start().session);
    let name = origin.start().name.clone();
    let given = args.session.as_deref();
    let given = given.map(Source::read).transpose().map_err(refused)?;
    let parsed = given.as_ref().map(Source::parse).transpose();
    let parsed = parsed.map_err(refused)?;
    // Before the run is trained again, which may take long.
    let (_, place) = overlaid(args, parsed.as_ref().unwrap_or(&begun))?;
    carried_over(&begun, &place).map_err(|lack| refused(format!("{}: {lack}", run.display())))?;
    let threads = cli::threads(args.threads);
    let (data, place) = (open(&place, threads)?, place.data);
    let at = origin.iteration(args.fork_at).map_err(named)?;
    let (state, in_force) = origin
        .state(at, Arc::clone(&data), &place, threads)
        .map_err(named)?;
    let fork = Box::new(Fork {
        run: std::path::absolute(run)?,
        iteration: at,
        state: checksum(&state),
    });
    let (overlay, wanted) = overlaid(args, parsed.as_ref().unwrap_or(&in_force))?;
    let wanted = Arc::new(wanted);
    let source = given.unwrap_or_else(|| Source::without_file(name, &wanted));
    let alone = Ranks::alone();
    let mut trainer = Trainer::at(state, &alone, in_force, Arc::clone(&data), threads)?;
    // The best parameters are judged by all validation rows.
    trainer.take_up(Arc::clone(&wanted));
    if ranks.size() > 1 {
        trainer = Trainer::at(trainer.state(), ranks, wanted, data, threads)?;
    }
    Ok(Begun {
        source,
        overlay,
        trainer,
        fork: Some(fork),
    })
}

/// Keeps in its directory what a fork is told again from.
///
/// # Errors
/// When that can't be written.
pub(super) fn keep(plan: &Plan) -> Result<(), Failure> {
    let trainer = &plan.trainer;
    let first = Checkpoint {
        start: plan.start.clone(),
        session: Arc::clone(trainer.session()),
        edited: Arc::clone(trainer.session()),
        overlay: plan.overlay.clone(),
        data: fingerprint(trainer.data()),
        state: trainer.state(),
    };
    Ok(first.save_fork(plan.directory.path())?)
}

/// Whether a state of the one session is one of the other; else what is not. That a table has the same rows is seen later.
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
