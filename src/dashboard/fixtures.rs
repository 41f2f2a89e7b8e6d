//! Events for tests: a short run, made of formulas.

use std::sync::Arc;

use super::state::State;
use crate::event::Figures;
use crate::event::{
    Density, Event, Finished, InverseError, Losses, PairMisfit, PairMisfits, Picture, Reason, Start,
};
use crate::meter::MeterReading;
use crate::misfit::Misfit;
use crate::session::{Applies, SessionField};
use crate::session::{
    Data, FlowSettings, Initial, ModelSettings, Optimizer, PictureSettings, RecoverySettings,
    Session, StopSettings, Toy, ValidationSettings, Weights,
};

fn session() -> Session {
    Session {
        data: Data::Toy {
            name: Toy::EightGaussians,
            batch: 5000,
            resample_every: 25,
        },
        model: ModelSettings::default(),
        start: Initial::None,
        flow: FlowSettings::default(),
        weights: Weights {
            transport: 1.0,
            likelihood: 100.0,
            hjb: 5.0,
        },
        optimizer: Optimizer::default(),
        validation: ValidationSettings::default(),
        stop: StopSettings {
            iterations: 5000,
            seconds: None,
        },
        recovery: RecoverySettings::default(),
        pictures: PictureSettings::default(),
        gates: Vec::new(),
    }
}

/// The first event.
pub fn start() -> Event {
    Event::Start(Start {
        schema: 1,
        version: "0.1.0".into(),
        name: "8gaussians".into(),
        file: None,
        run: None,
        session: Arc::new(session()),
        dimension: 2,
        columns: vec!["x1".into(), "x2".into()],
        parameters: 1232,
        shared: None,
        threads: 2,
        compiled: "AVX2+FMA".into(),
        entropy: Some(2.85),
        fork: None,
        thinned_after: None,
    })
}

/// Settings of fixed names and values, so that screens don't depend on what a session holds.
fn fields() -> Vec<SessionField> {
    let rows = [
        ("data.name", Applies::Restart, "\"8gaussians\""),
        ("data.batch", Applies::Resample, "5000"),
        ("model.width", Applies::Restart, "32"),
        ("flow.steps", Applies::Resample, "8"),
        ("weights.transport", Applies::Live, "1.0"),
        ("weights.likelihood", Applies::Live, "100.0"),
        ("weights.hjb", Applies::Live, "5.0"),
        ("optimizer.lr", Applies::Live, "0.1"),
        ("optimizer.schedule", Applies::Live, "Halve(every: 500)"),
        ("validation.every", Applies::Live, "50"),
        ("stop.iterations", Applies::Live, "5000"),
        ("stop.seconds", Applies::Live, "None"),
    ];
    rows.map(|(name, applies, value)| SessionField {
        name,
        applies,
        value: value.into(),
    })
    .into()
}

/// A run after its first event.
pub fn started() -> State {
    let mut state = State::default();
    state.apply(start(), 0.0);
    state.fields = fields();
    state
}

/// An iteration whose four losses are all `value`.
pub fn iteration(iteration: u64, value: f64) -> Event {
    let losses = Losses {
        loss: value,
        l: value,
        c: value,
        r: value,
    };
    Event::Iteration {
        iteration,
        seconds: iteration as f64 * 5.0,
        lr: 0.1,
        gradient: 12.5,
        update: 0.002,
        losses,
    }
}

/// A run after its first event that starts with 200 iterations of matching.
pub fn with_start() -> State {
    let mut state = started();
    let rows = [
        ("start.iterations", Applies::Live, "200"),
        ("start.batch", Applies::Resample, "1024"),
        ("start.lr", Applies::Live, "0.02"),
    ];
    let rows = rows.map(|(name, applies, value)| SessionField {
        name,
        applies,
        value: value.into(),
    });
    state.fields.splice(3..3, rows);
    state
}

