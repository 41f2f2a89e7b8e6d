//! Every kernel on its own, on one thread: `cargo bench -p otflow-kernels`. An item is a flop, or a vector for `activation`:
//! "Gitem/s" reads as GFLOP/s, to be held against `peak`. Whole iterations are timed by `otflow bench`.

#![allow(clippy::unwrap_used, reason = "a benchmark may end")]

use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use otflow_kernels::activation::{activate, slopes};
use otflow_kernels::lanes::Lanes;
use otflow_kernels::layout::{PANEL_COLUMNS, PANEL_PAIRS};
use otflow_kernels::linear::{Packed, apply, transpose};
use otflow_kernels::matching::{Pairs, TILES};
use otflow_kernels::network::Network;
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt};
use otflow_kernels::orthogonal::orthogonalize;
use otflow_kernels::parameters::Shape;
use otflow_kernels::samples::with_rows;
use otflow_kernels::stepper::Stepper;
use otflow_kernels::strassen::{self, ColumnPair, Operands, StrassenMatrix};
use otflow_kernels::tile::Tile;
use otflow_kernels::trajectory::Worker;
use otflow_kernels::weight_gradient::WeightGradient;
use rayon::ThreadPoolBuilder;
use wide::{f32x16, f64x8};

fn main() {
    divan::main();
}

/// Widths of the published sessions.
const WIDTHS: [usize; 5] = [32, 128, 256, 350, 512];

fn column<T: Lanes>(rows: usize) -> Vec<T> {
    (0..rows).map(|k| T::of((k as f64).sin())).collect()
}

fn product_flops<T: Lanes>(m: usize) -> ItemsCount {
    ItemsCount::new(2 * m * m * PANEL_COLUMNS * T::WIDTH)
}

/// Multiply-adds in registers, which the products are measured against.
#[divan::bench(types = [f32x16, f64x8])]
fn peak<T: Lanes>(bencher: Bencher) {
    const ROUNDS: u32 = 10_000;
    let flops = otflow_kernels::peak::multiply_adds::<T>(1) as usize * ROUNDS as usize;
    bencher
        .counter(ItemsCount::new(flops))
        .bench(|| otflow_kernels::peak::multiply_adds::<T>(black_box(ROUNDS)));
}

/// y = K x for a panel.
#[divan::bench(types = [f32x16, f64x8], args = WIDTHS)]
fn apply_panel<T: Lanes>(bencher: Bencher, m: usize) {
    let mut k = Packed::new(m, m);
    k.fill(|row, column| ((row + column) as f64).cos());
    let (x, mut y) = (
        column::<T>(m * PANEL_COLUMNS),
        column::<T>(m * PANEL_COLUMNS),
    );
    bencher
        .counter(product_flops::<T>(m))
        .bench_local(|| apply(&k, black_box(&x), &mut y));
}

/// K_bar += y_bar x' for a panel.
#[divan::bench(types = [f32x16, f64x8], args = WIDTHS)]
fn outer_panel<T: Lanes>(bencher: Bencher, m: usize) {
    let mut k_bar = WeightGradient::<T>::new(m, PANEL_COLUMNS);
    // Memory that nothing has written to is one page of zeros under many addresses, which some CPUs read more slowly.
    k_bar.reserve(PANEL_COLUMNS);
    let term = k_bar.reserved(PANEL_COLUMNS);
    term.y_bar.fill(T::of(0.5));
    term.x.fill(T::of(0.5));
    bencher
        .counter(product_flops::<T>(m))
        .bench_local(|| k_bar.reserve(black_box(PANEL_COLUMNS)));
}

/// The product of `apply_panel` for as many columns, by Strassen's scheme from operands in memory; flops are those of `apply_panel`.
#[divan::bench(types = [f32x16, f64x8], args = WIDTHS)]
fn apply_strassen<T: Lanes>(bencher: Bencher, m: usize) {
    let mut k = StrassenMatrix::new(m);
    k.fill(|row, column| ((row + column) as f64).cos());
    let (x, mut y) = (
        column::<T>(2 * PANEL_PAIRS * m),
        column::<T>(2 * PANEL_PAIRS * m),
    );
    let mut operands = Operands::new(m / 2, PANEL_PAIRS);
    for q in 0..PANEL_PAIRS {
        let pair = ColumnPair::new(&x[2 * q * m..], m);
        operands.fill(q, |k| pair.at(k));
    }
    bencher
        .counter(ItemsCount::new(2 * m * m * 2 * PANEL_PAIRS * T::WIDTH))
        .bench_local(|| strassen::apply(&k, black_box(&operands).source(0), &mut y));
}

/// Rows across lanes.
#[divan::bench(types = [f32x16, f64x8], args = WIDTHS)]
fn transpose_column<T: Lanes>(bencher: Bencher, m: usize) {
    let (x, mut transposed) = (column::<T>(m), column::<T>(m + T::WIDTH));
    bencher
        .counter(ItemsCount::new(m))
        .bench_local(|| transpose(black_box(&x), m, &mut transposed));
}

