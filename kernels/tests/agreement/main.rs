//! The kernels against the specification and against themselves: exact gradients, every lane width, any number of threads,
//! order of convergence, and no lane that touches another.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod batches;
mod flows;
mod pairs;
mod problems;

use otflow_kernels::engine::{Direction, Precision, Transport};
use otflow_kernels::objective::Scheme;
use otflow_kernels::parameters::Shape;
use otflow_kernels::reference::{self, Dual};

use problems::{
    ALPHA, F32, F64, Kernels, ROUNDING, SINGLE, cases, distance, gradient, parameters, rows,
    tensor_distance, uniform, wide_cases, with_samples,
};

#[test]
fn gradients_are_those_of_the_specification_in_dual_numbers() {
    for (shape, scheme) in cases() {
        // Two tiles, the second one padded.
        let rows = rows(&shape, 9);
        let theta = parameters(&shape);
        let along = |k: usize| {
            let dual = |(i, &value): (usize, &f64)| Dual {
                value,
                slope: f64::from(u8::from(i == k)),
            };
            let theta: Vec<Dual> = theta.iter().enumerate().map(dual).collect();
            reference::loss(&shape, &theta, &scheme, &ALPHA, &rows)
        };
        let exact: Vec<f64> = (0..theta.len()).map(|k| along(k).slope).collect();
        let (costs, got) = gradient(F64, shape, &scheme, &rows, 1);
        let off = tensor_distance(&shape, &got, &exact);
        assert!(off < ROUNDING, "{shape:?} {scheme:?}: {off:e}");
        let loss = along(0).value;
        assert!(
            (costs.loss / loss - 1.0).abs() < ROUNDING,
            "{shape:?}: {} {loss}",
            costs.loss
        );
    }
}

/// Costs, gradient, potential, states and inverse of one lane type.
fn everything(kernels: Kernels, shape: Shape, scheme: &Scheme) -> Vec<Vec<f64>> {
    let rows = rows(&shape, 37);
    let n = rows.len() / shape.columns();
    let (costs, gradient) = gradient(kernels, shape, scheme, &rows, 1);
    let mut engine = kernels.engine(shape, 1);
    let mut potential = vec![0.0; n * (shape.inputs() + 2)];
    let mut states = vec![0.0; n * (shape.d + 3)];
    let mut inverse = vec![0.0; n * shape.d];
    with_samples(&shape, &rows, |samples| {
        engine.potential(samples, 0.37, &mut potential);
        engine.states(samples, scheme, ALPHA.a0, &mut states);
        let transport = Transport {
            scheme,
            a0: ALPHA.a0,
            direction: Direction::Inverse,
        };
        engine.transport(samples, transport, &mut inverse);
        let separately = engine.costs(samples, scheme, &ALPHA);
        assert_eq!(separately, costs, "the loss with and without its gradient");
    });
    vec![
        vec![costs.loss, costs.l, costs.c, costs.r],
        gradient,
        potential,
        states,
        inverse,
    ]
}

fn agrees(
    kernels: Kernels,
    shape: Shape,
    scheme: &Scheme,
    want: &[Vec<f64>],
    tolerance: f64,
) -> Vec<Vec<f64>> {
    let got = everything(kernels, shape, scheme);
    let apart = |k: usize| distance(&got[k], &want[k]);
    let costs = got[0].iter().zip(&want[0]);
    let costs = costs.map(|(got, want)| (got / want - 1.0).abs());
    let gradient = tensor_distance(&shape, &got[1], &want[1]);
    for (k, off) in costs
        .chain([gradient, apart(2), apart(3), apart(4)])
        .enumerate()
    {
        assert!(
            off < tolerance,
            "quantity {k}, {kernels:?} {shape:?} {scheme:?}: {off:e}"
        );
    }
    got
}

/// One derivative for each parameter would take too long here: a few along random directions for each tensor do.
#[test]
fn wide_gradients_are_those_of_the_specification_along_random_directions() {
    let mut draw = uniform(5);
    for (shape, scheme) in wide_cases() {
        let (rows, theta) = (rows(&shape, 3), parameters(&shape));
        let (costs, got) = gradient(F64, shape, &scheme, &rows, 1);
        for tensor in shape.tensors().iter().filter(|t| t.name != "c.bias") {
            let mut along = vec![0.0; theta.len()];
            along[tensor.range.clone()].fill_with(|| draw() - 0.5);
            let dual = |(&value, &slope): (&f64, &f64)| Dual { value, slope };
            let moved: Vec<Dual> = theta.iter().zip(&along).map(dual).collect();
            let want = reference::loss(&shape, &moved, &scheme, &ALPHA, &rows);
            let slope: f64 = got.iter().zip(&along).map(|(g, v)| g * v).sum();
            let size: f64 = got.iter().zip(&along).map(|(g, v)| (g * v).abs()).sum();
            let off = (slope - want.slope).abs() / size;
            assert!(off < ROUNDING, "{shape:?} {}: {off:e}", tensor.name);
            assert!((costs.loss / want.value - 1.0).abs() < ROUNDING);
        }
    }
}

#[test]
fn every_lane_width_agrees_with_width_one() {
    for (shape, scheme) in cases().into_iter().chain(wide_cases()) {
        let one = everything(Kernels::Scalars(Precision::F64), shape, &scheme);
        let doubles = agrees(F64, shape, &scheme, &one, ROUNDING);
        let single = agrees(
            Kernels::Scalars(Precision::F32),
            shape,
            &scheme,
            &one,
            SINGLE,
        );
        let singles = agrees(F32, shape, &scheme, &one, SINGLE);
        // What belongs to one sample has the same bits at every width; the others are sums over tiles.
        assert!(doubles[2..] == one[2..]);
        assert!(singles[2..] == single[2..]);
    }
}
