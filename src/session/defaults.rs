//! The value of every field that a session file may leave out: the settings the published toy code starts from.

use super::{
    FlowSettings, Grid, ModelSettings, Optimizer, PictureSettings, Precision, RecoverySettings,
    Schedule, Split, Stepper, StopSettings, Trace, ValidationSettings, Weights,
};

// serde asks for functions where a field of an enum variant has a default.

pub(super) const fn batch() -> usize {
    5000
}

pub(super) const fn resample_every() -> u64 {
    25
}

pub(super) const fn rows() -> usize {
    2000
}

pub(super) const fn lr() -> f64 {
    0.1
}

pub(super) const fn plateau_factor() -> f64 {
    0.1
}

pub(super) const fn plateau_drops() -> u64 {
    3
}

pub(super) const fn matching_iterations() -> u64 {
    2000
}

pub(super) const fn matching_batch() -> usize {
    1024
}

pub(super) const fn group() -> usize {
    128
}

pub(super) const fn reuse() -> u64 {
    8
}

pub(super) const fn matching_lr() -> f64 {
    0.02
}

pub(super) const fn matching_every() -> u64 {
    500
}

pub(super) const fn muon_lr() -> f64 {
    0.005
}

pub(super) const fn momentum() -> f64 {
    0.95
}

pub(super) const fn warmup() -> u64 {
    20
}

pub(super) const fn floor() -> f64 {
    0.01
}

impl Default for Split {
    fn default() -> Self {
        Self {
            test: 0.1,
            validation: 0.1,
            shuffle: Some(1),
        }
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            width: 32,
            layers: 2,
            rank: 10,
            precision: Precision::F64,
            seed: 1,
        }
    }
}

impl Default for FlowSettings {
    fn default() -> Self {
        Self {
            steps: 8,
            stepper: Stepper::Rk4,
            trace: Trace::EveryStage,
            grid: Grid::Even,
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            transport: 1.0,
            likelihood: 100.0,
            hjb: 5.0,
        }
    }
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam {
            lr: lr(),
            schedule: Schedule::Constant,
            clamp: None,
            decay: 0.0,
            clip: None,
            average: None,
        }
    }
}

impl Default for ValidationSettings {
    fn default() -> Self {
        Self {
            every: 50,
            samples: 5000,
            steps: 12,
        }
    }
}

impl Default for StopSettings {
    fn default() -> Self {
        Self {
            iterations: 5000,
            seconds: None,
        }
    }
}

impl Default for RecoverySettings {
    fn default() -> Self {
        Self {
            rollbacks: 5,
            factor: 0.5,
        }
    }
}

impl Default for PictureSettings {
    fn default() -> Self {
        Self {
            every: 1.0,
            samples: 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::session::parse;

    #[test]
    fn a_file_that_names_only_its_data_gets_the_documented_defaults() {
        let least = parse(r#"(data: Toy(name: "moons"))"#, Path::new("least.ron")).unwrap();
        let spelled_out = r#"Session(
            data: Toy(name: "moons", batch: 5000, resample_every: 25),
            model: (width: 32, layers: 2, rank: 10, precision: F64, seed: 1),
            flow: (steps: 8, stepper: Rk4, trace: EveryStage, grid: Even),
            weights: (transport: 1.0, likelihood: 100.0, hjb: 5.0),
            start: None,
            optimizer: Adam(lr: 0.1, schedule: Constant, clamp: None, decay: 0.0, clip: None, average: None),
            validation: (every: 50, samples: 5000, steps: 12),
            stop: (iterations: 5000, seconds: None),
            recovery: (rollbacks: 5, factor: 0.5),
            pictures: (every: 1.0, samples: 1000),
            gates: [],
        )"#;
        assert_eq!(least, parse(spelled_out, Path::new("full.ron")).unwrap());
    }

    #[test]
    fn a_start_by_matching_has_the_documented_defaults() {
        let parse = |start| {
            let text = format!(r#"(data: Toy(name: "moons"), start: {start})"#);
            parse(&text, Path::new("x.ron")).unwrap()
        };
        let full =
            "Matching(iterations: 2000, batch: 1024, group: 128, reuse: 8, lr: 0.02, every: 500)";
        assert_eq!(parse("Matching()"), parse(full));
        assert_eq!(
            parse("Matching(lr: 0.01)"),
            parse(&full.replace("0.02", "0.01"))
        );
    }

    #[test]
    fn a_table_has_the_documented_defaults() {
        let parse = |rest| {
            let text = format!(r#"(data: Table(path: "/a.csv"{rest}))"#);
            parse(&text, Path::new("x.ron")).unwrap()
        };
        let full = ", columns: [], given: [], header: Auto, dialect: (), missing: Refuse, jitter: {}, transform: {}, bounds: {}, round: {}, whiten: No, \
            split: (test: 0.1, validation: 0.1, shuffle: Some(1)), batch: 2000";
        assert_eq!(parse(""), parse(full));
    }

    #[test]
    fn variants_with_fields_left_out_get_the_documented_defaults() {
        let parse = |optimizer| {
            let text = format!(r#"(data: Toy(name: "moons"), optimizer: {optimizer})"#);
            parse(&text, Path::new("x.ron")).unwrap()
        };
        assert_eq!(
            parse("Adam()"),
            parse("Adam(lr: 0.1, schedule: Constant, clamp: None)")
        );
        assert_eq!(
            parse("Muon()"),
            parse(
                "Muon(lr: 0.005, schedule: Constant, momentum: 0.95, clamp: None, decay: 0.0, clip: None, average: None)"
            )
        );
        assert_eq!(
            parse("Adam(schedule: Cosine())"),
            parse("Adam(schedule: Cosine(warmup: 20, floor: 0.01))")
        );
        assert_eq!(
            parse("Adam(schedule: Plateau(patience: 7))"),
            parse("Adam(schedule: Plateau(patience: 7, factor: 0.1, drops: 3))")
        );
    }
}
