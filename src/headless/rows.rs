//! The aligned rows of a run, a fold over its events. A row is held back until the next event: if that is the validation of the same
//! iteration, both are in one row. A run that starts by matching has a column for M; its first iterations have M and no training losses.

use std::path::PathBuf;

use super::number::{DIGITS, WIDTH, format_number, format_setting};
use crate::event::{Event, Figures, Losses};
use crate::run::{Matched, line};
use crate::session::Initial;

/// Training time without a row after which the next iteration gets one, seconds.
const LONGEST_PAUSE: f64 = 10.0;

/// Digits of a standard error.
const ERROR_DIGITS: usize = 2;

/// Index of the column of M, which runs without a start by matching do not have.
const MATCHING: usize = 3;

const HEADINGS: [&str; 14] = [
    "iteration",
    "seconds",
    "lr",
    "M",
    "loss",
    "L",
    "C",
    "R",
    "val loss",
    "val L",
    "val C",
    "val R",
    "C - H",
    "\u{b1} se",
];

/// The rows of a run, with what the next one depends on.
#[derive(Debug, Default)]
pub(super) struct TextRows {
    /// Iterations between rows; None for rows at validations only.
    every: Option<u64>,
    /// Whether there is a column of M: the run starts by matching.
    starts: bool,
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
struct TextRow {
    iteration: u64,
    seconds: f64,
    lr: Option<f64>,
    m: Option<f64>,
    training: Option<Losses>,
    validation: Option<Losses>,
    divergence: Option<f64>,
    divergence_se: Option<f64>,
}

impl TextRows {
    /// The rows of a run before its first event, with `every` iterations between rows; None for rows at validations only.
    pub(super) fn new(every: Option<u64>) -> Self {
        TextRows {
            every,
            ..TextRows::default()
        }
    }

    /// The text that an event adds: whole lines, or nothing.
    pub(super) fn text_of(&mut self, event: &Event) -> String {
        let row = TextRow::of(event);
        let mut text = match (&row, event) {
            (Some(row), _) if self.waits_for(row.iteration) => String::new(),
            (_, Event::Finished(_)) => self.print_waiting(),
            _ => self.print_waiting_if_due(),
        };
        let before = self.matched;
        if let (true, Some(start)) = (Matched::take(&mut self.matched, event), before) {
            text += &self.print_waiting();
            let m = format_number(start.m, DIGITS);
            let words = format!("M {m} after {:.1} s; the loss from here on", start.seconds);
            text += &self.remark(&line::entry("matched", &words));
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

    /// The text of the waiting row; empty without one.
    fn print_waiting(&mut self) -> String {
        let Some(row) = self.waiting.take() else {
            return String::new();
        };
        self.printed = Some(row.seconds);
        self.aligned(row.cells())
    }

    fn is_due(&self, row: &TextRow) -> bool {
        let asked = self
            .every
            .is_some_and(|every| row.iteration.is_multiple_of(every.max(1)));
        asked
            || row.validation.is_some()
            || self
                .printed
                .is_none_or(|printed| row.seconds - printed >= LONGEST_PAUSE)
    }

    /// The lines behind `#` about an event.
    fn remarks_on(&mut self, event: &Event) -> String {
        let mut text = line::words(event).map_or(String::new(), |words| self.remark(&words));
        if let Event::Start(start) = event {
            self.run.clone_from(&start.run);
            self.starts = matches!(start.session.start, Initial::Matching { .. });
            if self.starts {
                let words = "column M, of the iterations up to the end of the start: mean squared distance between\n\
                    the velocity of the flow and the straight way of a pair; loss, L, C and R come after";
                text += &self.remark(&line::entry("matching", words));
            }
            text += &self.aligned(HEADINGS.map(String::from));
        }
        if let (Event::Finished(_), Some(run)) = (event, &self.run) {
            text += &self.remark(&line::entry("run", &run.display().to_string()));
        }
        text
    }

    /// A line of cells, each at the right of its column.
    fn aligned(&self, cells: [String; 14]) -> String {
        let first = HEADINGS[0].len();
        let cells = cells.iter().enumerate();
        let cells = cells.filter(|(i, _)| self.starts || *i != MATCHING);
        let padded: Vec<String> = cells
            .map(|(i, cell)| format!("{cell:>width$}", width = if i < 2 { first } else { WIDTH }))
            .collect();
        padded.join(" ") + "\n"
    }

    /// Lines of words behind `#`, with the iteration in its column.
    fn remark(&self, words: &str) -> String {
        let margin = HEADINGS[0].len() - 1;
        let mut iteration = if self.iteration > 0 {
            self.iteration.to_string()
        } else {
            String::new()
        };
        let lines = words
            .lines()
            .map(|line| format!("#{:>margin$} {line}\n", std::mem::take(&mut iteration)));
        lines.collect()
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

    fn cells(&self) -> [String; 14] {
        let loss =
            |value: Option<f64>| value.map_or("-".into(), |value| format_number(value, DIGITS));
        let [train, check] = [self.training, self.validation];
        [
            self.iteration.to_string(),
            format!("{:.1}", self.seconds),
            self.lr.map_or("-".into(), format_setting),
            loss(self.m),
            loss(train.map(|t| t.loss)),
            loss(train.map(|t| t.l)),
            loss(train.map(|t| t.c)),
            loss(train.map(|t| t.r)),
            loss(check.map(|v| v.loss)),
            loss(check.map(|v| v.l)),
            loss(check.map(|v| v.c)),
            loss(check.map(|v| v.r)),
            loss(self.divergence),
            self.divergence_se
                .map_or("-".into(), |se| format_number(se, ERROR_DIGITS)),
        ]
    }
}
