//! The two hot dense products, each over register blocks of [`ROWS`] rows:
//!
//! ```text
//! apply   y = K x              for a panel of columns; lanes are samples, weights are broadcast
//! outer   K_bar += y_bar x'    contracted over a panel's samples; lanes are the columns of K: nothing is summed across lanes
//! ```
//!
//! Both leave their results in memory, and a term does its elementwise work in loops of its own after: the columns are in the
//! first cache then, and one copy of the product serves every caller.

use std::slice::{ChunksExact, ChunksExactMut};

use crate::lanes::{COLUMNS, Lanes, ROWS, Real, scalars};

/// A matrix in row blocks, each [column][row of the block] so that the block's weights of one column lie together.
#[derive(Debug, Clone)]
pub struct Packed<R> {
    rows: usize,
    columns: usize,
    data: Vec<R>,
}

/// Sizes that add up to `total`: even ones, none above `most`.
pub fn evenly(total: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = total.div_ceil(most);
    (0..count).map(move |k| total / count + usize::from(k < total % count))
}

/// Rows of every block.
fn blocks(rows: usize) -> impl Iterator<Item = usize> {
    evenly(rows, ROWS)
}

impl<R: Real> Packed<R> {
    /// A matrix of zeros.
    pub fn new(rows: usize, columns: usize) -> Self {
        Packed {
            rows,
            columns,
            data: vec![R::default(); rows * columns],
        }
    }

    /// Takes the values of `at(row, column)`.
    pub fn fill(&mut self, at: impl Fn(usize, usize) -> f64) {
        let (mut row, mut next) = (0, 0);
        for size in blocks(self.rows) {
            for column in 0..self.columns {
                for r in 0..size {
                    self.data[next] = R::of(at(row + r, column));
                    next += 1;
                }
            }
            row += size;
        }
    }
}

/// y = K x for a panel of columns x, one after another, each as long as K has columns; y likewise, as long as it has rows.
pub fn apply<T: Lanes>(k: &Packed<T::Real>, x: &[T], y: &mut [T]) {
    let panel = (x.chunks_exact(k.columns), y.chunks_exact_mut(k.rows));
    let (mut x, mut y) = panel;
    loop {
        if COLUMNS >= 3 && x.len() >= 3 {
            apply_columns::<T, 3>(k, &mut x, &mut y);
        } else if COLUMNS >= 2 && x.len() >= 2 {
            apply_columns::<T, 2>(k, &mut x, &mut y);
        } else if x.len() >= 1 {
            apply_columns::<T, 1>(k, &mut x, &mut y);
        } else {
            return;
        }
    }
}

/// The next P columns.
#[inline(never)]
fn apply_columns<T: Lanes, const P: usize>(
    k: &Packed<T::Real>,
    x: &mut ChunksExact<T>,
    y: &mut ChunksExactMut<T>,
) {
    let x: [&[T]; P] = std::array::from_fn(|_| x.next().unwrap_or_default());
    let mut y: [&mut [T]; P] = std::array::from_fn(|_| y.next().unwrap_or_default());
    let (mut row, mut rest) = (0, k.data.as_slice());
    for size in blocks(k.rows) {
        let (block, after) = rest.split_at(size * k.columns);
        match size {
            8 => apply_block::<T, 8, P>(block, x, &mut y, row),
            7 => apply_block::<T, 7, P>(block, x, &mut y, row),
            6 => apply_block::<T, 6, P>(block, x, &mut y, row),
            5 => apply_block::<T, 5, P>(block, x, &mut y, row),
            4 => apply_block::<T, 4, P>(block, x, &mut y, row),
            3 => apply_block::<T, 3, P>(block, x, &mut y, row),
            2 => apply_block::<T, 2, P>(block, x, &mut y, row),
            _ => apply_block::<T, 1, P>(block, x, &mut y, row),
        }
        (row, rest) = (row + size, after);
    }
}

