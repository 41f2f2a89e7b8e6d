//! Seven products of halves in place of eight: the algorithm of Strassen (1969) in the form of Winograd (1971), one level deep.
//!
//! A square K is cut into quarters. A panel x of pairs of columns is cut likewise: into halves of rows, and into the first and the
//! second columns of all pairs:
//!
//! ```text
//! y = K x    t_1 = x_12 - x_11    t_2 = x_22 - t_1    t_3 = x_22 - x_12    t_4 = t_2 - x_21
//!            u = K_11 x_11                             y_11 = u + K_12 x_21
//!            v = u + (K_21 + K_22 - K_11) t_2          y_12 = v + (K_11 + K_12 - K_21 - K_22) x_22 + p
//!            w = v + (K_11 - K_21) t_3                 y_21 = w - K_22 t_4
//!            p = (K_21 + K_22) t_1                     y_22 = w + p
//! ```
//!
//! The operands of the seven products are sums of quarters. Those of K are formed once for all products, and the sums u, v, w are
//! formed by products that start from what y holds. For the gradient, the operands of y_bar that K^T y_bar takes serve again,
//! with t of y_bar:
//!
//! ```text
//! K_bar = y_bar x'     w_1 = x_22 - x_12    w_2 = x_21 + w_1    w_3 = x_21 + x_22    w_4 = x_11 - w_2
//!            u = y_bar_22 x_12' + t_2 w_2'     v = u - t_3 w_3'
//!            K_bar_11 = v + y_bar_11 w_4'                K_bar_12 = v + t_1 w_1'
//!            K_bar_21 = y_bar_22 x_12' + y_bar_21 x_11'  K_bar_22 = u + t_1 w_1' - t_4 x_21'
//! ```
//!
//! Its seven products are accumulated apart, and joined at the flush. The rounding error of an element is bounded by the largest
//! elements of its matrix, not by its own size.
//!
//! The seven products are those of [`crate::linear`], with its loops. An operand of x is formed right before its product, in a
//! buffer of at most three half columns that stays in L1: a pass of its own over all seven operands, through L2, would take half
//! of what the scheme saves. Where the operands serve twice, for K^T y_bar and for K_bar, they are stored.

use std::array::from_fn;
use std::ops::{Add, Sub};

use crate::lanes::{Lanes, Real};
use crate::layout::OUTER_VECTORS;
use crate::linear::{Packed, SumStart, columns, outer as outer_product, product};

/// An `Addable` can be added and subtracted: a vector of lanes, or a scalar.
pub trait Addable: Copy + Add<Output = Self> + Sub<Output = Self> {}

impl<V: Copy + Add<Output = V> + Sub<Output = V>> Addable for V {}

/// `Quarters` are the quarters \[\[11, 12\], \[21, 22\]\] of a matrix, or one element of each.
pub type Quarters<V> = [[V; 2]; 2];

/// The operands of K, in the order of the [`operands`] of x that they are multiplied with.
fn matrix_operands([[a, b], [c, d]]: Quarters<f64>) -> [f64; 7] {
    [a, b, a + b - c - d, c + d, c + d - a, a - c, -d]
}

/// Returns the operands x_11, x_21, x_22, t_1 .. t_4 of x, or of y_bar.
#[inline(always)]
pub fn operands<V: Addable>([[a, b], [c, d]]: Quarters<V>) -> [V; 7] {
    let t_1 = b - a;
    let t_2 = d - t_1;
    [a, c, d, t_1, t_2, d - b, t_2 - c]
}

/// Returns the operands w_4, x_11, x_12, w_1, w_2, w_3, x_21 of x in K_bar, in the order of the [`operands`] of y_bar.
#[inline(always)]
pub fn gradient_operands<V: Addable>([[a, b], [c, d]]: Quarters<V>) -> [V; 7] {
    let w_1 = d - b;
    let w_2 = c + w_1;
    [a - w_2, a, b, w_1, w_2, c + d, c]
}

/// Returns the quarters of K_bar, from its seven products.
#[inline(always)]
pub fn join_gradient<V: Addable>([s_1, s_2, s_3, s_4, s_5, s_6, s_7]: [V; 7]) -> Quarters<V> {
    let u = s_3 + s_5;
    let v = u - s_6;
    [[v + s_1, v + s_4], [s_2 + s_3, u + s_4 - s_7]]
}

