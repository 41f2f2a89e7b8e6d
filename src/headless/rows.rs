//! The aligned rows of a run, a fold over its events. A row is held back until the next event: if that is the validation of the same
//! iteration, both are in one row. The head comes before the first row, and again where a start by matching is over: its iterations
//! have M in the column of the loss.

use std::path::PathBuf;

use super::columns::{self, Column, Entropy, ITERATION_WIDTH, MinimisedLoss};
use super::number::{DIGITS, format_number};
use super::pace::RowPace;
use super::remark::{excerpt, remark};
use crate::event::{Event, Figures, Losses, Start};
use crate::run::{Matched, line};
use crate::session::Initial;
use crate::verdict::Assessment;

/// What is printed of a run in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Rows, and all that happens.
    Rows,
    /// No rows; warnings, refused session files, rollbacks and the lines of the end.
    Quiet,
}

/// The look of the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowOptions {
    /// How often there is a row.
    pub pace: RowPace,
    /// Columns of a terminal that a line may take.
    pub width: usize,
    /// Whether there are rows.
    pub verbosity: Verbosity,
}

/// The rows of a run, with what the next one depends on.
#[derive(Debug)]
pub(super) struct TextRows {
    options: RowOptions,
    columns: Vec<Column>,
    /// The loss that the last head names; None before the first.
    headed: Option<MinimisedLoss>,
    /// The loss that the run begins with.
    first: MinimisedLoss,
    matched: Option<Matched>,
    /// The row that is held back.
    waiting: Option<TextRow>,
    /// Training time of the last row, seconds; None before the first.
    printed: Option<f64>,
    /// Iteration of the last event that has one.
    iteration: u64,
    run: Option<PathBuf>,
}

/// The figures of a row; None where it has none.
#[derive(Debug, Default)]
pub(super) struct TextRow {
    pub(super) iteration: u64,
    pub(super) seconds: f64,
    pub(super) lr: Option<f64>,
    pub(super) m: Option<f64>,
    pub(super) training: Option<Losses>,
    pub(super) validation: Option<Losses>,
    pub(super) divergence: Option<f64>,
    pub(super) divergence_se: Option<f64>,
}

impl TextRows {
    /// The rows of a run before its first event.
    pub(super) fn new(options: RowOptions) -> Self {
        TextRows {
            options,
            columns: columns::fitting(options.width, Entropy::Known),
            headed: None,
            first: MinimisedLoss::Flow,
            matched: None,
            waiting: None,
            printed: None,
            iteration: 0,
            run: None,
        }
    }

    /// The text that an event adds: whole lines, or nothing.
    pub(super) fn text_of(&mut self, event: &Event) -> String {
        let row = TextRow::of(event);
        let mut text = match (&row, event) {
            (Some(row), _) if self.waits_for(row.iteration) => String::new(),
            (_, Event::Finished(_)) => self.print_waiting(),
            // Of these nothing is said, so the validation of the iteration may still come.
            (_, Event::Resample { .. } | Event::Checkpoint { .. }) => String::new(),
            _ => self.print_waiting_if_due(),
        };
        let before = self.matched;
        if let (true, Some(start)) = (Matched::take(&mut self.matched, event), before) {
            text += &self.print_waiting();
            let m = format_number(start.m, DIGITS);
            let words = format!("M {m} after {:.1} s; the loss from here on", start.seconds);
            text += &self.remark_unless_quiet(&line::entry("matched", &words));
        }
        self.iteration = line::iteration(event).unwrap_or(self.iteration);
        let Some(row) = row else {
            return text + &self.remarks_on(event);
        };
        let complete = row.validation.is_some();
        self.waiting = Some(match self.waiting.take() {
            Some(waiting) if waiting.iteration == row.iteration => row.merged_over(waiting),
            _ => row,
        });
        if complete {
            text += &self.print_waiting_if_due();
        }
        text
    }

    /// The text of a verdict that is another one than before.
    pub(super) fn verdict(&self, assessment: &Assessment) -> String {
        let words = format!("{}: {}", assessment.verdict, assessment.reason());
        self.remark_unless_quiet(&line::entry("verdict", &words))
    }

    /// The text of the effect of an edit, once it is known.
    pub(super) fn effect(&self, words: &str) -> String {
        self.remark_unless_quiet(&line::entry("effect", words))
    }

    fn waits_for(&self, iteration: u64) -> bool {
        self.waiting
            .as_ref()
            .is_some_and(|row| row.iteration == iteration)
    }

    /// The text of the waiting row if it is due; else it goes on waiting.
    fn print_waiting_if_due(&mut self) -> String {
        if self.waiting.as_ref().is_some_and(|row| self.is_due(row)) {
            self.print_waiting()
        } else {
            String::new()
        }
    }

