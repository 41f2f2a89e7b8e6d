//! What a run directory records of its training: the start, the rows, the edited sessions, the end, the parameters.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use super::beginning::Beginning;
use crate::event::{BestBy, Event, Finished, Start};
use crate::file::{self, naming};
use crate::model::TrainedModel;
use crate::run::read;
use crate::session::{self, Session};

const METRICS: &str = "metrics.jsonl";
const EDITS: &str = "edits.jsonl";
/// Bytes of the longest line.
const LONGEST: u64 = 1 << 22;

/// A run as it was recorded.
pub(crate) struct RecordedRun {
    pub(crate) start: Start,
    /// The rows that the trainer told, from its first iteration on.
    pub(super) rows: ReplayRows,
    pub(super) edits: Vec<RecordedEdit>,
    /// The end; None for a run that was killed.
    pub(super) end: Option<Finished>,
    /// The last iteration.
    pub(super) iteration: u64,
    /// The iterations of the best validations.
    pub(super) bests: RecordedBests,
    pub(super) models: Vec<RecordedModel>,
    run: PathBuf,
}

/// The iterations of the best validations of a run, where there were any.
#[derive(Clone, Copy, Default)]
pub(super) struct RecordedBests {
    loss: Option<u64>,
    c: Option<u64>,
}

impl RecordedBests {
    /// The iteration of the best validation by this measure.
    pub(super) fn by(self, by: BestBy) -> Option<u64> {
        match by {
            BestBy::Loss => self.loss,
            BestBy::C => self.c,
        }
    }

    /// Takes up a row of the record.
    fn take(&mut self, row: &Value) {
        let iteration = row["iteration"].as_u64();
        match row["event"].as_str() {
            Some("validation") => {
                if row["best"] == true {
                    self.loss = iteration;
                }
                if row["best_C"] == true {
                    self.c = iteration;
                }
            }
            Some("judged") => self.loss = row["best"]["iteration"].as_u64(),
            _ => {}
        }
    }
}

/// What was done to the run from outside.
pub(super) struct RecordedEdit {
    /// The last iteration done before it.
    pub(super) after: u64,
    pub(super) change: RecordedChange,
}

/// A change from outside.
pub(super) enum RecordedChange {
    /// An edit has brought this whole session.
    Session(Arc<Session>),
    /// A command has brought back the best parameters by this measure.
    Restored(BestBy),
}

/// Parameters in the run directory.
pub(super) struct RecordedModel {
    /// `best`, `best-C` or `last`.
    pub(super) name: &'static str,
    pub(super) model: TrainedModel,
}

impl RecordedRun {
    /// Reads it; the rows are left to be read when they are compared.
    pub(crate) fn read(run: &Path) -> Result<Self> {
        let metrics = run.join(METRICS);
        let first = NumberedLines::open(&metrics)?.next().transpose()?;
        let first = first.map(|line| read::event(&line.bytes)).transpose()?;
        let Some(Some(Event::Start(start))) = first else {
            bail!(
                "{} does not begin with a start that is understood",
                metrics.display()
            );
        };
        let forked = start.fork.as_deref();
        let (mut end, mut iteration) = (None, forked.map_or(0, |fork| fork.iteration));
        let mut bests = RecordedBests::default();
        for row in ReplayRows::open(&metrics, 0)? {
            let object = row?.object;
            bests.take(&object);
            match object["event"].as_str() {
                Some("iteration" | "matching") => {
                    iteration = object["iteration"].as_u64().unwrap_or(0);
                }
                Some("finished") => end = Some(object),
                _ => {}
            }
        }
        let end = end.map(|mut object| {
            object["seconds"] = 0.into();
            serde_json::from_value::<Finished>(object)
        });
        Ok(RecordedRun {
            start,
            rows: ReplayRows::open(&metrics, 0)?,
            edits: edits(&run.join(EDITS), 0)?,
            end: end
                .transpose()
                .context("the end of the run is not understood")?,
            iteration,
            bests,
            models: models(run)?,
            run: run.to_owned(),
        })
    }

    /// The part of it between a base and an iteration.
    pub(super) fn between(self, base: &Beginning, iteration: u64) -> Result<Self> {
        let mut edits = edits(&self.run.join(EDITS), base.lengths.edits)?;
        edits.retain(|edit| edit.after <= iteration);
        Ok(RecordedRun {
            rows: ReplayRows::open(&self.run.join(METRICS), base.lengths.metrics)?,
            edits,
            end: None,
            iteration,
            ..self
        })
    }
}

/// The parameters in a run directory; before the first validation there may be none.
fn models(run: &Path) -> Result<Vec<RecordedModel>> {
    let mut models = Vec::new();
    for name in ["best", "best-C", "last"] {
        let path = run.join(name).with_extension("safetensors");
        if path.exists() {
            let model = TrainedModel::load(&path)?;
            models.push(RecordedModel { name, model });
        }
    }
    Ok(models)
}

/// The edited sessions of `edits.jsonl` from a byte of it on.
fn edits(path: &Path, from: u64) -> Result<Vec<RecordedEdit>> {
    let mut edits = Vec::new();
    for line in NumberedLines::open(path)? {
        let line = line?;
        if line.start < from {
            continue;
        }
        let object: Value = serde_json::from_slice(&line.bytes).with_context(|| line.place())?;
        let change = match object["event"].as_str() {
            Some("session") => {
                let text = object["session"].as_str();
                let text = text.with_context(|| format!("{} has no session", line.place()))?;
                let session = session::parse(text, path);
                let session =
                    session.map_err(|rejection| anyhow!("{}: {rejection}", line.place()))?;
                RecordedChange::Session(Arc::new(session))
            }
            Some("restored") => {
                let by = serde_json::from_value(object["by"].clone());
                RecordedChange::Restored(by.with_context(|| line.place())?)
            }
            _ => continue,
        };
        let after = object["iteration"].as_u64();
        let after = after.with_context(|| format!("{} has no iteration", line.place()))?;
        edits.push(RecordedEdit { after, change });
    }
    Ok(edits)
}

