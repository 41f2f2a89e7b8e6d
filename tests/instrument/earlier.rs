//! The recipe that `otflow init` wrote before there was a start by matching: random start values, Adam, columns as they are.

use otflow::session::{
    Data, FlowSettings, Grid, Initial, ModelSettings, Optimizer, Precision, Schedule, Session,
    Stepper, StopSettings, Trace, ValidationSettings, Weights, Whiten,
};

/// Rows of the parts of a table.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    pub training: usize,
    pub validation: usize,
}

/// The same data as that of `session`, by the recipe of a table of so many rows and columns.
pub fn session(session: &Session, rows: Rows, columns: usize) -> Session {
    let Rows {
        training,
        validation,
    } = rows;
    let mut data = session.data.clone();
    if let Data::Table {
        transform,
        whiten,
        batch,
        ..
    } = &mut data
    {
        transform.clear();
        *whiten = Whiten::No;
        *batch = training.min(2000);
    }
    let little = training < 2000;
    Session {
        data,
        start: Initial::None,
        model: ModelSettings {
            width: match (training, columns) {
                (..2000, _) => 32,
                (..10_000, _) | (_, ..=8) => 64,
                (_, ..=24) => 128,
                _ => 256,
            },
            layers: 2,
            rank: 10,
            precision: Precision::F32,
            seed: session.model.seed,
        },
        flow: FlowSettings {
            steps: 10,
            stepper: Stepper::Rk4,
            trace: Trace::GaussPoints,
            grid: Grid::Even,
        },
        weights: Weights {
            transport: 1.0,
            likelihood: 30.0,
            hjb: 5.0,
        },
        optimizer: Optimizer::Adam {
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
        },
        validation: ValidationSettings {
            every: if little { 20 } else { 50 },
            samples: validation.min(5000),
            steps: 16,
        },
        stop: StopSettings {
            iterations: if little { 2000 } else { 4000 },
            seconds: None,
        },
        gates: Vec::new(),
        ..session.clone()
    }
}