    /// The text of the waiting row, below a head where it needs one; empty without one.
    fn print_waiting(&mut self) -> String {
        let Some(row) = self.waiting.take() else {
            return String::new();
        };
        self.printed = Some(row.seconds);
        if self.options.verbosity == Verbosity::Quiet {
            return String::new();
        }
        let minimised = match (row.m, row.training) {
            (Some(_), _) => MinimisedLoss::Matching,
            (None, Some(_)) => MinimisedLoss::Flow,
            (None, None) => self.headed.unwrap_or(self.first),
        };
        let mut text = String::new();
        let another = self.names_loss() && self.headed != Some(minimised);
        if another || self.headed.is_none() {
            self.headed = Some(minimised);
            text += &columns::head(&self.columns, minimised);
        }
        text + &columns::line(&self.columns, &row)
    }

    /// Whether there is room for the column of the loss that is minimised.
    fn names_loss(&self) -> bool {
        self.columns.contains(&Column::Loss)
    }

    fn is_due(&self, row: &TextRow) -> bool {
        let since = |printed: f64| row.seconds - printed;
        row.validation.is_some()
            || self.printed.is_none_or(|printed| match self.options.pace {
                RowPace::Iterations(every) => row.iteration.is_multiple_of(every.max(1)),
                RowPace::Seconds(pause) => since(printed) >= pause,
            })
    }

    /// The lines behind `#` about an event.
    fn remarks_on(&mut self, event: &Event) -> String {
        let words = line::words(event);
        let mut text = match (event, words) {
            (_, None) => String::new(),
            (Event::Rejected(_), Some(words)) => {
                excerpt(&words, self.iteration, ITERATION_WIDTH, self.options.width)
            }
            (Event::Warning { .. } | Event::Rollback { .. } | Event::Finished(_), Some(words)) => {
                self.remark(&words)
            }
            (_, Some(words)) => self.remark_unless_quiet(&words),
        };
        if let Event::Start(start) = event {
            text += &self.begin(start);
        }
        if let (Event::Finished(_), Some(run)) = (event, &self.run) {
            text += &self.remark(&line::entry("run", &run.display().to_string()));
        }
        text
    }

    /// Takes up what the rows of a run depend on, and explains M where the run has it.
    fn begin(&mut self, start: &Start) -> String {
        self.run.clone_from(&start.run);
        let entropy = match start.entropy {
            Some(_) => Entropy::Known,
            None => Entropy::Unknown,
        };
        self.columns = columns::fitting(self.options.width, entropy);
        if !matches!(start.session.start, Initial::Matching { .. }) {
            return String::new();
        }
        self.first = MinimisedLoss::Matching;
        if !self.names_loss() {
            return String::new();
        }
        let words = "M: mean squared distance between the velocity of the flow and the straight way of a pair; \
            after the start its column has the loss";
        self.remark_unless_quiet(&line::entry("matching", words))
    }

    /// Lines of words behind `#`, with the iteration in its column.
    fn remark(&self, words: &str) -> String {
        remark(words, self.iteration, ITERATION_WIDTH, self.options.width)
    }

    /// The same, or nothing.
    fn remark_unless_quiet(&self, words: &str) -> String {
        match self.options.verbosity {
            Verbosity::Rows => self.remark(words),
            Verbosity::Quiet => String::new(),
        }
    }
}

impl TextRow {
    /// The figures that an iteration or a validation has of its row.
    fn of(event: &Event) -> Option<Self> {
        match *event {
            Event::Iteration {
                iteration,
                seconds,
                lr,
                losses,
                ..
            } => Some(TextRow {
                iteration,
                seconds,
                lr: Some(lr),
                training: Some(losses),
                ..TextRow::default()
            }),
            Event::Matching {
                iteration,
                seconds,
                lr,
                m,
                ..
            } => Some(TextRow {
                iteration,
                seconds,
                lr: Some(lr),
                m: Some(m),
                ..TextRow::default()
            }),
            Event::Validation {
                iteration,
                seconds,
                figures:
                    Figures {
                        losses,
                        divergence,
                        divergence_se,
                        ..
                    },
                ..
            } => {
                let validation = Some(losses);
                Some(TextRow {
                    iteration,
                    seconds,
                    validation,
                    divergence,
                    divergence_se,
                    ..TextRow::default()
                })
            }
            _ => None,
        }
    }

    /// This row, with the figures of an earlier one of the same iteration where it has none.
    fn merged_over(self, earlier: TextRow) -> Self {
        TextRow {
            seconds: earlier.seconds,
            lr: self.lr.or(earlier.lr),
            m: self.m.or(earlier.m),
            training: self.training.or(earlier.training),
            ..self
        }
    }
}
