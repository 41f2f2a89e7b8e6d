//! The two hot dense products, each over register blocks of [`ROWS`] rows:
//!
//! ```text
//! apply   y = K x              for a panel of columns; lanes are samples, weights are broadcast
//! outer   K_bar += y_bar x'    contracted over a panel's samples; lanes are the columns of K: nothing is summed across lanes
//! ```
//!
//! Both leave their results in memory, and a term does its elementwise work in loops of its own after: the columns are in the
//! first cache then, and one copy of the product serves every caller.

use wide::bytemuck::cast_slice;

use crate::lanes::{COLUMNS, Lanes, ROWS, Real};

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
    let (size, larger) = (total / count.max(1), total % count.max(1));
    (0..count).map(move |k| size + usize::from(k < larger))
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

    /// Takes the values of `at(row, column)`, rounded.
    pub fn fill(&mut self, at: impl Fn(usize, usize) -> f64) {
        self.fill_exact(|row, column| R::of(at(row, column)));
    }

    /// Takes the values of `at(row, column)` as they are.
    pub fn fill_exact(&mut self, at: impl Fn(usize, usize) -> R) {
        let (mut row, mut next) = (0, 0);
        for size in blocks(self.rows) {
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

/// y = K x for a panel of columns x, one after another, each as long as K has columns; y likewise, as long as it has rows.
#[inline]
pub fn apply<T: Lanes>(k: &Packed<T::Real>, x: &[T], y: &mut [T]) {
    let (mut x, mut y) = (x, y);
    while !x.is_empty() {
        (x, y) = if COLUMNS >= 3 && x.len() >= 3 * k.columns {
            apply_columns::<T, 3>(k, x, y)
        } else if COLUMNS >= 2 && x.len() >= 2 * k.columns {
            apply_columns::<T, 2>(k, x, y)
        } else {
            apply_columns::<T, 1>(k, x, y)
        };
    }
}

/// The first P columns; gives the rest of the panel.
#[inline(never)]
fn apply_columns<'a, T: Lanes, const P: usize>(
    k: &Packed<T::Real>,
    x: &'a [T],
    y: &'a mut [T],
) -> (&'a [T], &'a mut [T]) {
    let (first, later) = (x.split_at(P * k.columns), y.split_at_mut(P * k.rows));
    let mut y = columns_mut(later.0, k.rows);
    by_blocks::<T, P, false>(k, columns(first.0, k.columns), Onto::Zero, &mut y);
    (first.1, later.1)
}

/// What a product is added to.
#[derive(Debug)]
pub enum Onto<'a, 'b, T, const P: usize> {
    /// Nothing.
    Zero,
    /// What is in its place.
    Itself,
    /// What other columns hold.
    Other([&'a [T]; P]),
    /// What is in its place, and other columns too.
    Both(&'a mut [&'b mut [T]; P]),
}

/// y = K x, or that added to something, for P columns wherever they lie.
pub fn product<T: Lanes, const P: usize>(
    k: &Packed<T::Real>,
    x: [&[T]; P],
    mut onto: Onto<T, P>,
    y: &mut [&mut [T]; P],
) {
    if P <= COLUMNS {
        return product_columns(k, x, onto, y);
    }
    for (p, y) in y.iter_mut().enumerate() {
        let onto = match &mut onto {
            Onto::Zero => Onto::Zero,
            Onto::Itself => Onto::Itself,
            Onto::Other(other) => Onto::Other([other[p]]),
            Onto::Both(other) => Onto::Both(std::array::from_mut(&mut other[p])),
        };
        product_columns::<T, 1>(k, [x[p]], onto, std::array::from_mut(y));
    }
}

/// The same for as many columns as fit the registers.
#[inline(never)]
fn product_columns<T: Lanes, const P: usize>(
    k: &Packed<T::Real>,
    x: [&[T]; P],
    onto: Onto<T, P>,
    y: &mut [&mut [T]; P],
) {
    by_blocks::<T, P, true>(k, x, onto, y);
}

/// Block after block of K; onto nothing unless `ONTO`, which a short product has no time to ask.
#[inline(always)]
fn by_blocks<T: Lanes, const P: usize, const ONTO: bool>(
    k: &Packed<T::Real>,
    x: [&[T]; P],
    mut onto: Onto<T, P>,
    y: &mut [&mut [T]; P],
) {
    if !ONTO {
        onto = Onto::Zero;
    }
    let onto = &mut onto;
    let (mut row, mut rest) = (0, k.data.as_slice());
    let mut sizes = blocks(k.rows).peekable();
    while let Some(size) = sizes.next() {
        let (block, after) = rest.split_at(size * k.columns);
        let paired = P == 1 && PAIRED && !ONTO && size == 8;
        if paired && sizes.next_if_eq(&8).is_some() {
            let (second, after) = after.split_at(8 * k.columns);
            apply_pair::<T, 8>([block, second], x[0], &mut y[0][row..]);
            (row, rest) = (row + 16, after);
            continue;
        }
        match size {
            8 => apply_block::<T, 8, P>(block, x, onto, y, row),
            7 => apply_block::<T, 7, P>(block, x, onto, y, row),
            6 => apply_block::<T, 6, P>(block, x, onto, y, row),
            5 => apply_block::<T, 5, P>(block, x, onto, y, row),
            4 => apply_block::<T, 4, P>(block, x, onto, y, row),
            3 => apply_block::<T, 3, P>(block, x, onto, y, row),
            2 => apply_block::<T, 2, P>(block, x, onto, y, row),
            _ => apply_block::<T, 1, P>(block, x, onto, y, row),
        }
        (row, rest) = (row + size, after);
    }
}

/// P columns that lie one after another, `rows` long.
#[inline(always)]
pub fn columns<V, const P: usize>(panel: &[V], rows: usize) -> [&[V]; P] {
    std::array::from_fn(|p| &panel[p * rows..][..rows])
}

/// The same, to write.
#[inline(always)]
pub fn columns_mut<V, const P: usize>(panel: &mut [V], rows: usize) -> [&mut [V]; P] {
    let mut rest = panel;
    std::array::from_fn(|_| {
        let (column, after) = std::mem::take(&mut rest).split_at_mut(rows);
        rest = after;
        column
    })
}

/// R rows of y for P columns.
#[inline(always)]
fn apply_block<T: Lanes, const R: usize, const P: usize>(
    block: &[T::Real],
    x: [&[T]; P],
    onto: &mut Onto<T, P>,
    y: &mut [&mut [T]; P],
    row: usize,
) {
    let mut sum = [[T::default(); R]; P];
    for p in 0..P {
        let held = match onto {
            Onto::Zero | Onto::Both(_) => continue,
            Onto::Itself => &y[p][row..row + R],
            Onto::Other(other) => &other[p][row..row + R],
        };
        sum[p].copy_from_slice(held);
    }
    // A zip with the first column, since an index costs a check every time.
    for (k, (weights, &first)) in block.as_chunks::<R>().0.iter().zip(x[0]).enumerate() {
        let x: [T; P] = std::array::from_fn(|p| if p == 0 { first } else { x[p][k] });
        for r in 0..R {
            let weight = T::splat(weights[r]);
            for p in 0..P {
                sum[p][r] = weight.mul_add(x[p], sum[p][r]);
            }
        }
    }
    for p in 0..P {
        let y = &mut y[p][row..row + R];
        if let Onto::Both(other) = onto {
            let other = &mut other[p][row..row + R];
            for r in 0..R {
                other[r] += sum[p][r];
                y[r] += sum[p][r];
            }
        } else {
            y.copy_from_slice(&sum[p]);
        }
    }
}

/// Whether two blocks go through a single column together: a CPU with two multiply-adds a cycle needs more chains than the rows of
/// one.
const PAIRED: bool = COLUMNS >= 3;

/// R rows each of two blocks for one column.
#[inline(always)]
fn apply_pair<T: Lanes, const R: usize>(blocks: [&[T::Real]; 2], x: &[T], y: &mut [T]) {
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

/// Vectors that hold `length` lanes, the last one padded.
pub fn vectors<T: Lanes>(length: usize) -> usize {
    length.div_ceil(T::WIDTH)
}

/// Swaps samples and rows: x is `[row][sample]`, the result `[vector of rows][sample]`, where every `part` rows begin a vector
/// and the last one of theirs is padded with zeros.
pub fn transpose<T: Lanes>(x: &[T], part: usize, transposed: &mut [T]) {
    let padded = vectors::<T>(part) * T::WIDTH;
    for (x, transposed) in x.chunks(part).zip(transposed.chunks_mut(padded)) {
        transpose_part(x, transposed);
    }
}

fn transpose_part<T: Lanes>(x: &[T], transposed: &mut [T]) {
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

/// Vectors of columns of K that go through [`outer`] together where the registers allow it: then a broadcast value serves twice,
/// and a CPU with two multiply-adds a cycle is not kept waiting for loads.
pub const ACROSS: usize = if COLUMNS >= 3 { 2 } else { 1 };

/// K_bar += y_bar x' over a panel of columns: K_bar is `[vector of columns of K][row]`, y_bar `[column][row][sample]`,
/// x `[column][vector of columns of K][sample]`, as [`transpose`] gives it.
pub fn outer<T: Lanes>(k_bar: &mut [T], rows: usize, y_bar: &[T], x: &[T]) {
    let across = k_bar.len() / rows;
    // Left to run time: unrolled over a whole tile, the loop is longer and no faster.
    let samples = x.len() / (y_bar.len() / rows) / across;
    let y_bar: &[T::Array] = cast_slice(y_bar);
    let paired = across / ACROSS * ACROSS;
    let (pairs, last) = k_bar.split_at_mut(paired * rows);
    let from = |at: usize| (&x[at * samples..], across * samples, samples);
    for (at, k_bar) in pairs.chunks_exact_mut(ACROSS * rows).enumerate() {
        outer_columns::<T, ACROSS>(k_bar, rows, y_bar, from(at * ACROSS));
    }
    if paired < across {
        outer_columns::<T, 1>(last, rows, y_bar, from(paired));
    }
}

/// P vectors of columns; x begins with their samples, and from there to those of the next column of the panel it is so far.
#[inline(never)]
fn outer_columns<T: Lanes, const P: usize>(
    k_bar: &mut [T],
    rows: usize,
    y_bar: &[T::Array],
    (x, next, samples): (&[T], usize, usize),
) {
    let mut k_bar: [&mut [T]; P] = columns_mut(k_bar, rows);
    let x = x.chunks(next).map(|x| columns(x, samples));
    let mut row = 0;
    for size in blocks(rows) {
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

/// R rows of K_bar for P vectors of its columns.
#[inline(always)]
fn outer_block<'a, T: Lanes, const R: usize, const P: usize>(
    k_bar: &mut [&mut [T]; P],
    row: usize,
    terms: impl Iterator<Item = (&'a [T::Array], [&'a [T]; P])>,
) {
    let mut sum: [[T; R]; P] = std::array::from_fn(|p| std::array::from_fn(|r| k_bar[p][row + r]));
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
    for (k_bar, sum) in k_bar.iter_mut().zip(sum) {
        k_bar[row..row + R].copy_from_slice(&sum);
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
