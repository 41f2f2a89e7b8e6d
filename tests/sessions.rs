//! The session files of this repository: each is read, and says what is published for its set.
// The lint lets test functions unwrap, but not the functions that they share.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use otflow::session::{
    Data, EMBEDDED, FlowSettings, Grid, Initial, MANUAL, ModelSettings, Optimizer, Precision,
    Schedule, Session, SplitRows, Stepper, Toy, Trace, ValidationSettings, Weights, load, parse,
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

/// Those to start from.
fn sessions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions")
}

fn published() -> PathBuf {
    sessions().join("published")
}

fn session(name: &str) -> Session {
    load(&published().join(format!("{name}.ron"))).unwrap()
}

#[test]
fn every_published_toy_session_has_the_published_settings() {
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
        let model = ModelSettings {
            width: 32,
            layers: 2,
            rank: 10,
            precision: Precision::F64,
            // No seed is published.
            seed: session.model.seed,
        };
        assert_eq!(session.model, model);
        let flow = FlowSettings {
            steps: p.steps,
            stepper: Stepper::Rk4,
            trace: Trace::EveryStage,
            grid: Grid::Even,
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
                clamp: None,
                decay: 0.0,
                clip: None,
                average: None,
            }
        );
        let validation = ValidationSettings {
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

/// Settings the authors of OT-Flow publish for one table, and the rows of its parts.
struct PublishedTable {
    name: &'static str,
    steps: usize,
    validation_steps: usize,
    batch: usize,
    width: usize,
    likelihood: f64,
    hjb: f64,
    lr: f64,
    /// Training, validation, test.
    rows: [usize; 3],
}

#[rustfmt::skip]
const TABLES: [PublishedTable; 5] = [
    PublishedTable { name: "power", steps: 10, validation_steps: 22, batch: 10000, width: 128, likelihood: 500.0, hjb: 5.0, lr: 0.03, rows: [1659917, 184435, 204928] },
    PublishedTable { name: "gas", steps: 10, validation_steps: 28, batch: 2000, width: 350, likelihood: 1200.0, hjb: 40.0, lr: 0.01, rows: [852174, 94685, 105206] },
    PublishedTable { name: "hepmass", steps: 12, validation_steps: 24, batch: 2000, width: 256, likelihood: 500.0, hjb: 40.0, lr: 0.02, rows: [315123, 35013, 174987] },
    PublishedTable { name: "miniboone", steps: 6, validation_steps: 10, batch: 2000, width: 256, likelihood: 100.0, hjb: 15.0, lr: 0.02, rows: [29556, 3284, 3648] },
    PublishedTable { name: "bsds300", steps: 14, validation_steps: 30, batch: 300, width: 512, likelihood: 2000.0, hjb: 800.0, lr: 0.001, rows: [1000000, 50000, 250000] },
];

#[test]
fn every_tabular_session_has_the_published_settings_and_parts() {
    for p in TABLES {
        let session = session(p.name);
        let table = session.data.table().unwrap();
        let file = published().join(p.name).with_extension("npy");
        assert_eq!(
            (table.path, session.data.batch()),
            (file.as_path(), p.batch)
        );
        assert_eq!(table.split.shuffle, None);
        let SplitRows {
            training,
            validation,
            test,
        } = table.split.rows(p.rows.iter().sum());
        assert_eq!([training, validation, test], p.rows, "{}", p.name);
        assert_eq!((session.model.width, session.model.rank), (p.width, 10));
        let steps = (session.flow.steps, session.validation.steps);
        assert_eq!(steps, (p.steps, p.validation_steps));
        let weights = session.weights;
        assert_eq!(
            (weights.transport, weights.likelihood, weights.hjb),
            (1.0, p.likelihood, p.hjb)
        );
        let schedule = Schedule::Plateau {
            patience: 15,
            factor: 0.1,
            drops: 3,
        };
        assert_eq!(
            session.optimizer,
            Optimizer::Adam {
                lr: p.lr,
                schedule,
                clamp: None,
                decay: 0.0,
                clip: None,
                average: None,
            }
        );
    }
}

/// Names of the sessions of a directory, each by the data that it learns.
fn names(directory: &Path) -> BTreeSet<String> {
    let paths = fs::read_dir(directory).unwrap();
    let paths = paths.map(|entry| entry.unwrap().path());
    let name = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        match &load(&path).unwrap().data {
            Data::Toy { name: toy, .. } => assert_eq!(name, toy.name()),
            Data::Table { path, .. } => assert_eq!(path.file_stem().unwrap(), name.as_str()),
        }
        name
    };
    let sessions = paths.filter(|path| path.extension().is_some_and(|ending| ending == "ron"));
    sessions.map(name).collect()
}

#[test]
fn every_file_is_a_session_and_every_set_has_one() {
    let toys = || Toy::ALL.map(Toy::name).into_iter();
    let all = |tables: &[&'static str]| -> BTreeSet<String> {
        let tables = tables.iter().copied();
        toys().chain(tables).map(str::to_owned).collect()
    };
    assert_eq!(names(&sessions()), all(&["diamonds"]));
    assert_eq!(names(&published()), all(&TABLES.map(|table| table.name)));
}

#[test]
fn sessions_to_start_from_begin_with_matching_and_weigh_as_published() {
    for p in PUBLISHED {
        let session = load(&sessions().join(p.name).with_extension("ron")).unwrap();
        let weights = (session.weights.likelihood, session.weights.hjb);
        assert_eq!(weights, (p.likelihood, p.hjb), "{}", p.name);
        assert!(matches!(session.start, Initial::Matching { .. }));
        assert!(matches!(session.optimizer, Optimizer::Muon { .. }));
    }
}

#[test]
fn the_built_in_session_is_that_of_the_directory() {
    let file = sessions().join("8gaussians.ron");
    assert_eq!(parse(EMBEDDED, &file), load(&file));
    let manual = published().join("8gaussians.ron");
    assert_eq!(parse(MANUAL, &manual), load(&manual));
}

#[test]
fn only_the_manual_has_a_gate() {
    for p in PUBLISHED {
        let gates = session(p.name).gates;
        let gates: Vec<String> = gates.iter().map(ToString::to_string).collect();
        let expected: &[&str] = match p.name {
            "8gaussians" => &["validation_C <= 2.95"],
            _ => &[],
        };
        assert_eq!(gates, expected);
    }
}
