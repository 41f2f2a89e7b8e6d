//! `otflow replay`: trains a run again from what its directory records and compares every bit.

use std::sync::Arc;

use anyhow::{Error, Result, anyhow};

use crate::cli;
use crate::data::Dataset;
use crate::exit::{Exit, refuse};
use crate::replay::{Beginning, RecordedRun, Replay, warn_of_another_build};
use crate::run::read;
use crate::say;

/// Trains the run again; 0 when all bits are the same, 1 when not, with the first difference on stderr, 2 when there is no
/// run to be trained.
///
/// # Errors
/// When the worker threads cannot be started.
pub fn replay(args: &cli::ReplayArgs) -> Result<Exit> {
    let threads = cli::threads(args.threads);
    cli::start_readers(threads);
    let fault = read::fault(&args.run).map_or(Ok(()), |fault| Err(anyhow!(fault)));
    let record = match fault.and_then(|()| RecordedRun::read(&args.run)) {
        Ok(record) => record,
        Err(error) => return Ok(refuse(&format!("{error:#}"))),
    };
    let session = Arc::clone(&record.start.session);
    let data = Dataset::open(&session.data, session.model.seed).map_err(Error::from);
    let ready = Beginning::first(&args.run, &record.start).and_then(|base| Ok((base, data?)));
    let (base, data) = match ready {
        Ok(ready) => ready,
        Err(error) => return Ok(refuse(&format!("{error:#}"))),
    };
    warn_of_another_build(&record.start);
    let first = base.iteration();
    let begun = base.trainer(Arc::new(data), &session.data, threads)?;
    Ok(match Replay::new(record, begun).compare(first) {
        Ok(same) => {
            say::out(&same);
            Exit::Done
        }
        Err(difference) => {
            say::err(&format!("different: {difference:#}"));
            Exit::Failed
        }
    })
}
