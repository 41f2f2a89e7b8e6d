//! The models of a run after chosen iterations: it is trained again, as long as that gives the bits that it had.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

use super::beginning::Beginning;
use super::record::RecordedRun;
use super::retrain::{Replay, warn_of_another_build};
use crate::data::Dataset;
use crate::event::{Figures, Start};
use crate::model::TrainedModel;
use crate::run::read;
use crate::session::Data;
use crate::trainer::Trainer;

/// A run that is to be trained again.
pub(crate) struct ReplayedRun {
    record: RecordedRun,
    beginning: Beginning,
}

/// The parameters of a run after an iteration.
pub(crate) struct ModelAt {
    pub(crate) iteration: u64,
    /// The parameters that were judged and shown then, with the session in force.
    pub(crate) model: TrainedModel,
    /// Their figures in a validation; None when it was given up.
    pub(crate) figures: Option<Figures>,
}

impl ReplayedRun {
    /// Reads what the run directory records.
    ///
    /// # Errors
    /// When that is no run, or can't be read.
    pub(crate) fn open(run: &Path) -> Result<Self> {
        read::fault(run).map_or(Ok(()), |fault| Err(anyhow!(fault)))?;
        let record = RecordedRun::read(run)?;
        let beginning = Beginning::first(run, &record.start)?;
        Ok(ReplayedRun { record, beginning })
    }

    /// The start of the run.
    pub(crate) fn start(&self) -> &Start {
        &self.record.start
    }

    /// The iterations done before the run, and at its end.
    pub(crate) fn iterations(&self) -> (u64, u64) {
        (self.beginning.iteration(), self.record.iteration)
    }

    /// Trains the run again and gives its models after these iterations, in order, to `found`; every iteration is told to `done`. The
    /// table of the data may have been moved to `place`.
    ///
    /// # Errors
    /// When the data or the threads can't be had, or the run can't be trained again to the bits that it had.
    pub(crate) fn models(
        self,
        iterations: &[u64],
        data: Arc<Dataset>,
        place: &Data,
        threads: usize,
        done: &mut dyn FnMut(u64),
    ) -> Result<Vec<ModelAt>> {
        warn_of_another_build(&self.record.start);
        let begun = self.beginning.trainer(data, place, threads)?;
        let mut replay = Replay::new(self.record, begun);
        let mut models = Vec::new();
        let mut take = |trainer: &mut Trainer| {
            if iterations.contains(&trainer.iteration()) {
                models.push(ModelAt {
                    iteration: trainer.iteration(),
                    model: trainer.last_model(),
                    figures: trainer.figures_as_they_are(),
                });
            }
            done(trainer.iteration());
        };
        take(&mut replay.trainer);
        replay
            .iterate(&mut take)
            .context("the run can't be trained again to the bits that it had")?;
        Ok(models)
    }
}