/// Returns the quarters of a pair of columns, its upper rows times the first factor and its lower rows times the second.
#[inline(always)]
pub fn scale_halves<T: Lanes>(
    [upper, lower]: [T; 2],
    [[a, b], [c, d]]: Quarters<T>,
) -> Quarters<T> {
    [[upper * a, upper * b], [lower * c, lower * d]]
}

/// A `ColumnPair` is two columns in halves.
#[derive(Debug, Clone, Copy)]
pub struct ColumnPair<'a, V>(Quarters<&'a [V]>);

impl<'a, V: Copy> ColumnPair<'a, V> {
    /// Returns the first two of `columns`, which lie one after another, `rows` long each.
    #[inline(always)]
    pub fn new(columns: &'a [V], rows: usize) -> Self {
        let [a, b] = [0, rows].map(|first| &columns[first..][..rows]);
        let half = rows / 2;
        let ((a, c), (b, d)) = (a.split_at(half), b.split_at(half));
        ColumnPair([[a, &b[..half]], [&c[..half], &d[..half]]])
    }

    /// Returns the elements of the quarters in row k of their half.
    #[inline(always)]
    pub fn at(&self, k: usize) -> Quarters<V> {
        let [[a, b], [c, d]] = self.0;
        [[a[k], b[k]], [c[k], d[k]]]
    }
}

/// An `OperandSource` is a panel of pairs of columns, as the seven products read it.
pub trait OperandSource<T> {
    /// Returns the columns of one of the seven [`operands`], one for each of the Q pairs.
    fn operand<const Q: usize>(&mut self, operand: usize) -> [&[T]; Q];
}

/// `FormedOperands` are formed one at a time, where they are needed, so that they never leave L1.
#[derive(Debug)]
pub struct FormedOperands<'a, T, F> {
    buffer: &'a mut [T],
    half: usize,
    quarters: F,
}

impl<'a, T, F, G> FormedOperands<'a, T, F>
where
    F: Fn(usize) -> G,
    G: Fn(usize) -> Quarters<T>,
{
    /// Returns a source of operands of `half` rows. `quarters` maps a pair to a function from a row to the elements of its
    /// quarters; the buffer holds one operand.
    pub fn new(buffer: &'a mut [T], half: usize, quarters: F) -> Self {
        FormedOperands {
            buffer,
            half,
            quarters,
        }
    }
}

impl<T: Lanes, F, G> OperandSource<T> for FormedOperands<'_, T, F>
where
    F: Fn(usize) -> G,
    G: Fn(usize) -> Quarters<T>,
{
    #[inline(always)]
    fn operand<const Q: usize>(&mut self, operand: usize) -> [&[T]; Q] {
        for q in 0..Q {
            let into = &mut self.buffer[q * self.half..][..self.half];
            form(operand, into, operands, (self.quarters)(q));
        }
        columns(self.buffer, self.half)
    }
}

/// One of seven values for every row. The number of the value is a constant in each copy of the loop, so that the others are
/// not computed.
#[inline(always)]
fn form<T: Lanes>(
    operand: usize,
    into: &mut [T],
    of: impl Fn(Quarters<T>) -> [T; 7],
    quarters: impl Fn(usize) -> Quarters<T>,
) {
    macro_rules! only {
        ($operand:literal) => {
            for (k, into) in into.iter_mut().enumerate() {
                *into = of(quarters(k))[$operand];
            }
        };
    }
    match operand {
        0 => only!(0),
        1 => only!(1),
        2 => only!(2),
        3 => only!(3),
        4 => only!(4),
        5 => only!(5),
        _ => only!(6),
    }
}

/// `Operands` are the seven operands of pairs of columns, each `[pair][row]`.
#[derive(Debug)]
pub struct Operands<T> {
    operands: [Vec<T>; 7],
    half: usize,
}

impl<T: Lanes> Operands<T> {
    /// Returns the operands of `pairs` pairs of columns, in halves of `half` rows; all are zero.
    pub fn new(half: usize, pairs: usize) -> Self {
        Operands {
            operands: from_fn(|_| vec![T::default(); pairs * half]),
            half,
        }
    }

