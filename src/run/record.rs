//! The writer of the run directory: a thread of its own that appends events until the trainer is gone. A disk that fails
//! ends neither training nor this thread: it is told once a file, tried again, and told at the end if it stays so.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use jiff::ZonedDateTime;

use super::RunDirectory;
use super::line;
use super::lines::Lines;
use super::summary::{Summary, Verdict};
use crate::event::Event;
use crate::export::tensorboard;
use crate::feed::Record;
use crate::file;
use crate::model::{self, Model};

/// No line waits longer for the disk.
const FLUSH: Duration = Duration::from_secs(1);

/// Columns of time and iteration in `log.txt`.
const MARGIN: usize = 30;

/// A thread that writes a run directory.
#[derive(Debug)]
pub struct Recording {
    thread: JoinHandle<Writer>,
}

/// Starts to write `directory`. `tell` gets a checkpoint for every model written and a warning for what can't be written,
/// once a file, with what and where.
pub fn record(
    directory: &RunDirectory,
    records: Receiver<Record>,
    mut tell: impl FnMut(Event) + Send + 'static,
) -> io::Result<Recording> {
    let mut writer = Writer::new(directory.clone());
    let thread = thread::Builder::new()
        .name("run directory".into())
        .spawn(move || {
            writer.follow(&records, &mut tell);
            writer
        })?;
    Ok(Recording { thread })
}

impl Recording {
    /// Waits until the trainer is gone and everything is written, then adds the gates to the summary, which is given back.
    /// An error says what is still missing on the disk after a last attempt.
    pub fn finish(self, gates: Vec<Verdict>) -> (Summary, io::Result<()>) {
        let Ok(mut writer) = self.thread.join() else {
            let error = io::Error::other("the writer of the run directory panicked");
            return (Summary::default(), Err(error));
        };
        writer.summary.gates = gates;
        let written = writer.close();
        (writer.summary, written)
    }
}

fn warning(message: String) -> Event {
    Event::Warning { message }
}

/// Seconds since 1970.
fn wall() -> f64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    time.map_or(0.0, |time| time.as_secs_f64())
}

#[derive(Debug)]
struct Writer {
    metrics: Lines,
    edits: Lines,
    log: Lines,
    tensorboard: Option<Lines>,
    summary: Summary,
    directory: RunDirectory,
    /// Models that could not be written: the latest of each name, tried again.
    unsaved: BTreeMap<&'static str, Box<Model>>,
}

impl Writer {
    fn new(directory: RunDirectory) -> Self {
        let lines = |name| Lines::new(directory.path().join(name));
        let tensorboard = directory.tensorboard.as_ref().map(|path| {
            let mut records = Lines::new(path.clone());
            records.push(&tensorboard::head(wall()));
            records
        });
        Writer {
            tensorboard,
            metrics: lines("metrics.jsonl"),
            edits: lines("edits.jsonl"),
            log: lines("log.txt"),
            summary: Summary::default(),
            unsaved: BTreeMap::new(),
            directory,
        }
    }

    fn follow(&mut self, records: &Receiver<Record>, tell: &mut dyn FnMut(Event)) {
        let mut flushed = Instant::now();
        loop {
            match records.recv_timeout(FLUSH) {
                Ok(Record::Model(name, model)) => {
                    self.keep(name, model, tell);
                    continue;
                }
                Ok(Record::Event(event)) => {
                    self.take(&event);
                    if let Event::Finished(_) = event
                        && let Err(error) = self.write_summary()
                    {
                        tell(warning(error.to_string()));
                    }
                    let frequent =
                        matches!(event, Event::Iteration { .. } | Event::Resample { .. });
                    if frequent && flushed.elapsed() < FLUSH {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            for lines in self.files() {
                lines.flush(&mut |message| tell(warning(message)));
            }
            flushed = Instant::now();
        }
    }

    fn take(&mut self, event: &Event) {
        self.summary.apply(event);
        let json = line::json(event);
        // When a disk is done differs from run to run; the lines must not.
        if !matches!(event, Event::Checkpoint { .. }) {
            self.metrics.push(json.as_bytes());
        }
        if matches!(event, Event::Edit { applies, .. } if applies != "restart") {
            self.edits.push(json.as_bytes());
        }
        if let Some(words) = line::words(event) {
            let now = ZonedDateTime::now().strftime("%F %T");
            let iteration = line::iteration(event).map_or(String::new(), |i| i.to_string());
            let words = words.replace('\n', &format!("\n{:MARGIN$}", ""));
            let line = format!("{now} {iteration:>8}  {words}\n");
            self.log.push(line.as_bytes());
        }
        if let Some(records) = &mut self.tensorboard
            && let Some(record) = tensorboard::record(event, wall())
        {
            records.push(&record);
        }
    }

    /// Writes a model, or has it wait for a disk that takes it.
    fn keep(&mut self, name: &'static str, model: Box<Model>, tell: &mut dyn FnMut(Event)) {
        let iteration = model.origin.as_ref().map_or(0, |origin| origin.iteration);
        let waited = self.unsaved.insert(name, model).is_some();
        match self.save(name) {
            Ok(path) => tell(Event::Checkpoint { iteration, path }),
            Err(error) if !waited => tell(warning(error.to_string())),
            Err(_) => {}
        }
    }

    /// Writes a model that waits; it goes on waiting if that fails.
    fn save(&mut self, name: &'static str) -> Result<PathBuf, model::Error> {
        let path = self.directory.save_model(name, &self.unsaved[name])?;
        self.unsaved.remove(name);
        Ok(path)
    }

    fn write_summary(&self) -> io::Result<()> {
        let mut json = serde_json::to_vec_pretty(&self.summary)?;
        json.push(b'\n');
        file::replace(&self.directory.path().join("summary.json"), &json)
    }

    fn files(&mut self) -> impl Iterator<Item = &mut Lines> {
        let files = [&mut self.metrics, &mut self.edits, &mut self.log];
        files.into_iter().chain(&mut self.tensorboard)
    }

    fn close(&mut self) -> io::Result<()> {
        let mut results: Vec<_> = self.files().map(Lines::close).collect();
        if self.summary.reason.is_some() {
            results.push(self.write_summary());
        }
        let waiting: Vec<&str> = self.unsaved.keys().copied().collect();
        let models = waiting
            .into_iter()
            .filter_map(|name| self.save(name).err())
            .map(|e| e.to_string());
        let models: Vec<String> = models.collect();
        let lines = results
            .into_iter()
            .filter_map(Result::err)
            .map(|e| e.to_string());
        let errors: Vec<String> = lines.chain(models).collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(io::Error::other(errors.join("; ")))
        }
    }
}
