//! Pairs of data rows x and normal draws x_1, matched by optimal transport within groups, and their times.
//!
//! ```text
//! group of g pairs: the permutation p with the least sum over i of |x_i - x_1p(i)|^2, an assignment problem, solved exactly
//! t_i = (pi(i) + u) / n       pi a permutation of 0 .. n - 1, u uniform: one time in each of n equal parts of [0, 1)
//! ```
//!
//! Draws and times depend on the seed, the position in the data and the iteration alone, so that any thread, rank or replay finds
//! the same.

use std::ops::Range;

use lapjv::{Matrix, lapjv};
use rand::RngExt;
use rayon::prelude::*;

use super::permutation::Permutation;
use super::random::{DrawKey, Stream, normal_rows, row_generator};

/// The location of a batch in the data.
#[derive(Clone, Copy, Debug)]
pub struct BatchLocation {
    /// Seed of the model.
    pub seed: u64,
    /// Number of the draw of a toy set, or of the epoch.
    pub draw: u64,
    /// Rows of the epoch before the batch.
    pub first: usize,
}

/// The rows (x, y) of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchRows<'a> {
    /// Values of all rows, row-major.
    pub values: &'a [f64],
    /// Number d + c of the values of a row.
    pub columns: usize,
    /// Number d of the values of x.
    pub dimension: usize,
}

/// Draws a normal point for every row of a batch that is read, and matches points and rows by optimal transport within groups: n x
/// d, zeros for the other rows. The rows that are read are whole groups, but for the last.
pub fn match_normals(
    rows: BatchRows,
    read: Range<usize>,
    group: usize,
    location: BatchLocation,
) -> Vec<f64> {
    let (d, columns) = (rows.dimension, rows.columns);
    let n = rows.values.len() / columns;
    let first = (location.first + read.start) as u64;
    let key = DrawKey {
        seed: location.seed,
        stream: Stream::Pairs,
        draw: location.draw,
    };
    let draws = normal_rows(key, first..first + read.len() as u64, d);
    let mut all = vec![0.0; n * d];
    all[read.start * d..read.end * d].copy_from_slice(&draws);
    let values = &rows.values[read.start * columns..read.end * columns];
    all[read.start * d..read.end * d]
        .par_chunks_mut(group * d)
        .zip(values.par_chunks(group * columns))
        .for_each(|(draws, rows)| match_group(rows, columns, draws, d));
    all
}

/// Puts the draws of a group in the order of the rows that they are matched with.
fn match_group(rows: &[f64], columns: usize, draws: &mut [f64], d: usize) {
    let size = draws.len() / d;
    if size < 2 {
        return;
    }
    let mut costs = Vec::with_capacity(size * size);
    for row in rows.chunks_exact(columns) {
        let cost = |draw: &[f64]| -> f64 {
            let pairs = row.iter().zip(draw);
            pairs.map(|(x, x_1)| (x - x_1) * (x - x_1)).sum()
        };
        costs.extend(draws.chunks_exact(d).map(cost));
    }
    let solved = Matrix::from_shape_vec((size, size), costs).map(|costs| lapjv(&costs));
    // Where a cost is no number there is no best order: any will do, and M says that it is not finite.
    if let Ok(Ok((order, _))) = solved {
        let old = draws.to_vec();
        for (draw, &from) in draws.chunks_exact_mut(d).zip(&order) {
            draw.copy_from_slice(&old[from * d..][..d]);
        }
    }
}

/// The times of the pairs of an iteration.
#[derive(Debug)]
pub struct PairTimes {
    order: Permutation,
    offset: f64,
}

impl PairTimes {
    /// The times of n pairs in an iteration.
    pub fn new(n: usize, seed: u64, iteration: u64) -> Self {
        let key = DrawKey {
            seed,
            stream: Stream::Times,
            draw: iteration,
        };
        let mut rng = row_generator(key, 0);
        let offset = rng.random();
        PairTimes {
            order: Permutation::new(n, &mut rng),
            offset,
        }
    }

