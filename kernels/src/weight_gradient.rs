//! The gradient of a square matrix, K_bar += y_bar x', over many columns at once.
//!
//! Columns of y_bar and x are stored until there are enough of them, and contracted together: a long contraction loads and
//! stores K_bar less often. The order of the sum, and its bits, are the same for any number of pending columns.
//!
//! Columns come on their own, or in pairs as operands of Strassen's scheme ([`crate::strassen`]); the two are summed up apart.
//!
//! Sizes in cache at m = 256 in f32: K_bar 256 KB (L2), twelve pending columns of y_bar or x 192 KB each (L2); a register block of
//! K_bar is loaded and stored once a contraction, instead of once a column.

use std::array::from_fn;
use std::ops::Range;

use crate::lanes::{Lanes, Real, lanes};
use crate::layout::{OUTER_VECTORS, PENDING_PAIRS, section, transposed_len, vectors};
use crate::linear::outer;
use crate::strassen::{self, Operands, Quarters, join_gradient, scale_halves};

/// A `WeightGradient` is the cotangent of a square matrix.
#[derive(Debug)]
pub struct WeightGradient<T> {
    rows: usize,
    /// Rows of a section of a transposed column: all of them, or a half.
    section: usize,
    /// The sum of what is contracted, `[vector of columns of K][row]`.
    sum: Vec<T>,
    /// Pending columns of y_bar, `[column][row][sample]`.
    y_bar: Vec<T>,
    /// Pending columns of x, `[column][vector of columns of K][sample]`, as [`crate::linear::transpose`] leaves them.
    x: Vec<T>,
    pending: usize,
    pairs: Option<PairGradient<T>>,
}

/// A `PairGradient` is the part of the sum that follows Strassen's scheme.
#[derive(Debug)]
struct PairGradient<T> {
    /// The seven sums, of halves: `[vector of columns][row]`.
    sums: [Vec<T>; 7],
    y_bar: Operands<T>,
    pending: usize,
    /// The transposed columns slope_0, one for each evaluation among the pending pairs of J_0.
    slopes: Vec<T>,
    /// The pending pairs of J_0.
    first_layer: Vec<FirstLayerPair>,
    /// One operand of x for a few vectors of columns.
    buffer: Vec<T>,
}

/// A pending pair of columns of J_0.
#[derive(Debug, Clone, Copy)]
struct FirstLayerPair {
    /// The first column of the pair.
    column: usize,
    /// The index of its slopes.
    slopes: usize,
}

/// A `Term` is columns to be filled by the caller.
#[derive(Debug)]
pub struct Term<'a, T> {
    /// The columns of y_bar, `[column][row]`.
    pub y_bar: &'a mut [T],
    /// The columns of x, `[column][vector of columns of K][sample]`.
    pub x: &'a mut [T],
}

/// A `PairTerm` is pairs of columns to be filled by the caller.
#[derive(Debug)]
pub struct PairTerm<'a, T> {
    /// The operands of all pending pairs of y_bar.
    pub y_bar: &'a mut Operands<T>,
    /// The first of the pairs to be filled.
    pub first: usize,
}

impl<T: Lanes> WeightGradient<T> {
    /// Returns a gradient of zero; up to `capacity` columns are pending, and pairs where Strassen's scheme is used.
    pub fn new(rows: usize, capacity: usize) -> Self {
        let section = section(rows);
        let length = transposed_len::<T>(rows, section);
        let pairs = (section < rows).then(|| PairGradient {
            sums: from_fn(|_| vec![T::default(); vectors::<T>(section) * section]),
            y_bar: Operands::new(section, PENDING_PAIRS),
            pending: 0,
            slopes: vec![T::default(); PENDING_PAIRS * length],
            first_layer: Vec::with_capacity(PENDING_PAIRS),
            buffer: vec![T::default(); PENDING_PAIRS * OUTER_VECTORS * T::WIDTH],
        });
        WeightGradient {
            rows,
            section,
            sum: vec![T::default(); length / T::WIDTH * rows],
            y_bar: vec![T::default(); capacity * rows],
            x: vec![T::default(); capacity * length],
            pending: 0,
            pairs,
        }
    }

    /// Reserves `columns` more, to be filled through [`WeightGradient::reserved`].
    pub fn reserve(&mut self, columns: usize) {
        if (self.pending + columns) * self.rows > self.y_bar.len() {
            self.contract();
        }
        self.pending += columns;
    }

