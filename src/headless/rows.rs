//! The rows of a run, a fold over its events. A row waits for the next event: if that is the validation of the same iteration,
//! both stand in one row.

use std::path::PathBuf;

use super::number::{DIGITS, WIDTH, general, setting};
use crate::event::{Event, Losses};
use crate::run::line;

/// Training time without a row after which the next iteration gets one, seconds.
const SILENCE: f64 = 10.0;

/// Digits of a standard error.
const ERROR_DIGITS: usize = 2;

const HEADINGS: [&str; 13] = [
    "iteration",
    "seconds",
    "lr",
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

/// Rows and what is needed to write the next one.
#[derive(Debug, Default)]
pub(super) struct Rows {
    every: Option<u64>,
    waiting: Option<Row>,
    /// Time of the last row; None before the first.
    printed: Option<f64>,
    iteration: u64,
    run: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Row {
    iteration: u64,
    seconds: f64,
    lr: Option<f64>,
    training: Option<Losses>,
    validation: Option<Losses>,
    divergence: Option<f64>,
    divergence_se: Option<f64>,
}

impl Rows {
    pub(super) fn new(every: Option<u64>) -> Self {
        Rows {
            every,
            ..Rows::default()
        }
    }

    /// The lines that an event brings: none, or whole ones.
    pub(super) fn tell(&mut self, event: &Event) -> String {
        let row = Row::of(event);
        let mut text = match (&row, event) {
            (Some(row), _) if self.waits_for(row.iteration) => String::new(),
            (_, Event::Finished(_)) => self.last(),
            _ => self.settle(),
        };
        self.iteration = line::iteration(event).unwrap_or(self.iteration);
        let Some(row) = row else {
            return text + &self.remarks(event);
        };
        let complete = row.validation.is_some();
        self.waiting = Some(match self.waiting.take() {
            Some(waiting) if waiting.iteration == row.iteration => row.over(waiting),
            _ => row,
        });
        if complete {
            text += &self.settle();
        }
        text
    }

    fn waits_for(&self, iteration: u64) -> bool {
        self.waiting
            .as_ref()
            .is_some_and(|row| row.iteration == iteration)
    }

    /// The waiting row, if it is to be printed; else it goes on waiting.
    fn settle(&mut self) -> String {
        if self.waiting.as_ref().is_some_and(|row| self.due(row)) {
            self.last()
        } else {
            String::new()
        }
    }

    fn last(&mut self) -> String {
        let Some(row) = self.waiting.take() else {
            return String::new();
        };
        self.printed = Some(row.seconds);
        row.text()
    }

    fn due(&self, row: &Row) -> bool {
        let asked = self
            .every
            .is_some_and(|every| row.iteration.is_multiple_of(every.max(1)));
        asked
            || row.validation.is_some()
            || self
                .printed
                .is_none_or(|printed| row.seconds - printed >= SILENCE)
    }

    fn remarks(&mut self, event: &Event) -> String {
        let mut text = line::words(event).map_or(String::new(), |words| self.remark(&words));
        if let Event::Start(start) = event {
            self.run.clone_from(&start.run);
            text += &aligned(HEADINGS.map(String::from));
        }
        if let (Event::Finished(_), Some(run)) = (event, &self.run) {
            text += &self.remark(&line::entry("run", &run.display().to_string()));
        }
        text
    }

    /// Words behind `#`, the iteration in its column.
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

impl Row {
    /// What an iteration or a validation knows of its row.
    fn of(event: &Event) -> Option<Self> {
        match *event {
            Event::Iteration {
                iteration,
                seconds,
                lr,
                losses,
                ..
            } => Some(Row {
                iteration,
                seconds,
                lr: Some(lr),
                training: Some(losses),
                ..Row::default()
            }),
            Event::Validation {
                iteration,
                seconds,
                losses,
                divergence,
                divergence_se,
                ..
            } => {
                let validation = Some(losses);
                Some(Row {
                    iteration,
                    seconds,
                    validation,
                    divergence,
                    divergence_se,
                    ..Row::default()
                })
            }
            _ => None,
        }
    }

    /// This row, with the training of an earlier one where it has none.
    fn over(self, earlier: Row) -> Self {
        Row {
            seconds: earlier.seconds,
            lr: self.lr.or(earlier.lr),
            training: self.training.or(earlier.training),
            ..self
        }
    }

    fn text(&self) -> String {
        let loss = |value: Option<f64>| value.map_or("-".into(), |value| general(value, DIGITS));
        let [train, check] = [self.training, self.validation];
        aligned([
            self.iteration.to_string(),
            format!("{:.1}", self.seconds),
            self.lr.map_or("-".into(), setting),
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
                .map_or("-".into(), |se| general(se, ERROR_DIGITS)),
        ])
    }
}

fn aligned(cells: [String; 13]) -> String {
    let first = HEADINGS[0].len();
    let cells = cells.iter().enumerate();
    let padded: Vec<String> = cells
        .map(|(i, cell)| format!("{cell:>width$}", width = if i < 2 { first } else { WIDTH }))
        .collect();
    padded.join(" ") + "\n"
}
