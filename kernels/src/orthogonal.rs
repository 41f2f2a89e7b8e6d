//! The nearly orthogonal factor of a matrix, as Muon takes it of a momentum (K. Jordan, 2024).
//!
//! ```text
//! X = G / |G|_F, its smaller side first        five times:  X <- a X + (b S + c S^2) X,  S = X X'
//! (a, b, c) = (3.4445, -4.7750, 2.0315)
//! ```
//!
//! Singular values of the result lie in about [0.7, 1.2]. Products are those of [`crate::linear`]: lanes are columns, and each is
//! summed in the order of its rows, so that the bits depend on neither threads nor lanes.

use rayon::prelude::*;

use crate::lanes::{Lanes, Real, lanes, scalars_mut};
use crate::layout::vectors;
use crate::linear::{Packed, apply, transpose};

const ROUNDS: usize = 5;
const A: f64 = 3.4445;
const B: f64 = -4.7750;
const C: f64 = 2.0315;
/// The norm below which a matrix has no direction.
const LEAST: f64 = 1e-30;
/// The number of products of vectors below which another thread costs more than it saves: some microseconds.
const LEAST_PRODUCTS: usize = 16_384;

/// Replaces a row-major matrix by its factor, in the precision of `T`, or by zeros where its norm is below 1e-30. It works on
/// the threads of the pool that it is called in.
pub fn orthogonalize<T: Lanes>(matrix: &mut [f64], columns: usize) {
    let rows = matrix.len() / columns;
    let norm = matrix.iter().map(|value| value * value).sum::<f64>().sqrt();
    if norm < LEAST {
        return matrix.fill(0.0);
    }
    let wide = rows <= columns;
    let (p, q) = if wide {
        (rows, columns)
    } else {
        (columns, rows)
    };
    let at = |row: usize, column: usize| {
        if wide {
            row * columns + column
        } else {
            column * columns + row
        }
    };
    let mut work = Work::<T>::new(p, q);
    work.start(|row, column| matrix[at(row, column)] / norm);
    for _ in 0..ROUNDS {
        work.round();
    }
    for row in 0..p {
        for column in 0..q {
            matrix[at(row, column)] = entry(&work.x, p, row, column).widen();
        }
    }
}

/// Returns whether a matrix is large enough that several threads share its products; any other needs no pool, whose threads
/// would wake for nothing.
pub(crate) fn is_shared<T: Lanes>(rows: usize, columns: usize) -> bool {
    let (p, q) = (rows.min(columns), rows.max(columns));
    least_columns(q, p) < vectors::<T>(p) || least_columns(p, p) < vectors::<T>(q)
}

/// Returns the least number of vectors of columns that a thread takes of a product.
fn least_columns(rows: usize, y_rows: usize) -> usize {
    LEAST_PRODUCTS.div_ceil(rows * y_rows)
}

/// A `Work` holds X (p x q, p <= q) and the intermediate matrices of a round. Matrices have their columns across lanes,
/// `[vector of columns][row]`, padded with zeros, or are packed to be multiplied with those.
struct Work<T: Lanes> {
    p: usize,
    q: usize,
    x: Vec<T>,
    next: Vec<T>,
    /// X', q x p.
    transposed: Vec<T>,
    /// S, then a + b S + c S^2.
    s: Vec<T>,
    /// S^2.
    square: Vec<T>,
    packed_x: Packed<T::Real>,
    packed_s: Packed<T::Real>,
}

impl<T: Lanes> Work<T> {
    fn new(p: usize, q: usize) -> Self {
        let zeros = |rows: usize, columns: usize| vec![T::default(); vectors::<T>(columns) * rows];
        Work {
            p,
            q,
            x: zeros(p, q),
            next: zeros(p, q),
            transposed: zeros(q, p),
            s: zeros(p, p),
            square: zeros(p, p),
            packed_x: Packed::new(p, q),
            packed_s: Packed::new(p, p),
        }
    }

    fn start(&mut self, at: impl Fn(usize, usize) -> f64) {
        let p = self.p;
        let scalars = scalars_mut(&mut self.x);
        for column in 0..self.q {
            for row in 0..p {
                scalars[place::<T>(p, row, column)] = T::Real::of(at(row, column));
            }
        }
    }

    fn round(&mut self) {
        let p = self.p;
        self.packed_x
            .fill_exact(|row, column| entry(&self.x, p, row, column));
        self.transpose();
        multiply(&self.packed_x, &self.transposed, self.q, &mut self.s);
        self.packed_s
            .fill_exact(|row, column| entry(&self.s, p, row, column));
        multiply(&self.packed_s, &self.s, p, &mut self.square);
        let (b, c) = (T::of(B), T::of(C));
        for (s, &square) in self.s.iter_mut().zip(&self.square) {
            *s = c.mul_add(square, b * *s);
        }
        let scalars = scalars_mut(&mut self.s);
        for k in 0..p {
            let diagonal = &mut scalars[place::<T>(p, k, k)];
            *diagonal = T::Real::of(diagonal.widen() + A);
        }
        self.packed_s
            .fill_exact(|row, column| entry(&self.s, p, row, column));
        multiply(&self.packed_s, &self.x, p, &mut self.next);
        std::mem::swap(&mut self.x, &mut self.next);
    }

    fn transpose(&mut self) {
        let (p, q) = (self.p, self.q);
        let across = vectors::<T>(p);
        let mut part = vec![T::default(); across * T::WIDTH];
        for (at, columns) in self.x.chunks_exact(p).enumerate() {
            transpose(columns, p, &mut part);
            let first = at * T::WIDTH;
            let count = T::WIDTH.min(q - first);
            for (vector, rows) in part.chunks_exact(T::WIDTH).enumerate() {
                self.transposed[vector * q + first..][..count].copy_from_slice(&rows[..count]);
            }
        }
    }
}