    /// Returns the last `columns` that were reserved.
    pub fn reserved(&mut self, columns: usize) -> Term<'_, T> {
        let first = self.pending - columns;
        let length = transposed_len::<T>(self.rows, self.section);
        Term {
            y_bar: &mut self.y_bar[first * self.rows..self.pending * self.rows],
            x: &mut self.x[first * length..self.pending * length],
        }
    }

    /// Reserves the pairs of a panel, to be added by [`WeightGradient::contract_pairs`], or returns None where Strassen's
    /// scheme is not used.
    pub fn reserve_pairs(&mut self, count: usize) -> Option<PairTerm<'_, T>> {
        let pairs = self.pairs.as_mut()?;
        let first = pairs.pending;
        pairs.pending += count;
        Some(PairTerm {
            y_bar: &mut pairs.y_bar,
            first,
        })
    }

    /// Reserves the pairs of a panel whose x are columns of J_0 = diag(slope_0) K_0 E; slope_0 and K_0 E are transposed. They
    /// stay pending, since their x can be formed at any time.
    pub fn reserve_first_layer(
        &mut self,
        panel: &Range<usize>,
        slope: &[T],
        k0: &[T],
    ) -> Option<PairTerm<'_, T>> {
        let pairs = self.pairs.as_mut()?;
        if pairs.pending + panel.len() / 2 > PENDING_PAIRS {
            pairs.contract_first_layer(k0);
        }
        let slopes = match pairs.first_layer.last() {
            // A later panel of the same evaluation.
            Some(pair) if panel.start > 0 => pair.slopes,
            last => {
                let next = last.map_or(0, |pair| pair.slopes + 1);
                pairs.slopes[next * slope.len()..][..slope.len()].copy_from_slice(slope);
                next
            }
        };
        let columns = panel.clone().step_by(2);
        pairs
            .first_layer
            .extend(columns.map(|column| FirstLayerPair { column, slopes }));
        self.reserve_pairs(panel.len() / 2)
    }

    /// Adds the pairs that [`WeightGradient::reserve_pairs`] reserved; x as in [`strassen::outer`].
    pub fn contract_pairs<G: Fn(usize) -> Quarters<T>>(&mut self, x: impl Fn(usize, usize) -> G) {
        if let Some(pairs) = &mut self.pairs {
            let count = std::mem::take(&mut pairs.pending);
            strassen::outer(&mut pairs.sums, &pairs.y_bar, count, &mut pairs.buffer, x);
        }
    }

    /// Adds the pending columns.
    fn contract(&mut self) {
        let length = transposed_len::<T>(self.rows, self.section);
        let y_bar = &self.y_bar[..self.pending * self.rows];
        let x = &self.x[..self.pending * length];
        if self.pending > 0 {
            outer(&mut self.sum, self.rows, y_bar, x);
        }
        self.pending = 0;
    }

    /// Adds the gradient to a row-major matrix and leaves zero; K_0 E as for [`WeightGradient::reserve_first_layer`].
    pub fn flush(&mut self, k0: &[T], total: &mut [f64]) {
        self.contract();
        let (rows, section) = (self.rows, self.section);
        let per_section = vectors::<T>(section);
        for (vector, column) in self.sum.chunks_exact_mut(rows).enumerate() {
            let first = vector / per_section * section + vector % per_section * T::WIDTH;
            let width = T::WIDTH.min(section - vector % per_section * T::WIDTH);
            for (value, row) in column.iter_mut().zip(total.chunks_exact_mut(rows)) {
                let value = std::mem::take(value);
                for (total, value) in row[first..][..width].iter_mut().zip(lanes(&value)) {
                    *total += value.widen();
                }
            }
        }
        if let Some(pairs) = &mut self.pairs {
            pairs.contract_first_layer(k0);
            pairs.flush(section, total);
        }
    }
}

impl<T: Lanes> PairGradient<T> {
    /// Adds the pending pairs of J_0, whose columns are formed as they are read: slope_0 and K_0 E are smaller than J_0.
    fn contract_first_layer(&mut self, k0: &[T]) {
        if self.first_layer.is_empty() {
            return;
        }
        let (length, places, slopes) = (
            self.slopes.len() / PENDING_PAIRS,
            &self.first_layer,
            &self.slopes,
        );
        // K_0 E is the same for every sample: a column of it is one vector for every T::WIDTH rows.
        let (width, half) = (length / T::WIDTH, length / T::WIDTH / 2);
        let x = |pair: usize, vector: usize| {
            let FirstLayerPair {
                column,
                slopes: index,
            } = places[pair];
            let (left, right) = k0[column * width..][..2 * width].split_at(width);
            let k0 = [
                [left[vector], right[vector]],
                [left[half + vector], right[half + vector]],
            ];
            let slopes = &slopes[index * length..][..length];
            let [upper, lower] =
                [vector, half + vector].map(|vector| &slopes[vector * T::WIDTH..][..T::WIDTH]);
            move |sample: usize| scale_halves([upper[sample], lower[sample]], k0)
        };
        let count = std::mem::take(&mut self.pending);
        strassen::outer(&mut self.sums, &self.y_bar, count, &mut self.buffer, x);
        self.first_layer.clear();
    }

