//! Sizes to start from, by the rows and columns of a table.
//!
//! | rows of the training part | below 2000 | below 10000 | more |
//! | --- | --- | --- | --- |
//! | width | 32 | 64 | 128; 64 up to 3 columns |
//! | iterations of the start by matching | 1000 | 1500 | 2000 |
//! | iterations of the loss | 300 | 600 | 1000 |
//!
//! All else is the same for every table and stands in the constants below, and in [`settle`].

use crate::session::{
    Data, Flow, Grid, Initial, Model, Optimizer, Precision, Schedule, Session, Split, Stepper,
    Stop, Trace, Validation, Weights,
};

/// Rows below which a tenth is too few to judge by.
const SMALL: usize = 1000;
/// Rows of a batch and of a validation, at most.
const BATCH: usize = 1024;
const VALIDATION: usize = 5000;

/// Learning rate of the loss, and its schedule: iterations of the way up, share of the rate at the end.
const RATE: f64 = 0.02;
const WARMUP: u64 = 20;
const FLOOR: f64 = 0.01;
/// Share that the average of the parameters keeps in an iteration.
const AVERAGE: f64 = 0.99;
/// Decay of the matrices.
const DECAY: f64 = 0.0;

/// What depends on the rows and columns.
struct Size {
    width: usize,
    /// Iterations of the start by matching.
    matching: u64,
    /// Iterations that minimise the loss.
    loss: u64,
}

impl Size {
    /// Of a table of so many training rows and columns.
    fn of(rows: usize, columns: usize) -> Self {
        let (width, matching, loss) = match rows {
            ..2000 => (32, 1000, 300),
            2000..10_000 => (64, 1500, 600),
            _ => (if columns <= 3 { 64 } else { 128 }, 2000, 1000),
        };
        Size {
            width,
            matching,
            loss,
        }
    }
}

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

/// The kinds of the recipe as a session file names them.
pub const KINDS: &str = "start: Matching(), optimizer: Muon()";

/// Puts all but the data's own fields into a session of [`KINDS`], of a table of so many rows and columns.
pub fn settle(session: &mut Session, rows: usize, columns: usize) {
    let parts = split(rows);
    let [training, validation, _] = parts.rows(rows);
    if let Data::Table { split, batch, .. } = &mut session.data {
        (*split, *batch) = (parts, training.clamp(1, BATCH));
    }
    let size = Size::of(training, columns);
    session.model = Model {
        width: size.width,
        precision: Precision::F32,
        ..Model::default()
    };
    if let Initial::Matching { iterations, .. } = &mut session.start {
        *iterations = size.matching;
    }
    session.flow = Flow {
        steps: 10,
        stepper: Stepper::Rk4,
        trace: Trace::GaussPoints,
        grid: Grid::Drawn,
    };
    session.weights = Weights {
        transport: 1.0,
        likelihood: 100.0,
        hjb: 15.0,
    };
    if let Optimizer::Muon {
        lr,
        schedule,
        decay,
        average,
        ..
    } = &mut session.optimizer
    {
        (*lr, *decay, *average) = (RATE, DECAY, Some(AVERAGE));
        *schedule = Schedule::Cosine {
            warmup: WARMUP,
            floor: FLOOR,
        };
    }
    session.validation = Validation {
        every: 50,
        samples: validation.clamp(1, VALIDATION),
        steps: 16,
    };
    session.stop = Stop {
        iterations: size.matching + size.loss,
        seconds: None,
    };
}
