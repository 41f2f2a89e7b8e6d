//! What a run directory records of its training: the start, the rows, the edited sessions, the end, the parameters.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use super::base::Base;
use crate::event::{Event, Finished, Start};
use crate::file::{self, naming};
use crate::model::TrainedModel;
use crate::run::read;
use crate::session::{self, Session};

const METRICS: &str = "metrics.jsonl";
const EDITS: &str = "edits.jsonl";
/// Bytes of the longest line.
const LONGEST: u64 = 1 << 22;

/// A run as it was recorded.
pub(crate) struct Record {
    pub(crate) start: Start,
    /// What the trainer told, from its first iteration on.
    pub(super) rows: Rows,
    /// Whole sessions, each with the last iteration done before it.
    pub(super) edits: Vec<(u64, Arc<Session>)>,
    /// None for a run that was killed.
    pub(super) end: Option<Finished>,
    /// The last iteration.
    pub(super) iteration: u64,
    pub(super) models: Vec<(&'static str, TrainedModel)>,
    run: PathBuf,
}

impl Record {
    /// Reads it; the rows are left to be read when they are compared.
    pub(crate) fn read(run: &Path) -> Result<Self> {
        let metrics = run.join(METRICS);
        let first = Lines::open(&metrics)?.next().transpose()?;
        let first = first.map(|line| read::event(&line.bytes)).transpose()?;
        let Some(Some(Event::Start(start))) = first else {
            bail!(
                "{} does not begin with a start that is understood",
                metrics.display()
            );
        };
        let forked = start.fork.as_deref();
        let (mut end, mut iteration) = (None, forked.map_or(0, |fork| fork.iteration));
        for row in Rows::open(&metrics, 0)? {
            let object = row?.object;
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
        Ok(Record {
            start,
            rows: Rows::open(&metrics, 0)?,
            edits: edits(&run.join(EDITS), 0)?,
            end: end
                .transpose()
                .context("the end of the run is not understood")?,
            iteration,
            models: models(run)?,
            run: run.to_owned(),
        })
    }

    /// The part of it between a base and an iteration.
    pub(super) fn between(self, base: &Base, iteration: u64) -> Result<Self> {
        let mut edits = edits(&self.run.join(EDITS), base.kept.edits)?;
        edits.retain(|(at, _)| *at <= iteration);
        Ok(Record {
            rows: Rows::open(&self.run.join(METRICS), base.kept.metrics)?,
            edits,
            end: None,
            iteration,
            ..self
        })
    }
}

/// Before the first validation there may be none.
fn models(run: &Path) -> Result<Vec<(&'static str, TrainedModel)>> {
    let mut models = Vec::new();
    for name in ["best", "last"] {
        let path = run.join(name).with_extension("safetensors");
        if path.exists() {
            models.push((name, TrainedModel::load(&path)?));
        }
    }
    Ok(models)
}

/// The edited sessions of `edits.jsonl` from a byte of it on.
fn edits(path: &Path, from: u64) -> Result<Vec<(u64, Arc<Session>)>> {
    let mut edits = Vec::new();
    for line in Lines::open(path)? {
        let line = line?;
        if line.start < from {
            continue;
        }
        let object: Value = serde_json::from_slice(&line.bytes).with_context(|| line.place())?;
        if object["event"] != "session" {
            continue;
        }
        let (iteration, text) = object["iteration"]
            .as_u64()
            .zip(object["session"].as_str())
            .with_context(|| format!("{} has no session", line.place()))?;
        let session = session::parse(text, path);
        let session = session.map_err(|rejection| anyhow!("{}: {rejection}", line.place()))?;
        edits.push((iteration, Arc::new(session)));
    }
    Ok(edits)
}

/// One object that the trainer has told, without its time.
pub(super) struct Row {
    pub(super) object: Value,
    /// File and line.
    pub(super) place: String,
    /// Training time, seconds.
    pub(super) seconds: Option<f64>,
}

impl Row {
    /// An event of a trainer as a row; None for what comes from outside.
    pub(super) fn of(event: &Event) -> Option<Value> {
        let (object, _) = serde_json::to_value(event).ok().and_then(told)?;
        Some(object)
    }
}

/// The row, if it is one that training alone decides, and apart from it its time.
fn told(mut object: Value) -> Option<(Value, Option<f64>)> {
    const TOLD: [&str; 8] = [
        "iteration",
        "matching",
        "validation",
        "resample",
        "rate",
        "rollback",
        "edit",
        "finished",
    ];
    if !TOLD.contains(&object["event"].as_str()?) {
        return None;
    }
    let seconds = object.as_object_mut()?.remove("seconds");
    Some((object, seconds.and_then(|seconds| seconds.as_f64())))
}

/// The rows of `metrics.jsonl`.
pub(super) struct Rows(Peekable<Told>);

/// Their lines, from a byte of the file on.
struct Told(Lines, u64);

impl Rows {
    fn open(path: &Path, from: u64) -> Result<Self> {
        Ok(Rows(Told(Lines::open(path)?, from).peekable()))
    }

    /// The next row, which stays the next.
    pub(super) fn peek(&mut self) -> Result<Option<&Row>> {
        match self.0.next_if(Result::is_err) {
            Some(error) => error.map(|_| None),
            None => Ok(self.0.peek().and_then(|row| row.as_ref().ok())),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl Iterator for Told {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.0.next()? {
                Ok(line) if line.start < self.1 => continue,
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let place = line.place();
            match serde_json::from_slice(&line.bytes).with_context(|| place.clone()) {
                Err(error) => return Some(Err(error)),
                Ok(object) => {
                    if let Some((object, seconds)) = told(object) {
                        return Some(Ok(Row {
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
struct Lines {
    reader: BufReader<File>,
    path: PathBuf,
    number: usize,
    at: u64,
}

struct Line {
    bytes: Vec<u8>,
    /// The byte of the file that it begins at.
    start: u64,
    path: PathBuf,
    number: usize,
}

impl Line {
    fn place(&self) -> String {
        format!("{}, line {}", self.path.display(), self.number)
    }
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = file::open(path).map_err(naming("read", path))?;
        Ok(Lines {
            reader: BufReader::new(file),
            path: path.to_owned(),
            number: 0,
            at: 0,
        })
    }

    fn read(&mut self) -> Result<Option<Line>> {
        let mut bytes = Vec::new();
        let read = (&mut self.reader)
            .take(LONGEST)
            .read_until(b'\n', &mut bytes);
        let read = read.map_err(naming("read", &self.path))?;
        self.number += 1;
        let line = Line {
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

impl Iterator for Lines {
    type Item = Result<Line>;

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
        let row = |seconds, m| Row::of(&synthetic::matching(3, seconds, m)).unwrap();
        assert_eq!(row(1.0, 0.5), row(2.0, 0.5));
        assert_ne!(row(1.0, 0.5), row(1.0, 0.1 + 0.4 + f64::EPSILON));
        assert_eq!(row(1.0, 0.5)["M"], 0.5);
        assert_eq!(Row::of(&Event::Accepted { iteration: 3 }), None);
    }
}
