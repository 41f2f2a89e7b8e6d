//! Sizes to start from, by the rows and columns of a table.
//!
//! | rows of the training part | below 500 | below 3000 | below 10000 | more |
//! | --- | --- | --- | --- | --- |
//! | width | 16 | 32 | 64 | 64; 128 from 20 columns on |
//! | layers | 2 | 2 | 2 | 3 |
//! | iterations of the start by matching | 100 | 200 | 1000 | 2000 |
//! | iterations of the loss | 200 | 500 | 1000 | 4000 |
//! | decay | 1 | 0.3 | 0.3 | 0.1 |
//!
//! A small table is learned by heart within a second: few iterations and much decay leave it a density of rows it has not seen.
//!
//! All else is the same for every table and stands in the constants below, and in [`settle`].

use crate::session::{
    Data, FlowSettings, Grid, Initial, ModelSettings, Optimizer, Precision, Schedule, Session,
    Split, SplitRows, Stepper, StopSettings, Trace, ValidationSettings, Weights,
};

/// Rows below which a tenth is too few to judge by.
const SMALL: usize = 1000;
/// Rows of a batch and of a validation, at most. A second of small batches gains more than one of large ones, down to this; 128 gave the same.
const BATCH: usize = 256;
const VALIDATION: usize = 5000;

/// Learning rate of the loss, and its schedule: iterations of the way up, share of the rate at the end.
const RATE: f64 = 0.02;
const WARMUP: u64 = 20;
const FLOOR: f64 = 0.01;
/// Share that the average of the parameters keeps in an iteration.
const AVERAGE: f64 = 0.99;
/// Learning rate of the start by matching.
const MATCHING_RATE: f64 = 0.04;

/// What depends on the rows and columns.
struct Size {
    width: usize,
    layers: usize,
    /// Iterations of the start by matching.
    matching: u64,
    /// Iterations that minimise the loss.
    loss: u64,
    /// Decay of the matrices.
    decay: f64,
}

impl Size {
    /// Of a table of so many training rows and columns.
    fn of(rows: usize, columns: usize) -> Self {
        let wide = if columns < 20 { 64 } else { 128 };
        let size = |width, layers, matching, loss, decay| Size {
            width,
            layers,
            matching,
            loss,
            decay,
        };
        match rows {
            ..500 => size(16, 2, 100, 200, 1.0),
            500..3000 => size(32, 2, 200, 500, 0.3),
            3000..10_000 => size(64, 2, 1000, 1000, 0.3),
            _ => size(wide, 3, 2000, 4000, 0.1),
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
    let SplitRows {
        training,
        validation,
        ..
    } = parts.rows(rows);
    if let Data::Table { split, batch, .. } = &mut session.data {
        (*split, *batch) = (parts, training.clamp(1, BATCH));
    }
    let size = Size::of(training, columns);
    session.model = ModelSettings {
        width: size.width,
        layers: size.layers,
        precision: Precision::F32,
        ..ModelSettings::default()
    };
    if let Initial::Matching { iterations, lr, .. } = &mut session.start {
        (*iterations, *lr) = (size.matching, MATCHING_RATE);
    }
    session.flow = FlowSettings {
        steps: 6,
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
        (*lr, *decay, *average) = (RATE, size.decay, Some(AVERAGE));
        *schedule = Schedule::Cosine {
            warmup: WARMUP,
            floor: FLOOR,
        };
    }
    session.validation = ValidationSettings {
        every: 100,
        samples: validation.clamp(1, VALIDATION),
        steps: 16,
    };
    session.stop = StopSettings {
        iterations: size.matching + size.loss,
        seconds: None,
    };
}
