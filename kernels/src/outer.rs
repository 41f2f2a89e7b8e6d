//! The gradient of a square matrix, K_bar += y_bar x', for columns that wait until there are enough of them: a long contraction
//! loads and stores K_bar less often. The order of the sum, and its bits, are the same however many wait.
//!
//! Columns come on their own, or as sides of the seven products of [`crate::seven`]; the two are summed up apart.

use std::array::from_fn;
use std::ops::Range;

use crate::lanes::{Lanes, Real, lanes};
use crate::linear::{ACROSS, outer, vectors};
use crate::seven::{self, Quarters, Sides, scaled};
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
    waiting: usize,
    /// Where the x of those that wait comes from where it is J_0: slopes, and the first column of each pair with the place of
    /// its slopes.
    slopes: Vec<T>,
    places: Vec<(usize, usize)>,
    /// A block of x.
    room: Vec<T>,
}

impl<T: Lanes> Outer<T> {
    /// Zero; up to `capacity` columns wait, and pairs where [`seven::pays`].
    pub fn new(rows: usize, capacity: usize) -> Self {
        let part = part(rows);
        let across = across::<T>(rows, part);
        let pairs = (part < rows).then(|| Pairs {
            sums: from_fn(|_| vec![T::default(); vectors::<T>(part) * part]),
            y_bar: Sides::new(part, WAITING),
            waiting: 0,
            slopes: vec![T::default(); WAITING * across],
            places: Vec::with_capacity(WAITING),
            room: vec![T::default(); WAITING * ACROSS * T::WIDTH],
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

    /// Room for the pairs of a panel, which are to be added by [`Outer::contract_pairs`]: the sides of y_bar, and the place of
    /// the first of them there.
    pub fn push_pairs(&mut self, count: usize) -> Option<(&mut Sides<T>, usize)> {
        let pairs = self.pairs.as_mut()?;
        let first = pairs.waiting;
        pairs.waiting += count;
        Some((&mut pairs.y_bar, first))
    }

    /// The same for a panel of J_0 = diag(slope_0) K_0 E, from slopes and K_0 with rows across lanes. It waits for others.
    pub fn push_first(
        &mut self,
        panel: &Range<usize>,
        (slope, k0): (&[T], &[T]),
    ) -> Option<(&mut Sides<T>, usize)> {
        let pairs = self.pairs.as_mut()?;
        if pairs.waiting + panel.len() / 2 > WAITING {
            pairs.contract_first(k0);
        }
        let slot = match pairs.places.last() {
            Some(&(_, slot)) if panel.start > 0 => slot,
            last => {
                let slot = last.map_or(0, |(_, slot)| slot + 1);
                pairs.slopes[slot * slope.len()..][..slope.len()].copy_from_slice(slope);
                slot
            }
        };
        let columns = panel.clone().step_by(2);
        pairs.places.extend(columns.map(|column| (column, slot)));
        self.push_pairs(panel.len() / 2)
    }

    /// Adds what [`Outer::push_pairs`] made room for; x as in [`seven::outer`].
    pub fn contract_pairs<G: Fn(usize) -> Quarters<T>>(&mut self, x: impl Fn(usize, usize) -> G) {
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

    /// Adds everything to a matrix row by row and is zero again; K_0 as for [`Outer::push_first`].
    pub fn flush(&mut self, k0: &[T], total: &mut [f64]) {
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
            pairs.contract_first(k0);
            pairs.flush(part, total);
        }
    }
}

impl<T: Lanes> Pairs<T> {
    /// Adds the panels of J_0 that wait.
    fn contract_first(&mut self, k0: &[T]) {
        if self.places.is_empty() {
            return;
        }
        let (across, places, slopes) = (self.slopes.len() / WAITING, &self.places, &self.slopes);
        let (width, half) = (across / T::WIDTH, across / T::WIDTH / 2);
        let x = |q: usize, vector: usize| {
            let (column, slot) = places[q];
            let (left, right) = k0[column * width..][..2 * width].split_at(width);
            let k0 = [
                [left[vector], right[vector]],
                [left[half + vector], right[half + vector]],
            ];
            let slopes = &slopes[slot * across..][..across];
            let [high, low] =
                [vector, half + vector].map(|vector| &slopes[vector * T::WIDTH..][..T::WIDTH]);
            move |sample: usize| scaled([high[sample], low[sample]], k0)
        };
        let y_bar = (&self.y_bar, std::mem::take(&mut self.waiting));
        seven::outer(&mut self.sums, y_bar, &mut self.room, x);
        self.places.clear();
    }

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
