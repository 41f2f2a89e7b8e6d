//! The writer of the run directory: a thread of its own that appends events until the trainer is gone. A disk that fails
//! ends neither training nor this thread: it is told once a file, tried again, and told at the end if it stays so.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use jiff::ZonedDateTime;

use super::RunDirectory;
use super::line;
use super::lines::Lines;
use super::summary::Summary;
use crate::checkpoint::{self, Checkpoint};
use crate::edit_effect::KnownEffects;
use crate::event::Event;
use crate::feed::RunEntry;
use crate::file;
use crate::model::{self, TrainedModel};
use crate::run::export::tensorboard;
use crate::run::read::History;
use crate::session::Applies;

/// No line waits longer for the disk.
const FLUSH: Duration = Duration::from_secs(1);

/// Columns of time and iteration in `log.txt`.
const MARGIN: usize = 30;

/// A thread that writes a run directory.
#[derive(Debug)]
pub struct Recording {
    thread: JoinHandle<Writer>,
}

/// A run directory after the end of its run.
#[derive(Debug)]
pub struct ClosedDirectory {
    /// The summary.
    pub summary: Summary,
    /// An error says what is still missing on the disk after a last attempt.
    pub result: io::Result<()>,
}

/// Starts to write `directory`. `tell` gets a checkpoint for every model written and a warning for what can't be written,
/// once a file, with what and where; the warnings are recorded too.
pub fn record(
    directory: &RunDirectory,
    records: Receiver<RunEntry>,
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
    /// Waits until the trainer is gone and everything is written.
    pub fn finish(self) -> ClosedDirectory {
        let Ok(mut writer) = self.thread.join() else {
            let error = io::Error::other("the writer of the run directory panicked");
            return ClosedDirectory {
                summary: Summary::default(),
                result: Err(error),
            };
        };
        let result = writer.close();
        ClosedDirectory {
            summary: writer.summary,
            result,
        }
    }
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
    effects: KnownEffects,
    directory: RunDirectory,
    /// The line that is being made.
    json: Vec<u8>,
    /// The latest of each name.
    models: BTreeMap<&'static str, HeldModel>,
    /// A checkpoint could not be written, which was told.
    behind: bool,
}

/// Parameters, which may have to be written again.
#[derive(Debug)]
struct HeldModel {
    model: Box<TrainedModel>,
    saved: bool,
    /// The time of the last attempt, if it has failed.
    failed: Option<Instant>,
}

impl Writer {
    fn new(directory: RunDirectory) -> Self {
        let lengths = &directory.lengths;
        let lines = |name, length| Lines::new(directory.path().join(name), length);
        let (metrics, edits) = ("metrics.jsonl", "edits.jsonl");
        let mut writer = Writer {
            tensorboard: None,
            metrics: lines(metrics, lengths.metrics),
            edits: lines(edits, lengths.edits),
            log: lines("log.txt", lengths.log),
            summary: Summary::default(),
            effects: KnownEffects::default(),
            json: Vec::new(),
            models: BTreeMap::new(),
            behind: false,
            directory,
        };
        writer.tensorboard = writer.curves();
        writer.remember();
        writer
    }

    /// The event file for TensorBoard; a new one begins with its head.
    fn curves(&self) -> Option<Lines> {
        if let Some((path, length)) = &self.directory.lengths.tensorboard {
            return Some(Lines::new(path.clone(), *length));
        }
        let mut records = Lines::new(self.directory.tensorboard.clone()?, 0);
        records.push(&tensorboard::head(wall()));
        Some(records)
    }

    /// Takes up what a run that goes on has in its files.
    fn remember(&mut self) {
        let Some(note) = self.directory.resumed.clone() else {
            return;
        };
        let path = self.directory.path();
        // The curves are written anew.
        let new = self.directory.tensorboard.is_some();
        let mut history = match new {
            true => History::new(path),
            false => History::overview(path),
        };
        let mut more = true;
        while more {
            let mut events = Vec::new();
            // What can't be read now is missing in the summary.
            more = history.read(&mut events).unwrap_or(false);
            for event in events {
                self.summary.apply(&event);
                self.effects.apply(&event);
                if new {
                    self.draw(&event);
                }
            }
        }
        self.say(String::new(), &line::entry("resume", &note));
    }

