//! Seven products of halves in the place of eight: the algorithm of Strassen (1969) in the form of Winograd (1971), one level deep.
//!
//! A square K and a panel x of pairs of columns are cut into halves: of rows, and the first and the second ones of all pairs:
//!
//! ```text
//! y = K x    t_1 = x_12 - x_11    t_2 = x_22 - t_1    t_3 = x_22 - x_12    t_4 = t_2 - x_21
//!            u = K_11 x_11                             y_11 = u + K_12 x_21
//!            v = u + (K_21 + K_22 - K_11) t_2          y_12 = v + (K_11 + K_12 - K_21 - K_22) x_22 + p
//!            w = v + (K_11 - K_21) t_3                 y_21 = w - K_22 t_4
//!            p = (K_21 + K_22) t_1                     y_22 = w + p
//! ```
//!
//! The sums of K are formed once for all products, and those of y by sums that begin with what is there. For the gradient the
//! sums of y_bar that K^T y_bar takes serve again, with t of y_bar:
//!
//! ```text
//! K_bar = y_bar x'     w_1 = x_22 - x_12    w_2 = x_21 + w_1    w_3 = x_21 + x_22    w_4 = x_11 - w_2
//!            u = y_bar_22 x_12' + t_2 w_2'     v = u - t_3 w_3'
//!            K_bar_11 = v + y_bar_11 w_4'                K_bar_12 = v + t_1 w_1'
//!            K_bar_21 = y_bar_22 x_12' + y_bar_21 x_11'  K_bar_22 = u + t_1 w_1' - t_4 x_21'
//! ```
//!
//! Its seven products are summed up apart, until they are wanted. An element is as exact as the largest ones of its matrix allow,
//! not as its own size does.

use std::array::from_fn;
use std::ops::{Add, Sub};

use crate::lanes::{Lanes, Real};
use crate::linear::{ACROSS, Onto, Packed, columns, outer as outer_product, product};

/// Rows from which on what is saved is more than what the sums take.
const LEAST: usize = 160;

/// Whether products with a square matrix of so many rows go this way.
pub fn pays(rows: usize) -> bool {
    rows.is_multiple_of(2) && rows >= LEAST
}

/// What is added and taken away.
pub trait Number: Copy + Add<Output = Self> + Sub<Output = Self> {}

impl<V: Copy + Add<Output = V> + Sub<Output = V>> Number for V {}

/// \[\[11, 12\], \[21, 22\]\].
pub type Quarters<V> = [[V; 2]; 2];

/// What the seven of [`sides`] are multiplied by.
fn matrices([[a, b], [c, d]]: Quarters<f64>) -> [f64; 7] {
    [a, b, a + b - c - d, c + d, c + d - a, a - c, -d]
}

/// x_11, x_21, x_22, t_1 .. t_4.
#[inline(always)]
pub fn sides<V: Number>([[a, b], [c, d]]: Quarters<V>) -> [V; 7] {
    let t_1 = b - a;
    let t_2 = d - t_1;
    [a, c, d, t_1, t_2, d - b, t_2 - c]
}

/// What the seven of [`sides`] meet in K_bar: w_4, x_11, x_12, w_1, w_2, w_3, x_21.
#[inline(always)]
pub fn partners<V: Number>([[a, b], [c, d]]: Quarters<V>) -> [V; 7] {
    let w_1 = d - b;
    let w_2 = c + w_1;
    [a - w_2, a, b, w_1, w_2, c + d, c]
}

/// K_bar from its seven products.
#[inline(always)]
pub fn joined<V: Number>([s_1, s_2, s_3, s_4, s_5, s_6, s_7]: [V; 7]) -> Quarters<V> {
    let u = s_3 + s_5;
    let v = u - s_6;
    [[v + s_1, v + s_4], [s_2 + s_3, u + s_4 - s_7]]
}

/// Each row of a pair by the factor of its half.
#[inline(always)]
pub fn scaled<T: Lanes>([high, low]: [T; 2], [[a, b], [c, d]]: Quarters<T>) -> Quarters<T> {
    [[high * a, high * b], [low * c, low * d]]
}

/// Two columns in halves.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a, V>(Quarters<&'a [V]>);

impl<'a, V: Copy> Pair<'a, V> {
    /// The first two of columns with so many rows.
    #[inline(always)]
    pub fn of(columns: &'a [V], rows: usize) -> Self {
        let [a, b] = [0, rows].map(|first| &columns[first..][..rows]);
        let half = rows / 2;
        let ((a, c), (b, d)) = (a.split_at(half), b.split_at(half));
        Pair([[a, &b[..half]], [&c[..half], &d[..half]]])
    }

    /// The quarters in row k.
    #[inline(always)]
    pub fn at(&self, k: usize) -> Quarters<V> {
        let [[a, b], [c, d]] = self.0;
        [[a[k], b[k]], [c[k], d[k]]]
    }
}

