//! What is known of a run: a fold over its events, in bounded memory.

use std::path::PathBuf;
use std::time::SystemTime;

use super::curve::Curve;
use super::status::RunStatus;
use crate::dashboard::phase;
use crate::event::{Event, Figures, Reason};
use crate::run::settings::{self, RunSettings};
use crate::verdict::{Evidence, Verdict};

/// What the record of a run has told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunRow {
    /// The name of its directory.
    pub name: String,
    /// Its directory.
    pub path: PathBuf,
    /// The sentence on what is wrong with its record, if something is.
    pub fault: Option<String>,
    /// The last iteration.
    pub iteration: u64,
    /// Training time, seconds.
    pub seconds: f64,
    /// The validation with the least C.
    pub best: Option<BestC>,
    /// Its settings.
    pub settings: RunSettings,
    /// Its curves.
    pub curves: RunCurves,
    evidence: Evidence,
    reading: Reading,
    entropy: Option<f64>,
    finished: Option<Reason>,
    paused: bool,
    /// Training time of an iteration, seconds.
    pace: f64,
    written: Option<SystemTime>,
    /// Seconds since a line was last appended.
    silence: f64,
}

/// The least C of the validations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestC {
    /// C, nats.
    pub c: f64,
    /// C - H, nats, where H is known.
    pub divergence: Option<f64>,
}

/// The curves of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunCurves {
    /// C of the validations, nats.
    pub c: Curve,
    /// C - H of the validations, nats.
    pub divergence: Curve,
    /// The loss of the validations.
    pub loss: Curve,
    /// C of the training batches, nats.
    pub training_c: Curve,
}

/// How far a record was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    /// Nothing of it was told.
    #[default]
    Nothing,
    /// There are events, but no start that is understood.
    Headless,
    /// It has begun.
    Begun,
    /// All of it was read, and there was no start.
    ReadWithoutStart {
        /// Whether there was no line at all.
        empty: bool,
    },
    /// All of it was read.
    Read,
    /// It is gone.
    Gone,
}

impl RunRow {
    /// A run of which nothing was read.
    pub fn new(path: PathBuf) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        RunRow {
            name: name.to_string_lossy().into_owned(),
            path,
            ..RunRow::default()
        }
    }

    /// Forgets what its record has told.
    pub fn forget(&mut self) {
        *self = RunRow::new(std::mem::take(&mut self.path));
    }

    /// Takes up an event; true if a setting may have changed.
    pub fn apply(&mut self, event: &Event) -> bool {
        self.reading = match (self.reading, event) {
            (Reading::Read, _) => Reading::Read,
            (_, Event::Start(_)) | (Reading::Begun, _) => Reading::Begun,
            _ => Reading::Headless,
        };
        self.evidence.apply(event);
        match event {
            Event::Start(start) => {
                self.entropy = start.entropy;
                self.iteration = start.fork.as_ref().map_or(0, |fork| fork.iteration);
            }
            Event::Iteration {
                iteration,
                seconds,
                losses,
                ..
            } => {
                self.go_on(*iteration, *seconds);
                let curve = &mut self.curves.training_c;
                curve.push(*iteration, *seconds, losses.c);
            }
            Event::Matching {
                iteration, seconds, ..
            } => self.go_on(*iteration, *seconds),
            Event::Validation {
                iteration,
                seconds,
                figures,
                doubt,
                ..
            } => self.validate(*iteration, *seconds, figures, doubt.is_none()),
            Event::Paused { paused, .. } => self.paused = *paused,
            Event::Finished(finished) => {
                self.finished = Some(finished.reason);
                (self.iteration, self.seconds) = (finished.iteration, finished.seconds);
            }
            Event::Warning { message } if self.reading == Reading::Headless => {
                self.fault = Some(message.clone());
            }
            _ => {}
        }
        settings::apply(&mut self.settings, event)
    }

    fn go_on(&mut self, iteration: u64, seconds: f64) {
        let rows = iteration.saturating_sub(self.iteration);
        if rows > 0 {
            self.pace = (seconds - self.seconds).max(0.0) / rows as f64;
        }
        (self.iteration, self.seconds) = (iteration, seconds);
    }

    fn validate(&mut self, iteration: u64, seconds: f64, figures: &Figures, confirmed: bool) {
        let c = figures.losses.c;
        let floor = self.entropy.map(|entropy| c - entropy);
        let divergence = figures.divergence.or(floor);
        let RunCurves {
            c: curve,
            divergence: above,
            loss,
            ..
        } = &mut self.curves;
        curve.push(iteration, seconds, c);
        loss.push(iteration, seconds, figures.losses.loss);
        if let Some(divergence) = divergence {
            above.push(iteration, seconds, divergence);
        }
        let better = self.best.is_none_or(|best| c < best.c);
        if confirmed && c.is_finite() && better {
            self.best = Some(BestC { c, divergence });
        }
    }

    /// All of the record was read; `written` is when a line was last appended.
    pub fn set_read(&mut self, written: SystemTime) {
        self.written = Some(written);
        self.reading = match self.reading {
            Reading::Nothing | Reading::Gone | Reading::ReadWithoutStart { empty: true } => {
                Reading::ReadWithoutStart { empty: true }
            }
            Reading::Headless | Reading::ReadWithoutStart { empty: false } => {
                let told = "its record does not begin with a start that is understood";
                self.fault.get_or_insert_with(|| told.into());
                Reading::ReadWithoutStart { empty: false }
            }
            Reading::Begun | Reading::Read => Reading::Read,
        };
    }

    /// The record can't be read, or not all of it.
    pub fn set_fault(&mut self, fault: String) {
        self.fault = Some(fault);
        if matches!(self.reading, Reading::Nothing | Reading::Gone) {
            self.reading = Reading::ReadWithoutStart { empty: false };
        }
    }

    /// The record is not there any more.
    pub fn set_gone(&mut self) {
        self.reading = Reading::Gone;
        self.fault = Some("its directory is not there any more".into());
    }

    /// Sets the time; true if it is seen.
    pub fn advance(&mut self, now: SystemTime) -> bool {
        let before = self.status();
        // A clock that is behind that of the disk has just heard of it.
        let silence = self
            .written
            .and_then(|written| now.duration_since(written).ok());
        self.silence = silence.map_or(0.0, |silence| silence.as_secs_f64());
        self.status().word() != before.word()
    }

    /// What the run is doing.
    pub fn status(&self) -> RunStatus {
        match (self.reading, self.finished) {
            (Reading::Gone, _) => RunStatus::Gone,
            (Reading::ReadWithoutStart { empty: true }, _) => RunStatus::Empty,
            (Reading::ReadWithoutStart { empty: false }, _) => RunStatus::Damaged,
            (_, Some(reason)) => RunStatus::Ended(reason),
            (Reading::Nothing | Reading::Headless | Reading::Begun, None) => RunStatus::Reading,
            (Reading::Read, None) if self.paused => RunStatus::Paused,
            (Reading::Read, None) if phase::is_silent(self.silence, self.pace) => {
                RunStatus::Silent(self.silence)
            }
            (Reading::Read, None) => RunStatus::Running,
        }
    }

    /// How training goes; None for a run that has not begun.
    pub fn verdict(&self) -> Option<Verdict> {
        let begun = !self.settings.is_empty();
        begun.then(|| self.evidence.assessment().verdict)
    }

    /// The reason of the verdict and what to do next, or what is wrong with the record.
    pub fn reason(&self) -> String {
        match &self.fault {
            Some(fault) => fault.clone(),
            None => self.evidence.assessment().reason(),
        }
    }
}
