//! The two hot dense products, over register blocks of [`crate::layout::BLOCK_ROWS`] rows:
//!
//! ```text
//! apply   y = K x              for a panel of columns; lanes are samples, weights are broadcast
//! outer   K_bar += y_bar x'    contracted over a panel's samples; lanes are the columns of K: nothing is summed across lanes
//! ```
//!
//! The loops, from the outside in, and where each operand is meanwhile:
//!
//! ```text
//! apply   columns of the panel, BLOCK_COLUMNS at a time    x: L1 up to m = 170 (3 m vectors of 64 bytes), else L2
//!           row blocks of K, BLOCK_ROWS at a time          K: L2, streamed once in the order in which it is packed
//!             columns of K                                 y: registers; x: one load a column; K: one broadcast a multiply-add
//! outer   vectors of columns of K, OUTER_VECTORS at a time x: L1
//!           row blocks of K_bar                            y_bar: L1 or L2
//!             columns of the panel, then samples           K_bar: registers; x: one load a vector; y_bar: one broadcast
//! ```
//!
//! Both leave their results in memory, and a term does its elementwise work in loops of its own after: the columns are in L1
//! then, and one copy of the product serves every caller.

use wide::bytemuck::cast_slice;

use crate::block_end::{LAST_TERMS, finish, split_last};
use crate::lanes::{Lanes, Real};
use crate::layout::{BLOCK_COLUMNS, MAX_LANES, OUTER_VECTORS, TWO_BLOCKS, row_blocks, vectors};

/// A `Packed` matrix consists of row blocks, each `[column][row of the block]`, so that the block's weights of one column lie
/// together.
#[derive(Debug, Clone)]
pub struct Packed<R> {
    rows: usize,
    columns: usize,
    data: Vec<R>,
}

impl<R: Real> Packed<R> {
    /// Returns a matrix of zeros.
    pub fn new(rows: usize, columns: usize) -> Self {
        Packed {
            rows,
            columns,
            data: vec![R::default(); rows * columns],
        }
    }

    /// Takes the values of `at(row, column)`, rounded.
    pub fn fill(&mut self, at: impl Fn(usize, usize) -> f64) {
        self.fill_exact(|row, column| R::of(at(row, column)));
    }

    /// Takes the values of `at(row, column)` as they are.
    pub fn fill_exact(&mut self, at: impl Fn(usize, usize) -> R) {
        let (mut row, mut next) = (0, 0);
        for size in row_blocks(self.rows) {
            for column in 0..self.columns {
                for r in 0..size {
                    self.data[next] = at(row + r, column);
                    next += 1;
                }
            }
            row += size;
        }
    }
}

/// Computes y = K x for a panel. The columns of x lie one after another, each as long as K has columns; those of y likewise,
/// each as long as K has rows.
#[inline]
pub fn apply<T: Lanes>(k: &Packed<T::Real>, x: &[T], y: &mut [T]) {
    let (mut x, mut y) = (x, y);
    while !x.is_empty() {
        (x, y) = if BLOCK_COLUMNS >= 3 && x.len() >= 3 * k.columns {
            apply_columns::<T, 3>(k, x, y)
        } else if BLOCK_COLUMNS >= 2 && x.len() >= 2 * k.columns {
            apply_columns::<T, 2>(k, x, y)
        } else {
            apply_columns::<T, 1>(k, x, y)
        };
    }
}

/// The first P columns of a panel; returns the rest of x and of y.
#[inline(never)]
fn apply_columns<'a, T: Lanes, const P: usize>(
    k: &Packed<T::Real>,
    x: &'a [T],
    y: &'a mut [T],
) -> (&'a [T], &'a mut [T]) {
    let (x, later_x) = x.split_at(P * k.columns);
    let (y, later_y) = y.split_at_mut(P * k.rows);
    let mut y = columns_mut(y, k.rows);
    by_blocks::<T, P, false>(k, columns(x, k.columns), SumStart::Zero, &mut y);
    (later_x, later_y)
}

