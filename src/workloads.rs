//! The workloads of `otflow bench`: problems in the sizes of the published experiments, all with RK4, rank 10 and two layers, unless
//! the command line asks for other layers.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use otflow_kernels::engine::Precision;
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::stepper::Stepper;

/// A problem of a published size; the data are standard normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// Name on the command line.
    pub name: &'static str,
    /// Space dimension d.
    pub d: usize,
    /// Width m.
    pub m: usize,
    /// Layers M + 1.
    pub layers: usize,
    /// Time steps nt.
    pub steps: usize,
    /// Number of samples.
    pub n: usize,
    /// Weights of the loss.
    pub weights: Alpha,
    /// Precision, unless the command line asks for another.
    pub precision: Precision,
}

/// All workloads, in the order in which they run.
#[rustfmt::skip]
pub const WORKLOADS: &[Workload] = &[
    Workload { name: "toy", d: 2, m: 32, layers: 2, steps: 8, n: 2048, weights: alpha(1.0, 100.0, 5.0), precision: Precision::F32 },
    Workload { name: "toy_5000", d: 2, m: 32, layers: 2, steps: 8, n: 5000, weights: alpha(1.0, 30.0, 1.0), precision: Precision::F64 },
    Workload { name: "power", d: 6, m: 128, layers: 2, steps: 10, n: 10_000, weights: alpha(1.0, 500.0, 5.0), precision: Precision::F32 },
    Workload { name: "gas", d: 8, m: 350, layers: 2, steps: 10, n: 2000, weights: alpha(1.0, 1200.0, 40.0), precision: Precision::F32 },
    Workload { name: "hepmass", d: 21, m: 256, layers: 2, steps: 12, n: 2000, weights: alpha(1.0, 500.0, 40.0), precision: Precision::F32 },
    Workload { name: "miniboone", d: 43, m: 256, layers: 2, steps: 6, n: 2000, weights: alpha(1.0, 100.0, 15.0), precision: Precision::F32 },
    Workload { name: "bsds300", d: 63, m: 512, layers: 2, steps: 14, n: 300, weights: alpha(1.0, 2000.0, 800.0), precision: Precision::F32 },
];

const fn alpha(a0: f64, a1: f64, a2: f64) -> Alpha {
    Alpha { a0, a1, a2 }
}

impl Workload {
    /// Shape of the potential.
    pub fn shape(&self) -> Shape {
        Shape {
            d: self.d,
            context: 0,
            m: self.m,
            layers: self.layers,
            rank: 10,
        }
    }

    /// Integration scheme of the flow, with the trace evaluated at these times.
    pub fn scheme(&self, trace: TraceAt) -> Scheme {
        Scheme {
            steps: self.steps,
            stepper: Stepper::Rk4,
            trace,
            grid: Grid::Even,
        }
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

    use crate::cost::{Computation, flops_per_sample};

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
            let Alpha { a0, a1, a2 } = workload.weights;
            assert_eq!([a0, a1, a2], one.alpha);
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
            let sample = flops_per_sample(Computation::Iteration, &workload.shape(), &scheme);
            let counted = sample * workload.n as f64;
            assert!((counted / flops - 1.0).abs() < error, "{name}: {counted}");
        }
    }
}