/// sigma and sigma' of a column of 32.
#[divan::bench(types = [f32x16, f64x8])]
fn activation<T: Lanes>(bencher: Bencher) {
    let (mut a, mut u, b) = (column::<T>(32), column::<T>(32), [T::Real::default(); 32]);
    bencher
        .counter(ItemsCount::new(a.len()))
        .bench_local(|| activate(black_box(&mut a), &b, &mut u));
}

/// sigma' alone.
#[divan::bench(types = [f32x16, f64x8])]
fn activation_slope<T: Lanes>(bencher: Bencher) {
    let (mut a, b) = (column::<T>(32), [T::Real::default(); 32]);
    bencher
        .counter(ItemsCount::new(a.len()))
        .bench_local(|| slopes(black_box(&mut a), &b));
}

/// Shapes (d, m, layers) of a tile.
const SHAPES: [(usize, usize, usize); 4] = [(2, 32, 2), (6, 128, 2), (43, 256, 2), (43, 256, 4)];

fn network<T: Lanes>((d, m, layers): (usize, usize, usize)) -> Network<T> {
    let shape = Shape {
        d,
        context: 0,
        m,
        layers,
        rank: 10,
    };
    let mut draw = 0.0;
    let mut net = Network::new(shape);
    net.load(&shape.start(|| {
        draw = (draw + 0.618_033_988_749_895_f64).fract();
        draw
    }));
    net
}

fn tile<T: Lanes>(
    bencher: Bencher,
    shape: (usize, usize, usize),
    run: impl Fn(&Network<T>, &Scheme, &mut Worker<T>),
) {
    let (net, d) = (network(shape), shape.0);
    let scheme = Scheme {
        steps: 1,
        stepper: Stepper::Rk4,
        trace: TraceAt::EveryStage,
        grid: Grid::Even,
    };
    let mut worker = Worker::new(&net, &Arc::default());
    worker.make_tape(&net, &scheme);
    let rows: Vec<f64> = (0..d * T::WIDTH).map(|k| (k as f64).sin()).collect();
    bencher.bench_local(|| {
        let tile = Tile {
            first: 0,
            count: T::WIDTH,
        };
        with_rows(&rows, d, |samples| worker.take(&samples, tile));
        run(&net, &scheme, &mut worker);
    });
}

/// A time step of a tile, forward.
#[divan::bench(types = [f32x16, f64x8], args = SHAPES)]
fn step_forward<T: Lanes>(bencher: Bencher, shape: (usize, usize, usize)) {
    tile::<T>(bencher, shape, |net, scheme, worker| {
        worker.forward(net, scheme, 1.0)
    });
}

/// A time step of a tile, forward and in the adjoint pass.
#[divan::bench(types = [f32x16, f64x8], args = SHAPES)]
fn step_and_back<T: Lanes>(bencher: Bencher, shape: (usize, usize, usize)) {
    let alpha = Alpha {
        a0: 1.0,
        a1: 100.0,
        a2: 5.0,
    };
    tile::<T>(bencher, shape, |net, scheme, worker| {
        worker.forward_taped(net, scheme, &alpha);
        worker.backward(net, scheme, &alpha);
    });
}

/// A chunk of pairs of a start by matching, tile after tile: M and its gradient, with the flush at its end. A tile alone would leave
/// most of its products of K_bar waiting. Counted as in `cost.rs` of the program: three times one evaluation of grad_s Phi.
#[divan::bench(types = [f32x16, f64x8], args = SHAPES)]
fn matching_chunk<T: Lanes>(bencher: Bencher, shape: (usize, usize, usize)) {
    let (d, m, layers) = shape;
    let net = network::<T>(shape);
    let mut worker = Worker::new(&net, &Arc::default());
    let mut gradient = vec![0.0; net.shape.parameters()];
    let row = |i: usize, out: &mut [f64]| {
        for (k, value) in out.iter_mut().enumerate() {
            *value = ((i + k) as f64).sin().abs();
        }
    };
    let n = TILES * T::WIDTH;
    let pairs = Pairs { n, row: &row };
    let flops = 3 * 4 * m * ((layers - 1) * m + d + 1) * n;
    bencher.counter(ItemsCount::new(flops)).bench_local(|| {
        for first in (0..n).step_by(T::WIDTH) {
            let tile = Tile {
                first,
                count: T::WIDTH,
            };
            worker.match_pairs(&net, black_box(&pairs), 1.0, tile);
        }
        worker.theta_bar.flush(&net, &mut gradient);
    });
}

/// The nearly orthogonal factor of a square matrix, its workspace made anew each time: five rounds of three products.
#[divan::bench(types = [f32x16, f64x8], args = [128, 256])]
fn orthogonal_factor<T: Lanes>(bencher: Bencher, m: usize) {
    let pool = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let matrix: Vec<f64> = (0..m * m).map(|k| (k as f64).sin()).collect();
    bencher
        .counter(ItemsCount::new(5 * 3 * 2 * m * m * m))
        .with_inputs(|| matrix.clone())
        .bench_local_values(|mut matrix| {
            pool.install(|| orthogonalize::<T>(&mut matrix, m));
            matrix
        });
}
