//! The gradient of a square matrix, K_bar += y_bar x', for columns that wait until there are enough of them: a long contraction
//! loads and stores K_bar less often. The order of the sum, and its bits, are the same however many wait.
//!
//! Columns come on their own, or as sides of the seven products of [`crate::seven`]; the two are summed up apart.

use std::array::from_fn;

use crate::lanes::{Lanes, Real, lanes};
use crate::linear::{ACROSS, outer, vectors};
use crate::seven::{self, Quarters, Sides};
use crate::tile::PAIRS;

/// Pairs that wait for a contraction at most.
const WAITING: usize = 4 * PAIRS;

/// Cotangent of a square matrix.
#[derive(Debug)]
pub struct Outer<T> {
    rows: usize,
    /// Rows whose vectors lie together: all, or a half.
    part: usize,
    /// `[vector of columns of K][row]`.
    sum: Vec<T>,
    /// What waits: `[column][row][sample]`.
    y_bar: Vec<T>,
    /// What waits: `[column][vector of columns of K][sample]`, as [`crate::linear::transpose`] gives it.
    x: Vec<T>,
    waiting: usize,
    pairs: Option<Pairs<T>>,
}

/// What goes by seven products.
#[derive(Debug)]
struct Pairs<T> {
    /// Like `sum`, of halves.
    sums: [Vec<T>; 7],
    y_bar: Sides<T>,
    /// A block of x.
    room: Vec<T>,
    waiting: usize,
}

impl<T: Lanes> Outer<T> {
    /// Zero; up to `capacity` columns wait, and as many pairs where [`seven::pays`].
    pub fn new(rows: usize, capacity: usize) -> Self {
        let part = part(rows);
        let across = across::<T>(rows, part);
        let pairs = (part < rows).then(|| Pairs {
            sums: from_fn(|_| vec![T::default(); vectors::<T>(part) * part]),
            y_bar: Sides::new(part, WAITING),
            room: vec![T::default(); WAITING * ACROSS * T::WIDTH],
            waiting: 0,
        });
        Outer {
            rows,
            part,
            sum: vec![T::default(); across / T::WIDTH * rows],
            y_bar: vec![T::default(); capacity * rows],
            x: vec![T::default(); capacity * across],
            waiting: 0,
            pairs,
        }
    }

    /// Makes room for `columns` more, to be filled through [`Outer::last`].
    pub fn push(&mut self, columns: usize) {
        if (self.waiting + columns) * self.rows > self.y_bar.len() {
            self.contract();
        }
        self.waiting += columns;
    }

    /// y_bar, `[column][row]`, and x, `[column][vector of columns of K][sample]`, of the last `columns` pushed.
    pub fn last(&mut self, columns: usize) -> (&mut [T], &mut [T]) {
        let (first, across) = (self.waiting - columns, across::<T>(self.rows, self.part));
        (
            &mut self.y_bar[first * self.rows..self.waiting * self.rows],
            &mut self.x[first * across..self.waiting * across],
        )
    }

    /// Makes room for so many pairs more, and gives the sides of y_bar and the place of the first new one there.
    pub fn push_pairs(&mut self, count: usize) -> Option<(&mut Sides<T>, usize)> {
        let pairs = self.pairs.as_mut()?;
        let first = pairs.waiting;
        pairs.waiting += count;
        Some((&mut pairs.y_bar, first))
    }

    /// How many pairs wait, if it is time: no more of them have room, or none `follow`.
    pub fn pairs_due(&self, follow: bool) -> Option<usize> {
        let pairs = self.pairs.as_ref()?;
        let due = !follow || pairs.waiting + PAIRS > WAITING;
        due.then_some(pairs.waiting)
    }

    /// Adds the pairs that wait; x comes from its quarters in (pair, vector of rows of a half, sample).
    pub fn contract_pairs(&mut self, x: impl Fn(usize, usize, usize) -> Quarters<T>) {
        if let Some(pairs) = &mut self.pairs {
            let y_bar = (&pairs.y_bar, std::mem::take(&mut pairs.waiting));
            seven::outer(&mut pairs.sums, y_bar, &mut pairs.room, x);
        }
    }

    /// Adds what waits.
    fn contract(&mut self) {
        let across = across::<T>(self.rows, self.part);
        let (y_bar, x) = (
            &self.y_bar[..self.waiting * self.rows],
            &self.x[..self.waiting * across],
        );
        if self.waiting > 0 {
            outer(&mut self.sum, self.rows, y_bar, x);
        }
        self.waiting = 0;
    }

    /// Adds everything to a matrix row by row and is zero again.
    pub fn flush(&mut self, total: &mut [f64]) {
        self.contract();
        let (rows, part, per_part) = (self.rows, self.part, vectors::<T>(self.part));
        for (at, column) in self.sum.chunks_exact_mut(rows).enumerate() {
            let first = at / per_part * part + at % per_part * T::WIDTH;
            let width = T::WIDTH.min(part - at % per_part * T::WIDTH);
            for (value, row) in column.iter_mut().zip(total.chunks_exact_mut(rows)) {
                let value = std::mem::take(value);
                for (total, value) in row[first..][..width].iter_mut().zip(lanes(&value)) {
                    *total += value.widen();
                }
            }
        }
        if let Some(pairs) = &mut self.pairs {
            pairs.flush(part, total);
        }
    }
}

impl<T: Lanes> Pairs<T> {
    fn flush(&mut self, half: usize, total: &mut [f64]) {
        for at in 0..vectors::<T>(half) {
            let first = at * T::WIDTH;
            for row in 0..half {
                let sums = self
                    .sums
                    .each_mut()
                    .map(|sum| std::mem::take(&mut sum[at * half + row]));
                for lane in 0..T::WIDTH.min(half - first) {
                    let quarters =
                        seven::joined(sums.each_ref().map(|sum| lanes(sum)[lane].widen()));
                    for (i, quarters) in quarters.into_iter().enumerate() {
                        for (j, value) in quarters.into_iter().enumerate() {
                            total[(i * half + row) * 2 * half + j * half + first + lane] += value;
                        }
                    }
                }
            }
        }
    }
}

/// Rows whose vectors lie together where lanes are rows: a half where the seven products go by halves.
pub fn part(rows: usize) -> usize {
    if seven::pays(rows) { rows / 2 } else { rows }
}

/// Vectors that a column takes with rows across lanes, one for every sample.
pub fn across<T: Lanes>(rows: usize, part: usize) -> usize {
    rows / part * vectors::<T>(part) * T::WIDTH
}
