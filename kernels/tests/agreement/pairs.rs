//! The loss M of a start by matching: exact gradient, every lane width, the same bits whoever computes which part of it.

use otflow_kernels::batch::{Chunks, Share};
use otflow_kernels::engine::{Pairs, Precision, lanes_of};
use otflow_kernels::matching::TILES;
use otflow_kernels::parameters::Shape;
use otflow_kernels::reference::{self, Dual, Model};
use otflow_kernels::tree_sum::{fold, roots_of};

use crate::problems::{
    ALPHA, F32, F64, Kernels, ROUNDING, SINGLE, cases, parameters, shape, tensor_distance, uniform,
    wide_cases,
};

/// Any pairs, at times in [0, 1).
fn pairs(shape: &Shape, n: usize) -> Vec<f64> {
    let mut draw = uniform(13);
    let width = shape.columns() + shape.d + 1;
    (0..n * width)
        .map(|k| {
            let u = draw();
            if k % width == width - 1 {
                u
            } else {
                4.0 * (u - 0.5)
            }
        })
        .collect()
}

fn with_pairs<R>(shape: &Shape, pairs: &[f64], f: impl FnOnce(Pairs) -> R) -> R {
    let width = shape.columns() + shape.d + 1;
    let row = |i: usize, out: &mut [f64]| out.copy_from_slice(&pairs[i * width..][..width]);
    f(Pairs {
        n: pairs.len() / width,
        row: &row,
    })
}

fn matching(kernels: Kernels, shape: Shape, pairs: &[f64], threads: usize) -> (f64, Vec<f64>) {
    let mut engine = kernels.engine(shape, threads);
    let mut gradient = vec![0.0; shape.parameters()];
    // Twice, so that nothing of one pass is left to the next.
    let mut m = 0.0;
    for _ in 0..2 {
        m = with_pairs(&shape, pairs, |pairs| {
            engine.matching(pairs, ALPHA.a0, &mut gradient)
        });
    }
    (m, gradient)
}

#[test]
fn gradients_are_those_of_the_specification_in_dual_numbers() {
    for (shape, _) in cases() {
        // Two tiles, the second one padded.
        let (pairs, theta) = (pairs(&shape, 11), parameters(&shape));
        let along = |k: usize| {
            let dual = |(i, &value): (usize, &f64)| Dual {
                value,
                slope: f64::from(u8::from(i == k)),
            };
            let theta: Vec<Dual> = theta.iter().enumerate().map(dual).collect();
            let model = Model {
                shape: &shape,
                theta: &theta,
                a0: ALPHA.a0,
            };
            reference::matching(model, &pairs)
        };
        let exact: Vec<f64> = (0..theta.len()).map(|k| along(k).slope).collect();
        let (m, got) = matching(F64, shape, &pairs, 1);
        let off = tensor_distance(&shape, &got, &exact);
        assert!(off < ROUNDING, "{shape:?}: {off:e}");
        assert!((m / along(0).value - 1.0).abs() < ROUNDING, "{shape:?}");
    }
}

#[test]
fn every_lane_width_agrees_with_width_one() {
    for (shape, _) in cases().into_iter().chain(wide_cases()) {
        let pairs = pairs(&shape, 300);
        let (m, gradient) = matching(Kernels::Scalars(Precision::F64), shape, &pairs, 1);
        let agrees = |(got, of): (f64, Vec<f64>), tolerance: f64| {
            let off = tensor_distance(&shape, &of, &gradient).max((got / m - 1.0).abs());
            assert!(off < tolerance, "{shape:?}: {off:e}");
        };
        agrees(matching(F64, shape, &pairs, 1), ROUNDING);
        agrees(
            matching(Kernels::Scalars(Precision::F32), shape, &pairs, 1),
            SINGLE,
        );
        agrees(matching(F32, shape, &pairs, 1), SINGLE);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for shape in [cases()[3].0, wide_cases()[2].0] {
        for n in [1, 7, 130, 1000] {
            let pairs = pairs(&shape, n);
            let one = matching(F32, shape, &pairs, 1);
            for threads in [2, 3, 7] {
                let other = matching(F32, shape, &pairs, threads);
                assert_eq!(other, one, "{threads} threads, n = {n}");
            }
        }
    }
}

#[test]
fn engines_that_share_pairs_find_the_same_bits() {
    let shape = shape(2, 1, 5, 3, 10);
    let width = shape.columns() + shape.d + 1;
    for n in [3, 100, 331, 2000] {
        let pairs = pairs(&shape, n);
        let (m, gradient) = matching(F64, shape, &pairs, 1);
        let grain = TILES * lanes_of(Precision::F64);
        let count = Chunks::of(n, grain).count();
        for of in [1, 2, 3, 7] {
            let mut sums = Vec::new();
            for index in 0..of {
                let share = Share { index, of };
                let own = share.samples(n, grain);
                let mut known = vec![f64::NAN; pairs.len()];
                let own = own.start * width..own.end * width;
                known[own.clone()].copy_from_slice(&pairs[own]);
                let mut engine = F64.engine(shape, 2);
                with_pairs(&shape, &known, |pairs| {
                    engine.sum_pairs(pairs, ALPHA.a0, share);
                });
                let roots = roots_of(share.chunks(count), count);
                sums.extend((0..roots).map(|k| engine.sum(k).to_vec()));
            }
            let spans = (0..of).map(|index| Share { index, of }.chunks(count));
            let total = fold(spans, count, sums.iter_mut().map(Vec::as_mut_slice)).unwrap();
            let (found, costs) = total.split_at(gradient.len());
            let found = found.iter().map(|value| value / n as f64);
            assert!(found.eq(gradient.iter().copied()), "{n} over {of}");
            assert_eq!(costs[0] / n as f64, m);
        }
    }
}