/// A `SumStart` is the value that the sums of a product start from.
#[derive(Debug)]
pub enum SumStart<'a, 'b, T, const P: usize> {
    /// The sums start from zero.
    Zero,
    /// The sums start from what y holds.
    Y,
    /// The sums start from what other columns hold.
    Other([&'a [T]; P]),
    /// The sums start from zero, and are then added to y and to other columns too.
    AddToBoth(&'a mut [&'b mut [T]; P]),
}

/// Computes K x for P columns wherever they lie; the sums start from what [`SumStart`] says.
pub fn product<T: Lanes, const P: usize>(
    k: &Packed<T::Real>,
    x: [&[T]; P],
    mut start: SumStart<T, P>,
    y: &mut [&mut [T]; P],
) {
    if P <= BLOCK_COLUMNS {
        return product_columns(k, x, start, y);
    }
    for (p, y) in y.iter_mut().enumerate() {
        let start = match &mut start {
            SumStart::Zero => SumStart::Zero,
            SumStart::Y => SumStart::Y,
            SumStart::Other(other) => SumStart::Other([other[p]]),
            SumStart::AddToBoth(other) => SumStart::AddToBoth(std::array::from_mut(&mut other[p])),
        };
        product_columns::<T, 1>(k, [x[p]], start, std::array::from_mut(y));
    }
}

/// The product for at most as many columns as a register block has.
#[inline(never)]
fn product_columns<T: Lanes, const P: usize>(
    k: &Packed<T::Real>,
    x: [&[T]; P],
    start: SumStart<T, P>,
    y: &mut [&mut [T]; P],
) {
    by_blocks::<T, P, true>(k, x, start, y);
}

/// The loop over the row blocks of K. The sums start from zero unless `STARTED`: a short product has no time to ask.
#[inline(always)]
fn by_blocks<T: Lanes, const P: usize, const STARTED: bool>(
    k: &Packed<T::Real>,
    x: [&[T]; P],
    mut start: SumStart<T, P>,
    y: &mut [&mut [T]; P],
) {
    if !STARTED {
        start = SumStart::Zero;
    }
    let start = &mut start;
    let (mut row, mut rest) = (0, k.data.as_slice());
    let mut sizes = row_blocks(k.rows).peekable();
    while let Some(size) = sizes.next() {
        let (block, after) = rest.split_at(size * k.columns);
        let doubled = P == 1 && TWO_BLOCKS && !STARTED && size == 8;
        if doubled && sizes.next_if_eq(&8).is_some() {
            let (second, after) = after.split_at(8 * k.columns);
            apply_two_blocks::<T, 8>([block, second], x[0], &mut y[0][row..]);
            (row, rest) = (row + 16, after);
            continue;
        }
        // The size is a constant in each copy of the block, so that its sums stay in registers.
        match size {
            8 => apply_block::<T, 8, P>(block, x, start, y, row),
            7 => apply_block::<T, 7, P>(block, x, start, y, row),
            6 => apply_block::<T, 6, P>(block, x, start, y, row),
            5 => apply_block::<T, 5, P>(block, x, start, y, row),
            4 => apply_block::<T, 4, P>(block, x, start, y, row),
            3 => apply_block::<T, 3, P>(block, x, start, y, row),
            2 => apply_block::<T, 2, P>(block, x, start, y, row),
            _ => apply_block::<T, 1, P>(block, x, start, y, row),
        }
        (row, rest) = (row + size, after);
    }
}

/// Returns the P columns of a panel, one after another, `rows` long each.
#[inline(always)]
pub fn columns<V, const P: usize>(panel: &[V], rows: usize) -> [&[V]; P] {
    std::array::from_fn(|p| &panel[p * rows..][..rows])
}

/// Returns the P columns of a panel, to write.
#[inline(always)]
pub fn columns_mut<V, const P: usize>(panel: &mut [V], rows: usize) -> [&mut [V]; P] {
    let mut rest = panel;
    std::array::from_fn(|_| {
        let (column, after) = std::mem::take(&mut rest).split_at_mut(rows);
        rest = after;
        column
    })
}

/// One register block of y: R rows, P columns.
#[inline(always)]
fn apply_block<T: Lanes, const R: usize, const P: usize>(
    block: &[T::Real],
    x: [&[T]; P],
    start: &mut SumStart<T, P>,
    y: &mut [&mut [T]; P],
    row: usize,
) {
    // 1. The R P sums go into registers: at 8 x 3 they take 24 of 32, which leaves 3 for x and room to broadcast.
    let mut sum = [[T::default(); R]; P];
    for p in 0..P {
        let held = match start {
            SumStart::Zero | SumStart::AddToBoth(_) => continue,
            SumStart::Y => &y[p][row..row + R],
            SumStart::Other(other) => &other[p][row..row + R],
        };
        sum[p].copy_from_slice(held);
    }
    // 2. One column of K at a time: P loads of x serve R rows, and a broadcast weight serves P columns. At 8 x 3 that is 11 loads
    //    for 24 multiply-adds. The zip is with the first column of x, since an index costs a check every time.
    let (weights, last) = split_last(block.as_chunks::<R>().0);
    for (k, (weights, &first)) in weights.iter().zip(x[0]).enumerate() {
        let x: [T; P] = std::array::from_fn(|p| if p == 0 { first } else { x[p][k] });
        for r in 0..R {
            let weight = T::splat(weights[r]);
            for p in 0..P {
                sum[p][r] = weight.mul_add(x[p], sum[p][r]);
            }
        }
    }
    // 3. One store of y a block, after all columns of K.
    let Some(last) = last else {
        for p in 0..P {
            let y = &mut y[p][row..row + R];
            if let SumStart::AddToBoth(other) = start {
                let other = &mut other[p][row..row + R];
                for r in 0..R {
                    other[r] += sum[p][r];
                    y[r] += sum[p][r];
                }
            } else {
                y.copy_from_slice(&sum[p]);
            }
        }
        return;
    };
    let x: [&[T; LAST_TERMS]; P] = x.map(|x| &x[weights.len()..].as_chunks().0[0]);
    let mut y = y.each_mut().map(|y| &mut y[row..row + R]);
    let (weight, x) = (
        |k: usize, r: usize| last[k][r],
        |p: usize, k: usize| x[p][k],
    );
    if let SumStart::AddToBoth(other) = start {
        let mut other = other.each_mut().map(|other| &mut other[row..row + R]);
        finish(&mut sum, weight, x, |p, r, sum| {
            other[p][r] += sum;
            y[p][r] += sum;
        });
    } else {
        finish(&mut sum, weight, x, |p, r, sum| y[p][r] = sum);
    }
}

/// Two row blocks of y, R rows each, for one column: 2 R chains of multiply-adds hide the latency that R would not.
#[inline(always)]
fn apply_two_blocks<T: Lanes, const R: usize>(blocks: [&[T::Real]; 2], x: &[T], y: &mut [T]) {
    let mut sum = [[T::default(); R]; 2];
    let [first, second] = blocks.map(|block| block.as_chunks::<R>().0);
    for ((first, second), &x) in first.iter().zip(second).zip(x) {
        for (sum, weights) in sum.iter_mut().zip([first, second]) {
            for (sum, &weight) in sum.iter_mut().zip(weights) {
                *sum = T::splat(weight).mul_add(x, *sum);
            }
        }
    }
    y[..2 * R].copy_from_slice(sum.as_flattened());
}

/// Transposes columns: x is `[row][sample]`, the result `[vector of rows][sample]`. Each `section` of rows begins a vector, and
/// its last vector is padded with zeros.
pub fn transpose<T: Lanes>(x: &[T], section: usize, transposed: &mut [T]) {
    let padded = vectors::<T>(section) * T::WIDTH;
    for (x, transposed) in x.chunks(section).zip(transposed.chunks_mut(padded)) {
        transpose_section(x, transposed);
    }
}

fn transpose_section<T: Lanes>(x: &[T], transposed: &mut [T]) {
    let whole = x.len() / T::WIDTH * T::WIDTH;
    for (input, output) in x[..whole]
        .chunks_exact(T::WIDTH)
        .zip(transposed.chunks_exact_mut(T::WIDTH))
    {
        T::transpose(input, output);
    }
    if whole < x.len() {
        let mut padded = [T::default(); MAX_LANES];
        padded[..x.len() - whole].copy_from_slice(&x[whole..]);
        T::transpose(&padded[..T::WIDTH], &mut transposed[whole..]);
    }
}

/// Computes the outer product K_bar += y_bar x' over a panel of columns: K_bar is `[vector of columns of K][row]`, y_bar
/// `[column][row][sample]`, x `[column][vector of columns of K][sample]`, as [`transpose`] leaves it.
pub fn outer<T: Lanes>(k_bar: &mut [T], rows: usize, y_bar: &[T], x: &[T]) {
    let vectors = k_bar.len() / rows;
    // Left to run time: unrolled over a whole tile, the loop is longer and no faster.
    let samples = x.len() / (y_bar.len() / rows) / vectors;
    let y_bar: &[T::Array] = cast_slice(y_bar);
    let grouped = vectors / OUTER_VECTORS * OUTER_VECTORS;
    let (groups, last) = k_bar.split_at_mut(grouped * rows);
    let from = |vector: usize| OuterColumns {
        x: &x[vector * samples..],
        stride: vectors * samples,
        samples,
    };
    for (group, k_bar) in groups.chunks_exact_mut(OUTER_VECTORS * rows).enumerate() {
        outer_vectors::<T, OUTER_VECTORS>(k_bar, rows, y_bar, from(group * OUTER_VECTORS));
    }
    if grouped < vectors {
        outer_vectors::<T, 1>(last, rows, y_bar, from(grouped));
    }
}

/// The right side of an outer product, from one vector of columns of K on.
struct OuterColumns<'a, T> {
    /// x, beginning with the samples of that vector in the panel's first column.
    x: &'a [T],
    /// Vectors from one column of the panel to the next.
    stride: usize,
    /// Samples of a tile.
    samples: usize,
}