/// Where the sides of a panel come from, side by side.
pub trait Source<T> {
    /// Columns of one of [`sides`].
    fn side<const Q: usize>(&mut self, side: usize) -> [&[T]; Q];
}

/// Sides formed one at a time where they are needed, so that they never leave the first cache.
#[derive(Debug)]
pub struct Formed<'a, T, F> {
    room: &'a mut [T],
    half: usize,
    quarters: F,
}

impl<'a, T, F, G> Formed<'a, T, F>
where
    F: Fn(usize) -> G,
    G: Fn(usize) -> Quarters<T>,
{
    /// In the room for a side, from halves of so many rows; `quarters` goes from a pair to the quarters in its rows.
    pub fn new(room: &'a mut [T], half: usize, quarters: F) -> Self {
        Formed {
            room,
            half,
            quarters,
        }
    }
}

impl<T: Lanes, F, G> Source<T> for Formed<'_, T, F>
where
    F: Fn(usize) -> G,
    G: Fn(usize) -> Quarters<T>,
{
    #[inline(always)]
    fn side<const Q: usize>(&mut self, side: usize) -> [&[T]; Q] {
        for q in 0..Q {
            let into = &mut self.room[q * self.half..][..self.half];
            form(side, into, sides, (self.quarters)(q));
        }
        columns(self.room, self.half)
    }
}

/// One of the seven values of every row, without those of no need.
#[inline(always)]
fn form<T: Lanes>(
    which: usize,
    into: &mut [T],
    of: impl Fn(Quarters<T>) -> [T; 7],
    quarters: impl Fn(usize) -> Quarters<T>,
) {
    macro_rules! only {
        ($which:literal) => {
            for (k, into) in into.iter_mut().enumerate() {
                *into = of(quarters(k))[$which];
            }
        };
    }
    match which {
        0 => only!(0),
        1 => only!(1),
        2 => only!(2),
        3 => only!(3),
        4 => only!(4),
        5 => only!(5),
        _ => only!(6),
    }
}

/// The seven sides of pairs of columns, one after another each.
#[derive(Debug)]
pub struct Sides<T> {
    sides: [Vec<T>; 7],
    half: usize,
}

impl<T: Lanes> Sides<T> {
    /// Room for so many pairs of columns, in halves of so many rows.
    pub fn new(half: usize, pairs: usize) -> Self {
        Sides {
            sides: from_fn(|_| vec![T::default(); pairs * half]),
            half,
        }
    }

    /// Fills pair `at` from the quarters in row k.
    #[inline(always)]
    pub fn fill(&mut self, at: usize, quarters: impl Fn(usize) -> Quarters<T>) {
        let half = self.half;
        let mut into = self
            .sides
            .each_mut()
            .map(|side| &mut side[at * half..][..half]);
        for k in 0..half {
            for (into, value) in into.iter_mut().zip(sides(quarters(k))) {
                into[k] = value;
            }
        }
    }

    /// Those from pair `first` on.
    pub fn from(&self, first: usize) -> Stored<'_, T> {
        Stored { sides: self, first }
    }
}

/// Sides that are kept.
#[derive(Debug)]
pub struct Stored<'a, T> {
    sides: &'a Sides<T>,
    first: usize,
}

impl<T: Lanes> Source<T> for Stored<'_, T> {
    fn side<const Q: usize>(&mut self, side: usize) -> [&[T]; Q] {
        let half = self.sides.half;
        columns(&self.sides.sides[side][self.first * half..], half)
    }
}

/// A square matrix in the sums that the seven products take.
#[derive(Debug, Clone)]
pub struct Seven<R> {
    matrices: [Packed<R>; 7],
    half: usize,
}

impl<R: Real> Seven<R> {
    /// Zeros.
    pub fn new(rows: usize) -> Self {
        let half = rows / 2;
        Seven {
            matrices: from_fn(|_| Packed::new(half, half)),
            half,
        }
    }

    /// Takes the values of `at(row, column)`.
    pub fn fill(&mut self, at: impl Fn(usize, usize) -> f64) {
        let half = self.half;
        for (place, matrix) in self.matrices.iter_mut().enumerate() {
            matrix.fill(|row, column| {
                let quarter = |i, j| at(row + i * half, column + j * half);
                matrices(from_fn(|i| from_fn(|j| quarter(i, j))))[place]
            });
        }
    }
}

/// y = K x for at most three pairs of columns, one after another.
pub fn apply<T: Lanes>(k: &Seven<T::Real>, x: impl Source<T>, y: &mut [T]) {
    match y.len() / (4 * k.half) {
        3 => apply_pairs::<T, 3>(k, x, y),
        2 => apply_pairs::<T, 2>(k, x, y),
        _ => apply_pairs::<T, 1>(k, x, y),
    }
}

