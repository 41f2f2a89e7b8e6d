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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::scalars_mut;
    use crate::linear::transpose;
    use crate::seven::Pair;
    use wide::{f32x4, f32x16, f64x2, f64x8};

    /// Small integers: sums of products are exact in f32, by seven products too.
    fn column<T: Lanes>(rows: usize, seed: usize, most: usize) -> Vec<T> {
        let mut x = vec![T::default(); rows];
        for (place, value) in scalars_mut(&mut x).iter_mut().enumerate() {
            let entry = (7 * place + 5 * seed + place * seed) % (2 * most + 1);
            *value = T::Real::of(entry as f64 - most as f64);
        }
        x
    }

    fn across_lanes<T: Lanes>(x: &[T]) -> Vec<T> {
        let part = part(x.len());
        let mut transposed = vec![T::default(); across::<T>(x.len(), part)];
        transpose(x, part, &mut transposed);
        transposed
    }

    /// want += y x', over all samples.
    fn add<T: Lanes>(want: &mut [f64], y: &[T], x: &[T]) {
        let at = |x: &T, lane: usize| lanes(x)[lane].widen();
        for (want, y) in want.chunks_mut(x.len()).zip(y) {
            for (want, x) in want.iter_mut().zip(x) {
                *want += (0..T::WIDTH).map(|l| at(y, l) * at(x, l)).sum::<f64>();
            }
        }
    }

    /// More terms than wait at once, a few at a time.
    fn columns<T: Lanes>(m: usize, panel: usize) {
        let mut k_bar = Outer::<T>::new(m, panel);
        let mut total = vec![1.0; m * m];
        let mut want = total.clone();
        for pushed in 0..20 / panel {
            k_bar.push(panel);
            let (y_bar, x) = k_bar.last(panel);
            let across = x.len() / panel;
            for (j, (y_bar, x)) in y_bar.chunks_mut(m).zip(x.chunks_mut(across)).enumerate() {
                let seed = pushed * panel + j;
                let (left, right) = (column::<T>(m, seed, 6), column::<T>(m, seed + 1, 6));
                y_bar.copy_from_slice(&left);
                x.copy_from_slice(&across_lanes(&right));
                add(&mut want, &left, &right);
            }
        }
        k_bar.flush(&[], &mut total);
        assert_eq!(total, want, "{m} x {m}, {panel} at a time");
        k_bar.flush(&[], &mut total);
        assert_eq!(total, want, "a flush leaves zeros");
    }

    /// Panels of J_0 of several evaluations, more than wait at once, then columns that are given.
    fn pairs<T: Lanes>(m: usize, d: usize) {
        let mut k_bar = Outer::<T>::new(m, 1);
        let (mut total, mut want) = (vec![1.0; m * m], vec![1.0; m * m]);
        // In the first lane what K_0 has, which is the same for every sample.
        let k0: Vec<Vec<T>> = (0..d).map(|j| column(m, j, 3)).collect();
        let k0: Vec<Vec<T>> = k0
            .iter()
            .map(|column| column.iter().map(|k| T::splat(lanes(k)[0])).collect())
            .collect();
        let mut k0_lanes = Vec::new();
        for column in &k0 {
            k0_lanes.extend(across_lanes(column).into_iter().step_by(T::WIDTH));
        }
        for evaluation in 0..4 {
            let slope: Vec<T> = column(m, evaluation, 2);
            let slope_lanes = across_lanes(&slope);
            for start in (0..d).step_by(2 * PAIRS) {
                let panel = start..d.min(start + 2 * PAIRS);
                let y: Vec<T> = column(panel.len() * m, evaluation + start, 3);
                for (j, y) in panel.clone().zip(y.chunks(m)) {
                    let x: Vec<T> = slope.iter().zip(&k0[j]).map(|(&s, &k)| s * k).collect();
                    add(&mut want, y, &x);
                }
                let from = (&slope_lanes[..], &k0_lanes[..]);
                let (sides, at) = k_bar.push_first(&panel, from).unwrap();
                for (q, y) in y.chunks(2 * m).enumerate() {
                    let y = Pair::of(y, m);
                    sides.fill(at + q, |k| y.at(k));
                }
            }
        }
        k_bar.flush(&k0_lanes, &mut total);
        assert_eq!(total, want, "{m} x {m}, {d} columns");
        let (y, x): (Vec<T>, Vec<T>) = (column(2 * m, 1, 6), column(2 * m, 2, 6));
        let (sides, at) = k_bar.push_pairs(1).unwrap();
        let y_pair = Pair::of(&y, m);
        sides.fill(at, |k| y_pair.at(k));
        let lanes: Vec<T> = x.chunks(m).flat_map(|x| across_lanes(x)).collect();
        let vectors = lanes.len() / 2;
        k_bar.contract_pairs(|_, vector| {
            let pair = Pair::of(&lanes, vectors);
            move |sample: usize| pair.at(vector * T::WIDTH + sample)
        });
        y.chunks(m)
            .zip(x.chunks(m))
            .for_each(|(y, x)| add(&mut want, y, x));
        k_bar.flush(&k0_lanes, &mut total);
        assert_eq!(total, want, "a flush leaves zeros");
    }

    fn sums<T: Lanes>() {
        for m in [1, 2, 5, 8, 16, 19, 31, 33] {
            for panel in 1..=4 {
                columns::<T>(m, panel);
            }
        }
        for (m, d) in [(160, 6), (166, 10), (192, 2), (162, 26)] {
            assert!(seven::pays(m));
            columns::<T>(m, 3);
            pairs::<T>(m, d);
        }
    }

    #[test]
    fn sums_are_exact_at_every_width_and_size() {
        sums::<f32>();
        sums::<f32x4>();
        sums::<f32x16>();
        sums::<f64x2>();
        sums::<f64x8>();
    }
}
