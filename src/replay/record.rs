//! What a run directory records of its training: the start, the rows, the edited sessions, the end, the parameters.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use crate::event::{Event, Finished, Start};
use crate::file::{self, naming};
use crate::follow;
use crate::model::Model;
use crate::session::{self, Session};

/// Bytes of the longest line.
const LONGEST: u64 = 1 << 22;

/// A run as it was recorded.
pub(super) struct Record {
    pub(super) start: Start,
    /// What the trainer told, from its first iteration on.
    pub(super) rows: Rows,
    /// Whole sessions, each with the last iteration done before it.
    pub(super) edits: Vec<(u64, Arc<Session>)>,
    /// None for a run that was killed.
    pub(super) end: Option<Finished>,
    /// The last iteration.
    pub(super) iteration: u64,
    pub(super) models: Vec<(&'static str, Model)>,
}

impl Record {
    /// Reads it; the rows are left to be read when they are compared.
    pub(super) fn read(run: &Path) -> Result<Self> {
        let metrics = run.join("metrics.jsonl");
        let first = Lines::open(&metrics)?.next().transpose()?;
        let first = first.map(|line| follow::event(&line.bytes)).transpose()?;
        let Some(Some(Event::Start(start))) = first else {
            bail!(
                "{} does not begin with a start that is understood",
                metrics.display()
            );
        };
        let (mut end, mut iteration) = (None, 0);
        for row in Rows::open(&metrics)? {
            let object = row?.object;
            match object["event"].as_str() {
                Some("iteration") => iteration = object["iteration"].as_u64().unwrap_or(0),
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
            rows: Rows::open(&metrics)?,
            edits: edits(&run.join("edits.jsonl"))?,
            end: end
                .transpose()
                .context("the end of the run is not understood")?,
            iteration,
            models: models(run)?,
        })
    }
}

/// Before the first validation there may be none.
fn models(run: &Path) -> Result<Vec<(&'static str, Model)>> {
    let mut models = Vec::new();
    for name in ["best", "last"] {
        let path = run.join(name).with_extension("safetensors");
        if path.exists() {
            models.push((name, Model::load(&path)?));
        }
    }
    Ok(models)
}

/// The edited sessions of `edits.jsonl`.
fn edits(path: &Path) -> Result<Vec<(u64, Arc<Session>)>> {
    let mut edits = Vec::new();
    for line in Lines::open(path)? {
        let line = line?;
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
}

impl Row {
    /// An event of a trainer as a row; None for what comes from outside.
    pub(super) fn of(event: &Event) -> Option<Value> {
        serde_json::to_value(event).ok().and_then(told)
    }
}

/// The row, if it is one that training alone decides.
fn told(mut object: Value) -> Option<Value> {
    const TOLD: [&str; 7] = [
        "iteration",
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
    object.as_object_mut()?.remove("seconds");
    Some(object)
}

/// The rows of `metrics.jsonl`.
pub(super) struct Rows(Peekable<Told>);

/// Their lines.
struct Told(Lines);

impl Rows {
    fn open(path: &Path) -> Result<Self> {
        Ok(Rows(Told(Lines::open(path)?).peekable()))
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
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let place = line.place();
            match serde_json::from_slice(&line.bytes).with_context(|| place.clone()) {
                Err(error) => return Some(Err(error)),
                Ok(object) => {
                    if let Some(object) = told(object) {
                        return Some(Ok(Row { object, place }));
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
}

struct Line {
    bytes: Vec<u8>,
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
            bytes,
        };
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
