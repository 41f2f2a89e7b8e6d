//! The state of a run after any of its iterations, for a fork: that of a checkpoint, or of training the run again from the nearest
//! one before, as long as that gives the bits that the run had.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use indicatif::ProgressBar;

use super::beginning::Beginning;
use super::record::RecordedRun;
use super::retrain::{Replay, warn_of_another_build};
use crate::checkpoint::state::TrainingState;
use crate::checkpoint::{Checkpoint, NAMES, fingerprint};
use crate::data::Dataset;
use crate::event::{BestBy, Start};
use crate::run::read;
use crate::say;
use crate::session::{Data, Session};

/// The place of a run at which another one begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForkPoint {
    /// After this iteration.
    Iteration(u64),
    /// After that of the best validation by this measure.
    Best(BestBy),
}

impl FromStr for ForkPoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" => Ok(ForkPoint::Best(BestBy::Loss)),
            "best-C" => Ok(ForkPoint::Best(BestBy::C)),
            number => number
                .parse()
                .map(ForkPoint::Iteration)
                .map_err(|_| "a number of iterations, `best` or `best-C`".into()),
        }
    }
}

/// A run, which may be under way, of which a state is wanted.
pub(crate) struct ForkSource {
    run: PathBuf,
    record: RecordedRun,
}

/// The state of a run after one of its iterations.
pub(crate) struct FoundState {
    pub(crate) state: TrainingState,
    /// The session in force there.
    pub(crate) in_force: Arc<Session>,
}

impl ForkSource {
    /// Reads what the run directory records.
    ///
    /// # Errors
    /// When that is no run, or can't be read.
    pub fn open(run: &Path) -> Result<Self> {
        read::fault(run).map_or(Ok(()), |fault| Err(anyhow!(fault)))?;
        Ok(ForkSource {
            run: run.to_owned(),
            record: RecordedRun::read(run)?,
        })
    }

    /// The start of the run.
    pub fn start(&self) -> &Start {
        &self.record.start
    }

    /// The iteration that is asked for, or else the last.
    ///
    /// # Errors
    /// When the run has no such state.
    pub fn iteration(&self, asked: Option<ForkPoint>) -> Result<u64> {
        let (run, last) = (self.run.display(), self.record.iteration);
        let iteration = match asked {
            None => last,
            Some(ForkPoint::Iteration(iteration)) => iteration,
            Some(ForkPoint::Best(by)) => {
                let best = self.record.bests.by(by);
                best.with_context(|| format!("{run} has no best validation by {by}"))?
            }
        };
        ensure!(
            iteration <= last,
            "{run} has no state after iteration {iteration}: it has come to {last}"
        );
        if let Some(fork) = &self.record.start.fork {
            ensure!(
                iteration >= fork.iteration,
                "{run} begins after iteration {}: for an earlier one fork {}, which it comes from",
                fork.iteration,
                fork.run.display()
            );
        }
        Ok(iteration)
    }

    /// The state after an iteration of the run, and the session in force; edits of that iteration are in it. The table of `data`
    /// may have been moved to `place`.
    ///
    /// # Errors
    /// When the run can't be trained again to the bits that it had, or `data` has other rows.
    pub fn state(
        self,
        iteration: u64,
        data: Arc<Dataset>,
        place: &Data,
        threads: usize,
    ) -> Result<FoundState> {
        let ForkSource { run, record } = self;
        let base = Beginning::before(&run, &record.start, iteration)?;
        ensure!(
            base.data.is_none_or(|known| known == fingerprint(&data)),
            "the rows of the table are not those that {} was trained on",
            run.display()
        );
        let from = base.iteration();
        if from < iteration {
            warn_of_another_build(&record.start);
            say::err(&format!(
                "training {} again from iteration {from} to {iteration}, for its state there",
                run.display()
            ));
        }
        let record = record.between(&base, iteration)?;
        let begun = base.trainer(data, place, threads)?;
        let mut replay = Replay::new(record, begun);
        // Hidden where stderr is no terminal.
        let bar = ProgressBar::new(iteration - from);
        let trained = replay.iterate(&mut |trainer| bar.set_position(trainer.iteration() - from));
        bar.finish_and_clear();
        trained.with_context(|| elsewhere(&run))?;
        let state = replay.trainer.state();
        let state = match replay.seconds {
            Some(seconds) => state.after(seconds),
            None => state,
        };
        Ok(FoundState {
            state,
            in_force: Arc::clone(replay.trainer.session()),
        })
    }
}

/// The advice where the bits are others.
fn elsewhere(run: &Path) -> String {
    let saved = NAMES.map(|name| Checkpoint::load(&run.join(name)).ok());
    let known = saved.into_iter().flatten();
    let mut known: Vec<u64> = known
        .map(|saved| saved.checkpoint.state.iteration)
        .collect();
    known.sort_unstable();
    known.dedup();
    let known: Vec<String> = known.iter().map(u64::to_string).collect();
    format!(
        "{} can't be trained again to the bits that it had; it has checkpoints to fork at for iterations {}",
        run.display(),
        if known.is_empty() {
            "none".into()
        } else {
            known.join(" and ")
        }
    )
}
