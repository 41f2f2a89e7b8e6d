//! Nothing is allocated inside an iteration, on any thread: of the loss, or of a start by matching. Threads above the tiles of a batch
//! cost no tape.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::alloc::System;
use std::sync::Mutex;

use otflow_kernels::engine::{Engine, Pairs, Precision, engine, with_rows};
use otflow_kernels::layout::uses_strassen;
use otflow_kernels::objective::{Alpha, Grid, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::stepper::Stepper;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const NARROW: Shape = Shape {
    d: 5,
    context: 1,
    m: 20,
    layers: 3,
    rank: 10,
};

/// The trace by Strassen's scheme: a pair of columns and one more.
const WIDE: Shape = Shape {
    d: 3,
    m: 160,
    ..NARROW
};

const ALPHA: Alpha = Alpha {
    a0: 1.0,
    a1: 30.0,
    a2: 1.0,
};

/// The jobs from outside of rayon's threads for which its queue takes one block, whoever calls it.
const JOBS_A_BLOCK: usize = 63;

/// Each of them also takes a block once, when it first looks for work, which on a busy machine may be late.
const THREADS: usize = 3;

/// The value that an iteration computes the gradient of.
#[derive(Clone, Copy, Debug)]
enum Pass {
    /// The loss, with the trace there.
    Loss(TraceAt),
    /// M, of a start by matching.
    Matching,
}

impl Pass {
    /// Values of a row that it takes.
    fn width(self, shape: &Shape) -> usize {
        match self {
            Pass::Loss(_) => shape.columns(),
            Pass::Matching => shape.columns() + shape.d + 1,
        }
    }

    /// Computes it over rows of that width.
    fn run(self, engine: &mut dyn Engine, rows: &[f64], gradient: &mut [f64]) {
        let width = self.width(&engine.shape());
        match self {
            Pass::Loss(trace) => {
                let scheme = Scheme {
                    steps: if engine.shape() == WIDE { 1 } else { 4 },
                    stepper: Stepper::Rk4,
                    trace,
                    grid: Grid::Even,
                };
                with_rows(rows, width, |samples| {
                    engine.gradient(samples, &scheme, &ALPHA, gradient)
                });
            }
            Pass::Matching => {
                let row = |i: usize, out: &mut [f64]| {
                    out.copy_from_slice(&rows[i * width..][..width]);
                };
                let n = rows.len() / width;
                engine.matching(Pairs { n, row: &row }, ALPHA.a0, gradient);
            }
        }
    }
}

/// Blocks of memory allocated by all threads in a number of iterations, after as many as fill a block of jobs: threads that start, and
/// those of an engine before that end, allocate too, and a short pass is done before they are.
fn allocated(shape: Shape, precision: Precision, pass: Pass, iterations: usize) -> usize {
    let n = match pass {
        Pass::Loss(_) if shape == WIDE => 40,
        Pass::Loss(_) => 300,
        // Chunks of eight tiles: some for every thread.
        Pass::Matching => 400,
    };
    let rows: Vec<f64> = (0..n * pass.width(&shape))
        .map(|k| (k as f64 * 0.7).sin())
        .collect();
    let theta = shape.start(|| 0.5);
    let mut gradient = vec![0.0; shape.parameters()];
    let mut engine = engine(shape, precision, THREADS).unwrap();
    let mut iterate = || {
        engine.load(&theta);
        pass.run(&mut *engine, &rows, &mut gradient);
        let heap = ALLOCATOR.stats();
        heap.allocations + heap.reallocations
    };
    (1..JOBS_A_BLOCK).for_each(|_| _ = iterate());
    let start = iterate();
    (1..iterations).for_each(|_| _ = iterate());
    iterate() - start
}

/// The heap's figures are those of the whole process, so that one test at a time may read them.
static HEAP: Mutex<()> = Mutex::new(());

/// Bytes that the first pass over a batch of one tile leaves allocated: tapes and sums.
fn kept(threads: usize) -> usize {
    let rows: Vec<f64> = vec![0.5; 8 * NARROW.columns()];
    let mut gradient = vec![0.0; NARROW.parameters()];
    let mut engine = engine(NARROW, Precision::F64, threads).unwrap();
    engine.load(&NARROW.start(|| 0.5));
    let held = || {
        let heap = ALLOCATOR.stats();
        heap.bytes_allocated - heap.bytes_deallocated
    };
    let before = held();
    Pass::Loss(TraceAt::EveryStage).run(&mut *engine, &rows, &mut gradient);
    held() - before
}

#[test]
fn threads_without_work_take_no_tape() {
    let _alone = HEAP.lock().unwrap();
    let one = kept(1);
    assert!(one > 10_000, "{one} bytes are no tape");
    // Jobs from outside and threads that look for them allocate a little.
    assert!(kept(20) < 2 * one);
}

#[test]
fn an_iteration_allocates_nothing() {
    let _alone = HEAP.lock().unwrap();
    assert!(uses_strassen(WIDE.m));
    for shape in [NARROW, WIDE] {
        for precision in [Precision::F32, Precision::F64] {
            for pass in [
                Pass::Loss(TraceAt::EveryStage),
                Pass::Loss(TraceAt::GaussPoints),
                Pass::Matching,
            ] {
                let iterations = 2 * JOBS_A_BLOCK;
                let blocks = allocated(shape, precision, pass, iterations);
                assert!(
                    blocks <= iterations / JOBS_A_BLOCK + THREADS,
                    "{shape:?} {precision:?} {pass:?}: {blocks} in {iterations} iterations"
                );
            }
        }
    }
}
