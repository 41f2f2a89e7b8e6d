//! The parameter gradient of one tile in the kernels' precision. It is flushed into f64 sums tile by tile: over a whole batch, f32
//! sums would lose three digits.

use crate::lanes::{Lanes, Real, lanes, zeros};
use crate::layout::{MAX_LANES, evenly, pending_columns};
use crate::linear::{columns_mut, transpose};
use crate::network::Network;
use crate::weight_gradient::WeightGradient;

/// A `ParameterGradient` is the cotangent theta_bar of all parameters. Lanes are samples, summed at the flush, but for K_1 ..
/// K_M, where lanes are columns.
#[derive(Debug)]
pub struct ParameterGradient<T> {
    /// The cotangents of K_1 .. K_M.
    pub k: Vec<WeightGradient<T>>,
    /// The cotangent of K_0 by columns, inputs x m.
    pub k0: Vec<T>,
    /// The cotangents of b_i, layers x m.
    pub bias: Vec<Vec<T>>,
    /// The cotangent of w, m.
    pub w: Vec<T>,
    /// The cotangent of A, r x inputs, but for its share of `a_trace`.
    pub a: Vec<T>,
    /// The cotangent of b, inputs.
    pub linear: Vec<T>,
    /// The cotangent of trace(E^T A^T A E).
    pub a_trace: T,
}

/// A `FirstLayerTerm` holds the columns that [`ParameterGradient::add_k0`] multiplies.
#[derive(Debug, Clone, Copy)]
pub struct FirstLayerTerm<'a, T> {
    /// The column slope_0, m.
    pub slope: &'a [T],
    /// The column z_1, m.
    pub z: &'a [T],
    /// The cotangent a_bar_0, m.
    pub a_bar: &'a [T],
    /// The cotangent g of grad_s Phi, inputs.
    pub grad_bar: &'a [T],
    /// The input s, inputs.
    pub s: &'a [T],
}

impl<T: Lanes> ParameterGradient<T> {
    /// Returns a gradient of zero for a network.
    pub fn new(net: &Network<T>) -> Self {
        let shape = &net.shape;
        let (m, s) = (shape.m, shape.inputs());
        ParameterGradient {
            k: (1..shape.layers)
                .map(|_| WeightGradient::new(m, pending_columns(m)))
                .collect(),
            k0: zeros(s * m),
            bias: vec![zeros(m); shape.layers],
            w: zeros(m),
            a: zeros(shape.r() * s),
            linear: zeros(s),
            a_trace: T::default(),
        }
    }

    /// Adds to K_bar_0 what comes from grad_s Phi and from the network: (slope_0 z_1) g' + a_bar_0 s'.
    pub fn add_k0(&mut self, term: FirstLayerTerm<T>) {
        let (mut k0, mut column) = (self.k0.as_mut_slice(), 0);
        for size in evenly(term.s.len(), 3) {
            let (panel, later) = k0.split_at_mut(size * term.slope.len());
            match size {
                3 => add_columns::<T, 3>(panel, column, &term),
                2 => add_columns::<T, 2>(panel, column, &term),
                _ => add_columns::<T, 1>(panel, column, &term),
            }
            (k0, column) = (later, column + size);
        }
    }

    /// Adds the gradient to a flat f64 gradient, ordered as in [`crate::parameters::Shape::tensors`], and leaves zero.
    pub fn flush(&mut self, net: &Network<T>, total: &mut [f64]) {
        let (s, m, d) = (net.shape.inputs(), net.shape.m, net.shape.d);
        let at = &net.at;
        for (k, range) in self.k.iter_mut().zip(&at.k[1..]) {
            k.flush(&net.k0_transposed, &mut total[range.clone()]);
        }
        let k0_total = &mut total[at.k[0].clone()];
        for (l, column) in self.k0.chunks_exact_mut(m).enumerate() {
            take_sums(column, |k, sum| k0_total[k * s + l] += sum);
        }
        for (bias, range) in self.bias.iter_mut().zip(&at.b) {
            add_sums(bias, &mut total[range.clone()]);
        }
        add_sums(&mut self.w, &mut total[at.w.clone()]);
        add_sums(&mut self.linear, &mut total[at.linear.clone()]);
        let a_total = &mut total[at.a.clone()];
        add_sums(&mut self.a, a_total);
        let twice = 2.0 * std::mem::take(&mut self.a_trace).sum();
        for (row, total) in net.a.chunks_exact(s).zip(a_total.chunks_exact_mut(s)) {
            for (a, total) in row[..d].iter().zip(total) {
                *total += twice * a.widen();
            }
        }
    }
}

/// P columns of [`ParameterGradient::add_k0`] from `first` on, at once: slope_0, z_1 and a_bar_0 are loaded once for all of them.
fn add_columns<T: Lanes, const P: usize>(panel: &mut [T], first: usize, term: &FirstLayerTerm<T>) {
    let m = term.slope.len();
    let k0: [&mut [T]; P] = columns_mut(panel, m);
    let [slope, z, a_bar] = [term.slope, term.z, term.a_bar].map(|column| &column[..m]);
    let [g, s]: [[T; P]; 2] = [term.grad_bar, term.s].map(|row| {
        let row = &row[first..];
        std::array::from_fn(|p| row[p])
    });
    for k in 0..m {
        let y = slope[k] * z[k];
        for p in 0..P {
            k0[p][k] = y.mul_add(g[p], a_bar[k].mul_add(s[p], k0[p][k]));
        }
    }
}

/// Calls `each` with every row's sum over the samples, in f64 and in their order, and leaves zeros. The rows are transposed, as
/// many as there are lanes at a time, so that nothing is summed across lanes.
fn take_sums<T: Lanes>(rows: &mut [T], mut each: impl FnMut(usize, f64)) {
    let (mut samples, mut first) = ([T::default(); MAX_LANES], 0);
    for rows in rows.chunks_mut(T::WIDTH) {
        let (samples, mut sums) = (&mut samples[..T::WIDTH], [0.0; MAX_LANES]);
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

fn add_sums<T: Lanes>(values: &mut [T], total: &mut [f64]) {
    take_sums(values, |k, sum| total[k] += sum);
}