    fn follow(&mut self, records: &Receiver<RunEntry>, tell: &mut dyn FnMut(Event)) {
        let (mut flushed, mut written) = (Instant::now(), Instant::now());
        loop {
            // While there is other work they wait, so that a slow disk gets the latest of them and not all.
            if records.is_empty() || written.elapsed() >= FLUSH {
                self.write_models(tell);
                written = Instant::now();
            }
            match records.recv_timeout(FLUSH) {
                Ok(RunEntry::Model(name, slot)) => {
                    slot.take()
                        .into_iter()
                        .for_each(|model| self.keep(name, model));
                    continue;
                }
                Ok(RunEntry::Checkpoint(checkpoint)) => {
                    self.checkpoint(&checkpoint, tell);
                    continue;
                }
                Ok(RunEntry::AskedCheckpoint(checkpoint)) => {
                    self.checkpoint(&checkpoint, tell);
                    if !self.behind {
                        let iteration = checkpoint.state.iteration;
                        let path = self.directory.path().join(checkpoint::NAMES[0]);
                        self.take_and_tell(Event::Saved { iteration, path }, tell);
                    }
                    continue;
                }
                Ok(RunEntry::Edited(iteration, session)) => {
                    self.edits
                        .push(line::edited(iteration, &session).as_bytes());
                    continue;
                }
                Ok(RunEntry::Event(event)) => {
                    self.take(&event);
                    if let Event::Finished(_) = event
                        && let Err(error) = self.write_summary()
                    {
                        self.warn(error.to_string(), tell);
                    }
                    if event.routine().is_some() && flushed.elapsed() < FLUSH {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let mut warnings = Vec::new();
            for lines in self.files() {
                lines.flush(&mut |message| warnings.push(message));
            }
            self.warn_all(warnings, tell);
            flushed = Instant::now();
        }
    }

    /// Writes a checkpoint, after the lines that belong to it.
    fn checkpoint(&mut self, checkpoint: &Checkpoint, tell: &mut dyn FnMut(Event)) {
        let mut warnings = Vec::new();
        for lines in self.files() {
            lines.sync(&mut |message| warnings.push(message));
        }
        self.warn_all(warnings, tell);
        let curves = self.tensorboard.as_ref();
        let curves = curves.map(|lines| (lines.path().to_owned(), lines.length()));
        let lengths = checkpoint::Lengths {
            metrics: self.metrics.length(),
            edits: self.edits.length(),
            log: self.log.length(),
            tensorboard: curves.map(|(path, length)| (self.directory.named(&path), length)),
        };
        let saved = checkpoint.save(self.directory.path(), &lengths);
        let told = std::mem::replace(&mut self.behind, saved.is_err());
        if let (Err(error), false) = (saved, told) {
            self.warn(trouble(&error), tell);
        }
    }

    fn warn(&mut self, message: String, tell: &mut dyn FnMut(Event)) {
        self.take_and_tell(Event::Warning { message }, tell);
    }

    /// Tells an event of the writer's own, and takes it as if the trainer had.
    fn take_and_tell(&mut self, event: Event, tell: &mut dyn FnMut(Event)) {
        self.take(&event);
        tell(event);
    }

    fn warn_all(&mut self, messages: Vec<String>, tell: &mut dyn FnMut(Event)) {
        for message in messages {
            self.warn(message, tell);
        }
    }

    fn take(&mut self, event: &Event) {
        let before = self.summary.evidence.assessment().verdict;
        self.summary.apply(event);
        let mut json = std::mem::take(&mut self.json);
        json.clear();
        line::write_json(event, &mut json);
        // When a disk is done differs from run to run; the lines must not.
        if !matches!(event, Event::Checkpoint { .. } | Event::Saved { .. }) {
            self.metrics.push(&json);
        }
        let replayed = match event {
            Event::Edit { applies, .. } => *applies != Applies::Restart,
            Event::Restored { .. } => true,
            _ => false,
        };
        if replayed {
            self.edits.push(&json);
        }
        let iteration = line::iteration(event).map_or(String::new(), |i| i.to_string());
        if let Some(words) = self.effects.apply(event) {
            self.say(iteration.clone(), &line::entry("effect", &words));
        }
        if let Some(words) = line::words(event) {
            self.say(iteration.clone(), &words);
        }
        let assessment = self.summary.evidence.assessment();
        if assessment.verdict != before {
            let words = format!("{}: {}", assessment.verdict, assessment.reason());
            self.say(iteration, &line::entry("verdict", &words));
        }
        self.json = json;
        self.draw(event);
    }

    /// Takes an event for TensorBoard.
    fn draw(&mut self, event: &Event) {
        if let Some(records) = &mut self.tensorboard
            && let Some(record) = tensorboard::record(event, wall())
        {
            records.push(&record);
        }
    }

    /// Takes an entry of the log.
    fn say(&mut self, iteration: String, words: &str) {
        let now = ZonedDateTime::now().strftime("%F %T");
        let words = words.replace('\n', &format!("\n{:MARGIN$}", ""));
        let line = format!("{now} {iteration:>8}  {words}\n");
        self.log.push(line.as_bytes());
    }

    /// Takes a model to be written, in place of the one before.
    fn keep(&mut self, name: &'static str, model: Box<TrainedModel>) {
        let before = self.models.remove(name);
        let kept = HeldModel {
            model,
            saved: false,
            failed: before.and_then(|before| before.failed),
        };
        self.models.insert(name, kept);
    }

    /// Writes the models that wait; one that could not be written waits some more.
    fn write_models(&mut self, tell: &mut dyn FnMut(Event)) {
        let due = |kept: &HeldModel| kept.failed.is_none_or(|failed| failed.elapsed() >= FLUSH);
        let due = self.models.iter().filter(|(_, kept)| due(kept));
        for name in due.map(|(name, _)| *name).collect::<Vec<_>>() {
            let told = self.models[name].failed.is_some();
            match self.save(name) {
                Ok(event) => event.into_iter().for_each(&mut *tell),
                Err(error) if !told => self.warn(trouble(&error), tell),
                Err(_) => {}
            }
        }
    }

    /// Writes a model, if it is not written; it goes on waiting if that fails.
    fn save(&mut self, name: &'static str) -> Result<Option<Event>, model::ModelError> {
        let Some(kept) = self.models.get_mut(name).filter(|kept| !kept.saved) else {
            return Ok(None);
        };
        kept.failed = Some(Instant::now());
        let path = self.directory.save_model(name, &kept.model)?;
        (kept.saved, kept.failed) = (true, None);
        let origin = kept.model.origin.as_ref();
        let iteration = origin.map_or(0, |origin| origin.iteration);
        Ok(Some(Event::Checkpoint { iteration, path }))
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
        let models = self.rescue();
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
    /// A last attempt for every model that is not in the directory; what fails is written where that can be done, for parameters
    /// are hours of work. What went wrong, and where they are.
    fn rescue(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        let run = self.directory.path().to_owned();
        for name in self.models.keys().copied().collect::<Vec<_>>() {
            let there = run.join(name).with_extension("safetensors").is_file();
            if let Some(kept) = self.models.get_mut(name) {
                kept.saved &= there;
            }
            let Err(error) = self.save(name) else {
                continue;
            };
            let stem = run.file_name().unwrap_or_default().to_string_lossy();
            let file = format!("{stem}-{name}.safetensors");
            let model = &self.models[name].model;
            let places = std::env::current_dir()
                .into_iter()
                .chain([std::env::temp_dir()]);
            let mut places = places.map(|place| place.join(&file));
            told.push(match places.find(|path| model.save(path).is_ok()) {
                Some(path) => format!("{error}; the parameters are in {} instead", path.display()),
                None => format!("{error}; the parameters are lost"),
            });
        }
        told
    }
}

/// A failure that a person may mend.
fn trouble(error: &dyn fmt::Display) -> String {
    format!("{error}; training goes on and it is tried again: make room, or the directory writable")
}
