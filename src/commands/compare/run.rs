//! A run in a comparison: its settings and the figures of its best validation, a fold over its events.

use std::cmp::Ordering;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use serde::Serialize;

use crate::cli::RunOrder;
use crate::event::{Best, Event, Reason, SCHEMA};
use crate::plot::CurvePoint;
use crate::run::Matched;
use crate::run::read::{History, fault};
use crate::run::settings::{self, RunSettings};
use crate::say;
use crate::session::Applies;

/// A run in a comparison; the names of the fields are those of the JSON list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct ComparedRun {
    pub(super) schema: u32,
    pub(super) run: String,
    /// Reason of the end; None for a run that has not ended, or was killed.
    pub(super) reason: Option<Reason>,
    pub(super) iterations: u64,
    pub(super) seconds: f64,
    /// Best validation; None where there was none.
    pub(super) best: Option<Best>,
    /// Result of the start by matching; None without one.
    pub(super) matching: Option<Matched>,
    pub(super) edits: u64,
    /// Settings at the start and at the end, by field.
    pub(super) settings: RunSettings,
    /// Validations whose parameters were kept.
    #[serde(skip)]
    pub(super) points: Vec<CurvePoint>,
    /// Entropy H of the data, nats, where it is known.
    #[serde(skip)]
    pub(super) entropy: Option<f64>,
}

impl ComparedRun {
    /// Reads a run directory.
    ///
    /// # Errors
    /// When it is none, can't be read, or its metrics do not begin with a start.
    pub(super) fn read(run: &Path) -> Result<Self> {
        let mut told = ComparedRun {
            schema: SCHEMA,
            run: run.display().to_string(),
            ..ComparedRun::default()
        };
        read_events(run, |event| told.add(event))?;
        Ok(told)
    }

    /// Adds an event.
    pub(super) fn add(&mut self, event: &Event) {
        Matched::take(&mut self.matching, event);
        settings::apply(&mut self.settings, event);
        match event {
            Event::Start(start) => {
                self.iterations = start.fork.as_ref().map_or(0, |fork| fork.iteration);
                self.entropy = start.entropy;
            }
            Event::Edit { applies, .. } if *applies != Applies::Restart => self.edits += 1,
            Event::Iteration {
                iteration, seconds, ..
            }
            | Event::Matching {
                iteration, seconds, ..
            } => (self.iterations, self.seconds) = (*iteration, *seconds),
            Event::Validation {
                iteration,
                seconds,
                figures,
                best: true,
                ..
            } => {
                self.points.push(CurvePoint {
                    seconds: *seconds,
                    c: figures.losses.c,
                });
                self.best = Some(Best {
                    iteration: *iteration,
                    figures: *figures,
                });
            }
            Event::Finished(finished) => {
                self.reason = Some(finished.reason);
                self.iterations = finished.iteration;
                self.seconds = finished.seconds;
                self.best = finished.best;
            }
            _ => {}
        }
    }

    /// Compares two runs by a figure, runs without it last, then by name.
    pub(super) fn compare(&self, other: &Self, by: RunOrder) -> Ordering {
        let key = |run: &ComparedRun| run.figure(by).unwrap_or(f64::INFINITY);
        let figures = key(self).total_cmp(&key(other));
        figures.then_with(|| self.run.cmp(&other.run))
    }

    /// A figure of the run; None where it has none, and for the name.
    pub(super) fn figure(&self, which: RunOrder) -> Option<f64> {
        let best = self.best.as_ref();
        let losses = best.map(|best| best.figures.losses);
        let value = match which {
            RunOrder::C => losses?.c,
            RunOrder::L => losses?.l,
            RunOrder::R => losses?.r,
            RunOrder::Loss => losses?.loss,
            RunOrder::Divergence => best?.figures.divergence?,
            RunOrder::Iterations => self.iterations as f64,
            RunOrder::Seconds => self.seconds,
            RunOrder::Name => return None,
        };
        (!value.is_nan()).then_some(value)
    }

    /// The reason of the end as a word, or `-`.
    pub(super) fn end_word(&self) -> String {
        let word = self
            .reason
            .and_then(|reason| serde_json::to_value(reason).ok());
        let word = word.and_then(|word| word.as_str().map(str::to_owned));
        word.unwrap_or("-".into())
    }
}

/// Hands the events of a run directory to `add`, in order.
///
/// # Errors
/// When it is none, can't be read, or its metrics do not begin with a start.
pub(super) fn read_events(run: &Path, mut add: impl FnMut(&Event)) -> Result<()> {
    fault(run).map_or(Ok(()), |fault| Err(anyhow!(fault)))?;
    let mut history = History::overview(run);
    let (mut more, mut started) = (true, false);
    while more {
        let mut events = Vec::new();
        more = history.read(&mut events)?;
        for event in &events {
            started |= matches!(event, Event::Start(_));
            add(event);
        }
    }
    if let Some(complaint) = history.complaint() {
        say::warn(&complaint);
    }
    if !started {
        bail!(
            "{} does not begin with a start that is understood",
            history.path().display()
        );
    }
    Ok(())
}
