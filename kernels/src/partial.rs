//! The parameter gradient of one tile in the kernels' precision, flushed into f64 sums tile by tile: over a whole batch
//! f32 sums would lose three digits.

use crate::lanes::{Lanes, Real, lanes};
use crate::linear::{columns_mut, evenly, transpose};
use crate::network::Network;
use crate::outer::Outer;
use crate::tile::{PANEL, zeros};

/// Columns that wait for a contraction: more where they stay small beside K in the second cache.
fn waiting(m: usize) -> usize {
    if m <= 128 { 4 * PANEL } else { 2 * PANEL }
}

/// Cotangents of the parameters. Lanes are samples, summed at the flush, but for K_1 .. K_M, where lanes are columns.
#[derive(Debug)]
pub struct Partial<T> {
    /// K_1 .. K_M.
    pub k: Vec<Outer<T>>,
    /// K_0 by columns, inputs x m.
    pub k0: Vec<T>,
    /// b_i, layers x m.
    pub bias: Vec<Vec<T>>,
    /// w, m.
    pub w: Vec<T>,
    /// A, r x inputs.
    pub a: Vec<T>,
    /// b, inputs.
    pub linear: Vec<T>,
    /// trace(E^T A^T A E).
    pub a_trace: T,
}

impl<T: Lanes> Partial<T> {
    /// Zeros for a network.
    pub fn new(net: &Network<T>) -> Self {
        let shape = &net.shape;
        let (m, s) = (shape.m, shape.inputs());
        Partial {
            k: (1..shape.layers)
                .map(|_| Outer::new(m, waiting(m)))
                .collect(),
            k0: zeros(s * m),
            bias: vec![zeros(m); shape.layers],
            w: zeros(m),
            a: zeros(shape.r() * s),
            linear: zeros(s),
            a_trace: T::default(),
        }
    }

    /// K_bar_0 += (slope_0 z_1) g' + a_bar_0 s' from slope_0, z_1, a_bar_0 and from g, s.
    pub fn add_k0(&mut self, left: [&[T]; 3], [g, s]: [&[T]; 2]) {
        let (mut k0, mut column) = (self.k0.as_mut_slice(), 0);
        for size in evenly(s.len(), 3) {
            let (panel, later) = k0.split_at_mut(size * left[0].len());
            let right = [&g[column..], &s[column..]];
            match size {
                3 => add_columns::<T, 3>(panel, left, right),
                2 => add_columns::<T, 2>(panel, left, right),
                _ => add_columns::<T, 1>(panel, left, right),
            }
            (k0, column) = (later, column + size);
        }
    }

    /// Adds everything to the flat f64 gradient and is zero again.
    pub fn flush(&mut self, net: &Network<T>, total: &mut [f64]) {
        let (s, m, d) = (net.shape.inputs(), net.shape.m, net.shape.d);
        let at = &net.at;
        for (k, range) in self.k.iter_mut().zip(&at.k[1..]) {
            k.flush(&net.k0_lanes, &mut total[range.clone()]);
        }
        let k0_total = &mut total[at.k[0].clone()];
        for (l, column) in self.k0.chunks_exact_mut(m).enumerate() {
            take(column, |k, sum| k0_total[k * s + l] += sum);
        }
        for (bias, range) in self.bias.iter_mut().zip(&at.b) {
            add(bias, &mut total[range.clone()]);
        }
        add(&mut self.w, &mut total[at.w.clone()]);
        add(&mut self.linear, &mut total[at.linear.clone()]);
        let a_total = &mut total[at.a.clone()];
        add(&mut self.a, a_total);
        let twice = 2.0 * std::mem::take(&mut self.a_trace).sum();
        for (row, total) in net.a.chunks_exact(s).zip(a_total.chunks_exact_mut(s)) {
            for (a, total) in row[..d].iter().zip(total) {
                *total += twice * a.widen();
            }
        }
    }
}

/// P columns of [`Partial::add_k0`] at once, which loads what they share once.
fn add_columns<T: Lanes, const P: usize>(panel: &mut [T], left: [&[T]; 3], right: [&[T]; 2]) {
    let m = left[0].len();
    let k0: [&mut [T]; P] = columns_mut(panel, m);
    let [slope, z, a_bar] = left.map(|column| &column[..m]);
    let [g, s]: [[T; P]; 2] = right.map(|row| std::array::from_fn(|p| row[p]));
    for k in 0..m {
        let y = slope[k] * z[k];
        for p in 0..P {
            k0[p][k] = y.mul_add(g[p], a_bar[k].mul_add(s[p], k0[p][k]));
        }
    }
}

/// Hands over every row's sum over the samples, in f64 and in their order, and leaves zeros. With the samples of as many rows
/// as there are lanes side by side, nothing is summed across lanes.
fn take<T: Lanes>(rows: &mut [T], mut each: impl FnMut(usize, f64)) {
    // At most 16 lanes wide, as Lanes is implemented.
    let (mut samples, mut first) = ([T::default(); 16], 0);
    for rows in rows.chunks_mut(T::WIDTH) {
        let (samples, mut sums) = (&mut samples[..T::WIDTH], [0.0; 16]);
        transpose(rows, T::WIDTH, samples);
        for sample in samples {
            for (sum, lane) in sums.iter_mut().zip(lanes(sample)) {
                *sum += lane.widen();
            }
        }
        for (k, row) in rows.iter_mut().enumerate() {
            each(first + k, sums[k]);
            *row = T::default();
        }
        first += T::WIDTH;
    }
}

fn add<T: Lanes>(values: &mut [T], total: &mut [f64]) {
    take(values, |k, sum| total[k] += sum);
}