    /// The time of a pair, in [0, 1).
    pub fn at(&self, pair: usize) -> f64 {
        (self.order.at(pair) as f64 + self.offset) / self.order.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCATION: BatchLocation = BatchLocation {
        seed: 3,
        draw: 2,
        first: 40,
    };

    fn rows(n: usize, columns: usize) -> Vec<f64> {
        let key = DrawKey {
            seed: 9,
            stream: Stream::Training,
            draw: 0,
        };
        normal_rows(key, 0..n as u64, columns)
    }

    fn cost(rows: BatchRows, draws: &[f64]) -> f64 {
        let of_row = |(row, draw): (&[f64], &[f64])| -> f64 {
            row.iter().zip(draw).map(|(x, y)| (x - y) * (x - y)).sum()
        };
        let pairs = rows.values.chunks(rows.columns);
        pairs.zip(draws.chunks(rows.dimension)).map(of_row).sum()
    }

    #[test]
    fn no_order_of_a_group_costs_less() {
        let values = rows(6, 3);
        let rows = BatchRows {
            values: &values,
            columns: 3,
            dimension: 2,
        };
        let found = match_normals(rows, 0..6, 6, LOCATION);
        // All orders of six, by Heap's algorithm.
        let (mut order, mut state) = ([0, 1, 2, 3, 4, 5], [0; 6]);
        let (mut k, mut least) = (1, f64::INFINITY);
        while k < 6 {
            let draws: Vec<f64> = order
                .iter()
                .flat_map(|&i| found[2 * i..][..2].to_vec())
                .collect();
            least = least.min(cost(rows, &draws));
            if state[k] < k {
                order.swap(if k % 2 == 0 { 0 } else { state[k] }, k);
                state[k] += 1;
                k = 1;
            } else {
                state[k] = 0;
                k += 1;
            }
        }
        assert!(cost(rows, &found) <= least + 1e-12);
    }

    #[test]
    fn in_one_dimension_the_order_is_that_of_the_values() {
        let values = rows(50, 1);
        let rows = BatchRows {
            values: &values,
            columns: 1,
            dimension: 1,
        };
        let draws = match_normals(rows, 0..50, 50, LOCATION);
        let mut pairs: Vec<(f64, f64)> = values.iter().copied().zip(draws).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(pairs.is_sorted_by(|a, b| a.1 <= b.1));
    }

    #[test]
    fn what_a_rank_reads_is_paired_as_all_of_it() {
        let values = rows(23, 2);
        let rows = BatchRows {
            values: &values,
            columns: 2,
            dimension: 2,
        };
        let whole = match_normals(rows, 0..23, 5, LOCATION);
        for read in [0..10, 5..15, 20..23, 7..7] {
            let part = match_normals(rows, read.clone(), 5, LOCATION);
            for (at, (part, whole)) in part.chunks(2).zip(whole.chunks(2)).enumerate() {
                let want = if read.contains(&at) { whole } else { &[0.0; 2] };
                assert_eq!(part, want);
            }
        }
    }

    #[test]
    fn groups_of_one_leave_the_draws_as_they_come() {
        let values = rows(7, 2);
        let rows = BatchRows {
            values: &values,
            columns: 2,
            dimension: 2,
        };
        let key = DrawKey {
            seed: LOCATION.seed,
            stream: Stream::Pairs,
            draw: LOCATION.draw,
        };
        let draws = normal_rows(key, 40..47, 2);
        assert_eq!(match_normals(rows, 0..7, 1, LOCATION), draws);
    }

    #[test]
    fn every_part_of_the_unit_interval_has_one_time() {
        let times = PairTimes::new(100, 1, 7);
        let mut all: Vec<f64> = (0..100).map(|pair| times.at(pair)).collect();
        assert!(!all.is_sorted());
        all.sort_by(f64::total_cmp);
        for (part, t) in all.iter().enumerate() {
            assert!((part as f64 / 100.0..(part + 1) as f64 / 100.0).contains(t));
        }
        assert_ne!(PairTimes::new(100, 1, 8).at(0), times.at(0));
    }
}