fn apply_pairs<T: Lanes, const Q: usize>(k: &Seven<T::Real>, mut x: impl Source<T>, y: &mut [T]) {
    let [[mut y_11, mut y_12], [mut y_21, mut y_22]] = quarters::<T, Q>(y, k.half);
    let mut add = |side: usize, onto: Onto<T, Q>, y: &mut [&mut [T]; Q]| {
        product(&k.matrices[side], x.side(side), onto, y);
    };
    add(0, Onto::Zero, &mut y_11);
    add(4, Onto::Other(shared(&y_11)), &mut y_12);
    add(1, Onto::Itself, &mut y_11);
    add(5, Onto::Other(shared(&y_12)), &mut y_22);
    add(6, Onto::Other(shared(&y_22)), &mut y_21);
    add(2, Onto::Itself, &mut y_12);
    add(3, Onto::Both(&mut y_22), &mut y_12);
}

/// The quarters of Q pairs of columns.
fn quarters<T, const Q: usize>(columns: &mut [T], half: usize) -> Quarters<[&mut [T]; Q]> {
    let mut parts: Quarters<[&mut [T]; Q]> =
        from_fn(|_| from_fn(|_| from_fn(|_| Default::default())));
    for (j, column) in columns.chunks_exact_mut(2 * half).enumerate() {
        (parts[0][j % 2][j / 2], parts[1][j % 2][j / 2]) = column.split_at_mut(half);
    }
    parts
}

fn shared<'a, T, const Q: usize>(columns: &'a [&mut [T]; Q]) -> [&'a [T]; Q] {
    columns.each_ref().map(|column| &**column)
}

/// The seven sums of K_bar += y_bar x' over so many pairs; x goes from a pair and a vector of rows to the quarters in its samples,
/// and `room` holds a block of it.
#[inline(always)]
pub fn outer<T: Lanes, G: Fn(usize) -> Quarters<T>>(
    sums: &mut [Vec<T>; 7],
    (y_bar, pairs): (&Sides<T>, usize),
    room: &mut [T],
    x: impl Fn(usize, usize) -> G,
) {
    let half = y_bar.half;
    for (side, sum) in sums.iter_mut().enumerate() {
        let y_bar = &y_bar.sides[side][..pairs * half];
        let mut first = 0;
        for sum in sum.chunks_mut(ACROSS * half) {
            let across = sum.len() / half;
            let room = &mut room[..pairs * across * T::WIDTH];
            for (place, room) in room.chunks_exact_mut(T::WIDTH).enumerate() {
                let (q, vector) = (place / across, first + place % across);
                form(side, room, partners, x(q, vector));
            }
            outer_product(sum, half, y_bar, room);
            first += across;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::scalars_mut;
    use crate::linear;
    use wide::{f32x4, f32x8, f32x16, f64x2, f64x4, f64x8};

    /// Small integers: sums and products are exact in f32, so seven products must give the bits of eight.
    fn entry(row: usize, column: usize) -> f64 {
        ((7 * row + 5 * column + row * column) % 7) as f64 - 3.0
    }

    fn same<T: Lanes>(got: &[T], want: &[T]) -> bool {
        let lanes = |x: &T| crate::lanes::lanes(x).to_vec();
        got.iter().map(lanes).eq(want.iter().map(lanes))
    }

    fn applies<T: Lanes>(rows: usize, pairs: usize) {
        let (mut whole, mut seven) = (Packed::new(rows, rows), Seven::new(rows));
        whole.fill(entry);
        seven.fill(entry);
        let mut x = vec![T::default(); 2 * pairs * rows];
        for (place, value) in scalars_mut(&mut x).iter_mut().enumerate() {
            *value = T::Real::of(entry(place, pairs));
        }
        let mut want = vec![T::default(); x.len()];
        linear::apply(&whole, &x, &mut want);
        let pair = |q: usize| Pair::of(&x[2 * q * rows..], rows);
        let quarters = |q: usize| {
            let pair = pair(q);
            move |k: usize| pair.at(k)
        };
        let (mut room, mut y) = (vec![T::default(); x.len()], vec![T::of(9.0); x.len()]);
        apply(&seven, Formed::new(&mut room, rows / 2, quarters), &mut y);
        assert!(same(&y, &want), "{rows} rows, {pairs} pairs");
        let mut sides = Sides::new(rows / 2, pairs + 1);
        for q in 0..pairs {
            sides.fill(q + 1, |k| pair(q).at(k));
        }
        y.fill(T::of(9.0));
        apply(&seven, sides.from(1), &mut y);
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
        products::<f32x4>();
        products::<f32x8>();
        products::<f32x16>();
        products::<f64>();
        products::<f64x2>();
        products::<f64x4>();
        products::<f64x8>();
    }

    #[test]
    fn the_gradient_of_two_by_two_is_joined_from_its_seven_products() {
        let (y, x) = ([[2.0, -3.0], [5.0, 7.0]], [[11.0, 13.0], [-17.0, 19.0]]);
        let (sides, partners) = (sides(y), partners(x));
        let got = joined(from_fn(|s| sides[s] * partners[s]));
        // y x'
        let want = from_fn(|i| from_fn(|k| (0..2).map(|j: usize| y[i][j] * x[k][j]).sum::<f64>()));
        assert_eq!(got, want);
    }
}