/// An iteration of a start by matching after some seconds; M falls as 100 over the iteration.
pub fn matching(iteration: u64, seconds: f64) -> Event {
    Event::Matching {
        iteration,
        seconds,
        lr: 0.015,
        gradient: 0.75,
        update: 0.003,
        m: 100.0 / iteration as f64,
    }
}

/// A run in its start by matching, or after it: `last` iterations, of which the first 200 are matching.
pub fn started_by_matching(last: u64) -> State {
    let mut state = with_start();
    let mut seconds = 0.0;
    for i in 1..=last {
        let event = if i <= 200 {
            seconds += 0.01;
            matching(i, seconds)
        } else {
            seconds += 0.25;
            Event::Iteration {
                iteration: i,
                seconds,
                lr: 0.05,
                gradient: 12.5,
                update: 0.002,
                losses: losses(i, 0.0),
            }
        };
        state.apply(event, seconds);
        if i % 50 == 0 {
            let event = Event::Validation {
                iteration: i,
                seconds,
                figures: Figures {
                    losses: losses(i, 0.05),
                    c_se: Some(0.02),
                    divergence: None,
                    divergence_se: None,
                },
                best: true,
                best_c: false,
                doubt: None,
            };
            state.apply(event, seconds);
        }
    }
    for seconds in [0.0, 20.0] {
        let reading = MeterReading {
            kernels: 0.8 * seconds,
            pairs: 0.1 * seconds,
            validation: 0.05 * seconds,
            pictures: 0.01 * seconds,
            flops: 0.8 * 45e9 * seconds,
            peak: Some(90.0),
        };
        state.readings.push(seconds, reading);
    }
    state.set_picture(picture());
    state
}

/// A validation whose four losses are all `value`.
pub fn validation(iteration: u64, value: f64) -> Event {
    let losses = Losses {
        loss: value,
        l: value,
        c: value,
        r: value,
    };
    let seconds = iteration as f64 * 5.0;
    Event::Validation {
        iteration,
        seconds,
        figures: Figures {
            losses,
            c_se: Some(0.02),
            divergence: None,
            divergence_se: None,
        },
        best: false,
        best_c: false,
        doubt: None,
    }
}

/// The last event.
pub fn finished(iteration: u64, reason: Reason) -> Event {
    Event::Finished(Finished {
        iteration,
        seconds: 60.0,
        reason,
        best: None,
        best_c: None,
        gates: Vec::new(),
    })
}

/// Losses that fall as training goes on; `offset` sets validation apart.
fn losses(iteration: u64, offset: f64) -> Losses {
    let t = iteration as f64 / 120.0;
    let l = 5.0 * (1.0 - (-2.0 * t).exp()) + offset;
    let c = 2.88 + 1.2 * (-t).exp() + 0.03 * (iteration as f64 * 0.7).sin() + offset;
    let r = 0.2 + 2.0 * (-3.0 * t).exp();
    Losses {
        loss: l + 100.0 * c + 5.0 * r,
        l,
        c,
        r,
    }
}

/// Eight clusters on a circle of the given radius, with a golden-angle spread.
fn clusters(radius: f64) -> Vec<f64> {
    let point = |i: usize| {
        let (angle, turn) = (
            std::f64::consts::FRAC_PI_4 * (i % 8) as f64,
            2.399_963 * i as f64,
        );
        let spread = 0.5 * (i as f64 / 400.0).sqrt();
        [
            radius * angle.cos() + spread * turn.cos(),
            radius * angle.sin() + spread * turn.sin(),
        ]
    };
    (0..400).flat_map(point).collect()
}