/// A row of `metrics.jsonl` that training alone decides, without its time and the gates.
pub(super) struct ReplayRow {
    pub(super) object: Value,
    /// File and line.
    pub(super) place: String,
    /// Training time, seconds.
    pub(super) seconds: Option<f64>,
}

impl ReplayRow {
    /// The object of an event of a trainer; None for what comes from outside.
    pub(super) fn object_of(event: &Event) -> Option<Value> {
        let timed = serde_json::to_value(event).ok().and_then(untimed)?;
        Some(timed.object)
    }

    /// True for an object of the same event at the same iteration.
    pub(super) fn is_of_same(&self, object: &Value) -> bool {
        ["event", "iteration"]
            .into_iter()
            .all(|name| self.object[name] == object[name])
    }
}

/// An object and, apart from it, its time.
struct Untimed {
    object: Value,
    /// Training time, seconds.
    seconds: Option<f64>,
}

/// The object, if it is one that training alone decides.
fn untimed(mut object: Value) -> Option<Untimed> {
    const TOLD: [&str; 9] = [
        "iteration",
        "matching",
        "validation",
        "resample",
        "rate",
        "rollback",
        "restored",
        "edit",
        "finished",
    ];
    if !TOLD.contains(&object["event"].as_str()?) {
        return None;
    }
    let fields = object.as_object_mut()?;
    let seconds = fields.remove("seconds");
    // What they are judged by is compared: the best validation.
    fields.remove("gates");
    Some(Untimed {
        object,
        seconds: seconds.and_then(|seconds| seconds.as_f64()),
    })
}

/// The rows of `metrics.jsonl`.
pub(super) struct ReplayRows(Peekable<RowReader>);

/// The reader of the rows.
struct RowReader {
    lines: NumberedLines,
    /// The byte of the file that the rows begin at.
    from: u64,
}

impl ReplayRows {
    fn open(path: &Path, from: u64) -> Result<Self> {
        let lines = NumberedLines::open(path)?;
        Ok(ReplayRows(RowReader { lines, from }.peekable()))
    }

    /// The next row, which stays the next.
    pub(super) fn peek(&mut self) -> Result<Option<&ReplayRow>> {
        match self.0.next_if(Result::is_err) {
            Some(error) => error.map(|_| None),
            None => Ok(self.0.peek().and_then(|row| row.as_ref().ok())),
        }
    }
}

impl Iterator for ReplayRows {
    type Item = Result<ReplayRow>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl Iterator for RowReader {
    type Item = Result<ReplayRow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.lines.next()? {
                Ok(line) if line.start < self.from => continue,
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let place = line.place();
            match serde_json::from_slice(&line.bytes).with_context(|| place.clone()) {
                Err(error) => return Some(Err(error)),
                Ok(object) => {
                    if let Some(Untimed { object, seconds }) = untimed(object) {
                        return Some(Ok(ReplayRow {
                            object,
                            place,
                            seconds,
                        }));
                    }
                }
            }
        }
    }
}

/// Whole lines of a file: a kill may have torn the last.
struct NumberedLines {
    reader: BufReader<File>,
    path: PathBuf,
    number: usize,
    at: u64,
}

struct NumberedLine {
    bytes: Vec<u8>,
    /// The byte of the file that it begins at.
    start: u64,
    path: PathBuf,
    number: usize,
}

impl NumberedLine {
    fn place(&self) -> String {
        format!("{}, line {}", self.path.display(), self.number)
    }
}

impl NumberedLines {
    fn open(path: &Path) -> Result<Self> {
        let file = file::open(path).map_err(naming("read", path))?;
        Ok(NumberedLines {
            reader: BufReader::new(file),
            path: path.to_owned(),
            number: 0,
            at: 0,
        })
    }

    fn read(&mut self) -> Result<Option<NumberedLine>> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader)
            .take(LONGEST)
            .read_until(b'\n', &mut bytes);
        let read = read.map_err(naming("read", &self.path))?;
        self.number += 1;
        let line = NumberedLine {
            path: self.path.clone(),
            number: self.number,
            start: self.at,
            bytes,
        };
        self.at += read as u64;
        if line.bytes.last() == Some(&b'\n') {
            return Ok(Some(line));
        }
        if read as u64 == LONGEST {
            bail!("{} is too long", line.place());
        }
        Ok(None)
    }
}

impl Iterator for NumberedLines {
    type Item = Result<NumberedLine>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic;

    #[test]
    fn a_matching_iteration_is_held_against_the_run_but_for_its_time() {
        let row = |seconds, m| ReplayRow::object_of(&synthetic::matching(3, seconds, m)).unwrap();
        assert_eq!(row(1.0, 0.5), row(2.0, 0.5));
        assert_ne!(row(1.0, 0.5), row(1.0, 0.1 + 0.4 + f64::EPSILON));
        assert_eq!(row(1.0, 0.5)["M"], 0.5);
        assert_eq!(
            ReplayRow::object_of(&Event::Accepted { iteration: 3 }),
            None
        );
    }
}
