//! The cost of a computation in flops per sample, counted as products of matrices:
//!
//! ```text
//! evaluation   4 m (d + c + 1) + M 4 m^2        K_0 s and K_0^T, K_i u and K_i^T(.)
//! its trace    M 2 m^2 d                        K_i J
//! ```
//!
//! A pair of a start by matching is one evaluation without its trace. The adjoint of the gradient does each product twice more: with
//! layers = 2 and the trace at every stage a training evaluation costs 3 (2 m^2 d + 4 m^2 + 4 m (d + 1)). These are the flops of the
//! problem: where the kernels multiply by Strassen's scheme ([`otflow_kernels::strassen`]) they do seven eighths of the trace's.

use clap::ValueEnum;
use otflow_kernels::objective::Scheme;
use otflow_kernels::parameters::Shape;

/// A computation over samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Computation {
    /// One iteration of training: loss, exact gradient, Adam step, new parameters into the kernels.
    Iteration,
    /// The mean log density: the flow with its trace.
    Density,
    /// The loss M of a start by matching and its exact gradient, parameters taken into the kernels.
    Matching,
    /// New samples: the flow from the normal back to the data, without a trace.
    Sample,
}

/// Flops of a computation, per sample.
pub fn flops_per_sample(computation: Computation, shape: &Shape, scheme: &Scheme) -> f64 {
    let (d, m, inner) = (shape.d as f64, shape.m as f64, (shape.layers - 1) as f64);
    let plain = inner * 4.0 * m * m + 4.0 * m * shape.inputs() as f64;
    let trace = inner * 2.0 * m * m * d;
    let density = plain * scheme.evaluations() as f64 + trace * scheme.traced_evaluations() as f64;
    match computation {
        Computation::Iteration => 3.0 * density,
        Computation::Density => density,
        Computation::Matching => 3.0 * plain,
        Computation::Sample => plain * (scheme.steps * scheme.stages()) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otflow_kernels::objective::{Grid, TraceAt};
    use otflow_kernels::stepper::Stepper;

    fn shape(d: usize, m: usize) -> Shape {
        Shape {
            d,
            context: 0,
            m,
            layers: 2,
            rank: 10,
        }
    }

    fn scheme(steps: usize, trace: TraceAt) -> Scheme {
        Scheme {
            steps,
            stepper: Stepper::Rk4,
            trace,
            grid: Grid::Even,
        }
    }

    #[test]
    fn every_kind_of_work_is_counted_by_the_formula() {
        // d = 3, m = 5, nt = 4: K_i J takes 2 25 3 = 150, the rest 4 25 + 4 5 4 = 180.
        let count = |work, trace| flops_per_sample(work, &shape(3, 5), &scheme(4, trace));
        let (every, nodes) = (TraceAt::EveryStage, TraceAt::StepNodes);
        assert_eq!(
            count(Computation::Iteration, every),
            3.0 * 16.0 * (150.0 + 180.0)
        );
        assert_eq!(count(Computation::Density, every), 16.0 * (150.0 + 180.0));
        assert_eq!(
            count(Computation::Density, nodes),
            5.0 * 150.0 + 17.0 * 180.0
        );
        assert_eq!(count(Computation::Sample, every), 16.0 * 180.0);
        assert_eq!(count(Computation::Sample, nodes), 16.0 * 180.0);
    }

    #[test]
    fn the_square_grid_saves_the_trace_where_its_time_stands_still() {
        let of = |grid| {
            let scheme = Scheme {
                grid,
                ..scheme(4, TraceAt::EveryStage)
            };
            flops_per_sample(Computation::Density, &shape(3, 5), &scheme)
        };
        assert_eq!(of(Grid::Even) - of(Grid::Bent(1.0)), 150.0);
    }

    #[test]
    fn further_layers_repeat_the_products_of_the_second() {
        let count = |layers| {
            let shape = Shape {
                layers,
                ..shape(3, 5)
            };
            flops_per_sample(
                Computation::Density,
                &shape,
                &scheme(4, TraceAt::EveryStage),
            )
        };
        assert_eq!(count(4) - count(3), count(3) - count(2));
        assert_eq!(count(3) - count(2), 16.0 * (150.0 + 100.0));
    }
}
