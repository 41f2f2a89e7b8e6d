//! A conditional density that is known in closed form, learned from a table of its rows:
//!
//! ```text
//! (x, y) from a mixture of correlated normals k:   p(x | y) = sum_k w_k N(y; y_k, t_k^2) N(x; x_k + r_k s_k (y - y_k) / t_k, s_k^2 (1 - r_k^2))
//!                                                             / sum_k w_k N(y; y_k, t_k^2)
//! mean of log p(x | y) - log q(x | y) over new rows = Kullback-Leibler divergence from data to model, averaged over y
//! ```
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

use std::f64::consts::TAU;
use std::sync::Arc;

use otflow::data::Dataset;
use otflow::data::random::{Stream, generator};
use otflow::event::BestBy;
use otflow::fitted::{FittedFlow, Units};
use otflow::model::TrainedModel;
use otflow::session;
use otflow::table::TableWriter;
use otflow::trainer::Trainer;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Nats.
const NEAR: f64 = 0.02;
/// Rows to train and validate on, and new ones.
const ROWS: usize = 40_000;
const FRESH: usize = 20_000;
const ITERATIONS: usize = 1500;

/// Centre and deviation of x and of y, their correlation, the weight.
struct Normal {
    x: (f64, f64),
    y: (f64, f64),
    r: f64,
    w: f64,
}

/// Prices over sizes: one peak for small sizes, two for large ones, in units far from 1.
const MIXTURE: [Normal; 3] = [
    Normal {
        x: (2000.0, 400.0),
        y: (0.5, 0.2),
        r: 0.7,
        w: 0.4,
    },
    Normal {
        x: (3000.0, 300.0),
        y: (1.0, 0.25),
        r: -0.5,
        w: 0.3,
    },
    Normal {
        x: (4200.0, 350.0),
        y: (1.1, 0.2),
        r: 0.6,
        w: 0.3,
    },
];

fn normal(x: f64, (mean, deviation): (f64, f64)) -> f64 {
    let z = (x - mean) / deviation;
    (-0.5 * z * z).exp() / (deviation * TAU.sqrt())
}

fn log_conditional(x: f64, y: f64) -> f64 {
    let (mut joint, mut marginal) = (0.0, 0.0);
    for k in &MIXTURE {
        let of_y = k.w * normal(y, k.y);
        let mean = k.x.0 + k.r * k.x.1 * (y - k.y.0) / k.y.1;
        joint += of_y * normal(x, (mean, k.x.1 * (1.0 - k.r * k.r).sqrt()));
        marginal += of_y;
    }
    (joint / marginal).ln()
}

fn row(rng: &mut impl Rng) -> [f64; 2] {
    let mut u: f64 = rng.random();
    let found = MIXTURE.iter().find(|k| {
        u -= k.w;
        u < 0.0
    });
    let k = found.unwrap_or(&MIXTURE[0]);
    let mut z = || -> f64 { StandardNormal.sample(rng) };
    let (a, b) = (z(), z());
    let of_x = k.r * a + (1.0 - k.r * k.r).sqrt() * b;
    [k.x.0 + k.x.1 * of_x, k.y.0 + k.y.1 * a]
}

fn rows(n: usize, stream: Stream) -> Vec<f64> {
    let mut rng = generator(7, stream);
    (0..n).flat_map(|_| row(&mut rng)).collect()
}

/// The best parameters after a small budget.
fn trained() -> TrainedModel {
    let folder = tempfile::tempdir().unwrap();
    let names = ["price", "size"].map(String::from);
    let mut table = TableWriter::create(&folder.path().join("t.csv"), &names).unwrap();
    table.write(&rows(ROWS, Stream::Training)).unwrap();
    table.finish().unwrap();
    let text = r#"(
        data: Table(path: "t.csv", given: ["size"], split: (test: 0.0), batch: 1000),
        model: (width: 24, precision: F32),
        flow: (steps: 6, trace: GaussPoints),
        weights: (likelihood: 100.0, hjb: 1.0),
        optimizer: Adam(lr: 0.05, schedule: Halve(every: 250)),
        validation: (every: 100, samples: 4000, steps: 12),
    )"#;
    let session = Arc::new(session::parse(text, &folder.path().join("s.ron")).unwrap());
    let data = Arc::new(Dataset::open(&session.data, session.model.seed).unwrap());
    let mut trainer = Trainer::new(session, data, 2).unwrap();
    for _ in 0..ITERATIONS {
        trainer.iterate(&mut |_| ());
    }
    trainer.best_model(BestBy::Loss).unwrap()
}

#[test]
fn a_mixture_of_correlated_normals_is_found_again_given_one_of_its_columns() {
    let mut fitted = FittedFlow::new(&trained(), 2, Some(32)).unwrap();
    let fresh = rows(FRESH, Stream::Samples);
    let model = fitted.log_densities(fresh.clone(), Units::Data);
    let truth = fresh
        .chunks_exact(2)
        .map(|row| log_conditional(row[0], row[1]));
    let differences: Vec<f64> = truth.zip(&model).map(|(p, q)| p - q).collect();
    let n = FRESH as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let squares = differences.iter().map(|off| (off - mean).powi(2));
    let error = squares.sum::<f64>().sqrt() / n;
    println!("log p - log q: {mean:.4} +- {error:.4} nats");
    assert!(mean.abs() + 2.0 * error < NEAR, "{mean} +- {error}");
}

#[test]
fn the_closed_form_is_a_density_of_x_for_every_y() {
    for y in [0.1, 0.5, 0.9, 1.3] {
        let step = 2.0;
        let xs = (-2000..4000).map(|k| step * f64::from(k));
        let mass: f64 = xs.map(|x| step * log_conditional(x, y).exp()).sum();
        assert!((mass - 1.0).abs() < 1e-9, "{y}: {mass}");
    }
}
