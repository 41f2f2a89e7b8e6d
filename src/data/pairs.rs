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
use super::random::{Stream, normal_rows, row_generator};

/// Where a batch lies in the data.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Seed of the model.
    pub seed: u64,
    /// Draw of a toy set, or epoch.
    pub draw: u64,
    /// Rows of the epoch that come before it.
    pub first: usize,
}

/// A batch of rows (x, y), row-major; those that are read are whole groups, but for the last.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// All rows.
    pub values: &'a [f64],
    /// d + c, values of a row.
    pub columns: usize,
    /// d, values of x.
    pub dimension: usize,
}

/// The normal draw of every row of a batch that is read, n x d; zeros in the place of the others.
pub fn matched(rows: Rows, read: Range<usize>, group: usize, place: Place) -> Vec<f64> {
    let (d, columns) = (rows.dimension, rows.columns);
    let n = rows.values.len() / columns;
    let first = (place.first + read.start) as u64;
    let source = (place.seed, Stream::Pairs, place.draw);
    let draws = normal_rows(source, first, (read.len(), d));
    let mut all = vec![0.0; n * d];
    all[read.start * d..read.end * d].copy_from_slice(&draws);
    let values = &rows.values[read.start * columns..read.end * columns];
    all[read.start * d..read.end * d]
        .par_chunks_mut(group * d)
        .zip(values.par_chunks(group * columns))
        .for_each(|(draws, rows)| assign(rows, columns, draws, d));
    all
}

/// Puts the draws of a group in the order of its rows.
fn assign(rows: &[f64], columns: usize, draws: &mut [f64], d: usize) {
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

/// The times of n pairs in an iteration.
#[derive(Debug)]
pub struct Times {
    order: Permutation,
    offset: f64,
}

impl Times {
    /// Those of an iteration.
    pub fn new(n: usize, seed: u64, iteration: u64) -> Self {
        let mut rng = row_generator(seed, Stream::Times, iteration, 0);
        let offset = rng.random();
        Times {
            order: Permutation::new(n, &mut rng),
            offset,
        }
    }

    /// That of a pair, in [0, 1).
    pub fn at(&self, pair: usize) -> f64 {
        (self.order.at(pair) as f64 + self.offset) / self.order.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place {
        seed: 3,
        draw: 2,
        first: 40,
    };

    fn rows(n: usize, columns: usize) -> Vec<f64> {
        normal_rows((9, Stream::Training, 0), 0, (n, columns))
    }

    fn cost(rows: Rows, draws: &[f64]) -> f64 {
        let of_row = |(row, draw): (&[f64], &[f64])| -> f64 {
            row.iter().zip(draw).map(|(x, y)| (x - y) * (x - y)).sum()
        };
        let pairs = rows.values.chunks(rows.columns);
        pairs.zip(draws.chunks(rows.dimension)).map(of_row).sum()
    }

    #[test]
    fn no_order_of_a_group_costs_less() {
        let values = rows(6, 3);
        let rows = Rows {
            values: &values,
            columns: 3,
            dimension: 2,
        };
        let found = matched(rows, 0..6, 6, PLACE);
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
        let rows = Rows {
            values: &values,
            columns: 1,
            dimension: 1,
        };
        let draws = matched(rows, 0..50, 50, PLACE);
        let mut pairs: Vec<(f64, f64)> = values.iter().copied().zip(draws).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(pairs.is_sorted_by(|a, b| a.1 <= b.1));
    }

    #[test]
    fn what_a_rank_reads_is_paired_as_all_of_it() {
        let values = rows(23, 2);
        let rows = Rows {
            values: &values,
            columns: 2,
            dimension: 2,
        };
        let whole = matched(rows, 0..23, 5, PLACE);
        for read in [0..10, 5..15, 20..23, 7..7] {
            let part = matched(rows, read.clone(), 5, PLACE);
            for (at, (part, whole)) in part.chunks(2).zip(whole.chunks(2)).enumerate() {
                let want = if read.contains(&at) { whole } else { &[0.0; 2] };
                assert_eq!(part, want);
            }
        }
    }

    #[test]
    fn groups_of_one_leave_the_draws_as_they_come() {
        let values = rows(7, 2);
        let rows = Rows {
            values: &values,
            columns: 2,
            dimension: 2,
        };
        let draws = normal_rows((PLACE.seed, Stream::Pairs, PLACE.draw), 40, (7, 2));
        assert_eq!(matched(rows, 0..7, 1, PLACE), draws);
    }

    #[test]
    fn every_part_of_the_unit_interval_has_one_time() {
        let times = Times::new(100, 1, 7);
        let mut all: Vec<f64> = (0..100).map(|pair| times.at(pair)).collect();
        assert!(!all.is_sorted());
        all.sort_by(f64::total_cmp);
        for (part, t) in all.iter().enumerate() {
            assert!((part as f64 / 100.0..(part + 1) as f64 / 100.0).contains(t));
        }
        assert_ne!(Times::new(100, 1, 8).at(0), times.at(0));
    }
}