    /// Fills the operands of one pair from the elements of its quarters in row k.
    #[inline(always)]
    pub fn fill(&mut self, pair: usize, quarters: impl Fn(usize) -> Quarters<T>) {
        let half = self.half;
        let mut into = self
            .operands
            .each_mut()
            .map(|operand| &mut operand[pair * half..][..half]);
        for k in 0..half {
            for (into, value) in into.iter_mut().zip(operands(quarters(k))) {
                into[k] = value;
            }
        }
    }

    /// Returns the operands from pair `first` on, as a source.
    pub fn source(&self, first: usize) -> StoredOperands<'_, T> {
        StoredOperands {
            operands: self,
            first,
        }
    }
}

/// `StoredOperands` are operands in memory, from one pair on.
#[derive(Debug)]
pub struct StoredOperands<'a, T> {
    operands: &'a Operands<T>,
    first: usize,
}

impl<T: Lanes> OperandSource<T> for StoredOperands<'_, T> {
    fn operand<const Q: usize>(&mut self, operand: usize) -> [&[T]; Q] {
        let half = self.operands.half;
        columns(&self.operands.operands[operand][self.first * half..], half)
    }
}

/// A `StrassenMatrix` is a square matrix as its seven operands, each packed.
#[derive(Debug, Clone)]
pub struct StrassenMatrix<R> {
    operands: [Packed<R>; 7],
    half: usize,
}

impl<R: Real> StrassenMatrix<R> {
    /// Returns a matrix of zeros with `rows` rows, an even number.
    pub fn new(rows: usize) -> Self {
        let half = rows / 2;
        StrassenMatrix {
            operands: from_fn(|_| Packed::new(half, half)),
            half,
        }
    }

    /// Takes the values of `at(row, column)`; the operands are formed in f64 and rounded once.
    pub fn fill(&mut self, at: impl Fn(usize, usize) -> f64) {
        let half = self.half;
        for (place, operand) in self.operands.iter_mut().enumerate() {
            operand.fill(|row, column| {
                let quarter = |i, j| at(row + i * half, column + j * half);
                matrix_operands(from_fn(|i| from_fn(|j| quarter(i, j))))[place]
            });
        }
    }
}

/// Computes y = K x for a panel of one to three pairs of columns; those of y lie one after another.
pub fn apply<T: Lanes>(k: &StrassenMatrix<T::Real>, x: impl OperandSource<T>, y: &mut [T]) {
    match y.len() / (4 * k.half) {
        3 => apply_pairs::<T, 3>(k, x, y),
        2 => apply_pairs::<T, 2>(k, x, y),
        _ => apply_pairs::<T, 1>(k, x, y),
    }
}

fn apply_pairs<T: Lanes, const Q: usize>(
    k: &StrassenMatrix<T::Real>,
    mut x: impl OperandSource<T>,
    y: &mut [T],
) {
    let [[mut y_11, mut y_12], [mut y_21, mut y_22]] = quarters::<T, Q>(y, k.half);
    let mut multiply = |operand: usize, start: SumStart<T, Q>, y: &mut [&mut [T]; Q]| {
        product(&k.operands[operand], x.operand(operand), start, y);
    };
    // The order needs no memory but y: each quarter holds u, v or w until the products that start from it are done.
    multiply(0, SumStart::Zero, &mut y_11); // y_11 = u
    multiply(4, SumStart::Other(shared(&y_11)), &mut y_12); // y_12 = v
    multiply(1, SumStart::Y, &mut y_11);
    multiply(5, SumStart::Other(shared(&y_12)), &mut y_22); // y_22 = w
    multiply(6, SumStart::Other(shared(&y_22)), &mut y_21);
    multiply(2, SumStart::Y, &mut y_12);
    multiply(3, SumStart::AddToBoth(&mut y_22), &mut y_12); // p
}

/// The quarters of Q pairs of columns.
fn quarters<T, const Q: usize>(columns: &mut [T], half: usize) -> Quarters<[&mut [T]; Q]> {
    let mut quarters: Quarters<[&mut [T]; Q]> =
        from_fn(|_| from_fn(|_| from_fn(|_| Default::default())));
    for (j, column) in columns.chunks_exact_mut(2 * half).enumerate() {
        (quarters[0][j % 2][j / 2], quarters[1][j % 2][j / 2]) = column.split_at_mut(half);
    }
    quarters
}

fn shared<'a, T, const Q: usize>(columns: &'a [&mut [T]; Q]) -> [&'a [T]; Q] {
    columns.each_ref().map(|column| &**column)
}