/// R rows of y for P columns.
#[inline(always)]
fn apply_block<T: Lanes, const R: usize, const P: usize>(
    block: &[T::Real],
    x: [&[T]; P],
    y: &mut [&mut [T]; P],
    row: usize,
) {
    let weights = block.as_chunks::<R>().0;
    let x = x.map(|column| &column[..weights.len()]);
    let mut sum = [[T::default(); R]; P];
    for (k, weights) in weights.iter().enumerate() {
        let x = x.map(|column| column[k]);
        for r in 0..R {
            let weight = T::splat(weights[r]);
            for p in 0..P {
                sum[p][r] = weight.mul_add(x[p], sum[p][r]);
            }
        }
    }
    for (y, sum) in y.iter_mut().zip(sum) {
        y[row..row + R].copy_from_slice(&sum);
    }
}

/// Vectors that hold `length` lanes, the last one padded.
pub fn vectors<T: Lanes>(length: usize) -> usize {
    length.div_ceil(T::WIDTH)
}

/// Swaps samples and rows: x is `[row][sample]`, the result `[vector of rows][sample]`, padded with zeros.
pub fn transpose<T: Lanes>(x: &[T], transposed: &mut [T]) {
    let whole = x.len() / T::WIDTH * T::WIDTH;
    for (input, output) in x[..whole]
        .chunks_exact(T::WIDTH)
        .zip(transposed.chunks_exact_mut(T::WIDTH))
    {
        T::transpose(input, output);
    }
    if whole < x.len() {
        // At most 16 lanes wide, as Lanes is implemented.
        let mut padded = [T::default(); 16];
        padded[..x.len() - whole].copy_from_slice(&x[whole..]);
        T::transpose(&padded[..T::WIDTH], &mut transposed[whole..]);
    }
}

/// K_bar += y_bar x' over a panel of columns. `y_bar`: `[column of the panel][row][sample]`; `x`: `[column of the panel][vector
/// of columns of K][sample]`, as [`transpose`] gives it; `k_bar`: `[vector of columns of K][row]`.
#[inline(never)]
pub fn outer<T: Lanes>(k_bar: &mut [T], rows: usize, y_bar: &[T], x: &[T]) {
    let across = k_bar.len() / rows;
    // Left to run time: unrolled over a whole tile, the block spills.
    let samples = x.len() / (y_bar.len() / rows) / across;
    for (at, k_bar) in k_bar.chunks_exact_mut(rows).enumerate() {
        let x = x[at * samples..]
            .chunks(across * samples)
            .map(|x| &x[..samples]);
        let mut row = 0;
        for size in blocks(rows) {
            let into = &mut k_bar[row..];
            let y = y_bar[row..].chunks(rows);
            let terms = y.zip(x.clone());
            match size {
                8 => outer_block::<T, 8>(into, terms),
                7 => outer_block::<T, 7>(into, terms),
                6 => outer_block::<T, 6>(into, terms),
                5 => outer_block::<T, 5>(into, terms),
                4 => outer_block::<T, 4>(into, terms),
                3 => outer_block::<T, 3>(into, terms),
                2 => outer_block::<T, 2>(into, terms),
                _ => outer_block::<T, 1>(into, terms),
            }
            row += size;
        }
    }
}

