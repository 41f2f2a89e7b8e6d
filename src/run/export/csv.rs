//! The metrics as a table: a row for every iteration, with the training columns and, where it was validated, the others.
//!
//! | column | holds |
//! | --- | --- |
//! | `iteration`, `seconds` | from 1; training time since the start |
//! | `lr`, `gradient`, `update` | learning rate; norm of the gradient; norm of the step over that of the parameters |
//! | `loss`, `L`, `C`, `R` | training losses before the step; C in nats |
//! | `validation_loss`, `validation_L`, `validation_C`, `validation_R` | losses of the validation after the step |
//! | `validation_C_se` | standard error of the validation's C, nats |
//! | `divergence`, `divergence_se` | C - H and its standard error, nats, where H is known |
//! | `M` | matching loss before the step; in the iterations of a start by matching, which have no training losses |
//!
//! Numbers read back to the same f64; `NaN` is a number that was not finite, an empty cell one that was never there.

use std::io::{self, Write};

use crate::event::{Event, Figures, Losses};

const TRAINING: [&str; 8] = ["seconds", "lr", "gradient", "update", "loss", "L", "C", "R"];
const MATCHING: &str = "M";
const VALIDATION: [&str; 7] = [
    "validation_loss",
    "validation_L",
    "validation_C",
    "validation_R",
    "validation_C_se",
    "divergence",
    "divergence_se",
];

/// The table as far as it is written.
pub(crate) struct MetricsTable<'a> {
    out: &'a mut dyn Write,
    row: MetricsRow,
}

/// The row to which a validation may still come.
#[derive(Default)]
struct MetricsRow {
    iteration: u64,
    training: Option<[Option<f64>; 8]>,
    validation: Option<[Option<f64>; 7]>,
    matching: Option<f64>,
}

/// The cells of a row that an event fills.
#[derive(Clone, Copy)]
enum FilledCells {
    Training,
    Validation,
}

impl<'a> MetricsTable<'a> {
    /// Writes the header of a table.
    pub(crate) fn new(out: &'a mut dyn Write) -> io::Result<Self> {
        let names = [&["iteration"], &TRAINING[..], &VALIDATION[..], &[MATCHING]].concat();
        writeln!(out, "{}", names.join(","))?;
        let row = MetricsRow::default();
        Ok(MetricsTable { out, row })
    }

    /// Takes up an iteration or a validation; other events have no place in it.
    pub(crate) fn take(&mut self, event: &Event) -> io::Result<()> {
        match *event {
            Event::Iteration {
                iteration,
                seconds,
                lr,
                gradient,
                update,
                losses: Losses { loss, l, c, r },
            } => {
                self.turn_to(iteration, FilledCells::Training)?;
                let values = [seconds, lr, gradient, update, loss, l, c, r];
                self.row.training = Some(values.map(Some));
            }
            Event::Matching {
                iteration,
                seconds,
                lr,
                gradient,
                update,
                m,
            } => {
                self.turn_to(iteration, FilledCells::Training)?;
                let mut values = [None; 8];
                values[..4].copy_from_slice(&[seconds, lr, gradient, update].map(Some));
                self.row.training = Some(values);
                self.row.matching = Some(m);
            }
            Event::Validation {
                iteration,
                figures:
                    Figures {
                        losses: Losses { loss, l, c, r },
                        c_se,
                        divergence,
                        divergence_se,
                    },
                ..
            } => {
                self.turn_to(iteration, FilledCells::Validation)?;
                let [loss, l, c, r] = [loss, l, c, r].map(Some);
                self.row.validation = Some([loss, l, c, r, c_se, divergence, divergence_se]);
            }
            _ => {}
        }
        Ok(())
    }

    /// Writes the last row.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let row = std::mem::take(&mut self.row);
        if row.training.is_none() && row.validation.is_none() {
            return Ok(());
        }
        let training = row.training.unwrap_or_default();
        let validation = row.validation.unwrap_or_default();
        write!(self.out, "{}", row.iteration)?;
        let values = training.into_iter().chain(validation);
        for value in values.chain([row.matching]) {
            match value {
                // As Debug, which has exponents where digits would be many.
                Some(value) => write!(self.out, ",{value:?}")?,
                None => write!(self.out, ",")?,
            }
        }
        writeln!(self.out)
    }

    /// Begins a row, unless the current one is that of the iteration and its cells of this kind are free.
    fn turn_to(&mut self, iteration: u64, cells: FilledCells) -> io::Result<()> {
        let taken = match cells {
            FilledCells::Training => self.row.training.is_some(),
            FilledCells::Validation => self.row.validation.is_some(),
        };
        if taken || self.row.iteration != iteration {
            self.finish()?;
            self.row.iteration = iteration;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::synthetic;

    fn written(events: &[Event]) -> Vec<String> {
        let mut out = Vec::new();
        let mut table = MetricsTable::new(&mut out).unwrap();
        events.iter().for_each(|event| table.take(event).unwrap());
        table.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(String::from).collect()
    }

    #[test]
    fn a_row_an_iteration_with_its_validation_beside() {
        let rows = written(&synthetic::events());
        let expected = [
            "iteration,seconds,lr,gradient,update,loss,L,C,R,\
             validation_loss,validation_L,validation_C,validation_R,validation_C_se,divergence,divergence_se,M",
            "1,0.5,0.1,2.5,0.01,123542.039,123456.789,2.8,0.03125,,,,,,,,",
            "2,1.0,0.1,2.5,0.01,82.05,-3.2,2.8,0.03125,\
             100000.0,-3.2,NaN,1.234567e-5,0.0195,-0.25,0.30000000000000004,",
            "3,15.0,0.05,2.5,0.01,NaN,NaN,2.8,0.03125,,,,,,,,",
            "4,21.25,0.025,2.5,0.01,85.75,0.5,2.8,0.03125,84.5,0.299,2.7657,0.0301,0.0195,0.0157,0.0021,",
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_start_by_matching_fills_its_column_and_no_training_losses() {
        let rows = written(&synthetic::with_start());
        let expected = [
            "1,0.25,0.02,1.5,0.125,,,,,,,,,,,,12.5",
            "2,0.5,0.02,1.5,0.125,,,,,84.5,0.299,2.7657,0.0301,0.0195,0.0157,0.0021,1.25",
            "3,1.5,0.1,2.5,0.01,85.75,0.5,2.8,0.03125,84.5,0.299,2.7657,0.0301,0.0195,0.0157,0.0021,",
        ];
        assert_eq!(rows[1..], expected);
        assert!(rows.iter().all(|row| row.matches(',').count() == 16));
    }

    #[test]
    fn a_validation_without_its_iteration_has_a_row_of_its_own() {
        let all = synthetic::events();
        let (validation, later) = (all[3].clone(), all[8].clone());
        let rows = written(&[validation.clone(), validation, later]);
        assert_eq!(rows.len(), 4);
        assert!(rows[1].starts_with("2,,,,,,,,,100000.0,") && rows[1] == rows[2]);
        assert!(rows[3].starts_with("3,15.0,"));
    }
}
