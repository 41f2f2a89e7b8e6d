//! A short made-up run for the tests of the run directory and of the headless rows.

use std::sync::Arc;

use crate::event::Figures;
use crate::event::{Best, Event, Finished, Losses, Reason, SCHEMA, Start};
use crate::session::Rejection;
use crate::session::{
    Applies, Data, FlowSettings, Grid, Initial, ModelSettings, Optimizer, PictureSettings,
    Precision, RecoverySettings, Schedule, Session, Stepper, StopSettings, Toy, Trace,
    ValidationSettings, Weights,
};

/// A number that decimals with fewer digits would change.
pub(crate) const DIVERGENCE_SE: f64 = 0.1 + 0.2;

pub(crate) fn session() -> Session {
    Session {
        data: Data::Toy {
            name: Toy::EightGaussians,
            batch: 64,
            resample_every: 2,
        },
        model: ModelSettings {
            width: 32,
            layers: 2,
            rank: 10,
            precision: Precision::F64,
            seed: 1,
        },
        start: Initial::None,
        flow: FlowSettings {
            steps: 8,
            stepper: Stepper::Rk4,
            trace: Trace::EveryStage,
            grid: Grid::Even,
        },
        weights: Weights {
            transport: 1.0,
            likelihood: 30.0,
            hjb: 1.0,
        },
        optimizer: Optimizer::Adam {
            lr: 0.1,
            schedule: Schedule::Halve { every: 3 },
            clamp: None,
            decay: 0.0,
            clip: None,
            average: None,
        },
        validation: ValidationSettings {
            every: 2,
            samples: 100,
            steps: 12,
        },
        stop: StopSettings {
            iterations: 4,
            seconds: None,
        },
        recovery: RecoverySettings {
            rollbacks: 5,
            factor: 0.5,
        },
        pictures: PictureSettings {
            every: 1.0,
            samples: 100,
        },
        gates: vec![],
    }
}

pub(crate) fn start() -> Start {
    Start {
        schema: SCHEMA,
        version: "0.1.0".into(),
        name: "8gaussians".into(),
        file: Some("sessions/8gaussians.ron".into()),
        run: Some("runs/8gaussians-20260101-120000".into()),
        session: Arc::new(session()),
        dimension: 2,
        columns: vec!["x1".into(), "x2".into()],
        parameters: 1229,
        shared: None,
        threads: 2,
        compiled: "AVX2+FMA".into(),
        entropy: Some(2.75),
        fork: None,
        thinned_after: None,
    }
}

pub(crate) fn iteration(iteration: u64, seconds: f64, lr: f64, l: f64) -> Event {
    let losses = Losses {
        loss: 85.25 + l,
        l,
        c: 2.8,
        r: 0.03125,
    };
    Event::Iteration {
        gradient: 2.5,
        update: 0.01,
        iteration,
        seconds,
        lr,
        losses,
    }
}

pub(crate) fn matching(iteration: u64, seconds: f64, m: f64) -> Event {
    Event::Matching {
        iteration,
        seconds,
        lr: 0.02,
        gradient: 1.5,
        update: 0.125,
        m,
    }
}

/// A validation with the figures of [`best`].
fn validation(iteration: u64, seconds: f64) -> Event {
    let best = best(iteration);
    Event::Validation {
        iteration,
        seconds,
        figures: best.figures,
        best: true,
        best_c: false,
        doubt: None,
    }
}

/// Two iterations of a start by matching with a validation after the last of them, and one that minimises the loss.
pub(crate) fn with_start() -> Vec<Event> {
    let mut start = start();
    let mut session = session();
    session.start = Initial::Matching {
        iterations: 2,
        batch: 64,
        group: 16,
        reuse: 2,
        lr: 0.02,
        every: 2,
    };
    session.stop.iterations = 3;
    start.session = Arc::new(session);
    vec![
        Event::Start(start),
        matching(1, 0.25, 12.5),
        matching(2, 0.5, 1.25),
        validation(2, 0.75),
        iteration(3, 1.5, 0.1, 0.5),
        validation(3, 1.75),
        Event::Finished(Finished {
            iteration: 3,
            seconds: 1.75,
            reason: Reason::Iterations,
            best: Some(best(3)),
            best_c: None,
            gates: Vec::new(),
        }),
    ]
}

pub(crate) fn best(iteration: u64) -> Best {
    let losses = Losses {
        loss: 84.5,
        l: 0.299,
        c: 2.7657,
        r: 0.0301,
    };
    Best {
        iteration,
        figures: Figures {
            losses,
            c_se: Some(0.0195),
            divergence: Some(0.0157),
            divergence_se: Some(0.0021),
        },
    }
}

/// Four iterations with everything that can happen on the way.
pub(crate) fn events() -> Vec<Event> {
    let good = best(4);
    vec![
        Event::Start(start()),
        iteration(1, 0.5, 0.1, 123456.789),
        iteration(2, 1.0, 0.1, -3.2),
        Event::Validation {
            iteration: 2,
            seconds: 1.25,
            figures: Figures {
                losses: Losses {
                    loss: 1e5,
                    l: -3.2,
                    c: f64::NAN,
                    r: 1.234567e-5,
                },
                c_se: Some(0.0195),
                divergence: Some(-0.25),
                divergence_se: Some(DIVERGENCE_SE),
            },
            best: true,
            best_c: false,
            doubt: None,
        },
        edit("optimizer.lr", "0.1", "0.05", Applies::Live),
        edit("model.width", "32", "64", Applies::Restart),
        Event::Rejected(Rejection {
            file: "sessions/8gaussians.ron".into(),
            line: 3,
            column: 14,
            message: "lr must be above 0\n  lr: -1,\x1b[31m\r\n      ^".into(),
        }),
        Event::Resample { iteration: 2 },
        iteration(3, 15.0, 0.05, f64::NAN),
        Event::Rollback {
            iteration: 3,
            finding: "is not finite".into(),
            quantity: "L".into(),
            to: 2,
            lr: 0.025,
            left: 4,
        },
        Event::Warning {
            message: "the disk is slow".into(),
        },
        iteration(4, 21.25, 0.025, 0.5),
        Event::Rate {
            iteration: 4,
            old: 0.025,
            new: 0.0125,
        },
        Event::Validation {
            iteration: 4,
            seconds: 21.5,
            figures: good.figures,
            best: true,
            best_c: false,
            doubt: None,
        },
        Event::Checkpoint {
            iteration: 4,
            path: "runs/8gaussians-20260101-120000/best.safetensors".into(),
        },
        Event::Paused {
            iteration: 4,
            paused: true,
        },
        Event::Paused {
            iteration: 4,
            paused: false,
        },
        Event::Finished(Finished {
            iteration: 4,
            seconds: 21.5,
            reason: Reason::Iterations,
            best: Some(good),
            best_c: None,
            gates: Best::judge(
                Some(&good),
                &["validation_C <= 2.9", "validation_L <= 0.1"].map(|gate| gate.parse().unwrap()),
            ),
        }),
    ]
}

fn edit(field: &str, old: &str, new: &str, applies: Applies) -> Event {
    Event::Edit {
        iteration: 2,
        field: field.into(),
        old: old.into(),
        new: new.into(),
        applies,
    }
}