#[inline(always)]
fn outer_block<'a, T: Lanes, const R: usize>(
    k_bar: &mut [T],
    terms: impl Iterator<Item = (&'a [T], &'a [T])>,
) {
    let mut sum: [T; R] = std::array::from_fn(|r| k_bar[r]);
    for (y, x) in terms {
        let y = scalars(&y[..R]);
        let y: [&[T::Real]; R] = std::array::from_fn(|r| &y[r * T::WIDTH..][..x.len()]);
        for (sample, &x) in x.iter().enumerate() {
            for r in 0..R {
                sum[r] = T::splat(y[r][sample]).mul_add(x, sum[r]);
            }
        }
    }
    k_bar[..R].copy_from_slice(&sum);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{lanes, scalars_mut};
    use wide::{f32x4, f32x8, f32x16, f64x2, f64x4, f64x8};

    /// Small integers: products and sums are exact in f32, so every width must give the same bits.
    fn entry(row: usize, column: usize) -> f64 {
        ((7 * row + 5 * column) % 13) as f64 - 6.0
    }

    fn column<T: Lanes>(rows: usize, seed: usize) -> Vec<T> {
        let mut x = vec![T::default(); rows];
        for (place, value) in scalars_mut(&mut x).iter_mut().enumerate() {
            *value = T::Real::of(entry(place + seed, 3 * seed));
        }
        x
    }

    fn at<T: Lanes>(x: &[T], row: usize, lane: usize) -> f64 {
        lanes(&x[row])[lane].widen()
    }

    fn applies<T: Lanes>(rows: usize, columns: usize, panel: usize) {
        let mut k = Packed::new(rows, columns);
        k.fill(entry);
        let x: Vec<T> = column(columns * panel, panel);
        let mut y = vec![T::of(9.0); rows * panel];
        apply(&k, &x, &mut y);
        for (x, y) in x.chunks(columns).zip(y.chunks(rows)) {
            for (row, y) in y.iter().enumerate() {
                for lane in 0..T::WIDTH {
                    let want: f64 = (0..columns).map(|c| entry(row, c) * at(x, c, lane)).sum();
                    let got = lanes(y)[lane].widen();
                    assert_eq!(got, want, "{rows} x {columns}, row {row}");
                }
            }
        }
    }

    fn outers<T: Lanes>(rows: usize, columns: usize, panel: usize) {
        let across = vectors::<T>(columns) * T::WIDTH;
        let (y, x) = (
            column::<T>(rows * panel, 1),
            column::<T>(columns * panel, 2),
        );
        let mut transposed = vec![T::default(); across * panel];
        for (x, transposed) in x.chunks(columns).zip(transposed.chunks_mut(across)) {
            transpose(x, transposed);
        }
        let mut k_bar = vec![T::of(1.0); rows * vectors::<T>(columns)];
        outer(&mut k_bar, rows, &y, &transposed);
        for c in 0..across {
            for row in 0..rows {
                let value = lanes(&k_bar[c / T::WIDTH * rows + row])[c % T::WIDTH];
                let term = |p: usize, lane: usize| {
                    at(&y, p * rows + row, lane) * at(&x, p * columns + c, lane)
                };
                let sum: f64 = (0..panel * T::WIDTH)
                    .filter(|_| c < columns)
                    .map(|q| term(q / T::WIDTH, q % T::WIDTH))
                    .sum();
                assert_eq!(value.widen(), 1.0 + sum, "{rows} x {columns}, column {c}");
            }
        }
    }

    fn products<T: Lanes>() {
        for (rows, columns) in [(1, 1), (2, 3), (5, 7), (8, 6), (19, 17), (33, 32)] {
            for panel in 1..=4 {
                applies::<T>(rows, columns, panel);
                outers::<T>(rows, columns, panel);
            }
        }
    }

    #[test]
    fn both_products_are_exact_at_every_width_and_size() {
        products::<f32>();
        products::<f32x4>();
        products::<f32x8>();
        products::<f32x16>();
        products::<f64>();
        products::<f64x2>();
        products::<f64x4>();
        products::<f64x8>();
    }

    #[test]
    fn blocks_cover_the_rows_in_even_sizes() {
        for rows in 1..100 {
            let sizes: Vec<usize> = blocks(rows).collect();
            assert_eq!(sizes.iter().sum::<usize>(), rows);
            assert!(
                sizes
                    .iter()
                    .all(|&size| size <= ROWS && size + 1 >= sizes[0])
            );
        }
    }
}
