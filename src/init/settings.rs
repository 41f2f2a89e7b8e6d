//! Sizes to start from, by the rows and columns of a table.
//!
//! | rows of the training part | below 2000 | below 10000 | more |
//! | --- | --- | --- | --- |
//! | width | 32 | 64 | 64; 128 above 8 columns, 256 above 24 |
//! | iterations, and between validations | 2000, 20 | 4000, 50 | 4000, 50 |
//!
//! Rates, weights and steps are those of `sessions/diamonds.ron`: larger steps of the optimiser or smaller weights of R tempt a flow
//! to live by the error of its integration.

use crate::session::{
    Data, Flow, Grid, Model, Optimizer, Precision, Schedule, Session, Split, Stepper, Stop, Trace,
    Validation, Weights,
};

/// Rows below which a tenth is too few to judge by.
const SMALL: usize = 1000;
/// Rows of a batch and of a validation, at most.
const BATCH: usize = 2000;
const VALIDATION: usize = 5000;

/// The parts of a table of so many rows.
pub fn split(rows: usize) -> Split {
    if rows < SMALL {
        Split {
            test: 0.2,
            validation: 0.25,
            ..Split::default()
        }
    } else {
        Split::default()
    }
}

/// Puts all but the data's own fields into a session of a table of so many rows and columns.
pub fn settle(session: &mut Session, rows: usize, columns: usize) {
    let parts = split(rows);
    let [training, validation, _] = parts.rows(rows);
    if let Data::Table { split, batch, .. } = &mut session.data {
        (*split, *batch) = (parts, training.clamp(1, BATCH));
    }
    let little = training < 2000;
    session.model = Model {
        width: match (training, columns) {
            (..2000, _) => 32,
            (..10_000, _) | (_, ..=8) => 64,
            (_, ..=24) => 128,
            _ => 256,
        },
        precision: Precision::F32,
        ..Model::default()
    };
    session.flow = Flow {
        steps: 10,
        stepper: Stepper::Rk4,
        trace: Trace::GaussPoints,
        grid: Grid::Even,
    };
    session.weights = Weights {
        transport: 1.0,
        likelihood: 30.0,
        hjb: 5.0,
    };
    session.optimizer = Optimizer::Adam {
        lr: 0.01,
        schedule: Schedule::Plateau {
            patience: 10,
            factor: 0.3,
            drops: 4,
        },
        clamp: None,
        decay: 0.0,
        clip: None,
        average: None,
    };
    session.validation = Validation {
        every: if little { 20 } else { 50 },
        samples: validation.clamp(1, VALIDATION),
        steps: 16,
    };
    session.stop = Stop {
        iterations: if little { 2000 } else { 4000 },
        seconds: None,
    };
    session.gates = Vec::new();
}