/// Returns the index of an entry among the scalars of a matrix of `rows` rows.
fn place<T: Lanes>(rows: usize, row: usize, column: usize) -> usize {
    (column / T::WIDTH * rows + row) * T::WIDTH + column % T::WIDTH
}

fn entry<T: Lanes>(matrix: &[T], rows: usize, row: usize, column: usize) -> T::Real {
    lanes(&matrix[column / T::WIDTH * rows + row])[column % T::WIDTH]
}

/// Computes y = K x for a matrix x of `rows` rows, on as many threads as have work to do.
fn multiply<T: Lanes>(k: &Packed<T::Real>, x: &[T], rows: usize, y: &mut [T]) {
    let columns = x.len() / rows;
    let y_rows = y.len() / columns;
    let least = least_columns(rows, y_rows);
    if least >= columns {
        return apply(k, x, y);
    }
    let share = columns.div_ceil(rayon::current_num_threads()).max(least);
    x.par_chunks(share * rows)
        .zip(y.par_chunks_mut(share * y_rows))
        .for_each(|(x, y)| apply(k, x, y));
}

#[cfg(test)]
mod tests {
    use super::*;
    use wide::{f32x16, f64x8};

    /// Entries without structure, from a small generator.
    fn matrix(rows: usize, columns: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        let draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        };
        let mut draw = draw;
        (0..rows * columns).map(|_| draw()).collect()
    }

    fn product(a: &[f64], b: &[f64], inner: usize) -> Vec<f64> {
        let columns = b.len() / inner;
        let entry = |r: usize, c: usize| {
            (0..inner)
                .map(|k| a[r * inner + k] * b[k * columns + c])
                .sum()
        };
        (0..a.len() / inner)
            .flat_map(|r| (0..columns).map(move |c| (r, c)))
            .map(|(r, c)| entry(r, c))
            .collect()
    }

    fn transposed(a: &[f64], columns: usize) -> Vec<f64> {
        let rows = a.len() / columns;
        (0..columns)
            .flat_map(|c| (0..rows).map(move |r| a[r * columns + c]))
            .collect()
    }

    /// The equation of the head, word by word.
    fn plain(g: &[f64], columns: usize) -> Vec<f64> {
        let rows = g.len() / columns;
        if rows > columns {
            return transposed(&plain(&transposed(g, columns), rows), rows);
        }
        let norm = g.iter().map(|v| v * v).sum::<f64>().sqrt();
        let mut x: Vec<f64> = g.iter().map(|v| v / norm).collect();
        for _ in 0..ROUNDS {
            let s = product(&x, &transposed(&x, columns), columns);
            let square = product(&s, &s, rows);
            let mixed: Vec<f64> = s.iter().zip(&square).map(|(s, t)| B * s + C * t).collect();
            let through = product(&mixed, &x, rows);
            x = x.iter().zip(&through).map(|(x, y)| A * x + y).collect();
        }
        x
    }

    fn apart(a: &[f64], b: &[f64]) -> f64 {
        a.iter()
            .zip(b)
            .fold(0.0, |most, (a, b)| most.max((a - b).abs()))
    }

    #[test]
    fn every_shape_and_width_agrees_with_the_equation() {
        for (rows, columns) in [
            (1, 1),
            (1, 7),
            (7, 1),
            (3, 3),
            (5, 19),
            (33, 4),
            (40, 40),
            (17, 100),
        ] {
            let g = matrix(rows, columns, 7);
            let want = plain(&g, columns);
            let of = |f: fn(&mut [f64], usize)| {
                let mut x = g.clone();
                f(&mut x, columns);
                apart(&x, &want)
            };
            // Rounding grows with the fivefold composition of a cubic whose slope is up to 3.4.
            for (off, most) in [
                (of(orthogonalize::<f64>), 1e-12),
                (of(orthogonalize::<f64x8>), 1e-12),
                (of(orthogonalize::<f32>), 1e-3),
                (of(orthogonalize::<f32x16>), 1e-3),
            ] {
                assert!(off < most, "{rows} x {columns}: {off:e}");
            }
        }
    }

    /// K. Jordan states that the coefficients leave no singular value far from 1.
    #[test]
    fn the_factor_of_an_orthogonal_matrix_times_a_scale_is_near_it() {
        // A rotation by 0.3, at any scale: singular values equal.
        let (sine, cosine) = 0.3_f64.sin_cos();
        for scale in [1e-9, 1.0, 1e9] {
            let mut g = [cosine, -sine, sine, cosine].map(|v| v * scale);
            orthogonalize::<f64>(&mut g, 2);
            let factor = g[0] / cosine;
            assert!((0.67..1.21).contains(&factor), "{factor}");
            let back = g.map(|v| v / factor);
            assert!(apart(&back, &[cosine, -sine, sine, cosine]) < 1e-12);
        }
    }

    #[test]
    fn nothing_has_no_direction() {
        let mut g = [0.0; 6];
        orthogonalize::<f64>(&mut g, 3);
        assert_eq!(g, [0.0; 6]);
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        // Large enough that every thread gets a part.
        let g = matrix(160, 300, 3);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let mut x = g.clone();
            pool.install(|| orthogonalize::<f32x16>(&mut x, 300));
            x
        };
        let one = on(1);
        for threads in [2, 3, 7, 64] {
            assert_eq!(on(threads), one, "{threads} threads");
        }
    }
}
