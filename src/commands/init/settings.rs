//! The settings of a new session, by the rows and columns of its table.
//!
//! | rows of the training part | below 500 | below 3000 | below 10000 | more |
//! | --- | --- | --- | --- | --- |
//! | width | 16 | 32 | 64 | 64; 128 from 20 columns on |
//! | layers | 2 | 2 | 2 | 3 |
//! | iterations of the start by matching | 100 | 200 | 1000 | 2000 |
//! | iterations of the loss | 200 | 500 | 1000 | 4000 |
//! | decay | 1 | 0.3 | 0.3 | 0.1 |
//!
//! A small table is overfitted within a second; few iterations and much decay prevent it.
//!
//! All other settings are the same for every table: they are the constants below and in [`set_recipe`].

use crate::session::{
    Data, FlowSettings, Grid, Initial, ModelSettings, Optimizer, Precision, Schedule, Session,
    Split, SplitRows, Stepper, StopSettings, Trace, ValidationSettings, Weights,
};

/// Number of rows below which a tenth of them is too few for a validation.
const SMALL: usize = 1000;
/// Largest number of rows of a batch. A second of small batches gains more than one of large ones, down to this size.
const BATCH: usize = 256;
/// Largest number of rows of a validation.
const VALIDATION: usize = 5000;

/// Learning rate of the iterations that minimise the loss.
const RATE: f64 = 0.02;
/// Iterations over which the rate rises.
const WARMUP: u64 = 20;
/// Share of the rate at the end.
const FLOOR: f64 = 0.01;
/// Share of the parameters' average that is kept in an iteration.
const AVERAGE: f64 = 0.99;
/// Learning rate of the start by matching.
const MATCHING_RATE: f64 = 0.04;

/// The settings that depend on the rows and columns.
struct RecipeSizes {
    width: usize,
    layers: usize,
    /// Iterations of the start by matching.
    matching: u64,
    /// Iterations that minimise the loss.
    loss: u64,
    /// Decay of the matrices.
    decay: f64,
}

impl RecipeSizes {
    /// The sizes for a table of `rows` training rows and `columns` columns.
    fn of(rows: usize, columns: usize) -> Self {
        let wide = if columns < 20 { 64 } else { 128 };
        let size = |width, layers, matching, loss, decay| RecipeSizes {
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

/// The split of a table of `rows` rows.
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

/// The kinds of start and optimiser, as a session file names them.
pub const KINDS: &str = "start: Matching(), optimizer: Muon()";

/// Sets all fields but those of the table's columns in a session of [`KINDS`], for a table of `rows` rows and `columns` columns.
pub fn set_recipe(session: &mut Session, rows: usize, columns: usize) {
    let parts = split(rows);
    let SplitRows {
        training,
        validation,
        ..
    } = parts.rows(rows);
    if let Data::Table { split, batch, .. } = &mut session.data {
        (*split, *batch) = (parts, training.clamp(1, BATCH));
    }
    let size = RecipeSizes::of(training, columns);
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
