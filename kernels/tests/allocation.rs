//! Nothing is allocated inside an iteration, on any thread.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use otflow_kernels::engine::{Precision, engine, with_rows};
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::seven;
use otflow_kernels::stepper::Stepper;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const NARROW: Shape = Shape {
    d: 5,
    context: 1,
    m: 20,
    layers: 3,
    rank: 10,
};

/// The trace by seven products.
const WIDE: Shape = Shape { m: 160, ..NARROW };

const ALPHA: Alpha = Alpha {
    a0: 1.0,
    a1: 30.0,
    a2: 1.0,
};

/// What rayon's queue takes whoever calls it: a block for this many jobs that come from outside of its threads.
const JOBS_A_BLOCK: u64 = 63;

/// Each of them also takes a block once, when it first looks for work, which on a busy machine may be late.
const THREADS: usize = 3;

/// Blocks of memory allocated by all threads in so many iterations, the first not counted.
fn allocated(shape: Shape, precision: Precision, trace: TraceAt, iterations: u64) -> u64 {
    let (n, steps) = if shape == WIDE { (40, 1) } else { (300, 4) };
    let rows: Vec<f64> = (0..n * shape.columns())
        .map(|k| (k as f64 * 0.7).sin())
        .collect();
    let theta = shape.start(|| 0.5);
    let scheme = Scheme {
        steps,
        stepper: Stepper::Rk4,
        trace,
        grid: Grid::Even,
    };
    let mut gradient = vec![0.0; shape.parameters()];
    let mut engine = engine(shape, precision, THREADS).unwrap();
    let mut iterate = || {
        engine.load(&theta);
        with_rows(&rows, shape.columns(), |samples| {
            engine.gradient(samples, &scheme, &ALPHA, &mut gradient)
        });
        dhat::HeapStats::get().total_blocks
    };
    let start = iterate();
    (1..iterations).for_each(|_| _ = iterate());
    iterate() - start
}

#[test]
fn an_iteration_allocates_nothing() {
    let _profiler = dhat::Profiler::builder().testing().build();
    assert!(seven::pays(WIDE.m));
    for shape in [NARROW, WIDE] {
        for precision in [Precision::F32, Precision::F64] {
            for trace in [TraceAt::EveryStage, TraceAt::GaussPoints] {
                let iterations = 4 * JOBS_A_BLOCK;
                let blocks = allocated(shape, precision, trace, iterations);
                assert!(
                    blocks <= iterations / JOBS_A_BLOCK + THREADS as u64,
                    "{shape:?} {precision:?} {trace:?}: {blocks} in {iterations} iterations"
                );
            }
        }
    }
}
