//! The two hot dense products, each over register blocks of [`ROWS`] rows:
//!
//! ```text
//! apply   y = K x              for up to COLUMNS columns x at once; lanes are samples, weights are broadcast
//! outer   K_bar += y_bar x'    contracted over the samples; lanes are the columns of K, so nothing is summed across lanes
//! ```
//!
//! Each result of `apply` goes through an epilogue while it is in registers: a term fuses its elementwise work there.

use crate::lanes::{Lanes, ROWS, Real, scalars};

/// A matrix in row blocks, each [column][row of the block] so that the block's weights of one column lie together.
#[derive(Debug, Clone)]
pub struct Packed<R> {
    rows: usize,
    columns: usize,
    data: Vec<R>,
}

/// Rows of every block: even sizes, none above ROWS.
fn blocks(rows: usize) -> impl Iterator<Item = usize> {
    let count = rows.div_ceil(ROWS);
    (0..count).map(move |k| rows / count + usize::from(k < rows % count))
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

/// y = K x, `epilogue(row, y of every column)`; x: columns of K long each.
#[inline(always)]
pub fn apply<T: Lanes, const P: usize>(
    k: &Packed<T::Real>,
    x: [&[T]; P],
    mut epilogue: impl FnMut(usize, [T; P]),
) {
    let x = x.map(|column| &column[..k.columns]);
    let (mut row, mut rest) = (0, k.data.as_slice());
    for size in blocks(k.rows) {
        let (block, after) = rest.split_at(size * k.columns);
        match size {
            8 => emit(row, apply_block::<T, 8, P>(block, x), &mut epilogue),
            7 => emit(row, apply_block::<T, 7, P>(block, x), &mut epilogue),
            6 => emit(row, apply_block::<T, 6, P>(block, x), &mut epilogue),
            5 => emit(row, apply_block::<T, 5, P>(block, x), &mut epilogue),
            4 => emit(row, apply_block::<T, 4, P>(block, x), &mut epilogue),
            3 => emit(row, apply_block::<T, 3, P>(block, x), &mut epilogue),
            2 => emit(row, apply_block::<T, 2, P>(block, x), &mut epilogue),
            _ => emit(row, apply_block::<T, 1, P>(block, x), &mut epilogue),
        }
        (row, rest) = (row + size, after);
    }
}

#[inline(always)]
fn emit<T, const R: usize, const P: usize>(
    row: usize,
    y: [[T; P]; R],
    epilogue: &mut impl FnMut(usize, [T; P]),
) {
    for (r, y) in y.into_iter().enumerate() {
        epilogue(row + r, y);
    }
}

/// R rows of y for P columns.
#[inline(never)]
fn apply_block<T: Lanes, const R: usize, const P: usize>(
    block: &[T::Real],
    x: [&[T]; P],
) -> [[T; P]; R] {
    let weights = block.as_chunks::<R>().0;
    let x = x.map(|column| &column[..weights.len()]);
    let mut y = [[T::default(); P]; R];
    for (k, weights) in weights.iter().enumerate() {
        let x = x.map(|column| column[k]);
        for r in 0..R {
            let weight = T::splat(weights[r]);
            for p in 0..P {
                y[r][p] = weight.mul_add(x[p], y[r][p]);
            }
        }
    }
    y
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

/// K_bar += y_bar x'. `y_bar`: `[row][sample]`; `x`: `[vector of columns][sample]`, as [`transpose`] gives it;
/// `k_bar`: `[row][vector of columns]`.
#[inline(always)]
pub fn outer<T: Lanes>(k_bar: &mut [T], rows: usize, y_bar: &[T], x: &[T]) {
    let width = k_bar.len() / rows;
    let y_bar = &scalars(y_bar)[..rows * T::WIDTH];
    for (column, x) in x.chunks_exact(T::WIDTH).enumerate().take(width) {
        let mut row = 0;
        for size in blocks(rows) {
            let y = &y_bar[row * T::WIDTH..];
            let into = &mut k_bar[row * width + column..];
            match size {
                8 => outer_block::<T, 8>(into, width, y, x),
                7 => outer_block::<T, 7>(into, width, y, x),
                6 => outer_block::<T, 6>(into, width, y, x),
                5 => outer_block::<T, 5>(into, width, y, x),
                4 => outer_block::<T, 4>(into, width, y, x),
                3 => outer_block::<T, 3>(into, width, y, x),
                2 => outer_block::<T, 2>(into, width, y, x),
                _ => outer_block::<T, 1>(into, width, y, x),
            }
            row += size;
        }
    }
}

#[inline(never)]
fn outer_block<T: Lanes, const R: usize>(
    k_bar: &mut [T],
    width: usize,
    y_bar: &[T::Real],
    x: &[T],
) {
    let mut sum: [T; R] = std::array::from_fn(|r| k_bar[r * width]);
    // The length is left to run time: unrolled over a whole tile, the block spills.
    let y: [&[T::Real]; R] = std::array::from_fn(|r| &y_bar[r * T::WIDTH..][..x.len()]);
    for (sample, &x) in x.iter().enumerate() {
        for r in 0..R {
            sum[r] = T::splat(y[r][sample]).mul_add(x, sum[r]);
        }
    }
    for (r, sum) in sum.into_iter().enumerate() {
        k_bar[r * width] = sum;
    }
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

    fn applies<T: Lanes, const P: usize>(rows: usize, columns: usize) {
        let mut k = Packed::new(rows, columns);
        k.fill(entry);
        let x: [Vec<T>; P] = std::array::from_fn(|p| column(columns, p));
        let mut seen = vec![false; rows];
        apply(
            &k,
            std::array::from_fn(|p| x[p].as_slice()),
            |row, y: [T; P]| {
                seen[row] = true;
                for (y, x) in y.iter().zip(&x) {
                    for lane in 0..T::WIDTH {
                        let want: f64 = (0..columns).map(|c| entry(row, c) * at(x, c, lane)).sum();
                        assert_eq!(
                            lanes(y)[lane].widen(),
                            want,
                            "{rows} x {columns}, row {row}"
                        );
                    }
                }
            },
        );
        assert!(seen.into_iter().all(|seen| seen));
    }

    fn outers<T: Lanes>(rows: usize, columns: usize) {
        let (y, x) = (column::<T>(rows, 1), column::<T>(columns, 2));
        let mut across = vec![T::default(); vectors::<T>(columns) * T::WIDTH];
        transpose(&x, &mut across);
        let mut k_bar = vec![T::of(1.0); rows * vectors::<T>(columns)];
        outer(&mut k_bar, rows, &y, &across);
        let k_bar = scalars(&k_bar);
        let padded = k_bar.len() / rows;
        for (row, k_bar) in k_bar.chunks(padded).enumerate() {
            for (c, value) in k_bar[..columns].iter().enumerate() {
                let sum: f64 = (0..T::WIDTH).map(|l| at(&y, row, l) * at(&x, c, l)).sum();
                assert_eq!(value.widen(), 1.0 + sum, "{rows} x {columns}");
            }
            assert!(
                k_bar[columns..].iter().all(|value| value.widen() == 1.0),
                "padding is touched"
            );
        }
    }

    fn products<T: Lanes>() {
        for (rows, columns) in [(1, 1), (2, 3), (5, 7), (8, 6), (19, 17), (33, 32)] {
            applies::<T, 1>(rows, columns);
            applies::<T, 2>(rows, columns);
            applies::<T, 3>(rows, columns);
            outers::<T>(rows, columns);
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