/// Adds y_bar x', over the first `pairs` pairs, to the seven sums of K_bar, each `[vector of columns][row]` of a half. `x` maps
/// a pair and a vector of columns to a function from a sample to the elements of its quarters, and `buffer` holds one operand
/// of x for [`OUTER_VECTORS`] of those vectors.
#[inline(always)]
pub fn outer<T: Lanes, G: Fn(usize) -> Quarters<T>>(
    sums: &mut [Vec<T>; 7],
    y_bar: &Operands<T>,
    pairs: usize,
    buffer: &mut [T],
    x: impl Fn(usize, usize) -> G,
) {
    let half = y_bar.half;
    // One operand after another: y_bar's is read once a group of vectors, x's is formed into L1 and used up by one product.
    for (operand, sum) in sums.iter_mut().enumerate() {
        let y_bar = &y_bar.operands[operand][..pairs * half];
        let mut first = 0;
        for sum in sum.chunks_mut(OUTER_VECTORS * half) {
            let vectors = sum.len() / half;
            let buffer = &mut buffer[..pairs * vectors * T::WIDTH];
            for (place, buffer) in buffer.chunks_exact_mut(T::WIDTH).enumerate() {
                let (pair, vector) = (place / vectors, first + place % vectors);
                form(operand, buffer, gradient_operands, x(pair, vector));
            }
            outer_product(sum, half, y_bar, buffer);
            first += vectors;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::scalars_mut;
    use crate::linear;
    use wide::{f32x16, f64x8};

    /// Small integers: sums and products are exact in f32, so seven products must give the bits of eight.
    fn entry(row: usize, column: usize) -> f64 {
        ((7 * row + 5 * column + row * column) % 7) as f64 - 3.0
    }

    fn same<T: Lanes>(got: &[T], want: &[T]) -> bool {
        let lanes = |x: &T| crate::lanes::lanes(x).to_vec();
        got.iter().map(lanes).eq(want.iter().map(lanes))
    }

    fn applies<T: Lanes>(rows: usize, pairs: usize) {
        let (mut whole, mut halves) = (Packed::new(rows, rows), StrassenMatrix::new(rows));
        whole.fill(entry);
        halves.fill(entry);
        let mut x = vec![T::default(); 2 * pairs * rows];
        for (place, value) in scalars_mut(&mut x).iter_mut().enumerate() {
            *value = T::Real::of(entry(place, pairs));
        }
        let mut want = vec![T::default(); x.len()];
        linear::apply(&whole, &x, &mut want);
        let pair = |q: usize| ColumnPair::new(&x[2 * q * rows..], rows);
        let quarters = |q: usize| {
            let pair = pair(q);
            move |k: usize| pair.at(k)
        };
        let (mut buffer, mut y) = (vec![T::default(); x.len()], vec![T::of(9.0); x.len()]);
        apply(
            &halves,
            FormedOperands::new(&mut buffer, rows / 2, quarters),
            &mut y,
        );
        assert!(same(&y, &want), "{rows} rows, {pairs} pairs");
        let mut operands = Operands::new(rows / 2, pairs + 1);
        for q in 0..pairs {
            operands.fill(q + 1, |k| pair(q).at(k));
        }
        y.fill(T::of(9.0));
        apply(&halves, operands.source(1), &mut y);
        assert!(same(&y, &want), "{rows} rows, {pairs} pairs, kept");
    }

    fn products<T: Lanes>() {
        for rows in [2, 6, 16, 34, 50] {
            for pairs in 1..=3 {
                applies::<T>(rows, pairs);
            }
        }
    }

    #[test]
    fn seven_products_are_exactly_eight_at_every_width_and_size() {
        products::<f32>();
        products::<f32x16>();
        products::<f64>();
        products::<f64x8>();
    }

    #[test]
    fn the_gradient_of_two_by_two_is_joined_from_its_seven_products() {
        let (y, x) = ([[2.0, -3.0], [5.0, 7.0]], [[11.0, 13.0], [-17.0, 19.0]]);
        let (left, right) = (operands(y), gradient_operands(x));
        let got = join_gradient(from_fn(|s| left[s] * right[s]));
        // y x'
        let want = from_fn(|i| from_fn(|k| (0..2).map(|j: usize| y[i][j] * x[k][j]).sum::<f64>()));
        assert_eq!(got, want);
    }
}