/// 400 iterations with validations, an edit, a rate drop, a rollback and a picture.
pub fn run() -> State {
    let mut state = started();
    for i in 1..=400_u64 {
        let seconds = i as f64 * 0.05;
        let event = Event::Iteration {
            iteration: i,
            seconds,
            lr: 0.05,
            gradient: 12.5,
            update: 0.002,
            losses: losses(i, 0.0),
        };
        state.apply(event, seconds);
        if i % 50 == 0 {
            let (divergence, divergence_se) = (Some(0.06), Some(0.01));
            let event = Event::Validation {
                iteration: i,
                seconds,
                figures: Figures {
                    losses: losses(i, 0.05),
                    c_se: Some(0.02),
                    divergence,
                    divergence_se,
                },
                best: i <= 350,
                best_c: false,
                doubt: None,
            };
            state.apply(event, seconds);
        }
        happen(&mut state, i, seconds);
    }
    for seconds in [0.0, 20.0] {
        let reading = MeterReading {
            kernels: 0.9 * seconds,
            pairs: 0.0,
            validation: 0.05 * seconds,
            pictures: 0.01 * seconds,
            flops: 0.9 * 45e9 * seconds,
            peak: Some(90.0),
        };
        state.readings.push(seconds, reading);
    }
    state.set_picture(picture());
    state
}

/// Clusters that go straight to a disc and back.
pub fn picture() -> Picture {
    let (data, generated) = (clusters(4.0), clusters(3.0));
    let mapped: Vec<f64> = (0..400)
        .flat_map(|i| {
            let (radius, turn) = (
                2.5 * (f64::from(i) / 400.0).sqrt(),
                2.399_963 * f64::from(i),
            );
            [radius * turn.cos(), radius * turn.sin()]
        })
        .collect();
    let times: Vec<f64> = (0..=8).map(|k| f64::from(k) / 8.0).collect();
    let lead = |from: &[f64], to: &[f64]| -> Vec<f64> {
        let ends = from.chunks(2).zip(to.chunks(2)).take(60);
        ends.flat_map(|(a, b)| {
            let at = move |t: &f64| [0, 1].map(|k| a[k] + t * (b[k] - a[k]));
            times.iter().flat_map(at).collect::<Vec<_>>()
        })
        .collect()
    };
    Picture {
        iteration: 390,
        seconds: 0.02,
        dimension: 2,
        restored: data.iter().map(|x| x + 3e-4).collect(),
        inverse_error: Some(InverseError {
            mean: 3e-4,
            max: 2e-3,
        }),
        forward: lead(&data, &mapped),
        backward: lead(&mapped, &generated),
        straightness: Some(1.0234),
        density: Some(density()),
        data,
        mapped,
        generated,
        times,
        ..Picture::default()
    }
}

/// Three pairs of columns, the last two of which fit.
pub fn misfits() -> PairMisfits {
    let pair = |columns, distance| PairMisfit {
        columns,
        misfit: Misfit {
            distance,
            noise: 0.12,
        },
    };
    PairMisfits {
        pairs: vec![pair([0, 2], 0.3), pair([1, 2], 0.1), pair([0, 1], 0.01)],
        all: 3,
    }
}

/// Log density of eight normals on a circle.
fn density() -> Density {
    let values = (0..40 * 40).map(|k| {
        let at = |k: i32| f64::from(k) * 0.3 - 5.85;
        let (x, y) = (at(k % 40), at(k / 40));
        let bump = |i: i32| {
            let angle = std::f64::consts::FRAC_PI_4 * f64::from(i);
            let square = (x - 4.0 * angle.cos()).powi(2) + (y - 4.0 * angle.sin()).powi(2);
            (-square / 0.5).exp() * 2.0 / std::f64::consts::PI / 8.0
        };
        (0..8).map(bump).sum::<f64>().ln()
    });
    Density {
        bounds: [-6.0, 6.0, -6.0, 6.0],
        across: 40,
        values: values.collect(),
    }
}

fn happen(state: &mut State, iteration: u64, now: f64) {
    let event = match iteration {
        120 => Event::Edit {
            iteration,
            field: "optimizer.lr".into(),
            old: "0.1".into(),
            new: "0.05".into(),
            applies: Applies::Live,
        },
        200 => Event::Rate {
            iteration,
            old: 0.05,
            new: 0.025,
        },
        280 => Event::Rollback {
            iteration,
            finding: "is not finite".into(),
            quantity: "C".into(),
            to: 279,
            lr: 0.0125,
            left: 4,
        },
        _ => return,
    };
    state.apply(event, now);
}
