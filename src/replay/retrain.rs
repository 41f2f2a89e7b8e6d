//! A run that is trained again from what its directory records (the session it began with, every edited session at its
//! iteration), and compared row by row and parameter by parameter with what it was.

use std::collections::VecDeque;
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::beginning::Begun;
use super::record::{RecordedChange, RecordedEdit, RecordedModel, RecordedRun, ReplayRow};
use crate::event::{Best, BestBy, Build, Event, Finished, Reason, Start};
use crate::model::TrainedModel;
use crate::say;
use crate::session::{Precision, Session};
use crate::trainer::{Trainer, adopt};

/// Says what may keep the bits from being the same.
pub(crate) fn warn_of_another_build(start: &Start) {
    if start.build() != Build::current() {
        say::err(&format!(
            "the run was recorded by {}; with another the last digits may differ",
            start.build()
        ));
    }
}

/// A run that is trained again.
pub(crate) struct Replay {
    record: RecordedRun,
    pub(super) trainer: Trainer,
    as_edited: Arc<Session>,
    edits: VecDeque<RecordedEdit>,
    /// The best parameters before the last iteration, by the loss and by C.
    best: Option<Best>,
    best_c: Option<Best>,
    rows: u64,
    /// Training time of the last row that was compared, seconds.
    pub(super) seconds: Option<f64>,
}

impl Replay {
    pub(crate) fn new(mut record: RecordedRun, begun: Begun) -> Self {
        let Begun { trainer, as_edited } = begun;
        Replay {
            as_edited,
            edits: std::mem::take(&mut record.edits).into(),
            best: None,
            best_c: None,
            rows: 0,
            seconds: None,
            record,
            trainer,
        }
    }

    /// A sentence on what is the same of a run that begins after iteration `first`, or the first difference as an error.
    pub(crate) fn compare(mut self, first: u64) -> Result<String> {
        self.iterate(&mut |_| ())?;
        self.finish()?;
        let Replay { record, rows, .. } = &self;
        let names: Vec<&str> = record.models.iter().map(|found| found.name).collect();
        let from = match first {
            0 => String::new(),
            first => format!(" from {} on", first + 1),
        };
        Ok(format!(
            "the same bits: {} iterations{from}, {rows} rows, parameters {}",
            record.iteration - first,
            names.join(", ")
        ))
    }

    /// Trains up to the last iteration of the record, its edits included; the trainer is shown to `done` after each.
    pub(super) fn iterate(&mut self, done: &mut dyn FnMut(&mut Trainer)) -> Result<()> {
        self.parameters()?;
        if self.trainer.owes() {
            // What a signal has cut off comes before any edit.
            let mut events = Vec::new();
            self.trainer.settle(&mut |event| events.push(event));
            self.check(&events)?;
        }
        while self.trainer.iteration() < self.record.iteration {
            self.edit()?;
            if let Some(reason) = self.trainer.over() {
                bail!(
                    "iteration {} has ended the replay ({reason:?}) and not the run",
                    self.trainer.iteration()
                );
            }
            self.best = self.trainer.best();
            self.best_c = self.trainer.best_by(BestBy::C);
            let mut events = Vec::new();
            self.trainer.iterate(&mut |event| events.push(event));
            self.check(&events)?;
            // The end may change those of the last iteration once more.
            if self.trainer.iteration() < self.record.iteration || self.record.end.is_none() {
                self.parameters()?;
            }
            done(&mut self.trainer);
        }
        self.edit()
    }

    /// Takes up the edits that came after this iteration.
    fn edit(&mut self) -> Result<()> {
        let iteration = self.trainer.iteration();
        while let Some(edit) = self.edits.front()
            && edit.after == iteration
            && let Some(RecordedEdit { change, .. }) = self.edits.pop_front()
        {
            let mut events = Vec::new();
            let publish = &mut |event| events.push(event);
            match change {
                RecordedChange::Session(session) => {
                    adopt(&mut self.trainer, &mut self.as_edited, session, publish);
                }
                RecordedChange::Restored(by) => self.trainer.restore(by, publish),
            }
            self.check(&events)?;
        }
        Ok(())
    }

    /// The end, with the figures it had.
    fn finish(&mut self) -> Result<()> {
        let Some(end) = self.record.end.clone() else {
            // The last rows of a killed run may not have reached the disk, its parameters have.
            let named = self
                .record
                .models
                .iter()
                .filter_map(|found| at(&found.model));
            let last = named.max().unwrap_or(0);
            while self.trainer.iteration() < last {
                self.edit()?;
                self.trainer.iterate(&mut |_| ());
                self.parameters()?;
            }
            return Ok(());
        };
        let mut events = Vec::new();
        let over = self.trainer.over();
        let mut reason = over.unwrap_or(end.reason);
        if over.is_none() && !end.reason.ends_at_once() {
            // A divergence that ends a run by itself shows in the figures of its end.
            let limit = match end.reason {
                Reason::Diverged => Reason::Iterations,
                reason => reason,
            };
            let publish = &mut |event| events.push(event);
            reason = self.trainer.last_figures(limit, publish);
        }
        events.push(Event::Finished(Finished {
            iteration: self.trainer.iteration(),
            seconds: 0.0,
            reason,
            best: self.trainer.best(),
            best_c: self.trainer.best_by(BestBy::C),
            gates: Vec::new(),
        }));
        self.check(&events)?;
        self.parameters()?;
        match self.record.rows.next().transpose()? {
            None => Ok(()),
            Some(row) => bail!("{}: the replay has nothing like {}", row.place, row.object),
        }
    }