    /// Joins the seven sums in f64, adds them to a row-major matrix and leaves zeros.
    fn flush(&mut self, half: usize, total: &mut [f64]) {
        for vector in 0..vectors::<T>(half) {
            let first = vector * T::WIDTH;
            for row in 0..half {
                let sums = self
                    .sums
                    .each_mut()
                    .map(|sum| std::mem::take(&mut sum[vector * half + row]));
                for lane in 0..T::WIDTH.min(half - first) {
                    let quarters =
                        join_gradient(sums.each_ref().map(|sum| lanes(sum)[lane].widen()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::scalars_mut;
    use crate::layout::{PANEL_PAIRS, uses_strassen};
    use crate::linear::transpose;
    use crate::strassen::ColumnPair;
    use wide::{f32x16, f64x8};

    /// Small integers: sums of products are exact in f32, by seven products too.
    fn column<T: Lanes>(rows: usize, seed: usize, most: usize) -> Vec<T> {
        let mut x = vec![T::default(); rows];
        for (place, value) in scalars_mut(&mut x).iter_mut().enumerate() {
            let entry = (7 * place + 5 * seed + place * seed) % (2 * most + 1);
            *value = T::Real::of(entry as f64 - most as f64);
        }
        x
    }

    fn transposed<T: Lanes>(x: &[T]) -> Vec<T> {
        let section = section(x.len());
        let mut transposed = vec![T::default(); transposed_len::<T>(x.len(), section)];
        transpose(x, section, &mut transposed);
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
        let mut k_bar = WeightGradient::<T>::new(m, panel);
        let mut total = vec![1.0; m * m];
        let mut want = total.clone();
        for pushed in 0..20 / panel {
            k_bar.reserve(panel);
            let Term { y_bar, x } = k_bar.reserved(panel);
            let length = x.len() / panel;
            for (j, (y_bar, x)) in y_bar.chunks_mut(m).zip(x.chunks_mut(length)).enumerate() {
                let seed = pushed * panel + j;
                let (left, right) = (column::<T>(m, seed, 6), column::<T>(m, seed + 1, 6));
                y_bar.copy_from_slice(&left);
                x.copy_from_slice(&transposed(&right));
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
        let mut k_bar = WeightGradient::<T>::new(m, 1);
        let (mut total, mut want) = (vec![1.0; m * m], vec![1.0; m * m]);
        // In the first lane what K_0 has, which is the same for every sample.
        let k0: Vec<Vec<T>> = (0..d).map(|j| column(m, j, 3)).collect();
        let k0: Vec<Vec<T>> = k0
            .iter()
            .map(|column| column.iter().map(|k| T::splat(lanes(k)[0])).collect())
            .collect();
        let mut k0_transposed = Vec::new();
        for column in &k0 {
            k0_transposed.extend(transposed(column).into_iter().step_by(T::WIDTH));
        }
        for evaluation in 0..4 {
            let slope: Vec<T> = column(m, evaluation, 2);
            let slope_transposed = transposed(&slope);
            for start in (0..d).step_by(2 * PANEL_PAIRS) {
                let panel = start..d.min(start + 2 * PANEL_PAIRS);
                let y: Vec<T> = column(panel.len() * m, evaluation + start, 3);
                for (j, y) in panel.clone().zip(y.chunks(m)) {
                    let x: Vec<T> = slope.iter().zip(&k0[j]).map(|(&s, &k)| s * k).collect();
                    add(&mut want, y, &x);
                }
                let term = k_bar.reserve_first_layer(&panel, &slope_transposed, &k0_transposed);
                let PairTerm { y_bar, first } = term.unwrap();
                for (q, y) in y.chunks(2 * m).enumerate() {
                    let y = ColumnPair::new(y, m);
                    y_bar.fill(first + q, |k| y.at(k));
                }
            }
        }
        k_bar.flush(&k0_transposed, &mut total);
        assert_eq!(total, want, "{m} x {m}, {d} columns");
        let (y, x): (Vec<T>, Vec<T>) = (column(2 * m, 1, 6), column(2 * m, 2, 6));
        let PairTerm { y_bar, first } = k_bar.reserve_pairs(1).unwrap();
        let y_pair = ColumnPair::new(&y, m);
        y_bar.fill(first, |k| y_pair.at(k));
        let lanes: Vec<T> = x.chunks(m).flat_map(|x| transposed(x)).collect();
        let vectors = lanes.len() / 2;
        k_bar.contract_pairs(|_, vector| {
            let pair = ColumnPair::new(&lanes, vectors);
            move |sample: usize| pair.at(vector * T::WIDTH + sample)
        });
        y.chunks(m)
            .zip(x.chunks(m))
            .for_each(|(y, x)| add(&mut want, y, x));
        k_bar.flush(&k0_transposed, &mut total);
        assert_eq!(total, want, "a flush leaves zeros");
    }

    fn sums<T: Lanes>() {
        for m in [1, 2, 5, 8, 16, 19, 31, 33] {
            for panel in 1..=4 {
                columns::<T>(m, panel);
            }
        }
        for (m, d) in [(160, 6), (166, 10), (192, 2), (162, 26)] {
            assert!(uses_strassen(m));
            columns::<T>(m, 3);
            pairs::<T>(m, d);
        }
    }

    #[test]
    fn sums_are_exact_at_every_width_and_size() {
        sums::<f32>();
        sums::<f32x16>();
        sums::<f64x8>();
    }
}