/// The outer product for P vectors of columns of K.
#[inline(never)]
fn outer_vectors<T: Lanes, const P: usize>(
    k_bar: &mut [T],
    rows: usize,
    y_bar: &[T::Array],
    right: OuterColumns<T>,
) {
    let mut k_bar: [&mut [T]; P] = columns_mut(k_bar, rows);
    let x = right.x.chunks(right.stride);
    let x = x.map(|x| columns(x, right.samples));
    let mut row = 0;
    for size in row_blocks(rows) {
        let terms = y_bar[row..].chunks(rows).zip(x.clone());
        match size {
            8 => outer_block::<T, 8, P>(&mut k_bar, row, terms),
            7 => outer_block::<T, 7, P>(&mut k_bar, row, terms),
            6 => outer_block::<T, 6, P>(&mut k_bar, row, terms),
            5 => outer_block::<T, 5, P>(&mut k_bar, row, terms),
            4 => outer_block::<T, 4, P>(&mut k_bar, row, terms),
            3 => outer_block::<T, 3, P>(&mut k_bar, row, terms),
            2 => outer_block::<T, 2, P>(&mut k_bar, row, terms),
            _ => outer_block::<T, 1, P>(&mut k_bar, row, terms),
        }
        row += size;
    }
}

/// One register block of K_bar: R rows, P vectors of columns.
#[inline(always)]
fn outer_block<'a, T: Lanes, const R: usize, const P: usize>(
    k_bar: &mut [&mut [T]; P],
    row: usize,
    terms: impl Iterator<Item = (&'a [T::Array], [&'a [T]; P])>,
) {
    // 1. The block of K_bar goes into registers, and stays there over all columns of the panel: the more of them, the fewer
    //    loads and stores of K_bar, which is in L2.
    let mut sum: [[T; R]; P] = std::array::from_fn(|p| std::array::from_fn(|r| k_bar[p][row + r]));
    // 2. A rank-one update for every column and sample: P loads of x, R broadcasts of y_bar, R P multiply-adds.
    for (y, x) in terms {
        let y = &y[..R];
        for (sample, &first) in x[0].iter().enumerate() {
            let x: [T; P] = std::array::from_fn(|p| if p == 0 { first } else { x[p][sample] });
            for r in 0..R {
                let y = T::splat(y[r][sample]);
                for p in 0..P {
                    sum[p][r] = y.mul_add(x[p], sum[p][r]);
                }
            }
        }
    }
    // 3. One store of the block.
    for (k_bar, sum) in k_bar.iter_mut().zip(sum) {
        k_bar[row..row + R].copy_from_slice(&sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{lanes, scalars_mut};
    use wide::{f32x16, f64x8};

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

    fn products<T: Lanes>() {
        let sizes = [
            (1, 1),
            (2, 3),
            (5, 7),
            (8, 6),
            (16, 5),
            (19, 17),
            (31, 9),
            (33, 32),
        ];
        for (rows, columns) in sizes {
            for panel in 1..=4 {
                applies::<T>(rows, columns, panel);
            }
        }
    }

    #[test]
    fn products_are_exact_at_every_width_and_size() {
        products::<f32>();
        products::<f32x16>();
        products::<f64>();
        products::<f64x8>();
    }
}