    /// Holds events of the replay against the next rows of the run, which may have left out some.
    fn check(&mut self, events: &[Event]) -> Result<()> {
        let (interrupted, thinning) = (self.interrupted(), self.record.start.thinning());
        for event in events {
            let Some(mut replayed) = ReplayRow::object_of(event) else {
                continue;
            };
            let left_out = |iteration| !thinning.keeps(iteration);
            if event.routine().is_some_and(left_out) {
                let row = self.record.rows.peek()?;
                if row.is_none_or(|row| !row.is_of_same(&replayed)) {
                    continue;
                }
            }
            let last = self.trainer.iteration() == self.record.iteration;
            let Some(row) = self.record.rows.peek()? else {
                // What a kill has cut off.
                ensure!(
                    last && self.record.end.is_none(),
                    "{replayed} is missing in the run"
                );
                return Ok(());
            };
            let ends = row.object["event"] == "finished";
            if last && ends && interrupted {
                if replayed["event"] != "finished" {
                    continue;
                }
                for (key, best) in [("best", self.best), ("best_C", self.best_c)] {
                    if row.object[key] != replayed[key] {
                        replayed[key] = serde_json::to_value(best)?;
                    }
                }
            }
            self.rows += 1;
            self.seconds = row.seconds.or(self.seconds);
            forget_newer(&row.object, &mut replayed);
            if let Some(difference) = difference(&row.object, &replayed) {
                bail!("{}: {difference}", row.place);
            }
            self.record.rows.next();
        }
        Ok(())
    }

    /// True if the run was ended in the middle of whatever it did.
    fn interrupted(&self) -> bool {
        let end = self.record.end.as_ref();
        end.is_none_or(|end| end.reason.ends_at_once())
    }

    /// Holds the parameters against those that were written after this iteration.
    fn parameters(&self) -> Result<()> {
        let iteration = self.trainer.iteration();
        for RecordedModel { name, model } in &self.record.models {
            if at(model) != Some(iteration) {
                continue;
            }
            let theta = stored(&self.trainer.last_model());
            let names = || model.shape.tensors().into_iter();
            let off =
                (theta.iter().zip(&model.theta)).position(|(a, b)| a.to_bits() != b.to_bits());
            if let Some(off) = off {
                let tensor = names().find(|tensor| tensor.range.contains(&off));
                let tensor = tensor.map_or(String::new(), |tensor| tensor.name);
                bail!(
                    "{name}.safetensors, iteration {iteration}: {tensor} has {} where the replay has {}",
                    model.theta[off],
                    theta[off]
                );
            }
        }
        Ok(())
    }
}

/// The iteration that parameters are of.
fn at(model: &TrainedModel) -> Option<u64> {
    model.origin.as_ref().map(|origin| origin.iteration)
}

/// The parameters as a file has them.
fn stored(model: &TrainedModel) -> Vec<f64> {
    match model.precision {
        Precision::F64 => model.theta.clone(),
        Precision::F32 => model.theta.iter().map(|&v| f64::from(v as f32)).collect(),
    }
}

/// Takes out of an event of the replay what a run of an earlier version does not say.
fn forget_newer(recorded: &Value, replayed: &mut Value) {
    const NEWER: [&str; 3] = ["C_se", "best_C", "finding"];
    if let Some(object) = replayed.as_object_mut() {
        object.retain(|key, _| !NEWER.contains(&key.as_str()) || recorded.get(key).is_some());
    }
    if let (Some(recorded), Some(replayed)) = (recorded.get("best"), replayed.get_mut("best"))
        && recorded.is_object()
    {
        forget_newer(recorded, replayed);
    }
}

/// The first field that differs.
fn difference(recorded: &Value, replayed: &Value) -> Option<String> {
    // As text: 0 and -0 are equal as numbers.
    let differ = |old: &Value, new: &Value| old.to_string().ne(&new.to_string());
    if !differ(recorded, replayed) {
        return None;
    }
    let (old, new) = (recorded.as_object()?, replayed.as_object()?);
    let mut keys = old.keys().chain(new.keys());
    let another = recorded["event"] != replayed["event"];
    let key =
        keys.find(|key| differ(&recorded[*key], &replayed[*key]) && (*key == "event" || !another))?;
    let iteration = &recorded["iteration"];
    Some(format!(
        "iteration {iteration}: {key} is {} in the run and {} in the replay",
        recorded[key], replayed[key]
    ))
}
