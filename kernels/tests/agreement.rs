//! The kernels against the specification and against themselves: exact gradients, every lane width, any number of threads,
//! order of convergence, and no lane that touches another.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use otflow_kernels::batch::{Batch, Chunks, Share};
use otflow_kernels::engine::{Direction, Engine, Samples, with_rows};
use otflow_kernels::lanes::Lanes;
use otflow_kernels::objective::{Alpha, Costs, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::reference::{self, Dual};
use otflow_kernels::seven;
use otflow_kernels::stepper::Stepper;
use otflow_kernels::tree::{fold, roots_of};
use wide::{f32x4, f32x8, f32x16, f64x2, f64x4, f64x8};

const ALPHA: Alpha = Alpha {
    a0: 1.3,
    a1: 30.0,
    a2: 7.0,
};

/// A few hundred operations in f64, each within half a unit.
const ROUNDING: f64 = 1e-12;

/// f32 has 24 bits, and values pass through some hundred operations: judged against f64.
const SINGLE: f64 = 2e-5;

fn uniform(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Start values moved about, so that no parameter is special.
fn parameters(shape: &Shape) -> Vec<f64> {
    let mut draw = uniform(7);
    let start = shape.start(&mut draw);
    start
        .into_iter()
        .map(|v| v + 0.4 * (draw() - 0.5))
        .collect()
}

fn rows(shape: &Shape, n: usize) -> Vec<f64> {
    let mut draw = uniform(11);
    (0..n * shape.columns())
        .map(|_| 4.0 * (draw() - 0.5))
        .collect()
}

fn with_samples<R>(shape: &Shape, rows: &[f64], f: impl FnOnce(Samples) -> R) -> R {
    with_rows(rows, shape.columns(), f)
}

fn gradient<T: Lanes>(
    shape: Shape,
    scheme: &Scheme,
    rows: &[f64],
    threads: usize,
) -> (Costs, Vec<f64>) {
    let mut engine = Batch::<T>::new(shape, threads).unwrap();
    engine.load(&parameters(&shape));
    let mut gradient = vec![0.0; shape.parameters()];
    let costs = with_samples(&shape, rows, |samples| {
        engine.gradient(samples, scheme, &ALPHA, &mut gradient)
    });
    (costs, gradient)
}

fn distance(got: &[f64], want: &[f64]) -> f64 {
    let largest = want.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    let off = got
        .iter()
        .zip(want)
        .fold(0.0_f64, |a, (g, w)| a.max((g - w).abs()));
    off / largest.max(1e-300)
}

/// Largest relative error over the tensors, each judged by its own largest value; c has no gradient.
fn tensor_distance(shape: &Shape, got: &[f64], want: &[f64]) -> f64 {
    let tensors = shape.tensors();
    let trained = tensors.iter().filter(|t| t.name != "c.bias");
    trained
        .map(|t| distance(&got[t.range.clone()], &want[t.range.clone()]))
        .fold(0.0, f64::max)
}

fn shape(d: usize, context: usize, m: usize, layers: usize, rank: usize) -> Shape {
    Shape {
        d,
        context,
        m,
        layers,
        rank,
    }
}

fn scheme(steps: usize, stepper: Stepper, trace: TraceAt) -> Scheme {
    Scheme {
        steps,
        stepper,
        trace,
    }
}

/// Wide enough for the seven products: every number of pairs in a panel and of columns left over, halves that fill their
/// vectors and halves that do not.
fn wide_cases() -> Vec<(Shape, Scheme)> {
    let (rk4, euler) = (Stepper::Rk4, Stepper::Euler);
    let cases = vec![
        (
            shape(2, 0, 192, 2, 10),
            scheme(2, euler, TraceAt::EveryStage),
        ),
        (shape(6, 0, 192, 2, 10), scheme(2, rk4, TraceAt::EveryStage)),
        (shape(11, 1, 198, 3, 4), scheme(1, rk4, TraceAt::EveryStage)),
        (
            shape(13, 0, 206, 2, 4),
            scheme(1, rk4, TraceAt::GaussPoints),
        ),
        (shape(7, 0, 192, 4, 4), scheme(2, euler, TraceAt::StepNodes)),
    ];
    assert!(cases.iter().all(|(shape, _)| seven::pays(shape.m)));
    cases
}

fn cases() -> Vec<(Shape, Scheme)> {
    let (rk4, euler) = (Stepper::Rk4, Stepper::Euler);
    let (every, nodes) = (TraceAt::EveryStage, TraceAt::StepNodes);
    let gauss = TraceAt::GaussPoints;
    vec![
        (shape(1, 0, 1, 2, 10), scheme(2, rk4, every)),
        (shape(2, 0, 5, 2, 10), scheme(3, rk4, every)),
        (shape(4, 0, 7, 3, 2), scheme(2, rk4, every)),
        (shape(3, 2, 6, 4, 10), scheme(2, rk4, nodes)),
        (shape(2, 1, 19, 2, 1), scheme(3, rk4, nodes)),
        (shape(5, 0, 3, 3, 10), scheme(4, euler, nodes)),
        (shape(7, 3, 4, 2, 10), scheme(1, euler, every)),
        (shape(3, 1, 7, 3, 10), scheme(1, rk4, gauss)),
        (shape(4, 0, 6, 2, 10), scheme(3, rk4, gauss)),
        (shape(2, 0, 5, 2, 10), scheme(4, euler, gauss)),
        (shape(3, 0, 8, 5, 10), scheme(5, euler, every)),
    ]
}

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
            reference::loss((&shape, &theta), &scheme, &ALPHA, &rows)
        };
        let exact: Vec<f64> = (0..theta.len()).map(|k| along(k).slope).collect();
        let (costs, got) = gradient::<f64x8>(shape, &scheme, &rows, 1);
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
fn everything<T: Lanes>(shape: Shape, scheme: &Scheme) -> Vec<Vec<f64>> {
    let rows = rows(&shape, 37);
    let n = rows.len() / shape.columns();
    let (costs, gradient) = gradient::<T>(shape, scheme, &rows, 1);
    let mut engine = Batch::<T>::new(shape, 1).unwrap();
    engine.load(&parameters(&shape));
    let mut potential = vec![0.0; n * (shape.inputs() + 2)];
    let mut states = vec![0.0; n * (shape.d + 3)];
    let mut inverse = vec![0.0; n * shape.d];
    with_samples(&shape, &rows, |samples| {
        engine.potential(samples, 0.37, &mut potential);
        engine.states(samples, scheme, ALPHA.a0, &mut states);
        engine.transport(
            samples,
            (scheme, ALPHA.a0),
            Direction::Inverse,
            &mut inverse,
        );
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

fn agrees<T: Lanes>(shape: Shape, scheme: &Scheme, want: &[Vec<f64>], tolerance: f64) {
    let got = everything::<T>(shape, scheme);
    let apart = |k: usize| distance(&got[k], &want[k]);
    let costs = got[0].iter().zip(&want[0]);
    let costs = costs.map(|(got, want)| (got / want - 1.0).abs());
    let gradient = tensor_distance(&shape, &got[1], &want[1]);
    for (k, off) in costs
        .chain([gradient, apart(2), apart(3), apart(4)])
        .enumerate()
    {
        let width = T::WIDTH;
        assert!(
            off < tolerance,
            "quantity {k}, width {width} {shape:?} {scheme:?}: {off:e}"
        );
    }
}

/// One derivative for each parameter would take too long here: a few along random directions for each tensor do.
#[test]
fn wide_gradients_are_those_of_the_specification_along_random_directions() {
    let mut draw = uniform(5);
    for (shape, scheme) in wide_cases() {
        let (rows, theta) = (rows(&shape, 3), parameters(&shape));
        let (costs, got) = gradient::<f64x8>(shape, &scheme, &rows, 1);
        for tensor in shape.tensors().iter().filter(|t| t.name != "c.bias") {
            let mut along = vec![0.0; theta.len()];
            along[tensor.range.clone()].fill_with(|| draw() - 0.5);
            let dual = |(&value, &slope): (&f64, &f64)| Dual { value, slope };
            let moved: Vec<Dual> = theta.iter().zip(&along).map(dual).collect();
            let want = reference::loss((&shape, &moved), &scheme, &ALPHA, &rows);
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
        let one = everything::<f64>(shape, &scheme);
        agrees::<f64x2>(shape, &scheme, &one, ROUNDING);
        agrees::<f64x4>(shape, &scheme, &one, ROUNDING);
        agrees::<f64x8>(shape, &scheme, &one, ROUNDING);
        agrees::<f32>(shape, &scheme, &one, SINGLE);
        agrees::<f32x4>(shape, &scheme, &one, SINGLE);
        agrees::<f32x8>(shape, &scheme, &one, SINGLE);
        agrees::<f32x16>(shape, &scheme, &one, SINGLE);
    }
}

#[test]
fn lanes_do_not_touch_each_other() {
    let (shape, scheme) = cases()[3];
    let rows = rows(&shape, 21);
    let states = |rows: &[f64]| {
        let mut engine = Batch::<f64x8>::new(shape, 1).unwrap();
        engine.load(&parameters(&shape));
        let mut out = vec![0.0; rows.len() / shape.columns() * (shape.d + 3)];
        with_samples(&shape, rows, |samples| {
            engine.states(samples, &scheme, 1.0, &mut out)
        });
        out
    };
    let together = states(&rows);
    for (row, want) in rows
        .chunks(shape.columns())
        .zip(together.chunks(shape.d + 3))
    {
        assert_eq!(states(row), want);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (shape, scheme) in [cases()[1], cases()[3], wide_cases()[1]] {
        for n in [1, 7, 130, 500] {
            let rows = rows(&shape, n);
            let one = gradient::<f32x16>(shape, &scheme, &rows, 1);
            for threads in [2, 3, 7] {
                assert_eq!(
                    gradient::<f32x16>(shape, &scheme, &rows, threads),
                    one,
                    "{threads} threads, n = {n}"
                );
            }
        }
    }
}

/// Slope of log error over log step, by least squares.
fn observed_order(stepper: Stepper, trace: TraceAt, steps: &[usize]) -> f64 {
    let shape = Shape {
        d: 2,
        context: 0,
        m: 9,
        layers: 3,
        rank: 10,
    };
    let rows = rows(&shape, 4);
    let mut engine = Batch::<f64x8>::new(shape, 1).unwrap();
    engine.load(&shape.start(uniform(7)));
    let mut end = |steps: usize, stepper: Stepper, trace: TraceAt| {
        let mut out = vec![0.0; 4 * 5];
        let scheme = Scheme {
            steps,
            stepper,
            trace,
        };
        with_samples(&shape, &rows, |samples| {
            engine.states(samples, &scheme, 1.0, &mut out)
        });
        // r has a kink where the HJB residual changes sign, so it has no order.
        out.chunks(5)
            .flat_map(|state| state[..4].to_vec())
            .collect::<Vec<_>>()
    };
    let exact = end(512, Stepper::Rk4, TraceAt::EveryStage);
    let points: Vec<(f64, f64)> = steps
        .iter()
        .map(|&nt| {
            (
                (nt as f64).ln(),
                distance(&end(nt, stepper, trace), &exact).ln(),
            )
        })
        .collect();
    let mean =
        |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    -mean(&|p| (p.0 - x) * (p.1 - y)) / mean(&|p| (p.0 - x) * (p.0 - x))
}

#[test]
fn rk4_converges_with_order_four_and_euler_with_order_one() {
    let near = |order: f64, want: f64| {
        assert!(
            (order - want).abs() < 0.15 * want,
            "observed {order}, want {want}"
        )
    };
    let (even, odd) = ([8, 12, 16, 24, 32], [9, 13, 17, 25, 33]);
    for trace in [
        TraceAt::EveryStage,
        TraceAt::StepNodes,
        TraceAt::GaussPoints,
    ] {
        near(observed_order(Stepper::Rk4, trace, &even), 4.0);
        near(observed_order(Stepper::Rk4, trace, &odd), 4.0);
    }
    near(
        observed_order(
            Stepper::Euler,
            TraceAt::EveryStage,
            &[64, 96, 128, 192, 256],
        ),
        1.0,
    );
}

/// However long a tile takes: the pass is told to end while it runs, in a batch that would take minutes.
#[test]
fn a_pass_that_is_given_up_ends_early() {
    let shape = Shape {
        d: 3,
        context: 0,
        m: 16,
        layers: 2,
        rank: 4,
    };
    let mut engine = Batch::<f64x8>::new(shape, 2).unwrap();
    engine.load(&vec![0.1; shape.parameters()]);
    let progress = engine.progress();
    let watcher = std::thread::spawn({
        let progress = progress.clone();
        move || {
            while progress.tiles().0 < 2 {
                std::thread::yield_now();
            }
            progress.give_up();
        }
    });
    let row = |_: usize, row: &mut [f64]| row.fill(0.5);
    let samples = Samples {
        n: 100_000_000,
        row: &row,
    };
    let mut gradient = vec![0.0; shape.parameters()];
    let scheme = Scheme {
        steps: 4,
        stepper: Stepper::Rk4,
        trace: TraceAt::EveryStage,
    };
    engine.gradient(samples, &scheme, &ALPHA, &mut gradient);
    watcher.join().unwrap();
    let (done, tiles) = progress.tiles();
    assert_eq!(tiles, 12_500_000);
    assert!(progress.given_up() && (2..tiles).contains(&done));
}

/// Whoever watches a long pass sees it move, also within a tile.
#[test]
fn every_time_step_of_a_tile_is_counted() {
    let shape = Shape {
        d: 3,
        context: 0,
        m: 4,
        layers: 2,
        rank: 3,
    };
    let mut engine = Batch::<f64x8>::new(shape, 2).unwrap();
    engine.load(&vec![0.1; shape.parameters()]);
    let progress = engine.progress();
    let row = |_: usize, row: &mut [f64]| row.fill(0.5);
    let samples = Samples { n: 20, row: &row };
    let scheme = Scheme {
        steps: 4,
        stepper: Stepper::Rk4,
        trace: TraceAt::EveryStage,
    };
    let (tiles, mut gradient) = (3, vec![0.0; shape.parameters()]);
    engine.gradient(samples, &scheme, &ALPHA, &mut gradient);
    // Forth and back.
    assert_eq!(progress.steps(), tiles * 2 * scheme.steps);
    engine.costs(samples, &scheme, &ALPHA);
    assert_eq!(progress.steps(), tiles * 3 * scheme.steps);
}

/// The sums of the shares of several engines, in order; samples of the others' shares are no numbers.
fn shared<T: Lanes>(shape: Shape, scheme: &Scheme, rows: &[f64], of: usize) -> Vec<Vec<f64>> {
    let (n, columns) = (rows.len() / shape.columns(), shape.columns());
    let count = Chunks::of(n, T::WIDTH).count();
    let mut sums = Vec::new();
    for index in 0..of {
        let share = Share { index, of };
        let own = share.samples(n, T::WIDTH);
        let own = own.start * columns..own.end * columns;
        let mut known = vec![f64::NAN; rows.len()];
        known[own.clone()].copy_from_slice(&rows[own]);
        let mut engine = Batch::<T>::new(shape, 2).unwrap();
        engine.load(&parameters(&shape));
        with_samples(&shape, &known, |samples| {
            engine.sum_share(samples, scheme, &ALPHA, share);
        });
        let (done, tiles) = engine.progress().tiles();
        assert_eq!(done, tiles);
        let roots = roots_of(share.chunks(count), count);
        sums.extend((0..roots).map(|k| engine.sum(k).to_vec()));
    }
    sums
}

#[test]
fn engines_that_share_a_batch_find_the_same_bits() {
    let (shape, scheme) = cases()[1];
    // The last has more tiles than a batch has chunks.
    for n in [3, 100, 331, 8222] {
        let rows = rows(&shape, n);
        let (costs, gradient) = gradient::<f64x8>(shape, &scheme, &rows, 1);
        let count = Chunks::of(n, f64x8::WIDTH).count();
        for of in [1, 2, 3, 4, 16, 20] {
            let mut sums = shared::<f64x8>(shape, &scheme, &rows, of);
            let spans = (0..of).map(|index| Share { index, of }.chunks(count));
            let total = fold(spans, count, sums.iter_mut().map(Vec::as_mut_slice)).unwrap();
            let (found, sums) = total.split_at(gradient.len());
            let found = found.iter().map(|value| value / n as f64);
            assert!(found.eq(gradient.iter().copied()), "{n} over {of}");
            let sums = [sums[0], sums[1], sums[2]];
            assert_eq!(Costs::from_sums(sums, n, &ALPHA), costs);
        }
    }
}

#[test]
fn paths_start_at_the_sample_and_end_where_transport_does() {
    let (shape, scheme) = cases()[3];
    let rows = rows(&shape, 19);
    let mut engine = Batch::<f64x8>::new(shape, 2).unwrap();
    engine.load(&parameters(&shape));
    let (d, width) = (shape.d, shape.d * (scheme.steps + 1));
    let (mut paths, mut ends) = (vec![0.0; 19 * width], vec![0.0; 19 * d]);
    with_samples(&shape, &rows, |samples| {
        engine.paths(samples, (&scheme, 1.0), Direction::Inverse, &mut paths);
        engine.transport(samples, (&scheme, 1.0), Direction::Inverse, &mut ends);
    });
    for ((path, end), row) in paths
        .chunks(width)
        .zip(ends.chunks(d))
        .zip(rows.chunks(shape.columns()))
    {
        assert_eq!(&path[..d], &row[..d]);
        assert_eq!(&path[width - d..], end);
    }
}
