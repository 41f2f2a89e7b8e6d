//! The session files of this repository: each is read, and says what is published for its set.
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use otflow::session::{
    Data, Flow, Model, Optimizer, Precision, Schedule, Session, Stepper, Toy, Trace, Validation,
    Weights, load,
};

/// Settings the authors of OT-Flow publish for one toy set.
struct Published {
    name: &'static str,
    steps: usize,
    validation_steps: usize,
    batch: usize,
    likelihood: f64,
    hjb: f64,
    iterations: u64,
    lr: f64,
    halve_every: u64,
}

/// The table of the paper's toy problems, as their code spells it out; `rings` has none and borrows that of `circles`.
#[rustfmt::skip]
const PUBLISHED: [Published; 8] = [
    Published { name: "8gaussians", steps: 8, validation_steps: 12, batch: 5000, likelihood: 30.0, hjb: 1.0, iterations: 5000, lr: 0.1, halve_every: 500 },
    Published { name: "checkerboard", steps: 12, validation_steps: 16, batch: 10000, likelihood: 15.0, hjb: 2.0, iterations: 20000, lr: 0.05, halve_every: 1000 },
    Published { name: "swissroll", steps: 8, validation_steps: 16, batch: 5000, likelihood: 30.0, hjb: 15.0, iterations: 5000, lr: 0.05, halve_every: 1000 },
    Published { name: "circles", steps: 8, validation_steps: 12, batch: 5000, likelihood: 5.0, hjb: 1.0, iterations: 5000, lr: 0.05, halve_every: 1000 },
    Published { name: "rings", steps: 8, validation_steps: 12, batch: 5000, likelihood: 5.0, hjb: 1.0, iterations: 5000, lr: 0.05, halve_every: 1000 },
    Published { name: "moons", steps: 8, validation_steps: 12, batch: 5000, likelihood: 8.0, hjb: 1.0, iterations: 5000, lr: 0.05, halve_every: 1000 },
    Published { name: "pinwheel", steps: 8, validation_steps: 12, batch: 5000, likelihood: 30.0, hjb: 15.0, iterations: 5000, lr: 0.05, halve_every: 1000 },
    Published { name: "2spirals", steps: 8, validation_steps: 12, batch: 5000, likelihood: 10.0, hjb: 1.0, iterations: 5000, lr: 0.05, halve_every: 1000 },
];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions")
}

fn session(name: &str) -> Session {
    load(&directory().join(format!("{name}.ron"))).unwrap()
}

#[test]
fn every_toy_session_has_the_published_settings() {
    for p in PUBLISHED {
        let session = session(p.name);
        let name: Toy = p.name.parse().unwrap();
        assert_eq!(
            session.data,
            Data::Toy {
                name,
                batch: p.batch,
                resample_every: 25
            }
        );
        let model = Model {
            width: 32,
            layers: 2,
            rank: 10,
            precision: Precision::F64,
            // No seed is published.
            seed: session.model.seed,
        };
        assert_eq!(session.model, model);
        let flow = Flow {
            steps: p.steps,
            stepper: Stepper::Rk4,
            trace: Trace::EveryStage,
        };
        assert_eq!(session.flow, flow);
        let weights = Weights {
            transport: 1.0,
            likelihood: p.likelihood,
            hjb: p.hjb,
        };
        assert_eq!(session.weights, weights);
        let schedule = Schedule::Halve {
            every: p.halve_every,
        };
        assert_eq!(
            session.optimizer,
            Optimizer::Adam {
                lr: p.lr,
                schedule,
                clamp: None
            }
        );
        let validation = Validation {
            every: 50,
            samples: p.batch,
            steps: p.validation_steps,
        };
        assert_eq!(session.validation, validation);
        assert_eq!(
            (session.stop.iterations, session.stop.seconds),
            (p.iterations, None)
        );
    }
}

#[test]
fn every_file_of_the_directory_is_a_session_and_every_set_has_one() {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let Data::Toy { name, .. } = load(&path).unwrap().data;
        assert_eq!(path.file_stem().unwrap().to_str(), Some(name.name()));
        found.push(name);
    }
    assert!(Toy::ALL.iter().all(|toy| found.contains(toy)));
    assert_eq!(found.len(), Toy::ALL.len());
}

#[test]
fn only_the_first_session_has_a_gate() {
    for p in PUBLISHED {
        let gates: Vec<String> = session(p.name)
            .gates
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected: &[&str] = if p.name == "8gaussians" {
            &["validation_C <= 2.95"]
        } else {
            &[]
        };
        assert_eq!(gates, expected);
    }
}
