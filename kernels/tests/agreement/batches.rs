//! A batch as a whole: the same bits whoever computes which part of it; how far a pass is, and how it is given up.

use otflow_kernels::batch::{Chunks, Share};
use otflow_kernels::engine::{Precision, Samples, lanes_of};
use otflow_kernels::objective::{CostSums, Costs, Scheme, TraceAt};
use otflow_kernels::parameters::Shape;
use otflow_kernels::progress::Tiles;
use otflow_kernels::stepper::Stepper;
use otflow_kernels::tree_sum::{fold, roots_of};

use crate::problems::{
    ALPHA, F32, F64, cases, gradient, rows, scheme, shape, wide_cases, with_samples,
};

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (shape, scheme) in [cases()[1], cases()[3], wide_cases()[1]] {
        for n in [1, 7, 130, 500] {
            let rows = rows(&shape, n);
            let one = gradient(F32, shape, &scheme, &rows, 1);
            for threads in [2, 3, 7, 64] {
                assert_eq!(
                    gradient(F32, shape, &scheme, &rows, threads),
                    one,
                    "{threads} threads, n = {n}"
                );
            }
        }
    }
}

/// However long a tile takes: the pass is told to end while it runs, in a batch that would take minutes.
#[test]
fn a_pass_that_is_given_up_ends_early() {
    let shape = shape(3, 0, 16, 2, 4);
    let mut engine = F64.engine(shape, 2);
    engine.load(&vec![0.1; shape.parameters()]);
    let progress = engine.progress();
    let watcher = std::thread::spawn({
        let progress = progress.clone();
        move || {
            while progress.tiles().done < 2 {
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
    let scheme = scheme(4, Stepper::Rk4, TraceAt::EveryStage);
    engine.gradient(samples, &scheme, &ALPHA, &mut gradient);
    watcher.join().unwrap();
    let Tiles { done, all: tiles } = progress.tiles();
    assert_eq!(tiles, 12_500_000);
    assert!(progress.given_up() && (2..tiles).contains(&done));
}

/// Whoever watches a long pass sees it move, also within a tile.
#[test]
fn every_time_step_of_a_tile_is_counted() {
    let shape = shape(3, 0, 4, 2, 3);
    let mut engine = F64.engine(shape, 2);
    engine.load(&vec![0.1; shape.parameters()]);
    let progress = engine.progress();
    let row = |_: usize, row: &mut [f64]| row.fill(0.5);
    let samples = Samples { n: 20, row: &row };
    let scheme = scheme(4, Stepper::Rk4, TraceAt::EveryStage);
    let (tiles, mut gradient) = (3, vec![0.0; shape.parameters()]);
    engine.gradient(samples, &scheme, &ALPHA, &mut gradient);
    // Forth and back.
    assert_eq!(progress.steps(), tiles * 2 * scheme.steps);
    engine.costs(samples, &scheme, &ALPHA);
    assert_eq!(progress.steps(), tiles * 3 * scheme.steps);
}

/// The sums of the shares of several engines, in order; samples of the others' shares are no numbers.
fn shared(shape: Shape, scheme: &Scheme, rows: &[f64], of: usize) -> Vec<Vec<f64>> {
    let (n, columns) = (rows.len() / shape.columns(), shape.columns());
    let lanes = lanes_of(Precision::F64);
    let count = Chunks::of(n, lanes).count();
    let mut sums = Vec::new();
    for index in 0..of {
        let share = Share { index, of };
        let own = share.samples(n, lanes);
        let own = own.start * columns..own.end * columns;
        let mut known = vec![f64::NAN; rows.len()];
        known[own.clone()].copy_from_slice(&rows[own]);
        let mut engine = F64.engine(shape, 2);
        with_samples(&shape, &known, |samples| {
            engine.sum_share(samples, scheme, &ALPHA, share);
        });
        let Tiles { done, all: tiles } = engine.progress().tiles();
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
        let (costs, gradient) = gradient(F64, shape, &scheme, &rows, 1);
        let count = Chunks::of(n, lanes_of(Precision::F64)).count();
        for of in [1, 2, 3, 4, 16, 20] {
            let mut sums = shared(shape, &scheme, &rows, of);
            let spans = (0..of).map(|index| Share { index, of }.chunks(count));
            let total = fold(spans, count, sums.iter_mut().map(Vec::as_mut_slice)).unwrap();
            let (found, sums) = total.split_at(gradient.len());
            let found = found.iter().map(|value| value / n as f64);
            assert!(found.eq(gradient.iter().copied()), "{n} over {of}");
            let sums = CostSums::from_slice(sums);
            assert_eq!(Costs::from_sums(sums, n, &ALPHA), costs);
        }
    }
}
