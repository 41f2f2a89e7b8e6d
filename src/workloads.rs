//! The workloads of `otflow bench`: sizes of the published experiments, all with RK4, rank 10 and two layers, if nothing else
//! is asked for.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use otflow_kernels::engine::Precision;
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::stepper::Stepper;

/// A problem of a published size; the data are standard normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// Its name on the command line.
    pub name: &'static str,
    /// Space dimension.
    pub d: usize,
    /// Width.
    pub m: usize,
    /// Layers M + 1.
    pub layers: usize,
    /// Time steps nt.
    pub steps: usize,
    /// Samples.
    pub n: usize,
    /// a0, a1, a2.
    pub weights: [f64; 3],
    /// Arithmetic where none is asked for.
    pub precision: Precision,
}

/// All of them, in the order in which they run.
#[rustfmt::skip]
pub const WORKLOADS: &[Workload] = &[
    workload("toy", [2, 32, 8, 2048], [1.0, 100.0, 5.0]),
    Workload { precision: Precision::F64, ..workload("toy_5000", [2, 32, 8, 5000], [1.0, 30.0, 1.0]) },
    workload("power", [6, 128, 10, 10_000], [1.0, 500.0, 5.0]),
    workload("gas", [8, 350, 10, 2000], [1.0, 1200.0, 40.0]),
    workload("hepmass", [21, 256, 12, 2000], [1.0, 500.0, 40.0]),
    workload("miniboone", [43, 256, 6, 2000], [1.0, 100.0, 15.0]),
    workload("bsds300", [63, 512, 14, 300], [1.0, 2000.0, 800.0]),
];

const fn workload(name: &'static str, [d, m, steps, n]: [usize; 4], weights: [f64; 3]) -> Workload {
    Workload {
        name,
        d,
        m,
        layers: 2,
        steps,
        n,
        weights,
        precision: Precision::F32,
    }
}

impl Workload {
    /// The shape of its potential.
    pub fn shape(&self) -> Shape {
        Shape {
            d: self.d,
            context: 0,
            m: self.m,
            layers: self.layers,
            rank: 10,
        }
    }

    /// How its flow is integrated.
    pub fn scheme(&self, trace: TraceAt) -> Scheme {
        Scheme {
            steps: self.steps,
            stepper: Stepper::Rk4,
            trace,
            grid: Grid::Even,
        }
    }

    /// The weights of its loss.
    pub fn alpha(&self) -> Alpha {
        let [a0, a1, a2] = self.weights;
        Alpha { a0, a1, a2 }
    }
}

impl ValueEnum for Workload {
    fn value_variants<'a>() -> &'a [Self] {
        WORKLOADS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let Workload { d, m, steps, n, .. } = self;
        let sizes = format!("d {d}, width {m}, {steps} steps, {n} samples");
        Some(PossibleValue::new(self.name).help(sizes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use crate::cost::{Work, flops_per_sample};

    #[derive(Deserialize)]
    struct Published {
        d: usize,
        m: usize,
        layers: usize,
        nt: usize,
        n: usize,
        alpha: [f64; 3],
    }

    #[test]
    fn names_and_sizes_are_the_published_ones() {
        let text = include_str!("../tests/reference/workloads.json");
        let mut published: BTreeMap<String, Published> = serde_json::from_str(text).unwrap();
        for workload in WORKLOADS {
            let one = published.remove(workload.name).unwrap();
            let shape = workload.shape();
            assert_eq!(
                (shape.d, shape.m, shape.layers, shape.context),
                (one.d, one.m, one.layers, 0),
                "{}",
                workload.name
            );
            assert_eq!((workload.steps, workload.n), (one.nt, one.n));
            assert_eq!(workload.weights, one.alpha);
        }
        assert!(published.is_empty());
    }

    #[test]
    fn an_iteration_costs_the_flops_that_are_published() {
        for (name, flops, error) in [
            ("miniboone", 0.86e12, 0.01),
            ("power", 0.32e12, 0.02),
            ("toy", 1.7e9, 0.03),
        ] {
            let workload = WORKLOADS.iter().find(|w| w.name == name).unwrap();
            let scheme = workload.scheme(TraceAt::EveryStage);
            let sample = flops_per_sample(Work::Iteration, &workload.shape(), &scheme);
            let counted = sample * workload.n as f64;
            assert!((counted / flops - 1.0).abs() < error, "{name}: {counted}");
        }
    }
}
